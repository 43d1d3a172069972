//! Evaluation of security groups.

use std::collections::BTreeSet;

use super::addresses::{self, Coverage, PUBLIC};
use super::cache::{Rule, Rules};
use super::graph_index::{GraphIndex, GroupRef, Resolved, VpcRef};
use super::setting::{Setting, is_unmodeled};
use super::ternary::Ternary;
use crate::ir::{AddressSet, Cidr, Expr, Id, Link, NodeId, Text, Value};
use crate::region::regions;
use crate::resource::{
    PrefixList, PrefixListRange, Resource, S3_PREFIX_LIST, SecurityGroup, SecurityGroupEgress,
    SecurityGroupIngress, SecurityGroupVpcAssociation, Subnet, Vpc, VpcEndpoint,
};

/// A security group of a network interface.
#[derive(Clone, Debug)]
pub(crate) enum Group<'g> {
    Of(GroupRef<'g>),
    /// The default security group of the VPC, which allows inbound traffic from itself and all outbound
    /// traffic.
    DefaultOf(VpcRef<'g>),
    /// A group of another VPC, which EC2 rejects for an interface of this one; or a group whose VPC
    /// can be another one.
    OfOtherVpc(NodeId, Ternary),
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
                format!("security group `{}`", index.shown(expr))
            }
            Group::DefaultOf(_) => "the default security group of the VPC".to_owned(),
            Group::OfOtherVpc(id, Ternary::No) => {
                format!("security group `{}` of another VPC", index.name(*id))
            }
            Group::OfOtherVpc(id, _) => {
                format!(
                    "security group `{}`, whose VPC can be another one,",
                    index.name(*id)
                )
            }
            Group::SomeOf(of) => {
                let names: Vec<String> = of.iter().map(|it| it.name(index)).collect();
                names.join(" or ")
            }
        }
    }
}

/// Returns the security groups that a link names.
fn groups_of<'g>(index: &GraphIndex<'g>, link: &Link<SecurityGroup>) -> Vec<Group<'g>> {
    if let Value::Expr(Expr::OneOf(of)) = link {
        let one = |expr: &Expr| groups_of(index, &Value::Expr(expr.clone()));
        return of.iter().flat_map(one).collect();
    }
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
    let checked = |group: Group<'g>| match group {
        Group::Of(Resolved::Node(id, it)) => match is_usable(index, id, it, vpc) {
            Ternary::Yes => group,
            usable => Group::OfOtherVpc(id, usable),
        },
        group => group,
    };
    links
        .iter()
        .map(|link| {
            let mut of: Vec<Group<'g>> = groups_of(index, link).into_iter().map(checked).collect();
            if of.len() == 1 {
                of.swap_remove(0)
            } else {
                Group::SomeOf(of)
            }
        })
        .collect()
}

/// Returns whether an interface in a VPC can have a security group.
fn is_usable<'g>(
    index: &GraphIndex<'g>,
    id: NodeId,
    group: &'g SecurityGroup,
    vpc: &VpcRef<'g>,
) -> Ternary {
    // The check of other VPCs is unknown at best.
    if !matches!(vpc, Resolved::Node(..) | Resolved::Outside(Expr::Text(_))) {
        return Ternary::Yes;
    }
    let own = match (group.vpc.is_absent(), vpc) {
        _ if is_unmodeled(index, id, "vpc") => Ternary::Unknown,
        // Without a VPC, the group is in the default one.
        (true, Resolved::Node(..)) => Ternary::No,
        (true, _) => Ternary::Unknown,
        (false, _) => Ternary::unanimous(vpcs(index, &group.vpc).iter().map(|it| it.same(vpc))),
    };
    if own.is_yes() {
        return own;
    }
    let associated = index
        .all::<SecurityGroupVpcAssociation>()
        .map(|(tie, _, it)| {
            let to = Ternary::any(vpcs(index, &it.vpc).iter().map(|it| it.same(vpc)));
            to.and(index.points_to(&it.group, id))
                .and(index.exists(tie))
        });
    own.or(Ternary::any(associated))
}

