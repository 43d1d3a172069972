//! A setting of an instance, which can be unknown.

use super::graph_index::GraphIndex;
use crate::ir::NodeId;

/// A setting of an instance, with the field of the resource that determines it.
#[derive(Clone, Debug)]
pub(crate) enum Setting<T> {
    Known(NodeId, &'static str, T),
    Unset,
    /// The setting can have a value, which is unknown.
    Unknown(NodeId, &'static str),
}

impl<T> Setting<T> {
    pub(super) fn or(self, other: impl FnOnce() -> Setting<T>) -> Setting<T> {
        match self {
            Setting::Unset => other(),
            set => set,
        }
    }

    pub(super) fn of(
        node: NodeId,
        field: &'static str,
        value: Option<T>,
        unmodeled: bool,
    ) -> Setting<T> {
        match value {
            _ if unmodeled => Setting::Unknown(node, field),
            Some(value) => Setting::Known(node, field, value),
            None => Setting::Unset,
        }
    }
}

pub(crate) fn is_unmodeled(index: &GraphIndex<'_>, node: NodeId, field: &str) -> bool {
    index
        .graph
        .node(node)
        .is_some_and(|node| node.is_unmodeled(field))
}
