//! The configurations that CI deploys contain every property that any configuration generates.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use ssm_synth::resource::KINDS;

use super::{built, cases, documents};

/// The deployed cases and their arguments, from `tests/deployments.json`.
fn deployments() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deployments.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

type Features = BTreeSet<String>;

/// Returns the name of a property, or a placeholder for a name that the user chooses.
fn generic<'a>(at: &str, key: &'a str) -> &'a str {
    let tags = ["tags", "tags_all", "volume_tags", "Fn::Sub"];
    if tags.iter().any(|it| at.ends_with(it)) {
        "*"
    } else if key.starts_with("ssm:resourceTag/") {
        "ssm:resourceTag/*"
    } else {
        key
    }
}

/// Adds a feature for each property and each form of its value.
///
/// All literal texts and numbers are one feature: neither emulator nor provider shows how AWS handles
/// another text.
fn walk(value: &Value, at: &str, expression: fn(&str) -> BTreeSet<String>, out: &mut Features) {
    out.insert(at.to_owned());
    match value {
        Value::Null | Value::Number(_) => {}
        Value::Bool(value) => {
            out.insert(format!("{at} = {value}"));
        }
        Value::String(text) => {
            out.extend(
                expression(text)
                    .into_iter()
                    .map(|it| format!("{at} = {it}")),
            );
        }
        Value::Array(items) => items.iter().for_each(|it| walk(it, at, expression, out)),
        Value::Object(entries) => {
            for (key, value) in entries {
                // The branches of a function are values of the property.
                let function = key == "Ref" || key.starts_with("Fn::");
                let inner = if function {
                    out.insert(format!("{at} = {key}"));
                    at.to_owned()
                } else {
                    format!("{at}.{}", generic(at, key))
                };
                walk(value, &inner, expression, out);
            }
        }
    }
}

/// Returns the functions and block types that Terraform text refers to.
fn terraform_expression(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text
        .match_indices("${")
        .filter(|(at, _)| !text[..*at].ends_with('$'))
    {
        let inside = text[at + 2..].split('}').next().unwrap_or_default();
        let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        for name in inside.split_inclusive(word) {
            let (name, next) = name.split_at(name.trim_end_matches(word).len());
            if next == "(" || name.starts_with("aws_") || ["var", "local", "each"].contains(&name) {
                found.insert(name.to_owned());
            }
        }
        if inside.contains(" ? ") {
            found.insert("?".to_owned());
        }
    }
    found
}

fn template_features(template: &Value) -> Features {
    let none = |_: &str| BTreeSet::new();
    let mut out = Features::new();
    for (section, entries) in template.as_object().unwrap() {
        let Value::Object(entries) = entries else {
            out.insert(format!("cfn {section}"));
            continue;
        };
        for (name, value) in entries {
            let kind: &str = match section.as_str() {
                // Each Region with separate names has a condition.
                "Conditions" if name.starts_with("In") => "InRegion",
                "Conditions" => name,
                _ => value["Type"].as_str().unwrap_or_default(),
            };
            walk(value, &format!("cfn {section} {kind}"), none, &mut out);
        }
    }
    out
}

fn module_features(module: &Value) -> Features {
    let mut out = Features::new();
    for (block, of) in module.as_object().unwrap() {
        let at = format!("tf {block}");
        match (block.as_str(), of) {
            ("resource" | "data", Value::Object(kinds)) => {
                for (kind, named) in kinds {
                    for body in named.as_object().unwrap().values() {
                        walk(
                            body,
                            &format!("{at} {kind}"),
                            terraform_expression,
                            &mut out,
                        );
                    }
                }
            }
            ("variable" | "output", Value::Object(named)) => {
                for body in named.values() {
                    let kind = body["type"].as_str().unwrap_or_default();
                    walk(
                        body,
                        &format!("{at} {kind}"),
                        terraform_expression,
                        &mut out,
                    );
                }
            }
            _ => walk(of, &at, terraform_expression, &mut out),
        }
    }
    out
}

