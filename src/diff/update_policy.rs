//! Update policies of Auto Scaling groups.

use serde_json::Value;

use super::Entry;

const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
/// Properties to which an update policy applies.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>
pub(super) const ROLLED: [&str; 4] = [
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
    "VPCZoneIdentifier",
];

/// Returns whether an update policy replaces an Auto Scaling group.
pub(super) fn will_replace(entry: &Entry) -> bool {
    let policy = entry.attributes.get("UpdatePolicy");
    let value = policy.and_then(|it| it.pointer("/AutoScalingReplacingUpdate/WillReplace"));
    entry.kind == GROUP
        && value.is_some_and(|it| it.as_str().is_none_or(|it| it.eq_ignore_ascii_case("true")))
}

/// Returns whether a change of a property replaces a search domain. An update policy can prevent it.
pub(super) fn replaces_domain(entry: &Entry, property: &str) -> bool {
    let policy = entry.attributes.get("UpdatePolicy");
    let flag = policy
        .and_then(|it| it.get("EnableVersionUpgrade"))
        .and_then(Value::as_str);
    let is_version = matches!(
        (entry.kind.as_str(), property),
        ("AWS::OpenSearchService::Domain", "EngineVersion")
            | ("AWS::Elasticsearch::Domain", "ElasticsearchVersion")
    );
    is_version && !flag.is_some_and(|it| it.eq_ignore_ascii_case("true"))
}

/// Returns whether the template shows the update policy of an Auto Scaling group.
pub(super) fn is_shown(entry: &Entry) -> bool {
    let policy = entry.attributes.get("UpdatePolicy");
    entry.kind == GROUP && policy.is_none_or(|it| !it.to_string().contains("\"Fn::"))
}

/// Returns whether an update policy replaces the instances of an Auto Scaling group in batches.
pub(super) fn rolls(entry: &Entry) -> bool {
    let policy = entry.attributes.get("UpdatePolicy");
    entry.kind == GROUP && policy.is_some_and(|it| it.get("AutoScalingRollingUpdate").is_some())
}
