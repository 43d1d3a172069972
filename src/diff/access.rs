//! Who may do more, and who less: IAM statements, security group rules, exposure and encryption.
//!
//! A rule or statement is wider if nothing before covers it, and narrower if nothing after covers
//! what was there. Functions that are not resolved count as text: equal only to themselves.

use ipnet::Ipv4Net;
use serde_json::Value;

use super::{Entry, Side};

/// A change of what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessChange {
    /// Whether more is allowed afterwards.
    pub(crate) wider: bool,
    /// The resource that it is about.
    pub(crate) owner: String,
    /// What changes, as a sentence's rest.
    pub(crate) what: String,
}

/// A security group rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    owner: String,
    inbound: bool,
    protocol: String,
    /// Nothing is all ports.
    ports: Option<(i64, i64)>,
    peer: String,
}

/// One action on one resource, allowed or denied.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    owner: String,
    allow: bool,
    /// Who, where the document names somebody.
    principal: String,
    action: String,
    resource: String,
    condition: String,
}

/// What decides about exposure by its name alone: the property, and the value that is safer.
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

/// Tells what is allowed otherwise: what widens first, in the order of the new template.
pub(crate) fn access(old: &Side, new: &Side) -> Vec<AccessChange> {
    let mut out = Vec::new();
    let [was, is] = [old, new].map(rules);
    changes(&was, &is, covers_rule, |rule, wider| AccessChange {
        wider,
        owner: rule.owner.clone(),
        what: rule_text(rule, wider),
    })
    .for_each(|change| out.push(change));
    let [was, is] = [old, new].map(grants);
    grouped(&was, &is, &mut out);
    exposure(old, new, &mut out);
    out.sort_by_key(|change| !change.wider);
    out.dedup();
    out
}

/// What of each list the other does not cover; of the new list it is wider.
fn changes<'a, T, C>(
    old: &'a [T],
    new: &'a [T],
    covers: fn(&T, &T) -> bool,
    say: impl Fn(&T, bool) -> C + 'a,
) -> impl Iterator<Item = C> + 'a {
    let uncovered = move |list: &'a [T], other: &'a [T]| {
        list.iter()
            .filter(move |it| !other.iter().any(|by| covers(by, it)))
    };
    let wider = uncovered(new, old).map(|it| (it, true));
    let narrower = uncovered(old, new).map(|it| (it, false));
    wider.chain(narrower).map(move |(it, wider)| say(it, wider))
}

/// A name for a value: the logical id that it refers to, or its text.
fn name(value: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) if map.len() == 1 => match map.iter().next() {
            Some((key, target)) if key == "Ref" => text(target),
            Some((key, Value::Array(parts))) if key == "Fn::GetAtt" => {
                parts.first().map(text).unwrap_or_default()
            }
            Some((key, Value::String(target))) if key == "Fn::GetAtt" => {
                target.split('.').next().unwrap_or_default().to_owned()
            }
            Some((key, Value::String(target))) if key == "Fn::Sub" => target.clone(),
            Some((key, Value::Array(parts))) if key == "Fn::Join" => joined(parts),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// The text of a join, with `${…}` for what is not known.
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

fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    }
}

fn rules(side: &Side) -> Vec<Rule> {
    let mut out = Vec::new();
    for (id, entry) in &side.resources {
        let properties = &entry.properties;
        match entry.kind.as_str() {
            "AWS::EC2::SecurityGroup" => {
                for (key, inbound) in [
                    ("SecurityGroupIngress", true),
                    ("SecurityGroupEgress", false),
                ] {
                    for rule in list(properties.get(key)) {
                        // What leads to the instance itself stands for "none".
                        let rule = one_rule(id, inbound, rule);
                        if !rule.peer.starts_with("127.") {
                            out.push(rule);
                        }
                    }
                }
                if properties.get("SecurityGroupEgress").is_none() {
                    // EC2 gives a new group this rule unless the template lists others.
                    out.push(Rule {
                        owner: id.clone(),
                        inbound: false,
                        protocol: "-1".to_owned(),
                        ports: None,
                        peer: "0.0.0.0/0".to_owned(),
                    });
                }
            }
            "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress" => {
                let group = properties.get("GroupId").or(properties.get("GroupName"));
                let owner = group.map(name).unwrap_or_default();
                let inbound = entry.kind.ends_with("Ingress");
                out.push(one_rule(&owner, inbound, properties));
            }
            _ => {}
        }
    }
    out
}

