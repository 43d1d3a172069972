//! The hops, one per file, and the order in which they are asked.

mod agent;
mod endpoint;
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

use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::instance::{InstanceConfig, Placement};
use super::path::{self, Candidate, InternetRoute};
use super::security::{self, Group};
use super::ternary::Ternary;
use super::{HopResult, HopStatus};
use crate::ir::{Expr, Id, Link, NodeId, Text, Value};
use crate::resource::{
    SecurityGroup, Subnet, VpcEndpoint, VpcEndpointPolicy, VpcEndpointSecurityGroup,
    VpcEndpointSubnet,
};

/// The services that a plain session needs.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html>
pub(super) const SERVICES: [&str; 2] = ["ssm", "ssmmessages"];

/// Asks all hops.
pub(super) fn check_all<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> Vec<HopResult> {
    let mut found = vec![agent::check(index, instance), imds::check(index, instance)];
    let (profile, role) = instance_profile::check(index, instance);
    found.push(profile);
    match &role {
        &instance_profile::InstanceRole::Node(role) => {
            found.push(role_trust::check(index, role));
            found.push(role_permissions::check(index, role));
        }
        instance_profile::InstanceRole::Outside(what) => {
            found.extend(role_trust::outside(what));
            found.extend(role_permissions::outside(what));
        }
        instance_profile::InstanceRole::None => {}
    }
    let role = match role {
        instance_profile::InstanceRole::Node(role) => Some(role),
        _ => None,
    };
    found.extend(network(index, instance, role));
    found.extend(session_preferences::check(index, instance, role));
    found
}

/// The hops between the instance and the services, over all its placements.
fn network<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    role: Option<NodeId>,
) -> Vec<HopResult> {
    for_placements(instance, |placement| {
        SERVICES
            .iter()
            .flat_map(|service| Connection::new(index, instance, placement, service, role).check())
            .collect()
    })
}

/// Where an instance is one of several candidates, only what fails in all of them fails.
fn for_placements<'a, 'g>(
    instance: &'a InstanceConfig<'g>,
    check: impl FnMut(&'a Placement<'g>) -> Vec<HopResult>,
) -> Vec<HopResult> {
    let of_each: Vec<Vec<HopResult>> = instance.placements.iter().map(check).collect();
    let fails = |found: &Vec<HopResult>| found.iter().any(|it| it.status == HopStatus::Fail);
    let certain = instance
        .placements
        .iter()
        .all(|placement| placement.certain)
        || of_each.iter().all(fails);
    let mut found: Vec<HopResult> = of_each.into_iter().flatten().collect();
    if !certain {
        for result in &mut found {
            result.status = result.status.max(HopStatus::Unknown);
        }
    }
    found
}

/// A service dialled from a subnet.
pub(super) struct Connection<'a, 'g> {
    index: &'a GraphIndex<'g>,
    instance: &'a InstanceConfig<'g>,
    subnet: &'a Resolved<'g, Subnet>,
    pub(super) vpc: VpcRef<'g>,
    service: &'a str,
    role: Option<NodeId>,
    /// The instance's groups; nothing if they are not decided.
    groups: Option<Vec<Group<'g>>>,
    pub(super) candidates: Vec<Candidate<'g>>,
    pub(super) internet_route: InternetRoute<'g>,
}

/// Which way the agent takes.
pub(super) enum PathChoice {
    /// To these endpoints, by position among the candidates.
    Endpoints(Vec<usize>),
    /// Out of the VPC.
    Internet,
    /// To an endpoint, or out: the file does not tell.
    Unknown,
}

