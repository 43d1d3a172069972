//! The back ends: lowered once per language, printed once per syntax. After the checks they
//! cannot fail.

pub mod cfn;
#[cfg(any(feature = "cli", feature = "testing"))]
mod format;
mod json;
pub mod tf;

#[cfg(any(feature = "cli", feature = "testing"))]
pub use format::Format;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use format::snapshots;
