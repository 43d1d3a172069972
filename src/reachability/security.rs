//! Security groups and network ACLs: what they let through.

use super::graph_index::{GraphIndex, GroupRef, Resolved, VpcRef};
use super::instance::Setting;
use super::ternary::Ternary;
use crate::ir::{Cidr, Expr, Id, Link, NodeId, Text, Value};
use crate::region::regions;
use crate::resource::{
    DefaultNetworkAcl, NetworkAcl, NetworkAclEntry, PrefixList, PrefixListRange, Resource,
    S3_PREFIX_LIST, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Subnet,
    SubnetNetworkAclAssociation, Vpc, VpcEndpoint,
};

/// A security group of an interface.
#[derive(Clone, Debug)]
pub(crate) enum Group<'g> {
    Of(GroupRef<'g>),
    /// The VPC's default group, which admits itself and lets everything out.
    DefaultOf(VpcRef<'g>),
}

impl<'g> Group<'g> {
    fn same(&self, other: &Group<'g>) -> Ternary {
        match (self, other) {
            (Group::Of(a), Group::Of(b)) => a.same(b),
            (Group::DefaultOf(a), Group::DefaultOf(b)) => a.same(b),
            (Group::Of(Resolved::Node(..)), Group::DefaultOf(_))
            | (Group::DefaultOf(_), Group::Of(Resolved::Node(..))) => Ternary::No,
            _ => Ternary::Unknown,
        }
    }

    pub(crate) fn name(&self, index: &GraphIndex<'g>) -> String {
        match self {
            Group::Of(Resolved::Node(id, _)) => format!("`{}`", index.name(*id)),
            Group::Of(Resolved::OtherType(id)) => {
                format!("`{}`, which is no security group,", index.name(*id))
            }
            Group::Of(Resolved::Outside(expr)) => {
                format!("`{}`", super::graph_index::visible_text(expr))
            }
            Group::DefaultOf(_) => "the VPC's default group".to_owned(),
        }
    }
}

/// The groups that a link names.
fn groups_of<'g>(index: &GraphIndex<'g>, link: &Link<SecurityGroup>) -> Vec<Group<'g>> {
    if let Value::Expr(expr) = link
        && let Some(vpc) = index.default_group_vpc(expr)
    {
        return vec![Group::DefaultOf(vpc)];
    }
    index.resolve(link).into_iter().map(Group::Of).collect()
}

/// The groups of an interface; without any it has the default group of its VPC.
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
        .flat_map(|link| groups_of(index, link))
        .collect()
}

/// The groups of an instance; nothing if they are not decided.
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

/// Who is at the other end.
pub(crate) enum Peer<'a, 'g> {
    /// Interfaces in a subnet, with their groups.
    Interfaces(&'a [Group<'g>], &'a Resolved<'g, Subnet>),
    /// An AWS service's public addresses.
    Internet,
    /// S3's addresses, as its gateway endpoint lists them.
    S3,
    /// Anybody at all: whether anything could pass.
    Anywhere,
}

/// One rule, either direction.
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

/// Whether a protocol and ports hold TCP to port 443.
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
    /// Whether the rule lets 443 through to or from the peer.
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

/// Whether a prefix list holds the peer.
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

/// Whether a link names S3's own prefix list.
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
        // What our own stacks ask for by this name, see the assumptions.
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
    Ternary::any(groups.iter().map(|group| {
        let by_rules = Ternary::any(rules.iter().filter_map(|rule| {
            let mut meant = groups_of(index, rule.group);
            let ours = if meant.len() == 1 {
                meant.swap_remove(0).same(group)
            } else {
                Ternary::any(meant.iter().map(|it| it.same(group))).and(Ternary::Unknown)
            };
            // An outside group's id is no other group's of this file.
            let ours = match group {
                Group::Of(Resolved::Outside(_)) if ours != Ternary::Yes => return None,
                _ => ours,
            };
            (!ours.is_no()).then(|| rule.allows(index, peer).and(ours))
        }));
        let by_itself = match group {
            Group::Of(Resolved::Node(id, _)) if index.is_externally_modified(*id) => {
                Ternary::Unknown
            }
            Group::Of(Resolved::Node(id, _)) => match index.exists(*id) {
                Ternary::Yes => Ternary::No,
                _ => Ternary::Unknown,
            },
            Group::Of(Resolved::OtherType(_)) => Ternary::No,
            Group::Of(Resolved::Outside(_)) => Ternary::Unknown,
            Group::DefaultOf(vpc) => default_group(index, vpc, peer, egress),
        };
        by_rules.or(by_itself)
    }))
}

