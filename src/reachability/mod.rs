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
//! app.stack("Access").apply(SessionAccess::new());
//! let proof = reachability::prove(app.graph(), &reachability::Assume::default());
//! assert_eq!(proof.instances[0].answer, reachability::Answer::Reachable);
//! assert_eq!(proof.instances[0].failing_hop(), None);
//! ```

mod around;
mod fix;
mod hop;
pub(crate) mod host;
mod iam;
pub(crate) mod image;
mod managed;
mod order;
pub(crate) mod path;
mod security;
pub(crate) mod tri;
pub(crate) mod view;

use std::fmt;

pub use around::{Around, Door, Rule, Spot, Surroundings, Way, around};
#[cfg(feature = "report")]
pub(crate) use around::{shown, text};
pub use fix::Change;

use crate::ir::{Graph, NodeId};
use host::Host;
use tri::Tri;
use view::View;

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
    EndpointMissing,
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
        Hop::EndpointMissing,
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
            Hop::EndpointMissing => "endpoint-missing",
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
    pub const fn why(self) -> &'static str {
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
            Hop::EndpointMissing => {
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
pub enum Verdict {
    /// It provably fails.
    Fail,
    /// It is not decided.
    Unknown,
    /// It provably holds.
    Pass,
}

impl Verdict {
    /// Returns its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Fail => "fail",
            Verdict::Unknown => "unknown",
            Verdict::Pass => "pass",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Tri> for Verdict {
    fn from(value: Tri) -> Self {
        match value {
            Tri::No => Verdict::Fail,
            Tri::Maybe => Verdict::Unknown,
            Tri::Yes => Verdict::Pass,
        }
    }
}

/// Whether Session Manager reaches an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Every hop holds.
    Reachable,
    /// A hop fails.
    Unreachable,
    /// No hop fails, and one is not decided.
    Unknown,
    /// The instance's condition leaves it out.
    Absent,
}

impl Answer {
    /// Returns its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Answer::Reachable => "reachable",
            Answer::Unreachable => "unreachable",
            Answer::Unknown => "unknown",
            Answer::Absent => "absent",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What was found of a hop, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The hop.
    pub hop: Hop,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was found, lower case, no full stop.
    pub detail: String,
    /// The resource, and the field of its table, that decide.
    pub at: Option<(NodeId, &'static str)>,
    /// What mends it.
    pub fix: Option<Change>,
}

impl Finding {
    pub(crate) fn new(hop: Hop, verdict: impl Into<Verdict>, detail: impl Into<String>) -> Self {
        Finding {
            hop,
            verdict: verdict.into(),
            detail: detail.into(),
            at: None,
            fix: None,
        }
    }

    pub(crate) fn pass(hop: Hop, detail: impl Into<String>) -> Self {
        Finding::new(hop, Verdict::Pass, detail)
    }

    pub(crate) fn unknown(hop: Hop, detail: impl Into<String>) -> Self {
        Finding::new(hop, Verdict::Unknown, detail)
    }

    pub(crate) fn fail(hop: Hop, detail: impl Into<String>) -> Self {
        Finding::new(hop, Verdict::Fail, detail)
    }

    #[must_use]
    pub(crate) fn at(mut self, node: NodeId, field: &'static str) -> Self {
        self.at = Some((node, field));
        self
    }

    #[must_use]
    pub(crate) fn fix(mut self, change: Change) -> Self {
        self.fix = Some(change);
        self
    }
}

/// What is known of one instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceProof {
    /// The instance, or the auto scaling group that starts it.
    pub node: NodeId,
    /// Whether it is reached.
    pub answer: Answer,
    /// The hops in order; those that do not apply are left out.
    pub hops: Vec<Finding>,
    /// What does not decide, and is good to know.
    pub warnings: Vec<Finding>,
}

impl InstanceProof {
    /// Returns the first hop that fails.
    pub fn failing(&self) -> Option<&Finding> {
        self.hops
            .iter()
            .find(|finding| finding.verdict == Verdict::Fail)
    }

    /// Returns the name of the first hop that fails.
    pub fn failing_hop(&self) -> Option<Hop> {
        self.failing().map(|finding| finding.hop)
    }
}

/// What is known of all instances of a graph.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Proof {
    /// The instances, in the order of the graph.
    pub instances: Vec<InstanceProof>,
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
pub struct Assume {
    /// An image that the file does not describe has the agent. Default: this is not known.
    pub agent: bool,
    /// Default Host Management is on in the account and region. Default: it is off.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/fleet-manager-default-host-management-configuration.html>
    pub dhmc: bool,
}

/// Proves for every instance of the graph whether Session Manager reaches it.
#[must_use]
pub fn prove(graph: &Graph, assume: &Assume) -> Proof {
    let view = View::new(graph, *assume);
    let instances = host::all(&view)
        .into_iter()
        .map(|host| prove_one(&view, &host))
        .collect();
    Proof { instances }
}

/// Whether one of the instances provably cannot be reached: what a synthesis must know, without
/// the warnings that only a report shows.
#[cfg(feature = "cli")]
pub(crate) fn is_unreachable(graph: &Graph, assume: &Assume) -> bool {
    let view = View::new(graph, *assume);
    host::all(&view).iter().any(|host| {
        let absent = view.graph.node(host.node).is_some_and(|it| it.is_absent());
        !absent && answer(&view, &hop::all(&view, host)) == Answer::Unreachable
    })
}

fn answer(view: &View<'_>, hops: &[Finding]) -> Answer {
    match hops.iter().map(|finding| finding.verdict).min() {
        // What a macro may change is not proven.
        _ if view.macros => Answer::Unknown,
        Some(Verdict::Fail) => Answer::Unreachable,
        Some(Verdict::Pass) => Answer::Reachable,
        Some(Verdict::Unknown) | None => Answer::Unknown,
    }
}

fn prove_one<'g>(view: &View<'g>, host: &Host<'g>) -> InstanceProof {
    if view.graph.node(host.node).is_some_and(|it| it.is_absent()) {
        return InstanceProof {
            node: host.node,
            answer: Answer::Absent,
            hops: Vec::new(),
            warnings: Vec::new(),
        };
    }
    let hops = worst_of_each(hop::all(view, host));
    InstanceProof {
        node: host.node,
        answer: answer(view, &hops),
        warnings: order::warnings(view, host),
        hops,
    }
}

