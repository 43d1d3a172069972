//! Values that a report must not show. Placeholders differ for different values within one run, so
//! that the comparison finds a change.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use serde_json::Value;

use super::access::AccessChange;
use super::{Change, Difference};

pub(super) const SENSITIVE: &str = "(sensitive)";
/// The digits of a placeholder.
const DIGITS: usize = 16;

/// Words of a property whose text is a secret.
const SECRET: [&str; 14] = [
    "password",
    "passwd",
    "secret",
    "secretstring",
    "secretkey",
    "token",
    "apikey",
    "licensekey",
    "privatekey",
    "passphrase",
    "presharedkey",
    "credential",
    "credentials",
    "secretaccesskey",
];
/// Properties with such a name, whose text is not a secret.
const NO_SECRET: [&str; 2] = ["servicetoken", "generatesecret"];
/// The words of values that refer to a secret, and do not contain it.
const REFERENCES: [&str; 3] = ["{{resolve:", "arn:", "AWS::"];

/// Returns the placeholder of a value.
pub(crate) fn placeholder(value: &str) -> String {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    let key = KEY.get_or_init(RandomState::new);
    format!("{SENSITIVE}\0{:0DIGITS$x}", key.hash_one(value))
}

/// Removes the digits of placeholders.
fn shown(text: &str) -> String {
    let mut parts = text.split('\0');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let hexadecimal = part.chars().take_while(char::is_ascii_hexdigit).count();
        out.push_str(part.get(hexadecimal.min(DIGITS)..).unwrap_or_default());
    }
    out
}

fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name = letters.collect::<String>().to_lowercase();
    SECRET.iter().any(|it| name.ends_with(it)) && !NO_SECRET.contains(&name.as_str())
}

/// Returns whether a part of a path names a secret.
pub(crate) fn is_secret_path(path: &str) -> bool {
    path.split(['.', '[', ']']).any(is_secret)
}

/// Returns whether a text contains a secret, for a property that names one.
pub(crate) fn is_secret_text(text: &str) -> bool {
    let is_reference = REFERENCES.iter().any(|it| text.contains(it));
    // Text in parentheses says why a plan shows no value.
    !is_reference && !text.starts_with('(') && !matches!(text, "" | "true" | "false")
}

fn hide_value(value: &mut Value, secret: bool) {
    match value {
        Value::String(text) if secret && is_secret_text(text) => SENSITIVE.clone_into(text),
        Value::String(text) => *text = shown(text),
        Value::Array(items) => items.iter_mut().for_each(|it| hide_value(it, secret)),
        Value::Object(map) => {
            // An item of a list, such as a variable of a container.
            let name = ["Name", "Key", "name", "key", "ParameterKey"];
            let name = name.iter().find_map(|it| map.get(*it)?.as_str());
            let is_named = name.is_some_and(is_secret);
            for (key, inner) in map {
                // The text of a function is a secret too; the name in a reference is not.
                let reference = [
                    "Ref",
                    "Fn::GetAtt",
                    "Fn::ImportValue",
                    "Fn::FindInMap",
                    "Fn::If",
                ];
                let value = ["Value", "value", "ParameterValue"].contains(&key.as_str());
                let secret = secret || is_secret(key) || is_named && value;
                hide_value(inner, !reference.contains(&key.as_str()) && secret);
            }
        }
        _ => {}
    }
}

/// Hides sensitive values after the comparison.
pub(crate) fn hide(differences: &mut [Difference], access: &mut [AccessChange]) {
    for it in differences {
        if let Change::Changed(changes) = &mut it.change {
            for change in changes {
                let of_parameter = it.section == "Parameters" && is_secret(&it.id);
                let shows = change.path == "Default" || change.path == "(value)";
                let secret = of_parameter && shows || is_secret_path(&change.path);
                for value in change.old.iter_mut().chain(&mut change.new) {
                    hide_value(value, secret);
                }
            }
        }
    }
    for it in access {
        it.owner = shown(&it.owner);
        it.what = shown(&it.what);
    }
}
