//! Expressions of the configuration: a plan shows the references of an expression, not its form.

use serde_json::Value as Json;

use super::json::{array, index_text};
use crate::ir::{Expr, Text};
use crate::resource::RawValue;

/// Splits `name[key]`.
pub(super) fn split_index(text: &str) -> (&str, Option<String>) {
    match text.split_once('[') {
        Some((name, key)) => (
            name,
            Some(key.trim_end_matches(']').trim_matches('"').to_owned()),
        ),
        None => (text, None),
    }
}

/// Collects all references in expressions.
pub(crate) fn gather<'p>(expressions: Option<&'p Json>, names: &mut Vec<&'p str>) {
    match expressions {
        Some(Json::Object(map)) => {
            for (key, value) in map {
                if key == "references" && value.is_array() {
                    names.extend(array(Some(value)).iter().filter_map(Json::as_str));
                } else {
                    gather(Some(value), names);
                }
            }
        }
        Some(Json::Array(items)) => items.iter().for_each(|item| gather(Some(item), names)),
        _ => {}
    }
}

/// Returns the references of an expression.
pub(super) fn references(expression: &Json) -> Vec<&str> {
    array(expression.get("references"))
        .iter()
        .filter_map(Json::as_str)
        .collect()
}

/// Returns the value of a constant expression. In JSON syntax, the expression also contains the
/// text of the template next to its references.
pub(super) fn constant(expression: &Json) -> Option<&Json> {
    if array(expression.get("references")).is_empty() {
        expression.get("constant_value")
    } else {
        None
    }
}

/// Returns the items of a list in JSON syntax, whose text a plan shows next to the references.
pub(super) fn written_items(expression: &Json) -> Option<&[Json]> {
    if references(expression).is_empty() {
        return None;
    }
    match expression.get("constant_value")? {
        Json::Array(items) => Some(items),
        _ => None,
    }
}

/// Returns the blocks of an argument in JSON syntax, as a plan shows the blocks of other arguments.
pub(super) fn written_blocks(expression: &Json) -> Option<Vec<Json>> {
    let items = written_items(expression)?;
    let block = |item: &Json| {
        let set = item
            .as_object()?
            .iter()
            .filter(|(_, value)| !value.is_null());
        let arguments = set.map(|(key, value)| {
            let mut names = Vec::new();
            templates(value, &mut names).then(|| {
                let mut of = serde_json::Map::new();
                of.insert("constant_value".to_owned(), value.clone());
                if !names.is_empty() {
                    of.insert("references".to_owned(), names.into());
                }
                (key.clone(), Json::Object(of))
            })
        });
        Some(Json::Object(arguments.collect::<Option<_>>()?))
    };
    items.iter().map(block).collect()
}

/// Collects the references in a value in JSON syntax. Returns false if it contains an expression that is
/// more than a reference.
fn templates<'j>(value: &'j Json, names: &mut Vec<&'j str>) -> bool {
    match value {
        Json::String(text) => match reference(text) {
            Some(name) => {
                names.push(name);
                true
            }
            None => is_literal(text),
        },
        Json::Array(items) => items.iter().all(|it| templates(it, names)),
        Json::Object(entries) => entries.values().all(|it| templates(it, names)),
        _ => true,
    }
}

/// Returns the reference in text that is nothing else, such as `${aws_vpc.main.id}`.
pub(super) fn reference(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let is_name = |text: &str| {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !text.is_empty() && text.chars().all(is_of_name)
    };
    // The key of an instance. Another index is an expression.
    let is_key = |text: &str| {
        let quoted = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        text.bytes().all(|it| it.is_ascii_digit()) || quoted.is_some_and(is_name)
    };
    let is_part = |part: &str| match part.split_once('[') {
        None => is_name(part),
        Some((name, index)) => is_name(name) && index.strip_suffix(']').is_some_and(is_key),
    };
    let is_reference = name.contains('.') && name.split('.').all(is_part);
    (is_reference && name.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(name)
}

/// Returns whether text in JSON syntax contains no expression.
pub(super) fn is_literal(text: &str) -> bool {
    !text.contains("${") && !text.contains("%{")
}

/// Keeps the longest references. A plan also lists each prefix of a reference.
pub(crate) fn most_specific<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut out: Vec<&'a str> = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let longer = names.iter().enumerate().any(|(m, other)| {
            m != n
                && other.len() > name.len()
                && other
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        });
        if !longer && !out.contains(name) {
            out.push(name);
        }
    }
    out
}

/// Returns whether a block of the configuration can be the source of this item.
pub(super) fn fits(block: &Json, item: &Json) -> bool {
    let Some(block) = block.as_object() else {
        return false;
    };
    block.iter().all(|(key, expression)| {
        let Some(constant) = constant(expression) else {
            return true;
        };
        match item.get(key) {
            None | Some(Json::Null) => true,
            Some(value) => loosely_equal(constant, value),
        }
    })
}

/// Compares as Terraform does after a conversion to text.
fn loosely_equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| loosely_equal(x, y)))
        }
        (a, b) if a == b => true,
        (Json::Bool(value), Json::String(text)) | (Json::String(text), Json::Bool(value)) => {
            text == if *value { "true" } else { "false" }
        }
        (a, b) => index_text(a).is_some() && index_text(a) == index_text(b),
    }
}

