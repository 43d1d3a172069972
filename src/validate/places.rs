//! Values that two calls set in one place, so that one of them is lost.

use crate::ir::{Diagnostic, Diagnostics, Dialect, IDENTIFIER, Link, Value, is_identifier, quoted};
use crate::resource::{Change, Graph, Node, Override, Part, RawResource, Resource, Typed as _};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    check_policies(graph, out);
    for (_, node) in graph.nodes() {
        check_overridden(node, out);
        check_tags(node, out);
        check_condition(graph, node, out);
        check_meta_arguments(node, out);
        check_identifiers(node, out);
    }
}

/// Returns the place of a policy that has one policy: its description, its owner and its name.
///
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>
/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
fn place_of_policy(resource: &Resource) -> Option<(&'static str, String, &str)> {
    fn owner<R>(link: &Link<R>) -> String {
        match link {
            Value::Lit(id) => id.as_str().to_owned(),
            Value::Expr(expr) => format!("{expr:?}"),
        }
    }
    match resource {
        Resource::RolePolicy(it) => Some(("role", owner(&it.role), it.policy_name.lit()?)),
        Resource::BucketPolicy(it) => Some(("bucket", owner(&it.bucket), "")),
        Resource::TopicPolicy(it) => Some(("topic", owner(&it.topic.0), "")),
        _ => None,
    }
}

/// Reports two policies in one place. Terraform keeps the one that it writes last, and CloudFormation can
/// refuse the second.
fn check_policies(graph: &Graph, out: &mut Diagnostics) {
    let mut seen: Vec<(&Node, (&str, String, &str))> = Vec::new();
    for (_, node) in graph.nodes().filter(|(_, node)| node.origin.is_none()) {
        let Some(place) = place_of_policy(&node.resource) else {
            continue;
        };
        // Two conditions can exclude each other.
        let is_same = |(other, own): &&(&Node, (&str, String, &str))| {
            *own == place && (other.condition.is_none() || node.condition.is_none())
        };
        let Some((other, _)) = seen.iter().find(is_same) else {
            seen.push((node, place));
            continue;
        };
        let (of, _, name) = place;
        let (what, help) = match name {
            "" => ("the policy".to_owned(), "merge the two policies"),
            name => (
                format!("policy {}", quoted(name)),
                "use another name for one of the policies, or merge them",
            ),
        };
        let (one, two) = (&other.path, &node.path);
        let message = format!("`{one}` and `{two}` both set {what} of one {of}");
        let found = Diagnostic::error("duplicate-value", message);
        let found = found.path(other.path.clone()).path(node.path.clone());
        let found = found.at(other.location.clone()).at(node.location.clone());
        out.push(found.help(help));
    }
}

/// Reports an override of an argument whose name is not an identifier, which a configuration cannot contain.
fn check_identifiers(node: &Node, out: &mut Diagnostics) {
    let of_tf = node.overrides.iter().filter(|it| it.dialect == Dialect::Tf);
    for change in of_tf {
        let name = change.pointer.split('/').nth(1).unwrap_or_default();
        if !is_identifier(name) && change.pointer.starts_with('/') {
            let message = format!(
                "override `{}`: {} is not an argument",
                change.pointer,
                quoted(name)
            );
            out.push(
                Diagnostic::error("override", message)
                    .path(node.path.clone())
                    .at(change.location_or(&node.location).clone())
                    .only(Dialect::Tf)
                    .help(IDENTIFIER),
            );
        }
    }
}

/// Returns whether a change replaces everything that an earlier one did at its pointer.
fn replaces(later: &Override, earlier: &Override) -> bool {
    let same_part = (later.dialect, later.part) == (earlier.dialect, earlier.part);
    let is_index = |it: &str| it == "-" || it.parse::<usize>().is_ok();
    let has_index = later.pointer.split('/').any(is_index);
    let replaces = match later.change {
        // Both append an item.
        Change::Set(_) => !later.pointer.ends_with("/-"),
        // The index is that of another item by then.
        Change::Remove => !has_index,
        Change::Append(_) | Change::Block(_) => false,
    };
    let rest = earlier.pointer.strip_prefix(later.pointer.as_str());
    let is_inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    same_part && replaces && is_inside && later.change != earlier.change
}

