//! Changes of security group rules.

use ipnet::IpNet;
use serde_json::Value;

use super::super::{Side, is_function};
use super::{AccessChange, Direction, branches, list, name};

/// The ports of a rule, or the types and codes for ICMP.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ports {
    All,
    Range(i64, i64),
    /// An ICMP type and code.
    Icmp(i64, Option<i64>),
    /// An unresolved function.
    Unknown(String),
}

/// A security group rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    owner: String,
    inbound: bool,
    protocol: String,
    ports: Ports,
    peer: String,
}

pub(super) fn changes(old: &Side, new: &Side) -> Vec<AccessChange> {
    let (was, is) = (rules(old, None), rules(new, Some(old)));
    let changed = |of: &[Rule], other: &[Rule], broader: bool| -> Vec<AccessChange> {
        let open = of.iter().filter(|rule| !is_covered(rule, other));
        let change = |rule: &Rule| AccessChange {
            direction: Direction::of(broader),
            what: text(rule, broader),
            owner: rule.owner.clone(),
        };
        open.map(change).collect()
    };
    let mut out = changed(&is, &was, true);
    out.extend(changed(&was, &is, false));
    out
}

/// Returns whether rules together allow all that a rule allows: adjacent port ranges and halves of a
/// CIDR range are equal to the whole.
fn is_covered(rule: &Rule, by: &[Rule]) -> bool {
    if by.iter().any(|it| covers(it, rule)) {
        return true;
    }
    let Ok(peer) = rule.peer.parse::<IpNet>() else {
        let same: Vec<&Rule> = by.iter().filter(|it| it.peer == rule.peer).collect();
        return by_ports(rule, &same, |_| true);
    };
    match rule.ports {
        Ports::Range(..) => {
            let all: Vec<&Rule> = by.iter().collect();
            by_ports(rule, &all, |rules| within(peer, rules.iter().copied()))
        }
        _ => {
            let wide = |it: &&Rule| {
                let peer = rule.peer.clone();
                covers(
                    &Rule {
                        peer,
                        ..(*it).clone()
                    },
                    rule,
                )
            };
            within(peer, by.iter().filter(wide))
        }
    }
}

/// Returns whether CIDR ranges together contain another.
fn within<'a>(peer: IpNet, rules: impl Iterator<Item = &'a Rule>) -> bool {
    let nets: Vec<IpNet> = rules
        .filter_map(|it| it.peer.parse::<IpNet>().ok())
        .map(|it| it.trunc())
        .collect();
    IpNet::aggregate(&nets).iter().any(|it| it.contains(&peer))
}

/// Returns whether the rules for each part of a port range meet a test.
fn by_ports(rule: &Rule, by: &[&Rule], test: impl Fn(&[&Rule]) -> bool) -> bool {
    let Ports::Range(first, last) = rule.ports else {
        return false;
    };
    let related: Vec<&Rule> = by
        .iter()
        .copied()
        .filter(|it| {
            it.owner == rule.owner
                && it.inbound == rule.inbound
                && (it.protocol == "-1" || it.protocol == rule.protocol)
        })
        .collect();
    let mut starts = vec![first];
    for it in &related {
        if let Ports::Range(from, to) = it.ports {
            starts.extend(
                [from, to.saturating_add(1)]
                    .into_iter()
                    .filter(|it| first < *it && *it <= last),
            );
        }
    }
    starts.iter().all(|port| {
        let at = |it: &&Rule| match it.ports {
            Ports::All => true,
            Ports::Range(from, to) => from <= *port && *port <= to,
            _ => false,
        };
        let here: Vec<&Rule> = related.iter().copied().filter(at).collect();
        !here.is_empty() && test(&here)
    })
}

/// Returns the rules of a side. `before` is the old side, if any.
///
/// EC2 adds a rule for all outbound traffic to a new security group, unless the template lists
/// rules. Removing the list later leaves no rules. An initially empty list keeps EC2's rule.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html>
fn rules(side: &Side, before: Option<&Side>) -> Vec<Rule> {
    let mut out = Vec::new();
    for (id, entry) in &side.resources {
        let properties = &entry.properties;
        match entry.kind.as_str() {
            "AWS::EC2::SecurityGroup" => {
                for (key, inbound) in [
                    ("SecurityGroupIngress", true),
                    ("SecurityGroupEgress", false),
                ] {
                    for rule in list(properties.get(key)) {
                        out.push(one(id, inbound, rule));
                    }
                }
                let listed = |properties: &Value| {
                    let none = branches(properties.get("SecurityGroupEgress"));
                    !none.contains(&None)
                };
                let known = before.and_then(|it| it.resources.get(id));
                let by_default = match known {
                    // A replaced security group is a new one.
                    Some(known)
                        if known.kind == entry.kind
                            && ["GroupDescription", "GroupName", "VpcId"]
                                .iter()
                                .all(|it| known.properties.get(*it) == properties.get(*it)) =>
                    {
                        !listed(&known.properties)
                            && list(properties.get("SecurityGroupEgress")).is_empty()
                    }
                    _ => !listed(properties),
                };
                if by_default {
                    out.extend(["0.0.0.0/0", "::/0"].map(|peer| Rule {
                        owner: id.clone(),
                        inbound: false,
                        protocol: "-1".to_owned(),
                        ports: Ports::All,
                        peer: peer.to_owned(),
                    }));
                }
            }
            "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress" => {
                let group = properties.get("GroupId").or(properties.get("GroupName"));
                let owner = group.map(name).filter(|it| !it.is_empty());
                let owner = owner.unwrap_or_else(|| id.clone());
                let inbound = entry.kind.ends_with("Ingress");
                out.push(one(&owner, inbound, properties));
            }
            _ => {}
        }
    }
    // AWS documents a loopback rule as the form that allows nothing.
    out.retain(|rule| !is_loopback(&rule.peer));
    out
}

