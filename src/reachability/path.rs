//! The agent's way to a service: which endpoints answer for its name, and which way leads out.

use super::host::{Host, Setting};
use super::tri::Tri;
use super::view::{To, View, VpcRef, visible_text};
use crate::ir::{Cidr, Expr, NodeId, Text, Value};
use crate::resource::{
    ConnectivityType, DefaultRouteTable, EndpointType, HostedZone, HostedZoneAssociation,
    InternetGateway, MainRouteTableAssociation, NatGateway, RecordSet, Resource, Route, RouteTable,
    Subnet, SubnetRouteTableAssociation, Vpc, VpcEndpoint, VpcEndpointPrivateDns,
    VpcGatewayAttachment,
};

/// The last part of a service's name, such as `ssm`.
pub(crate) fn token(name: &Value<Text>) -> Option<String> {
    let text = match name {
        Value::Lit(text) => text.to_string(),
        Value::Expr(Expr::Concat(parts)) => match parts.last()? {
            Expr::Text(text) if text.starts_with('.') => text.to_string(),
            _ => return None,
        },
        Value::Expr(_) => return None,
    };
    text.rsplit('.').next().map(str::to_owned)
}

/// Whether an endpoint is for this service of this region.
pub(crate) fn serves(view: &View<'_>, endpoint: &VpcEndpoint, service: &str) -> Tri {
    if let Value::Expr(Expr::OneOf(of)) = &endpoint.service_name {
        let one = |expr: &Expr| match expr {
            Expr::Text(text) => names_service(view, &Value::Lit(text.clone()), service),
            other => names_service(view, &Value::Expr(other.clone()), service),
        };
        return Tri::agreed(of.iter().map(one));
    }
    names_service(view, &endpoint.service_name, service)
}

fn names_service(view: &View<'_>, name: &Value<Text>, service: &str) -> Tri {
    let Some(token) = token(name) else {
        return match name {
            Value::Expr(Expr::Absent) => Tri::No,
            _ => Tri::Maybe,
        };
    };
    if token != service {
        return Tri::No;
    }
    match name {
        Value::Lit(text) => {
            let region = text.split('.').rev().nth(1).unwrap_or_default();
            match view.region() {
                Some(own) => (own.name == region).into(),
                None => Tri::Yes,
            }
        }
        Value::Expr(Expr::Concat(parts)) => {
            let decided = parts
                .iter()
                .all(|part| matches!(part, Expr::Text(_) | Expr::Pseudo(_)));
            if decided { Tri::Yes } else { Tri::Maybe }
        }
        Value::Expr(_) => Tri::Maybe,
    }
}

/// An endpoint that may answer for a service in a VPC.
pub(crate) struct Candidate<'g> {
    pub(crate) id: NodeId,
    pub(crate) endpoint: &'g VpcEndpoint,
    /// Whether it exists, in this VPC, for this service, with interfaces.
    pub(crate) is_there: Tri,
    /// Whether the service's public name leads to it.
    pub(crate) named: Tri,
    /// Whether private DNS does that, and not a zone of the user.
    pub(crate) by_private_dns: bool,
}

fn flag(value: Option<&Value<bool>>) -> Tri {
    match value {
        None => Tri::No,
        Some(Value::Lit(value)) => (*value).into(),
        Some(Value::Expr(Expr::Absent)) => Tri::No,
        Some(Value::Expr(_)) => Tri::Maybe,
    }
}

/// The endpoints of the VPC that may be for the service, of any type.
pub(crate) fn candidates<'g>(
    view: &View<'g>,
    vpc: &VpcRef<'g>,
    service: &str,
) -> Vec<Candidate<'g>> {
    let mut found = Vec::new();
    for (id, _, endpoint) in view.all::<VpcEndpoint>() {
        let there = serves(view, endpoint, service)
            .and(Tri::any(
                view.to(&endpoint.vpc).iter().map(|own| own.same(vpc)),
            ))
            .and(view.exists(id));
        if there.is_no() {
            continue;
        }
        let satellite = view
            .all::<VpcEndpointPrivateDns>()
            .find(|(_, _, it)| view.only(&it.endpoint).node() == Some(id))
            .map(|(satellite, _, it)| {
                flag(Some(&it.private_dns_enabled)).and(view.exists(satellite))
            });
        let private_dns = satellite.unwrap_or_else(|| {
            if view
                .graph
                .node(id)
                .is_some_and(|node| node.is_unread("private_dns_enabled"))
            {
                Tri::Maybe
            } else {
                flag(endpoint.private_dns_enabled.as_ref())
            }
        });
        let by_zone = aliased(view, vpc, id, service);
        found.push(Candidate {
            id,
            endpoint,
            is_there: there,
            named: private_dns.or(by_zone),
            by_private_dns: private_dns >= by_zone,
        });
    }
    found
}

