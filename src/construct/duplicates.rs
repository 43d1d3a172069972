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
        check_id(&format!("{field}[{n}]"), of, link, scope);
        check_distinct(field, &links[..=n], scope);
    }
}

/// Reports texts that are not ARNs, and duplicates.
pub(super) fn check_arns<R>(field: &str, of: ArnOf, links: &[Link<R>], scope: &mut Scope<'_>)
where
    Value<crate::ir::Id<R>>: PartialEq,
{
    for (n, link) in links.iter().enumerate() {
        check_arn(&format!("{field}[{n}]"), of, link, scope);
        check_distinct(field, &links[..=n], scope);
    }
}

/// Reports a last item that repeats another.
fn check_distinct<R>(field: &str, links: &[Link<R>], scope: &mut Scope<'_>)
where
    Value<crate::ir::Id<R>>: PartialEq,
{
    let Some((link, others)) = links.split_last() else {
        return;
    };
    if let Some(first) = others.iter().position(|other| other == link) {
        let field = format!("{field}[{}]", others.len());
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

/// Reports text that is not an ARN of its kind, or belongs to another partition or region.
pub(super) fn check_arn<R>(field: &str, of: ArnOf, link: &Link<R>, scope: &mut Scope<'_>) {
    let region = scope.known_region();
    if let Some(diagnostic) = text(link).and_then(|arn| of.diagnostic(field, arn, region)) {
        scope.add_diagnostic(diagnostic.about(&keys(field)));
    }
}
