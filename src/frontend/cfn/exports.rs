//! Names of exports, which often contain the name of a stack that no template shows.

use super::super::tree::Tree;
use crate::ir::{SubPart, sub_parts};

/// Returns the text of a name with `*` for parts that the file does not show. `value` returns that of a parameter.
pub(super) fn pattern(tree: &Tree, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let shown = |name: &str| value(name).unwrap_or_else(|| "*".to_owned());
    if let Some(text) = tree.text() {
        return Some(text.to_owned());
    }
    let (name, argument) = tree.single()?;
    match name {
        "Ref" => argument.text().map(shown),
        "Fn::Sub" => {
            let format = argument
                .text()
                .or_else(|| argument.list()?.first()?.text())?;
            let part = |part| match part {
                SubPart::Text(text) => text.to_owned(),
                SubPart::Literal(_) => "*".to_owned(),
                SubPart::Name(name) => shown(name),
            };
            Some(sub_parts(format).into_iter().map(part).collect())
        }
        "Fn::Join" => match argument.list()? {
            [delimiter, items] => {
                let items = items.list()?.iter();
                let parts: Option<Vec<String>> = items.map(|it| pattern(it, value)).collect();
                Some(parts?.join(delimiter.text()?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns whether an import can name an export. The name of a stack is not in its template.
pub(super) fn names(import: &str, export: &str) -> bool {
    if import == export {
        return true;
    }
    let last = |text: &str| text.rsplit('*').next().unwrap_or_default().to_owned();
    match (import.contains('*'), export.contains('*')) {
        (_, true) => !last(export).is_empty() && import.ends_with(&last(export)),
        (true, false) => !last(import).is_empty() && export.ends_with(&last(import)),
        (false, false) => false,
    }
}
