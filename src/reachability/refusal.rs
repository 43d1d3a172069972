//! A resource that AWS refuses to create, as a result of a hop.

use super::ternary::Ternary;
use super::{Fix, Hop, HopResult, HopStatus};
use crate::ir::{NodeId, StackId};

/// What AWS refuses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refused {
    /// A resource, for a field of its table.
    Resource(NodeId, &'static str),
    /// The template of a stack, for a part outside its resources.
    Template(StackId),
}

/// A resource or template that AWS refuses.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(super) of: Refused,
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
        (node, field): (NodeId, &'static str),
        certain: Ternary,
        reason: impl Into<String>,
    ) -> Option<Refusal> {
        Refusal::of(hop, Refused::Resource(node, field), certain, reason)
    }

    pub(super) fn of(
        hop: Hop,
        of: Refused,
        certain: Ternary,
        reason: impl Into<String>,
    ) -> Option<Refusal> {
        (!certain.is_no()).then(|| Refusal {
            of,
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
        let result = match self.of {
            Refused::Resource(node, field) => result.at(node, field),
            Refused::Template(_) => result,
        };
        match &self.fix {
            Some(fix) => result.fix(fix.clone()),
            None => result,
        }
    }
}
