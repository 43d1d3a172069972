//! Rules of security groups, in the style of the group.

use crate::ir::{Cidr, Dialect, Expr, Link, NodeId, Value};
use crate::reachability::fix::{Changes, link, raw};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::security::Group;
use crate::resource::{
    Map, RawValue, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress, Subnet,
};

/// The other side of a rule.
pub(in super::super) struct Peer<'a, 'g> {
    pub(in super::super) groups: &'a [Group<'g>],
    /// The range in place of a group that a rule cannot name.
    pub(in super::super) cidr: Option<Value<Cidr>>,
}

enum Of {
    Group(Link<SecurityGroup>),
    Cidr(Value<Cidr>),
}

/// Returns the security group that a rule of the file can change.
pub(in super::super) fn node(groups: &[Group<'_>]) -> Option<NodeId> {
    groups.iter().find_map(|group| match group {
        Group::Of(Resolved::Node(id, _)) => Some(*id),
        _ => None,
    })
}

/// Returns whether a fix can contain an expression: the name of a value, not a description.
fn is_written(expr: &Expr) -> bool {
    let mut written = true;
    expr.walk(&mut |part| {
        written &= !matches!(part, Expr::Unknown(_) | Expr::Opaque(_) | Expr::OneOf(_));
    });
    written
}

/// Returns a security group that a rule can name.
fn named(groups: &[Group<'_>]) -> Option<Link<SecurityGroup>> {
    groups.iter().find_map(|group| match group {
        Group::Of(Resolved::Node(id, _)) => Some(link(*id)),
        Group::Of(Resolved::Outside(expr)) if is_written(expr) => Some(Value::Expr(expr.clone())),
        _ => None,
    })
}

/// Returns the range of a subnet, or none if the file does not show it.
pub(in super::super) fn range(subnet: &Resolved<'_, Subnet>) -> Option<Value<Cidr>> {
    match subnet {
        Resolved::Node(_, it) if !it.cidr_block.is_absent() => Some(it.cidr_block.clone()),
        _ => None,
    }
}

/// Returns whether Terraform removes the rules of a group that are not in it.
fn is_inline(index: &GraphIndex<'_>, group: NodeId, egress: bool) -> bool {
    let own = |id: NodeId| index.graph.node(id)?.origin.as_ref()?.parent;
    match egress {
        true => index
            .all::<SecurityGroupEgress>()
            .any(|(id, ..)| own(id) == Some(group)),
        false => index
            .all::<SecurityGroupIngress>()
            .any(|(id, ..)| own(id) == Some(group)),
    }
}

/// Returns whether a group names another one, by its inline rules too.
fn names(index: &GraphIndex<'_>, from: NodeId, to: NodeId) -> bool {
    let mut nodes = index.graph.nodes();
    nodes.any(|(id, node)| {
        let parent = node.origin.as_ref().and_then(|origin| origin.parent);
        (id == from || parent == Some(from)) && node.references().contains(&to)
    })
}

/// Returns whether an inline rule of a group names another group. A plan does not show which of two
/// such rules names which group, until the groups exist.
fn names_any(index: &GraphIndex<'_>, group: NodeId, egress: bool) -> bool {
    let inside = |id: NodeId| {
        let origin = index.graph.node(id).and_then(|node| node.origin.as_ref());
        origin.and_then(|origin| origin.parent) == Some(group)
    };
    match egress {
        true => index
            .all::<SecurityGroupEgress>()
            .any(|(id, _, rule)| inside(id) && rule.destination.is_some()),
        false => index
            .all::<SecurityGroupIngress>()
            .any(|(id, _, rule)| inside(id) && rule.source.is_some()),
    }
}

fn peer(
    index: &GraphIndex<'_>,
    group: NodeId,
    (inline, egress): (bool, bool),
    to: &Peer<'_, '_>,
) -> Of {
    let by_group = named(to.groups);
    // Groups that name one another in their blocks depend on one another.
    let circular =
        inline && node(to.groups).is_some_and(|it| it != group && names(index, it, group));
    let ambiguous = || inline && names_any(index, group, egress);
    match (by_group, &to.cidr) {
        (Some(link), None) => Of::Group(link),
        (Some(link), Some(_)) if !circular && !ambiguous() => Of::Group(link),
        (_, Some(cidr)) => Of::Cidr(cidr.clone()),
        (None, None) => Of::Cidr(Value::Lit(Cidr::ANY)),
    }
}

fn block(of: &Of) -> RawValue<'static> {
    let mut map = Map::default();
    map.insert("from_port", RawValue::Int(443));
    map.insert("to_port", RawValue::Int(443));
    map.insert("protocol", RawValue::str("tcp"));
    match of {
        Of::Group(link) => map.insert("security_groups", RawValue::List(vec![raw(link)])),
        Of::Cidr(cidr) => {
            let cidr = match cidr {
                Value::Lit(cidr) => RawValue::Str(cidr.to_string().into()),
                Value::Expr(expr) => RawValue::from(expr.clone()),
            };
            map.insert("cidr_blocks", RawValue::List(vec![cidr]));
        }
    }
    RawValue::Block(map)
}

/// Allows inbound TCP 443.
pub(in super::super) fn inbound(
    index: &GraphIndex<'_>,
    changes: &mut Changes,
    group: NodeId,
    from: &Peer<'_, '_>,
) {
    let inline = changes.dialect == Dialect::Tf && is_inline(index, group, false);
    let of = peer(index, group, (inline, false), from);
    if inline {
        changes.set(group, "ingress", block(&of));
        return;
    }
    let rule = SecurityGroupIngress::https(link(group));
    let rule = match of {
        Of::Group(group) => rule.source(group),
        Of::Cidr(cidr) => rule.cidr_ip(cidr),
    };
    changes.add("EndpointsFromInstance", rule);
}

/// Allows outbound TCP 443.
pub(in super::super) fn outbound(
    index: &GraphIndex<'_>,
    changes: &mut Changes,
    group: NodeId,
    to: &Peer<'_, '_>,
) {
    let inline = changes.dialect == Dialect::Tf && is_inline(index, group, true);
    let of = peer(index, group, (inline, true), to);
    if inline {
        changes.set(group, "egress", block(&of));
        return;
    }
    let rule = SecurityGroupEgress::https(link(group));
    match of {
        Of::Group(group) => changes.add("InstanceToEndpoints", rule.destination(group)),
        Of::Cidr(cidr) => changes.add("InstanceToInternet", rule.cidr_ip(cidr)),
    };
}
