//! Property changes that replace a resource: create-only properties of CloudFormation, and
//! arguments of the Terraform provider that force a new resource.
//!
//! <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use serde_json::Value;

use super::references::{named, versions, within};
use super::respelled::is_respelled;
use super::{Change, Difference, PropertyChange, Side, update_policy};
use crate::construct::Architecture;
use crate::resource::{KINDS, OTHER_PEER};
use crate::tsv;

/// Type, create-only properties and conditional create-only properties, from the resource schemas
/// of CloudFormation. `tests/data/refresh.py` writes the file.
const CREATE_ONLY: &str = include_str!("create_only.tsv");
/// Type, arguments that force a new resource in plans of the provider version in
/// `tests/data/sources.toml`, and arguments that these plans could not change. Arguments that force one
/// under a condition are in the resource tables.
const FORCE_NEW: &str = include_str!("force_new.tsv");

/// The reason for a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplacementReason {
    /// Every change of the property.
    Always,
    /// Some changes of the property, with the condition if known.
    Maybe(String),
    /// The property refers to a replaced resource.
    Through(String),
    /// The property refers to the version of a changed resource.
    Version(String),
    /// The resource has a new ID.
    Renamed,
    /// The update policy of an Auto Scaling group.
    UpdatePolicy,
    /// The plan contains the replacement.
    Planned,
    /// The rules for the property are unknown, for this reason.
    Unknown(String),
}

impl ReplacementReason {
    /// Returns whether the replacement is certain.
    pub(super) fn is_certain(&self) -> bool {
        !matches!(
            self,
            ReplacementReason::Maybe(_) | ReplacementReason::Unknown(_)
        )
    }
}

/// A replacement and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replacement {
    /// The property. Empty for the entire resource.
    pub property: String,
    /// The reason.
    pub reason: ReplacementReason,
}

struct Rules {
    always: Vec<&'static str>,
    maybe: Vec<(&'static str, &'static str)>,
}

/// Properties with a condition in the schema, which the reference of the type updates in place.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html>
const INTERRUPTS: [(&str, &str); 4] = [
    ("AWS::RDS::DBInstance", "AutoMinorVersionUpgrade"),
    ("AWS::RDS::DBInstance", "BackupRetentionPeriod"),
    ("AWS::RDS::DBInstance", "MultiAZ"),
    ("AWS::RDS::DBInstance", "PreferredMaintenanceWindow"),
];

/// Arguments that the provider changes in place, though it rejects the trial of a change: a trial
/// value does not fit the other arguments.
const REJECTED_IN_PLACE: [(&str, &str); 2] = [
    ("aws_dynamodb_table", "attribute"),
    ("aws_dynamodb_table", "global_secondary_index"),
];

/// Properties that replace a resource by the reference of the type, and not by its schema.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>
const MAY_REPLACE: [(&str, &str); 2] = [
    ("AWS::DynamoDB::Table", "AttributeDefinitions.AttributeType"),
    ("AWS::RDS::DBInstance", "Port"),
];

/// Returns the known rules for a type.
fn rules(kind: &str) -> Option<Rules> {
    // A large template has thousands of resources.
    static ROWS: OnceLock<HashMap<&str, &str>> = OnceLock::new();
    let is_template = kind.contains("::");
    let all = || tsv::rows(CREATE_ONLY).chain(tsv::rows(FORCE_NEW));
    let rows = ROWS.get_or_init(|| all().map(|row| (tsv::key(row), row)).collect());
    let row = rows.get(kind)?;
    let mut columns = tsv::columns(row).skip(1).map(|names| {
        let names = names.split(',');
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
    });
    let always = columns.next().unwrap_or_default();
    let more = columns.next().unwrap_or_default();
    let mut tables = KINDS.iter().filter(|it| it.tf == kind).peekable();
    Some(if is_template {
        let maybe = more.into_iter().map(|name| (name, "")).collect();
        Rules { always, maybe }
    } else if tables.peek().is_some() {
        let conditions = tables.flat_map(|it| it.replaced_if);
        let maybe = conditions.copied().collect();
        Rules { always, maybe }
    } else {
        // Nobody reviewed which of these depend on a condition.
        let tried = always
            .into_iter()
            .map(|name| (name, "the provider replaces it in a trial"));
        let in_place = |name: &&str| {
            let top = name.split('.').next().unwrap_or_default();
            REJECTED_IN_PLACE.contains(&(kind, top))
        };
        let rejected = more
            .into_iter()
            .filter(|name| !in_place(name))
            .map(|name| (name, "the provider rejects a trial"));
        let maybe = tried.chain(rejected).collect();
        Rules {
            always: Vec::new(),
            maybe,
        }
    })
}