/// One finding for each hop: the worst, and of equals the first.
fn worst_of_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut worst: Vec<Finding> = Vec::new();
    for finding in findings {
        match worst.iter_mut().find(|other| other.hop == finding.hop) {
            Some(other) if finding.verdict < other.verdict => *other = finding,
            Some(_) => {}
            None => worst.push(finding),
        }
    }
    worst.sort_by_key(|finding| finding.hop);
    worst
}

/// Joins what was found under several assumptions of what a file leaves open: what all agree on
/// holds, the rest is not decided.
#[must_use]
pub fn agree(mut proofs: Vec<Proof>) -> Proof {
    if proofs.len() <= 1 {
        return proofs.pop().unwrap_or_default();
    }
    let mut rest = proofs.into_iter();
    let mut joined = rest.next().unwrap_or_default();
    for proof in rest {
        for (at, other) in proof.instances.into_iter().enumerate() {
            let Some(one) = joined.instances.get_mut(at) else {
                joined.instances.push(other);
                continue;
            };
            join(one, other);
        }
    }
    joined
}

fn join(one: &mut InstanceProof, other: InstanceProof) {
    // Where it is left out, there is nothing to reach.
    if other.answer == Answer::Absent {
        return;
    }
    if one.answer == Answer::Absent {
        *one = other;
        return;
    }
    let both_fail = one.answer == Answer::Unreachable && other.answer == Answer::Unreachable;
    for finding in other.hops {
        match one.hops.iter_mut().find(|it| it.hop == finding.hop) {
            None if both_fail => one.hops.push(finding),
            None => one.hops.push(Finding {
                verdict: finding.verdict.max(Verdict::Unknown),
                ..finding
            }),
            Some(it) if it.verdict == finding.verdict => {}
            Some(it) if both_fail => {
                if finding.verdict < it.verdict {
                    *it = finding;
                }
            }
            Some(it) => {
                if finding.verdict < it.verdict {
                    *it = finding;
                }
                it.verdict = Verdict::Unknown;
            }
        }
    }
    one.hops.sort_by_key(|finding| finding.hop);
    if one.answer != other.answer {
        one.answer = Answer::Unknown;
        for finding in &mut one.hops {
            finding.verdict = finding.verdict.max(Verdict::Unknown);
        }
    }
}
