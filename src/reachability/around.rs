//! What the agent of each instance meets on its way, without a judgement: for pictures and
//! runbooks.

use super::hop::{self, Dial, Way as Dialled};
use super::host::{self, Host, Setting};
use super::path::{self, Exit};
use super::security::{self, Group};
use super::tri::Tri;
use super::view::{To, View, VpcRef};
use super::{Assume, Verdict};
use crate::ir::{Expr, Graph, Link, NodeId, Pseudo, Text, Value};
use crate::resource::{
    InstanceProfile, Role, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, VpcEndpoint,
};

/// A thing that is named: a resource of the graph, or something outside of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spot {
    /// A resource.
    Node(NodeId),
    /// What is not in the file, as the file names it.
    Outside(String),
}

impl Spot {
    /// Returns the resource, if it is one.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Spot::Node(id) => Some(*id),
            Spot::Outside(_) => None,
        }
    }

    fn of<R>(view: &View<'_>, to: &To<'_, R>) -> Spot {
        match to {
            To::Node(id, _) | To::Wrong(id) => Spot::Node(*id),
            To::Outside(expr) => Spot::Outside(shown(view.graph, expr)),
        }
    }
}

/// Which way a service's name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// To these endpoints.
    Endpoints(Vec<NodeId>),
    /// Out of the VPC: through this NAT gateway or by this route.
    Out(NodeId),
    /// Out of the VPC, where it ends.
    Broken(String),
    /// Nowhere.
    Nowhere,
    /// The file does not tell.
    Undecided,
}

/// An instance, or what starts like instances, with what is around it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Surroundings {
    /// The instance.
    pub node: NodeId,
    /// Its VPC.
    pub vpc: Spot,
    /// The subnets where it is, or may be.
    pub subnets: Vec<Spot>,
    /// Its security groups; nothing where they are not decided.
    pub groups: Option<Vec<Spot>>,
    /// Its instance profile.
    pub profile: Option<Spot>,
    /// The profile's role.
    pub role: Option<Spot>,
    /// The services that a session needs, and which way each is dialled from the first subnet.
    pub ways: Vec<(&'static str, Way)>,
}

/// An endpoint with what it is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Door {
    /// The endpoint.
    pub node: NodeId,
    /// The service's last part, such as `ssm`, if the file tells.
    pub service: Option<String>,
    /// Its VPC.
    pub vpc: Spot,
    /// Whether it has interfaces; nothing where that is not decided.
    pub interface: Option<bool>,
    /// The subnets of its interfaces.
    pub subnets: Vec<Spot>,
    /// Their security groups.
    pub groups: Vec<Spot>,
    /// Whether the service's public name leads to it.
    pub named: Verdict,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The group.
    pub group: Spot,
    /// Whether it is about what leaves.
    pub egress: bool,
    /// Protocol and ports.
    pub what: String,
    /// From or to where.
    pub peer: Spot,
}

/// All that is around the instances of a graph.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Around {
    /// The instances, in the order of the proof.
    pub hosts: Vec<Surroundings>,
    /// The endpoints, in the order of the graph.
    pub doors: Vec<Door>,
    /// The rules of security groups, in the order of the graph.
    pub rules: Vec<Rule>,
}

/// Looks around every instance of a graph.
#[must_use]
pub fn around(graph: &Graph, assume: &Assume) -> Around {
    let view = View::new(graph, *assume);
    Around {
        hosts: host::all(&view)
            .iter()
            .map(|host| surroundings(&view, host))
            .collect(),
        doors: view
            .all::<VpcEndpoint>()
            .map(|(id, _, endpoint)| door(&view, id, endpoint))
            .collect(),
        rules: rules(&view),
    }
}

