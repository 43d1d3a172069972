//! The sections of a template, and their members.

use super::{FormError, error, section};
use crate::frontend::cfn::parameter_types;
use crate::frontend::tree::{Entry, Kind, Tree};
use crate::ir::nearest;
use crate::resource::property_errors::{REMOVAL_POLICIES, removal_policy};

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-product-attribute-reference.html>
/// CloudFormation also accepts `Description`, which no document mentions:
/// <https://github.com/shalupov/idea-cloudformation/issues/117>
const ATTRIBUTES: [&str; 10] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>
const OF_PARAMETER: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html>
const OF_OUTPUT: [&str; 4] = ["Condition", "Description", "Export", "Value"];

/// The longest description of a template, in bytes.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const MAX_DESCRIPTION: usize = 1024;
/// The longest logical ID.
const MAX_ID: usize = 255;

/// Returns the errors in the sections. A macro can add other sections and members.
pub(super) fn errors(root: &Tree) -> Vec<FormError> {
    let mut found = Vec::new();
    for entry in root.map().unwrap_or_default() {
        unknown_key(&SECTIONS, entry, "the template", "section", &mut found);
    }
    if let Some(description) = root.get("Description") {
        let problem = match description.text() {
            None => Some("is not text".to_owned()),
            Some(text) if text.len() > MAX_DESCRIPTION => Some(format!(
                "has {} bytes, more than {MAX_DESCRIPTION}",
                text.len()
            )),
            Some(_) => None,
        };
        found.extend(problem.map(|why| {
            error(
                description.at,
                format!("the description {why}"),
                format!("set `Description` to a text of at most {MAX_DESCRIPTION} bytes"),
            )
        }));
    }
    for (name, what) in [
        ("Resources", "resource"),
        ("Parameters", "parameter"),
        ("Outputs", "output"),
        ("Mappings", "mapping"),
    ] {
        for entry in section(root, name) {
            let Entry { key, at, value } = entry;
            let is_id = key.len() <= MAX_ID && key.chars().all(|it| it.is_ascii_alphanumeric());
            if !is_id || key.is_empty() {
                found.push(error(
                    *at,
                    format!("the logical ID `{key}` is not alphanumeric, or has more than {MAX_ID} characters"),
                    format!("rename {what} `{key}` to letters and digits"),
                ));
            }
            if value.map().is_none() {
                found.push(error(
                    *at,
                    format!("{what} `{key}` is not an object"),
                    format!("define {what} `{key}`, or remove it"),
                ));
                continue;
            }
            match name {
                "Resources" => resource(entry, &mut found),
                "Parameters" => parameter(entry, &mut found),
                "Outputs" => output(entry, &mut found),
                _ => {}
            }
        }
    }
    exports(root, &mut found);
    found
}

fn unknown_key(known: &[&str], entry: &Entry, of: &str, what: &str, found: &mut Vec<FormError>) {
    let key = &entry.key;
    if !known.contains(&key.as_str()) {
        found.push(error(
            entry.at,
            format!("{of} has {what} `{key}`, which CloudFormation does not know"),
            format!("remove `{key}`: {}", nearest(key, known.iter().copied())),
        ));
    }
}

fn resource(entry: &Entry, found: &mut Vec<FormError>) {
    let Entry { key, at, value } = entry;
    let type_name = value.get("Type").and_then(Tree::text);
    if type_name.is_none() {
        found.push(error(
            *at,
            match value.get("Type") {
                None => format!("resource `{key}` has no `Type`"),
                Some(_) => format!("the `Type` of resource `{key}` is not text"),
            },
            format!("set the type of `{key}`"),
        ));
    }
    let name = type_name.unwrap_or_default();
    let is_custom = name.starts_with("Custom::") || name == "AWS::CloudFormation::CustomResource";
    for member in value.map().unwrap_or_default() {
        if !(is_custom && member.key == "Version") {
            let of = format!("resource `{key}`");
            unknown_key(&ATTRIBUTES, member, &of, "attribute", found);
        }
        let attribute = member.key.as_str();
        if REMOVAL_POLICIES.contains(&attribute)
            && let Some((why, fix)) = removal_policy((key, name), attribute, member.value.text())
        {
            found.push(error(member.at, why, fix));
        }
        if member.key == "Properties" {
            nulls(key, &member.value, found);
        }
    }
}

/// Reports the first property without a value. Functions such as `Fn::GetAZs` accept no argument.
///
/// <https://github.com/aws-cloudformation/cfn-lint/issues/38>
fn nulls(id: &str, tree: &Tree, found: &mut Vec<FormError>) {
    fn is_empty_call(name: &str, value: &Tree) -> bool {
        name.starts_with("Fn::") && matches!(value.kind, Kind::Null)
    }
    fn first(tree: &Tree) -> Option<&Tree> {
        match &tree.kind {
            Kind::Null => Some(tree),
            Kind::Text(_) => None,
            Kind::List(items) => items.iter().find_map(first),
            Kind::Map(_) if tree.single().is_some_and(|it| is_empty_call(it.0, it.1)) => None,
            Kind::Map(entries) => entries.iter().find_map(|it| first(&it.value)),
        }
    }
    found.extend(first(tree).map(|it| {
        error(
            it.at,
            format!("a property of `{id}` has no value (`'null' values are not allowed`)"),
            "set the value, or remove the property".to_owned(),
        )
    }));
}

fn parameter(entry: &Entry, found: &mut Vec<FormError>) {
    let Entry { key, at, value } = entry;
    let fix = || {
        let names: Vec<&str> = parameter_types::names().collect();
        let given = value.get("Type").and_then(Tree::text).unwrap_or_default();
        format!("set the type: {}", nearest(given, names.into_iter()))
    };
    match value.get("Type").map(|it| (it.at, it.text())) {
        Some((_, Some(name))) if parameter_types::exists(name) => {}
        Some((at, Some(name))) => found.push(error(
            at,
            format!("parameter `{key}` has type `{name}`, which does not exist"),
            fix(),
        )),
        _ => found.push(error(
            *at,
            format!("parameter `{key}` has no `Type`"),
            fix(),
        )),
    }
    for member in value.map().unwrap_or_default() {
        let of = format!("parameter `{key}`");
        unknown_key(&OF_PARAMETER, member, &of, "property", found);
    }
}

fn output(entry: &Entry, found: &mut Vec<FormError>) {
    let Entry { key, at, value } = entry;
    let has_value = value
        .get("Value")
        .is_some_and(|it| !matches!(it.kind, Kind::Null));
    if !has_value {
        found.push(error(
            *at,
            format!("output `{key}` has no `Value`"),
            format!("set the value of output `{key}`, or remove the output"),
        ));
    }
    for member in value.map().unwrap_or_default() {
        let of = format!("output `{key}`");
        unknown_key(&OF_OUTPUT, member, &of, "property", found);
    }
}

/// Reports exports of one name. Outputs with conditions can exclude each other.
fn exports(root: &Tree, found: &mut Vec<FormError>) {
    let mut seen: Vec<(&str, &Tree)> = Vec::new();
    for Entry { key, value, .. } in section(root, "Outputs") {
        let name = value.get("Export").and_then(|it| it.get("Name"));
        let Some(name) = name.filter(|_| value.get("Condition").is_none()) else {
            continue;
        };
        match seen.iter().find(|(_, other)| other.is_same(name)) {
            Some((other, _)) => found.push(error(
                name.at,
                format!("outputs `{other}` and `{key}` have one export name"),
                format!("rename the export of output `{key}`"),
            )),
            None => seen.push((key, name)),
        }
    }
}
