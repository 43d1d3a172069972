//! Validation of tags: at most 50, keys up to 128 and values up to 256 characters, and no key that
//! starts with `aws:`.

use super::schemas::is_inside;
use crate::ir::{Diagnostic, Diagnostics, Dialect, quoted};
use crate::resource::{Graph, Override, Part, RawResource, Typed, duplicate_tag};

/// Reports tags of a scope without a resource that has tags.
fn check_scopes(graph: &Graph, out: &mut Diagnostics) {
    let mut reached = vec![false; graph.tag_scopes.len()];
    for node in graph.nodes.iter().filter(|it| it.resource.tags().is_some()) {
        let scope = node
            .inherits
            .iter()
            .flat_map(|it| graph.tag_scopes_from(it.scope));
        scope.for_each(|(n, _)| reached[n] = true);
    }
    let unused = graph.tag_scopes.iter().zip(reached);
    for (scope, _) in unused.filter(|(it, reached)| !it.tags.is_empty() && !reached) {
        let stack = graph.stacks.get(scope.stack.index());
        let stack = stack.map_or("", |it| it.name.as_str());
        let message = "tags have no effect: no resource in their scope has tags";
        out.push(
            Diagnostic::warning("tags", message)
                .path(stack)
                .at(scope.location.clone())
                .help("remove them, or set them where resources are added"),
        );
    }
}

/// Reports a key twice in the tags of a raw resource, or after overrides. Services refuse it or keep one value.
fn check_duplicates(graph: &Graph, out: &mut Diagnostics) {
    for (id, node) in graph.nodes().filter(|(_, it)| it.origin.is_none()) {
        let raw = RawResource::of(&node.resource);
        for dialect in [Dialect::Cfn, Dialect::Tf] {
            let own = |it: &&Override| it.dialect == dialect && it.part == Part::Properties;
            let mut changes = node.overrides.iter().rev().filter(own).peekable();
            let Some(of) = node.resource.type_name(dialect) else {
                continue;
            };
            if raw.is_none() && changes.peek().is_none() {
                continue;
            }
            let (map, _) = node.printed(id, graph, dialect);
            let Some((path, key)) = duplicate_tag(&map, (of, dialect)) else {
                continue;
            };
            let change = changes.find(|it| is_inside(&it.pointer, &path));
            let first = path.split('.').next().unwrap_or_default();
            let line = match change {
                Some(it) => Some(it.location_or(&node.location).clone()),
                None => raw.and_then(|it| it.line_of(dialect, first)),
            };
            let message = format!("duplicate tag key {} in `{path}`", quoted(&key));
            out.push(
                node.error_at("duplicate-value", message, line)
                    .only(dialect)
                    .help("remove one of the two tags"),
            );
        }
    }
}

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    check_scopes(graph, out);
    check_duplicates(graph, out);
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
