//! Validation of IAM names and paths.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

use super::Node;
use crate::ir::{Diagnostic, Diagnostics, Text, Value};

fn report(diagnostic: Diagnostic, node: &Node, out: &mut Diagnostics) {
    out.push(diagnostic.path(node.path.clone()).at(node.location.clone()));
}

/// Reports a name that IAM does not accept.
pub(super) fn check_name(
    (field, max): (&str, usize),
    name: Option<&Value<Text>>,
    node: &Node,
    out: &mut Diagnostics,
) {
    let Some(name) = name.and_then(Value::lit) else {
        return;
    };
    let taken = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let count = name.chars().count();
    if (1..=max).contains(&count) && name.chars().all(taken) {
        return;
    }
    let message = format!(
        "`{field}` is `{}` with {count} characters, not an IAM name",
        name.escape_debug()
    );
    let help = format!("use 1 to {max} letters, digits and _+=,.@-");
    report(Diagnostic::error("iam-name", message).help(help), node, out);
}

/// Reports a path that IAM does not accept.
pub(super) fn check_path(path: Option<&Value<Text>>, node: &Node, out: &mut Diagnostics) {
    let Some(path) = path.and_then(Value::lit) else {
        return;
    };
    let shape = path.starts_with('/')
        && path.ends_with('/')
        && path.len() <= 512
        && path.bytes().all(|b| (0x21..=0x7e).contains(&b));
    if !shape {
        let message = format!("`path` is `{}`, not an IAM path", path.escape_debug());
        let help =
            "use up to 512 characters that start and end with `/`, such as `/teams/platform/`";
        report(
            Diagnostic::error("iam-path", message)
                .about(&["path"])
                .help(help),
            node,
            out,
        );
    }
}
