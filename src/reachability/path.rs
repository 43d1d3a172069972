//! The path from an instance to a service: the endpoints, and the names that resolve to them.

use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::names;
use super::routes::{Table, flag, table_of};
use super::service_name::serves;
use super::ternary::Ternary;
use crate::ir::{Expr, NodeId, Text, Value};
use crate::resource::{
    EndpointType, RecordSet, Resource, RouteTable, Subnet, VpcEndpoint, VpcEndpointPrivateDns,
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

/// An endpoint that can serve a service in a VPC.
pub(crate) struct Candidate<'g> {
    pub(crate) id: NodeId,
    pub(crate) endpoint: &'g VpcEndpoint,
    /// Whether it exists in this VPC for this service.
    pub(crate) exists: Ternary,
    /// Whether the public name of the service resolves to it.
    pub(crate) resolves: Ternary,
}

/// Returns the endpoints of the VPC that can be for the service, of any type.
pub(crate) fn candidates<'g>(
    index: &GraphIndex<'g>,
    vpc: &VpcRef<'g>,
    service: &str,
) -> Vec<Candidate<'g>> {
    let mut found = Vec::new();
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        let exists = serves(index, id, endpoint, service)
            .and(index.refers_to(&endpoint.vpc, vpc))
            .and(index.exists(id));
        if exists.is_no() {
            continue;
        }
        let private_dns = private_dns(index, id, endpoint);
        let by_zone = names::by_zone(index, vpc, id, service);
        found.push(Candidate {
            id,
            endpoint,
            exists,
            resolves: private_dns.or(by_zone),
        });
    }
    found
}

/// Returns whether private DNS of an endpoint is enabled, by the endpoint or by a separate resource.
pub(crate) fn private_dns(index: &GraphIndex<'_>, id: NodeId, endpoint: &VpcEndpoint) -> Ternary {
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
            Ternary::Yes => {
                enabled = set;
                break;
            }
            Ternary::Unknown if set != enabled => enabled = Ternary::Unknown,
            Ternary::Unknown | Ternary::No => {}
        }
    }
    // For queries from outside the VPC only.
    let inbound = match &endpoint.dns_options {
        Some(options) => flag(options.private_dns_only_for_inbound.as_ref()),
        None => Ternary::No,
    };
    enabled.and(!inbound)
}

/// Returns the DNS attributes of a VPC of the file, by field.
pub(crate) fn dns_attributes(
    index: &GraphIndex<'_>,
    vpc: NodeId,
) -> Option<[(&'static str, Ternary); 2]> {
    let node = index.graph.node(vpc)?;
    let Resource::Vpc(it) = &node.resource else {
        return None;
    };
    let attribute = |field: &'static str, value: Option<&Value<bool>>, default: bool| {
        let value = match value {
            _ if node.is_unmodeled(field) => Ternary::Unknown,
            None => default.into(),
            Some(Value::Lit(value)) => (*value).into(),
            Some(value) if value.is_absent() => default.into(),
            Some(Value::Expr(_)) => Ternary::Unknown,
        };
        (field, value)
    };
    Some([
        attribute("enable_dns_support", it.enable_dns_support.as_ref(), true),
        attribute(
            "enable_dns_hostnames",
            it.enable_dns_hostnames.as_ref(),
            false,
        ),
    ])
}

/// Returns whether a record in a hosted zone contains the addresses of an endpoint.
pub(crate) fn has_record(index: &GraphIndex<'_>, endpoint: NodeId) -> bool {
    let mut records = index.all::<RecordSet>();
    records.any(|(_, _, record)| names::endpoint_of(index, record) == Some(endpoint))
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