/// Reports an override that a later one replaces.
fn check_overridden(node: &Node, out: &mut Diagnostics) {
    for (n, earlier) in node.overrides.iter().enumerate() {
        let mut later = node.overrides[n + 1..].iter();
        let Some(later) = later.find(|it| replaces(it, earlier)) else {
            continue;
        };
        let message = format!(
            "override `{}` has no effect: a later override changes `{}`",
            earlier.pointer, later.pointer
        );
        out.push(
            Diagnostic::warning("override", message)
                .path(node.path.clone())
                .at(earlier.location_or(&node.location).clone())
                .at(later.location_or(&node.location).clone())
                .only(earlier.dialect)
                .help("remove one of the two overrides"),
        );
    }
}

/// Reports an override that replaces all tags, also those of the app and the scopes.
fn check_tags(node: &Node, out: &mut Diagnostics) {
    let Some(tags) = node.resource.tags() else {
        return;
    };
    for change in node
        .overrides
        .iter()
        .filter(|it| it.part == Part::Properties)
    {
        let pointer = change.dialect.pick("/Tags", "/tags");
        let Change::Set(value) = &change.change else {
            continue;
        };
        if change.pointer != pointer {
            continue;
        }
        let sets = |key: &str| match change.dialect {
            Dialect::Cfn => {
                let pairs = value.as_array().into_iter().flatten();
                pairs.into_iter().any(|it| it["Key"] == key)
            }
            Dialect::Tf => value.get(key).is_some(),
        };
        let lost: Vec<String> = tags
            .iter()
            .filter(|(key, _)| !sets(key))
            .map(|(key, _)| format!("`{key}`"))
            .collect();
        if lost.is_empty() {
            continue;
        }
        let message = format!("override `{pointer}` removes tags: {}", lost.join(", "));
        let help = change.dialect.pick(
            "append a tag with `.cfn_append(\"/Tags\", …)`",
            "set one tag with `.tf(\"/tags/KEY\", …)`",
        );
        out.push(
            Diagnostic::warning("override", message)
                .path(node.path.clone())
                .at(change.location_or(&node.location).clone())
                .only(change.dialect)
                .help(help),
        );
    }
}

/// Reports an override with another condition than that of the resource, which Terraform has.
fn check_condition(graph: &Graph, node: &Node, out: &mut Diagnostics) {
    let known = node.condition.and_then(|it| graph.condition(it));
    let (Some(known), Some(new)) = (known, node.overridden_condition()) else {
        return;
    };
    if known.id == new {
        return;
    }
    let mut overrides = node.overrides.iter();
    let change = overrides.find(|it| it.part == Part::Attributes && it.pointer == "/Condition");
    let location = change.map_or(&node.location, |it| it.location_or(&node.location));
    let message = format!(
        "`{}` has two conditions: `{}` and `{new}`",
        node.path, known.id
    );
    out.push(
        Diagnostic::error("duplicate-value", message)
            .path(node.path.clone())
            .at(location.clone())
            .help("declare one condition with `Predicate::All`"),
    );
}

/// Reports an argument of Terraform itself that the backend also writes.
fn check_meta_arguments(node: &Node, out: &mut Diagnostics) {
    let written = [
        ("count", node.condition.is_some(), "a condition"),
        ("depends_on", !node.depends_on.is_empty(), "dependencies"),
    ];
    for (name, is_written, what) in written {
        let raw = RawResource::of(&node.resource);
        let is_argument = raw.is_some_and(|it| it.argument_value(name).is_some());
        let own = |it: &Override| it.dialect == Dialect::Tf && it.pointer == format!("/{name}");
        if is_written && (is_argument || node.overrides.iter().any(own)) {
            let message = format!("argument `{name}` has two values: the resource also has {what}");
            let found = node.error("duplicate-value", message).only(Dialect::Tf);
            out.push(found.help(format!("remove `{name}`, or the calls that set {what}")));
        }
    }
}
