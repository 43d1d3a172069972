//! The path from an instance to a service: the endpoints, and the names that resolve to them.

use super::graph_index::{GraphIndex, Resolved, VpcRef, visible_text};
use super::routes::{Table, flag, routes, table_of};
use super::ternary::Ternary;
use crate::ir::{Cidr, Expr, NodeId, Text, Value};
use crate::resource::{
    EndpointType, HostedZone, HostedZoneAssociation, RecordSet, RouteTable, Subnet, VpcEndpoint,
    VpcEndpointPrivateDns,
};

/// Returns the last part of a service name, such as `ssm`.
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

/// Returns whether an endpoint is for a service of the Region.
pub(crate) fn serves(index: &GraphIndex<'_>, endpoint: &VpcEndpoint, service: &str) -> Ternary {
    if let Value::Expr(Expr::OneOf(of)) = &endpoint.service_name {
        let one = |expr: &Expr| match expr {
            Expr::Text(text) => names_service(index, &Value::Lit(text.clone()), service),
            other => names_service(index, &Value::Expr(other.clone()), service),
        };
        return Ternary::unanimous(of.iter().map(one));
    }
    names_service(index, &endpoint.service_name, service)
}

fn names_service(index: &GraphIndex<'_>, name: &Value<Text>, service: &str) -> Ternary {
    let Some(token) = token(name) else {
        return match name {
            Value::Expr(Expr::Absent) => Ternary::No,
            _ => Ternary::Unknown,
        };
    };
    if token != service {
        return Ternary::No;
    }
    match name {
        Value::Lit(text) => {
            let region = text.split('.').rev().nth(1).unwrap_or_default();
            match index.region() {
                Some(known) => (known.name == region).into(),
                None => Ternary::Yes,
            }
        }
        Value::Expr(Expr::Concat(parts)) => {
            let decided = parts
                .iter()
                .all(|part| matches!(part, Expr::Text(_) | Expr::Pseudo(_)));
            if decided {
                Ternary::Yes
            } else {
                Ternary::Unknown
            }
        }
        Value::Expr(_) => Ternary::Unknown,
    }
}

/// An endpoint that can serve a service in a VPC.
pub(crate) struct Candidate<'g> {
    pub(crate) id: NodeId,
    pub(crate) endpoint: &'g VpcEndpoint,
    /// Whether it exists in this VPC for this service.
    pub(crate) exists: Ternary,
    /// Whether the public name of the service resolves to it.
    pub(crate) resolves: Ternary,
    /// Whether private DNS resolves the name, and not a private hosted zone.
    pub(crate) by_private_dns: bool,
}

/// Returns the endpoints of the VPC that can be for the service, of any type.
pub(crate) fn candidates<'g>(
    index: &GraphIndex<'g>,
    vpc: &VpcRef<'g>,
    service: &str,
) -> Vec<Candidate<'g>> {
    let mut found = Vec::new();
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        let exists = serves(index, endpoint, service)
            .and(index.refers_to(&endpoint.vpc, vpc))
            .and(index.exists(id));
        if exists.is_no() {
            continue;
        }
        let private_dns = private_dns(index, id, endpoint);
        let by_zone = zone_alias(index, vpc, id, service);
        found.push(Candidate {
            id,
            endpoint,
            exists,
            resolves: private_dns.or(by_zone),
            by_private_dns: private_dns >= by_zone,
        });
    }
    found
}

/// Returns whether private DNS of an endpoint is enabled, by the endpoint or by a separate resource.
fn private_dns(index: &GraphIndex<'_>, id: NodeId, endpoint: &VpcEndpoint) -> Ternary {
    let unmodeled = index
        .graph
        .node(id)
        .is_some_and(|node| node.is_unmodeled("private_dns_enabled"));
    let mut enabled = if unmodeled {
        Ternary::Unknown
    } else {
        flag(endpoint.private_dns_enabled.as_ref())
    };
    for (satellite, _, it) in index.all::<VpcEndpointPrivateDns>() {
        let set = flag(Some(&it.private_dns_enabled));
        match index
            .points_to(&it.endpoint, id)
            .and(index.exists(satellite))
        {
            Ternary::Yes => return set,
            Ternary::Unknown if set != enabled => enabled = Ternary::Unknown,
            Ternary::Unknown | Ternary::No => {}
        }
    }
    enabled
}

