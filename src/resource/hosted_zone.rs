use super::table::{nested, resource};
use super::{Hooks, Vpc, VpcEndpoint};
use crate::ir::{Attr, Link, Text, Value};

nested! {
    /// A VPC whose instances ask a private zone.
    pub struct HostedZoneVpc
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VPCId" / "vpc_id",
    }
}

resource! {
    /// A zone of names; private where it names VPCs.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-hostedzone.html>
    pub struct HostedZone: "AWS::Route53::HostedZone" / "aws_route53_zone",
        link Attr::by_ref("id"),
        attrs [Self::ZONE_ID],
        import "Id" / "{zone_id}";
    one {
        /// Its name.
        name: Value<Text> = "Name" / "name",
    }
    many {
        /// The VPCs that ask it. Default: none, the zone is public.
        vpcs: HostedZoneVpc = "VPCs" / "vpc",
    }
}

impl HostedZone {
    /// Its id once more, as Terraform calls it too.
    pub const ZONE_ID: Attr = Attr::by_get_att("Id", "zone_id");
}

impl Hooks for HostedZone {}

resource! {
    /// One more VPC of a private zone, as Terraform adds it.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route53_zone_association>
    pub struct HostedZoneAssociation: "" / "aws_route53_zone_association", link Attr::by_ref("id"),
        import "" / "{zone_id}:{vpc_id}";
    one {
        /// The zone.
        zone: Link<HostedZone> = "" / "zone_id",
        /// The VPC.
        vpc: Link<Vpc> = "" / "vpc_id",
    }
}

impl Hooks for HostedZoneAssociation {}

nested! {
    /// What a record leads to.
    pub struct AliasTarget
    one {
        /// The name, of an endpoint say.
        dns_name: Link<VpcEndpoint> = "DNSName" / "name",
    }
}

resource! {
    /// A name in a zone.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-recordset.html>
    pub struct RecordSet: "AWS::Route53::RecordSet" / "aws_route53_record", link Attr::by_ref("id"),
        import "" / "{zone_id}_{name}_{type}";
    one {
        /// The name.
        name: Value<Text> = "Name" / "name",
    }
    opt {
        /// The zone, by id.
        zone: Link<HostedZone> = "HostedZoneId" / "zone_id",
        /// The zone, by name.
        zone_name: Value<Text> = "HostedZoneName" / "",
        /// What it leads to. Default: its records say.
        alias: AliasTarget = "AliasTarget" / "alias",
    }
}

impl Hooks for RecordSet {}
