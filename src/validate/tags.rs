//! Validation of tags: at most 50, keys up to 128 and values up to 256 characters, and no key that
//! starts with `aws:`.

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
                    // The tags of the stack, and `Name`, which contains the names.
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
                format!("resource has {} tags; AWS allows 50", tags.len()),
                "remove tags",
            );
        }
        for (key, value) in tags.iter() {
            let shown = quoted(key);
            if key.is_empty() || key.chars().count() > 128 {
                report(
                    &["tags", key],
                    format!("tag key {shown} does not have 1 to 128 characters"),
                    "use a key of 1 to 128 characters",
                );
            }
            if key
                .get(..4)
                .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
            {
                report(
                    &["tags", key],
                    format!("tag key {shown} has the reserved prefix `aws:`"),
                    "use a key without the prefix `aws:`",
                );
            }
            if value.lit().is_some_and(|value| value.chars().count() > 256) {
                report(
                    &["tags", key],
                    format!("value of tag {shown} exceeds 256 characters"),
                    "shorten the value",
                );
            }
        }
    }
}
