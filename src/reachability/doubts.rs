//! Results that rely on what the model does not know.

use super::closed_world::EVERY_HOP;
use super::graph_index::GraphIndex;
use super::{HopResult, HopStatus};
use crate::ir::NodeId;

/// Makes results unknown that rely on a resource which is not only what the model knows.
pub(super) fn apply(index: &GraphIndex<'_>, relied: &[NodeId], results: &mut [HopResult]) {
    for result in results {
        let own = result.at.map(|(node, _)| node);
        let everywhere = index.changes.everywhere.iter().find(|it| {
            it.hops
                .split(',')
                .any(|hop| hop == EVERY_HOP || hop == result.hop.as_str())
        });
        if let Some(everywhere) = everywhere
            && result.status != HopStatus::Unknown
        {
            doubted(result, everywhere.by, || everywhere.reason.clone());
            continue;
        }
        let Some((node, doubt)) = relied
            .iter()
            .copied()
            .chain(own)
            .find_map(|node| Some((node, index.doubt(node)?)))
        else {
            continue;
        };
        doubted(result, node, || format!("`{}` {doubt}", index.name(node)));
    }
}

fn doubted(result: &mut HopResult, node: NodeId, reason: impl FnOnce() -> String) {
    if result.status == HopStatus::Unknown && result.at.map(|(at, _)| at) != Some(node) {
        return;
    }
    let field = match result.at {
        Some((at, field)) if at == node => field,
        _ => "",
    };
    result.status = HopStatus::Unknown;
    result.detail = reason();
    result.at = Some((node, field));
    result.fix = None;
}
