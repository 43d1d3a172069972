//! SARIF 2.1.0, for code scanning.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::path::{Component, Path, Prefix};

use serde_json::{Value, json as object};

use super::{CheckReport, text::fixed};
use crate::reachability::{Hop, HopStatus};

/// Returns a code in the form of a SARIF name, such as `RoleTrust`.
fn pascal_case(code: &str) -> String {
    code.split('-').map(super::capital).collect()
}

/// Returns a hop as a rule.
fn rule(hop: &Hop) -> Value {
    let reason = format!("{}.", super::capital(hop.reason()));
    let page = super::explain(hop.as_str()).unwrap_or_default();
    let mut rule = object!({
        "id": hop.as_str(),
        "shortDescription": { "text": format!("{}.", hop.name()) },
        "fullDescription": { "text": reason },
        "help": { "text": plain(&page), "markdown": page },
        "defaultConfiguration": { "level": "error" },
    });
    // A name must differ from the ID in more than its case.
    if hop.as_str().contains('-') {
        rule["name"] = pascal_case(hop.as_str()).into();
    }
    let address = page
        .split_once("<https://")
        .and_then(|(_, rest)| rest.split('>').next());
    if let Some(address) = address {
        rule["helpUri"] = format!("https://{address}").into();
    }
    rule
}

/// Returns Markdown without its marks.
fn plain(page: &str) -> String {
    let lines = page
        .lines()
        .map(|line| line.trim_start_matches('#').trim_start());
    let text = lines.collect::<Vec<_>>().join("\n");
    text.replace("**", "").replace(['`', '<', '>'], "")
}

/// The base of relative URIs.
const SOURCES: &str = "%SRCROOT%";

/// Returns the location of a file. Code scanning finds a file by its path in the repository.
fn artifact(file: &str) -> Value {
    let uri = uri(file);
    match uri.starts_with("file:") {
        true => object!({ "uri": uri }),
        false => object!({ "uri": uri, "uriBaseId": SOURCES }),
    }
}

/// Returns a path as a URI: relative to the working directory, if the file is below it.
fn uri(file: &str) -> String {
    let directory = std::env::current_dir().ok();
    let path = Path::new(file);
    let relative = directory
        .as_deref()
        .and_then(|it| path.strip_prefix(it).ok());
    let mut out = String::new();
    for part in relative.unwrap_or(path).components() {
        match part {
            Component::CurDir => continue,
            Component::RootDir => {
                // After a drive, such as `C:`, there is a scheme.
                if out.is_empty() {
                    out.push_str("file://");
                }
                continue;
            }
            Component::Prefix(prefix) => {
                if let Prefix::Disk(drive) | Prefix::VerbatimDisk(drive) = prefix.kind() {
                    out.push_str(&format!("file:///{}:", char::from(drive)));
                    continue;
                }
            }
            Component::ParentDir | Component::Normal(_) => {}
        }
        if !out.is_empty() {
            out.push('/');
        }
        for byte in part.as_os_str().as_encoded_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(char::from(*byte));
                }
                byte => out.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    out
}

/// Prints a report: a failing hop is an error, an unknown one a note.
#[must_use]
pub fn sarif(report: &CheckReport<'_>) -> String {
    let rules: Vec<Value> = Hop::ALL.iter().map(rule).collect();
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
            let index = Hop::ALL.iter().position(|hop| *hop == result.hop);
            results.push(object!({
                "ruleId": result.hop.as_str(),
                "ruleIndex": index,
                "level": level,
                "message": { "text": text },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": artifact(report.file_of(result.at.map(|(node, _)| node))),
                        "region": region,
                    }
                }],
            }));
        }
    }
    let driver = object!({
        "name": "ssm-synth",
        // The page of the registry from which users install it.
        "informationUri": concat!("https://crates.io/crates/", env!("CARGO_PKG_NAME")),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    let root = object!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { SOURCES: {
                "description": { "text": "The directory that `ssm-synth` ran in." },
            } },
            "results": results,
        }],
    });
    format!("{root:#}\n")
}
