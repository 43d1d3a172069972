//! User data that a plan does not show as text.
//!
//! Provider version 5 shows the SHA-1 hash of the decoded text. A text with the same hash is the user
//! data, wherever it comes from.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::expression::{constant, references};
use super::json::array;
use super::sha1::{Hash, hash, parse};
use super::{Module, Plan};
use crate::ir::{Expr, Text};
use crate::resource::{Map, RawValue};

/// The parts of a plan with texts that can be user data.
const PARTS: [&str; 4] = [
    "variables",
    "configuration",
    "planned_values",
    "prior_state",
];

/// Limits the texts that a template file is tried with.
const MAX_RENDERED: usize = 256;

/// Texts by their hash, and by the hash of what they encode.
#[derive(Debug, Default)]
pub(super) struct Texts(HashMap<Hash, String>);

impl Texts {
    fn add(&mut self, text: &str) {
        self.0
            .entry(hash(text.as_bytes()))
            .or_insert_with(|| text.to_owned());
        let decoded = STANDARD.decode(text.trim()).ok();
        if let Some(plain) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            self.0.insert(hash(plain.as_bytes()), plain);
        }
    }

    /// Adds the texts of a part of a plan.
    fn gather(&mut self, json: &Json) {
        match json {
            Json::String(text) => self.add(text),
            Json::Array(items) => items.iter().for_each(|it| self.gather(it)),
            Json::Object(map) => {
                map.values().for_each(|it| self.gather(it));
                self.add_rendered(map);
            }
            _ => {}
        }
    }

    /// Adds the parts of `data.cloudinit_config`, whose result is compressed by default.
    fn add_rendered(&mut self, map: &serde_json::Map<String, Json>) {
        let (Some(Json::String(result)), parts @ [_, ..]) =
            (map.get("rendered"), array(map.get("part")))
        else {
            return;
        };
        let contents = parts
            .iter()
            .filter_map(|part| part.get("content")?.as_str());
        let text = contents.collect::<Vec<_>>().join("\n");
        if let Ok(bytes) = STANDARD.decode(result) {
            self.0.insert(hash(&bytes), text.clone());
        }
        self.0.insert(hash(result.as_bytes()), text);
    }

    /// Adds what a template file renders with the values of variables.
    fn add_template(&mut self, file: &str, variables: &[(&str, String)]) {
        let names = placeholders(file);
        if names.is_empty() {
            return;
        }
        let mut all = vec![file.to_owned()];
        for name in names {
            let same: Vec<&String> = variables
                .iter()
                .filter(|(of, _)| *of == name)
                .map(|(_, value)| value)
                .collect();
            let values = if same.is_empty() {
                variables.iter().map(|(_, value)| value).collect()
            } else {
                same
            };
            if values.is_empty() || all.len() * values.len() > MAX_RENDERED {
                return;
            }
            let place = format!("${{{name}}}");
            let filled = all.iter().flat_map(|text| {
                values
                    .iter()
                    .map(|value| text.replace(&place, value))
                    .collect::<Vec<_>>()
            });
            all = filled.collect();
        }
        for text in all {
            self.0.entry(hash(text.as_bytes())).or_insert(text);
        }
    }
}

