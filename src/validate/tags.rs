//! Tags are what AWS takes: at most 50, keys up to 128 and values up to 256 characters, and no
//! key in AWS's own name.

use crate::ir::{Diagnostic, Diagnostics, quoted};
use crate::resource::Graph;

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    for node in &graph.nodes {
        let Some(tags) = node.resource.tags() else {
            continue;
        };
        let mut report = |about: &[&str], message: String, help: &str| {
            out.push(
                Diagnostic::error("tags", message)
                    .path(node.path.clone())
                    .at(node.location.clone())
                    .about(about)
                    // The stack's tags, and `Name`, which begins with names.
                    .about(&[&[""], about].concat())
                    .about(&[if about.ends_with(&["Name"]) {
                        "name"
                    } else {
                        "tags"
                    }])
                    .help(help),
            );
        };
        if tags.len() > 50 {
            report(
                &["tags"],
                format!("a resource has at most 50 tags, not {}", tags.len()),
                "remove some",
            );
        }
        for (key, value) in tags.iter() {
            let shown = quoted(key);
            if key.is_empty() || key.chars().count() > 128 {
                report(
                    &["tags", key],
                    format!("tag key {shown} is not from 1 to 128 characters"),
                    "shorten it",
                );
            }
            if key
                .get(..4)
                .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
            {
                report(
                    &["tags", key],
                    format!("tag key {shown} is AWS's own"),
                    "take a key without `aws:`",
                );
            }
            if value.lit().is_some_and(|value| value.chars().count() > 256) {
                report(
                    &["tags", key],
                    format!("the value of tag {shown} is over 256 characters"),
                    "shorten it",
                );
            }
        }
    }
}
