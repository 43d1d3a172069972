//! How a command fails, and the exit code of each kind of failure.

/// The reason why a command did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// An invalid configuration, a failed operation or a gate. Already reported.
    Failed,
    /// Input that cannot be read, or an environment that does not work. Already reported.
    Unusable,
    /// A result that cannot be determined, or an operation in progress. Already reported.
    Unknown,
    /// Ctrl-C or a signal. Already reported.
    #[cfg(feature = "deploy")]
    Interrupted,
    /// Wrong usage, or an environment that does not work, with the message and a hint.
    Usage(String, Option<String>),
}

impl Failure {
    /// Creates a usage or environment failure without a hint.
    pub(super) fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(message.into(), None)
    }

    /// Creates the failure of a command without a stack.
    #[cfg(feature = "deploy")]
    pub(super) fn unknown_stack() -> Failure {
        Failure::usage("no stack is specified").with_help("pass `--stack NAME`")
    }

    /// Adds a hint to a usage failure.
    #[must_use]
    pub(super) fn with_help(self, help: impl Into<String>) -> Failure {
        match self {
            Failure::Usage(message, _) => Failure::Usage(message, Some(help.into())),
            other => other,
        }
    }
}
