//! The log group and the bucket of session logs.

use super::HOP;
use crate::ir::{Expr, NodeId, Text, Value};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::hop::fixes;
use crate::reachability::{Fix, HopResult};
use crate::resource::{Bucket, BucketEncryption, Document, LogGroup, RawValue, Typed as _};

/// Returns the log group that the preferences name.
pub(super) fn group_node(index: &GraphIndex<'_>, group: Option<&Expr>) -> Option<NodeId> {
    let is_named = |log: &LogGroup, id: NodeId| match group {
        Some(Expr::Attr(node, _) | Expr::Other(node, _)) => *node == id,
        Some(Expr::Text(name)) => {
            log.log_group_name
                .as_ref()
                .and_then(Value::lit)
                .map(Text::as_ref)
                == Some(name.as_ref())
        }
        Some(other) => match &log.log_group_name {
            Some(Value::Expr(name)) => name == other,
            _ => false,
        },
        None => false,
    };
    let mut all = index.all::<LogGroup>();
    all.find(|(id, _, log)| is_named(log, *id)).map(|it| it.0)
}

/// Returns the bucket that the preferences name.
pub(super) fn bucket_node(index: &GraphIndex<'_>, bucket: Option<&Expr>) -> Option<NodeId> {
    let is_named = |id: NodeId, it: &Bucket| match bucket {
        Some(Expr::Attr(node, _) | Expr::Other(node, _)) => *node == id,
        Some(Expr::Text(name)) => {
            it.bucket_name
                .as_ref()
                .and_then(Value::lit)
                .map(Text::as_ref)
                == Some(name.as_ref())
        }
        _ => false,
    };
    let mut all = index.all::<Bucket>();
    all.find(|(id, _, it)| is_named(*id, it)).map(|it| it.0)
}

/// Checks that the log group has a key. Without one, the agent rejects the session.
pub(super) fn encrypted(
    index: &GraphIndex<'_>,
    group: Option<NodeId>,
    (at, document): (NodeId, &Document),
) -> HopResult {
    let mut all = index.all::<LogGroup>();
    match all.find(|it| Some(it.0) == group) {
        None => HopResult::unknown(HOP, "the log group is not in the file"),
        Some((_, _, log)) if log.kms_key.is_some() => {
            HopResult::pass(HOP, "the log group has a key")
        }
        Some((id, ..)) => HopResult::fail(
            HOP,
            format!(
                "`cloudWatchEncryptionEnabled` is true, and log group `{}` has no key: the agent \
                 rejects sessions",
                index.name(id)
            ),
        )
        .fix(without_encryption(at, document)),
    }
}

/// Returns the preferences that do not require a key of the log group.
fn without_encryption(at: NodeId, document: &Document) -> Fix {
    let mut content = document.content.0.clone();
    if let RawValue::Object(map) = &mut content
        && let Some(RawValue::Object(inputs)) = map.get_mut("inputs")
        && let Some(value) = inputs.get_mut("cloudWatchEncryptionEnabled")
    {
        *value = RawValue::Bool(false);
    }
    Fix::set(at, "content", RawValue::Json(Box::new(content)))
}

/// Checks the encryption of the bucket. The agent accepts only `AES256` and `aws:kms`.
pub(super) fn bucket_encryption(index: &GraphIndex<'_>, id: NodeId) -> Option<HopResult> {
    let it = Bucket::of(&index.graph.node(id)?.resource)?;
    let beside = index
        .all::<BucketEncryption>()
        .filter(|(_, _, other)| index.resolve_one(&other.bucket).node() == Some(id))
        .map(|(beside, _, other)| ((beside, "rules"), &other.rules));
    let mut algorithms = std::iter::once(((id, "encryption"), &it.encryption))
        .chain(beside)
        .flat_map(|(at, rules)| rules.iter().map(move |rule| (at, rules, rule)))
        .filter_map(|(at, rules, rule)| Some((at, rules, rule.by_default.as_ref()?)))
        .map(|(at, rules, rule)| (at, rules, rule.sse_algorithm.lit()));
    let name = index.name(id);
    algorithms.find_map(|(at, rules, algorithm)| match algorithm.map(Text::as_ref) {
        Some("AES256" | "aws:kms") => None,
        Some(other) => Some(
            HopResult::fail(
                HOP,
                format!("bucket `{name}` encrypts with `{other}`, which the agent does not accept"),
            )
            .at(at.0, at.1)
            .fix(
                fixes::in_one_layer(at, rules)
                    .unwrap_or_else(|| Fix::manual("encrypt the bucket with `aws:kms`")),
            ),
        ),
        None => Some(HopResult::unknown(
            HOP,
            format!("the encryption of bucket `{name}` is unknown"),
        )),
    })
}
