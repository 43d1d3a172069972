//! What the agent of each instance meets on its way, without a judgement: for pictures and
//! runbooks.

use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::hop::{self, Connection, PathChoice as Dialled};
use super::instance::{self, InstanceConfig, Setting};
use super::path::{self, InternetRoute};
use super::security::{self, Group};
use super::ternary::Ternary;
use super::{Assumptions, HopStatus};
use crate::ir::{Expr, Link, NodeId, Pseudo, Text, Value};
use crate::resource::{
    Graph, InstanceProfile, Role, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress,
    VpcEndpoint,
};

/// A thing that is named: a resource of the graph, or something outside of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceRef {
    /// A resource.
    Node(NodeId),
    /// What is not in the file, as the file names it.
    Outside(String),
}

impl ResourceRef {
    /// Returns the resource, if it is one.
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

/// Which way a service's name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EgressPath {
    /// To these endpoints.
    Endpoints(Vec<NodeId>),
    /// Out of the VPC: through this NAT gateway or by this route.
    Internet(NodeId),
    /// Out of the VPC, where it ends.
    Broken(String),
    /// Nowhere.
    NoRoute,
    /// The file does not tell.
    Unknown,
}

/// An instance, or what starts like instances, with what is around it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InstanceTopology {
    /// The instance.
    pub node: NodeId,
    /// Its VPC.
    pub vpc: ResourceRef,
    /// The subnets where it is, or may be.
    pub subnets: Vec<ResourceRef>,
    /// Its security groups; nothing where they are not decided.
    pub security_groups: Option<Vec<ResourceRef>>,
    /// Its instance profile.
    pub instance_profile: Option<ResourceRef>,
    /// The profile's role.
    pub role: Option<ResourceRef>,
    /// The services that a session needs, and which way each is dialled from the first subnet.
    pub paths: Vec<(&'static str, EgressPath)>,
}

/// An endpoint with what it is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointTopology {
    /// The endpoint.
    pub node: NodeId,
    /// The service's last part, such as `ssm`, if the file tells.
    pub service: Option<String>,
    /// Its VPC.
    pub vpc: ResourceRef,
    /// Whether it has interfaces; nothing where that is not decided.
    pub interface: Option<bool>,
    /// The subnets of its interfaces.
    pub subnets: Vec<ResourceRef>,
    /// Their security groups.
    pub security_groups: Vec<ResourceRef>,
    /// Whether the service's public name leads to it.
    pub name_resolution: HopStatus,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The group.
    pub security_group: ResourceRef,
    /// Whether it is about what leaves.
    pub egress: bool,
    /// Protocol and ports.
    pub traffic: String,
    /// From or to where.
    pub peer: ResourceRef,
}

/// All that is around the instances of a graph.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Topology {
    /// The instances, in the order of the proof.
    pub instances: Vec<InstanceTopology>,
    /// The endpoints, in the order of the graph.
    pub endpoints: Vec<EndpointTopology>,
    /// The rules of security groups, in the order of the graph.
    pub rules: Vec<Rule>,
}

/// Looks around every instance of a graph.
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
        for service in hop::SERVICES {
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
            .map(|groups| groups.iter().map(|it| group_ref(index, it)).collect()),
        vpc: ResourceRef::of(index, &vpc),
        instance_profile: profile
            .map(|it: Resolved<'_, InstanceProfile>| ResourceRef::of(index, &it)),
        role: role.map(|it: Resolved<'_, Role>| ResourceRef::of(index, &it)),
        paths,
    }
}

fn egress_path(connection: &Connection<'_, '_>) -> EgressPath {
    match connection.path_choice() {
        Dialled::Endpoints(which) => {
            let ids = which.iter().filter_map(|&at| connection.candidates.get(at));
            EgressPath::Endpoints(ids.map(|it| it.id).collect())
        }
        Dialled::Unknown => EgressPath::Unknown,
        Dialled::Internet => match &connection.internet_route {
            InternetRoute::Works(by, _) => EgressPath::Internet(*by),
            InternetRoute::Broken(reason, _) => EgressPath::Broken(reason.clone()),
            InternetRoute::Unknown(_) => EgressPath::Unknown,
            InternetRoute::None => EgressPath::NoRoute,
        },
    }
}

fn group_ref(index: &GraphIndex<'_>, group: &Group<'_>) -> ResourceRef {
    match group {
        Group::Of(to) => ResourceRef::of(index, to),
        Group::DefaultOf(_) => ResourceRef::Outside("the VPC's default group".to_owned()),
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
                .map(|it| group_ref(index, it))
                .collect(),
        ),
        None => {
            let to = |link: &Link<_>| index.resolve(link);
            let subnets = endpoint.subnets.iter().flat_map(to);
            let groups = security::groups(index, &endpoint.security_groups, &vpc);
            (
                subnets.map(|to| ResourceRef::of(index, &to)).collect(),
                groups.iter().map(|it| group_ref(index, it)).collect(),
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
            peer: peer.unwrap_or_else(|| ResourceRef::Outside("somewhere not told".to_owned())),
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

/// What a file calls a text.
pub(crate) fn display_text(graph: &Graph, value: &Value<Text>) -> String {
    match value {
        Value::Lit(text) => text.to_string(),
        Value::Expr(expr) => display_expr(graph, expr),
    }
}

/// What a file calls a value, for people.
pub(crate) fn display_expr(graph: &Graph, expr: &Expr) -> String {
    let node = |id: &NodeId| graph.node(*id).map(|it| it.display_id().to_owned());
    match expr {
        Expr::Text(text) | Expr::Opaque(text) => text.to_string(),
        Expr::Param(id) | Expr::Items(id) => graph
            .parameter(*id)
            .map_or_else(String::new, |it| it.id.clone()),
        Expr::Attr(id, _) | Expr::Other(id, _) => node(id).unwrap_or_default(),
        Expr::Select(list, n) => format!("{}, item {}", display_expr(graph, list), n + 1),
        Expr::Zone(n) => format!("zone {} of the region", n + 1),
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
        Expr::Absent => "not told".to_owned(),
    }
}
