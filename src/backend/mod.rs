//! Generation and printing of the output, which cannot fail for a validated graph.

pub mod cfn;
#[cfg(any(feature = "cli", feature = "testing"))]
mod format;
mod json;
pub mod tf;

#[cfg(any(feature = "cli", feature = "testing"))]
pub use format::Format;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use format::snapshots;
