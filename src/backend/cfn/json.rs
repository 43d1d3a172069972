//! JSON output of a template.

use super::Tree;
use crate::backend::json;

pub(super) fn print(root: &Tree<'_>) -> String {
    let mut out = String::with_capacity(16 * 1024);
    tree(&mut out, root, 0);
    out.push('\n');
    out
}

fn tree(out: &mut String, it: &Tree<'_>, level: usize) {
    match it {
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Int(value) => out.push_str(&value.to_string()),
        Tree::Str(text) => json::string(out, text),
        Tree::List(items) => {
            json::items(out, level, ['[', ']'], items, |out, item| {
                tree(out, item, level + 1)
            });
        }
        Tree::Map(entries) => {
            json::items(out, level, ['{', '}'], entries, |out, (key, value)| {
                json::string(out, key);
                out.push_str(": ");
                tree(out, value, level + 1);
            });
        }
        Tree::Call(name, argument) => {
            json::items(out, level, ['{', '}'], [()], |out, ()| {
                json::string(out, name);
                out.push_str(": ");
                tree(out, argument, level + 1);
            });
        }
        Tree::Raw(value) => raw(out, value, level),
    }
}

pub(crate) fn raw(out: &mut String, value: &serde_json::Value, level: usize) {
    match value {
        serde_json::Value::String(text) => json::string(out, text),
        serde_json::Value::Array(items) => {
            json::items(out, level, ['[', ']'], items, |out, item| {
                raw(out, item, level + 1)
            });
        }
        serde_json::Value::Object(entries) => {
            json::items(out, level, ['{', '}'], entries, |out, (key, value)| {
                json::string(out, key);
                out.push_str(": ");
                raw(out, value, level + 1);
            });
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