/// Returns the VPCs that a property names, also as the VPC of a subnet.
fn vpcs<'g>(index: &GraphIndex<'g>, link: &Link<Vpc>) -> Vec<VpcRef<'g>> {
    if let Value::Expr(Expr::Attr(id, attr)) = link
        && *attr == Subnet::VPC
        && let Some(Resource::Subnet(subnet)) = index.graph.node(*id).map(|node| &node.resource)
    {
        return vpcs(index, &subnet.vpc);
    }
    index.resolve(link)
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
    /// Network interfaces in a subnet, with their security groups and fixed address.
    Interfaces(&'a [Group<'g>], &'a Resolved<'g, Subnet>, Option<Cidr>),
    /// The public addresses of a service.
    Internet,
    /// The addresses of S3 in the prefix list of its gateway endpoint.
    S3,
    /// Any address.
    Anywhere,
    /// A public address.
    Address(Cidr),
}

/// A service that rules can allow.
#[derive(Clone, Copy)]
struct Service {
    /// The name and the number of its protocol.
    protocol: [&'static str; 2],
    port: i64,
}

const HTTPS: Service = Service {
    protocol: ["tcp", "6"],
    port: 443,
};
const DNS: Service = Service {
    protocol: ["udp", "17"],
    port: 53,
};

impl<'g> Rules<'g> {
    fn collect(index: &GraphIndex<'g>, all: impl Iterator<Item = Rule<'g>>) -> Rules<'g> {
        let mut rules = Rules::default();
        for rule in all.filter(|rule| !rule.applies.is_no()) {
            match groups_of(index, rule.group).as_slice() {
                [Group::Of(Resolved::Node(id, _))] => {
                    rules.of_group.entry(*id).or_default().push(rule);
                }
                _ => rules.others.push(rule),
            }
        }
        rules
    }

    fn egress(index: &GraphIndex<'g>, service: Service) -> Rules<'g> {
        let all = index.all::<SecurityGroupEgress>();
        let rule = |(id, _, it): (NodeId, _, &'g SecurityGroupEgress)| Rule {
            id,
            group: &it.group,
            applies: service
                .is_in(&it.ip_protocol, it.from_port.as_ref(), it.to_port.as_ref())
                .and(index.exists(id)),
            cidr: it.cidr_ip.as_ref(),
            peer: it.destination.as_ref(),
            list: it.destination_prefix_list.as_ref(),
        };
        Rules::collect(index, all.map(rule))
    }

    fn ingress(index: &GraphIndex<'g>, service: Service) -> Rules<'g> {
        let all = index.all::<SecurityGroupIngress>();
        let rule = |(id, _, it): (NodeId, _, &'g SecurityGroupIngress)| Rule {
            id,
            group: &it.group,
            applies: service
                .is_in(&it.ip_protocol, it.from_port.as_ref(), it.to_port.as_ref())
                .and(index.exists(id)),
            cidr: it.cidr_ip.as_ref(),
            peer: it.source.as_ref(),
            list: it.source_prefix_list.as_ref(),
        };
        Rules::collect(index, all.map(rule))
    }
}

impl Service {
    /// Returns whether a protocol and ports include the service.
    fn is_in(
        self,
        protocol: &Value<Text>,
        from: Option<&Value<i64>>,
        to: Option<&Value<i64>>,
    ) -> Ternary {
        let Some(protocol) = protocol.lit() else {
            return Ternary::Unknown;
        };
        match protocol.to_ascii_lowercase().as_str() {
            "-1" | "all" => return Ternary::Yes,
            of if self.protocol.contains(&of) => {}
            _ => return Ternary::No,
        }
        match (from.map(Value::lit), to.map(Value::lit)) {
            (Some(Some(-1)), _) => Ternary::Yes,
            (Some(Some(from)), Some(Some(to))) => (*from <= self.port && self.port <= *to).into(),
            (Some(Some(from)), _) if *from > self.port => Ternary::No,
            (_, Some(Some(to))) if *to < self.port => Ternary::No,
            _ => Ternary::Unknown,
        }
    }
}

/// The smallest number of addresses that a public service has.
const MIN_OF_SERVICE: u64 = 256;

/// Whether rules allow a peer.
struct Decision<'a, 'p, 'g> {
    index: &'a GraphIndex<'g>,
    peer: &'a Peer<'p, 'g>,
    /// The addresses of the peer, if they are known.
    addresses: Option<AddressSet>,
    /// The ranges of rules, which only together can cover the addresses.
    ranges: Coverage,
    by_others: Ternary,
}

impl<'g> Decision<'_, '_, 'g> {
    fn add(&mut self, rule: &Rule<'g>, ours: Ternary) {
        if self.index.cache.left_out.borrow().contains(&rule.id) {
            return;
        }
        let applies = ours.and(rule.applies);
        if let Some(range) = rule.cidr {
            self.add_range(range, applies);
        } else if let Some(link) = rule.peer {
            self.or(applies.and(self.is_group_of_peer(link)));
        } else if let Some(link) = rule.list {
            self.add_list(link, applies);
        }
    }

