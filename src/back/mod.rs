//! The back ends: lowered once per language, printed once per syntax. After the checks they
//! cannot fail.

pub mod cfn;
mod json;
mod overrides;
#[cfg(any(feature = "cli", feature = "testing"))]
mod snapshot;
pub mod tf;

pub(crate) use overrides::apply_overrides;
#[cfg(any(feature = "cli", feature = "testing"))]
pub use snapshot::Format;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use snapshot::snapshots;
