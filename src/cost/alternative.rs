//! Cheaper alternatives: each is a changed graph, estimated and checked as the original.

#[cfg(feature = "config")]
use super::instance_cost::has_arm64;
use super::prices::{Usd, types};
use super::{Estimate, estimate, known};
use crate::ir::{IntoValue, NodeId, Text, Value};
use crate::reachability::graph_index::visible_text;
use crate::reachability::{Assumptions, Verdict, check, path};
use crate::region::Region;
use crate::resource::{
    Eip, Graph, NatGateway, Node, Resource, Typed, VpcEndpoint, VpcEndpointSubnet,
};
#[cfg(feature = "config")]
use crate::resource::{Instance, LaunchTemplate};

/// An alternative and its cost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alternative {
    /// The name.
    pub name: String,
    /// The settings of a configuration that create it: path and value. Default: empty.
    pub settings: Vec<(String, String)>,
    /// The instructions if no setting creates it. Default: none.
    pub instructions: Option<String>,
    /// The trade-off.
    pub trade_off: &'static str,
    /// The monthly total of all prices that are known.
    pub monthly: Usd,
    /// The difference from the original total. Negative if the alternative is cheaper.
    pub difference: Usd,
    /// Whether it is only a comparison, without a reachability check.
    pub is_comparison: bool,
    /// Whether every instance is reachable.
    pub is_reachable: bool,
}

const ONE_ZONE: &str = "endpoints in one Availability Zone";
const ONE_ZONE_COST: &str =
    "sessions fail with that Availability Zone; AWS bills the data between Availability Zones";
const NO_EC2MESSAGES: &str = "without the ec2messages endpoint";
const NO_EC2MESSAGES_COST: &str = "no agents older than 3.3.40.0";
const BOTH: &str = "endpoints in one Availability Zone, without ec2messages";
const BOTH_COST: &str = "sessions fail with that Availability Zone; no agents older than 3.3.40.0";
const GATEWAY_COST: &str = "the network is no longer private: instances reach the internet";
const ONE_GATEWAY_COST: &str =
    "the network is no longer private; sessions fail with that Availability Zone";
const SMALLER: &str = "instances one size smaller";
const SMALLER_COST: &str = "half of the memory, and less CPU";

/// Changes a graph. Returns whether anything changed.
type Transform = fn(&mut Graph, &Region) -> bool;

/// Computes the alternatives of a graph: the cheapest first, comparisons last.
#[must_use]
pub fn of_graph(graph: &Graph, base: &Estimate) -> Vec<Alternative> {
    let changes: [(&str, &str, &str, Transform); 4] = [
        (
            ONE_ZONE,
            ONE_ZONE_COST,
            "set one subnet for each endpoint",
            one_zone,
        ),
        (
            NO_EC2MESSAGES,
            NO_EC2MESSAGES_COST,
            "delete the `ec2messages` endpoint",
            without_ec2messages,
        ),
        (
            BOTH,
            BOTH_COST,
            "set one subnet for each endpoint, and delete the `ec2messages` endpoint",
            |graph, region| one_zone(graph, region) && without_ec2messages(graph, region),
        ),
        (SMALLER, SMALLER_COST, "change the instance types", smaller),
    ];
    let before = verdicts(graph);
    let mut found: Vec<Alternative> = Vec::new();
    for (name, trade_off, how, change) in changes {
        let mut changed = graph.clone();
        if change(&mut changed, base.region)
            && keeps_sessions(&before, &changed)
            && let Some(mut alternative) = alternative(&changed, base, name, trade_off)
        {
            alternative.instructions = Some(how.to_owned());
            found.push(alternative);
        }
    }
    sorted(found, gateways(graph, base))
}

fn sorted(mut found: Vec<Alternative>, comparisons: Vec<Alternative>) -> Vec<Alternative> {
    found.retain(|it| it.difference < Usd::ZERO);
    found.sort_by_key(|it| it.monthly);
    found.extend(comparisons);
    found
}

/// Returns the lines without a price, which both sides of a difference omit.
fn unpriced(estimate: &Estimate) -> Vec<(&'static str, &str)> {
    estimate
        .not_priced()
        .map(|line| (line.what, line.resource.as_str()))
        .collect()
}

