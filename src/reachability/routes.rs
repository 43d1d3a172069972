//! The routes of a subnet, and its route to the internet.

use super::graph_index::{GraphIndex, Resolved};
use super::instance::InstanceConfig;
use super::setting::Setting;
use super::ternary::Ternary;
use crate::ir::{Cidr, Expr, NodeId, Value};
use crate::resource::{
    ConnectivityType, DefaultRouteTable, InternetGateway, MainRouteTableAssociation, NatGateway,
    Resource, Route, RouteTable, Subnet, SubnetRouteTableAssociation, Vpc, VpcGatewayAttachment,
};

pub(super) fn flag(value: Option<&Value<bool>>) -> Ternary {
    match value {
        None => Ternary::No,
        Some(Value::Lit(value)) => (*value).into(),
        Some(Value::Expr(Expr::Absent)) => Ternary::No,
        Some(Value::Expr(_)) => Ternary::Unknown,
    }
}

/// The route table of a subnet.
pub(super) enum Table {
    Node(NodeId),
    MainOf(NodeId),
    Unknown,
}

pub(super) fn table_of<'g>(index: &GraphIndex<'g>, subnet: &Resolved<'g, Subnet>) -> Table {
    let Resolved::Node(id, it) = subnet else {
        return Table::Unknown;
    };
    for (tie, _, association) in index.all::<SubnetRouteTableAssociation>() {
        let all = index.resolve(&association.subnet);
        let ours = if all.len() == 1 {
            all[0].same(subnet)
        } else {
            Ternary::any(all.iter().map(|to| to.same(subnet))).and(Ternary::Unknown)
        };
        match ours.and(index.exists(tie)) {
            Ternary::No => continue,
            Ternary::Unknown => {
                if matches!(all.as_slice(), [Resolved::Outside(_)]) {
                    continue;
                }
                return Table::Unknown;
            }
            Ternary::Yes => {}
        }
        return match index.resolve_one::<RouteTable>(&association.route_table) {
            Resolved::Node(table, _) => Table::Node(table),
            Resolved::OtherType(table) => Table::Node(table),
            Resolved::Outside(expr) => main_by_attribute(index, &expr).unwrap_or(Table::Unknown),
        };
    }
    let Resolved::Node(vpc, _) = index.resolve_one(&it.vpc) else {
        return Table::Unknown;
    };
    if index.is_externally_modified(*id)
        || index
            .graph
            .node(vpc)
            .is_some_and(crate::resource::Node::is_lookup)
    {
        return Table::Unknown;
    }
    let main = index
        .all::<MainRouteTableAssociation>()
        .find(|(_, _, tie)| index.resolve_one(&tie.vpc).node() == Some(vpc));
    if let Some((_, _, tie)) = main {
        return match index.resolve_one::<RouteTable>(&tie.route_table) {
            Resolved::Node(table, _) => Table::Node(table),
            Resolved::OtherType(_) | Resolved::Outside(_) => Table::Unknown,
        };
    }
    let taken_over = index.all::<DefaultRouteTable>().find(|(_, _, table)| {
        matches!(&table.default_route_table, Value::Expr(Expr::Attr(node, _)) if *node == vpc)
    });
    match taken_over {
        Some((table, ..)) => Table::Node(table),
        None => Table::MainOf(vpc),
    }
}

fn main_by_attribute(index: &GraphIndex<'_>, expr: &Expr) -> Option<Table> {
    let Expr::Attr(node, attr) = expr else {
        return None;
    };
    match &index.graph.node(*node)?.resource {
        Resource::Vpc(_) if [Vpc::MAIN_ROUTE_TABLE, Vpc::DEFAULT_ROUTE_TABLE].contains(attr) => {
            Some(Table::MainOf(*node))
        }
        Resource::DefaultRouteTable(_) => Some(Table::Node(*node)),
        _ => None,
    }
}

