//! The proof: whether Session Manager will reach an instance, and if not, which hop fails.
//!
//! It is written against the graph alone, one hop per file, and knows no language. A value that
//! is not decided stays so: nothing unknown is counted as fine, and a proven failure decides
//! whatever else is unknown.
//!
//! ```
//! use ssm_synth::{App, SessionAccess, reachability};
//!
//! let mut app = App::new();
//! app.stack("Access").add_inline(SessionAccess::new());
//! let proof = reachability::check(app.graph(), &reachability::Assumptions::default());
//! assert_eq!(proof.instances[0].verdict, reachability::Verdict::Reachable);
//! assert_eq!(proof.instances[0].failing_hop(), None);
//! ```

mod fix;
pub(crate) mod graph_index;
mod hop;
mod iam;
pub(crate) mod image;
pub(crate) mod instance;
mod managed;
mod order;
pub(crate) mod path;
mod role_policies;
mod security;
pub(crate) mod ternary;
mod topology;

use std::fmt;

pub use fix::Fix;
pub use topology::{
    EgressPath, EndpointTopology, InstanceTopology, ResourceRef, Rule, Topology, topology,
};
#[cfg(feature = "report")]
pub(crate) use topology::{display_expr, display_text};

use crate::ir::NodeId;
use crate::resource::Graph;
use graph_index::GraphIndex;
use instance::InstanceConfig;
use ternary::Ternary;

/// A step that must hold for a session, in the order of the agent's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum Hop {
    Agent,
    Imds,
    InstanceProfile,
    RoleTrust,
    RolePermissions,
    VpcDns,
    Endpoint,
    EndpointPrivateDns,
    EndpointPolicy,
    EndpointSecurityGroup,
    InstanceSecurityGroup,
    NetworkAcl,
    Route,
    SessionPreferences,
}

