//! The resources on the path of each instance, without a verdict: for diagrams and runbooks.

use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::hop::{self, Connection, PathChoice};
use super::image;
use super::instance::{self, InstanceConfig};
use super::path;
use super::routes::InternetRoute;
use super::security::{self, Group};
use super::setting::Setting;
use super::ternary::Ternary;
use super::{Assumptions, HopStatus};
use crate::ir::{Expr, Link, NodeId, Pseudo, Text, Value};
use crate::resource::{
    Graph, InstanceProfile, Resource, Role, SecurityGroup, SecurityGroupEgress,
    SecurityGroupIngress, VpcEndpoint,
};
use crate::session_manager::SERVICES;

/// A resource in the graph, or one outside the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceRef {
    /// A resource in the graph.
    Node(NodeId),
    /// A resource outside the file, as the file identifies it.
    Outside(String),
}

impl ResourceRef {
    /// Returns the resource if it is in the graph.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            ResourceRef::Node(id) => Some(*id),
            ResourceRef::Outside(_) => None,
        }
    }

    fn of<R>(index: &GraphIndex<'_>, to: &Resolved<'_, R>) -> ResourceRef {
        match to {
            Resolved::Node(id, _) | Resolved::OtherType(id) => ResourceRef::Node(*id),
            Resolved::Outside(expr) => ResourceRef::Outside(display_expr(index.graph, expr)),
        }
    }
}

/// The path to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EgressPath {
    /// Through these endpoints.
    Endpoints(Vec<NodeId>),
    /// Through the internet, by this NAT gateway or route.
    Internet(NodeId),
    /// Through a route to the internet that fails, with the reason.
    Broken(String),
    /// Neither an endpoint nor a route to the internet.
    NoRoute,
    /// The file does not show the path.
    Unknown,
}

/// An instance or Auto Scaling group, with the resources of its path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceTopology {
    /// The instance or Auto Scaling group.
    pub node: NodeId,
    /// Its VPC.
    pub vpc: ResourceRef,
    /// Its subnets, or the candidates for its subnet.
    pub subnets: Vec<ResourceRef>,
    /// Its security groups, or none if they are unknown.
    pub security_groups: Option<Vec<ResourceRef>>,
    /// Its instance profile.
    pub instance_profile: Option<ResourceRef>,
    /// The role of the instance profile.
    pub role: Option<ResourceRef>,
    /// Its instance type, if the file contains it.
    pub instance_type: Option<String>,
    /// Its image, as the file identifies it, if the file contains it.
    pub image: Option<String>,
    /// The services that a session requires, and the path to each from the first subnet.
    pub paths: Vec<(&'static str, EgressPath)>,
}

/// An endpoint with its subnets and security groups.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointTopology {
    /// The endpoint.
    pub node: NodeId,
    /// The last part of the service name, such as `ssm`, if it is known.
    pub service: Option<String>,
    /// Its VPC.
    pub vpc: ResourceRef,
    /// Whether it is an interface endpoint, or none if that is unknown.
    pub interface: Option<bool>,
    /// The subnets of its network interfaces.
    pub subnets: Vec<ResourceRef>,
    /// The security groups of its network interfaces.
    pub security_groups: Vec<ResourceRef>,
    /// Whether the public name of the service resolves to it.
    pub name_resolution: HopStatus,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The security group.
    pub security_group: ResourceRef,
    /// Whether the rule is for outbound traffic.
    pub egress: bool,
    /// The protocol and the ports.
    pub traffic: String,
    /// The source or destination.
    pub peer: ResourceRef,
}

/// The resources on the paths of all instances of a graph.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Topology {
    /// The instances, in the order of the reachability check.
    pub instances: Vec<InstanceTopology>,
    /// The endpoints, in the order of the graph.
    pub endpoints: Vec<EndpointTopology>,
    /// The rules of security groups, in the order of the graph.
    pub rules: Vec<Rule>,
}

