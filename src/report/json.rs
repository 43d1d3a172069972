//! The report as JSON, with a version and a JSON Schema.

use serde_json::{Value, json as object};

use super::{CheckReport, text::fixed};
use crate::reachability::{Hop, HopResult, InstanceReachability, assumptions};

/// The version of the format. A change that breaks readers increases it.
pub const VERSION: u32 = 1;

/// Returns the JSON Schema of the format.
#[must_use]
pub fn schema() -> String {
    let codes: Vec<String> = Hop::ALL.iter().map(|hop| format!("\"{hop}\"")).collect();
    include_str!("check.schema.json").replace("\"HOPS\"", &codes.join(", "))
}

/// Prints a report.
#[must_use]
pub fn json(report: &CheckReport<'_>) -> String {
    let instances: Vec<Value> = report
        .reachability
        .instances
        .iter()
        .map(|reachability| instance(report, reachability))
        .collect();
    let root = object!({
        "version": VERSION,
        "file": report.file,
        "instances": instances,
        "assumptions": assumptions(report.graph, report.reachability),
        "not_modeled": not_modeled(report),
        "notes": report.notes,
    });
    format!("{root:#}\n")
}

/// Returns the resource types that the check ignores.
fn not_modeled(report: &CheckReport<'_>) -> Vec<String> {
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

fn instance(report: &CheckReport<'_>, reachability: &InstanceReachability) -> Value {
    let mut out = object!({
        "id": report.name(reachability.node),
        "verdict": reachability.verdict.as_str(),
        "failing_hop": reachability.failing_hop().map(|hop| hop.as_str()),
        "hops": reachability.hops.iter().map(|it| result(report, it)).collect::<Vec<_>>(),
        "fix": reachability.failing().and_then(|it| fixed(report, it)),
    });
    if !reachability.warnings.is_empty() {
        let warnings: Vec<Value> = reachability
            .warnings
            .iter()
            .map(|it| object!({ "detail": it.detail, "fix": fixed(report, it) }))
            .collect();
        out["warnings"] = Value::Array(warnings);
    }
    out
}

fn result(report: &CheckReport<'_>, result: &HopResult) -> Value {
    let mut out = object!({
        "hop": result.hop.as_str(),
        "verdict": result.status.as_str(),
        "detail": result.detail,
        "reason": result.hop.reason(),
    });
    if let Some(location) = report.location(result) {
        if let Some((line, column)) = location.at {
            let file = report.file_of(result.at.map(|(node, _)| node));
            out["at"] = object!({ "file": file, "line": line, "column": column });
        }
        out["resource"] = location.resource.into();
        if let Some(property) = location.property {
            out["property"] = property.into();
        }
    }
    if let Some(fix) = fixed(report, result) {
        out["fix"] = fix.into();
    }
    out
}
