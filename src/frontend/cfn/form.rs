//! The form of a template: what CloudFormation validates before it reads any value.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>

mod attributes;
mod calls;
mod sections;

use super::dangling::references;
use crate::frontend::tree::{At, Entry, Kind, Tree};
use crate::resource::TemplateError;

/// An error in the form of a template.
pub(super) struct FormError {
    /// The condition under which the stack of the template exists.
    pub(super) stack_condition: Option<String>,
    /// The place in the file.
    pub(super) at: At,
    pub(super) error: TemplateError,
}

/// The only version.
const VERSION: &str = "2010-09-09";

/// Returns the errors in the form of one template.
pub(super) fn errors(root: &Tree, stack_condition: Option<&str>) -> Vec<FormError> {
    let of_template = |it: FormError| FormError {
        stack_condition: stack_condition.map(str::to_owned),
        ..it
    };
    all(root).into_iter().map(of_template).collect()
}

/// Returns the error of a template with a loop and without the transform that expands it. No transform
/// expands the loops of the file that the other checks read.
pub(super) fn loops(root: &Tree, stack_condition: Option<&str>) -> Option<FormError> {
    fn first(tree: &Tree) -> Option<&Entry> {
        match &tree.kind {
            Kind::Map(entries) => entries.iter().find_map(|it| {
                let is_loop = it.key.starts_with("Fn::ForEach::");
                is_loop.then_some(it).or_else(|| first(&it.value))
            }),
            Kind::List(items) => items.iter().find_map(first),
            Kind::Text(_) | Kind::Null => None,
        }
    }
    let is_transformed =
        |it: &Entry| it.key.ends_with("Transform") || it.value.get("Fn::Transform").is_some();
    let sections = root.map()?;
    let found = first(root).filter(|_| !sections.iter().any(is_transformed))?;
    let (why, fix) = calls::problem(&found.key, &found.value)?;
    Some(FormError {
        stack_condition: stack_condition.map(str::to_owned),
        ..error(found.at, format!("the template {why}"), fix)
    })
}

fn all(root: &Tree) -> Vec<FormError> {
    let mut found = Vec::new();
    let version = root.get("AWSTemplateFormatVersion");
    let version = version.and_then(|it| Some((it.at, it.text()?)));
    if let Some((at, version)) = version.filter(|(_, it)| *it != VERSION) {
        found.push(error(
            at,
            format!("the format version is `{version}`, and the only one is `{VERSION}`"),
            format!("set `AWSTemplateFormatVersion` to `{VERSION}`"),
        ));
    }
    for Entry { key, at, value } in section(root, "Parameters") {
        let default = value.get("Default");
        if default.is_some_and(|it| matches!(it.kind, Kind::Map(_) | Kind::List(_))) {
            found.push(error(
                *at,
                format!("the default of parameter `{key}` is not text"),
                format!("set the default of parameter `{key}` to text"),
            ));
        }
    }
    // A macro or a module can create what the template refers to.
    let creates = |it: &Entry| {
        let of = it.value.get("Type").and_then(Tree::text);
        of.is_some_and(|it| it.ends_with("::MODULE")) || it.key.starts_with("Fn::")
    };
    let all = ["Resources", "Conditions", "Parameters", "Outputs"];
    if root.get("Transform").is_none()
        && !all.iter().any(|it| section(root, it).iter().any(creates))
    {
        found.extend(sections::errors(root));
        found.extend(calls::errors(root));
        found.extend(attributes::errors(root));
        found.extend(conditions(root));
        found.extend(circular(root));
        found.extend(names(root));
    }
    found
}

