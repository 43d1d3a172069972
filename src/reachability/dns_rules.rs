//! Resolver rules, DNS Firewall and Route 53 Profiles: what they do to a name in a VPC.

use super::graph_index::GraphIndex;
use super::names::DnsName;
use super::ternary::Ternary;
use crate::ir::{Dialect, Expr, NodeId, Text, Value};
use crate::resource::{Map, Node, RawValue};

/// The effect of the rules of a VPC on a name.
pub(crate) enum Effect {
    /// The resolver answers as without rules.
    None,
    Blocks(String, (NodeId, &'static str)),
    Unknown(String, (NodeId, &'static str)),
}

const RULE_ASSOCIATION: [&str; 2] = [
    "AWS::Route53Resolver::ResolverRuleAssociation",
    "aws_route53_resolver_rule_association",
];
const FIREWALL_ASSOCIATION: [&str; 2] = [
    "AWS::Route53Resolver::FirewallRuleGroupAssociation",
    "aws_route53_resolver_firewall_rule_group_association",
];
const FIREWALL_RULE: &str = "aws_route53_resolver_firewall_rule";

fn type_of(node: &Node) -> &str {
    node.resource.type_name(node.dialect()).unwrap_or_default()
}

/// Returns the associations of the graph.
pub(super) fn associations(index: &GraphIndex<'_>) -> Vec<NodeId> {
    let nodes = index.graph.nodes();
    let is_one = |node: &Node| {
        let name = type_of(node);
        RULE_ASSOCIATION.contains(&name) || FIREWALL_ASSOCIATION.contains(&name)
    };
    nodes
        .filter(|(_, node)| is_one(node) && !node.is_absent())
        .map(|(id, _)| id)
        .collect()
}

/// The properties of a resource of a type without a table.
struct Body<'g> {
    dialect: Dialect,
    map: Map<'g>,
}

impl<'g> Body<'g> {
    fn of(node: &'g Node) -> Body<'g> {
        let dialect = node.dialect();
        Body {
            dialect,
            map: node.resource.put(dialect),
        }
    }

    fn get(&self, cfn: &str, tf: &str) -> Option<&RawValue<'g>> {
        self.map.get(self.dialect.pick(cfn, tf))
    }
}

fn text<'a>(value: Option<&'a RawValue<'_>>) -> Option<&'a str> {
    match value? {
        RawValue::Str(text) => Some(text),
        _ => None,
    }
}

fn number(value: Option<&RawValue<'_>>) -> Option<i64> {
    match value? {
        RawValue::Int(number) => Some(*number),
        RawValue::Str(text) => text.parse().ok(),
        _ => None,
    }
}

/// Returns the resource that a value refers to.
fn target(value: Option<&RawValue<'_>>) -> Option<NodeId> {
    match value? {
        RawValue::Expr(expr) => match expr.as_ref() {
            Expr::Attr(id, _) | Expr::Other(id, _) => Some(*id),
            _ => None,
        },
        _ => None,
    }
}

/// Returns whether a value refers to a VPC.
fn names_vpc(value: Option<&RawValue<'_>>, vpc: NodeId) -> Ternary {
    match (target(value), value) {
        (Some(id), _) => (id == vpc).into(),
        // A literal ID never names a VPC that the file creates.
        (None, Some(RawValue::Str(_))) => Ternary::No,
        _ => Ternary::Unknown,
    }
}

fn name_of(index: &GraphIndex<'_>, value: Option<&RawValue<'_>>) -> Option<DnsName> {
    let value = match value? {
        RawValue::Str(text) => Value::Lit(Text::Owned(text.to_string())),
        RawValue::Expr(expr) => Value::Expr(expr.as_ref().clone()),
        _ => return None,
    };
    DnsName::of(index, &value)
}

/// Returns the effect of the rules of a VPC on a name. `labels` is the length of the private zone
/// that answers it.
pub(crate) fn effect(index: &GraphIndex<'_>, vpc: NodeId, host: &DnsName, labels: usize) -> Effect {
    if index.is_dns_overridden(vpc) {
        return Effect::Unknown(
            format!(
                "a Route 53 Profile can change the addresses of names in `{}`",
                index.name(vpc)
            ),
            (vpc, "enable_dns_support"),
        );
    }
    if index.dns_associations().is_empty() {
        return Effect::None;
    }
    match firewall(index, vpc, host) {
        Effect::None => resolver_rules(index, vpc, host, labels),
        other => other,
    }
}

/// Returns the effect of the most specific resolver rule.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-domain-name-matches.html>
fn resolver_rules(index: &GraphIndex<'_>, vpc: NodeId, host: &DnsName, labels: usize) -> Effect {
    let mut best: Option<(usize, bool, NodeId)> = None;
    for &id in index.dns_associations() {
        let Some(node) = index.graph.node(id) else {
            continue;
        };
        if !RULE_ASSOCIATION.contains(&type_of(node)) {
            continue;
        }
        let body = Body::of(node);
        if names_vpc(body.get("VPCId", "vpc_id"), vpc).is_no() {
            continue;
        }
        let rule = target(body.get("ResolverRuleId", "resolver_rule_id"));
        let known = rule.and_then(|rule| index.graph.node(rule)).map(Body::of);
        let domain = known
            .as_ref()
            .and_then(|rule| name_of(index, rule.get("DomainName", "domain_name")));
        let is_system = known
            .as_ref()
            .is_some_and(|rule| text(rule.get("RuleType", "rule_type")) == Some("SYSTEM"));
        let length = match &domain {
            Some(domain) if domain.covers(host).is_no() => continue,
            Some(domain) => domain.labels(),
            None => usize::MAX,
        };
        if best.is_none_or(|(other, ..)| length > other) {
            best = Some((length, is_system, rule.unwrap_or(id)));
        }
    }
    match best {
        // At the same length, a rule has precedence over a private zone.
        Some((length, false, id)) if length >= labels => Effect::Unknown(
            format!(
                "resolver rule `{}` can send queries for the service to other DNS servers",
                index.name(id)
            ),
            (vpc, "enable_dns_support"),
        ),
        _ => Effect::None,
    }
}

/// A rule of DNS Firewall.
struct FirewallRule {
    /// The priorities of the association and the rule.
    order: (i64, i64),
    matches: Ternary,
    blocks: Ternary,
    id: NodeId,
}

/// Returns the effect of the first rule that matches a name.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-actions.html>
fn firewall(index: &GraphIndex<'_>, vpc: NodeId, host: &DnsName) -> Effect {
    let mut rules: Vec<FirewallRule> = Vec::new();
    let unknown = |id: NodeId| {
        Effect::Unknown(
            format!(
                "the file does not show whether DNS Firewall rule group `{}` blocks the service",
                index.name(id)
            ),
            (vpc, "enable_dns_support"),
        )
    };
    for &id in index.dns_associations() {
        let Some(node) = index.graph.node(id) else {
            continue;
        };
        if !FIREWALL_ASSOCIATION.contains(&type_of(node)) {
            continue;
        }
        let body = Body::of(node);
        let ours = names_vpc(body.get("VpcId", "vpc_id"), vpc).and(index.exists(id));
        if ours.is_no() {
            continue;
        }
        let group = target(body.get("FirewallRuleGroupId", "firewall_rule_group_id"));
        let Some((group, group_node)) = group.and_then(|id| Some((id, index.graph.node(id)?)))
        else {
            return unknown(id);
        };
        let priority = number(body.get("Priority", "priority"));
        let Some(found) = rules_of_group(index, (group, group_node), host) else {
            return unknown(group);
        };
        for (own, mut rule) in found {
            let (Some(outer), Some(own)) = (priority, own) else {
                rule.matches = rule.matches.and(Ternary::Unknown);
                rules.push(rule);
                continue;
            };
            rule.order = (outer, own);
            rule.matches = rule.matches.and(ours);
            rules.push(rule);
        }
    }
    rules.sort_by_key(|rule| rule.order);
    let mut doubt = false;
    for rule in rules {
        match (rule.matches, rule.blocks) {
            (Ternary::No, _) => {}
            (Ternary::Yes, Ternary::No) => {
                return Effect::None;
            }
            (Ternary::Yes, Ternary::Yes) if !doubt => {
                return Effect::Blocks(
                    format!(
                        "DNS Firewall rule group `{}` blocks the name of the service",
                        index.name(rule.id)
                    ),
                    (vpc, "enable_dns_support"),
                );
            }
            (Ternary::Unknown, Ternary::No) => doubt = true,
            _ => return unknown(rule.id),
        }
    }
    Effect::None
}

/// Returns the rules of a group, each with its priority, or none if the file does not show them.
fn rules_of_group(
    index: &GraphIndex<'_>,
    (group, node): (NodeId, &Node),
    host: &DnsName,
) -> Option<Vec<(Option<i64>, FirewallRule)>> {
    let read = |map: &Body<'_>| {
        (
            number(map.get("Priority", "priority")),
            FirewallRule {
                order: (i64::MAX, i64::MAX),
                matches: matches(index, map, host),
                blocks: blocks(map),
                id: group,
            },
        )
    };
    match node.dialect() {
        Dialect::Cfn => match Body::of(node).get("FirewallRules", "") {
            None => Some(Vec::new()),
            Some(RawValue::List(items)) => items
                .iter()
                .map(|item| match item {
                    RawValue::Object(map) => Some(read(&Body {
                        dialect: Dialect::Cfn,
                        map: map.clone(),
                    })),
                    _ => None,
                })
                .collect(),
            Some(_) => None,
        },
        Dialect::Tf => Some(
            index
                .graph
                .nodes()
                .filter(|(_, it)| type_of(it) == FIREWALL_RULE && !it.is_absent())
                .map(|(_, it)| Body::of(it))
                .filter(|it| target(it.get("", "firewall_rule_group_id")) == Some(group))
                .map(|it| read(&it))
                .collect(),
        ),
    }
}

fn blocks(rule: &Body<'_>) -> Ternary {
    match text(rule.get("Action", "action")) {
        Some("ALLOW" | "ALERT") => Ternary::No,
        // The response can be another name.
        Some("BLOCK") if text(rule.get("BlockResponse", "block_response")) == Some("OVERRIDE") => {
            Ternary::Unknown
        }
        Some("BLOCK") => Ternary::Yes,
        _ => Ternary::Unknown,
    }
}

/// Returns whether a rule matches a name.
fn matches(index: &GraphIndex<'_>, rule: &Body<'_>, host: &DnsName) -> Ternary {
    // Queries for IPv4 addresses have the type `A`.
    match rule.get("Qtype", "q_type") {
        None => {}
        Some(RawValue::Str(of)) if matches!(of.as_ref(), "" | "A" | "1") => {}
        Some(RawValue::Str(_)) => return Ternary::No,
        Some(RawValue::Expr(expr)) if **expr == Expr::Absent => {}
        Some(_) => return Ternary::Unknown,
    }
    let list = target(rule.get("FirewallDomainListId", "firewall_domain_list_id"));
    let Some(node) = list.and_then(|id| index.graph.node(id)) else {
        return Ternary::Unknown;
    };
    match Body::of(node).get("Domains", "domains") {
        Some(RawValue::List(items)) => Ternary::any(items.iter().map(|item| {
            name_of(index, Some(item)).map_or(Ternary::Unknown, |name| name.matches(host))
        })),
        _ => Ternary::Unknown,
    }
}