impl Hop {
    /// All, in order.
    pub const ALL: &'static [Hop] = &[
        Hop::Agent,
        Hop::Imds,
        Hop::InstanceProfile,
        Hop::RoleTrust,
        Hop::RolePermissions,
        Hop::VpcDns,
        Hop::Endpoint,
        Hop::EndpointPrivateDns,
        Hop::EndpointPolicy,
        Hop::EndpointSecurityGroup,
        Hop::InstanceSecurityGroup,
        Hop::NetworkAcl,
        Hop::Route,
        Hop::SessionPreferences,
    ];

    /// Returns its name, which is also the code of its page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Hop::Agent => "agent",
            Hop::Imds => "imds",
            Hop::InstanceProfile => "instance-profile",
            Hop::RoleTrust => "role-trust",
            Hop::RolePermissions => "role-permissions",
            Hop::VpcDns => "vpc-dns",
            Hop::Endpoint => "endpoint",
            Hop::EndpointPrivateDns => "endpoint-private-dns",
            Hop::EndpointPolicy => "endpoint-policy",
            Hop::EndpointSecurityGroup => "endpoint-security-group",
            Hop::InstanceSecurityGroup => "instance-security-group",
            Hop::NetworkAcl => "network-acl",
            Hop::Route => "route",
            Hop::SessionPreferences => "session-preferences",
        }
    }

    /// Says in a sentence why it matters.
    pub const fn reason(self) -> &'static str {
        match self {
            Hop::Agent => "without a running SSM Agent nothing on the instance asks for sessions",
            Hop::Imds => {
                "the agent learns its instance id and its credentials from the metadata service"
            }
            Hop::InstanceProfile => "the agent signs its requests with the profile's role",
            Hop::RoleTrust => "EC2 hands out the role's credentials only if the role trusts it",
            Hop::RolePermissions => {
                "the agent registers with `ssm` and opens its channels with `ssmmessages`"
            }
            Hop::VpcDns => "the agent dials the services by name",
            Hop::Endpoint => {
                "a subnet without a way out reaches a service only through an endpoint in its VPC"
            }
            Hop::EndpointPrivateDns => {
                "the agent dials the public name, which leads to the endpoint only with private DNS"
            }
            Hop::EndpointPolicy => "the endpoint refuses what its policy does not allow",
            Hop::EndpointSecurityGroup => {
                "the endpoint's interfaces drop what their security groups do not admit"
            }
            Hop::InstanceSecurityGroup => {
                "the agent dials out, and its security groups must let port 443 out"
            }
            Hop::NetworkAcl => {
                "network ACLs are stateless: requests and answers must pass, in both subnets"
            }
            Hop::Route => "the way out of the subnet must lead to the internet and back",
            Hop::SessionPreferences => {
                "the agent refuses a session whose encryption or log checks it cannot do"
            }
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was found of a hop; the worse comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HopStatus {
    /// It provably fails.
    Fail,
    /// It is not decided.
    Unknown,
    /// It provably holds.
    Pass,
}

impl HopStatus {
    /// Returns its word.
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

/// Whether Session Manager reaches an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every hop holds.
    Reachable,
    /// A hop fails.
    Unreachable,
    /// No hop fails, and one is not decided.
    Unknown,
    /// The instance's condition leaves it out.
    NotCreated,
}

impl Verdict {
    /// Returns its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Reachable => "reachable",
            Verdict::Unreachable => "unreachable",
            Verdict::Unknown => "unknown",
            Verdict::NotCreated => "absent",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What was found of a hop, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HopResult {
    /// The hop.
    pub hop: Hop,
    /// Whether it holds.
    pub status: HopStatus,
    /// What was found, lower case, no full stop.
    pub detail: String,
    /// The resource, and the field of its table, that decide.
    pub at: Option<(NodeId, &'static str)>,
    /// What mends it.
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

/// What is known of one instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceReachability {
    /// The instance, or the auto scaling group that starts it.
    pub node: NodeId,
    /// Whether it is reached.
    pub verdict: Verdict,
    /// The hops in order; those that do not apply are left out.
    pub hops: Vec<HopResult>,
    /// What does not decide, and is good to know.
    pub warnings: Vec<HopResult>,
}

impl InstanceReachability {
    /// Returns the first hop that fails.
    pub fn failing(&self) -> Option<&HopResult> {
        self.hops
            .iter()
            .find(|result| result.status == HopStatus::Fail)
    }

    /// Returns the name of the first hop that fails.
    pub fn failing_hop(&self) -> Option<Hop> {
        self.failing().map(|result| result.hop)
    }
}

/// What is known of all instances of a graph.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Reachability {
    /// The instances, in the order of the graph.
    pub instances: Vec<InstanceReachability>,
}

/// What is taken for granted, because no file can show it.
pub const ASSUMPTIONS: &[&str] = &[
    "no service control policy or resource control policy denies the agent's calls",
    "the account's defaults are AWS's own: the metadata service is on, public access of VPCs is not blocked",
    "the endpoint services are offered in the zones of their subnets",
    "a parameter `S3PrefixListId` holds the region's prefix list of S3",
    "no other stack or person changes what this file describes",
    "the image's agent and operating system are as published: no firewall, no proxy, a current agent",
];

/// Assumptions that can be turned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// An image that the file does not describe has the agent. Default: this is not known.
    pub agent: bool,
    /// Default Host Management is on in the account and region. Default: it is off.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>
    pub dhmc: bool,
}

/// Proves for every instance of the graph whether Session Manager reaches it.
#[must_use]
pub fn check(graph: &Graph, assumptions: &Assumptions) -> Reachability {
    let index = GraphIndex::new(graph, *assumptions);
    let instances = instance::all(&index)
        .into_iter()
        .map(|instance| check_instance(&index, &instance))
        .collect();
    Reachability { instances }
}

/// Whether one of the instances provably cannot be reached: what a synthesis must know, without
/// the warnings that only a report shows.
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
        // What a macro may change is not proven.
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
    let hops = worst_of_each(hop::check_all(index, instance));
    InstanceReachability {
        node: instance.node,
        verdict: verdict(index, &hops),
        warnings: order::warnings(index, instance),
        hops,
    }
}

/// One finding for each hop: the worst, and of equals the first.
fn worst_of_each(results: Vec<HopResult>) -> Vec<HopResult> {
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

/// Joins what was found under several assumptions of what a file leaves open: what all agree on
/// holds, the rest is not decided.
#[must_use]
pub fn merge(mut reachabilities: Vec<Reachability>) -> Reachability {
    if reachabilities.len() <= 1 {
        return reachabilities.pop().unwrap_or_default();
    }
    let mut rest = reachabilities.into_iter();
    let mut joined = rest.next().unwrap_or_default();
    for reachability in rest {
        for (at, other) in reachability.instances.into_iter().enumerate() {
            let Some(one) = joined.instances.get_mut(at) else {
                joined.instances.push(other);
                continue;
            };
            merge_instance(one, other);
        }
    }
    joined
}

fn merge_instance(one: &mut InstanceReachability, other: InstanceReachability) {
    // Where it is left out, there is nothing to reach.
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
