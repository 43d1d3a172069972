//! Encryption that the agent accepts.

use crate::ir::{NodeId, Value};
use crate::reachability::fix::Fix;
use crate::resource::{EncryptionRule, RawValue, codec::Prop as _};

/// Encrypts a bucket with the same keys, in one layer.
pub(in super::super) fn in_one_layer(
    at: (NodeId, &'static str),
    rules: &[EncryptionRule],
) -> Option<Fix> {
    let mut rules = rules.to_vec();
    for rule in rules.iter_mut().filter_map(|it| it.by_default.as_mut()) {
        rule.sse_algorithm = Value::Lit("aws:kms".into());
    }
    Fix::set_owned(at.0, at.1, |dialect| {
        let rules: Option<Vec<RawValue<'static>>> = rules
            .iter()
            .map(|rule| Some(rule.put(dialect)?.into_owned()))
            .collect();
        Some(RawValue::List(rules?))
    })
}
