//! Fixes of resources that AWS refuses: free values, and targets in the right VPC.

use std::net::Ipv4Addr;

use crate::ir::{AddressSet, Cidr, Dialect, NodeId};
use crate::reachability::Fix;
use crate::reachability::addresses::{fixed_addresses, of_vpc};
use crate::reachability::cache::FixedAddress;
use crate::reachability::fix::{Changes, link, raw};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::resource::{
    InternetGateway, NetworkAclEntry, RawValue, Resource, SecurityGroup, SecurityGroupEgress,
    Subnet, Vpc, VpcGatewayAttachment,
};

/// The highest number of an entry of a network ACL.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>
const MAX_RULE_NUMBER: i64 = 32_766;

/// Returns whether a fix can set a property of the resource: the file writes it once, outside other
/// resources.
pub(super) fn is_settable(index: &GraphIndex<'_>, id: NodeId) -> bool {
    let Some(node) = index.graph.node(id) else {
        return false;
    };
    let nested = node.origin.as_ref().is_some_and(|it| it.parent.is_some());
    !nested && !node.is_lookup() && !node.display_id().contains('[')
}

/// Moves a subnet to the first range of its VPC that no other subnet uses.
pub(super) fn free_range(index: &GraphIndex<'_>, id: NodeId, subnet: &Subnet) -> Option<Fix> {
    let range = index.cidr(&subnet.cidr_block)?;
    let Resolved::Node(vpc, of) = index.resolve_one(&subnet.vpc) else {
        return None;
    };
    if !is_settable(index, id) {
        return None;
    }
    let others = index.all::<Subnet>().filter(|(other, _, it)| {
        let vpc = index.points_to(&it.vpc, vpc);
        *other != id && !vpc.is_no()
    });
    let taken: Option<Vec<Cidr>> = others
        .map(|(_, _, it)| index.cidr(&it.cidr_block))
        .collect();
    let taken: AddressSet = taken?.into_iter().collect();
    let blocks = of_vpc(index, vpc, of)?.into_iter().flat_map(|all| {
        let len = range.prefix_len();
        (0..).map_while(move |n| all.block(len, n))
    });
    let mut free = blocks.filter(|it| taken.intersection(&(*it).into()).is_empty());
    let text = free.next()?.to_string();
    Some(Fix::set(id, "cidr_block", RawValue::Str(text.into())))
}

/// Gives an interface the first address of its subnet that no other one has.
pub(super) fn free_address(
    index: &GraphIndex<'_>,
    fixed: &FixedAddress,
    range: Cidr,
) -> Option<Fix> {
    let (id, field) = fixed.at;
    let value = |address: Ipv4Addr| RawValue::Str(address.to_string().into());
    let taken = fixed_addresses(index).iter();
    let taken: AddressSet = taken
        .filter(|it| it.subnet == fixed.subnet)
        .map(|it| it.address)
        .collect();
    let free = AddressSet::of_subnet(range).without(&taken).first()?;
    let value = match (&index.graph.node(id)?.resource, field) {
        (Resource::Instance(it), "private_ip_address") => {
            it.private_ip_address.as_ref()?;
            value(free)
        }
        (Resource::NetworkInterface(_), "private_ip_address") => value(free),
        (Resource::NetworkInterface(it), "private_ips") if it.private_ips.len() == 1 => {
            RawValue::List(vec![value(free)])
        }
        _ => return None,
    };
    is_settable(index, id).then(|| Fix::set(id, field, value))
}

/// Gives an entry of a network ACL the next number that no other entry of its direction has.
pub(super) fn free_number(
    index: &GraphIndex<'_>,
    id: NodeId,
    (acl, egress, number): (NodeId, bool, i64),
) -> Fix {
    let all = index.all::<NetworkAclEntry>();
    let own = all.filter(|(_, _, entry)| {
        let outbound = entry
            .egress
            .as_ref()
            .map_or(Some(false), |it| it.lit().copied());
        outbound != Some(!egress) && !index.points_to(&entry.network_acl, acl).is_no()
    });
    let taken: Vec<i64> = own
        .filter_map(|(_, _, entry)| entry.rule_number.lit().copied())
        .collect();
    let mut after = number + 1..=MAX_RULE_NUMBER;
    match after.find(|it| !taken.contains(it)) {
        Some(free) if is_settable(index, id) => Fix::set(id, "rule_number", RawValue::Int(free)),
        Some(free) => Fix::manual(format!("use number {free} for the entry")),
        None => Fix::manual("use a free number for the entry"),
    }
}

