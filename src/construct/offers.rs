//! Instance types that a Region does not offer.

use super::{Architecture, Scope};
use crate::ir::{Diagnostic, Text, nearest};
use crate::region::{Offer, Region, instance_types, offer};

/// Reports the types of an instance that are not offered. The architecture reports those in a wrong form.
pub(super) fn check_all(types: Vec<Text>, scope: &mut Scope<'_>) {
    let region = scope.known_region();
    for of in types.iter().filter(|it| Architecture::of(it).is_some()) {
        check(of, region, scope);
    }
}

/// Reports an instance type that no Region offers, or not the Region of the stack. What can be new
/// since the data was read is a warning: a family, or a type in a Region.
fn check(name: &str, region: Option<&'static Region>, scope: &mut Scope<'_>) {
    let (is_error, message) = match (offer(name, region), region) {
        (Offer::Offered, _) | (Offer::Elsewhere, None) => return,
        (Offer::Elsewhere, Some(region)) => {
            (false, format!("`{}` does not offer `{name}`", region.name))
        }
        (Offer::NoSize, _) => (true, format!("unknown instance type `{name}`")),
        (Offer::NoFamily, _) => (false, format!("unknown instance type `{name}`")),
    };
    let diagnostic = match is_error {
        true => Diagnostic::error("instance-type", message),
        false => Diagnostic::warning("instance-type", message),
    };
    let known: Vec<String> = instance_types(region).collect();
    scope.add_diagnostic(
        diagnostic
            .about(&["instance_type"])
            .help(nearest(name, known.iter().map(String::as_str))),
    );
}
