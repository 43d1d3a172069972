//! Terraform JSON output of a module.
//!
//! See [JSON configuration syntax](https://developer.hashicorp.com/terraform/language/syntax/json).

use indexmap::IndexMap;

use super::hcl::{escape_template, expression};
use super::{Block, Body, Item, Part, Tree};
use crate::backend::{cfn::raw_json, json};

/// Blocks, grouped by type and labels.
#[derive(Default)]
struct Group<'a> {
    inner: IndexMap<&'a str, Group<'a>>,
    bodies: Vec<&'a Body<'a>>,
}

pub(super) fn print(blocks: &[Block<'_>]) -> String {
    let mut root = Group::default();
    for block in blocks {
        let mut group = root.inner.entry(block.of).or_default();
        for label in &block.labels {
            group = group.inner.entry(label).or_default();
        }
        group.bodies.push(&block.body);
    }
    let mut out = String::with_capacity(16 * 1024);
    group_text(&mut out, &root, 0);
    out.push('\n');
    out
}

fn group_text(out: &mut String, group: &Group<'_>, level: usize) {
    match group.bodies.as_slice() {
        [] => json::items(out, level, ['{', '}'], &group.inner, |out, (key, group)| {
            json::string(out, key);
            out.push_str(": ");
            group_text(out, group, level + 1);
        }),
        [only] => body(out, only, level),
        many => json::items(out, level, ['[', ']'], many, |out, it| {
            body(out, it, level + 1)
        }),
    }
}

fn body(out: &mut String, it: &Body<'_>, level: usize) {
    json::items(out, level, ['{', '}'], &it.0, |out, (key, item)| {
        json::string(out, key);
        out.push_str(": ");
        match item {
            // Types and addresses have no `${}`.
            Item::Argument(Tree::Expr(code)) if key == "type" => json::string(out, code),
            Item::Argument(value) => tree(out, value, level + 1),
            Item::Addresses(addresses) => match addresses.as_slice() {
                [only] if matches!(key.as_ref(), "from" | "to") => json::string(out, only),
                many => json::items(out, level + 1, ['[', ']'], many, |out, address| {
                    json::string(out, address);
                }),
            },
            Item::Comments(comments) => {
                json::items(out, level + 1, ['[', ']'], comments, |out, comment| {
                    json::string(out, comment);
                });
            }
            Item::Blocks(blocks) => match blocks.as_slice() {
                [only] => body(out, only, level + 1),
                many => json::items(out, level + 1, ['[', ']'], many, |out, it| {
                    body(out, it, level + 2);
                }),
            },
        }
    });
}

fn tree(out: &mut String, it: &Tree<'_>, level: usize) {
    match it {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Int(value) => out.push_str(&value.to_string()),
        Tree::Str(text) => json::string(out, &escape_template(text)),
        Tree::Expr(code) => json::string(out, &format!("${{{code}}}")),
        Tree::Template(parts) => json::string(out, &template(parts)),
        Tree::List(items) => {
            json::items(out, level, ['[', ']'], items, |out, item| {
                tree(out, item, level + 1)
            });
        }
        Tree::Map(entries) => json::items(out, level, ['{', '}'], entries, |out, (key, value)| {
            json::string(out, &escape_template(key));
            out.push_str(": ");
            tree(out, value, level + 1);
        }),
        Tree::Json(inner) => {
            let text = document(inner).unwrap_or_else(|| {
                let code = expression(it, 0);
                format!("${{{code}}}")
            });
            json::string(out, &text);
        }
        Tree::Raw(value) => raw_json(out, value, level),
    }
}

fn template(parts: &[Part<'_>]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(piece) => text.push_str(&escape_template(piece)),
            Part::Expr(code) => {
                text.push_str("${");
                text.push_str(code);
                text.push('}');
            }
        }
    }
    text
}

/// Returns JSON text with expressions, or `None` if a value can require escapes.
fn document(it: &Tree<'_>) -> Option<String> {
    let safe = |code: &str| !code.starts_with("var.") && !code.contains('"');
    let quote = |text: &str| {
        let mut quoted = String::new();
        json::string(&mut quoted, text);
        quoted
    };
    Some(match it {
        Tree::Bool(value) => value.to_string(),
        Tree::Int(value) => value.to_string(),
        Tree::Str(text) => quote(&escape_template(text)),
        Tree::Expr(code) if safe(code) => format!("\"${{{code}}}\""),
        Tree::Template(parts) => {
            let fine = parts.iter().all(|part| match part {
                Part::Expr(code) => safe(code),
                Part::Text(_) => true,
            });
            if !fine {
                return None;
            }
            quote(&template(parts))
        }
        Tree::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(document).collect();
            format!("[{}]", items?.join(","))
        }
        Tree::Map(entries) => {
            let entry = |(key, value): &(std::borrow::Cow<'_, str>, Tree<'_>)| {
                Some(format!(
                    "{}:{}",
                    quote(&escape_template(key)),
                    document(value)?
                ))
            };
            let entries: Option<Vec<String>> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries?.join(","))
        }
        _ => return None,
    })
}
