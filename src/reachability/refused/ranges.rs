//! Subnets and private addresses that EC2 refuses for their range.

use std::collections::HashMap;

use super::fixes::{free_address, free_range};
use super::{Refusal, together};
use crate::ir::{AddressSet, Cidr, Dialect, NodeId};
use crate::reachability::addresses::{fixed_addresses, of_vpc};
use crate::reachability::cache::FixedAddress;
use crate::reachability::endpoint::is_interface;
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{
    Node, PrefixList, RawValue, Resource, Subnet, Vpc, VpcCidrBlock, VpcEndpoint,
};

/// A subnet outside the ranges of its VPC.
pub(super) fn outside_the_vpc(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, _, subnet): (NodeId, _, &Subnet)| {
        let range = index.cidr(&subnet.cidr_block)?;
        let Resolved::Node(vpc_id, vpc) = index.resolve_one(&subnet.vpc) else {
            return None;
        };
        let all = of_vpc(index, vpc_id, vpc)?;
        if all.iter().any(|of| of.contains(range)) {
            return None;
        }
        let shown: Vec<String> = all.iter().map(|of| format!("`{of}`")).collect();
        let refusal = Refusal::new(
            Hop::Route,
            (id, "cidr_block"),
            together(index, &[id, vpc_id]),
            format!(
                "AWS refuses `{}` (`InvalidSubnet.Range`): `{range}` is not in the range of `{}`, \
                 {}",
                index.name(id),
                index.name(vpc_id),
                shown.join(" and ")
            ),
        )?;
        let fix = free_range(index, id, subnet).unwrap_or_else(|| {
            Fix::manual("use a free range of the VPC for the subnet, or add its range to the VPC")
        });
        Some(refusal.fix(fix))
    };
    index.all::<Subnet>().filter_map(one).collect()
}

/// A VPC or subnet that is larger than a /16 or smaller than a /28.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
pub(super) fn sizes(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let vpcs = index
        .all::<Vpc>()
        .map(|(id, _, it)| (id, &it.cidr_block, "InvalidVpc.Range"));
    let subnets = index
        .all::<Subnet>()
        .map(|(id, _, it)| (id, &it.cidr_block, "InvalidSubnet.Range"));
    let one = |(id, range, error)| {
        let range = index.cidr(range)?;
        if (16..=28).contains(&range.prefix_len()) {
            return None;
        }
        let reason = format!(
            "AWS refuses `{}` (`{error}`): `{range}` is not between a /16 and a /28",
            index.name(id)
        );
        let refusal = Refusal::new(Hop::Route, (id, "cidr_block"), index.exists(id), reason)?;
        Some(refusal.fix(Fix::manual("use a range between a /16 and a /28")))
    };
    vpcs.chain(subnets).filter_map(one).collect()
}

/// A range that EC2 does not associate with a VPC beside its first one.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions>
pub(super) fn associations(index: &GraphIndex<'_>) -> Vec<Refusal> {
    const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    let group = |range: Cidr| {
        PRIVATE.into_iter().find(|it| {
            let all = it.parse::<Cidr>();
            all.is_ok_and(|it| it.contains(range))
        })
    };
    let one = |(id, _, it): (NodeId, _, &VpcCidrBlock)| {
        let added = index.cidr(it.cidr_block.as_ref()?)?;
        let Resolved::Node(vpc_id, vpc) = index.resolve_one(&it.vpc) else {
            return None;
        };
        let first = index.cidr(&vpc.cidr_block)?;
        if first.overlaps(added) {
            let reason = format!(
                "AWS refuses `{}` (`CidrConflict`): `{added}` overlaps `{first}` of `{}`",
                index.name(id),
                index.name(vpc_id)
            );
            let certain = together(index, &[id, vpc_id]);
            let refusal = Refusal::new(Hop::Route, (id, "cidr_block"), certain, reason)?;
            let fix = "use a range outside those of the VPC";
            return Some(refusal.fix(Fix::manual(fix)));
        }
        let (of_first, of_added) = (group(first)?, group(added)?);
        if of_first == of_added {
            return None;
        }
        let refusal = Refusal::new(
            Hop::Route,
            (id, "cidr_block"),
            together(index, &[id, vpc_id]),
            format!(
                "AWS refuses `{}` (`InvalidVpc.Range`): a VPC in `{of_first}` accepts no range of \
                 `{of_added}`",
                index.name(id)
            ),
        )?;
        let fix = format!("use a range of `{of_first}` or of `100.64.0.0/10`");
        Some(refusal.fix(Fix::manual(fix)))
    };
    index.all::<VpcCidrBlock>().filter_map(one).collect()
}

