//! Gateways, routes and network ACLs that EC2 refuses for the VPC that they are in.

use std::collections::HashMap;

use super::fixes::{attach, free_number, gateway_of_vpc, move_to};
use super::{Refusal, is_connected, together};
use crate::ir::{Cidr, Expr, Link, NodeId, Value};
use crate::reachability::addresses::of_vpc;
use crate::reachability::endpoint::is_interface;
use crate::reachability::fix::{link, raw};
use crate::reachability::graph_index::{GraphIndex, Resolved, VpcRef};
use crate::reachability::internet_route::{attached, has_internet_gateway};
use crate::reachability::service::ServiceName;
use crate::reachability::service_name::service_name;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop, instance};
use crate::resource::{
    AvailabilityMode, ConnectivityType, Eip, EipAssociation, Instance, InternetGateway, NatGateway,
    NetworkAcl, NetworkAclEntry, NetworkInterface, Resource, Route, RouteTable, Subnet,
    SubnetNetworkAclAssociation, SubnetRouteTableAssociation, TransitGatewayVpcAttachment, Typed,
    Vpc, VpcEndpoint, VpcGatewayAttachment,
};

/// Two internet gateways of a VPC, or two VPCs of an internet gateway.
pub(super) fn attached_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let ties: Vec<(NodeId, VpcRef<'_>, Resolved<'_, InternetGateway>)> = index
        .all::<VpcGatewayAttachment>()
        .filter_map(|(id, _, tie)| {
            let gateway = tie.internet_gateway.as_ref().filter(|it| !it.is_absent())?;
            Some((id, index.resolve_one(&tie.vpc), index.resolve_one(gateway)))
        })
        .collect();
    let mut found = Vec::new();
    for (n, (id, vpc, gateway)) in ties.iter().enumerate() {
        let same_vpc = ties[..n]
            .iter()
            .find(|(_, other, _)| vpc.same(other).is_yes());
        let same_gateway = ties[..n]
            .iter()
            .find(|(_, _, other)| gateway.same(other).is_yes());
        // What routes lead through remains.
        let routes = |attachment: NodeId| {
            let tie = ties.iter().find(|(id, ..)| *id == attachment);
            tie.map_or(0, |(_, vpc, gateway)| routes_through(index, vpc, gateway))
        };
        let (other, reason) = match (same_vpc, same_gateway) {
            (Some((other, ..)), _) => (*other, "the VPC already has an internet gateway by"),
            (None, Some((other, ..))) => {
                (*other, "its internet gateway is attached to another VPC by")
            }
            (None, None) => continue,
        };
        found.extend(
            Refusal::new(
                Hop::Route,
                (*id, "vpc"),
                together(index, &[*id, other]),
                format!(
                    "AWS refuses `{}` (`Resource.AlreadyAssociated`): {reason} `{}`",
                    index.name(*id),
                    index.name(other)
                ),
            )
            .map(|it| {
                let spare = if routes(other) < routes(*id) {
                    other
                } else {
                    *id
                };
                it.fix(Fix::remove(index.graph, spare))
            }),
        );
    }
    found
}

/// Returns the number of routes of a VPC to an internet gateway.
fn routes_through(
    index: &GraphIndex<'_>,
    vpc: &VpcRef<'_>,
    gateway: &Resolved<'_, InternetGateway>,
) -> usize {
    let through = |route: &Route| {
        let target = route.gateway.as_ref()?;
        let Resolved::Node(_, table) = index.resolve_one::<RouteTable>(&route.route_table) else {
            return None;
        };
        let same = index.resolve_one(target).same(gateway);
        let same = same.and(index.resolve_one(&table.vpc).same(vpc));
        same.is_yes().then_some(())
    };
    let routes = index.all::<Route>();
    routes.filter_map(|(_, _, route)| through(route)).count()
}

