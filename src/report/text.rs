//! The report as text: the first failing hop of each instance, then every hop.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{CheckReport, count_verdict, fix};
use crate::reachability::{HopResult, HopStatus, InstanceReachability, Verdict, assumptions};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBT: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Reachable => GOOD,
        Verdict::Unreachable => BAD,
        Verdict::Unknown => DOUBT,
        Verdict::NotCreated => Style::new(),
    }
}

fn status_style(status: HopStatus) -> Style {
    match status {
        HopStatus::Pass => GOOD,
        HopStatus::Unknown => DOUBT,
        HopStatus::Fail => BAD,
    }
}

/// Prints a report with colors, which the caller removes if the output is not a terminal.
#[must_use]
pub fn text(report: &CheckReport<'_>) -> String {
    let mut out = String::new();
    let instances = &report.reachability.instances;
    if instances.is_empty() {
        let _ = writeln!(out, "{}: no instances", report.file);
        notes(&mut out, report);
        return out;
    }
    for reachability in instances {
        instance(&mut out, report, reachability);
        out.push('\n');
    }
    let total: Vec<String> = [
        Verdict::Reachable,
        Verdict::Unreachable,
        Verdict::Unknown,
        Verdict::NotCreated,
    ]
    .into_iter()
    .map(|verdict| (verdict, count_verdict(report.reachability, verdict)))
    .filter(|(_, n)| *n > 0)
    .map(|(verdict, n)| format!("{n} {}", verdict.as_str()))
    .collect();
    let _ = writeln!(out, "{}: {}", report.file, total.join(", "));
    if instances.iter().any(|it| it.verdict != Verdict::NotCreated) {
        let _ = writeln!(out, "assumptions:");
        for assumption in assumptions(report.graph, report.reachability) {
            let hop = assumption.hop.map(|hop| format!("{hop}: "));
            let _ = writeln!(out, "  - {}{}", hop.unwrap_or_default(), assumption.text);
        }
    }
    notes(&mut out, report);
    out
}

fn notes(out: &mut String, report: &CheckReport<'_>) {
    for note in report.notes {
        let _ = writeln!(out, "note: {note}");
    }
}

fn instance(out: &mut String, report: &CheckReport<'_>, reachability: &InstanceReachability) {
    let paint = style(reachability.verdict);
    let _ = writeln!(
        out,
        "{BOLD}{}{BOLD:#}: {paint}{}{paint:#}{}",
        report.name(reachability.node),
        reachability.verdict.as_str(),
        languages(reachability)
    );
    let failing = reachability.failing();
    if let Some(result) = failing {
        foreground(out, report, result);
    }
    for result in &reachability.hops {
        let paint = status_style(result.status);
        let _ = writeln!(
            out,
            "  {:<24}{paint}{:<7}{paint:#} {}",
            result.hop.as_str(),
            result.status,
            result.detail
        );
    }
    if failing.is_none() {
        for result in reachability
            .hops
            .iter()
            .filter(|it| it.status == HopStatus::Unknown)
        {
            if let Some(location) = location(report, result) {
                let _ = writeln!(out, "  {}: unknown because of {location}", result.hop);
            }
        }
    }
    for warning in &reachability.warnings {
        let _ = writeln!(out, "  {DOUBT}warning{DOUBT:#}: {}", warning.detail);
        write_fix(out, report, warning);
    }
}

/// Returns the verdicts of the languages in parentheses, if they differ.
fn languages(reachability: &InstanceReachability) -> String {
    let each = reachability.by_language.iter();
    let each: Vec<String> = each
        .map(|(dialect, verdict)| format!("{} in {}", verdict.as_str(), dialect.name()))
        .collect();
    match each.is_empty() {
        true => String::new(),
        false => format!(" ({})", each.join(", ")),
    }
}

pub(super) fn location(report: &CheckReport<'_>, result: &HopResult) -> Option<String> {
    let location = report.location(result)?;
    let what = match &location.property {
        Some(property) => format!("{}.{property}", location.resource),
        None => location.resource.clone(),
    };
    Some(match location.at {
        Some((line, column)) => {
            let file = report.file_of(result.at.map(|(node, _)| node));
            format!("{file}:{line}:{column} ({what})")
        }
        None => what,
    })
}

fn foreground(out: &mut String, report: &CheckReport<'_>, result: &HopResult) {
    let _ = writeln!(
        out,
        "  {BAD}{}{BAD:#}: {BOLD}{}{BOLD:#}",
        result.hop, result.detail
    );
    if let Some(location) = location(report, result) {
        let _ = writeln!(out, "    at   {location}");
    }
    let _ = writeln!(
        out,
        "    why  {} (`{} explain {}`)",
        result.hop.reason(),
        report.program,
        result.hop
    );
    write_fix(out, report, result);
    out.push('\n');
}

fn write_fix(out: &mut String, report: &CheckReport<'_>, result: &HopResult) {
    let Some(lines) = fixed(report, result) else {
        return;
    };
    for (n, line) in lines.lines().enumerate() {
        let head = if n == 0 { "    fix  " } else { "         " };
        let _ = writeln!(out, "{}", format!("{head}{line}").trim_end());
    }
}

/// Returns the lines of a fix.
pub(crate) fn fixed(report: &CheckReport<'_>, result: &HopResult) -> Option<String> {
    let change = result.fix.as_ref()?;
    let dialect = report
        .graph
        .stacks()
        .flat_map(|stack| report.graph.nodes_of(stack))
        .next()?
        .1
        .dialect();
    Some(fix::lines(report.graph, dialect, report.json, change))
}
