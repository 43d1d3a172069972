//! What a change means, printed: resources, access, and whether the session connects.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::cloud::prove;
use crate::deploy::plain;
use crate::deploy::values::{ChangeSet, Planned};
use crate::diff::{self, AccessChange, Change, Difference, Side};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const LOUD: Style = AnsiColor::Red.on_default().bold();

/// A template with the values of its parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Version {
    pub(super) text: String,
    pub(super) parameters: Vec<(String, String)>,
}

impl Version {
    fn side(&self) -> Side {
        // The new one was read before, and CloudFormation has read the old one.
        diff::read(&self.text, &self.parameters).unwrap_or_default()
    }

    fn answers(&self, region: &str) -> Vec<(String, String)> {
        if self.text.is_empty() {
            return Vec::new();
        }
        prove("", &self.text, &self.parameters, Some(region))
            .map(|proven| proven.answers())
            .unwrap_or_default()
    }
}

/// A change, with what can be told of it without AWS.
pub(super) struct Meaning {
    pub(super) differences: Vec<Difference>,
    pub(super) access: Vec<AccessChange>,
    /// Each instance with its answer before and after; nothing where it is not there.
    session: Vec<(String, Option<String>, Option<String>)>,
}

/// Tells what a change means.
pub(super) fn meaning(old: &Version, new: &Version, region: &str) -> Meaning {
    let (was, is) = (old.side(), new.side());
    let (before, after) = (old.answers(region), new.answers(region));
    let of = |list: &[(String, String)], name: &str| {
        let found = list.iter().find(|(known, _)| known == name);
        found.map(|(_, answer)| answer.clone())
    };
    let mut session: Vec<(String, Option<String>, Option<String>)> = after
        .iter()
        .map(|(name, answer)| (name.clone(), of(&before, name), Some(answer.clone())))
        .collect();
    for (name, answer) in &before {
        if of(&after, name).is_none() {
            session.push((name.clone(), Some(answer.clone()), None));
        }
    }
    Meaning {
        differences: diff::compare(&was, &is),
        access: diff::access(&was, &is),
        session,
    }
}

impl Meaning {
    /// Access and session, for people.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        if !self.access.is_empty() {
            let _ = writeln!(out, "{BOLD}Access{BOLD:#}");
        }
        for change in &self.access {
            let (word, paint) = match change.wider {
                true => ("wider", YELLOW),
                false => ("narrower", GREEN),
            };
            let _ = writeln!(
                out,
                "  {paint}{word:<9}{paint:#} {}: {}",
                shown(&change.owner),
                shown(&change.what)
            );
        }
        if !self.session.is_empty() {
            let _ = writeln!(out, "{BOLD}Session{BOLD:#}");
        }
        for (name, before, after) in &self.session {
            let paint = match after {
                Some(after) if after == "reachable" => GREEN,
                Some(after) if after.starts_with("unreachable") => LOUD,
                _ => YELLOW,
            };
            let after = after.as_deref().unwrap_or("gone");
            let _ = match before {
                Some(before) if before != after => {
                    writeln!(out, "  {name}: {before}, then {paint}{after}{paint:#}")
                }
                _ => writeln!(out, "  {name}: {paint}{after}{paint:#}"),
            };
        }
        out
    }

    pub(super) fn json(&self) -> (Value, Value) {
        let access = self.access.iter().map(|it| {
            let direction = if it.wider { "wider" } else { "narrower" };
            json!({ "resource": it.owner, "direction": direction, "what": it.what })
        });
        let session = self.session.iter().map(
            |(name, before, after)| json!({ "instance": name, "before": before, "after": after }),
        );
        (access.collect(), session.collect())
    }

    /// Every difference, property by property, for people.
    pub(super) fn details(&self) -> String {
        let mut out = String::new();
        for it in &self.differences {
            let what = match (it.section.as_str(), it.id.as_str()) {
                ("Resources", id) => format!("{BOLD}{id}{BOLD:#} {}", it.kind),
                (section, "") => format!("{BOLD}{section}{BOLD:#}"),
                (section, id) => format!("{BOLD}{section}.{id}{BOLD:#}"),
            };
            let _ = match &it.change {
                Change::Added => writeln!(out, "{GREEN}added{GREEN:#}    {what}"),
                Change::Removed => writeln!(out, "{RED}removed{RED:#}  {what}"),
                Change::Retyped(old) => writeln!(out, "{LOUD}retyped{LOUD:#}  {what}, was {old}"),
                Change::Changed(_) => writeln!(out, "{YELLOW}changed{YELLOW:#}  {what}"),
            };
            let Change::Changed(properties) = &it.change else {
                continue;
            };
            for property in properties {
                let path = match property.path.as_str() {
                    "" => String::new(),
                    path => format!("{}: ", shown(path)),
                };
                let _ = match (&property.old, &property.new) {
                    (Some(old), Some(new)) => {
                        writeln!(out, "    {path}{} → {}", value(old), value(new))
                    }
                    (None, Some(new)) => {
                        writeln!(out, "    {GREEN}+{GREEN:#} {path}{}", value(new))
                    }
                    (Some(old), None) => writeln!(out, "    {RED}-{RED:#} {path}{}", value(old)),
                    (None, None) => Ok(()),
                };
            }
        }
        out
    }

    pub(super) fn details_json(&self) -> Value {
        let one = |it: &Difference| {
            let mut out = json!({ "section": it.section, "id": it.id, "type": it.kind });
            out["change"] = match &it.change {
                Change::Added => "added",
                Change::Removed => "removed",
                Change::Retyped(_) => "retyped",
                Change::Changed(_) => "changed",
            }
            .into();
            if let Change::Changed(properties) = &it.change {
                let properties = properties
                    .iter()
                    .map(|it| json!({ "path": it.path, "old": it.old, "new": it.new }));
                out["properties"] = properties.collect();
            }
            out
        };
        self.differences.iter().map(one).collect()
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => shown(text),
        other => shown(&other.to_string()),
    }
}

