//! The resolution of service names in a VPC: private DNS, private hosted zones, and the public name.

use super::Fix;
use super::addresses::of_vpc;
use super::dns_name::DnsName;
use super::dns_rules::{self, Effect};
use super::endpoint::{self, Candidate};
use super::fixed_address::fixed;
use super::graph_index::{GraphIndex, Resolved, VpcRef};
use super::local_route;
use super::ternary::Ternary;
use crate::ir::{Cidr, Dialect, Expr, NodeId, Value};
use crate::resource::{HostedZone, HostedZoneAssociation, RecordSet, Resource};

/// A private hosted zone.
pub(crate) struct Zone {
    /// The zone, or the association of a zone outside the file.
    pub(crate) id: NodeId,
    /// Its name, unless the file does not show it.
    pub(crate) name: Option<DnsName>,
    /// Whether the VPC is associated with it.
    pub(crate) tied: Ternary,
}

/// Returns the private hosted zones of a VPC.
pub(crate) fn zones(index: &GraphIndex<'_>, vpc: &VpcRef<'_>) -> Vec<Zone> {
    let tied = |id: NodeId, zone: &HostedZone| {
        let declared = Ternary::any(
            zone.vpcs
                .iter()
                .map(|it| index.resolve_one(&it.vpc).same(vpc)),
        );
        let more = index
            .all::<HostedZoneAssociation>()
            .filter(|(_, _, it)| index.resolve_one(&it.zone).node() == Some(id))
            .map(|(tie, _, it)| index.resolve_one(&it.vpc).same(vpc).and(index.exists(tie)));
        declared.or(Ternary::any(more))
    };
    let in_file = index.all::<HostedZone>().map(|(id, _, zone)| Zone {
        id,
        name: DnsName::of(index, &zone.name),
        tied: tied(id, zone).and(index.exists(id)),
    });
    let outside = index
        .all::<HostedZoneAssociation>()
        .filter_map(|(id, _, it)| {
            let is_outside = index.resolve_one(&it.zone).node().is_none();
            is_outside.then(|| Zone {
                id,
                name: None,
                tied: index.resolve_one(&it.vpc).same(vpc).and(index.exists(id)),
            })
        });
    in_file
        .chain(outside)
        .filter(|it| !it.tied.is_no())
        .collect()
}

/// The response of a private hosted zone.
enum Target {
    /// The addresses of an endpoint, by this record.
    Endpoint(NodeId, NodeId),
    /// No address. The resolver does not ask the public zone.
    Nothing,
    /// Addresses without a route in the file, in this record.
    Nowhere(NodeId, String),
    Unknown,
}

/// The response of the most specific private hosted zone that covers a name.
struct ZoneAnswer {
    zone: NodeId,
    certain: Ternary,
    /// The number of labels that the zone shares with the name.
    labels: usize,
    target: Target,
}

/// Returns whether the VPC has both DNS attributes, which a private hosted zone requires.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
fn uses_zones(index: &GraphIndex<'_>, vpc: &VpcRef<'_>) -> Ternary {
    let attributes = vpc
        .node()
        .and_then(|id| endpoint::dns_attributes(index, id));
    attributes.map_or(Ternary::Unknown, |of| {
        Ternary::all(of.map(|(_, value)| value))
    })
}

fn zone_answer(index: &GraphIndex<'_>, vpc: &VpcRef<'_>, host: &DnsName) -> Option<ZoneAnswer> {
    let attributes = uses_zones(index, vpc);
    if attributes.is_no() {
        return None;
    }
    zone_answer_with(index, vpc, host, attributes)
}

/// Returns the response of a zone if the DNS attributes of the VPC are these.
fn zone_answer_with(
    index: &GraphIndex<'_>,
    vpc: &VpcRef<'_>,
    host: &DnsName,
    attributes: Ternary,
) -> Option<ZoneAnswer> {
    let covering = zones(index, vpc).into_iter().filter_map(|zone| {
        let covers = match &zone.name {
            Some(name) => name.covers(host),
            None => Ternary::Unknown,
        };
        (!covers.is_no()).then(|| (covers.and(zone.tied).and(attributes), zone))
    });
    let length = |zone: &Zone| zone.name.as_ref().map_or(usize::MAX, DnsName::labels);
    let (certain, zone) = covering.max_by_key(|(_, zone)| length(zone))?;
    Some(ZoneAnswer {
        certain,
        labels: length(&zone),
        target: target(index, vpc, &zone, host),
        zone: zone.id,
    })
}