/// A public NAT gateway, or an Elastic IP address of an instance, in a VPC without an internet gateway.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
pub(super) fn without_gateway(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let none = |subnet: &Resolved<'_, Subnet>| {
        let vpc = match subnet {
            Resolved::Node(_, it) => index.resolve_one(&it.vpc),
            _ => return None,
        };
        let node = vpc.node()?;
        has_internet_gateway(index, &vpc).is_no().then_some(node)
    };
    let mut found = Vec::new();
    for (id, _, nat) in index.all::<NatGateway>() {
        let public = matches!(
            nat.connectivity_type,
            None | Some(Value::Lit(ConnectivityType::Public))
        );
        let zonal = matches!(
            nat.availability_mode,
            None | Some(Value::Lit(AvailabilityMode::Zonal))
        );
        if let Some(vpc) = none(&index.resolve_one(&nat.subnet))
            && public
            && zonal
        {
            let reason = format!(
                "AWS refuses `{}` (`Gateway.NotAttached`): `{}` has no internet gateway, which a \
                 public NAT gateway requires",
                index.name(id),
                index.name(vpc)
            );
            let certain = together(index, &[id, vpc]);
            let refusal = Refusal::new(Hop::Route, (id, "subnet"), certain, reason);
            found.extend(refusal.map(|it| it.fix(attach(index, vpc))));
        }
    }
    let subnets = instance_subnets(index);
    let by_interface = |link: &Link<NetworkInterface>| match index.resolve_one(link) {
        Resolved::Node(_, interface) => Some(index.resolve_one(&interface.subnet)),
        _ => None,
    };
    let by_instance = |link: &Link<Instance>| {
        let id = index.resolve_one(link).node()?;
        subnets.get(&id).cloned()
    };
    let attached = |id, instance: &Option<_>, interface: &Option<_>| {
        let of_instance = instance.as_ref().and_then(by_instance);
        let field = if instance.is_some() {
            "instance"
        } else {
            "network_interface"
        };
        let subnet = of_instance.or_else(|| interface.as_ref().and_then(by_interface));
        (id, subnet, field)
    };
    let associations = index
        .all::<EipAssociation>()
        .map(|(id, _, it)| attached(id, &it.instance, &it.network_interface));
    let nested = index
        .all::<Eip>()
        .map(|(id, _, it)| attached(id, &it.instance, &it.network_interface));
    for (id, subnet, field) in associations.chain(nested) {
        if let Some(vpc) = subnet.and_then(|subnet| none(&subnet)) {
            let reason = format!(
                "AWS refuses `{}` (`Gateway.NotAttached`): `{}` has no internet gateway, which an \
                 Elastic IP address of an instance requires",
                index.name(id),
                index.name(vpc)
            );
            let certain = together(index, &[id, vpc]);
            let refusal = Refusal::new(Hop::Route, (id, field), certain, reason);
            found.extend(refusal.map(|it| it.fix(attach(index, vpc))));
        }
    }
    found
}

/// Returns the subnet of each instance in a certain one.
fn instance_subnets<'g>(index: &GraphIndex<'g>) -> HashMap<NodeId, Resolved<'g, Subnet>> {
    let all = instance::all(index).into_iter();
    all.filter_map(|config| match config.placements.as_slice() {
        [one] if one.certain => Some((config.node, one.subnet.clone())),
        _ => None,
    })
    .collect()
}

