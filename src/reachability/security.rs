//! Evaluation of security groups and network ACLs.

use super::graph_index::{GraphIndex, GroupRef, Resolved, VpcRef};
use super::ports::{Ports, split};
use super::setting::Setting;
use super::ternary::Ternary;
use crate::ir::{Cidr, Expr, Id, Link, NodeId, Text, Value};
use crate::region::regions;
use crate::resource::{
    DefaultNetworkAcl, NetworkAcl, NetworkAclEntry, PrefixList, PrefixListRange, Resource,
    S3_PREFIX_LIST, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Subnet,
    SubnetNetworkAclAssociation, Vpc, VpcEndpoint,
};

/// A security group of a network interface.
#[derive(Clone, Debug)]
pub(crate) enum Group<'g> {
    Of(GroupRef<'g>),
    /// The default security group of the VPC, which allows inbound traffic from itself and all outbound
    /// traffic.
    DefaultOf(VpcRef<'g>),
    /// At least one of these: the file does not show which.
    SomeOf(Vec<Group<'g>>),
}

impl<'g> Group<'g> {
    fn same(&self, other: &Group<'g>) -> Ternary {
        match (self, other) {
            (Group::Of(a), Group::Of(b)) => a.same(b),
            (Group::DefaultOf(a), Group::DefaultOf(b)) => a.same(b),
            (Group::SomeOf(of), other) => Ternary::unanimous(of.iter().map(|it| it.same(other))),
            (own, Group::SomeOf(of)) => Ternary::unanimous(of.iter().map(|it| own.same(it))),
            (Group::Of(Resolved::Node(..)), Group::DefaultOf(_))
            | (Group::DefaultOf(_), Group::Of(Resolved::Node(..))) => Ternary::No,
            _ => Ternary::Unknown,
        }
    }

    pub(crate) fn name(&self, index: &GraphIndex<'g>) -> String {
        match self {
            Group::Of(Resolved::Node(id, _)) => {
                format!("security group `{}`", index.name(*id))
            }
            Group::Of(Resolved::OtherType(id)) => {
                format!("`{}`, which is not a security group,", index.name(*id))
            }
            Group::Of(Resolved::Outside(expr)) => {
                format!(
                    "security group `{}`",
                    super::graph_index::visible_text(expr)
                )
            }
            Group::DefaultOf(_) => "the default security group of the VPC".to_owned(),
            Group::SomeOf(of) => {
                let names: Vec<String> = of.iter().map(|it| it.name(index)).collect();
                names.join(" or ")
            }
        }
    }
}

/// Returns the security groups that a link names.
fn groups_of<'g>(index: &GraphIndex<'g>, link: &Link<SecurityGroup>) -> Vec<Group<'g>> {
    if let Value::Expr(expr) = link
        && let Some(vpc) = index.default_group_vpc(expr)
    {
        return vec![Group::DefaultOf(vpc)];
    }
    index.resolve(link).into_iter().map(Group::Of).collect()
}

/// Returns the security groups of a network interface: by default, the one of its VPC.
pub(crate) fn groups<'g>(
    index: &GraphIndex<'g>,
    links: &[Link<SecurityGroup>],
    vpc: &VpcRef<'g>,
) -> Vec<Group<'g>> {
    if links.is_empty() {
        return vec![Group::DefaultOf(vpc.clone())];
    }
    links
        .iter()
        .map(|link| {
            let mut of = groups_of(index, link);
            if of.len() == 1 {
                of.swap_remove(0)
            } else {
                Group::SomeOf(of)
            }
        })
        .collect()
}

/// Returns the security groups of an instance, or none if they are unknown.
pub(crate) fn instance_groups<'g>(
    index: &GraphIndex<'g>,
    setting: &Setting<Vec<Link<SecurityGroup>>>,
    vpc: &VpcRef<'g>,
) -> Option<Vec<Group<'g>>> {
    match setting {
        Setting::Known(_, _, links) => Some(groups(index, links, vpc)),
        Setting::Unset => Some(groups(index, &[], vpc)),
        Setting::Unknown(..) => None,
    }
}

/// The other end of a connection.
pub(crate) enum Peer<'a, 'g> {
    /// Network interfaces in a subnet, with their security groups.
    Interfaces(&'a [Group<'g>], &'a Resolved<'g, Subnet>),
    /// The public addresses of a service.
    Internet,
    /// The addresses of S3 in the prefix list of its gateway endpoint.
    S3,
    /// Any address.
    Anywhere,
}

