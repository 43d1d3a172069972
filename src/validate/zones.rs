//! Validation of the zones and Regions that properties name.

use crate::ir::{Diagnostic, Diagnostics, Dialect, Text, Value, unknown_region};
use crate::region::Region;
use crate::resource::{Graph, Resource};

pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    let mut found = Vec::new();
    for (_, node) in graph.nodes() {
        let stack = graph.stacks.get(node.stack().index());
        let region = match graph.language() {
            // Only Terraform has providers of other Regions.
            Some(Dialect::Tf) => stack.and_then(|it| node.region(it)),
            _ => stack.and_then(|it| it.region),
        };
        for (setter, zone) in zones(&node.resource) {
            let is_reported = out.has_reported("network-zones", zone, &node.path);
            if !node.keeps(setter) || is_unlisted(zone, region) || is_reported {
                continue;
            }
            if let Some(error) = zone_error(zone, region) {
                let error = match error.is_suppressible {
                    true => error.unless_new(),
                    false => error,
                };
                let error = error.path(node.path.clone()).at(node.location.clone());
                found.push(error.about(&[setter]));
            }
        }
        for (setter, name) in regions(&node.resource) {
            if node.keeps(setter) && Region::of(name).is_none() {
                let (message, help) = unknown_region(name);
                let error = node.error("region", format!("`{setter}`: {message}"));
                found.push(error.about(&[setter]).help(help));
            }
        }
    }
    out.extend(found);
}

/// Returns the Availability Zones that a resource names, with their setters.
fn zones(resource: &Resource) -> Vec<(&'static str, &Text)> {
    const OWN: &str = "availability_zone";
    let (setter, values): (_, Vec<&Value<Text>>) = match resource {
        Resource::Subnet(it) => (OWN, vec![&it.availability_zone]),
        Resource::Volume(it) => (OWN, vec![&it.availability_zone]),
        Resource::Instance(it) => (OWN, it.availability_zone.iter().collect()),
        Resource::AutoScalingGroup(it) => {
            ("availability_zones", it.availability_zones.iter().collect())
        }
        Resource::NatGateway(it) => {
            let all = it.zone_addresses.iter();
            let named = all.filter_map(|it| it.availability_zone.as_ref());
            ("zone_addresses", named.collect())
        }
        Resource::TargetGroup(it) => {
            let all = it.targets.iter();
            let named = all.filter_map(|it| it.availability_zone.as_ref());
            // A target outside the VPC can be in all zones.
            let named = named.filter(|it| it.lit().is_none_or(|it| it != "all"));
            ("targets", named.collect())
        }
        _ => return Vec::new(),
    };
    let literals = values.into_iter().filter_map(Value::lit);
    literals.map(|it| (setter, it)).collect()
}

/// Returns the names of Regions in a resource, with their setters.
fn regions(resource: &Resource) -> Vec<(&'static str, &Text)> {
    let values = match resource {
        Resource::VpcPeeringConnection(it) => vec![
            ("peer_region", &it.peer_region),
            ("assume_role_region", &it.assume_role_region),
        ],
        Resource::VpcEndpoint(it) => vec![("service_region", &it.service_region)],
        _ => Vec::new(),
    };
    let literals = values.into_iter();
    let literals = literals.filter_map(|(setter, it)| Some((setter, it.as_ref()?.lit()?)));
    literals.collect()
}

/// Returns whether a zone can be one of a Region that AWS opened after this version.
fn is_unlisted(zone: &str, region: Option<&'static Region>) -> bool {
    let is_rest = |rest: &str| {
        rest.starts_with('-')
            || rest.len() == 1 && rest.starts_with(|c: char| c.is_ascii_lowercase())
    };
    let mut ends = zone.char_indices().skip(1).map(|(at, _)| zone.split_at(at));
    Region::of_zone_in(zone, region).is_none()
        && ends.any(|(name, rest)| is_rest(rest) && Region::of(name).is_some())
}

/// Returns the error for a name that no Availability Zone has, or none of the Region.
pub(crate) fn zone_error(name: &str, region: Option<&'static Region>) -> Option<Diagnostic> {
    let shown = name.escape_debug();
    let such = region.map_or("eu-central-1", |region| region.name);
    let mut is_certain = true;
    let message = match (Region::of_zone_in(name, region), region) {
        (None, _) => format!("`{shown}` is not the name of a zone"),
        (Some((of, _)), Some(region)) if of != region => {
            format!("zone `{shown}` is not in region `{}`", region.name)
        }
        // Letters may have gaps, and are shuffled for each account: one beyond is plausible.
        (Some((of, rest)), _)
            if matches!(rest.as_bytes(), [letter]
                if u32::from(letter - b'a') > of.zones.unwrap_or(5)) =>
        {
            is_certain = false;
            let known = of.zones.map_or("few".to_owned(), |zones| zones.to_string());
            format!(
                "region `{}` has no Availability Zone `{shown}`; it has {known}",
                of.name
            )
        }
        _ => return None,
    };
    let found = Diagnostic::error("network-zones", message).help(format!(
        "the zones of {such} are named `{such}a`, `{such}b`, …"
    ));
    // A Region can have new zones.
    Some(match is_certain {
        true => found,
        false => found.suppressible(),
    })
}
