//! Attributes of resources that `Fn::GetAtt` and `Fn::Sub` name.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-getatt.html>

use super::{FormError, section};
use crate::frontend::cfn::substitution;
use crate::frontend::tree::{At, Entry, Kind, Tree};
use crate::resource::property_errors::unknown_attribute;

/// A resource, its attribute, and the place of the reference.
type Reference<'t> = (&'t str, &'t str, At);

/// Returns an error for each attribute that the type of its resource does not have.
pub(super) fn errors(root: &Tree) -> Vec<FormError> {
    let mut found = Vec::new();
    for of in ["Resources", "Outputs"] {
        for Entry { key, value, .. } in section(root, of) {
            let mut used = Vec::new();
            references(value, &mut used);
            for (id, attribute, at) in used {
                let resource = root.get("Resources").and_then(|it| it.get(id));
                let type_name = resource.and_then(|it| it.get("Type")?.text());
                let error = unknown_attribute(key, id, type_name.unwrap_or_default(), attribute);
                found.extend(error.map(|error| FormError {
                    stack_condition: None,
                    at,
                    error,
                }));
            }
        }
    }
    found
}

fn references<'t>(tree: &'t Tree, used: &mut Vec<Reference<'t>>) {
    let at = tree.at;
    match (tree.single(), &tree.kind) {
        (Some(("Fn::GetAtt", argument)), _) => {
            let parts = match &argument.kind {
                Kind::Text(text) => text.split_once('.'),
                Kind::List(items) => match items.as_slice() {
                    [id, attribute] => id.text().zip(attribute.text()),
                    _ => None,
                },
                _ => None,
            };
            used.extend(parts.map(|(id, attribute)| (id, attribute, at)));
        }
        (Some(("Fn::Sub", argument)), _) => {
            let (names, own) = substitution::names(argument);
            let parts = names.into_iter().filter_map(|it| it.split_once('.'));
            used.extend(parts.map(|(id, of)| (id, of, at)));
            own.into_iter().for_each(|own| references(own, used));
        }
        (_, Kind::Map(entries)) => entries.iter().for_each(|it| references(&it.value, used)),
        (_, Kind::List(items)) => items.iter().for_each(|it| references(it, used)),
        (_, Kind::Text(_) | Kind::Null) => {}
    }
}
