//! VPC endpoints that AWS refuses to create.

use super::{Refusal, together};
use crate::ir::{Dialect, Expr, NodeId, Text, Value};
use crate::reachability::endpoint::to_interface;
use crate::reachability::fix::in_region;
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::path;
use crate::reachability::service::ServiceName;
use crate::reachability::service_name::{
    home, is_cross_region, regions_of_file, same_vpc, service_name,
};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::region::Region;
use crate::resource::{EndpointType, RawValue, Resource, Vpc, VpcEndpoint};

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

pub(super) fn endpoints<'g>(index: &GraphIndex<'g>) -> Vec<(NodeId, &'g VpcEndpoint)> {
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
                        let text = super::super::topology::display_expr(index.graph, &expr);
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

/// A property of the other endpoint type.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html>
pub(super) fn properties(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, endpoint): (NodeId, &VpcEndpoint)| {
        // Terraform shows attributes that AWS sets.
        if index.graph.node(id)?.dialect() != Dialect::Cfn {
            return None;
        }
        let of = match &endpoint.vpc_endpoint_type {
            Value::Lit(of) => *of,
            Value::Expr(Expr::Absent) => EndpointType::Gateway,
            Value::Expr(_) => return None,
        };
        let (field, shown) = match of {
            EndpointType::Interface if !endpoint.route_tables.is_empty() => {
                ("route_tables", "RouteTableIds")
            }
            EndpointType::Gateway if !endpoint.subnets.is_empty() => ("subnets", "SubnetIds"),
            EndpointType::Gateway if !endpoint.security_groups.is_empty() => {
                ("security_groups", "SecurityGroupIds")
            }
            _ => return None,
        };
        let reason = format!(
            "AWS refuses `{}` (`InvalidParameter`): an endpoint of type `{of}` has no `{shown}`",
            index.name(id)
        );
        let refusal = Refusal::new(Hop::Endpoint, (id, field), index.exists(id), reason)?;
        Some(refusal.fix(Fix::manual(format!(
            "remove `{shown}`, or set the other `VpcEndpointType`"
        ))))
    };
    endpoints(index).into_iter().filter_map(one).collect()
}

fn shown(index: &GraphIndex<'_>, name: &Value<Text>) -> String {
    super::super::topology::display_text(index.graph, name)
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
            let refusal = Refusal::new(
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
            );
            let written = match index.graph.node(*id).map(|node| &node.resource) {
                Some(Resource::VpcEndpoint(it)) => it.service_name.lit(),
                _ => None,
            };
            found.extend(refusal.map(|it| match written {
                Some(text) => {
                    let right = text.replace(region.name, first.name);
                    it.fix(Fix::set(*id, "service_name", RawValue::Str(right.into())))
                }
                None => it,
            }));
        }
    }
    for (id, endpoint) in endpoints(index) {
        found.extend(provider_region(index, id, endpoint));
        let ServiceName::Aws(token, region) = service_name(index, id, endpoint) else {
            continue;
        };
        let name = index.name(id);
        // A provider of Terraform can have another Region.
        let node = index.graph.node(id);
        let own = node.and_then(|it| it.origin.as_ref()?.region);
        let home = own.or_else(|| home(index));
        if let (Some(region), Some(home)) = (region, home)
            && region != home
            && !is_cross_region(index, endpoint).is_yes()
        {
            let right = in_region(
                index.graph,
                index.region(),
                Expr::concat([
                    Expr::text("com.amazonaws."),
                    Expr::Pseudo(crate::ir::Pseudo::Region),
                    Expr::Text(format!(".{token}").into()),
                ]),
            );
            let right = match right {
                Value::Lit(text) => RawValue::Str(text),
                Value::Expr(expr) => RawValue::from(expr),
            };
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
            found.extend(refusal.map(|it| it.fix(Fix::set(id, "service_name", right))));
            continue;
        }
        let across = is_cross_region(index, endpoint);
        if !across.is_no() && !CROSS_REGION_SERVICES.contains(&token.as_str()) {
            let refusal = Refusal::new(
                Hop::Endpoint,
                (id, "service_region"),
                index.exists(id).and(across),
                format!(
                    "AWS refuses `{name}` (`InvalidParameter`): `{token}` has no endpoints in other \
                     Regions"
                ),
            );
            let none = RawValue::from(Expr::Absent);
            found.extend(refusal.map(|it| it.fix(Fix::set(id, "service_region", none))));
        }
    }
    found
}

