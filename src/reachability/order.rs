//! Creation order: if an instance starts before its endpoints or policies exist, the agent retries
//! only after up to 30 minutes.

use std::collections::{HashMap, HashSet};

use super::graph_index::{GraphIndex, Resolved};
use super::hop::{Connection, PathChoice};
use super::iam::{can_allow_agent, link_can_allow_agent};
use super::instance::InstanceConfig;
use super::routes::{InternetRoute, routes, table_of};
use super::security::rules_of_connections;
use super::{Hop, HopResult, HopStatus};
use crate::ir::{Dialect, Expr, NodeId, StackId};
use crate::resource::{
    InlinePolicy, NatGateway, PolicyDocument, RolePolicy, RolePolicyAttachment, Route, Subnet,
    SubnetRouteTableAssociation, VpcCidrBlock, VpcEndpoint, VpcGatewayAttachment,
};
use crate::session_manager::SERVICES;

/// Returns all nodes that exist before another.
pub(super) fn before(index: &GraphIndex<'_>, node: NodeId) -> HashSet<NodeId> {
    // A resource exists with all that is nested in it, such as the rules of a security group.
    let nested = index.cache.nested.get_or_init(|| {
        let mut nested: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
        for (id, node) in index.graph.nodes() {
            if let Some(parent) = node.origin.as_ref().and_then(|it| it.parent) {
                nested.entry(parent).or_default().push(id);
            }
        }
        nested
    });
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
            .chain(nested.get(&id).into_iter().flatten().copied())
        {
            if seen.insert(next) {
                left.push(next);
            }
        }
    }
    seen
}

/// Returns the stack of a node, and the stacks whose resources it needs, directly or through others.
pub(super) fn stacks_before(index: &GraphIndex<'_>, node: NodeId) -> HashSet<StackId> {
    let stack_of = |id: NodeId| index.graph.node(id).map(|node| node.stack());
    let needs = index.cache.stacks.get_or_init(|| {
        let mut needs: HashMap<StackId, HashSet<StackId>> = HashMap::new();
        // One stack needs no other.
        let nodes = index.graph.nodes().filter(|_| index.graph.stacks.len() > 1);
        for (_, node) in nodes.filter(|it| !it.1.is_absent()) {
            let of = node.references().into_iter();
            let of = of.chain(node.depends_on.iter().copied());
            let other = of.filter_map(stack_of).filter(|it| *it != node.stack());
            needs.entry(node.stack()).or_default().extend(other);
        }
        needs
    });
    let mut found = HashSet::new();
    let mut left: Vec<StackId> = stack_of(node).into_iter().collect();
    while let Some(stack) = left.pop() {
        if found.insert(stack) {
            left.extend(needs.get(&stack).into_iter().flatten());
        }
    }
    found
}

/// Returns the stack of a resource of an app, or its prefix in templates that are checked together.
fn stack_of<'g>(index: &GraphIndex<'g>, id: NodeId) -> Option<&'g str> {
    let node = index.graph.node(id)?;
    let origin = node.origin.as_ref()?;
    if origin.is_of_app {
        let stack = index.graph.stacks.get(node.stack().index())?;
        return Some(&stack.name);
    }
    if let Some(parent) = origin.parent {
        return stack_of(index, parent);
    }
    let (stack, _) = origin.address.rsplit_once('/')?;
    (origin.dialect == Dialect::Cfn).then_some(stack)
}

/// Returns the routes, associations and NAT gateways of the path to the internet, if the agent uses
/// it.
fn internet<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> Vec<NodeId> {
    let mut found = Vec::new();
    for placement in &instance.placements {
        let connection = Connection::new(index, instance, placement, SERVICES[0], None);
        let (PathChoice::Internet, InternetRoute::Works(by, _)) =
            (&connection.path, &connection.internet_route)
        else {
            continue;
        };
        found.push(*by);
        let table = table_of(index, &placement.subnet);
        let (routes, _) = routes(index, &table);
        let default = routes.into_iter().filter(|(_, route, _)| {
            let range = route.cidr_block.as_ref().and_then(|cidr| index.cidr(cidr));
            range.is_some_and(|range| !range.is_private())
        });
        found.extend(default.map(|(id, ..)| id));
        let ties = index
            .all::<SubnetRouteTableAssociation>()
            .filter(|(_, _, tie)| index.resolve_one(&tie.subnet).node() == placement.subnet.node());
        found.extend(ties.map(|(id, ..)| id));
    }
    found.sort();
    found.dedup();
    found
}

