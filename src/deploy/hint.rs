//! What to do about a failure that AWS words in a known way.

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
