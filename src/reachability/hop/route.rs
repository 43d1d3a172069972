//! Route to the internet, for subnets without endpoints.

use super::super::addresses;
use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::internet_route::{Exit, InternetRoute};
use super::super::local_route::{self, Diversion};
use super::super::path::Candidate;
use super::super::peering;
use super::super::routes::flag;
use super::super::ternary::Ternary;
use super::super::unused_gateway::unused_gateway as gateway_of_vpc;
use super::super::{HopResult, HopStatus};
use super::{
    Check, Connection, DiagramBox, Entry, Hop, PathChoice, SequenceStep, address_in, fixes,
    subnets_of,
};
use crate::ir::{AddressSet, NodeId};
use crate::resource::Subnet;

const HOP: Hop = Hop::Route;

pub(super) const ENTRY: Entry = Entry {
    code: "route",
    reason: "without endpoints, the agent requires a route to the internet and a return path",
    page: "\
**Checks** the routes to an endpoint in a peer VPC and back, if a private hosted zone resolves the names
to it.

**Checks** also the route to the internet of a subnet without endpoints. The routes must cover all public
addresses, in one range or several. They must point to a NAT gateway in a subnet with an attached
internet gateway, or to a regional NAT gateway. Or they point to an internet gateway, and the instance
has a public address.

**Fails** if the VPC has a NAT gateway and no endpoints for Session Manager, and the subnet has no route to the NAT
gateway. For an instance with a public address, the same applies to an internet gateway. Fails for a route to a VPC
peering connection.

**Fails** also if a more specific route diverts the traffic between instance and endpoint to a network
interface that is attached to nothing. Fails if AWS refuses subnets, addresses, gateways or routes of
the stack, such as two subnets of one range. Fails if the function of a custom resource is in a subnet
without a path to S3, where its response goes. Fails if Block Public Access blocks the internet gateway. An exclusion must allow outbound
traffic from the VPC, or from the subnet of the instance or NAT gateway.

**Unknown** for transit gateways, firewalls, NAT instances, IPv6-only subnets, and targets outside the
file.

**Fix:** add interface endpoints for `ssm` and `ssmmessages`, or fix the route.
",
    expected: "If the output is empty, the subnet uses the main route table of the VPC. Without \
               endpoints, `0.0.0.0/0` points to a NAT gateway that is `available`. With endpoints, no \
               default route is required.",
    commands: &[
        "aws ec2 describe-route-tables --filters \"Name=association.subnet-id,Values=$SUBNET\" \
         --query 'RouteTables[].Routes[]' --output table",
        "aws ec2 describe-nat-gateways --filter \"Name=vpc-id,Values=$VPC\" \
         --query 'NatGateways[].[NatGatewayId,State]' --output table",
    ],
    boxes: &[DiagramBox::InternetRoute],
    steps: &[SequenceStep::Connect],
    check: Check::Connection(check),
};

/// Returns whether a subnet has no IPv4 addresses.
fn is_ipv6_only(subnet: &Resolved<'_, Subnet>) -> Ternary {
    match subnet {
        Resolved::Node(_, subnet) => flag(subnet.ipv6_native.as_ref()),
        Resolved::OtherType(_) | Resolved::Outside(_) => Ternary::No,
    }
}

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    let result = match (&connection.path, &connection.internet_route) {
        _ if !is_ipv6_only(connection.subnet).is_no() => Some(HopResult::unknown(
            HOP,
            "the subnet can be IPv6-only; the check follows IPv4 connections",
        )),
        (PathChoice::Endpoints(_), _) => to_endpoints(connection),
        (PathChoice::Internet, InternetRoute::Works(id, exit)) => {
            Some(returned(connection, exit).unwrap_or_else(|| works(connection, *id, exit)))
        }
        (PathChoice::Internet, InternetRoute::Broken(reason, at)) => {
            Some(broken(connection, reason, *at))
        }
        (PathChoice::Internet, InternetRoute::Unknown(reason)) => {
            Some(HopResult::unknown(HOP, reason.clone()))
        }
        (PathChoice::Internet, InternetRoute::None) => missing(connection),
        (PathChoice::Unknown, _) => None,
    };
    result.into_iter().collect()
}

/// Returns the gateway of a VPC without endpoints for Session Manager to which the subnet has no route.
pub(super) fn unused_gateway(connection: &Connection<'_, '_>) -> Option<NodeId> {
    let (index, subnet) = (connection.index, connection.subnet);
    if connection.has_session_endpoints() {
        return None;
    }
    gateway_of_vpc(index, connection.instance, subnet)
}

/// Returns the failure of a subnet without a route to a gateway of its VPC.
fn missing(connection: &Connection<'_, '_>) -> Option<HopResult> {
    let gateway = unused_gateway(connection)?;
    let name = connection.index.name(gateway);
    let reason =
        format!("the subnet has no route to the internet, and `{name}` is a gateway of its VPC");
    let result = HopResult::fail(HOP, reason);
    let result = match connection.subnet {
        Resolved::Node(id, _) => result.at(*id, "cidr_block"),
        _ => result,
    };
    let fix = fixes::by_nat(connection).unwrap_or_else(|| fixes::endpoints(connection));
    Some(result.fix(fix))
}

/// Returns the addresses of the instance, if they are known.
fn of_instance(connection: &Connection<'_, '_>) -> Option<AddressSet> {
    let address = connection.instance.address;
    addresses::of_interface(connection.index, connection.subnet, address)
}