fn one_rule(owner: &str, inbound: bool, rule: &Value) -> Rule {
    let text = |key: &str| rule.get(key).map(name);
    let protocol = match text("IpProtocol").unwrap_or_default().to_lowercase() {
        it if it == "6" => "tcp".to_owned(),
        it if it == "17" => "udp".to_owned(),
        it if it == "1" => "icmp".to_owned(),
        it => it,
    };
    let port = |key: &str| text(key).and_then(|it| it.parse::<i64>().ok());
    let ports = match (port("FromPort"), port("ToPort")) {
        _ if protocol == "-1" => None,
        (Some(-1), _) | (None, None) => None,
        (from, to) => Some((
            from.or(to).unwrap_or_default(),
            to.or(from).unwrap_or_default(),
        )),
    };
    let peers = [
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "SourceSecurityGroupName",
        "DestinationSecurityGroupId",
        "SourcePrefixListId",
        "DestinationPrefixListId",
    ];
    Rule {
        owner: owner.to_owned(),
        inbound,
        protocol,
        ports,
        peer: peers.iter().find_map(|key| text(key)).unwrap_or_default(),
    }
}

fn covers_rule(by: &Rule, rule: &Rule) -> bool {
    let ports = match (by.ports, rule.ports) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(by), Some(rule)) => by.0 <= rule.0 && rule.1 <= by.1,
    };
    by.owner == rule.owner
        && by.inbound == rule.inbound
        && (by.protocol == "-1" || by.protocol == rule.protocol)
        && ports
        && covers_peer(&by.peer, &rule.peer)
}

fn covers_peer(by: &str, peer: &str) -> bool {
    match (by.parse::<Ipv4Net>(), peer.parse::<Ipv4Net>()) {
        (Ok(by), Ok(peer)) => by.contains(&peer),
        _ => by == peer || (by == "::/0" && peer.contains("::")),
    }
}

fn rule_text(rule: &Rule, wider: bool) -> String {
    let verb = match (rule.inbound, wider) {
        (true, true) => "admits",
        (true, false) => "no longer admits",
        (false, true) => "lets out",
        (false, false) => "no longer lets out",
    };
    let way = if rule.inbound { "from" } else { "to" };
    let what = match (rule.protocol.as_str(), rule.ports) {
        ("-1", _) => "everything".to_owned(),
        (protocol, None) => format!("all {}", protocol.to_uppercase()),
        (protocol, Some((from, to))) if from == to => format!("{} {from}", protocol.to_uppercase()),
        (protocol, Some((from, to))) => format!("{} {from}–{to}", protocol.to_uppercase()),
    };
    format!("{verb} {what} {way} {}", rule.peer)
}

fn grants(side: &Side) -> Vec<Grant> {
    let mut out = Vec::new();
    for (id, entry) in &side.resources {
        statements(&owner(id, entry), &entry.properties, &mut out);
        for policy in list(entry.properties.get("ManagedPolicyArns")) {
            out.push(managed(id, &name(policy), true));
        }
        if let Some(boundary) = entry.properties.get("PermissionsBoundary") {
            // A boundary only takes away.
            out.push(Grant {
                allow: false,
                action: format!("what the boundary `{}` does not hold", name(boundary)),
                ..managed(id, "", false)
            });
        }
        if entry.kind == "AWS::EC2::VPCEndpoint" && entry.properties.get("PolicyDocument").is_none()
        {
            out.push(Grant {
                owner: id.clone(),
                allow: true,
                principal: "*".to_owned(),
                action: "*".to_owned(),
                resource: "*".to_owned(),
                condition: String::new(),
            });
        }
    }
    out
}

