//! Hints for failures with known messages of AWS.

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

    #[test]
    fn the_more_precise_hint_wins() {
        let hint_of = |reason: &str| hint(reason).unwrap();
        assert!(
            hint_of("User: x is not authorized to perform: ssm:GetParameters on resource")
                .contains("AMI")
        );
        assert!(
            hint_of("is not authorized to perform: ec2:CreateVpc with an explicit deny")
                .contains("service control policy")
        );
        assert!(
            hint_of("The maximum number of VPCs has been reached. (VpcLimitExceeded)")
                .contains("quota")
        );
        assert!(hint("something else").is_none());
    }
}
