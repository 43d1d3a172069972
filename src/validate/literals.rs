//! Validation of literal IDs and ARNs.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

use std::borrow::Cow;

use crate::ir::{Diagnostic, Diagnostics, Stack};
use crate::region::Region;
use crate::resource::{Map, Node, RawValue};

/// The kind of an ID: its prefix and description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdOf {
    prefix: &'static str,
    name: &'static str,
}

macro_rules! ids {
    ($($constant:ident = $prefix:literal $name:literal),+ $(,)?) => {
        impl IdOf {
            $(pub(crate) const $constant: IdOf = IdOf { prefix: $prefix, name: $name };)+
        }
    };
}
ids! {
    VPC = "vpc" "a VPC",
    SUBNET = "subnet" "a subnet",
    ROUTE_TABLE = "rtb" "a route table",
    SECURITY_GROUP = "sg" "a security group",
    ENDPOINT = "vpce" "a VPC endpoint",
    IMAGE = "ami" "an AMI",
    PREFIX_LIST = "pl" "a prefix list",
    TRANSIT_GATEWAY = "tgw" "a transit gateway",
    NAT_GATEWAY = "nat" "a NAT gateway",
    INTERNET_GATEWAY = "igw" "an internet gateway",
    PEERING_CONNECTION = "pcx" "a VPC peering connection",
    INTERFACE = "eni" "a network interface",
    ALLOCATION = "eipalloc" "an Elastic IP address",
    NETWORK_ACL = "acl" "a network ACL",
}

impl IdOf {
    /// Returns the error for an invalid ID.
    pub(crate) fn diagnostic(self, field: &str, id: &str) -> Option<Diagnostic> {
        let digits = id
            .strip_prefix(self.prefix)
            .and_then(|id| id.strip_prefix('-'));
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if digits.is_some_and(|it| matches!(it.len(), 8 | 17) && it.bytes().all(hex)) {
            return None;
        }
        let message = format!(
            "`{field}` is `{}`, not the ID of {}",
            id.escape_debug(),
            self.name
        );
        let help = format!("use `{}-` and 8 or 17 hexadecimal digits", self.prefix);
        Some(Diagnostic::error("id-format", message).help(help))
    }
}

/// The properties that contain IDs.
const IDS: [(&str, IdOf); 23] = [
    ("AllocationId", IdOf::ALLOCATION),
    ("InternetGatewayId", IdOf::INTERNET_GATEWAY),
    ("NatGatewayId", IdOf::NAT_GATEWAY),
    ("NetworkAclId", IdOf::NETWORK_ACL),
    ("NetworkInterfaceId", IdOf::INTERFACE),
    ("PeerVpcId", IdOf::VPC),
    ("TransitGatewayId", IdOf::TRANSIT_GATEWAY),
    ("VpcPeeringConnectionId", IdOf::PEERING_CONNECTION),
    ("VpcId", IdOf::VPC),
    ("SubnetId", IdOf::SUBNET),
    ("SubnetIds", IdOf::SUBNET),
    ("RouteTableId", IdOf::ROUTE_TABLE),
    ("RouteTableIds", IdOf::ROUTE_TABLE),
    ("GroupId", IdOf::SECURITY_GROUP),
    ("GroupSet", IdOf::SECURITY_GROUP),
    ("SecurityGroupIds", IdOf::SECURITY_GROUP),
    ("SourceSecurityGroupId", IdOf::SECURITY_GROUP),
    ("DestinationSecurityGroupId", IdOf::SECURITY_GROUP),
    ("VpcEndpointId", IdOf::ENDPOINT),
    ("SourcePrefixListId", IdOf::PREFIX_LIST),
    ("DestinationPrefixListId", IdOf::PREFIX_LIST),
    ("PrefixListId", IdOf::PREFIX_LIST),
    ("ImageId", IdOf::IMAGE),
];

/// The parts of an ARN.
struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn read(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        Some(Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }

    /// Returns the error for an ARN in another partition or region.
    fn other_region(&self, field: &str, text: &str, region: &Region) -> Option<Diagnostic> {
        let (is, wants, what) = if self.partition != region.partition {
            (self.partition, region.partition, "partition")
        } else if self.service == "kms" && self.region != region.name {
            (self.region, region.name, "region")
        } else {
            return None;
        };
        let message = format!(
            "`{field}` is `{}` in {what} `{}`; the stack is in {what} `{wants}`",
            text.escape_debug(),
            is.escape_debug()
        );
        Some(Diagnostic::error("arn-mismatch", message).help(format!(
            "use an ARN in {what} `{wants}`, or change `region` from `{}`",
            region.name
        )))
    }
}

/// The kind of an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArnOf {
    /// An IAM policy.
    Policy,
    /// A KMS key or its alias.
    Key,
}

