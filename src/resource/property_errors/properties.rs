//! Types, properties and attributes that do not exist, and values of another form. CloudFormation refuses
//! a template with them.

use super::required::objects;
use crate::ir::{Dialect, Expr, near, nearest, typo};
use crate::resource::{Map, RawValue, Schema, TemplateError};
use crate::tsv;

/// Columns: type, whether it gains properties, properties, attributes.
const TABLE: &str = include_str!("properties.tsv");

/// The names of a type.
struct Type {
    grows: bool,
    properties: &'static str,
    attributes: &'static str,
}

impl Type {
    fn of(name: &str) -> Option<Type> {
        let row = tsv::rows_of(TABLE, name).next()?;
        let mut columns = tsv::columns(row).skip(1);
        Some(Type {
            grows: columns.next()? == "grows",
            properties: columns.next()?,
            attributes: columns.next()?,
        })
    }
}

/// Returns whether the table has a type.
#[cfg(feature = "testing")]
pub(crate) fn is_type(name: &str) -> bool {
    Type::of(name).is_some()
}

/// Returns all types of the table.
#[cfg(feature = "testing")]
pub(crate) fn types() -> impl Iterator<Item = &'static str> {
    tsv::rows(TABLE).map(tsv::key)
}

/// Returns the message for the first name that a type does not have.
#[cfg(feature = "testing")]
pub(crate) fn unknown_name(type_name: &str, dialect: Dialect, names: &Map<'_>) -> Option<String> {
    if let Some(schema) = Schema::of(type_name, dialect) {
        let mut first = None;
        schema.check_names(names, "", &mut |_, found| {
            first = first.take().or(Some(found))
        });
        return first.map(|(message, help)| format!("{message} of `{type_name}`; {help}"));
    }
    let of = Type::of(type_name).filter(|_| dialect == Dialect::Cfn)?;
    let known: Vec<&str> = of.properties.split(',').collect();
    let is_known = |it: &&str| known.contains(it) || known.contains(&"*");
    let (unknown, _) = names.iter().find(|(name, _)| !is_known(name))?;
    let hint = nearest(unknown, known.iter().copied());
    Some(format!(
        "unknown property `{unknown}` of `{type_name}`; {hint}"
    ))
}

/// Returns the error for a name that the table does not have. A type that gains names can have it later, unless
/// it is a typo.
fn unknown(name: &str, what: &str, known: &[&str], is_settled: bool) -> TemplateError {
    TemplateError {
        is_certain: is_settled || typo(name, known.iter().copied()).is_some(),
        ignores_condition: false,
        reason: what.to_owned(),
        fix: match known {
            [] => "remove it".to_owned(),
            known => format!(
                "correct or remove it: {}",
                nearest(name, known.iter().copied())
            ),
        },
    }
}

/// Returns the error for a type that does not exist. AWS adds types, so that only a typo is an error.
pub(crate) fn unknown_type(id: &str, type_name: &str) -> Option<TemplateError> {
    if !type_name.starts_with("AWS::") || Type::of(type_name).is_some() {
        return None;
    }
    let known = typo(type_name, tsv::rows(TABLE).map(tsv::key))?;
    Some(TemplateError {
        is_certain: true,
        ignores_condition: true,
        reason: format!("`{id}` has type `{type_name}`, which does not exist"),
        fix: format!("did you mean `{known}`?"),
    })
}

/// Returns the errors in the names of the evaluated properties of a resource, and in the form of their
/// values.
pub(super) fn errors(id: &str, type_name: &str, properties: &Map<'_>) -> Vec<TemplateError> {
    let Some(of) = Type::of(type_name) else {
        return Vec::new();
    };
    let schema = Schema::of(type_name, Dialect::Cfn);
    let known: Vec<&str> = of
        .properties
        .split(',')
        .filter(|it| !it.is_empty())
        .collect();
    let mut found = Vec::new();
    if !known.contains(&"*") {
        let names = properties.iter().map(|(name, _)| name);
        found.extend(names.filter(|it| !known.contains(it)).map(|name| {
            let what = format!("`{id}` has property `{name}`, which `{type_name}` does not have");
            unknown(name, &what, &known, !of.grows)
        }));
    }
    if let Some(schema) = schema {
        for (name, value) in properties.iter() {
            nested((id, &of), schema, name, value, &mut found);
        }
        found.extend(forms(id, type_name, schema, properties));
    }
    found
}