/// Returns the routes of a table, and whether more can exist.
pub(super) fn routes<'g>(
    index: &GraphIndex<'g>,
    table: &Table,
) -> (Vec<(NodeId, &'g Route, Ternary)>, bool) {
    let (owner, modified) = match table {
        Table::Node(id) => (*id, index.is_externally_modified(*id)),
        Table::MainOf(id) => (*id, false),
        Table::Unknown => return (Vec::new(), true),
    };
    let main = matches!(table, Table::MainOf(_));
    let mut more = modified;
    let mut found = Vec::new();
    for (id, _, route) in index.all::<Route>() {
        let ours = |expr: &Expr| match expr {
            Expr::Attr(node, attr) if main => (*node == owner
                && [Vpc::MAIN_ROUTE_TABLE, Vpc::DEFAULT_ROUTE_TABLE].contains(attr))
            .into(),
            Expr::Attr(node, _) | Expr::Other(node, _) => Ternary::from(*node == owner),
            Expr::Text(_) => Ternary::No,
            _ => Ternary::Unknown,
        };
        let ours = match &route.route_table {
            Value::Lit(_) => Ternary::No,
            Value::Expr(Expr::OneOf(of)) => Ternary::any(of.iter().map(ours)).and(Ternary::Unknown),
            Value::Expr(Expr::Opaque(_)) => Ternary::No,
            Value::Expr(expr) => ours(expr),
        };
        let ours = ours.and(index.exists(id));
        if !ours.is_no() {
            found.push((id, route, ours));
        }
    }
    more |= index
        .graph
        .node(owner)
        .is_some_and(|node| node.is_unmodeled("route"));
    (found, more)
}

/// The route from a subnet to the internet.
#[derive(Clone, Debug)]
pub(crate) enum InternetRoute<'g> {
    /// No default route.
    None,
    /// The node of the NAT gateway or route, and the subnet of the NAT gateway.
    Works(NodeId, Option<Resolved<'g, Subnet>>),
    /// A default route that does not reach the internet: the reason, and the property.
    Broken(String, (NodeId, &'static str)),
    Unknown(String),
}

/// Finds the route to the internet of an instance in a subnet.
pub(crate) fn internet_route<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'_>,
    subnet: &Resolved<'g, Subnet>,
) -> InternetRoute<'g> {
    internet_route_of(index, subnet, &|| public_address(instance, subnet), 0)
}

type PublicAddress<'a> = &'a dyn Fn() -> (Ternary, (NodeId, &'static str));

fn internet_route_of<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    has_address: PublicAddress<'_>,
    depth: u8,
) -> InternetRoute<'g> {
    let table = table_of(index, subnet);
    if let Table::Unknown = table {
        return InternetRoute::Unknown("the routes of the subnet are not in the file".to_owned());
    }
    let (routes, more) = routes(index, &table);
    // The routes to public addresses, and the share of the addresses that they cover.
    let mut public: Vec<(NodeId, &Route)> = Vec::new();
    let (mut default, mut halves) = (false, [false; 2]);
    let mut doubt = more.then(|| "a resource outside the file can add routes".to_owned());
    for (id, route, ours) in routes {
        let Some(cidr) = &route.cidr_block else {
            if route.prefix_list.is_some() {
                doubt.get_or_insert_with(|| {
                    format!("route `{}` is for a prefix list", index.name(id))
                });
            }
            continue;
        };
        match index.cidr(cidr) {
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
                doubt.get_or_insert_with(|| {
                    format!("route `{}` for `{cidr}` can apply", index.name(id))
                });
            }
            None => {
                doubt.get_or_insert_with(|| {
                    format!("the destination of route `{}` is unknown", index.name(id))
                });
            }
        }
    }
    if let Some(doubt) = doubt {
        return InternetRoute::Unknown(doubt);
    }
    if public.is_empty() {
        return InternetRoute::None;
    }
    let mut exits: Vec<InternetRoute<'g>> = public
        .iter()
        .map(|(id, route)| through(index, subnet, *id, route, has_address, depth))
        .collect();
    let covers_all = default || halves == [true; 2];
    let works = exits
        .iter()
        .all(|exit| matches!(exit, InternetRoute::Works(..)));
    match exits.pop() {
        Some(one) if covers_all && (works || exits.is_empty()) => one,
        // The routed addresses can include those of the services.
        _ => InternetRoute::Unknown(format!(
            "route `{}` covers only some public addresses",
            public
                .first()
                .map_or(String::new(), |(id, _)| index.name(*id))
        )),
    }
}

fn through<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    id: NodeId,
    route: &Route,
    has_address: PublicAddress<'_>,
    depth: u8,
) -> InternetRoute<'g> {
    if let Some(link) = &route.nat_gateway {
        return match index.resolve_one(link) {
            Resolved::Node(nat, gateway) if depth == 0 => by_nat(index, nat, gateway),
            Resolved::Node(..) => InternetRoute::Broken(
                format!(
                    "route `{}` points from one NAT gateway to another",
                    index.name(id)
                ),
                (id, "nat_gateway"),
            ),
            Resolved::OtherType(_) | Resolved::Outside(_) => {
                InternetRoute::Unknown("the NAT gateway is not in the file".to_owned())
            }
        };
    }
    if let Some(link) = &route.gateway {
        let gateway = match index.resolve_one(link) {
            Resolved::Node(gateway, _) => gateway,
            Resolved::OtherType(_) | Resolved::Outside(_) => {
                return match link {
                    Value::Lit(it) if it.as_str() == "local" => InternetRoute::None,
                    // Every internet gateway requires a public address.
                    Value::Lit(it) if it.as_str().starts_with("igw-") => {
                        by_gateway(index, id, has_address)
                    }
                    _ => InternetRoute::Unknown("the gateway is not in the file".to_owned()),
                };
            }
        };
        return match attached(index, gateway, subnet) {
            Ternary::Yes => by_gateway(index, id, has_address),
            Ternary::Unknown => InternetRoute::Unknown(format!(
                "the file does not show whether internet gateway `{}` is attached to the VPC",
                index.name(gateway)
            )),
            Ternary::No => InternetRoute::Broken(
                format!(
                    "internet gateway `{}` is not attached to the VPC",
                    index.name(gateway)
                ),
                (id, "gateway"),
            ),
        };
    }
    InternetRoute::Unknown(format!(
        "route `{}` has a target that the file does not describe",
        index.name(id)
    ))
}

