use super::{Hooks, RouteTable, Subnet, table::resource};
use crate::ir::{Attr, Link};

resource! {
    /// The association of a route table with a subnet.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnetroutetableassociation.html>
    pub struct SubnetRouteTableAssociation:
        "AWS::EC2::SubnetRouteTableAssociation" / "aws_route_table_association",
        link Attr::by_ref("id"),
        import "Id" / "{subnet_id|gateway_id}/{route_table_id}";
    one {
        /// The subnet.
        subnet: Link<Subnet> = "SubnetId" / doc "subnet_id",
        /// The route table.
        route_table: Link<RouteTable> = "RouteTableId" / doc "route_table_id",
    }
}

impl Hooks for SubnetRouteTableAssociation {}
