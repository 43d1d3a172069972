//! The service's public name leads to the endpoint.

use super::super::fix::Change;
use super::super::path;
use super::super::tri::Tri;
use super::super::{Finding, Hop};
use super::Dial;
use crate::resource::Term;

const HOP: Hop = Hop::EndpointPrivateDns;

pub(super) fn present(dial: &Dial<'_, '_>, which: &[usize]) -> Finding {
    let finding = Finding::pass(HOP, format!("`{}` leads to the endpoint", dial.service));
    match which.first() {
        Some(&at) => finding.at(dial.candidates[at].id, "private_dns_enabled"),
        None => finding,
    }
}

/// An endpoint is there, no name leads to it, and nothing leads out.
pub(super) fn off(dial: &Dial<'_, '_>) -> Option<Finding> {
    let candidate = dial.candidates.iter().find(|it| {
        it.is_there.is_yes() && path::is_interface(it.endpoint).is_yes() && it.named.is_no()
    })?;
    let name = dial.view.name(candidate.id);
    Some(
        Finding::fail(
            HOP,
            format!(
                "`{name}` has private DNS off: `{}` resolves to public addresses, and the subnet \
                 has no way out",
                dial.service
            ),
        )
        .at(candidate.id, "private_dns_enabled")
        .fix(Change::set(
            candidate.id,
            "private_dns_enabled",
            Term::Bool(true),
        )),
    )
}

/// It is not decided whether the name leads to the endpoint.
pub(super) fn undecided(dial: &Dial<'_, '_>) -> Option<Finding> {
    let candidate = dial
        .candidates
        .iter()
        .find(|it| it.named != Tri::No && it.is_there != Tri::No)?;
    if candidate.named.is_yes() {
        return None;
    }
    Some(
        Finding::unknown(
            HOP,
            format!(
                "whether `{}` leads to `{}` is not decided",
                dial.service,
                dial.view.name(candidate.id)
            ),
        )
        .at(candidate.id, "private_dns_enabled"),
    )
}