fn surroundings<'g>(view: &View<'g>, host: &Host<'g>) -> Surroundings {
    let profile = match &host.profile {
        Setting::Is(_, _, link) if !link.is_absent() => view.profile(link).into_iter().next(),
        _ => None,
    };
    let role = profile.as_ref().and_then(|profile| match profile {
        To::Node(_, it) => view.role(&it.role.0).into_iter().next(),
        _ => None,
    });
    let mut vpc = None;
    let mut ways = Vec::new();
    if let Some(placement) = host.placements.first() {
        for service in hop::SERVICES {
            let dial = Dial::new(view, host, placement, service, None);
            ways.push((service, way(&dial)));
            vpc.get_or_insert(dial.vpc);
        }
    }
    let vpc = vpc.unwrap_or(To::Outside(Expr::Absent));
    Surroundings {
        node: host.node,
        subnets: host
            .placements
            .iter()
            .map(|it| Spot::of(view, &it.subnet))
            .collect(),
        groups: security::groups_of_host(view, &host.groups, &vpc)
            .map(|groups| groups.iter().map(|it| group(view, it)).collect()),
        vpc: Spot::of(view, &vpc),
        profile: profile.map(|it: To<'_, InstanceProfile>| Spot::of(view, &it)),
        role: role.map(|it: To<'_, Role>| Spot::of(view, &it)),
        ways,
    }
}

fn way(dial: &Dial<'_, '_>) -> Way {
    match dial.way() {
        Dialled::Endpoints(which) => {
            let ids = which.iter().filter_map(|&at| dial.candidates.get(at));
            Way::Endpoints(ids.map(|it| it.id).collect())
        }
        Dialled::Undecided => Way::Undecided,
        Dialled::Out => match &dial.exit {
            Exit::Works(by, _) => Way::Out(*by),
            Exit::Broken(why, _) => Way::Broken(why.clone()),
            Exit::Unknown(_) => Way::Undecided,
            Exit::None => Way::Nowhere,
        },
    }
}

fn group(view: &View<'_>, group: &Group<'_>) -> Spot {
    match group {
        Group::Of(to) => Spot::of(view, to),
        Group::DefaultOf(_) => Spot::Outside("the VPC's default group".to_owned()),
    }
}

fn door<'g>(view: &View<'g>, id: NodeId, endpoint: &'g VpcEndpoint) -> Door {
    let vpc: VpcRef<'g> = view.only(&endpoint.vpc);
    let service = path::token(&endpoint.service_name);
    let candidates = path::candidates(view, &vpc, service.as_deref().unwrap_or_default());
    let interface = path::is_interface(endpoint);
    let own = candidates.into_iter().find(|it| it.id == id);
    let named = own.as_ref().map_or(Tri::Maybe, |it| it.named);
    let (subnets, groups) = match &own {
        Some(own) => (
            hop::subnets_of(view, own)
                .iter()
                .map(|(to, _)| Spot::of(view, to))
                .collect(),
            hop::groups_of(view, own, &vpc)
                .iter()
                .map(|it| group(view, it))
                .collect(),
        ),
        None => {
            let to = |link: &Link<_>| view.to(link);
            let subnets = endpoint.subnets.iter().flat_map(to);
            let groups = security::groups(view, &endpoint.security_groups, &vpc);
            (
                subnets.map(|to| Spot::of(view, &to)).collect(),
                groups.iter().map(|it| group(view, it)).collect(),
            )
        }
    };
    let has_interfaces = interface.is_yes() || !interface.is_no();
    Door {
        node: id,
        service,
        vpc: Spot::of(view, &vpc),
        interface: match interface {
            Tri::Yes => Some(true),
            Tri::No => Some(false),
            Tri::Maybe => None,
        },
        subnets,
        groups: if has_interfaces { groups } else { Vec::new() },
        named: named.into(),
    }
}

