//! Changes of access: IAM statements, security group rules, exposure and encryption.
//!
//! A rule or statement is broader if no old one covers it, and an old one is narrower if no new one
//! covers it. Both branches of a condition count. Unresolved functions equal only themselves.

mod grant;
mod rule;

use serde_json::Value;

use super::Side;

/// A change of access.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessChange {
    /// Whether the change broadens access.
    pub is_broader: bool,
    /// The resource.
    pub owner: String,
    /// The change, without its subject.
    pub what: String,
}

/// Properties that affect exposure, with their safe value.
const SAFER: [(&str, &str); 13] = [
    ("AssociatePublicIpAddress", "false"),
    ("BlockPublicAcls", "true"),
    ("BlockPublicPolicy", "true"),
    ("EnableKeyRotation", "true"),
    ("EnableLogFileValidation", "true"),
    ("Encrypted", "true"),
    ("HttpTokens", "required"),
    ("IgnorePublicAcls", "true"),
    ("InstanceMetadataTags", "disabled"),
    ("MapPublicIpOnLaunch", "false"),
    ("PubliclyAccessible", "false"),
    ("RestrictPublicBuckets", "true"),
    ("StorageEncrypted", "true"),
];

/// Returns the changes of access, the broader ones first, in the order of the new template.
pub(crate) fn access(old: &Side, new: &Side) -> Vec<AccessChange> {
    let mut out = rule::changes(old, new);
    out.extend(grant::changes(old, new));
    attachments(old, new, &mut out);
    exposure(old, new, &mut out);
    conditions(old, new, &mut out);
    out.sort_by_key(|change| !change.is_broader);
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

/// Returns a name for a value: the logical ID that it refers to, or its text.
fn name(value: &Value) -> String {
    if let Some(default) = value.get(super::DEFAULT) {
        return name(default);
    }
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
            Some((key, Value::String(target))) if key == "Fn::Sub" => target.clone(),
            Some((key, Value::Array(parts))) if key == "Fn::Join" => joined(parts),
            _ => value.to_string(),
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
    items.join(between)
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
const ATTACHED: [(&str, &str); 9] = [
    ("SecurityGroupIds", "is in security group"),
    ("SecurityGroups", "is in security group"),
    ("GroupSet", "is in security group"),
    ("Groups", "is in security group"),
    ("VpcSecurityGroupIds", "is in security group"),
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
            "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster" => &["VpcSecurityGroupIds"],
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => &["SecurityGroups"],
            "AWS::IAM::InstanceProfile" => &["Roles"],
            "AWS::EC2::EIP" | "AWS::EC2::EIPAssociation" => &["InstanceId", "NetworkInterfaceId"],
            _ => continue,
        };
        within(&entry.properties, expected, &mut |key, value| {
            let verb = ATTACHED.iter().find(|(known, _)| *known == key);
            for item in list(Some(value)) {
                let item = item.get("Name").or(item.get("Arn")).unwrap_or(item);
                let verb = verb.map_or(key, |(_, verb)| verb);
                out.push((id.clone(), format!("{verb} {}", name(item))));
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
    for ((owner, what), is_new) in uncovered(&attached(old), &attached(new), |by, it| by == it) {
        let address = what.starts_with("is a public");
        if !(address || old.resources.contains_key(&owner) && new.resources.contains_key(&owner)) {
            continue;
        }
        out.push(AccessChange {
            is_broader: is_new,
            what: match is_new {
                true => what,
                false => format!("no longer {what}"),
            },
            owner,
        });
    }
}

/// Adds changes of conditions on resources that grant access.
fn conditions(old: &Side, new: &Side, out: &mut Vec<AccessChange>) {
    let gives = |kind: &str| {
        kind.starts_with("AWS::EC2::SecurityGroup")
            || kind.starts_with("AWS::IAM::")
            || kind.contains("Policy")
    };
    for (id, entry) in new.resources.iter().filter(|(_, it)| gives(&it.kind)) {
        let Some(before) = old.resources.get(id) else {
            continue;
        };
        let [was, is] = [before, entry].map(|it| it.attributes.get("Condition"));
        if was != is {
            out.push(AccessChange {
                is_broader: was.is_some(),
                owner: id.clone(),
                what: match (was, is) {
                    (_, None) => "exists unconditionally".to_owned(),
                    (None, Some(is)) => format!("exists only if {}", name(is)),
                    (Some(_), Some(is)) => {
                        format!("exists if {}, a different condition", name(is))
                    }
                },
            });
        }
    }
}

/// Adds changes of properties that affect exposure.
fn exposure(old: &Side, new: &Side, out: &mut Vec<AccessChange>) {
    for (id, entry) in &new.resources {
        let mut is = Vec::new();
        found(&entry.properties, "", &mut is);
        let mut was = Vec::new();
        let before = old.resources.get(id);
        if let Some(before) = before {
            found(&before.properties, "", &mut was);
        }
        for (path, safe, value) in &is {
            let known = was.iter().find(|(other, ..)| other == path);
            let broader = match known {
                Some((_, was_safe, _)) if was_safe == safe => continue,
                // A new property with a safe value changes nothing.
                None if *safe => continue,
                _ => !safe,
            };
            out.push(AccessChange {
                is_broader: broader,
                owner: id.clone(),
                what: format!("{path} is {value}"),
            });
        }
        for (path, safe, value) in &was {
            if *safe && !is.iter().any(|(other, ..)| other == path) {
                out.push(AccessChange {
                    is_broader: true,
                    owner: id.clone(),
                    what: format!("{path} is no longer {value}"),
                });
            }
        }
    }
}

fn found(value: &Value, path: &str, out: &mut Vec<(String, bool, String)>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, item)| found(item, &format!("{path}[{n}]"), out)),
        Value::Object(map) => {
            for (key, item) in map {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                let rule = SAFER.iter().find(|(name, _)| name == key);
                if let (Some((_, safer)), Value::String(text)) = (rule, item) {
                    out.push((path, text.eq_ignore_ascii_case(safer), text.clone()));
                } else {
                    found(item, &path, out);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontend::cfn::Deployment;

    fn told(old: &str, new: &str) -> Vec<String> {
        let [old, new] = [old, new].map(|it| {
            let text = format!("Resources: {it}");
            super::super::read(&text, &Deployment::default()).expect("a template")
        });
        let word = |broader| if broader { "+" } else { "-" };
        access(&old, &new)
            .iter()
            .map(|it| format!("{} {} {}", word(it.is_broader), it.owner, it.what))
            .collect()
    }

    #[test]
    fn rules_are_compared_by_coverage() {
        let group = |rules: &str| {
            format!(
                "{{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupEgress: [], SecurityGroupIngress: [{rules}]}}}}}}"
            )
        };
        let narrow = group("{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}");
        let wide = group("{IpProtocol: '6', FromPort: 440, ToPort: 450, CidrIp: 10.0.0.0/16}");
        assert_eq!(
            told(&narrow, &wide),
            ["+ G allows TCP 440–450 inbound from 10.0.0.0/16"]
        );
        assert_eq!(
            told(&wide, &narrow),
            ["- G no longer allows TCP 440–450 inbound from 10.0.0.0/16"]
        );
        assert!(told(&wide, &wide).is_empty());
    }

    #[test]
    fn a_group_without_egress_rules_lets_everything_out() {
        let closed = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}]}}}";
        let open = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {}}}";
        // Removing the list removes all rules of an existing group; a new group without a list is
        // open.
        assert_eq!(
            told(closed, open),
            ["- G no longer allows TCP 443 outbound to 10.0.0.0/24"]
        );
        assert_eq!(
            told("{}", open),
            [
                "+ G allows all traffic outbound to 0.0.0.0/0",
                "+ G allows all traffic outbound to ::/0"
            ]
        );
        let apart = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupEgress: []}}, E: {Type: AWS::EC2::SecurityGroupEgress, Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}}}";
        assert!(told(closed, apart).is_empty());
    }

    #[test]
    fn statements_are_compared_by_allowed_actions() {
        let role = |statement: &str| {
            format!(
                "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{statement}]}}}}]}}}}}}"
            )
        };
        let get = role("{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*'}");
        let all = role("{Effect: Allow, Action: 's3:*', Resource: '*'}");
        assert_eq!(told(&get, &all), ["+ R allows s3:* on *"]);
        assert_eq!(told(&all, &get), ["- R no longer allows s3:* on *"]);
        let denied = role("{Effect: Deny, Action: 's3:*', Resource: '*'}");
        assert_eq!(
            told(&denied, &get),
            [
                "+ R allows s3:GetObject on arn:aws:s3:::a/*",
                "+ R no longer denies s3:* on *"
            ]
        );
        let tied = role(
            "{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::a/*', Condition: {Bool: {'aws:SecureTransport': true}}}",
        );
        assert_eq!(
            told(&tied, &get),
            ["+ R allows s3:GetObject on arn:aws:s3:::a/*"]
        );
    }

    #[test]
    fn exposure_is_reported() {
        let instance = |tokens: &str| {
            format!(
                "{{I: {{Type: AWS::EC2::Instance, Properties: {{MetadataOptions: {{HttpTokens: {tokens}}}}}}}}}"
            )
        };
        let (safe, open) = (instance("required"), instance("optional"));
        assert_eq!(
            told(&safe, &open),
            ["+ I MetadataOptions.HttpTokens is optional"]
        );
        assert_eq!(
            told(&open, &safe),
            ["- I MetadataOptions.HttpTokens is required"]
        );
        assert!(told("{}", &safe).is_empty());
    }

    #[test]
    fn a_policy_of_a_role_counts_for_the_role() {
        let inside = "{R: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: {Statement: {Effect: Allow, Action: a:b, Resource: '*'}}}]}}}";
        let apart = "{R: {Type: AWS::IAM::Role, Properties: {}}, P: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref R, PolicyDocument: {Statement: {Effect: Allow, Action: a:b, Resource: '*'}}}}}";
        assert!(told(inside, apart).is_empty());
    }

    #[test]
    fn exclusions_count_inversely() {
        let role = |statement: &str| {
            format!(
                "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [{statement}]}}}}]}}}}}}"
            )
        };
        let max = role("{Effect: Allow, NotAction: 'iam:*', Resource: '*'}");
        let nearly_all = role("{Effect: Allow, NotAction: 'iam:DeleteUser', Resource: '*'}");
        assert_eq!(
            told(&max, &nearly_all),
            ["+ R allows all except iam:DeleteUser on *"]
        );
        assert_eq!(
            told(&nearly_all, &max),
            ["- R no longer allows all except iam:DeleteUser on *"]
        );
        let one = role("{Effect: Allow, Action: x, Resource: 'a?'}");
        let many = role("{Effect: Allow, Action: x, Resource: 'a*'}");
        assert_eq!(told(&one, &many), ["+ R allows x on a*"]);
    }

    #[test]
    fn exclusions_do_not_cover_shared_parts() {
        let role = |statements: &str| {
            format!(
                "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [{statements}]}}}}]}}}}}}"
            )
        };
        let max = "{Effect: Allow, NotAction: 's3:Get*', Resource: '*'}";
        let more = format!("{max}, {{Effect: Allow, Action: 's3:*Object', Resource: '*'}}");
        assert_eq!(
            told(&role(max), &role(&more)),
            ["+ R allows s3:*Object on *"]
        );
        let far = format!("{max}, {{Effect: Allow, Action: 'ec2:Run*', Resource: '*'}}");
        assert!(told(&role(max), &role(&far)).is_empty());
        let tied = "{Effect: Allow, Action: x, Resource: r, Condition: {Bool: {k: true}}}";
        let perhaps = "{Effect: Allow, Action: x, Resource: r, Condition: !If [C, {Bool: {k: true}}, !Ref AWS::NoValue]}";
        assert_eq!(told(&role(tied), &role(perhaps)), ["+ R allows x on r"]);
    }

    #[test]
    fn a_group_that_is_replaced_is_open_as_a_new_one() {
        let group = |more: &str| {
            format!("{{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{{more}}}}}}}")
        };
        let closed = group(
            "GroupDescription: a, SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}]",
        );
        let open = group("GroupDescription: b");
        assert_eq!(
            told(&closed, &open),
            [
                "+ G allows all traffic outbound to 0.0.0.0/0",
                "+ G allows all traffic outbound to ::/0"
            ]
        );
    }

    #[test]
    fn both_branches_of_a_condition_count() {
        let role = |statement: &str| {
            format!(
                "{{R: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{PolicyDocument: {{Statement: [{statement}]}}}}]}}}}}}"
            )
        };
        let plain = role("{Effect: Allow, Action: x, Resource: r}");
        let more = role(
            "{Effect: Allow, Action: x, Resource: r}, !If [C, {Effect: Allow, Action: '*', Resource: '*'}, !Ref AWS::NoValue]",
        );
        assert_eq!(told(&plain, &more), ["+ R allows * on *"]);
        let endpoint = |policy: &str| {
            format!("{{E: {{Type: AWS::EC2::VPCEndpoint, Properties: {{{policy}}}}}}}")
        };
        let document = "{Statement: [{Effect: Allow, Principal: '*', Action: a, Resource: '*'}]}";
        let tied = endpoint(&format!("PolicyDocument: {document}"));
        let perhaps = endpoint(&format!(
            "PolicyDocument: !If [C, {document}, !Ref AWS::NoValue]"
        ));
        assert_eq!(told(&tied, &perhaps), ["+ E allows * on * to *"]);
        let none = endpoint("PolicyDocument: !Ref AWS::NoValue");
        assert!(told(&endpoint(""), &none).is_empty());
    }

    #[test]
    fn groups_roles_and_addresses_are_attached() {
        let instance = |group: &str| {
            format!(
                "{{I: {{Type: AWS::EC2::Instance, Properties: {{SecurityGroupIds: [!Ref {group}]}}}}}}"
            )
        };
        assert_eq!(
            told(&instance("G"), &instance("W")),
            [
                "+ I is in security group W",
                "- I no longer is in security group G"
            ]
        );
        let address = "{E: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref I}}}";
        assert_eq!(told("{}", address), ["+ E is a public IP address of I"]);
    }

    #[test]
    fn ports_that_are_not_resolved_cover_only_themselves() {
        let group = |rule: &str| {
            format!(
                "{{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupEgress: [], SecurityGroupIngress: [{rule}]}}}}}}"
            )
        };
        let one = group("{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}");
        let mapped = group(
            "{IpProtocol: tcp, FromPort: 443, ToPort: !FindInMap [M, a, b], CidrIp: 0.0.0.0/0}",
        );
        assert_eq!(told(&one, &mapped).len(), 2);
        let ping = group("{IpProtocol: icmp, FromPort: 8, ToPort: -1, CidrIp: 10.0.0.0/8}");
        let echo = group("{IpProtocol: icmp, FromPort: 8, ToPort: 0, CidrIp: 10.0.0.0/8}");
        assert_eq!(
            told(&ping, &echo),
            ["- G no longer allows ICMP type 8 inbound from 10.0.0.0/8"]
        );
        let all = group("{IpProtocol: -1, CidrIp: 127.0.0.1/0}");
        assert_eq!(told(&group(""), &all).len(), 1);
    }
}
