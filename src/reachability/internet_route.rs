//! The route of a subnet to the internet.

use super::addresses::PUBLIC;
use super::block_public_access;
use super::cache::Table;
use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::instance::InstanceConfig;
use super::public_address::public_address;
use super::routes::{blackhole, is_edge_routed, routes, table_of};
use super::security::ranges_of;
use super::setting::is_unmodeled;
use super::ternary::Ternary;
use crate::ir::{AddressSet, Cidr, Expr, NodeId, Value};
use crate::resource::{
    AvailabilityMode, ConnectivityType, InternetGateway, NatGateway, Node, Resource, Route, Subnet,
    VpcGatewayAttachment,
};

/// The route from a subnet to the internet.
#[derive(Clone, Debug)]
pub(crate) enum InternetRoute<'g> {
    /// No default route.
    None,
    /// The node of the NAT gateway or route, and the exit.
    Works(NodeId, Exit<'g>),
    /// A default route that does not reach the internet: the reason, and the property.
    Broken(String, (NodeId, &'static str)),
    Unknown(String),
}

/// The last gateway of a route to the internet.
#[derive(Clone, Debug)]
pub(crate) enum Exit<'g> {
    InternetGateway,
    /// A NAT gateway in this subnet.
    Nat(Resolved<'g, Subnet>),
    /// A NAT gateway in every Availability Zone, without a subnet.
    RegionalNat,
}

/// Finds the route to the internet of an instance in a subnet.
pub(crate) fn internet_route<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'_>,
    subnet: &Resolved<'g, Subnet>,
) -> InternetRoute<'g> {
    internet_route_to(index, instance, subnet, PUBLIC.clone())
}

/// Finds the route to some public addresses of an instance in a subnet.
pub(crate) fn internet_route_to<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'_>,
    subnet: &Resolved<'g, Subnet>,
    to: AddressSet,
) -> InternetRoute<'g> {
    let start = Start {
        subnet,
        has_address: &|| public_address(instance, subnet),
        nat: None,
        to,
    };
    internet_route_of(index, &start)
}

/// Finds the route to the internet of an interface without a public address, at a property.
pub(super) fn private_route<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    at: (NodeId, &'static str),
) -> InternetRoute<'g> {
    let (has_address, to): (PublicAddress<'_>, _) = (&|| (Ternary::No, at), PUBLIC.clone());
    let nat = None;
    internet_route_of(
        index,
        &Start {
            subnet,
            has_address,
            nat,
            to,
        },
    )
}

