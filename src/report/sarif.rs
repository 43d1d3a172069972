//! SARIF 2.1.0, for code scanning.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde_json::{Value, json as object};

use super::{CheckReport, text::fixed};
use crate::reachability::{Hop, HopStatus};

/// Prints a report: a failing hop is an error, an unknown one a note.
#[must_use]
pub fn sarif(report: &CheckReport<'_>) -> String {
    let rules: Vec<Value> = Hop::ALL
        .iter()
        .map(|hop| {
            object!({
                "id": hop.as_str(),
                "shortDescription": { "text": hop.name() },
                "fullDescription": { "text": hop.reason() },
            })
        })
        .collect();
    let mut results = Vec::new();
    for reachability in &report.reachability.instances {
        let failing = reachability.failing();
        for result in &reachability.hops {
            let level = match result.status {
                HopStatus::Pass => continue,
                HopStatus::Fail => "error",
                // Unknown hops do not change the verdict if another fails.
                HopStatus::Unknown if failing.is_some() => continue,
                HopStatus::Unknown => "note",
            };
            let mut text = format!("{}: {}", report.name(reachability.node), result.detail);
            if let Some(fix) = fixed(report, result) {
                text.push_str("\n\n");
                text.push_str(&fix);
            }
            let region = report
                .location(result)
                .and_then(|location| location.at)
                .map_or(
                    object!({ "startLine": 1 }),
                    |(line, column)| object!({ "startLine": line, "startColumn": column }),
                );
            results.push(object!({
                "ruleId": result.hop.as_str(),
                "level": level,
                "message": { "text": text },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": { "uri": report.file_of(result.at.map(|(node, _)| node)) },
                        "region": region,
                    }
                }],
            }));
        }
    }
    let root = object!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "ssm-synth", "rules": rules } },
            "results": results,
        }],
    });
    format!("{root:#}\n")
}