/// Returns the response of a zone for a host.
fn target(index: &GraphIndex<'_>, vpc: &VpcRef<'_>, zone: &Zone, host: &DnsName) -> Target {
    let Some(zone_name) = &zone.name else {
        return Target::Unknown;
    };
    let mut best: Option<(bool, Ternary, NodeId, &RecordSet)> = None;
    for (id, node, record) in index.all::<RecordSet>() {
        let by_id = match &record.zone {
            Some(link) => match index.resolve_one(link) {
                Resolved::Node(it, _) => (it == zone.id).into(),
                Resolved::Outside(Expr::Text(_)) => Ternary::No,
                _ => Ternary::Unknown,
            },
            None => Ternary::No,
        };
        let by_name = match &record.zone_name {
            Some(name) => {
                DnsName::of(index, name).map_or(Ternary::Unknown, |it| it.same(zone_name))
            }
            None => Ternary::No,
        };
        let inside = by_id.or(by_name);
        let of_address = match record.record_type.as_ref().map(Value::lit) {
            None => Ternary::Yes,
            Some(Some(of)) => matches!(of.as_ref(), "A" | "AAAA" | "CNAME").into(),
            Some(None) => Ternary::Unknown,
        };
        let matches = match DnsName::of(index, &record.name) {
            // In Terraform, an empty or relative name extends the name of the zone.
            Some(name) if node.dialect() == Dialect::Tf && zone_name.covers(&name).is_no() => {
                name.below(zone_name).matches(host)
            }
            Some(name) => name.matches(host),
            None => Ternary::Unknown,
        };
        let certain = inside.and(of_address).and(matches).and(index.exists(id));
        if certain.is_no() {
            continue;
        }
        let exact = DnsName::of(index, &record.name).is_some_and(|it| it.wildcard().is_none());
        let better = best.is_none_or(|(other, found, ..)| (exact, certain) > (other, found));
        if better {
            best = Some((exact, certain, id, record));
        }
    }
    let Some((_, certain, id, record)) = best else {
        return if is_complete(index, zone.id) {
            Target::Nothing
        } else {
            Target::Unknown
        };
    };
    match endpoint_of(index, record) {
        _ if !certain.is_yes() => Target::Unknown,
        Some(endpoint) => Target::Endpoint(endpoint, id),
        None => match addresses_of(record) {
            Some(of)
                if of
                    .iter()
                    .all(|address| local_route::leads_nowhere(index, vpc, *address)) =>
            {
                let shown: Vec<String> = record
                    .records
                    .iter()
                    .filter_map(|it| Some(format!("`{}`", it.lit()?)))
                    .collect();
                Target::Nowhere(id, shown.join(" and "))
            }
            _ => Target::Unknown,
        },
    }
}

/// Returns the IPv4 addresses of a record, if the file shows all.
fn addresses_of(record: &RecordSet) -> Option<Vec<Cidr>> {
    let is_address = record
        .record_type
        .as_ref()
        .is_some_and(|it| it.lit().is_some_and(|of| of == "A"));
    let all: Option<Vec<Cidr>> = record.records.iter().map(|it| fixed(Some(it))).collect();
    all.filter(|all| is_address && record.alias.is_none() && !all.is_empty())
}

/// Returns the endpoint whose addresses a record contains.
pub(super) fn endpoint_of(index: &GraphIndex<'_>, record: &RecordSet) -> Option<NodeId> {
    let mut found = None;
    let mut visit = |part: &Expr| {
        if let Expr::Attr(node, _) | Expr::Other(node, _) = part
            && let Some(Resource::VpcEndpoint(_)) = index.graph.node(*node).map(|it| &it.resource)
        {
            found.get_or_insert(*node);
        }
    };
    if let Some(alias) = &record.alias
        && let Value::Expr(expr) = &alias.dns_name
    {
        expr.walk(&mut visit);
    }
    for value in &record.records {
        if let Value::Expr(expr) = value {
            expr.walk(&mut visit);
        }
    }
    found
}

/// Returns whether the file shows every record of a zone.
fn is_complete(index: &GraphIndex<'_>, zone: NodeId) -> bool {
    let hides_records = |name: &str| {
        matches!(
            name,
            "AWS::Route53::RecordSetGroup" | "aws_route53_records_exclusive"
        )
    };
    !index.is_externally_modified(zone)
        && !index.graph.nodes().any(|(_, node)| {
            hides_records(node.resource.type_name(node.dialect()).unwrap_or_default())
                && !node.is_absent()
        })
}

