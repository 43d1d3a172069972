//! The connection of an instance to a service: its path, endpoints and security groups.

use super::super::dhcp::{self, Resolver};
use super::super::fixed_address;
use super::super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::super::iam::{NetworkPath, nat_address};
use super::super::instance::{InstanceConfig, Placement};
use super::super::names::{self, Resolution};
use super::super::path::{self, Candidate};
use super::super::routes::{self, InternetRoute};
use super::super::security::{self, Group};
use super::super::service_name::serves;
use super::super::setting::Setting;
use super::super::ternary::Ternary;
use super::super::{HopResult, HopStatus};
use super::{Check, Hop};
use crate::ir::{Cidr, Expr, Id, Link, NodeId, Text, Value};
use crate::resource::{
    RawValue, Resource, SecurityGroup, Subnet, Vpc, VpcEndpoint, VpcEndpointPolicy,
    VpcEndpointSecurityGroup, VpcEndpointSubnet,
};
use crate::session_manager::SERVICES;

/// A connection from a subnet to a service.
pub(crate) struct Connection<'a, 'g> {
    pub(super) index: &'a GraphIndex<'g>,
    pub(super) instance: &'a InstanceConfig<'g>,
    pub(super) subnet: &'a Resolved<'g, Subnet>,
    pub(crate) vpc: VpcRef<'g>,
    pub(super) service: &'a str,
    pub(super) role: Option<NodeId>,
    /// The security groups of the instance, or none if they are unknown.
    pub(super) groups: Option<Vec<Group<'g>>>,
    pub(crate) candidates: Vec<Candidate<'g>>,
    pub(crate) internet_route: InternetRoute<'g>,
    /// The DNS servers of the VPC.
    pub(super) resolver: Resolver,
    /// The response of the VPC resolver.
    pub(super) resolution: Resolution,
    pub(crate) path: PathChoice,
}

/// The path of a connection.
pub(crate) enum PathChoice {
    /// To these endpoints, by position in the candidates.
    Endpoints(Vec<usize>),
    /// Out of the VPC.
    Internet,
    /// To an endpoint or out of the VPC: the file does not show which.
    Unknown,
}

impl<'a, 'g> Connection<'a, 'g> {
    pub(crate) fn new(
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
        let internet_route = routes::internet_route(index, instance, subnet);
        let resolver = match vpc {
            Resolved::Node(id, it) => dhcp::resolver(index, (id, it)),
            _ => Resolver::Amazon,
        };
        let resolution = names::resolution(index, &vpc, service, &candidates);
        let mut connection = Connection {
            index,
            instance,
            subnet,
            vpc,
            service,
            role,
            groups,
            candidates,
            internet_route,
            resolver,
            resolution,
            path: PathChoice::Unknown,
        };
        connection.path = connection.choose_path();
        connection
    }

    fn choose_path(&self) -> PathChoice {
        // A public DNS server never returns the addresses of an endpoint.
        if let Resolver::Public(..) = self.resolver {
            return PathChoice::Internet;
        }
        let subnet = self.subnet.node();
        match &self.resolution {
            Resolution::Endpoints(which) => PathChoice::Endpoints(which.clone()),
            Resolution::Public
                if !subnet.is_some_and(|it| self.index.is_externally_modified(it)) =>
            {
                PathChoice::Internet
            }
            _ => PathChoice::Unknown,
        }
    }

    /// Returns whether the VPC has an endpoint for a service of Session Manager.
    pub(super) fn has_session_endpoints(&self) -> bool {
        let index = self.index;
        index.all::<VpcEndpoint>().any(|(id, _, it)| {
            let service = path::token(&it.service_name);
            service.is_some_and(|service| SERVICES.contains(&service.as_str()))
                && index.exists(id).is_yes()
                && index.resolve_one(&it.vpc).same(&self.vpc).is_yes()
        })
    }

    /// Returns whether the name resolves to no address of the service.
    pub(super) fn has_no_address(&self) -> bool {
        matches!(self.resolution, Resolution::Nothing(..))
            && !matches!(self.resolver, Resolver::Public(..))
    }

    /// Checks the hops of the connection.
    pub(crate) fn check(&self) -> Vec<HopResult> {
        let mut results = Vec::new();
        for hop in Hop::ALL {
            if let Check::Connection(check) = hop.entry().check {
                results.extend(check(self));
            }
        }
        results
    }

    /// Returns the statuses of some hops of the connection.
    pub(crate) fn statuses(&self, hops: &[Hop]) -> Vec<HopStatus> {
        let mut statuses = Vec::new();
        for hop in hops {
            if let Check::Connection(check) = hop.entry().check {
                statuses.extend(check(self).into_iter().map(|it| it.status));
            }
        }
        statuses
    }

