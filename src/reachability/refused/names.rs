//! Two resources with one name, of which AWS creates only the first.

use std::collections::HashMap;

use super::{Refusal, is_in_stack};
use crate::ir::{Dialect, NodeId, Text, Value};
use crate::reachability::graph_index::GraphIndex;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{Node, RawValue};
use crate::tsv;

/// Columns: type, property.
const TABLE: &str = include_str!("../identifiers.tsv");

/// Types whose services are known to refuse a second resource of a name. Others can accept it.
const UNIQUE: &[&str] = &[
    "AWS::AutoScaling::",
    "AWS::CloudTrail::Trail",
    "AWS::DynamoDB::",
    "AWS::EC2::KeyPair",
    "AWS::EC2::LaunchTemplate",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::RDS::",
    "AWS::S3::Bucket",
    "AWS::SSM::",
];

pub(super) fn twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut seen: HashMap<(String, String), NodeId> = HashMap::new();
    let mut found = Vec::new();
    for stack in &index.stacks {
        for (id, node) in index.graph.nodes_of(stack) {
            if node.is_absent() || node.is_lookup() {
                continue;
            }
            let Some((of, field, name)) = name_of(node) else {
                continue;
            };
            let is_iam = of.contains("IAM");
            let same = if is_iam {
                name.to_ascii_lowercase()
            } else {
                name.clone()
            };
            let first = *seen.entry((of.clone(), same)).or_insert(id);
            if first == id {
                continue;
            }
            let is_unique = UNIQUE.iter().any(|it| of.starts_with(it));
            // Several that a condition creates can exclude each other.
            let exist = match index.graph.node(first) {
                Some(other) if node.is_certain() || other.is_certain() => {
                    is_in_stack(node).and(is_in_stack(other))
                }
                _ => Ternary::No,
            };
            let certain = match is_unique {
                true => exist,
                false => exist.and(Ternary::Unknown),
            };
            let service = if is_iam { "IAM" } else { "AWS" };
            let verb = if certain.is_yes() {
                "refuses"
            } else {
                "can refuse"
            };
            let error = if is_iam {
                "EntityAlreadyExists"
            } else {
                "AlreadyExists"
            };
            let reason = format!(
                "{service} {verb} `{}` (`{error}`): `{}` has the same name `{name}`",
                index.name(id),
                index.name(first)
            );
            let hop = match node.resource.kind().map(|it| it.name) {
                Some("Role" | "InstanceProfile") => Hop::InstanceProfile,
                _ => Hop::Agent,
            };
            let refusal = Refusal::new(hop, (id, field), certain, reason);
            found.extend(refusal.map(|it| it.fix(Fix::manual("use another name, or remove it"))));
        }
    }
    found
}

/// Returns the type, the field and the name of a resource with a unique name.
fn name_of(node: &Node) -> Option<(String, &'static str, String)> {
    fn lit(value: Option<&Value<Text>>) -> Option<String> {
        let name = value?.lit()?;
        (!name.is_empty()).then(|| name.to_string())
    }
    use crate::resource::Resource as Of;
    let (of, field, name) = match &node.resource {
        Of::Role(it) => ("AWS::IAM::Role", "role_name", lit(it.role_name.as_ref())),
        Of::InstanceProfile(it) => {
            let name = lit(it.instance_profile_name.as_ref());
            ("AWS::IAM::InstanceProfile", "instance_profile_name", name)
        }
        Of::ManagedPolicy(it) => {
            let name = lit(it.managed_policy_name.as_ref());
            ("AWS::IAM::ManagedPolicy", "managed_policy_name", name)
        }
        Of::LogGroup(it) => (
            "AWS::Logs::LogGroup",
            "log_group_name",
            lit(it.log_group_name.as_ref()),
        ),
        Of::KmsAlias(it) => ("AWS::KMS::Alias", "alias_name", lit(Some(&it.alias_name))),
        Of::LaunchTemplate(it) => {
            let name = lit(it.launch_template_name.as_ref());
            ("AWS::EC2::LaunchTemplate", "launch_template_name", name)
        }
        _ => {
            let of = node.resource.type_name(Dialect::Cfn)?;
            let row = tsv::rows_of(TABLE, of).next()?;
            let property = tsv::columns(row).nth(1)?;
            let name = match node.property(property, "")? {
                RawValue::Str(name) if !name.is_empty() => name.into_owned(),
                _ => return None,
            };
            return Some((of.to_owned(), "", name));
        }
    };
    Some((of.to_owned(), field, name?))
}
