//! Gateways of a VPC to which a subnet has no route.

use super::graph_index::{GraphIndex, Resolved};
use super::instance::InstanceConfig;
use super::internet_route::attached;
use super::public_address::public_address;
use crate::ir::{NodeId, Value};
use crate::resource::{ConnectivityType, InternetGateway, NatGateway, Subnet};

/// Returns a gateway of the VPC that a subnet without a route to the internet can use. It is a NAT gateway, or
/// an internet gateway if the instance has a public address.
pub(crate) fn unused_gateway<'g>(
    index: &GraphIndex<'g>,
    instance: &InstanceConfig<'_>,
    subnet: &Resolved<'g, Subnet>,
) -> Option<NodeId> {
    let vpc = index.vpc_of(subnet);
    let nat = index.all::<NatGateway>().find(|(id, _, nat)| {
        let is_private = matches!(
            nat.connectivity_type,
            Some(Value::Lit(ConnectivityType::Private))
        );
        let of_vpc = index.resolve(&nat.subnet);
        let is_in_vpc = of_vpc.iter().all(|it| index.vpc_of(it).same(&vpc).is_yes());
        !is_private && !of_vpc.is_empty() && is_in_vpc && index.exists(*id).is_yes()
    });
    let gateway = || {
        let mut gateways = index.all::<InternetGateway>();
        let (address, _) = public_address(instance, subnet);
        let found = gateways.find(|(id, ..)| attached(index, *id, &vpc).is_yes());
        found.filter(|_| address.is_yes()).map(|(id, ..)| id)
    };
    nat.map(|(id, ..)| id).or_else(gateway)
}
