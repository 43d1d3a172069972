//! Changes of access: IAM statements, security group rules, exposure and encryption.
//!
//! A rule or statement is broader if no old one covers it, and an old one is narrower if no new one
//! covers it. Unresolved functions equal only themselves. What has no such comparison and can change
//! access is unknown.

mod arn;
mod condition;
mod grant;
mod judge;
mod leaf;
mod managed;
mod meaning;
mod network_acl;
mod openapi;
mod rule;
mod statement;
mod table;
mod tags;
mod web_acl;
mod word;

use serde_json::Value;

use super::{LOOPS, Side};
pub(in crate::diff) use arn::canonical;
pub(in crate::diff) use meaning::{is_document, loss, transformed};
pub(in crate::diff) use tags::tests_tags;

/// The direction of a change of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// It gives access.
    Broader,
    /// It can give access, and the files do not show whether it does.
    Unknown,
    /// It removes access.
    Narrower,
}

impl Direction {
    /// Returns the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::Broader => "broader",
            Direction::Unknown => "unknown",
            Direction::Narrower => "narrower",
        }
    }

    const fn of(is_broader: bool) -> Direction {
        match is_broader {
            true => Direction::Broader,
            false => Direction::Narrower,
        }
    }
}

/// A change of access.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessChange {
    /// Whether the change broadens access.
    pub direction: Direction,
    /// The resource.
    pub owner: String,
    /// The change, without its subject.
    pub what: String,
}

/// Returns the changes of access, the broader ones first, in the order of the new template.
pub(crate) fn access(old: &Side, new: &Side) -> Vec<AccessChange> {
    let mut out = modeled(old, new);
    out.extend(meaning::changes(old, new));
    out.extend(tags::changes(old, new));
    unreadable(old, new, &mut out);
    sorted(out)
}

/// Returns the changes of what the model contains of plans, and of the other properties and resources.
pub(crate) fn access_of_plans(
    (old, new): (&Side, &Side),
    (was, is): (&Side, &Side),
) -> Vec<AccessChange> {
    let mut out = modeled(old, new);
    out.extend(grant::changes(&unmodeled(was), &unmodeled(is)));
    let known = |it: &AccessChange| {
        out.iter()
            .any(|known| known.owner == it.owner && known.direction <= it.direction)
    };
    let more = meaning::changes(was, is)
        .into_iter()
        .chain(tags::changes(was, is))
        .filter(|it| !known(it));
    let more: Vec<AccessChange> = more.collect();
    out.extend(more);
    sorted(out)
}

/// Returns the resources whose policies the model does not contain.
fn unmodeled(side: &Side) -> Side {
    let mut side = side.clone();
    side.resources.retain(|_, it| {
        it.kind.contains("_policy_attachment") && it.kind != "aws_iam_role_policy_attachment"
            || crate::resource::KINDS.iter().all(|kind| kind.tf != it.kind)
    });
    side
}

fn modeled(old: &Side, new: &Side) -> Vec<AccessChange> {
    let mut out = rule::changes(old, new);
    out.extend(network_acl::changes(old, new));
    out.extend(grant::changes(old, new));
    attachments(old, new, &mut out);
    out
}

/// Sorts changes, without duplicates.
pub(crate) fn sorted(mut out: Vec<AccessChange>) -> Vec<AccessChange> {
    out.sort_by_key(|change| change.direction);
    let mut seen: Vec<AccessChange> = Vec::new();
    out.retain(|it| {
        let first = !seen.contains(it);
        if first {
            seen.push(it.clone());
        }
        first
    });
    out
}

/// Macros whose effect is known.
const KNOWN_MACROS: [&str; 3] = [
    "AWS::Serverless-",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-",
];

/// Returns the macros of a template whose effect is unknown.
pub(in crate::diff) fn macros(side: &Side) -> Vec<String> {
    let of = side.sections.get("Transform");
    let names = list(of).into_iter().map(name);
    names
        .filter(|it| !KNOWN_MACROS.iter().any(|known| it.starts_with(known)))
        .collect()
}

