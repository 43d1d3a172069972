//! Changes of a property that keep its value.

use ipnet::IpNet;
use serde_json::Value;

use super::PropertyChange;
use crate::tsv;

/// Type, property, and the value of an omitted property.
const DEFAULTS: &str = include_str!("defaults.tsv");

/// Returns whether a change is only another spelling of the value, or sets its default.
pub(super) fn is_respelled(kind: &str, change: &PropertyChange) -> bool {
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => spelled(&change.path, old) == spelled(&change.path, new),
        (None, Some(value)) | (Some(value), None) => tsv::rows(DEFAULTS).any(|row| {
            let columns: Vec<&str> = tsv::columns(row).collect();
            columns[..] == [kind, &change.path, value.as_str().unwrap_or_default()]
        }),
        (None, None) => true,
    }
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