fn managed(owner: &str, policy: &str, allow: bool) -> Grant {
    let policy = match policy.split_once(":policy/") {
        Some((_, name)) if !policy.contains('{') || policy.contains("${AWS::Partition}") => name,
        _ => policy,
    };
    Grant {
        owner: owner.to_owned(),
        allow,
        principal: String::new(),
        action: format!("policy {policy}"),
        resource: String::new(),
        condition: String::new(),
    }
}

/// Whose permissions a policy holds: the role that it is attached to, or the resource itself.
fn owner(id: &str, entry: &Entry) -> String {
    let attached = [
        "RoleName",
        "Roles",
        "UserName",
        "Users",
        "GroupName",
        "Groups",
        "Bucket",
    ];
    if !entry.kind.contains("Policy") {
        return id.to_owned();
    }
    let found = attached.iter().find_map(|key| {
        let first = list(entry.properties.get(*key)).first().copied();
        first.map(name)
    });
    found.unwrap_or_else(|| id.to_owned())
}

/// Finds policy documents, wherever they are.
fn statements(owner: &str, value: &Value, out: &mut Vec<Grant>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| statements(owner, item, out)),
        Value::Object(map) => {
            if let Some(found) = map.get("Statement") {
                for statement in list(Some(found)) {
                    explode(owner, statement, out);
                }
                return;
            }
            map.values().for_each(|item| statements(owner, item, out));
        }
        _ => {}
    }
}

fn explode(owner: &str, statement: &Value, out: &mut Vec<Grant>) {
    let either = |key: &str| {
        let plain = list(statement.get(key)).into_iter().map(name);
        let but = list(statement.get(format!("Not{key}"))).into_iter();
        let but: Vec<String> = but.map(name).collect();
        let but = (!but.is_empty()).then(|| format!("all but {}", but.join(", ")));
        plain.chain(but).collect::<Vec<String>>()
    };
    let mut principals = Vec::new();
    for key in ["Principal", "NotPrincipal"] {
        let prefix = if key == "Principal" { "" } else { "all but " };
        match statement.get(key) {
            Some(Value::Object(kinds)) if !super::is_function(kinds) => {
                for (_, who) in kinds {
                    let who = list(Some(who)).into_iter();
                    principals.extend(who.map(|it| format!("{prefix}{}", name(it))));
                }
            }
            Some(other) => principals.push(format!("{prefix}{}", name(other))),
            None => {}
        }
    }
    if principals.is_empty() {
        principals.push(String::new());
    }
    let condition = match statement.get("Condition") {
        Some(condition) => condition.to_string(),
        None => String::new(),
    };
    let mut resources = either("Resource");
    if resources.is_empty() {
        resources.push(String::new());
    }
    let allow = statement.get("Effect").and_then(Value::as_str) != Some("Deny");
    for principal in &principals {
        for action in either("Action") {
            for resource in &resources {
                out.push(Grant {
                    owner: owner.to_owned(),
                    allow,
                    principal: principal.clone(),
                    action: action.clone(),
                    resource: resource.clone(),
                    condition: condition.clone(),
                });
            }
        }
    }
}

