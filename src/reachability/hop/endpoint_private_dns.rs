//! Private DNS of the endpoint: the public name of the service resolves to it.

use super::super::HopResult;
use super::super::dhcp::Resolver;
use super::super::fix::Fix;
use super::super::path;
use super::super::routes::InternetRoute;
use super::super::ternary::Ternary;
use super::{Check, Connection, DiagramBox, Entry, Hop, PathChoice, SequenceStep};
use crate::resource::RawValue;

const HOP: Hop = Hop::EndpointPrivateDns;

pub(super) const ENTRY: Entry = Entry {
    code: "endpoint-private-dns",
    reason: "the agent connects to the public name, which resolves to the endpoint only with private \
             DNS",
    page: "\
**Checks** that the public name of the service resolves to the endpoint. Private DNS, disabled by
default in both languages, must be enabled, or a private hosted zone must have an alias.

**Fix:** set `PrivateDnsEnabled: true`.
",
    expected: "Private DNS is `True` for both endpoints. On the instance, `getent hosts` resolves the \
               name of the service to an address of the VPC.",
    commands: &[
        "aws ec2 describe-vpc-endpoints --filters \"Name=vpc-id,Values=$VPC\" \
         --query 'VpcEndpoints[].[ServiceName,PrivateDnsEnabled]' --output table",
    ],
    boxes: &[DiagramBox::Endpoint],
    steps: &[SequenceStep::Resolve, SequenceStep::Connect],
    check: Check::Connection(check),
};

fn check(connection: &Connection<'_, '_>) -> Vec<HopResult> {
    let result = match (&connection.path, &connection.internet_route) {
        (PathChoice::Endpoints(which), _) => Some(present(connection, which)),
        (PathChoice::Internet, InternetRoute::None) => disabled(connection),
        (PathChoice::Internet, _) => None,
        (PathChoice::Unknown, _) if connection.has_no_address() => None,
        (PathChoice::Unknown, _) => unknown(connection),
    };
    result.into_iter().collect()
}

fn present(connection: &Connection<'_, '_>, which: &[usize]) -> HopResult {
    let result = HopResult::pass(
        HOP,
        format!("`{}` resolves to the endpoint", connection.service),
    );
    match which.first() {
        Some(&at) => result.at(connection.candidates[at].id, "private_dns_enabled"),
        None => result,
    }
}

/// Returns the failure of an endpoint that no name resolves to.
pub(super) fn disabled(connection: &Connection<'_, '_>) -> Option<HopResult> {
    if let Resolver::Public(..) = connection.resolver {
        return None;
    }
    let candidate = connection.candidates.iter().find(|it| {
        it.exists.is_yes() && path::is_interface(it.endpoint).is_yes() && it.resolves.is_no()
    })?;
    let name = connection.index.name(candidate.id);
    Some(
        HopResult::fail(
            HOP,
            format!(
                "`{name}` has private DNS disabled, and the subnet has no route to the internet: `{}` \
                 resolves to public addresses",
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

/// Returns the result for an endpoint that the name can resolve to.
fn unknown(connection: &Connection<'_, '_>) -> Option<HopResult> {
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
                "the file does not show whether `{}` resolves to `{}`",
                connection.service,
                connection.index.name(candidate.id)
            ),
        )
        .at(candidate.id, "private_dns_enabled"),
    )
}
