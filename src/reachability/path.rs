//! The path from an instance to a service: the endpoints, and the names that resolve to them.

use super::cache::Table;
pub(crate) use super::endpoint::{Candidate, dns_attributes, is_interface, private_dns, token};
use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::names;
use super::peering;
use super::routes::{InternetRoute, table_of};
use super::security::Peer;
use super::service_name::serves;
use super::ternary::Ternary;
use crate::ir::{Expr, NodeId, Value};
use crate::resource::{RecordSet, Resource, RouteTable, Subnet, VpcEndpoint};

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
            other_vpc: None,
        });
    }
    found.extend(in_peer(index, vpc, service));
    found
}

/// Returns the endpoint of a peer VPC to which a private hosted zone resolves the name of the service.
/// Private DNS of an endpoint works in its own VPC only.
fn in_peer<'g>(index: &GraphIndex<'g>, vpc: &VpcRef<'g>, service: &str) -> Option<Candidate<'g>> {
    let own = vpc.node()?;
    let id = names::endpoint_by_zone(index, vpc, service)?;
    let Resource::VpcEndpoint(endpoint) = &index.graph.node(id)?.resource else {
        return None;
    };
    let other = index.resolve_one(&endpoint.vpc).node()?;
    if other == own || peering::between(index, own, other).is_empty() {
        return None;
    }
    let exists = serves(index, id, endpoint, service).and(index.exists(id));
    (!exists.is_no()).then(|| Candidate {
        id,
        endpoint,
        exists,
        resolves: names::by_zone(index, vpc, id, service),
        other_vpc: Some(other),
    })
}

/// Returns whether a record in a hosted zone contains the addresses of an endpoint.
pub(crate) fn has_record(index: &GraphIndex<'_>, endpoint: NodeId) -> bool {
    let mut records = index.all::<RecordSet>();
    records.any(|(_, _, record)| names::endpoint_of(index, record) == Some(endpoint))
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
    let all = s3_endpoints(index, subnet);
    Ternary::any(
        all.iter()
            .map(|it| it.routed.and(it.allows(index, request))),
    )
}

/// Returns whether a request from a subnet reaches S3: through an endpoint, or through the internet.
/// `out` is whether the caller can send to a peer.
pub(crate) fn reaches_s3<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    internet: &InternetRoute<'g>,
    request: &S3Request<'_>,
    out: impl Fn(Peer<'g, 'g>) -> Ternary,
) -> Ternary {
    let all = s3_endpoints(index, subnet);
    let by_gateway = all
        .iter()
        .map(|it| it.routed.and(it.allows(index, request)));
    let by_gateway = Ternary::any(by_gateway).and(out(Peer::S3));
    let internet = match internet {
        InternetRoute::Works(..) => out(Peer::Internet),
        InternetRoute::Unknown(_) => Ternary::Unknown,
        InternetRoute::None | InternetRoute::Broken(..) => Ternary::No,
    };
    // The route to a gateway endpoint is more specific, whatever the endpoint allows.
    let by_internet = internet.and(!Ternary::any(all.iter().map(|it| it.routed)));
    // The file does not show which of its names the caller uses.
    let by_interface = Ternary::any(all.iter().map(|it| is_interface(it.endpoint)));
    let by_interface = by_interface.and(Ternary::Unknown);
    by_gateway.or(by_internet).or(by_interface)
}

/// Returns the gateway endpoint that requests to S3 from a subnet certainly pass, or none if they pass
/// no endpoint. An error says that the file does not show it.
pub(crate) fn s3_endpoint<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
) -> Result<Option<NodeId>, ()> {
    let all = s3_endpoints(index, subnet);
    let certain = all.iter().find(|it| it.routed.is_yes());
    let is_open = |it: &S3Endpoint<'_>| !it.routed.is_no() || !is_interface(it.endpoint).is_no();
    match certain {
        Some(it) => Ok(Some(it.id)),
        None if all.iter().any(is_open) || index.vpc_of(subnet).node().is_none() => Err(()),
        None => Ok(None),
    }
}

/// An endpoint for S3 in the VPC of a subnet.
struct S3Endpoint<'g> {
    id: NodeId,
    endpoint: &'g VpcEndpoint,
    /// Whether it is a gateway endpoint to which the route table of the subnet has a route.
    routed: Ternary,
}

impl S3Endpoint<'_> {
    fn allows(&self, index: &GraphIndex<'_>, request: &S3Request<'_>) -> Ternary {
        match &self.endpoint.policy {
            None => Ternary::Yes,
            Some(policy) => super::iam::document_allows(index, policy, request.action, &request.on),
        }
    }
}

fn s3_endpoints<'g>(index: &GraphIndex<'g>, subnet: &Resolved<'g, Subnet>) -> Vec<S3Endpoint<'g>> {
    let vpc = index.vpc_of(subnet);
    let table = table_of(index, subnet);
    let one = |candidate: Candidate<'g>| {
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
                Value::Expr(Expr::SourceParam { .. } | Expr::Opaque(_)) => Ternary::Unknown,
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
        S3Endpoint {
            id: candidate.id,
            endpoint: candidate.endpoint,
            routed: candidate.exists.and(gateway).and(routed),
        }
    };
    candidates(index, &vpc, "s3").into_iter().map(one).collect()
}
