//! Values that the schema of their resource type excludes. CloudFormation refuses a template with them.

use std::borrow::Cow;

use super::Subject;
use super::required::{can_be_absent, objects};
use crate::ir::{Expr, near};
use crate::resource::{Map, RawValue, TemplateError};
use crate::tsv;

/// Columns: type, kind of limit, argument, properties.
const TABLE: &str = include_str!("limits.tsv");

/// Returns the errors of the evaluated properties of a resource. Does not print secrets.
pub(super) fn errors(of: Subject<'_>, properties: &Map<'_>) -> Vec<TemplateError> {
    let mut found = Vec::new();
    for row in tsv::rows_of(TABLE, of.type_name) {
        let mut columns = tsv::columns(row).skip(1);
        let (Some(kind), Some(argument), Some(paths)) =
            (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        for path in paths.split(',') {
            let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
            let objects = objects(properties, parent).into_iter();
            let broken = objects
                .filter_map(|it| it.get(name))
                .find_map(|value| violation(kind, argument, value, of.is_of_file));
            found.extend(broken.map(|it| it.error(of, path)));
        }
    }
    found
}

/// Returns the error for a value of another kind than that of its property.
pub(super) fn error(
    of: Subject<'_>,
    (path, kind): (&str, &str),
    value: &RawValue<'_>,
) -> Option<TemplateError> {
    Some(violation(kind, "", value, of.is_of_file)?.error(of, path))
}

/// A value that a limit excludes.
struct Violation<'v> {
    is_length: bool,
    value: Option<Cow<'v, str>>,
    /// A clause after the value.
    why: String,
    /// What the property can have instead.
    instead: String,
}

impl Violation<'_> {
    fn error(self, of: Subject<'_>, path: &str) -> TemplateError {
        let id = of.id;
        let why = self.why;
        // Services take some empty texts as absent.
        let is_empty = self.value.as_deref() == Some("") && self.is_length;
        let value = self.value.filter(|it| !(of.is_secret)(it));
        TemplateError {
            is_certain: !is_empty,
            ignores_condition: false,
            reason: match value {
                Some(value) => format!("`{id}` sets `{path}` to `{value}`, which {why}"),
                None => format!("`{id}` sets `{path}` to a value that {why}"),
            },
            fix: format!("set `{path}` to {}", self.instead),
        }
    }
}

fn violation<'v>(
    kind: &str,
    argument: &str,
    value: &'v RawValue<'_>,
    is_of_file: bool,
) -> Option<Violation<'v>> {
    if let RawValue::List(items) = value {
        if kind != "items" {
            return items
                .iter()
                .find_map(|it| violation(kind, argument, it, is_of_file));
        }
        let are_set = |it: &&RawValue<'_>| !it.is_items() && can_be_absent(it) == Some(false);
        let count = items.iter().filter(are_set).count();
        // An item of another form can stand for several.
        let is_whole = items.iter().all(|it| !it.is_spliced() && !it.is_items());
        let (least, most) = bounds(argument);
        let (bound, is_broken, which) = match (least, most) {
            (Some(least), _) if number_of(count) < least => (least, is_whole, ["fewer", "least"]),
            (_, Some(most)) => (most, number_of(count) > most, ["more", "most"]),
            _ => return None,
        };
        return is_broken.then(|| Violation {
            is_length: false,
            value: None,
            why: format!("has {count} items, {} than {bound}", which[0]),
            instead: match bound {
                1.0 => "one item".to_owned(),
                _ => format!("at {} {bound} items", which[1]),
            },
        });
    }
    let text = text(value)?;
    let (why, instead) = match kind {
        "enum" => not_listed(argument, &text, |it| it == text)?,
        "enum-any-case" => not_listed(argument, &text, |it| it.eq_ignore_ascii_case(&text))?,
        "pattern" => {
            let pattern = regex_lite::Regex::new(argument).ok()?;
            if pattern.is_match(&text) {
                return None;
            }
            let why = format!("does not match `{argument}`");
            (why, format!("a text that matches `{argument}`"))
        }
        "ipv4" | "ipv6" if super::services::is_range(kind, &text) => return None,
        "ipv4" => (
            "is not a range of IPv4 addresses".to_owned(),
            "a range such as `10.0.0.0/16`".to_owned(),
        ),
        "ipv6" => (
            "is not a range of IPv6 addresses".to_owned(),
            "a range such as `2001:db8::/56`".to_owned(),
        ),
        "boolean" if is_boolean(&text, is_of_file) => return None,
        "boolean" => (
            "is not a Boolean".to_owned(),
            "`true` or `false`".to_owned(),
        ),
        "length" => {
            let length = number_of(text.chars().count());
            let (why, instead) = outside(argument, length)?;
            let why = format!("has {length} characters, {why}");
            let instead = format!("a text of {instead} characters");
            // A long text would hide the message.
            let value = Some(text).filter(|it| it.len() < 50);
            return Some(Violation {
                is_length: true,
                value,
                why,
                instead,
            });
        }
        "integer" | "number" => match parse(&text) {
            None => (
                format!("is not {}", a_number(kind)),
                a_number(kind).to_owned(),
            ),
            Some(number) if kind == "integer" && number.fract() != 0.0 => {
                ("is not an integer".to_owned(), "an integer".to_owned())
            }
            Some(number) => {
                let (why, instead) = outside(argument, number)?;
                (format!("is {why}"), format!("a number that is {instead}"))
            }
        },
        _ => return None,
    };
    Some(Violation {
        is_length: false,
        value: Some(text),
        why,
        instead,
    })
}

