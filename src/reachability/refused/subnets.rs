//! Endpoints that AWS refuses for their subnets: zones, address types, and the VPC.

use super::endpoints::endpoints;
use super::{Refusal, is_connected, together};
use crate::ir::{Expr, NodeId, Text, Value};
use crate::reachability::fix::{link, raw};
use crate::reachability::graph_index::{GraphIndex, Resolved, expr_of};
use crate::reachability::hop::subnets_of;
use crate::reachability::path::{self, Candidate};
use crate::reachability::routes::flag;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{RawValue, Subnet, Vpc, VpcCidrBlock, VpcEndpoint};

/// Types that add a range to a subnet.
const SUBNET_RANGE: [&str; 1] = ["AWS::EC2::SubnetCidrBlock"];

fn subnets<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    endpoint: &'g VpcEndpoint,
) -> Vec<(Resolved<'g, Subnet>, bool)> {
    subnets_of(
        index,
        &Candidate {
            id,
            endpoint,
            exists: Ternary::Yes,
            resolves: Ternary::Unknown,
            other_vpc: None,
        },
    )
}

/// Returns whether two subnets are in one Availability Zone. Unknown if AWS or a parameter chooses
/// the zones.
pub(super) fn same_zone(a: &Subnet, b: &Subnet) -> Ternary {
    let zone = |it: &Subnet| {
        (!it.availability_zone.is_absent()).then(|| expr_of(&it.availability_zone, Clone::clone))
    };
    let zone_id = |it: &Subnet| {
        it.availability_zone_id
            .as_ref()
            .map(|id| expr_of(id, Clone::clone))
    };
    match (zone(a), zone(b), zone_id(a), zone_id(b)) {
        (Some(a), Some(b), ..) => same_zone_name(&a, &b),
        (_, _, Some(a), Some(b)) => same_zone_name(&a, &b),
        _ => Ternary::Unknown,
    }
}

/// Returns whether two names or IDs are those of one Availability Zone.
pub(super) fn same_zone_name(a: &Expr, b: &Expr) -> Ternary {
    match (a, b) {
        (Expr::Text(a), Expr::Text(b)) => (a == b).into(),
        (Expr::Zone(a), Expr::Zone(b)) => (a == b).into(),
        (
            Expr::Param(_)
            | Expr::SourceParam { .. }
            | Expr::Select(..)
            | Expr::Attr(..)
            | Expr::Other(..),
            _,
        ) if a == b => Ternary::Yes,
        (Expr::Concat(parts), _) if a == b => parts
            .iter()
            .all(|part| matches!(part, Expr::Text(_) | Expr::Pseudo(_)))
            .into(),
        _ => Ternary::Unknown,
    }
}

/// Two subnets of an endpoint in one Availability Zone.
pub(super) fn in_one_zone(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, endpoint) in endpoints(index) {
        if path::is_interface(endpoint).is_no() {
            continue;
        }
        let all = subnets(index, id, endpoint);
        let nodes: Vec<(NodeId, &Subnet)> = all
            .iter()
            .filter_map(|(to, certain)| match to {
                Resolved::Node(subnet, it) if *certain => Some((*subnet, *it)),
                _ => None,
            })
            .collect();
        let pair = nodes.iter().enumerate().find_map(|(n, (a, it))| {
            let twin = nodes[..n]
                .iter()
                .find(|(b, other)| a != b && same_zone(it, other).is_yes())?;
            Some((*a, twin.0))
        });
        let Some((second, first)) = pair else {
            continue;
        };
        let refusal = Refusal::new(
            Hop::Endpoint,
            (id, "subnets"),
            together(index, &[id, first, second]).and(path::is_interface(endpoint)),
            format!(
                "AWS refuses `{}` (`DuplicateSubnetsInSameZone`): `{}` and `{}` are in one \
                 Availability Zone",
                index.name(id),
                index.name(first),
                index.name(second)
            ),
        );
        let written: Option<Vec<RawValue<'static>>> = endpoint
            .subnets
            .iter()
            .filter(|link| index.resolve_one(link).node() != Some(second))
            .map(|link| match link {
                Value::Lit(id) => Some(RawValue::Str(id.as_str().to_owned().into())),
                Value::Expr(expr) => Some(RawValue::from(expr.clone())),
            })
            .collect();
        let fix = match written {
            Some(kept) if kept.len() < endpoint.subnets.len() => {
                Fix::set(id, "subnets", RawValue::List(kept))
            }
            _ => Fix::manual(format!("remove `{}` from the endpoint", index.name(second))),
        };
        found.extend(refusal.map(|it| it.fix(fix)));
    }
    found
}

