//! Creation order: an instance that starts before its endpoints or policies looks broken for half
//! an hour, since the agent sleeps after a refused first call.

use std::collections::HashSet;

use super::graph_index::GraphIndex;
use super::instance::InstanceConfig;
use super::{Hop, HopResult, HopStatus};
use crate::ir::NodeId;
use crate::resource::{
    InlinePolicy, RolePolicy, RolePolicyAttachment, SecurityGroupEgress, SecurityGroupIngress,
    VpcEndpoint,
};

/// All nodes that exist before another.
fn before(index: &GraphIndex<'_>, node: NodeId) -> HashSet<NodeId> {
    let mut seen = HashSet::new();
    let mut left = vec![node];
    while let Some(id) = left.pop() {
        let Some(node) = index.graph.node(id) else {
            continue;
        };
        for next in node
            .references()
            .into_iter()
            .chain(node.depends_on.iter().copied())
        {
            if seen.insert(next) {
                left.push(next);
            }
        }
    }
    seen
}

/// What the instance needs and does not wait for.
pub(super) fn warnings(index: &GraphIndex<'_>, instance: &InstanceConfig<'_>) -> Vec<HopResult> {
    let before = before(index, instance.node);
    let waits_for = |id: NodeId| before.contains(&id);
    // Only what has to do with the instance: its VPC's endpoints, its role's policies, the rules
    // of its groups.
    let ours = |id: NodeId| {
        index
            .graph
            .node(id)
            .is_some_and(|node| node.references().iter().any(|to| before.contains(to)))
    };
    let needed = |endpoint: &VpcEndpoint| {
        matches!(
            super::path::token(&endpoint.service_name).as_deref(),
            Some("ssm" | "ssmmessages")
        )
    };
    let endpoints = index
        .all::<VpcEndpoint>()
        .filter(|(_, _, endpoint)| needed(endpoint))
        .map(|(id, ..)| id);
    let policies = index
        .all::<RolePolicy>()
        .map(|(id, ..)| id)
        .chain(index.all::<InlinePolicy>().map(|(id, ..)| id))
        .chain(index.all::<RolePolicyAttachment>().map(|(id, ..)| id));
    let written_alone = |id: &NodeId| {
        index
            .graph
            .node(*id)
            .is_some_and(|node| node.origin.as_ref().is_none_or(|it| it.parent.is_none()))
    };
    let rules = index
        .all::<SecurityGroupEgress>()
        .map(|(id, ..)| id)
        .chain(index.all::<SecurityGroupIngress>().map(|(id, ..)| id));
    let missing: Vec<NodeId> = endpoints
        .chain(policies.chain(rules).filter(written_alone))
        .filter(|&id| id != instance.node && ours(id) && !waits_for(id))
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = missing
        .iter()
        .map(|&id| format!("`{}`", index.name(id)))
        .collect();
    let detail = format!(
        "`{}` does not wait for {}: if it starts first, the agent sleeps for up to half an hour",
        index.name(instance.node),
        names.join(", ")
    );
    vec![
        HopResult::new(Hop::Agent, HopStatus::Unknown, detail)
            .at(instance.node, "after")
            .fix(super::Fix::After(instance.node, missing)),
    ]
}
