//! Route to the internet, for subnets without endpoints.

use super::super::HopResult;
use super::super::internet_route::{Exit, InternetRoute, is_ipv6_only};
use super::super::path;
use super::{Check, Connection, DiagramBox, Entry, Hop, PathChoice, SequenceStep, fixes};
use crate::ir::NodeId;

const HOP: Hop = Hop::Route;

pub(super) const ENTRY: Entry = Entry {
    code: "route",
    reason: "without endpoints, the agent requires a route to the internet and a return path",
    page: "\
**Checks** the route to the internet of a subnet without endpoints. The routes must cover all public
addresses, in one range or several. They must point to a NAT gateway in a subnet with an attached
internet gateway, or to a regional NAT gateway. Or they point to an internet gateway, and the instance
has a public address.

**Fails** also if Block Public Access blocks the internet gateway. An exclusion must allow outbound
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

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    let result = match (&connection.path, &connection.internet_route) {
        _ if !is_ipv6_only(connection.subnet).is_no() => Some(HopResult::unknown(
            HOP,
            "the subnet can be IPv6-only; the check follows IPv4 connections",
        )),
        (PathChoice::Endpoints(_), _) => path::diversion(connection.index, connection.subnet)
            .map(|reason| HopResult::unknown(HOP, reason)),
        (PathChoice::Internet, InternetRoute::Works(id, exit)) => {
            Some(works(connection, *id, exit))
        }
        (PathChoice::Internet, InternetRoute::Broken(reason, at)) => {
            Some(broken(connection, reason, *at))
        }
        (PathChoice::Internet, InternetRoute::Unknown(reason)) => {
            Some(HopResult::unknown(HOP, reason.clone()))
        }
        (PathChoice::Internet, InternetRoute::None) | (PathChoice::Unknown, _) => None,
    };
    result.into_iter().collect()
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