/// Whether an endpoint has interfaces.
pub(crate) fn is_interface(endpoint: &VpcEndpoint) -> Tri {
    match &endpoint.vpc_endpoint_type {
        Value::Lit(of) => (*of == EndpointType::Interface).into(),
        // Both languages have Gateway as the default.
        Value::Expr(Expr::Absent) => Tri::No,
        Value::Expr(Expr::Opaque(text)) if text == "GatewayLoadBalancer" => Tri::No,
        Value::Expr(_) => Tri::Maybe,
    }
}

/// The private zones of the user that the VPC asks.
fn zones<'g>(view: &View<'g>, vpc: &VpcRef<'g>) -> Vec<(NodeId, &'g HostedZone, Tri)> {
    let tied = |id: NodeId, zone: &'g HostedZone| {
        let own = Tri::any(zone.vpcs.iter().map(|it| view.only(&it.vpc).same(vpc)));
        let more = view
            .all::<HostedZoneAssociation>()
            .filter(|(_, _, it)| view.only(&it.zone).node() == Some(id))
            .map(|(_, _, it)| view.only(&it.vpc).same(vpc));
        own.or(Tri::any(more))
    };
    view.all::<HostedZone>()
        .map(|(id, _, zone)| (id, zone, tied(id, zone).and(view.exists(id))))
        .filter(|(_, _, tied)| !tied.is_no())
        .collect()
}

/// The host name of a service, with the region's sign where the region is not decided.
fn is_host_name(name: &str, service: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let mut labels = name.split('.');
    labels.next() == Some(service) && labels.next().is_some() && name.contains("amazonaws")
}

/// Whether a zone of the user leads the service's name to an endpoint.
fn aliased<'g>(view: &View<'g>, vpc: &VpcRef<'g>, endpoint: NodeId, service: &str) -> Tri {
    let zones = zones(view, vpc);
    if zones.is_empty() {
        return Tri::No;
    }
    Tri::any(view.all::<RecordSet>().map(|(id, _, record)| {
        let name = super::view::expr_of(&record.name, Clone::clone);
        let Some(alias) = &record.alias else {
            return Tri::No;
        };
        let leads = match &alias.dns_name {
            Value::Expr(expr) => {
                let mut leads = Tri::No;
                expr.walk(&mut |part| {
                    if let Expr::Attr(node, _) | Expr::Other(node, _) = part
                        && *node == endpoint
                    {
                        leads = Tri::Yes;
                    }
                });
                leads
            }
            Value::Lit(_) => Tri::Maybe,
        };
        let in_zone = |(zone, it, tied): &(NodeId, &HostedZone, Tri)| {
            let by_id = record
                .zone
                .as_ref()
                .is_some_and(|link| view.only(link).node() == Some(*zone));
            let by_name = record.zone_name.as_ref().is_some_and(|own| {
                let trim = |value: &Value<Text>| {
                    visible_text(&super::view::expr_of(value, Clone::clone))
                        .trim_end_matches('.')
                        .to_owned()
                };
                trim(own) == trim(&it.name)
            });
            if by_id || by_name { *tied } else { Tri::No }
        };
        let mut host = visible_text(&name);
        // Terraform takes an empty or relative name for the zone's own.
        if let Some((_, zone, _)) = zones.iter().find(|it| !in_zone(it).is_no()) {
            let own = visible_text(&super::view::expr_of(&zone.name, Clone::clone));
            if host.is_empty() {
                host = own;
            } else if !host.contains("amazonaws") {
                host = format!("{host}.{own}");
            }
        }
        if !is_host_name(&host, service) {
            return Tri::No;
        }
        leads
            .and(Tri::any(zones.iter().map(in_zone)))
            .and(view.exists(id))
    }))
}