/// Returns the names in `${name}`, each once.
fn placeholders(template: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for part in template.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
        if !name.is_empty() && name.chars().all(is_name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Returns the values of the variables of the root module that are text.
fn variables(root: &Json) -> Vec<(&str, String)> {
    let all = root.get("variables").and_then(Json::as_object);
    let text = |it: &Json| match it.get("value")? {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    };
    let pairs = all.into_iter().flatten();
    pairs
        .filter_map(|(name, it)| Some((name.as_str(), text(it)?)))
        .collect()
}

impl Plan<'_> {
    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let mut texts = Texts::default();
            let parts = PARTS.iter().filter_map(|part| self.root.get(part));
            parts.for_each(|part| texts.gather(part));
            let variables = variables(self.root);
            for file in &self.files {
                texts.add(file);
                texts.add_template(file, &variables);
            }
            texts
        })
    }

    /// Replaces user data that the plan does not show by its text, or by an unknown text.
    pub(super) fn user_data(
        &self,
        module: &Module<'_>,
        map: &mut Map<'static>,
        expressions: &Json,
    ) {
        let unknown = || RawValue::from(Expr::Opaque(Text::Borrowed("user data")));
        for key in ["user_data", "user_data_base64"] {
            let shown = match map.get(key) {
                Some(RawValue::Str(text)) => text.to_string(),
                // The references of an expression do not show the text around them.
                Some(RawValue::Expr(_)) if !self.configured => {
                    map.remove(key);
                    // A known value would be in the plan, unless it is null.
                    let names = references(expressions.get(key).unwrap_or(&Json::Null));
                    if names.iter().any(|name| can_be_unknown(name, module)) {
                        map.insert(key, unknown());
                    }
                    continue;
                }
                _ => continue,
            };
            let known = if key == "user_data_base64" {
                let is_text = STANDARD.decode(&shown).map(String::from_utf8);
                match is_text {
                    Ok(Err(_)) => self.texts().0.get(&hash(shown.as_bytes())),
                    _ => continue,
                }
            } else {
                let Some(hash) = parse(&shown) else {
                    continue;
                };
                let constant = expressions.get(key).and_then(constant);
                if let Some(text) = constant.and_then(Json::as_str) {
                    let text = Text::Owned(text.to_owned());
                    map.remove(key);
                    map.insert(key, RawValue::Str(text));
                    continue;
                }
                self.texts().0.get(&hash)
            };
            let text = known.map(|text| RawValue::Str(Text::Owned(text.clone())));
            map.remove(key);
            map.insert(key, text.unwrap_or_else(unknown));
        }
    }
}

/// Returns whether a reference can be unknown until the apply. A variable of the root module is known.
fn can_be_unknown(name: &str, module: &Module<'_>) -> bool {
    let Some(variable) = name.strip_prefix("var.") else {
        let known = ["each.key", "count.", "path.", "terraform."];
        return !known.iter().any(|it| name.starts_with(it));
    };
    let variable = variable.split(['.', '[']).next().unwrap_or_default();
    let Some((parent, call, _)) = &module.parent else {
        return false;
    };
    let argument = call.get("expressions").and_then(|all| all.get(variable));
    let names = argument.map(references).unwrap_or_default();
    names.iter().any(|name| can_be_unknown(name, parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_the_hash_of_what_they_encode() {
        let mut texts = Texts::default();
        texts.gather(&serde_json::json!({
            "value": "#!/bin/bash\n",
            "encoded": STANDARD.encode("#cloud-config\n"),
            "rendered": STANDARD.encode([0x1f, 0x8b, 0xff]),
            "part": [{"content": "one"}, {"content": "two"}],
        }));
        let found = |bytes: &[u8]| texts.0.get(&hash(bytes)).map(String::as_str);
        assert_eq!(found(b"#!/bin/bash\n"), Some("#!/bin/bash\n"));
        assert_eq!(found(b"#cloud-config\n"), Some("#cloud-config\n"));
        assert_eq!(found(&[0x1f, 0x8b, 0xff]), Some("one\ntwo"));
        assert_eq!(found(b"another"), None);
    }

    #[test]
    fn templates_are_rendered_with_variables() {
        let mut texts = Texts::default();
        let variables = [
            ("svc", "amazon-ssm-agent".to_owned()),
            ("n", "1".to_owned()),
        ];
        texts.add_template("stop ${svc} ${other} ${svc}\n", &variables);
        let found = |text: &str| texts.0.contains_key(&hash(text.as_bytes()));
        assert!(found("stop amazon-ssm-agent 1 amazon-ssm-agent\n"));
        assert!(found(
            "stop amazon-ssm-agent amazon-ssm-agent amazon-ssm-agent\n"
        ));
        assert!(!found("stop 1 1 1\n"));
    }
}