    /// Returns whether the instance can send a request to S3.
    pub(crate) fn reaches_s3(&self, request: &path::S3Request<'_>) -> Ternary {
        let out = |peer| match &self.groups {
            Some(groups) => security::allows_outbound(self.index, groups, &peer),
            None => Ternary::Unknown,
        };
        path::reaches_s3(self.index, self.subnet, &self.internet_route, request, out)
    }

    /// Returns the path of the calls, for the network keys of conditions.
    pub(super) fn network_path(&self) -> NetworkPath {
        if self.service == "s3" {
            return match path::s3_endpoint(self.index, self.subnet) {
                Ok(Some(endpoint)) => self.network_path_through(Some(endpoint)),
                Ok(None) => self.network_path_outside(),
                Err(()) => NetworkPath::Unknown,
            };
        }
        match &self.path {
            PathChoice::Endpoints(which) => match which.as_slice() {
                [at] => self.network_path_through(Some(self.candidates[*at].id)),
                _ => self.network_path_through(None),
            },
            PathChoice::Internet => self.network_path_outside(),
            PathChoice::Unknown => NetworkPath::Unknown,
        }
    }

    fn network_path_outside(&self) -> NetworkPath {
        NetworkPath::Internet {
            address: match &self.internet_route {
                InternetRoute::Works(exit, _) => nat_address(self.index, *exit),
                _ => None,
            },
            vpc: expr_of_vpc(&self.vpc),
            subnet: self.subnet.node(),
        }
    }

    /// Returns the path of a call through an interface endpoint, unless it can take several.
    pub(super) fn network_path_through(&self, endpoint: Option<NodeId>) -> NetworkPath {
        let mut candidates = self.candidates.iter();
        let other = candidates.find_map(|it| it.other_vpc.filter(|_| endpoint == Some(it.id)));
        let vpc = match other {
            Some(other) => other.at(<Vpc as crate::resource::Typed>::LINK),
            None => expr_of_vpc(&self.vpc),
        };
        NetworkPath::Endpoint {
            endpoint,
            vpc,
            subnet: self.subnet.node(),
        }
    }

    /// Returns the endpoints that the connection must pass, whichever path it takes.
    pub(super) fn endpoints(&self) -> Vec<&Candidate<'g>> {
        let certain = |candidate: &&Candidate<'_>| {
            candidate.exists.is_yes()
                && path::is_interface(candidate.endpoint).is_yes()
                && candidate.other_vpc.is_none()
        };
        match (&self.path, &self.internet_route) {
            (PathChoice::Endpoints(which), _) => {
                which.iter().map(|&at| &self.candidates[at]).collect()
            }
            (PathChoice::Internet, _) | (PathChoice::Unknown, InternetRoute::Works(..)) => {
                Vec::new()
            }
            // Without a route to the internet, every endpoint must allow the instance.
            (PathChoice::Unknown, _) if self.has_no_address() => Vec::new(),
            (PathChoice::Unknown, _) => self.candidates.iter().filter(certain).collect(),
        }
    }
}

fn expr_of_vpc(vpc: &VpcRef<'_>) -> Expr {
    match vpc {
        Resolved::Node(id, _) => id.at(<Vpc as crate::resource::Typed>::LINK),
        Resolved::Outside(expr) => expr.clone(),
        Resolved::OtherType(_) => Expr::Opaque(Text::Borrowed("the VPC")),
    }
}

/// Returns the VPC of the security groups of an instance whose subnet is not in the file.
fn vpc_of_groups<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> VpcRef<'g> {
    let unknown = || Resolved::Outside(Expr::Unknown(Text::Borrowed("the VPC of the subnet")));
    let Setting::Known(_, _, links) = &instance.security_groups else {
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

/// Returns the properties that name subnets of an endpoint, and whether they belong to it.
fn subnet_links<'g>(
    index: &GraphIndex<'g>,
    candidate: &Candidate<'g>,
) -> Vec<(&'g Link<Subnet>, Ternary)> {
    let declared = candidate.endpoint.subnets.iter();
    let more = index.all::<VpcEndpointSubnet>().map(|(id, _, it)| {
        let ours = index.points_to(&it.endpoint, candidate.id);
        (&it.subnet, ours.and(index.exists(id)))
    });
    declared
        .map(|it| (it, Ternary::Yes))
        .chain(more.filter(|(_, ours)| !ours.is_no()))
        .collect()
}

/// Returns the subnets of an endpoint, and whether each is certain.
pub(crate) fn subnets_of<'g>(
    index: &GraphIndex<'g>,
    candidate: &Candidate<'g>,
) -> Vec<(Resolved<'g, Subnet>, bool)> {
    let links = subnet_links(index, candidate).into_iter();
    links
        .flat_map(|(link, ours)| {
            let all = index.resolve(link);
            let certain = all.len() == 1 && ours.is_yes();
            all.into_iter().map(move |to| (to, certain))
        })
        .collect()
}

