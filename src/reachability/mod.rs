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

mod action_name;
mod actors;
mod addresses;
mod agent_effects;
mod assumptions;
mod block_public_access;
mod cache;
mod cfn_init;
mod changes;
mod closed_world;
mod cloud_config;
mod dhcp;
mod dns_name;
mod dns_rules;
mod doubts;
mod elastic_address;
mod endpoint;
mod firewall;
mod fix;
mod fixed_address;
mod functions;
pub(crate) mod graph_index;
mod hop;
mod iam;
pub(crate) mod image;
pub(crate) mod instance;
mod internet_route;
mod key_state;
pub(crate) mod launch_template;
mod local_route;
mod names;
mod network_acl;
mod node_commands;
mod optional_assumptions;
mod order;
pub(crate) mod path;
mod peering;
mod power;
mod public_address;
mod refusal;
mod refused;
mod result;
mod role_policies;
mod routes;
mod runs;
mod script;
mod script_text;
mod security;
mod service;
mod service_name;
pub(crate) mod setting;
mod shell;
mod shown_text;
mod side_effects;
mod ssm_documents;
pub(crate) mod ternary;
mod texts;
mod topology;
mod unused_gateway;
mod user_data;
mod visible_text;
mod windows;
mod written_file;

pub use assumptions::{Assumption, assumptions};
pub use fix::Fix;
pub use hop::Hop;
#[cfg(feature = "report")]
pub(crate) use hop::{DiagramBox, SequenceStep};
pub use optional_assumptions::Assumptions;
pub(crate) use refused::CertainRefusal;
use result::merge_languages;
pub use result::{HopResult, HopStatus, InstanceReachability, Reachability, Verdict, merge};
pub use topology::{
    EgressPath, EndpointTopology, InstanceTopology, ResourceRef, Rule, Topology, topology,
};
#[cfg(feature = "report")]
pub(crate) use topology::{display_expr, display_text};

use std::cell::OnceCell;

use crate::ir::{Dialect, Stack};
use crate::resource::{AutoScalingGroup, Graph, Typed as _};
use graph_index::GraphIndex;
use instance::InstanceConfig;
use refusal::Refusal;

/// Checks whether Session Manager can reach each instance of the graph. The stacks of a Region are
/// checked together, and apart from those of other Regions.
///
/// The check judges an app as the backends print it, with what CloudFormation refuses in the template.
/// Overrides and raw resources count. Each instance has one result. Where the languages differ, it is unknown,
/// and [`by_language`](InstanceReachability::by_language) has the verdict in each. [`check_in`] returns the
/// hops in one language.
///
/// ```
/// use ssm_synth::ir::Dialect;
/// use ssm_synth::reachability::{self, Assumptions, Verdict};
/// use ssm_synth::resource::VpcEndpoint;
/// use ssm_synth::{App, SessionAccess};
///
/// let mut app = App::new();
/// let mut stack = app.stack("Access");
/// stack.add_inline(SessionAccess::new());
/// let ssm = stack.find::<VpcEndpoint>("Endpoints/Ssm").expect("the stack has this endpoint");
/// stack.overrides(ssm).tf("/private_dns_enabled", false);
/// let checked = reachability::check(app.graph(), &Assumptions::default());
/// let verdicts = [(Dialect::Cfn, Verdict::Reachable), (Dialect::Tf, Verdict::Unreachable)];
/// assert_eq!(checked.instances[0].by_language, verdicts);
/// ```
#[must_use]
pub fn check(graph: &Graph, assumptions: &Assumptions) -> Reachability {
    let printed = graph.as_printed();
    match printed.as_slice() {
        [] => check_graph(graph, assumptions),
        all => merge_languages(
            all.iter()
                .map(|(dialect, it)| (*dialect, check_graph(it, assumptions)))
                .collect(),
        ),
    }
}

/// Checks the graph as one language prints it. See [`check`].
#[must_use]
pub fn check_in(graph: &Graph, dialect: Dialect, assumptions: &Assumptions) -> Reachability {
    match graph.printed(dialect) {
        None => check_graph(graph, assumptions),
        Some(printed) => check_graph(&printed, assumptions),
    }
}

