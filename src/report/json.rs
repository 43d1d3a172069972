//! For programs: documented, versioned, with a JSON Schema.

use serde_json::{Value, json as object};

use super::{CheckReport, text::fixed};
use crate::reachability::{ASSUMPTIONS, HopResult, InstanceReachability};

/// The version of the format; a change that breaks readers raises it.
pub const VERSION: u32 = 1;

/// The JSON Schema of the format.
pub const SCHEMA: &str = include_str!("check.schema.json");

/// Prints a report.
#[must_use]
pub fn json(report: &CheckReport<'_>) -> String {
    let instances: Vec<Value> = report
        .reachability
        .instances
        .iter()
        .map(|proof| instance(report, proof))
        .collect();
    let root = object!({
        "version": VERSION,
        "file": report.file,
        "instances": instances,
        "assumptions": ASSUMPTIONS,
        "not_modelled": not_modelled(report),
    });
    format!("{root:#}\n")
}

/// The types that the proof knows nothing of, each once.
fn not_modelled(report: &CheckReport<'_>) -> Vec<String> {
    let mut types: Vec<String> = report
        .graph
        .stacks()
        .flat_map(|stack| report.graph.nodes_of(stack))
        .filter(|(_, node)| node.resource.kind().is_none())
        .filter_map(|(_, node)| node.resource.type_name(node.dialect()).map(str::to_owned))
        .collect();
    types.sort();
    types.dedup();
    types
}

fn instance(report: &CheckReport<'_>, proof: &InstanceReachability) -> Value {
    let mut out = object!({
        "id": report.name(proof.node),
        "verdict": proof.verdict.as_str(),
        "failing_hop": proof.failing_hop().map(|hop| hop.as_str()),
        "hops": proof.hops.iter().map(|it| finding(report, it)).collect::<Vec<_>>(),
        "fix": proof.failing().and_then(|it| fixed(report, it)),
    });
    if !proof.warnings.is_empty() {
        let warnings: Vec<Value> = proof
            .warnings
            .iter()
            .map(|it| object!({ "detail": it.detail, "fix": fixed(report, it) }))
            .collect();
        out["warnings"] = Value::Array(warnings);
    }
    out
}

fn finding(report: &CheckReport<'_>, finding: &HopResult) -> Value {
    let mut out = object!({
        "hop": finding.hop.as_str(),
        "verdict": finding.status.as_str(),
        "detail": finding.detail,
        "why": finding.hop.reason(),
    });
    if let Some(place) = report.location(finding) {
        if let Some((line, column)) = place.at {
            out["at"] = object!({ "line": line, "column": column });
        }
        out["resource"] = place.resource.into();
        if let Some(property) = place.property {
            out["property"] = property.into();
        }
    }
    if let Some(fix) = fixed(report, finding) {
        out["fix"] = fix.into();
    }
    out
}
