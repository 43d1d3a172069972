//! Changes of a property that keep its value.

use ipnet::IpNet;
use serde_json::Value;

use super::access::{canonical, name};
use super::{PropertyChange, Side};
use crate::tsv;

/// Type, property, and the value of an omitted property.
const DEFAULTS: &str = include_str!("defaults.tsv");

/// A change of a value that AWS makes in place, though it replaces the resource with other values.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html>
const IN_PLACE: (&str, &str, &str, &str) =
    ("AWS::EC2::VPC", "InstanceTenancy", "dedicated", "default");

/// Returns whether a change is only another spelling of the value, or sets its default.
pub(super) fn is_respelled(
    (kind, change): (&str, &PropertyChange),
    (was, is): (&Side, &Side),
) -> bool {
    let text = |it: &Option<Value>| {
        it.as_ref()
            .and_then(Value::as_str)
            .unwrap_or("default")
            .to_owned()
    };
    if (
        kind,
        change.path.as_str(),
        text(&change.old).as_str(),
        text(&change.new).as_str(),
    ) == IN_PLACE
    {
        return true;
    }
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => {
            spelled(&change.path, old) == spelled(&change.path, new)
                // The name of a resource, and a reference to it.
                || is_same_resource((old, was), (new, is))
        }
        (None, Some(value)) | (Some(value), None) => is_default(kind, &change.path, value),
        (None, None) => true,
    }
}

/// Returns whether an omitted property has this value.
pub(super) fn is_default(kind: &str, path: &str, value: &Value) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    tsv::rows(DEFAULTS).any(|row| tsv::columns(row).eq([kind, path, &text]))
}

/// Returns whether two values are the name of one resource: a text, and a reference that the template
/// shows the text of.
fn is_same_resource((old, was): (&Value, &Side), (new, is): (&Value, &Side)) -> bool {
    let text = |value: &Value, side: &Side| {
        let own = name(value);
        let text = canonical(side, &own);
        match value {
            Value::String(literal) => Some(literal.clone()),
            _ => (text != own).then_some(text),
        }
    };
    let (old, new) = (text(old, was), text(new, is));
    old.is_some() && old == new
}

/// Returns the canonical spelling of a value.
fn spelled(path: &str, value: &Value) -> Value {
    match value {
        Value::Array(items) => match items.as_slice() {
            [one] => spelled(path, one),
            items => items.iter().map(|it| spelled(path, it)).collect(),
        },
        Value::String(text) => {
            let lower = text.to_lowercase();
            if matches!(lower.as_str(), "true" | "false") {
                return lower.into();
            }
            if path.ends_with("Protocol") {
                return match lower.as_str() {
                    "6" => "tcp".into(),
                    "17" => "udp".into(),
                    "1" => "icmp".into(),
                    "58" => "icmpv6".into(),
                    _ => lower.into(),
                };
            }
            match text.parse::<IpNet>() {
                Ok(net) => net.trunc().to_string().into(),
                // A stack is in one partition.
                Err(_) => text.replace("arn:${AWS::Partition}:", "arn:aws:").into(),
            }
        }
        Value::Object(map) => {
            let entries = map.iter();
            let entries = entries.map(|(key, it)| (key.clone(), spelled(path, it)));
            Value::Object(entries.collect())
        }
        other => other.clone(),
    }
}
