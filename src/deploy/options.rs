//! Options of a deployment.

use std::time::Duration;

/// Options of a deployment.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The name of the program in suggested commands.
    pub(crate) program: String,
    /// Whether to show the changes without a deployment.
    pub(crate) dry_run: bool,
    /// Whether to keep created resources after a failure.
    pub(crate) no_rollback: bool,
    /// Whether to enable or disable termination protection. Default: unchanged.
    pub(crate) termination_protection: Option<bool>,
    /// The time to wait. Default: no limit.
    pub(crate) timeout: Option<Duration>,
    /// The interval between two status requests.
    pub(crate) poll_interval: Duration,
}