/// A VPC, and the ranges of its subnets.
type Ranges<'g> = (Resolved<'g, Vpc>, Vec<(Cidr, NodeId)>);

/// Two subnets of a VPC with common addresses.
pub(super) fn overlapping(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut of_vpc: Vec<Ranges<'_>> = Vec::new();
    let moved = |id: NodeId| match index.graph.node(id).map(|node| &node.resource) {
        Some(Resource::Subnet(subnet)) => free_range(index, id, subnet),
        _ => None,
    };
    for (id, _, subnet) in index.all::<Subnet>() {
        let Some(range) = index.cidr(&subnet.cidr_block) else {
            continue;
        };
        let vpc = index.resolve_one(&subnet.vpc);
        match of_vpc.iter_mut().find(|(of, _)| of.same(&vpc).is_yes()) {
            Some((_, subnets)) => subnets.push((range, id)),
            None => of_vpc.push((vpc, vec![(range, id)])),
        }
    }
    let mut found = Vec::new();
    for (_, mut subnets) in of_vpc {
        // Ranges that overlap contain each other. With the outer range first, the ranges in it follow it.
        subnets.sort_by_key(|(range, _)| (range.bounds().0, range.prefix_len()));
        for (n, (range, id)) in subnets.iter().enumerate() {
            let after = subnets[n + 1..].iter();
            for (other, second) in after.take_while(|(other, _)| range.contains(*other)) {
                found.extend(
                    Refusal::new(
                        Hop::Route,
                        (*second, "cidr_block"),
                        together(index, &[*id, *second]),
                        format!(
                            "AWS refuses `{}` (`InvalidSubnet.Conflict`): its range `{other}` \
                             overlaps `{range}` of `{}`",
                            index.name(*second),
                            index.name(*id)
                        ),
                    )
                    .map(|it| {
                        it.fix(moved(*second).or_else(|| moved(*id)).unwrap_or_else(|| {
                            Fix::manual("use a free range of the VPC for the subnet")
                        }))
                    }),
                );
            }
        }
    }
    found
}

/// More entries in a prefix list than its maximum. In a template, the table of services has this limit.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateManagedPrefixList.html>
pub(super) fn prefix_lists(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, node, it): (NodeId, &Node, &PrefixList)| {
        if node.dialect() == Dialect::Cfn {
            return None;
        }
        let max = *it.max_entries.as_ref()?.lit()?;
        let count = i64::try_from(it.entries.len()).ok()?;
        if count <= max {
            return None;
        }
        let reason = format!(
            "AWS refuses `{}` (`PrefixListMaxEntriesExceeded`): it has {count} entries, and at most {max}",
            index.name(id)
        );
        let at = (id, "max_entries");
        let refusal = Refusal::new(Hop::InstanceSecurityGroup, at, index.exists(id), reason)?;
        Some(refusal.fix(Fix::set(id, "max_entries", RawValue::Int(count))))
    };
    index.all::<PrefixList>().filter_map(one).collect()
}