/// Whether a zone of the user takes the service's name away from everyone else.
pub(crate) fn swallowed<'g>(view: &View<'g>, vpc: &VpcRef<'g>, service: &str) -> Option<NodeId> {
    zones(view, vpc)
        .into_iter()
        .find(|(_, zone, _)| {
            let name = visible_text(&super::view::expr_of(&zone.name, Clone::clone));
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            is_host_name(&name, service)
                || matches!(name.as_str(), "amazonaws.com" | "amazonaws.com.cn")
                || (name.split('.').count() <= 3
                    && name.ends_with(".amazonaws.com")
                    && (name.starts_with("${region}")
                        || crate::region::Region::find(name.split('.').next().unwrap_or_default())
                            .is_some()))
        })
        .map(|(id, ..)| id)
}

/// The routes that a subnet has.
enum Table {
    Node(NodeId),
    MainOf(NodeId),
    Unknown,
}

fn table_of<'g>(view: &View<'g>, subnet: &To<'g, Subnet>) -> Table {
    let To::Node(id, it) = subnet else {
        return Table::Unknown;
    };
    for (tie, _, association) in view.all::<SubnetRouteTableAssociation>() {
        let all = view.to(&association.subnet);
        let ours = if all.len() == 1 {
            all[0].same(subnet)
        } else {
            Tri::any(all.iter().map(|to| to.same(subnet))).and(Tri::Maybe)
        };
        match ours.and(view.exists(tie)) {
            Tri::No => continue,
            Tri::Maybe => {
                if matches!(all.as_slice(), [To::Outside(_)]) {
                    continue;
                }
                return Table::Unknown;
            }
            Tri::Yes => {}
        }
        return match view.only::<RouteTable>(&association.route_table) {
            To::Node(table, _) => Table::Node(table),
            To::Wrong(table) => Table::Node(table),
            To::Outside(expr) => main_by_attribute(view, &expr).unwrap_or(Table::Unknown),
        };
    }
    let To::Node(vpc, _) = view.only(&it.vpc) else {
        return Table::Unknown;
    };
    if view.is_touched(*id) {
        return Table::Unknown;
    }
    let main = view
        .all::<MainRouteTableAssociation>()
        .find(|(_, _, tie)| view.only(&tie.vpc).node() == Some(vpc));
    if let Some((_, _, tie)) = main {
        return match view.only::<RouteTable>(&tie.route_table) {
            To::Node(table, _) => Table::Node(table),
            To::Wrong(_) | To::Outside(_) => Table::Unknown,
        };
    }
    let taken_over = view.all::<DefaultRouteTable>().find(|(_, _, table)| {
        matches!(&table.default_route_table, Value::Expr(Expr::Attr(node, _)) if *node == vpc)
    });
    match taken_over {
        Some((table, ..)) => Table::Node(table),
        None => Table::MainOf(vpc),
    }
}

fn main_by_attribute(view: &View<'_>, expr: &Expr) -> Option<Table> {
    let Expr::Attr(node, attr) = expr else {
        return None;
    };
    match &view.graph.node(*node)?.resource {
        Resource::Vpc(_) if [Vpc::MAIN_ROUTE_TABLE, Vpc::DEFAULT_ROUTE_TABLE].contains(attr) => {
            Some(Table::MainOf(*node))
        }
        Resource::DefaultRouteTable(_) => Some(Table::Node(*node)),
        _ => None,
    }
}

