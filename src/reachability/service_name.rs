//! Names of endpoint services: the service and the Region that a name means, and whether AWS has it.

use super::graph_index::{GraphIndex, Resolved};
use super::service::{ServiceName, Suggestion};
use super::ternary::Ternary;
use crate::ir::{Expr, NodeId, Pseudo, Value};
use crate::region::{EndpointService, Region, regions};
use crate::resource::{Subnet, VpcEndpoint};
use crate::session_manager::SERVICES;

/// Returns the meaning of the name of the service of an endpoint.
pub(crate) fn service_name(
    index: &GraphIndex<'_>,
    id: NodeId,
    endpoint: &VpcEndpoint,
) -> ServiceName {
    if let Some(known) = index.service_names.borrow().get(&id) {
        return known.clone();
    }
    let name = match &endpoint.service_name {
        Value::Lit(text) => by_text(text, None, home(index)),
        Value::Expr(expr) => by_expr(index, expr),
    };
    index.service_names.borrow_mut().insert(id, name.clone());
    name
}

fn by_expr(index: &GraphIndex<'_>, expr: &Expr) -> ServiceName {
    match expr {
        Expr::Text(text) => by_text(text, None, home(index)),
        Expr::OneOf(of) => unanimous(of.iter().map(|one| by_expr(index, one))),
        Expr::PerLanguage { cfn, tf } => {
            unanimous([by_expr(index, cfn), by_expr(index, tf)].into_iter())
        }
        // The condition chooses the name that exists in the Region.
        Expr::If(_, yes, no) => match (by_expr(index, yes), by_expr(index, no)) {
            (ServiceName::Aws(a, _), ServiceName::Aws(b, _)) if a == b => ServiceName::Aws(a, None),
            (yes, no) if yes == no => yes,
            _ => ServiceName::Unknown,
        },
        Expr::Concat(parts) => {
            let home = home(index);
            let Some(decisive) = home else {
                // A name with a symbolic Region is right if some Region has it.
                let mut all = regions()
                    .iter()
                    .map(|region| (region, rendered(parts, region)));
                let first = all.find_map(|(region, text)| {
                    let name = by_text(&text?, Some(region), None);
                    matches!(name, ServiceName::Aws(..)).then_some(name)
                });
                let usual = || {
                    let region = Region::find("us-east-1")?;
                    Some(by_text(&rendered(parts, region)?, Some(region), None))
                };
                return first.or_else(usual).unwrap_or(ServiceName::Unknown);
            };
            match rendered(parts, decisive) {
                Some(text) => by_text(&text, Some(decisive), home),
                None => ServiceName::Unknown,
            }
        }
        _ => ServiceName::Unknown,
    }
}

fn unanimous(mut of: impl Iterator<Item = ServiceName>) -> ServiceName {
    let Some(first) = of.next() else {
        return ServiceName::Unknown;
    };
    if of.all(|other| other == first) {
        first
    } else {
        ServiceName::Unknown
    }
}

/// Returns the text of a name in a Region.
fn rendered(parts: &[Expr], region: &Region) -> Option<String> {
    let mut out = String::new();
    for part in parts {
        out.push_str(match part {
            Expr::Text(text) => text,
            Expr::Pseudo(Pseudo::Region) => region.name,
            Expr::Pseudo(Pseudo::Partition) => region.partition,
            Expr::Pseudo(Pseudo::UrlSuffix) => region.dns_suffix,
            // No name contains an account.
            Expr::Pseudo(Pseudo::AccountId) => "111122223333",
            _ => return None,
        });
    }
    Some(out)
}