/// Adds what CloudFormation computes by code or values that are not in the template.
fn unreadable(old: &Side, new: &Side, out: &mut Vec<AccessChange>) {
    let mut push = |owner: &str, what: String| {
        out.push(AccessChange {
            direction: Direction::Unknown,
            owner: owner.to_owned(),
            what,
        });
    };
    let mut shown = Vec::new();
    let (was, is) = (macros(old), macros(new));
    if !(was.is_empty() && is.is_empty()) && (was != is || old.resources != new.resources) {
        let names = is.iter().chain(was.iter().filter(|it| !is.contains(it)));
        let names: Vec<&str> = names.map(String::as_str).collect();
        push(
            "Transform",
            format!("the effect of macro {} is unknown", names.join(", ")),
        );
    }
    let hidden = |side: &Side, name: &str| {
        let flag = side.sections.get("Parameters")?.get(name)?.get("NoEcho")?;
        Some(flag.as_str()?.eq_ignore_ascii_case("true"))
    };
    let parameters = new.sections.get("Parameters").and_then(Value::as_object);
    for name in parameters.into_iter().flatten().map(|(name, _)| name) {
        if hidden(old, name) == Some(true) && hidden(new, name) != Some(true) {
            shown.push(AccessChange {
                direction: Direction::Broader,
                owner: format!("Parameters.{name}"),
                what: "NoEcho is no longer true, so the stack shows the value".to_owned(),
            });
        }
    }
    let empty = Value::Null;
    let [was, is] = [old, new].map(|it| it.sections.get(LOOPS).unwrap_or(&empty));
    for (name, items) in is.as_object().into_iter().flatten() {
        if was.get(name).is_some_and(|it| it != items) {
            push(name, "repeats its resources for other items".to_owned());
        }
    }
    out.extend(shown);
}

/// Returns the items of each list that the other does not cover. Items of the new list are broader.
fn uncovered<T: Clone>(old: &[T], new: &[T], covers: fn(&T, &T) -> bool) -> Vec<(T, bool)> {
    let of = |list: &[T], other: &[T], is_new: bool| -> Vec<(T, bool)> {
        list.iter()
            .filter(|it| !other.iter().any(|by| covers(by, it)))
            .map(|it| (it.clone(), is_new))
            .collect()
    };
    let mut out = of(new, old, true);
    out.extend(of(old, new, false));
    out
}

/// Returns whether a value is a statement of IAM, and not one of a firewall or of data protection.
fn is_statement(value: &Value) -> bool {
    let map = value.as_object();
    map.is_some_and(|it| it.contains_key("Effect") || super::is_function(it))
}

/// Returns a name for a value: the logical ID that it refers to, or its text.
pub(in crate::diff) fn name(value: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) if map.len() == 1 => match map.iter().next() {
            Some((key, target)) if key == "Ref" => text(target),
            Some((key, Value::Array(parts))) if key == "Fn::GetAtt" => {
                let parts: Vec<String> = parts.iter().map(text).collect();
                attribute(&parts.join("."))
            }
            Some((key, Value::String(target))) if key == "Fn::GetAtt" => attribute(target),
            Some((key, Value::String(target))) if key == "Fn::Sub" => {
                in_partition(target).replace("${!", "${")
            }
            Some((key, Value::Array(parts))) if key == "Fn::Join" => joined(parts),
            _ => notation(value),
        },
        other => notation(other),
    }
}

/// Returns a value in the notation of YAML on one line, with the short form of functions.
pub(in crate::diff) fn notation(value: &Value) -> String {
    let flow = |items: &[Value]| {
        let items: Vec<String> = items.iter().map(notation).collect();
        format!("[{}]", items.join(", "))
    };
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => flow(items),
        Value::Object(map) => match map.iter().next() {
            Some((key, argument)) if map.len() == 1 && super::is_function(map) => {
                let function = key.strip_prefix("Fn::").unwrap_or(key);
                let argument = match argument {
                    Value::Array(parts)
                        if key == "Fn::GetAtt" && parts.iter().all(Value::is_string) =>
                    {
                        let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                        parts.join(".")
                    }
                    other => notation(other),
                };
                format!("!{function} {argument}")
            }
            _ => {
                let entries: Vec<String> = map
                    .iter()
                    .map(|(key, it)| format!("{key}: {}", notation(it)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
        },
        other => other.to_string(),
    }
}

/// Returns the name of an attribute. The default attribute needs none.
fn attribute(path: &str) -> String {
    path.strip_suffix(".GroupId").unwrap_or(path).to_owned()
}

/// Returns the text of a join, with `${…}` for unresolved parts.
fn joined(parts: &[Value]) -> String {
    let (Some(between), Some(items)) = (
        parts.first().and_then(Value::as_str),
        parts.get(1).and_then(Value::as_array),
    ) else {
        return Value::Array(parts.to_vec()).to_string();
    };
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Value::String(text) => text.clone(),
            other => format!("${{{}}}", name(other)),
        })
        .collect();
    in_partition(&items.join(between))
}

/// Returns a text with the usual partition: the stack and its resources are in one.
fn in_partition(text: &str) -> String {
    text.replace("arn:${AWS::Partition}:", "arn:aws:")
}

fn is_no_value(value: &Value) -> bool {
    value.get("Ref").and_then(Value::as_str) == Some("AWS::NoValue")
}

/// Returns the possible values: both branches of a condition, and `None` if it can be absent.
fn branches(value: Option<&Value>) -> Vec<Option<&Value>> {
    let Some(value) = value.filter(|it| !it.is_null() && !is_no_value(it)) else {
        return vec![None];
    };
    match value.get("Fn::If").and_then(Value::as_array) {
        Some(parts) if parts.len() == 3 && value.as_object().is_some_and(|it| it.len() == 1) => {
            let mut out = branches(parts.get(1));
            out.extend(branches(parts.get(2)));
            out
        }
        _ => vec![Some(value)],
    }
}

