//! Changes of network ACLs, by the traffic that their rules together allow. The first rule that fits
//! applies, so only the order of the numbers matters.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>

use indexmap::IndexMap;
use ipnet::IpNet;
use serde_json::Value;

use super::super::Side;
use super::{AccessChange, Direction, name};

/// The number of TCP and of UDP.
const WITH_PORTS: [&str; 2] = ["6", "17"];
const ALL: &str = "-1";
const MAX_PORT: u32 = 65_535;

/// A rule whose values the file shows.
struct Known {
    allow: bool,
    protocol: String,
    ports: (u32, u32),
    range: IpNet,
}

/// A rule of a network ACL for one direction.
struct Rule<'s> {
    id: &'s str,
    number: Option<u32>,
    properties: &'s Value,
    known: Option<Known>,
}

fn known(properties: &Value) -> Option<Known> {
    let text = |key: &str| properties.get(key).map(name);
    let number = |value: Option<&Value>| value.map(name)?.parse::<u32>().ok();
    let protocol = match text("Protocol")?.to_lowercase().as_str() {
        "tcp" => "6".to_owned(),
        "udp" => "17".to_owned(),
        "all" => ALL.to_owned(),
        other => other.parse::<i64>().ok()?.to_string(),
    };
    // A type of ICMP is not a port.
    let is_of_icmp = properties.get("Icmp").is_some();
    let ports = match properties.get("PortRange") {
        _ if !WITH_PORTS.contains(&protocol.as_str()) => (0, MAX_PORT),
        Some(range) => (number(range.get("From"))?, number(range.get("To"))?),
        None => return None,
    };
    let range = text("CidrBlock").or_else(|| text("Ipv6CidrBlock"))?;
    let action = text("RuleAction")?.to_lowercase();
    (!is_of_icmp && ["allow", "deny"].contains(&action.as_str())).then_some(Known {
        allow: action == "allow",
        protocol,
        ports,
        range: range.parse().ok()?,
    })
}

/// The rules by network ACL and direction, in the order of their numbers.
fn rules(side: &Side) -> IndexMap<(String, bool), Vec<Rule<'_>>> {
    let mut out: IndexMap<(String, bool), Vec<Rule<'_>>> = IndexMap::new();
    for (id, entry) in &side.resources {
        if entry.kind != "AWS::EC2::NetworkAclEntry" {
            continue;
        }
        let properties = &entry.properties;
        let text = |key: &str| properties.get(key).map(name);
        let is_outbound = text("Egress").is_some_and(|it| it.eq_ignore_ascii_case("true"));
        let key = (text("NetworkAclId").unwrap_or_default(), is_outbound);
        out.entry(key).or_default().push(Rule {
            id,
            number: text("RuleNumber").and_then(|it| it.parse().ok()),
            properties,
            known: known(properties),
        });
    }
    for list in out.values_mut() {
        list.sort_by_key(|it| it.number);
    }
    out
}

/// A packet that stands for all packets that the same rules fit.
struct Packet<'r> {
    protocol: &'r str,
    port: u32,
    address: IpNet,
}

/// Returns the rule that applies to a packet.
fn applying<'r, 's>(
    rules: &'r [Rule<'s>],
    packet: &Packet<'_>,
) -> Option<(&'r Rule<'s>, &'r Known)> {
    let of = |rule: &'r Rule<'s>| Some((rule, rule.known.as_ref()?));
    rules.iter().filter_map(of).find(|(_, it)| {
        (it.protocol == ALL || it.protocol == packet.protocol)
            && (it.ports.0 <= packet.port && packet.port <= it.ports.1)
            && it.range.contains(&packet.address)
    })
}

/// Returns one address of each part in which no range starts or ends.
fn addresses<'k>(all: impl Iterator<Item = &'k Known> + Clone) -> Vec<IpNet> {
    let mut out: Vec<IpNet> = vec![
        IpNet::from(std::net::IpAddr::from([0_u8; 4])),
        IpNet::from(std::net::IpAddr::from([0_u16; 8])),
    ];
    for it in all {
        out.push(IpNet::from(it.range.network()));
        let behind = match it.range.broadcast() {
            std::net::IpAddr::V4(it) => u32::from(it)
                .checked_add(1)
                .map(|it| std::net::IpAddr::from(std::net::Ipv4Addr::from(it))),
            std::net::IpAddr::V6(it) => u128::from(it)
                .checked_add(1)
                .map(|it| std::net::IpAddr::from(std::net::Ipv6Addr::from(it))),
        };
        out.extend(behind.map(IpNet::from));
    }
    out.sort();
    out.dedup();
    out
}