/// Estimates a changed graph. Returns none if the totals cannot be compared.
fn alternative(
    graph: &Graph,
    base: &Estimate,
    name: &str,
    trade_off: &'static str,
) -> Option<Alternative> {
    let changed = estimate(graph, base.region, &base.usage);
    if unpriced(&changed) != unpriced(base) {
        return None;
    }
    let monthly = changed.total();
    Some(Alternative {
        name: name.to_owned(),
        settings: Vec::new(),
        instructions: None,
        trade_off,
        monthly,
        difference: monthly.minus(base.total()),
        is_comparison: false,
        is_reachable: verdicts(graph)
            .iter()
            .all(|verdict| *verdict == Verdict::Reachable),
    })
}

fn verdicts(graph: &Graph) -> Vec<Verdict> {
    let reachability = check(graph, &Assumptions::default());
    reachability.instances.iter().map(|it| it.verdict).collect()
}

/// Returns whether no instance has a worse verdict.
fn keeps_sessions(before: &[Verdict], graph: &Graph) -> bool {
    let after = verdicts(graph);
    let is_kept = |(before, after): (&Verdict, &Verdict)| {
        before == after || *after == Verdict::Reachable || *before == Verdict::Unreachable
    };
    before.len() == after.len() && before.iter().zip(&after).all(is_kept)
}

fn is_interface(node: &Node) -> bool {
    VpcEndpoint::of(&node.resource).is_some_and(|it| path::is_interface(it).is_yes())
}

fn remove(graph: &mut Graph, gone: impl Fn(&Node) -> bool) -> bool {
    let mut any = false;
    for stack in &mut graph.stacks {
        let before = stack.nodes.len();
        let nodes = &graph.nodes;
        stack.nodes.retain(|id| !gone(&nodes[id.index()]));
        any |= stack.nodes.len() != before;
    }
    any
}

fn one_zone(graph: &mut Graph, _: &Region) -> bool {
    let mut any = false;
    for node in graph.nodes.iter_mut().filter(|node| is_interface(node)) {
        if let Some(endpoint) = VpcEndpoint::of_mut(&mut node.resource)
            && endpoint.subnets.len() > 1
        {
            endpoint.subnets.truncate(1);
            any = true;
        }
    }
    any && {
        remove(graph, |node| {
            VpcEndpointSubnet::of(&node.resource).is_some()
        });
        true
    }
}

fn without_ec2messages(graph: &mut Graph, _: &Region) -> bool {
    remove(graph, |node| {
        VpcEndpoint::of(&node.resource).is_some_and(|it| {
            let name = match &it.service_name {
                Value::Lit(name) => name.to_string(),
                Value::Expr(expr) => visible_text(expr),
            };
            name.ends_with(".ec2messages")
        })
    })
}

/// Returns the next smaller instance type of the same family if it has a price.
fn size_below(of: &str, region: &Region) -> Option<&'static str> {
    const SIZES: [&str; 7] = [
        "nano", "micro", "small", "medium", "large", "xlarge", "2xlarge",
    ];
    let (family, size) = of.split_once('.')?;
    let at = SIZES.iter().position(|it| *it == size)?;
    let wanted = format!("{family}.{}", SIZES.get(at.checked_sub(1)?)?);
    types(region).map(|(of, _)| of).find(|of| *of == wanted)
}

fn smaller(graph: &mut Graph, region: &Region) -> bool {
    let mut any = false;
    for node in &mut graph.nodes {
        let of = match &mut node.resource {
            Resource::Instance(it) => Some(&mut it.instance_type),
            Resource::LaunchTemplate(it) => it.instance_type.as_mut(),
            Resource::LaunchConfiguration(it) => it.instance_type.as_mut(),
            _ => None,
        };
        if let Some(Value::Lit(of)) = of
            && let Some(below) = size_below(of, region)
        {
            *of = Text::Borrowed(below);
            any = true;
        }
    }
    any
}

