//! References between resources of two Regions, which EC2 does not find.

use super::{Refusal, together};
use crate::ir::{Dialect, Expr, NodeId};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::{Fix, Hop};
use crate::region::Region;
use crate::resource::{Node, RawValue, Resource};

/// Resources that refer to the ID of a network resource of another Region.
pub(super) fn references(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    let nodes = index.graph.nodes();
    for (id, node) in nodes.filter(|(_, node)| !reaches_regions(&node.resource)) {
        let Some(own) = region(node) else { continue };
        for (name, value) in node.resource.put(Dialect::Tf).iter() {
            // Text can name a resource of any Region.
            if name.starts_with("tags") || name.starts_with("user_data") {
                continue;
            }
            let mut targets = Vec::new();
            ids(value, &mut targets);
            let other = targets.into_iter().find_map(|target| {
                let node = index.graph.node(target)?;
                let other = region(node).filter(|it| *it != own && is_regional(&node.resource))?;
                Some((target, other))
            });
            let Some((target, other)) = other else {
                continue;
            };
            let fields = node.resource.kind().map_or(&[][..], |it| it.fields);
            let field = fields
                .iter()
                .find(|it| it.tf.split('.').next() == Some(name));
            let refusal = Refusal::new(
                hop(&node.resource),
                (id, field.map_or("", |it| it.name)),
                together(index, &[id, target]),
                format!(
                    "AWS refuses `{}`: its Region is `{}`, and `{}` is in `{}`",
                    index.name(id),
                    own.name,
                    index.name(target),
                    other.name
                ),
            );
            let fix = format!("give both the provider of Region `{}`", other.name);
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        }
    }
    found
}

fn region(node: &Node) -> Option<&'static Region> {
    node.origin.as_ref()?.region
}

/// Adds the resources whose IDs are a value, or items of it.
fn ids(value: &RawValue<'_>, found: &mut Vec<NodeId>) {
    match value {
        RawValue::Expr(expr) => {
            if let Expr::Attr(target, attr) = expr.as_ref()
                && attr.tf == "id"
            {
                found.push(*target);
            }
        }
        RawValue::List(items) => items.iter().for_each(|it| ids(it, found)),
        RawValue::Object(map) | RawValue::Block(map) => {
            map.iter().for_each(|(_, it)| ids(it, found));
        }
        _ => {}
    }
}

/// Returns whether a resource can refer to another Region.
fn reaches_regions(resource: &Resource) -> bool {
    matches!(
        resource,
        Resource::VpcPeeringConnection(_)
            | Resource::HostedZone(_)
            | Resource::HostedZoneAssociation(_)
            | Resource::Raw(_)
    )
}

/// Returns whether only resources of its Region find a resource.
fn is_regional(resource: &Resource) -> bool {
    matches!(
        resource,
        Resource::Vpc(_)
            | Resource::Subnet(_)
            | Resource::SecurityGroup(_)
            | Resource::RouteTable(_)
            | Resource::NetworkAcl(_)
            | Resource::NetworkInterface(_)
            | Resource::InternetGateway(_)
            | Resource::NatGateway(_)
            | Resource::LaunchTemplate(_)
            | Resource::VpcEndpoint(_)
    )
}

/// Returns the hop of sessions that a resource belongs to.
fn hop(resource: &Resource) -> Hop {
    match resource {
        Resource::VpcEndpoint(_) => Hop::Endpoint,
        Resource::Instance(_) | Resource::AutoScalingGroup(_) | Resource::LaunchTemplate(_) => {
            Hop::Agent
        }
        Resource::SecurityGroup(_) => Hop::InstanceSecurityGroup,
        Resource::NetworkAcl(_) => Hop::NetworkAcl,
        _ => Hop::Route,
    }
}