fn text(known: &Known, is_outbound: bool) -> String {
    let way = match is_outbound {
        true => "outbound to",
        false => "inbound from",
    };
    let (from, to) = known.ports;
    let what = match known.protocol.as_str() {
        ALL => "all traffic".to_owned(),
        "6" | "17" => {
            let protocol = if known.protocol == "6" { "TCP" } else { "UDP" };
            match from == to {
                true => format!("{protocol} {from}"),
                false => format!("{protocol} {from}–{to}"),
            }
        }
        other => format!("protocol {other}"),
    };
    format!("{what} {way} {}", known.range)
}

/// Adds a change once.
fn push(out: &mut Vec<AccessChange>, direction: Direction, owner: &str, what: String) {
    let change = AccessChange {
        direction,
        owner: owner.to_owned(),
        what,
    };
    if !out.contains(&change) {
        out.push(change);
    }
}

/// Returns the changes of the traffic that network ACLs allow.
pub(super) fn changes(old: &Side, new: &Side) -> Vec<AccessChange> {
    let (was, is) = (rules(old), rules(new));
    let mut out = Vec::new();
    let gone = was.keys().filter(|it| !is.contains_key(*it));
    for key in is.keys().chain(gone) {
        let none = Vec::new();
        let [was, is] = [&was, &is].map(|all| all.get(key).unwrap_or(&none));
        let (acl, is_outbound) = key;
        // A deleted network ACL allows nothing, and its subnets have another one.
        if !new.resources.contains_key(acl) && old.resources.contains_key(acl) {
            continue;
        }
        let is_other = |it: &&Rule<'_>, others: &[Rule<'_>]| {
            let mut all = others.iter();
            !all.any(|by| by.id == it.id && by.properties == it.properties)
        };
        let changed: Vec<&Rule<'_>> = is.iter().filter(|it| is_other(it, was)).collect();
        let removed: Vec<&Rule<'_>> = was.iter().filter(|it| is_other(it, is)).collect();
        if changed.is_empty() && removed.is_empty() {
            continue;
        }
        let is_hidden = |it: &Rule<'_>| it.known.is_none() || it.number.is_none();
        let hides = was.iter().chain(is).any(is_hidden);
        if hides || !new.resources.contains_key(acl) {
            one_by_one((&changed, &removed), *is_outbound, &mut out);
            continue;
        }
        compare((was, is), *is_outbound, &mut out);
    }
    out
}

/// Adds the changes of rules beside others that the file does not show.
fn one_by_one(
    (changed, removed): (&[&Rule<'_>], &[&Rule<'_>]),
    is_outbound: bool,
    out: &mut Vec<AccessChange>,
) {
    let has = |all: &[&Rule<'_>], id: &str| all.iter().any(|it| it.id == id);
    let mut one = |rule: &Rule<'_>, is_new: bool| {
        let (direction, what) = match &rule.known {
            Some(known) if known.allow => {
                let verb = if is_new { "allows" } else { "no longer allows" };
                let what = format!("{verb} {}", text(known, is_outbound));
                (Direction::of(is_new), what)
            }
            Some(known) if is_new => {
                let what = format!("denies {}", text(known, is_outbound));
                (Direction::Narrower, what)
            }
            _ => {
                let what = "is removed, and the file does not show what other rules allow";
                (Direction::Unknown, what.to_owned())
            }
        };
        push(out, direction, rule.id, what);
    };
    for rule in changed
        .iter()
        .filter(|it| !has(removed, it.id) && it.known.is_some())
    {
        one(rule, true);
    }
    for rule in removed.iter().filter(|it| !has(changed, it.id)) {
        one(rule, false);
    }
    let both = changed
        .iter()
        .filter(|it| has(removed, it.id) || it.known.is_none());
    for rule in both {
        let before = removed.iter().find(|it| it.id == rule.id);
        if let Some((was, is)) = before.and_then(|before| smaller(before, rule)) {
            let verb = if was.allow {
                "no longer allows all of"
            } else {
                "denies more than"
            };
            let what = format!(
                "{verb} {}",
                text(if was.allow { was } else { is }, is_outbound)
            );
            push(out, Direction::Narrower, rule.id, what);
            continue;
        }
        let what = "changes, and the file does not show all of its rules";
        push(out, Direction::Unknown, rule.id, what.to_owned());
    }
}

/// Returns the rule before and after a change by which it allows less or denies more. Other rules do not
/// matter then.
fn smaller<'r>(before: &'r Rule<'_>, after: &'r Rule<'_>) -> Option<(&'r Known, &'r Known)> {
    let (was, is) = (before.known.as_ref()?, after.known.as_ref()?);
    let contains = |whole: &Known, part: &Known| {
        (whole.protocol == ALL || whole.protocol == part.protocol)
            && whole.ports.0 <= part.ports.0
            && part.ports.1 <= whole.ports.1
            && whole.range.contains(&part.range)
    };
    let (whole, part) = if is.allow { (was, is) } else { (is, was) };
    // A rule that allowed can deny at the same number.
    let is_smaller = was.allow != is.allow && was.allow || contains(whole, part);
    (before.number? == after.number? && (was.allow || !is.allow) && is_smaller).then_some((was, is))
}