impl<'a, 'g> Connection<'a, 'g> {
    pub(super) fn new(
        index: &'a GraphIndex<'g>,
        instance: &'a InstanceConfig<'g>,
        placement: &'a Placement<'g>,
        service: &'a str,
        role: Option<NodeId>,
    ) -> Connection<'a, 'g> {
        let subnet = &placement.subnet;
        let vpc = match index.vpc_of(subnet) {
            Resolved::Outside(_) if subnet.node().is_none() => vpc_of_groups(index, instance),
            vpc => vpc,
        };
        let groups = security::instance_groups(index, &instance.security_groups, &vpc);
        let candidates = path::candidates(index, &vpc, service);
        let internet_route = path::internet_route(index, instance, subnet);
        Connection {
            index,
            instance,
            subnet,
            vpc,
            service,
            role,
            groups,
            candidates,
            internet_route,
        }
    }

    pub(super) fn path_choice(&self) -> PathChoice {
        let of = |candidate: &Candidate<'_>| {
            candidate
                .exists
                .and(path::is_interface(candidate.endpoint))
                .and(candidate.resolves)
        };
        let sure: Vec<usize> = (0..self.candidates.len())
            .filter(|&at| of(&self.candidates[at]).is_yes())
            .collect();
        if !sure.is_empty() {
            return PathChoice::Endpoints(sure);
        }
        let hidden = match self.vpc {
            Resolved::Node(id, _) => {
                self.index.is_externally_modified(id)
                    || self
                        .subnet
                        .node()
                        .is_some_and(|id| self.index.is_externally_modified(id))
            }
            Resolved::OtherType(_) | Resolved::Outside(_) => true,
        };
        // A zone or rule of the user may lead the name to an endpoint elsewhere.
        let overridden = path::overriding_zone(self.index, &self.vpc, self.service).is_some()
            || matches!(self.vpc, Resolved::Node(id, _) if self.index.is_dns_overridden(id));
        let hidden = hidden || overridden;
        let possible = hidden || self.candidates.iter().any(|it| !of(it).is_no());
        if possible {
            PathChoice::Unknown
        } else {
            PathChoice::Internet
        }
    }

    fn check(&self) -> Vec<HopResult> {
        let mut found = Vec::new();
        let path = self.path_choice();
        found.push(vpc_dns::check(self, &path));
        match &path {
            PathChoice::Endpoints(which) => {
                found.push(endpoint::present(self, which));
                found.push(endpoint_private_dns::present(self, which));
                for &at in which {
                    let candidate = &self.candidates[at];
                    found.extend(endpoint_policy::check(self, candidate));
                    found.extend(endpoint_security_group::check(self, candidate));
                    found.extend(instance_security_group::to_endpoint(self, candidate));
                    found.extend(network_acl::to_endpoint(self, candidate));
                }
                if let Some(reason) = path::diversion(self.index, self.subnet) {
                    found.push(HopResult::unknown(super::Hop::Route, reason));
                }
            }
            PathChoice::Internet => match &self.internet_route {
                InternetRoute::Works(..) => {
                    found.push(route::works(self));
                    found.push(instance_security_group::to_internet(self));
                    found.push(network_acl::to_internet(self));
                }
                InternetRoute::Broken(reason, at) => {
                    found.push(route::broken(reason, *at));
                    found.push(instance_security_group::to_anywhere(self));
                }
                InternetRoute::Unknown(reason) => {
                    found.push(route::unknown(reason));
                    found.push(instance_security_group::to_anywhere(self));
                }
                InternetRoute::None => {
                    found.push(match endpoint_private_dns::off(self) {
                        Some(result) => result,
                        None => endpoint::missing(self),
                    });
                }
            },
            PathChoice::Unknown => {
                found.push(endpoint::unknown(self));
                found.extend(endpoint_private_dns::unknown(self));
                found.push(instance_security_group::to_anywhere(self));
                if let InternetRoute::Works(..) = self.internet_route {
                } else {
                    found.extend(self.only_endpoints());
                }
            }
        }
        found
    }

    /// Where nothing leads out, every endpoint that there may be must admit the instance.
    fn only_endpoints(&self) -> Vec<HopResult> {
        let sure = |candidate: &&Candidate<'_>| {
            candidate.exists.is_yes() && path::is_interface(candidate.endpoint).is_yes()
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
fn vpc_of_groups<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> VpcRef<'g> {
    let unknown = || Resolved::Outside(Expr::Opaque(Text::Borrowed("the subnet's VPC")));
    let super::instance::Setting::Known(_, _, links) = &instance.security_groups else {
        return unknown();
    };
    links
        .iter()
        .find_map(|link| match index.resolve_one(link) {
            Resolved::Node(_, group) if !group.vpc.is_absent() => {
                Some(index.resolve_one(&group.vpc))
            }
            _ => None,
        })
        .unwrap_or_else(unknown)
}

