//! Block Public Access of VPCs, which internet gateways enforce.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>

use super::graph_index::{GraphIndex, Resolved};
use super::ternary::Ternary;
use crate::ir::{NodeId, Value};
use crate::resource::{
    InternetGatewayBlockMode, InternetGatewayExclusionMode, Subnet, VpcBlockPublicAccessExclusion,
    VpcBlockPublicAccessOptions,
};

/// Returns the options that block the way of a subnet through an internet gateway, and whether they
/// certainly do. With a NAT gateway, the subnet is that of the NAT gateway, if it has one.
pub(super) fn blocked<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    nat: bool,
) -> Option<(NodeId, Ternary)> {
    let blocks = index
        .all::<VpcBlockPublicAccessOptions>()
        .map(|(id, _, it)| {
            let blocks = match it.internet_gateway_block_mode {
                Value::Lit(InternetGatewayBlockMode::Off) => Ternary::No,
                Value::Lit(InternetGatewayBlockMode::Ingress) if nat => Ternary::No,
                Value::Lit(InternetGatewayBlockMode::Ingress) => !excluded(index, subnet, true),
                Value::Lit(InternetGatewayBlockMode::Bidirectional) => {
                    !excluded(index, subnet, false)
                }
                Value::Expr(_) => Ternary::Unknown.and(!excluded(index, subnet, true)),
            };
            (id, blocks.and(index.exists(id)))
        });
    blocks
        .max_by_key(|(_, blocks)| *blocks)
        .filter(|(_, blocks)| !blocks.is_no())
}

/// Returns whether an exclusion allows outbound traffic from a subnet. An exclusion for outbound
/// traffic only applies if Block Public Access blocks both directions.
fn excluded<'g>(
    index: &GraphIndex<'g>,
    subnet: &Resolved<'g, Subnet>,
    ingress_only: bool,
) -> Ternary {
    let vpc = index.vpc_of(subnet);
    let exclusions = index.all::<VpcBlockPublicAccessExclusion>();
    Ternary::any(exclusions.map(|(id, _, it)| {
        let of_subnet = it.subnet.as_ref().map_or(Ternary::No, |link| {
            Ternary::unanimous(index.resolve(link).iter().map(|it| it.same(subnet)))
        });
        let of_vpc = it.vpc.as_ref().map_or(Ternary::No, |link| {
            Ternary::unanimous(index.resolve(link).iter().map(|it| it.same(&vpc)))
        });
        let allows = match it.internet_gateway_exclusion_mode {
            Value::Lit(InternetGatewayExclusionMode::Egress) => (!ingress_only).into(),
            Value::Lit(_) => Ternary::Yes,
            Value::Expr(_) if ingress_only => Ternary::Unknown,
            Value::Expr(_) => Ternary::Yes,
        };
        of_subnet.or(of_vpc).and(allows).and(index.exists(id))
    }))
}
