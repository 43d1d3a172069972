//! Effects of the removal of a resource that CloudFormation does not know.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html>

/// The attributes that set the effect.
pub(crate) const REMOVAL_POLICIES: [&str; 2] = ["DeletionPolicy", "UpdateReplacePolicy"];

const WITH_SNAPSHOT: [&str; 8] = [
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

/// Returns whether CloudFormation can create a snapshot of a type before it deletes the resource.
pub(crate) fn has_snapshots(type_name: &str) -> bool {
    WITH_SNAPSHOT.contains(&type_name)
}

/// Returns why CloudFormation refuses the value of an attribute, and the fix. `None` is a value that is
/// not text.
pub(crate) fn removal_policy(
    (id, type_name): (&str, &str),
    attribute: &str,
    value: Option<&str>,
) -> Option<(String, String)> {
    let mut known = vec!["Delete", "Retain"];
    if attribute == "DeletionPolicy" {
        known.push("RetainExceptOnCreate");
    }
    let why = match value {
        None => format!("`{attribute}` of `{id}` is not text"),
        Some("Snapshot") => {
            // Types of other services can have snapshots, too.
            let is_known = ["AWS::EC2::", "AWS::IAM::"];
            let is_known = is_known.iter().any(|it| type_name.starts_with(it));
            if has_snapshots(type_name) || !is_known {
                return None;
            }
            format!("`{attribute}` of `{id}` is `Snapshot`, and `{type_name}` has no snapshots")
        }
        Some(value) if known.contains(&value) => return None,
        Some(value) => format!("`{attribute}` of `{id}` is `{value}`, which is not a policy"),
    };
    let fix = format!("set `{attribute}` to one of `{}`", known.join("`, `"));
    Some((why, fix))
}
