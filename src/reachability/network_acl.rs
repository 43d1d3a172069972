//! Evaluation of network ACLs, over addresses and ports.

use std::rc::Rc;

use super::addresses::{self, PUBLIC};
use super::cache::Acl;
use super::graph_index::{GraphIndex, Resolved};
use super::routes::is_existing;
use super::ternary::Ternary;
use crate::ir::{AddressSet, Cidr, Expr, Link, NodeId, Text, Value};
use crate::resource::{
    DefaultNetworkAcl, NetworkAcl, NetworkAclEntry, Subnet, SubnetNetworkAclAssociation, Vpc,
};

/// Finds the network ACL of a subnet.
pub(crate) fn acl_of<'g>(index: &GraphIndex<'g>, subnet: &Resolved<'g, Subnet>) -> Rc<Acl<'g>> {
    match subnet {
        Resolved::Node(id, it) => index.cache.acl(*id, || find(index, *id, it)),
        Resolved::OtherType(_) | Resolved::Outside(_) => Rc::new(Acl::Unknown),
    }
}

fn find<'g>(index: &GraphIndex<'g>, id: NodeId, it: &'g Subnet) -> Acl<'g> {
    let subnet = Resolved::Node(id, it);
    let (mut tied, mut possible) = (None, Vec::new());
    for (tie, _, association) in index.all::<SubnetNetworkAclAssociation>() {
        let ours = index.resolve(&association.subnet);
        let ours = match ours.as_slice() {
            [one] => one.same(&subnet),
            // One of several, as a condition of a plan selects.
            all => Ternary::any(all.iter().map(|to| to.same(&subnet))).and(Ternary::Unknown),
        };
        match ours.and(index.exists(tie)) {
            Ternary::No => {}
            Ternary::Unknown
                if matches!(
                    index.resolve_one(&association.subnet),
                    Resolved::Outside(expr) if is_existing(&expr)
                ) => {}
            Ternary::Unknown => possible.push(named(index, it, &association.network_acl)),
            Ternary::Yes => tied = Some(association),
        }
    }
    let rest = match tied {
        Some(association) => named(index, it, &association.network_acl),
        None => default_of(index, id, it),
    };
    if possible.is_empty() {
        return rest;
    }
    possible.push(rest);
    match possible.iter().any(|it| matches!(it, Acl::Unknown)) {
        true => Acl::Unknown,
        false => Acl::OneOf(possible),
    }
}

/// Returns the network ACL that an association of a subnet names.
fn named<'g>(index: &GraphIndex<'g>, subnet: &Subnet, link: &Link<NetworkAcl>) -> Acl<'g> {
    match index.resolve_one::<NetworkAcl>(link) {
        Resolved::Node(acl, _) if index.is_externally_modified(acl) => Acl::Unknown,
        // EC2 rejects the association with a network ACL of another VPC.
        Resolved::Node(_, acl)
            if index
                .resolve_one(&acl.vpc)
                .same(&index.resolve_one(&subnet.vpc))
                .is_no() =>
        {
            Acl::Unknown
        }
        Resolved::Node(acl, _) => with_entries(index, acl),
        Resolved::OtherType(_) | Resolved::Outside(_) => Acl::Unknown,
    }
}

/// Returns the default network ACL of the VPC of a subnet.
fn default_of<'g>(index: &GraphIndex<'g>, id: NodeId, it: &Subnet) -> Acl<'g> {
    let Resolved::Node(vpc, _) = index.resolve_one(&it.vpc) else {
        return Acl::Unknown;
    };
    if index.is_externally_modified(id) || index.is_externally_modified(vpc) {
        return Acl::Unknown;
    }
    let default = |expr: &Expr| matches!(expr, Expr::Attr(node, attr) if *node == vpc && *attr == Vpc::DEFAULT_NETWORK_ACL);
    let taken_over = index
        .all::<DefaultNetworkAcl>()
        .find(|(_, _, acl)| matches!(&acl.default_network_acl, Value::Expr(expr) if default(expr)));
    if let Some((acl, ..)) = taken_over {
        return with_entries(index, acl);
    }
    // The default network ACL of the VPC also contains the entries of AWS, which allow everything.
    let added = index.all::<NetworkAclEntry>().filter_map(|(id, _, entry)| {
        let Value::Expr(expr) = &entry.network_acl else {
            return None;
        };
        let ours = if default(expr) {
            Ternary::Yes
        } else if refers_to(expr, vpc) {
            Ternary::Unknown
        } else {
            return None;
        };
        let ours = ours.and(index.exists(id));
        (!ours.is_no()).then_some((id, entry, ours))
    });
    let added: Vec<_> = added.collect();
    if added.is_empty() {
        Acl::Open
    } else {
        Acl::Default(added)
    }
}