/// Attaches an internet gateway to a VPC: one of the file that is attached to none, or a new one.
pub(super) fn attach(index: &GraphIndex<'_>, vpc: NodeId) -> Fix {
    let attached: Vec<NodeId> = index
        .all::<VpcGatewayAttachment>()
        .filter_map(|(_, _, it)| index.resolve_one(it.internet_gateway.as_ref()?).node())
        .collect();
    let free = index
        .all::<InternetGateway>()
        .map(|(id, ..)| id)
        .find(|id| !attached.contains(id) && index.exists(*id).is_yes() && is_settable(index, *id));
    let mut changes = Changes::new(index.graph);
    let gateway = free.unwrap_or_else(|| changes.add("InternetGateway", InternetGateway::new()));
    attachment(&mut changes, gateway, vpc);
    changes.done()
}

fn attachment(changes: &mut Changes, gateway: NodeId, vpc: NodeId) {
    let attachment = VpcGatewayAttachment::new(link::<Vpc>(vpc));
    let attachment = attachment.internet_gateway(link::<InternetGateway>(gateway));
    changes.add("InternetGatewayAttachment", attachment);
}

/// Sets the target of a route to an internet gateway of its VPC.
pub(super) fn gateway_of_vpc(
    index: &GraphIndex<'_>,
    route: NodeId,
    gateway: NodeId,
    vpc: NodeId,
) -> Fix {
    let mut of_vpc = None;
    let mut is_free = true;
    for (_, _, it) in index.all::<VpcGatewayAttachment>() {
        let Some(other) = it.internet_gateway.as_ref() else {
            continue;
        };
        let other = index.resolve_one(other).node();
        is_free &= other != Some(gateway);
        if index.points_to(&it.vpc, vpc).is_yes() {
            of_vpc = of_vpc.or(other);
        }
    }
    let mut changes = Changes::new(index.graph);
    let target = match of_vpc {
        Some(own) => own,
        None => {
            let target = match is_free {
                true => gateway,
                false => changes.add("InternetGateway", InternetGateway::new()),
            };
            attachment(&mut changes, target, vpc);
            target
        }
    };
    if target != gateway {
        let target = link::<InternetGateway>(target);
        changes.set(route, "gateway", raw::<InternetGateway>(&target));
    }
    changes.done()
}

/// Returns the fix of a security group of another VPC: the other ones, or a new one if there are none.
pub(super) fn group_of_vpc(
    index: &GraphIndex<'_>,
    at: (NodeId, &'static str),
    vpc: NodeId,
    mut kept: Vec<RawValue<'static>>,
) -> Option<Fix> {
    if !is_settable(index, at.0) {
        return None;
    }
    let mut changes = Changes::new(index.graph);
    if kept.is_empty() {
        let group = SecurityGroup::new("Instances of Session Manager", link::<Vpc>(vpc));
        let group = changes.add("InstanceSecurityGroup", group);
        if changes.dialect == Dialect::Tf {
            let rule = SecurityGroupEgress::https(link(group)).cidr_ip(Cidr::ANY);
            changes.add("InstanceToInternet", rule);
        }
        kept.push(raw::<SecurityGroup>(&link(group)));
    }
    changes.set(at.0, at.1, RawValue::List(kept));
    Some(changes.done())
}

/// Moves a resource to the VPC of the subnet if it contains everything that is associated with it.
pub(super) fn move_to(
    index: &GraphIndex<'_>,
    resource: NodeId,
    vpc: NodeId,
    subnets: Vec<Option<NodeId>>,
) -> Option<Fix> {
    let inside = |subnet: Option<NodeId>| {
        let Resource::Subnet(it) = &index.graph.node(subnet?)?.resource else {
            return None;
        };
        index.points_to(&it.vpc, vpc).is_yes().then_some(())
    };
    let all: Option<Vec<()>> = subnets.into_iter().map(inside).collect();
    all.filter(|_| is_settable(index, resource))?;
    Some(Fix::set(resource, "vpc", raw::<Vpc>(&link(vpc))))
}