/// Gathers the names inside a property that its schema does not have.
fn nested(
    (id, of): (&str, &Type),
    schema: Schema,
    path: &str,
    value: &RawValue<'_>,
    found: &mut Vec<TemplateError>,
) {
    match value {
        RawValue::List(items) => items
            .iter()
            .for_each(|it| nested((id, of), schema, path, it, found)),
        RawValue::Object(map) | RawValue::Block(map) => {
            // A macro can add names.
            if map.iter().any(|(name, _)| name.starts_with("Fn::")) {
                return;
            }
            for (name, value) in map.iter() {
                let inner = format!("{path}.{name}");
                match schema.check(&inner) {
                    Some(_) => {
                        let what = format!("`{id}` has property `{inner}`, which does not exist");
                        let known: Vec<&str> = schema.children(path).collect();
                        // The names of an object are few, so that a similar one is meant.
                        let is_settled = !of.grows || near(name, known.iter().copied()).is_some();
                        found.push(unknown(name, &what, &known, is_settled));
                    }
                    None => nested((id, of), schema, &inner, value, found),
                }
            }
        }
        _ => {}
    }
}

/// Returns an error for each list where the schema has one value, and each text where it has an object.
fn forms(id: &str, type_name: &str, schema: Schema, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = Vec::new();
    let lists = super::limits::paths(type_name, "list");
    let of = super::limits::paths(type_name, "object");
    for path in schema.names() {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let is_list = lists.contains(&path);
        let is_object = of.contains(&path);
        let values = objects(properties, parent).into_iter();
        let wrong = values
            .filter_map(|it| it.get(name))
            .find_map(|value| match value {
                RawValue::List(_) if !is_list => Some("a list, and accepts one value"),
                value if is_object && !is_list && is_text(value) => {
                    Some("text, and accepts an object")
                }
                RawValue::List(items) if is_object && items.iter().any(is_text) => {
                    Some("a list of texts, and accepts objects")
                }
                _ => None,
            });
        found.extend(wrong.map(|what| TemplateError {
            is_certain: true,
            ignores_condition: false,
            reason: format!("`{id}` sets `{path}` to {what}"),
            fix: format!("set `{path}` to a value of its type"),
        }));
    }
    found
}

fn is_text(value: &RawValue<'_>) -> bool {
    match value {
        RawValue::Str(_) | RawValue::Int(_) | RawValue::Bool(_) => true,
        RawValue::Expr(expr) => matches!(
            expr.as_ref(),
            Expr::Text(_) | Expr::Attr(..) | Expr::Concat(_)
        ),
        _ => false,
    }
}

