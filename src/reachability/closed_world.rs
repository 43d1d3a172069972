//! Closed world: what the check does not know is never harmless.
//!
//! A resource with a property that is neither modeled nor inert makes the hops that use it unknown.
//! A resource of a type that can affect a session without being referred to does so by its row in
//! `types.tsv`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::resource::{KINDS, Node, RawValue, Resource, property};
use crate::tsv;

/// Fields whose readers ask themselves whether the file sets a value that the model cannot represent.
const ASKED: &[(&str, &str)] = &[
    ("AutoScalingGroup", "launch_template"),
    ("DefaultRouteTable", "route"),
    ("DhcpOptions", "domain_name_servers"),
    ("Instance", "iam_instance_profile"),
    ("Instance", "image"),
    ("Instance", "launch_template"),
    ("Instance", "metadata_options"),
    ("Instance", "network_interfaces"),
    ("Instance", "security_groups"),
    ("Instance", "subnet"),
    ("Instance", "user_data"),
    ("InstanceProfile", "role"),
    ("LaunchConfiguration", "iam_instance_profile"),
    ("LaunchConfiguration", "image"),
    ("LaunchConfiguration", "metadata_options"),
    ("LaunchConfiguration", "security_groups"),
    ("LaunchConfiguration", "user_data"),
    ("LaunchTemplate", "iam_instance_profile"),
    ("LaunchTemplate", "image"),
    ("LaunchTemplate", "metadata_options"),
    ("LaunchTemplate", "network_interfaces"),
    ("LaunchTemplate", "security_groups"),
    ("LaunchTemplate", "user_data"),
    ("NetworkInterface", "security_groups"),
    ("Role", "managed_policies"),
    ("RouteTable", "route"),
    ("Vpc", "enable_dns_hostnames"),
    ("Vpc", "enable_dns_support"),
    ("VpcEndpoint", "policy"),
    ("VpcEndpoint", "private_dns_enabled"),
    ("VpcEndpoint", "security_groups"),
    ("VpcEndpoint", "subnets"),
];

/// Types whose readers ask themselves whether another resource can add to them.
const ASKED_FOR_CHANGES: &[&str] = &[
    "NetworkAcl",
    "Role",
    "RouteTable",
    "SecurityGroup",
    "Subnet",
    "Vpc",
    "VpcEndpoint",
];

/// Returns why a resource that another one can change is not only what the model knows: words after
/// its name.
pub(super) fn doubt_of_change(node: &Node, by: &Node, effect: Effect) -> Option<String> {
    let kind = node.resource.kind()?;
    let does_anything = effect == Effect::Anything;
    (does_anything || !ASKED_FOR_CHANGES.contains(&kind.name)).then(|| {
        let type_name = by.resource.type_name(by.dialect()).unwrap_or_default();
        let by = by.display_id();
        match type_name {
            "" => format!("can be changed by `{by}`, whose type is unknown"),
            name => format!("can be changed by `{by}` of type `{name}`, which is not modeled"),
        }
    })
}

/// Returns why a resource is not only what the model knows: words after its name.
pub(super) fn doubt(node: &Node) -> Option<String> {
    // A data source shows an existing resource, and all of its attributes.
    if node.is_lookup() {
        return None;
    }
    let (origin, kind) = (node.origin.as_ref()?, node.resource.kind()?);
    let dialect = origin.dialect;
    let unknown = &origin.unknown_properties;
    if let Some(property) = property::unmodeled_properties(unknown, kind.inert, dialect).first() {
        return Some(format!("sets `{property}`, which is not modeled"));
    }
    origin.unmodeled.iter().find_map(|note| {
        let (field, inside) = match note.field.split_once('.') {
            Some((field, inside)) => (field, Some(inside)),
            None => (note.field.as_str(), None),
        };
        if ASKED.contains(&(kind.name, field)) {
            return None;
        }
        let row = kind.fields.iter().find(|it| it.name == field);
        let own = row.map_or(field, |it| dialect.pick(it.cfn, it.tf));
        let name = inside.map_or(own.to_owned(), |inside| format!("{own}.{inside}"));
        (!property::is_inert(kind.inert, &name, None, dialect))
            .then(|| format!("sets `{name}` to a value that is not modeled"))
    })
}

