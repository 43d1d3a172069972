use super::table::{Unfolded, resource};
use super::{Hooks, Map, Tags, Typed, Vpc, codec::UnmodeledNotes, route::unfold_routes, tagged};
use crate::ir::{Attr, Dialect, Link, NodeId, Text, Value};

resource! {
    /// A route table. Without routes, it routes only within the VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-routetable.html>
    pub struct RouteTable: "AWS::EC2::RouteTable" / "aws_route_table", link Attr::by_ref("id"),
        import "RouteTableId" / "{id}";
    one {
        /// The VPC.
        vpc: Link<Vpc> = "VpcId" / doc "vpc_id",
    }
    plain {
        /// Tags. Default: none.
        tags: Tags = "Tags" / "tags",
    }
}

impl Hooks for RouteTable {
    tagged!();

    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        unfold_routes(map, this.at(Self::LINK), dialect, unmodeled)
    }
}

resource! {
    /// The main route table of a VPC, adopted by Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_route_table>
    pub struct DefaultRouteTable: / "aws_default_route_table", link Attr::by_ref("id"),
        import "" / "{vpc_id}";
    one {
        /// The ID of the route table, an attribute of the VPC.
        default_route_table: Value<Text> = / doc "default_route_table_id",
    }
    inert {
        "" / "vpc_id" = "AWS sets it",
    }
}

impl Hooks for DefaultRouteTable {
    fn unfold(
        map: &mut Map<'_>,
        this: NodeId,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Vec<Unfolded> {
        unfold_routes(map, this.at(Self::LINK), dialect, unmodeled)
    }
}

resource! {
    /// The choice of a VPC's main route table, in Terraform.
    ///
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/main_route_table_association>
    pub struct MainRouteTableAssociation: / "aws_main_route_table_association",
        link Attr::by_ref("id");
    one {
        /// The VPC.
        vpc: Link<Vpc> = / doc "vpc_id",
        /// The route table.
        route_table: Link<RouteTable> = / doc "route_table_id",
    }
    inert {
        "" / "original_route_table_id" = "AWS sets it",
    }
}

impl Hooks for MainRouteTableAssociation {}
