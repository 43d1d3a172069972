//! Listeners and target groups whose protocol is not one of their load balancer.

use super::{Refusal, together};
use crate::ir::{NodeId, Value};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::{Fix, Hop};
use crate::resource::{
    Listener, LoadBalancer, LoadBalancerProtocol, LoadBalancerType, TargetGroup,
};

/// Returns the name of a type in messages, and the protocols of its listeners. A Gateway Load Balancer
/// has none.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html>
fn protocols(of: LoadBalancerType) -> (&'static str, &'static [LoadBalancerProtocol]) {
    use LoadBalancerProtocol as Protocol;
    match of {
        LoadBalancerType::Application => (
            "an Application Load Balancer",
            &[Protocol::Http, Protocol::Https],
        ),
        LoadBalancerType::Network => (
            "a Network Load Balancer",
            &[
                Protocol::Tcp,
                Protocol::Tls,
                Protocol::Udp,
                Protocol::TcpUdp,
            ],
        ),
        LoadBalancerType::Gateway => ("a Gateway Load Balancer", &[]),
    }
}

/// Returns the type of a load balancer, if the file shows it.
fn type_of(
    index: &GraphIndex<'_>,
    id: NodeId,
    balancer: &LoadBalancer,
) -> Option<LoadBalancerType> {
    let node = index.graph.node(id)?;
    match &balancer.load_balancer_type {
        Some(of) => of.lit().copied(),
        None if node.is_lookup() || node.is_unmodeled("load_balancer_type") => None,
        None => Some(LoadBalancerType::Application),
    }
}

/// A listener of a load balancer of another type, or one that forwards to targets of another type.
pub(super) fn listeners(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, node, listener) in index.all::<Listener>() {
        let Resolved::Node(of, balancer) = index.resolve_one(&listener.load_balancer) else {
            continue;
        };
        let Some(kind) = type_of(index, of, balancer).filter(|_| !node.is_lookup()) else {
            continue;
        };
        let (name, allowed) = protocols(kind);
        let is_other = |it: &LoadBalancerProtocol| !allowed.contains(it);
        let words: Vec<String> = allowed
            .iter()
            .map(|it| format!("`{}`", it.as_str()))
            .collect();
        let mut refuse = |field, with: &[NodeId], why: String, error: &str, fix: String| {
            let certain = together(index, with);
            let reason = format!(
                "Elastic Load Balancing refuses `{}` (`{error}`): {why}",
                index.name(id)
            );
            let refusal = Refusal::new(Hop::Agent, (id, field), certain, reason);
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        };
        if let Some(protocol) = listener.protocol.lit().copied().filter(is_other) {
            let why = format!(
                "its protocol is `{}`, and `{}` is {name}",
                protocol.as_str(),
                index.name(of)
            );
            let fix = match words.is_empty() {
                true => "remove the protocol and the port".to_owned(),
                false => format!(
                    "use {}, or a load balancer of another type",
                    words.join(", ")
                ),
            };
            refuse("protocol", &[id, of], why, "UnsupportedProtocol", fix);
            continue;
        }
        let targets = listener.default_actions.iter();
        for link in targets.filter_map(|it| it.target_group.as_ref()) {
            let Resolved::Node(group, targets) = index.resolve_one::<TargetGroup>(link) else {
                continue;
            };
            let protocol = targets.protocol.as_ref().and_then(Value::lit).copied();
            // Gateway Load Balancers have their own protocol to the targets.
            let is_allowed = |it: &LoadBalancerProtocol| match kind {
                LoadBalancerType::Gateway => *it == LoadBalancerProtocol::Geneve,
                _ => allowed.contains(it),
            };
            let Some(protocol) = protocol.filter(|it| !is_allowed(it)) else {
                continue;
            };
            let why = format!(
                "the protocol of target group `{}` is `{}`, and `{}` is {name}",
                index.name(group),
                protocol.as_str(),
                index.name(of)
            );
            let fix = match words.is_empty() {
                true => "use `GENEVE` for the target group".to_owned(),
                false => format!("use {} for the target group", words.join(", ")),
            };
            let with = [id, of, group];
            refuse("default_actions", &with, why, "IncompatibleProtocols", fix);
        }
    }
    found
}