/// How a resource of a type without a table affects sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Not at all, or the check reads it.
    None,
    /// It can add to the resources that it refers to.
    References,
    /// It can change everything of the resources that it refers to, such as remove rules that the file
    /// contains.
    Anything,
    /// It can change the DNS resolution in the VPCs that it refers to.
    Names,
    /// It creates a private hosted zone of its name in the VPCs that it refers to.
    Zone,
    /// It can change these hops, separated by commas, of all instances in its account and Region.
    Everywhere(&'static str),
    /// Nobody has classified the type.
    Unclassified,
}

/// Columns: type, effect, reason.
const TYPES: &str = include_str!("types.tsv");

/// The beginnings of the names of types that can affect a session without being referred to. A type
/// among them without a row is a new one, and can change every hop.
const CLOSED: &[&str] = &[
    "AWS::AutoScaling::",
    "AWS::CloudFormation::",
    "AWS::ControlTower::",
    "AWS::EC2::",
    "AWS::FMS::",
    "AWS::IAM::",
    "AWS::NetworkFirewall::",
    "AWS::Organizations::",
    "AWS::RAM::",
    "AWS::Route53",
    "AWS::SSM",
    "AWS::VpcLattice::",
    "Custom::",
    "aws_ami",
    "aws_autoscaling_",
    "aws_cloudformation_",
    "aws_controltower_",
    "aws_customer_gateway",
    "aws_default_",
    "aws_ebs_",
    "aws_ec2_",
    "aws_egress_only_",
    "aws_eip",
    "aws_flow_log",
    "aws_fms_",
    "aws_iam_",
    "aws_instance",
    "aws_internet_gateway",
    "aws_key_pair",
    "aws_launch_",
    "aws_main_route_",
    "aws_nat_gateway",
    "aws_network_",
    "aws_networkfirewall_",
    "aws_organizations_",
    "aws_placement_group",
    "aws_ram_",
    "aws_route",
    "aws_security_group",
    "aws_snapshot_",
    "aws_spot_",
    "aws_ssm",
    "aws_subnet",
    "aws_verifiedaccess_",
    "aws_volume_attachment",
    "aws_vpc",
    "aws_vpn_",
];

/// Stands for all hops.
pub(super) const EVERY_HOP: &str = "*";

/// Arguments of types without a table, with the value that changes nothing.
const HARMLESS: &[(&str, &str, &str)] = &[("aws_ec2_instance_state", "state", "running")];

/// Returns whether an argument of a resource keeps it from affecting sessions.
pub(super) fn is_harmless(node: &Node) -> bool {
    let Resource::Raw(raw) = &node.resource else {
        return false;
    };
    HARMLESS.iter().any(|(of, argument, value)| {
        raw.type_name(node.dialect()) == Some(of)
            && matches!(raw.argument_value(argument), Some(RawValue::Str(it)) if it == value)
    })
}
/// Columns: service or provider, reason.
const SERVICES: &str = include_str!("services.tsv");

/// Returns how a resource of a type without a table affects sessions.
pub(super) fn effect(type_name: &str) -> Effect {
    static ROWS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        tsv::rows(TYPES)
            .map(|row| (tsv::key(row), tsv::columns(row).nth(1).unwrap_or_default()))
            .collect()
    });
    static SERVICE_NAMES: LazyLock<HashSet<&str>> =
        LazyLock::new(|| tsv::rows(SERVICES).map(tsv::key).collect());
    // A data source only reads, except for the one that calls a function.
    if type_name.starts_with("data.aws_") && type_name != "data.aws_lambda_invocation" {
        return Effect::None;
    }
    if let Some(name) = type_name.strip_prefix("awscc_") {
        return effect_of_cloud_control(name);
    }
    let row = ROWS.get(type_name).or_else(|| {
        let (_, name) = type_name.rsplit_once("::")?;
        (name == "MODULE").then(|| ROWS.get("MODULE"))?
    });
    match row {
        Some(&"none") => Effect::None,
        Some(&"references") => Effect::References,
        Some(&"anything") => Effect::Anything,
        Some(&"names") => Effect::Names,
        Some(&"zone") => Effect::Zone,
        Some(hops) => Effect::Everywhere(hops),
        None if type_name.starts_with("Custom::") => Effect::Anything,
        // It replaces the policy of a key. Its service has no type that matters by itself.
        None if type_name == "aws_kms_key_policy" => Effect::References,
        // It can be an account setting, which refers to nothing.
        None if CLOSED.iter().any(|start| type_name.starts_with(start)) => {
            Effect::Everywhere(EVERY_HOP)
        }
        None if SERVICE_NAMES.contains(service(type_name)) => Effect::None,
        None => Effect::Unclassified,
    }
}

