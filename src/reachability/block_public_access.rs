//! Block Public Access of VPCs, which internet gateways enforce.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>

use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::ternary::Ternary;
use crate::ir::{NodeId, Value};
use crate::resource::{
    InternetGatewayBlockMode, InternetGatewayExclusionMode, Subnet, VpcBlockPublicAccessExclusion,
    VpcBlockPublicAccessOptions,
};

/// Returns the options that block an interface from the internet gateway of its VPC, and whether they
/// certainly do. The interface is that of an instance, or of a NAT gateway.
pub(super) fn blocked<'g>(
    index: &GraphIndex<'g>,
    subnet: Option<&Resolved<'g, Subnet>>,
    vpc: &VpcRef<'g>,
    nat: bool,
) -> Option<(NodeId, Ternary)> {
    let blocks = index
        .all::<VpcBlockPublicAccessOptions>()
        .map(|(id, _, it)| {
            let blocks = match it.internet_gateway_block_mode {
                Value::Lit(InternetGatewayBlockMode::Off) => Ternary::No,
                Value::Lit(InternetGatewayBlockMode::Ingress) if nat => Ternary::No,
                Value::Lit(InternetGatewayBlockMode::Ingress) => {
                    !excluded(index, subnet, vpc, true)
                }
                Value::Lit(InternetGatewayBlockMode::Bidirectional) => {
                    !excluded(index, subnet, vpc, false)
                }
                Value::Expr(_) => Ternary::Unknown.and(!excluded(index, subnet, vpc, true)),
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
    subnet: Option<&Resolved<'g, Subnet>>,
    vpc: &VpcRef<'g>,
    ingress_only: bool,
) -> Ternary {
    let exclusions = index.all::<VpcBlockPublicAccessExclusion>();
    Ternary::any(exclusions.map(|(id, _, it)| {
        let of_subnet = match (&it.subnet, subnet) {
            (Some(link), Some(subnet)) => {
                Ternary::unanimous(index.resolve(link).iter().map(|it| it.same(subnet)))
            }
            (Some(_), None) | (None, _) => Ternary::No,
        };
        let of_vpc = it.vpc.as_ref().map_or(Ternary::No, |link| {
            Ternary::unanimous(index.resolve(link).iter().map(|it| it.same(vpc)))
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
