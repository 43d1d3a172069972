//! The report as annotations of a GitHub workflow.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::fmt::Write as _;

use super::{CheckReport, text::fixed};
use crate::reachability::{HopStatus, Verdict};

pub(crate) fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

pub(crate) fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// Prints a report: an error for the first failing hop, a warning for each unknown one. A reachable
/// instance needs no attention.
#[must_use]
pub fn github(report: &CheckReport<'_>) -> String {
    let mut out = String::new();
    for reachability in &report.reachability.instances {
        let (command, found) = match reachability.verdict {
            Verdict::Unreachable => ("error", HopStatus::Fail),
            Verdict::Unknown => ("warning", HopStatus::Unknown),
            Verdict::Reachable | Verdict::NotCreated => continue,
        };
        for result in reachability.hops.iter().filter(|it| it.status == found) {
            let location = report
                .location(result)
                .and_then(|location| location.at)
                .map_or(String::new(), |(line, column)| {
                    format!(",line={line},col={column}")
                });
            let mut text = format!("{}: {}", report.name(reachability.node), result.detail);
            if let Some(fix) = fixed(report, result) {
                text.push('\n');
                text.push_str(&fix);
            }
            let _ = writeln!(
                out,
                "::{command} file={}{location},title={}::{}",
                property(report.file_of(result.at.map(|(node, _)| node))),
                result.hop,
                message(&text)
            );
            if reachability.verdict == Verdict::Unreachable {
                break;
            }
        }
    }
    out
}