/// Returns the rules of security groups, of those that can be missing when the instance starts,
/// without which the agent cannot connect.
fn needed_rules<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
    late: &[NodeId],
    depends_on_instance: impl Fn(NodeId) -> bool,
) -> Vec<NodeId> {
    let left_out = &index.cache.left_out;
    let mut needed = HashSet::new();
    if late.is_empty() {
        return Vec::new();
    }
    let too_late = late.iter().copied().filter(|id| depends_on_instance(*id));
    let too_late: HashSet<NodeId> = too_late.collect();
    for placement in &instance.placements {
        for service in SERVICES {
            let connection = Connection::new(index, instance, placement, service, None);
            let statuses = || connection.statuses(&Hop::OF_SECURITY_GROUPS);
            left_out.replace(too_late.clone());
            let with_rules = statuses();
            left_out.replace(late.iter().copied().collect());
            if statuses() != with_rules {
                left_out.replace(too_late.clone());
                // Of several rules that each suffice, the first stays.
                for &id in late.iter().rev().filter(|id| !too_late.contains(id)) {
                    left_out.borrow_mut().insert(id);
                    if statuses() != with_rules {
                        left_out.borrow_mut().remove(&id);
                        needed.insert(id);
                    }
                }
            }
        }
    }
    left_out.borrow_mut().clear();
    let in_order = late.iter().copied();
    in_order.filter(|id| needed.contains(id)).collect()
}

/// Returns warnings about the order of creation.
pub(super) fn warnings<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'g>,
) -> Vec<HopResult> {
    let mut warnings = of_instance(index, instance);
    let stacks = stacks_before(index, instance.node);
    let in_stack = |id: NodeId| {
        index
            .graph
            .node(id)
            .is_some_and(|it| stacks.contains(&it.stack()))
    };
    let mut of_each: Vec<(NodeId, &str, Vec<NodeId>)> = Vec::new();
    for (node, requires, error) in racing(index) {
        if !in_stack(node) {
            continue;
        }
        match of_each
            .iter_mut()
            .find(|it| (it.0, it.1) == (requires, error))
        {
            Some((.., nodes)) => nodes.push(node),
            None => of_each.push((requires, error, vec![node])),
        }
    }
    warnings.extend(of_each.into_iter().map(|(requires, error, nodes)| {
        let names: Vec<String> = nodes.iter().map(|it| format!("`{}`", index.name(*it))).collect();
        let verb = if nodes.len() == 1 { "does" } else { "do" };
        let detail = format!(
            "{} {verb} not depend on `{}`; what CloudFormation creates first fails ({error}), and the \
             stack rolls back",
            names.join(", "),
            index.name(requires)
        );
        let result =
            HopResult::new(Hop::Route, HopStatus::Unknown, detail).at(requires, "after");
        // A dependency in both directions is circular.
        let first = before(index, requires);
        if nodes.iter().any(|it| first.contains(it)) {
            return result;
        }
        let fixes = nodes.iter().map(|it| super::Fix::After(*it, vec![requires]));
        result.fix(super::Fix::All(fixes.collect()))
    }));
    warnings
}

