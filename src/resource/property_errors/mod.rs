//! Errors in the properties of a resource for which CloudFormation, or the service, refuses a template.
//! They judge evaluated properties: those of a file, and those that the backend prints for an app.

mod limits;
mod properties;
mod quotas;
mod removal_policy;
mod required;
mod services;
mod substitution;

use super::{Map, TemplateError};

pub(crate) use properties::unknown_attribute;
pub(crate) use removal_policy::{REMOVAL_POLICIES, removal_policy};

/// Returns the errors in the type and the evaluated properties of a resource. Does not print secrets.
pub(crate) fn errors(
    id: &str,
    type_name: &str,
    properties: &Map<'_>,
    is_secret: impl Fn(&str) -> bool,
) -> Vec<TemplateError> {
    let mut found = Vec::new();
    found.extend(properties::unknown_type(id, type_name));
    found.extend(properties::errors(id, type_name, properties));
    found.extend(of_values(id, type_name, properties, is_secret));
    found
}

/// Returns the errors in the values of a resource whose table ensures the names of its properties.
pub(crate) fn of_values(
    id: &str,
    type_name: &str,
    properties: &Map<'_>,
    is_secret: impl Fn(&str) -> bool,
) -> Vec<TemplateError> {
    let mut found = Vec::new();
    found.extend(required::errors(id, type_name, properties));
    found.extend(limits::errors(id, type_name, properties, is_secret));
    found.extend(quotas::errors(id, type_name, properties));
    found.extend(services::errors(id, type_name, properties));
    found.extend(substitution::errors(id, type_name, properties));
    found
}

/// Returns the properties of a test.
#[cfg(test)]
fn object(json: serde_json::Value) -> Map<'static> {
    match super::RawValue::from(json) {
        super::RawValue::Object(map) => map,
        other => panic!("no object: {other:?}"),
    }
}
