//! Addresses, routes and peering connections that EC2 refuses, and resources beside their predecessor.

use super::{Refusal, together};
use crate::ir::{Cidr, Dialect, Expr, NodeId, Value};
use crate::reachability::addresses::of_vpc;
use crate::reachability::fix::{link as link_to, raw};
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{
    ConnectivityType, Eip, EipAssociation, InternetGateway, NatGateway, RawValue, Resource, Route,
    Typed, Vpc,
};

/// A use of an Elastic IP address.
struct Use<'g> {
    at: (NodeId, &'static str),
    address: Resolved<'g, Eip>,
    by_nat: bool,
}

/// The public address of an Elastic IP address, which CloudFormation returns with `Ref`, in place of its
/// allocation ID.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-eip.html>
pub(super) fn addresses_by_ref(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let gateways = index.all::<NatGateway>();
    let gateways = gateways.map(|(id, _, it)| (id, it.allocation.as_ref()));
    let ties = index.all::<EipAssociation>();
    let ties = ties.map(|(id, _, it)| (id, it.allocation.as_ref()));
    let wrong = gateways.chain(ties).filter_map(|(id, link)| {
        let Some(Value::Expr(Expr::Other(address, name))) = link else {
            return None;
        };
        if name != "Ref" || !matches!(index.graph.node(*address)?.resource, Resource::Eip(_)) {
            return None;
        }
        let reason = format!(
            "AWS refuses `{}` (`InvalidAllocationID.NotFound`): `Ref` of `{}` is its address, not its \
             allocation ID",
            index.name(id),
            index.name(*address)
        );
        let certain = together(index, &[id, *address]);
        let refusal = Refusal::new(Hop::Route, (id, "allocation"), certain, reason)?;
        let right = Fix::set(id, "allocation", raw::<Eip>(&link_to(*address)));
        Some(refusal.fix(right))
    });
    wrong.collect()
}

/// An Elastic IP address of a NAT gateway that has another use.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html>
pub(super) fn address_twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut uses: Vec<Use<'_>> = Vec::new();
    for (id, _, nat) in index.all::<NatGateway>() {
        let private = matches!(
            nat.connectivity_type,
            Some(Value::Lit(ConnectivityType::Private))
        );
        if let Some(link) = nat
            .allocation
            .as_ref()
            .filter(|it| !it.is_absent() && !private)
        {
            uses.push(Use {
                at: (id, "allocation"),
                address: index.resolve_one(link),
                by_nat: true,
            });
        }
    }
    for (id, _, tie) in index.all::<EipAssociation>() {
        if let Some(link) = tie.allocation.as_ref().filter(|it| !it.is_absent()) {
            uses.push(Use {
                at: (id, "allocation"),
                address: index.resolve_one(link),
                by_nat: false,
            });
        }
    }
    for (id, node, it) in index.all::<Eip>() {
        // A plan repeats the association of an existing address.
        let instance = it.instance.as_ref().filter(|it| !it.is_absent());
        if node.dialect() == Dialect::Cfn && instance.is_some() {
            uses.push(Use {
                at: (id, "instance"),
                address: Resolved::Node(id, it),
                by_nat: false,
            });
        }
    }
    let mut found = Vec::new();
    for (n, it) in uses.iter().enumerate() {
        let same = |other: &&Use<'_>| it.address.same(&other.address).is_yes();
        let Some(other) = uses[..n].iter().find(same) else {
            continue;
        };
        let (id, first) = (it.at.0, other.at.0);
        // The second association of an instance can take the address from the first.
        let refused = if it.by_nat || other.by_nat {
            Ternary::Yes
        } else {
            Ternary::Unknown
        };
        let reason = format!(
            "AWS refuses `{}` (`Resource.AlreadyAssociated`): `{}` uses the same Elastic IP address",
            index.name(id),
            index.name(first)
        );
        let certain = together(index, &[id, first]).and(refused);
        let fix = free(index, it, other);
        found.extend(Refusal::new(Hop::Route, it.at, certain, reason).map(|it| it.fix(fix)));
    }
    found
}