/// An inbound or outbound rule.
struct Rule<'g> {
    id: NodeId,
    group: &'g Link<SecurityGroup>,
    protocol: &'g Value<Text>,
    from: Option<&'g Value<i64>>,
    to: Option<&'g Value<i64>>,
    cidr: Option<&'g Value<Cidr>>,
    peer: Option<&'g Link<SecurityGroup>>,
    list: Option<&'g Link<PrefixList>>,
}

fn egress_rules<'g>(index: &GraphIndex<'g>) -> Vec<Rule<'g>> {
    index
        .all::<SecurityGroupEgress>()
        .map(|(id, _, it)| Rule {
            id,
            group: &it.group,
            protocol: &it.ip_protocol,
            from: it.from_port.as_ref(),
            to: it.to_port.as_ref(),
            cidr: it.cidr_ip.as_ref(),
            peer: it.destination.as_ref(),
            list: it.destination_prefix_list.as_ref(),
        })
        .collect()
}

fn ingress_rules<'g>(index: &GraphIndex<'g>) -> Vec<Rule<'g>> {
    index
        .all::<SecurityGroupIngress>()
        .map(|(id, _, it)| Rule {
            id,
            group: &it.group,
            protocol: &it.ip_protocol,
            from: it.from_port.as_ref(),
            to: it.to_port.as_ref(),
            cidr: it.cidr_ip.as_ref(),
            peer: it.source.as_ref(),
            list: it.source_prefix_list.as_ref(),
        })
        .collect()
}

const HTTPS: i64 = 443;

/// Returns whether a protocol and ports include TCP 443.
fn https(protocol: &Value<Text>, from: Option<&Value<i64>>, to: Option<&Value<i64>>) -> Ternary {
    let Some(protocol) = protocol.lit() else {
        return Ternary::Unknown;
    };
    match protocol.to_ascii_lowercase().as_str() {
        "-1" | "all" => return Ternary::Yes,
        "tcp" | "6" => {}
        _ => return Ternary::No,
    }
    match (from.map(Value::lit), to.map(Value::lit)) {
        (Some(Some(-1)), _) => Ternary::Yes,
        (Some(Some(from)), Some(Some(to))) => (*from <= HTTPS && HTTPS <= *to).into(),
        (Some(Some(from)), _) if *from > HTTPS => Ternary::No,
        (_, Some(Some(to))) if *to < HTTPS => Ternary::No,
        _ => Ternary::Unknown,
    }
}

impl<'g> Rule<'g> {
    /// Returns whether the rule allows TCP 443 to or from the peer.
    fn allows(&self, index: &GraphIndex<'g>, peer: &Peer<'_, 'g>) -> Ternary {
        let ports = https(self.protocol, self.from, self.to).and(index.exists(self.id));
        if ports.is_no() {
            return Ternary::No;
        }
        ports.and(self.matches_peer(index, peer))
    }

    fn matches_peer(&self, index: &GraphIndex<'g>, peer: &Peer<'_, 'g>) -> Ternary {
        if let Some(cidr) = self.cidr {
            return match peer {
                Peer::Interfaces(_, subnet) => index.covers(cidr, subnet),
                Peer::Anywhere => match index.cidr(cidr) {
                    Some(cidr) => (cidr != Cidr::LOOPBACK).into(),
                    None => Ternary::Yes,
                },
                Peer::Internet | Peer::S3 => match index.cidr(cidr) {
                    Some(cidr) if cidr == Cidr::ANY => Ternary::Yes,
                    Some(cidr) if cidr.is_private() => Ternary::No,
                    Some(cidr) if cidr.prefix_len() > 24 => Ternary::No,
                    _ => Ternary::Unknown,
                },
            };
        }
        if let Some(link) = self.peer {
            return match peer {
                Peer::Interfaces(groups, _) => {
                    let of = groups_of(index, link);
                    let meant = of.iter().map(|group| {
                        Ternary::any(
                            groups
                                .iter()
                                .map(|group_of_instance| group_of_instance.same(group)),
                        )
                    });
                    Ternary::unanimous(meant)
                }
                Peer::Anywhere => Ternary::Yes,
                Peer::Internet | Peer::S3 => Ternary::No,
            };
        }
        if let Some(link) = self.list {
            return prefix_list(index, link, peer);
        }
        Ternary::No
    }
}

