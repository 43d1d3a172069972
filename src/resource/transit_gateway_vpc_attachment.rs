use super::{Hooks, Subnet, Tags, Vpc, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value, words};

words! {
    /// A feature of a transit gateway attachment.
    #[non_exhaustive]
    pub enum AttachmentFeature {
        /// On.
        Enabled = "enable",
        /// Off.
        Disabled = "disable",
    }
}

resource! {
    /// The attachment of a VPC to a transit gateway. Routes to the gateway depend on it.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-transitgatewayvpcattachment.html>
    pub struct TransitGatewayVpcAttachment: "AWS::EC2::TransitGatewayVpcAttachment" / "aws_ec2_transit_gateway_vpc_attachment",
        link Attr::by_ref("id"),
        import "Id" / "{id}";
    one {
        /// The ID of the transit gateway.
        transit_gateway: Value<Text> = "TransitGatewayId" / doc "transit_gateway_id",
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
    }
    opt {
        /// Whether a flow stays in one Availability Zone in both directions. Default: it can change.
        appliance_mode_support: Value<AttachmentFeature> = "Options"."ApplianceModeSupport" / "appliance_mode_support",
        /// Whether the VPC resolves the names of others to private addresses. Default: it does.
        dns_support: Value<AttachmentFeature> = "Options"."DnsSupport" / "dns_support",
        /// Whether IPv6 packets pass. Default: they do not.
        ipv6_support: Value<AttachmentFeature> = "Options"."Ipv6Support" / "ipv6_support",
        /// Whether rules can name the security groups of other VPCs. Default: set by the gateway.
        security_group_referencing_support: Value<AttachmentFeature> = "Options"."SecurityGroupReferencingSupport" / "security_group_referencing_support",
        /// Whether Terraform associates the attachment with the default route table of the gateway.
        /// Default: set by the gateway, as in CloudFormation.
        default_route_table_association: Value<bool> = / doc "transit_gateway_default_route_table_association",
        /// Whether Terraform propagates its routes to the default route table of the gateway.
        /// Default: set by the gateway, as in CloudFormation.
        default_route_table_propagation: Value<bool> = / doc "transit_gateway_default_route_table_propagation",
    }
    many {
        /// Subnets, one for each Availability Zone.
        subnets: Link<Subnet> = "SubnetIds" / doc "subnet_ids",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "AddSubnetIds" / "" = "only traffic of the transit gateway",
        "RemoveSubnetIds" / "" = "only traffic of the transit gateway",
        "" / "vpc_owner_id" = "AWS sets it",
    }
}

impl Hooks for TransitGatewayVpcAttachment {
    tagged!();
}