/// Collects the resources on the path of every instance of a graph.
#[must_use]
pub fn topology(graph: &Graph, assumptions: &Assumptions) -> Topology {
    let index = GraphIndex::new(graph, *assumptions);
    Topology {
        instances: instance::all(&index)
            .iter()
            .map(|instance| instance_topology(&index, instance))
            .collect(),
        endpoints: index
            .all::<VpcEndpoint>()
            .map(|(id, _, endpoint)| endpoint_topology(&index, id, endpoint))
            .collect(),
        rules: rules(&index),
    }
}

fn instance_topology<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> InstanceTopology {
    let profile = match &instance.profile {
        Setting::Known(_, _, link) if !link.is_absent() => index.profile(link).into_iter().next(),
        _ => None,
    };
    let role = profile.as_ref().and_then(|profile| match profile {
        Resolved::Node(_, it) => index.role(&it.role.0).into_iter().next(),
        _ => None,
    });
    let mut vpc = None;
    let mut paths = Vec::new();
    if let Some(placement) = instance.placements.first() {
        for service in SERVICES {
            let connection = Connection::new(index, instance, placement, service, None);
            paths.push((service, egress_path(&connection)));
            vpc.get_or_insert(connection.vpc);
        }
    }
    let vpc = vpc.unwrap_or(Resolved::Outside(Expr::Absent));
    InstanceTopology {
        node: instance.node,
        subnets: instance
            .placements
            .iter()
            .map(|it| ResourceRef::of(index, &it.subnet))
            .collect(),
        security_groups: security::instance_groups(index, &instance.security_groups, &vpc)
            .map(|groups| groups.iter().flat_map(|it| group_refs(index, it)).collect()),
        vpc: ResourceRef::of(index, &vpc),
        instance_profile: profile
            .map(|it: Resolved<'_, InstanceProfile>| ResourceRef::of(index, &it)),
        role: role.map(|it: Resolved<'_, Role>| ResourceRef::of(index, &it)),
        instance_type: instance_type(index.graph, instance),
        image: match &instance.image {
            Setting::Known(_, _, link) => Some(image::classify(index, link).into_name()),
            Setting::Unset | Setting::Unknown(..) => None,
        },
        paths,
    }
}

/// Returns the instance type of an instance or of its launch template.
fn instance_type(graph: &Graph, instance: &InstanceConfig<'_>) -> Option<String> {
    let nodes = instance.sources.iter().filter_map(|id| graph.node(*id));
    let nodes: Vec<_> = nodes.collect();
    let is_mixed = nodes.iter().any(|node| {
        matches!(&node.resource, Resource::AutoScalingGroup(it) if !it.mixed_overrides.is_empty())
    });
    if is_mixed {
        return Some("several instance types".to_owned());
    }
    nodes.iter().find_map(|node| {
        let value = match &node.resource {
            Resource::Instance(it) => &it.instance_type,
            Resource::LaunchTemplate(it) => it.instance_type.as_ref()?,
            Resource::LaunchConfiguration(it) => it.instance_type.as_ref()?,
            _ => return None,
        };
        let is_set = !matches!(value, Value::Expr(Expr::Absent));
        is_set.then(|| display_text(graph, value))
    })
}

fn egress_path(connection: &Connection<'_, '_>) -> EgressPath {
    match &connection.path {
        PathChoice::Endpoints(which) => {
            let ids = which.iter().filter_map(|&at| connection.candidates.get(at));
            EgressPath::Endpoints(ids.map(|it| it.id).collect())
        }
        PathChoice::Unknown => EgressPath::Unknown,
        PathChoice::Internet => match &connection.internet_route {
            InternetRoute::Works(by, _) => EgressPath::Internet(*by),
            InternetRoute::Broken(reason, _) => EgressPath::Broken(reason.clone()),
            InternetRoute::Unknown(_) => EgressPath::Unknown,
            InternetRoute::None => EgressPath::NoRoute,
        },
    }
}

fn group_refs(index: &GraphIndex<'_>, group: &Group<'_>) -> Vec<ResourceRef> {
    match group {
        Group::Of(to) => vec![ResourceRef::of(index, to)],
        Group::OfOtherVpc(id, _) => vec![ResourceRef::Node(*id)],
        Group::DefaultOf(_) => vec![ResourceRef::Outside(
            "the default security group of the VPC".to_owned(),
        )],
        Group::SomeOf(of) => of.iter().flat_map(|it| group_refs(index, it)).collect(),
    }
}

fn endpoint_topology<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    endpoint: &'g VpcEndpoint,
) -> EndpointTopology {
    let vpc: VpcRef<'g> = index.resolve_one(&endpoint.vpc);
    let service = path::token(&endpoint.service_name);
    let candidates = path::candidates(index, &vpc, service.as_deref().unwrap_or_default());
    let interface = path::is_interface(endpoint);
    let candidate = candidates.into_iter().find(|it| it.id == id);
    let named = candidate
        .as_ref()
        .map_or(Ternary::Unknown, |it| it.resolves);
    let (subnets, groups) = match &candidate {
        Some(candidate) => (
            hop::subnets_of(index, candidate)
                .iter()
                .map(|(to, _)| ResourceRef::of(index, to))
                .collect(),
            hop::groups_of(index, candidate, &vpc)
                .iter()
                .flat_map(|it| group_refs(index, it))
                .collect(),
        ),
        None => {
            let to = |link: &Link<_>| index.resolve(link);
            let subnets = endpoint.subnets.iter().flat_map(to);
            let groups = security::groups(index, &endpoint.security_groups, &vpc);
            (
                subnets.map(|to| ResourceRef::of(index, &to)).collect(),
                groups.iter().flat_map(|it| group_refs(index, it)).collect(),
            )
        }
    };
    let has_interfaces = interface.is_yes() || !interface.is_no();
    EndpointTopology {
        node: id,
        service,
        vpc: ResourceRef::of(index, &vpc),
        interface: match interface {
            Ternary::Yes => Some(true),
            Ternary::No => Some(false),
            Ternary::Unknown => None,
        },
        subnets,
        security_groups: if has_interfaces { groups } else { Vec::new() },
        name_resolution: named.into(),
    }
}

fn rules(index: &GraphIndex<'_>) -> Vec<Rule> {
    let first = |link: &Link<SecurityGroup>| {
        let to = index.resolve(link).into_iter().next();
        to.map(|to| ResourceRef::of(index, &to))
    };
    let outside = |value: &Value<Text>| ResourceRef::Outside(display_text(index.graph, value));
    let mut found = Vec::new();
    for (id, _, it) in index.all::<SecurityGroupEgress>() {
        let range = it.cidr_ip.as_ref().map(|cidr| range(index, cidr));
        let list = it.destination_prefix_list.as_ref();
        let peer = it.destination.as_ref().and_then(first);
        let peer = peer
            .or(range)
            .or_else(|| it.cidr_ipv6.as_ref().map(outside))
            .or_else(|| list.map(|_| ResourceRef::Outside("a prefix list".to_owned())));
        let what = ports(index.graph, &it.ip_protocol, &it.from_port, &it.to_port);
        found.extend(first(&it.group).map(|group| (id, group, true, what, peer)));
    }
    for (id, _, it) in index.all::<SecurityGroupIngress>() {
        let range = it.cidr_ip.as_ref().map(|cidr| range(index, cidr));
        let list = it.source_prefix_list.as_ref();
        let peer = it.source.as_ref().and_then(first);
        let peer = peer
            .or(range)
            .or_else(|| it.cidr_ipv6.as_ref().map(outside))
            .or_else(|| list.map(|_| ResourceRef::Outside("a prefix list".to_owned())));
        let what = ports(index.graph, &it.ip_protocol, &it.from_port, &it.to_port);
        found.extend(first(&it.group).map(|group| (id, group, false, what, peer)));
    }
    found.sort_by_key(|(id, ..)| *id);
    found
        .into_iter()
        .map(|(_, group, egress, what, peer)| Rule {
            security_group: group,
            egress,
            traffic: what,
            peer: peer.unwrap_or_else(|| ResourceRef::Outside("an unknown peer".to_owned())),
        })
        .collect()
}

fn range(index: &GraphIndex<'_>, cidr: &Value<crate::ir::Cidr>) -> ResourceRef {
    ResourceRef::Outside(match (index.cidr(cidr), cidr) {
        (Some(cidr), _) => cidr.to_string(),
        (None, Value::Expr(expr)) => display_expr(index.graph, expr),
        (None, Value::Lit(cidr)) => cidr.to_string(),
    })
}

fn ports(
    graph: &Graph,
    protocol: &Value<Text>,
    from: &Option<Value<i64>>,
    to: &Option<Value<i64>>,
) -> String {
    let protocol = display_text(graph, protocol);
    let name = match protocol.as_str() {
        "-1" | "all" => return "all traffic".to_owned(),
        "6" | "tcp" => "TCP",
        "17" | "udp" => "UDP",
        other => other,
    };
    let number = |value: &Option<Value<i64>>| match value {
        Some(Value::Lit(number)) => Some(number.to_string()),
        Some(Value::Expr(expr)) => Some(display_expr(graph, expr)),
        None => None,
    };
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from == to => format!("{name} {from}"),
        (Some(from), Some(to)) => format!("{name} {from}-{to}"),
        _ => name.to_owned(),
    }
}