/// Returns a path without item keys, or an address without the indices of `count` and `for_each`.
pub(crate) fn without_brackets(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut depth = 0_u32;
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Returns whether a change at a path affects the property.
fn touches(changed: &str, property: &str) -> bool {
    let below = |path: &str, above: &str| {
        let rest = path.strip_prefix(above);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    below(changed, property) || below(property, changed)
}

/// Returns whether a path belongs to a property.
pub(crate) fn names(path: &str, property: &str) -> bool {
    touches(&without_brackets(path), property)
}

/// Returns the replacements that changed properties force.
pub(crate) fn forced<'a>(kind: &str, paths: impl Iterator<Item = &'a str>) -> Vec<Replacement> {
    let Some(rules) = rules(kind).filter(|_| !is_handled(kind)) else {
        let each = paths.filter_map(|path| unruled(kind, path));
        let mut out: Vec<Replacement> = Vec::new();
        each.for_each(|it| {
            if !out.contains(&it) {
                out.push(it);
            }
        });
        return out;
    };
    let mut out: Vec<Replacement> = Vec::new();
    for path in paths {
        let changed = without_brackets(path);
        let known =
            |out: &[Replacement], property: &str| out.iter().any(|it| it.property == property);
        if let Some(property) = rules.always.iter().find(|it| touches(&changed, it)) {
            if !known(&out, property) {
                out.push(Replacement {
                    property: (*property).to_owned(),
                    reason: ReplacementReason::Always,
                });
            }
        } else if MAY_REPLACE.contains(&(kind, changed.as_str())) {
            out.push(Replacement {
                property: changed,
                reason: ReplacementReason::Maybe(String::new()),
            });
        } else if let Some((property, when)) =
            rules.maybe.iter().find(|(it, _)| touches(&changed, it))
            && !known(&out, property)
            && !INTERRUPTS.contains(&(kind, property))
        {
            out.push(Replacement {
                property: (*property).to_owned(),
                reason: ReplacementReason::Maybe((*when).to_owned()),
            });
        }
    }
    out
}

/// Arguments that the provider changes in place, of types without rules.
const IN_PLACE: [&str; 24] = [
    "policy",
    "tags",
    "acl",
    "description",
    "comment",
    "enabled",
    "publicly_accessible",
    "timeout",
    "memory_size",
    "instance_class",
    "engine_version",
    "desired_count",
    "min_size",
    "max_size",
    "max_session_duration",
    "policy_document",
    "assume_role_policy",
    "force_destroy",
    "password",
    "deletion_protection",
    "skip_destroy",
    "skip_final_snapshot",
    "apply_immediately",
    "environment",
];

/// Services with another name in the types of Terraform.
const SERVICES: [(&str, &str); 8] = [
    ("db_", "rds_db_"),
    ("rds_cluster", "rds_db_cluster"),
    ("lb_", "elastic_load_balancing_v2_"),
    ("cloudwatch_event_", "events_"),
    ("sfn_", "step_functions_"),
    ("api_gateway_", "api_gateway_"),
    ("ssoadmin_", "sso_"),
    ("opensearch_", "open_search_service_"),
];

/// Returns a name without case and separators.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_lowercase()
}