/// Returns what AWS certainly refuses of a printed graph, apart from errors in the properties of one
/// resource.
pub(crate) fn certain_refusals(printed: &Graph) -> Vec<CertainRefusal> {
    let regions = regions(printed).into_iter();
    let found = regions.flat_map(|stacks| {
        refused::certain(&GraphIndex::of_stacks(
            printed,
            stacks,
            Assumptions::default(),
        ))
    });
    found.collect()
}

fn check_graph(graph: &Graph, assumptions: &Assumptions) -> Reachability {
    let mut instances = Vec::new();
    for stacks in regions(graph) {
        let index = GraphIndex::of_stacks(graph, stacks, *assumptions);
        let of_region = instance::all(&index);
        let refusals = OnceCell::new();
        let checked = of_region
            .iter()
            .map(|it| check_instance(&index, &refusals, it));
        instances.extend(checked);
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
    let printed = graph.as_printed();
    if !printed.is_empty() {
        let all = printed.iter();
        let checked = merge(all.map(|(_, it)| check_graph(it, assumptions)).collect());
        let mut verdicts = checked.instances.iter().map(|it| it.verdict);
        return verdicts.any(|it| it == Verdict::Unreachable);
    }
    regions(graph).into_iter().any(|stacks| {
        let index = GraphIndex::of_stacks(graph, stacks, *assumptions);
        let refusals = OnceCell::new();
        instance::all(&index).iter().any(|instance| {
            !is_absent(&index, instance)
                && verdict(&index, &hops(&index, &refusals, instance)) == Verdict::Unreachable
        })
    })
}

/// Returns whether the deployment creates no instance.
fn is_absent(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> bool {
    let node = index.graph.node(instance.node);
    node.is_some_and(|node| {
        let is_existing = node.origin.as_ref().is_some_and(|it| it.is_existing);
        let group = AutoScalingGroup::of(&node.resource);
        node.is_absent() || group.is_some_and(|it| it.starts_empty(is_existing))
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

fn is_broken_route(result: &HopResult) -> bool {
    result.hop == Hop::Route && result.status == HopStatus::Fail
}

/// Returns the results of all hops, and of the resources that AWS refuses to create.
fn hops<'g>(
    index: &GraphIndex<'g>,
    refusals: &OnceCell<Vec<Refusal>>,
    instance: &InstanceConfig<'g>,
) -> Vec<HopResult> {
    let mut results = hop::check_all(index, instance);
    // A more precise failure says it better.
    if results.iter().all(|it| it.status != HopStatus::Fail) {
        let refusals = refusals.get_or_init(|| refused::all(index));
        results.extend(refused::results(index, refusals, instance.node));
    } else if results.iter().any(is_broken_route) {
        let refusals = refusals.get_or_init(|| refused::all(index));
        if let Some(fix) = refused::fix_of_routes(index, refusals, instance.node) {
            let broken = results.iter_mut().filter(|it| is_broken_route(it));
            broken.for_each(|it| it.fix = Some(fix.clone()));
        }
    }
    results
}

fn check_instance<'g>(
    index: &GraphIndex<'g>,
    refusals: &OnceCell<Vec<Refusal>>,
    instance: &InstanceConfig<'g>,
) -> InstanceReachability {
    if is_absent(index, instance) {
        return InstanceReachability {
            node: instance.node,
            verdict: Verdict::NotCreated,
            by_language: Vec::new(),
            hops: Vec::new(),
            warnings: Vec::new(),
        };
    }
    let hops = result::worst_of_each(hops(index, refusals, instance));
    InstanceReachability {
        node: instance.node,
        verdict: verdict(index, &hops),
        by_language: Vec::new(),
        warnings: order::warnings(index, instance)
            .into_iter()
            .chain(hop::session_warnings(index, instance))
            .chain(actors::warnings(index, instance))
            .collect(),
        hops,
    }
}
