//! Instance types that a Region does not offer.

use super::{Architecture, Scope};
use crate::ir::Text;
use crate::validate::unoffered;

/// Reports the types of an instance that are not offered. The architecture reports those in a wrong form.
pub(super) fn check_all(types: Vec<Text>, scope: &mut Scope<'_>) {
    let region = scope.known_region();
    for of in types.iter().filter(|it| Architecture::of(it).is_some()) {
        if let Some(found) = unoffered(of, region) {
            scope.add_diagnostic(found);
        }
    }
}