fn add<R: Into<Resource>>(graph: &mut Graph, like: &Node, name: &str, resource: R) -> NodeId {
    let id = NodeId::next(graph.nodes.len());
    graph.nodes.push(Node {
        path: name.to_owned(),
        cfn_id: name.to_owned(),
        tf_name: name.to_owned(),
        moved_from: Vec::new(),
        resource: resource.into(),
        depends_on: Vec::new(),
        condition: None,
        removal_policy: None,
        removal_location: crate::ir::SourceLocation::Default,
        overrides: Vec::new(),
        origin: None,
        ..like.clone()
    });
    if let Some(stack) = graph.stacks.get_mut(like.stack.index()) {
        stack.nodes.push(id);
    }
    id
}

/// Compares with NAT gateways in place of the interface endpoints: one, and one per Availability Zone
/// of the endpoints.
fn gateways(graph: &Graph, base: &Estimate) -> Vec<Alternative> {
    let nodes = || graph.stacks().flat_map(|stack| graph.nodes_of(stack));
    let exists = |node: &Node| !known::exists(graph, node, base.region).is_no();
    let mut endpoints = nodes().filter(|(_, node)| is_interface(node) && exists(node));
    let Some((_, like)) = endpoints.next() else {
        return Vec::new();
    };
    if nodes().any(|(_, node)| NatGateway::of(&node.resource).is_some()) {
        return Vec::new();
    }
    let Some(endpoint) = VpcEndpoint::of(&like.resource) else {
        return Vec::new();
    };
    let mut counts = vec![1];
    if endpoint.subnets.len() > 1 {
        counts.push(endpoint.subnets.len());
    }
    let build = |count: &usize| {
        let mut changed = graph.clone();
        remove(&mut changed, is_interface);
        for (n, subnet) in endpoint.subnets.iter().take(*count).enumerate() {
            let address = add(&mut changed, like, &format!("Address{n}"), Eip::new());
            let mut gateway = NatGateway::new(subnet.clone());
            gateway.allocation = Some(address.at(Eip::LINK).into_value());
            add(&mut changed, like, &format!("NatGateway{n}"), gateway);
        }
        let name = match count {
            1 => "a NAT gateway in one Availability Zone, no interface endpoints".to_owned(),
            _ => format!("NAT gateways in {count} Availability Zones, no interface endpoints"),
        };
        let trade_off = match count {
            1 => ONE_GATEWAY_COST,
            _ => GATEWAY_COST,
        };
        let mut alternative = alternative(&changed, base, &name, trade_off)?;
        alternative.is_comparison = true;
        // The changed graph has no routes to the NAT gateways.
        alternative.is_reachable = false;
        alternative.instructions = Some(
            "requires public subnets, an internet gateway and routes; no setting creates them"
                .to_owned(),
        );
        Some(alternative)
    };
    counts.iter().filter_map(build).collect()
}

/// Returns the instance type of the same size with arm64 if it has a price.
#[cfg(feature = "config")]
fn arm64(of: &str, region: &Region) -> Option<&'static str> {
    let (family, size) = of.split_once('.')?;
    let wanted = match family {
        "t2" | "t3" | "t3a" => "t4g",
        "m5" | "m5a" => "m6g",
        "m6i" | "m6a" | "m7i" | "m7a" => "m7g",
        "c5" | "c5a" => "c6g",
        "c6i" | "c6a" | "c7i" | "c7a" => "c7g",
        "r5" | "r5a" => "r6g",
        "r6i" | "r6a" | "r7i" | "r7a" => "r7g",
        _ => return None,
    };
    types(region)
        .map(|(of, _)| of)
        .find(|of| of.split_once('.') == Some((wanted, size)))
}

#[cfg(feature = "config")]
const ARM64: &str = "arm64 instances of the same size";
#[cfg(feature = "config")]
const ARM64_COST: &str = "no software for x86_64 only";
#[cfg(feature = "config")]
const ALL: &str = "one Availability Zone, arm64 instances";
#[cfg(feature = "config")]
const ALL_COST: &str = "sessions fail with that Availability Zone; no software for x86_64 only";

