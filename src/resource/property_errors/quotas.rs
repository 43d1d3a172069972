//! Hard limits of EC2, IAM and CloudFormation. No request to AWS increases them.

use super::required::{can_be_absent, objects};
use crate::ir::Expr;
use crate::resource::{Map, RawValue, TemplateError};

/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html>
const MOST_TAGS: usize = 50;
const MOST_OF_KEY: usize = 128;
const MOST_OF_VALUE: usize = 256;
/// Bytes before the encoding.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>
const MOST_USER_DATA: usize = 16 * 1024;
/// The characters of all inline policies together, or of a managed policy, without whitespace.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const MOST_OF_POLICIES: [(&str, &str, usize); 4] = [
    ("AWS::IAM::Role", "Policies", 10_240),
    ("AWS::IAM::Group", "Policies", 5_120),
    ("AWS::IAM::User", "Policies", 2_048),
    ("AWS::IAM::ManagedPolicy", "", 6_144),
];

/// Returns the errors of the evaluated properties of a resource.
pub(super) fn errors(id: &str, type_name: &str, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = Vec::new();
    // A launch template has the properties of instances inside.
    for before in ["", "LaunchTemplateData"] {
        for object in objects(properties, before) {
            let of = |path| objects(object, path);
            found.extend(tags(id, type_name, object));
            let specified = of("TagSpecifications").into_iter();
            found.extend(specified.flat_map(|it| tags(id, type_name, it)));
            if of("BlockDeviceMappings.Ebs").into_iter().any(lacks_iops) {
                found.push(error(
                    format!("a volume of `{id}` has no `Iops`, which `io1` and `io2` require"),
                    "set `Iops` of the volume",
                ));
            }
            if has_index_twice(&of("NetworkInterfaces")) {
                found.push(error(
                    format!("two network interfaces of `{id}` have the same `DeviceIndex`"),
                    "give each network interface another `DeviceIndex`",
                ));
            }
            if let Some(RawValue::Base64(data)) = object.get("UserData") {
                let size = bytes(data);
                if size > MOST_USER_DATA {
                    found.push(error(
                        format!(
                            "the user data of `{id}` has at least {size} bytes, more than \
                             {MOST_USER_DATA}"
                        ),
                        "move a part of the user data to a file that it downloads",
                    ));
                }
            }
        }
    }
    if type_name == "AWS::EC2::Volume" && lacks_iops(properties) {
        found.push(error(
            format!("`{id}` has no `Iops`, which `io1` and `io2` require"),
            "set `Iops`",
        ));
    }
    let of_policies = MOST_OF_POLICIES.iter().find(|it| it.0 == type_name);
    if let Some((_, path, most)) = of_policies {
        let documents = objects(properties, path).into_iter();
        let documents = documents.filter_map(|it| it.get("PolicyDocument"));
        let size: usize = documents.map(characters).sum();
        if size > *most {
            found.push(error(
                format!("the policies of `{id}` have at least {size} characters, more than {most}"),
                "split the policies into managed policies",
            ));
        }
    }
    found
}

fn error(reason: String, fix: &str) -> TemplateError {
    TemplateError {
        is_certain: true,
        ignores_condition: false,
        reason,
        fix: fix.to_owned(),
    }
}

fn tags(id: &str, type_name: &str, object: &Map<'_>) -> Vec<TemplateError> {
    let Some(RawValue::List(tags)) = object.get("Tags") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let counts = |it: &&RawValue<'_>| !it.is_items() && can_be_absent(it) == Some(false);
    let count = tags.iter().filter(counts).count();
    let is_limited = ["AWS::EC2::", "AWS::IAM::", "AWS::AutoScaling::"];
    if count > MOST_TAGS && is_limited.iter().any(|it| type_name.starts_with(it)) {
        found.push(error(
            format!("`{id}` has {count} tags, more than {MOST_TAGS}"),
            "remove tags",
        ));
    }
    let key = |it: &RawValue<'_>| match it {
        RawValue::Object(tag) => match tag.get("Key") {
            Some(RawValue::Str(key)) => Some(key.to_string()),
            _ => None,
        },
        _ => None,
    };
    let ignores_case = type_name.starts_with("AWS::IAM::");
    let keys: Vec<String> = tags.iter().filter_map(key).collect();
    let is_same = |a: &str, b: &str| a == b || ignores_case && a.eq_ignore_ascii_case(b);
    let twice = (1..keys.len()).find(|&n| keys[..n].iter().any(|it| is_same(it, &keys[n])));
    if let Some(n) = twice {
        found.push(TemplateError {
            // Other services are not known to refuse them.
            is_certain: is_limited.iter().any(|it| type_name.starts_with(it)),
            ..error(
                format!("`{id}` has two tags with the key `{}`", keys[n]),
                "remove one of the tags",
            )
        });
    }
    let lengths = [("Key", MOST_OF_KEY), ("Value", MOST_OF_VALUE)];
    for (part, most) in lengths {
        let text = |it: &RawValue<'_>| match it {
            RawValue::Object(tag) => match tag.get(part) {
                Some(RawValue::Str(text)) => Some(text.chars().count()),
                _ => None,
            },
            _ => None,
        };
        if let Some(length) = tags.iter().filter_map(text).find(|it| *it > most) {
            found.push(error(
                format!("a tag of `{id}` has a `{part}` of {length} characters, more than {most}"),
                "shorten the tag",
            ));
        }
    }
    let is_reserved = |it: &String| it.to_ascii_lowercase().starts_with("aws:");
    if let Some(key) = keys.into_iter().find(is_reserved) {
        found.push(error(
            format!("`{id}` has the tag `{key}`; only AWS creates tags that start with `aws:`"),
            "use another key for the tag",
        ));
    }
    found
}

