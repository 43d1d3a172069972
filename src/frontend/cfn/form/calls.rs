//! Calls of intrinsic functions: their names and the number of their arguments.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use std::ops::RangeInclusive;

use super::{FormError, error, section};
use crate::frontend::tree::{Kind, Tree};
use crate::ir::nearest;

const NAMES: [&str; 15] = [
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::GetStackOutput",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
];
/// Functions that the expansion of the template replaces, or that take one argument of any form.
const OTHERS: [&str; 2] = ["Fn::Sub", "Fn::Transform"];
/// Functions of the transform `AWS::LanguageExtensions`.
const EXTENSIONS: [&str; 2] = ["Fn::Length", "Fn::ToJsonString"];

/// The number of arguments of functions that take a list.
fn arguments(name: &str) -> Option<RangeInclusive<usize>> {
    Some(match name {
        "Fn::If" | "Fn::FindInMap" => 3..=3,
        "Fn::Equals" | "Fn::Join" | "Fn::Select" | "Fn::Split" => 2..=2,
        "Fn::And" | "Fn::Or" => 2..=10,
        _ => return None,
    })
}

/// Returns the errors in the calls of a template without macros.
pub(super) fn errors(root: &Tree) -> Vec<FormError> {
    let mut found = Vec::new();
    for (of, part) in [
        ("Resources", "Properties"),
        ("Outputs", "Value"),
        ("Conditions", ""),
    ] {
        for entry in section(root, of) {
            let tree = match part {
                "" => Some(&entry.value),
                part => entry.value.get(part),
            };
            tree.into_iter()
                .for_each(|tree| of_tree(&entry.key, tree, &mut found));
        }
    }
    found
}

fn of_tree(id: &str, tree: &Tree, found: &mut Vec<FormError>) {
    if let Some((name, argument)) = tree.single()
        && name.starts_with("Fn::")
        && let Some((why, fix)) = problem(name, argument)
    {
        found.push(error(tree.at, format!("`{id}` {why}"), fix));
        return;
    }
    match &tree.kind {
        Kind::Map(entries) => entries.iter().for_each(|it| of_tree(id, &it.value, found)),
        Kind::List(items) => items.iter().for_each(|it| of_tree(id, it, found)),
        Kind::Text(_) | Kind::Null => {}
    }
}

/// Returns a clause after the caller, and the fix.
pub(super) fn problem(name: &str, argument: &Tree) -> Option<(String, String)> {
    if EXTENSIONS.contains(&name) || name.starts_with("Fn::ForEach::") {
        return Some((
            format!("calls `{name}`, which requires the transform `AWS::LanguageExtensions`"),
            "add `Transform: AWS::LanguageExtensions`".to_owned(),
        ));
    }
    if !NAMES.contains(&name) && !OTHERS.contains(&name) {
        return Some((
            format!("calls `{name}`, which does not exist"),
            nearest(name, NAMES.iter().chain(&OTHERS).copied()),
        ));
    }
    let wanted = arguments(name)?;
    let count = argument.list().map_or(1, <[Tree]>::len);
    if wanted.contains(&count) && argument.list().is_some() {
        return None;
    }
    let expected = match (*wanted.start(), *wanted.end()) {
        (least, most) if least == most => least.to_string(),
        (least, most) => format!("{least} to {most}"),
    };
    Some((
        format!("calls `{name}` with {count} arguments; expected {expected}"),
        format!("set {expected} arguments"),
    ))
}
