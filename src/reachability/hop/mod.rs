//! The hops, one per file, and the order in which they are asked.

mod agent;
mod endpoint_missing;
mod endpoint_policy;
mod endpoint_private_dns;
mod endpoint_security_group;
mod imds;
mod instance_profile;
mod instance_security_group;
mod network_acl;
mod role_permissions;
mod role_trust;
mod route;
mod session_preferences;
mod vpc_dns;

use super::host::{Host, Placement};
use super::path::{self, Candidate, Exit};
use super::security::{self, Group};
use super::tri::Tri;
use super::view::{To, View, VpcRef};
use super::{Finding, Verdict};
use crate::ir::{Expr, Id, Link, NodeId, Text, Value};
use crate::resource::{
    SecurityGroup, Subnet, VpcEndpoint, VpcEndpointPolicy, VpcEndpointSecurityGroup,
    VpcEndpointSubnet,
};

/// The services that a plain session needs.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html>
pub(super) const SERVICES: [&str; 2] = ["ssm", "ssmmessages"];

/// Asks all hops.
pub(super) fn all<'g>(view: &View<'g>, host: &Host<'g>) -> Vec<Finding> {
    let mut found = vec![agent::check(view, host), imds::check(view, host)];
    let (profile, role) = instance_profile::check(view, host);
    found.push(profile);
    match &role {
        &instance_profile::HostRole::Node(role) => {
            found.push(role_trust::check(view, role));
            found.push(role_permissions::check(view, role));
        }
        instance_profile::HostRole::Outside(what) => {
            found.extend(role_trust::outside(what));
            found.extend(role_permissions::outside(what));
        }
        instance_profile::HostRole::None => {}
    }
    let role = match role {
        instance_profile::HostRole::Node(role) => Some(role),
        _ => None,
    };
    found.extend(network(view, host, role));
    found.extend(session_preferences::check(view, host, role));
    found
}

/// The hops between the instance and the services, over all its placements.
fn network<'g>(view: &View<'g>, host: &Host<'g>, role: Option<NodeId>) -> Vec<Finding> {
    over_placements(host, |placement| {
        SERVICES
            .iter()
            .flat_map(|service| Dial::new(view, host, placement, service, role).check())
            .collect()
    })
}

/// Where an instance is one of several candidates, only what fails in all of them fails.
fn over_placements<'a, 'g>(
    host: &'a Host<'g>,
    check: impl FnMut(&'a Placement<'g>) -> Vec<Finding>,
) -> Vec<Finding> {
    let of_each: Vec<Vec<Finding>> = host.placements.iter().map(check).collect();
    let fails = |found: &Vec<Finding>| found.iter().any(|it| it.verdict == Verdict::Fail);
    let certain =
        host.placements.iter().all(|placement| placement.certain) || of_each.iter().all(fails);
    let mut found: Vec<Finding> = of_each.into_iter().flatten().collect();
    if !certain {
        for finding in &mut found {
            finding.verdict = finding.verdict.max(Verdict::Unknown);
        }
    }
    found
}

/// A service dialled from a subnet.
pub(super) struct Dial<'a, 'g> {
    view: &'a View<'g>,
    host: &'a Host<'g>,
    subnet: &'a To<'g, Subnet>,
    pub(super) vpc: VpcRef<'g>,
    service: &'a str,
    role: Option<NodeId>,
    /// The instance's groups; nothing if they are not decided.
    groups: Option<Vec<Group<'g>>>,
    pub(super) candidates: Vec<Candidate<'g>>,
    pub(super) exit: Exit<'g>,
}

/// Which way the agent takes.
pub(super) enum Way {
    /// To these endpoints, by position among the candidates.
    Endpoints(Vec<usize>),
    /// Out of the VPC.
    Out,
    /// To an endpoint, or out: the file does not tell.
    Undecided,
}

impl<'a, 'g> Dial<'a, 'g> {
    pub(super) fn new(
        view: &'a View<'g>,
        host: &'a Host<'g>,
        placement: &'a Placement<'g>,
        service: &'a str,
        role: Option<NodeId>,
    ) -> Dial<'a, 'g> {
        let subnet = &placement.subnet;
        let vpc = match view.vpc_of(subnet) {
            To::Outside(_) if subnet.node().is_none() => vpc_of_groups(view, host),
            vpc => vpc,
        };
        let groups = security::groups_of_host(view, &host.groups, &vpc);
        let candidates = path::candidates(view, &vpc, service);
        let exit = path::exit(view, host, subnet);
        Dial {
            view,
            host,
            subnet,
            vpc,
            service,
            role,
            groups,
            candidates,
            exit,
        }
    }

