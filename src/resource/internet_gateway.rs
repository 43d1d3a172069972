use super::table::{Unfolded, lift_field, resource};
use super::{Hooks, Map, Tags, Typed, Vpc, VpcGatewayAttachment, codec::UnmodeledNotes, tagged};
use crate::ir::{Attr, Dialect, Link, NodeId, Value};

resource! {
    /// An internet gateway.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-internetgateway.html>
    pub struct InternetGateway: "AWS::EC2::InternetGateway" / "aws_internet_gateway",
        link Attr::by_ref("id"),
        import "InternetGatewayId" / "{id}";
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for InternetGateway {
    tagged!();

    // A separate attachment in CloudFormation, an argument in Terraform.
    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        if dialect == Dialect::Cfn {
            return Vec::new();
        }
        let vpc: Option<Link<Vpc>> = lift_field(map, ("vpc", "vpc_id"), dialect, unmodeled);
        let gateway: Link<InternetGateway> = Value::Expr(this.at(Self::LINK));
        let attach = |vpc| VpcGatewayAttachment::new(vpc).internet_gateway(gateway);
        vpc.map(|vpc| Unfolded::new("vpc_id", attach(vpc)))
            .into_iter()
            .collect()
    }
}
