//! The rules of `iptables`.

use super::{Criterion, Firewall, Packet, Rule, Target, accepts, ports, protocol, range};
use crate::reachability::shell::Word;
use crate::reachability::ternary::Ternary;

#[derive(Default)]
pub(super) struct IpTables {
    output: Chain,
    input: Chain,
    is_unclear: bool,
}

struct Chain {
    rules: Vec<Rule>,
    policy: Target,
}

impl Default for Chain {
    fn default() -> Self {
        Chain {
            rules: Vec::new(),
            policy: Target::Accept,
        }
    }
}

impl Firewall for IpTables {
    fn apply(&mut self, words: &[Word], is_certain: bool) -> bool {
        let Some((name, arguments)) = words.split_first() else {
            return false;
        };
        match name.text.rsplit('/').next() {
            Some("iptables") => {}
            // The agent connects over IPv4.
            Some("ip6tables") => return true,
            _ => return false,
        }
        if self.command(arguments, is_certain).is_none() {
            self.is_unclear = true;
        }
        true
    }

    fn accepts(&self, packet: Packet) -> Ternary {
        let chain = match packet.is_outbound {
            true => &self.output,
            false => &self.input,
        };
        match self.is_unclear {
            true => Ternary::Unknown,
            false => accepts(&chain.rules, chain.policy, packet),
        }
    }
}

fn target(name: &str) -> Target {
    match name {
        "ACCEPT" => Target::Accept,
        "DROP" | "REJECT" => Target::Drop,
        "LOG" | "NFLOG" => Target::Next,
        _ => Target::Unknown,
    }
}

impl IpTables {
    /// Returns the chain of a name that packets of the agent pass.
    fn chain(&mut self, name: &str) -> Option<&mut Chain> {
        match name {
            "OUTPUT" => Some(&mut self.output),
            "INPUT" => Some(&mut self.input),
            _ => None,
        }
    }

    /// Applies a command, or returns none if it is not understood.
    fn command(&mut self, arguments: &[Word], is_certain: bool) -> Option<()> {
        let mut words = arguments.iter().map(|it| it.text.as_str()).peekable();
        let (mut table, mut rest) = ("filter", Vec::new());
        while let Some(word) = words.next() {
            match word {
                "-t" | "--table" => table = words.next()?,
                "-w" | "--wait" => {
                    words.next_if(|it| it.parse::<u32>().is_ok());
                }
                "-n" | "-v" | "--numeric" | "--verbose" | "-4" | "--ipv4" | "--line-numbers" => {}
                _ => rest.push(word),
            }
        }
        let (command, rest) = rest.split_first()?;
        let name = rest.first().copied().filter(|it| !it.starts_with('-'));
        let is_listing = matches!(
            *command,
            "-L" | "--list"
                | "-S"
                | "--list-rules"
                | "-C"
                | "--check"
                | "-Z"
                | "--zero"
                | "-N"
                | "--new-chain"
                | "-X"
                | "--delete-chain"
        );
        if is_listing || name == Some("FORWARD") {
            return Some(());
        }
        if arguments.iter().any(|it| !it.is_known) && name.is_none_or(|it| it.contains('$')) {
            return None;
        }
        if table != "filter" {
            // Addresses that are translated when packets leave, and what passes the instance.
            let is_safe = table == "nat" && name.is_some_and(|it| it != "OUTPUT")
                || matches!(*command, "-F" | "--flush")
                || rest.contains(&"ACCEPT");
            return is_safe.then_some(());
        }
        match *command {
            "-A" | "--append" | "-I" | "--insert" => {
                let (name, mut rest) = (name?, rest.get(1..)?);
                let mut at = usize::MAX;
                if let "-I" | "--insert" = *command {
                    at = 0;
                    let number = rest.first().and_then(|it| it.parse::<usize>().ok());
                    if let Some(number) = number {
                        at = number.checked_sub(1)?;
                        rest = rest.get(1..)?;
                    }
                }
                let is_output = name == "OUTPUT";
                let mut rule = rule(rest, is_output);
                if !is_certain {
                    rule.criteria.push(Criterion::Unknown);
                }
                // Other chains have an effect by the rules that name them.
                let Some(chain) = self.chain(name) else {
                    return Some(());
                };
                let at = at.min(chain.rules.len());
                chain.rules.insert(at, rule);
            }
            "-P" | "--policy" => {
                let policy = target(rest.get(1)?);
                let chain = self.chain(name?)?;
                if policy != chain.policy {
                    is_certain.then_some(())?;
                    chain.policy = policy;
                }
            }
            "-F" | "--flush" => {
                is_certain.then_some(())?;
                match name {
                    Some(name) => {
                        if let Some(chain) = self.chain(name) {
                            chain.rules.clear();
                        }
                    }
                    None => {
                        self.output.rules.clear();
                        self.input.rules.clear();
                    }
                }
            }
            "-D" | "--delete" => {
                let name = name?;
                let removed = rule(rest.get(1..)?, name == "OUTPUT");
                let Some(chain) = self.chain(name) else {
                    return Some(());
                };
                // A rule of the image, or one by its number, can be any.
                let at = chain.rules.iter().position(|it| *it == removed);
                let is_unknown = removed.criteria.contains(&Criterion::Unknown);
                at.filter(|_| is_certain && !is_unknown)
                    .map(|at| chain.rules.remove(at))?;
            }
            _ => return None,
        }
        Some(())
    }
}

