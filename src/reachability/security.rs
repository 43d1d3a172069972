//! Security groups and network ACLs: what they let through.

use super::host::Setting;
use super::tri::Tri;
use super::view::{GroupRef, To, View, VpcRef};
use crate::construct::S3_PREFIX_LIST;
use crate::ir::{Cidr, Expr, Id, Link, NodeId, Text, Value};
use crate::region::regions;
use crate::resource::{
    DefaultNetworkAcl, NetworkAcl, NetworkAclEntry, PrefixList, PrefixListRange, Resource,
    SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Subnet, SubnetNetworkAclAssociation,
    Vpc, VpcEndpoint,
};

/// A security group of an interface.
#[derive(Clone, Debug)]
pub(crate) enum Group<'g> {
    Of(GroupRef<'g>),
    /// The VPC's default group, which admits itself and lets everything out.
    DefaultOf(VpcRef<'g>),
}

impl<'g> Group<'g> {
    fn same(&self, other: &Group<'g>) -> Tri {
        match (self, other) {
            (Group::Of(a), Group::Of(b)) => a.same(b),
            (Group::DefaultOf(a), Group::DefaultOf(b)) => a.same(b),
            (Group::Of(To::Node(..)), Group::DefaultOf(_))
            | (Group::DefaultOf(_), Group::Of(To::Node(..))) => Tri::No,
            _ => Tri::Maybe,
        }
    }

    pub(crate) fn name(&self, view: &View<'g>) -> String {
        match self {
            Group::Of(To::Node(id, _)) => format!("`{}`", view.name(*id)),
            Group::Of(To::Wrong(id)) => {
                format!("`{}`, which is no security group,", view.name(*id))
            }
            Group::Of(To::Outside(expr)) => {
                format!("`{}`", super::view::visible_text(expr))
            }
            Group::DefaultOf(_) => "the VPC's default group".to_owned(),
        }
    }
}

/// The groups that a link names.
fn groups_of<'g>(view: &View<'g>, link: &Link<SecurityGroup>) -> Vec<Group<'g>> {
    if let Value::Expr(expr) = link
        && let Some(vpc) = view.names_default_group(expr)
    {
        return vec![Group::DefaultOf(vpc)];
    }
    view.to(link).into_iter().map(Group::Of).collect()
}

/// The groups of an interface; without any it has the default group of its VPC.
pub(crate) fn groups<'g>(
    view: &View<'g>,
    links: &[Link<SecurityGroup>],
    vpc: &VpcRef<'g>,
) -> Vec<Group<'g>> {
    if links.is_empty() {
        return vec![Group::DefaultOf(vpc.clone())];
    }
    links
        .iter()
        .flat_map(|link| groups_of(view, link))
        .collect()
}

/// The groups of an instance; nothing if they are not decided.
pub(crate) fn groups_of_host<'g>(
    view: &View<'g>,
    setting: &Setting<Vec<Link<SecurityGroup>>>,
    vpc: &VpcRef<'g>,
) -> Option<Vec<Group<'g>>> {
    match setting {
        Setting::Is(_, _, links) => Some(groups(view, links, vpc)),
        Setting::Unset => Some(groups(view, &[], vpc)),
        Setting::Unknown(..) => None,
    }
}

/// Who is at the other end.
pub(crate) enum Peer<'a, 'g> {
    /// Interfaces in a subnet, with their groups.
    Interfaces(&'a [Group<'g>], &'a To<'g, Subnet>),
    /// An AWS service's public addresses.
    Internet,
    /// S3's addresses, as its gateway endpoint lists them.
    S3,
    /// Anybody at all: whether anything could pass.
    Anybody,
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

fn egress_rules<'g>(view: &View<'g>) -> Vec<Rule<'g>> {
    view.all::<SecurityGroupEgress>()
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