type PublicAddress<'a> = &'a dyn Fn() -> (Ternary, (NodeId, &'static str));

/// The interface whose route is followed: of an instance, or of a NAT gateway.
struct Start<'a, 'g> {
    subnet: &'a Resolved<'g, Subnet>,
    has_address: PublicAddress<'a>,
    nat: Option<NodeId>,
    /// The public addresses.
    to: AddressSet,
}

fn internet_route_of<'g>(index: &GraphIndex<'g>, start: &Start<'_, 'g>) -> InternetRoute<'g> {
    let table = table_of(index, start.subnet);
    if let Table::Unknown = table {
        return InternetRoute::Unknown("the routes of the subnet are not in the file".to_owned());
    }
    if let Some(reason) = of_other_vpc(index, &table, start.subnet) {
        return reason;
    }
    let (routes, more) = routes(index, &table);
    // The routes to public addresses.
    let mut public: Vec<(Cidr, NodeId, &Route)> = Vec::new();
    let mut doubt = more.then(|| "a resource outside the file can add routes".to_owned());
    for (id, route, ours) in routes {
        let Some(cidr) = &route.cidr_block else {
            if let Some(list) = &route.prefix_list
                && !ranges_of(index, list)
                    .is_some_and(|ranges| ranges.iter().all(|(range, _)| !is_public(index, range)))
            {
                doubt.get_or_insert_with(|| {
                    format!("route `{}` is for a prefix list", index.name(id))
                });
            }
            continue;
        };
        match index.cidr(cidr) {
            Some(cidr) if cidr.is_private() => {}
            Some(cidr) if ours.is_yes() => public.push((cidr, id, route)),
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
    by_longest_prefix(index, start, public)
}

fn is_public(index: &GraphIndex<'_>, range: &Value<Cidr>) -> bool {
    !index.cidr(range).is_some_and(Cidr::is_private)
}

/// Follows each route that is the most specific one of some public address.
fn by_longest_prefix<'g>(
    index: &GraphIndex<'g>,
    start: &Start<'_, 'g>,
    mut public: Vec<(Cidr, NodeId, &Route)>,
) -> InternetRoute<'g> {
    public.sort_by_key(|(cidr, ..)| std::cmp::Reverse(cidr.prefix_len()));
    let mut left = start.to.clone();
    let mut exits: Vec<(NodeId, InternetRoute<'g>)> = Vec::new();
    for (cidr, id, route) in public {
        let range = AddressSet::from(cidr);
        let to = left.intersection(&range);
        if !to.is_empty() {
            left = left.without(&range);
            let part = Start { to, ..*start };
            exits.push((id, through(index, &part, id, route)));
        }
    }
    let works = |(_, exit): &&(NodeId, InternetRoute<'_>)| matches!(exit, InternetRoute::Works(..));
    let name = |(id, _): &(NodeId, InternetRoute<'_>)| index.name(*id);
    let Some(last) = exits.last() else {
        return InternetRoute::None;
    };
    if exits.iter().any(|exit| works(&exit)) {
        // The other addresses can include those of the services.
        if let Some(other) = exits.iter().find(|exit| !works(exit)) {
            return InternetRoute::Unknown(format!(
                "route `{}` takes some public addresses elsewhere",
                name(other)
            ));
        }
        if !left.is_empty() {
            return InternetRoute::Unknown(format!(
                "route `{}` covers only some public addresses",
                name(last)
            ));
        }
        return last.1.clone();
    }
    let unknown =
        |(_, exit): &&(NodeId, InternetRoute<'_>)| matches!(exit, InternetRoute::Unknown(_));
    exits.iter().find(unknown).unwrap_or(last).1.clone()
}

/// Returns the failure if a route table is not of the VPC of the subnet, which EC2 rejects.
fn of_other_vpc<'g>(
    index: &GraphIndex<'g>,
    table: &Table,
    subnet: &Resolved<'g, Subnet>,
) -> Option<InternetRoute<'g>> {
    let Table::Node(id) = table else { return None };
    let Resource::RouteTable(it) = &index.graph.node(*id)?.resource else {
        return None;
    };
    let differs = index
        .resolve_one(&it.vpc)
        .same(&index.vpc_of(subnet))
        .is_no();
    differs.then(|| {
        InternetRoute::Broken(
            format!(
                "route table `{}` is not of the VPC of the subnet",
                index.name(*id)
            ),
            (*id, "vpc"),
        )
    })
}

/// Returns whether a default route to a NAT gateway reaches the internet from a subnet.
pub(super) fn works_by_nat<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    (id, route): (NodeId, &Route),
) -> bool {
    let start = Start {
        subnet,
        has_address: &|| (Ternary::No, (id, "gateway")),
        nat: None,
        to: PUBLIC.clone(),
    };
    let is_default = route.cidr_block.as_ref().and_then(|it| index.cidr(it)) == Some(Cidr::ANY);
    is_default && matches!(through(index, &start, id, route), InternetRoute::Works(..))
}

fn through<'g>(
    index: &GraphIndex<'g>,
    start: &Start<'_, 'g>,
    id: NodeId,
    route: &Route,
) -> InternetRoute<'g> {
    if let Some(link) = &route.nat_gateway {
        return match index.resolve_one(link) {
            Resolved::Node(nat, gateway) if start.nat.is_none() => {
                by_nat(index, start, nat, gateway)
            }
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
                        by_gateway(index, start, id)
                    }
                    _ => InternetRoute::Unknown(format!(
                        "the gateway of route `{}` is not in the file",
                        index.name(id)
                    )),
                };
            }
        };
        return match attached(index, gateway, &index.vpc_of(start.subnet)) {
            Ternary::Yes if is_edge_routed(index, gateway) => InternetRoute::Unknown(format!(
                "the route table of internet gateway `{}` can divert the return traffic",
                index.name(gateway)
            )),
            Ternary::Yes => by_gateway(index, start, id),
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
    let name = index.name(id);
    if let Some(interface) = blackhole(index, route) {
        return InternetRoute::Broken(
            format!(
                "route `{name}` is a blackhole, since network interface `{}` is attached to no \
                 instance",
                index.name(interface)
            ),
            (id, "network_interface"),
        );
    }
    if route.vpc_peering_connection.is_some() {
        // <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>
        return InternetRoute::Broken(
            format!(
                "route `{name}` points to a VPC peering connection, through which no gateway of the \
                 other VPC is reached"
            ),
            (id, "vpc_peering_connection"),
        );
    }
    InternetRoute::Unknown(match target(route) {
        Some(target) => format!(
            "route `{name}` points to a {target}, and the file does not show the path behind it"
        ),
        None => format!("route `{name}` has a target that the file does not describe"),
    })
}

