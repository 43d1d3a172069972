//! Values that the API reference of a service excludes, and that the schemas of the types accept.

use std::net::Ipv6Addr;

use super::required::objects;
use crate::ir::{CfnAttr, Cidr, Expr, quoted};
use crate::resource::{Map, RawValue, TemplateError};

/// Properties with names of roles.
const NAMES: [(&str, &str); 4] = [
    ("AWS::IAM::InstanceProfile", "Roles"),
    ("AWS::IAM::ManagedPolicy", "Roles"),
    ("AWS::IAM::Policy", "Roles"),
    ("AWS::IAM::RolePolicy", "RoleName"),
];

/// Returns the errors of the evaluated properties of a resource.
pub(super) fn errors(id: &str, type_name: &str, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = Vec::new();
    let mut add = |error: Option<(String, &str)>| {
        found.extend(error.map(|(reason, fix)| TemplateError {
            is_certain: true,
            ignores_condition: false,
            reason,
            fix: fix.to_owned(),
        }));
    };
    match type_name {
        "AWS::EC2::NetworkAclEntry" => add(without_ports(id, properties)),
        "AWS::EC2::PrefixList" => add(prefix_list(id, properties)),
        "AWS::EC2::Instance" => {
            add(address_of_several(id, properties));
            add(cpu_options(id, properties));
        }
        "AWS::EC2::LaunchTemplate" => {
            for it in objects(properties, "LaunchTemplateData") {
                add(address_of_several(id, it));
                add(cpu_options(id, it));
            }
        }
        "AWS::Lambda::Permission" => {
            add(lambda_action(id, properties));
            add(lambda_principal(id, properties));
        }
        "AWS::SNS::Subscription" => add(sns_protocol(id, properties)),
        _ => {}
    }
    for (_, property) in NAMES.iter().filter(|(of, _)| *of == type_name) {
        add(arn_for_name(id, property, properties));
    }
    if type_name.starts_with("AWS::IAM::") {
        add(path(id, properties));
    }
    if type_name == "AWS::IAM::Role" {
        add(description(id, properties));
    }
    found
}