/// The routes of a table, and whether there may be more.
fn routes<'g>(view: &View<'g>, table: &Table) -> (Vec<(NodeId, &'g Route, Tri)>, bool) {
    let (own, touched) = match table {
        Table::Node(id) => (*id, view.is_touched(*id)),
        Table::MainOf(id) => (*id, false),
        Table::Unknown => return (Vec::new(), true),
    };
    let main = matches!(table, Table::MainOf(_));
    let mut more = touched;
    let mut found = Vec::new();
    for (id, _, route) in view.all::<Route>() {
        let ours = |expr: &Expr| match expr {
            Expr::Attr(node, attr) if main => (*node == own
                && [Vpc::MAIN_ROUTE_TABLE, Vpc::DEFAULT_ROUTE_TABLE].contains(attr))
            .into(),
            Expr::Attr(node, _) | Expr::Other(node, _) => Tri::from(*node == own),
            Expr::Text(_) => Tri::No,
            _ => Tri::Maybe,
        };
        let ours = match &route.route_table {
            Value::Lit(_) => Tri::No,
            Value::Expr(Expr::OneOf(of)) => Tri::any(of.iter().map(ours)).and(Tri::Maybe),
            Value::Expr(Expr::Opaque(_)) => Tri::No,
            Value::Expr(expr) => ours(expr),
        };
        let ours = ours.and(view.exists(id));
        if !ours.is_no() {
            found.push((id, route, ours));
        }
    }
    more |= view
        .graph
        .node(own)
        .is_some_and(|node| node.is_unread("route"));
    (found, more)
}

/// A way out of a subnet.
#[derive(Clone, Debug)]
pub(crate) enum Exit<'g> {
    /// No default route.
    None,
    /// To the internet, through a NAT gateway in this subnet if there is one.
    Works(NodeId, Option<To<'g, Subnet>>),
    /// A default route that leads nowhere.
    Broken(String, (NodeId, &'static str)),
    Unknown(String),
}

/// Finds the way out of a subnet for an instance.
pub(crate) fn exit<'g>(view: &View<'g>, host: &Host<'_>, subnet: &To<'g, Subnet>) -> Exit<'g> {
    exit_of(view, subnet, &|| public_address(host, subnet), 0)
}

type PublicAddress<'a> = &'a dyn Fn() -> (Tri, (NodeId, &'static str));

fn exit_of<'g>(
    view: &View<'g>,
    subnet: &To<'g, Subnet>,
    has_address: PublicAddress<'_>,
    depth: u8,
) -> Exit<'g> {
    let table = table_of(view, subnet);
    if let Table::Unknown = table {
        return Exit::Unknown("the routes of the subnet are not in the file".to_owned());
    }
    let (routes, more) = routes(view, &table);
    // The routes that lead to public addresses, and how much of them they cover.
    let mut public: Vec<(NodeId, &Route)> = Vec::new();
    let (mut default, mut halves) = (false, [false; 2]);
    let mut doubt = more.then(|| "more routes may be added elsewhere".to_owned());
    for (id, route, ours) in routes {
        let Some(cidr) = &route.cidr_block else {
            if route.prefix_list.is_some() {
                doubt.get_or_insert_with(|| format!("`{}` routes a prefix list", view.name(id)));
            }
            continue;
        };
        match view.cidr(cidr) {
            Some(cidr) if cidr.is_private() => {}
            Some(cidr) if ours.is_yes() => {
                default |= cidr == Cidr::ANY;
                for (n, half) in halves.iter_mut().enumerate() {
                    let all = u32::try_from(n).ok().and_then(|n| Cidr::ANY.block(1, n));
                    *half |= Some(cidr) == all;
                }
                public.push((id, route));
            }
            Some(cidr) => {
                doubt.get_or_insert_with(|| format!("`{}` may route `{cidr}`", view.name(id)));
            }
            None => {
                doubt.get_or_insert_with(|| {
                    format!("the destination of `{}` is not decided", view.name(id))
                });
            }
        }
    }
    if let Some(doubt) = doubt {
        return Exit::Unknown(doubt);
    }
    if public.is_empty() {
        return Exit::None;
    }
    let mut exits: Vec<Exit<'g>> = public
        .iter()
        .map(|(id, route)| through(view, subnet, *id, route, has_address, depth))
        .collect();
    let whole = default || halves == [true; 2];
    let works = exits.iter().all(|exit| matches!(exit, Exit::Works(..)));
    match exits.pop() {
        Some(one) if whole && (works || exits.is_empty()) => one,
        // Some public addresses are routed, and those of the services may be among them.
        _ => Exit::Unknown(format!(
            "`{}` routes some public addresses",
            public
                .first()
                .map_or(String::new(), |(id, _)| view.name(*id))
        )),
    }
}

fn through<'g>(
    view: &View<'g>,
    subnet: &To<'g, Subnet>,
    id: NodeId,
    route: &Route,
    has_address: PublicAddress<'_>,
    depth: u8,
) -> Exit<'g> {
    if let Some(link) = &route.nat_gateway {
        return match view.only(link) {
            To::Node(nat, gateway) if depth == 0 => by_nat(view, nat, gateway),
            To::Node(..) => Exit::Broken(
                format!("`{}` leads from one NAT gateway to another", view.name(id)),
                (id, "nat_gateway"),
            ),
            To::Wrong(_) | To::Outside(_) => {
                Exit::Unknown("the NAT gateway is not in the file".to_owned())
            }
        };
    }
    if let Some(link) = &route.gateway {
        let gateway = match view.only(link) {
            To::Node(gateway, _) => gateway,
            To::Wrong(_) | To::Outside(_) => {
                return match link {
                    Value::Lit(it) if it.as_str() == "local" => Exit::None,
                    // Whatever internet gateway it is, without a public address nothing returns.
                    Value::Lit(it) if it.as_str().starts_with("igw-") => {
                        by_gateway(view, id, has_address)
                    }
                    _ => Exit::Unknown("the gateway is not in the file".to_owned()),
                };
            }
        };
        return match attached(view, gateway, subnet) {
            Tri::Yes => by_gateway(view, id, has_address),
            Tri::Maybe => Exit::Unknown(format!(
                "whether `{}` is attached to the VPC is not decided",
                view.name(gateway)
            )),
            Tri::No => Exit::Broken(
                format!("`{}` is not attached to the VPC", view.name(gateway)),
                (id, "gateway"),
            ),
        };
    }
    Exit::Unknown(format!(
        "`{}` leads to something that the file does not describe",
        view.name(id)
    ))
}

