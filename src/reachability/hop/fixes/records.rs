//! Records of private hosted zones.

use super::super::Connection;
use crate::ir::{Dialect, Expr, NodeId, Pseudo, Text, Value};
use crate::reachability::fix::{Changes, Fix, in_region};
use crate::reachability::path;
use crate::resource::{HostedZone, Map, RawResource, RawValue, Resource, Typed};

/// Makes a private hosted zone, or a record in one, resolve the service to its endpoint.
pub(in super::super) fn record(connection: &Connection<'_, '_>, at: NodeId) -> Option<Fix> {
    let index = connection.index;
    let mut changes = Changes::new(index.graph);
    let endpoint = connection
        .candidates
        .iter()
        .find(|it| it.exists.is_yes() && path::is_interface(it.endpoint).is_yes())?;
    let target = alias(
        index.graph.node(endpoint.id)?.cfn_id(),
        endpoint.id,
        changes.dialect,
    );
    // A wildcard record stays for the names of others.
    let at = match &index.graph.node(at)?.resource {
        Resource::RecordSet(it) if is_wildcard(&it.name) => {
            index.resolve_one(it.zone.as_ref()?).node()?
        }
        _ => at,
    };
    match &index.graph.node(at)?.resource {
        Resource::RecordSet(it) if it.alias.is_some() => {
            changes.set(at, "alias", target);
        }
        Resource::RecordSet(it)
            if it
                .record_type
                .as_ref()
                .and_then(Value::lit)
                .is_none_or(|it| it != "CNAME") =>
        {
            let none = || RawValue::from(Expr::Absent);
            changes.set(at, "records", none());
            changes.set(at, "ttl", none());
            changes.set(at, "alias", target);
        }
        Resource::RecordSet(_) => {
            changes.set(
                at,
                "records",
                RawValue::List(vec![dns_name(
                    index.graph.node(endpoint.id)?.cfn_id(),
                    endpoint.id,
                    changes.dialect,
                    1,
                )]),
            );
        }
        Resource::HostedZone(_) => {
            let name = Expr::concat([
                Expr::Text(format!("{}.", connection.service).into()),
                Expr::Pseudo(Pseudo::Region),
                Expr::text("."),
                Expr::Pseudo(Pseudo::UrlSuffix),
            ]);
            let name = match in_region(index.graph, index.region(), name) {
                Value::Lit(text) => RawValue::Str(text),
                Value::Expr(expr) => RawValue::from(expr),
            };
            let record = match changes.dialect {
                Dialect::Cfn => RawResource::new()
                    .cfn("AWS::Route53::RecordSet")
                    .property("HostedZoneId", RawValue::from(at.at(HostedZone::LINK)))
                    .property("Name", name)
                    .property("Type", "A")
                    .property("AliasTarget", target),
                Dialect::Tf => RawResource::new()
                    .tf("aws_route53_record")
                    .argument("zone_id", RawValue::from(at.at(HostedZone::ZONE_ID)))
                    .argument("name", name)
                    .argument("type", "A")
                    .argument("alias", target),
            };
            changes.add(format!("{}Record", connection.service), record);
        }
        _ => return None,
    }
    Some(changes.done())
}

fn is_wildcard(name: &Value<Text>) -> bool {
    let first = match name {
        Value::Lit(text) | Value::Expr(Expr::Text(text)) => Some(text),
        Value::Expr(Expr::Concat(parts)) => match parts.first() {
            Some(Expr::Text(text)) => Some(text),
            _ => None,
        },
        Value::Expr(_) => None,
    };
    first.is_some_and(|text| text.starts_with("*.") || text.starts_with("\\052."))
}

fn alias(cfn_id: &str, endpoint: NodeId, dialect: Dialect) -> RawValue<'static> {
    let part = |n| dns_name(cfn_id, endpoint, dialect, n);
    let mut map = Map::default();
    match dialect {
        Dialect::Cfn => {
            map.insert("HostedZoneId", part(0));
            map.insert("DNSName", part(1));
            RawValue::Object(map)
        }
        Dialect::Tf => {
            map.insert("name", part(1));
            map.insert("zone_id", part(0));
            map.insert("evaluate_target_health", RawValue::Bool(false));
            RawValue::Block(map)
        }
    }
}

/// Returns the hosted zone (0) or the DNS name (1) of an endpoint.
fn dns_name(cfn_id: &str, endpoint: NodeId, dialect: Dialect, part: usize) -> RawValue<'static> {
    match dialect {
        Dialect::Cfn => RawValue::Raw(std::borrow::Cow::Owned(serde_json::json!({
            "Fn::Select": [part, {"Fn::Split": [":", {"Fn::Select": [0, {"Fn::GetAtt": [cfn_id, "DnsEntries"]}]}]}]
        }))),
        Dialect::Tf => {
            let name = ["hosted_zone_id", "dns_name"][part.min(1)];
            RawValue::from(Expr::Other(endpoint, format!("dns_entry[0].{name}").into()))
        }
    }
}