fn text<'m>(map: &'m Map<'_>, name: &str) -> Option<&'m str> {
    match map.get(name)? {
        RawValue::Str(text) => Some(text),
        _ => None,
    }
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-networkaclentry.html>
fn without_ports(id: &str, entry: &Map<'_>) -> Option<(String, &'static str)> {
    let protocol = match entry.get("Protocol")? {
        RawValue::Str(text) => text.parse().ok()?,
        RawValue::Int(number) => *number,
        _ => return None,
    };
    let (property, protocol) = match protocol {
        1 => ("Icmp", "ICMP"),
        6 => ("PortRange", "TCP"),
        17 => ("PortRange", "UDP"),
        _ => return None,
    };
    let reason = format!("`{id}` has no `{property}`, which {protocol} requires");
    entry.get(property).is_none().then_some((
        reason,
        "set the property, or use protocol -1 for all traffic",
    ))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateManagedPrefixList.html>
fn prefix_list(id: &str, list: &Map<'_>) -> Option<(String, &'static str)> {
    let Some(RawValue::List(entries)) = list.get("Entries") else {
        return None;
    };
    let is_settled = |it: &RawValue<'_>| matches!(it, RawValue::Object(_));
    let most = match list.get("MaxEntries") {
        Some(RawValue::Str(text)) => text.parse().ok(),
        Some(RawValue::Int(number)) => usize::try_from(*number).ok(),
        _ => None,
    };
    let count = entries.iter().filter(|it| is_settled(it)).count();
    if let Some(most) = most.filter(|most| count > *most) {
        let reason = format!("`{id}` has {count} entries, more than its `MaxEntries`, {most}");
        return Some((reason, "increase `MaxEntries`"));
    }
    let family = text(list, "AddressFamily")?;
    let is_other = |range: &str| match family {
        "IPv4" => range.contains(':'),
        "IPv6" => !range.contains(':'),
        _ => false,
    };
    let ranges = objects(list, "Entries").into_iter();
    let mut ranges = ranges.filter_map(|it| text(it, "Cidr"));
    let range = ranges.find(|it| is_other(it))?;
    let reason = format!("`{id}` has the entry `{range}`, and its address family is `{family}`");
    Some((reason, "create one prefix list for each address family"))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html>
fn address_of_several(id: &str, instance: &Map<'_>) -> Option<(String, &'static str)> {
    let interfaces = objects(instance, "NetworkInterfaces");
    let is_set = |it: &&&Map<'_>| {
        matches!(
            it.get("AssociatePublicIpAddress"),
            Some(RawValue::Str(_) | RawValue::Bool(_))
        )
    };
    let several = interfaces.len() > 1 && interfaces.iter().any(|it| is_set(&it));
    several.then(|| {
        let reason = format!(
            "`{id}` has several network interfaces, with which EC2 does not accept \
             `AssociatePublicIpAddress`"
        );
        (
            reason,
            "use an Elastic IP address, or one network interface",
        )
    })
}

/// An instance has at least one core, with one or two threads. The schema has no bounds.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CpuOptionsRequest.html>
fn cpu_options(id: &str, instance: &Map<'_>) -> Option<(String, &'static str)> {
    let number = |map: &Map<'_>, name| match map.get(name)? {
        RawValue::Str(text) => text.parse::<i64>().ok(),
        RawValue::Int(number) => Some(*number),
        _ => None,
    };
    let rules = [
        ("CoreCount", "set `CpuOptions.CoreCount` to at least 1"),
        (
            "ThreadsPerCore",
            "set `CpuOptions.ThreadsPerCore` to 1 or 2",
        ),
    ];
    let options = objects(instance, "CpuOptions");
    rules.into_iter().find_map(|(name, fix)| {
        let mut all = options.iter().filter_map(|it| number(it, name));
        let wrong = all.find(|it| *it < 1)?;
        let reason = format!("`{id}` sets `CpuOptions.{name}` to `{wrong}`, which is less than 1");
        Some((reason, fix))
    })
}

/// EC2 looks for a key pair without a name.
///
/// <https://cloudonaut.io/optional-parameter-in-cloudformation/>
pub(super) fn empty_key_name(
    id: &str,
    type_name: &str,
    properties: &Map<'_>,
) -> Option<TemplateError> {
    let is_empty = type_name == "AWS::EC2::Instance" && text(properties, "KeyName") == Some("");
    is_empty.then(|| TemplateError {
        is_certain: true,
        ignores_condition: false,
        reason: format!("`{id}` sets `KeyName` to an empty text, which is not a key pair"),
        fix: "set `KeyName` to the name of a key pair, or omit it".to_owned(),
    })
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>
fn lambda_action(id: &str, permission: &Map<'_>) -> Option<(String, &'static str)> {
    let action = text(permission, "Action")?;
    let is_name = |it: &str| it == "*" || is_letters(it);
    let is_valid = action == "*" || action.strip_prefix("lambda:").is_some_and(is_name);
    let reason = format!(
        "`Action` of `{id}` is {}, not an action of Lambda",
        quoted(action)
    );
    (!is_valid).then_some((
        reason,
        "set `Action` to an action such as `lambda:InvokeFunction`",
    ))
}

fn is_letters(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphabetic())
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>
fn lambda_principal(id: &str, permission: &Map<'_>) -> Option<(String, &'static str)> {
    let principal = text(permission, "Principal")?;
    let is_account = principal.len() == 12 && principal.bytes().all(|it| it.is_ascii_digit());
    // A service has a domain.
    let is_other = principal == "*" || principal.contains('.') || principal.starts_with("arn:");
    let is_valid = (is_account || is_other) && !principal.contains(char::is_whitespace);
    let reason = format!(
        "`Principal` of `{id}` is {}, not a service, an account or an ARN",
        quoted(principal)
    );
    let fix = "set `Principal` to a service such as `events.amazonaws.com`, 12 digits of an account, or an ARN";
    (!is_valid).then_some((reason, fix))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
fn sns_protocol(id: &str, subscription: &Map<'_>) -> Option<(String, &'static str)> {
    const PROTOCOLS: [&str; 9] = [
        "application",
        "email",
        "email-json",
        "firehose",
        "http",
        "https",
        "lambda",
        "sms",
        "sqs",
    ];
    let protocol = text(subscription, "Protocol")?;
    let reason = format!(
        "`Protocol` of `{id}` is {}, which SNS does not have",
        quoted(protocol)
    );
    let fix = "set `Protocol` to `application`, `email`, `email-json`, `firehose`, `http`, `https`, `lambda`, `sms` or `sqs`";
    (!PROTOCOLS.contains(&protocol)).then_some((reason, fix))
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>
fn arn_for_name(id: &str, property: &str, properties: &Map<'_>) -> Option<(String, &'static str)> {
    let values = match properties.get(property)? {
        RawValue::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let is_arn = |it: &RawValue<'_>| match it {
        RawValue::Str(text) => text.starts_with("arn:"),
        RawValue::Expr(expr) => match expr.as_ref() {
            Expr::Attr(_, attr) => attr.cfn == CfnAttr::GetAtt("Arn"),
            Expr::Text(text) => text.starts_with("arn:"),
            Expr::Concat(parts) => {
                matches!(parts.first(), Some(Expr::Text(text)) if text.starts_with("arn:"))
            }
            _ => false,
        },
        _ => false,
    };
    let reason = format!("`{property}` of `{id}` has an ARN, and IAM accepts the name of a role");
    values
        .iter()
        .any(is_arn)
        .then_some((reason, "name the role with `Ref`"))
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
fn path(id: &str, properties: &Map<'_>) -> Option<(String, &'static str)> {
    let path = text(properties, "Path")?;
    let is_valid = path == "/"
        || path.len() > 2
            && path.starts_with('/')
            && path.ends_with('/')
            && path.bytes().all(|it| (0x21..=0x7e).contains(&it));
    let reason = format!("`Path` of `{id}` is `{path}`, which does not start and end with a slash");
    (!is_valid).then_some((reason, "set a path such as `/team/`"))
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
fn description(id: &str, properties: &Map<'_>) -> Option<(String, &'static str)> {
    let text = text(properties, "Description")?;
    let is_valid =
        |it: char| matches!(it, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{a1}'..='\u{ff}');
    let other = text.chars().find(|it| !is_valid(*it))?;
    let reason = format!("the description of `{id}` contains `{other}`, which IAM does not accept");
    Some((reason, "use only characters of Latin-1"))
}

/// Returns whether a text is a range of IPv4 or IPv6 addresses.
pub(super) fn is_range(kind: &str, text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    match kind {
        "ipv4" => text.parse::<Cidr>().is_ok() || has_host_bits(address, length),
        _ => address.parse::<Ipv6Addr>().is_ok() && length.parse().is_ok_and(|it: u8| it <= 128),
    }
}

/// EC2 clears the bits behind the prefix of some properties, and refuses them in others.
fn has_host_bits(address: &str, length: &str) -> bool {
    let is_address = address.parse::<std::net::Ipv4Addr>().is_ok();
    is_address && length.parse().is_ok_and(|it: u8| it <= 32)
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::{errors, is_range};

    fn is_wrong(type_name: &str, json: serde_json::Value) -> bool {
        let map = object(json);
        !errors("Id", type_name, &map).is_empty()
    }

    #[test]
    fn values_that_services_exclude_are_errors() {
        let entry = "AWS::EC2::NetworkAclEntry";
        assert!(is_wrong(entry, serde_json::json!({"Protocol": 6})));
        assert!(!is_wrong(entry, serde_json::json!({"Protocol": "-1"})));
        let ports = serde_json::json!({"Protocol": 6, "PortRange": {"From": 1, "To": 2}});
        assert!(!is_wrong(entry, ports));
        let list = |family: &str, most: i64| {
            let entries = serde_json::json!([{"Cidr": "10.0.0.0/8"}, {"Cidr": "11.0.0.0/8"}]);
            let list = serde_json::json!(
                {"AddressFamily": family, "MaxEntries": most, "Entries": entries}
            );
            is_wrong("AWS::EC2::PrefixList", list)
        };
        assert!(!list("IPv4", 2));
        assert!(list("IPv4", 1));
        assert!(list("IPv6", 2));
        let role = "AWS::IAM::Role";
        for (path, wanted) in [
            ("/", false),
            ("/a/b/", false),
            ("a", true),
            ("/a", true),
            ("//", true),
        ] {
            assert_eq!(
                is_wrong(role, serde_json::json!({"Path": path})),
                wanted,
                "{path}"
            );
        }
        assert!(is_wrong(
            role,
            serde_json::json!({"Description": "a \u{2014} b"})
        ));
        assert!(!is_wrong(
            role,
            serde_json::json!({"Description": "d\u{e9}j\u{e0} vu"})
        ));
        let roles = |role: &str| is_wrong("AWS::IAM::Policy", serde_json::json!({"Roles": [role]}));
        assert!(roles("arn:aws:iam::111122223333:role/a"));
        for (property, value, wanted) in [
            ("Action", "*", false),
            ("Action", "lambda:*", false),
            ("Action", "lambda:InvokeFunctionUrl", false),
            ("Action", "InvokeFunction", true),
            ("Action", "lambda:Invoke*", true),
            ("Action", "s3:GetObject", true),
            ("Principal", "*", false),
            ("Principal", "111122223333", false),
            ("Principal", "arn:aws:iam::111122223333:root", false),
            ("Principal", "alexa-appkit.amazon.com", false),
            ("Principal", "events", true),
            ("Principal", "1111", true),
            ("Principal", "events.amazonaws.com ", true),
        ] {
            let permission = serde_json::json!({ property: value });
            assert_eq!(
                is_wrong("AWS::Lambda::Permission", permission),
                wanted,
                "{value}"
            );
        }
        for (protocol, wanted) in [
            ("email-json", false),
            ("sqs", false),
            ("mail", true),
            ("SQS", true),
        ] {
            let subscription = serde_json::json!({ "Protocol": protocol });
            assert_eq!(
                is_wrong("AWS::SNS::Subscription", subscription),
                wanted,
                "{protocol}"
            );
        }
        assert!(!roles("a"));
    }

    #[test]
    fn ranges_have_an_address_and_a_prefix() {
        for (kind, text, wanted) in [
            ("ipv4", "10.0.0.0/8", true),
            ("ipv4", "10.0.0.1/8", true),
            ("ipv4", "10.0.0.0", false),
            ("ipv4", "10.0.0.0/33", false),
            ("ipv4", "10.0.0/8", false),
            ("ipv6", "::/0", true),
            ("ipv6", "2001:db8::/129", false),
            ("ipv6", "10.0.0.0/8", false),
        ] {
            assert_eq!(is_range(kind, text), wanted, "{kind} {text}");
        }
    }
}
