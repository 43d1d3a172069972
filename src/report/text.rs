//! For people: the agent's way drawn hop by hop, the first failing hop in the foreground.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Report, count, fix};
use crate::reachability::{ASSUMPTIONS, Answer, Finding, InstanceProof, Verdict};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBT: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();

fn style(answer: Answer) -> Style {
    match answer {
        Answer::Reachable => GOOD,
        Answer::Unreachable => BAD,
        Answer::Unknown => DOUBT,
        Answer::Absent => Style::new(),
    }
}

fn mark(verdict: Verdict) -> (&'static str, Style) {
    match verdict {
        Verdict::Pass => ("ok", GOOD),
        Verdict::Unknown => ("?", DOUBT),
        Verdict::Fail => ("FAILS", BAD),
    }
}

/// Prints a report; the caller takes the colours away where nobody sees them.
#[must_use]
pub fn text(report: &Report<'_>) -> String {
    let mut out = String::new();
    let instances = &report.proof.instances;
    if instances.is_empty() {
        let _ = writeln!(out, "{}: no instance", report.file);
        return out;
    }
    for proof in instances {
        instance(&mut out, report, proof);
        out.push('\n');
    }
    let total: Vec<String> = [
        Answer::Reachable,
        Answer::Unreachable,
        Answer::Unknown,
        Answer::Absent,
    ]
    .into_iter()
    .map(|answer| (answer, count(report.proof, answer)))
    .filter(|(_, n)| *n > 0)
    .map(|(answer, n)| format!("{n} {}", answer.as_str()))
    .collect();
    let _ = writeln!(out, "{}: {}", report.file, total.join(", "));
    if instances.iter().any(|it| it.answer != Answer::Absent) {
        let _ = writeln!(out, "assumed:");
        for assumption in ASSUMPTIONS {
            let _ = writeln!(out, "  - {assumption}");
        }
    }
    out
}

fn instance(out: &mut String, report: &Report<'_>, proof: &InstanceProof) {
    let paint = style(proof.answer);
    let _ = writeln!(
        out,
        "{BOLD}{}{BOLD:#}: {paint}{}{paint:#}",
        report.name(proof.node),
        proof.answer.as_str()
    );
    let failing = proof.failing();
    if let Some(finding) = failing {
        foreground(out, report, finding);
    }
    for finding in &proof.hops {
        let (word, paint) = mark(finding.verdict);
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
            .filter(|it| it.verdict == Verdict::Unknown)
        {
            if let Some(place) = place(report, finding) {
                let _ = writeln!(out, "  {}: not decided at {place}", finding.hop);
            }
        }
    }
    for warning in &proof.warnings {
        let _ = writeln!(out, "  {DOUBT}warning{DOUBT:#}: {}", warning.detail);
        write_fix(out, report, warning);
    }
}

pub(super) fn place(report: &Report<'_>, finding: &Finding) -> Option<String> {
    let place = report.place(finding)?;
    let what = match &place.property {
        Some(property) => format!("{}.{property}", place.resource),
        None => place.resource.clone(),
    };
    Some(match place.at {
        Some((line, column)) => format!("{}:{line}:{column} ({what})", report.file),
        None => what,
    })
}

fn foreground(out: &mut String, report: &Report<'_>, finding: &Finding) {
    let _ = writeln!(
        out,
        "  {BAD}{}{BAD:#}: {BOLD}{}{BOLD:#}",
        finding.hop, finding.detail
    );
    if let Some(place) = place(report, finding) {
        let _ = writeln!(out, "    at   {place}");
    }
    let _ = writeln!(
        out,
        "    why  {} (`ssm-synth explain {}`)",
        finding.hop.why(),
        finding.hop
    );
    write_fix(out, report, finding);
    out.push('\n');
}

fn write_fix(out: &mut String, report: &Report<'_>, finding: &Finding) {
    let Some(lines) = fixed(report, finding) else {
        return;
    };
    for (n, line) in lines.lines().enumerate() {
        let head = if n == 0 { "    fix  " } else { "         " };
        let _ = writeln!(out, "{}", format!("{head}{line}").trim_end());
    }
}

/// The lines of a finding's fix.
pub(crate) fn fixed(report: &Report<'_>, finding: &Finding) -> Option<String> {
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
