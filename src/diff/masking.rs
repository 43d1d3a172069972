//! Values that a report must not show. Placeholders differ for different values within one run, so
//! that the comparison finds a change.

use serde_json::Value;

use super::access::AccessChange;
use super::secret::{DIGITS, SENSITIVE, is_secret, is_secret_path, is_secret_text};
use super::{Change, Difference};

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