/// A route to a gateway that is not of the VPC of the route table.
pub(super) fn foreign_routes(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, _, route) in index.all::<Route>() {
        let Resolved::Node(table, it) = index.resolve_one::<RouteTable>(&route.route_table) else {
            continue;
        };
        let vpc = index.resolve_one(&it.vpc);
        let Resolved::Node(vpc_id, of) = vpc else {
            continue;
        };
        let name = index.name(id);
        if let Some(Resolved::Node(gateway, _)) =
            route.gateway.as_ref().map(|link| index.resolve_one(link))
        {
            let elsewhere =
                index.is_externally_modified(gateway) || index.is_externally_modified(vpc_id);
            if attached(index, gateway, &vpc).is_no() && !elsewhere {
                let reason = format!(
                    "AWS refuses `{name}` (`InvalidParameterValue`): internet gateway `{}` is not \
                     attached to `{}`",
                    index.name(gateway),
                    index.name(vpc_id)
                );
                let certain = together(index, &[id, table, gateway]);
                let refusal = Refusal::new(Hop::Route, (id, "gateway"), certain, reason);
                let fix = || gateway_of_vpc(index, id, gateway, vpc_id);
                found.extend(refusal.map(|it| it.fix(fix())));
            }
            let inside = route
                .cidr_block
                .as_ref()
                .and_then(|range| index.cidr(range));
            if let (Some(range), Some(all)) = (inside, of_vpc(index, vpc_id, of))
                && let Some(local) = all.iter().find(|local| local.contains(range))
            {
                let reason = format!(
                    "AWS refuses `{name}` (`InvalidParameterValue`): a route to an internet gateway \
                     cannot be more specific than the local route `{local}`"
                );
                let certain = together(index, &[id, table, gateway]);
                let refusal = Refusal::new(Hop::Route, (id, "cidr_block"), certain, reason);
                found.extend(refusal.map(|it| it.fix(Fix::remove(index.graph, id))));
            }
        }
        if let Some(Resolved::Node(nat, it)) = route
            .nat_gateway
            .as_ref()
            .map(|link| index.resolve_one(link))
            && index
                .vpc_of(&index.resolve_one(&it.subnet))
                .same(&vpc)
                .is_no()
        {
            let reason = format!(
                "AWS refuses `{name}` (`InvalidParameterValue`): NAT gateway `{}` is in another VPC \
                 than route table `{}`",
                index.name(nat),
                index.name(table)
            );
            let certain = together(index, &[id, table, nat]);
            let refusal = Refusal::new(Hop::Route, (id, "nat_gateway"), certain, reason);
            let own = index.all::<NatGateway>().find(|(_, _, it)| {
                let of = index.vpc_of(&index.resolve_one(&it.subnet));
                of.same(&vpc).is_yes()
            });
            let fix = match own {
                Some((nat, ..)) => Fix::set(id, "nat_gateway", raw::<NatGateway>(&link(nat))),
                None => Fix::remove(index.graph, id),
            };
            found.extend(refusal.map(|it| it.fix(fix)));
        }
    }
    found
}

/// Routes of a VPC to a transit gateway of the file, without an attachment. That of an existing one can be
/// elsewhere.
/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>
pub(super) fn routes_without_attachment(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    let is_existing = |id: NodeId| {
        let origin = index.graph.node(id).and_then(|it| it.origin.as_ref());
        origin.is_some_and(|it| it.is_existing)
    };
    for (id, _, route) in index.all::<Route>() {
        let gateway = match &route.transit_gateway {
            Some(Value::Expr(Expr::Attr(gateway, _) | Expr::Other(gateway, _)))
                if !is_existing(*gateway) =>
            {
                *gateway
            }
            _ => continue,
        };
        let Resolved::Node(table, it) = index.resolve_one::<RouteTable>(&route.route_table) else {
            continue;
        };
        let vpc = index.resolve_one(&it.vpc);
        let Some(vpc_id) = vpc.node() else { continue };
        let of_vpc = |(id, _, it): (NodeId, _, &TransitGatewayVpcAttachment)| {
            index.resolve_one(&it.vpc).same(&vpc).and(index.exists(id))
        };
        let attached = Ternary::any(index.all::<TransitGatewayVpcAttachment>().map(of_vpc));
        let unmodeled = ["AWS::EC2::TransitGatewayAttachment"];
        let elsewhere =
            index.is_externally_modified(vpc_id) || is_connected(index, &unmodeled, &[vpc_id]);
        if attached.is_no() && !elsewhere {
            let reason = format!(
                "AWS refuses `{}` (`InvalidTransitGatewayID.NotFound`): `{}` has no attachment to a transit gateway",
                index.name(id),
                index.name(vpc_id)
            );
            let certain = together(index, &[id, table, gateway]);
            let refusal = Refusal::new(Hop::Route, (id, "transit_gateway"), certain, reason);
            let fix =
                "attach the VPC to the transit gateway, and let the route depend on the attachment";
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        }
    }
    found
}

