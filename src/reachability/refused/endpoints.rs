//! VPC endpoints that AWS refuses to create.

use super::{Refusal, is_connected, together};
use crate::ir::{Expr, Link, NodeId, Text, Value};
use crate::reachability::graph_index::{GraphIndex, Resolved, expr_of};
use crate::reachability::hop::subnets_of;
use crate::reachability::path::{self, Candidate};
use crate::reachability::routes::flag;
use crate::reachability::service_name::{
    ServiceName, home, is_cross_region, regions_of_file, same_vpc, service_name,
};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{EndpointType, RawValue, Subnet, Typed, Vpc, VpcEndpoint};

/// Services with gateway endpoints.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
const GATEWAY_SERVICES: [&str; 2] = ["s3", "dynamodb"];

/// Services with interface endpoints in other Regions.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-cross-region-privatelink-support.html>
const CROSS_REGION_SERVICES: [&str; 12] = [
    "s3",
    "iam",
    "ecr.api",
    "ecr.dkr",
    "kms",
    "kms-fips",
    "ecs",
    "lambda",
    "kinesis-firehose",
    "kinesisanalytics",
    "kinesisanalytics-fips",
    "route53",
];

/// Types that add a range to a subnet.
const SUBNET_RANGE: [&str; 1] = ["AWS::EC2::SubnetCidrBlock"];

fn endpoints<'g>(index: &GraphIndex<'g>) -> Vec<(NodeId, &'g VpcEndpoint)> {
    let all = index.all::<VpcEndpoint>();
    all.map(|(id, _, endpoint)| (id, endpoint)).collect()
}

/// An endpoint for a service that does not exist.
pub(super) fn names(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, endpoint): (NodeId, &VpcEndpoint)| {
        let name = index.name(id);
        let shown = shown(index, &endpoint.service_name);
        let at = (id, "service_name");
        match service_name(index, id, endpoint) {
            ServiceName::Missing(meant) => {
                let forgotten = shown.contains("${AWS::Region}")
                    && matches!(&endpoint.service_name, Value::Lit(_));
                let why = if forgotten {
                    ", since a plain string does not replace `${AWS::Region}`"
                } else {
                    ""
                };
                let mean = match meant.as_ref().map(|meant| meant.value()) {
                    Some(Expr::Text(text)) => format!("; did you mean `{text}`?"),
                    Some(expr) if !forgotten => {
                        let text = super::super::display_expr(index.graph, &expr);
                        format!("; did you mean `{text}`?")
                    }
                    _ => String::new(),
                };
                let refusal = Refusal::new(
                    Hop::Endpoint,
                    at,
                    index.exists(id),
                    format!(
                        "AWS refuses `{name}` (`InvalidServiceName`): no service has the name \
                         `{shown}`{why}{mean}"
                    ),
                )?;
                Some(match meant {
                    Some(meant) => refusal.fix(Fix::set(
                        id,
                        "service_name",
                        match meant.value() {
                            Expr::Text(text) => RawValue::Str(text),
                            expr => RawValue::from(expr),
                        },
                    )),
                    None => refusal.fix(Fix::manual("use the name of an endpoint service of AWS")),
                })
            }
            // Only a name without symbolic parts can be looked up.
            ServiceName::Unknown if is_written(&endpoint.service_name) => Refusal::new(
                Hop::Endpoint,
                at,
                index.exists(id).and(Ternary::Unknown),
                format!("`{name}` is for `{shown}`, which is not a known endpoint service"),
            ),
            _ => None,
        }
    };
    endpoints(index).into_iter().filter_map(one).collect()
}

fn shown(index: &GraphIndex<'_>, name: &Value<Text>) -> String {
    super::super::display_text(index.graph, name)
}

/// Returns whether the file contains the whole name, except for the Region.
fn is_written(name: &Value<Text>) -> bool {
    match name {
        Value::Lit(_) => true,
        Value::Expr(Expr::Concat(parts)) => parts
            .iter()
            .all(|part| matches!(part, Expr::Text(_) | Expr::Pseudo(_))),
        Value::Expr(_) => false,
    }
}

