//! The addresses of the ends of a connection, and the part of them that rules cover.

use std::sync::LazyLock;

use super::cache::FixedAddress;
use super::fixed_address::fixed;
use super::graph_index::{GraphIndex, Resolved};
use super::instance;
use super::ternary::Ternary;
use crate::ir::{AddressSet, Cidr, NodeId, Text, Value};
use crate::resource::{
    NatGateway, NetworkInterface, RawValue, Resource, Subnet, Vpc, VpcCidrBlock, VpcEndpoint,
};

/// The addresses that the internet routes.
pub(crate) static PUBLIC: LazyLock<AddressSet> = LazyLock::new(AddressSet::public);

/// Returns the fixed addresses in subnets of the file.
pub(crate) fn fixed_addresses<'a>(index: &'a GraphIndex<'_>) -> &'a [FixedAddress] {
    index
        .cache
        .fixed
        .get_or_init(|| find_fixed_addresses(index))
}

fn find_fixed_addresses(index: &GraphIndex<'_>) -> Vec<FixedAddress> {
    let mut found = Vec::new();
    let mut add = |at, subnet: &Resolved<'_, Subnet>, value: Option<&Value<Text>>| {
        if let (Some(subnet), Some(address)) = (subnet.node(), fixed(value)) {
            found.push(FixedAddress {
                at,
                subnet,
                address,
            });
        }
    };
    for (id, _, interface) in index.all::<NetworkInterface>() {
        let subnet = index.resolve_one(&interface.subnet);
        let several = interface.private_ips.iter();
        match &interface.private_ip_address {
            // A refreshed plan contains the address also in the list.
            None => several.for_each(|it| add((id, "private_ips"), &subnet, Some(it))),
            one => add((id, "private_ip_address"), &subnet, one.as_ref()),
        }
        for it in &interface.private_ip_addresses {
            let at = (id, "private_ip_addresses");
            add(at, &subnet, Some(&it.private_ip_address));
        }
    }
    for (id, node, nat) in index.all::<NatGateway>() {
        // AWS chooses the address of an existing one.
        let is_existing = node.origin.as_ref().is_some_and(|it| it.is_existing);
        let value = match node.property("PrivateIpAddress", "private_ip") {
            Some(RawValue::Str(text)) if !is_existing => Value::Lit(text.into_owned().into()),
            _ => continue,
        };
        let subnet = index.resolve_one(&nat.subnet);
        add((id, "private_ip_address"), &subnet, Some(&value));
    }
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        for it in &endpoint.subnet_configurations {
            if let Some(link) = &it.subnet {
                let at = (id, "subnet_configurations");
                add(at, &index.resolve_one(link), it.ipv4.as_ref());
            }
        }
    }
    for config in instance::all(index) {
        let node = |id: &NodeId| index.graph.node(*id).map(|node| &node.resource);
        let is_instance = matches!(node(&config.node), Some(Resource::Instance(_)));
        let has_interface = config
            .sources
            .iter()
            .any(|id| matches!(node(id), Some(Resource::NetworkInterface(_))));
        let absent = index
            .graph
            .node(config.node)
            .is_none_or(|it| it.is_absent());
        let [placement] = config.placements.as_slice() else {
            continue;
        };
        if let (Some(address), Some(subnet)) = (config.address, placement.subnet.node())
            && is_instance
            && !has_interface
            && !absent
            && placement.certain
        {
            found.push(FixedAddress {
                at: (config.node, "private_ip_address"),
                subnet,
                address,
            });
        }
    }
    found
}

/// Returns every range of a VPC, if the file shows all of them.
pub(crate) fn of_vpc(index: &GraphIndex<'_>, id: NodeId, vpc: &Vpc) -> Option<Vec<Cidr>> {
    let node = index.graph.node(id)?;
    if node.is_lookup() || index.is_externally_modified(id) || node.is_unmodeled("cidr_block") {
        return None;
    }
    let mut ranges = vec![index.cidr(&vpc.cidr_block)?];
    for (tie, _, it) in index.all::<VpcCidrBlock>() {
        if index.points_to(&it.vpc, id).is_no() {
            continue;
        }
        // A range of an address pool is not in the file.
        if index.doubt(tie).is_some() {
            return None;
        }
        if let Some(range) = &it.cidr_block {
            ranges.push(index.cidr(range)?);
        }
    }
    Some(ranges)
}

/// Returns the addresses that an interface in a subnet can have, if the file shows them.
pub(crate) fn of_interface<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    fixed: Option<Cidr>,
) -> Option<AddressSet> {
    if let Some(address) = fixed {
        return Some(address.into());
    }
    let Resolved::Node(id, subnet) = subnet else {
        return None;
    };
    if let Some(cidr) = index.cidr(&subnet.cidr_block) {
        let taken = fixed_addresses(index).iter();
        let taken = taken.filter(|it| it.subnet == *id && index.exists(it.at.0).is_yes());
        let taken: AddressSet = taken.map(|it| it.address).collect();
        return Some(AddressSet::of_subnet(cidr).without(&taken));
    }
    let vpc = index.resolve_one(&subnet.vpc);
    let Resolved::Node(_, it) = &vpc else {
        return None;
    };
    let secondary = index
        .all::<VpcCidrBlock>()
        .filter(|(_, _, more)| !index.resolve_one(&more.vpc).same(&vpc).is_no())
        .filter_map(|(_, _, more)| more.cidr_block.as_ref());
    let ranges = std::iter::once(&it.cidr_block).chain(secondary);
    ranges.map(|range| index.cidr(range)).collect()
}

/// The addresses that a set of rules covers.
#[derive(Default)]
pub(crate) struct Coverage {
    certain: Vec<Cidr>,
    possible: Vec<Cidr>,
}

impl Coverage {
    /// Adds the range of a rule that applies or can apply.
    pub(crate) fn add(&mut self, range: Cidr, applies: Ternary) {
        match applies {
            Ternary::Yes => self.certain.push(range),
            Ternary::Unknown => self.possible.push(range),
            Ternary::No => {}
        }
    }

    /// Returns whether the rules cover one of the addresses, whichever it is. The peer has at least
    /// `min` of them: rules for fewer cannot cover it.
    pub(crate) fn covers(self, addresses: &AddressSet, min: u64) -> Ternary {
        let certain: AddressSet = self.certain.into_iter().collect();
        if certain.contains(addresses) {
            return Ternary::Yes;
        }
        let possible = certain.union(&self.possible.into_iter().collect());
        if possible.intersection(addresses).len() >= min {
            Ternary::Unknown
        } else {
            Ternary::No
        }
    }
}