/// Returns the fixed address of an endpoint in a subnet.
pub(super) fn address_in<'g>(
    index: &GraphIndex<'g>,
    candidate: &Candidate<'g>,
    subnet: &Resolved<'g, Subnet>,
) -> Option<Cidr> {
    let configurations = candidate.endpoint.subnet_configurations.iter();
    configurations
        .filter(|it| {
            it.subnet
                .as_ref()
                .is_some_and(|link| index.resolve_one(link).same(subnet).is_yes())
        })
        .find_map(|it| fixed_address::fixed(it.ipv4.as_ref()))
}

/// Returns whether an endpoint certainly has a subnet, which can be one of several.
pub(super) fn has_subnet<'g>(index: &GraphIndex<'g>, candidate: &Candidate<'g>) -> bool {
    subnet_links(index, candidate).iter().any(|(link, ours)| {
        let all = index.resolve(link);
        ours.is_yes() && (all.len() == 1 || all.iter().all(|to| to.node().is_some()))
    })
}

/// Returns the security groups of an endpoint.
pub(crate) fn groups_of<'g>(
    index: &GraphIndex<'g>,
    candidate: &Candidate<'g>,
    vpc: &VpcRef<'g>,
) -> Vec<Group<'g>> {
    let other = candidate.other_vpc.and_then(|id| {
        let Resource::Vpc(it) = &index.graph.node(id)?.resource else {
            return None;
        };
        Some(Resolved::Node(id, it.as_ref()))
    });
    let vpc = other.as_ref().unwrap_or(vpc);
    let more = index
        .all::<VpcEndpointSecurityGroup>()
        .filter_map(|(id, _, it)| {
            match index
                .points_to(&it.endpoint, candidate.id)
                .and(index.exists(id))
            {
                Ternary::Yes => Some(it.security_group.clone()),
                Ternary::Unknown => Some(Value::Expr(Expr::Unknown(Text::Borrowed(
                    "a security group outside the file",
                )))),
                Ternary::No => None,
            }
        });
    let own = &candidate.endpoint.security_groups;
    let links: Vec<Link<SecurityGroup>> = own.iter().cloned().chain(more).collect();
    let mut groups = security::groups(index, &links, vpc);
    // An association adds a group to the default one, unless it replaces it.
    if own.is_empty() && !links.is_empty() && !replaces_default_group(index, candidate.id) {
        groups.extend(security::groups(index, &[], vpc));
    }
    groups
}

/// Returns whether an association replaces the default security group of an endpoint.
fn replaces_default_group(index: &GraphIndex<'_>, endpoint: NodeId) -> bool {
    let mut all = index.all::<VpcEndpointSecurityGroup>();
    all.any(|(_, node, it)| {
        let set = node.property("", "replace_default_association");
        !index.points_to(&it.endpoint, endpoint).is_no()
            && !matches!(set, None | Some(RawValue::Bool(false)))
    })
}

/// The policy of an endpoint.
pub(super) enum PolicyOf<'g> {
    Default,
    Document(&'g crate::resource::PolicyDocument, NodeId),
    /// A separate resource can replace the policy.
    Unknown(NodeId),
}

/// Returns the policy of an endpoint, from the endpoint or from a separate resource.
pub(super) fn policy_of<'g>(index: &GraphIndex<'g>, candidate: &Candidate<'g>) -> PolicyOf<'g> {
    let mut possible = None;
    for (id, _, it) in index.all::<VpcEndpointPolicy>() {
        match index
            .points_to(&it.endpoint, candidate.id)
            .and(index.exists(id))
        {
            Ternary::Yes => return PolicyOf::Document(&it.policy, id),
            Ternary::Unknown => possible = Some(id),
            Ternary::No => {}
        }
    }
    match (possible, &candidate.endpoint.policy) {
        (Some(id), _) => PolicyOf::Unknown(id),
        (None, Some(policy)) => PolicyOf::Document(policy, candidate.id),
        (None, None) => PolicyOf::Default,
    }
}

/// Returns a reference for a fix.
pub(super) fn link_of<R: crate::resource::Typed>(to: &Resolved<'_, R>) -> Option<Value<Id<R>>> {
    match to {
        Resolved::Node(id, _) => Some(Value::Expr(id.at(R::LINK))),
        Resolved::Outside(expr) => Some(Value::Expr(expr.clone())),
        Resolved::OtherType(_) => None,
    }
}

/// Returns the full name of a service.
pub(super) fn service_name(connection: &Connection<'_, '_>, service: &str) -> Value<Text> {
    // The other endpoints of the file show whether the name is literal.
    for (id, _, endpoint) in connection.index.all::<VpcEndpoint>() {
        let own = path::token(&endpoint.service_name).unwrap_or_default();
        if !serves(connection.index, id, endpoint, &own).is_yes() {
            continue;
        }
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

/// Returns the worst of several results, with what belongs to it.
pub(super) fn worst<T>(of: impl IntoIterator<Item = (Ternary, T)>) -> Option<(Ternary, T)> {
    of.into_iter().min_by_key(|(tri, _)| *tri)
}