/// An endpoint for a service of another Region.
pub(super) fn regions(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    if let [(first, ..), rest @ ..] = regions_of_file(index).as_slice()
        && home(index).is_none()
    {
        let other = rest.iter().find(|(_, _, field)| *field == "service_name");
        if let Some((region, id, field)) = other {
            found.extend(Refusal::new(
                Hop::Endpoint,
                (*id, field),
                index.exists(*id),
                format!(
                    "AWS refuses `{}` (`InvalidServiceName`): other resources of the file are in \
                     `{}`, and the service is in `{}`",
                    index.name(*id),
                    first.name,
                    region.name
                ),
            ));
        }
    }
    for (id, endpoint) in endpoints(index) {
        let ServiceName::Aws(token, region) = service_name(index, id, endpoint) else {
            continue;
        };
        let name = index.name(id);
        let home = home(index);
        if let (Some(region), Some(home)) = (region, home)
            && region != home
            && !is_cross_region(index, endpoint).is_yes()
        {
            let right = Expr::concat([
                Expr::text("com.amazonaws."),
                Expr::Pseudo(crate::ir::Pseudo::Region),
                Expr::Text(format!(".{token}").into()),
            ]);
            let refusal = Refusal::new(
                Hop::Endpoint,
                (id, "service_name"),
                index.exists(id).and(!is_cross_region(index, endpoint)),
                format!(
                    "AWS refuses `{name}` (`InvalidServiceName`): `{}` is a service of `{}`, and \
                     the VPC is in `{}`",
                    shown(index, &endpoint.service_name),
                    region.name,
                    home.name
                ),
            );
            found.extend(
                refusal.map(|it| it.fix(Fix::set(id, "service_name", RawValue::from(right)))),
            );
            continue;
        }
        let across = is_cross_region(index, endpoint);
        if !across.is_no() && !CROSS_REGION_SERVICES.contains(&token.as_str()) {
            found.extend(Refusal::new(
                Hop::Endpoint,
                (id, "service_region"),
                index.exists(id).and(across),
                format!(
                    "AWS refuses `{name}` (`InvalidParameter`): `{token}` has no endpoints in other \
                     Regions"
                ),
            ));
        }
    }
    found
}

/// Returns the changes that turn an endpoint into an interface endpoint.
pub(crate) fn to_interface(
    index: &GraphIndex<'_>,
    id: NodeId,
    endpoint: &VpcEndpoint,
    subnet: Option<Link<Subnet>>,
) -> Fix {
    let mut changes = vec![Fix::set(
        id,
        "vpc_endpoint_type",
        RawValue::str(EndpointType::Interface.as_str()),
    )];
    if !flag(endpoint.private_dns_enabled.as_ref()).is_yes() {
        changes.push(Fix::set(id, "private_dns_enabled", RawValue::Bool(true)));
    }
    let of_vpc = || {
        let vpc = index.resolve_one(&endpoint.vpc);
        let mut subnets = index.all::<Subnet>();
        let found = subnets.find(|(_, _, it)| index.resolve_one(&it.vpc).same(&vpc).is_yes());
        found.map(|(id, ..)| Value::Expr(id.at(Subnet::LINK)))
    };
    if endpoint.subnets.is_empty() {
        match subnet.or_else(of_vpc) {
            Some(Value::Expr(subnet)) => changes.push(Fix::set(
                id,
                "subnets",
                RawValue::List(vec![RawValue::from(subnet)]),
            )),
            _ => changes.push(Fix::manual("add a subnet of the VPC to the endpoint")),
        }
    }
    if changes.len() == 1 {
        changes.swap_remove(0)
    } else {
        Fix::All(changes)
    }
}

/// A gateway endpoint, which is the default, for a service that has none.
pub(super) fn types(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, endpoint): (NodeId, &VpcEndpoint)| {
        let ServiceName::Aws(token, _) = service_name(index, id, endpoint) else {
            return None;
        };
        let is_gateway = !path::is_interface(endpoint);
        if GATEWAY_SERVICES.contains(&token.as_str()) || !is_gateway.is_yes() {
            return None;
        }
        let name = index.name(id);
        let default = if endpoint.vpc_endpoint_type.is_absent() {
            ", the default type"
        } else {
            ""
        };
        let refusal = Refusal::new(
            Hop::Endpoint,
            (id, "vpc_endpoint_type"),
            index.exists(id),
            format!(
                "AWS refuses `{name}` (`InvalidParameter`): it is a gateway endpoint{default}, and \
                 `{token}` has only interface endpoints"
            ),
        )?;
        Some(refusal.fix(to_interface(index, id, endpoint, None)))
    };
    endpoints(index).into_iter().filter_map(one).collect()
}

/// Returns whether private DNS is enabled when AWS creates the endpoint.
fn has_private_dns(index: &GraphIndex<'_>, id: NodeId, endpoint: &VpcEndpoint) -> Ternary {
    path::private_dns(index, id, endpoint).and(path::is_interface(endpoint))
}

