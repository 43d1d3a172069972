//! Traffic inside a VPC: the local route, and more specific routes that divert it.

use super::addresses::of_vpc;
use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::routes::{blackhole, has_other_routes, routes, table_of};
use super::security::ranges_of;
use super::ternary::Ternary;
use crate::ir::{AddressSet, Cidr, NodeId, Value};
use crate::resource::{Route, Subnet};

/// A route that takes traffic between subnets elsewhere.
pub(crate) struct Diversion {
    pub(crate) route: NodeId,
    /// Whether the traffic arrives anyway. Not `Yes`.
    pub(crate) arrives: Ternary,
    pub(crate) reason: String,
}

/// Returns the route of a subnet that diverts traffic to addresses in the VPC, or to any of them if
/// the addresses are unknown. The most specific route applies.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html#route-priority>
pub(crate) fn diversion<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    to: Option<&AddressSet>,
) -> Option<Diversion> {
    let (routes, _) = routes(index, &table_of(index, subnet));
    let local = match index.vpc_of(subnet) {
        Resolved::Node(id, vpc) => of_vpc(index, id, vpc),
        _ => None,
    };
    // The local route has precedence over a shorter one, such as the default route.
    let is_inside = |range: Cidr| match &local {
        Some(local) => local.iter().any(|local| local.contains(range)),
        None => range != Cidr::ANY && range.is_private(),
    };
    let mut inside: Vec<(Cidr, NodeId, &Route, Ternary)> = Vec::new();
    for (id, route, ours) in routes {
        match (&route.cidr_block, &route.prefix_list) {
            (Some(range), _) => match index.cidr(range) {
                Some(range) if is_inside(range) => inside.push((range, id, route, ours)),
                None if is_elsewhere(route) => {
                    inside.push((Cidr::ANY, id, route, Ternary::Unknown));
                }
                _ => {}
            },
            (None, Some(list)) if is_elsewhere(route) => {
                let ranges = ranges_of(index, list).unwrap_or_default();
                let ranges = ranges
                    .into_iter()
                    .filter_map(|(range, _)| index.cidr(range));
                let ranges = ranges.filter(|range| is_inside(*range));
                inside.extend(ranges.map(|range| (range, id, route, Ternary::Unknown)));
            }
            (None, _) => {}
        }
    }
    inside.sort_by_key(|(range, ..)| std::cmp::Reverse(range.prefix_len()));
    let all = to.cloned().unwrap_or_else(AddressSet::all);
    let mut left = all.clone();
    let mut lost = AddressSet::default();
    let mut first: Option<(NodeId, String)> = None;
    for (range, id, route, ours) in inside {
        let range = AddressSet::from(range);
        let part = left.intersection(&range);
        if part.is_empty() {
            continue;
        }
        if ours.is_yes() {
            left = left.without(&range);
        }
        // The ranges of an existing VPC can be smaller than the route.
        let by_nat = route.nat_gateway.is_some() && local.is_some();
        if !is_elsewhere(route) && !by_nat {
            continue;
        }
        let name = index.name(id);
        match blackhole(index, route) {
            Some(interface) if ours.is_yes() => {
                lost = lost.union(&part);
                first.get_or_insert_with(|| {
                    let interface = index.name(interface);
                    let reason = format!(
                        "route `{name}` diverts traffic inside the VPC to network interface \
                         `{interface}`, which is attached to no instance"
                    );
                    (id, reason)
                });
            }
            _ => {
                first.get_or_insert_with(|| {
                    (id, format!("route `{name}` diverts traffic inside the VPC"))
                });
            }
        }
    }
    first.map(|(route, reason)| Diversion {
        route,
        arrives: if to.is_some() && lost.contains(&all) {
            Ternary::No
        } else {
            Ternary::Unknown
        },
        reason,
    })
}

/// Returns whether a route has a target that EC2 accepts for a part of the VPC.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html>
fn is_elsewhere(route: &Route) -> bool {
    route.vpc_endpoint.is_some() || route.network_interface.is_some() || route.instance.is_some()
}

/// Returns whether a VPC has no route to private addresses outside its ranges: only the internet is
/// beyond the gateways of the file.
pub(crate) fn leads_nowhere(index: &GraphIndex<'_>, vpc: &VpcRef<'_>, to: Cidr) -> bool {
    let Resolved::Node(id, it) = vpc else {
        return false;
    };
    let outside =
        of_vpc(index, *id, it).is_some_and(|ranges| !ranges.iter().any(|range| range.overlaps(to)));
    let mut others = index.all::<Route>().filter(|(_, _, route)| {
        let misses =
            |range: &Value<Cidr>| index.cidr(range).is_some_and(|range| !range.overlaps(to));
        let to_internet = route.nat_gateway.is_some()
            || route.egress_only_gateway.is_some()
            || route
                .gateway
                .as_ref()
                .is_some_and(|link| matches!(index.resolve_one(link), Resolved::Node(..)));
        !to_internet
            && !route.cidr_block.as_ref().is_some_and(misses)
            && blackhole(index, route).is_none()
    });
    to.is_private() && outside && others.next().is_none() && !has_other_routes(index)
}
