//! Outcomes of operations, and prompts.

use super::aws::Cloud;
use super::cause::{self, Cause};
use super::error::{AwsError, ErrorKind};
use super::stop::Stop;
use super::values::{ChangeSet, Event, Stack};
use super::wait::ProgressSink;

/// The response to a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    Yes,
    No,
}

/// A progress display that can prompt the user.
pub(crate) trait Confirm: ProgressSink {
    /// Shows the planned changes to the deployed stack, if any, with the effective parameter
    /// values.
    ///
    /// # Errors
    ///
    /// Returns the reason to reject the deployment.
    fn plan(
        &mut self,
        set: &ChangeSet,
        deployed: Option<&Deployed>,
        values: &[(String, String)],
    ) -> Result<(), String>;
    /// Prompts for yes or no. A request to stop is no.
    async fn confirm(&mut self, question: &str, stop: &Stop) -> Confirmation;
}

/// The deployed stack.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) stack: Stack,
    /// The original template.
    pub(crate) template: String,
}

/// The outcome of a deployment.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The stack already matches the template.
    Unchanged(Stack),
    /// The changes were shown, without a deployment.
    Shown,
    /// The user declined; nothing was changed.
    Declined,
    /// The stack now matches the template.
    Done(Stack),
    /// The deployment failed, and the operation ended.
    Failed(Box<Failed>),
    /// CloudFormation continues, with this last status.
    Detached(String, Detached),
}

/// A failed operation.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) stack: Stack,
    /// The first cause.
    pub(crate) cause: Option<Cause>,
    /// The cause of a failed rollback.
    pub(crate) rollback_cause: Option<Cause>,
    /// Resources that were retained by policy.
    pub(crate) retained: Vec<String>,
}

impl Failed {
    /// Creates one from the events of an operation.
    pub(crate) async fn of(cloud: &Cloud, stack: Stack, events: &[Event]) -> Box<Failed> {
        let of_rollback = match stack.status.ends_with("ROLLBACK_FAILED") {
            true => cause::of_rollback(events),
            false => None,
        };
        let retained = events.iter().filter(|it| it.status == "DELETE_SKIPPED");
        Box::new(Failed {
            cause: cause::find(cloud, events, 0).await,
            rollback_cause: of_rollback,
            retained: retained.map(Event::member).collect(),
            stack,
        })
    }
}

/// The reason why waiting ended early.
#[derive(Debug)]
pub(crate) enum Detached {
    Stopped,
    TimedOut,
    Lost(AwsError),
}

/// An error before an operation, or with an unknown result.
#[derive(Debug)]
pub(crate) struct DeployError {
    /// The error message.
    pub(crate) message: String,
    /// A hint.
    pub(crate) help: Option<String>,
    /// The state of the stack.
    pub(crate) state: String,
    /// Whether the cause is the template or the stack, not the environment.
    pub(crate) is_input_error: bool,
}

impl DeployError {
    pub(crate) fn new(message: impl Into<String>, state: impl Into<String>) -> Self {
        DeployError {
            message: message.into(),
            help: None,
            state: state.into(),
            is_input_error: true,
        }
    }

    pub(crate) fn of(error: &AwsError, state: impl Into<String>) -> Self {
        DeployError {
            message: error.to_string(),
            help: error.help(),
            state: state.into(),
            is_input_error: error.kind == ErrorKind::Rejected,
        }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
