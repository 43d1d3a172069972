//! Every property and type that can affect a session is in exactly one class.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use ssm_synth::ir::Dialect;
use ssm_synth::reachability::Hop;
use ssm_synth::resource::{Coverage, Inside, KINDS, Kind};

const LANGUAGES: [Dialect; 2] = [Dialect::Cfn, Dialect::Tf];

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap()
}

fn schemas() -> Value {
    serde_json::from_str(&read("tests/data/schema_names.json")).unwrap()
}

/// Returns names of a type, empty for a type without any.
fn names<'s>(schemas: &'s Value, part: &str, of: &str) -> Vec<&'s str> {
    let names = schemas[part][of].as_array();
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Returns the text of the code below a directory, without comments.
fn code(directory: &str) -> String {
    fn collect(directory: &Path, out: &mut String) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let lines = text.lines().filter(|it| !it.trim_start().starts_with("//"));
                out.extend(lines.flat_map(|line| [line, "\n"]));
            }
        }
    }
    let mut out = String::new();
    collect(&root(directory), &mut out);
    out
}

/// Returns the types that the reader of plans reads as another one, and that one.
fn equivalents() -> Vec<(String, String)> {
    let text = read("src/frontend/plan/mod.rs");
    let pairs = text.lines().filter_map(|line| {
        let (from, to) = line.trim().strip_prefix('"')?.split_once("\" => \"")?;
        let to = to.strip_suffix("\",")?;
        (from.starts_with("aws_") && to.starts_with("aws_"))
            .then(|| (from.to_owned(), to.to_owned()))
    });
    let found: Vec<_> = pairs.collect();
    assert!(!found.is_empty());
    found
}

/// Returns the types that a table covers, in both languages.
fn types_of(kind: &Kind, equivalents: &[(String, String)]) -> Vec<(Dialect, String)> {
    let own = LANGUAGES.map(|dialect| (dialect, dialect.pick(kind.cfn, kind.tf).to_owned()));
    let others = equivalents.iter().filter(|(_, to)| to == kind.tf);
    own.into_iter()
        .filter(|(_, name)| !name.is_empty())
        .chain(others.map(|(from, _)| (Dialect::Tf, from.clone())))
        .collect()
}

fn all_names<'s>(schemas: &'s Value, dialect: Dialect, of: &str) -> Vec<&'s str> {
    names(schemas, dialect.pick("cloudformation", "terraform"), of)
}

/// Returns the rows of `types.tsv`: type, effect, reason.
fn rows(text: &str) -> Vec<[&str; 3]> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            columns.try_into().unwrap()
        })
        .collect()
}

/// Returns the types that the check reads: those that its code names.
fn analyzed() -> Vec<&'static Kind> {
    let text = code("src/reachability");
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    KINDS
        .iter()
        .filter(|kind| words.contains(kind.name))
        .collect()
}