/// What the default group of a VPC lets through by itself.
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
        // Taken over: only the rules that are listed are left.
        Some((_, certain)) => !certain,
        None => Ternary::Yes,
    };
    match vpc {
        Resolved::Node(id, _) if !index.is_externally_modified(*id) => allowed.and(kept),
        _ => allowed.and(kept).and(Ternary::Unknown),
    }
}

/// Whether the groups let 443 out to the peer.
pub(crate) fn allows_outbound<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
) -> Ternary {
    direction(index, groups, peer, &egress_rules(index), true)
}

/// Whether the groups admit 443 from the peer.
pub(crate) fn allows_inbound<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
) -> Ternary {
    direction(index, groups, peer, &ingress_rules(index), false)
}

/// The filter of a subnet.
pub(crate) enum Acl<'g> {
    /// The VPC's default one, untouched: it lets everything through.
    Open,
    /// One of the file.
    Entries(NodeId, Vec<(NodeId, &'g NetworkAclEntry)>),
    Unknown,
}

/// Finds the filter of a subnet.
pub(crate) fn acl_of<'g>(index: &GraphIndex<'g>, subnet: &Resolved<'g, Subnet>) -> Acl<'g> {
    let Resolved::Node(id, it) = subnet else {
        return Acl::Unknown;
    };
    let ties = index
        .all::<SubnetNetworkAclAssociation>()
        .map(|(tie, _, association)| {
            let ours = Ternary::any(
                index
                    .resolve(&association.subnet)
                    .iter()
                    .map(|to| to.same(subnet)),
            );
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
        let entries =
            index
                .all::<NetworkAclEntry>()
                .filter(|(_, _, entry)| match &entry.network_acl {
                    Value::Expr(Expr::Attr(node, _)) => *node == acl,
                    _ => false,
                });
        Acl::Entries(acl, entries.map(|(id, _, entry)| (id, entry)).collect())
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
    // Entries of the VPC's own list stand beside those that AWS made, which let everything through
    // after them.
    let to_default = index.all::<NetworkAclEntry>().any(|(_, _, entry)| {
        matches!(&entry.network_acl,
            Value::Expr(Expr::Attr(node, attr)) if *node == vpc_id && *attr == Vpc::DEFAULT_NETWORK_ACL)
    });
    if to_default { Acl::Unknown } else { Acl::Open }
}

/// Ports, first and last.
pub(crate) type Ports = (i64, i64);
/// The port of the services.
pub(crate) const SERVICE: Ports = (HTTPS, HTTPS);
/// The ports that Linux (32768–60999) and Windows (49152–65535) send from.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html>
pub(crate) const EPHEMERAL: Ports = (32768, 65535);
/// The ports that a NAT gateway sends from.
pub(crate) const EPHEMERAL_NAT: Ports = (1024, 65535);

/// The other side of a network ACL.
pub(crate) enum Side<'a, 'g> {
    Subnet(&'a Resolved<'g, Subnet>),
    Internet,
}

/// Whether a filter lets TCP to these ports through.
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
    let (mut allowed, mut refused) = (false, false);
    // What may allow or refuse before that is decided.
    let (mut may_allow, mut may_refuse) = (false, false);
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
        let (allows, refuses) = (action != Some("deny"), action != Some("allow"));
        let range = match ports.flatten() {
            Some(range) if about.is_yes() && allows != refuses => range,
            _ => {
                may_allow |= allows;
                may_refuse |= refuses;
                continue;
            }
        };
        let (meant, rest) = split(&open, range);
        if meant.is_empty() {
            continue;
        }
        allowed |= allows;
        refused |= refuses;
        open = rest;
    }
    refused |= !open.is_empty();
    match (allowed, refused) {
        (true, false) if !may_refuse => Ternary::Yes,
        (false, true) if !may_allow => Ternary::No,
        _ => Ternary::Unknown,
    }
}

/// Whether an entry is about all of the other side.
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

/// The ports that an entry is about: none if it is not about TCP; nothing if that is not decided.
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

/// Cuts a range out of others: what lies inside, and what is left.
fn split(open: &[Ports], range: Ports) -> (Vec<Ports>, Vec<Ports>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for &(from, to) in open {
        let (start, end) = (from.max(range.0), to.min(range.1));
        if start > end {
            outside.push((from, to));
            continue;
        }
        inside.push((start, end));
        if from < start {
            outside.push((from, start - 1));
        }
        if end < to {
            outside.push((end + 1, to));
        }
    }
    (inside, outside)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn ports_are_cut_out() {
        assert_eq!(
            split(&[(1, 10)], (3, 5)),
            (vec![(3, 5)], vec![(1, 2), (6, 10)])
        );
        assert_eq!(split(&[(1, 10)], (0, 99)), (vec![(1, 10)], vec![]));
        assert_eq!(split(&[(1, 10)], (11, 12)), (vec![], vec![(1, 10)]));
    }
}
