//! How things end, and who is asked on the way.

use super::aws::Cloud;
use super::cause::{self, Cause};
use super::error::{AwsError, ErrorKind};
use super::stop::Stop;
use super::values::{ChangeSet, Event, Stack};
use super::wait::ProgressSink;

/// What the user said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    Yes,
    No,
}

/// Who is asked, beside being told.
pub(crate) trait Confirm: ProgressSink {
    /// What will change, from what is deployed now, if anything is, with the values that the
    /// parameters will have.
    ///
    /// # Errors
    ///
    /// Why this is not to be deployed.
    fn plan(
        &mut self,
        set: &ChangeSet,
        deployed: Option<&Deployed>,
        values: &[(String, String)],
    ) -> Result<(), String>;
    /// A question that is answered with yes or no; stopping is no.
    async fn confirm(&mut self, question: &str, stop: &Stop) -> Confirmation;
}

/// What is deployed now.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) stack: Stack,
    /// Its template, as it was given.
    pub(crate) template: String,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The stack is as the template says already.
    Unchanged(Stack),
    /// The changes were shown; nothing was done.
    Shown,
    /// The user did not want it; nothing was done.
    Declined,
    /// The stack is as the template says now.
    Done(Stack),
    /// It failed, and the stack ended so.
    Failed(Box<Failed>),
    /// It goes on, unwatched, in this status.
    Detached(String, Detached),
}

/// How something failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) stack: Stack,
    /// The first cause.
    pub(crate) cause: Option<Cause>,
    /// Why taking it back failed too, if it did.
    pub(crate) rollback_cause: Option<Cause>,
    /// What was left, because the template says so.
    pub(crate) retained: Vec<String>,
}

impl Failed {
    /// Tells from an operation's events.
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

/// Why something is no longer watched.
#[derive(Debug)]
pub(crate) enum Detached {
    Stopped,
    TimedOut,
    Lost(AwsError),
}

/// Why nothing, or nobody knows what, was done.
#[derive(Debug)]
pub(crate) struct DeployError {
    /// What went wrong.
    pub(crate) message: String,
    /// What one can do about it.
    pub(crate) help: Option<String>,
    /// What is true of the stack.
    pub(crate) state: String,
    /// Whether it is the template or the stack, not the environment.
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
