//! Which failure came first, and what one can do about it.

use std::future::Future;
use std::pin::Pin;

use super::aws::Cloud;
use super::values::Event;
use super::wait::event_before_operation;

/// Why an operation failed: the first failure that is not a consequence of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) logical_id: String,
    pub(crate) kind: String,
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
}

/// What only follows from another failure.
fn is_consequence(event: &Event) -> bool {
    let reason = event.reason.to_lowercase();
    reason.is_empty()
        || reason.starts_with("resource creation cancelled")
        || reason.starts_with("resource update cancelled")
        || reason.starts_with("resource deletion cancelled")
        || reason.contains("the following resource(s) failed")
}

/// Finds the event that tells the first cause.
pub(crate) fn first_failure(events: &[Event]) -> Option<&Event> {
    let failed = |it: &&Event| it.status.ends_with("_FAILED");
    events
        .iter()
        .filter(failed)
        .find(|it| !it.is_stack_event && !is_consequence(it))
        // A stack can fail as such: a hook, a missing role, a limit.
        .or_else(|| {
            let own = events
                .iter()
                .filter(|it| it.is_stack_event && !it.reason.is_empty());
            own.filter(|it| it.status.ends_with("_FAILED") || it.status.contains("ROLLBACK"))
                .find(|it| !is_consequence(it) && it.reason != "User Initiated")
        })
}

/// Finds the first cause; a nested stack's is inside it.
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

/// Finds why taking a failed change back failed too.
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

/// What a resource's handler said, without what CloudFormation wraps around it.
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

/// What a message contains, all parts of it, and what to do then.
const HINTS: [(&[&str], &str); 39] = [
    (
        &["with an explicit deny"],
        "a policy denies it, perhaps one of the organization (SCP), a boundary or an endpoint policy; \
         an administrator must change that",
    ),
    (
        &["ssm:getparameters"],
        "who deploys needs `ssm:GetParameters` on the public image parameters: EC2 looks the image up \
         on the caller's behalf",
    ),
    (
        &["not authorized to perform:"],
        "give this permission to who deploys, or deploy with `--role-arn`",
    ),
    (
        &["encoded authorization failure message"],
        "`aws sts decode-authorization-message --encoded-message …` tells which permission is missing",
    ),
    (
        &["you are not authorized"],
        "give this permission to who deploys, or deploy with `--role-arn`",
    ),
    (
        &["enablednssupport"],
        "private DNS needs `EnableDnsSupport` and `EnableDnsHostnames` on the VPC; set both to true",
    ),
    (
        &["conflicting dns domain"],
        "the VPC has an endpoint or hosted zone for this service already; name it under \
         `endpoints.existing`, or leave this one out",
    ),
    (
        &["duplicatesubnetsinsamezone"],
        "an endpoint takes one subnet of each zone; tell each subnet's `zone`, or set `endpoints.zones: one`",
    ),
    (
        &["subnets", "same availability zone"],
        "an endpoint takes one subnet of each zone; tell each subnet's `zone`, or set `endpoints.zones: one`",
    ),
    (
        &["does not support the availability zone of the subnet"],
        "the service is not offered in this zone; choose another with `network.zones`, or set \
         `endpoints.zones: one` with a subnet in a zone that has it",
    ),
    (
        &["the vpc endpoint service", "does not exist"],
        "this region has no such endpoint service; leave it out of `endpoints`",
    ),
    (
        &["vcpu", "limit"],
        "the account's quota of vCPUs is used up; ask Service Quotas for more, or use a smaller type",
    ),
    (
        &["insufficientinstancecapacity"],
        "the zone has no such instances free at the moment; use another zone or type, or try again later",
    ),
    (
        &["sufficient", "capacity"],
        "the zone has no such instances free at the moment; use another zone or type, or try again later",
    ),
    (
        &["instance type is not supported in your requested availability zone"],
        "choose another type, or another zone with `instances[].zone`",
    ),
    (
        &["architecture", "instance type"],
        "image and instance type have different architectures; a `…g.` type needs an arm64 image",
    ),
    (
        &["not eligible for free tier"],
        "the account may only launch free-tier types; set `instances[].instance_type` to one, such as `t3.micro`",
    ),
    (
        &["invalidamiid"],
        "the image is not in this region, or not shared with the account; images differ by region",
    ),
    (
        &["imageid", "no such parameter"],
        "the image's public parameter is not in this region; set `instances[].image` to another",
    ),
    (
        &["parameter", "ssm", "not found"],
        "the parameter is not in this account and region; check its name and `--region`",
    ),
    (
        &["image id", "does not exist"],
        "the image is not in this region, or not shared with the account; images differ by region",
    ),
    (
        &["limit", "exceeded"],
        "a quota of the account is used up; ask Service Quotas for more, or remove what is unused",
    ),
    (
        &["limitexceeded"],
        "a quota of the account is used up; ask Service Quotas for more, or remove what is unused",
    ),
    (
        &["cidr", "conflict"],
        "the range overlaps another; choose another with `network.cidr`",
    ),
    (
        &["subnet", "does not exist"],
        "the subnet is not in this account and region; check the id and `--region`",
    ),
    (
        &["vpc", "does not exist"],
        "the VPC is not in this account and region; check the id and `--region`",
    ),
    (
        &["loggroup", "already exists"],
        "an earlier stack of this name left its log group, which keeps what was logged; import it \
         (`docs/how-to/harden.md`), or delete it with `aws logs delete-log-group`",
    ),
    (
        &["log group already exists"],
        "an earlier stack of this name left its log group, which keeps what was logged; import it \
         (`docs/how-to/harden.md`), or delete it with `aws logs delete-log-group`",
    ),
    (
        &["sessionmanagerrunshell", "exists"],
        "the account has session preferences; import them (`docs/how-to/harden.md`), or set \
         `sessions.scope: stack`",
    ),
    (
        &["noavailableconfigurationrecorder"],
        "AWS Config is not recording here; switch it on, or set `monitoring.config_rules: false`",
    ),
    (
        &["already exists"],
        "something of this name is there, outside of this stack; remove or rename one of them, or import \
         it into the stack",
    ),
    (
        &["invalid iam instance profile"],
        "IAM had not spread the new profile yet; deploy again",
    ),
    (
        &["requires capabilities"],
        "the template makes more than it shows, perhaps by a macro; deploy it with the AWS CLI and \
         these capabilities",
    ),
    (
        &["has dependencies and cannot be deleted"],
        "something outside of this stack uses it; remove that first, then run `destroy` again",
    ),
    (
        &["has a dependent object"],
        "something outside of this stack uses it; remove that first, then run `destroy` again",
    ),
    (
        &["dependencyviolation"],
        "something outside of this stack uses it; remove that first, then run `destroy` again",
    ),
    (
        &["terminationprotection is enabled"],
        "`aws cloudformation update-termination-protection --no-enable-termination-protection` takes \
         the protection away",
    ),
    (
        &["disableapitermination"],
        "the instance is protected; set `instances[].termination_protection: false`, deploy, and run it again",
    ),
    (
        &["must have values"],
        "give each of them with `--parameter NAME=VALUE`",
    ),
];

/// Returns what one can do about a failure that AWS words like this.
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
