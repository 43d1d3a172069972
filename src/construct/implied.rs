//! Dependencies that no reference implies: AWS refuses a route to a gateway before its attachment.

use crate::ir::{NodeId, Value};
use crate::resource::{
    Graph, Node, Resource, Route, RouteTable, TransitGatewayVpcAttachment, Typed,
    VpcGatewayAttachment,
};

/// Adds the dependencies between a new resource and those of its stack.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html>
pub(super) fn add_dependencies(graph: &mut Graph, new: NodeId) {
    let Some(node) = graph.node(new) else {
        return;
    };
    let is_route = matches!(node.resource, Resource::Route(_));
    let is_attachment = matches!(
        node.resource,
        Resource::TransitGatewayVpcAttachment(_) | Resource::VpcGatewayAttachment(_)
    );
    if !is_route && !is_attachment {
        return;
    }
    let others = graph.nodes().filter(|(_, it)| it.stack == node.stack);
    let waits = |route: &Node, attachment: &Node| {
        Route::of(&route.resource).is_some_and(|it| requires(graph, it, &attachment.resource))
    };
    let pairs: Vec<(NodeId, NodeId)> = match is_route {
        true => others
            .filter(|(_, other)| waits(node, other))
            .map(|(other, _)| (new, other))
            .collect(),
        false => others
            .filter(|(_, other)| waits(other, node))
            .map(|(other, _)| (other, new))
            .collect(),
    };
    for (route, attachment) in pairs {
        let node = graph.metadata_mut(route);
        if let Some(node) = node.filter(|it| !it.depends_on.contains(&attachment)) {
            node.depends_on.push(attachment);
        }
    }
}

fn requires(graph: &Graph, route: &Route, attachment: &Resource) -> bool {
    if let Some(it) = VpcGatewayAttachment::of(attachment) {
        return it.internet_gateway.is_some() && it.internet_gateway == route.gateway;
    }
    let Some(it) = TransitGatewayVpcAttachment::of(attachment) else {
        return false;
    };
    let table = match &route.route_table {
        Value::Expr(crate::ir::Expr::Attr(table, _)) => graph.node(*table),
        _ => None,
    };
    let vpc = table
        .and_then(|it| RouteTable::of(&it.resource))
        .map(|it| &it.vpc);
    route.transit_gateway.as_ref() == Some(&it.transit_gateway)
        && vpc.is_none_or(|vpc| *vpc == it.vpc)
}