/// Returns the kind of a target whose onward path the model does not contain.
fn target(route: &Route) -> Option<&'static str> {
    let kinds = [
        (route.transit_gateway.is_some(), "transit gateway"),
        (
            route.vpc_endpoint.is_some(),
            "Gateway Load Balancer endpoint",
        ),
        (route.network_interface.is_some(), "network interface"),
        (route.instance.is_some(), "NAT instance"),
        (route.carrier_gateway.is_some(), "carrier gateway"),
        (route.local_gateway.is_some(), "local gateway"),
        (route.core_network.is_some(), "core network"),
    ];
    kinds
        .into_iter()
        .find(|(set, _)| *set)
        .map(|(_, name)| name)
}

fn by_gateway<'g>(
    index: &GraphIndex<'g>,
    start: &Start<'_, 'g>,
    route: NodeId,
) -> InternetRoute<'g> {
    let (address, at) = (start.has_address)();
    match address {
        Ternary::Yes => match blocked(
            index,
            Some(start.subnet),
            &index.vpc_of(start.subnet),
            start.nat.is_some(),
        ) {
            Some(blocked) => blocked,
            None => InternetRoute::Works(route, Exit::InternetGateway),
        },
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

/// Returns the result if Block Public Access blocks or can block the internet gateway.
fn blocked<'g>(
    index: &GraphIndex<'g>,
    subnet: Option<&Resolved<'g, Subnet>>,
    vpc: &VpcRef<'g>,
    nat: bool,
) -> Option<InternetRoute<'g>> {
    let (options, blocks) = block_public_access::blocked(index, subnet, vpc, nat)?;
    let name = index.name(options);
    Some(if blocks.is_yes() {
        InternetRoute::Broken(
            format!("Block Public Access `{name}` blocks the internet gateway"),
            (options, "internet_gateway_block_mode"),
        )
    } else {
        InternetRoute::Unknown(format!(
            "the file does not show whether Block Public Access `{name}` blocks the internet gateway"
        ))
    })
}

fn by_nat<'g>(
    index: &GraphIndex<'g>,
    from: &Start<'_, 'g>,
    id: NodeId,
    gateway: &'g NatGateway,
) -> InternetRoute<'g> {
    let name = index.name(id);
    match &gateway.connectivity_type {
        Some(Value::Lit(ConnectivityType::Private)) => {
            return InternetRoute::Broken(
                format!("NAT gateway `{name}` is private"),
                (id, "connectivity_type"),
            );
        }
        Some(Value::Expr(_)) => {
            return InternetRoute::Unknown(format!(
                "the connectivity type of NAT gateway `{name}` is unknown"
            ));
        }
        _ => {}
    }
    if !index.exists(id).is_yes() {
        return InternetRoute::Unknown(format!(
            "the file does not show whether NAT gateway `{name}` exists"
        ));
    }
    match availability(index, id, gateway) {
        Some(AvailabilityMode::Zonal) => {}
        Some(AvailabilityMode::Regional) => {
            return by_regional_nat(index, from.subnet, id, gateway);
        }
        None => {
            return InternetRoute::Unknown(format!(
                "the availability mode of NAT gateway `{name}` is unknown"
            ));
        }
    }
    if gateway.allocation.is_none() && !is_unmodeled(index, id, "allocation") {
        return InternetRoute::Broken(
            format!("NAT gateway `{name}` has no Elastic IP address"),
            (id, "allocation"),
        );
    }
    let all = index.resolve(&gateway.subnet);
    let mut found = all
        .iter()
        .map(|subnet| by_zonal_nat(index, from, id, subnet));
    match (found.len(), found.next()) {
        (1, Some(one)) => one,
        (_, Some(first))
            if matches!(first, InternetRoute::Works(..))
                && found.all(|exit| matches!(exit, InternetRoute::Works(..))) =>
        {
            first
        }
        _ => InternetRoute::Unknown(format!("the subnet of NAT gateway `{name}` is unknown")),
    }
}

