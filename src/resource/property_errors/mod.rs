//! Errors in the properties of a resource for which CloudFormation, or the service, refuses a template.
//! They judge evaluated properties: those of a file, and those that the backend prints for an app.

mod limits;
mod properties;
mod quotas;
mod removal_policy;
mod required;
mod services;
mod substitution;

use std::borrow::Cow;

use super::overrides::POLICIES;
use super::{Map, RawValue, TemplateError, schema};

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
    found.extend(properties::errors(id, type_name, properties, &is_secret));
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

/// Returns the values that the schema of a type in CloudFormation, or its service, excludes.
pub(crate) fn of_limits(id: &str, type_name: &str, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = limits::errors(id, type_name, properties, |_| false);
    found.extend(services::errors(id, type_name, properties));
    found
}

/// Returns the errors in the policies of a resource, such as `UpdatePolicy`.
pub(crate) fn of_policies<'a>(
    (id, type_name): (&str, &str),
    policy: impl Fn(&str) -> Option<Cow<'a, RawValue<'static>>>,
    is_secret: impl Fn(&str) -> bool,
) -> Vec<TemplateError> {
    let mut found = Vec::new();
    for name in POLICIES {
        let value = policy(name);
        if let Some(RawValue::Object(map)) = value.as_deref() {
            let key = schema::policy_key(type_name, name);
            found.extend(properties::errors(id, &key, map, &is_secret));
            found.extend(limits::errors(id, &key, map, &is_secret));
        }
    }
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
