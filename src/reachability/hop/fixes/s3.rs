//! The S3 gateway endpoint of a subnet.

use super::super::{Connection, link_of, service_name};
use super::policies::{document, in_policy};
use super::rules::{self, Peer};
use crate::ir::{Cidr, Link, NodeId, Value};
use crate::reachability::cache::Table;
use crate::reachability::fix::{Changes, Fix, link, raw};
use crate::reachability::graph_index::Resolved;
use crate::reachability::path::{self, S3Request};
use crate::reachability::routes::table_of;
use crate::reachability::security::{self, allows_outbound};
use crate::resource::{
    EndpointType, RawValue, Route, RouteTable, SubnetRouteTableAssociation, VpcEndpoint,
};

/// Returns a route table that has only a route to an S3 gateway endpoint.
fn table_without_routes(connection: &Connection<'_, '_>) -> Option<NodeId> {
    let index = connection.index;
    let existing = path::candidates(index, &connection.vpc, "s3");
    let gateways = existing
        .iter()
        .filter(|it| it.exists.is_yes() && path::is_interface(it.endpoint).is_no());
    let mut tables = gateways
        .flat_map(|it| &it.endpoint.route_tables)
        .filter_map(|table| index.resolve_one(table).node());
    tables.find(|table| {
        let is_plain = index
            .graph
            .node(*table)
            .is_some_and(|node| !node.display_id().contains('[') && !node.is_lookup());
        let mut routes = index.all::<Route>();
        is_plain && routes.all(|(_, _, it)| index.points_to(&it.route_table, *table).is_no())
    })
}

/// Returns the changes that let an instance send a request to S3 through a gateway endpoint.
pub(in crate::reachability) fn s3_gateway(
    connection: &Connection<'_, '_>,
    request: &S3Request<'_>,
) -> Fix {
    let index = connection.index;
    let mut changes = Changes::new(index.graph);
    let (Some(vpc), Resolved::Node(subnet, _)) = (link_of(&connection.vpc), connection.subnet)
    else {
        return Fix::manual(
            "add an S3 gateway endpoint to the route table of the subnet, and allow outbound TCP \
             443 to its prefix list",
        );
    };
    if !path::s3_gateway(index, connection.subnet, request).is_yes() {
        let table: Link<RouteTable> = match table_of(index, connection.subnet) {
            Table::Node(id) => link(id),
            // The main route table has no name in a template.
            Table::MainOf(_) | Table::Unknown => {
                let table = table_without_routes(connection)
                    .unwrap_or_else(|| changes.add("S3RouteTable", RouteTable::new(vpc.clone())));
                changes.add(
                    "S3RouteTableAssociation",
                    SubnetRouteTableAssociation::new(link(*subnet), link::<RouteTable>(table)),
                );
                link(table)
            }
        };
        let existing = path::candidates(index, &connection.vpc, "s3");
        let mut gateways = existing
            .iter()
            .filter(|it| it.exists.is_yes() && path::is_interface(it.endpoint).is_no());
        match gateways.next() {
            Some(candidate) => {
                let mut tables = candidate.endpoint.route_tables.clone();
                if !tables.contains(&table) {
                    tables.push(table);
                    let list = tables.iter().map(raw).collect();
                    changes.set(candidate.id, "route_tables", RawValue::List(list));
                }
                if let Some(policy) = &candidate.endpoint.policy {
                    let new = in_policy(index, policy, &[request.action], &request.on);
                    if new != *policy
                        && let Some(fix) = document(candidate.id, "policy", &new)
                    {
                        changes.push(fix);
                    }
                }
            }
            None => {
                let endpoint =
                    VpcEndpoint::new(vpc, service_name(connection, "s3"), EndpointType::Gateway)
                        .route_tables([table]);
                changes.add("S3Endpoint", endpoint);
            }
        }
    }
    let groups = connection.groups.as_deref().unwrap_or_default();
    if connection.groups.is_some()
        && !allows_outbound(index, groups, &security::Peer::S3).is_yes()
        && let Some(group) = rules::node(groups)
    {
        // CloudFormation has no name for the prefix list of an endpoint, and the subnet has no other exit.
        let to = Peer {
            groups: &[],
            cidr: Some(Value::Lit(Cidr::ANY)),
        };
        rules::outbound(index, &mut changes, group, &to);
    }
    changes.done()
}
