//! The report as JSON, with a version and a JSON Schema.

use serde::Serialize;

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

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    file: &'a str,
    instances: Vec<Instance<'a>>,
    assumptions: Vec<&'static str>,
    not_modeled: Vec<String>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Instance<'a> {
    id: &'a str,
    verdict: &'static str,
    failing_hop: Option<&'static str>,
    hops: Vec<HopEntry<'a>>,
    fix: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning<'a>>,
}

#[derive(Serialize)]
struct HopEntry<'a> {
    hop: &'static str,
    verdict: &'static str,
    detail: &'a str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumptions: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Position<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    property: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Serialize)]
struct Position<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Warning<'a> {
    detail: &'a str,
    fix: Option<String>,
}

/// Prints a report.
#[must_use]
pub fn json(report: &CheckReport<'_>) -> String {
    let made = assumptions(report.graph, report.reachability);
    let instances = report.reachability.instances.iter();
    let root = Root {
        version: VERSION,
        file: report.file,
        instances: instances.map(|it| instance(report, &made, it)).collect(),
        assumptions: made.iter().map(|it| it.text).collect(),
        not_modeled: not_modeled(report),
        notes: report.notes,
    };
    // The keys are texts, and writing to a string does not fail.
    serde_json::to_string_pretty(&root).unwrap_or_default() + "\n"
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

fn instance<'a>(
    report: &'a CheckReport<'_>,
    made: &[Assumption],
    reachability: &'a InstanceReachability,
) -> Instance<'a> {
    let warnings = reachability.warnings.iter().map(|it| Warning {
        detail: &it.detail,
        fix: fixed(report, it),
    });
    Instance {
        id: report.name(reachability.node),
        verdict: reachability.verdict.as_str(),
        failing_hop: reachability.failing_hop().map(Hop::as_str),
        hops: reachability
            .hops
            .iter()
            .map(|it| result(report, made, it))
            .collect(),
        fix: reachability.failing().and_then(|it| fixed(report, it)),
        warnings: warnings.collect(),
    }
}

fn result<'a>(
    report: &'a CheckReport<'_>,
    made: &[Assumption],
    result: &'a HopResult,
) -> HopEntry<'a> {
    let location = report.location(result);
    let at = location.as_ref().and_then(|location| {
        let (line, column) = location.at?;
        let file = report.file_of(result.at.map(|(node, _)| node));
        Some(Position { file, line, column })
    });
    HopEntry {
        hop: result.hop.as_str(),
        verdict: result.status.as_str(),
        detail: &result.detail,
        reason: result.hop.reason(),
        assumptions: made
            .iter()
            .filter(|it| it.supports(result))
            .map(|it| it.text)
            .collect(),
        at,
        property: location.as_ref().and_then(|it| it.property.clone()),
        resource: location.map(|it| it.resource),
        fix: fixed(report, result),
    }
}