fn by_gateway<'g>(view: &View<'g>, route: NodeId, has_address: PublicAddress<'_>) -> Exit<'g> {
    let (address, at) = has_address();
    match address {
        Tri::Yes => Exit::Works(route, None),
        Tri::Maybe => {
            Exit::Unknown("whether the instance gets a public address is not decided".to_owned())
        }
        Tri::No => Exit::Broken(
            format!(
                "`{}` leads to an internet gateway, and the instance has no public address",
                view.name(route)
            ),
            at,
        ),
    }
}

fn by_nat<'g>(view: &View<'g>, id: NodeId, gateway: &'g NatGateway) -> Exit<'g> {
    match &gateway.connectivity_type {
        Some(Value::Lit(ConnectivityType::Private)) => {
            return Exit::Broken(
                format!("the NAT gateway `{}` is a private one", view.name(id)),
                (id, "connectivity_type"),
            );
        }
        Some(Value::Expr(_)) => {
            return Exit::Unknown(format!("the type of `{}` is not decided", view.name(id)));
        }
        _ => {}
    }
    if !view.exists(id).is_yes() {
        return Exit::Unknown(format!("whether `{}` exists is not decided", view.name(id)));
    }
    let mut all = view.to(&gateway.subnet);
    if all.len() != 1 {
        let found: Vec<Exit<'g>> = all
            .iter()
            .map(|subnet| exit_of(view, subnet, &|| (Tri::Yes, (id, "allocation")), 1))
            .collect();
        return match found.iter().all(|exit| matches!(exit, Exit::Works(..))) {
            true if !found.is_empty() => Exit::Works(id, Some(all.swap_remove(0))),
            _ => Exit::Unknown(format!("the subnet of `{}` is not decided", view.name(id))),
        };
    }
    let subnet = all.swap_remove(0);
    let at = (id, "subnet");
    match exit_of(view, &subnet, &|| (Tri::Yes, (id, "allocation")), 1) {
        Exit::Works(..) => Exit::Works(id, Some(subnet)),
        Exit::None => Exit::Broken(
            format!(
                "the NAT gateway `{}` is in a subnet without a route to an internet gateway",
                view.name(id)
            ),
            at,
        ),
        Exit::Broken(why, _) => Exit::Broken(format!("the NAT gateway's way is broken: {why}"), at),
        Exit::Unknown(why) => Exit::Unknown(why),
    }
}

/// Whether an internet gateway is attached to the subnet's VPC.
fn attached<'g>(view: &View<'g>, gateway: NodeId, subnet: &To<'g, Subnet>) -> Tri {
    let vpc = view.vpc_of(subnet);
    let gateway_exists = view.exists(gateway);
    let ties = view.all::<VpcGatewayAttachment>().map(|(id, _, tie)| {
        let ours = match &tie.internet_gateway {
            Some(link) => match view.only::<InternetGateway>(link) {
                To::Node(own, _) => (own == gateway).into(),
                To::Wrong(_) => Tri::No,
                To::Outside(Expr::Text(_)) => Tri::No,
                To::Outside(_) => Tri::Maybe,
            },
            None => Tri::No,
        };
        ours.and(view.only(&tie.vpc).same(&vpc))
            .and(view.exists(id))
    });
    Tri::any(ties).and(gateway_exists)
}

