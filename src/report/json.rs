//! The report as JSON, with a version and a JSON Schema.

use serde_json::{Value, json};

use super::{CheckReport, text::fixed};
use crate::reachability::{Assumption, Hop, HopResult, InstanceReachability, assumptions};

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
    let made = assumptions(report.graph, report.reachability);
    let instances = report.reachability.instances.iter();
    let root = json!({
        "version": VERSION,
        "file": report.file,
        "instances": instances.map(|it| instance(report, &made, it)).collect::<Vec<_>>(),
        "assumptions": made.iter().map(|it| it.text).collect::<Vec<_>>(),
        "not_modeled": not_modeled(report),
        "notes": report.notes,
    });
    format!("{root:#}\n")
}

/// Returns an object without the members that have no value.
fn without_absent(mut object: Value, names: &[&str]) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|name, value| {
            let is_absent = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            !(is_absent && names.contains(&name.as_str()))
        });
    }
    object
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

fn instance(
    report: &CheckReport<'_>,
    made: &[Assumption],
    reachability: &InstanceReachability,
) -> Value {
    let warnings = reachability.warnings.iter();
    let warnings = warnings.map(|it| json!({ "detail": it.detail, "fix": fixed(report, it) }));
    let hops = reachability.hops.iter().map(|it| result(report, made, it));
    let by_language = reachability.by_language.iter().map(|(dialect, verdict)| {
        json!({ "language": dialect.pick("cfn", "tf"), "verdict": verdict.as_str() })
    });
    let entry = json!({
        "id": report.name(reachability.node),
        "verdict": reachability.verdict.as_str(),
        "by_language": by_language.collect::<Vec<_>>(),
        "failing_hop": reachability.failing_hop().map(Hop::as_str),
        "hops": hops.collect::<Vec<_>>(),
        "fix": reachability.failing().and_then(|it| fixed(report, it)),
        "warnings": warnings.collect::<Vec<_>>(),
    });
    without_absent(entry, &["by_language", "warnings"])
}

fn result(report: &CheckReport<'_>, made: &[Assumption], result: &HopResult) -> Value {
    let location = report.location(result);
    let at = location.as_ref().and_then(|location| {
        let (line, column) = location.at?;
        let file = report.file_of(result.at.map(|(node, _)| node));
        Some(json!({ "file": file, "line": line, "column": column }))
    });
    let assumptions = made.iter().filter(|it| it.supports(result));
    let entry = json!({
        "hop": result.hop.as_str(),
        "verdict": result.status.as_str(),
        "detail": result.detail,
        "reason": result.hop.reason(),
        "assumptions": assumptions.map(|it| it.text).collect::<Vec<_>>(),
        "at": at,
        "resource": location.as_ref().map(|it| &it.resource),
        "property": location.as_ref().and_then(|it| it.property.as_ref()),
        "fix": fixed(report, result),
    });
    without_absent(entry, &["assumptions", "at", "resource", "property", "fix"])
}