#[test]
fn ci_deploys_every_property_and_condition() {
    let deployments = deployments();
    let excluded = deployments["not_deployed"].as_object().unwrap();
    let chosen = deployments["in_ci"].as_object().unwrap();
    let mut features = BTreeMap::new();
    for (name, text) in cases() {
        let [(_, cfn), _, (_, tf), _] = documents(&name, &text);
        let mut of = template_features(&serde_json::from_str(&cfn).unwrap());
        of.extend(module_features(&serde_json::from_str(&tf).unwrap()));
        features.insert(name, of);
    }
    for name in excluded.keys().chain(chosen.keys()) {
        assert!(features.contains_key(name), "unknown case `{name}`");
    }
    let (mut missing, mut covered) = (Features::new(), Features::new());
    for (name, of) in &features {
        if chosen.contains_key(name) {
            assert!(!excluded.contains_key(name), "`{name}` is excluded");
            covered.extend(of.iter().cloned());
        } else if !excluded.contains_key(name) {
            missing.extend(of.iter().cloned());
        }
    }
    let missing: Features = missing.difference(&covered).cloned().collect();
    let mut help = String::new();
    let mut left = missing.clone();
    while !left.is_empty() {
        let candidates = features
            .iter()
            .filter(|(name, _)| !excluded.contains_key(*name));
        let (name, of) = candidates
            .max_by_key(|(_, of)| of.intersection(&left).count())
            .unwrap();
        let new: Vec<_> = of.intersection(&left).cloned().collect();
        help.push_str(&format!(
            "{name} adds {}: {:?}\n",
            new.len(),
            &new[..new.len().min(3)]
        ));
        left.retain(|it| !of.contains(it));
    }
    assert!(missing.is_empty(), "not deployed in CI:\n{help}");
}

/// CI deploys each format of both languages.
#[test]
fn ci_deploys_every_format() {
    let deployments = deployments();
    let formats = deployments["in_ci"].as_object().unwrap().values();
    let formats: BTreeSet<_> = formats
        .flat_map(|pair| {
            pair.as_array()
                .unwrap()
                .iter()
                .map(|it| it.as_str().unwrap())
        })
        .collect();
    assert_eq!(formats, BTreeSet::from(["cfn", "cfn-yaml", "tf", "hcl"]));
}

/// Every type that a construct creates occurs in a case, or in an example that CI deploys.
#[test]
fn every_type_of_a_construct_occurs_in_a_case() {
    let mut sources = String::new();
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/construct");
    for entry in std::fs::read_dir(directory).unwrap() {
        sources.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let created = |name: &str| {
        let call = format!("{name}::new(");
        sources.match_indices(&call).any(|(at, _)| {
            let before = sources[..at].chars().next_back();
            !before.is_some_and(|it| it.is_alphanumeric() || it == '_')
        })
    };
    let created: BTreeSet<_> = KINDS
        .iter()
        .map(|kind| kind.name)
        .filter(|name| created(name))
        .collect();
    let mut seen = BTreeSet::new();
    for (name, text) in cases() {
        let built = built(&name, &text);
        let graph = built.app.graph();
        let nodes = graph.stacks().flat_map(|stack| graph.nodes_of(stack));
        seen.extend(
            nodes
                .filter_map(|(_, node)| node.resource.kind())
                .map(|kind| kind.name),
        );
    }
    for example in deployments()["examples"].as_object().unwrap().keys() {
        let template: Value =
            serde_json::from_str(&super::examples::run(example, &["cfn"])).unwrap();
        let resources = template["Resources"].as_object().unwrap().values();
        let types: BTreeSet<_> = resources.map(|it| it["Type"].as_str().unwrap()).collect();
        let kinds = KINDS.iter().filter(|kind| types.contains(kind.cfn));
        seen.extend(kinds.map(|kind| kind.name));
    }
    assert!(created.len() > 20, "found only {created:?}");
    assert_eq!(
        created.difference(&seen).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
}