/// Returns whether an endpoint is an interface endpoint.
pub(crate) fn is_interface(endpoint: &VpcEndpoint) -> Ternary {
    match &endpoint.vpc_endpoint_type {
        Value::Lit(of) => (*of == EndpointType::Interface).into(),
        // Gateway is the default in both languages.
        Value::Expr(Expr::Absent) => Ternary::No,
        Value::Expr(Expr::Opaque(text)) if text == "GatewayLoadBalancer" => Ternary::No,
        Value::Expr(_) => Ternary::Unknown,
    }
}

/// Returns the private hosted zones of the VPC.
fn zones<'g>(index: &GraphIndex<'g>, vpc: &VpcRef<'g>) -> Vec<(NodeId, &'g HostedZone, Ternary)> {
    let tied = |id: NodeId, zone: &'g HostedZone| {
        let declared = Ternary::any(
            zone.vpcs
                .iter()
                .map(|it| index.resolve_one(&it.vpc).same(vpc)),
        );
        let more = index
            .all::<HostedZoneAssociation>()
            .filter(|(_, _, it)| index.resolve_one(&it.zone).node() == Some(id))
            .map(|(_, _, it)| index.resolve_one(&it.vpc).same(vpc));
        declared.or(Ternary::any(more))
    };
    index
        .all::<HostedZone>()
        .map(|(id, _, zone)| (id, zone, tied(id, zone).and(index.exists(id))))
        .filter(|(_, _, tied)| !tied.is_no())
        .collect()
}

/// Returns whether a name is the hostname of a service. The Region can be a placeholder.
fn is_host_name(name: &str, service: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let mut labels = name.split('.');
    labels.next() == Some(service) && labels.next().is_some() && name.contains("amazonaws")
}

/// Returns whether a private hosted zone resolves the name of the service to an endpoint.
fn zone_alias<'g>(
    index: &GraphIndex<'g>,
    vpc: &VpcRef<'g>,
    endpoint: NodeId,
    service: &str,
) -> Ternary {
    let zones = zones(index, vpc);
    if zones.is_empty() {
        return Ternary::No;
    }
    Ternary::any(index.all::<RecordSet>().map(|(id, _, record)| {
        let name = super::graph_index::expr_of(&record.name, Clone::clone);
        let Some(alias) = &record.alias else {
            return Ternary::No;
        };
        let resolves = match &alias.dns_name {
            Value::Expr(expr) => {
                let mut resolves = Ternary::No;
                expr.walk(&mut |part| {
                    if let Expr::Attr(node, _) | Expr::Other(node, _) = part
                        && *node == endpoint
                    {
                        resolves = Ternary::Yes;
                    }
                });
                resolves
            }
            Value::Lit(_) => Ternary::Unknown,
        };
        let in_zone = |(zone, it, tied): &(NodeId, &HostedZone, Ternary)| {
            let by_id = record
                .zone
                .as_ref()
                .is_some_and(|link| index.resolve_one(link).node() == Some(*zone));
            let by_name = record.zone_name.as_ref().is_some_and(|zone_name| {
                let trim = |value: &Value<Text>| {
                    visible_text(&super::graph_index::expr_of(value, Clone::clone))
                        .trim_end_matches('.')
                        .to_owned()
                };
                trim(zone_name) == trim(&it.name)
            });
            if by_id || by_name { *tied } else { Ternary::No }
        };
        let mut host = visible_text(&name);
        // In Terraform, an empty or relative name extends the name of the zone.
        if let Some((_, zone, _)) = zones.iter().find(|it| !in_zone(it).is_no()) {
            let zone_name = visible_text(&super::graph_index::expr_of(&zone.name, Clone::clone));
            if host.is_empty() {
                host = zone_name;
            } else if !host.contains("amazonaws") {
                host = format!("{host}.{zone_name}");
            }
        }
        if !is_host_name(&host, service) {
            return Ternary::No;
        }
        resolves
            .and(Ternary::any(zones.iter().map(in_zone)))
            .and(index.exists(id))
    }))
}

