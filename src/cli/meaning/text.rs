//! A change for people, at a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::{Meaning, forced, word};
use crate::diff::Change;
use crate::report::printable;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const LOUD: Style = AnsiColor::Red.on_default().bold();

pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => shown(text),
        other => shown(&other.to_string()),
    }
}

/// Text of others in one line of a terminal.
pub(in crate::cli) fn shown(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}

impl Meaning {
    /// Access and session.
    pub(in crate::cli) fn text(&self) -> String {
        let mut out = String::new();
        if !self.access.is_empty() {
            let _ = writeln!(out, "{BOLD}Access{BOLD:#}");
        }
        for change in &self.access {
            let (word, paint) = match change.is_broader {
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
            let name = shown(name);
            let _ = match before {
                Some(before) if before != after => {
                    writeln!(out, "  {name}: {before}, then {paint}{after}{paint:#}")
                }
                _ => writeln!(out, "  {name}: {paint}{after}{paint:#}"),
            };
        }
        out
    }

    /// Every difference, property by property.
    pub(in crate::cli) fn details(&self) -> String {
        let mut out = String::new();
        for it in &self.differences {
            let what = match (it.section.as_str(), it.id.as_str()) {
                ("Resources", id) => format!("{BOLD}{}{BOLD:#} {}", shown(id), shown(&it.kind)),
                (section, "") => format!("{BOLD}{}{BOLD:#}", shown(section)),
                (section, id) => format!("{BOLD}{}.{}{BOLD:#}", shown(section), shown(id)),
            };
            let paint = match &it.change {
                _ if it.is_replaced() => LOUD,
                Change::Added => GREEN,
                Change::Removed => RED,
                Change::Retyped(_) => LOUD,
                _ => YELLOW,
            };
            let was = match &it.change {
                Change::Retyped(old) | Change::Renamed(old) | Change::Moved(old) => {
                    format!(", was {}", shown(old))
                }
                _ => String::new(),
            };
            let word = word(it);
            let _ = writeln!(out, "{paint}{word:<9}{paint:#} {what}{was}");
            let why = forced(it);
            if !why.is_empty() {
                let _ = writeln!(out, "    {paint}!{paint:#} {}", shown(&why));
            }
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

    /// All of it: what may do harm first.
    pub(in crate::cli) fn whole(&self) -> String {
        let details = self.details();
        let between = if details.is_empty() { "" } else { "\n" };
        format!(
            "{}{between}{details}{between}{}\n",
            self.text(),
            self.counts()
        )
    }
}
