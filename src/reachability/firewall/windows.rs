//! The rules of Windows Firewall. A rule that blocks outweighs those that allow.

use std::collections::BTreeMap;

use super::{Criterion, Firewall, Packet, Remote, Rule, Target, ports, protocol, range};
use crate::reachability::shell::Word;
use crate::reachability::ternary::Ternary;

pub(super) struct Windows {
    /// Whether outbound connections without a rule are allowed.
    allows_outbound: Ternary,
    is_enabled: Ternary,
    rules: Vec<Rule>,
    /// Whether rules were changed or removed by name.
    has_changes: bool,
    is_unclear: bool,
}

impl Default for Windows {
    fn default() -> Self {
        Windows {
            allows_outbound: Ternary::Yes,
            is_enabled: Ternary::Yes,
            rules: Vec::new(),
            has_changes: false,
            is_unclear: false,
        }
    }
}

impl Firewall for Windows {
    fn apply(&mut self, words: &[Word], is_certain: bool) -> bool {
        let lower: Vec<String> = words
            .iter()
            .map(|it| it.text.to_ascii_lowercase())
            .collect();
        let is_certain = is_certain && words.iter().all(|it| it.is_known);
        let Some(name) = lower.first().map(|it| it.trim_end_matches(".exe")) else {
            return false;
        };
        let rest: Vec<&str> = lower.iter().skip(1).map(String::as_str).collect();
        let applied = match (name, rest.first().copied()) {
            ("netsh", Some("advfirewall")) => {
                self.netsh(rest.get(1..).unwrap_or_default(), is_certain)
            }
            (name, _) if name.contains("-netfirewall") => self.cmdlet(name, &rest, is_certain),
            _ => return false,
        };
        self.is_unclear |= applied.is_none();
        true
    }

    fn accepts(&self, packet: Packet) -> Ternary {
        // Replies and the loopback interface are not filtered.
        if !packet.is_outbound || !packet.is_new || packet.remote == Remote::Stub {
            return Ternary::Yes;
        }
        if self.is_unclear {
            return Ternary::Unknown;
        }
        let matches = |target: Target| {
            let rules = self.rules.iter().filter(|it| it.target == target);
            Ternary::any(rules.map(|it| it.matches(packet)))
        };
        let mut allowed = self.allows_outbound.or(matches(Target::Accept));
        // A rule of Windows allows it.
        if packet.remote == Remote::Resolver {
            allowed = Ternary::Yes;
        }
        let result = allowed.and(!matches(Target::Drop)).or(!self.is_enabled);
        match result {
            Ternary::No if self.has_changes => Ternary::Unknown,
            result => result,
        }
    }
}

/// Returns whether profiles are all of them.
fn is_all(text: &str) -> bool {
    let has = |name: &str| text.split(',').any(|it| it.trim() == name);
    has("any") || has("all") || ["domain", "private", "public"].iter().all(|it| has(it))
}

/// The parameters of a rule that can be abbreviated.
const PARAMETERS: &[&str] = &[
    "direction",
    "action",
    "enabled",
    "protocol",
    "remoteport",
    "remoteaddress",
];

impl Windows {
    fn set_outbound(&mut self, is_allowed: bool, is_certain: bool) {
        let value = Ternary::from(is_allowed);
        if is_certain || self.allows_outbound == value {
            self.allows_outbound = value;
        } else {
            self.allows_outbound = Ternary::Unknown;
        }
    }

    fn set_enabled(&mut self, is_enabled: bool, is_certain: bool) {
        let value = Ternary::from(is_enabled);
        if is_certain || self.is_enabled == value {
            self.is_enabled = value;
        } else {
            self.is_enabled = Ternary::Unknown;
        }
    }

    /// Applies `netsh advfirewall`, or returns none if it is not understood.
    fn netsh(&mut self, words: &[&str], is_certain: bool) -> Option<()> {
        match words {
            ["show" | "dump" | "export" | "?", ..] => {}
            ["set", profile, "state", state] => {
                let is_all = is_certain && *profile == "allprofiles";
                self.set_enabled(*state == "on", is_all);
            }
            ["set", profile, "firewallpolicy", policy] => {
                let is_all = is_certain && *profile == "allprofiles";
                match policy.split_once(',')?.1 {
                    "blockoutbound" => self.set_outbound(false, is_all),
                    "allowoutbound" => self.set_outbound(true, is_all),
                    "notconfigured" => {}
                    _ => return None,
                }
            }
            ["set", _, "logging" | "settings", ..] | ["set", "global", ..] => {}
            ["reset", ..] if is_certain => *self = Windows::default(),
            ["firewall", "add", "rule", pairs @ ..] => {
                let mut of = BTreeMap::new();
                for pair in pairs {
                    let (name, value) = pair.split_once('=')?;
                    of.insert(name, value);
                }
                self.rule(&of, is_certain);
            }
            ["firewall", "show", ..] => {}
            ["firewall", "set" | "delete", ..] if words.contains(&"dir=in") => {}
            ["firewall", "set" | "delete", rest @ ..]
                if !rest.iter().any(|it| it.contains("block")) =>
            {
                self.has_changes = true;
            }
            _ => return None,
        }
        Some(())
    }

