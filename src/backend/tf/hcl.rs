//! HCL output of a module, in the style of `terraform fmt`.

use std::borrow::Cow;

use super::{Block, Body, Item, Part, Tree};
use crate::resource::schema::LABELED_BLOCKS;

pub(super) fn print(blocks: &[Block<'_>]) -> String {
    let mut out = String::with_capacity(16 * 1024);
    for (n, block) in blocks.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        out.push_str(block.of);
        for label in &block.labels {
            out.push_str(" \"");
            out.push_str(label);
            out.push('"');
        }
        braces(&mut out, &block.body, 0);
        out.push('\n');
    }
    out
}

fn indent(out: &mut String, level: usize) {
    for _ in 0..level {
        out.push_str("  ");
    }
}

/// Returns the blocks of a block whose keys are labels, or the block itself.
fn labeled<'b>(key: &str, block: &'b Body<'b>) -> Vec<(Option<&'b str>, &'b Body<'b>)> {
    if !LABELED_BLOCKS.contains(&key) {
        return vec![(None, block)];
    }
    let inside = block.0.iter().filter_map(|(label, item)| match item {
        Item::Blocks(blocks) => Some(blocks.iter().map(move |it| (Some(label.as_ref()), it))),
        _ => None,
    });
    inside.flatten().collect()
}

fn braces(out: &mut String, body: &Body<'_>, level: usize) {
    if body.0.is_empty() {
        out.push_str(" {}");
        return;
    }
    out.push_str(" {\n");
    let mut lines: Vec<(Cow<'_, str>, String)> = Vec::new();
    for (key, item) in &body.0 {
        match item {
            Item::Argument(value) => lines.push((key.clone(), expression(value, level + 1))),
            Item::Comments(comments) => {
                for comment in comments {
                    indent(out, level + 1);
                    out.push_str("# ");
                    out.push_str(comment);
                    out.push('\n');
                }
            }
            Item::Blocks(_) => {}
        }
    }
    aligned(out, &lines, level + 1);
    let mut first = lines.is_empty();
    for (key, item) in &body.0 {
        let Item::Blocks(blocks) = item else { continue };
        for (label, block) in blocks.iter().flat_map(|it| labeled(key, it)) {
            if !first {
                out.push('\n');
            }
            first = false;
            indent(out, level + 1);
            out.push_str(key);
            if let Some(label) = label {
                out.push(' ');
                out.push_str(&quoted(label));
            }
            braces(out, block, level + 1);
            out.push('\n');
        }
    }
    indent(out, level);
    out.push('}');
}

/// Returns an object of `key = value` lines.
fn object(lines: &[(Cow<'_, str>, String)], level: usize) -> String {
    let mut out = String::from("{\n");
    aligned(&mut out, lines, level + 1);
    indent(&mut out, level);
    out.push('}');
    out
}

/// Writes `key = value` lines, with `=` aligned in runs of single-line values.
fn aligned(out: &mut String, lines: &[(Cow<'_, str>, String)], level: usize) {
    let single = |value: &str| !value.contains('\n');
    let mut width = 0;
    for (n, (key, value)) in lines.iter().enumerate() {
        if n == 0 || !single(&lines[n - 1].1) {
            let run = lines[n..].iter().take_while(|(_, value)| single(value));
            width = run.map(|(key, _)| key.chars().count()).max().unwrap_or(0);
        }
        indent(out, level);
        out.push_str(key);
        if single(value) {
            for _ in key.chars().count()..width {
                out.push(' ');
            }
        }
        out.push_str(" = ");
        out.push_str(value);
        out.push('\n');
    }
}

/// Returns a value at an indentation level. The first line continues the current one.
pub(super) fn expression(value: &Tree<'_>, level: usize) -> String {
    match value {
        Tree::Null => "null".to_owned(),
        Tree::Bool(value) => value.to_string(),
        Tree::Int(value) => value.to_string(),
        Tree::Str(text) => quoted(text),
        Tree::Expr(code) | Tree::Address(code) => code.clone(),
        Tree::Addresses(pairs) => {
            let lines: Vec<_> = pairs
                .iter()
                .map(|(key, value)| (Cow::Borrowed(key.as_str()), value.clone()))
                .collect();
            object(&lines, level)
        }
        Tree::Template(parts) => template(parts),
        Tree::List(items) if items.is_empty() => "[]".to_owned(),
        Tree::List(items) => list(items, level),
        Tree::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Tree::Map(entries) => {
            let lines: Vec<_> = entries
                .iter()
                .map(|(key, value)| (object_key(key), expression(value, level + 1)))
                .collect();
            object(&lines, level)
        }
        Tree::Json(inner) => format!("jsonencode({})", expression(inner, level)),
        Tree::Base64(inner) => format!("base64encode({})", expression(inner, level)),
        Tree::Raw(value) => raw(value, level),
    }
}

fn list(items: &[Tree<'_>], level: usize) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| expression(item, level + 1))
        .collect();
    if let [only] = items.as_slice()
        && !only.contains('\n')
    {
        return format!("[{only}]");
    }
    let mut out = String::from("[\n");
    for item in items {
        indent(&mut out, level + 1);
        out.push_str(&item);
        out.push_str(",\n");
    }
    indent(&mut out, level);
    out.push(']');
    out
}

fn object_key(key: &str) -> Cow<'_, str> {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain {
        Cow::Borrowed(key)
    } else {
        Cow::Owned(quoted(key))
    }
}

/// Returns literal text in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape(&mut out, text);
    out.push('"');
    out
}

/// Returns text and expressions in quotes.
pub(super) fn template(parts: &[Part<'_>]) -> String {
    let mut out = String::from("\"");
    for part in parts {
        match part {
            Part::Text(text) => escape(&mut out, text),
            Part::Expr(code) => {
                out.push_str("${");
                out.push_str(code);
                out.push('}');
            }
        }
    }
    out.push('"');
    out
}

/// Splits text into literal parts and templates, so that `${` and `%{` stay literal. A run of `$`
/// before `{` becomes an expression, because Terraform reads `$$${` as `$` and a template.
fn pieces(text: &str, each: &mut dyn FnMut(&str, bool)) {
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%']) {
        each(&rest[..at], false);
        rest = &rest[at..];
        let sign = if rest.starts_with('$') { '$' } else { '%' };
        let run = rest.len() - rest.trim_start_matches(sign).len();
        let signs = &rest[..run];
        rest = &rest[run..];
        match (rest.starts_with('{'), run) {
            (false, _) => each(signs, false),
            (true, 1) if sign == '$' => each("$$", true),
            (true, 1) => each("%%", true),
            (true, _) => each(&format!("${{\"{signs}\"}}"), true),
        }
    }
    each(rest, false);
}

/// Escapes literal text for Terraform JSON.
pub(super) fn escape_template(text: &str) -> Cow<'_, str> {
    if !text.contains("${") && !text.contains("%{") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    pieces(text, &mut |piece, _| out.push_str(piece));
    Cow::Owned(out)
}

/// Escapes literal text between the quotes of HCL.
fn escape(out: &mut String, text: &str) {
    pieces(text, &mut |piece, is_template| {
        if is_template {
            out.push_str(piece);
            return;
        }
        for c in piece.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => out.push(c),
            }
        }
    });
}