/// Returns the refusal of an association of a subnet with a resource of another VPC.
fn foreign<'g, R: Typed + 'g>(
    index: &GraphIndex<'g>,
    hop: Hop,
    at: (NodeId, &'static str),
    subnet: &Link<Subnet>,
    to: &Link<R>,
    vpc: impl Fn(&'g R) -> &'g Link<Vpc>,
    subnets: impl Fn(NodeId) -> Vec<Option<NodeId>>,
) -> Option<Refusal> {
    let (Resolved::Node(id, it), Resolved::Node(other, resource)) =
        (index.resolve_one(subnet), index.resolve_one(to))
    else {
        return None;
    };
    let of_subnet = index.resolve_one(&it.vpc);
    let same = of_subnet.same(&index.resolve_one(vpc(resource)));
    if !same.is_no() {
        return None;
    }
    let refusal = Refusal::new(
        hop,
        at,
        together(index, &[at.0, id, other]),
        format!(
            "AWS refuses `{}` (`InvalidParameterValue`): `{}` and `{}` are in different VPCs",
            index.name(at.0),
            index.name(id),
            index.name(other)
        ),
    )?;
    let moved = of_subnet
        .node()
        .and_then(|vpc| move_to(index, other, vpc, subnets(other)));
    // The VPC has a main route table and a default network ACL.
    Some(refusal.fix(moved.unwrap_or_else(|| Fix::remove(index.graph, at.0))))
}

/// A route table or network ACL of another VPC than the subnet.
pub(super) fn foreign_associations(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let of_table = |table: NodeId| {
        let all = index.all::<SubnetRouteTableAssociation>();
        all.filter(|(_, _, it)| index.resolve_one(&it.route_table).node() == Some(table))
            .map(|(_, _, it)| index.resolve_one(&it.subnet).node())
            .collect::<Vec<_>>()
    };
    let of_acl = |acl: NodeId| {
        let all = index.all::<SubnetNetworkAclAssociation>();
        all.filter(|(_, _, it)| index.resolve_one(&it.network_acl).node() == Some(acl))
            .map(|(_, _, it)| index.resolve_one(&it.subnet).node())
            .collect::<Vec<_>>()
    };
    let tables = index
        .all::<SubnetRouteTableAssociation>()
        .filter_map(|(id, _, tie)| {
            let at = (id, "route_table");
            foreign(
                index,
                Hop::Route,
                at,
                &tie.subnet,
                &tie.route_table,
                |it: &RouteTable| &it.vpc,
                of_table,
            )
        });
    let acls = index
        .all::<SubnetNetworkAclAssociation>()
        .filter_map(|(id, _, tie)| {
            let at = (id, "network_acl");
            foreign(
                index,
                Hop::NetworkAcl,
                at,
                &tie.subnet,
                &tie.network_acl,
                |it: &NetworkAcl| &it.vpc,
                of_acl,
            )
        });
    tables.chain(acls).collect()
}

/// A subnet with two route tables.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html>
pub(super) fn associated_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut seen = HashMap::new();
    for (id, _, tie) in index.all::<SubnetRouteTableAssociation>() {
        let Some(subnet) = index.resolve_one::<Subnet>(&tie.subnet).node() else {
            continue;
        };
        let Some(first) = first_of(index, &mut seen, subnet, id) else {
            continue;
        };
        let reason = format!(
            "AWS refuses `{}` (`Resource.AlreadyAssociated`): `{}` associates `{}` with a route table too",
            index.name(id),
            index.name(first),
            index.name(subnet)
        );
        let certain = together(index, &[id, first]);
        let refusal = Refusal::new(Hop::Route, (id, "subnet"), certain, reason);
        found.extend(refusal.map(|it| it.fix(Fix::manual("remove one of the associations"))));
    }
    found
}

/// Returns the first resource of a key, and whether the file writes both in the same form. A plan
/// repeats what it reads from AWS in the resource that contains it.
pub(super) fn first_of<K: std::hash::Hash + Eq>(
    index: &GraphIndex<'_>,
    seen: &mut HashMap<(K, bool), NodeId>,
    key: K,
    id: NodeId,
) -> Option<NodeId> {
    let origin = index.graph.node(id).and_then(|node| node.origin.as_ref());
    let is_nested = origin.is_some_and(|origin| origin.parent.is_some());
    let first = *seen.entry((key, is_nested)).or_insert(id);
    (first != id).then_some(first)
}

/// Two entries of a network ACL with one number in one direction.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>
pub(super) fn entries_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut seen = HashMap::new();
    let one = |(id, _, entry): (NodeId, _, &NetworkAclEntry)| {
        let acl = match index.resolve_one(&entry.network_acl) {
            Resolved::Node(acl, _) | Resolved::OtherType(acl) => acl,
            Resolved::Outside(_) => return None,
        };
        let egress = match &entry.egress {
            None => false,
            Some(value) => *value.lit()?,
        };
        let number = *entry.rule_number.lit()?;
        let other = first_of(index, &mut seen, (acl, egress, number), id)?;
        let direction = if egress { "outbound" } else { "inbound" };
        let refusal = Refusal::new(
            Hop::NetworkAcl,
            (id, "rule_number"),
            together(index, &[id, other]),
            format!(
                "AWS refuses `{}` (`NetworkAclEntryAlreadyExists`): `{}` is the {direction} entry \
                 {number} of `{}` too",
                index.name(id),
                index.name(other),
                index.name(acl)
            ),
        )?;
        Some(refusal.fix(free_number(index, id, (acl, egress, number))))
    };
    index.all::<NetworkAclEntry>().filter_map(one).collect()
}

