//! Custom resources whose function cannot answer CloudFormation.

use super::super::functions;
use super::super::graph_index::{GraphIndex, Resolved};
use super::super::iam::{CallContext, Caller, sample_region};
use super::super::internet_route::private_route;
use super::super::path::{self, S3Request};
use super::super::refusal::Refusal;
use super::super::ternary::Ternary;
use super::super::{Fix, Hop};
use super::is_in_stack;
use crate::ir::{Expr, NodeId};
use crate::resource::{Node, RawValue, Subnet};

/// A function in a VPC without a path to S3: its response goes to a bucket, and the stack operation
/// fails after the timeout.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html>
pub(super) fn without_path(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let nodes = index.stacks.iter().flat_map(|it| index.graph.nodes_of(it));
    nodes
        .filter_map(|(id, node)| refusal(index, id, node))
        .collect()
}

fn refusal(index: &GraphIndex<'_>, id: NodeId, node: &Node) -> Option<Refusal> {
    let type_name = node.resource.type_name(node.dialect())?;
    if !type_name.starts_with("Custom::") && type_name != "AWS::CloudFormation::CustomResource" {
        return None;
    }
    let properties = node.resource.put(node.dialect());
    let mut function = None;
    if let Some(RawValue::Expr(token)) = properties.get("ServiceToken")
        && let Expr::Attr(to, _) | Expr::Other(to, _) = token.as_ref()
    {
        function = Some(*to);
    }
    let function = index
        .graph
        .node(function?)
        .filter(|it| functions::is_function(it))?;
    let subnets = subnets_of(index, function);
    let reached: Vec<Ternary> = subnets.iter().map(|it| reaches_s3(index, it)).collect();
    let first = subnets.iter().zip(&reached).find(|(_, it)| it.is_no())?.0;
    // Lambda uses one of the subnets.
    let certain = match reached.iter().all(|it| it.is_no()) {
        true => is_in_stack(node).and(is_in_stack(function)),
        false => Ternary::Unknown,
    };
    let reason = format!(
        "CloudFormation waits in vain for `{}`, and the stack fails: function `{}` answers through S3, \
         which subnet `{}` cannot reach",
        node.display_id(),
        function.display_id(),
        first.node().map_or_else(String::new, |it| index.name(it)),
    );
    let refusal = Refusal::new(Hop::Route, (id, ""), certain, reason)?;
    Some(refusal.fix(Fix::manual(
        "add an S3 gateway endpoint to the route table of the subnet, or remove `VpcConfig` of the function",
    )))
}

/// Returns the subnets of a function that the file contains, or none if one is outside.
fn subnets_of<'g>(index: &GraphIndex<'g>, function: &Node) -> Vec<Resolved<'g, Subnet>> {
    let properties = function.resource.put(function.dialect());
    let Some(RawValue::Object(config)) = properties.get("VpcConfig") else {
        return Vec::new();
    };
    let Some(RawValue::List(items)) = config.get("SubnetIds") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let RawValue::Expr(expr) = item else {
            return Vec::new();
        };
        match index.resolve_expr::<Subnet>(expr).as_slice() {
            [one @ Resolved::Node(..)] => found.push(one.clone()),
            _ => return Vec::new(),
        }
    }
    found
}

/// Returns whether a function in a subnet reaches S3, through the internet or an endpoint.
fn reaches_s3<'g>(index: &GraphIndex<'g>, subnet: &Resolved<'g, Subnet>) -> Ternary {
    let Resolved::Node(id, _) = subnet else {
        return Ternary::Unknown;
    };
    let internet = private_route(index, subnet, (*id, "map_public_ip_on_launch"));
    let region = sample_region(index).to_string().replace('-', "");
    let object = Expr::Text(format!("cloudformation-custom-resource-response-{region}/x").into());
    let request = S3Request {
        action: "s3:PutObject",
        on: CallContext {
            resource: Some(&object),
            ..CallContext::of(Caller::Unknown)
        },
    };
    path::reaches_s3(index, subnet, &internet, &request, |_| Ternary::Yes)
}