    fn or(&mut self, other: Ternary) {
        self.by_others = self.by_others.or(other);
    }

    fn add_range(&mut self, range: &Value<Cidr>, applies: Ternary) {
        match (self.index.cidr(range), self.peer) {
            (Some(cidr), Peer::Anywhere) => self.or(applies.and((cidr != Cidr::LOOPBACK).into())),
            (None, Peer::Anywhere) => self.or(applies),
            (Some(cidr), _) if self.addresses.is_some() => self.ranges.add(cidr, applies),
            (_, Peer::Interfaces(_, subnet, _)) => {
                self.or(applies.and(self.index.covers(range, subnet)));
            }
            (_, Peer::Internet | Peer::S3 | Peer::Address(_)) => {
                self.or(applies.and(Ternary::Unknown));
            }
        }
    }

    fn is_group_of_peer(&self, link: &Link<SecurityGroup>) -> Ternary {
        match self.peer {
            Peer::Interfaces(groups, ..) => {
                let of = groups_of(self.index, link);
                let meant = of
                    .iter()
                    .map(|group| Ternary::any(groups.iter().map(|own| own.same(group))));
                Ternary::unanimous(meant)
            }
            Peer::Anywhere => Ternary::Yes,
            Peer::Internet | Peer::S3 | Peer::Address(_) => Ternary::No,
        }
    }

    fn add_list(&mut self, link: &Link<PrefixList>, applies: Ternary) {
        if let Peer::Anywhere = self.peer {
            return self.or(applies);
        }
        if is_s3(self.index, link) {
            return self.or(applies.and(matches!(self.peer, Peer::S3).into()));
        }
        let Some(ranges) = ranges_of(self.index, link) else {
            return self.or(applies.and(Ternary::Unknown));
        };
        for (range, exists) in ranges {
            self.add_range(range, applies.and(exists));
        }
    }

    fn result(self) -> Ternary {
        let Some(addresses) = &self.addresses else {
            return self.by_others;
        };
        let min = match self.peer {
            Peer::Interfaces(..) | Peer::Anywhere | Peer::Address(_) => 1,
            Peer::Internet | Peer::S3 => MIN_OF_SERVICE,
        };
        self.by_others.or(self.ranges.covers(addresses, min))
    }
}

/// Returns the ranges of a prefix list in the file, and whether each exists.
pub(crate) fn ranges_of<'g>(
    index: &GraphIndex<'g>,
    link: &Link<PrefixList>,
) -> Option<Vec<(&'g Value<Cidr>, Ternary)>> {
    let Resolved::Node(id, list) = index.resolve_one(link) else {
        return None;
    };
    if is_unmodeled(index, id, "entries") || index.is_externally_modified(id) {
        return None;
    }
    let entries = list.entries.iter().map(|it| (&it.cidr, index.exists(id)));
    let more = index
        .all::<PrefixListRange>()
        .map(|(entry, _, it)| (entry, it, index.points_to(&it.prefix_list, id)))
        .filter(|(_, _, ours)| !ours.is_no())
        .map(|(entry, it, ours)| (&it.cidr, ours.and(index.exists(entry))));
    Some(entries.chain(more).collect())
}

