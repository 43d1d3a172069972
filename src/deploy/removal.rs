//! Taking a stack away.

use std::time::Duration;

use tokio::time::Instant;

use super::aws::Cloud;
use super::error::AwsError;
use super::follow::{End, Followed, Stop, Talk, Watch, beginning, follow};
use super::outcome::{Failed, Unwatched};
use super::rollout::token;
use super::values::{Event, Stack};

/// How it ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is gone; these were left, because the template says so.
    Gone(Vec<String>),
    /// It failed, and the stack ended so.
    Failed(Box<Failed>),
    /// It goes on, unwatched, in this status.
    GoesOn(String, Unwatched),
}

/// How it is done.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What to leave where a deletion failed before.
    pub(crate) retain: Vec<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) limit: Option<Duration>,
    pub(crate) pause: Duration,
}

/// Deletes a stack, or follows the deletion that is under way.
///
/// # Errors
///
/// The deletion did not begin, or nobody knows whether it did (an ambiguous error).
pub(crate) async fn destroy(
    cloud: &Cloud,
    stack: &Stack,
    options: &Options,
    stop: &Stop,
    talk: &mut impl Talk,
) -> Result<Outcome, AwsError> {
    let resources = cloud.members(&stack.id).await.map(|it| it.len()).ok();
    let behind = if stack.status == "DELETE_IN_PROGRESS" {
        talk.say(&format!(
            "stack `{}` is being deleted already; following that",
            stack.name
        ));
        beginning(cloud, &stack.id).await?
    } else {
        let behind = cloud.newest_event(&stack.id).await?;
        let role = options.role_arn.as_deref();
        cloud
            .delete_stack(&stack.id, &token(), &options.retain, role)
            .await?;
        behind
    };
    talk.begin(resources);
    let watch = Watch {
        stack_id: &stack.id,
        behind,
        change_set: None,
        limit: options.limit.map(|limit| Instant::now() + limit),
        pause: options.pause,
    };
    let Followed {
        end,
        events,
        status,
    } = follow(cloud, watch, stop, talk).await;
    Ok(match end {
        End::Settled(stack) if stack.status == "DELETE_COMPLETE" => {
            let kept = events.iter().filter(|it| it.status == "DELETE_SKIPPED");
            Outcome::Gone(kept.map(Event::member).collect())
        }
        End::Settled(stack) => Outcome::Failed(Failed::of(cloud, stack, &events).await),
        End::Stopped => Outcome::GoesOn(status, Unwatched::Stopped),
        End::Late => Outcome::GoesOn(status, Unwatched::Late),
        End::Lost(error) => Outcome::GoesOn(status, Unwatched::Lost(error)),
    })
}
