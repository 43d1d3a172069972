use super::table::resource;
use super::{Hooks, Tags, Vpc, tagged};
use crate::ir::{Attr, Link};

resource! {
    /// A route table; without routes it reaches the VPC only.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-routetable.html>
    pub struct RouteTable: "AWS::EC2::RouteTable" / "aws_route_table", link Attr::by_ref("id");
    one {
        /// The VPC it belongs to.
        vpc: Link<Vpc> = "VpcId" / "vpc_id",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for RouteTable {
    tagged!();
}
