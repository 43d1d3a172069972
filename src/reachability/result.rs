//! Results of the reachability check.

use std::collections::HashMap;
use std::fmt;

use super::Fix;
use super::hop::list::Hop;
use super::ternary::Ternary;
use crate::ir::{Dialect, NodeId};

/// The status of a hop, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HopStatus {
    /// The hop fails in every deployment of the file.
    Fail,
    /// The file does not determine the status.
    Unknown,
    /// The hop passes.
    Pass,
}

impl HopStatus {
    /// Returns the status as in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            HopStatus::Fail => "fail",
            HopStatus::Unknown => "unknown",
            HopStatus::Pass => "pass",
        }
    }
}

impl fmt::Display for HopStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Ternary> for HopStatus {
    fn from(value: Ternary) -> Self {
        match value {
            Ternary::No => HopStatus::Fail,
            Ternary::Unknown => HopStatus::Unknown,
            Ternary::Yes => HopStatus::Pass,
        }
    }
}

/// The verdict for an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every hop passes.
    Reachable,
    /// At least one hop fails.
    Unreachable,
    /// No hop fails, and at least one is unknown.
    Unknown,
    /// The condition of the instance is false.
    NotCreated,
}

impl Verdict {
    /// Returns the verdict as in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Reachable => "reachable",
            Verdict::Unreachable => "unreachable",
            Verdict::Unknown => "unknown",
            Verdict::NotCreated => "not-created",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The result of a hop.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HopResult {
    /// The hop.
    pub hop: Hop,
    /// The status.
    pub status: HopStatus,
    /// The fact that determines the status: a sentence in lowercase, without a period.
    pub detail: String,
    /// The resource, and the field of its table, that determine the status.
    pub at: Option<(NodeId, &'static str)>,
    /// The change that fixes the hop.
    pub fix: Option<Fix>,
}

impl HopResult {
    pub(crate) fn new(hop: Hop, status: impl Into<HopStatus>, detail: impl Into<String>) -> Self {
        HopResult {
            hop,
            status: status.into(),
            detail: detail.into(),
            at: None,
            fix: None,
        }
    }

    pub(crate) fn pass(hop: Hop, detail: impl Into<String>) -> Self {
        HopResult::new(hop, HopStatus::Pass, detail)
    }

    pub(crate) fn unknown(hop: Hop, detail: impl Into<String>) -> Self {
        HopResult::new(hop, HopStatus::Unknown, detail)
    }

    pub(crate) fn fail(hop: Hop, detail: impl Into<String>) -> Self {
        HopResult::new(hop, HopStatus::Fail, detail)
    }

    #[must_use]
    pub(crate) fn at(mut self, node: NodeId, field: &'static str) -> Self {
        self.at = Some((node, field));
        self
    }

    #[must_use]
    pub(crate) fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// The verdict and the hop results of an instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceReachability {
    /// The instance, or the Auto Scaling group that launches it.
    pub node: NodeId,
    /// The verdict. If those of the languages differ, it is unknown.
    pub verdict: Verdict,
    /// The verdict in each language of an app, if they differ. A language in which the resource launches no
    /// instance has none. Default: none, the verdicts are equal, or the graph is that of a file.
    pub by_language: Vec<(Dialect, Verdict)>,
    /// The results in order. Hops that do not apply are missing.
    pub hops: Vec<HopResult>,
    /// Problems that do not affect the verdict.
    pub warnings: Vec<HopResult>,
}

impl InstanceReachability {
    /// Returns the result of the first hop that fails.
    pub fn failing(&self) -> Option<&HopResult> {
        self.hops
            .iter()
            .find(|result| result.status == HopStatus::Fail)
    }

    /// Returns the first hop that fails.
    pub fn failing_hop(&self) -> Option<Hop> {
        self.failing().map(|result| result.hop)
    }
}

/// The results of all instances of a graph: one for each instance.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Reachability {
    /// The instances, in the order of the graph.
    pub instances: Vec<InstanceReachability>,
}

/// Keeps one result per hop: the worst, and the first of equal ones.
pub(super) fn worst_of_each(results: Vec<HopResult>) -> Vec<HopResult> {
    let mut worst: Vec<HopResult> = Vec::new();
    for result in results {
        match worst.iter_mut().find(|other| other.hop == result.hop) {
            Some(other) if result.status < other.status => *other = result,
            Some(_) => {}
            None => worst.push(result),
        }
    }
    worst.sort_by_key(|result| result.hop);
    worst
}

/// Merges the results for several values of the parameters that a file leaves open: a result that
/// differs becomes unknown.
#[must_use]
pub fn merge(reachabilities: Vec<Reachability>) -> Reachability {
    let mut rest = reachabilities.into_iter();
    let mut joined = rest.next().unwrap_or_default();
    for other in rest.flat_map(|it| it.instances) {
        let mut known = joined.instances.iter_mut();
        match known.find(|it| it.node == other.node) {
            Some(one) => merge_instance(one, other),
            None => joined.instances.push(other),
        }
    }
    joined.instances.sort_by_key(|it| it.node);
    joined
}

/// Merges the results of an app in each of its languages. A raw resource can have the type of an instance in
/// one language, and another type in the other one.
pub(super) fn merge_languages(results: Vec<(Dialect, Reachability)>) -> Reachability {
    let mut verdicts: HashMap<NodeId, Vec<(Dialect, Verdict)>> = HashMap::new();
    for (dialect, reachability) in &results {
        for it in &reachability.instances {
            let own = verdicts.entry(it.node).or_default();
            own.push((*dialect, it.verdict));
        }
    }
    let languages = results.len();
    let mut joined = merge(results.into_iter().map(|it| it.1).collect());
    for it in &mut joined.instances {
        let own = verdicts.remove(&it.node).unwrap_or_default();
        let is_equal = own.len() == languages && own.windows(2).all(|it| it[0].1 == it[1].1);
        if !is_equal {
            it.by_language = own;
        }
    }
    joined
}

fn merge_instance(one: &mut InstanceReachability, other: InstanceReachability) {
    // An instance that does not exist has no results to compare.
    if other.verdict == Verdict::NotCreated {
        return;
    }
    if one.verdict == Verdict::NotCreated {
        *one = other;
        return;
    }
    let both_fail = one.verdict == Verdict::Unreachable && other.verdict == Verdict::Unreachable;
    for result in other.hops {
        match one.hops.iter_mut().find(|it| it.hop == result.hop) {
            None if both_fail => one.hops.push(result),
            None => one.hops.push(HopResult {
                status: result.status.max(HopStatus::Unknown),
                ..result
            }),
            Some(it) if it.status == result.status => {}
            Some(it) if both_fail => {
                if result.status < it.status {
                    *it = result;
                }
            }
            Some(it) => {
                if result.status < it.status {
                    *it = result;
                }
                it.status = HopStatus::Unknown;
            }
        }
    }
    one.hops.sort_by_key(|result| result.hop);
    if one.verdict != other.verdict {
        one.verdict = Verdict::Unknown;
        for result in &mut one.hops {
            result.status = result.status.max(HopStatus::Unknown);
        }
    }
}