/// Two endpoints of one service in a VPC, both with private DNS.
pub(super) fn private_dns_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let named: Vec<_> = endpoints(index)
        .into_iter()
        .filter_map(|(id, endpoint)| {
            let private = has_private_dns(index, id, endpoint);
            match service_name(index, id, endpoint) {
                ServiceName::Aws(token, region) if !private.is_no() => {
                    Some((id, endpoint, token, region, private))
                }
                _ => None,
            }
        })
        .collect();
    let mut found = Vec::new();
    for (n, (id, endpoint, token, region, private)) in named.iter().enumerate() {
        let twin = named[..n].iter().find_map(|other| {
            if other.2 != *token || (other.3.is_some() && region.is_some() && other.3 != *region) {
                return None;
            }
            let certain = same_vpc(index, endpoint, other.1)
                .and(*private)
                .and(other.4)
                .and(together(index, &[*id, other.0]));
            (certain.is_yes()
                || (certain == Ternary::Unknown && private.is_yes() && other.4.is_yes()))
            .then_some((other.0, certain))
        });
        if let Some((other, certain)) = twin {
            let refusal = Refusal::new(
                Hop::EndpointPrivateDns,
                (*id, "private_dns_enabled"),
                certain,
                format!(
                    "AWS refuses `{}` (`InvalidParameter`): `{}` already has private DNS for \
                     `{token}` in the VPC",
                    index.name(*id),
                    index.name(other)
                ),
            );
            found.extend(
                refusal
                    .map(|it| it.fix(Fix::set(*id, "private_dns_enabled", RawValue::Bool(false)))),
            );
        }
    }
    found
}

/// Private DNS in a VPC whose DNS attributes are disabled.
pub(super) fn private_dns_without_attributes(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, endpoint): (NodeId, &VpcEndpoint)| {
        let Resolved::Node(vpc_id, _) = index.resolve_one(&endpoint.vpc) else {
            return None;
        };
        let (field, value) = path::dns_attributes(index, vpc_id)?
            .into_iter()
            .min_by_key(|(_, value)| *value)?;
        // An unknown attribute is the result of `vpc-dns`.
        if !value.is_no() {
            return None;
        }
        let refusal = Refusal::new(
            Hop::VpcDns,
            (vpc_id, field),
            has_private_dns(index, id, endpoint).and(together(index, &[id, vpc_id])),
            format!(
                "AWS refuses `{}` (`InvalidParameter`): private DNS requires DNS support and DNS \
                 hostnames, and `{}` has `{field}` disabled",
                index.name(id),
                index.name(vpc_id)
            ),
        )?;
        Some(refusal.fix(Fix::set(vpc_id, field, RawValue::Bool(true))))
    };
    endpoints(index).into_iter().filter_map(one).collect()
}

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
        },
    )
}

/// Returns whether two subnets are in one Availability Zone. Unknown if AWS or a parameter chooses
/// the zones.
fn same_zone(a: &Subnet, b: &Subnet) -> Ternary {
    let compare = |a: &Expr, b: &Expr| match (a, b) {
        (Expr::Text(a), Expr::Text(b)) => (a == b).into(),
        (Expr::Zone(a), Expr::Zone(b)) => (a == b).into(),
        (Expr::Param(_) | Expr::Select(..) | Expr::Attr(..) | Expr::Other(..), _) if a == b => {
            Ternary::Yes
        }
        _ => Ternary::Unknown,
    };
    let zone = |it: &Subnet| {
        (!it.availability_zone.is_absent()).then(|| expr_of(&it.availability_zone, Clone::clone))
    };
    let zone_id = |it: &Subnet| {
        it.availability_zone_id
            .as_ref()
            .map(|id| expr_of(id, Clone::clone))
    };
    match (zone(a), zone(b), zone_id(a), zone_id(b)) {
        (Some(a), Some(b), ..) => compare(&a, &b),
        (_, _, Some(a), Some(b)) => compare(&a, &b),
        _ => Ternary::Unknown,
    }
}

/// Two subnets of an endpoint in one Availability Zone.
pub(super) fn subnets_in_one_zone(index: &GraphIndex<'_>) -> Vec<Refusal> {
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
fn has_ipv6(index: &GraphIndex<'_>, id: NodeId, subnet: &Subnet) -> Ternary {
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
        return Refusal::new(
            Hop::Endpoint,
            (id, "dns_options.record_ip_type"),
            index.exists(id),
            format!(
                "AWS refuses `{name}` (`InvalidParameter`): DNS records of type `{records}` do \
                     not fit `{shown}` addresses"
            ),
        );
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
            found.extend(Refusal::new(
                Hop::Endpoint,
                (id, "subnets"),
                together(index, &[id, *subnet]),
                format!(
                    "AWS refuses `{}` (`InvalidParameter`): `{}` is in another VPC",
                    index.name(id),
                    index.name(*subnet)
                ),
            ));
        }
    }
    found
}