    /// Applies a cmdlet, or returns none if it is not understood.
    fn cmdlet(&mut self, name: &str, words: &[&str], is_certain: bool) -> Option<()> {
        let mut of = BTreeMap::new();
        let mut words = words.iter().copied().peekable();
        while let Some(word) = words.next() {
            let name = word.strip_prefix('-').map(|it| it.trim_end_matches(':'));
            match name {
                Some(name) => {
                    let mut value = words
                        .next_if(|it| !it.starts_with('-'))
                        .unwrap_or("")
                        .to_owned();
                    // A list with spaces.
                    while value.ends_with(',') {
                        value.push_str(words.next()?);
                    }
                    of.insert(name, value);
                }
                // A display name or a profile by position.
                None => {
                    of.insert("name", word.to_owned());
                }
            }
        }
        let of: BTreeMap<&str, &str> = of
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        match name {
            "get-netfirewallrule" | "get-netfirewallprofile" => {}
            "set-netfirewallprofile" => {
                let profile = of.get("profile").or(of.get("name")).copied();
                let is_all = is_certain && profile.is_none_or(is_all);
                match of.get("defaultoutboundaction").copied() {
                    Some("block") => self.set_outbound(false, is_all),
                    Some("allow") => self.set_outbound(true, is_all),
                    Some("notconfigured") | None => {}
                    Some(_) => return None,
                }
                match of.get("enabled").copied() {
                    Some("true" | "1") => self.set_enabled(true, is_all),
                    Some("false" | "0") => self.set_enabled(false, is_all),
                    Some(_) => return None,
                    None => {}
                }
            }
            "new-netfirewallrule" => {
                let renamed = of.iter().map(|(name, value)| {
                    // PowerShell accepts the beginning of a name.
                    let full = PARAMETERS.iter().find(|it| it.starts_with(name));
                    let name = match *full.unwrap_or(name) {
                        "direction" => "dir",
                        "remoteaddress" => "remoteip",
                        "localaddress" => "localip",
                        "enabled" => "enable",
                        name => name,
                    };
                    (name, *value)
                });
                self.rule(&renamed.collect(), is_certain);
            }
            "enable-netfirewallrule"
            | "disable-netfirewallrule"
            | "remove-netfirewallrule"
            | "rename-netfirewallrule" => self.has_changes = true,
            "set-netfirewallrule" if !of.values().any(|it| *it == "block") => {
                self.has_changes = true
            }
            _ => return None,
        }
        Some(())
    }

    /// Adds a rule by its properties.
    fn rule(&mut self, of: &BTreeMap<&str, &str>, is_certain: bool) {
        let is_outbound = matches!(of.get("dir").copied(), Some("out" | "outbound"));
        let is_off = matches!(of.get("enable").copied(), Some("no" | "false"));
        // Rules for inbound connections do not filter replies.
        if !is_outbound && of.get("dir").is_none_or(|it| it.starts_with("in")) || is_off {
            return;
        }
        let target = match of.get("action").copied() {
            Some("block") => Target::Drop,
            Some("allow" | "bypass") => Target::Accept,
            None => Target::Accept,
            Some(_) => Target::Unknown,
        };
        let mut criteria = Vec::new();
        if !is_outbound || !is_certain || target == Target::Unknown {
            criteria.push(Criterion::Unknown);
        }
        for (name, value) in of {
            let value = *value;
            match *name {
                _ if value == "any" => {}
                "dir" | "enable" | "action" | "name" | "displayname" | "description" | "group"
                | "displaygroup" => {}
                "protocol" => criteria.extend(protocol(value)),
                "remoteport" => criteria
                    .push(ports(value, '-').map_or(Criterion::Unknown, Criterion::RemotePorts)),
                "remoteip" if value.contains(',') => criteria.push(Criterion::Unknown),
                "remoteip" => {
                    criteria.push(range(value).map_or(Criterion::Unknown, Criterion::Remote))
                }
                "profile" if is_all(value) => {}
                _ => criteria.push(Criterion::Unknown),
            }
        }
        let target = match target {
            Target::Unknown => Target::Drop,
            target => target,
        };
        self.rules.push(Rule { criteria, target });
    }
}
