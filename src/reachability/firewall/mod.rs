//! The firewall of the instance: the effect of its commands on the connections of SSM Agent.
//!
//! The agent runs as `root`, or as the system account of Windows. It connects to port 443 of the
//! services and to port 80 of the instance metadata service, and needs a DNS server.

mod ip_tables;
mod ufw;
mod windows;

use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

use super::shell::{Step, Word};
use super::ternary::Ternary;
use super::user_data::System;

/// The instance metadata service.
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// The stub resolver of `systemd-resolved`.
const STUB: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 53);

/// The result of all commands together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The connections of the agent pass.
    Passes,
    /// It drops this traffic of the agent.
    Drops(&'static str),
    Unclear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remote {
    Service,
    Metadata,
    Resolver,
    /// The stub resolver, over the loopback interface.
    Stub,
}

/// A packet of the agent.
#[derive(Clone, Copy, Debug)]
struct Packet {
    is_outbound: bool,
    remote: Remote,
    /// Whether it opens the connection.
    is_new: bool,
}

impl Packet {
    fn protocol(self) -> Protocol {
        match self.remote {
            Remote::Service | Remote::Metadata => Protocol::Tcp,
            Remote::Resolver | Remote::Stub => Protocol::Udp,
        }
    }

    fn port(self) -> u16 {
        match self.remote {
            Remote::Service => 443,
            Remote::Metadata => 80,
            Remote::Resolver | Remote::Stub => 53,
        }
    }

    fn what(self) -> &'static str {
        match self.remote {
            Remote::Service => "HTTPS",
            Remote::Metadata => "the instance metadata service",
            Remote::Resolver | Remote::Stub => "DNS",
        }
    }
}

/// What a rule requires of a packet.
#[derive(Clone, Debug, PartialEq)]
enum Criterion {
    Protocol(Protocol),
    /// The address of the other end.
    Remote(Ipv4Net),
    /// The address of the instance.
    Local(Ipv4Net),
    /// The port of the other end.
    RemotePorts(Vec<(u16, u16)>),
    LocalPorts(Vec<(u16, u16)>),
    Loopback,
    /// Whether it matches new packets, and others.
    State(bool, bool),
    /// Whether the owner of the connection is `root`.
    Root(bool),
    /// What only the instance knows.
    Unknown,
    Not(Box<Criterion>),
}

impl Criterion {
    fn matches(&self, packet: Packet) -> Ternary {
        let is_stub = packet.remote == Remote::Stub;
        match self {
            Criterion::Not(inner) => !inner.matches(packet),
            Criterion::Unknown => Ternary::Unknown,
            Criterion::Protocol(protocol) => (*protocol == packet.protocol()).into(),
            Criterion::Loopback => is_stub.into(),
            Criterion::State(new, other) => match packet.is_new {
                true => (*new).into(),
                false => (*other).into(),
            },
            Criterion::Root(is_root) => match packet.remote {
                // The resolver is a process of another user on some systems.
                Remote::Resolver | Remote::Stub => Ternary::Unknown,
                _ => (*is_root).into(),
            },
            // Both ends are on the instance, with port 53 and one of those for connections.
            Criterion::RemotePorts(ports) if is_stub => {
                match !has_port(ports, 53) && ports.iter().all(|it| it.1 < 1024) {
                    true => Ternary::No,
                    false => Ternary::Unknown,
                }
            }
            Criterion::RemotePorts(ports) => has_port(ports, packet.port()).into(),
            Criterion::LocalPorts(ports) => match ports.as_slice() {
                [(0..=1024, u16::MAX)] if !is_stub => Ternary::Yes,
                // The port is one of those for connections.
                ports if !is_stub && ports.iter().all(|it| it.1 < 1024) => Ternary::No,
                _ => Ternary::Unknown,
            },
            Criterion::Remote(range) => match packet.remote {
                Remote::Metadata => range.contains(&METADATA).into(),
                Remote::Stub => range.contains(&STUB).into(),
                Remote::Service | Remote::Resolver => by_range(*range, packet.remote),
            },
            Criterion::Local(range) => match is_stub {
                true => range.contains(&STUB).into(),
                false => by_range(*range, Remote::Service),
            },
        }
    }
}

fn has_port(ports: &[(u16, u16)], port: u16) -> bool {
    ports.iter().any(|(from, to)| (*from..=*to).contains(&port))
}

/// Returns whether a range contains an address that only the instance knows.
fn by_range(range: Ipv4Net, remote: Remote) -> Ternary {
    let first = range.network().octets();
    let is_loopback = first[0] == 127 && range.prefix_len() >= 8;
    let is_link_local = first[0] == 169 && first[1] == 254 && range.prefix_len() >= 16;
    let is_metadata = range.prefix_len() == 32 && range.contains(&METADATA);
    if range.prefix_len() == 0 {
        return Ternary::Yes;
    }
    // The VPC resolver also has a link-local address.
    let is_other = is_link_local && (remote == Remote::Service || is_metadata);
    match is_loopback || is_other {
        true => Ternary::No,
        false => Ternary::Unknown,
    }
}

/// What a rule does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Accept,
    Drop,
    /// The next rule applies, as after a log.
    Next,
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    criteria: Vec<Criterion>,
    target: Target,
}