/// Returns the private hosted zone that covers the name of the service.
pub(crate) fn overriding_zone<'g>(
    index: &GraphIndex<'g>,
    vpc: &VpcRef<'g>,
    service: &str,
) -> Option<NodeId> {
    zones(index, vpc)
        .into_iter()
        .find(|(_, zone, _)| {
            let name = visible_text(&super::graph_index::expr_of(&zone.name, Clone::clone));
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

/// A request to S3: an action, and the bucket or object.
pub(crate) struct S3Request<'a> {
    pub(crate) action: &'a str,
    pub(crate) on: super::iam::CallContext<'a>,
}

/// Returns whether an S3 gateway endpoint serves the subnet and allows the request.
pub(crate) fn s3_gateway<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    request: &S3Request<'_>,
) -> Ternary {
    let vpc = index.vpc_of(subnet);
    let table = table_of(index, subnet);
    Ternary::any(candidates(index, &vpc, "s3").iter().map(|candidate| {
        let gateway = !is_interface(candidate.endpoint);
        let mut links: Vec<&Value<crate::ir::Id<RouteTable>>> =
            candidate.endpoint.route_tables.iter().collect();
        let more: Vec<_> = index
            .all::<crate::resource::VpcEndpointRouteTable>()
            .filter(|(_, _, it)| index.resolve_one(&it.endpoint).node() == Some(candidate.id))
            .map(|(_, _, it)| &it.route_table)
            .collect();
        links.extend(more);
        let routed = match table {
            Table::Node(id_of_table) => Ternary::any(links.iter().map(|link| {
                let all = index.resolve(link);
                let one = |to: &Resolved<'_, RouteTable>| match to {
                    Resolved::Node(id, _) | Resolved::OtherType(id) => (*id == id_of_table).into(),
                    Resolved::Outside(_) => Ternary::Unknown,
                };
                if all.len() == 1 {
                    one(&all[0])
                } else {
                    Ternary::any(all.iter().map(one)).and(Ternary::Unknown)
                }
            })),
            Table::MainOf(vpc) => Ternary::any(links.iter().map(|link| match link {
                Value::Expr(Expr::Attr(node, _)) => (*node == vpc).into(),
                Value::Expr(Expr::Opaque(_)) => Ternary::Unknown,
                _ => Ternary::No,
            })),
            Table::Unknown => {
                if links.is_empty() {
                    Ternary::No
                } else {
                    Ternary::Unknown
                }
            }
        };
        let allowed = match &candidate.endpoint.policy {
            None => Ternary::Yes,
            Some(policy) => super::iam::document_allows(index, policy, request.action, &request.on),
        };
        candidate.exists.and(gateway).and(routed).and(allowed)
    }))
}

/// Returns the reason if a route diverts traffic between subnets.
pub(crate) fn diversion<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
) -> Option<String> {
    let table = table_of(index, subnet);
    let (routes, _) = routes(index, &table);
    routes.into_iter().find_map(|(id, route, _)| {
        let elsewhere = route.vpc_endpoint.is_some()
            || route.network_interface.is_some()
            || route.instance.is_some();
        let inside = route
            .cidr_block
            .as_ref()
            .and_then(|cidr| index.cidr(cidr))
            .is_some_and(|cidr| cidr != Cidr::ANY && cidr.is_private());
        (elsewhere && inside)
            .then(|| format!("route `{}` diverts traffic inside the VPC", index.name(id)))
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