/// Returns whether a link names the prefix list of S3.
pub(crate) fn is_s3(index: &GraphIndex<'_>, link: &Link<PrefixList>) -> bool {
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
        Value::Expr(Expr::SourceParam { name, .. }) => name == S3_PREFIX_LIST,
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
    rules: &Rules<'g>,
    egress: bool,
) -> Ternary {
    let mut decision = Decision {
        index,
        peer,
        addresses: match peer {
            Peer::Interfaces(_, subnet, fixed) => addresses::of_interface(index, subnet, *fixed),
            Peer::Internet | Peer::S3 => Some(PUBLIC.clone()),
            Peer::Address(address) => Some((*address).into()),
            Peer::Anywhere => None,
        },
        ranges: Coverage::default(),
        by_others: Ternary::No,
    };
    let mut usable = Ternary::Yes;
    for group in groups {
        if let Group::SomeOf(of) = group {
            let one = |it| direction(index, std::slice::from_ref(it), peer, rules, egress);
            decision.or(Ternary::unanimous(of.iter().map(one)));
            continue;
        }
        let of = match group {
            Group::Of(Resolved::Node(id, _)) | Group::OfOtherVpc(id, _) => rules.of_group.get(id),
            _ => None,
        };
        for rule in of.into_iter().flatten() {
            decision.add(rule, Ternary::Yes);
        }
        for rule in &rules.others {
            let mut meant = groups_of(index, rule.group);
            let ours = if meant.len() == 1 {
                meant.swap_remove(0).same(group)
            } else {
                Ternary::any(meant.iter().map(|it| it.same(group))).and(Ternary::Unknown)
            };
            // A security group outside the file differs from those in the file.
            if !matches!(group, Group::Of(Resolved::Outside(_))) || ours.is_yes() {
                decision.add(rule, ours);
            }
        }
        if let Group::OfOtherVpc(_, fits) = group {
            usable = usable.and(*fits);
        }
        decision.or(match group {
            Group::Of(Resolved::Node(id, _)) | Group::OfOtherVpc(id, _) => {
                let is_known = index.exists(*id).is_yes() && !index.is_externally_modified(*id);
                if is_known {
                    Ternary::No
                } else {
                    Ternary::Unknown
                }
            }
            Group::Of(Resolved::OtherType(_)) => Ternary::No,
            Group::Of(Resolved::Outside(_)) | Group::SomeOf(_) => Ternary::Unknown,
            Group::DefaultOf(vpc) => default_group(index, vpc, peer, egress),
        });
    }
    decision.result().and(usable)
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
            Peer::Interfaces(groups, ..) => Ternary::any(
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

fn outbound<'a, 'g>(index: &'a GraphIndex<'g>) -> &'a Rules<'g> {
    let rules = &index.cache.egress;
    rules.get_or_init(|| Rules::egress(index, HTTPS))
}

fn inbound<'a, 'g>(index: &'a GraphIndex<'g>) -> &'a Rules<'g> {
    let rules = &index.cache.ingress;
    rules.get_or_init(|| Rules::ingress(index, HTTPS))
}

fn queries<'a, 'g>(index: &'a GraphIndex<'g>) -> &'a Rules<'g> {
    let rules = &index.cache.queries;
    rules.get_or_init(|| Rules::egress(index, DNS))
}

/// Returns the rules that can allow a connection to a service or a query, in the order of the file.
pub(crate) fn rules_of_connections(index: &GraphIndex<'_>) -> BTreeSet<NodeId> {
    let all = [outbound(index), inbound(index), queries(index)];
    let each = all.iter().flat_map(|rules| {
        let of_group = rules.of_group.values().flatten();
        of_group.chain(&rules.others)
    });
    each.map(|rule| rule.id).collect()
}

/// Returns whether the security groups allow outbound TCP 443 to the peer.
pub(crate) fn allows_outbound<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
) -> Ternary {
    direction(index, groups, peer, outbound(index), true)
}

/// Returns whether the security groups allow inbound TCP 443 from the peer.
pub(crate) fn allows_inbound<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    peer: &Peer<'_, 'g>,
) -> Ternary {
    direction(index, groups, peer, inbound(index), false)
}

/// Returns whether the security groups allow queries to a public DNS server. Queries to the VPC
/// resolver need no rule.
pub(crate) fn allows_queries<'g>(
    index: &GraphIndex<'g>,
    groups: &[Group<'g>],
    server: Cidr,
) -> Ternary {
    direction(index, groups, &Peer::Address(server), queries(index), true)
}