/// Two gateway endpoints for a service that add their route to one table.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
pub(super) fn gateway_endpoints_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut seen: HashMap<(NodeId, String), NodeId> = HashMap::new();
    let mut found = Vec::new();
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        if !is_interface(endpoint).is_no() {
            continue;
        }
        let ServiceName::Aws(service, _) = service_name(index, id, endpoint) else {
            continue;
        };
        for link in &endpoint.route_tables {
            let Resolved::Node(table, _) = index.resolve_one::<RouteTable>(link) else {
                continue;
            };
            let first = *seen.entry((table, service.clone())).or_insert(id);
            if first == id {
                continue;
            }
            let reason = format!(
                "AWS refuses `{}` (`RouteAlreadyExists`): `{}` adds the route of the service to `{}` too",
                index.name(id),
                index.name(first),
                index.name(table)
            );
            let certain = together(index, &[id, first]);
            let refusal = Refusal::new(Hop::Route, (id, "route_tables"), certain, reason);
            found.extend(refusal.map(|it| it.fix(Fix::remove(index.graph, id))));
        }
    }
    found
}

/// Two routes of a table to one destination.
pub(super) fn routes_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut seen: HashMap<((NodeId, Cidr), bool), NodeId> = HashMap::new();
    let one = |(id, _, route): (NodeId, _, &Route)| {
        let table = match index.resolve_one::<RouteTable>(&route.route_table) {
            Resolved::Node(table, _) | Resolved::OtherType(table) => table,
            Resolved::Outside(_) => return None,
        };
        let range = index.cidr(route.cidr_block.as_ref()?)?;
        let other = first_of(index, &mut seen, (table, range), id)?;
        let refusal = Refusal::new(
            Hop::Route,
            (id, "cidr_block"),
            together(index, &[id, other]),
            format!(
                "AWS refuses `{}` (`RouteAlreadyExists`): `{}` is a route of `{}` to `{range}` too",
                index.name(id),
                index.name(other),
                index.name(table)
            ),
        )?;
        let is_public = |id: NodeId| match index.graph.node(id).map(|node| &node.resource) {
            Some(Resource::Route(it)) => it.gateway.is_some(),
            _ => false,
        };
        // An instance needs no public address behind a NAT gateway.
        let spare = if is_public(other) && !is_public(id) {
            other
        } else {
            id
        };
        Some(refusal.fix(Fix::remove(index.graph, spare)))
    };
    index.all::<Route>().filter_map(one).collect()
}
