//! The table of meanings: what a property or the existence of a resource means for access.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::tsv;

/// Columns: type, property, meaning, values.
const MEANINGS: &str = include_str!("meanings.tsv");

/// Names of properties without a row that change no access.
const HARMLESS: &str = include_str!("harmless_names.txt");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Harmless,
    Modeled,
    Known,
    Unreviewed,
    Grants,
    Protects,
    Opaque,
    Opens,
    Uses,
    OpensAll,
    Limits(&'static str),
    Order(&'static str),
    Kept,
    Unknown,
    Safe(&'static str),
    SafeOnly(&'static str),
    SafeDefault(&'static str),
    Open(&'static str),
    Weak(&'static str),
    Beside(&'static str),
    Number(&'static str),
    Least(&'static str),
}

impl Meaning {
    /// Returns whether some values of the property protect more than others, or than none.
    pub(super) fn has_weaker_values(self) -> bool {
        use Meaning::{Kept, Least, Number, Open, Order, Safe, SafeDefault, SafeOnly, Weak};
        matches!(
            self,
            Kept | Least(_)
                | Number(_)
                | Open(_)
                | Order(_)
                | Safe(_)
                | SafeDefault(_)
                | SafeOnly(_)
                | Weak(_)
        )
    }
}

fn meaning(word: &str, values: &'static str) -> Meaning {
    match word {
        "harmless" => Meaning::Harmless,
        "modeled" => Meaning::Modeled,
        "known" => Meaning::Known,
        "unreviewed" => Meaning::Unreviewed,
        "grants" => Meaning::Grants,
        "protects" => Meaning::Protects,
        "opens" => Meaning::Opens,
        "uses" => Meaning::Uses,
        "opens-all" => Meaning::OpensAll,
        "limits" => Meaning::Limits(values),
        "order" => Meaning::Order(values),
        "kept" => Meaning::Kept,
        "safe" => Meaning::Safe(values),
        "safe-default" => Meaning::SafeDefault(values),
        "safe-only" => Meaning::SafeOnly(values),
        "open" => Meaning::Open(values),
        "weak" => Meaning::Weak(values),
        "beside" => Meaning::Beside(values),
        "number" => Meaning::Number(values),
        "least" => Meaning::Least(values),
        "opaque" => Meaning::Opaque,
        _ => Meaning::Unknown,
    }
}

/// Returns the type, the property, the meaning and the values of a row.
fn columns(row: &'static str) -> [&'static str; 4] {
    let mut columns = tsv::columns(row);
    let mut next = || columns.next().unwrap_or_default();
    [next(), next(), next(), next()]
}

/// Returns whether the names of a path without a row were reviewed. The keys of a map are free.
pub(super) fn is_harmless_name(path: &[String]) -> bool {
    static NAMES: OnceLock<HashMap<String, bool>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let rows = HARMLESS.lines().filter(|it| !it.starts_with('#'));
        let entry = |it: &str| match it.strip_suffix(".*") {
            Some(map) => (plain(map), true),
            None => (plain(it), false),
        };
        rows.map(entry).collect()
    });
    // The value of a function in place of all properties has no name.
    for part in path.iter().filter(|it| !it.is_empty()) {
        match names.get(part) {
            Some(true) => return true,
            Some(false) => {}
            None => return false,
        }
    }
    true
}

/// Returns a name without case and underscores.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .filter(|it| *it != '_')
        .collect::<String>()
        .to_lowercase()
}

/// The rows of a type, the ones of all types last.
pub(super) struct Rows(pub(super) Vec<(String, Meaning)>, usize);

impl Rows {
    pub(super) fn of(kind: &str) -> Rows {
        // A large template has thousands of resources.
        static ROWS: OnceLock<HashMap<&str, Vec<&'static str>>> = OnceLock::new();
        let rows = ROWS.get_or_init(|| {
            let mut out: HashMap<&str, Vec<&'static str>> = HashMap::new();
            for row in tsv::rows(MEANINGS) {
                let of = tsv::key(row);
                let of = if of.ends_with('*') { "*" } else { of };
                out.entry(of).or_default().push(row);
            }
            out
        });
        let (mut own, mut any, mut wild) = (Vec::new(), Vec::new(), Vec::new());
        let same = rows.get(kind).into_iter().flatten().find_map(|row| {
            let [_, property, word, of] = columns(row);
            (property == "." && word == "as").then_some(of)
        });
        let all = [Some(kind), same, Some("*")].into_iter().flatten();
        for row in all.filter_map(|it| rows.get(it)).flatten().copied() {
            let [of, property, word, values] = columns(row);
            if word == "as" {
                continue;
            }
            let entry = (plain(property), meaning(word, values));
            match of.strip_suffix('*') {
                Some("") => any.push(entry),
                Some(start) if kind.starts_with(start) => wild.push((start.len(), entry)),
                None if of == kind || Some(of) == same => own.push(entry),
                _ => {}
            }
        }
        // The longest beginning first.
        wild.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        own.extend(wild.into_iter().map(|(_, entry)| entry));
        let count = own.len();
        own.extend(any);
        Rows(own, count)
    }

    pub(super) fn existence(&self) -> Option<Meaning> {
        self.0
            .iter()
            .find(|(property, _)| property == ".")
            .map(|(_, it)| *it)
    }

    /// Returns the meaning of a path: of its last part with a row, and the row of the type first.
    pub(super) fn property(&self, path: &[String]) -> Option<Meaning> {
        let (own, any) = self.0.split_at(self.1);
        if let [.., above, last] = path
            && let Some((_, end)) = own
                .iter()
                .find(|(name, _)| name.split_once('.') == Some((above.as_str(), last.as_str())))
        {
            return Some(*end);
        }
        let row = |rows: &[(String, Meaning)], part: &String| {
            let found = rows.iter().find(|(name, _)| name == part);
            found.map(|(_, it)| *it)
        };
        let is_harmless = |part: &String| row(any, part) == Some(Meaning::Harmless);
        // The name of an item is its value.
        if let [above @ .., list, last] = path
            && last.ends_with("name")
            && row(own, last).is_none()
            && is_harmless(last)
            && !above.iter().any(is_harmless)
            && let Some(meaning) = row(own, list).or_else(|| row(any, list))
        {
            return Some(meaning);
        }
        let below_harmless = path.iter().any(is_harmless);
        // Values such as `true` are not those of a property below.
        let of_any = |at: usize, part: &String| {
            let found = row(any, part)?;
            let is_last = at + 1 == path.len();
            (is_last || found == Meaning::Kept || !found.has_weaker_values()).then_some(found)
        };
        path.iter().enumerate().rev().find_map(|(at, part)| {
            row(own, part).or_else(|| match below_harmless {
                true => Some(Meaning::Harmless),
                false => of_any(at, part),
            })
        })
    }

    /// Returns whether the type has a row for a path.
    pub(super) fn has_own(&self, path: &[String]) -> bool {
        let (own, _) = self.0.split_at(self.1);
        path.iter()
            .any(|part| own.iter().any(|(name, _)| name == part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_not_reviewed_is_not_harmless() {
        let of = |path: &str| is_harmless_name(&path.split('.').map(plain).collect::<Vec<_>>());
        assert!(of("MemorySize"));
        assert!(of("DefaultArguments.--job-language"));
        assert!(!of("MemorySize.NewProperty"));
        assert!(!of("NewProperty"));
    }

    #[test]
    fn a_terraform_type_has_the_rows_of_its_cloudformation_type() {
        let rows = Rows::of("aws_api_gateway_rest_api");
        assert_eq!(rows.existence(), Some(Meaning::Known));
        let path = ["endpointconfiguration", "types"].map(str::to_owned);
        assert_eq!(
            rows.property(&path),
            Some(Meaning::Open("EDGE,REGIONAL,omitted"))
        );
    }

    #[test]
    fn each_row_has_a_meaning() {
        let known = [
            "harmless",
            "modeled",
            "known",
            "as",
            "unreviewed",
            "grants",
            "protects",
            "opaque",
            "opens",
            "opens-all",
            "uses",
            "limits",
            "order",
            "kept",
            "unknown",
            "safe",
            "safe-only",
            "safe-default",
            "open",
            "weak",
            "beside",
            "number",
            "least",
        ];
        let mut keys = std::collections::HashSet::new();
        for row in tsv::rows(MEANINGS) {
            let columns: Vec<&str> = tsv::columns(row).collect();
            assert!(columns.len() >= 3 && known.contains(&columns[2]), "{row}");
            let values = matches!(
                columns[2],
                "as" | "order"
                    | "safe"
                    | "safe-only"
                    | "safe-default"
                    | "open"
                    | "weak"
                    | "beside"
                    | "number"
                    | "least"
            );
            let is_optional = columns[2] == "limits";
            assert!(is_optional || (columns.len() == 4) == values, "{row}");
            assert!(keys.insert((columns[0], plain(columns[1]))), "{row}");
        }
    }
}