fn with_entries<'g>(index: &GraphIndex<'g>, acl: NodeId) -> Acl<'g> {
    let of = |link: &Link<NetworkAcl>| match link {
        Value::Lit(_) => Ternary::No,
        Value::Expr(Expr::Attr(node, _)) => (*node == acl).into(),
        Value::Expr(Expr::OneOf(of)) if !of.iter().any(|expr| refers_to(expr, acl)) => Ternary::No,
        Value::Expr(expr) if is_existing(expr) => Ternary::No,
        Value::Expr(_) => Ternary::Unknown,
    };
    let entries = index
        .all::<NetworkAclEntry>()
        .map(|(id, _, entry)| (id, entry, of(&entry.network_acl).and(index.exists(id))))
        .filter(|(_, _, ours)| !ours.is_no());
    Acl::Entries(acl, entries.collect())
}

fn refers_to(expr: &Expr, id: NodeId) -> bool {
    let mut found = false;
    expr.walk(&mut |part| found |= matches!(part, Expr::Attr(node, _) if *node == id));
    found
}

/// The number of the entries in the default network ACL that allow everything.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html>
pub(crate) const ENTRY_OF_AWS: i64 = 100;

/// Ports, first and last.
pub(crate) type Ports = (i64, i64);
const ALL_PORTS: Ports = (0, 65535);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    /// Returns its name and number.
    pub(crate) fn names(self) -> [&'static str; 2] {
        match self {
            Protocol::Tcp => ["tcp", "6"],
            Protocol::Udp => ["udp", "17"],
        }
    }
}

/// The other side of a network ACL.
#[derive(Clone)]
pub(crate) enum Side<'a, 'g> {
    /// An interface in a subnet, with its fixed address.
    Interface(&'a Resolved<'g, Subnet>, Option<Cidr>),
    Internet,
    /// A public address.
    Address(Cidr),
}

impl<'g> Side<'_, 'g> {
    /// Returns the addresses of the side, or all if they are unknown.
    fn addresses(&self, index: &GraphIndex<'g>) -> AddressSet {
        match self {
            Side::Interface(subnet, fixed) => {
                addresses::of_interface(index, subnet, *fixed).unwrap_or_else(AddressSet::all)
            }
            Side::Internet => PUBLIC.clone(),
            Side::Address(address) => (*address).into(),
        }
    }

    /// Returns the addresses that a range contains, if they are known. A range that contains the
    /// whole side counts as all addresses.
    fn part(&self, index: &GraphIndex<'g>, range: &Value<Cidr>) -> Option<AddressSet> {
        if let Some(cidr) = index.cidr(range) {
            return Some(cidr.into());
        }
        match self {
            Side::Interface(subnet, _) => match index.covers(range, subnet) {
                Ternary::Yes => Some(AddressSet::all()),
                Ternary::No => Some(AddressSet::default()),
                Ternary::Unknown => None,
            },
            Side::Internet | Side::Address(_) => None,
        }
    }
}

/// Packets of a protocol, by ranges of addresses and ports, that match no entry so far.
struct Packets(Vec<(AddressSet, Ports)>);

impl Packets {
    fn overlaps(&self, addresses: &AddressSet, ports: Ports) -> bool {
        self.0.iter().any(|(of, (from, to))| {
            *from <= ports.1 && ports.0 <= *to && !of.intersection(addresses).is_empty()
        })
    }

    fn remove(&mut self, addresses: &AddressSet, ports: Ports) {
        let mut left = Vec::new();
        for (of, (from, to)) in std::mem::take(&mut self.0) {
            let inside = of.intersection(addresses);
            left.push((of.without(addresses), (from, to)));
            left.push((inside.clone(), (from, to.min(ports.0 - 1))));
            left.push((inside, (from.max(ports.1 + 1), to)));
        }
        left.retain(|(of, (from, to))| from <= to && !of.is_empty());
        self.0 = left;
    }
}

