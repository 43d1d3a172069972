//! The hops: one file each, and one line each in `list.rs`.
//!
//! The file of a hop contains its code, texts, page, runbook step, place in diagrams, and check.

mod connection;
mod fixes;
pub(super) mod list;

pub(crate) use connection::{Connection, PathChoice, groups_of, subnets_of};
use connection::{PolicyOf, address_in, has_subnet, link_of, policy_of, service_name, worst};
pub(super) use fixes::s3_gateway;
pub use list::Hop;
use list::with_hops;
pub(super) use session_preferences::warnings as session_warnings;

use std::fmt;

use super::doubts;
use super::graph_index::GraphIndex;
use super::iam::NetworkPath;
use super::instance::{InstanceConfig, Placement};
use super::ternary::Ternary;
use super::{HopResult, HopStatus};
use crate::ir::NodeId;
use crate::session_manager::SERVICES;
use instance_profile::InstanceRole;

macro_rules! entries {
    ($($module:ident: $hop:ident, $name:literal;)*) => {
        $(mod $module;)*

        impl Hop {
            pub(crate) const fn entry(self) -> &'static Entry {
                match self {
                    $(Hop::$hop => &$module::ENTRY,)*
                }
            }
        }
    };
}
with_hops!(entries);

impl Hop {
    /// Returns the code, such as `role-trust`.
    pub const fn as_str(self) -> &'static str {
        self.entry().code
    }

    /// The hops that depend on rules of security groups.
    pub(crate) const OF_SECURITY_GROUPS: [Hop; 3] = [
        Hop::VpcDns,
        Hop::InstanceSecurityGroup,
        Hop::EndpointSecurityGroup,
    ];

    /// Returns why a session requires the hop: a sentence in lowercase, without a period.
    pub const fn reason(self) -> &'static str {
        self.entry().reason
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything about a hop.
#[cfg_attr(not(feature = "report"), allow(dead_code))] // diagrams and runbooks read the rest
pub(crate) struct Entry {
    /// Name in reports and commands.
    pub(crate) code: &'static str,
    /// Why a session requires it: a sentence in lowercase, without a period.
    pub(crate) reason: &'static str,
    /// Markdown of its page in `docs/reference/hops.md`, without the heading.
    pub(crate) page: &'static str,
    /// What the commands show in an account where the hop passes. Sentences.
    pub(crate) expected: &'static str,
    /// Commands of the runbook. They use its variables; `{actions}` and `{document}` stand for the
    /// actions of the agent and the session document of the account.
    pub(crate) commands: &'static [&'static str],
    /// Boxes of a diagram that show its status.
    pub(crate) boxes: &'static [DiagramBox],
    /// Steps of the sequence diagram that fail with it.
    pub(crate) steps: &'static [SequenceStep],
    pub(crate) check: Check,
}

/// A kind of box in a diagram of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "report"), allow(dead_code))]
pub(crate) enum DiagramBox {
    Endpoint,
    InternetRoute,
    SecurityGroup,
    Role,
}

/// A step of the sequence diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "report"), allow(dead_code))]
pub(crate) enum SequenceStep {
    /// The agent reads its instance ID and credentials.
    Credentials,
    /// The agent resolves the names of the services.
    Resolve,
    /// The agent connects to a service.
    Connect,
    /// The agent starts the shell.
    Shell,
}

#[cfg(feature = "report")]
impl Hop {
    /// Returns the hops that a kind of box shows.
    pub(crate) fn of_box(kind: DiagramBox) -> Vec<Hop> {
        let all = Hop::ALL.iter().copied();
        all.filter(|hop| hop.entry().boxes.contains(&kind))
            .collect()
    }

    /// Returns the hops that a step requires.
    pub(crate) fn of_step(step: SequenceStep) -> Vec<Hop> {
        let all = Hop::ALL.iter().copied();
        all.filter(|hop| hop.entry().steps.contains(&step))
            .collect()
    }
}

