//! The reachability check: whether Session Manager can reach an instance, and which hop fails.
//!
//! The check reads the graph only, and knows neither CloudFormation nor Terraform. An unknown value
//! never counts as pass, and a hop that certainly fails determines the verdict.
//!
//! ```
//! use ssm_synth::{App, SessionAccess, reachability};
//!
//! let mut app = App::new();
//! app.stack("Access").add_inline(SessionAccess::new());
//! let checked = reachability::check(app.graph(), &reachability::Assumptions::default());
//! assert_eq!(checked.instances[0].verdict, reachability::Verdict::Reachable);
//! assert_eq!(checked.instances[0].failing_hop(), None);
//! ```

mod addresses;
mod assumptions;
mod block_public_access;
mod cache;
mod closed_world;
mod dhcp;
mod dns_rules;
mod doubts;
mod fix;
mod fixed_address;
pub(crate) mod graph_index;
mod hop;
mod iam;
pub(crate) mod image;
pub(crate) mod instance;
mod internet_route;
pub(crate) mod launch_template;
mod local_route;
mod managed;
mod names;
mod network_acl;
mod order;
pub(crate) mod path;
mod refused;
mod result;
mod role_policies;
mod routes;
mod security;
mod service_name;
pub(crate) mod setting;
pub(crate) mod ternary;
mod texts;
mod topology;

pub use assumptions::{Assumptions, assumptions};
pub use fix::Fix;
pub use hop::Hop;
#[cfg(feature = "report")]
pub(crate) use hop::{DiagramBox, SequenceStep};
pub use result::{HopResult, HopStatus, InstanceReachability, Reachability, Verdict, merge};
pub use topology::{
    EgressPath, EndpointTopology, InstanceTopology, ResourceRef, Rule, Topology, topology,
};
#[cfg(feature = "report")]
pub(crate) use topology::{display_expr, display_text};

use crate::ir::Stack;
use crate::resource::Graph;
use graph_index::GraphIndex;
use instance::InstanceConfig;

/// Checks whether Session Manager can reach each instance of the graph. The stacks of a Region are
/// checked together, and apart from those of other Regions.
#[must_use]
pub fn check(graph: &Graph, assumptions: &Assumptions) -> Reachability {
    let mut instances = Vec::new();
    for stacks in regions(graph) {
        let index = GraphIndex::of_stacks(graph, stacks, *assumptions);
        let of_region = instance::all(&index);
        instances.extend(of_region.iter().map(|it| check_instance(&index, it)));
    }
    instances.sort_by_key(|it: &InstanceReachability| it.node);
    Reachability { instances }
}

/// Returns the stacks of each Region. A stack for any Region belongs to the only Region of the others.
fn regions(graph: &Graph) -> Vec<Vec<&Stack>> {
    let mut known = graph.stacks().filter_map(|stack| stack.region);
    let first = known.next();
    let only = first.filter(|first| known.all(|other| other == *first));
    let mut regions: Vec<Vec<&Stack>> = Vec::new();
    for stack in graph.stacks() {
        let own = stack.region.or(only);
        let same = |others: &&mut Vec<&Stack>| others.iter().any(|it| it.region.or(only) == own);
        match regions.iter_mut().find(same) {
            Some(others) => others.push(stack),
            None => regions.push(vec![stack]),
        }
    }
    regions
}

/// Returns whether an instance is unreachable. Skips the warnings, which only a report shows.
#[cfg(feature = "cli")]
pub(crate) fn is_unreachable(graph: &Graph, assumptions: &Assumptions) -> bool {
    regions(graph).into_iter().any(|stacks| {
        let index = GraphIndex::of_stacks(graph, stacks, *assumptions);
        instance::all(&index).iter().any(|instance| {
            let node = index.graph.node(instance.node);
            !node.is_some_and(|it| it.is_absent())
                && verdict(&index, &hop::check_all(&index, instance)) == Verdict::Unreachable
        })
    })
}

fn verdict(index: &GraphIndex<'_>, hops: &[HopResult]) -> Verdict {
    match hops.iter().map(|result| result.status).min() {
        // A macro can change every result.
        _ if index.has_macros => Verdict::Unknown,
        Some(HopStatus::Fail) => Verdict::Unreachable,
        Some(HopStatus::Pass) => Verdict::Reachable,
        Some(HopStatus::Unknown) | None => Verdict::Unknown,
    }
}

fn check_instance<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> InstanceReachability {
    if index
        .graph
        .node(instance.node)
        .is_some_and(|it| it.is_absent())
    {
        return InstanceReachability {
            node: instance.node,
            verdict: Verdict::NotCreated,
            hops: Vec::new(),
            warnings: Vec::new(),
        };
    }
    let hops = result::worst_of_each(hop::check_all(index, instance));
    InstanceReachability {
        node: instance.node,
        verdict: verdict(index, &hops),
        warnings: order::warnings(index, instance)
            .into_iter()
            .chain(hop::session_warnings(index, instance))
            .collect(),
        hops,
    }
}