/// Returns whether a subnet has an IPv6 range.
pub(super) fn has_ipv6(index: &GraphIndex<'_>, id: NodeId, subnet: &Subnet) -> Ternary {
    let unmodeled = index.graph.node(id).is_some_and(|node| {
        node.is_unmodeled("ipv6_cidr_block")
            || node.origin.as_ref().is_some_and(|origin| {
                let more = ["Ipv6IpamPoolId", "Ipv6NetmaskLength", "ipv6_ipam_pool_id"];
                more.iter()
                    .any(|name| origin.unknown_properties.get(name).is_some())
            })
    });
    match &subnet.ipv6_cidr_block {
        Some(value) if !value.is_absent() && value.lit().is_none_or(|text| !text.is_empty()) => {
            Ternary::Yes
        }
        _ if unmodeled || is_connected(index, &SUBNET_RANGE, &[id]) => Ternary::Unknown,
        _ => flag(subnet.ipv6_native.as_ref()),
    }
}

/// IPv6 addresses for network interfaces of a subnet without an IPv6 range, and an IPv6 range of a VPC
/// that has none.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html>
pub(super) fn without_ipv6(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, node, subnet) in index.all::<Subnet>().filter(|it| !it.1.is_lookup()) {
        let name = index.name(id);
        let assigns = flag(subnet.assign_ipv6_address_on_creation.as_ref());
        let lacks = !has_ipv6(index, id, subnet);
        let of_vpc = subnet
            .ipv6_cidr_block
            .as_ref()
            .and_then(|it| empty_vpc(index, it));
        let (field, certain, why, fix) = if let Some(vpc) = of_vpc {
            let why = format!("`{}` has no IPv6 range", index.name(vpc));
            let certain = together(index, &[id, vpc]);
            (
                "ipv6_cidr_block",
                certain,
                why,
                "add an IPv6 range to the VPC",
            )
        } else {
            let why = "it assigns IPv6 addresses, and has no IPv6 range".to_owned();
            let certain = index.exists(id).and(assigns).and(lacks);
            let fix = "set an IPv6 range for the subnet, or assign no IPv6 addresses";
            ("assign_ipv6_address_on_creation", certain, why, fix)
        };
        let is_set = field == "ipv6_cidr_block" || assigns.is_yes();
        let is_existing = node.origin.as_ref().is_some_and(|it| it.is_existing);
        if !is_set || is_existing {
            continue;
        }
        let reason = format!("EC2 refuses `{name}` (`InvalidParameterValue`): {why}");
        let refusal = Refusal::new(Hop::Route, (id, field), certain, reason);
        found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
    }
    found
}

/// Returns the VPC whose IPv6 ranges an expression uses, if it has none.
fn empty_vpc(index: &GraphIndex<'_>, value: &Value<Text>) -> Option<NodeId> {
    let mut vpc = None;
    expr_of(value, Clone::clone).walk(&mut |part| match part {
        Expr::Other(id, name) if name == "Ipv6CidrBlocks" => vpc = Some(*id),
        _ => {}
    });
    let vpc = vpc?;
    let blocks = index.all::<VpcCidrBlock>();
    let mut ours = blocks.filter(|(_, _, it)| !index.points_to(&it.vpc, vpc).is_no());
    let has_ipv6 = ours.any(|(_, node, _)| {
        let names = [
            "AmazonProvidedIpv6CidrBlock",
            "Ipv6CidrBlock",
            "Ipv6IpamPoolId",
            "Ipv6Pool",
        ];
        names.iter().any(|it| node.property(it, "").is_some())
    });
    (!has_ipv6 && !index.is_externally_modified(vpc)).then_some(vpc)
}

/// Addresses that the subnets of an endpoint, or its DNS records, do not have.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>
pub(super) fn address_types(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, endpoint) in endpoints(index) {
        found.extend(address_type(index, id, endpoint));
    }
    found
}