fn is_loopback(peer: &str) -> bool {
    peer.parse::<IpNet>()
        .is_ok_and(|it| it.network().is_loopback() && it.broadcast().is_loopback())
}

fn one(owner: &str, inbound: bool, rule: &Value) -> Rule {
    if rule.as_object().is_some_and(is_function) {
        // A macro, a parameter or a mapping contains the rule.
        return Rule {
            owner: owner.to_owned(),
            inbound,
            protocol: String::new(),
            ports: Ports::Unknown(name(rule)),
            peer: name(rule),
        };
    }
    let text = |key: &str| rule.get(key).map(name);
    let protocol = match text("IpProtocol").unwrap_or_default().to_lowercase() {
        it if it == "6" => "tcp".to_owned(),
        it if it == "17" => "udp".to_owned(),
        it if it == "1" => "icmp".to_owned(),
        it if it == "58" => "icmpv6".to_owned(),
        it => it,
    };
    let number = |key: &str| match text(key) {
        None => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| text),
    };
    let ports = match (number("FromPort"), number("ToPort")) {
        _ if protocol == "-1" => Ports::All,
        (Err(text), _) | (_, Err(text)) => Ports::Unknown(format!(
            "{text}–{}",
            rule.get("ToPort").map(name).unwrap_or_default()
        )),
        (Ok(None | Some(-1)), _) => Ports::All,
        (Ok(Some(kind)), Ok(code)) if protocol.starts_with("icmp") => {
            Ports::Icmp(kind, code.filter(|it| *it != -1))
        }
        (Ok(Some(from)), Ok(to)) => Ports::Range(from, to.unwrap_or(from)),
    };
    let peers = [
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "SourceSecurityGroupName",
        "DestinationSecurityGroupId",
        "SourcePrefixListId",
        "DestinationPrefixListId",
    ];
    Rule {
        owner: owner.to_owned(),
        inbound,
        protocol,
        ports,
        peer: peers.iter().find_map(|key| text(key)).unwrap_or_default(),
    }
}

fn covers(by: &Rule, rule: &Rule) -> bool {
    let ports = match (&by.ports, &rule.ports) {
        (Ports::All, _) => true,
        (Ports::Range(from, to), Ports::Range(first, last)) => from <= first && last <= to,
        (Ports::Icmp(kind, code), Ports::Icmp(other, detail)) => {
            kind == other && (code.is_none() || code == detail)
        }
        (by, rule) => by == rule,
    };
    by.owner == rule.owner
        && by.inbound == rule.inbound
        && (by.protocol == "-1" || by.protocol == rule.protocol)
        && ports
        && covers_peer(&by.peer, &rule.peer)
}

fn covers_peer(by: &str, peer: &str) -> bool {
    match (by.parse::<IpNet>(), peer.parse::<IpNet>()) {
        (Ok(by), Ok(peer)) => by.contains(&peer),
        _ => by == peer,
    }
}

fn text(rule: &Rule, broader: bool) -> String {
    let verb = if broader {
        "allows"
    } else {
        "no longer allows"
    };
    let way = if rule.inbound {
        "inbound from"
    } else {
        "outbound to"
    };
    let protocol = rule.protocol.to_uppercase();
    if protocol.is_empty() {
        return format!("{verb} the traffic of {}", rule.peer);
    }
    let peer = match rule.peer.as_str() {
        "" => "a peer that the file does not specify",
        peer => peer,
    };
    let what = match &rule.ports {
        Ports::All if protocol == "-1" => "all traffic".to_owned(),
        Ports::All => format!("all {protocol}"),
        Ports::Range(from, to) if from == to => format!("{protocol} {from}"),
        Ports::Range(from, to) => format!("{protocol} {from}–{to}"),
        Ports::Icmp(kind, None) => format!("{protocol} type {kind}"),
        Ports::Icmp(kind, Some(code)) => format!("{protocol} type {kind} code {code}"),
        Ports::Unknown(text) => format!("{protocol} {text}"),
    };
    format!("{verb} {what} {way} {peer}")
}
