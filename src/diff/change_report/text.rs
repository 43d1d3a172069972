//! Changes as text for a terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::super::{Change, Direction};
use super::{ChangeReport, SessionChange, action_word, replacement_text};
use crate::report::printable;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const LOUD: Style = AnsiColor::Red.on_default().bold();

pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => escape_text(text),
        other => escape_text(&other.to_string()),
    }
}

/// Returns untrusted text on one line, with control characters escaped.
pub(crate) fn escape_text(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}

impl ChangeReport {
    /// Returns the access and session changes.
    pub(crate) fn summary_text(&self) -> String {
        let mut out = String::new();
        if !self.access.is_empty() {
            let _ = writeln!(out, "{BOLD}Access{BOLD:#}");
        }
        for change in &self.access {
            let word = change.direction.as_str();
            let paint = match change.direction {
                Direction::Broader | Direction::Unknown => YELLOW,
                Direction::Narrower => GREEN,
            };
            let _ = writeln!(
                out,
                "  {paint}{word:<9}{paint:#} {}: {}",
                escape_text(&change.owner),
                escape_text(&change.what)
            );
        }
        for why in &self.unreadable {
            let _ = writeln!(out, "  {LOUD}unknown{LOUD:#}   {why}");
        }
        if !self.losses.is_empty() {
            let _ = writeln!(out, "{BOLD}Removal{BOLD:#}");
        }
        for it in &self.losses {
            let _ = writeln!(out, "  {RED}lost{RED:#}      {}", escape_text(it));
        }
        let sessions: Vec<&SessionChange> = self.changed_sessions().collect();
        if !sessions.is_empty() {
            let _ = writeln!(out, "{BOLD}Session{BOLD:#}");
        }
        for SessionChange {
            instance,
            before,
            after,
        } in sessions
        {
            let paint = match after {
                Some(after) if after == "reachable" => GREEN,
                Some(after) if after.starts_with("unreachable") => LOUD,
                _ => YELLOW,
            };
            let after = after.as_deref().unwrap_or("deleted");
            let name = escape_text(instance);
            let _ = match before {
                Some(before) if before != after => {
                    writeln!(out, "  {name}: {before}, then {paint}{after}{paint:#}")
                }
                _ => writeln!(out, "  {name}: {paint}{after}{paint:#}"),
            };
        }
        out
    }

    /// Returns every difference with its properties.
    pub(crate) fn details(&self) -> String {
        let mut out = String::new();
        for it in &self.differences {
            let what = match (it.section.as_str(), it.id.as_str()) {
                ("Resources", id) => format!(
                    "{BOLD}{}{BOLD:#} {}",
                    escape_text(id),
                    escape_text(&it.kind)
                ),
                (section, "") => format!("{BOLD}{}{BOLD:#}", escape_text(section)),
                (section, id) => {
                    format!("{BOLD}{}.{}{BOLD:#}", escape_text(section), escape_text(id))
                }
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
                    format!(", was {}", escape_text(old))
                }
                _ => String::new(),
            };
            let word = action_word(it);
            let _ = writeln!(out, "{paint}{word:<9}{paint:#} {what}{was}");
            let why = replacement_text(it);
            if !why.is_empty() {
                let _ = writeln!(out, "    {paint}!{paint:#} {}", escape_text(&why));
            }
            let Change::Changed(properties) = &it.change else {
                continue;
            };
            for property in properties {
                let path = match property.path.as_str() {
                    "" => String::new(),
                    path => format!("{}: ", escape_text(path)),
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

    /// Returns text with ANSI styles: access and sessions first, then every property.
    pub fn to_text(&self) -> String {
        let (summary, details) = (self.summary_text(), self.details());
        let between = if details.is_empty() { "" } else { "\n" };
        let before = if summary.is_empty() { "" } else { between };
        format!("{summary}{before}{details}{between}{}\n", self.counts())
    }
}