    pub(super) fn way(&self) -> Way {
        let of = |candidate: &Candidate<'_>| {
            candidate
                .is_there
                .and(path::is_interface(candidate.endpoint))
                .and(candidate.named)
        };
        let sure: Vec<usize> = (0..self.candidates.len())
            .filter(|&at| of(&self.candidates[at]).is_yes())
            .collect();
        if !sure.is_empty() {
            return Way::Endpoints(sure);
        }
        let hidden = match self.vpc {
            To::Node(id, _) => {
                self.view.is_touched(id)
                    || self
                        .subnet
                        .node()
                        .is_some_and(|id| self.view.is_touched(id))
            }
            To::Wrong(_) | To::Outside(_) => true,
        };
        // A zone or rule of the user may lead the name to an endpoint elsewhere.
        let led = path::swallowed(self.view, &self.vpc, self.service).is_some()
            || matches!(self.vpc, To::Node(id, _) if self.view.is_renamed(id));
        let hidden = hidden || led;
        let may = hidden || self.candidates.iter().any(|it| !of(it).is_no());
        if may { Way::Undecided } else { Way::Out }
    }

    fn check(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let way = self.way();
        found.push(vpc_dns::check(self, &way));
        match &way {
            Way::Endpoints(which) => {
                found.push(endpoint_missing::present(self, which));
                found.push(endpoint_private_dns::present(self, which));
                for &at in which {
                    let candidate = &self.candidates[at];
                    found.extend(endpoint_policy::check(self, candidate));
                    found.extend(endpoint_security_group::check(self, candidate));
                    found.extend(instance_security_group::to_endpoint(self, candidate));
                    found.extend(network_acl::to_endpoint(self, candidate));
                }
                if let Some(why) = path::diverted(self.view, self.subnet) {
                    found.push(Finding::unknown(super::Hop::Route, why));
                }
            }
            Way::Out => match &self.exit {
                Exit::Works(..) => {
                    found.push(route::works(self));
                    found.push(instance_security_group::to_internet(self));
                    found.push(network_acl::to_internet(self));
                }
                Exit::Broken(why, at) => {
                    found.push(route::broken(why, *at));
                    found.push(instance_security_group::to_anybody(self));
                }
                Exit::Unknown(why) => {
                    found.push(route::unknown(why));
                    found.push(instance_security_group::to_anybody(self));
                }
                Exit::None => {
                    found.push(match endpoint_private_dns::off(self) {
                        Some(finding) => finding,
                        None => endpoint_missing::missing(self),
                    });
                }
            },
            Way::Undecided => {
                found.push(endpoint_missing::undecided(self));
                found.extend(endpoint_private_dns::undecided(self));
                found.push(instance_security_group::to_anybody(self));
                if let Exit::Works(..) = self.exit {
                } else {
                    found.extend(self.only_endpoints());
                }
            }
        }
        found
    }

    /// Where nothing leads out, every endpoint that there may be must admit the instance.
    fn only_endpoints(&self) -> Vec<Finding> {
        let sure = |candidate: &&Candidate<'_>| {
            candidate.is_there.is_yes() && path::is_interface(candidate.endpoint).is_yes()
        };
        let mut found = Vec::new();
        for candidate in self.candidates.iter().filter(sure) {
            found.extend(endpoint_policy::check(self, candidate));
            found.extend(endpoint_security_group::check(self, candidate));
        }
        found
    }
}

/// The VPC of an instance's groups, where its subnet does not tell.
fn vpc_of_groups<'g>(view: &View<'g>, host: &Host<'g>) -> VpcRef<'g> {
    let unknown = || To::Outside(Expr::Opaque(Text::Borrowed("the subnet's VPC")));
    let super::host::Setting::Is(_, _, links) = &host.groups else {
        return unknown();
    };
    links
        .iter()
        .find_map(|link| match view.only(link) {
            To::Node(_, group) if !group.vpc.is_absent() => Some(view.only(&group.vpc)),
            _ => None,
        })
        .unwrap_or_else(unknown)
}

