//! Calls of intrinsic functions in a file.

use super::{FormError, error, section};
use crate::frontend::tree::{Kind, Tree};
use crate::resource::calls::call_error;

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
    call_error(name, argument.list().map(<[Tree]>::len))
}
