//! The way out of the subnet leads somewhere.

use super::super::fix::Fix;
use super::super::path::InternetRoute;
use super::super::{Hop, HopResult};
use super::Connection;
use crate::ir::NodeId;
use crate::resource::RawValue;

const HOP: Hop = Hop::Route;

pub(super) fn works(connection: &Connection<'_, '_>) -> HopResult {
    let InternetRoute::Works(id, nat) = &connection.internet_route else {
        return HopResult::unknown(HOP, "the way out is not decided");
    };
    let name = connection.index.name(*id);
    let by = if nat.is_some() {
        "the NAT gateway"
    } else {
        "the internet gateway by"
    };
    let field = if nat.is_some() { "subnet" } else { "gateway" };
    HopResult::pass(
        HOP,
        format!("`{}` is reached through {by} `{name}`", connection.service),
    )
    .at(*id, field)
}

pub(super) fn broken(reason: &str, at: (NodeId, &'static str)) -> HopResult {
    let result = HopResult::fail(HOP, reason.to_owned()).at(at.0, at.1);
    if at.1 == "map_public_ip_on_launch" {
        return result.fix(Fix::All(vec![
            Fix::manual(
                "better: add interface endpoints for ssm and ssmmessages, and no public address; or",
            ),
            Fix::set(at.0, at.1, RawValue::Bool(true)),
        ]));
    }
    result.fix(Fix::manual(
        "add interface endpoints for ssm and ssmmessages to the VPC, or mend the way out: a NAT \
         gateway in a subnet that routes to an attached internet gateway",
    ))
}

pub(super) fn unknown(reason: &str) -> HopResult {
    HopResult::unknown(HOP, reason.to_owned())
}