/// The function that checks a hop.
pub(crate) enum Check {
    /// Runs once per instance.
    Instance(for<'c, 'a, 'g> fn(&'c Context<'a, 'g>) -> Vec<HopResult>),
    /// Runs for each service that the agent connects to, from each subnet.
    Connection(for<'c, 'a, 'g> fn(&'c Connection<'a, 'g>) -> Vec<HopResult>),
}

/// An instance whose hops are checked.
pub(crate) struct Context<'a, 'g> {
    index: &'a GraphIndex<'g>,
    instance: &'a InstanceConfig<'g>,
    /// The result of `instance-profile`, which determines the role.
    profile: HopResult,
    role: InstanceRole,
}

impl Context<'_, '_> {
    /// Returns the role of the instance if the file contains it.
    fn role_node(&self) -> Option<NodeId> {
        match self.role {
            InstanceRole::Node(role) | InstanceRole::Managed(role) => Some(role),
            InstanceRole::Outside(_) | InstanceRole::None => None,
        }
    }
}

/// Returns the node of an instance, or none for an Auto Scaling group.
fn instance_node(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> Option<NodeId> {
    let node = index.graph.node(instance.node)?;
    matches!(node.resource, crate::resource::Resource::Instance(_)).then_some(instance.node)
}

/// Evaluates a policy for an action. If the result depends on the network, evaluates it on the path of
/// each placement to the service. Returns the worst decision.
fn on_each_path<'g, T>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    (action, role): (&str, Option<NodeId>),
    decide: impl Fn(NetworkPath) -> T,
    holds: impl Fn(&T) -> Ternary,
) -> T {
    let anywhere = decide(NetworkPath::Unknown);
    let service = action.split(':').next().unwrap_or_default();
    if holds(&anywhere) != Ternary::Unknown {
        return anywhere;
    }
    let of_each = instance.placements.iter().map(|placement| {
        let connection = Connection::new(index, instance, placement, service, role);
        decide(connection.network_path())
    });
    let mut decisions: Vec<T> = of_each.collect();
    decisions.sort_by_key(&holds);
    let certain = instance
        .placements
        .iter()
        .all(|placement| placement.certain);
    let agree = decisions.first().map(&holds) == decisions.last().map(&holds);
    match decisions.into_iter().next() {
        Some(worst) if certain || agree => worst,
        _ => anywhere,
    }
}

/// Checks all hops of an instance.
pub(super) fn check_all<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> Vec<HopResult> {
    let (profile, role) = instance_profile::find_role(index, instance);
    let context = Context {
        index,
        instance,
        profile,
        role,
    };
    let role = context.role_node();
    let mut relied = instance.sources.clone();
    let mut results = Vec::new();
    for hop in Hop::ALL {
        if let Check::Instance(check) = hop.entry().check {
            results.extend(check(&context));
        }
    }
    doubts::apply(index, &relied, &mut results);
    results.extend(for_placements(instance, |placement| {
        let mut results = Vec::new();
        for service in SERVICES {
            let connection = Connection::new(index, instance, placement, service, role);
            let of_connection = [placement.subnet.node(), connection.vpc.node()];
            relied.truncate(instance.sources.len());
            relied.extend(of_connection.into_iter().flatten());
            let mut found = connection.check();
            doubts::apply(index, &relied, &mut found);
            results.extend(found);
        }
        results
    }));
    results
}

/// Checks each placement of an instance. If the subnet is one of several candidates, a hop fails only
/// if every candidate fails.
fn for_placements<'a, 'g>(
    instance: &'a InstanceConfig<'g>,
    check: impl FnMut(&'a Placement<'g>) -> Vec<HopResult>,
) -> Vec<HopResult> {
    let of_each: Vec<Vec<HopResult>> = instance.placements.iter().map(check).collect();
    let fails = |results: &Vec<HopResult>| results.iter().any(|it| it.status == HopStatus::Fail);
    let certain = instance
        .placements
        .iter()
        .all(|placement| placement.certain)
        || of_each.iter().all(fails);
    let mut results: Vec<HopResult> = of_each.into_iter().flatten().collect();
    if !certain {
        for result in &mut results {
            result.status = result.status.max(HopStatus::Unknown);
        }
    }
    results
}