/// Returns whether a prefix list contains the peer.
fn prefix_list<'g>(
    index: &GraphIndex<'g>,
    link: &Link<PrefixList>,
    peer: &Peer<'_, 'g>,
) -> Ternary {
    if let Peer::Anywhere = peer {
        return Ternary::Yes;
    }
    if is_s3(index, link) {
        return matches!(peer, Peer::S3).into();
    }
    let Resolved::Node(id, list) = index.resolve_one(link) else {
        return Ternary::Unknown;
    };
    let mut ranges: Vec<&Value<Cidr>> = list.entries.iter().map(|entry| &entry.cidr).collect();
    let more = index
        .all::<PrefixListRange>()
        .filter(|(_, _, range)| index.resolve_one(&range.prefix_list).node() == Some(id));
    ranges.extend(more.map(|(_, _, range)| &range.cidr));
    Ternary::any(ranges.into_iter().map(|range| match peer {
        Peer::Interfaces(_, subnet) => index.covers(range, subnet),
        Peer::Internet | Peer::S3 => match index.cidr(range) {
            Some(range) if range == Cidr::ANY => Ternary::Yes,
            Some(range) if range.is_private() => Ternary::No,
            _ => Ternary::Unknown,
        },
        Peer::Anywhere => Ternary::Yes,
    }))
}

/// Returns whether a link names the prefix list of S3.
fn is_s3(index: &GraphIndex<'_>, link: &Link<PrefixList>) -> bool {
    match link {
        Value::Lit(id) => regions()
            .iter()
            .any(|region| region.s3_prefix_list == Some(id.as_str())),
        Value::Expr(Expr::Attr(id, attr)) => {
            *attr == VpcEndpoint::PREFIX_LIST
                && index.graph.node(*id).is_some_and(|node| {
                    matches!(&node.resource, Resource::VpcEndpoint(it)
                        if super::path::token(&it.service_name).as_deref() == Some("s3"))
                })
        }
        // The parameter of generated stacks: see the assumptions.
        Value::Expr(Expr::Param(id)) => {
            let declared = index.graph.parameter(*id);
            declared.is_some_and(|it| it.id == S3_PREFIX_LIST)
        }
        Value::Expr(Expr::Opaque(text)) => text.strip_prefix("parameter ") == Some(S3_PREFIX_LIST),
        Value::Expr(Expr::PerLanguage { cfn, tf }) => match cfn.as_ref() {
            Expr::Text(id) => is_s3(index, &Value::Lit(Id::new(id.clone()))),
            _ => is_s3(index, &Value::Expr((**tf).clone())),
        },
        Value::Expr(_) => false,
    }
}

fn direction<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
    rules: &[Rule<'g>],
    egress: bool,
) -> Ternary {
    let allows = |group: &Group<'g>| of_group(index, group, peer, rules, egress);
    Ternary::any(groups.iter().map(|group| match group {
        Group::SomeOf(of) => Ternary::unanimous(of.iter().map(allows)),
        one => allows(one),
    }))
}

/// Returns whether one security group allows the peer.
fn of_group<'g>(
    index: &GraphIndex<'g>,
    group: &Group<'g>,
    peer: &Peer<'_, 'g>,
    rules: &[Rule<'g>],
    egress: bool,
) -> Ternary {
    let by_rules = Ternary::any(rules.iter().filter_map(|rule| {
        let mut meant = groups_of(index, rule.group);
        let ours = if meant.len() == 1 {
            meant.swap_remove(0).same(group)
        } else {
            Ternary::any(meant.iter().map(|it| it.same(group))).and(Ternary::Unknown)
        };
        // A security group outside the file differs from those in the file.
        let ours = match group {
            Group::Of(Resolved::Outside(_)) if ours != Ternary::Yes => return None,
            _ => ours,
        };
        (!ours.is_no()).then(|| rule.allows(index, peer).and(ours))
    }));
    let by_itself = match group {
        Group::Of(Resolved::Node(id, _)) if index.is_externally_modified(*id) => Ternary::Unknown,
        Group::Of(Resolved::Node(id, _)) => match index.exists(*id) {
            Ternary::Yes => Ternary::No,
            _ => Ternary::Unknown,
        },
        Group::Of(Resolved::OtherType(_)) => Ternary::No,
        Group::Of(Resolved::Outside(_)) | Group::SomeOf(_) => Ternary::Unknown,
        Group::DefaultOf(vpc) => default_group(index, vpc, peer, egress),
    };
    by_rules.or(by_itself)
}

