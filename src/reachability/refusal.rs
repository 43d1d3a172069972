//! A resource that AWS refuses to create, as a result of a hop.

use super::ternary::Ternary;
use super::{Fix, Hop, HopResult, HopStatus};
use crate::ir::NodeId;

/// A resource that AWS refuses to create.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The resource.
    pub(super) node: NodeId,
    /// The field of its table that AWS refuses.
    pub(super) field: &'static str,
    /// The hop of sessions that the resource belongs to.
    pub(super) hop: Hop,
    /// Whether the file determines the refusal. Not `No`.
    pub(super) certain: Ternary,
    /// A sentence in lowercase, without a period.
    pub(super) reason: String,
    pub(super) fix: Option<Fix>,
}

impl Refusal {
    pub(super) fn new(
        hop: Hop,
        at: (NodeId, &'static str),
        certain: Ternary,
        reason: impl Into<String>,
    ) -> Option<Refusal> {
        (!certain.is_no()).then(|| Refusal {
            node: at.0,
            field: at.1,
            hop,
            certain,
            reason: reason.into(),
            fix: None,
        })
    }

    pub(super) fn fix(mut self, fix: Fix) -> Refusal {
        self.fix = Some(fix);
        self
    }

    pub(super) fn result(&self) -> HopResult {
        let status = match self.certain {
            Ternary::Yes => HopStatus::Fail,
            _ => HopStatus::Unknown,
        };
        let result = HopResult::new(self.hop, status, self.reason.clone());
        let result = result.at(self.node, self.field);
        match &self.fix {
            Some(fix) => result.fix(fix.clone()),
            None => result,
        }
    }
}
