//! The way out of the subnet leads somewhere.

use super::super::fix::Change;
use super::super::path::Exit;
use super::super::{Finding, Hop};
use super::Dial;
use crate::ir::NodeId;
use crate::resource::Term;

const HOP: Hop = Hop::Route;

pub(super) fn works(dial: &Dial<'_, '_>) -> Finding {
    let Exit::Works(id, nat) = &dial.exit else {
        return Finding::unknown(HOP, "the way out is not decided");
    };
    let name = dial.view.name(*id);
    let by = if nat.is_some() {
        "the NAT gateway"
    } else {
        "the internet gateway by"
    };
    let field = if nat.is_some() { "subnet" } else { "gateway" };
    Finding::pass(
        HOP,
        format!("`{}` is reached through {by} `{name}`", dial.service),
    )
    .at(*id, field)
}

pub(super) fn broken(why: &str, at: (NodeId, &'static str)) -> Finding {
    let finding = Finding::fail(HOP, why.to_owned()).at(at.0, at.1);
    if at.1 == "map_public_ip_on_launch" {
        return finding.fix(Change::All(vec![
            Change::say(
                "better: add interface endpoints for ssm and ssmmessages, and no public address; or",
            ),
            Change::set(at.0, at.1, Term::Bool(true)),
        ]));
    }
    finding.fix(Change::say(
        "add interface endpoints for ssm and ssmmessages to the VPC, or mend the way out: a NAT \
         gateway in a subnet that routes to an attached internet gateway",
    ))
}

pub(super) fn unknown(why: &str) -> Finding {
    Finding::unknown(HOP, why.to_owned())
}
