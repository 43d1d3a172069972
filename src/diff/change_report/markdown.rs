//! Changes as Markdown, for a comment on a pull request.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::{Change, Difference, Direction, PropertyChange};
use super::value::{self, LineChange, ValueChange, name, sentence};
use super::{ChangeReport, SessionChange, action_word, replacement_text};
use crate::report::printable;

/// The maximum length after each part. GitHub accepts 65,536 characters in a comment, of which the
/// caller uses some.
const AFTER_ACCESS: usize = 20_000;
const AFTER_SESSION: usize = 30_000;
const AFTER_REPLACED: usize = 40_000;
const AFTER_ALL: usize = 60_000;

/// Writes as many items as fit, and the number of omitted ones.
fn fitting(out: &mut String, max: usize, all: impl ExactSizeIterator<Item = String>) {
    let mut left = all.len();
    for one in all {
        if out.len() + one.len() > max {
            let _ = writeln!(out, "\n{left} more; run `ssm-synth diff` to show them");
            return;
        }
        out.push_str(&one);
        left -= 1;
    }
}

/// Returns untrusted text as code in a table cell, with pipes escaped.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Returns untrusted text as code.
fn code(text: &str) -> String {
    let cut = printable(text).replace(['\n', '\r', '\t'], " ");
    // A fence must be longer than any run of backticks in the text.
    let longest = cut.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let room = if longest > 0 { " " } else { "" };
    match cut.is_empty() {
        true => "(empty)".to_owned(),
        false => format!("{fence}{room}{cut}{room}{fence}"),
    }
}

/// Returns untrusted text with Markdown escaped.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in printable(text).chars() {
        match letter {
            '\n' | '\r' | '\t' => out.push(' '),
            '@' => out.push_str("&#64;"),
            it if it.is_ascii_punctuation() && !":.,;-()/ ".contains(it) => {
                out.push('\\');
                out.push(it);
            }
            it => out.push(it),
        }
    }
    out
}

impl ChangeReport {
    /// Returns a comment for a pull request: access, replacements and sessions, then the folded
    /// properties.
    pub fn to_markdown(&self, title: &str) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "### {}: {}\n", code(title), self.counts());
        let count = |direction| {
            let all = self.access.iter();
            all.filter(|it| it.direction == direction).count()
        };
        if !self.access.is_empty() {
            let _ = writeln!(
                out,
                "**Access: {} broader, {} unknown, {} narrower**\n",
                count(Direction::Broader),
                count(Direction::Unknown),
                count(Direction::Narrower)
            );
            out.push_str("| | resource | change |\n| --- | --- | --- |\n");
            let rows = self.access.iter().map(|it| {
                let word = match it.direction {
                    Direction::Narrower => "narrower".to_owned(),
                    other => format!("⚠ {}", other.as_str()),
                };
                format!(
                    "| {word} | {} | {} |\n",
                    cell(&name(&it.owner)),
                    cell(&sentence(&it.what))
                )
            });
            fitting(&mut out, AFTER_ACCESS, rows);
            out.push('\n');
        }
        let replaced = self.differences.iter().filter(|it| it.may_be_replaced());
        let replaced: Vec<&Difference> = replaced.collect();
        if !replaced.is_empty() {
            out.push_str("**Replaced**\n\n| | resource | reason |\n| --- | --- | --- |\n");
            let rows = replaced.iter().map(|it| {
                let (id, kind) = (cell(&name(&it.id)), plain(&name(&it.kind)));
                let reason = plain(&sentence(&replacement_text(it)));
                format!("| ⚠ {} | {id} {kind} | {reason} |\n", action_word(it))
            });
            fitting(&mut out, AFTER_REPLACED, rows);
            out.push('\n');
        }
        for (title, all) in [("Removal", &self.losses), ("Unknown", &self.unreadable)] {
            if !all.is_empty() {
                let _ = writeln!(out, "**{title}**\n");
                let rows = all
                    .iter()
                    .map(|it| format!("- ⚠ {}\n", code(&sentence(it))));
                fitting(&mut out, AFTER_ACCESS, rows);
                out.push('\n');
            }
        }
        let sessions: Vec<&SessionChange> = self.changed_sessions().collect();
        if !sessions.is_empty() {
            out.push_str("**Session**\n\n| instance | before | after |\n| --- | --- | --- |\n");
            let rows = sessions.into_iter().map(|it| {
                let mark = match &it.after {
                    Some(it) if it.starts_with("unreachable") => "⚠ ",
                    _ => "",
                };
                let before = it.before.as_deref().unwrap_or("–");
                let after = it.after.as_deref().unwrap_or("deleted");
                format!(
                    "| {} | {before} | {mark}{after} |\n",
                    cell(&name(&it.instance))
                )
            });
            fitting(&mut out, AFTER_SESSION, rows);
            out.push('\n');
        }
        if !self.differences.is_empty() {
            out.push_str("<details><summary>Every difference</summary>\n\n");
            fitting(&mut out, AFTER_ALL, self.differences.iter().map(details));
            out.push_str("\n</details>\n");
        }
        out
    }
}

fn details(it: &Difference) -> String {
    let mut out = String::new();
    let what = match (it.section.as_str(), it.id.as_str()) {
        ("Resources", id) => format!("{} {}", code(&name(id)), plain(&name(&it.kind))),
        (section, "") => plain(&name(section)),
        (section, id) => format!("{} {}", plain(&name(section)), code(&name(id))),
    };
    let was = match &it.change {
        Change::Retyped(old) | Change::Renamed(old) | Change::Moved(old) => {
            format!(", was {}", code(&name(old)))
        }
        _ => String::new(),
    };
    let _ = writeln!(out, "- {} {what}{was}", action_word(it));
    if let Change::Changed(properties) = &it.change {
        for PropertyChange { path, old, new } in properties {
            let at = match path.as_str() {
                "" => String::new(),
                path => format!("{}: ", code(&name(path))),
            };
            let value = |it: &Option<Value>| {
                let shown = it.as_ref().map(|it| code(&value::one(it)));
                shown.unwrap_or_else(|| "–".to_owned())
            };
            let _ = match (old, new) {
                (Some(old), Some(new)) => match value::change(old, new) {
                    ValueChange::Pair(old, new) => {
                        writeln!(out, "  - {at}{} → {}", code(&old), code(&new))
                    }
                    ValueChange::Lines(lines, omitted) => {
                        fenced(&mut out, &at, &lines, omitted);
                        Ok(())
                    }
                },
                (old, new) => writeln!(out, "  - {at}{} → {}", value(old), value(new)),
            };
        }
    }
    out
}

/// Writes the changed lines of a text as a fenced diff.
fn fenced(out: &mut String, at: &str, lines: &[LineChange], omitted: usize) {
    let mut text = String::new();
    for line in lines {
        let _ = match line {
            LineChange::Replaced(_, old, new) => writeln!(text, "    - {old}\n    + {new}"),
            LineChange::Removed(line) => writeln!(text, "    - {line}"),
            LineChange::Added(line) => writeln!(text, "    + {line}"),
        };
    }
    // A fence must be longer than any run of backticks in the text.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let more = match omitted {
        0 => String::new(),
        omitted => format!(" {omitted} more lines differ"),
    };
    let _ = writeln!(out, "  - {}{more}\n\n    {fence}diff", at.trim_end());
    let _ = writeln!(out, "{text}    {fence}");
}