fn rules(view: &View<'_>) -> Vec<Rule> {
    let first = |link: &Link<SecurityGroup>| {
        let to = view.to(link).into_iter().next();
        to.map(|to| Spot::of(view, &to))
    };
    let outside = |value: &Value<Text>| Spot::Outside(text(view.graph, value));
    let mut found = Vec::new();
    for (id, _, it) in view.all::<SecurityGroupEgress>() {
        let range = it.cidr_ip.as_ref().map(|cidr| range(view, cidr));
        let list = it.destination_prefix_list.as_ref();
        let peer = it.destination.as_ref().and_then(first);
        let peer = peer
            .or(range)
            .or_else(|| it.cidr_ipv6.as_ref().map(outside))
            .or_else(|| list.map(|_| Spot::Outside("a prefix list".to_owned())));
        let what = ports(view.graph, &it.ip_protocol, &it.from_port, &it.to_port);
        found.extend(first(&it.group).map(|group| (id, group, true, what, peer)));
    }
    for (id, _, it) in view.all::<SecurityGroupIngress>() {
        let range = it.cidr_ip.as_ref().map(|cidr| range(view, cidr));
        let list = it.source_prefix_list.as_ref();
        let peer = it.source.as_ref().and_then(first);
        let peer = peer
            .or(range)
            .or_else(|| it.cidr_ipv6.as_ref().map(outside))
            .or_else(|| list.map(|_| Spot::Outside("a prefix list".to_owned())));
        let what = ports(view.graph, &it.ip_protocol, &it.from_port, &it.to_port);
        found.extend(first(&it.group).map(|group| (id, group, false, what, peer)));
    }
    found.sort_by_key(|(id, ..)| *id);
    found
        .into_iter()
        .map(|(_, group, egress, what, peer)| Rule {
            group,
            egress,
            what,
            peer: peer.unwrap_or_else(|| Spot::Outside("somewhere not told".to_owned())),
        })
        .collect()
}

fn range(view: &View<'_>, cidr: &Value<crate::ir::Cidr>) -> Spot {
    Spot::Outside(match (view.cidr(cidr), cidr) {
        (Some(cidr), _) => cidr.to_string(),
        (None, Value::Expr(expr)) => shown(view.graph, expr),
        (None, Value::Lit(cidr)) => cidr.to_string(),
    })
}

fn ports(
    graph: &Graph,
    protocol: &Value<Text>,
    from: &Option<Value<i64>>,
    to: &Option<Value<i64>>,
) -> String {
    let protocol = text(graph, protocol);
    let name = match protocol.as_str() {
        "-1" | "all" => return "all traffic".to_owned(),
        "6" | "tcp" => "TCP",
        "17" | "udp" => "UDP",
        other => other,
    };
    let number = |value: &Option<Value<i64>>| match value {
        Some(Value::Lit(number)) => Some(number.to_string()),
        Some(Value::Expr(expr)) => Some(shown(graph, expr)),
        None => None,
    };
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from == to => format!("{name} {from}"),
        (Some(from), Some(to)) => format!("{name} {from}-{to}"),
        _ => name.to_owned(),
    }
}

/// What a file calls a text.
pub(crate) fn text(graph: &Graph, value: &Value<Text>) -> String {
    match value {
        Value::Lit(text) => text.to_string(),
        Value::Expr(expr) => shown(graph, expr),
    }
}

/// What a file calls a value, for people.
pub(crate) fn shown(graph: &Graph, expr: &Expr) -> String {
    let node = |id: &NodeId| graph.node(*id).map(|it| it.shown().to_owned());
    match expr {
        Expr::Text(text) | Expr::Opaque(text) => text.to_string(),
        Expr::Param(id) | Expr::Items(id) => graph
            .parameter(*id)
            .map_or_else(String::new, |it| it.id.clone()),
        Expr::Attr(id, _) | Expr::Other(id, _) => node(id).unwrap_or_default(),
        Expr::Select(list, n) => format!("{}, item {}", shown(graph, list), n + 1),
        Expr::Zone(n) => format!("zone {} of the region", n + 1),
        Expr::Concat(parts) => parts.iter().map(|it| shown(graph, it)).collect(),
        Expr::Pseudo(Pseudo::Region) => "${region}".to_owned(),
        Expr::Pseudo(Pseudo::AccountId) => "${account}".to_owned(),
        Expr::Pseudo(Pseudo::Partition) => "${partition}".to_owned(),
        Expr::Pseudo(Pseudo::UrlSuffix) => "${domain}".to_owned(),
        Expr::OneOf(of) => {
            let all: Vec<String> = of.iter().map(|it| shown(graph, it)).collect();
            all.join(" or ")
        }
        Expr::If(_, yes, no) => format!("{} or {}", shown(graph, yes), shown(graph, no)),
        Expr::PerLanguage { cfn, .. } => shown(graph, cfn),
        Expr::SsmParameter(name) => name.to_string(),
        Expr::Absent => "not told".to_owned(),
    }
}
