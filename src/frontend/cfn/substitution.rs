//! The names in the text of `Fn::Sub`.

use crate::frontend::tree::{Kind, Tree};

/// Returns the names that a text substitutes, without its own variables and literals (`${!Name}`), and
/// its own variables.
pub(super) fn names(argument: &Tree) -> (Vec<&str>, Option<&Tree>) {
    let (text, own) = match &argument.kind {
        Kind::List(items) => (items.first(), items.get(1)),
        _ => (Some(argument), None),
    };
    let pieces = text.and_then(Tree::text).unwrap_or_default().split("${");
    let names = pieces
        .skip(1)
        .filter_map(|piece| Some(piece.split_once('}')?.0.trim()));
    let is_own = |name: &str| own.is_some_and(|own| own.get(name).is_some());
    let names = names.filter(|it| !it.starts_with('!') && !is_own(it));
    (names.collect(), own)
}