fn address_type<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    endpoint: &'g VpcEndpoint,
) -> Option<Refusal> {
    if !path::is_interface(endpoint).is_yes() {
        return None;
    }
    let addresses = match &endpoint.ip_address_type {
        None | Some(Value::Expr(Expr::Absent)) => "",
        Some(Value::Lit(text)) => text.as_ref(),
        Some(Value::Expr(_)) => return None,
    };
    let records = match &endpoint.dns_options {
        Some(options) => match &options.record_ip_type {
            Some(Value::Lit(text)) => text.as_ref(),
            _ => "",
        },
        None => "",
    };
    let name = index.name(id);
    let fits = match records {
        "ipv4" => matches!(addresses, "" | "ipv4" | "dualstack"),
        "ipv6" => matches!(addresses, "ipv6" | "dualstack"),
        "dualstack" | "service-defined" => addresses == "dualstack",
        _ => true,
    };
    if !fits {
        let shown = if addresses.is_empty() {
            "ipv4"
        } else {
            addresses
        };
        let refusal = Refusal::new(
            Hop::Endpoint,
            (id, "dns_options.record_ip_type"),
            index.exists(id),
            format!(
                "AWS refuses `{name}` (`InvalidParameter`): DNS records of type `{records}` do \
                     not fit `{shown}` addresses"
            ),
        );
        let right = if shown == "dualstack" { "ipv4" } else { shown };
        let field = "dns_options.record_ip_type";
        return Some(refusal?.fix(Fix::set(id, field, RawValue::str(right.to_owned()))));
    }
    let all = subnets(index, id, endpoint);
    all.iter().find_map(|(to, certain)| {
        let Resolved::Node(subnet, it) = to else {
            return None;
        };
        let native = flag(it.ipv6_native.as_ref());
        let lacks = match addresses {
            "ipv4" | "" => (native, "an IPv4 range"),
            "ipv6" => (!native, "only IPv6 addresses"),
            "dualstack" => {
                let both = has_ipv6(index, *subnet, it).and(!native);
                (!both, "an IPv4 and an IPv6 range")
            }
            _ => return None,
        };
        if !lacks.0.is_yes() || !certain {
            return None;
        }
        let refusal = Refusal::new(
            Hop::Endpoint,
            (id, "ip_address_type"),
            together(index, &[id, *subnet]),
            format!(
                "AWS refuses `{name}` (`InvalidParameter`): `{}` does not have {}, which \
                     addresses of type `{}` require",
                index.name(*subnet),
                lacks.1,
                if addresses.is_empty() {
                    "ipv4"
                } else {
                    addresses
                }
            ),
        )?;
        Some(refusal.fix(match addresses {
            "dualstack" | "ipv6" if native.is_no() => Fix::All(vec![
                Fix::set(id, "ip_address_type", RawValue::str("ipv4")),
                Fix::set(id, "dns_options.record_ip_type", RawValue::str("ipv4")),
            ]),
            _ => Fix::manual("use subnets that have the addresses of the endpoint"),
        }))
    })
}

/// Subnets of another VPC than that of the endpoint.
pub(super) fn networks(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, endpoint) in endpoints(index) {
        let vpc = index.resolve_one(&endpoint.vpc);
        if !matches!(vpc, Resolved::Node(..)) || !path::is_interface(endpoint).is_yes() {
            continue;
        }
        for (to, certain) in subnets(index, id, endpoint) {
            let Resolved::Node(subnet, it) = &to else {
                continue;
            };
            let other: Resolved<'_, Vpc> = index.resolve_one(&it.vpc);
            if !certain || !other.same(&vpc).is_no() {
                continue;
            }
            let refusal = Refusal::new(
                Hop::Endpoint,
                (id, "subnets"),
                together(index, &[id, *subnet]),
                format!(
                    "AWS refuses `{}` (`InvalidParameter`): `{}` is in another VPC",
                    index.name(id),
                    index.name(*subnet)
                ),
            );
            let is_inside = |it: &Subnet| index.resolve_one(&it.vpc).same(&vpc).is_yes();
            let own = endpoint.subnets.iter().filter(
                |link| !matches!(index.resolve_one(link), Resolved::Node(_, it) if !is_inside(it)),
            );
            let mut kept: Vec<RawValue<'static>> = own.map(raw).collect();
            if kept.is_empty() {
                let mut all = index.all::<Subnet>();
                let inside = all.find(|(_, _, it)| is_inside(it));
                kept.extend(inside.map(|(id, ..)| raw::<Subnet>(&link(id))));
            }
            found.extend(refusal.map(|it| match kept.is_empty() {
                true => it,
                false => it.fix(Fix::set(id, "subnets", RawValue::List(kept))),
            }));
        }
    }
    found
}
