//! The instance's security groups let its calls out.

use super::super::fix::Change;
use super::super::host::Setting;
use super::super::path::Candidate;
use super::super::security::{Group, Peer, lets_out};
use super::super::tri::Tri;
use super::super::view::To;
use super::super::{Finding, Hop};
use super::{Dial, groups_of, subnets_of, worst};
use crate::ir::{Cidr, NodeId, Value};
use crate::resource::{SecurityGroup, SecurityGroupEgress, Typed};

const HOP: Hop = Hop::InstanceSecurityGroup;

fn place(dial: &Dial<'_, '_>) -> (NodeId, &'static str) {
    match &dial.host.groups {
        Setting::Is(node, field, _) | Setting::Unknown(node, field) => (*node, field),
        Setting::Unset => (dial.host.node, "security_groups"),
    }
}

fn undecided(dial: &Dial<'_, '_>) -> Finding {
    let at = place(dial);
    Finding::unknown(HOP, "the instance's security groups are not decided").at(at.0, at.1)
}

fn at<'g>(dial: &Dial<'_, 'g>, groups: &[Group<'g>]) -> (NodeId, &'static str) {
    match groups.first() {
        Some(Group::Of(To::Node(group, _))) => (*group, "egress"),
        _ => place(dial),
    }
}

fn names<'g>(dial: &Dial<'_, 'g>, groups: &[Group<'g>]) -> String {
    let names: Vec<String> = groups.iter().map(|group| group.name(dial.view)).collect();
    names.join(", ")
}

pub(super) fn to_endpoint<'g>(dial: &Dial<'_, 'g>, candidate: &Candidate<'g>) -> Option<Finding> {
    let Some(own) = &dial.groups else {
        return Some(undecided(dial));
    };
    let view = dial.view;
    let groups = groups_of(view, candidate, &dial.vpc);
    let subnets = subnets_of(view, candidate);
    let decided = subnets.iter().map(|(subnet, certain)| {
        let passes = lets_out(view, own, &Peer::Interfaces(&groups, subnet));
        let passes = match passes {
            Tri::No if !certain => Tri::Maybe,
            passes => passes,
        };
        let name = match subnet {
            To::Node(id, _) => view.name(*id),
            _ => "a subnet".to_owned(),
        };
        (passes, name)
    });
    let (passes, subnet) = worst(decided)?;
    let name = view.name(candidate.id);
    let shown = names(dial, own);
    let finding = match passes {
        Tri::Yes => Finding::pass(HOP, format!("{shown} lets TCP 443 out to `{name}`")),
        Tri::Maybe => Finding::unknown(
            HOP,
            format!("whether {shown} lets TCP 443 out to `{name}` in `{subnet}` is not decided"),
        ),
        Tri::No => {
            let finding = Finding::fail(
                HOP,
                format!("{shown} does not let TCP 443 out to `{name}` in `{subnet}`"),
            );
            match fix_to(own, Some(&groups)) {
                Some(change) => finding.fix(change),
                None => finding.fix(Change::say("let the instance's group send TCP 443")),
            }
        }
    };
    let at = at(dial, own);
    Some(finding.at(at.0, at.1))
}

fn fix_to(own: &[Group<'_>], peers: Option<&[Group<'_>]>) -> Option<Change> {
    let node = |group: &Group<'_>| match group {
        Group::Of(To::Node(id, _)) => Some(*id),
        _ => None,
    };
    let link =
        |id: NodeId| -> crate::ir::Link<SecurityGroup> { Value::Expr(id.at(SecurityGroup::LINK)) };
    let own = own.iter().find_map(node)?;
    let rule = SecurityGroupEgress::https(link(own));
    Some(match peers.and_then(|peers| peers.iter().find_map(node)) {
        Some(peer) => Change::add("InstanceToEndpoints", rule.destination(link(peer))),
        None => Change::add("InstanceToInternet", rule.cidr_ip(Cidr::ANY)),
    })
}

pub(super) fn to_internet(dial: &Dial<'_, '_>) -> Finding {
    let Some(own) = &dial.groups else {
        return undecided(dial);
    };
    let shown = names(dial, own);
    let finding = match lets_out(dial.view, own, &Peer::Internet) {
        Tri::Yes => Finding::pass(HOP, format!("{shown} lets TCP 443 out to the internet")),
        Tri::Maybe => Finding::unknown(
            HOP,
            format!("whether {shown} lets TCP 443 out to the internet is not decided"),
        ),
        Tri::No => {
            let finding = Finding::fail(
                HOP,
                format!(
                    "{shown} does not let TCP 443 out to the internet, where `{}` is",
                    dial.service
                ),
            );
            match fix_to(own, None) {
                Some(change) => finding.fix(change),
                None => finding.fix(Change::say("let the instance's group send TCP 443")),
            }
        }
    };
    let at = at(dial, own);
    finding.at(at.0, at.1)
}

/// Whichever way it is, something must be let out.
pub(super) fn to_anybody(dial: &Dial<'_, '_>) -> Finding {
    let Some(own) = &dial.groups else {
        return undecided(dial);
    };
    let shown = names(dial, own);
    let finding = match lets_out(dial.view, own, &Peer::Anybody) {
        Tri::No => {
            let finding = Finding::fail(HOP, format!("{shown} lets no TCP 443 out at all"));
            match fix_to(own, None) {
                Some(change) => finding.fix(change),
                None => finding.fix(Change::say("let the instance's group send TCP 443")),
            }
        }
        _ => Finding::unknown(
            HOP,
            format!("whether {shown} lets the agent out depends on its way"),
        ),
    };
    let at = at(dial, own);
    finding.at(at.0, at.1)
}
