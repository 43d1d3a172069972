//! The schemas of the services contain every name in the tables.

use ssm_synth::resource::KINDS;

/// Nested properties. Separate files contain their names.
fn knows(schema: &serde_json::Value, of: &str, name: &str) -> bool {
    let names = schema[of].as_array();
    names.is_some_and(|names| names.iter().any(|known| known == name))
}

#[test]
fn every_name_is_in_the_schemas() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/schema_names.json");
    let schemas: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(schemas).unwrap()).unwrap();
    let mut missing = Vec::new();
    for kind in KINDS {
        for field in kind.fields {
            let (cfn, tf) = (&schemas["cloudformation"], &schemas["terraform"]);
            if !field.cfn.is_empty() && !knows(cfn, kind.cfn, field.cfn) {
                missing.push(format!("{} {}", kind.cfn, field.cfn));
            }
            if !field.tf.is_empty() && !knows(tf, kind.tf, field.tf) {
                missing.push(format!("{} {}", kind.tf, field.tf));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "{missing:#?}\nof a new type: run `python3 tests/data/refresh.py schema-names`"
    );
}

#[test]
fn import_identifiers_are_those_of_the_schemas() {
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/schema_names.json");
    let schemas: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(schemas).unwrap()).unwrap();
    for kind in KINDS.iter().filter(|it| !it.identifiers.is_empty()) {
        let mut identifiers: Vec<&str> = kind.identifiers.split(',').collect();
        identifiers.sort_unstable();
        let expected = &schemas["identifiers"][kind.cfn];
        assert_eq!(&serde_json::json!(identifiers), expected, "{}", kind.cfn);
    }
}

/// The schemas contain every name that the cases write, including nested names.
#[test]
fn every_written_name_is_in_the_schemas() {
    use ssm_synth::ir::Dialect;
    use ssm_synth::resource::{Map, RawValue};

    fn names(map: &Map<'_>, before: &str, out: &mut Vec<String>) {
        for (key, term) in map.iter() {
            let name = format!("{before}{key}");
            match term {
                RawValue::Object(inner) | RawValue::Block(inner)
                    if !["tags", "Parameters", "parameters", "dimensions"].contains(&key) =>
                {
                    names(inner, &format!("{name}."), out);
                }
                RawValue::List(items) => {
                    for item in items {
                        if let RawValue::Object(inner) | RawValue::Block(inner) = item {
                            names(inner, &format!("{name}."), out);
                        }
                    }
                }
                _ => {}
            }
            out.push(name);
        }
    }

    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/schema_names.json");
    let schemas: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(schemas).unwrap()).unwrap();
    for (case, text) in super::cases() {
        let built = super::built(&case, &text);
        let graph = built.app.graph();
        for (_, node) in graph.stacks().flat_map(|stack| graph.nodes_of(stack)) {
            let kind = node.resource.kind().unwrap();
            for dialect in [Dialect::Cfn, Dialect::Tf] {
                let of = dialect.pick(kind.cfn, kind.tf);
                let schema = &schemas[dialect.pick("cloudformation", "terraform")];
                let mut all = Vec::new();
                names(&node.resource.put(dialect), "", &mut all);
                for name in all {
                    assert!(knows(schema, of, &name), "{case}: {of} has no {name}");
                }
            }
        }
    }
}

#[test]
fn a_search_of_the_documentation_finds_each_property_by_its_name_in_terraform() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/resource");
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "rs") || path.ends_with("table.rs") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            // `name: Type = "Cfn" / "tf",`, with `doc` before an alias.
            let Some((field, rest)) = line.trim().split_once(": ") else {
                continue;
            };
            let Some((_, tf)) = rest.rsplit_once(" / ") else {
                continue;
            };
            let is_name = |it: &str| {
                !it.is_empty() && it.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
            };
            let alias = tf.strip_prefix("doc ");
            let name = alias.unwrap_or(tf).trim_end_matches(',').trim_matches('"');
            if !is_name(field) || !rest.contains(" = ") || rest.contains("link") {
                continue;
            }
            let differs = !name.is_empty() && name != field;
            assert_eq!(alias.is_some(), differs, "{}: {line}", path.display());
            count += 1;
        }
    }
    assert!(count > 500, "{count}");
}
