//! Public addresses of instances.

use super::graph_index::Resolved;
use super::instance::InstanceConfig;
use super::routes::flag;
use super::setting::Setting;
use super::ternary::Ternary;
use crate::ir::NodeId;
use crate::resource::Subnet;

/// Returns whether an instance has a public address, and the property that determines it.
pub(super) fn public_address(
    instance: &InstanceConfig<'_>,
    subnet: &Resolved<'_, Subnet>,
) -> (Ternary, (NodeId, &'static str)) {
    match &instance.public {
        Setting::Known(node, field, value) => (flag(Some(value)), (*node, field)),
        Setting::Unknown(node, field) => (Ternary::Unknown, (*node, field)),
        Setting::Unset => match subnet {
            Resolved::Node(id, it) => (
                flag(it.map_public_ip_on_launch.as_ref()),
                (*id, "map_public_ip_on_launch"),
            ),
            Resolved::OtherType(_) | Resolved::Outside(_) => {
                (Ternary::Unknown, (instance.node, "subnet"))
            }
        },
    }
}
