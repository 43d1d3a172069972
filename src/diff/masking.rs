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
const SECRET: [&str; 7] = [
    "password",
    "passwd",
    "secretstring",
    "authtoken",
    "privatekey",
    "passphrase",
    "secretaccesskey",
];

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
    SECRET.iter().any(|it| name.ends_with(it))
}

fn hide_value(value: &mut Value, secret: bool) {
    match value {
        Value::String(text) if secret && !text.contains("{{resolve:") => SENSITIVE.clone_into(text),
        Value::String(text) => *text = shown(text),
        Value::Array(items) => items.iter_mut().for_each(|it| hide_value(it, secret)),
        Value::Object(map) => {
            for (key, inner) in map {
                let function = key == "Ref" || key.starts_with("Fn::");
                hide_value(inner, !function && (secret || is_secret(key)));
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
                let secret = change.path.split('.').any(is_secret);
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
