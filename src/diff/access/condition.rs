//! Patterns and conditions of policies: which requests meet them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::super::is_function;
use super::{list, name};

/// Limits the combinations of the values of a condition.
const MAX_ALTERNATIVES: usize = 256;

/// The tests of a condition: operator and key in lowercase, and the sorted values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tests(Vec<(String, String, Vec<String>)>);

impl Tests {
    pub(super) fn of(condition: Option<&Value>) -> Tests {
        let mut out = Vec::new();
        let Some(condition) = condition else {
            return Tests(out);
        };
        match condition.as_object().filter(|it| !is_function(it)) {
            Some(operators) => {
                for (operator, keys) in operators {
                    let operator = operator.to_lowercase();
                    match keys.as_object().filter(|it| !is_function(it)) {
                        Some(keys) => {
                            for (key, values) in keys {
                                let mut values: Vec<String> =
                                    list(Some(values)).into_iter().map(name).collect();
                                if operator.contains("ipaddress") {
                                    values.iter_mut().for_each(add_prefix);
                                }
                                values.sort();
                                values.dedup();
                                out.push((operator.clone(), key.to_lowercase(), values));
                            }
                        }
                        None => out.push((operator, String::new(), vec![name(keys)])),
                    }
                }
            }
            None => out.push((String::new(), String::new(), vec![name(condition)])),
        }
        out.sort();
        Tests(out)
    }

    /// Returns whether all requests that meet another condition meet this one.
    pub(super) fn cover(&self, other: &Tests) -> bool {
        self.0
            .iter()
            .all(|by| other.0.iter().any(|it| is_implied(by, it)))
    }

    /// Returns conditions that hold for the same requests as this one together, with one value in each test
    /// whose values are alternatives. Returns none if there are too many, or if they are the same.
    pub(super) fn alternatives(&self) -> Vec<Tests> {
        let is_split = |(operator, _, values): &&Test| {
            values.len() > 1
                && is_alternative(&base(operator))
                && quantifier(operator).is_none_or(|it| it == "foranyvalue")
        };
        let counts = self.0.iter().filter(is_split).map(|it| it.2.len());
        let count = counts.fold(1, usize::saturating_mul);
        if !(2..=MAX_ALTERNATIVES).contains(&count) {
            return Vec::new();
        }
        let mut out = vec![Tests::default()];
        for test in &self.0 {
            let each: Vec<Test> = match is_split(&test) {
                true => {
                    let of = |it: &String| (test.0.clone(), test.1.clone(), vec![it.clone()]);
                    test.2.iter().map(of).collect()
                }
                false => vec![test.clone()],
            };
            let with = |tests: Tests| {
                let more = each.iter().map(move |test| {
                    let mut tests = tests.clone();
                    tests.0.push(test.clone());
                    tests
                });
                more.collect::<Vec<Tests>>()
            };
            out = out.into_iter().flat_map(with).collect();
        }
        out
    }

    pub(super) fn text(&self) -> String {
        let tests = self.0.iter().map(|(operator, key, values)| {
            [operator.as_str(), key, &values.join(" or ")]
                .join(" ")
                .trim()
                .to_owned()
        });
        tests.collect::<Vec<_>>().join(" and ")
    }
}

/// Adds the prefix of a single address.
fn add_prefix(value: &mut String) {
    if let Ok(address) = value.parse::<IpAddr>() {
        *value = IpNet::from(address).to_string();
    }
}

type Test = (String, String, Vec<String>);

/// Returns an operator without its quantifier and `IfExists`.
fn base(operator: &str) -> String {
    let it = operator.strip_suffix("ifexists").unwrap_or(operator);
    it.rsplit(':').next().unwrap_or_default().to_owned()
}

fn quantifier(operator: &str) -> Option<&str> {
    operator.rsplit_once(':').map(|(all, _)| all)
}