impl Rule {
    fn matches(&self, packet: Packet) -> Ternary {
        Ternary::all(self.criteria.iter().map(|it| it.matches(packet)))
    }
}

/// Returns whether rules accept a packet. The first that matches applies.
fn accepts(rules: &[Rule], policy: Target, packet: Packet) -> Ternary {
    let (mut accepted, mut dropped) = (false, false);
    let policy = Rule {
        criteria: Vec::new(),
        target: policy,
    };
    for rule in rules.iter().chain([&policy]) {
        let matches = rule.matches(packet);
        if matches.is_no() || rule.target == Target::Next {
            continue;
        }
        accepted |= rule.target != Target::Drop;
        dropped |= rule.target != Target::Accept;
        if matches.is_yes() {
            break;
        }
    }
    match (accepted, dropped) {
        (true, false) => Ternary::Yes,
        (false, true) => Ternary::No,
        _ => Ternary::Unknown,
    }
}

/// A firewall that commands configure.
trait Firewall: Default {
    /// Returns whether the firewall has the command. One that is not certain runs only perhaps.
    fn apply(&mut self, words: &[Word], is_certain: bool) -> bool;

    /// Returns whether it accepts a packet.
    fn accepts(&self, packet: Packet) -> Ternary;
}

/// Judges the commands of the firewalls and removes them. Those that are not understood remain, with
/// those that they are combined with.
pub(super) fn judge(steps: &mut Vec<Step>, system: System, is_windows: bool) -> Verdict {
    if is_windows {
        return verdict::<windows::Windows>(steps, true);
    }
    let restarts = steps.iter().any(super::power::restarts);
    let has = |tool: &str| {
        let installs =
            |it: &Step| it.is_certain && it.text.contains("install") && it.text.contains(tool);
        system.has(tool) || steps.iter().any(installs)
    };
    // Rules of `iptables` are lost when the instance restarts.
    let (has_tables, has_ufw) = (has("iptables") && !restarts, has("ufw"));
    let tables = verdict::<ip_tables::IpTables>(steps, has_tables);
    let ufw = verdict::<ufw::Ufw>(steps, has_ufw);
    match (tables, ufw) {
        (Verdict::Drops(what), _) | (_, Verdict::Drops(what)) => Verdict::Drops(what),
        (Verdict::Passes, Verdict::Passes) => Verdict::Passes,
        _ => Verdict::Unclear,
    }
}

/// Returns the verdict of a firewall. Without certain knowledge of the tool, its drops are unclear.
fn verdict<F: Firewall>(steps: &mut Vec<Step>, has_tool: bool) -> Verdict {
    let mut firewall = F::default();
    let before = steps.len();
    steps.retain(|step| step.words.is_empty() || !firewall.apply(&step.words, step.is_certain));
    if steps.len() == before {
        return Verdict::Passes;
    }
    let mut verdict = Verdict::Passes;
    for remote in [
        Remote::Service,
        Remote::Metadata,
        Remote::Resolver,
        Remote::Stub,
    ] {
        for (is_outbound, is_new) in [(true, true), (true, false), (false, false), (false, true)] {
            // Only packets over the loopback interface open connections to the instance.
            if !is_outbound && is_new && remote != Remote::Stub {
                continue;
            }
            let packet = Packet {
                is_outbound,
                remote,
                is_new,
            };
            match firewall.accepts(packet) {
                Ternary::Yes => {}
                // Some systems have no stub resolver.
                Ternary::No if has_tool && remote != Remote::Stub => {
                    return Verdict::Drops(packet.what());
                }
                Ternary::No | Ternary::Unknown => verdict = Verdict::Unclear,
            }
        }
    }
    verdict
}

/// Returns the ranges of a list of ports, such as `80,443,1024:2048`.
fn ports(text: &str, range: char) -> Option<Vec<(u16, u16)>> {
    let port = |text: &str| match text {
        "http" => Some(80),
        "https" => Some(443),
        "domain" => Some(53),
        "ssh" => Some(22),
        "smtp" => Some(25),
        "ntp" => Some(123),
        number => number.parse().ok(),
    };
    let one = |text: &str| match text.split_once(range) {
        Some((from, to)) => {
            let from = if from.is_empty() { Some(0) } else { port(from) };
            let to = if to.is_empty() {
                Some(u16::MAX)
            } else {
                port(to)
            };
            Some((from?, to?))
        }
        None => Some((port(text)?, port(text)?)),
    };
    text.split(',').map(|it| one(it.trim())).collect()
}

/// Returns a range of addresses, such as `10.0.0.0/8` or `10.0.0.1`.
fn range(text: &str) -> Option<Ipv4Net> {
    match text.parse::<Ipv4Net>() {
        Ok(range) => Some(range.trunc()),
        Err(_) => Some(text.parse::<Ipv4Addr>().ok()?.into()),
    }
}

fn protocol(text: &str) -> Option<Criterion> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" | "6" => Some(Criterion::Protocol(Protocol::Tcp)),
        "udp" | "17" => Some(Criterion::Protocol(Protocol::Udp)),
        "icmp" | "1" | "sctp" | "esp" | "icmpv6" | "icmpv4" | "58" => {
            Some(Criterion::Protocol(Protocol::Other))
        }
        "all" | "any" | "0" => None,
        _ => Some(Criterion::Unknown),
    }
}

#[cfg(test)]
mod tests;
