//! Secrets, by the name of their property, and the placeholders that stand for them.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::OnceLock;

pub(super) const SENSITIVE: &str = "(sensitive)";
/// The digits of a placeholder.
pub(super) const DIGITS: usize = 16;

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

/// Returns whether a name is one of a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name = letters.collect::<String>().to_lowercase();
    SECRET.iter().any(|it| name.ends_with(it)) && !NO_SECRET.contains(&name.as_str())
}

/// Returns whether a part of a path names a secret.
pub(crate) fn is_secret_path(path: &str) -> bool {
    // The names in a condition of a policy are those of condition keys.
    let path = path.split(".Condition.").next().unwrap_or_default();
    path.split(['.', '[', ']']).any(is_secret)
}

/// Returns whether a text contains a secret, for a property that names one.
pub(crate) fn is_secret_text(text: &str) -> bool {
    let is_reference = REFERENCES.iter().any(|it| text.contains(it));
    // Text in parentheses says why a plan shows no value.
    !is_reference && !text.starts_with('(') && !matches!(text, "" | "true" | "false")
}
