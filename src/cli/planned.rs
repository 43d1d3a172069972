//! The changes in a change set, printed.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::aws::CheckedTemplate;
use crate::cost::{self, Estimate, UsageAssumptions};
use crate::deploy::values::{ChangeSet, PlannedChange};
use crate::diff::escape_text;
use crate::region::Region;

const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const LOUD: Style = AnsiColor::Red.on_default().bold();

/// Returns the order, word and style of a planned change. Replacements come first.
fn rank(planned: &PlannedChange) -> (u8, &'static str, Style) {
    match (planned.action.as_str(), planned.replacement.as_str()) {
        (_, "True") => (0, "replaced", LOUD),
        (_, "Conditional") => (1, "may be replaced", YELLOW),
        ("Remove", _) => (2, "removed", RED),
        ("Add", _) => (3, "added", GREEN),
        ("Import", _) => (4, "imported", GREEN),
        ("Modify", _) => (5, "changed", YELLOW),
        _ => (6, "may change", YELLOW),
    }
}

/// Formats a change set as text.
pub(super) fn planned(set: &ChangeSet) -> String {
    let mut lines: Vec<&PlannedChange> = set.planned.iter().collect();
    lines.sort_by_key(|it| rank(it).0);
    let widest = |part: fn(&PlannedChange) -> &str| {
        let widths = lines.iter().map(|it| part(it).chars().count());
        widths.max().unwrap_or_default()
    };
    let (id, kind) = (widest(|it| &it.logical_id), widest(|it| &it.kind));
    let mut out = String::new();
    for it in &lines {
        let (_, word, paint) = rank(it);
        let mut why = String::new();
        if !it.physical_id.is_empty() {
            why = format!("  {}", escape_text(&it.physical_id));
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

/// Counts the changes of a change set, such as `Plan: 17 to add, 0 to change, 0 to replace`.
pub(super) fn counts(set: &ChangeSet) -> String {
    let count = |word: &str| set.planned.iter().filter(|it| rank(it).1 == word).count();
    let mut out = format!(
        "Plan: {} to add, {} to change, {} to replace",
        count("added"),
        count("changed") + count("may change"),
        count("replaced")
    );
    for (word, text) in [
        ("may be replaced", "may be replaced"),
        ("removed", "to remove"),
        ("imported", "to import"),
    ] {
        let count = count(word);
        if count > 0 {
            let _ = write!(out, ", {count} {text}");
        }
    }
    out
}

/// Estimates the cost of a template, if the list has prices of the Region.
pub(super) fn cost(checked: &CheckedTemplate, region: &str) -> Option<Estimate> {
    let region = Region::find(region).filter(|it| cost::has_prices(it))?;
    Some(cost::estimate(
        &checked.graph,
        region,
        &UsageAssumptions::default(),
    ))
}

/// Formats the cost per month, and the cost before the change if it differs.
pub(super) fn cost_line(
    after: Option<&Estimate>,
    before: Option<&Estimate>,
    region: &str,
) -> String {
    let Some(after) = after else {
        return format!("Cost: unknown, no list prices for `{region}`\n");
    };
    let least = if after.is_complete() { "" } else { "at least " };
    let before = before.filter(|it| it.total() != after.total());
    let before = before.map_or(String::new(), |it| format!(", {} before", it.total()));
    format!(
        "Cost: {least}{} USD per month{before}, at list prices{}\n",
        after.total(),
        after.dates_text()
    )
}

/// Formats a change set as JSON.
pub(super) fn planned_json(set: &ChangeSet) -> Value {
    let one = |it: &PlannedChange| {
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
