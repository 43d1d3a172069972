//! Conditions of statements.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use std::time::{SystemTime, UNIX_EPOCH};

use super::super::graph_index::{GraphIndex, Resolved, parse_lenient};
use super::super::ternary::Ternary;
use super::context::{CallContext, Fact};
use super::judgment::Judgment;
use super::pattern::{Atom, known, literal, lowercase, matches, matches_arn};
use super::text::{Reading, alternatives, atoms, plain};
use crate::ir::{Cidr, Expr, NodeId, Text, Value};
use crate::resource::{Eip, Resource, Subnet, Typed};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    None,
    All,
    Any,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Bool,
    Text { ignores_case: bool },
    Like,
    Arn,
    Address,
    Number(Comparison),
    Date(Comparison),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

struct Operator {
    set: Set,
    kind: Kind,
    negated: bool,
    if_exists: bool,
}

impl Operator {
    fn parse(text: &str) -> Option<Operator> {
        let (set, rest) = match text.split_once(':') {
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Set::All, rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Set::Any, rest),
            Some(_) => return None,
            None => (Set::None, text),
        };
        let rest = rest.to_ascii_lowercase();
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (rest.as_str(), false),
        };
        let comparison = |rest: &str| {
            Some(match rest {
                "equals" => (Comparison::Equals, false),
                "notequals" => (Comparison::Equals, true),
                "lessthan" => (Comparison::Less, false),
                "lessthanequals" => (Comparison::LessOrEqual, false),
                "greaterthan" => (Comparison::Greater, false),
                "greaterthanequals" => (Comparison::GreaterOrEqual, false),
                _ => return None,
            })
        };
        let of_text = |ignores_case| Kind::Text { ignores_case };
        let (kind, negated) = match rest {
            "null" => (Kind::Null, false),
            "bool" => (Kind::Bool, false),
            "stringequals" => (of_text(false), false),
            "stringnotequals" => (of_text(false), true),
            "stringequalsignorecase" => (of_text(true), false),
            "stringnotequalsignorecase" => (of_text(true), true),
            "stringlike" => (Kind::Like, false),
            "stringnotlike" => (Kind::Like, true),
            "arnequals" | "arnlike" => (Kind::Arn, false),
            "arnnotequals" | "arnnotlike" => (Kind::Arn, true),
            "ipaddress" => (Kind::Address, false),
            "notipaddress" => (Kind::Address, true),
            _ => match (rest.strip_prefix("numeric"), rest.strip_prefix("date")) {
                (Some(rest), _) => {
                    let (comparison, negated) = comparison(rest)?;
                    (Kind::Number(comparison), negated)
                }
                (_, Some(rest)) => {
                    let (comparison, negated) = comparison(rest)?;
                    (Kind::Date(comparison), negated)
                }
                _ => return None,
            },
        };
        Some(Operator {
            set,
            kind,
            negated,
            if_exists,
        })
    }

    /// Returns whether the condition holds without the key.
    fn without_key(&self, values: &[Value<Text>]) -> Ternary {
        match self.kind {
            Kind::Null => is_null(values),
            _ if self.if_exists => Ternary::Yes,
            _ => match self.set {
                Set::All => Ternary::Yes,
                Set::Any => Ternary::No,
                Set::None => self.negated.into(),
            },
        }
    }
}

/// Returns whether `Null` asks for a missing key.
fn is_null(values: &[Value<Text>]) -> Ternary {
    Ternary::any(values.iter().map(|value| match value {
        Value::Lit(text) => text.eq_ignore_ascii_case("true").into(),
        Value::Expr(_) => Ternary::Unknown,
    }))
}

/// Evaluates a condition for a call.
pub(super) fn condition(
    index: &GraphIndex<'_>,
    (operator, key, values): (&str, &str, &[Value<Text>]),
    action: &str,
    on: &CallContext<'_>,
) -> Judgment {
    let cause = || format!("condition key `{key}`");
    let Some(operator) = Operator::parse(operator) else {
        return Judgment::unknown(format!("condition operator `{operator}`"));
    };
    // AWS does not document what a negated operator returns for a variable without a value.
    let lacks_value = |value: &Value<Text>| {
        alternatives(value)
            .iter()
            .any(|expr| atoms(index, expr, Reading::Variables(on, action)).is_none())
    };
    if operator.negated && values.iter().any(lacks_value) {
        return Judgment::of(Ternary::Unknown, cause);
    }
    let fact = on.fact(index, action, &key.to_ascii_lowercase());
    let holds = match &fact {
        Fact::Absent => operator.without_key(values),
        Fact::AbsentOr(value) => {
            let present = with_key(
                index,
                &operator,
                values,
                &Fact::Value(value.clone()),
                action,
                on,
            );
            Ternary::unanimous([present, operator.without_key(values)])
        }
        Fact::Unknown => Ternary::Unknown,
        fact => with_key(index, &operator, values, fact, action, on),
    };
    Judgment::of(holds, cause)
}