/// Reads a whole name. `symbolic` is the Region that replaced `AWS::Region` in it.
fn by_text(
    text: &str,
    symbolic: Option<&'static Region>,
    home: Option<&'static Region>,
) -> ServiceName {
    if text.contains(".vpce.") || text.contains(".vpce-svc-") {
        return ServiceName::Provider;
    }
    if text.contains("${") {
        // A forgotten `Fn::Sub`.
        let token = text.rsplit('.').next().unwrap_or_default();
        return ServiceName::Missing(known(token).map(|token| Suggestion::new(token, None)));
    }
    let suggest = |token: &str, region: &'static Region| {
        let region = (symbolic != Some(region)).then_some(region);
        ServiceName::Missing(Some(Suggestion::new(token, region)))
    };
    for region in regions() {
        let Some((before, after)) = text.split_once(region.name) else {
            continue;
        };
        let Some(token) = after.strip_prefix('.') else {
            continue;
        };
        if !before.ends_with('.') {
            continue;
        }
        // In China, some names end in `.cn`.
        let china = (region.partition == "aws-cn").then(|| token.strip_suffix(".cn"));
        let plain = china.flatten().unwrap_or(token);
        let Some(service) = EndpointService::find(plain) else {
            let last = plain.rsplit('.').next().unwrap_or_default();
            let of_agent = SERVICES.into_iter().find(|service| *service == last);
            return match known(plain).or(of_agent) {
                Some(near) => suggest(near, region),
                None => ServiceName::Unknown,
            };
        };
        let (expected, end) = service.affixes(Some(region));
        let end = end.unwrap_or_default();
        return if before == expected && after == end {
            let literal = (symbolic != Some(region)).then_some(region);
            ServiceName::Aws(plain.to_owned(), literal)
        } else if region.partition == "aws" || SERVICES.contains(&plain) {
            suggest(plain, region)
        } else {
            // The table can lack a second name of another partition.
            ServiceName::Unknown
        };
    }
    without_region(text, home)
}

/// Reads a name that contains no known Region.
fn without_region(text: &str, home: Option<&'static Region>) -> ServiceName {
    let last = text.rsplit('.').next().unwrap_or_default();
    let global = EndpointService::tokens()
        .filter(|token| token.ends_with(last))
        .filter_map(EndpointService::find)
        .find(|service| service.name == Some(text));
    if let Some(service) = global {
        return ServiceName::Aws(service.token.to_owned(), None);
    }
    let near_region = |name: &str| {
        let close = |region: &&&Region| strsim::levenshtein(region.name, name) <= 2;
        regions()
            .iter()
            .filter(|it| close(&it))
            .min_by_key(|region| strsim::levenshtein(region.name, name))
    };
    let rest = text.strip_prefix("com.amazonaws.").unwrap_or(text);
    let (region, token) = rest.split_once('.').unwrap_or(("", rest));
    match known(token).or_else(|| known(last)) {
        Some(token) => {
            ServiceName::Missing(Some(Suggestion::new(token, near_region(region).or(home))))
        }
        // Every service name of AWS has more than one part.
        None if !text.contains('.') => ServiceName::Missing(None),
        None => ServiceName::Unknown,
    }
}

/// Returns the service that a token names or misspells.
fn known(token: &str) -> Option<&'static str> {
    let token = token.trim().to_ascii_lowercase();
    let mistakes = if token.len() <= 4 { 1 } else { 2 };
    EndpointService::tokens()
        .map(|it| (strsim::levenshtein(it, &token), !SERVICES.contains(&it), it))
        .filter(|(distance, ..)| *distance <= mistakes)
        .min()
        .map(|(.., it)| it)
}

/// Returns the Region of the deployment: the specified one, or the one that the literal names of the
/// file agree on.
pub(crate) fn home(index: &GraphIndex<'_>) -> Option<&'static Region> {
    index.home(|| {
        if index.region().is_some() {
            return index.region();
        }
        match regions_of_file(index).as_slice() {
            [(region, ..)] => Some(*region),
            _ => None,
        }
    })
}

/// Returns the Regions that literal values imply, each with the property that names it first.
pub(crate) fn regions_of_file(
    index: &GraphIndex<'_>,
) -> Vec<(&'static Region, NodeId, &'static str)> {
    let mut found: Vec<(&'static Region, NodeId, &'static str)> = Vec::new();
    let mut add = |region: &'static Region, id: NodeId, field| {
        if index.exists(id).is_yes() && !found.iter().any(|(it, ..)| *it == region) {
            found.push((region, id, field));
        }
    };
    for (id, _, subnet) in index.all::<Subnet>() {
        if let Value::Lit(zone) = &subnet.availability_zone
            && let Some((region, _)) = Region::of_zone(zone)
        {
            add(region, id, "availability_zone");
        }
    }
    for (id, _, endpoint) in index.all::<VpcEndpoint>() {
        if let Value::Lit(text) = &endpoint.service_name
            && endpoint.service_region.is_none()
            && let ServiceName::Aws(_, Some(region)) = by_text(text, None, None)
        {
            add(region, id, "service_name");
        }
    }
    found
}