/// Whether an instance gets a public address, and what says so.
fn public_address(host: &Host<'_>, subnet: &To<'_, Subnet>) -> (Tri, (NodeId, &'static str)) {
    match &host.public {
        Setting::Is(node, field, value) => (flag(Some(value)), (*node, field)),
        Setting::Unknown(node, field) => (Tri::Maybe, (*node, field)),
        Setting::Unset => match subnet {
            To::Node(id, it) => (
                flag(it.map_public_ip_on_launch.as_ref()),
                (*id, "map_public_ip_on_launch"),
            ),
            To::Wrong(_) | To::Outside(_) => (Tri::Maybe, (host.node, "subnet")),
        },
    }
}

/// What is asked of S3: an action, and the bucket or object.
pub(crate) struct Ask<'a> {
    pub(crate) action: &'a str,
    pub(crate) on: super::iam::Target<'a>,
}

/// Whether a gateway endpoint for S3 serves the subnet, and lets the request through.
pub(crate) fn s3_gateway<'g>(view: &View<'g>, subnet: &To<'g, Subnet>, ask: &Ask<'_>) -> Tri {
    let vpc = view.vpc_of(subnet);
    let table = table_of(view, subnet);
    Tri::any(candidates(view, &vpc, "s3").iter().map(|candidate| {
        let gateway = !is_interface(candidate.endpoint);
        let mut links: Vec<&Value<crate::ir::Id<RouteTable>>> =
            candidate.endpoint.route_tables.iter().collect();
        let more: Vec<_> = view
            .all::<crate::resource::VpcEndpointRouteTable>()
            .filter(|(_, _, it)| view.only(&it.endpoint).node() == Some(candidate.id))
            .map(|(_, _, it)| &it.route_table)
            .collect();
        links.extend(more);
        let routed = match table {
            Table::Node(own) => Tri::any(links.iter().map(|link| {
                let all = view.to(link);
                let one = |to: &To<'_, RouteTable>| match to {
                    To::Node(id, _) | To::Wrong(id) => (*id == own).into(),
                    To::Outside(_) => Tri::Maybe,
                };
                if all.len() == 1 {
                    one(&all[0])
                } else {
                    Tri::any(all.iter().map(one)).and(Tri::Maybe)
                }
            })),
            Table::MainOf(own) => Tri::any(links.iter().map(|link| match link {
                Value::Expr(Expr::Attr(node, _)) => (*node == own).into(),
                Value::Expr(Expr::Opaque(_)) => Tri::Maybe,
                _ => Tri::No,
            })),
            Table::Unknown => {
                if links.is_empty() {
                    Tri::No
                } else {
                    Tri::Maybe
                }
            }
        };
        let let_through = match &candidate.endpoint.policy {
            None => Tri::Yes,
            Some(policy) => super::iam::document_allows(view, policy, ask.action, &ask.on),
        };
        candidate.is_there.and(gateway).and(routed).and(let_through)
    }))
}

/// Whether a more specific route takes traffic between subnets away.
pub(crate) fn diverted<'g>(view: &View<'g>, subnet: &To<'g, Subnet>) -> Option<String> {
    let table = table_of(view, subnet);
    let (routes, _) = routes(view, &table);
    routes.into_iter().find_map(|(id, route, _)| {
        let elsewhere = route.vpc_endpoint.is_some()
            || route.network_interface.is_some()
            || route.instance.is_some();
        let inside = route
            .cidr_block
            .as_ref()
            .and_then(|cidr| view.cidr(cidr))
            .is_some_and(|cidr| cidr != Cidr::ANY && cidr.is_private());
        (elsewhere && inside)
            .then(|| format!("`{}` takes traffic inside the VPC away", view.name(id)))
    })
}

#[cfg(test)]
mod tests {
    use super::is_host_name;

    #[test]
    fn host_names_of_services_are_known() {
        assert!(is_host_name("ssm.eu-central-1.amazonaws.com", "ssm"));
        assert!(is_host_name("ssm.${region}.amazonaws.com.", "ssm"));
        assert!(!is_host_name(
            "ssmmessages.eu-central-1.amazonaws.com",
            "ssm"
        ));
        assert!(!is_host_name("ssm.example.com", "ssm"));
    }
}
