use super::codec::UnmodeledNotes;
use super::table::{Unfolded, resource};
use super::{Hooks, Map, Node, RawValue, Tags, Vpc, tagged};
use crate::ir::{Attr, Diagnostics, Dialect, Expr, Link, NodeId, Pseudo, Text, Value};

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
        /// of this account. Default: `true` if both VPCs are of this account and Region.
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

impl VpcPeeringConnection {
    /// Returns whether both VPCs are of this account and Region, so that Terraform can accept the request.
    pub(crate) fn is_local(&self) -> bool {
        is_own(self.peer_owner.as_ref(), Pseudo::AccountId)
            && is_own(self.peer_region.as_ref(), Pseudo::Region)
    }
}

/// Returns whether a value is that of the deployment.
fn is_own(value: Option<&Value<Text>>, own: Pseudo) -> bool {
    match value {
        None | Some(Value::Expr(Expr::Absent)) => true,
        Some(Value::Expr(Expr::Pseudo(it))) => *it == own,
        Some(_) => false,
    }
}

impl Hooks for VpcPeeringConnection {
    tagged!();

    /// <https://docs.aws.amazon.com/vpc/latest/peering/create-vpc-peering-connection.html>
    fn check(&self, node: &Node, out: &mut Diagnostics) {
        let is_one = self.vpc == self.peer_vpc && !self.vpc.is_absent();
        if is_one && node.keeps("vpc") && node.keeps("peer_vpc") {
            let message = "the connection peers a VPC with itself: `vpc` and `peer_vpc` are equal";
            let found = node.error("peering-vpcs", message).about(&["peer_vpc"]);
            out.push(found.help("set `peer_vpc` to another VPC"));
        }
    }

    // As CloudFormation does. The provider accepts no Region here, not even its own.
    fn tf_extra<'a>(&'a self, map: &mut Map<'a>) {
        if self.auto_accept.is_none() && self.is_local() && self.peer_region.is_none() {
            map.insert("auto_accept", RawValue::Bool(true));
        }
    }

    /// The default of the provider is another one than that of the model.
    fn unfold(
        map: &mut Map<'_>,
        _: NodeId,
        dialect: Dialect,
        _: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        if dialect == Dialect::Tf && map.get("auto_accept").is_none() {
            map.insert("auto_accept", RawValue::Bool(false));
        }
        Vec::new()
    }
}
