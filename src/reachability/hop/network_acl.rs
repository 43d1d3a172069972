//! Network ACLs: allow requests and return traffic in both subnets.

use super::super::fix::Fix;
use super::super::graph_index::Resolved;
use super::super::path::Candidate;
use super::super::ports::Ports;
use super::super::routes::InternetRoute;
use super::super::security::{Acl, EPHEMERAL, EPHEMERAL_NAT, SERVICE, Side, acl_allows, acl_of};
use super::super::ternary::Ternary;
use super::super::{HopResult, HopStatus};
use super::{Check, Connection, Entry, Hop, PathChoice, SequenceStep, subnets_of};
use crate::ir::{Cidr, NodeId, Value};
use crate::resource::{NetworkAcl, NetworkAclEntry, Subnet, Typed};

const HOP: Hop = Hop::NetworkAcl;

pub(super) const ENTRY: Entry = Entry {
    code: "network-acl",
    reason: "both subnets must allow requests and return traffic, since network ACLs are stateless",
    page: "\
**Checks** the network ACLs of both subnets if a request crosses between subnets. They must allow
port 443 to the endpoint, and ports 32768 to 65535 for the return traffic. Within one subnet, network
ACLs have no effect.

**Fix:** allow the ports in both directions.
",
    expected: "Between two subnets, the entries allow port 443 to the endpoint, and ports 32768 to 65535 \
               back.",
    commands: &["aws ec2 describe-network-acls \
         --filters \"Name=association.subnet-id,Values=$SUBNET\" \
         --query 'NetworkAcls[].Entries[]' --output table"],
    boxes: &[],
    steps: &[SequenceStep::Connect],
    check: Check::Connection(check),
};

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    match (&connection.path, &connection.internet_route) {
        (PathChoice::Endpoints(_), _) => {
            let endpoints = connection.endpoints().into_iter();
            endpoints
                .flat_map(|endpoint| to_endpoint(connection, endpoint))
                .collect()
        }
        (PathChoice::Internet, InternetRoute::Works(..)) => vec![to_internet(connection)],
        (PathChoice::Internet | PathChoice::Unknown, _) => Vec::new(),
    }
}

/// Traffic in one direction through one network ACL.
struct Step<'a, 'g> {
    of: &'a Resolved<'g, Subnet>,
    egress: bool,
    ports: Ports,
    side: Side<'a, 'g>,
}

fn check_steps<'g>(
    connection: &Connection<'_, 'g>,
    steps: &[Step<'_, 'g>],
    pass: String,
) -> HopResult {
    let index = connection.index;
    let mut unknown = None;
    for step in steps {
        let acl = acl_of(index, step.of);
        let allowed = acl_allows(index, &acl, step.egress, step.ports, &step.side);
        let subnet = match step.of {
            Resolved::Node(id, _) => format!("subnet `{}`", index.name(*id)),
            _ => "a subnet outside the file".to_owned(),
        };
        let direction = if step.egress { "outbound" } else { "inbound" };
        let ports = match step.ports {
            (from, to) if from == to => format!("port {from}"),
            (from, to) => format!("return traffic to ports {from}-{to}"),
        };
        let at = match &acl {
            Acl::Entries(id, _) => (*id, "vpc"),
            _ => connection.instance.subnet_source,
        };
        match allowed {
            Ternary::Yes => {}
            Ternary::Unknown => {
                unknown.get_or_insert_with(|| {
                    HopResult::unknown(
                        HOP,
                        format!(
                            "the file does not show whether the network ACL of {subnet} allows \
                             {direction} {ports}"
                        ),
                    )
                    .at(at.0, at.1)
                });
            }
            Ternary::No => {
                let result = HopResult::fail(
                    HOP,
                    format!("the network ACL of {subnet} does not allow {direction} {ports}"),
                )
                .at(at.0, at.1);
                return match acl {
                    Acl::Entries(id, entries) => {
                        // The entry with the lowest number takes precedence.
                        let numbers = entries.iter().filter_map(|(_, it)| it.rule_number.lit());
                        let first = numbers.min().map_or(100, |min| (min - 1).max(1));
                        result.fix(fix(id, first, step))
                    }
                    _ => result,
                };
            }
        }
    }
    unknown.unwrap_or_else(|| HopResult::pass(HOP, pass))
}

fn fix(acl: NodeId, first: i64, step: &Step<'_, '_>) -> Fix {
    let cidr = match &step.side {
        Side::Subnet(Resolved::Node(_, subnet)) => subnet.cidr_block.clone(),
        _ => Value::Lit(Cidr::ANY),
    };
    let entry = NetworkAclEntry::new(
        Value::Expr(acl.at(NetworkAcl::LINK)),
        Value::Lit(first),
        "6",
        "allow",
    )
    .egress(step.egress)
    .cidr_block(cidr)
    .from_port(step.ports.0)
    .to_port(step.ports.1);
    Fix::add(
        if step.egress {
            "AllowOutbound"
        } else {
            "AllowInbound"
        },
        entry,
    )
}

fn to_endpoint<'g>(connection: &Connection<'_, 'g>, candidate: &Candidate<'g>) -> Vec<HopResult> {
    let name = connection.index.name(candidate.id);
    let subnets = subnets_of(connection.index, candidate);
    let of_each = subnets.iter().map(|(subnet, certain)| {
        // Network ACLs filter only traffic that crosses the border of a subnet.
        if connection.subnet.same(subnet).is_yes() {
            return HopResult::pass(
                HOP,
                format!("endpoint `{name}` is in the subnet of the instance"),
            );
        }
        let steps = [
            Step {
                of: connection.subnet,
                egress: true,
                ports: SERVICE,
                side: Side::Subnet(subnet),
            },
            Step {
                of: subnet,
                egress: false,
                ports: SERVICE,
                side: Side::Subnet(connection.subnet),
            },
            Step {
                of: subnet,
                egress: true,
                ports: EPHEMERAL,
                side: Side::Subnet(connection.subnet),
            },
            Step {
                of: connection.subnet,
                egress: false,
                ports: EPHEMERAL,
                side: Side::Subnet(subnet),
            },
        ];
        let mut result = check_steps(
            connection,
            &steps,
            format!("network ACLs allow requests to endpoint `{name}` and the return traffic"),
        );
        if !certain {
            result.status = result.status.max(HopStatus::Unknown);
        }
        result
    });
    of_each.collect()
}

fn to_internet<'g>(connection: &Connection<'_, 'g>) -> HopResult {
    let mut steps = vec![
        Step {
            of: connection.subnet,
            egress: true,
            ports: SERVICE,
            side: Side::Internet,
        },
        Step {
            of: connection.subnet,
            egress: false,
            ports: EPHEMERAL,
            side: Side::Internet,
        },
    ];
    if let InternetRoute::Works(_, Some(nat)) = &connection.internet_route
        && !connection.subnet.same(nat).is_yes()
    {
        let step = |egress, ports, side| Step {
            of: nat,
            egress,
            ports,
            side,
        };
        steps.push(step(false, SERVICE, Side::Subnet(connection.subnet)));
        steps.push(step(true, SERVICE, Side::Internet));
        steps.push(step(false, EPHEMERAL_NAT, Side::Internet));
        steps.push(step(true, EPHEMERAL, Side::Subnet(connection.subnet)));
    }
    check_steps(
        connection,
        &steps,
        "network ACLs allow requests to the internet and the return traffic".to_owned(),
    )
}
