//! The service's public name leads to the endpoint.

use super::super::fix::Fix;
use super::super::path;
use super::super::ternary::Ternary;
use super::super::{Hop, HopResult};
use super::Connection;
use crate::resource::RawValue;

const HOP: Hop = Hop::EndpointPrivateDns;

pub(super) fn present(connection: &Connection<'_, '_>, which: &[usize]) -> HopResult {
    let result = HopResult::pass(
        HOP,
        format!("`{}` leads to the endpoint", connection.service),
    );
    match which.first() {
        Some(&at) => result.at(connection.candidates[at].id, "private_dns_enabled"),
        None => result,
    }
}

/// An endpoint is there, no name leads to it, and nothing leads out.
pub(super) fn off(connection: &Connection<'_, '_>) -> Option<HopResult> {
    let candidate = connection.candidates.iter().find(|it| {
        it.exists.is_yes() && path::is_interface(it.endpoint).is_yes() && it.resolves.is_no()
    })?;
    let name = connection.index.name(candidate.id);
    Some(
        HopResult::fail(
            HOP,
            format!(
                "`{name}` has private DNS off: `{}` resolves to public addresses, and the subnet \
                 has no way out",
                connection.service
            ),
        )
        .at(candidate.id, "private_dns_enabled")
        .fix(Fix::set(
            candidate.id,
            "private_dns_enabled",
            RawValue::Bool(true),
        )),
    )
}

/// It is not decided whether the name leads to the endpoint.
pub(super) fn unknown(connection: &Connection<'_, '_>) -> Option<HopResult> {
    let candidate = connection
        .candidates
        .iter()
        .find(|it| it.resolves != Ternary::No && it.exists != Ternary::No)?;
    if candidate.resolves.is_yes() {
        return None;
    }
    Some(
        HopResult::unknown(
            HOP,
            format!(
                "whether `{}` leads to `{}` is not decided",
                connection.service,
                connection.index.name(candidate.id)
            ),
        )
        .at(candidate.id, "private_dns_enabled"),
    )
}
