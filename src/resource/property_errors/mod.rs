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
pub(crate) use removal_policy::{REMOVAL_POLICIES, has_snapshots, removal_policy};
#[cfg(feature = "cli")]
pub(crate) use required::required_properties;

/// A resource, and how its values are written.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) id: &'a str,
    pub(crate) type_name: &'a str,
    /// Returns whether text is a secret, which no message prints.
    pub(crate) is_secret: &'a dyn Fn(&str) -> bool,
    /// Whether the values are of a file. Its text can be YAML without quotes, where `yes` is a Boolean, and
    /// the path of a file that a tool replaces before the deployment.
    pub(crate) is_of_file: bool,
}

/// Returns the errors in the type and the evaluated properties of a resource.
pub(crate) fn errors(of: Subject<'_>, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = Vec::new();
    found.extend(properties::unknown_type(of.id, of.type_name));
    found.extend(properties::errors(of, properties));
    found.extend(of_table(of, properties));
    found
}

/// Returns the errors of a resource in CloudFormation whose table ensures the names of its properties.
pub(crate) fn of_table(of: Subject<'_>, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = of_values(of, properties);
    // In Terraform, an empty text is the default.
    found.extend(services::empty_key_name(of.id, of.type_name, properties));
    found
}

/// Returns the errors in the values of a resource, in the names of CloudFormation.
pub(crate) fn of_values(of: Subject<'_>, properties: &Map<'_>) -> Vec<TemplateError> {
    let Subject { id, type_name, .. } = of;
    let mut found = Vec::new();
    found.extend(required::errors(id, type_name, properties));
    found.extend(limits::errors(of, properties));
    found.extend(quotas::errors(id, type_name, properties));
    found.extend(services::errors(id, type_name, properties));
    found.extend(substitution::errors(id, type_name, properties));
    found
}

/// Returns the values that the schema of a type in CloudFormation, or its service, excludes.
pub(crate) fn of_limits(id: &str, type_name: &str, properties: &Map<'_>) -> Vec<TemplateError> {
    let of = Subject {
        id,
        type_name,
        is_secret: &|_| false,
        is_of_file: false,
    };
    let mut found = limits::errors(of, properties);
    found.extend(services::errors(id, type_name, properties));
    found
}

/// Returns the errors in the policies of a resource, such as `UpdatePolicy`.
pub(crate) fn of_policies<'a>(
    of: Subject<'_>,
    policy: impl Fn(&str) -> Option<Cow<'a, RawValue<'static>>>,
) -> Vec<TemplateError> {
    let mut found = Vec::new();
    for name in POLICIES {
        let value = policy(name);
        if let Some(RawValue::Object(map)) = value.as_deref() {
            let type_name = &schema::policy_key(of.type_name, name);
            let of = Subject { type_name, ..of };
            found.extend(properties::errors(of, map));
            found.extend(limits::errors(of, map));
        }
    }
    found
}

/// Returns the resource of a test.
#[cfg(test)]
fn subject(type_name: &str) -> Subject<'_> {
    Subject {
        id: "Id",
        type_name,
        is_secret: &|it| it == "secret",
        is_of_file: true,
    }
}

/// Returns the properties of a test.
#[cfg(test)]
fn object(json: serde_json::Value) -> Map<'static> {
    match super::RawValue::from(json) {
        super::RawValue::Object(map) => map,
        other => panic!("no object: {other:?}"),
    }
}
