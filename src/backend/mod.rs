//! Generation and printing of the output of a validated graph.

pub mod cfn;
mod error;
#[cfg(any(feature = "cli", feature = "testing"))]
mod format;
mod json;
pub mod tf;

pub use error::OutputError;
#[cfg(any(feature = "cli", feature = "testing"))]
pub use format::Format;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use format::snapshots;
