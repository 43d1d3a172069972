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

mod assumptions;
mod closed_world;
mod doubts;
mod fix;
pub(crate) mod graph_index;
mod hop;
mod iam;
pub(crate) mod image;
pub(crate) mod instance;
pub(crate) mod launch_template;
mod managed;
mod order;
pub(crate) mod path;
mod result;
mod role_policies;
mod routes;
mod security;
pub(crate) mod setting;
pub(crate) mod ternary;
mod topology;

pub use assumptions::{ASSUMPTIONS, Assumptions};
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

use crate::resource::Graph;
use graph_index::GraphIndex;
use instance::InstanceConfig;

/// Checks whether Session Manager can reach each instance of the graph.
#[must_use]
pub fn check(graph: &Graph, assumptions: &Assumptions) -> Reachability {
    let index = GraphIndex::new(graph, *assumptions);
    let instances = instance::all(&index)
        .into_iter()
        .map(|instance| check_instance(&index, &instance))
        .collect();
    Reachability { instances }
}

/// Returns whether an instance is unreachable. Skips the warnings, which only a report shows.
#[cfg(feature = "cli")]
pub(crate) fn is_unreachable(graph: &Graph, assumptions: &Assumptions) -> bool {
    let index = GraphIndex::new(graph, *assumptions);
    instance::all(&index).iter().any(|instance| {
        let absent = index
            .graph
            .node(instance.node)
            .is_some_and(|it| it.is_absent());
        !absent && verdict(&index, &hop::check_all(&index, instance)) == Verdict::Unreachable
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
        warnings: order::warnings(index, instance),
        hops,
    }
}
