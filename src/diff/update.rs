//! What an update does in addition to replacing resources: rolling updates of Auto Scaling groups, and
//! replacements that fail because of a fixed name.

use std::collections::HashSet;

use serde_json::Value;

use super::references::refers_to;
use super::replace::{create_only, without_brackets};
use super::update_policy::{ROLLED, rolls};
use super::{Change, Difference, Entry, ReplacementReason, Side};

/// Property names of a physical name that differ from the pattern of their type.
const NAMES: [(&str, &str); 8] = [
    ("AWS::EC2::SecurityGroup", "GroupName"),
    ("AWS::ElastiCache::CacheCluster", "ClusterName"),
    ("AWS::ElastiCache::ReplicationGroup", "ReplicationGroupId"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    ("AWS::RDS::DBCluster", "DBClusterIdentifier"),
    ("AWS::Redshift::Cluster", "ClusterIdentifier"),
    ("AWS::DynamoDB::GlobalTable", "TableName"),
];
/// Types whose name is unique only within another resource.
const SCOPED: [&str; 4] = [
    "AWS::EC2::SecurityGroup",
    "AWS::ECS::Service",
    "AWS::Lambda::Alias",
    "AWS::Logs::LogStream",
];

/// Returns the name that the template sets, with its property.
fn fixed_name(entry: &Entry) -> Option<(&'static str, &Value)> {
    let last = entry.kind.rsplit("::").next().unwrap_or_default();
    let special = NAMES.iter().find(|(kind, _)| *kind == entry.kind);
    let is_name = |property: &str| match special {
        Some((_, name)) => *name == property,
        None => property == "Name" || property.strip_suffix("Name").is_some_and(|it| it == last),
    };
    let property = create_only(&entry.kind)
        .into_iter()
        .find(|it| is_name(it))?;
    Some((property, entry.properties.get(property)?))
}

/// Adds what the update does.
pub(super) fn mark(old: &Side, new: &Side, differences: &mut Vec<Difference>) {
    let resources = || differences.iter().filter(|it| it.section == "Resources");
    let replaced: HashSet<String> = resources()
        .filter(|it| it.is_replaced())
        .map(|it| it.id.clone())
        .collect();
    let changed: HashSet<String> = resources()
        .filter(|it| matches!(&it.change, Change::Changed(all) if all.iter().any(|it| !it.path.starts_with('('))))
        .map(|it| it.id.clone())
        .collect();
    for (id, entry) in new.resources.iter().filter(|(_, it)| rolls(it)) {
        let known = differences
            .iter_mut()
            .find(|it| it.section == "Resources" && it.id == *id);
        let stays = old
            .resources
            .get(id)
            .is_some_and(|it| it.kind == entry.kind);
        if !stays || known.as_ref().is_some_and(|it| it.is_replaced()) {
            continue;
        }
        let is_changed = |property: &str| {
            let changes = known.as_ref().map(|it| &it.change);
            matches!(changes, Some(Change::Changed(all))
                if all.iter().any(|it| without_brackets(&it.path).split('.').next() == Some(property)))
        };
        let property = ROLLED.into_iter().find(|property| {
            is_changed(property) || refers_to(&entry.properties, property, &replaced, &changed)
        });
        let Some(property) = property else { continue };
        let note = format!("{property}: a rolling update replaces the instances");
        match known {
            Some(known) => known.notes.push(note),
            None => differences.push(Difference {
                notes: vec![note],
                ..Difference::resource(id, &entry.kind, Change::Changed(Vec::new()))
            }),
        }
    }
    for it in differences
        .iter_mut()
        .filter(|it| it.section == "Resources")
    {
        let scoped = SCOPED.contains(&it.kind.as_str())
            && it
                .forced
                .iter()
                .all(|it| it.reason != ReplacementReason::Renamed);
        if !it.is_replaced() || scoped {
            continue;
        }
        let was = match &it.change {
            Change::Renamed(was) => was,
            _ => &it.id,
        };
        let (Some(before), Some(after)) = (old.resources.get(was), new.resources.get(&it.id))
        else {
            continue;
        };
        if before.kind != after.kind {
            continue;
        }
        if let (Some((property, was)), Some((_, is))) = (fixed_name(before), fixed_name(after))
            && was == is
        {
            it.notes.push(format!(
                "the update fails: CloudFormation creates the new resource first, and {property} is the same"
            ));
        }
    }
}
