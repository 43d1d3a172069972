//! The names in the text of `Fn::Sub`.

use crate::frontend::tree::{Kind, Tree};
use crate::ir::{SubPart, sub_parts};

/// Returns the names that a text substitutes, without its own variables and literals (`${!Name}`), and
/// its own variables.
pub(super) fn names(argument: &Tree) -> (Vec<&str>, Option<&Tree>) {
    let (text, own) = match &argument.kind {
        Kind::List(items) => (items.first(), items.get(1)),
        _ => (Some(argument), None),
    };
    let parts = sub_parts(text.and_then(Tree::text).unwrap_or_default());
    let is_own = |name: &str| own.is_some_and(|own| own.get(name).is_some());
    let names = parts.into_iter().filter_map(|part| match part {
        SubPart::Name(name) if !is_own(name) => Some(name),
        _ => None,
    });
    (names.collect(), own)
}