/// Returns the resources that CloudFormation can create before one that they require, that one, and
/// the error.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html>
fn racing(index: &GraphIndex<'_>) -> Vec<(NodeId, NodeId, &'static str)> {
    let mut found = Vec::new();
    let mut add = |node: NodeId, requires: NodeId, error| {
        let of = |id: NodeId| index.graph.node(id);
        let (Some(own), Some(other)) = (of(node), of(requires)) else {
            return;
        };
        let is_new = |node: &crate::resource::Node| {
            let origin = node.origin.as_ref();
            origin.is_some_and(|it| it.dialect == Dialect::Cfn && !it.is_existing)
        };
        if own.stack() == other.stack()
            && is_new(own)
            && is_new(other)
            && index.exists(requires).is_yes()
            && !before(index, node).contains(&requires)
        {
            found.push((node, requires, error));
        }
    };
    for (attachment, _, it) in index.all::<VpcGatewayAttachment>() {
        let Some(gateway) = it.internet_gateway.as_ref().map(|it| index.resolve_one(it)) else {
            continue;
        };
        let vpc = index.resolve_one(&it.vpc);
        for (id, _, route) in index.all::<Route>() {
            let to = route.gateway.as_ref().map(|it| index.resolve_one(it));
            if to.is_some_and(|to| to.same(&gateway).is_yes()) {
                add(id, attachment, "`InvalidParameterValue`");
            }
        }
        for (id, _, nat) in index.all::<NatGateway>() {
            let is_private = nat
                .connectivity_type
                .as_ref()
                .and_then(crate::ir::Value::lit)
                .is_some_and(|it| it.as_str() == "private");
            let own = index.vpc_of(&index.resolve_one(&nat.subnet));
            if !is_private && own.same(&vpc).is_yes() {
                add(id, attachment, "`Gateway.NotAttached`");
            }
        }
    }
    for (range, _, it) in index.all::<VpcCidrBlock>() {
        let Resolved::Node(vpc, _) = index.resolve_one(&it.vpc) else {
            continue;
        };
        for (id, node, _) in index.all::<Subnet>() {
            let mut uses = false;
            node.resource.put(node.dialect()).walk(&mut |expr| {
                uses |= matches!(expr, Expr::Other(of, name)
                    if *of == vpc && name == "Ipv6CidrBlocks");
            });
            if uses {
                add(id, range, "`Fn::Select` of an empty list");
            }
        }
    }
    found
}

/// Returns a warning for the resources that the instance requires but does not depend on.
fn of_instance<'g>(index: &GraphIndex<'g>, instance: &InstanceConfig<'g>) -> Vec<HopResult> {
    let is_existing = |id: NodeId| {
        let origin = index.graph.node(id).and_then(|node| node.origin.as_ref());
        origin.is_some_and(|origin| origin.is_existing)
    };
    // The instance has started.
    if is_existing(instance.node) {
        return Vec::new();
    }
    let before = before(index, instance.node);
    // Another stack is complete before a stack that uses its outputs.
    let own = stack_of(index, instance.node);
    let complete: HashSet<&str> = before
        .iter()
        .filter_map(|id| stack_of(index, *id))
        .filter(|stack| Some(*stack) != own)
        .collect();
    let waits_for = |id: NodeId| {
        before.contains(&id)
            || is_existing(id)
            || stack_of(index, id).is_some_and(|it| complete.contains(it))
    };
    // Only endpoints of its VPC and policies of its role.
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
    let needs = |document: &PolicyDocument| can_allow_agent(index, document);
    let policies = index
        .all::<RolePolicy>()
        .filter(|(_, _, it)| needs(&it.policy_document))
        .map(|(id, ..)| id)
        .chain(
            index
                .all::<InlinePolicy>()
                .filter(|(_, _, it)| needs(&it.policy_document))
                .map(|(id, ..)| id),
        )
        .chain(
            index
                .all::<RolePolicyAttachment>()
                .filter(|(_, _, it)| link_can_allow_agent(index, &it.policy))
                .map(|(id, ..)| id),
        );
    let written_alone = |id: &NodeId| {
        index
            .graph
            .node(*id)
            .is_some_and(|node| node.origin.as_ref().is_none_or(|it| it.parent.is_none()))
    };
    // The instance cannot wait for what refers to it.
    let depends_on_instance =
        |id: NodeId| id == instance.node || self::before(index, id).contains(&instance.node);
    let mut missing: Vec<NodeId> = endpoints
        .chain(policies.filter(written_alone))
        .filter(|&id| ours(id) && !waits_for(id))
        .collect();
    let rules = rules_of_connections(index).into_iter();
    let late: Vec<NodeId> = rules
        .filter(|id| written_alone(id) && !waits_for(*id))
        .collect();
    missing.extend(needed_rules(index, instance, &late, depends_on_instance));
    for id in internet(index, instance) {
        if !waits_for(id) && !missing.contains(&id) && written_alone(&id) {
            missing.push(id);
        }
    }
    missing.retain(|id| !depends_on_instance(*id));
    if missing.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = missing
        .iter()
        .map(|&id| format!("`{}`", index.name(id)))
        .collect();
    let detail = format!(
        "`{}` does not depend on {}; if it starts first, the agent retries only after up to 30 minutes",
        index.name(instance.node),
        names.join(", ")
    );
    vec![
        HopResult::new(Hop::Agent, HopStatus::Unknown, detail)
            .at(instance.node, "after")
            .fix(super::Fix::After(instance.node, missing)),
    ]
}
