//! Changes as text for a terminal.

use std::fmt::Write as _;

use super::super::{Change, Direction, PropertyChange};
use super::value::{self, LineChange, ValueChange, name, sentence};
use super::{ChangeReport, SessionChange, action_word, replacement_text};
use anstyle::{AnsiColor, Style};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const LOUD: Style = AnsiColor::Red.on_default().bold();

/// Returns the line of a property, or the lines of a text.
fn text_property(property: &PropertyChange) -> String {
    let path = match property.path.as_str() {
        "" => String::new(),
        path => format!("{}: ", name(path)),
    };
    match (&property.old, &property.new) {
        (Some(old), Some(new)) => match value::change(old, new) {
            ValueChange::Pair(old, new) => format!("{path}{old} → {new}"),
            ValueChange::Lines(lines, omitted) => text_lines(&path, &lines, omitted),
        },
        (None, Some(new)) => format!("{GREEN}+{GREEN:#} {path}{}", value::one(new)),
        (Some(old), None) => format!("{RED}-{RED:#} {path}{}", value::one(old)),
        (None, None) => path,
    }
}

fn text_lines(path: &str, lines: &[LineChange], omitted: usize) -> String {
    if let ([LineChange::Replaced(number, old, new)], 0) = (lines, omitted) {
        let path = path.trim_end_matches(": ");
        return format!("{path} line {number}: {old} → {new}");
    }
    let mut out = path.trim_end().to_owned();
    for line in lines {
        let _ = match line {
            LineChange::Replaced(number, old, new) => {
                write!(out, "\n      line {number}: {old} → {new}")
            }
            LineChange::Removed(line) => write!(out, "\n      {RED}-{RED:#} {line}"),
            LineChange::Added(line) => write!(out, "\n      {GREEN}+{GREEN:#} {line}"),
        };
    }
    if omitted > 0 {
        let _ = write!(out, "\n      {omitted} more lines differ");
    }
    out
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
                name(&change.owner),
                sentence(&change.what)
            );
        }
        for why in &self.unreadable {
            let _ = writeln!(out, "  {LOUD}unknown{LOUD:#}   {}", sentence(why));
        }
        if !self.losses.is_empty() {
            let _ = writeln!(out, "{BOLD}Removal{BOLD:#}");
        }
        for it in &self.losses {
            let _ = writeln!(out, "  {RED}lost{RED:#}      {}", sentence(it));
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
            let name = name(instance);
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
                ("Resources", id) => format!("{BOLD}{}{BOLD:#} {}", name(id), name(&it.kind)),
                (section, "") => format!("{BOLD}{}{BOLD:#}", name(section)),
                (section, id) => {
                    format!("{BOLD}{}.{}{BOLD:#}", name(section), name(id))
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
                    format!(", was {}", name(old))
                }
                _ => String::new(),
            };
            let word = action_word(it);
            let _ = writeln!(out, "{paint}{word:<9}{paint:#} {what}{was}");
            let why = replacement_text(it);
            if !why.is_empty() {
                let _ = writeln!(out, "    {paint}!{paint:#} {}", sentence(&why));
            }
            let Change::Changed(properties) = &it.change else {
                continue;
            };
            let lines: Vec<String> = properties.iter().map(text_property).collect();
            match lines.as_slice() {
                // A single property needs no line of its own.
                [line] if why.is_empty() && !line.contains('\n') => {
                    out.truncate(out.trim_end().len());
                    let _ = writeln!(out, "  {line}");
                }
                lines => lines.iter().for_each(|line| {
                    let _ = writeln!(out, "    {line}");
                }),
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