/// Returns whether a volume requires `Iops` and has none.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html>
fn lacks_iops(volume: &Map<'_>) -> bool {
    let of = match volume.get("VolumeType") {
        Some(RawValue::Str(of)) => of,
        _ => return false,
    };
    matches!(of.as_ref(), "io1" | "io2") && volume.get("Iops").is_none()
}

fn has_index_twice(interfaces: &[&Map<'_>]) -> bool {
    let number = |it: &Map<'_>, name| match it.get(name) {
        None => Some(0),
        Some(RawValue::Str(text)) => text.parse::<u32>().ok(),
        Some(RawValue::Int(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    let at = |it: &&Map<'_>| {
        it.get("DeviceIndex")?;
        Some((number(it, "NetworkCardIndex")?, number(it, "DeviceIndex")?))
    };
    let all: Vec<_> = interfaces.iter().filter_map(at).collect();
    (1..all.len()).any(|n| all[..n].contains(&all[n]))
}

/// Returns the size of a text, without the parts that the file does not determine.
fn bytes(text: &RawValue<'_>) -> usize {
    fn of_expr(expr: &Expr) -> usize {
        match expr {
            Expr::Text(text) => text.len(),
            Expr::Concat(parts) => parts.iter().map(of_expr).sum(),
            _ => 0,
        }
    }
    match text {
        RawValue::Str(text) => text.len(),
        RawValue::Expr(expr) => of_expr(expr),
        _ => 0,
    }
}

/// Returns the length of the JSON of a document without whitespace, and without the parts that the file
/// does not determine.
fn characters(value: &RawValue<'_>) -> usize {
    match value {
        RawValue::Str(text) => 2 + text.chars().filter(|it| !it.is_whitespace()).count(),
        RawValue::List(items) => 1 + items.iter().map(|it| characters(it) + 1).sum::<usize>(),
        RawValue::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| key.len() + 4 + characters(value));
            1 + entries.sum::<usize>()
        }
        other => bytes(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::errors;

    fn count(type_name: &str, json: serde_json::Value) -> usize {
        let map = object(json);
        errors("Id", type_name, &map).len()
    }

    #[test]
    fn quotas_are_inclusive() {
        let tags = |count: usize| {
            let tags: Vec<_> = (0..count)
                .map(|n| serde_json::json!({"Key": format!("k{n}"), "Value": "v"}))
                .collect();
            serde_json::json!({"Tags": tags})
        };
        assert_eq!(count("AWS::EC2::Instance", tags(50)), 0);
        assert_eq!(count("AWS::EC2::Instance", tags(51)), 1);
        // The JSON of the document is 21 characters longer than the action.
        let policy = |length: usize| {
            let document = serde_json::json!({"Action": "a".repeat(length), "Id": " "});
            serde_json::json!({"Policies": [{"PolicyName": "p", "PolicyDocument": document}]})
        };
        assert_eq!(count("AWS::IAM::Role", policy(10_240 - 21)), 0);
        assert_eq!(count("AWS::IAM::Role", policy(10_240 - 20)), 1);
    }

    #[test]
    fn interfaces_of_two_cards_can_have_the_same_index() {
        let interfaces = |cards: [u32; 2]| {
            let of = |card| serde_json::json!({"DeviceIndex": "1", "NetworkCardIndex": card});
            serde_json::json!({"LaunchTemplateData": {"NetworkInterfaces": cards.map(of)}})
        };
        assert_eq!(count("AWS::EC2::LaunchTemplate", interfaces([0, 1])), 0);
        assert_eq!(count("AWS::EC2::LaunchTemplate", interfaces([1, 1])), 1);
    }
}
