use super::{Hooks, Tags, Vpc, table::resource, tagged};
use crate::ir::{Attr, Link, Text, Value};

resource! {
    /// A peering connection between two VPCs. Each side needs a route to it.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpcpeeringconnection.html>
    pub struct VpcPeeringConnection: "AWS::EC2::VPCPeeringConnection" / "aws_vpc_peering_connection",
        link Attr::by_ref("id"),
        import "Id" / "{id}";
    one {
        /// The VPC that requests the connection.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
        /// The other VPC.
        peer_vpc: Link<Vpc> = "PeerVpcId" / doc "peer_vpc_id",
    }
    opt {
        /// The account of the other VPC. Default: this account.
        peer_owner: Value<Text> = "PeerOwnerId" / doc "peer_owner_id",
        /// The Region of the other VPC. Default: this Region.
        peer_region: Value<Text> = "PeerRegion" / "peer_region",
        /// The ARN of the role of the other account with which CloudFormation accepts the request.
        /// Terraform accepts it there with a resource of its own.
        peer_role: Value<Text> = "PeerRoleArn" / "",
        /// The Region in which CloudFormation assumes `peer_role`. Default: this Region.
        assume_role_region: Value<Text> = "AssumeRoleRegion" / "",
        /// Whether Terraform accepts the request, which CloudFormation always does if both VPCs are
        /// of this account. Default: `false`.
        auto_accept: Value<bool> = / "auto_accept",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
    inert {
        "" / "accept_status" = "AWS sets it",
        "" / "accepter" = "only names of the other VPC",
        "" / "requester" = "only names of the other VPC",
    }
}

impl Hooks for VpcPeeringConnection {
    tagged!();
}