fn compare((was, is): (&[Rule<'_>], &[Rule<'_>]), is_outbound: bool, out: &mut Vec<AccessChange>) {
    let all = was.iter().chain(is).filter_map(|it| it.known.as_ref());
    let mut protocols: Vec<&str> = all.clone().map(|it| it.protocol.as_str()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let mut ports: Vec<u32> = all
        .clone()
        .flat_map(|it| [it.ports.0, it.ports.1 + 1])
        .collect();
    ports.push(0);
    ports.retain(|it| *it <= MAX_PORT);
    ports.sort_unstable();
    ports.dedup();
    for address in addresses(all) {
        for protocol in protocols.iter().copied() {
            for port in ports.iter().copied() {
                let packet = Packet {
                    protocol,
                    port,
                    address,
                };
                let [before, after] = [was, is].map(|it| applying(it, &packet));
                let [allowed, allows] =
                    [before, after].map(|it| it.filter(|(_, known)| known.allow));
                match (allowed, allows) {
                    (None, Some((rule, known))) => {
                        let what = format!("allows more of {}", text(known, is_outbound));
                        push(out, Direction::Broader, rule.id, what);
                    }
                    (Some((rule, known)), None) => {
                        let what = format!("no longer allows all of {}", text(known, is_outbound));
                        push(out, Direction::Narrower, rule.id, what);
                    }
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::read;
    use super::*;
    use crate::frontend::cfn::Deployment;

    fn found(old: &str, new: &str) -> Vec<String> {
        let of = |entries: &str| {
            let text = format!("Resources:\n  A: {{Type: AWS::EC2::NetworkAcl}}\n{entries}");
            read(&text, &Deployment::default()).unwrap()
        };
        let all = changes(&of(old), &of(new)).into_iter();
        all.map(|it| format!("{} {} {}", it.direction.as_str(), it.owner, it.what))
            .collect()
    }

    fn entry(id: &str, number: &str, action: &str, rest: &str) -> String {
        format!(
            "  {id}: {{Type: AWS::EC2::NetworkAclEntry, Properties: {{NetworkAclId: !Ref A, \
             RuleNumber: {number}, RuleAction: {action}, {rest}}}}}\n"
        )
    }

    const SSH: &str = "Protocol: 6, PortRange: {From: 22, To: 22}, CidrBlock: 0.0.0.0/0";
    const ANY: &str = "Protocol: -1, CidrBlock: 0.0.0.0/0";

    #[test]
    fn only_the_order_of_the_numbers_matters() {
        let all = entry("Any", "100", "allow", ANY);
        let ssh = |number: &str| entry("Ssh", number, "deny", SSH) + &all;
        assert!(found(&ssh("90"), &ssh("80")).is_empty());
        assert_eq!(
            found(&ssh("90"), &ssh("110")),
            ["broader Any allows more of all traffic inbound from 0.0.0.0/0"]
        );
    }

    #[test]
    fn ranges_are_compared_by_their_traffic() {
        let of = |range: &str| {
            entry(
                "Any",
                "100",
                "allow",
                &format!("Protocol: -1, CidrBlock: {range}"),
            )
        };
        assert_eq!(
            found(&of("0.0.0.0/0"), &of("10.0.0.0/8")),
            ["narrower Any no longer allows all of all traffic inbound from 0.0.0.0/0"]
        );
        assert_eq!(
            found(&of("10.0.0.0/8"), &of("10.0.0.0/7")),
            ["broader Any allows more of all traffic inbound from 10.0.0.0/7"]
        );
    }

    #[test]
    fn rules_beside_hidden_ones_count_one_by_one() {
        let hidden = entry("Any", "!ImportValue N", "allow", ANY);
        let ssh = |number: &str, action: &str| hidden.clone() + &entry("Ssh", number, action, SSH);
        assert_eq!(
            found(&hidden, &ssh("90", "deny")),
            ["narrower Ssh denies TCP 22 inbound from 0.0.0.0/0"]
        );
        assert_eq!(
            found(&hidden, &ssh("90", "allow")),
            ["broader Ssh allows TCP 22 inbound from 0.0.0.0/0"]
        );
        assert_eq!(
            found(&ssh("90", "deny"), &ssh("80", "deny")),
            ["unknown Ssh changes, and the file does not show all of its rules"]
        );
        assert_eq!(
            found(&ssh("90", "deny"), &hidden),
            ["unknown Ssh is removed, and the file does not show what other rules allow"]
        );
    }
}