/// Returns a text value as the file shows it.
pub(crate) fn display_text(graph: &Graph, value: &Value<Text>) -> String {
    match value {
        Value::Lit(text) => text.to_string(),
        Value::Expr(expr) => display_expr(graph, expr),
    }
}

/// Returns a value as the file shows it.
pub(crate) fn display_expr(graph: &Graph, expr: &Expr) -> String {
    let node = |id: &NodeId| graph.node(*id).map(|it| it.display_id().to_owned());
    match expr {
        Expr::Text(text) | Expr::Opaque(text) | Expr::Unknown(text) => text.to_string(),
        Expr::SourceParam { name, .. } => format!("parameter {name}"),
        Expr::Call(name, arguments) => {
            let all: Vec<String> = arguments.iter().map(|it| display_expr(graph, it)).collect();
            format!("{name} {}", all.join(", "))
        }
        Expr::Param(id) | Expr::Items(id) => graph
            .parameter(*id)
            .map_or_else(String::new, |it| it.id.clone()),
        Expr::Attr(id, _) | Expr::Other(id, _) => node(id).unwrap_or_default(),
        Expr::Select(list, n) => format!("{}, item {}", display_expr(graph, list), n + 1),
        Expr::Zone(n) => format!("Availability Zone {} of the Region", n + 1),
        Expr::Concat(parts) => parts.iter().map(|it| display_expr(graph, it)).collect(),
        Expr::Pseudo(Pseudo::Region) => "${region}".to_owned(),
        Expr::Pseudo(Pseudo::AccountId) => "${account}".to_owned(),
        Expr::Pseudo(Pseudo::Partition) => "${partition}".to_owned(),
        Expr::Pseudo(Pseudo::UrlSuffix) => "${domain}".to_owned(),
        Expr::OneOf(of) => {
            let all: Vec<String> = of.iter().map(|it| display_expr(graph, it)).collect();
            all.join(" or ")
        }
        Expr::If(_, yes, no) => format!(
            "{} or {}",
            display_expr(graph, yes),
            display_expr(graph, no)
        ),
        Expr::PerLanguage { cfn, .. } => display_expr(graph, cfn),
        Expr::SsmParameter(name) => name.to_string(),
        Expr::Absent => "not specified".to_owned(),
    }
}
