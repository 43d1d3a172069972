//! The first cause of a failure, and hints.

use std::future::Future;
use std::pin::Pin;

use super::aws::Cloud;
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

/// Parts of a message, and a hint if it contains all of them.
const HINTS: [(&[&str], &str); 39] = [
    (
        &["with an explicit deny"],
        "ask an administrator: a service control policy, permissions boundary or endpoint policy can \
         deny it",
    ),
    (
        &["ssm:getparameters"],
        "allow the deploying principal `ssm:GetParameters` on the public AMI parameters: EC2 resolves the \
         AMI with its permissions",
    ),
    (
        &["not authorized to perform:"],
        "allow this action for the deploying principal, or pass `--role-arn`",
    ),
    (
        &["encoded authorization failure message"],
        "run `aws sts decode-authorization-message --encoded-message …` to find the missing permission",
    ),
    (
        &["you are not authorized"],
        "allow this action for the deploying principal, or pass `--role-arn`",
    ),
    (
        &["enablednssupport"],
        "set `EnableDnsSupport` and `EnableDnsHostnames` of the VPC to `true`: private DNS requires both",
    ),
    (
        &["conflicting dns domain"],
        "the VPC already has an endpoint or hosted zone for this service; add it to \
         `endpoints.existing`, or remove this one",
    ),
    (
        &["duplicatesubnetsinsamezone"],
        "set `zone` of each subnet, or `endpoints.zones: one`: an endpoint accepts one subnet per Availability Zone",
    ),
    (
        &["subnets", "same availability zone"],
        "set `zone` of each subnet, or `endpoints.zones: one`: an endpoint accepts one subnet per Availability Zone",
    ),
    (
        &["does not support the availability zone of the subnet"],
        "the Availability Zone does not support the service; set `network.zones`, or set \
         `endpoints.zones: one` with a subnet in a supported Availability Zone",
    ),
    (
        &["the vpc endpoint service", "does not exist"],
        "the service does not exist in this region; remove it from `endpoints`",
    ),
    (
        &["vcpu", "limit"],
        "request a higher vCPU quota in Service Quotas, or use a smaller instance type",
    ),
    (
        &["insufficientinstancecapacity"],
        "use another Availability Zone or instance type, or try again later",
    ),
    (
        &["sufficient", "capacity"],
        "use another Availability Zone or instance type, or try again later",
    ),
    (
        &["instance type is not supported in your requested availability zone"],
        "set another `instances[].instance_type` or `instances[].zone`",
    ),
    (
        &["architecture", "instance type"],
        "use an AMI with the architecture of the instance type; `…g.` types require `arm64`",
    ),
    (
        &["not eligible for free tier"],
        "set `instances[].instance_type` to a free tier type, such as `t3.micro`",
    ),
    (
        &["invalidamiid"],
        "use an AMI of this region that is shared with the account; AMI IDs differ by region",
    ),
    (
        &["imageid", "no such parameter"],
        "set another `instances[].image`: its public parameter does not exist in this region",
    ),
    (
        &["parameter", "ssm", "not found"],
        "check the parameter name and `--region`",
    ),
    (
        &["image id", "does not exist"],
        "use an AMI of this region that is shared with the account; AMI IDs differ by region",
    ),
    (
        &["limit", "exceeded"],
        "request a higher quota in Service Quotas, or delete unused resources",
    ),
    (
        &["limitexceeded"],
        "request a higher quota in Service Quotas, or delete unused resources",
    ),
    (
        &["cidr", "conflict"],
        "set another `network.cidr`: the range overlaps an existing one",
    ),
    (
        &["subnet", "does not exist"],
        "check the subnet ID and `--region`",
    ),
    (
        &["vpc", "does not exist"],
        "check the VPC ID and `--region`",
    ),
    (
        &["loggroup", "already exists"],
        "import the log group that an earlier stack of this name retained \
         (`docs/how-to/harden.md`), or delete it with `aws logs delete-log-group`",
    ),
    (
        &["log group already exists"],
        "import the log group that an earlier stack of this name retained \
         (`docs/how-to/harden.md`), or delete it with `aws logs delete-log-group`",
    ),
    (
        &["sessionmanagerrunshell", "exists"],
        "import the session preferences of the account (`docs/how-to/harden.md`), or set \
         `sessions.scope: stack`",
    ),
    (
        &["noavailableconfigurationrecorder"],
        "enable the AWS Config recorder in this region, or set `monitoring.config_rules: false`",
    ),
    (
        &["already exists"],
        "a resource outside this stack has this name; rename or delete one of them, or import \
         it into the stack",
    ),
    (
        &["invalid iam instance profile"],
        "deploy again: the new instance profile was not yet available",
    ),
    (
        &["requires capabilities"],
        "deploy with the AWS CLI and these capabilities; \
         a macro may add resources that the template does not show",
    ),
    (
        &["has dependencies and cannot be deleted"],
        "delete the resource outside this stack that uses it, then run `ssm-synth destroy` again",
    ),
    (
        &["has a dependent object"],
        "delete the resource outside this stack that uses it, then run `ssm-synth destroy` again",
    ),
    (
        &["dependencyviolation"],
        "delete the resource outside this stack that uses it, then run `ssm-synth destroy` again",
    ),
    (
        &["terminationprotection is enabled"],
        "run `aws cloudformation update-termination-protection --no-enable-termination-protection` \
         to disable it",
    ),
    (
        &["disableapitermination"],
        "set `instances[].termination_protection: false`, deploy, then run this command again",
    ),
    (
        &["must have values"],
        "pass each of them with `--parameter NAME=VALUE`",
    ),
];

/// Returns a hint for a failure message of AWS.
pub(crate) fn hint(reason: &str) -> Option<String> {
    let reason = reason.to_lowercase();
    let fits = |parts: &&[&str]| parts.iter().all(|part| reason.contains(part));
    let found = HINTS.iter().find(|(parts, _)| fits(parts));
    found.map(|(_, hint)| (*hint).to_owned())
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

    #[test]
    fn the_more_precise_hint_wins() {
        let told = |reason: &str| hint(reason).unwrap();
        assert!(
            told("User: x is not authorized to perform: ssm:GetParameters on resource")
                .contains("image")
        );
        assert!(
            told("is not authorized to perform: ec2:CreateVpc with an explicit deny")
                .contains("SCP")
        );
        assert!(
            told("The maximum number of VPCs has been reached. (VpcLimitExceeded)")
                .contains("quota")
        );
        assert!(hint("something else").is_none());
    }
}
