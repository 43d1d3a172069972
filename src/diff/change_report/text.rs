//! Changes as text for a terminal.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::super::replace::without_brackets;
use super::super::{Change, Difference, Direction, PropertyChange};
use super::value::{self, LineChange, ValueChange, name, sentence};
use super::{ChangeReport, SessionChange, action_word, replacement_reasons};
use anstyle::{AnsiColor, Style};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const LOUD: Style = AnsiColor::Red.on_default().bold();

/// The maximum length of a line with several changes.
const MAX_JOINED: usize = 160;
/// The maximum length of a line with a change and its resource.
const MAX_LINE: usize = 400;

/// Returns the number of letters without styles.
fn width(text: &str) -> usize {
    let mut styled = false;
    let shown = text.chars().filter(|letter| {
        let ends = styled && *letter == 'm';
        styled = (styled || *letter == '\u{1b}') && !ends;
        !styled && !ends
    });
    shown.count()
}

/// Joins texts, on as few lines as the maximum length allows.
fn joined(items: impl IntoIterator<Item = String>, between: &str, max: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for item in items {
        match out.last_mut() {
            Some(line) if width(line) + between.len() + width(&item) <= max => {
                line.push_str(between);
                line.push_str(&item);
            }
            _ => out.push(item),
        }
    }
    out
}

/// Returns the change of a property without its path, or the lines of a text.
fn text_values(property: &PropertyChange) -> String {
    match (&property.old, &property.new) {
        (Some(old), Some(new)) => match value::change(old, new) {
            ValueChange::Pair(old, new) => format!("{old} → {new}"),
            ValueChange::Lines(lines, omitted) => text_lines(&lines, omitted),
        },
        (None, Some(one)) | (Some(one), None) => value::one(one),
        (None, None) => String::new(),
    }
}

/// Returns each path with its change. Values that a list gains or loses are on one line.
fn text_properties(properties: &[PropertyChange]) -> Vec<(&str, String)> {
    let sign = |it: &PropertyChange| match (&it.old, &it.new) {
        (None, Some(_)) => format!("{GREEN}+{GREEN:#} "),
        (Some(_), None) => format!("{RED}-{RED:#} "),
        _ => String::new(),
    };
    let same = |a: &PropertyChange, b: &PropertyChange| {
        a.path == b.path && sign(a) == sign(b) && a.old.is_some() != a.new.is_some()
    };
    let mut out = Vec::new();
    for of_path in properties.chunk_by(same) {
        for values in joined(of_path.iter().map(text_values), ", ", MAX_JOINED) {
            let first = &of_path[0];
            out.push((first.path.as_str(), format!("{}{values}", sign(first))));
        }
    }
    out
}

/// Returns a change after the path of its property, or after the reason for a replacement.
fn labeled(label: &str, values: &str) -> String {
    // The sign is in front of the path.
    let (sign, values) = match values.split_once(' ') {
        Some((sign, rest)) if sign.starts_with('\u{1b}') => (format!("{sign} "), rest),
        _ => (String::new(), values),
    };
    match values.starts_with('\n') {
        _ if label.is_empty() => format!("{sign}{values}"),
        true => format!("{sign}{label}:{values}"),
        false => format!("{sign}{label}: {values}"),
    }
}

