//! Resources that AWS refuses to create.
//!
//! CloudFormation rolls back the whole stack, and Terraform creates nothing that depends on the
//! resource. No instance of the stack accepts a session, wherever in the stack the resource is.

use super::graph_index::GraphIndex;
use super::order::{before, stacks_before};
use super::refusal::{Refusal, Refused};
use super::ternary::Ternary;
use super::{Fix, HopResult, HopStatus};
use crate::ir::{Dialect, NodeId, SourceLocation};
use crate::resource::{Node, Resource};

mod attachments;
mod connections;
mod endpoints;
mod fixes;
mod gateways;
mod group_texts;
mod groups;
mod interfaces;
mod keys;
mod launch;
mod load_balancers;
mod names;
mod options;
mod policies;
mod ranges;
mod records;
mod regions;
mod responses;
mod scaling;
mod services;
mod signals;
mod subnets;
mod template;
mod values;
mod zones;

pub(super) use groups::by_id;

/// A reason to refuse a resource.
type Check = fn(&GraphIndex<'_>) -> Vec<Refusal>;

/// What validation of an app reports with more detail. The name of a service is a warning there, since AWS
/// adds services.
const OF_VALIDATION: &[Check] = &[
    template::errors,
    template::resource_errors,
    values::invalid,
    endpoints::names,
];

const CHECKS: &[Check] = &[
    template::circular,
    signals::missing,
    keys::of_volumes,
    keys::of_resources,
    keys::locked,
    launch::combinations,
    launch::zones,
    launch::foreign_zones,
    names::twice,
    launch::architectures,
    launch::root_volumes,
    launch::types,
    launch::profiles,
    options::unsupported,
    options::hibernation,
    options::tenancies,
    options::placement_groups,
    options::processors,
    options::metadata_tags,
    interfaces::limits,
    interfaces::public,
    interfaces::without_ipv6,
    interfaces::zones,
    scaling::sizes,
    scaling::combinations,
    scaling::fixed_addresses,
    scaling::hooks,
    scaling::health_checks,
    endpoints::regions,
    endpoints::types,
    endpoints::properties,
    endpoints::private_dns_twice,
    endpoints::s3_without_gateway,
    endpoints::private_dns_without_attributes,
    subnets::in_one_zone,
    subnets::address_types,
    subnets::without_ipv6,
    subnets::networks,
    regions::references,
    records::invalid,
    zones::twice,
    zones::alias_of_the_zone,
    zones::beside_private_dns,
    groups::peers,
    groups::rules_twice,
    groups::traffic,
    groups::names,
    groups::interfaces,
    groups::by_name,
    group_texts::descriptions,
    group_texts::numbers,
    policies::malformed,
    responses::without_path,
    policies::too_many,
    services::others,
    services::trails,
    load_balancers::listeners,
    policies::malformed_of_resources,
    policies::missing,
    ranges::outside_the_vpc,
    ranges::overlapping,
    ranges::sizes,
    ranges::associations,
    ranges::full,
    ranges::prefix_lists,
    ranges::fixed_outside,
    ranges::fixed_twice,
    gateways::attached_twice,
    gateways::without_gateway,
    gateways::foreign_associations,
    gateways::associated_twice,
    gateways::foreign_routes,
    gateways::routes_without_attachment,
    gateways::entries_twice,
    gateways::routes_twice,
    gateways::gateway_endpoints_twice,
    attachments::invalid,
    connections::addresses_by_ref,
    connections::address_twice,
    connections::targets,
    connections::types_of_targets,
    connections::overlapping_peers,
    connections::beside_predecessors,
];

/// Returns every resource that AWS refuses, or can refuse, to create.
pub(super) fn all(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let checks = OF_VALIDATION.iter().chain(CHECKS);
    checks.flat_map(|check| check(index)).collect()
}

/// A resource, or a stack, that AWS certainly refuses to create.
#[derive(Debug, PartialEq)]
pub(crate) struct CertainRefusal {
    /// The resource. Default: none, the template of the stack.
    pub(crate) node: Option<NodeId>,
    pub(crate) path: String,
    pub(crate) location: SourceLocation,
    /// A sentence in lowercase, without a period.
    pub(crate) reason: String,
    pub(crate) help: Option<String>,
}

/// Returns what AWS certainly refuses of an app as a language prints it, apart from errors in the
/// properties of one resource.
pub(super) fn certain(index: &GraphIndex<'_>) -> Vec<CertainRefusal> {
    let all = CHECKS.iter().flat_map(|check| check(index));
    let certain = all.filter(|it| it.certain.is_yes());
    let found = certain.filter_map(|it| {
        let (node, path, location) = match it.of {
            Refused::Resource(id, _) => {
                let node = index.graph.node(id)?;
                (Some(id), &node.path, &node.location)
            }
            Refused::Template(id) => {
                let stack = index.graph.stacks.get(id.index())?;
                (None, &stack.name, &stack.location)
            }
        };
        Some(CertainRefusal {
            node,
            path: path.clone(),
            location: location.clone(),
            help: it.fix.as_ref().map(|fix| fix.summary(index.graph)),
            reason: it.reason,
        })
    });
    found.collect()
}

/// Returns the results for an instance whose stack, or a stack that it depends on, is refused.
pub(super) fn results(
    index: &GraphIndex<'_>,
    refusals: &[Refusal],
    instance: NodeId,
) -> Vec<HopResult> {
    if refusals.is_empty() {
        return Vec::new();
    }
    let stacks = stacks_before(index, instance);
    // Terraform creates what does not depend on an attachment. The check of the role knows that the
    // attachment gives nothing.
    let is_apart = |id: NodeId, node: &Node| {
        node.dialect() == Dialect::Tf
            && matches!(node.resource, Resource::RolePolicyAttachment(_))
            && !before(index, instance).contains(&id)
    };
    refusals
        .iter()
        .filter(|refusal| match refusal.of {
            Refused::Resource(id, _) => {
                let node = index.graph.node(id);
                node.is_some_and(|node| stacks.contains(&node.stack()) && !is_apart(id, node))
            }
            Refused::Template(stack) => stacks.contains(&stack),
        })
        .map(Refusal::result)
        .collect()
}

/// Returns the fix of a route or gateway that AWS refuses. It comes before the endpoints that a broken
/// route suggests.
pub(super) fn fix_of_routes(
    index: &GraphIndex<'_>,
    refusals: &[Refusal],
    instance: NodeId,
) -> Option<Fix> {
    let is_of_route = |it: &HopResult| {
        let node = it.at.and_then(|(node, _)| index.graph.node(node));
        it.status == HopStatus::Fail
            && node.is_some_and(|node| {
                matches!(
                    node.resource,
                    Resource::Route(_)
                        | Resource::SubnetRouteTableAssociation(_)
                        | Resource::VpcGatewayAttachment(_)
                        | Resource::NatGateway(_)
                )
            })
    };
    let mut results = results(index, refusals, instance).into_iter();
    results.find(is_of_route)?.fix
}

/// Returns whether a resource is in its stack, whatever else the model does not know of it.
fn is_in_stack(node: &Node) -> Ternary {
    match node.is_absent() {
        true => Ternary::No,
        false => Ternary::from(node.is_certain()).or(Ternary::Unknown),
    }
}

/// Returns whether all resources exist, or no if the existence of several is unknown: they can
/// exclude each other.
fn together(index: &GraphIndex<'_>, of: &[NodeId]) -> Ternary {
    let exist: Vec<Ternary> = of.iter().map(|&id| index.exists(id)).collect();
    let open = exist.iter().filter(|it| **it == Ternary::Unknown).count();
    if open > 1 {
        return Ternary::No;
    }
    Ternary::all(exist)
}

/// Returns whether a resource of one of these types refers to all nodes.
fn is_connected(index: &GraphIndex<'_>, types: &[&str], nodes: &[NodeId]) -> bool {
    index.graph.nodes().any(|(_, node)| {
        let name = node.resource.type_name(node.dialect()).unwrap_or_default();
        types.contains(&name) && !node.is_absent() && {
            let references = node.references();
            nodes.iter().all(|id| references.contains(id))
        }
    })
}
