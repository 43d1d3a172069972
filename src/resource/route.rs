use super::codec::UnmodeledNotes;
use super::table::{Unfolded, lift_object, resource};
use super::{
    Hooks, Instance, InternetGateway, Map, NatGateway, NetworkInterface, PrefixList, RawValue,
    RouteTable, VpcEndpoint, VpcPeeringConnection,
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
        route_table: Link<RouteTable> = "RouteTableId" / doc "route_table_id",
    }
    opt {
        /// The destination IPv4 range.
        cidr_block: Value<Cidr> = "DestinationCidrBlock" / doc "destination_cidr_block",
        /// The destination IPv6 range.
        ipv6_cidr_block: Value<Text> = "DestinationIpv6CidrBlock" / doc "destination_ipv6_cidr_block",
        /// Where to, as a prefix list.
        prefix_list: Link<PrefixList> = "DestinationPrefixListId" / doc "destination_prefix_list_id",
        /// The target internet gateway or virtual private gateway.
        gateway: Link<InternetGateway> = "GatewayId" / doc "gateway_id",
        /// The target NAT gateway.
        nat_gateway: Link<NatGateway> = "NatGatewayId" / doc "nat_gateway_id",
        /// The target egress-only internet gateway.
        egress_only_gateway: Value<Text> = "EgressOnlyInternetGatewayId" / doc "egress_only_gateway_id",
        /// The target transit gateway.
        transit_gateway: Value<Text> = "TransitGatewayId" / doc "transit_gateway_id",
        /// Through an instance.
        instance: Link<Instance> = "InstanceId" / doc "instance_id",
        /// Through an interface.
        network_interface: Link<NetworkInterface> = "NetworkInterfaceId" / doc "network_interface_id",
        /// Through a gateway load balancer's endpoint.
        vpc_endpoint: Link<VpcEndpoint> = "VpcEndpointId" / doc "vpc_endpoint_id",
        /// The target VPC peering connection.
        vpc_peering_connection: Link<VpcPeeringConnection> = "VpcPeeringConnectionId" / doc "vpc_peering_connection_id",
        /// The target carrier gateway.
        carrier_gateway: Value<Text> = "CarrierGatewayId" / doc "carrier_gateway_id",
        /// The target local gateway.
        local_gateway: Value<Text> = "LocalGatewayId" / doc "local_gateway_id",
        /// The target core network.
        core_network: Value<Text> = "CoreNetworkArn" / doc "core_network_arn",
    }
    inert {
        "" / "instance_owner_id" = "AWS sets it",
        "" / "origin" = "AWS sets it",
        "" / "state=active" = "an active route",
    }
}

impl Hooks for Route {}

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
    let items = match map.remove("route") {
        Some(RawValue::List(items)) => items,
        single => single.into_iter().collect(),
    };
    let unmodeled = &mut unmodeled.inside("route");
    let mut routes = Vec::new();
    for mut item in items {
        if let RawValue::Object(route) | RawValue::Block(route) = &mut item {
            as_separate(route, &table);
        }
        let route: Option<Route> = lift_object(item, dialect, unmodeled);
        routes.extend(route.map(|route| Unfolded::new("route", route)));
    }
    routes
}

/// Changes a route nested in a route table to the arguments of a separate route.
fn as_separate(route: &mut Map<'_>, table: &Expr) {
    // A plan contains empty strings for missing values.
    let is_empty = |term: &RawValue<'_>| matches!(term, RawValue::Str(text) if text.is_empty());
    let empty = route.iter().filter(|(_, term)| is_empty(term));
    let empty: Vec<String> = empty.map(|(key, _)| key.to_owned()).collect();
    for key in empty {
        route.remove(&key);
    }
    for range in ["cidr_block", "ipv6_cidr_block"] {
        if let Some(term) = route.remove(range) {
            route.insert(format!("destination_{range}"), term);
        }
    }
    route.insert("route_table_id", RawValue::from(table.clone()));
}