/// Computes the alternatives of a configuration: the cheapest first, comparisons last.
///
/// Omits settings that the configuration rejects, or that make an instance unreachable.
#[cfg(feature = "config")]
#[must_use]
pub fn of_config(
    config: &crate::frontend::config::Config,
    graph: &Graph,
    base: &Estimate,
) -> Vec<Alternative> {
    let set = |path: &str, value: &str| (path.to_owned(), value.to_owned());
    let zones = vec![set("endpoints.zones", "one")];
    let messages = vec![set("endpoints.ec2messages", "false")];
    let arm = with_types(config, graph, |instance, of| {
        image_of(graph, instance)
            .is_some_and(has_arm64)
            .then(|| arm64(of, base.region))
            .flatten()
    });
    let below = with_types(config, graph, |_, of| size_below(of, base.region));
    let both = [zones.clone(), messages.clone()].concat();
    let all = [zones.clone(), arm.clone()].concat();
    let all = if arm.is_empty() { Vec::new() } else { all };
    let before = verdicts(graph);
    let mut found: Vec<Alternative> = Vec::new();
    for (name, trade_off, settings, joint) in [
        (ONE_ZONE, ONE_ZONE_COST, zones, false),
        (NO_EC2MESSAGES, NO_EC2MESSAGES_COST, messages, false),
        (BOTH, BOTH_COST, both, true),
        (ARM64, ARM64_COST, arm, false),
        (SMALLER, SMALLER_COST, below, false),
        (ALL, ALL_COST, all, true),
    ] {
        let Some(changed) = with(config, &settings) else {
            continue;
        };
        if !keeps_sessions(&before, &changed) {
            continue;
        }
        let Some(mut alternative) = alternative(&changed, base, name, trade_off) else {
            continue;
        };
        alternative.settings = settings;
        // A combination must be cheaper than its parts.
        if !joint || found.iter().all(|it| it.monthly != alternative.monthly) {
            found.push(alternative);
        }
    }
    sorted(found, gateways(graph, base))
}

#[cfg(feature = "config")]
fn with(config: &crate::frontend::config::Config, settings: &[(String, String)]) -> Option<Graph> {
    if settings.is_empty() {
        return None;
    }
    let mut config = config.clone();
    for (path, value) in settings {
        config.set("--set", path, value).ok()?;
    }
    let configured = config.build().ok()?;
    configured.validate().ok()?;
    Some(configured.app.graph().clone())
}

#[cfg(feature = "config")]
fn image_of<'g>(
    graph: &'g Graph,
    instance: &'g Instance,
) -> Option<&'g crate::ir::Link<crate::resource::LaunchImage>> {
    if let Some(image) = &instance.image {
        return Some(image);
    }
    let spec = instance.launch_template.as_ref()?;
    match &spec.launch_template {
        Value::Expr(crate::ir::Expr::Attr(id, _)) => {
            Some(&LaunchTemplate::of(&graph.node(*id)?.resource)?.image)
        }
        _ => None,
    }
}

/// Returns the settings that change the type of each instance that has an alternative.
#[cfg(feature = "config")]
fn with_types(
    config: &crate::frontend::config::Config,
    graph: &Graph,
    other: impl Fn(&Instance, &str) -> Option<&'static str>,
) -> Vec<(String, String)> {
    let instances: Vec<&Instance> = graph
        .stacks()
        .flat_map(|stack| graph.nodes_of(stack))
        .filter_map(|(_, node)| Instance::of(&node.resource))
        .collect();
    let named = config.instances();
    if instances.len() != named.max(1) {
        return Vec::new();
    }
    let mut settings = Vec::new();
    for (n, instance) in instances.iter().enumerate() {
        let Some(of) = instance
            .instance_type
            .lit()
            .and_then(|of| other(instance, of))
        else {
            continue;
        };
        settings.push(match named {
            // The default instance, which the configuration does not list.
            0 => (
                "instances".to_owned(),
                format!(
                    "[{{name: {}, instance_type: {of}}}]",
                    crate::construct::DEFAULT_INSTANCE_NAME
                ),
            ),
            _ => (format!("instances.{n}.instance_type"), of.to_owned()),
        });
    }
    settings
}
