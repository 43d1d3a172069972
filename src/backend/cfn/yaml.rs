//! YAML output of a template, for YAML 1.1 and 1.2 parsers.

use super::Tree;

pub(super) fn print(root: &Tree<'_>) -> String {
    let mut out = String::with_capacity(16 * 1024);
    value(&mut out, root, 0);
    out.push('\n');
    // The root map starts on its own line.
    out.trim_start().to_owned()
}

/// Starts a line at an indentation level.
fn line(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("  ");
    }
}

/// Writes a value after `key:` or `-`. A value of several lines starts on a new line.
fn value(out: &mut String, it: &Tree<'_>, level: usize) {
    match it {
        Tree::Bool(value) => out.push_str(if *value { " true" } else { " false" }),
        Tree::Int(value) => {
            out.push(' ');
            out.push_str(&value.to_string());
        }
        Tree::Str(text) => {
            out.push(' ');
            scalar(out, text, level);
        }
        Tree::List(items) => list(out, items, level),
        Tree::Map(entries) => map(out, entries, level),
        Tree::Call(name, argument) => call(out, name, argument, level),
        // JSON and YAML share the syntax of fractions and null.
        Tree::Raw(raw) if raw.is_null() || raw.is_f64() || raw.is_u64() && !raw.is_i64() => {
            out.push(' ');
            out.push_str(&raw.to_string());
        }
        Tree::Raw(raw) => value(out, &from_json(raw), level),
    }
}

fn from_json(raw: &serde_json::Value) -> Tree<'_> {
    match raw {
        serde_json::Value::Bool(value) => Tree::Bool(*value),
        serde_json::Value::String(text) => Tree::str(text.as_str()),
        serde_json::Value::Array(items) => Tree::List(items.iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => Tree::Map(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().into(), from_json(value)))
                .collect(),
        ),
        serde_json::Value::Number(number) if number.is_i64() => {
            Tree::Int(number.as_i64().unwrap_or_default())
        }
        other => Tree::Raw(std::borrow::Cow::Borrowed(other)),
    }
}

fn list(out: &mut String, items: &[Tree<'_>], level: usize) {
    if items.is_empty() {
        out.push_str(" []");
    }
    for item in items {
        line(out, level);
        out.push('-');
        match item {
            // The first key follows the dash.
            Tree::Map(entries) if !entries.is_empty() => {
                let mut inner = String::new();
                map(&mut inner, entries, level + 1);
                out.push(' ');
                out.push_str(inner.trim_start());
            }
            item => value(out, item, level + 1),
        }
    }
}

fn map(out: &mut String, entries: &[(std::borrow::Cow<'_, str>, Tree<'_>)], level: usize) {
    if entries.is_empty() {
        out.push_str(" {}");
    }
    for (key, it) in entries {
        line(out, level);
        key_text(out, key);
        out.push(':');
        value(out, it, level + 1);
    }
}

fn call(out: &mut String, name: &str, argument: &Tree<'_>, level: usize) {
    let short = name.strip_prefix("Fn::").unwrap_or(name);
    // Two short tags cannot follow each other: the inner one uses the long form.
    if let Tree::Call(inner, innermost) = argument {
        out.push_str(" !");
        out.push_str(short);
        line(out, level);
        key_text(out, inner);
        out.push(':');
        value(out, innermost, level + 1);
        return;
    }
    out.push_str(" !");
    out.push_str(short);
    match (short, argument) {
        ("GetAtt", Tree::List(pair)) => {
            if let [Tree::Str(id), Tree::Str(attribute)] = pair.as_slice() {
                out.push(' ');
                out.push_str(id);
                out.push('.');
                out.push_str(attribute);
            }
        }
        (_, argument) => value(out, argument, level),
    }
}

/// Returns whether every YAML parser reads the text without quotes as this string.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let inside = |c: char| c.is_ascii_alphanumeric() || " _-./+=@".contains(c);
    let colons = text.split("::").all(|piece| piece.chars().all(inside));
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "nan" | "inf"
    );
    starts && colons && !word && !text.ends_with(' ') && !text.ends_with(':') && text.len() <= 512
}

fn key_text(out: &mut String, key: &str) {
    if is_plain(key) {
        out.push_str(key)
    } else {
        quoted(out, key)
    }
}

fn scalar(out: &mut String, text: &str, level: usize) {
    if is_plain(text) {
        out.push_str(text);
    } else if is_block(text) {
        block(out, text, level);
    } else {
        quoted(out, text);
    }
}

/// Returns whether a block scalar is readable and preserves the text.
fn is_block(text: &str) -> bool {
    let printable = |c: char| {
        c == '\n'
            || (' '..='~').contains(&c)
            || ('\u{a1}'..='\u{d7ff}').contains(&c) && !"\u{2028}\u{2029}".contains(c)
    };
    text.trim_end_matches('\n').contains('\n')
        && text.chars().all(printable)
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.lines().all(|line| !line.ends_with(' '))
}

fn block(out: &mut String, text: &str, level: usize) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for text in text.lines() {
        if text.is_empty() {
            out.push('\n');
        } else {
            line(out, level.max(1));
            out.push_str(text);
        }
    }
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            '\u{a1}'..='\u{d7ff}' if !"\u{2028}\u{2029}".contains(c) => out.push(c),
            c if u32::from(c) <= 0xff => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
}
