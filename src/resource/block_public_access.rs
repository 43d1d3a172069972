use super::{Hooks, Subnet, Tags, Vpc, table::resource, tagged};
use crate::ir::words;
use crate::ir::{Attr, Link, Value};

words! {
    /// The traffic that Block Public Access blocks at internet gateways.
    #[non_exhaustive]
    pub enum InternetGatewayBlockMode {
        /// No traffic. CloudFormation does not accept it.
        Off = "off",
        /// All traffic.
        Bidirectional = "block-bidirectional",
        /// All traffic except that of NAT gateways and egress-only internet gateways.
        Ingress = "block-ingress",
    }
}

words! {
    /// The traffic that an exclusion from Block Public Access allows.
    #[non_exhaustive]
    pub enum InternetGatewayExclusionMode {
        /// All traffic.
        Bidirectional = "allow-bidirectional",
        /// Outbound traffic. Applies only if all traffic is blocked.
        Egress = "allow-egress",
    }
}

resource! {
    /// Block Public Access of all VPCs of the account in the Region.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcblockpublicaccessoptions.html>
    pub struct VpcBlockPublicAccessOptions:
        "AWS::EC2::VPCBlockPublicAccessOptions" / "aws_vpc_block_public_access_options",
        link Attr::by_ref("id"),
        import "AccountId" / "";
    one {
        /// The traffic to block.
        internet_gateway_block_mode: Value<InternetGatewayBlockMode> =
            "InternetGatewayBlockMode" / "internet_gateway_block_mode",
    }
    inert {
        "" / "aws_account_id" = "AWS sets it",
        "" / "aws_region" = "AWS sets it",
    }
}

impl Hooks for VpcBlockPublicAccessOptions {}

resource! {
    /// The exclusion of a VPC or subnet from Block Public Access.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcblockpublicaccessexclusion.html>
    pub struct VpcBlockPublicAccessExclusion:
        "AWS::EC2::VPCBlockPublicAccessExclusion" / "aws_vpc_block_public_access_exclusion",
        link Attr::by_ref("id"),
        import "ExclusionId" / "{id}";
    one {
        /// The traffic to allow.
        internet_gateway_exclusion_mode: Value<InternetGatewayExclusionMode> =
            "InternetGatewayExclusionMode" / "internet_gateway_exclusion_mode",
    }
    opt {
        /// The VPC. Default: none.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
        /// The subnet. Default: none.
        subnet: Link<Subnet> = "SubnetId" / doc "subnet_id",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "resource_arn" = "AWS sets it",
    }
}

impl Hooks for VpcBlockPublicAccessExclusion {
    tagged!();
}
