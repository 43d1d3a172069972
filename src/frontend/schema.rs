//! JSON Schema and reference page of the configuration file, from the tables of options.

use serde_json::{Map, Value, json};

use super::config::StackOptions;
use crate::construct::Parts;
use crate::construct::option_types::{Kind, OptionRow, Options as _, PARAMETER, parameter_types};
use crate::region::PATTERNS;

/// The tables of the whole file.
const ROOT: &[&[OptionRow]] = &[StackOptions::ROWS, Parts::ROWS];

fn schema_of(of: &Kind) -> Value {
    match of {
        Kind::Text => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int(min, max) => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        Kind::Cidr => {
            json!({ "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$" })
        }
        Kind::Region => {
            let names: Vec<&str> = crate::region::regions().iter().map(|it| it.name).collect();
            let starts = PATTERNS
                .iter()
                .flat_map(|(_, starts)| starts.iter().copied());
            let starts: Vec<&str> = starts.collect();
            // A Region that AWS opened after this version.
            let pattern = format!("^({})-[a-z0-9]+-[0-9]+$", starts.join("|"));
            json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": pattern }] })
        }
        Kind::Words(words) => json!({ "enum": words }),
        Kind::Parameter(_) => object_schema(&[PARAMETER]),
        Kind::Either(one, other) => json!({ "anyOf": [schema_of(one), schema_of(other)] }),
        Kind::List(inner) => json!({ "type": "array", "items": schema_of(inner) }),
        Kind::Object(tables) => object_schema(tables),
        Kind::MapOf(inner) => {
            json!({ "type": "object", "additionalProperties": schema_of(inner) })
        }
    }
}

/// A key without a value leaves the default.
fn nullable(schema: &mut Map<String, Value>) {
    for key in ["type", "enum", "anyOf"] {
        let null = match key {
            "type" => json!("null"),
            "enum" => Value::Null,
            _ => json!({ "type": "null" }),
        };
        match schema.get_mut(key) {
            Some(Value::Array(of)) => of.push(null),
            Some(one) => *one = Value::Array(vec![one.take(), null]),
            None => {}
        }
    }
}

fn object_schema(tables: &[&[OptionRow]]) -> Value {
    let mut properties = Map::new();
    for row in tables.iter().copied().flatten() {
        let mut schema = Map::new();
        let doc = format!("{} Default: {}.", row.doc(), row.default());
        schema.insert("description".to_owned(), Value::String(doc));
        if let Value::Object(of) = schema_of(&row.kind) {
            schema.extend(of);
        }
        if !row.is_required() {
            nullable(&mut schema);
        }
        properties.insert(row.key.to_owned(), Value::Object(schema));
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    let rows = tables.iter().copied().flatten();
    let required = rows.filter(|row| row.is_required());
    let required: Vec<&str> = required.map(|row| row.key).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(schema)
}

/// Returns the JSON Schema of the configuration file.
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("title".to_owned(), json!("ssm-synth.yaml"));
    if let Value::Object(of) = object_schema(ROOT) {
        schema.extend(of);
    }
    // An empty file is all defaults.
    nullable(&mut schema);
    Value::Object(schema)
}

fn type_name(of: &Kind) -> String {
    match of {
        Kind::Text => "text".to_owned(),
        Kind::Bool => "boolean".to_owned(),
        Kind::Int(min, max) => format!("integer from {min} to {max}"),
        Kind::Cidr => "IPv4 range".to_owned(),
        Kind::Region => "region".to_owned(),
        Kind::Words(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Kind::Parameter(of) => format!("`{{parameter: …}}` {}", parameter_types(of)),
        Kind::Either(one, other) => {
            let comma = if matches!(**other, Kind::Parameter(_)) {
                ""
            } else {
                ","
            };
            format!("{}{comma} or {}", type_name(one), type_name(other))
        }
        Kind::List(inner) => match **inner {
            Kind::Object(_) => "list of maps".to_owned(),
            _ => format!("list of {}", type_name(inner)),
        },
        Kind::Object(_) => "map".to_owned(),
        Kind::MapOf(inner) => format!("map of {}", type_name(inner)),
    }
}

fn rows(out: &mut String, tables: &[&[OptionRow]], before: &str) {
    for row in tables.iter().copied().flatten() {
        let path = format!("{before}{}", row.key);
        let (of, default, doc) = (type_name(&row.kind), row.default(), row.doc());
        out.push_str(&format!("| `{path}` | {of} | {default} | {doc} |\n"));
        inner_rows(out, &row.kind, &path);
    }
}

fn inner_rows(out: &mut String, of: &Kind, path: &str) {
    match of {
        Kind::Object(tables) => rows(out, tables, &format!("{path}.")),
        Kind::List(inner) => inner_rows(out, inner, &format!("{path}[]")),
        Kind::MapOf(inner) => inner_rows(out, inner, &format!("{path}.NAME")),
        Kind::Either(one, other) => {
            inner_rows(out, one, path);
            inner_rows(out, other, path);
        }
        _ => {}
    }
}

/// Returns the reference page of the configuration file, in Markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "# Configuration\n\nThe configuration is `ssm-synth.yaml` or `ssm-synth.yml` in the current \
         directory, or in a directory above it up to the root of the repository. `--config FILE` \
         reads another file, and `-` reads standard input. All settings are optional unless the \
         table says `required`. An unknown key is an error.\n\n\
         `ssm-synth schema` prints the JSON Schema. `ssm-synth schema -f markdown` prints this \
         page.\n\n\
         | Setting | Type | Default | Description |\n| --- | --- | --- | --- |\n",
    );
    rows(&mut out, ROOT, "");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(tables: &[&'static [OptionRow]], check: &mut impl FnMut(&'static OptionRow)) {
        for row in tables.iter().copied().flatten() {
            check(row);
            inner(&row.kind, check);
        }
    }

    fn inner(kind: &'static Kind, check: &mut impl FnMut(&'static OptionRow)) {
        match kind {
            Kind::Object(tables) => each(tables, check),
            Kind::List(of) | Kind::MapOf(of) => inner(of, check),
            Kind::Either(one, other) => {
                inner(one, check);
                inner(other, check);
            }
            _ => {}
        }
    }

    #[test]
    fn descriptions_are_sentences_that_start_with_a_verb_or_a_noun() {
        let mut count = 0;
        each(ROOT, &mut |row| {
            count += 1;
            let (key, doc) = (row.key, row.doc());
            assert!(doc.ends_with('.') && !doc.contains("  "), "{key}: {doc}");
            if let Kind::Bool | Kind::Either(Kind::Bool, Kind::Object(_)) = row.kind {
                let verb = doc.starts_with("Creates ") || doc.starts_with("Enables ");
                assert!(verb, "{key}: {doc}");
            }
        });
        assert!(count > 80, "found only {count}");
    }

    #[test]
    fn a_required_option_of_a_group_is_required_in_the_schema() {
        let image = &schema()["properties"]["instances"]["items"]["properties"]["image"];
        assert_eq!(
            image["anyOf"][1]["required"],
            serde_json::json!(["root_device_name"])
        );
    }
}
