//! For people: the agent's way drawn hop by hop, the first failing hop in the foreground.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{CheckReport, count_verdict, fix};
use crate::reachability::{ASSUMPTIONS, HopResult, HopStatus, InstanceReachability, Verdict};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBT: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();

fn style(answer: Verdict) -> Style {
    match answer {
        Verdict::Reachable => GOOD,
        Verdict::Unreachable => BAD,
        Verdict::Unknown => DOUBT,
        Verdict::NotCreated => Style::new(),
    }
}

fn mark(verdict: HopStatus) -> (&'static str, Style) {
    match verdict {
        HopStatus::Pass => ("ok", GOOD),
        HopStatus::Unknown => ("?", DOUBT),
        HopStatus::Fail => ("FAILS", BAD),
    }
}

/// Prints a report; the caller takes the colours away where nobody sees them.
#[must_use]
pub fn text(report: &CheckReport<'_>) -> String {
    let mut out = String::new();
    let instances = &report.reachability.instances;
    if instances.is_empty() {
        let _ = writeln!(out, "{}: no instance", report.file);
        return out;
    }
    for proof in instances {
        instance(&mut out, report, proof);
        out.push('\n');
    }
    let total: Vec<String> = [
        Verdict::Reachable,
        Verdict::Unreachable,
        Verdict::Unknown,
        Verdict::NotCreated,
    ]
    .into_iter()
    .map(|answer| (answer, count_verdict(report.reachability, answer)))
    .filter(|(_, n)| *n > 0)
    .map(|(answer, n)| format!("{n} {}", answer.as_str()))
    .collect();
    let _ = writeln!(out, "{}: {}", report.file, total.join(", "));
    if instances.iter().any(|it| it.verdict != Verdict::NotCreated) {
        let _ = writeln!(out, "assumed:");
        for assumption in ASSUMPTIONS {
            let _ = writeln!(out, "  - {assumption}");
        }
    }
    out
}

fn instance(out: &mut String, report: &CheckReport<'_>, proof: &InstanceReachability) {
    let paint = style(proof.verdict);
    let _ = writeln!(
        out,
        "{BOLD}{}{BOLD:#}: {paint}{}{paint:#}",
        report.name(proof.node),
        proof.verdict.as_str()
    );
    let failing = proof.failing();
    if let Some(finding) = failing {
        foreground(out, report, finding);
    }
    for finding in &proof.hops {
        let (word, paint) = mark(finding.status);
        let _ = writeln!(
            out,
            "  {:<24}{paint}{word:<6}{paint:#} {}",
            finding.hop.as_str(),
            finding.detail
        );
    }
    if failing.is_none() {
        for finding in proof
            .hops
            .iter()
            .filter(|it| it.status == HopStatus::Unknown)
        {
            if let Some(place) = location(report, finding) {
                let _ = writeln!(out, "  {}: not decided at {place}", finding.hop);
            }
        }
    }
    for warning in &proof.warnings {
        let _ = writeln!(out, "  {DOUBT}warning{DOUBT:#}: {}", warning.detail);
        write_fix(out, report, warning);
    }
}

pub(super) fn location(report: &CheckReport<'_>, finding: &HopResult) -> Option<String> {
    let place = report.location(finding)?;
    let what = match &place.property {
        Some(property) => format!("{}.{property}", place.resource),
        None => place.resource.clone(),
    };
    Some(match place.at {
        Some((line, column)) => format!("{}:{line}:{column} ({what})", report.file),
        None => what,
    })
}

fn foreground(out: &mut String, report: &CheckReport<'_>, finding: &HopResult) {
    let _ = writeln!(
        out,
        "  {BAD}{}{BAD:#}: {BOLD}{}{BOLD:#}",
        finding.hop, finding.detail
    );
    if let Some(place) = location(report, finding) {
        let _ = writeln!(out, "    at   {place}");
    }
    let _ = writeln!(
        out,
        "    why  {} (`ssm-synth explain {}`)",
        finding.hop.reason(),
        finding.hop
    );
    write_fix(out, report, finding);
    out.push('\n');
}

fn write_fix(out: &mut String, report: &CheckReport<'_>, finding: &HopResult) {
    let Some(lines) = fixed(report, finding) else {
        return;
    };
    for (n, line) in lines.lines().enumerate() {
        let head = if n == 0 { "    fix  " } else { "         " };
        let _ = writeln!(out, "{}", format!("{head}{line}").trim_end());
    }
}

/// The lines of a finding's fix.
pub(crate) fn fixed(report: &CheckReport<'_>, finding: &HopResult) -> Option<String> {
    let change = finding.fix.as_ref()?;
    let dialect = report
        .graph
        .stacks()
        .flat_map(|stack| report.graph.nodes_of(stack))
        .next()?
        .1
        .dialect();
    Some(fix::lines(report.graph, dialect, report.json, change))
}