/// Omits names whose parent is in the same class.
fn outermost<'n>(
    all: &BTreeMap<&'n str, Coverage>,
    wanted: impl Fn(&Coverage) -> bool,
) -> Vec<&'n str> {
    let class_of_parent = |name: &str| {
        name.rsplit_once('.')
            .and_then(|(parent, _)| all.get(parent))
    };
    all.iter()
        .filter(|(_, class)| wanted(class))
        .filter(|(name, class)| class_of_parent(name) != Some(class))
        .map(|(name, _)| *name)
        .collect()
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn page(schemas: &Value, types: &str) -> String {
    let mut out = String::new();
    let equivalents = equivalents();
    for kind in analyzed() {
        for (dialect, of) in types_of(kind, &equivalents) {
            let mut all: BTreeMap<&str, Coverage> = all_names(schemas, dialect, &of)
                .into_iter()
                .map(|name| (name, kind.coverage(name, dialect)))
                .collect();
            if dialect == Dialect::Cfn {
                // No template can set them.
                for name in names(schemas, "read_only", &of) {
                    let inside =
                        |it: &str| it.strip_prefix(name).is_some_and(|it| it.starts_with('.'));
                    all.retain(|it, _| *it != name && !inside(it));
                }
            }
            if all.is_empty() {
                continue;
            }
            let _ = write!(
                out,
                "\n### `{of}`\n\n| Class | Properties |\n| --- | --- |\n"
            );
            let modeled = outermost(&all, |it| *it == Coverage::Modeled);
            let _ = writeln!(out, "| modeled | {} |", listed(&modeled));
            let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for name in outermost(&all, |it| matches!(it, Coverage::Inert { .. })) {
                let Coverage::Inert { reason, values } = all[name] else {
                    unreachable!()
                };
                let only = values.map_or(String::new(), |values| {
                    let values: Vec<&str> = values.split('|').collect();
                    format!("; only {}", listed(&values))
                });
                reasons
                    .entry(format!("{reason}{only}"))
                    .or_default()
                    .push(name);
            }
            for (reason, names) in reasons {
                let _ = writeln!(out, "| inert: {reason} | {} |", listed(&names));
            }
            let unmodeled = outermost(&all, |it| *it == Coverage::Unmodeled);
            if !unmodeled.is_empty() {
                let _ = writeln!(out, "| unknown | {} |", listed(&unmodeled));
            }
        }
    }
    out.push_str(
        "\n## Types without a table\n\n| Effect | Reason | Types |\n| --- | --- | --- |\n",
    );
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for [name, effect, reason] in rows(types) {
        groups.entry((effect, reason)).or_default().push(name);
    }
    for ((effect, reason), names) in groups {
        let _ = writeln!(out, "| {effect} | {reason} | {} |", listed(&names));
    }
    out
}

/// `UPDATE_PAGES=1` writes the page. A property that AWS adds changes it.
#[test]
fn the_reference_page_contains_the_class_of_each_property() {
    let file = root("docs/reference/check-coverage.md");
    let found = std::fs::read_to_string(&file).unwrap();
    let head = found.split("\n### ").next().unwrap();
    let types = read("src/reachability/types.tsv");
    let expected = format!("{}\n{}", head.trim_end(), page(&schemas(), &types));
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&file, &expected).unwrap();
        return;
    }
    assert!(
        found == expected,
        "docs/reference/check-coverage.md is out of date. Classify new properties in src/resource, \
         then: UPDATE_PAGES=1 cargo test --all-features --test it check_coverage"
    );
}