/// Returns whether an argument is a list.
pub(super) fn is_list(key: &str) -> bool {
    matches!(
        key,
        "subnet_ids"
            | "security_group_ids"
            | "vpc_security_group_ids"
            | "route_table_ids"
            | "security_groups"
            | "vpc_zone_identifier"
            | "prefix_list_ids"
            | "managed_policy_arns"
            | "policy_arns"
            | "roles"
            | "resources"
            | "actions"
            | "identifiers"
            | "not_actions"
            | "not_resources"
            | "values"
            | "cidr_blocks"
            | "ipv6_cidr_blocks"
            | "domain_name_servers"
    )
}

/// Returns whether an argument contains blocks in the syntax of an attribute, whose references the
/// plan shows only together.
pub(super) fn is_block_list(key: &str) -> bool {
    matches!(key, "ingress" | "egress" | "route" | "inline_policy")
}

/// Returns whether the check needs every item of the list to work. All possible items are then at
/// least as strict as the actual ones.
pub(super) fn is_checked_for_each(key: &str) -> bool {
    matches!(key, "subnet_ids" | "vpc_zone_identifier")
}

/// Returns whether an argument is text that can contain a reference in other text, such as the
/// objects of a bucket in `"${aws_s3_bucket.logs.arn}/*"`.
pub(super) fn is_pattern(key: &str) -> bool {
    matches!(key, "resources" | "not_resources" | "values")
}

/// Returns the resource type that an argument refers to.
pub(super) fn expected(key: &str) -> Option<&'static str> {
    Some(match key {
        "vpc_id" | "vpc" => "aws_vpc",
        "subnet_id" | "subnet_ids" | "vpc_zone_identifier" => "aws_subnet",
        "security_group_id"
        | "security_group_ids"
        | "vpc_security_group_ids"
        | "security_groups"
        | "source_security_group_id"
        | "referenced_security_group_id" => "aws_security_group",
        "route_table_id" | "route_table_ids" => "aws_route_table",
        "nat_gateway_id" => "aws_nat_gateway",
        "internet_gateway_id" | "gateway_id" => "aws_internet_gateway",
        "network_acl_id" => "aws_network_acl",
        "vpc_endpoint_id" => "aws_vpc_endpoint",
        "prefix_list_ids" => "aws_vpc_endpoint",
        "network_interface_id" => "aws_network_interface",
        "role" | "role_name" | "roles" => "aws_iam_role",
        "iam_instance_profile" => "aws_iam_instance_profile",
        "launch_configuration" => "aws_launch_configuration",
        _ => return None,
    })
}

/// Returns the type of the resource that an attribute identifies: the resource itself, or another
/// one, such as the VPC of a subnet.
pub(super) fn identifies<'a>(of: &'a str, attribute: Option<&str>) -> Option<&'a str> {
    let of = of.strip_prefix("data.").unwrap_or(of);
    match attribute {
        None | Some("id" | "arn" | "name") => Some(match of {
            "aws_default_vpc" => "aws_vpc",
            "aws_default_subnet" => "aws_subnet",
            "aws_default_security_group" => "aws_security_group",
            "aws_default_route_table" => "aws_route_table",
            "aws_default_network_acl" => "aws_network_acl",
            "aws_ec2_managed_prefix_list" | "aws_prefix_list" => "aws_vpc_endpoint",
            "aws_vpcs" => "aws_vpc",
            "aws_subnets" => "aws_subnet",
            "aws_security_groups" => "aws_security_group",
            other => other,
        }),
        Some("ids") => match of {
            "aws_vpcs" => Some("aws_vpc"),
            "aws_subnets" => Some("aws_subnet"),
            "aws_security_groups" => Some("aws_security_group"),
            _ => None,
        },
        Some("default_security_group_id") => Some("aws_security_group"),
        Some("main_route_table_id" | "default_route_table_id") => Some("aws_route_table"),
        Some("default_network_acl_id") => Some("aws_network_acl"),
        Some("prefix_list_id") => Some("aws_vpc_endpoint"),
        Some("primary_network_interface_id") => Some("aws_network_interface"),
        // The provider's names of a subnet, an instance and others are not identifiers.
        Some(other) => expected(other),
    }
}

/// Returns whether text is an ARN or an ID from AWS, such as `vpc-0a1b2c3d`.
pub(super) fn is_id(text: &str) -> bool {
    if text.starts_with("arn:") {
        return true;
    }
    let Some((kind, digits)) = text.rsplit_once('-') else {
        return false;
    };
    let hex = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex && !kind.is_empty() && kind != "ami"
}

/// Returns a choice that the plan does not show.
pub(super) fn one_of(terms: Vec<RawValue<'static>>) -> RawValue<'static> {
    let exprs = terms.into_iter().map(|term| match term {
        RawValue::Str(text) => Expr::Text(Text::Owned(text.into_owned())),
        RawValue::Expr(expr) => expr.into_owned(),
        other => Expr::Opaque(Text::Borrowed(other.what())),
    });
    RawValue::from(Expr::OneOf(exprs.collect()))
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn a_reference_has_no_other_index_than_the_key_of_an_instance() {
        for (text, name) in [
            ("${aws_vpc.main.id}", Some("aws_vpc.main.id")),
            ("${aws_subnet.a[0].id}", Some("aws_subnet.a[0].id")),
            (
                "${aws_subnet.a[\"x-1\"].id}",
                Some("aws_subnet.a[\"x-1\"].id"),
            ),
            ("${aws_subnet.a[each.key].id}", None),
            ("${aws_subnet.a[*].id}", None),
            ("${aws_subnet.a[0]}${aws_vpc.b.id}", None),
            ("${cidrsubnet(var.cidr, 8, 1)}", None),
            ("$${literal.text}", None),
            ("vpc", None),
        ] {
            assert_eq!(reference(text), name, "{text}");
        }
    }
}
