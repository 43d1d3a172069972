//! The first cause of a failure, and hints.

use std::future::Future;
use std::pin::Pin;

use super::aws::Cloud;
use super::hint::hint;
use super::values::Event;
use super::wait::event_before_operation;

/// The first failure of an operation that is not a consequence of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) logical_id: String,
    pub(crate) kind: String,
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
}

/// Returns whether an event is a consequence of another failure.
fn is_consequence(event: &Event) -> bool {
    let reason = event.reason.to_lowercase();
    reason.is_empty()
        || reason.starts_with("resource creation cancelled")
        || reason.starts_with("resource update cancelled")
        || reason.starts_with("resource deletion cancelled")
        || reason.contains("the following resource(s) failed")
}

/// Returns the event of the first cause.
pub(crate) fn first_failure(events: &[Event]) -> Option<&Event> {
    let failed = |it: &&Event| it.status.ends_with("_FAILED");
    events
        .iter()
        .filter(failed)
        .find(|it| !it.is_stack_event && !is_consequence(it))
        // The stack itself can fail: a hook, a missing role, a limit.
        .or_else(|| {
            let own = events
                .iter()
                .filter(|it| it.is_stack_event && !it.reason.is_empty());
            own.filter(|it| it.status.ends_with("_FAILED") || it.status.contains("ROLLBACK"))
                .find(|it| !is_consequence(it) && it.reason != "User Initiated")
        })
}

/// Finds the first cause, also in a nested stack.
pub(crate) fn find<'a>(
    cloud: &'a Cloud,
    events: &'a [Event],
    depth: u32,
) -> Pin<Box<dyn Future<Output = Option<Cause>> + 'a>> {
    Box::pin(async move {
        let first = first_failure(events)?;
        if first.kind == "AWS::CloudFormation::Stack"
            && !first.is_stack_event
            && first.physical_id.starts_with("arn:")
            && depth < 5
            && let Ok(started) = event_before_operation(cloud, &first.physical_id).await
            && let Ok(inner) = cloud.events(&first.physical_id, started.as_deref()).await
            && let Some(mut cause) = find(cloud, &inner, depth + 1).await
        {
            cause.logical_id = format!("{} in {}", cause.logical_id, first.logical_id);
            return Some(cause);
        }
        Some(Cause {
            logical_id: first.logical_id.clone(),
            kind: first.kind.clone(),
            hint: hint(&first.reason),
            reason: plain(&first.reason),
        })
    })
}

/// Finds the first cause of a failed rollback.
pub(crate) fn of_rollback(events: &[Event]) -> Option<Cause> {
    let started = events
        .iter()
        .position(|it| it.is_stack_event && it.status.ends_with("ROLLBACK_IN_PROGRESS"))?;
    let first = first_failure(&events[started + 1..])?;
    Some(Cause {
        logical_id: first.logical_id.clone(),
        kind: first.kind.clone(),
        hint: hint(&first.reason),
        reason: plain(&first.reason),
    })
}

/// Returns the message of a resource handler, without the text that CloudFormation adds.
fn plain(reason: &str) -> String {
    let inner = reason
        .strip_prefix("Resource handler returned message: \"")
        .and_then(|rest| rest.rsplit_once("\" (RequestToken: "))
        .map_or(reason, |(inner, _)| inner);
    match inner.rsplit_once(" (Service: ") {
        Some((said, rest)) if rest.ends_with(')') => said.to_owned(),
        _ => inner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, status: &str, reason: &str) -> Event {
        Event {
            id: String::new(),
            at: String::new(),
            logical_id: id.to_owned(),
            physical_id: String::new(),
            kind: "AWS::EC2::VPC".to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            token: String::new(),
            is_stack_event: id == "stack",
        }
    }

    #[test]
    fn the_cascade_is_not_the_cause() {
        let events = [
            event("A", "CREATE_IN_PROGRESS", ""),
            event("B", "CREATE_FAILED", "Resource creation cancelled"),
            event(
                "C",
                "CREATE_FAILED",
                "The maximum number of VPCs has been reached. VpcLimitExceeded",
            ),
            event("D", "CREATE_FAILED", "later"),
            event(
                "stack",
                "ROLLBACK_IN_PROGRESS",
                "The following resource(s) failed to create: [C]. Rollback requested by user.",
            ),
        ];
        assert_eq!(first_failure(&events).unwrap().logical_id, "C");
        assert!(first_failure(&events[..2]).is_none());
    }

    #[test]
    fn a_stack_can_fail_as_such() {
        let events = [event(
            "stack",
            "ROLLBACK_IN_PROGRESS",
            "Role arn:aws:iam::1:role/x is invalid or cannot be assumed",
        )];
        assert_eq!(first_failure(&events).unwrap().logical_id, "stack");
    }

    #[test]
    fn a_handler_message_is_unwrapped() {
        let wrapped = "Resource handler returned message: \"The vpc 'v' does not exist (Service: Ec2, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: NotFound)";
        assert_eq!(plain(wrapped), "The vpc 'v' does not exist");
        assert_eq!(plain("as it is (so)"), "as it is (so)");
    }
}