/// A service of another provider in another Region, without the Region.
fn provider_region(index: &GraphIndex<'_>, id: NodeId, endpoint: &VpcEndpoint) -> Option<Refusal> {
    let text = endpoint.service_name.lit()?;
    let rest = text.split_once(".vpce.")?.1;
    let region = Region::find(rest.split('.').next()?)?;
    let home = home(index)?;
    if region == home || !is_cross_region(index, endpoint).is_no() {
        return None;
    }
    let refusal = Refusal::new(
        Hop::Endpoint,
        (id, "service_name"),
        index.exists(id),
        format!(
            "AWS refuses `{}` (`InvalidServiceName`): the service is in `{}`, the VPC is in `{}`, \
             and the endpoint has no service Region",
            index.name(id),
            region.name,
            home.name
        ),
    )?;
    let fix = Fix::set(id, "service_region", RawValue::str(region.name));
    Some(refusal.fix(fix))
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
            found.extend(refusal.map(|it| it.fix(without_private_dns(index, *id, other))));
        }
    }
    found
}

/// An interface endpoint for S3 with private DNS in a VPC without a gateway endpoint for S3.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html#private-dns>
pub(super) fn s3_without_gateway(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let all: Vec<_> = endpoints(index)
        .into_iter()
        .filter(|(id, it)| {
            matches!(service_name(index, *id, it), ServiceName::Aws(token, _) if token == "s3")
        })
        .collect();
    let one = |&(id, endpoint): &(NodeId, &VpcEndpoint)| {
        let node = index.graph.node(id)?;
        let names = (
            "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint",
            "dns_options.private_dns_only_for_inbound_resolver_endpoint",
        );
        let is_for_all = match node.property(names.0, names.1) {
            None => Ternary::No,
            Some(RawValue::Bool(inbound)) => (!inbound).into(),
            Some(RawValue::Str(inbound)) => {
                (inbound == "NotSpecified" || inbound.eq_ignore_ascii_case("false")).into()
            }
            Some(_) => Ternary::Unknown,
        };
        let vpc = index.resolve_one::<Vpc>(&endpoint.vpc).node()?;
        let gateway = Ternary::any(all.iter().map(|(_, other)| {
            let is_gateway = !path::is_interface(other);
            is_gateway.and(same_vpc(index, endpoint, other))
        }));
        let certain = has_private_dns(index, id, endpoint)
            .and(!is_for_all)
            .and(!gateway)
            .and(together(index, &[id, vpc]));
        let is_existing = node.origin.as_ref().is_some_and(|it| it.is_existing);
        if !certain.is_yes() || is_existing || index.is_externally_modified(vpc) {
            return None;
        }
        let reason = format!(
            "AWS refuses `{}` (`InvalidParameter`): private DNS for S3 requires a gateway endpoint for \
             S3 in `{}`",
            index.name(id),
            index.name(vpc)
        );
        let at = (id, "private_dns_enabled");
        let refusal = Refusal::new(Hop::EndpointPrivateDns, at, certain, reason)?;
        Some(refusal.fix(Fix::set(id, "private_dns_enabled", RawValue::Bool(false))))
    };
    all.iter().filter_map(one).collect()
}

/// Disables private DNS for one of two endpoints. In Terraform, the change applies to all instances of a
/// resource, of which others can be the only endpoints of their service.
fn without_private_dns(index: &GraphIndex<'_>, id: NodeId, other: NodeId) -> Fix {
    let family = |id: NodeId| {
        let origin = index.graph.node(id)?.origin.as_ref()?;
        let base = |address: &str| address.split('[').next().unwrap_or_default().to_owned();
        let own = base(&origin.address);
        let all = endpoints(index).into_iter().filter_map(|(id, _)| {
            let origin = index.graph.node(id)?.origin.as_ref()?;
            (origin.dialect == Dialect::Tf && base(&origin.address) == own).then_some(id)
        });
        Some(all.collect::<Vec<_>>())
    };
    let is_alone = |id: &NodeId| family(*id).is_none_or(|all| all.len() < 2);
    match [id, other].into_iter().find(is_alone) {
        Some(id) => Fix::set(id, "private_dns_enabled", RawValue::Bool(false)),
        None => Fix::manual(format!(
            "remove `{}`, or disable its private DNS",
            index.name(other)
        )),
    }
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
