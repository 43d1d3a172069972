//! Messages about Regions that the data lacks.

use super::{near, nearest, quoted};
use crate::region::regions;

fn names() -> impl Iterator<Item = &'static str> {
    regions().iter().map(|it| it.name)
}

/// Returns the message and the hint for a name that no Region can have.
pub(crate) fn unknown_region(name: &str) -> (String, String) {
    (
        format!("unknown region {}", quoted(name)),
        nearest(name, names()),
    )
}

/// Returns the message and the hint for a Region that is not listed. Its number or area can be wrong.
pub(crate) fn unlisted_region(name: &str) -> (String, String) {
    let message = format!(
        "unknown region {}; names and limits of the Region are not checked",
        quoted(name)
    );
    let help = match near(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "check the name, unless AWS opened the Region recently".to_owned(),
    };
    (message, help)
}