impl ArnOf {
    /// Returns the error for an invalid ARN.
    pub(crate) fn diagnostic(
        self,
        field: &str,
        text: &str,
        region: Option<&Region>,
    ) -> Option<Diagnostic> {
        let account =
            |account: &str| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let fits = |arn: &Arn<'_>| match self {
            ArnOf::Policy => {
                arn.service == "iam"
                    && arn.region.is_empty()
                    && (account(arn.account) || arn.account == "aws")
                    && arn.resource.len() > 7
                    && arn.resource.starts_with("policy/")
            }
            ArnOf::Key => {
                let kinds = ["key/", "alias/"];
                arn.service == "kms"
                    && Region::of(arn.region).is_some()
                    && account(arn.account)
                    && kinds.iter().any(|kind| {
                        arn.resource.len() > kind.len() && arn.resource.starts_with(kind)
                    })
            }
        };
        let partition = region.map_or("aws", |region| region.partition);
        let (what, such) = match self {
            ArnOf::Policy => (
                "an IAM policy",
                format!("arn:{partition}:iam::123456789012:policy/boundary"),
            ),
            ArnOf::Key => (
                "a KMS key",
                format!(
                    "arn:{partition}:kms:{}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                    region.map_or("eu-central-1", |region| region.name)
                ),
            ),
        };
        match Arn::read(text).filter(fits) {
            Some(arn) => region.and_then(|region| arn.other_region(field, text, region)),
            None => {
                let message = format!(
                    "`{field}` is `{}`, not the ARN of {what}",
                    text.escape_debug()
                );
                Some(
                    Diagnostic::error("arn-format", message)
                        .help(format!("use an ARN such as `{such}`")),
                )
            }
        }
    }
}

/// Returns the error for a literal value of a property, with its name in messages.
fn diagnostic<'p>(
    property: &str,
    text: &str,
    region: Option<&Region>,
    name: impl Fn() -> Cow<'p, str>,
) -> Option<Diagnostic> {
    // A fast exit for all other properties.
    let holds_id = property.ends_with("Id") || property.ends_with("Ids") || property == "GroupSet";
    if !holds_id && !text.starts_with("arn:") {
        return None;
    }
    if let Some((_, of)) = IDS.iter().find(|(name, _)| *name == property) {
        // EC2 resolves the parameter.
        let looked_up = property == "ImageId" && text.starts_with("resolve:ssm:");
        // A construct leaves a reference empty after it reports an error.
        return if looked_up || text.is_empty() {
            None
        } else {
            of.diagnostic(&name(), text)
        };
    }
    Arn::read(text)?.other_region(&name(), text, region?)
}

/// Reports invalid IDs and ARNs in the properties of a resource, apart from those that a construct
/// already `reported` with its setting.
pub(super) fn check(
    map: &Map<'_>,
    stack: &Stack,
    node: &Node,
    reported: &Diagnostics,
    out: &mut Diagnostics,
) {
    fn walk(property: &str, term: &RawValue<'_>, each: &mut dyn FnMut(&str, &str)) {
        match term {
            RawValue::Str(text) => each(property, text),
            RawValue::List(items) => items.iter().for_each(|item| walk(property, item, each)),
            RawValue::Object(map) | RawValue::Block(map) => walk_map(map, each),
            RawValue::Json(inner) => walk(property, inner, each),
            _ => {}
        }
    }
    fn walk_map(map: &Map<'_>, each: &mut dyn FnMut(&str, &str)) {
        // Tags can have any value.
        let reported = map
            .iter()
            .filter(|(key, _)| *key != "Tags" && *key != "TagSpecifications");
        for (key, term) in reported {
            walk(key, term, each);
        }
    }
    walk_map(map, &mut |property, text| {
        let found = diagnostic(property, text, stack.region, || node.setter_of(property));
        let is_same = |it: &&Diagnostic| {
            let quoted = format!("`{}`", text.escape_debug());
            found.as_ref().is_some_and(|found| found.code == it.code)
                && it.message.contains(&quoted)
        };
        if reported.iter().any(|it| is_same(&it)) {
            return;
        }
        if let Some(diagnostic) = found {
            out.push(diagnostic.path(node.path.clone()).at(node.location.clone()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_eight_or_seventeen_digits() {
        for good in ["vpc-0a1b2c3d", "vpc-0a1b2c3d4e5f60718"] {
            assert_eq!(IdOf::VPC.diagnostic("vpc", good), None);
        }
        for bad in [
            "",
            "vpc-",
            "vpc-1",
            "vpc-0a1b2c3g",
            "vpc-0A1B2C3D",
            "subnet-0a1b2c3d",
            "vpc-0a1b2c3d4",
            "é",
        ] {
            assert!(IdOf::VPC.diagnostic("vpc", bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn an_arn_has_the_expected_service_and_region() {
        let frankfurt = Region::find("eu-central-1");
        let key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd";
        assert_eq!(ArnOf::Key.diagnostic("kms_key", key, frankfurt), None);
        assert_eq!(ArnOf::Key.diagnostic("kms_key", key, None), None);
        let code = |of: ArnOf, text, region| {
            of.diagnostic("field", text, Region::find(region))
                .map(|it| it.code)
        };
        assert_eq!(code(ArnOf::Key, key, "eu-west-1"), Some("arn-mismatch"));
        assert_eq!(code(ArnOf::Key, key, "cn-north-1"), Some("arn-mismatch"));
        for bad in [
            "",
            "alias/x",
            "arn:aws:kms",
            "arn:aws:iam::123456789012:policy/x",
            "arn:aws:kms:nowhere:123456789012:key/x",
            "arn:aws:kms:eu-central-1:1:key/x",
        ] {
            assert_eq!(
                code(ArnOf::Key, bad, "eu-central-1"),
                Some("arn-format"),
                "{bad}"
            );
        }
        let policy = "arn:aws-cn:iam::aws:policy/x";
        assert_eq!(code(ArnOf::Policy, policy, "cn-north-1"), None);
        assert_eq!(
            code(ArnOf::Policy, policy, "us-east-1"),
            Some("arn-mismatch")
        );
        assert_eq!(
            code(
                ArnOf::Policy,
                "arn:aws:iam::123456789012:role/x",
                "us-east-1"
            ),
            Some("arn-format")
        );
    }
}