fn text<'v>(value: &'v RawValue<'_>) -> Option<Cow<'v, str>> {
    match value {
        RawValue::Str(text) => Some(Cow::Borrowed(text)),
        RawValue::Int(number) => Some(number.to_string().into()),
        RawValue::Bool(value) => Some(value.to_string().into()),
        // A fraction, or a number that is too large for an integer.
        RawValue::Raw(json) if json.is_number() => Some(json.to_string().into()),
        RawValue::Expr(expr) => match expr.as_ref() {
            Expr::Text(text) => Some(Cow::Borrowed(text)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns a clause about a value that is none of a set, and what is allowed.
fn not_listed(
    argument: &str,
    text: &str,
    is_value: impl Fn(&str) -> bool,
) -> Option<(String, String)> {
    let values = || argument.split('|');
    let number = parse(text);
    let is_same = |it: &str| is_value(it) || (number.is_some() && parse(it) == number);
    // YAML has several spellings of a Boolean.
    if values().any(is_same) || (is_boolean(text, true) && values().any(|it| is_boolean(it, true)))
    {
        return None;
    }
    let quoted: Vec<String> = values().map(|it| format!("`{it}`")).collect();
    let quoted = quoted.join(", ");
    let instead = match (number, near(text, values())) {
        (None, Some(near)) => format!("`{near}`"),
        _ => format!("one of {quoted}"),
    };
    Some((format!("is not one of {quoted}"), instead))
}

/// Returns a clause about a number outside its bounds, and the bounds.
fn outside(argument: &str, number: f64) -> Option<(String, String)> {
    let (low, high) = bounds(argument);
    let why = match (low, high) {
        (Some(low), _) if number < low => format!("less than {low}"),
        (_, Some(high)) if number > high => format!("more than {high}"),
        _ => return None,
    };
    let instead = match (low, high) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (_, high) => format!("at most {}", high.unwrap_or_default()),
    };
    Some((why, instead))
}

fn bounds(argument: &str) -> (Option<f64>, Option<f64>) {
    let (low, high) = argument.split_once("..").unwrap_or_default();
    (low.parse().ok(), high.parse().ok())
}

/// Returns a number of JSON or YAML. CloudFormation accepts it as text, too.
fn parse(text: &str) -> Option<f64> {
    let text = text.trim().replace('_', "");
    let digits = text.trim_start_matches(['-', '+']);
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        let number = u32::from_str_radix(hexadecimal, 16).ok()?;
        return Some(f64::from(number));
    }
    let is_number = digits.starts_with(|it: char| it.is_ascii_digit() || it == '.');
    text.parse().ok().filter(|_| is_number)
}

/// Returns whether CloudFormation reads text as a Boolean. It refuses `yes` in quotes or in JSON.
fn is_boolean(text: &str, is_of_file: bool) -> bool {
    let is = |known: &[&str]| known.iter().any(|it| it.eq_ignore_ascii_case(text));
    is(&["true", "false", "1", "0"]) || is_of_file && is(&["yes", "no", "on", "off"])
}

fn number_of(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn a_number(kind: &str) -> &'static str {
    match kind {
        "integer" => "an integer",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{object, subject};
    use super::errors;

    fn found(type_name: &str, json: serde_json::Value) -> Vec<String> {
        let map = object(json);
        let errors = errors(subject(type_name), &map).into_iter();
        errors.map(|it| it.reason + ": " + &it.fix).collect()
    }

    #[test]
    fn a_value_outside_the_schema_is_an_error() {
        let host = "AWS::EC2::Instance";
        let of = |key: &str, value: serde_json::Value| {
            found(
                host,
                serde_json::Map::from_iter([(key.to_owned(), value)]).into(),
            )
        };
        assert_eq!(
            of("Tenancy", "Default".into()),
            [
                "`Id` sets `Tenancy` to `Default`, which is not one of `dedicated`, `default`, \
              `host`: set `Tenancy` to `default`"
            ]
        );
        assert_eq!(
            of("Tenancy", "secret".into()),
            [
                "`Id` sets `Tenancy` to a value that is not one of `dedicated`, `default`, `host`: \
              set `Tenancy` to one of `dedicated`, `default`, `host`"
            ]
        );
        assert_eq!(
            of("Monitoring", "detailed".into()),
            [
                "`Id` sets `Monitoring` to `detailed`, which is not a Boolean: \
              set `Monitoring` to `true` or `false`"
            ]
        );
        let limit = |value: serde_json::Value| {
            of(
                "MetadataOptions",
                serde_json::json!({"HttpPutResponseHopLimit": value}),
            )
        };
        assert_eq!(
            limit(65.into()),
            [
                "`Id` sets `MetadataOptions.HttpPutResponseHopLimit` to `65`, which is more than 64: \
              set `MetadataOptions.HttpPutResponseHopLimit` to a number that is 1 to 64"
            ]
        );
        assert!(limit("two".into())[0].contains("which is not an integer"));
        assert!(limit("1.5".into())[0].contains("which is not an integer"));
        for fine in ["64", "1", "2.0", "0x2"] {
            assert_eq!(limit(fine.into()), Vec::<String>::new(), "{fine}");
        }
        for fine in ["true", "False", "yes"] {
            assert_eq!(
                of("Monitoring", fine.into()),
                Vec::<String>::new(),
                "{fine}"
            );
        }
    }

    #[test]
    fn lists_and_lengths_have_bounds() {
        let group = |description: String| {
            found(
                "AWS::EC2::LaunchTemplate",
                serde_json::json!({"VersionDescription": description}),
            )
        };
        assert_eq!(group("d".repeat(255)), Vec::<String>::new());
        assert_eq!(
            group("d".repeat(256)),
            [
                "`Id` sets `VersionDescription` to a value that has 256 characters, more than 255: \
              set `VersionDescription` to a text of 0 to 255 characters"
            ]
        );
        let retention = |days: i64| {
            found(
                "AWS::Logs::LogGroup",
                serde_json::json!({"RetentionInDays": days}),
            )
        };
        assert_eq!(retention(30), Vec::<String>::new());
        assert!(retention(45)[0].contains("`45`, which is not one of `1`, `3`, "));
        let targets = |count: usize| {
            let targets = vec![serde_json::json!({"Key": "InstanceIds"}); count];
            found(
                "AWS::SSM::Association",
                serde_json::json!({"Targets": targets}),
            )
        };
        assert_eq!(targets(5), Vec::<String>::new());
        assert!(targets(6)[0].contains("to a value that has 6 items, more than 5"));
    }
}
