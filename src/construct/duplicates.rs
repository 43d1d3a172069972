//! What is given as text where a resource is asked for, checked under the name of its setting.

use super::scope::Scope;
use crate::ir::{Diagnostic, Link, Value};
use crate::validate::{ArnOf, IdOf};

fn text<R>(link: &Link<R>) -> Option<&str> {
    link.lit().map(|id| id.as_str())
}

/// Reports a text that is no id.
pub(super) fn check_id<R>(field: &str, of: IdOf, link: &Link<R>, scope: &mut Scope<'_>) {
    if let Some(diagnostic) = text(link).and_then(|id| of.diagnostic(field, id)) {
        scope.add_diagnostic(diagnostic.about(&keys(field)));
    }
}

/// The keys of a setting such as `security_groups[2]`.
fn keys(field: &str) -> Vec<&str> {
    field
        .split(['.', '[', ']'])
        .filter(|key| !key.is_empty())
        .collect()
}

/// Reports texts that are no ids, and what is given twice.
pub(super) fn check_ids<R>(field: &str, of: IdOf, links: &[Link<R>], scope: &mut Scope<'_>)
where
    Value<crate::ir::Id<R>>: PartialEq,
{
    for (n, link) in links.iter().enumerate() {
        let field = format!("{field}[{n}]");
        check_id(&field, of, link, scope);
        if let Some(first) = links[..n].iter().position(|other| other == link) {
            let message = match text(link) {
                Some(id) => format!("`{field}` is `{}` once more", id.escape_debug()),
                None => format!("`{field}` is the same as number {first}"),
            };
            scope.add_diagnostic(
                Diagnostic::error("given-twice", message)
                    .about(&keys(&field))
                    .help("give it once"),
            );
        }
    }
}

/// Reports a text that is no ARN of its kind, or one of another place.
pub(super) fn check_arn<R>(field: &str, of: ArnOf, link: &Link<R>, scope: &mut Scope<'_>) {
    let region = scope.known_region();
    if let Some(diagnostic) = text(link).and_then(|arn| of.diagnostic(field, arn, region)) {
        scope.add_diagnostic(diagnostic.about(&keys(field)));
    }
}
