//! Elastic IP addresses of instances.

use super::fixed_address;
use super::graph_index::{GraphIndex, Resolved};
use super::setting::Setting;
use super::ternary::Ternary;
use crate::ir::{Cidr, Expr, Link, NodeId, Text, Value};
use crate::resource::{Eip, EipAssociation, Instance, NetworkInterface};

/// Returns whether the instance has an Elastic IP address, at the primary address from which the agent
/// connects.
pub(super) fn elastic<'g>(
    index: &GraphIndex<'g>,
    instance: NodeId,
    interface: Option<&Resolved<'g, NetworkInterface>>,
    primary: Option<Cidr>,
) -> Option<Setting<Value<bool>>> {
    let is_primary = |to: Option<&Value<Text>>| match (to, fixed_address::fixed(to), primary) {
        (None, ..) => Ternary::Yes,
        (_, Some(to), Some(primary)) => Ternary::from(to == primary),
        _ => Ternary::Unknown,
    };
    let is_ours = |link: Option<&Link<Instance>>, to: Option<&Link<NetworkInterface>>| {
        let by_instance = link.map_or(Ternary::No, |link| index.points_to(link, instance));
        let by_interface = match to {
            Some(Value::Expr(Expr::Attr(node, _) | Expr::Other(node, _))) => {
                (*node == instance || interface.and_then(Resolved::node) == Some(*node)).into()
            }
            Some(link) => interface
                .and_then(Resolved::node)
                .map_or(Ternary::No, |node| index.points_to(link, node)),
            None => Ternary::No,
        };
        by_instance.or(by_interface)
    };
    let by_address = index.all::<Eip>().map(|(id, _, it)| {
        let ours = is_ours(it.instance.as_ref(), it.network_interface.as_ref());
        (id, ours.and(is_primary(it.private_ip_address.as_ref())))
    });
    let by_association = index.all::<EipAssociation>().map(|(id, _, it)| {
        let ours = is_ours(it.instance.as_ref(), it.network_interface.as_ref());
        (id, ours.and(is_primary(it.private_ip_address.as_ref())))
    });
    let (id, ours) = by_address
        .chain(by_association)
        .map(|(id, ours)| (id, ours.and(index.exists(id))))
        .max_by_key(|(_, ours)| *ours)
        .filter(|(_, ours)| !ours.is_no())?;
    Some(if ours.is_yes() {
        Setting::Known(id, "instance", Value::Lit(true))
    } else {
        Setting::Unknown(id, "instance")
    })
}
