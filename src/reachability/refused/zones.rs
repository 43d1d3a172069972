//! Private hosted zones that Route 53 refuses to associate with a VPC.

use super::{Refusal, together};
use crate::ir::NodeId;
use crate::reachability::dns_name::DnsName;
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::names;
use crate::reachability::path;
use crate::reachability::service::ServiceName;
use crate::reachability::service_name::service_name;
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{Node, RawValue, RecordSet, Vpc, VpcEndpoint};

/// Two private hosted zones of one name in a VPC.
pub(super) fn twice(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (vpc, _, it) in index.all::<Vpc>() {
        let zones = names::zones(index, &Resolved::Node(vpc, it));
        for (n, zone) in zones.iter().enumerate() {
            let Some(name) = &zone.name else { continue };
            let twin = zones[..n].iter().find_map(|other| {
                let same = name.same(other.name.as_ref()?);
                let certain = same.and(zone.tied).and(other.tied);
                (certain.is_yes()).then_some(other.id)
            });
            if let Some(other) = twin {
                let refusal = Refusal::new(
                    Hop::VpcDns,
                    (zone.id, "name"),
                    together(index, &[zone.id, other]),
                    format!(
                        "AWS refuses `{}` (`ConflictingDomainExists`): private hosted zone `{}` of \
                         `{}` has the same name",
                        index.name(zone.id),
                        index.name(other),
                        index.name(vpc)
                    ),
                );
                let fix = Fix::manual(
                    "move the records to one hosted zone, and remove the other from the VPC",
                );
                found.extend(refusal.map(|it| it.fix(fix)));
            }
        }
    }
    found
}

/// A `CNAME` record with the name of its hosted zone.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat>
pub(super) fn alias_of_the_zone(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let of_record = |(id, _, record): (NodeId, &Node, &RecordSet)| {
        let is_cname = record.record_type.as_ref()?.lit()?.as_ref() == "CNAME";
        let Resolved::Node(zone, it) = index.resolve_one(record.zone.as_ref()?) else {
            return None;
        };
        let own = DnsName::of(index, &record.name)?;
        let same = own.same(&DnsName::of(index, &it.name)?);
        if !is_cname || !same.is_yes() {
            return None;
        }
        let reason = format!(
            "Route 53 refuses `{}` (`InvalidChangeBatch`): it is a `CNAME` record with the name of its \
             hosted zone `{}`",
            index.name(id),
            index.name(zone)
        );
        let certain = together(index, &[id, zone]);
        let refusal = Refusal::new(
            Hop::EndpointPrivateDns,
            (id, "record_type"),
            certain,
            reason,
        )?;
        Some(refusal.fix(Fix::manual("create an `A` record with an alias target")))
    };
    index.all::<RecordSet>().filter_map(of_record).collect()
}

/// A private hosted zone with the name that private DNS of an endpoint defines in the VPC.
pub(super) fn beside_private_dns(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        let private = path::private_dns(index, id, endpoint).and(path::is_interface(endpoint));
        let ServiceName::Aws(token, _) = service_name(index, id, endpoint) else {
            continue;
        };
        if !private.is_yes() {
            continue;
        }
        let host = DnsName::of_service(index, &token);
        for zone in names::zones(index, &index.resolve_one(&endpoint.vpc)) {
            let same = zone
                .name
                .as_ref()
                .map_or(Ternary::No, |name| name.same(&host));
            let certain = same.and(zone.tied);
            if !certain.is_yes() {
                continue;
            }
            let refusal = Refusal::new(
                Hop::EndpointPrivateDns,
                (id, "private_dns_enabled"),
                together(index, &[id, zone.id]),
                format!(
                    "AWS refuses private DNS of `{}` beside private hosted zone `{}`, which has the \
                     same name in the VPC (`ConflictingDomainExists`)",
                    index.name(id),
                    index.name(zone.id)
                ),
            );
            found.extend(
                refusal
                    .map(|it| it.fix(Fix::set(id, "private_dns_enabled", RawValue::Bool(false)))),
            );
        }
    }
    found
}