fn with_key(
    index: &GraphIndex<'_>,
    operator: &Operator,
    values: &[Value<Text>],
    fact: &Fact,
    action: &str,
    on: &CallContext<'_>,
) -> Ternary {
    if operator.kind == Kind::Null {
        return !is_null(values);
    }
    // Every known key has a single value, for which `ForAllValues` and `ForAnyValue` are equal.
    let met = Ternary::any(values.iter().filter(|it| !it.is_absent()).map(|value| {
        let one = |expr: Expr| compare(index, operator.kind, &expr, fact, action, on);
        Ternary::unanimous(alternatives(value).into_iter().map(one))
    }));
    if operator.negated { !met } else { met }
}

/// Compares a value of a condition with the value of the key.
fn compare(
    index: &GraphIndex<'_>,
    kind: Kind,
    expr: &Expr,
    fact: &Fact,
    action: &str,
    on: &CallContext<'_>,
) -> Ternary {
    match fact {
        Fact::PrivateAddress(subnet) => {
            return match kind {
                Kind::Address => private_address(index, expr, *subnet),
                _ => Ternary::Unknown,
            };
        }
        Fact::PublicAddress(address) => {
            return match kind {
                Kind::Address => public_address(index, expr, *address),
                _ => Ternary::Unknown,
            };
        }
        Fact::Now => {
            return match (kind, expr) {
                (Kind::Date(comparison) | Kind::Number(comparison), Expr::Text(text)) => {
                    date(comparison, text)
                }
                _ => Ternary::Unknown,
            };
        }
        _ => {}
    }
    let reading = match kind {
        Kind::Like | Kind::Arn => Reading::Pattern(on, action),
        _ => Reading::Variables(on, action),
    };
    let Some(wanted) = atoms(index, expr, reading) else {
        return Ternary::No;
    };
    let Fact::Value(value) = fact else {
        // Every value matches `*`.
        return if kind == Kind::Like
            && !wanted.is_empty()
            && wanted.iter().all(|it| *it == Atom::Any)
        {
            Ternary::Yes
        } else {
            Ternary::Unknown
        };
    };
    match kind {
        Kind::Text {
            ignores_case: false,
        }
        | Kind::Like => matches(&wanted, value),
        Kind::Text { ignores_case: true } | Kind::Bool => {
            matches(&lowercase(wanted), &lowercase(value.clone()))
        }
        Kind::Arn => matches_arn(&wanted, value),
        Kind::Number(comparison) => {
            let number = |atoms: &[Atom]| known(atoms).and_then(|text| text.parse::<f64>().ok());
            match (number(value), number(&wanted)) {
                (Some(value), Some(wanted)) => holds(comparison, value, wanted).into(),
                _ => Ternary::Unknown,
            }
        }
        Kind::Date(_) | Kind::Address | Kind::Null => Ternary::Unknown,
    }
}

fn holds<T: PartialOrd>(comparison: Comparison, value: T, wanted: T) -> bool {
    match comparison {
        Comparison::Equals => value == wanted,
        Comparison::Less => value < wanted,
        Comparison::LessOrEqual => value <= wanted,
        Comparison::Greater => value > wanted,
        Comparison::GreaterOrEqual => value >= wanted,
    }
}

/// Parses a range or a single address.
fn range(index: &GraphIndex<'_>, expr: &Expr) -> Option<Cidr> {
    match expr {
        Expr::Text(text) if !text.contains('/') => parse_lenient(&format!("{}/32", text.trim())),
        expr => index.cidr(&Value::Expr(expr.clone())),
    }
}

fn private_address(index: &GraphIndex<'_>, expr: &Expr, subnet: Option<NodeId>) -> Ternary {
    let subnet = subnet.and_then(|id| {
        let node = index.graph.node(id)?;
        Some(Resolved::Node(id, Subnet::of(&node.resource)?))
    });
    let Some(subnet) = subnet else {
        return match range(index, expr) {
            Some(Cidr::ANY) => Ternary::Yes,
            _ => Ternary::Unknown,
        };
    };
    let asked = match (range(index, expr), expr) {
        (Some(range), _) => Value::Lit(range),
        (None, Expr::Text(_)) => return Ternary::Unknown,
        (None, expr) => Value::Expr(expr.clone()),
    };
    index.covers(&asked, &subnet)
}