/// Returns whether a private hosted zone resolves the name of a service to an endpoint.
pub(crate) fn by_zone(
    index: &GraphIndex<'_>,
    vpc: &VpcRef<'_>,
    endpoint: NodeId,
    service: &str,
) -> Ternary {
    match zone_answer(index, vpc, &DnsName::of_service(index, service)) {
        Some(answer) => match answer.target {
            Target::Endpoint(node, _) if node == endpoint => answer.certain,
            Target::Unknown => Ternary::Unknown,
            _ if answer.certain.is_yes() => Ternary::No,
            _ => Ternary::Unknown,
        },
        None => Ternary::No,
    }
}

/// Returns the endpoint to which a private hosted zone of the VPC resolves the name of a service.
pub(crate) fn endpoint_by_zone(
    index: &GraphIndex<'_>,
    vpc: &VpcRef<'_>,
    service: &str,
) -> Option<NodeId> {
    match zone_answer(index, vpc, &DnsName::of_service(index, service))?.target {
        Target::Endpoint(endpoint, _) => Some(endpoint),
        Target::Nothing | Target::Nowhere(..) | Target::Unknown => None,
    }
}

/// Returns whether a private hosted zone would resolve the name of a service to an endpoint if the VPC
/// had both DNS attributes.
pub(crate) fn is_zone_unused(index: &GraphIndex<'_>, vpc: &VpcRef<'_>, service: &str) -> bool {
    if !uses_zones(index, vpc).is_no() {
        return false;
    }
    let host = DnsName::of_service(index, service);
    let answer = zone_answer_with(index, vpc, &host, Ternary::Yes);
    answer.is_some_and(|it| matches!(it.target, Target::Endpoint(..)))
}