/// Returns the error for an attribute that a type does not have.
pub(crate) fn unknown_attribute(
    caller: &str,
    id: &str,
    type_name: &str,
    attribute: &str,
) -> Option<TemplateError> {
    let of = Type::of(type_name)?;
    let mut known: Vec<&str> = of
        .attributes
        .split(',')
        .filter(|it| !it.is_empty())
        .collect();
    if known.contains(&"*") {
        return None;
    }
    if known.contains(&"+") {
        known.retain(|it| *it != "+");
        known.extend(of.properties.split(','));
    }
    let first = attribute.split('.').next().unwrap_or_default();
    if known.contains(&first) {
        return None;
    }
    let what = format!(
        "`{caller}` refers to attribute `{attribute}` of `{id}`, which `{type_name}` does not have"
    );
    Some(unknown(first, &what, &known, !of.grows))
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::{errors, unknown_attribute, unknown_type};

    fn found(type_name: &str, json: serde_json::Value) -> Vec<String> {
        let map = object(json);
        let errors = errors("Id", type_name, &map).into_iter();
        errors
            .filter(|it| it.is_certain)
            .map(|it| it.reason)
            .collect()
    }

    #[test]
    fn names_that_a_type_does_not_have_are_errors() {
        let table = "AWS::EC2::RouteTable";
        assert!(found(table, serde_json::json!({"VpcId": "vpc-1", "Tags": []})).is_empty());
        assert_eq!(
            found(
                table,
                serde_json::json!({"VpcId": "vpc-1", "Name": "private"})
            ),
            ["`Id` has property `Name`, which `AWS::EC2::RouteTable` does not have"]
        );
        assert_eq!(
            found(
                "AWS::EC2::Instance",
                serde_json::json!({"BlockDeviceMappings": [{"Ebs": {"VolumSize": 8}}]})
            ),
            ["`Id` has property `BlockDeviceMappings.Ebs.VolumSize`, which does not exist"]
        );
        // A custom resource has any property.
        assert!(
            found(
                "AWS::CloudFormation::CustomResource",
                serde_json::json!({"a": 1})
            )
            .is_empty()
        );
        assert!(found("Custom::Thing", serde_json::json!({"a": 1})).is_empty());
    }

    #[test]
    fn values_of_another_form_are_errors() {
        let host = "AWS::EC2::Instance";
        assert_eq!(
            found(host, serde_json::json!({"SubnetId": ["subnet-1"]})),
            ["`Id` sets `SubnetId` to a list, and accepts one value"]
        );
        assert_eq!(
            found(host, serde_json::json!({"CpuOptions": "2"})),
            ["`Id` sets `CpuOptions` to text, and accepts an object"]
        );
        let policy = serde_json::json!({"PolicyDocument": "{}", "SubnetIds": ["subnet-1"]});
        assert!(found("AWS::EC2::VPCEndpoint", policy).is_empty());
    }

    #[test]
    fn only_a_typo_of_a_type_is_an_error() {
        let is_wrong = |name: &str| unknown_type("Id", name).is_some();
        assert!(is_wrong("AWS::EC2::InternetGateways"));
        assert!(is_wrong("AWS::EC2::Vpc"));
        for name in [
            "AWS::EC2::VPC",
            "AWS::EC2::NextYear",
            "AWS::Serverless::Function",
            "My::Own::Type",
        ] {
            assert!(!is_wrong(name), "{name}");
        }
    }

    #[test]
    fn attributes_of_a_type_are_known() {
        let is_wrong = |of: &str, name: &str| unknown_attribute("A", "B", of, name).is_some();
        for (of, name) in [
            ("AWS::EC2::Instance", "PrivateIp"),
            ("AWS::EC2::VPC", "CidrBlock"),
            ("AWS::EC2::Subnet", "AvailabilityZone"),
            ("AWS::EC2::SecurityGroup", "GroupId"),
            ("AWS::IAM::Role", "Arn"),
            ("AWS::CloudFormation::Stack", "Outputs.Any"),
            ("AWS::CloudFormation::WaitCondition", "Data"),
            ("AWS::CloudFormation::CustomResource", "Any"),
            ("Custom::Thing", "Any"),
            ("AWS::RDS::DBInstance", "Endpoint.Address"),
            ("AWS::EC2::VPCEndpoint", "DnsEntries"),
        ] {
            assert!(!is_wrong(of, name), "{of} {name}");
        }
        for (of, name) in [
            ("AWS::EC2::RouteTable", "Id"),
            ("AWS::IAM::Role", "RoleArn"),
            ("AWS::EC2::Instance", "Id"),
        ] {
            assert!(is_wrong(of, name), "{of} {name}");
        }
    }
}
