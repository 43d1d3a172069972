//! Whether a KMS key of the file can encrypt and decrypt data.

use super::fix::Fix;
use super::graph_index::GraphIndex;
use super::ternary::Ternary;
use crate::ir::{NodeId, Text, Value};
use crate::resource::{RawValue, Resource};

/// Why a key cannot, or perhaps cannot, encrypt and decrypt data.
pub(super) struct Unusable {
    /// Whether the file determines it. Not `No`.
    pub(super) certain: Ternary,
    /// Words after the name of the key.
    pub(super) reason: String,
    pub(super) fix: Option<Fix>,
}

/// A property that determines the type of a key: its field, its value, and the value of a symmetric
/// encryption key, which is the default.
type TypeProperty<'g> = (&'static str, Option<&'g Value<Text>>, &'static str);

/// Returns why a key cannot encrypt and decrypt data, or none if it can.
///
/// <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>
pub(super) fn unusable(index: &GraphIndex<'_>, id: NodeId) -> Option<Unusable> {
    let Resource::KmsKey(key) = &index.graph.node(id)?.resource else {
        return None;
    };
    let properties: [TypeProperty<'_>; 2] = [
        ("key_spec", key.key_spec.as_ref(), "SYMMETRIC_DEFAULT"),
        ("key_usage", key.key_usage.as_ref(), "ENCRYPT_DECRYPT"),
    ];
    let is_other = |it: &TypeProperty<'_>| {
        let value = it.1.and_then(Value::lit);
        value.is_some_and(|value| value != it.2)
    };
    let certain = |reason: &str, fix| Unusable {
        certain: Ternary::Yes,
        reason: reason.to_owned(),
        fix: Some(fix),
    };
    if properties.iter().any(is_other) {
        let changed = properties.iter().filter(|it| is_other(it));
        let set = changed.map(|it| Fix::set(id, it.0, RawValue::Str(it.2.into())));
        let fix = Fix::All(set.collect());
        return Some(certain("is not a symmetric encryption key", fix));
    }
    if key.enabled.as_ref().and_then(Value::lit) == Some(&false) {
        let fix = Fix::set(id, "enabled", RawValue::Bool(true));
        return Some(certain("is disabled", fix));
    }
    let is_open = |it: &TypeProperty<'_>| matches!(it.1, Some(Value::Expr(_)));
    let reason = if let Some(doubt) = index.doubt(id) {
        doubt
    } else if !index.exists(id).is_yes() {
        "exists only in some deployments"
    } else if matches!(key.enabled, Some(Value::Expr(_))) {
        "can be disabled by a value that the file does not show"
    } else if properties.iter().any(is_open) {
        "can be another type of key by a value that the file does not show"
    } else {
        return None;
    };
    Some(Unusable {
        certain: Ternary::Unknown,
        reason: reason.to_owned(),
        fix: None,
    })
}