/// Returns the change that leaves the address to one of two uses.
fn free(index: &GraphIndex<'_>, it: &Use<'_>, other: &Use<'_>) -> Fix {
    let unused = |one: &&Use<'_>| !one.by_nat || !is_target(index, one.at.0);
    // An instance needs no public address behind a NAT gateway.
    match [it, other].into_iter().find(unused) {
        Some(one) if one.at.1 == "instance" => {
            Fix::set(one.at.0, one.at.1, RawValue::from(Expr::Absent))
        }
        Some(one) if it.by_nat || other.by_nat => Fix::remove(index.graph, one.at.0),
        _ => Fix::manual("create an Elastic IP address for each of them"),
    }
}

/// Returns whether the target of a route can be a NAT gateway.
fn is_target(index: &GraphIndex<'_>, nat: NodeId) -> bool {
    index.all::<Route>().any(|(_, _, route)| {
        let target = route.nat_gateway.as_ref();
        target.is_some_and(|link| !index.points_to(link, nat).is_no())
    })
}

/// Returns whether a property has a value, or none if it has not.
fn is_set<T>(value: Option<&Value<T>>) -> Option<Ternary> {
    let Value::Expr(expr) = value? else {
        return Some(Ternary::Yes);
    };
    if matches!(expr, Expr::Absent) {
        return None;
    }
    let mut open = false;
    expr.walk(&mut |part| {
        open |= matches!(
            part,
            Expr::Absent | Expr::OneOf(_) | Expr::If(..) | Expr::Unknown(_)
        );
    });
    Some(if open { Ternary::Unknown } else { Ternary::Yes })
}

/// A route with two targets.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>
pub(super) fn targets(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, node, it): (NodeId, &crate::resource::Node, &Route)| {
        // The provider rejects such a route, and reads further targets of an existing one.
        if node.dialect() != Dialect::Cfn {
            return None;
        }
        let all = [
            ("nat_gateway", is_set(it.nat_gateway.as_ref())),
            ("gateway", is_set(it.gateway.as_ref())),
            ("instance", is_set(it.instance.as_ref())),
            ("network_interface", is_set(it.network_interface.as_ref())),
            ("vpc_endpoint", is_set(it.vpc_endpoint.as_ref())),
            (
                "egress_only_gateway",
                is_set(it.egress_only_gateway.as_ref()),
            ),
            ("transit_gateway", is_set(it.transit_gateway.as_ref())),
            (
                "vpc_peering_connection",
                is_set(it.vpc_peering_connection.as_ref()),
            ),
            ("carrier_gateway", is_set(it.carrier_gateway.as_ref())),
            ("local_gateway", is_set(it.local_gateway.as_ref())),
            ("core_network", is_set(it.core_network.as_ref())),
        ];
        let set: Vec<(&'static str, Ternary)> = all
            .into_iter()
            .filter_map(|(field, set)| Some((field, set?)))
            .collect();
        let [first, second, rest @ ..] = set.as_slice() else {
            return None;
        };
        let name = |field| {
            let row = Route::KIND.fields.iter().find(|it| it.name == field);
            row.map_or(field, |it| it.cfn)
        };
        // Two targets of one condition exclude each other.
        let open = set.iter().filter(|it| it.1 == Ternary::Unknown).count();
        if open == set.len() {
            return None;
        }
        let reason = format!(
            "AWS refuses `{}` (`InvalidParameterCombination`): a route has one target, and this one \
             has `{}` and `{}`",
            index.name(id),
            name(first.0),
            name(second.0)
        );
        let certain = index.exists(id).and(first.1).and(second.1);
        let refusal = Refusal::new(Hop::Route, (id, second.0), certain, reason)?;
        let fix = if rest.is_empty() {
            Fix::set(id, second.0, RawValue::from(Expr::Absent))
        } else {
            Fix::manual("remove all targets but one")
        };
        Some(refusal.fix(fix))
    };
    index.all::<Route>().filter_map(one).collect()
}

