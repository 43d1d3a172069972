//! Validation of IDs and ARNs in settings.

use super::scope::Scope;
use crate::ir::{Diagnostic, Link, Value};
use crate::validate::{ArnOf, IdOf};

fn text<R>(link: &Link<R>) -> Option<&str> {
    link.lit().map(|id| id.as_str())
}

/// Reports text that is not an ID.
pub(super) fn check_id<R>(field: &str, of: IdOf, link: &Link<R>, scope: &mut Scope<'_>) {
    if let Some(diagnostic) = text(link).and_then(|id| of.diagnostic(field, id)) {
        scope.add_diagnostic(diagnostic.about(&keys(field)));
    }
}

/// Returns the keys of a setting such as `security_groups[2]`.
fn keys(field: &str) -> Vec<&str> {
    field
        .split(['.', '[', ']'])
        .filter(|key| !key.is_empty())
        .collect()
}

/// Reports texts that are not IDs, and duplicates.
pub(super) fn check_ids<R>(field: &str, of: IdOf, links: &[Link<R>], scope: &mut Scope<'_>)
where
    Value<crate::ir::Id<R>>: PartialEq,
{
    for (n, link) in links.iter().enumerate() {
        let field = format!("{field}[{n}]");
        check_id(&field, of, link, scope);
        if let Some(first) = links[..n].iter().position(|other| other == link) {
            let message = match text(link) {
                Some(id) => format!("`{field}` repeats `{}`", id.escape_debug()),
                None => format!("`{field}` repeats item {first}"),
            };
            scope.add_diagnostic(
                Diagnostic::error("duplicate-value", message)
                    .about(&keys(&field))
                    .help("remove the duplicate"),
            );
        }
    }
}

/// Reports text that is not an ARN of its kind, or belongs to another partition or region.
pub(super) fn check_arn<R>(field: &str, of: ArnOf, link: &Link<R>, scope: &mut Scope<'_>) {
    let region = scope.known_region();
    if let Some(diagnostic) = text(link).and_then(|arn| of.diagnostic(field, arn, region)) {
        scope.add_diagnostic(diagnostic.about(&keys(field)));
    }
}