fn ingress_rules<'g>(view: &View<'g>) -> Vec<Rule<'g>> {
    view.all::<SecurityGroupIngress>()
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
fn https(protocol: &Value<Text>, from: Option<&Value<i64>>, to: Option<&Value<i64>>) -> Tri {
    let Some(protocol) = protocol.lit() else {
        return Tri::Maybe;
    };
    match protocol.to_ascii_lowercase().as_str() {
        "-1" | "all" => return Tri::Yes,
        "tcp" | "6" => {}
        _ => return Tri::No,
    }
    match (from.map(Value::lit), to.map(Value::lit)) {
        (Some(Some(-1)), _) => Tri::Yes,
        (Some(Some(from)), Some(Some(to))) => (*from <= HTTPS && HTTPS <= *to).into(),
        (Some(Some(from)), _) if *from > HTTPS => Tri::No,
        (_, Some(Some(to))) if *to < HTTPS => Tri::No,
        _ => Tri::Maybe,
    }
}

impl<'g> Rule<'g> {
    /// Whether the rule lets 443 through to or from the peer.
    fn admits(&self, view: &View<'g>, peer: &Peer<'_, 'g>) -> Tri {
        let ports = https(self.protocol, self.from, self.to).and(view.exists(self.id));
        if ports.is_no() {
            return Tri::No;
        }
        ports.and(self.meets(view, peer))
    }

    fn meets(&self, view: &View<'g>, peer: &Peer<'_, 'g>) -> Tri {
        if let Some(cidr) = self.cidr {
            return match peer {
                Peer::Interfaces(_, subnet) => view.covers(cidr, subnet),
                Peer::Anybody => match view.cidr(cidr) {
                    Some(cidr) => (cidr != Cidr::LOOPBACK).into(),
                    None => Tri::Yes,
                },
                Peer::Internet | Peer::S3 => match view.cidr(cidr) {
                    Some(cidr) if cidr == Cidr::ANY => Tri::Yes,
                    Some(cidr) if cidr.is_private() => Tri::No,
                    Some(cidr) if cidr.prefix_len() > 24 => Tri::No,
                    _ => Tri::Maybe,
                },
            };
        }
        if let Some(link) = self.peer {
            return match peer {
                Peer::Interfaces(groups, _) => {
                    let of = groups_of(view, link);
                    let meant = of
                        .iter()
                        .map(|group| Tri::any(groups.iter().map(|own| own.same(group))));
                    Tri::agreed(meant)
                }
                Peer::Anybody => Tri::Yes,
                Peer::Internet | Peer::S3 => Tri::No,
            };
        }
        if let Some(link) = self.list {
            return prefix_list(view, link, peer);
        }
        Tri::No
    }
}

/// Whether a prefix list holds the peer.
fn prefix_list<'g>(view: &View<'g>, link: &Link<PrefixList>, peer: &Peer<'_, 'g>) -> Tri {
    if let Peer::Anybody = peer {
        return Tri::Yes;
    }
    if is_s3(view, link) {
        return matches!(peer, Peer::S3).into();
    }
    let To::Node(id, list) = view.only(link) else {
        return Tri::Maybe;
    };
    let mut ranges: Vec<&Value<Cidr>> = list.entries.iter().map(|entry| &entry.cidr).collect();
    let more = view
        .all::<PrefixListRange>()
        .filter(|(_, _, range)| view.only(&range.prefix_list).node() == Some(id));
    ranges.extend(more.map(|(_, _, range)| &range.cidr));
    Tri::any(ranges.into_iter().map(|range| match peer {
        Peer::Interfaces(_, subnet) => view.covers(range, subnet),
        Peer::Internet | Peer::S3 => match view.cidr(range) {
            Some(range) if range == Cidr::ANY => Tri::Yes,
            Some(range) if range.is_private() => Tri::No,
            _ => Tri::Maybe,
        },
        Peer::Anybody => Tri::Yes,
    }))
}