/// Returns the items of a list, from all branches of the list and of its items.
fn list(value: Option<&Value>) -> Vec<&Value> {
    let mut out = Vec::new();
    for value in branches(value).into_iter().flatten() {
        match value {
            Value::Array(items) => {
                for item in items {
                    // A branch can be a list or an item.
                    out.extend(branches(Some(item)).into_iter().flatten());
                }
            }
            one => out.push(one),
        }
    }
    out
}

/// Properties that attach a resource to another, with a verb phrase.
const ATTACHED: [(&str, &str); 10] = [
    ("SecurityGroupIds", "is in security group"),
    ("SecurityGroups", "is in security group"),
    ("GroupSet", "is in security group"),
    ("Groups", "is in security group"),
    ("VpcSecurityGroupIds", "is in security group"),
    ("VPCSecurityGroups", "is in security group"),
    ("IamInstanceProfile", "has instance profile"),
    ("Roles", "passes role"),
    ("InstanceId", "is a public IP address of"),
    ("NetworkInterfaceId", "is a public IP address of"),
];

fn attached(side: &Side) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (id, entry) in &side.resources {
        let expected: &[&str] = match entry.kind.as_str() {
            "AWS::EC2::Instance" | "AWS::EC2::NetworkInterface" => &[
                "SecurityGroupIds",
                "SecurityGroups",
                "GroupSet",
                "IamInstanceProfile",
            ],
            "AWS::EC2::LaunchTemplate" | "AWS::AutoScaling::LaunchConfiguration" => &[
                "SecurityGroupIds",
                "SecurityGroups",
                "Groups",
                "IamInstanceProfile",
            ],
            "AWS::EC2::VPCEndpoint" => &["SecurityGroupIds"],
            "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster" => {
                &["VpcSecurityGroupIds", "VPCSecurityGroups"]
            }
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => &["SecurityGroups"],
            "AWS::IAM::InstanceProfile" => &["Roles"],
            "AWS::EC2::EIP" | "AWS::EC2::EIPAssociation" => &["InstanceId", "NetworkInterfaceId"],
            _ => continue,
        };
        let subnet = entry.properties.get("SubnetId").map(name);
        let subnet = subnet.and_then(|it| Some((side.resources.get(&it)?, it)));
        let assigns = |it: &super::Entry| {
            let value = it.properties.get("MapPublicIpOnLaunch").map(name);
            value.is_some_and(|it| it.eq_ignore_ascii_case("true"))
        };
        if let Some((_, subnet)) = subnet.filter(|(it, _)| assigns(it)) {
            out.push((
                id.clone(),
                format!("is in subnet {subnet} with public addresses"),
            ));
        }
        within(&entry.properties, expected, &mut |key, value| {
            let verb = ATTACHED.iter().find(|(known, _)| *known == key);
            for item in list(Some(value)) {
                let item = item.get("Name").or(item.get("Arn")).unwrap_or(item);
                let verb = verb.map_or(key, |(_, verb)| verb);
                // An ARN and a name identify the same resource.
                let item = name(item);
                let item = item.strip_suffix(".Arn").unwrap_or(&item);
                if !item.is_empty() {
                    out.push((id.clone(), format!("{verb} {item}")));
                }
            }
        });
    }
    out
}

/// Finds properties with these names at any depth.
fn within<'a>(value: &'a Value, expected: &[&str], found: &mut dyn FnMut(&'a str, &'a Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| within(item, expected, found)),
        Value::Object(map) => {
            for (key, item) in map {
                match expected.contains(&key.as_str()) {
                    true => found(key, item),
                    false => within(item, expected, found),
                }
            }
        }
        _ => {}
    }
}

/// Adds changes of security groups, instance profiles, roles and public addresses. New resources
/// are already listed.
fn attachments(old: &Side, new: &Side, out: &mut Vec<AccessChange>) {
    let (was, is) = (attached(old), attached(new));
    let is_member = |it: &(String, String)| it.1.starts_with("is in security group");
    for it in uncovered(&was, &is, |by, it| by == it) {
        // Without a security group, the default one of the VPC applies.
        let has_none = is_member(&it.0) && !is.iter().any(|by| by.0 == it.0.0 && is_member(by));
        let ((owner, what), is_new) = it;
        let address = what.starts_with("is a public");
        if !(address || old.resources.contains_key(&owner) && new.resources.contains_key(&owner)) {
            continue;
        }
        out.push(AccessChange {
            direction: match has_none {
                true => Direction::Unknown,
                false => Direction::of(is_new),
            },
            what: match is_new {
                true => what,
                false => format!("no longer {what}"),
            },
            owner,
        });
    }
}

#[cfg(test)]
mod tests;
