//! Traffic between two VPCs of the file, through a peering connection.
//!
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>

use super::cache::Table;
use super::fix::{Fix, link};
use super::graph_index::{GraphIndex, Resolved};
use super::routes::{flag, routes, table_of};
use super::ternary::Ternary;
use crate::ir::{AddressSet, Cidr, Dialect, NodeId};
use crate::resource::{Node, Resource, Route, RouteTable, Subnet, VpcPeeringConnection};

/// Returns the peering connections between two VPCs, and whether each is active.
pub(crate) fn between(
    index: &GraphIndex<'_>,
    one: NodeId,
    other: NodeId,
) -> Vec<(NodeId, Ternary)> {
    let all = index.all::<VpcPeeringConnection>();
    let connects = all.filter(|(_, _, it)| {
        let ends = [&it.vpc, &it.peer_vpc].map(|link| index.resolve_one(link).node());
        ends == [Some(one), Some(other)] || ends == [Some(other), Some(one)]
    });
    connects
        .map(|(id, node, it)| (id, index.exists(id).and(is_accepted(node, it))))
        .collect()
}

/// Returns whether the request of a peering connection is accepted.
fn is_accepted(node: &Node, it: &VpcPeeringConnection) -> Ternary {
    let accepts = match node.dialect() {
        Dialect::Cfn => Ternary::Yes,
        // Another resource, or a person, can accept it.
        Dialect::Tf => flag(it.auto_accept.as_ref()).or(Ternary::Unknown),
    };
    match it.is_local() {
        true => accepts,
        false => Ternary::Unknown,
    }
}

/// Returns whether the route table of a subnet sends traffic for all of the addresses through one of the
/// peering connections. No if it sends none of it.
pub(crate) fn leads<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    to: Option<&AddressSet>,
    by: &[(NodeId, Ternary)],
) -> Ternary {
    let table = table_of(index, subnet);
    let (routes, more) = routes(index, &table);
    let (Some(to), false, false) = (to, more, matches!(table, Table::Unknown)) else {
        return Ternary::Unknown;
    };
    let mut ranges: Vec<(Cidr, &Route, Ternary)> = Vec::new();
    for (_, route, ours) in routes {
        match &route.cidr_block {
            Some(range) => match index.cidr(range) {
                Some(range) => ranges.push((range, route, ours)),
                None => return Ternary::Unknown,
            },
            None if route.prefix_list.is_some() => return Ternary::Unknown,
            None => {}
        }
    }
    ranges.sort_by_key(|(range, ..)| std::cmp::Reverse(range.prefix_len()));
    let mut left = to.clone();
    let mut arrives = AddressSet::default();
    for (range, route, ours) in ranges {
        let range = AddressSet::from(range);
        let part = left.intersection(&range);
        if part.is_empty() {
            continue;
        }
        left = left.without(&range);
        let target = route.vpc_peering_connection.as_ref();
        let target = target.map(|link| index.resolve_one(link));
        let active = match &target {
            Some(Resolved::Node(id, _)) => {
                let known = by.iter().find(|(own, _)| own == id);
                known.map_or(Ternary::No, |(_, active)| *active)
            }
            Some(_) => Ternary::Unknown,
            None => Ternary::No,
        };
        match active.and(ours) {
            Ternary::Yes => arrives = arrives.union(&part),
            Ternary::No if ours.is_yes() => {}
            _ => return Ternary::Unknown,
        }
    }
    if arrives.contains(to) {
        Ternary::Yes
    } else if arrives.is_empty() {
        Ternary::No
    } else {
        Ternary::Unknown
    }
}

/// Adds the route to another VPC to the route table of a subnet.
pub(crate) fn route<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    to: NodeId,
    by: NodeId,
) -> Option<Fix> {
    let Table::Node(table) = table_of(index, subnet) else {
        return None;
    };
    let node = index.graph.node(table)?;
    let Resource::Vpc(vpc) = &index.graph.node(to)?.resource else {
        return None;
    };
    if !matches!(node.resource, Resource::RouteTable(_)) {
        return None;
    }
    let mut route = Route::new(link::<RouteTable>(table));
    route.cidr_block = Some(vpc.cidr_block.clone());
    route.vpc_peering_connection = Some(link(by));
    Some(Fix::add("RouteToPeer", route))
}
