//! Validation of literal IDs and ARNs.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

use crate::ir::{Diagnostic, Diagnostics, Dialect, NodeId};
use crate::region::Region;
use crate::resource::{Graph, KINDS, Map, Node, Override, RawValue};

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

/// Returns the error for a literal value of a property.
fn diagnostic(property: &str, text: &str, region: Option<&Region>) -> Option<Diagnostic> {
    // A fast exit for all other properties.
    let holds_id = property.ends_with("Id") || property.ends_with("Ids") || property == "GroupSet";
    if !holds_id && !text.starts_with("arn:") {
        return None;
    }
    if let Some((_, of)) = IDS.iter().find(|(name, _)| *name == property) {
        // EC2 resolves the parameter.
        let looked_up = property == "ImageId" && text.starts_with("resolve:ssm:");
        if text.contains("{{resolve:") {
            let message = format!(
                "`{property}` is {}, which is literal text",
                crate::ir::quoted(text)
            );
            let help = "set a dynamic reference with `.overrides(…).cfn(…)`";
            return Some(Diagnostic::error("id-format", message).help(help));
        }
        // A construct leaves a reference empty after it reports an error.
        return if looked_up || text.is_empty() {
            None
        } else {
            of.diagnostic(property, text)
        };
    }
    Arn::read(text)?.other_region(property, text, region?)
}

/// An invalid ID or ARN.
pub(super) struct Invalid {
    pub(super) property: String,
    pub(super) text: String,
    pub(super) found: Diagnostic,
}

/// Returns the invalid IDs and ARNs in the properties of a resource.
pub(super) fn invalid(map: &Map<'_>, region: Option<&Region>) -> Vec<Invalid> {
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
            // The schema has an error for text in place of a list.
            let is_list = key.ends_with("Ids") || key == "GroupSet";
            if !is_list || !matches!(term, RawValue::Str(_)) {
                walk(key, term, each);
            }
        }
    }
    let mut out = Vec::new();
    walk_map(map, &mut |property, text| {
        let found = diagnostic(property, text, region);
        out.extend(found.map(|found| Invalid {
            property: property.to_owned(),
            text: text.to_owned(),
            found,
        }));
    });
    out
}

impl Invalid {
    /// Returns the error with another name of the property.
    pub(super) fn renamed(&self, name: &str) -> Diagnostic {
        let mut found = self.found.clone();
        let own = format!("`{}`", self.property);
        found.message = found.message.replacen(&own, &format!("`{name}`"), 1);
        found
    }

    /// Returns the error of an override.
    pub(super) fn of_override(&self, change: &Override, name: &str) -> Diagnostic {
        let mut found = self.renamed(name).only(change.dialect);
        found.message = format!("override `{}`: {}", change.pointer, found.message);
        found
    }

    /// Returns whether a value contains the text.
    pub(super) fn is_in(&self, value: &RawValue<'_>) -> bool {
        match value {
            RawValue::Str(text) => *text == self.text,
            RawValue::List(items) => items.iter().any(|it| self.is_in(it)),
            RawValue::Object(map) | RawValue::Block(map) => map.iter().any(|it| self.is_in(it.1)),
            RawValue::Json(inner) | RawValue::Base64(inner) => self.is_in(inner),
            _ => false,
        }
    }
}

/// Reports invalid IDs and ARNs in the properties of a modeled type, each at the line that sets it. A construct
/// has already reported those of its settings.
pub(super) fn check(graph: &Graph, (id, node): (NodeId, &Node), out: &mut Diagnostics) {
    let of = node.resource.type_name(Dialect::Cfn);
    let stack = graph.stacks().nth(node.stack().index());
    let (true, Some(stack)) = (KINDS.iter().any(|it| Some(it.cfn) == of), stack) else {
        return;
    };
    // Evaluating takes longer.
    let is_changed = node.resource.kind().is_none() || !node.overrides.is_empty();
    let map = match is_changed && graph.has_language(Dialect::Cfn) {
        true => node.evaluated(id, graph, Dialect::Cfn),
        false => node.resource.put(Dialect::Cfn).into_owned(),
    };
    for it in invalid(&map, stack.region) {
        let is_same = |other: &&Diagnostic| {
            let quoted = format!("`{}`", it.text.escape_debug());
            other.code == it.found.code && other.message.contains(&quoted)
        };
        if graph.diagnostics.iter().any(|it| is_same(&it)) {
            continue;
        }
        let (change, line) = match is_changed {
            true => node.cause_of(graph, Dialect::Cfn, |value| it.is_in(value)),
            false => (None, node.location.clone()),
        };
        let found = match change {
            Some(change) => it.of_override(change, &it.property),
            None => it.renamed(&node.setter_of(&it.property)),
        };
        out.push(found.at(line).path(node.path.clone()));
    }
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