/// What the VPC resolver returns for the name of a service.
pub(crate) enum Resolution {
    /// The addresses of these endpoints, by position in the candidates.
    Endpoints(Vec<usize>),
    /// The public addresses.
    Public,
    /// No address, or a wrong one, for a reason.
    Nothing(String, (NodeId, &'static str), Option<Fix>),
    /// The file does not show it. The reason, unless an endpoint of the VPC is unknown.
    Unknown(Option<(String, (NodeId, &'static str))>),
}

/// Resolves the name of a service in a VPC.
pub(crate) fn resolution(
    index: &GraphIndex<'_>,
    vpc: &VpcRef<'_>,
    service: &str,
    candidates: &[Candidate<'_>],
) -> Resolution {
    let host = DnsName::of_service(index, service);
    let usable = |it: &Candidate<'_>| it.exists.and(endpoint::is_interface(it.endpoint));
    let private = |it: &Candidate<'_>| match it.other_vpc {
        Some(_) => Ternary::No,
        None => usable(it).and(endpoint::private_dns(index, it.id, it.endpoint)),
    };
    let certain: Vec<usize> = (0..candidates.len())
        .filter(|&at| private(&candidates[at]).is_yes())
        .collect();
    let zone = zone_answer(index, vpc, &host);
    if let Resolved::Node(id, _) = vpc {
        // Private DNS of an endpoint is a zone of exactly the name.
        let labels = match &zone {
            _ if !certain.is_empty() => host.labels(),
            Some(zone) if zone.certain.is_yes() => zone.labels,
            _ => 0,
        };
        match dns_rules::effect(index, *id, &host, labels) {
            Effect::None => {}
            Effect::Blocks(reason, at) => {
                let name = DnsName::shown(index, service);
                let fix = Fix::manual(format!(
                    "add a rule with action `ALLOW` for {name} before the rule that blocks it"
                ));
                return Resolution::Nothing(reason, at, Some(fix));
            }
            Effect::Unknown(reason, at) => return Resolution::Unknown(Some((reason, at))),
        }
    }
    if !certain.is_empty() {
        return Resolution::Endpoints(certain);
    }
    if let Some(answer) = zone {
        return by_answer(index, vpc, service, candidates, &answer);
    }
    let open = candidates.iter().any(|it| !private(it).is_no());
    let hidden = match vpc {
        Resolved::Node(id, _) => index.is_externally_modified(*id),
        Resolved::OtherType(_) | Resolved::Outside(_) => true,
    };
    if open || hidden {
        Resolution::Unknown(None)
    } else {
        Resolution::Public
    }
}

fn by_answer(
    index: &GraphIndex<'_>,
    vpc: &VpcRef<'_>,
    service: &str,
    candidates: &[Candidate<'_>],
    answer: &ZoneAnswer,
) -> Resolution {
    let zone = index.name(answer.zone);
    let unknown = || {
        Resolution::Unknown(Some((
            format!(
                "private hosted zone `{zone}` covers `{service}`, and the file does not show the \
                 addresses"
            ),
            (answer.zone, "name"),
        )))
    };
    if !answer.certain.is_yes() {
        return unknown();
    }
    match answer.target {
        Target::Unknown => unknown(),
        Target::Nothing => Resolution::Nothing(
            format!(
                "private hosted zone `{zone}` covers the name of `{service}` and has no record for \
                 it, so the name does not resolve"
            ),
            (answer.zone, "name"),
            Some(Fix::manual(format!(
                "add an alias record for {} to the zone, or remove the zone from the VPC and enable \
                 private DNS of the endpoint",
                DnsName::shown(index, service)
            ))),
        ),
        Target::Nowhere(record, ref shown) => Resolution::Nothing(
            format!(
                "record `{}` resolves `{service}` to {shown}, and no route of the file leads there",
                index.name(record)
            ),
            (record, "records"),
            Some(Fix::manual(format!(
                "use the address of an endpoint for `{service}` in the record, or remove the zone \
                 from the VPC"
            ))),
        ),
        Target::Endpoint(endpoint, record) => {
            let at = candidates.iter().position(|it| it.id == endpoint);
            match at {
                Some(at) => {
                    let it = &candidates[at];
                    if it.exists.and(endpoint::is_interface(it.endpoint)).is_yes() {
                        Resolution::Endpoints(vec![at])
                    } else {
                        Resolution::Unknown(None)
                    }
                }
                None if is_for_other_service(index, endpoint, service) => Resolution::Nothing(
                    format!(
                        "record `{}` resolves `{service}` to `{}`, which is an endpoint of another \
                         service",
                        index.name(record),
                        index.name(endpoint)
                    ),
                    (record, "alias"),
                    Some(Fix::manual(format!(
                        "use the DNS name of the `{service}` endpoint in the record"
                    ))),
                ),
                None if is_beyond_routes(index, vpc, endpoint) => Resolution::Nothing(
                    format!(
                        "record `{}` resolves `{service}` to `{}`, which is in another VPC, and no \
                         route of the file leads there",
                        index.name(record),
                        index.name(endpoint)
                    ),
                    (record, "alias"),
                    Some(Fix::manual(format!(
                        "add an endpoint for `{service}` to the VPC, and use its DNS name in the \
                         record"
                    ))),
                ),
                // An endpoint of another VPC can be reachable through peering.
                None => unknown(),
            }
        }
    }
}

/// Returns whether an endpoint is in another VPC, without a route to it.
fn is_beyond_routes(index: &GraphIndex<'_>, vpc: &VpcRef<'_>, endpoint: NodeId) -> bool {
    let Some(Resource::VpcEndpoint(it)) = index.graph.node(endpoint).map(|it| &it.resource) else {
        return false;
    };
    let Resolved::Node(id, other) = index.resolve_one(&it.vpc) else {
        return false;
    };
    vpc.node().is_some_and(|own| own != id)
        && of_vpc(index, id, other).is_some_and(|ranges| {
            let mut ranges = ranges.into_iter();
            ranges.all(|range| local_route::leads_nowhere(index, vpc, range))
        })
}

fn is_for_other_service(index: &GraphIndex<'_>, endpoint: NodeId, service: &str) -> bool {
    match index.graph.node(endpoint).map(|it| &it.resource) {
        Some(Resource::VpcEndpoint(it)) => {
            super::service_name::serves(index, endpoint, it, service).is_no()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_cover_names_below_them() {
        let name = |text: &str| DnsName::of_text(text).unwrap();
        let host = name("ssm.eu-central-1.amazonaws.com");
        for (zone, covers) in [
            ("ssm.eu-central-1.amazonaws.com.", Ternary::Yes),
            ("eu-central-1.amazonaws.com", Ternary::Yes),
            ("amazonaws.com", Ternary::Yes),
            ("ssm.us-east-1.amazonaws.com", Ternary::No),
            ("ssmmessages.eu-central-1.amazonaws.com", Ternary::No),
            ("x.ssm.eu-central-1.amazonaws.com", Ternary::No),
            ("ssm.\u{1}.amazonaws.com", Ternary::Unknown),
        ] {
            assert_eq!(name(zone).covers(&host), covers, "{zone}");
        }
        assert_eq!(name("*.amazonaws.com").matches(&host), Ternary::Yes);
        assert_eq!(
            name("*.us-east-1.amazonaws.com").matches(&host),
            Ternary::No
        );
        assert_eq!(name("*").matches(&host), Ternary::Yes);
    }
}
