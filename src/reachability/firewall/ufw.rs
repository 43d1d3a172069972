//! The rules of `ufw`, which filter after those that accept the loopback interface and replies.

use super::{Criterion, Firewall, Packet, Remote, Rule, Target, accepts, ports, protocol, range};
use crate::reachability::shell::Word;
use crate::reachability::ternary::Ternary;

pub(super) struct Ufw {
    is_enabled: Ternary,
    policy: Target,
    rules: Vec<Rule>,
    is_unclear: bool,
}

impl Default for Ufw {
    fn default() -> Self {
        Ufw {
            is_enabled: Ternary::No,
            policy: Target::Accept,
            rules: Vec::new(),
            is_unclear: false,
        }
    }
}

impl Firewall for Ufw {
    fn apply(&mut self, words: &[Word], is_certain: bool) -> bool {
        let Some((name, arguments)) = words.split_first() else {
            return false;
        };
        if name.text.rsplit('/').next() != Some("ufw") {
            return false;
        }
        let is_known = arguments.iter().all(|it| it.is_known);
        let words: Vec<&str> = arguments
            .iter()
            .map(|it| it.text.as_str())
            .filter(|it| *it != "--force")
            .collect();
        if self.command(&words, is_certain, is_known).is_none() {
            self.is_unclear = true;
        }
        true
    }

    fn accepts(&self, packet: Packet) -> Ternary {
        if self.is_enabled.is_no()
            || !packet.is_outbound
            || !packet.is_new
            || packet.remote == Remote::Stub
        {
            return Ternary::Yes;
        }
        if self.is_unclear {
            return Ternary::Unknown;
        }
        match accepts(&self.rules, self.policy, packet) {
            Ternary::Yes => Ternary::Yes,
            _ if self.is_enabled == Ternary::Unknown => Ternary::Unknown,
            other => other,
        }
    }
}

fn target(word: &str) -> Option<Target> {
    match word {
        "allow" | "limit" => Some(Target::Accept),
        "deny" | "reject" => Some(Target::Drop),
        _ => None,
    }
}

impl Ufw {
    /// Applies a command, or returns none if it is not understood.
    fn command(&mut self, words: &[&str], is_certain: bool, is_known: bool) -> Option<()> {
        let (command, rest) = words.split_first()?;
        match *command {
            "--dry-run" | "status" | "reload" | "logging" | "show" | "version" | "--version"
            | "app" | "route" => {}
            "enable" if is_certain => self.is_enabled = Ternary::Yes,
            "enable" => self.is_enabled = self.is_enabled.or(Ternary::Unknown),
            "disable" if is_certain => self.is_enabled = Ternary::No,
            "disable" => self.is_enabled = self.is_enabled.and(Ternary::Unknown),
            "reset" if is_certain => *self = Ufw::default(),
            "default" => {
                let policy = target(rest.first()?)?;
                match rest.get(1).copied() {
                    Some("outgoing") => {
                        (is_certain || policy == self.policy).then_some(())?;
                        self.policy = policy;
                    }
                    None | Some("incoming" | "routed") => {}
                    _ => return None,
                }
            }
            "insert" => {
                let number = rest.first()?.parse::<usize>().ok()?.checked_sub(1)?;
                self.rule(rest.get(1..)?, number, is_certain && is_known)?;
            }
            "prepend" => self.rule(rest, 0, is_certain && is_known)?,
            "allow" | "deny" | "reject" | "limit" => {
                self.rule(words, usize::MAX, is_certain && is_known)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn rule(&mut self, words: &[&str], at: usize, is_certain: bool) -> Option<()> {
        let (action, rest) = words.split_first()?;
        let target = target(action)?;
        let Some((&"out", rest)) = rest.split_first() else {
            // Replies are accepted before the rules.
            return (is_certain || !rest.iter().any(|it| it.contains('$'))).then_some(());
        };
        let mut criteria = criteria(rest);
        if !is_certain {
            criteria.push(Criterion::Unknown);
        }
        let at = at.min(self.rules.len());
        self.rules.insert(at, Rule { criteria, target });
        Some(())
    }
}

/// Reads the rest of a rule for outgoing packets.
fn criteria(words: &[&str]) -> Vec<Criterion> {
    let mut found = Vec::new();
    let mut words = words.iter().copied();
    let mut is_remote = true;
    let simple = |text: &str, found: &mut Vec<Criterion>| {
        let (text, of) = text.split_once('/').unwrap_or((text, "any"));
        found.extend(protocol(of));
        match ports(text, ':') {
            Some(ports) => found.push(Criterion::RemotePorts(ports)),
            // A profile of an application.
            None => found.push(Criterion::Unknown),
        }
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        match word {
            "on" => found.push(match value() {
                "lo" => Criterion::Loopback,
                _ => Criterion::Unknown,
            }),
            "log" | "log-all" => {}
            "comment" => {
                value();
            }
            "proto" => found.extend(protocol(value())),
            "from" | "to" => {
                is_remote = word == "to";
                match (value(), is_remote) {
                    ("any", _) => {}
                    (text, true) => {
                        found.push(range(text).map_or(Criterion::Unknown, Criterion::Remote))
                    }
                    (text, false) => {
                        found.push(range(text).map_or(Criterion::Unknown, Criterion::Local))
                    }
                }
            }
            "port" => match (ports(value(), ':'), is_remote) {
                (Some(ports), true) => found.push(Criterion::RemotePorts(ports)),
                (Some(ports), false) => found.push(Criterion::LocalPorts(ports)),
                (None, _) => found.push(Criterion::Unknown),
            },
            text => simple(text, &mut found),
        }
    }
    found
}
