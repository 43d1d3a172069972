use super::{Hooks, InternetGateway, Vpc, table::resource};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// The attachment of a gateway to a VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcgatewayattachment.html>
    pub struct VpcGatewayAttachment:
        "AWS::EC2::VPCGatewayAttachment" / "aws_internet_gateway_attachment",
        link Attr::by_ref("id"),
        import "AttachmentType,VpcId" / "{internet_gateway_id}:{vpc_id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
    }
    opt {
        /// The internet gateway. Default: none.
        internet_gateway: Link<InternetGateway> = "InternetGatewayId" / doc "internet_gateway_id",
        /// The virtual private gateway. Default: none.
        vpn_gateway: Value<Text> = "VpnGatewayId" / "",
    }
}

impl Hooks for VpcGatewayAttachment {}
