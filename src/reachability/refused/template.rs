//! Templates that CloudFormation refuses before it creates anything.

use std::collections::{BTreeMap, BTreeSet};

use super::{Refusal, Refused, is_in_stack};
use crate::ir::{Dialect, Expr, NodeId};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{Map, Node, Resource, TemplateError};

/// The resources on which each resource of a template depends, and whether it certainly does.
type Dependencies = BTreeMap<NodeId, BTreeMap<NodeId, bool>>;

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-dependency-error>
pub(super) fn circular(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut all = Dependencies::new();
    for (id, node) in index.graph.nodes() {
        let origin = node.origin.as_ref();
        if origin.is_some_and(|it| it.dialect == Dialect::Cfn) && !node.is_absent() {
            let owner = owner(index, id);
            let of = all.entry(owner).or_default();
            for (to, (certain, count)) in references(node) {
                // A part of a resource has one link to it, which the file does not contain.
                if owner == id || to != owner || count > 1 {
                    *of.entry(to).or_default() |= certain;
                }
            }
        }
    }
    let mut found = Vec::new();
    let mut reported = BTreeSet::new();
    for &start in all.keys() {
        if reported.contains(&start) {
            continue;
        }
        let Some(circle) = circle(&all, start) else {
            continue;
        };
        let exists = circle.iter().map(|&id| {
            let node = index.graph.node(id);
            if node.is_some_and(Node::is_certain) {
                Ternary::Yes
            } else {
                Ternary::Unknown
            }
        });
        let after = circle.iter().skip(1).chain([&start]);
        let edges = circle.iter().zip(after);
        let certain = edges.map(|(from, to)| {
            if all[from][to] {
                Ternary::Yes
            } else {
                Ternary::Unknown
            }
        });
        let certain = Ternary::all(exists.chain(certain));
        let names: Vec<String> = circle
            .iter()
            .map(|&id| format!("`{}`", index.name(id)))
            .collect();
        let reason = match names.as_slice() {
            [one] => format!("CloudFormation refuses the template: {one} refers to itself"),
            _ => format!(
                "CloudFormation refuses the template: circular dependency between {}",
                names.join(", ")
            ),
        };
        let (hop, fix) = advice(index, &circle);
        let refusal = Refusal::new(hop, (start, ""), certain, reason);
        found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        reported.extend(circle);
    }
    found
}

/// An error of a template outside its resources.
pub(super) fn errors(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let errors = index.graph.errors.iter();
    let all =
        errors.filter_map(|(stack, error)| refusal(Refused::Template(*stack), Ternary::Yes, error));
    all.collect()
}

/// An error of a resource that CloudFormation reports before it creates the resource.
pub(super) fn resource_errors(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let of_node = |(id, node): (NodeId, &Node)| {
        let exists = is_in_stack(node);
        let errors = node.origin.iter().flat_map(|it| &it.errors);
        let all = errors.filter_map(|error| {
            let counts = match error.ignores_condition {
                true => Ternary::Yes,
                false => exists,
            };
            let it = refusal(Refused::Resource(id, ""), counts, error)?;
            Some(Refusal {
                hop: hop_of(&node.resource),
                ..it
            })
        });
        all.collect::<Vec<_>>()
    };
    index.graph.nodes().flat_map(of_node).collect()
}

/// Returns the hop that relies on a resource.
fn hop_of(resource: &Resource) -> Hop {
    match resource {
        Resource::InstanceProfile(_) => Hop::InstanceProfile,
        _ => Hop::Agent,
    }
}

fn refusal(of: Refused, exists: Ternary, error: &TemplateError) -> Option<Refusal> {
    let certain = match error.is_certain {
        true => Ternary::Yes,
        false => Ternary::Unknown,
    };
    let reason = match error.is_certain {
        true => format!("CloudFormation refuses the template: {}", error.reason),
        false => format!("CloudFormation can refuse the template: {}", error.reason),
    };
    let refusal = Refusal::of(Hop::Agent, of, exists.and(certain), reason)?;
    Some(refusal.fix(Fix::manual(error.fix.clone())))
}

/// Returns the resource whose properties contain a part of the graph.
fn owner(index: &GraphIndex<'_>, id: NodeId) -> NodeId {
    let parent = |id| index.graph.node(id)?.origin.as_ref()?.parent;
    let mut at = id;
    while let Some(up) = parent(at) {
        at = up;
    }
    at
}

/// Returns the resources that a node refers to, whether it certainly does, and how often. A reference
/// in one of several alternatives is not certain.
fn references(node: &Node) -> BTreeMap<NodeId, (bool, usize)> {
    let target = |expr: &Expr| match expr {
        Expr::Attr(id, _) | Expr::Other(id, _) => Some(*id),
        _ => None,
    };
    let before = node.depends_on.iter();
    let mut found: BTreeMap<_, _> = before.map(|&to| (to, (true, 1))).collect();
    let mut add = |map: &Map<'_>| {
        let mut open = BTreeSet::new();
        map.walk(&mut |expr| {
            if let Expr::OneOf(_) = expr {
                expr.walk(&mut |inner| open.extend(target(inner)));
            }
        });
        map.walk(&mut |expr| {
            if let Some(to) = target(expr) {
                let (certain, count) = found.entry(to).or_default();
                *certain |= !open.contains(&to);
                *count += 1;
            }
        });
    };
    add(&node.resource.put(node.dialect()));
    if let Some(origin) = &node.origin {
        add(&origin.unknown_properties);
    }
    found
}

/// Returns the shortest circle through a resource.
fn circle(all: &Dependencies, start: NodeId) -> Option<Vec<NodeId>> {
    let mut came: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &to in all.get(&at).into_iter().flat_map(BTreeMap::keys) {
            if to == start {
                let mut path = vec![at];
                while path[path.len() - 1] != start {
                    path.push(came[&path[path.len() - 1]]);
                }
                path.reverse();
                return Some(path);
            }
            came.entry(to).or_insert_with(|| {
                queue.push_back(to);
                at
            });
        }
    }
    None
}

/// Returns the hop that the resources belong to, and how to remove the circle.
fn advice(index: &GraphIndex<'_>, circle: &[NodeId]) -> (Hop, &'static str) {
    let of = |is: fn(&Resource) -> bool| {
        let nodes = circle.iter().filter_map(|&id| index.graph.node(id));
        nodes.map(|node| &node.resource).any(is)
    };
    if of(|it| matches!(it, Resource::SecurityGroup(_))) {
        let fix = "write the rules as separate `AWS::EC2::SecurityGroupIngress` and \
                   `AWS::EC2::SecurityGroupEgress` resources";
        (Hop::InstanceSecurityGroup, fix)
    } else if of(|it| matches!(it, Resource::Role(_) | Resource::InstanceProfile(_))) {
        let fix = "write the policies as separate `AWS::IAM::RolePolicy` resources";
        (Hop::InstanceProfile, fix)
    } else if of(|it| matches!(it, Resource::VpcEndpoint(_))) {
        (Hop::Endpoint, "remove one of the references")
    } else {
        (Hop::Agent, "remove one of the references")
    }
}