/// The subnets of an endpoint, and whether each is sure.
pub(super) fn subnets_of<'g>(
    view: &View<'g>,
    candidate: &Candidate<'g>,
) -> Vec<(To<'g, Subnet>, bool)> {
    let more: Vec<(&Link<Subnet>, Tri)> = view
        .all::<VpcEndpointSubnet>()
        .map(|(id, _, it)| {
            let ours = view.leads_to(&it.endpoint, candidate.id);
            (&it.subnet, ours.and(view.exists(id)))
        })
        .filter(|(_, ours)| !ours.is_no())
        .collect();
    let own = candidate.endpoint.subnets.iter().map(|it| (it, Tri::Yes));
    own.chain(more)
        .flat_map(|(link, ours)| {
            let all = view.to(link);
            let certain = all.len() == 1 && ours.is_yes();
            all.into_iter().map(move |to| (to, certain))
        })
        .collect()
}

/// The groups of an endpoint.
pub(super) fn groups_of<'g>(
    view: &View<'g>,
    candidate: &Candidate<'g>,
    vpc: &VpcRef<'g>,
) -> Vec<Group<'g>> {
    let more = view
        .all::<VpcEndpointSecurityGroup>()
        .filter_map(
            |(_, _, it)| match view.leads_to(&it.endpoint, candidate.id) {
                Tri::Yes => Some(it.security_group.clone()),
                Tri::Maybe => Some(Value::Expr(Expr::Opaque(Text::Borrowed(
                    "a group that may be added",
                )))),
                Tri::No => None,
            },
        );
    let links: Vec<Link<SecurityGroup>> = candidate
        .endpoint
        .security_groups
        .iter()
        .cloned()
        .chain(more)
        .collect();
    security::groups(view, &links, vpc)
}

/// The policy of an endpoint: its own, or that of a resource beside it.
fn policy_of<'g>(
    view: &View<'g>,
    candidate: &Candidate<'g>,
) -> Option<(&'g crate::resource::PolicyDocument, NodeId)> {
    let satellite = view
        .all::<VpcEndpointPolicy>()
        .find(|(_, _, it)| view.only(&it.endpoint).node() == Some(candidate.id));
    match satellite {
        Some((id, _, it)) => Some((&it.policy, id)),
        None => candidate
            .endpoint
            .policy
            .as_ref()
            .map(|policy| (policy, candidate.id)),
    }
}

/// A reference to what a finding is about, for a fix.
fn link_of<R: crate::resource::Typed>(to: &To<'_, R>) -> Option<Value<Id<R>>> {
    match to {
        To::Node(id, _) => Some(Value::Expr(id.at(R::LINK))),
        To::Outside(expr) => Some(Value::Expr(expr.clone())),
        To::Wrong(_) => None,
    }
}

/// The region's part of a service's name.
fn service_name(dial: &Dial<'_, '_>, service: &str) -> Value<Text> {
    // As the file's other endpoints spell it.
    for (_, _, endpoint) in dial.view.all::<VpcEndpoint>() {
        match &endpoint.service_name {
            Value::Lit(text) => {
                let here =
                    |region: &crate::region::Region| text.contains(&format!(".{}.", region.name));
                if let Some((front, _)) = text.rsplit_once('.')
                    && dial.view.region().is_none_or(here)
                {
                    return Value::Lit(Text::Owned(format!("{front}.{service}")));
                }
            }
            Value::Expr(Expr::Concat(parts)) => {
                if let Some((Expr::Text(_), front)) = parts.split_last() {
                    let mut parts = front.to_vec();
                    parts.push(Expr::Text(Text::Owned(format!(".{service}"))));
                    return Expr::concat(parts).into();
                }
            }
            Value::Expr(_) => {}
        }
    }
    match dial.view.region() {
        Some(region) => Value::Lit(Text::Owned(format!(
            "com.amazonaws.{}.{service}",
            region.name
        ))),
        None => Expr::concat([
            Expr::text("com.amazonaws."),
            Expr::Pseudo(crate::ir::Pseudo::Region),
            Expr::Text(Text::Owned(format!(".{service}"))),
        ])
        .into(),
    }
}

/// The worst of several, with the words of the worst.
fn worst(of: impl IntoIterator<Item = (Tri, String)>) -> Option<(Tri, String)> {
    of.into_iter().min_by_key(|(tri, _)| *tri)
}