/// More interface endpoints in a subnet than it has addresses. AWS keeps five.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
pub(super) fn full(index: &GraphIndex<'_>) -> Vec<Refusal> {
    const KEPT: u64 = 5;
    let mut found = Vec::new();
    let mut used: HashMap<NodeId, u64> = HashMap::new();
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        if !is_interface(endpoint).and(index.exists(id)).is_yes() {
            continue;
        }
        for link in &endpoint.subnets {
            let Resolved::Node(subnet_id, subnet) = index.resolve_one::<Subnet>(link) else {
                continue;
            };
            let Some(range) = index.cidr(&subnet.cidr_block) else {
                continue;
            };
            let count = used.entry(subnet_id).or_default();
            *count += 1;
            let free = range.capacity(32).saturating_sub(KEPT);
            if *count <= free {
                continue;
            }
            let reason = format!(
                "AWS refuses `{}` (`InsufficientFreeAddressesInSubnet`): `{}` has {free} addresses, and more \
                 endpoints",
                index.name(id),
                index.name(subnet_id)
            );
            let refusal = Refusal::new(Hop::Endpoint, (id, "subnets"), Ternary::Yes, reason);
            let fix = "use a larger range for the subnet";
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        }
    }
    found
}

fn hop_of(fixed: &FixedAddress) -> Hop {
    if fixed.at.1 == "subnet_configurations" {
        Hop::Endpoint
    } else {
        Hop::Route
    }
}

/// A fixed address outside its subnet, or reserved by AWS.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
pub(super) fn fixed_outside(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |fixed: &FixedAddress| {
        // AWS has accepted the address of an existing resource.
        let node = index.graph.node(fixed.at.0)?;
        if node.origin.as_ref().is_some_and(|it| it.is_existing) {
            return None;
        }
        let Resource::Subnet(subnet) = &index.graph.node(fixed.subnet)?.resource else {
            return None;
        };
        let range = index.cidr(&subnet.cidr_block)?;
        let address: AddressSet = fixed.address.into();
        if AddressSet::of_subnet(range).contains(&address) {
            return None;
        }
        let why = if range.contains(fixed.address) {
            "is reserved by AWS in"
        } else {
            "is not in"
        };
        let refusal = Refusal::new(
            hop_of(fixed),
            fixed.at,
            together(index, &[fixed.at.0, fixed.subnet]),
            format!(
                "AWS refuses `{}` (`InvalidParameterValue`): `{}` {why} `{range}` of `{}`",
                index.name(fixed.at.0),
                shown(fixed.address),
                index.name(fixed.subnet)
            ),
        )?;
        let fix = free_address(index, fixed, range).unwrap_or_else(|| {
            Fix::manual("use an address of the subnet other than its first four and its last")
        });
        Some(refusal.fix(fix))
    };
    fixed_addresses(index).iter().filter_map(one).collect()
}

fn shown(address: Cidr) -> String {
    address.to_string().trim_end_matches("/32").to_owned()
}

/// A fixed address of two network interfaces in a subnet.
pub(super) fn fixed_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut first: HashMap<(NodeId, (u32, u32)), NodeId> = HashMap::new();
    let mut found = Vec::new();
    for fixed in fixed_addresses(index) {
        let id = fixed.at.0;
        let other = *first
            .entry((fixed.subnet, fixed.address.bounds()))
            .or_insert(id);
        if other == id {
            continue;
        }
        let certain = together(index, &[id, other]);
        let free = || match &index.graph.node(fixed.subnet)?.resource {
            Resource::Subnet(it) => free_address(index, fixed, index.cidr(&it.cidr_block)?),
            _ => None,
        };
        found.extend(
            Refusal::new(
                hop_of(fixed),
                fixed.at,
                certain.and(exclusive(index, id, other)),
                format!(
                    "AWS refuses `{}` (`InvalidIPAddress.InUse`): `{}` has the address `{}` too",
                    index.name(id),
                    index.name(other),
                    shown(fixed.address)
                ),
            )
            .map(|it| {
                it.fix(free().unwrap_or_else(|| Fix::manual("use another address of the subnet")))
            }),
        );
    }
    found
}

/// Returns whether two resources need an address each: not if one refers to the other.
fn exclusive(index: &GraphIndex<'_>, a: NodeId, b: NodeId) -> Ternary {
    let refers = |from: NodeId, to: NodeId| {
        let node = index.graph.node(from);
        node.is_some_and(|node| node.references().contains(&to))
    };
    (!refers(a, b) && !refers(b, a)).into()
}