/// Whether a pattern with `*` and `?` matches the whole text.
fn matches(pattern: &str, text: &str) -> bool {
    let [pattern, text]: [Vec<char>; 2] = [pattern, text].map(|it| it.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(one) if *one == '?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|it| *it == '*')
}

fn covers_grant(by: &Grant, grant: &Grant) -> bool {
    by.owner == grant.owner
        && by.allow == grant.allow
        && (by.principal == grant.principal || by.principal == "*")
        && matches(&by.action.to_lowercase(), &grant.action.to_lowercase())
        && matches(&by.resource, &grant.resource)
        && (by.condition.is_empty() || by.condition == grant.condition)
}

/// What is allowed otherwise, with the actions of one owner and resource in one line.
fn grouped(old: &[Grant], new: &[Grant], out: &mut Vec<AccessChange>) {
    let changed = changes(old, new, covers_grant, |grant, wider| {
        (grant.clone(), wider)
    });
    let mut groups: Vec<(Grant, bool, Vec<String>)> = Vec::new();
    for (grant, of_new) in changed {
        let same = groups.iter_mut().find(|(known, known_new, _)| {
            *known_new == of_new
                && Grant {
                    action: String::new(),
                    ..known.clone()
                } == Grant {
                    action: String::new(),
                    ..grant.clone()
                }
        });
        match same {
            Some((.., actions)) => actions.push(grant.action),
            None => {
                let action = grant.action.clone();
                groups.push((grant, of_new, vec![action]));
            }
        }
    }
    for (grant, of_new, actions) in groups {
        // A new denial takes away, and one that is gone gives.
        let wider = of_new == grant.allow;
        let verb = match (grant.allow, of_new) {
            (true, true) => "allows",
            (true, false) => "no longer allows",
            (false, true) => "denies",
            (false, false) => "no longer denies",
        };
        let mut what = format!("{verb} {}", actions.join(", "));
        if !grant.resource.is_empty() {
            what.push_str(&format!(" on {}", grant.resource));
        }
        if !grant.principal.is_empty() {
            what.push_str(&format!(" to {}", grant.principal));
        }
        if !grant.condition.is_empty() {
            what.push_str(&format!(" if {}", grant.condition));
        }
        out.push(AccessChange {
            wider,
            owner: grant.owner,
            what,
        });
    }
}

/// What exposes or protects, by the names of properties.
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
            let wider = match known {
                Some((_, was_safe, _)) if was_safe == safe => continue,
                // What is new and safe is no news.
                None if *safe => continue,
                _ => !safe,
            };
            out.push(AccessChange {
                wider,
                owner: id.clone(),
                what: format!("{path} is {value}"),
            });
        }
        for (path, safe, value) in &was {
            if *safe && !is.iter().any(|(other, ..)| other == path) {
                out.push(AccessChange {
                    wider: true,
                    owner: id.clone(),
                    what: format!("{path} is no longer told to be {value}"),
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

    fn told(old: &str, new: &str) -> Vec<String> {
        let [old, new] = [old, new]
            .map(|it| super::super::read(&format!("Resources: {it}"), &[]).expect("a template"));
        let word = |wider| if wider { "+" } else { "-" };
        access(&old, &new)
            .iter()
            .map(|it| format!("{} {} {}", word(it.wider), it.owner, it.what))
            .collect()
    }

    #[test]
    fn rules_are_compared_by_what_they_cover() {
        let group = |rules: &str| {
            format!(
                "{{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupEgress: [], SecurityGroupIngress: [{rules}]}}}}}}"
            )
        };
        let narrow = group("{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}");
        let wide = group("{IpProtocol: '6', FromPort: 440, ToPort: 450, CidrIp: 10.0.0.0/16}");
        assert_eq!(
            told(&narrow, &wide),
            ["+ G admits TCP 440–450 from 10.0.0.0/16"]
        );
        assert_eq!(
            told(&wide, &narrow),
            ["- G no longer admits TCP 440–450 from 10.0.0.0/16"]
        );
        assert!(told(&wide, &wide).is_empty());
    }

    #[test]
    fn a_group_without_egress_rules_lets_everything_out() {
        let closed = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}]}}}";
        let open = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {}}}";
        assert_eq!(told(closed, open), ["+ G lets out everything to 0.0.0.0/0"]);
        let apart = "{G: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupEgress: []}}, E: {Type: AWS::EC2::SecurityGroupEgress, Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/24}}}";
        assert!(told(closed, apart).is_empty());
    }

    #[test]
    fn statements_are_compared_by_what_they_allow() {
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
    fn what_exposes_is_told() {
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
}