/// A route whose gateway is a resource of another type.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>
pub(super) fn types_of_targets(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let of_route =
        |(id, _, it): (NodeId, &crate::resource::Node, &Route)| {
            let other = |field, to: Option<NodeId>, allowed: &[&str]| {
                let node = index.graph.node(to?)?;
                let of = node.resource.type_name(node.dialect())?;
                if allowed.contains(&of) {
                    return None;
                }
                let row = Route::KIND.fields.iter().find(|it| it.name == field)?;
                let reason = format!(
                    "AWS refuses `{}`: `{}` is of type `{of}`, and `{}` accepts another type",
                    index.name(id),
                    index.name(to?),
                    match node.dialect() {
                        Dialect::Cfn => row.cfn,
                        Dialect::Tf => row.tf,
                    }
                );
                let certain = index.exists(id).and(index.exists(to?));
                let refusal = Refusal::new(Hop::Route, (id, field), certain, reason)?;
                Some(refusal.fix(Fix::manual("name the resource in the property of its type")))
            };
            let gateway = it.gateway.as_ref().and_then(|link| {
                match index.resolve_one::<InternetGateway>(link) {
                    Resolved::OtherType(to) => Some(to),
                    _ => None,
                }
            });
            let nat = it.nat_gateway.as_ref().and_then(|link| {
                match index.resolve_one::<NatGateway>(link) {
                    Resolved::OtherType(to) => Some(to),
                    _ => None,
                }
            });
            let gateway = other(
                "gateway",
                gateway,
                &["AWS::EC2::VPNGateway", "aws_vpn_gateway"],
            );
            gateway.or_else(|| other("nat_gateway", nat, &[]))
        };
    index.all::<Route>().filter_map(of_route).collect()
}

/// A peering connection of VPCs with common addresses.
/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>
pub(super) fn overlapping_peers(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let ranges = |id: NodeId| -> Option<Vec<Cidr>> {
        match &index.graph.node(id)?.resource {
            Resource::Vpc(vpc) => of_vpc(index, id, vpc),
            _ => None,
        }
    };
    let one = |(id, node): (NodeId, &crate::resource::Node)| {
        let of = node.resource.type_name(node.dialect())?;
        if !super::groups::PEERING.contains(&of) || node.is_absent() {
            return None;
        }
        let mut vpcs = node.references();
        vpcs.retain(|&id| {
            let node = index.graph.node(id);
            node.is_some_and(|it| Vpc::of(&it.resource).is_some())
        });
        vpcs.sort_unstable();
        vpcs.dedup();
        let [a, b] = vpcs.as_slice() else {
            return None;
        };
        let (of_a, of_b) = (ranges(*a)?, ranges(*b)?);
        let (first, second) = of_a.iter().find_map(|a| {
            let other = of_b.iter().find(|b| a.contains(**b) || b.contains(*a))?;
            Some((*a, *other))
        })?;
        let reason = format!(
            "AWS refuses `{}` (`failed`): `{first}` of `{}` overlaps `{second}` of `{}`",
            index.name(id),
            index.name(*a),
            index.name(*b)
        );
        let certain = together(index, &[id, *a, *b]);
        let refusal = Refusal::new(Hop::Route, (id, "vpc"), certain, reason)?;
        let is_used = index.graph.nodes().any(|(other, node)| {
            other != id && !node.is_absent() && node.references().contains(&id)
        });
        let fix = if is_used {
            Fix::manual("use ranges that do not overlap for the VPCs")
        } else {
            Fix::remove(index.graph, id)
        };
        Some(refusal.fix(fix))
    };
    index.graph.nodes().filter_map(one).collect()
}

/// A resource that the deployment creates before it deletes the one that excludes it.
/// <https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle>
pub(super) fn beside_predecessors(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let one = |(id, node): (NodeId, &crate::resource::Node)| {
        let conflict = node.origin.as_ref()?.replacement_conflict?;
        let reason = format!(
            "AWS refuses `{}` (`{}`): the plan creates it before it destroys the one that it replaces",
            index.name(id),
            conflict.error
        );
        let hop = match &node.resource {
            Resource::VpcEndpoint(_) => Hop::EndpointPrivateDns,
            Resource::HostedZone(_) => Hop::VpcDns,
            Resource::SecurityGroup(_) => Hop::InstanceSecurityGroup,
            Resource::NetworkAclEntry(_) => Hop::NetworkAcl,
            Resource::Role(_) | Resource::InstanceProfile(_) | Resource::ManagedPolicy(_) => {
                Hop::InstanceProfile
            }
            Resource::Instance(_)
            | Resource::LaunchTemplate(_)
            | Resource::LaunchConfiguration(_)
            | Resource::AutoScalingGroup(_) => Hop::Agent,
            _ => Hop::Route,
        };
        let refusal = Refusal::new(hop, (id, conflict.field), index.exists(id), reason)?;
        let fix = "remove `create_before_destroy` from its `lifecycle` block, and from those of the \
                   resources that depend on it";
        Some(refusal.fix(Fix::manual(fix)))
    };
    index.graph.nodes().filter_map(one).collect()
}
