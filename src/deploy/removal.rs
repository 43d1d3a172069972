//! Deletion of a stack.

use std::time::Duration;

use tokio::time::Instant;

use super::aws::Cloud;
use super::error::AwsError;
use super::outcome::{Detached, Failed};
use super::precondition::token;
use super::stop::Stop;
use super::values::{Event, Stack};
use super::wait::{ProgressSink, WaitEnd, WaitOptions, WaitResult, event_before_operation, wait};

/// The outcome of a deletion.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The stack is deleted; these resources were retained by policy.
    Deleted(Vec<String>),
    /// The deletion failed, and the operation ended.
    Failed(Box<Failed>),
    /// CloudFormation continues, with this last status.
    Detached(String, Detached),
}

/// Options of a deletion.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Resources to retain after a failed deletion.
    pub(crate) retain: Vec<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) poll_interval: Duration,
}

/// Deletes a stack, or waits for a deletion in progress.
///
/// # Errors
///
/// Returns an error if the deletion did not start, or an ambiguous error if that is unknown.
pub(crate) async fn destroy(
    cloud: &Cloud,
    stack: &Stack,
    options: &Options,
    stop: &Stop,
    progress: &mut impl ProgressSink,
) -> Result<Outcome, AwsError> {
    let resources = cloud.members(&stack.id).await.map(|it| it.len()).ok();
    let last_event = if stack.status == "DELETE_IN_PROGRESS" {
        progress.note(&format!(
            "stack `{}` is already being deleted; waiting for it",
            stack.name
        ));
        event_before_operation(cloud, &stack.id).await?
    } else {
        let last_event = cloud.newest_event(&stack.id).await?;
        let role = options.role_arn.as_deref();
        cloud
            .delete_stack(&stack.id, &token(), &options.retain, role)
            .await?;
        last_event
    };
    progress.start(resources);
    let wait_options = WaitOptions {
        stack_id: &stack.id,
        last_event,
        change_set: None,
        deadline: options.timeout.map(|limit| Instant::now() + limit),
        poll_interval: options.poll_interval,
    };
    let WaitResult {
        end,
        events,
        status,
    } = wait(cloud, wait_options, stop, progress).await;
    Ok(match end {
        WaitEnd::Settled(stack) if stack.status == "DELETE_COMPLETE" => {
            let retained = events.iter().filter(|it| it.status == "DELETE_SKIPPED");
            Outcome::Deleted(retained.map(Event::member).collect())
        }
        WaitEnd::Settled(stack) => Outcome::Failed(Failed::of(cloud, stack, &events).await),
        WaitEnd::Stopped => Outcome::Detached(status, Detached::Stopped),
        WaitEnd::TimedOut => Outcome::Detached(status, Detached::TimedOut),
        WaitEnd::Lost(error) => Outcome::Detached(status, Detached::Lost(error)),
    })
}
