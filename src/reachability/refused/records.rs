//! Records that Route 53 refuses.

use super::{Refusal, together};
use crate::ir::{Dialect, NodeId, Text};
use crate::reachability::dns_name::DnsName;
use crate::reachability::graph_index::{GraphIndex, Resolved};
use crate::reachability::ternary::Ternary;
use crate::reachability::{Fix, Hop};
use crate::resource::{HostedZone, Node, RecordSet};

/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>
pub(super) fn invalid(index: &GraphIndex<'_>) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut before: Vec<(NodeId, &RecordSet, NodeId)> = Vec::new();
    for (id, node, it) in index.all::<RecordSet>().filter(|it| !it.1.is_lookup()) {
        let zone = zone_of(index, it);
        let broken = lifetime(node, it).or_else(|| {
            let (zone, of) = zone?;
            name(index, (zone, of), (it, node.dialect() == Dialect::Cfn))
        });
        let mut add = |others: &[NodeId], error: &str, why: String, fix: &str| {
            let nodes: Vec<NodeId> = others.iter().copied().chain([id]).collect();
            let reason = format!("Route 53 refuses `{}` (`{error}`): {why}", index.name(id));
            let refusal = Refusal::new(Hop::VpcDns, (id, ""), together(index, &nodes), reason);
            found.extend(refusal.map(|it| it.fix(Fix::manual(fix))));
        };
        if let Some((why, fix)) = broken {
            add(&[], "InvalidInput", why, fix);
        }
        let Some((zone, _)) = zone.filter(|_| is_simple(node)) else {
            continue;
        };
        let twin = before.iter().find(|(_, other, of)| {
            *of == zone && same(index, it, other).is_yes() && type_of(it) == type_of(other)
        });
        if let Some(&(other, ..)) = twin {
            let why = format!("`{}` has the same name and type", index.name(other));
            add(
                &[other],
                "InvalidChangeBatch",
                why,
                "move the values to one record",
            );
        }
        before.push((id, it, zone));
    }
    found
}

/// Returns the hosted zone of a record, by ID or name.
fn zone_of<'g>(index: &GraphIndex<'g>, it: &RecordSet) -> Option<(NodeId, &'g HostedZone)> {
    if let Some(link) = &it.zone {
        return match index.resolve_one(link) {
            Resolved::Node(id, zone) => Some((id, zone)),
            _ => None,
        };
    }
    let name = DnsName::of(index, it.zone_name.as_ref()?)?;
    let mut named = index.all::<HostedZone>().filter(|(_, _, zone)| {
        let own = DnsName::of(index, &zone.name);
        own.is_some_and(|own| own.same(&name).is_yes())
    });
    let (id, _, zone) = named.next()?;
    named.next().is_none().then_some((id, zone))
}

fn type_of(it: &RecordSet) -> Option<&Text> {
    it.record_type.as_ref()?.lit()
}

fn same(index: &GraphIndex<'_>, a: &RecordSet, b: &RecordSet) -> Ternary {
    match (DnsName::of(index, &a.name), DnsName::of(index, &b.name)) {
        (Some(a), Some(b)) => a.same(&b),
        _ => Ternary::Unknown,
    }
}

/// Returns whether a record is the only one of its name and type: no routing policy chooses one of
/// several.
fn is_simple(node: &Node) -> bool {
    node.property("SetIdentifier", "set_identifier")
        .is_none_or(|it| it.as_str() == Some(""))
}

/// A record without a TTL, or an alias with one.
fn lifetime(node: &Node, it: &RecordSet) -> Option<(String, &'static str)> {
    // The provider requires the right one of both.
    let ttl = node.property("TTL", "");
    let is_cfn = node.dialect() == Dialect::Cfn;
    match (&it.alias, ttl) {
        _ if !is_cfn || node.is_unmodeled("alias") => None,
        (None, None) if !it.records.is_empty() => Some(("it has no `TTL`".to_owned(), "set `TTL`")),
        (Some(_), Some(_)) => Some((
            "it is an alias, and has a `TTL`".to_owned(),
            "write the alias without `TTL`",
        )),
        _ => None,
    }
}

/// A name outside the hosted zone, or a `CNAME` with the name of the hosted zone.
fn name(
    index: &GraphIndex<'_>,
    (id, zone): (NodeId, &HostedZone),
    (it, is_cfn): (&RecordSet, bool),
) -> Option<(String, &'static str)> {
    let apex = DnsName::of(index, &zone.name)?;
    let own = DnsName::of(index, &it.name)?;
    let zone = index.name(id);
    let is_cname = type_of(it).is_some_and(|it| it == "CNAME");
    if is_cname && own.same(&apex).is_yes() {
        let why = format!("a `CNAME` record cannot have the name of hosted zone `{zone}`");
        return Some((why, "use an alias record"));
    }
    // The provider appends the name of the hosted zone.
    (is_cfn && apex.covers(&own).is_no()).then(|| {
        let why = format!("its name is not in hosted zone `{zone}`");
        (why, "use a name that ends with that of the hosted zone")
    })
}