/// Checks the routes inside the VPC: that of the instance, and that of each subnet of an endpoint back
/// to it. A route table is for all traffic that leaves a subnet.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
fn to_endpoints(connection: &Connection<'_, '_>) -> Option<HopResult> {
    let index = connection.index;
    let mut found: Vec<Diversion> = Vec::new();
    let mut straight = false;
    for candidate in connection.endpoints() {
        if let Some(other) = candidate.other_vpc {
            return to_peer(connection, candidate, other);
        }
        for (subnet, certain) in subnets_of(index, candidate) {
            let address = address_in(index, candidate, &subnet);
            let there = addresses::of_interface(index, &subnet, address);
            let out = local_route::diversion(index, connection.subnet, there.as_ref());
            let back = || {
                let here = of_instance(connection);
                local_route::diversion(index, &subnet, here.as_ref())
            };
            match out.or_else(back) {
                Some(mut diversion) => {
                    // No document describes routes that are for the subnet itself.
                    if !certain || connection.subnet.same(&subnet).is_yes() {
                        diversion.arrives = Ternary::Unknown;
                    }
                    found.push(diversion);
                }
                None => straight = true,
            }
        }
    }
    let diverts_all = !straight && found.iter().all(|it| it.arrives.is_no());
    let first = found.into_iter().next()?;
    Some(diverted(connection, first, diverts_all))
}

/// Checks the routes to each subnet of an endpoint in a peer VPC, and back.
fn to_peer<'g>(
    connection: &Connection<'_, 'g>,
    candidate: &Candidate<'g>,
    other: NodeId,
) -> Option<HopResult> {
    let index = connection.index;
    let by = peering::between(index, connection.vpc.node()?, other);
    let (first, _) = by.first()?;
    let here = of_instance(connection);
    let subnets = subnets_of(index, candidate);
    let paths = subnets.iter().map(|(subnet, certain)| {
        let there = addresses::of_interface(index, subnet, address_in(index, candidate, subnet));
        let out = peering::leads(index, connection.subnet, there.as_ref(), &by);
        let back = peering::leads(index, subnet, here.as_ref(), &by);
        match certain {
            true => (out, back),
            false => (out.and(Ternary::Unknown), back.and(Ternary::Unknown)),
        }
    });
    let paths: Vec<(Ternary, Ternary)> = paths.collect();
    let passes = Ternary::unanimous(paths.iter().map(|(out, back)| out.and(*back)));
    let (endpoint, peer) = (index.name(candidate.id), index.name(*first));
    let result = match passes {
        Ternary::Yes => HopResult::pass(
            HOP,
            format!("the subnet reaches `{endpoint}` through peering connection `{peer}`"),
        ),
        Ternary::No => {
            let is_lost = paths.iter().all(|(out, _)| out.is_no());
            let what = match is_lost {
                true => "the subnet has no route",
                false => "the subnets of the endpoint have no route back",
            };
            let way = match is_lost {
                true => format!("to `{endpoint}`"),
                false => format!("from `{endpoint}`"),
            };
            let fix = match is_lost {
                true => peering::route(index, connection.subnet, other, *first),
                false => {
                    let lost = paths.iter().position(|(_, back)| back.is_no());
                    let lost = lost.and_then(|at| subnets.get(at));
                    let own = connection.vpc.node();
                    own.and_then(|own| peering::route(index, &lost?.0, own, *first))
                }
            };
            let fix = fix.unwrap_or_else(|| {
                Fix::manual(format!(
                    "add routes through `{peer}` to the route tables of both VPCs"
                ))
            });
            HopResult::fail(
                HOP,
                format!("{what} {way} through peering connection `{peer}`"),
            )
            .fix(fix)
        }
        Ternary::Unknown => HopResult::unknown(
            HOP,
            format!(
                "the file does not show whether the routes to `{endpoint}` and back lead through \
                 peering connection `{peer}`"
            ),
        ),
    };
    Some(result.at(*first, "peer_vpc"))
}

/// Checks that the subnet of a NAT gateway routes return traffic to the instance.
fn returned<'g>(connection: &Connection<'_, 'g>, exit: &Exit<'g>) -> Option<HopResult> {
    let Exit::Nat(Resolved::Node(id, nat)) = exit else {
        return None;
    };
    let index = connection.index;
    let here = of_instance(connection);
    let found = local_route::diversion(index, &Resolved::Node(*id, *nat), here.as_ref())?;
    let is_own = connection.subnet.node() == Some(*id);
    let lost = found.arrives.is_no() && !is_own;
    Some(diverted(connection, found, lost))
}

fn diverted(connection: &Connection<'_, '_>, by: Diversion, lost: bool) -> HopResult {
    let status = if lost {
        HopStatus::Fail
    } else {
        HopStatus::Unknown
    };
    let result = HopResult::new(HOP, status, by.reason).at(by.route, "cidr_block");
    if lost {
        result.fix(Fix::remove(connection.index.graph, by.route))
    } else {
        result
    }
}

fn works(connection: &Connection<'_, '_>, id: NodeId, exit: &Exit<'_>) -> HopResult {
    let name = connection.index.name(id);
    let (detail, field) = match exit {
        Exit::Nat(_) => (format!("through NAT gateway `{name}`"), "subnet"),
        Exit::RegionalNat => (format!("through regional NAT gateway `{name}`"), "vpc"),
        Exit::InternetGateway => (
            format!("through an internet gateway, by route `{name}`"),
            "gateway",
        ),
    };
    HopResult::pass(
        HOP,
        format!("the subnet reaches `{}` {detail}", connection.service),
    )
    .at(id, field)
}

fn broken(connection: &Connection<'_, '_>, reason: &str, at: (NodeId, &'static str)) -> HopResult {
    // The endpoints keep the instance private, where a public address does not.
    HopResult::fail(HOP, reason.to_owned())
        .at(at.0, at.1)
        .fix(fixes::endpoints(connection))
}