/// A plan contains these attributes, whatever the author writes.
#[test]
fn no_attribute_that_only_aws_sets_makes_a_hop_unknown() {
    let schemas = schemas();
    let mut wrong = Vec::new();
    let equivalents = equivalents();
    for kind in analyzed() {
        for (_, of) in types_of(kind, &equivalents)
            .iter()
            .filter(|it| it.0 == Dialect::Tf)
        {
            for name in names(&schemas, "read_only", of) {
                if kind.coverage(name, Dialect::Tf) == Coverage::Unmodeled
                    && !UNKNOWN_IF_SET.contains(&(kind.tf, name))
                {
                    wrong.push(format!("{of} {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Attributes that AWS sets only if another argument, which is not modeled, is set.
const UNKNOWN_IF_SET: &[(&str, &str)] = &[
    // An Outpost or a Wavelength Zone.
    ("aws_eip", "carrier_ip"),
    ("aws_eip", "customer_owned_ip"),
    ("aws_instance", "outpost_arn"),
    ("aws_network_interface", "outpost_arn"),
];

#[test]
fn every_inert_name_is_in_the_schemas() {
    fn collect(table: &Inside, before: &str, dialect: Dialect, out: &mut Vec<String>) {
        for inert in table.inert {
            let own = dialect.pick(inert.cfn, inert.tf);
            assert!(!inert.reason.is_empty(), "{own}");
            let name = own.split('=').next().unwrap();
            if !name.is_empty() {
                out.push(format!("{before}{name}"));
            }
        }
        for field in table.fields {
            let own = dialect.pick(field.cfn, field.tf);
            if let Some(inside) = field.inside.filter(|_| !own.is_empty()) {
                collect(&inside, &format!("{before}{own}."), dialect, out);
            }
        }
    }

    let schemas = schemas();
    // A nested table is in several types, not all of which have all its properties.
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    let equivalents = equivalents();
    for kind in KINDS {
        for dialect in LANGUAGES {
            let all: Vec<&str> = types_of(kind, &equivalents)
                .iter()
                .filter(|it| it.0 == dialect)
                .flat_map(|(_, of)| all_names(&schemas, dialect, of))
                .collect();
            let mut found = Vec::new();
            for inert in kind.inert {
                let own = dialect.pick(inert.cfn, inert.tf).split('=').next().unwrap();
                assert!(!inert.reason.is_empty(), "{own}");
                if !own.is_empty() {
                    assert!(all.contains(&own), "{} has no {own}", kind.name);
                }
            }
            for field in kind.fields {
                let own = dialect.pick(field.cfn, field.tf);
                if let Some(inside) = field.inside.filter(|_| !own.is_empty()) {
                    collect(&inside, &format!("{own}."), dialect, &mut found);
                }
            }
            for name in found {
                let last = name.rsplit('.').next().unwrap().to_owned();
                *known.entry(last).or_default() |= all.contains(&name.as_str());
            }
        }
    }
    let unknown: Vec<_> = known.iter().filter(|(_, known)| !**known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Types that no schema has: macros' and authors' own.
const WITHOUT_SCHEMA: [&str; 4] = [
    "AWS::Serverless::Application",
    "MODULE",
    "null_resource",
    "terraform_data",
];

#[test]
fn every_type_of_the_services_has_a_table_or_a_row() {
    let (text, names) = (
        read("src/reachability/types.tsv"),
        read("tests/data/service_types.tsv"),
    );
    let rows = rows(&text);
    let types: BTreeSet<&str> = names.lines().filter(|it| !it.starts_with('#')).collect();
    let equivalents = equivalents();
    let tables = KINDS.iter().flat_map(|it| [it.cfn, it.tf]);
    let tables: BTreeSet<&str> = tables
        .chain(equivalents.iter().map(|(from, _)| from.as_str()))
        .collect();
    let mut found = BTreeSet::new();
    for [name, effect, reason] in &rows {
        assert!(found.insert(*name), "two rows for {name}");
        assert!(!tables.contains(name), "{name} has a table");
        let exists =
            types.contains(name) || name.starts_with("Custom::") || WITHOUT_SCHEMA.contains(name);
        assert!(exists, "{name} does not exist");
        assert!(!reason.is_empty(), "{name}");
        let is_hop = |word: &str| Hop::ALL.iter().any(|hop| hop.as_str() == word);
        assert!(
            ["none", "references", "anything", "names", "zone"].contains(effect)
                || effect.split(',').all(is_hop),
            "{name}: {effect}"
        );
    }
    let services = read("src/reachability/services.tsv");
    let services: BTreeSet<&str> = services
        .lines()
        .filter_map(|it| it.split('\t').next())
        .collect();
    // A service in the data has all its types in `services.tsv`, or those with an effect in `types.tsv`.
    let is_listed = |name: &str| match name.strip_suffix('*') {
        Some(service) => {
            services.contains(service) || found.iter().any(|it| it.starts_with(service))
        }
        None => tables.contains(name) || found.contains(name),
    };
    let missing: Vec<&&str> = types.iter().filter(|it| !is_listed(it)).collect();
    assert!(
        missing.is_empty(),
        "add rows to src/reachability/types.tsv or services.tsv: {missing:#?}"
    );
    assert!(types.len() > 500, "{}", types.len());
}