fn public_address(index: &GraphIndex<'_>, expr: &Expr, address: Option<NodeId>) -> Ternary {
    match range(index, expr) {
        Some(Cidr::ANY) => return Ternary::Yes,
        Some(range) if range.is_private() => return Ternary::No,
        _ => {}
    }
    // An Elastic IP address of the file, alone or with `/32`.
    let named = match expr {
        Expr::Concat(parts) => match parts.as_slice() {
            [part, Expr::Text(suffix)] if suffix == "/32" => part,
            _ => return Ternary::Unknown,
        },
        expr => expr,
    };
    let (Expr::Attr(id, _) | Expr::Other(id, _)) = named else {
        return Ternary::Unknown;
    };
    let is_address = |name: &Text| matches!(name.as_ref(), "Ref" | "PublicIp" | "public_ip");
    let names_address = matches!(named, Expr::Other(_, name) if is_address(name));
    let is_eip = index
        .graph
        .node(*id)
        .is_some_and(|node| matches!(node.resource, Resource::Eip(_)));
    match address {
        Some(address) if is_eip && names_address => (address == *id).into(),
        _ => Ternary::Unknown,
    }
}

/// Compares the current time with a date.
fn date(comparison: Comparison, text: &str) -> Ternary {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let now = now.and_then(|now| i64::try_from(now.as_secs()).ok());
    match (now, seconds(text)) {
        // No session starts in the second of the date.
        (Some(_), Some(_)) if comparison == Comparison::Equals => Ternary::No,
        (Some(now), Some(wanted)) => holds(comparison, now, wanted).into(),
        _ => Ternary::Unknown,
    }
}

/// Parses a date of ISO 8601 or seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.len() > 4 {
        return text.parse().ok();
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut fields = date.split('-').map(str::parse::<i64>);
    let mut field = || match fields.next() {
        None => Some(1),
        Some(field) => field.ok(),
    };
    let (year, month, day) = (field()?, field()?, field()?);
    if fields.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // https://howardhinnant.github.io/date_algorithms.html#days_from_civil
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * 86_400 + time.map_or(Some(0), time_of_day)?)
}

/// Parses `hh:mm:ss` with a zone, in seconds.
fn time_of_day(text: &str) -> Option<i64> {
    let (time, zone) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, "Z"),
    };
    let clock = |text: &str| {
        let mut fields = text.split(':').map(|field| {
            let whole = field.split('.').next().unwrap_or_default();
            whole.parse::<i64>().ok()
        });
        let mut field = || fields.next().unwrap_or(Some(0));
        let (hours, minutes, seconds) = (field()?, field()?, field()?);
        Some(hours * 3600 + minutes * 60 + seconds)
    };
    let offset = match zone.split_at(1) {
        ("+", offset) => clock(offset)?,
        ("-", offset) => -clock(offset)?,
        _ => 0,
    };
    Some(clock(time)? - offset)
}

/// Returns the Elastic IP address of a NAT gateway that has no other.
pub(crate) fn nat_address(index: &GraphIndex<'_>, exit: NodeId) -> Option<NodeId> {
    let node = index.graph.node(exit)?;
    let mut more = node
        .origin
        .iter()
        .flat_map(|it| it.unknown_properties.iter());
    if more.any(|(name, _)| name.to_ascii_lowercase().starts_with("secondary")) {
        return None;
    }
    match &node.resource {
        Resource::NatGateway(nat) => {
            let address = nat.allocation.as_ref()?;
            match index.resolve_one::<Eip>(address) {
                Resolved::Node(id, _) => Some(id),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Returns whether two texts are equal, for principals, which have no wildcards.
pub(super) fn equals(index: &GraphIndex<'_>, expr: &Expr, value: &[Atom]) -> Ternary {
    matches(&plain(index, expr), value)
}

/// Returns whether an expression can have a text.
pub(crate) fn can_be(index: &GraphIndex<'_>, expr: &Expr, text: &str) -> bool {
    !equals(index, expr, &literal(text)).is_no()
}

#[cfg(test)]
mod tests {
    use super::{Operator, seconds};
    use crate::resource::operators;

    #[test]
    fn each_operator_of_iam_is_parsed() {
        // Only keys of other services are binary.
        let all = operators().filter(|it| !it.contains("Binary"));
        for operator in all {
            assert!(Operator::parse(&operator).is_some(), "{operator}");
            let lowercase = operator.to_ascii_lowercase();
            assert!(crate::resource::is_operator(&lowercase), "{operator}");
        }
        assert!(!crate::resource::is_operator("StringEqual"));
    }

    #[test]
    fn dates_are_iso_8601_or_seconds() {
        for (text, wanted) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-02", Some(86_400)),
            ("2000-03-01T00:00:00Z", Some(951_868_800)),
            ("2013-06-30T00:00:00Z", Some(1_372_550_400)),
            ("2013-06-30T01:00:00+01:00", Some(1_372_550_400)),
            ("1372550400", Some(1_372_550_400)),
            ("2013", Some(1_356_998_400)),
            ("tomorrow", None),
            ("2013-13-01", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text}");
        }
    }
}