/// The subnets of an endpoint, and whether each is sure.
pub(super) fn subnets_of<'g>(
    index: &GraphIndex<'g>,
    candidate: &Candidate<'g>,
) -> Vec<(Resolved<'g, Subnet>, bool)> {
    let more: Vec<(&Link<Subnet>, Ternary)> = index
        .all::<VpcEndpointSubnet>()
        .map(|(id, _, it)| {
            let ours = index.points_to(&it.endpoint, candidate.id);
            (&it.subnet, ours.and(index.exists(id)))
        })
        .filter(|(_, ours)| !ours.is_no())
        .collect();
    let declared = candidate
        .endpoint
        .subnets
        .iter()
        .map(|it| (it, Ternary::Yes));
    declared
        .chain(more)
        .flat_map(|(link, ours)| {
            let all = index.resolve(link);
            let certain = all.len() == 1 && ours.is_yes();
            all.into_iter().map(move |to| (to, certain))
        })
        .collect()
}

/// The groups of an endpoint.
pub(super) fn groups_of<'g>(
    index: &GraphIndex<'g>,
    candidate: &Candidate<'g>,
    vpc: &VpcRef<'g>,
) -> Vec<Group<'g>> {
    let more = index
        .all::<VpcEndpointSecurityGroup>()
        .filter_map(
            |(_, _, it)| match index.points_to(&it.endpoint, candidate.id) {
                Ternary::Yes => Some(it.security_group.clone()),
                Ternary::Unknown => Some(Value::Expr(Expr::Opaque(Text::Borrowed(
                    "a group that may be added",
                )))),
                Ternary::No => None,
            },
        );
    let links: Vec<Link<SecurityGroup>> = candidate
        .endpoint
        .security_groups
        .iter()
        .cloned()
        .chain(more)
        .collect();
    security::groups(index, &links, vpc)
}

/// The policy of an endpoint: its own, or that of a resource beside it.
fn policy_of<'g>(
    index: &GraphIndex<'g>,
    candidate: &Candidate<'g>,
) -> Option<(&'g crate::resource::PolicyDocument, NodeId)> {
    let satellite = index
        .all::<VpcEndpointPolicy>()
        .find(|(_, _, it)| index.resolve_one(&it.endpoint).node() == Some(candidate.id));
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
fn link_of<R: crate::resource::Typed>(to: &Resolved<'_, R>) -> Option<Value<Id<R>>> {
    match to {
        Resolved::Node(id, _) => Some(Value::Expr(id.at(R::LINK))),
        Resolved::Outside(expr) => Some(Value::Expr(expr.clone())),
        Resolved::OtherType(_) => None,
    }
}

/// The region's part of a service's name.
fn service_name(connection: &Connection<'_, '_>, service: &str) -> Value<Text> {
    // As the file's other endpoints spell it.
    for (_, _, endpoint) in connection.index.all::<VpcEndpoint>() {
        match &endpoint.service_name {
            Value::Lit(text) => {
                let here =
                    |region: &crate::region::Region| text.contains(&format!(".{}.", region.name));
                if let Some((front, _)) = text.rsplit_once('.')
                    && connection.index.region().is_none_or(here)
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
    match connection.index.region() {
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
fn worst(of: impl IntoIterator<Item = (Ternary, String)>) -> Option<(Ternary, String)> {
    of.into_iter().min_by_key(|(tri, _)| *tri)
}