/// Returns the service of a type, such as `AWS::S3` or `aws_s3`, or its provider in Terraform.
fn service(type_name: &str) -> &str {
    let (separator, words) = match (type_name.contains("::"), type_name.starts_with("aws_")) {
        (true, _) => ("::", 2),
        (false, true) => ("_", 2),
        (false, false) => ("_", 1),
    };
    let end = type_name.match_indices(separator).nth(words - 1);
    end.map_or(type_name, |(at, _)| &type_name[..at])
}

/// Returns the effect of a type of the provider `awscc`: that of its type in CloudFormation. A type
/// with a table is one that the check would have to read.
fn effect_of_cloud_control(name: &str) -> Effect {
    let letters = |text: &str| text.replace([':', '_'], "").to_ascii_lowercase();
    let wanted = format!("aws{}", letters(name));
    if KINDS.iter().any(|kind| letters(kind.cfn) == wanted) {
        return match service_of_cloud_control(name).map(effect) {
            Some(Effect::None) => Effect::None,
            _ => Effect::Anything,
        };
    }
    let mut rows = tsv::rows(TYPES).map(tsv::key);
    match rows.find(|it| it.starts_with("AWS::") && letters(it) == wanted) {
        Some(type_name) => effect(type_name),
        None => service_of_cloud_control(name).map_or(Effect::Unclassified, effect),
    }
}

/// Returns the beginning of the names of types of a service, by the name of a type without `awscc_`.
fn service_of_cloud_control(name: &str) -> Option<&'static str> {
    let wanted = name.split('_').next()?;
    let services = tsv::rows(SERVICES)
        .map(tsv::key)
        .chain(CLOSED.iter().copied());
    services
        .filter(|it| it.starts_with("AWS::"))
        .find(|it| it[5..].trim_end_matches(':').eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::{EVERY_HOP, Effect, effect};

    #[test]
    fn a_type_that_is_not_classified_is_never_harmless() {
        for name in ["AWS::EC2::NewAccountOptions", "aws_vpc_new_options"] {
            assert_eq!(effect(name), Effect::Everywhere(EVERY_HOP), "{name}");
        }
        for name in [
            "AWS::NewService::Thing",
            "aws_newservice_thing",
            "new_thing",
            "data.aws_lambda_invocation",
            "data.external",
            "Acme::Net::Rule",
        ] {
            assert_eq!(effect(name), Effect::Unclassified, "{name}");
        }
        assert_eq!(effect("Custom::Anything"), Effect::Anything);
        for name in [
            "AWS::Lambda::Function",
            "AWS::S3::NewThing",
            "aws_alb",
            "aws_lb_listener",
            "data.aws_ssm_parameter",
            "random_id",
        ] {
            assert_eq!(effect(name), Effect::None, "{name}");
        }
    }

    #[test]
    fn a_type_of_cloud_control_has_the_effect_of_its_type_in_cloudformation() {
        for (name, wanted) in [
            ("awscc_ec2_network_acl_entry", Effect::Anything),
            ("awscc_ec2_key_pair", Effect::None),
            (
                "awscc_ec2_new_account_options",
                Effect::Everywhere(EVERY_HOP),
            ),
            ("awscc_s3_bucket", Effect::None),
            ("awscc_dynamodb_table", Effect::None),
            ("awscc_newservice_thing", Effect::Unclassified),
        ] {
            assert_eq!(effect(name), wanted, "{name}");
        }
        assert!(matches!(effect("awscc_fms_policy"), Effect::Everywhere(_)));
    }
}