/// Whether a link names S3's own prefix list.
fn is_s3(view: &View<'_>, link: &Link<PrefixList>) -> bool {
    match link {
        Value::Lit(id) => regions()
            .iter()
            .any(|region| region.s3_prefix_list == Some(id.as_str())),
        Value::Expr(Expr::Attr(id, attr)) => {
            *attr == VpcEndpoint::PREFIX_LIST
                && view.graph.node(*id).is_some_and(|node| {
                    matches!(&node.resource, Resource::VpcEndpoint(it)
                        if super::path::token(&it.service_name).as_deref() == Some("s3"))
                })
        }
        // What our own stacks ask for by this name, see the assumptions.
        Value::Expr(Expr::Param(id)) => {
            let declared = view.graph.parameter(*id);
            declared.is_some_and(|it| it.id == S3_PREFIX_LIST)
        }
        Value::Expr(Expr::Opaque(text)) => text.strip_prefix("parameter ") == Some(S3_PREFIX_LIST),
        Value::Expr(Expr::PerLanguage { cfn, tf }) => match cfn.as_ref() {
            Expr::Text(id) => is_s3(view, &Value::Lit(Id::new(id.clone()))),
            _ => is_s3(view, &Value::Expr((**tf).clone())),
        },
        Value::Expr(_) => false,
    }
}

fn direction<'g>(
    view: &View<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
    rules: &[Rule<'g>],
    egress: bool,
) -> Tri {
    Tri::any(groups.iter().map(|group| {
        let by_rules = Tri::any(rules.iter().filter_map(|rule| {
            let mut meant = groups_of(view, rule.group);
            let ours = if meant.len() == 1 {
                meant.swap_remove(0).same(group)
            } else {
                Tri::any(meant.iter().map(|it| it.same(group))).and(Tri::Maybe)
            };
            // An outside group's id is no other group's of this file.
            let ours = match group {
                Group::Of(To::Outside(_)) if ours != Tri::Yes => return None,
                _ => ours,
            };
            (!ours.is_no()).then(|| rule.admits(view, peer).and(ours))
        }));
        let by_itself = match group {
            Group::Of(To::Node(id, _)) if view.is_touched(*id) => Tri::Maybe,
            Group::Of(To::Node(id, _)) => match view.exists(*id) {
                Tri::Yes => Tri::No,
                _ => Tri::Maybe,
            },
            Group::Of(To::Wrong(_)) => Tri::No,
            Group::Of(To::Outside(_)) => Tri::Maybe,
            Group::DefaultOf(vpc) => default_group(view, vpc, peer, egress),
        };
        by_rules.or(by_itself)
    }))
}

/// What the default group of a VPC lets through by itself.
fn default_group<'g>(view: &View<'g>, vpc: &VpcRef<'g>, peer: &Peer<'_, 'g>, egress: bool) -> Tri {
    let own = if egress {
        Tri::Yes
    } else {
        match peer {
            Peer::Interfaces(groups, _) => Tri::any(
                groups
                    .iter()
                    .map(|group| group.same(&Group::DefaultOf(vpc.clone()))),
            ),
            _ => Tri::No,
        }
    };
    let kept = match view.default_group_of(vpc) {
        // Taken over: only the rules that are listed are left.
        Some((_, certain)) => !certain,
        None => Tri::Yes,
    };
    match vpc {
        To::Node(id, _) if !view.is_touched(*id) => own.and(kept),
        _ => own.and(kept).and(Tri::Maybe),
    }
}

/// Whether the groups let 443 out to the peer.
pub(crate) fn lets_out<'g>(view: &View<'g>, groups: &[Group<'g>], peer: &Peer<'_, 'g>) -> Tri {
    direction(view, groups, peer, &egress_rules(view), true)
}

