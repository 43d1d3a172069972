//! Resolver rules, DNS Firewall and Route 53 Profiles: what they do to a name in a VPC.

use super::dns_name::DnsName;
use super::graph_index::{GraphIndex, Resolved};
use super::ternary::Ternary;
use crate::ir::{Link, NodeId, Text, Value};
use crate::resource::{
    FirewallDomainList, FirewallGroupRule, FirewallRuleGroup, FirewallRuleGroupAssociation,
    ResolverRule, ResolverRuleAssociation, Vpc,
};

/// The effect of the rules of a VPC on a name.
pub(crate) enum Effect {
    /// The resolver answers as without rules.
    None,
    Blocks(String, (NodeId, &'static str)),
    Unknown(String, (NodeId, &'static str)),
}

/// Returns whether a link names the VPC.
fn names_vpc(index: &GraphIndex<'_>, link: &Link<Vpc>, vpc: NodeId) -> Ternary {
    let all = index.resolve(link);
    let one = |to: &Resolved<'_, Vpc>| match to {
        Resolved::Node(id, _) => (*id == vpc).into(),
        // A literal ID never names a VPC that the file creates.
        Resolved::Outside(crate::ir::Expr::Text(_)) => Ternary::No,
        _ => Ternary::Unknown,
    };
    match all.as_slice() {
        [to] => one(to),
        _ => Ternary::any(all.iter().map(one)).and(Ternary::Unknown),
    }
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
    match firewall(index, vpc, host) {
        Effect::None => resolver_rules(index, vpc, host, labels),
        other => other,
    }
}

/// Returns the effect of the most specific resolver rule.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-domain-name-matches.html>
fn resolver_rules(index: &GraphIndex<'_>, vpc: NodeId, host: &DnsName, labels: usize) -> Effect {
    let mut best: Option<(usize, bool, NodeId)> = None;
    for (id, _, tie) in index.all::<ResolverRuleAssociation>() {
        let ours = names_vpc(index, &tie.vpc, vpc).and(index.exists(id));
        if ours.is_no() {
            continue;
        }
        let (rule, length, is_system) = match index.resolve_one::<ResolverRule>(&tie.resolver_rule)
        {
            Resolved::Node(rule, it) => {
                let domain = DnsName::of(index, &it.domain_name);
                let length = match &domain {
                    Some(domain) if domain.covers(host).is_no() => continue,
                    Some(domain) => domain.labels(),
                    None => usize::MAX,
                };
                let system = it.rule_type.lit().is_some_and(|of| of == "SYSTEM");
                (rule, length, system && ours.is_yes())
            }
            _ => (id, usize::MAX, false),
        };
        if best.is_none_or(|(other, ..)| length > other) {
            best = Some((length, is_system, rule));
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
    for (id, _, tie) in index.all::<FirewallRuleGroupAssociation>() {
        let ours = names_vpc(index, &tie.vpc, vpc).and(index.exists(id));
        if ours.is_no() {
            continue;
        }
        let Resolved::Node(group, it) = index.resolve_one::<FirewallRuleGroup>(&tie.rule_group)
        else {
            return unknown(id);
        };
        let unmodeled = index
            .graph
            .node(group)
            .is_some_and(|node| node.is_unmodeled("rules"));
        if unmodeled || index.is_externally_modified(group) {
            return unknown(group);
        }
        for (own, mut rule) in rules_of_group(index, (group, it), host) {
            rule.matches = rule.matches.and(ours);
            match (tie.priority.lit(), own) {
                (Some(outer), Some(own)) => rule.order = (*outer, own),
                _ => rule.matches = rule.matches.and(Ternary::Unknown),
            }
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

/// Returns the rules of a group, each with its priority if the file shows it.
fn rules_of_group(
    index: &GraphIndex<'_>,
    (group, it): (NodeId, &FirewallRuleGroup),
    host: &DnsName,
) -> Vec<(Option<i64>, FirewallRule)> {
    let read = |priority: &Value<i64>, matches: Ternary, blocks: Ternary| {
        let order = (i64::MAX, i64::MAX);
        let rule = FirewallRule {
            order,
            matches,
            blocks,
            id: group,
        };
        (priority.lit().copied(), rule)
    };
    let nested = it.rules.iter().map(|rule| {
        let matches = matches(index, rule.q_type.as_ref(), rule.domain_list.as_ref(), host);
        let blocks = blocks(&rule.action, rule.block_response.as_ref());
        read(&rule.priority, matches, blocks)
    });
    let separate = index
        .all::<FirewallGroupRule>()
        .filter_map(|(id, _, rule)| {
            let ours = index
                .points_to(&rule.rule_group, group)
                .and(index.exists(id));
            let matches = matches(index, rule.q_type.as_ref(), rule.domain_list.as_ref(), host);
            let blocks = blocks(&rule.action, rule.block_response.as_ref());
            (!ours.is_no()).then(|| read(&rule.priority, matches.and(ours), blocks))
        });
    nested.chain(separate).collect()
}

fn blocks(action: &Value<Text>, response: Option<&Value<Text>>) -> Ternary {
    match action.lit().map(Text::as_ref) {
        Some("ALLOW" | "ALERT") => Ternary::No,
        // The response can be another name.
        Some("BLOCK") => match response.map(Value::lit) {
            None => Ternary::Yes,
            Some(Some(text)) if text != "OVERRIDE" => Ternary::Yes,
            Some(_) => Ternary::Unknown,
        },
        _ => Ternary::Unknown,
    }
}

/// Returns whether a rule matches a name.
fn matches(
    index: &GraphIndex<'_>,
    q_type: Option<&Value<Text>>,
    list: Option<&Link<FirewallDomainList>>,
    host: &DnsName,
) -> Ternary {
    // Queries for IPv4 addresses have the type `A`.
    let of_addresses = match q_type {
        None => Ternary::Yes,
        Some(value) if value.is_absent() => Ternary::Yes,
        Some(value) => match value.lit() {
            Some(of) => matches!(of.as_ref(), "" | "A" | "1" | "TYPE1").into(),
            None => Ternary::Unknown,
        },
    };
    let Some(Resolved::Node(id, it)) = list.map(|link| index.resolve_one(link)) else {
        return of_addresses.and(Ternary::Unknown);
    };
    let named = Ternary::any(it.domains.iter().map(|domain| {
        DnsName::of(index, domain).map_or(Ternary::Unknown, |name| name.matches(host))
    }));
    let unmodeled = index
        .graph
        .node(id)
        .is_some_and(|node| node.is_unmodeled("domains"));
    let more = if it.domain_file.is_some() || unmodeled {
        Ternary::Unknown
    } else {
        Ternary::No
    };
    of_addresses.and(named.or(more))
}
