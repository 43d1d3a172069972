//! Attributes of resources that only a conversion needs.

use crate::ir::{Attr, CfnAttr};

/// Attributes by the name of the table. The tables contain those that the model itself uses.
const ATTRIBUTES: &[(&str, Attr)] = &[
    (
        "Bucket",
        Attr::by_get_att("DomainName", "bucket_domain_name"),
    ),
    (
        "Bucket",
        Attr::by_get_att("RegionalDomainName", "bucket_regional_domain_name"),
    ),
    ("Eip", Attr::by_get_att("PublicIp", "public_ip")),
    ("Eip", Attr::by_ref("public_ip")),
    (
        "Instance",
        Attr::by_get_att("AvailabilityZone", "availability_zone"),
    ),
    (
        "Instance",
        Attr::by_get_att("PrivateDnsName", "private_dns"),
    ),
    ("Instance", Attr::by_get_att("PrivateIp", "private_ip")),
    ("Instance", Attr::by_get_att("PublicDnsName", "public_dns")),
    ("Instance", Attr::by_get_att("PublicIp", "public_ip")),
    (
        "LaunchTemplate",
        Attr::by_get_att("DefaultVersionNumber", "default_version"),
    ),
    (
        "NetworkInterface",
        Attr::by_get_att("PrimaryPrivateIpAddress", "private_ip"),
    ),
    ("Role", Attr::by_get_att("RoleId", "unique_id")),
    ("SecurityGroup", Attr::by_get_att("VpcId", "vpc_id")),
    (
        "Subnet",
        Attr::by_get_att("AvailabilityZone", "availability_zone"),
    ),
    ("Topic", Attr::by_get_att("TopicName", "name")),
];

/// Returns the attribute that CloudFormation calls so.
pub(super) fn attribute(kind: &str, name: &str) -> Option<Attr> {
    let mut all = ATTRIBUTES.iter();
    let found = all.find(|(of, attr)| {
        let own = match attr.cfn {
            CfnAttr::GetAtt(own) => own,
            CfnAttr::Ref => "Ref",
        };
        *of == kind && own == name
    });
    found.map(|(_, attr)| *attr)
}