/// Returns the availability mode of a NAT gateway if it is known.
fn availability(
    index: &GraphIndex<'_>,
    id: NodeId,
    gateway: &NatGateway,
) -> Option<AvailabilityMode> {
    if is_unmodeled(index, id, "availability_mode") {
        return None;
    }
    match &gateway.availability_mode {
        Some(Value::Lit(mode)) => Some(*mode),
        Some(Value::Expr(_)) => None,
        // The model has no argument of Terraform for it.
        None if gateway.subnet.is_absent() && !is_unmodeled(index, id, "subnet") => {
            Some(AvailabilityMode::Regional)
        }
        None => Some(AvailabilityMode::Zonal),
    }
}

fn by_zonal_nat<'g>(
    index: &GraphIndex<'g>,
    from: &Start<'_, 'g>,
    id: NodeId,
    subnet: &Resolved<'g, Subnet>,
) -> InternetRoute<'g> {
    let name = index.name(id);
    let at = (id, "subnet");
    if index
        .vpc_of(subnet)
        .same(&index.vpc_of(from.subnet))
        .is_no()
    {
        return InternetRoute::Broken(format!("NAT gateway `{name}` is in another VPC"), at);
    }
    let start = Start {
        subnet,
        has_address: &|| (Ternary::Yes, (id, "allocation")),
        nat: Some(id),
        to: from.to.clone(),
    };
    match internet_route_of(index, &start) {
        InternetRoute::Works(..) => InternetRoute::Works(id, Exit::Nat(subnet.clone())),
        InternetRoute::None => InternetRoute::Broken(
            format!("NAT gateway `{name}` is in a subnet without a route to an internet gateway"),
            at,
        ),
        InternetRoute::Broken(reason, _) => InternetRoute::Broken(
            format!("the NAT gateway cannot reach the internet: {reason}"),
            at,
        ),
        InternetRoute::Unknown(reason) => InternetRoute::Unknown(reason),
    }
}

/// A regional NAT gateway has its own route table, which points to the internet gateway of the VPC.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html>
fn by_regional_nat<'g>(
    index: &GraphIndex<'g>,
    from: &Resolved<'g, Subnet>,
    id: NodeId,
    gateway: &'g NatGateway,
) -> InternetRoute<'g> {
    let name = index.name(id);
    let vpc = index.vpc_of(from);
    let same = match &gateway.vpc {
        Some(link) => index.resolve_one(link).same(&vpc),
        None => Ternary::Unknown,
    };
    if same.is_no() {
        return InternetRoute::Broken(
            format!("NAT gateway `{name}` is in another VPC"),
            (id, "vpc"),
        );
    }
    let attached = has_internet_gateway(index, &vpc);
    if attached.is_no() {
        return InternetRoute::Broken(
            format!("NAT gateway `{name}` is in a VPC without an attached internet gateway"),
            (id, "vpc"),
        );
    }
    if !same.is_yes()
        || !gateway.zone_addresses.is_empty()
        || !attached.is_yes()
        || is_unmodeled(index, id, "zone_addresses")
    {
        return InternetRoute::Unknown(format!(
            "the file does not show whether regional NAT gateway `{name}` serves the subnet"
        ));
    }
    // The NAT gateway is in no subnet that an exclusion can name.
    match blocked(index, None, &vpc, true) {
        Some(blocked) => blocked,
        None => InternetRoute::Works(id, Exit::RegionalNat),
    }
}

/// Returns whether a VPC of the file has an internet gateway.
pub(super) fn has_internet_gateway<'g>(index: &GraphIndex<'g>, vpc: &VpcRef<'g>) -> Ternary {
    let attached = Ternary::any(index.all::<VpcGatewayAttachment>().map(|(tie, _, it)| {
        let of_internet = it
            .internet_gateway
            .as_ref()
            .is_some_and(|it| !it.is_absent());
        index
            .resolve_one(&it.vpc)
            .same(vpc)
            .and(index.exists(tie))
            .and(of_internet.into())
    }));
    let hidden = vpc.node().is_none_or(|id| {
        index.is_externally_modified(id) || index.graph.node(id).is_some_and(Node::is_lookup)
    });
    attached.or(if hidden {
        Ternary::Unknown
    } else {
        Ternary::No
    })
}

/// Returns whether an internet gateway is attached to a VPC.
pub(super) fn attached<'g>(index: &GraphIndex<'g>, gateway: NodeId, vpc: &VpcRef<'g>) -> Ternary {
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
        ours.and(index.resolve_one(&tie.vpc).same(vpc))
            .and(index.exists(id))
    });
    Ternary::any(ties).and(gateway_exists)
}