/// Text of others in one line of a terminal.
pub(super) fn shown(text: &str) -> String {
    plain(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// How bad a planned change is: what is replaced comes first.
fn rank(planned: &Planned) -> (u8, &'static str, Style) {
    match (planned.action.as_str(), planned.replacement.as_str()) {
        (_, "True") => (0, "replaced", LOUD),
        (_, "Conditional") => (1, "perhaps replaced", YELLOW),
        ("Remove", _) => (2, "removed", RED),
        ("Add", _) => (3, "added", GREEN),
        ("Import", _) => (4, "imported", GREEN),
        ("Modify", _) => (5, "changed", YELLOW),
        _ => (6, "perhaps changed", YELLOW),
    }
}

/// The service's view of a change set, for people.
pub(super) fn planned(set: &ChangeSet) -> String {
    let mut lines: Vec<&Planned> = set.planned.iter().collect();
    lines.sort_by_key(|it| rank(it).0);
    let widest = |part: fn(&Planned) -> &str| {
        let widths = lines.iter().map(|it| part(it).chars().count());
        widths.max().unwrap_or_default()
    };
    let (id, kind) = (widest(|it| &it.logical_id), widest(|it| &it.kind));
    let mut out = String::new();
    for it in &lines {
        let (_, word, paint) = rank(it);
        let mut why = String::new();
        if !it.physical_id.is_empty() {
            why = format!("  {}", shown(&it.physical_id));
        }
        if !it.causes.is_empty() {
            why.push_str(&format!("  ({})", it.causes.join(", ")));
        }
        let line = format!(
            "  {paint}{word:<16}{paint:#} {:<id$}  {:<kind$}{why}",
            it.logical_id, it.kind
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// The service's view of a change set, for programs.
pub(super) fn planned_json(set: &ChangeSet) -> Value {
    let one = |it: &Planned| {
        json!({
            "action": it.action,
            "logical_id": it.logical_id,
            "physical_id": it.physical_id,
            "type": it.kind,
            "replacement": it.replacement,
            "causes": it.causes,
        })
    };
    set.planned.iter().map(one).collect()
}