/// Whether the groups admit 443 from the peer.
pub(crate) fn admits<'g>(view: &View<'g>, groups: &[Group<'g>], peer: &Peer<'_, 'g>) -> Tri {
    direction(view, groups, peer, &ingress_rules(view), false)
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
pub(crate) fn acl_of<'g>(view: &View<'g>, subnet: &To<'g, Subnet>) -> Acl<'g> {
    let To::Node(id, it) = subnet else {
        return Acl::Unknown;
    };
    let ties = view
        .all::<SubnetNetworkAclAssociation>()
        .map(|(tie, _, association)| {
            let ours = Tri::any(
                view.to(&association.subnet)
                    .iter()
                    .map(|to| to.same(subnet)),
            );
            (tie, association, ours)
        });
    let mut tied = None;
    for (tie, association, ours) in ties {
        match ours.and(view.exists(tie)) {
            Tri::No => {}
            Tri::Maybe if matches!(view.only(&association.subnet), To::Outside(Expr::Text(_))) => {}
            Tri::Maybe => return Acl::Unknown,
            Tri::Yes => tied = Some(association),
        }
    }
    let with_entries = |acl: NodeId| {
        let entries =
            view.all::<NetworkAclEntry>()
                .filter(|(_, _, entry)| match &entry.network_acl {
                    Value::Expr(Expr::Attr(node, _)) => *node == acl,
                    _ => false,
                });
        Acl::Entries(acl, entries.map(|(id, _, entry)| (id, entry)).collect())
    };
    if let Some(association) = tied {
        return match view.only::<NetworkAcl>(&association.network_acl) {
            To::Node(acl, _) if view.is_touched(acl) => Acl::Unknown,
            To::Node(acl, _) => with_entries(acl),
            To::Wrong(_) | To::Outside(_) => Acl::Unknown,
        };
    }
    let vpc = view.only(&it.vpc);
    let To::Node(vpc_id, _) = vpc else {
        return Acl::Unknown;
    };
    if view.is_touched(*id) || view.is_touched(vpc_id) {
        return Acl::Unknown;
    }
    let taken_over = view.all::<DefaultNetworkAcl>().find(|(_, _, acl)| {
        matches!(&acl.default_network_acl,
            Value::Expr(Expr::Attr(node, attr)) if *node == vpc_id && *attr == Vpc::DEFAULT_NETWORK_ACL)
    });
    if let Some((acl, ..)) = taken_over {
        return with_entries(acl);
    }
    // Entries of the VPC's own list stand beside those that AWS made, which let everything through
    // after them.
    let to_default = view.all::<NetworkAclEntry>().any(|(_, _, entry)| {
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
    Subnet(&'a To<'g, Subnet>),
    Internet,
}

/// Whether a filter lets TCP to these ports through.
pub(crate) fn passes<'g>(
    view: &View<'g>,
    acl: &Acl<'g>,
    egress: bool,
    ports: Ports,
    side: &Side<'_, 'g>,
) -> Tri {
    let entries = match acl {
        Acl::Open => return Tri::Yes,
        Acl::Unknown => return Tri::Maybe,
        Acl::Entries(_, entries) => entries,
    };
    let mut ordered = Vec::new();
    for (id, entry) in entries {
        let own = match &entry.egress {
            None => !egress,
            Some(Value::Lit(own)) => *own == egress,
            Some(Value::Expr(_)) => return Tri::Maybe,
        };
        if !own {
            continue;
        }
        let Some(number) = entry.rule_number.lit() else {
            return Tri::Maybe;
        };
        ordered.push((*number, *id, *entry));
    }
    ordered.sort_by_key(|(number, ..)| *number);
    let mut open: Vec<Ports> = vec![ports];
    let (mut allowed, mut refused) = (false, false);
    // What may allow or refuse before that is decided.
    let (mut may_allow, mut may_refuse) = (false, false);
    for (_, id, entry) in ordered {
        let about = entry_about(view, entry, side).and(view.exists(id));
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
        (true, false) if !may_refuse => Tri::Yes,
        (false, true) if !may_allow => Tri::No,
        _ => Tri::Maybe,
    }
}

/// Whether an entry is about all of the other side.
fn entry_about<'g>(view: &View<'g>, entry: &NetworkAclEntry, side: &Side<'_, 'g>) -> Tri {
    let Some(cidr) = &entry.cidr_block else {
        return match &entry.ipv6_cidr_block {
            Some(_) => Tri::No,
            None => Tri::Maybe,
        };
    };
    match side {
        Side::Subnet(subnet) => view.covers(cidr, subnet),
        Side::Internet => match view.cidr(cidr) {
            Some(cidr) if cidr == Cidr::ANY => Tri::Yes,
            Some(cidr) if cidr.is_private() => Tri::No,
            _ => Tri::Maybe,
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
