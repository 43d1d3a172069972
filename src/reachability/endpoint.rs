//! The properties of endpoints, and the DNS attributes that they require.

use super::Fix;
use super::graph_index::GraphIndex;
use super::routes::flag;
use super::ternary::Ternary;
use crate::ir::{Expr, Link, NodeId, Text, Value};
use crate::resource::{
    EndpointType, RawValue, Resource, Subnet, Typed, VpcEndpoint, VpcEndpointPrivateDns,
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
    /// The other VPC that has it, to which a peering connection leads. Default: none.
    pub(crate) other_vpc: Option<NodeId>,
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
