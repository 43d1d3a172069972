//! The network ACLs of both subnets let requests and answers through.

use super::super::fix::Change;
use super::super::path::{Candidate, Exit};
use super::super::security::{Acl, EPHEMERAL, EPHEMERAL_NAT, Ports, SERVICE, Side, acl_of, passes};
use super::super::tri::Tri;
use super::super::view::To;
use super::super::{Finding, Hop};
use super::{Dial, subnets_of};
use crate::ir::{Cidr, NodeId, Value};
use crate::resource::{NetworkAcl, NetworkAclEntry, Subnet, Typed};

const HOP: Hop = Hop::NetworkAcl;

/// One way through one filter.
struct Step<'a, 'g> {
    of: &'a To<'g, Subnet>,
    egress: bool,
    ports: Ports,
    side: Side<'a, 'g>,
}

fn check<'g>(dial: &Dial<'_, 'g>, steps: &[Step<'_, 'g>], pass: String) -> Finding {
    let view = dial.view;
    let mut unknown = None;
    for step in steps {
        let acl = acl_of(view, step.of);
        let verdict = passes(view, &acl, step.egress, step.ports, &step.side);
        let subnet = match step.of {
            To::Node(id, _) => format!("`{}`", view.name(*id)),
            _ => "a subnet outside the file".to_owned(),
        };
        let direction = if step.egress { "out of" } else { "into" };
        let ports = match step.ports {
            (from, to) if from == to => format!("port {from}"),
            (from, to) => format!("the answers' ports {from}-{to}"),
        };
        let at = match &acl {
            Acl::Entries(id, _) => (*id, "vpc"),
            _ => dial.host.placed_by,
        };
        match verdict {
            Tri::Yes => {}
            Tri::Maybe => {
                unknown.get_or_insert_with(|| {
                    Finding::unknown(
                        HOP,
                        format!(
                            "whether the network ACL lets {ports} {direction} {subnet} is not \
                             decided"
                        ),
                    )
                    .at(at.0, at.1)
                });
            }
            Tri::No => {
                let finding = Finding::fail(
                    HOP,
                    format!("the network ACL does not let {ports} {direction} {subnet}"),
                )
                .at(at.0, at.1);
                return match acl {
                    Acl::Entries(id, entries) => {
                        // Before all that are there, since the lowest number decides.
                        let numbers = entries.iter().filter_map(|(_, it)| it.rule_number.lit());
                        let first = numbers.min().map_or(100, |least| (least - 1).max(1));
                        finding.fix(fix(id, first, step))
                    }
                    _ => finding,
                };
            }
        }
    }
    unknown.unwrap_or_else(|| Finding::pass(HOP, pass))
}

fn fix(acl: NodeId, first: i64, step: &Step<'_, '_>) -> Change {
    let cidr = match &step.side {
        Side::Subnet(To::Node(_, subnet)) => subnet.cidr_block.clone(),
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
    Change::add(
        if step.egress {
            "AllowOutbound"
        } else {
            "AllowInbound"
        },
        entry,
    )
}

pub(super) fn to_endpoint<'g>(dial: &Dial<'_, 'g>, candidate: &Candidate<'g>) -> Vec<Finding> {
    let name = dial.view.name(candidate.id);
    let subnets = subnets_of(dial.view, candidate);
    let of_each = subnets.iter().map(|(subnet, certain)| {
        // Filters see only what leaves a subnet or enters one.
        if dial.subnet.same(subnet).is_yes() {
            return Finding::pass(HOP, format!("`{name}` is in the instance's own subnet"));
        }
        let steps = [
            Step {
                of: dial.subnet,
                egress: true,
                ports: SERVICE,
                side: Side::Subnet(subnet),
            },
            Step {
                of: subnet,
                egress: false,
                ports: SERVICE,
                side: Side::Subnet(dial.subnet),
            },
            Step {
                of: subnet,
                egress: true,
                ports: EPHEMERAL,
                side: Side::Subnet(dial.subnet),
            },
            Step {
                of: dial.subnet,
                egress: false,
                ports: EPHEMERAL,
                side: Side::Subnet(subnet),
            },
        ];
        let mut finding = check(
            dial,
            &steps,
            format!("requests to `{name}` and its answers pass"),
        );
        if !certain {
            finding.verdict = finding.verdict.max(super::super::Verdict::Unknown);
        }
        finding
    });
    of_each.collect()
}

pub(super) fn to_internet<'g>(dial: &Dial<'_, 'g>) -> Finding {
    let mut steps = vec![
        Step {
            of: dial.subnet,
            egress: true,
            ports: SERVICE,
            side: Side::Internet,
        },
        Step {
            of: dial.subnet,
            egress: false,
            ports: EPHEMERAL,
            side: Side::Internet,
        },
    ];
    if let Exit::Works(_, Some(nat)) = &dial.exit
        && !dial.subnet.same(nat).is_yes()
    {
        let step = |egress, ports, side| Step {
            of: nat,
            egress,
            ports,
            side,
        };
        steps.push(step(false, SERVICE, Side::Subnet(dial.subnet)));
        steps.push(step(true, SERVICE, Side::Internet));
        steps.push(step(false, EPHEMERAL_NAT, Side::Internet));
        steps.push(step(true, EPHEMERAL, Side::Subnet(dial.subnet)));
    }
    check(
        dial,
        &steps,
        "requests to the internet and their answers pass".to_owned(),
    )
}