/// Returns the rules of CloudFormation for a type of Terraform.
fn rules_of_cfn(kind: &str) -> Option<Rules> {
    let name = kind.strip_prefix("aws_")?;
    let other = SERVICES.iter().find_map(|(tf, cfn)| {
        let rest = name.strip_prefix(tf)?;
        Some(format!("{cfn}{rest}"))
    });
    let expected =
        [Some(name.to_owned()), other].map(|it| format!("aws{}", letters(&it.unwrap_or_default())));
    let mut keys = tsv::rows(CREATE_ONLY).map(tsv::key);
    rules(keys.find(|key| expected.contains(&letters(key)))?)
}

/// Returns whether the cases of [`unruled`] decide all properties of a type.
fn is_handled(kind: &str) -> bool {
    let starts = ["Custom::", "AWS::Serverless::"];
    starts.iter().any(|it| kind.starts_with(it)) || kind == "AWS::CloudFormation::Stack"
}

/// Returns the create-only properties of a type of CloudFormation.
pub(super) fn create_only(kind: &str) -> Vec<&'static str> {
    let rules = rules(kind).filter(|_| kind.contains("::"));
    rules.map(|it| it.always).unwrap_or_default()
}

/// Returns the replacement by a property of a type without rules.
fn unruled(kind: &str, path: &str) -> Option<Replacement> {
    let property = without_brackets(path);
    let unknown = |why: &str| {
        Some(Replacement {
            property: property.clone(),
            reason: ReplacementReason::Unknown(why.to_owned()),
        })
    };
    let first = property.split('.').next().unwrap_or_default();
    let is_name = first.ends_with("Name") || first.ends_with("Id") || first == "ServiceToken";
    // The names of these APIs are not create-only.
    let in_place = first == "Name"
        && [
            "AWS::Serverless::Api",
            "AWS::Serverless::HttpApi",
            "AWS::Serverless::GraphQLApi",
        ]
        .contains(&kind);
    let is_key =
        first == "PrimaryKey" || kind == "AWS::Serverless::StateMachine" && first == "Type";
    match kind {
        "AWS::CloudFormation::Stack" if first == "TemplateURL" => {
            unknown("the nested template is not in the file")
        }
        "AWS::CloudFormation::CustomResource" if is_name => {
            unknown("the function of a custom resource determines it")
        }
        kind if kind.starts_with("Custom::") && is_name => {
            unknown("the function of a custom resource determines it")
        }
        kind if kind.starts_with("AWS::Serverless::") && (is_name && !in_place || is_key) => {
            unknown("the transform creates the resource")
        }
        kind if is_handled(kind) => None,
        kind if kind.contains("::") => unknown("the schema of the type is unknown"),
        kind if kind.starts_with("aws_") => match rules_of_cfn(kind) {
            Some(rules) => {
                let argument = letters(first);
                let maybe = rules.maybe.iter().map(|(name, _)| name);
                let names = |name: &&&str| {
                    let name = letters(name.split('.').next().unwrap_or_default());
                    name == argument || argument.len() > 3 && name.ends_with(&argument)
                };
                rules
                    .always
                    .iter()
                    .chain(maybe)
                    .find(names)
                    .map(|_| Replacement {
                        property: property.clone(),
                        reason: ReplacementReason::Maybe(
                            "CloudFormation cannot change it".to_owned(),
                        ),
                    })
            }
            None if IN_PLACE.contains(&first) => None,
            None => unknown("the rules of the provider for this type are unknown"),
        },
        _ => unknown("the rules of the provider are unknown"),
    }
}

/// Returns whether a change is of an instance type, to one for the same processors.
fn is_same_architecture(change: &PropertyChange) -> bool {
    let of = |it: &Option<Value>| Architecture::of(it.as_ref()?.as_str()?);
    let was = of(&change.old);
    change.path == "instance_type" && was.is_some() && was == of(&change.new)
}