/// Returns whether the default rules of the default security group allow the peer.
fn default_group<'g>(
    index: &GraphIndex<'g>,
    vpc: &VpcRef<'g>,
    peer: &Peer<'_, 'g>,
    egress: bool,
) -> Ternary {
    let allowed = if egress {
        Ternary::Yes
    } else {
        match peer {
            Peer::Interfaces(groups, _) => Ternary::any(
                groups
                    .iter()
                    .map(|group| group.same(&Group::DefaultOf(vpc.clone()))),
            ),
            _ => Ternary::No,
        }
    };
    let kept = match index.default_group_of(vpc) {
        // Terraform removes the default rules of a security group that it manages.
        Some((_, certain)) => !certain,
        None => Ternary::Yes,
    };
    match vpc {
        Resolved::Node(id, _) if !index.is_externally_modified(*id) => allowed.and(kept),
        _ => allowed.and(kept).and(Ternary::Unknown),
    }
}

/// Returns whether the security groups allow outbound TCP 443 to the peer.
pub(crate) fn allows_outbound<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
) -> Ternary {
    direction(index, groups, peer, &egress_rules(index), true)
}

/// Returns whether the security groups allow inbound TCP 443 from the peer.
pub(crate) fn allows_inbound<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
) -> Ternary {
    direction(index, groups, peer, &ingress_rules(index), false)
}