/// Returns the reasons for a replacement, with the property that forces it, and the other properties.
fn text_changes(it: &Difference, paint: Style) -> Vec<String> {
    let mut properties = match &it.change {
        Change::Changed(properties) => text_properties(properties),
        _ => Vec::new(),
    };
    let mut out = Vec::new();
    for (property, why) in replacement_reasons(it) {
        let why = sentence(&why);
        let of = |(path, _): &(&str, String)| {
            let path = without_brackets(path);
            !property.is_empty()
                && path
                    .strip_prefix(property)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let text = match properties.iter().position(of) {
            Some(at) => {
                let (path, values) = properties.remove(at);
                let label = if path == property { "" } else { path };
                let values = labeled(&name(label), &values);
                match values.starts_with('\n') {
                    true => format!("{why}:{values}"),
                    false => format!("{why}: {values}"),
                }
            }
            None => why,
        };
        out.push(format!("{paint}!{paint:#} {text}"));
    }
    let rest = properties.into_iter();
    out.extend(rest.map(|(path, values)| labeled(&name(path), &values)));
    out
}

fn text_lines(lines: &[LineChange], omitted: usize) -> String {
    if let ([LineChange::Replaced(number, old, new)], 0) = (lines, omitted) {
        return format!("line {number}: {old} → {new}");
    }
    let mut out = String::new();
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
    /// Returns the changes of access. Equal changes of several resources, and several changes of one
    /// resource, are one line.
    fn access_text(&self) -> String {
        let mut equal: IndexMap<(Direction, &str), Vec<String>> = IndexMap::new();
        for it in &self.access {
            let owners = equal.entry((it.direction, &it.what)).or_default();
            owners.push(name(&it.owner));
        }
        let mut lines: IndexMap<(Direction, String), Vec<String>> = IndexMap::new();
        for ((direction, what), owners) in equal {
            for owners in joined(owners, ", ", MAX_JOINED) {
                let all = lines.entry((direction, owners)).or_default();
                all.push(sentence(what));
            }
        }
        let mut out = String::new();
        for ((direction, owners), what) in lines {
            let word = direction.as_str();
            let paint = match direction {
                Direction::Broader | Direction::Unknown => YELLOW,
                Direction::Narrower => GREEN,
            };
            for what in joined(what, "; ", MAX_JOINED) {
                let _ = writeln!(out, "{paint}{word:<9}{paint:#} {owners}: {what}");
            }
        }
        out
    }

    /// Returns the access and session changes.
    pub(crate) fn summary_text(&self) -> String {
        let mut out = self.access_text();
        for why in &self.unreadable {
            let _ = writeln!(out, "{LOUD}unknown{LOUD:#}   {}", sentence(why));
        }
        for it in &self.losses {
            let _ = writeln!(out, "{RED}lost{RED:#}      {}", sentence(it));
        }
        for SessionChange {
            instance,
            before,
            after,
        } in self.changed_sessions()
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
                    writeln!(
                        out,
                        "session   {name}: {before}, then {paint}{after}{paint:#}"
                    )
                }
                _ => writeln!(out, "session   {name}: {paint}{after}{paint:#}"),
            };
        }
        out
    }

    /// Returns every difference with its properties. Equal differences are one line.
    pub(crate) fn details(&self) -> String {
        let mut equal: IndexMap<(String, String, String), Vec<String>> = IndexMap::new();
        for it in &self.differences {
            let (subject, kind) = match (it.section.as_str(), it.id.as_str()) {
                ("Resources", id) => (
                    format!("{BOLD}{}{BOLD:#}", name(id)),
                    format!(" {}", name(&it.kind)),
                ),
                (section, "") => (format!("{BOLD}{}{BOLD:#}", name(section)), String::new()),
                (section, id) => (
                    format!("{BOLD}{}.{}{BOLD:#}", name(section), name(id)),
                    String::new(),
                ),
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
            let word = format!("{paint}{:<9}{paint:#}", action_word(it));
            let changes = text_changes(it, paint);
            let one = changes.join("; ");
            let start = width(&word) + width(&subject) + width(&kind) + width(&was);
            let fits = |max: usize| start + width(one.lines().next().unwrap_or_default()) <= max;
            let block = match changes.as_slice() {
                [] => String::new(),
                [_] if fits(MAX_LINE) => format!("  {one}"),
                _ if !one.contains('\n') && fits(MAX_JOINED) => format!("  {one}"),
                changes => changes.iter().map(|it| format!("\n    {it}")).collect(),
            };
            let key = (word, format!("{kind}{was}"), block);
            equal.entry(key).or_default().push(subject);
        }
        let mut out = String::new();
        for ((word, kind, block), subjects) in equal {
            for subjects in joined(subjects, ", ", MAX_JOINED / 2) {
                let _ = writeln!(out, "{word} {subjects}{kind}{block}");
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