/// Marks what a macro can replace: the resource with its call, or all resources.
pub(super) fn mark_macros(old: &Side, new: &Side, differences: &mut Vec<Difference>) {
    let forced = |property: &str| Replacement {
        property: property.to_owned(),
        reason: ReplacementReason::Unknown("a macro can change each property".to_owned()),
    };
    for it in differences
        .iter_mut()
        .filter(|it| it.section == "Resources")
    {
        let [was, is] = [old, new].map(|side| {
            let entry = side.resources.get(&it.id);
            entry
                .map(|it| super::access::transformed(&it.properties))
                .unwrap_or_default()
        });
        if matches!(it.change, Change::Changed(_)) && was != is {
            it.forced.push(forced("Fn::Transform"));
        }
    }
    let [was, is] = [old, new].map(super::access::macros);
    if was != is && !old.resources.is_empty() {
        let known = differences.iter_mut().find(|it| it.section == "Transform");
        match known {
            Some(known) => known.forced.push(forced("Transform")),
            None => differences.push(Difference {
                forced: vec![forced("Transform")],
                ..Difference::new("Transform", "", "", Change::Changed(Vec::new()))
            }),
        }
    }
}

/// Marks replaced resources. In templates, a replacement propagates to create-only properties that
/// refer to the replaced resource.
pub(crate) fn mark(old: &Side, new: &Side, differences: &mut Vec<Difference>) {
    for it in differences
        .iter_mut()
        .filter(|it| it.section == "Resources")
    {
        it.forced = match &it.change {
            Change::Changed(changes) => {
                let real = changes
                    .iter()
                    .filter(|change| !is_respelled((&it.kind, change), (old, new)));
                let paths = real.map(|it| it.path.as_str());
                let mut forced = forced(&it.kind, paths.filter(|path| !path.starts_with('(')));
                // Another value of the same argument is the same kind of source.
                let is_set = |property: &str| {
                    let mut all = changes.iter();
                    all.any(|it| it.path == property && it.old.is_some() && it.new.is_some())
                };
                forced.retain(|it| {
                    it.reason != ReplacementReason::Maybe(OTHER_PEER.to_owned())
                        || !is_set(&it.property)
                });
                if it.kind == "aws_instance" && changes.iter().any(is_same_architecture) {
                    forced.retain(|it| it.property != "instance_type");
                }
                if new
                    .resources
                    .get(&it.id)
                    .is_some_and(update_policy::is_shown)
                {
                    // The condition of the schema is the update policy, which the template shows.
                    forced.retain(|it| !update_policy::ROLLED.contains(&it.property.as_str()));
                }
                let version = changes.iter().find(|change| {
                    let entry = new.resources.get(&it.id);
                    entry.is_some_and(|it| update_policy::replaces_domain(it, &change.path))
                });
                forced.extend(version.map(|change| Replacement {
                    property: change.path.clone(),
                    reason: ReplacementReason::Maybe("without EnableVersionUpgrade".to_owned()),
                }));
                if new
                    .resources
                    .get(&it.id)
                    .is_some_and(update_policy::will_replace)
                {
                    let tops = changes.iter().map(|it| without_brackets(&it.path));
                    let tops: HashSet<String> = tops
                        .filter_map(|it| it.split('.').next().map(str::to_owned))
                        .collect();
                    let property = update_policy::ROLLED
                        .into_iter()
                        .find(|it| tops.contains(*it));
                    forced.extend(property.map(|property| Replacement {
                        property: property.to_owned(),
                        reason: ReplacementReason::UpdatePolicy,
                    }));
                }
                forced
            }
            Change::Retyped(_) => vec![Replacement {
                property: "Type".to_owned(),
                reason: ReplacementReason::Always,
            }],
            Change::Renamed(_) => vec![Replacement {
                property: String::new(),
                reason: ReplacementReason::Renamed,
            }],
            Change::Added | Change::Removed | Change::Moved(_) | Change::Forgotten => Vec::new(),
        };
    }
    loop {
        let replaced: HashSet<&str> = differences
            .iter()
            .filter(|it| it.is_replaced())
            .map(|it| it.id.as_str())
            .collect();
        let changed: HashSet<&str> = differences
            .iter()
            .filter(|it| it.section == "Resources" && matches!(&it.change, Change::Changed(all) if all.iter().any(|it| !it.path.starts_with('('))))
            .map(|it| it.id.as_str())
            .collect();
        let mut more = Vec::new();
        for (id, entry) in &new.resources {
            let known = differences
                .iter()
                .find(|it| it.section == "Resources" && it.id == *id);
            let stays =
                known.is_none_or(|it| matches!(it.change, Change::Changed(_)) && !it.is_replaced());
            if !stays || !entry.kind.contains("::") {
                continue;
            }
            let Some(rules) = rules(&entry.kind) else {
                continue;
            };
            let mut properties = rules.always;
            if update_policy::will_replace(entry) {
                properties.extend(update_policy::ROLLED);
            }
            for property in properties {
                let (mut values, mut ids) = (Vec::new(), HashSet::new());
                within(&entry.properties, property, &mut values);
                values.into_iter().for_each(|it| named(it, &mut ids));
                let mut ids: Vec<String> = ids.into_iter().collect();
                ids.sort();
                if let Some(through) = ids.into_iter().find(|it| replaced.contains(it.as_str())) {
                    let reason = ReplacementReason::Through(through);
                    more.push((id.clone(), entry.kind.clone(), property.to_owned(), reason));
                    break;
                }
                let (mut values, mut ids) = (Vec::new(), HashSet::new());
                within(&entry.properties, property, &mut values);
                values.into_iter().for_each(|it| versions(it, &mut ids));
                if let Some(of) = ids.into_iter().find(|it| changed.contains(it.as_str())) {
                    let reason = ReplacementReason::Version(of);
                    more.push((id.clone(), entry.kind.clone(), property.to_owned(), reason));
                    break;
                }
            }
        }
        if more.is_empty() {
            return;
        }
        for (id, kind, property, reason) in more {
            let forced = Replacement { property, reason };
            match differences
                .iter_mut()
                .find(|it| it.section == "Resources" && it.id == id)
            {
                Some(known) => known.forced.push(forced),
                None => differences.push(Difference {
                    forced: vec![forced],
                    ..Difference::resource(&id, &kind, Change::Changed(Vec::new()))
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, path: &str) -> Vec<ReplacementReason> {
        forced(kind, [path].into_iter())
            .into_iter()
            .map(|it| it.reason)
            .collect()
    }

    #[test]
    fn create_only_properties_replace() {
        assert_eq!(
            of("AWS::EC2::VPC", "CidrBlock"),
            [ReplacementReason::Always]
        );
        assert_eq!(of("AWS::EC2::VPC", "Tags[Name]"), []);
        assert_eq!(
            of("AWS::EC2::Instance", "LaunchTemplate.LaunchTemplateId"),
            [ReplacementReason::Always]
        );
        assert!(matches!(
            of("AWS::EC2::Instance", "InstanceType")[..],
            [ReplacementReason::Maybe(_)]
        ));
        assert_eq!(of("aws_subnet", "cidr_block"), [ReplacementReason::Always]);
        assert_eq!(
            of("aws_instance", "root_block_device[].encrypted"),
            [ReplacementReason::Always]
        );
        assert_eq!(of("aws_instance", "tags.Name"), []);
        let when = of("aws_instance", "instance_type");
        assert!(
            matches!(&when[..], [ReplacementReason::Maybe(text)] if text.contains("architecture"))
        );
    }

    #[test]
    fn every_terraform_type_lists_what_replaces_it() {
        for kind in KINDS.iter().filter(|it| it.tf.starts_with("aws_")) {
            let rules = rules(kind.tf);
            let rules = rules.unwrap_or_else(|| panic!("{} is not in force_new.tsv", kind.tf));
            for (argument, _) in rules.maybe {
                assert!(!rules.always.contains(&argument), "{}: {argument}", kind.tf);
            }
        }
    }
}