/// The network ACL of a subnet.
pub(crate) enum Acl<'g> {
    /// The default network ACL of the VPC, which allows everything.
    Open,
    /// A network ACL in the file, with its entries.
    Entries(NodeId, Vec<(NodeId, &'g NetworkAclEntry)>),
    Unknown,
}

/// Finds the network ACL of a subnet.
pub(crate) fn acl_of<'g>(index: &GraphIndex<'g>, subnet: &Resolved<'g, Subnet>) -> Acl<'g> {
    let Resolved::Node(id, it) = subnet else {
        return Acl::Unknown;
    };
    let ties = index
        .all::<SubnetNetworkAclAssociation>()
        .map(|(tie, _, association)| {
            let ours = index.refers_to(&association.subnet, subnet);
            (tie, association, ours)
        });
    let mut tied = None;
    for (tie, association, ours) in ties {
        match ours.and(index.exists(tie)) {
            Ternary::No => {}
            Ternary::Unknown
                if matches!(
                    index.resolve_one(&association.subnet),
                    Resolved::Outside(Expr::Text(_))
                ) => {}
            Ternary::Unknown => return Acl::Unknown,
            Ternary::Yes => tied = Some(association),
        }
    }
    let with_entries = |acl: NodeId| {
        let mut entries = Vec::new();
        for (id, _, entry) in index.all::<NetworkAclEntry>() {
            match &entry.network_acl {
                Value::Expr(Expr::Attr(node, _)) if *node == acl => entries.push((id, entry)),
                // The file does not show which network ACL it is in.
                Value::Expr(Expr::OneOf(_) | Expr::Opaque(_))
                    if !index.points_to(&entry.network_acl, acl).is_no() =>
                {
                    return Acl::Unknown;
                }
                _ => {}
            }
        }
        Acl::Entries(acl, entries)
    };
    if let Some(association) = tied {
        return match index.resolve_one::<NetworkAcl>(&association.network_acl) {
            Resolved::Node(acl, _) if index.is_externally_modified(acl) => Acl::Unknown,
            Resolved::Node(acl, _) => with_entries(acl),
            Resolved::OtherType(_) | Resolved::Outside(_) => Acl::Unknown,
        };
    }
    let vpc = index.resolve_one(&it.vpc);
    let Resolved::Node(vpc_id, _) = vpc else {
        return Acl::Unknown;
    };
    if index.is_externally_modified(*id) || index.is_externally_modified(vpc_id) {
        return Acl::Unknown;
    }
    let taken_over = index.all::<DefaultNetworkAcl>().find(|(_, _, acl)| {
        matches!(&acl.default_network_acl,
            Value::Expr(Expr::Attr(node, attr)) if *node == vpc_id && *attr == Vpc::DEFAULT_NETWORK_ACL)
    });
    if let Some((acl, ..)) = taken_over {
        return with_entries(acl);
    }
    // The default network ACL of the VPC also contains the entries of AWS, which allow everything.
    let to_default = index.all::<NetworkAclEntry>().any(|(_, _, entry)| {
        matches!(&entry.network_acl,
            Value::Expr(Expr::Attr(node, attr)) if *node == vpc_id && *attr == Vpc::DEFAULT_NETWORK_ACL)
    });
    if to_default { Acl::Unknown } else { Acl::Open }
}

/// The port of the services.
pub(crate) const SERVICE: Ports = (HTTPS, HTTPS);
/// The source ports of Linux (32768 to 60999) and Windows (49152 to 65535).
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html>
pub(crate) const EPHEMERAL: Ports = (32768, 65535);
/// The source ports of a NAT gateway.
pub(crate) const EPHEMERAL_NAT: Ports = (1024, 65535);

/// The other side of a network ACL.
pub(crate) enum Side<'a, 'g> {
    Subnet(&'a Resolved<'g, Subnet>),
    Internet,
}

/// Returns whether a network ACL allows TCP to the ports.
pub(crate) fn acl_allows<'g>(
    index: &GraphIndex<'g>,
    acl: &Acl<'g>,
    egress: bool,
    ports: Ports,
    side: &Side<'_, 'g>,
) -> Ternary {
    let entries = match acl {
        Acl::Open => return Ternary::Yes,
        Acl::Unknown => return Ternary::Unknown,
        Acl::Entries(_, entries) => entries,
    };
    let mut ordered = Vec::new();
    for (id, entry) in entries {
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
        ordered.push((*number, *id, *entry));
    }
    ordered.sort_by_key(|(number, ..)| *number);
    let mut open: Vec<Ports> = vec![ports];
    let (mut allowed, mut denied) = (false, false);
    // Entries with unknown values can allow or deny before the others.
    let (mut can_allow, mut can_deny) = (false, false);
    for (_, id, entry) in ordered {
        let about = entry_about(index, entry, side).and(index.exists(id));
        if about.is_no() {
            continue;
        }
        let ports = entry_ports(entry);
        if let Some(None) = ports {
            continue;
        }
        let action = entry.rule_action.lit().map(Text::as_ref);
        let (allows, denies) = (action != Some("deny"), action != Some("allow"));
        let range = match ports.flatten() {
            Some(range) if about.is_yes() && allows != denies => range,
            _ => {
                can_allow |= allows;
                can_deny |= denies;
                continue;
            }
        };
        let (meant, rest) = split(&open, range);
        if meant.is_empty() {
            continue;
        }
        allowed |= allows;
        denied |= denies;
        open = rest;
    }
    denied |= !open.is_empty();
    match (allowed, denied) {
        (true, false) if !can_deny => Ternary::Yes,
        (false, true) if !can_allow => Ternary::No,
        _ => Ternary::Unknown,
    }
}

/// Returns whether an entry covers the other side.
fn entry_about<'g>(
    index: &GraphIndex<'g>,
    entry: &NetworkAclEntry,
    side: &Side<'_, 'g>,
) -> Ternary {
    let Some(cidr) = &entry.cidr_block else {
        return match &entry.ipv6_cidr_block {
            Some(_) => Ternary::No,
            None => Ternary::Unknown,
        };
    };
    match side {
        Side::Subnet(subnet) => index.covers(cidr, subnet),
        Side::Internet => match index.cidr(cidr) {
            Some(cidr) if cidr == Cidr::ANY => Ternary::Yes,
            Some(cidr) if cidr.is_private() => Ternary::No,
            _ => Ternary::Unknown,
        },
    }
}

/// Returns the TCP ports of an entry: `Some(None)` if it is for another protocol, `None` if unknown.
fn entry_ports(entry: &NetworkAclEntry) -> Option<Option<Ports>> {
    let protocol = entry.protocol.lit()?;
    match protocol.to_ascii_lowercase().as_str() {
        "-1" | "all" => return Some(Some((0, 65535))),
        "6" | "tcp" => {}
        _ => return Some(None),
    }
    match (&entry.from_port, &entry.to_port) {
        (Some(from), Some(to)) => Some(Some((*from.lit()?, *to.lit()?))),
        (None, None) => Some(Some((0, 65535))),
        _ => None,
    }
}