/// Returns whether a test follows from another.
fn is_implied((operator, key, values): &Test, (other, other_key, of): &Test) -> bool {
    if key != other_key {
        return false;
    }
    if operator == other && values == of {
        return true;
    }
    let (by, it) = (base(operator), base(other));
    // Quantifiers must be the same. `IfExists` also holds without the key.
    let is_optional = |it: &str| it.ends_with("ifexists");
    if quantifier(operator) != quantifier(other) || is_optional(other) && !is_optional(operator) {
        return false;
    }
    if by == it
        && let ([value], [limit]) = (of.as_slice(), values.as_slice())
        && let Some((value, limit)) = ordered(&by, value, limit)
    {
        return match by.contains("less") {
            true => value <= limit,
            false => value >= limit,
        };
    }
    let patterns = ["stringlike", "arnlike", "arnequals"];
    let exact = ["stringequals", "stringlike", "arnequals", "arnlike"];
    if by.contains("not") {
        // The broader test excludes fewer values.
        let is_comparable = by == it || it == "stringnotlike" && by == "stringnotequals";
        let excludes = |excluded: &str, value: &str| match it.as_str() {
            "notipaddress" => contains(excluded, value),
            "stringnotlike" | "arnnotlike" | "arnnotequals" => matches(excluded, value),
            _ => excluded == value,
        };
        let is_excluded = |value: &String| of.iter().any(|it| excludes(it, value));
        return is_comparable && values.iter().all(is_excluded);
    }
    if by == "ipaddress" && it == by {
        return of.iter().all(|value| is_within(value, values));
    }
    let within = |value: &String, pattern: &String| match by.as_str() {
        by if patterns.contains(&by) => matches(pattern, value),
        "stringequalsignorecase" => value.eq_ignore_ascii_case(pattern),
        _ => value == pattern,
    };
    // Without a wildcard or a variable, a pattern is a text.
    let is_text = |it: &String| !it.contains(['*', '?', '$']);
    let comparable = by == it
        || by == "stringequalsignorecase" && it == "stringequals"
        || by == "stringequals" && it == "stringlike" && of.iter().all(is_text)
        || patterns.contains(&by.as_str())
            && exact.contains(&it.as_str())
            && by.starts_with("arn") == it.starts_with("arn");
    comparable
        && is_alternative(&by)
        && of
            .iter()
            .all(|value| values.iter().any(|pattern| within(value, pattern)))
}

/// Returns whether a value that an operator without its quantifier lists is enough.
fn is_alternative(operator: &str) -> bool {
    matches!(
        operator,
        "stringequals"
            | "stringequalsignorecase"
            | "stringlike"
            | "arnlike"
            | "arnequals"
            | "ipaddress"
            | "bool"
            | "numericequals"
            | "dateequals"
            | "binaryequals"
    )
}

/// Returns whether a CIDR range contains another.
fn contains(range: &str, value: &str) -> bool {
    match (range.parse::<IpNet>(), value.parse::<IpNet>()) {
        (Ok(range), Ok(value)) => range.contains(&value),
        _ => range == value,
    }
}

/// Returns whether CIDR ranges together contain another.
fn is_within(value: &str, ranges: &[String]) -> bool {
    let nets = ranges.iter().filter_map(|it| it.parse::<IpNet>().ok());
    let nets: Vec<IpNet> = nets.map(|it| it.trunc()).collect();
    let parsed = value.parse::<IpNet>();
    ranges.iter().any(|it| it == value)
        || parsed.is_ok_and(|value| IpNet::aggregate(&nets).iter().any(|it| it.contains(&value)))
}

/// Returns the numbers or dates that an operator compares, as numbers.
fn ordered(operator: &str, value: &str, limit: &str) -> Option<(f64, f64)> {
    let is_ordered = operator.contains("less") || operator.contains("greater");
    let number = |text: &str| match operator.starts_with("date") {
        // Dates of the same form are in the order of their digits.
        true => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse().ok().filter(|_| text.ends_with('Z'))
        }
        false => text.parse::<f64>().ok(),
    };
    let is_comparable = operator.starts_with("numeric") || value.len() == limit.len();
    let both = is_ordered && is_comparable;
    Some((number(value)?, number(limit)?)).filter(|_| both)
}

/// Returns whether a pattern with `*` and `?` covers everything that another pattern matches.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let [pattern, text]: [Vec<char>; 2] = [pattern, text].map(|it| it.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            // A wildcard for several characters is not covered by one for a single character.
            Some(one) if (*one == '?' && text[t] != '*') || *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|it| *it == '*')
}

/// Returns whether some text matches both patterns.
pub(super) fn overlap(a: &str, b: &str) -> bool {
    fn at(a: &[char], b: &[char], known: &mut Vec<(usize, usize)>) -> bool {
        match (a.first(), b.first()) {
            (None, None) => return true,
            (Some('*'), _) if at(&a[1..], b, known) => return true,
            (_, Some('*')) if at(a, &b[1..], known) => return true,
            _ => {}
        }
        // Avoids comparing a pair of suffixes twice.
        if known.contains(&(a.len(), b.len())) {
            return false;
        }
        known.push((a.len(), b.len()));
        match (a.first(), b.first()) {
            (Some('*'), Some(_)) => at(a, &b[1..], known),
            (Some(_), Some('*')) => at(&a[1..], b, known),
            (Some(x), Some(y)) if x == y || *x == '?' || *y == '?' => at(&a[1..], &b[1..], known),
            _ => false,
        }
    }
    let [a, b]: [Vec<char>; 2] = [a, b].map(|it| it.chars().collect());
    at(&a, &b, &mut Vec::new())
}
