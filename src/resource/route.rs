use super::codec::UnmodeledNotes;
use super::table::{Unfolded, lift_items, nested, resource};
use super::{
    Hooks, Instance, InternetGateway, Map, NatGateway, NetworkInterface, PrefixList, RouteTable,
    VpcEndpoint,
};
use crate::ir::{Attr, Cidr, Dialect, Expr, Link, Text, Value};

resource! {
    /// A route of a route table.
    ///
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-route.html>
    pub struct Route: "AWS::EC2::Route" / "aws_route", link Attr::by_ref("id"),
        import "RouteTableId,CidrBlock" / "{route_table_id}_{destination_cidr_block|destination_ipv6_cidr_block|destination_prefix_list_id}";
    one {
        /// The route table.
        route_table: Link<RouteTable> = "RouteTableId" / "route_table_id",
    }
    opt {
        /// The destination IPv4 range.
        cidr_block: Value<Cidr> = "DestinationCidrBlock" / "destination_cidr_block",
        /// The destination IPv6 range.
        ipv6_cidr_block: Value<Text> = "DestinationIpv6CidrBlock" / "destination_ipv6_cidr_block",
        /// Where to, as a prefix list.
        prefix_list: Link<PrefixList> = "DestinationPrefixListId" / "destination_prefix_list_id",
        /// The target internet gateway or virtual private gateway.
        gateway: Link<InternetGateway> = "GatewayId" / "gateway_id",
        /// The target NAT gateway.
        nat_gateway: Link<NatGateway> = "NatGatewayId" / "nat_gateway_id",
        /// The target egress-only internet gateway.
        egress_only_gateway: Value<Text> = "EgressOnlyInternetGatewayId" / "egress_only_gateway_id",
        /// The target transit gateway.
        transit_gateway: Value<Text> = "TransitGatewayId" / "transit_gateway_id",
        /// Through an instance.
        instance: Link<Instance> = "InstanceId" / "instance_id",
        /// Through an interface.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / "network_interface_id",
        /// Through a gateway load balancer's endpoint.
        vpc_endpoint: Link<VpcEndpoint> = "VpcEndpointId" / "vpc_endpoint_id",
        /// The target VPC peering connection.
        vpc_peering_connection: Value<Text> = "VpcPeeringConnectionId" / "vpc_peering_connection_id",
        /// The target carrier gateway.
        carrier_gateway: Value<Text> = "CarrierGatewayId" / "carrier_gateway_id",
        /// The target local gateway.
        local_gateway: Value<Text> = "LocalGatewayId" / "local_gateway_id",
        /// The target core network.
        core_network: Value<Text> = "CoreNetworkArn" / "core_network_arn",
    }
    inert {
        "" / "instance_owner_id" = "AWS sets it",
        "" / "origin" = "AWS sets it",
        "" / "state=active" = "an active route",
    }
}

impl Hooks for Route {}

nested! {
    /// A route nested in a route table, in Terraform.
    pub struct InlineRoute
    opt {
        /// The destination IPv4 range.
        cidr_block: Value<Cidr> = "" / "cidr_block",
        /// The destination IPv6 range.
        ipv6_cidr_block: Value<Text> = "" / "ipv6_cidr_block",
        /// Where to, as a prefix list.
        prefix_list: Link<PrefixList> = "" / "destination_prefix_list_id",
        /// The target internet gateway or virtual private gateway.
        gateway: Link<InternetGateway> = "" / "gateway_id",
        /// The target NAT gateway.
        nat_gateway: Link<NatGateway> = "" / "nat_gateway_id",
        /// The target egress-only internet gateway.
        egress_only_gateway: Value<Text> = "" / "egress_only_gateway_id",
        /// The target transit gateway.
        transit_gateway: Value<Text> = "" / "transit_gateway_id",
        /// Through an interface.
        network_interface: Link<NetworkInterface> = "" / "network_interface_id",
        /// Through a gateway load balancer's endpoint.
        vpc_endpoint: Link<VpcEndpoint> = "" / "vpc_endpoint_id",
        /// The target VPC peering connection.
        vpc_peering_connection: Value<Text> = "" / "vpc_peering_connection_id",
        /// The target carrier gateway.
        carrier_gateway: Value<Text> = "" / "carrier_gateway_id",
        /// The target local gateway.
        local_gateway: Value<Text> = "" / "local_gateway_id",
        /// The target core network.
        core_network: Value<Text> = "" / "core_network_arn",
    }
}

impl InlineRoute {
    /// Returns the route as a separate resource.
    fn of(self, table: Link<RouteTable>) -> Route {
        // A plan contains empty strings for missing values.
        let text = |value: Option<Value<Text>>| {
            value.filter(|value| value.lit().is_none_or(|text| !text.is_empty()))
        };
        fn link<R>(value: Option<Link<R>>) -> Option<Link<R>> {
            value.filter(|value| value.lit().is_none_or(|id| !id.as_str().is_empty()))
        }
        let cidr = self
            .cidr_block
            .filter(|cidr| !matches!(cidr, Value::Expr(Expr::Opaque(text)) if text.is_empty()));
        Route {
            route_table: table,
            cidr_block: cidr,
            ipv6_cidr_block: text(self.ipv6_cidr_block),
            prefix_list: link(self.prefix_list),
            gateway: link(self.gateway),
            nat_gateway: link(self.nat_gateway),
            egress_only_gateway: text(self.egress_only_gateway),
            transit_gateway: text(self.transit_gateway),
            instance: None,
            network_interface: link(self.network_interface),
            vpc_endpoint: link(self.vpc_endpoint),
            vpc_peering_connection: text(self.vpc_peering_connection),
            carrier_gateway: text(self.carrier_gateway),
            local_gateway: text(self.local_gateway),
            core_network: text(self.core_network),
        }
    }
}

/// Returns the routes nested in a route table.
pub(crate) fn unfold_routes(
    map: &mut Map<'_>,
    table: Expr,
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Vec<Unfolded> {
    if dialect == Dialect::Cfn {
        return Vec::new();
    }
    let routes: Vec<InlineRoute> = lift_items(map, "route", dialect, unmodeled);
    let route = |route: InlineRoute| Unfolded::new("route", route.of(Value::Expr(table.clone())));
    routes.into_iter().map(route).collect()
}