/// Reads a rule. What is not understood can match or not.
fn rule(words: &[&str], is_output: bool) -> Rule {
    let mut rule = Rule {
        criteria: Vec::new(),
        target: Target::Next,
    };
    let mut words = words.iter().copied();
    let mut is_negated = false;
    while let Some(option) = words.next() {
        if option == "!" {
            is_negated = true;
            continue;
        }
        let mut value = || words.next().unwrap_or_default();
        let unknown = Some(Criterion::Unknown);
        let address = |text: &str, is_remote: bool| match range(text) {
            Some(range) if is_remote => Some(Criterion::Remote(range)),
            Some(range) => Some(Criterion::Local(range)),
            None => Some(Criterion::Unknown),
        };
        let of_ports = |text: &str, is_remote: bool| match ports(text, ':') {
            Some(ports) if is_remote => Some(Criterion::RemotePorts(ports)),
            Some(ports) => Some(Criterion::LocalPorts(ports)),
            None => Some(Criterion::Unknown),
        };
        let criterion = match option {
            "-p" | "--proto" | "--protocol" => protocol(value()),
            "-d" | "--dst" | "--destination" => address(value(), is_output),
            "-s" | "--src" | "--source" => address(value(), !is_output),
            "--dport" | "--dports" | "--destination-port" | "--destination-ports" => {
                of_ports(value(), is_output)
            }
            "--sport" | "--sports" | "--source-port" | "--source-ports" => {
                of_ports(value(), !is_output)
            }
            "-o" | "--out-interface" | "-i" | "--in-interface" => match value() {
                "lo" => Some(Criterion::Loopback),
                "+" => None,
                _ => unknown,
            },
            "--state" | "--ctstate" => {
                let states: Vec<&str> = value().split(',').collect();
                let is_known = |it: &&str| {
                    ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"].contains(it)
                };
                match states.iter().all(is_known) {
                    true => Some(Criterion::State(
                        states.contains(&"NEW"),
                        states.contains(&"ESTABLISHED"),
                    )),
                    false => unknown,
                }
            }
            "--syn" => Some(Criterion::State(true, false)),
            "--uid-owner" => match value() {
                "root" | "0" => Some(Criterion::Root(true)),
                name if name.contains(['$', '-']) => unknown,
                _ => Some(Criterion::Root(false)),
            },
            "-m" | "--match" => match value() {
                "tcp" | "udp" | "state" | "conntrack" | "owner" | "multiport" | "comment" => {
                    continue;
                }
                _ => unknown,
            },
            "--comment" | "--reject-with" | "--log-prefix" | "--log-level" => {
                value();
                continue;
            }
            "-j" | "--jump" => {
                rule.target = target(value());
                continue;
            }
            "-g" | "--goto" => {
                rule.target = Target::Unknown;
                value();
                continue;
            }
            _ => unknown,
        };
        if let Some(criterion) = criterion {
            rule.criteria.push(match is_negated {
                true => Criterion::Not(Box::new(criterion)),
                false => criterion,
            });
        } else if is_negated {
            rule.criteria.push(Criterion::Unknown);
        }
        is_negated = false;
    }
    rule
}