fn by_gateway<'g>(
    index: &GraphIndex<'g>,
    route: NodeId,
    has_address: PublicAddress<'_>,
) -> InternetRoute<'g> {
    let (address, at) = has_address();
    match address {
        Ternary::Yes => InternetRoute::Works(route, None),
        Ternary::Unknown => InternetRoute::Unknown(
            "the file does not show whether the instance has a public address".to_owned(),
        ),
        Ternary::No => InternetRoute::Broken(
            format!(
                "route `{}` points to an internet gateway, and the instance has no public address",
                index.name(route)
            ),
            at,
        ),
    }
}

fn by_nat<'g>(index: &GraphIndex<'g>, id: NodeId, gateway: &'g NatGateway) -> InternetRoute<'g> {
    match &gateway.connectivity_type {
        Some(Value::Lit(ConnectivityType::Private)) => {
            return InternetRoute::Broken(
                format!("NAT gateway `{}` is private", index.name(id)),
                (id, "connectivity_type"),
            );
        }
        Some(Value::Expr(_)) => {
            return InternetRoute::Unknown(format!(
                "the connectivity type of NAT gateway `{}` is unknown",
                index.name(id)
            ));
        }
        _ => {}
    }
    if !index.exists(id).is_yes() {
        return InternetRoute::Unknown(format!(
            "the file does not show whether NAT gateway `{}` exists",
            index.name(id)
        ));
    }
    let mut all = index.resolve(&gateway.subnet);
    if all.len() != 1 {
        let found: Vec<InternetRoute<'g>> = all
            .iter()
            .map(|subnet| {
                internet_route_of(index, subnet, &|| (Ternary::Yes, (id, "allocation")), 1)
            })
            .collect();
        return match found
            .iter()
            .all(|exit| matches!(exit, InternetRoute::Works(..)))
        {
            true if !found.is_empty() => InternetRoute::Works(id, Some(all.swap_remove(0))),
            _ => InternetRoute::Unknown(format!(
                "the subnet of NAT gateway `{}` is unknown",
                index.name(id)
            )),
        };
    }
    let subnet = all.swap_remove(0);
    let at = (id, "subnet");
    match internet_route_of(index, &subnet, &|| (Ternary::Yes, (id, "allocation")), 1) {
        InternetRoute::Works(..) => InternetRoute::Works(id, Some(subnet)),
        InternetRoute::None => InternetRoute::Broken(
            format!(
                "NAT gateway `{}` is in a subnet without a route to an internet gateway",
                index.name(id)
            ),
            at,
        ),
        InternetRoute::Broken(reason, _) => InternetRoute::Broken(
            format!("the NAT gateway cannot reach the internet: {reason}"),
            at,
        ),
        InternetRoute::Unknown(reason) => InternetRoute::Unknown(reason),
    }
}

/// Returns whether an internet gateway is attached to the VPC of a subnet.
fn attached<'g>(index: &GraphIndex<'g>, gateway: NodeId, subnet: &Resolved<'g, Subnet>) -> Ternary {
    let vpc = index.vpc_of(subnet);
    let gateway_exists = index.exists(gateway);
    let ties = index.all::<VpcGatewayAttachment>().map(|(id, _, tie)| {
        let ours = match &tie.internet_gateway {
            Some(link) => match index.resolve_one::<InternetGateway>(link) {
                Resolved::Node(attached, _) => (attached == gateway).into(),
                Resolved::OtherType(_) => Ternary::No,
                Resolved::Outside(Expr::Text(_)) => Ternary::No,
                Resolved::Outside(_) => Ternary::Unknown,
            },
            None => Ternary::No,
        };
        ours.and(index.resolve_one(&tie.vpc).same(&vpc))
            .and(index.exists(id))
    });
    Ternary::any(ties).and(gateway_exists)
}

/// Returns whether an instance has a public address, and the property that determines it.
fn public_address(
    instance: &InstanceConfig<'_>,
    subnet: &Resolved<'_, Subnet>,
) -> (Ternary, (NodeId, &'static str)) {
    match &instance.public {
        Setting::Known(node, field, value) => (flag(Some(value)), (*node, field)),
        Setting::Unknown(node, field) => (Ternary::Unknown, (*node, field)),
        Setting::Unset => match subnet {
            Resolved::Node(id, it) => (
                flag(it.map_public_ip_on_launch.as_ref()),
                (*id, "map_public_ip_on_launch"),
            ),
            Resolved::OtherType(_) | Resolved::Outside(_) => {
                (Ternary::Unknown, (instance.node, "subnet"))
            }
        },
    }
}