/// Returns whether an endpoint is for a service of the Region.
pub(crate) fn serves(
    index: &GraphIndex<'_>,
    id: NodeId,
    endpoint: &VpcEndpoint,
    service: &str,
) -> Ternary {
    match service_name(index, id, endpoint) {
        ServiceName::Aws(token, region) => {
            if token != service {
                return Ternary::No;
            }
            let region = match (region, home(index)) {
                (Some(region), Some(home)) => Ternary::from(region == home),
                _ => Ternary::Yes,
            };
            region.and(!is_cross_region(index, endpoint))
        }
        ServiceName::Provider | ServiceName::Missing(_) => Ternary::No,
        ServiceName::Unknown => match &endpoint.service_name {
            Value::Expr(Expr::Absent) => Ternary::No,
            // The last part can be known although the rest is not.
            Value::Expr(Expr::OneOf(_)) => Ternary::Unknown,
            name => match super::path::token(name) {
                Some(token) if !service.ends_with(&token) => Ternary::No,
                _ => Ternary::Unknown,
            },
        },
    }
}

/// Returns whether an endpoint is for a service of another Region than its VPC.
pub(crate) fn is_cross_region(index: &GraphIndex<'_>, endpoint: &VpcEndpoint) -> Ternary {
    match &endpoint.service_region {
        None | Some(Value::Expr(Expr::Absent | Expr::Pseudo(Pseudo::Region))) => Ternary::No,
        Some(Value::Lit(name)) if name.is_empty() => Ternary::No,
        Some(Value::Lit(name)) => match home(index) {
            Some(home) => (home.name != name.as_ref()).into(),
            None => Ternary::Unknown,
        },
        Some(Value::Expr(_)) => Ternary::Unknown,
    }
}

/// Returns whether two endpoints are certainly in one VPC.
pub(crate) fn same_vpc(index: &GraphIndex<'_>, a: &VpcEndpoint, b: &VpcEndpoint) -> Ternary {
    let (a, b) = (index.resolve_one(&a.vpc), index.resolve_one(&b.vpc));
    match (&a, &b) {
        (Resolved::Outside(Expr::Absent), _) => Ternary::Unknown,
        _ => a.same(&b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ServiceName {
        by_text(text, None, None)
    }

    fn meant(text: &str) -> Option<String> {
        match read(text) {
            ServiceName::Missing(Some(meant)) => match meant.value() {
                Expr::Text(text) => Some(text.into_owned()),
                _ => Some("symbolic".to_owned()),
            },
            _ => None,
        }
    }

    #[test]
    fn right_names_are_read() {
        for (text, token, region) in [
            (
                "com.amazonaws.eu-central-1.ssm",
                "ssm",
                Some("eu-central-1"),
            ),
            (
                "com.amazonaws.us-east-1.ssm-fips",
                "ssm-fips",
                Some("us-east-1"),
            ),
            (
                "com.amazonaws.cn-north-1.ssmmessages",
                "ssmmessages",
                Some("cn-north-1"),
            ),
            (
                "cn.com.amazonaws.cn-north-1.monitoring",
                "monitoring",
                Some("cn-north-1"),
            ),
            (
                "com.amazonaws.eu-central-1.ecr.api",
                "ecr.api",
                Some("eu-central-1"),
            ),
            ("com.amazonaws.iam", "iam", None),
        ] {
            let expected = ServiceName::Aws(token.to_owned(), region.and_then(Region::find));
            assert_eq!(read(text), expected, "{text}");
        }
        let private = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0";
        assert_eq!(read(private), ServiceName::Provider);
    }

    #[test]
    fn wrong_names_suggest_the_right_one() {
        for (text, right) in [
            (
                "com.amazon.eu-central-1.ssm",
                "com.amazonaws.eu-central-1.ssm",
            ),
            (
                "com.amazonaws.eu-central-1.ssm-messages",
                "com.amazonaws.eu-central-1.ssmmessages",
            ),
            (
                "com.amazonaws.eu-centrl-1.ssm",
                "com.amazonaws.eu-central-1.ssm",
            ),
            (
                "cn.com.amazonaws.cn-north-1.ssm",
                "com.amazonaws.cn-north-1.ssm",
            ),
            ("com.amazonaws.eu-west-1.SSM", "com.amazonaws.eu-west-1.ssm"),
            ("com.amazonaws.${AWS::Region}.ssm", "symbolic"),
            ("com.amazonaws.ssm", "symbolic"),
            ("ssmmessages", "symbolic"),
        ] {
            assert_eq!(meant(text).as_deref(), Some(right), "{text}");
        }
    }

    #[test]
    fn services_outside_the_table_are_unknown() {
        assert_eq!(
            read("com.amazonaws.eu-central-1.brand-new-thing"),
            ServiceName::Unknown
        );
    }
}