fn raw(value: &serde_json::Value, level: usize) -> String {
    match value {
        serde_json::Value::String(text) => raw_text(text),
        serde_json::Value::Array(items) => {
            let items = items
                .iter()
                .map(|item| Tree::Raw(Cow::Borrowed(item)))
                .collect();
            expression(&Tree::List(items), level)
        }
        serde_json::Value::Object(entries) => {
            let entry = |(key, value): (&'_ String, _)| {
                (Cow::Owned(key.clone()), Tree::Raw(Cow::Borrowed(value)))
            };
            expression(&Tree::Map(entries.iter().map(entry).collect()), level)
        }
        scalar => scalar.to_string(),
    }
}

/// Converts a string of Terraform JSON, which is a template. A single expression needs no quotes.
fn raw_text(text: &str) -> String {
    let inner = text
        .strip_prefix("${")
        .and_then(|text| text.strip_suffix('}'));
    if let Some(code) = inner
        && !code.contains(['{', '}', '\n'])
    {
        return code.to_owned();
    }
    let mut out = String::from("\"");
    let mut depth = 0_usize;
    let mut before = ' ';
    for c in text.chars() {
        match (depth, c) {
            (0, '{') if before == '$' || before == '%' => depth = 1,
            (1.., '{') => depth += 1,
            (1.., '}') => depth -= 1,
            _ => {}
        }
        match c {
            _ if depth > 0 => out.push(c),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
        before = c;
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_signs_are_text() {
        for (text, expected) in [
            ("plain $5 100%", r#""plain $5 100%""#),
            ("${x}", r#""$${x}""#),
            ("%{ if }", r#""%%{ if }""#),
            ("$${x}", r#""${"$$"}{x}""#),
            ("a \"b\" \\ \n", r#""a \"b\" \\ \n""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn quoted_text_is_read_back() {
        for text in [
            "${x}",
            "$${x}",
            "$$${x}",
            "%%{x}",
            "%{",
            "${",
            "a\u{1}b",
            "é\"\\${\"",
            "$",
            "$$",
        ] {
            let source = format!("a = {}\n", quoted(text));
            let body: hcl::Body = hcl::parse(&source).unwrap_or_else(|e| panic!("{source}: {e}"));
            let value = body.attributes().next().unwrap().expr().clone();
            let value = hcl::eval::Evaluate::evaluate(&value, &hcl::eval::Context::new()).unwrap();
            assert_eq!(value, hcl::Value::from(text), "{source}");
        }
    }
}
