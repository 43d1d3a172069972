//! Properties that CloudFormation requires. It refuses a template without them.

use crate::ir::Expr;
use crate::resource::{Map, RawValue, TemplateError};
use crate::tsv;

/// Columns: type, object, how many of the properties, properties.
const TABLE: &str = include_str!("required.tsv");

/// Returns the errors of the evaluated properties of a resource.
pub(super) fn errors(id: &str, type_name: &str, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = Vec::new();
    // A custom resource can have another name.
    let type_name = match type_name.starts_with("Custom::") {
        true => "AWS::CloudFormation::CustomResource",
        false => type_name,
    };
    for row in tsv::rows_of(TABLE, type_name) {
        let mut columns = tsv::columns(row).skip(1);
        let (Some(path), Some(kind), Some(names)) =
            (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        let names: Vec<&str> = names.split(',').collect();
        let objects = objects(properties, path).into_iter();
        // A macro inside an object can add properties.
        let objects = objects.filter(|it| it.iter().all(|(key, _)| !key.starts_with("Fn::")));
        for object in objects {
            found.extend(error((id, path), kind, &names, object));
        }
    }
    found
}

/// Returns the properties that each resource of a type requires.
#[cfg(feature = "cli")]
pub(crate) fn required_properties(type_name: &str) -> Vec<&'static str> {
    let rows = tsv::rows_of(TABLE, type_name).map(|row| tsv::columns(row).skip(1).collect());
    let names = rows.filter_map(|row: Vec<&'static str>| match row.as_slice() {
        ["", "all", names] => Some(names.split(',')),
        _ => None,
    });
    names.flatten().collect()
}

/// Returns the objects at a dotted path. An item of a list counts as the list.
pub(super) fn objects<'m>(map: &'m Map<'m>, path: &str) -> Vec<&'m Map<'m>> {
    if path.is_empty() {
        return vec![map];
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let inside = |value: &'m RawValue<'m>| match value {
        RawValue::Object(inner) | RawValue::Block(inner) => objects(inner, rest),
        _ => Vec::new(),
    };
    match map.get(first) {
        Some(RawValue::List(items)) => items.iter().flat_map(inside).collect(),
        Some(one) => inside(one),
        None => Vec::new(),
    }
}

/// Returns whether a value can be absent, if the file determines it.
pub(super) fn can_be_absent(value: &RawValue<'_>) -> Option<bool> {
    fn of_expr(expr: &Expr) -> Option<bool> {
        let all = match expr {
            Expr::Absent => return Some(true),
            Expr::OneOf(of) => of.as_slice(),
            Expr::Call(name, of) if name == "Fn::If" => of.get(1..).unwrap_or_default(),
            _ => return Some(false),
        };
        let mut each = all.iter().map(of_expr);
        let first = each.next()??;
        each.all(|it| it == Some(first)).then_some(first)
    }
    match value {
        RawValue::Expr(expr) => of_expr(expr),
        _ => Some(false),
    }
}

/// Returns whether an object has a property, if the file determines it.
fn has(object: &Map<'_>, name: &str) -> Option<bool> {
    match object.get(name) {
        None => Some(false),
        Some(value) => can_be_absent(value).map(|it| !it),
    }
}

fn error(
    (id, path): (&str, &str),
    kind: &str,
    names: &[&str],
    object: &Map<'_>,
) -> Option<TemplateError> {
    let has: Vec<(&str, Option<bool>)> = names.iter().map(|it| (*it, has(object, it))).collect();
    let quoted = |names: &[&str], last: &str| {
        let names: Vec<String> = names.iter().map(|it| full(path, it)).collect();
        names.join(last)
    };
    if kind == "all" {
        let (name, has) = has.iter().find(|(_, has)| *has != Some(true))?;
        let name = full(path, name);
        return Some(TemplateError {
            is_certain: has.is_some(),
            ignores_condition: false,
            reason: format!("`{id}` has no {name}, which is required"),
            fix: format!("set {name}"),
        });
    }
    let set = has.iter().filter(|(_, has)| *has == Some(true));
    let set: Vec<&str> = set.map(|(name, _)| *name).collect();
    let open = has.iter().filter(|(_, has)| has.is_none()).count();
    let is_one = matches!(kind, "one" | "exact");
    let several = is_one && set.len() > 1;
    // Of several properties that can be absent, one can be set in each outcome.
    let is_wrong = match (set.len(), open) {
        (0, open) => open < 2,
        (1, open) => is_one && open > 0,
        _ => several,
    };
    is_wrong.then(|| TemplateError {
        // AWS accepts some pairs that the schemas exclude.
        is_certain: (!several || kind == "exact") && open == 0,
        ignores_condition: false,
        reason: match set.as_slice() {
            [] => format!("`{id}` requires one of {}", quoted(names, ", ")),
            [_] => format!("`{id}` accepts only one of {}", quoted(names, ", ")),
            set => format!(
                "`{id}` sets {}, and accepts only one of them",
                quoted(set, " and ")
            ),
        },
        fix: match set.as_slice() {
            [] => format!("set one of {}", quoted(names, ", ")),
            _ => format!("set only one of {}", quoted(names, ", ")),
        },
    })
}

fn full(path: &str, name: &str) -> String {
    match path {
        "" => format!("`{name}`"),
        path => format!("`{path}.{name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::errors;

    fn found(type_name: &str, json: serde_json::Value) -> Vec<String> {
        let map = object(json);
        let errors = errors("Id", type_name, &map).into_iter();
        errors.map(|it| it.reason).collect()
    }

    #[test]
    fn a_property_that_is_missing_is_an_error() {
        let group = "AWS::EC2::SecurityGroup";
        let rule = serde_json::json!({"CidrIp": "10.0.0.0/8"});
        let rules = serde_json::json!({"GroupDescription": "g", "SecurityGroupIngress": [rule]});
        assert_eq!(
            found(group, serde_json::json!({"VpcId": "vpc-1"})),
            ["`Id` has no `GroupDescription`, which is required"]
        );
        assert_eq!(
            found(group, rules),
            ["`Id` has no `SecurityGroupIngress.IpProtocol`, which is required"]
        );
        let whole = serde_json::json!({"GroupDescription": "g"});
        assert_eq!(found(group, whole), Vec::<String>::new());
    }

    #[test]
    fn exactly_one_source_is_required() {
        let ingress = "AWS::EC2::SecurityGroupIngress";
        let of = |sources: &[&str]| {
            let mut json = serde_json::json!({"IpProtocol": "tcp"});
            for source in sources {
                json[*source] = "x".into();
            }
            found(ingress, json)
        };
        assert_eq!(of(&["CidrIp"]), Vec::<String>::new());
        assert_eq!(
            of(&["CidrIp", "SourceSecurityGroupId"]),
            ["`Id` sets `CidrIp` and `SourceSecurityGroupId`, and accepts only one of them"]
        );
        assert!(of(&[])[0].starts_with("`Id` requires one of `CidrIp`"));
    }
}
