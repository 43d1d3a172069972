use super::table::{nested, resource};
use super::{Hooks, Vpc, VpcEndpoint};
use crate::ir::{Attr, Link, Text, Value};

nested! {
    /// A VPC that resolves the names of a private hosted zone.
    pub struct HostedZoneVpc
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VPCId" / doc "vpc_id",
    }
    opt {
        /// The Region of the VPC. Default in Terraform: that of the provider.
        region: Value<Text> = "VPCRegion" / doc "vpc_region",
    }
}

resource! {
    /// A Route 53 hosted zone, private if it has VPCs.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-hostedzone.html>
    pub struct HostedZone: "AWS::Route53::HostedZone" / "aws_route53_zone",
        link Attr::by_ref("id"),
        attrs [Self::ZONE_ID],
        import "Id" / "{zone_id}";
    one {
        /// The domain name.
        name: Value<Text> = "Name" / "name",
    }
    many {
        /// The VPCs of a private hosted zone. Default: none, the hosted zone is public.
        vpcs: HostedZoneVpc = "VPCs" / doc "vpc",
    }
    inert {
        "HostedZoneConfig" / "comment" = "a text",
        "HostedZoneTags" / "" = "labels",
        "QueryLoggingConfig" / "" = "only logs",
        "" / "delegation_set_id" = "only public hosted zones",
        "" / "force_destroy" = "only when the hosted zone is deleted",
        "" / "name_servers" = "AWS sets it",
        "" / "primary_name_server" = "AWS sets it",
        "" / "zone_id" = "AWS sets it",
    }
}

impl HostedZone {
    /// The ID, under its name in Terraform.
    pub const ZONE_ID: Attr = Attr::by_get_att("Id", "zone_id");
}

impl Hooks for HostedZone {}

resource! {
    /// The association of a VPC with a private hosted zone in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/route53_zone_association>
    pub struct HostedZoneAssociation: / "aws_route53_zone_association", link Attr::by_ref("id"),
        import "" / "{zone_id}:{vpc_id}";
    one {
        /// The hosted zone.
        zone: Link<HostedZone> = / doc "zone_id",
        /// The VPC.
        vpc: Link<Vpc> = / doc "vpc_id",
    }
    inert {
        "" / "owning_account" = "AWS sets it",
        "" / "vpc_region" = "the ID determines the VPC",
    }
}

impl Hooks for HostedZoneAssociation {}

nested! {
    /// The target of an alias record.
    pub struct AliasTarget
    one {
        /// The DNS name, such as that of a VPC endpoint.
        dns_name: Link<VpcEndpoint> = "DNSName" / doc "name",
    }
    opt {
        /// The hosted zone of the target.
        zone: Value<Text> = "HostedZoneId" / doc "zone_id",
        /// Whether to return the record only while its target is healthy. Default: `false`.
        evaluate_target_health: Value<bool> = "EvaluateTargetHealth" / "evaluate_target_health",
    }
    inert {
        "EvaluateTargetHealth" / "evaluate_target_health" = "a single target is returned in any state",
    }
}

resource! {
    /// A record in a hosted zone.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-route53-recordset.html>
    pub struct RecordSet: "AWS::Route53::RecordSet" / "aws_route53_record", link Attr::by_ref("id"),
        import "" / "{zone_id}_{name}_{type}";
    one {
        /// The DNS name.
        name: Value<Text> = "Name" / "name",
    }
    opt {
        /// The record type, such as `A`.
        record_type: Value<Text> = "Type" / doc "type",
        /// The hosted zone, by ID.
        zone: Link<HostedZone> = "HostedZoneId" / doc "zone_id",
        /// The hosted zone, by name.
        zone_name: Value<Text> = "HostedZoneName" / "",
        /// The alias target. Default: none.
        alias: AliasTarget = "AliasTarget" / "alias",
    }
    many {
        /// The values of the record. Default: none.
        records: Value<Text> = "ResourceRecords" / "records",
    }
    inert {
        "Comment" / "" = "a text",
        "TTL" / "ttl" = "only how long resolvers keep it",
        "" / "allow_overwrite" = "only the provider compares it",
        "" / "fqdn" = "AWS sets it",
    }
}

impl Hooks for RecordSet {}