/// Returns the error for conditions that depend on one another.
fn circular(root: &Tree) -> Option<FormError> {
    fn reaches(root: &Tree, from: &str, to: &str, seen: &mut Vec<String>) -> bool {
        let Some(condition) = root.get("Conditions").and_then(|it| it.get(from)) else {
            return false;
        };
        let mut used = Vec::new();
        used_conditions(condition, true, &mut used);
        used.into_iter().any(|name| {
            name == to
                || !seen.iter().any(|it| it == name) && {
                    seen.push(name.to_owned());
                    reaches(root, name, to, seen)
                }
        })
    }
    let mut all = section(root, "Conditions").iter();
    let first = all.find(|it| reaches(root, &it.key, &it.key, &mut Vec::new()))?;
    Some(error(
        first.at,
        format!("condition `{}` depends on itself", first.key),
        "remove one of the references between the conditions".to_owned(),
    ))
}

/// Returns an error for each condition that the template does not contain.
fn conditions(root: &Tree) -> Vec<FormError> {
    let mut found = Vec::new();
    for (what, name) in [
        ("", "Resources"),
        ("output ", "Outputs"),
        ("condition ", "Conditions"),
    ] {
        for Entry { key, at, value } in section(root, name) {
            let mut used = Vec::new();
            if name != "Conditions" {
                used.extend(value.get("Condition").and_then(Tree::text));
            }
            used_conditions(value, name == "Conditions", &mut used);
            used.retain(|it| {
                section(root, "Conditions")
                    .iter()
                    .all(|other| other.key != *it)
            });
            used.dedup();
            found.extend(used.iter().map(|condition| {
                error(
                    *at,
                    format!(
                        "{what}`{key}` refers to condition `{condition}`, which does not exist \
                         (`Unresolved condition dependency`)"
                    ),
                    "add the condition, or correct its name".to_owned(),
                )
            }));
        }
    }
    found
}

fn section<'t>(root: &'t Tree, name: &str) -> &'t [Entry] {
    root.get(name).and_then(Tree::map).unwrap_or_default()
}

fn used_conditions<'t>(tree: &'t Tree, in_condition: bool, used: &mut Vec<&'t str>) {
    match tree.single() {
        Some(("Fn::If", argument)) => {
            let first = argument.list().and_then(<[Tree]>::first);
            used.extend(first.and_then(Tree::text));
        }
        Some(("Condition", name)) if in_condition => used.extend(name.text()),
        _ => {}
    }
    match &tree.kind {
        Kind::Map(entries) => {
            let values = entries.iter().map(|it| &it.value);
            values.for_each(|it| used_conditions(it, in_condition, used));
        }
        Kind::List(items) => items
            .iter()
            .for_each(|it| used_conditions(it, in_condition, used)),
        Kind::Text(_) | Kind::Null => {}
    }
}

/// Returns an error for each name in outputs and conditions that the template does not contain.
/// Conditions can refer only to parameters.
fn names(root: &Tree) -> Vec<FormError> {
    let has = |of: &str, name: &str| section(root, of).iter().any(|it| it.key == name);
    let mut found = Vec::new();
    for Entry { key, at, value } in section(root, "Outputs") {
        let mut used = Vec::new();
        references(value, &mut used);
        used.retain(|it| {
            !it.starts_with("AWS::") && !has("Parameters", it) && !has("Resources", it)
        });
        found.extend(used.iter().map(|name| {
            error(
                *at,
                format!(
                    "output `{key}` refers to `{name}`, which does not exist \
                     (`Unresolved resource dependencies`)"
                ),
                "add the resource or parameter, or correct its name".to_owned(),
            )
        }));
    }
    for Entry { key, at, value } in section(root, "Conditions") {
        let mut used = Vec::new();
        references(value, &mut used);
        used.retain(|it| !it.starts_with("AWS::") && !has("Parameters", it));
        found.extend(used.iter().map(|name| {
            error(
                *at,
                format!(
                    "condition `{key}` refers to `{name}`, which is not a parameter \
                     (`Unresolved dependencies`)"
                ),
                "refer only to parameters and pseudo parameters".to_owned(),
            )
        }));
    }
    found
}

fn error(at: At, reason: String, fix: String) -> FormError {
    FormError {
        stack_condition: None,
        at,
        error: TemplateError {
            is_certain: true,
            ignores_condition: true,
            reason,
            fix,
        },
    }
}