/// Returns whether a network ACL allows a protocol to the ports. The entry with the lowest number that
/// matches a packet applies.
pub(crate) fn acl_allows<'g>(
    index: &GraphIndex<'g>,
    acl: &Acl<'g>,
    egress: bool,
    (protocol, ports): (Protocol, Ports),
    side: &Side<'_, 'g>,
) -> Ternary {
    let (entries, is_default) = match acl {
        Acl::Open => return Ternary::Yes,
        Acl::Unknown => return Ternary::Unknown,
        Acl::OneOf(of) => {
            let allows = |it| acl_allows(index, it, egress, (protocol, ports), side);
            return Ternary::unanimous(of.iter().map(allows));
        }
        Acl::Entries(_, entries) => (entries, false),
        Acl::Default(entries) => (entries, true),
    };
    let mut ordered = Vec::new();
    for (_, entry, ours) in entries {
        let applies = match &entry.egress {
            None => !egress,
            Some(Value::Lit(applies)) => *applies == egress,
            Some(Value::Expr(_)) => return Ternary::Unknown,
        };
        if !applies {
            continue;
        }
        let Some(number) = entry.rule_number.lit() else {
            return Ternary::Unknown;
        };
        if !is_default || *number < ENTRY_OF_AWS {
            ordered.push((*number, *entry, *ours));
        }
    }
    ordered.sort_by_key(|(number, ..)| *number);
    let mut open = Packets(vec![(side.addresses(index), ports)]);
    let (mut allowed, mut denied) = (false, false);
    // Entries with unknown values can allow or deny before the others.
    let (mut can_allow, mut can_deny) = (false, false);
    for (_, entry, ours) in ordered {
        let about = match (&entry.cidr_block, &entry.ipv6_cidr_block) {
            (Some(range), _) => side.part(index, range),
            (None, Some(_)) => continue,
            (None, None) => None,
        };
        let entry_ports = match entry_ports(entry, protocol) {
            Some(None) => continue,
            Some(range) => range,
            None => None,
        };
        let action = entry.rule_action.lit().map(Text::as_ref);
        let (allows, denies) = (action != Some("deny"), action != Some("allow"));
        let certain = ours.is_yes() && about.is_some() && entry_ports.is_some() && allows != denies;
        let about = about.unwrap_or_else(AddressSet::all);
        let range = entry_ports.unwrap_or(ALL_PORTS);
        if !open.overlaps(&about, range) {
            continue;
        }
        if certain {
            allowed |= allows;
            denied |= denies;
            open.remove(&about, range);
        } else {
            can_allow |= allows;
            can_deny |= denies;
        }
    }
    if is_default {
        allowed |= !open.0.is_empty();
    } else {
        denied |= !open.0.is_empty();
    }
    match (allowed, denied) {
        (true, false) if !can_deny => Ternary::Yes,
        (false, true) if !can_allow => Ternary::No,
        _ => Ternary::Unknown,
    }
}

/// Returns the ports of an entry: `Some(None)` if it is for another protocol, `None` if unknown.
fn entry_ports(entry: &NetworkAclEntry, protocol: Protocol) -> Option<Option<Ports>> {
    match entry.protocol.lit()?.to_ascii_lowercase().as_str() {
        "-1" | "all" => return Some(Some(ALL_PORTS)),
        of if protocol.names().contains(&of) => {}
        _ => return Some(None),
    }
    match (&entry.from_port, &entry.to_port) {
        (Some(from), Some(to)) => Some(Some((*from.lit()?, *to.lit()?))),
        (None, None) => Some(Some(ALL_PORTS)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_removes_only_the_packets_that_it_matches() {
        let half: AddressSet = "0.0.0.0/1".parse::<Cidr>().unwrap().into();
        let mut open = Packets(vec![(AddressSet::all(), (1, 10))]);
        open.remove(&half, (3, 5));
        assert!(!open.overlaps(&half, (3, 5)));
        assert!(open.overlaps(&half, (2, 5)) && open.overlaps(&half, (5, 6)));
        assert!(open.overlaps(&AddressSet::all(), (4, 4)));
        open.remove(&AddressSet::all(), ALL_PORTS);
        assert!(open.0.is_empty());
    }
}
