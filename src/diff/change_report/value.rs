//! Values on a page: in the short form of functions, cut around the first difference, and texts of
//! several lines by line.

use serde_json::Value;
use similar::{DiffTag, TextDiff};

use super::super::is_function;
use crate::report::printable;

/// Returns untrusted text on one line, with control characters escaped.
pub(crate) fn escape_text(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// The maximum length of a value on a line.
const MAX_VALUE: usize = 160;
/// The letters before the first difference that a cut keeps.
const BEFORE: usize = 30;
/// The maximum length of a path, an owner or a name.
const MAX_NAME: usize = 120;
/// The maximum length of a sentence.
const MAX_SENTENCE: usize = 320;
/// The maximum number of lines for a text.
const MAX_LINES: usize = 40;

/// A change of a value.
pub(super) enum ValueChange {
    /// Both values.
    Pair(String, String),
    /// The lines of a text, and the number of omitted ones.
    Lines(Vec<LineChange>, usize),
}

/// A change of a line, with its number in the new text.
pub(super) enum LineChange {
    Replaced(usize, String, String),
    Removed(String),
    Added(String),
}

/// Compares two values.
pub(super) fn change(old: &Value, new: &Value) -> ValueChange {
    if let (Some(old), Some(new)) = (text_in(old), text_in(new))
        && (old.trim_end().contains('\n') || new.trim_end().contains('\n'))
        && old.lines().ne(new.lines())
    {
        return lines(&old, &new);
    }
    let (old, new) = pair(&notation(old), &notation(new));
    ValueChange::Pair(old, new)
}

/// Returns a value on one line.
pub(super) fn one(value: &Value) -> String {
    cut(&notation(value), MAX_VALUE)
}

/// Returns a path or name on one line.
pub(super) fn name(text: &str) -> String {
    let text = escape_text(text);
    let count = text.chars().count();
    if count <= MAX_NAME {
        return text;
    }
    // The end of a path is the property.
    let half = MAX_NAME / 2;
    let (start, end): (String, String) = (
        text.chars().take(half).collect(),
        text.chars().skip(count - half).collect(),
    );
    format!("{start}…{end}")
}

/// Returns a sentence on one line.
pub(super) fn sentence(text: &str) -> String {
    cut(&escape_text(text), MAX_SENTENCE)
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Returns two different texts, cut around their first difference.
fn pair(old: &str, new: &str) -> (String, String) {
    let long = |it: &str| it.chars().count() > MAX_VALUE;
    if !long(old) && !long(new) {
        return (old.to_owned(), new.to_owned());
    }
    let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b);
    let start = match same.count() {
        same if same > MAX_VALUE - BEFORE => same - BEFORE,
        _ => 0,
    };
    let window = |text: &str| {
        let rest: String = text.chars().skip(start).collect();
        let before = if start > 0 { "…" } else { "" };
        format!("{before}{}", cut(&rest, MAX_VALUE))
    };
    (window(old), window(new))
}

fn lines(old: &str, new: &str) -> ValueChange {
    let diff = TextDiff::from_lines(old, new);
    let (was, is): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let line = |all: &[&str], at: usize| all.get(at).map_or("", |it| it).to_owned();
    let mut out = Vec::new();
    let mut omitted = 0;
    let mut push = |it: LineChange| match out.len() < MAX_LINES {
        true => out.push(it),
        false => omitted += 1,
    };
    for op in diff.ops() {
        let (before, after) = (op.old_range(), op.new_range());
        match op.tag() {
            DiffTag::Equal => {}
            DiffTag::Replace if before.len() == after.len() => {
                for (from, to) in before.zip(after) {
                    let (old, new) = (line(&was, from), line(&is, to));
                    if old != new {
                        let (old, new) = pair(&escape_text(&old), &escape_text(&new));
                        push(LineChange::Replaced(to + 1, old, new));
                    }
                }
            }
            _ => {
                let short = |text: String| cut(&escape_text(&text), MAX_VALUE);
                before.for_each(|at| push(LineChange::Removed(short(line(&was, at)))));
                after.for_each(|at| push(LineChange::Added(short(line(&is, at)))));
            }
        }
    }
    ValueChange::Lines(out, omitted)
}

/// Returns the text that a value contains: itself, or the text in functions around it.
fn text_in(value: &Value) -> Option<String> {
    let map = match value {
        Value::String(text) => return Some(text.clone()),
        Value::Object(map) if is_function(map) => map,
        _ => return None,
    };
    let (function, argument) = map.iter().next()?;
    match (function.as_str(), argument) {
        ("Fn::Base64", inner) => text_in(inner),
        ("Fn::Sub", Value::String(text)) => Some(text.clone()),
        ("Fn::Sub", Value::Array(parts)) => {
            let [Value::String(text), names] = parts.as_slice() else {
                return None;
            };
            // The values are below the text, a line each.
            let names = names.as_object()?.iter();
            let names = names.map(|(name, it)| format!("{name}: {}\n", notation(it)));
            Some(format!(
                "{}\n{}",
                text.trim_end(),
                names.collect::<String>()
            ))
        }
        ("Fn::Join", Value::Array(parts)) => {
            let [Value::String(between), Value::Array(items)] = parts.as_slice() else {
                return None;
            };
            let items = items.iter().map(|it| match it {
                Value::String(text) => text.clone(),
                other => format!("${{{}}}", notation(other)),
            });
            Some(items.collect::<Vec<_>>().join(between))
        }
        _ => None,
    }
}

/// Returns a value in the notation of YAML on one line, with the short form of functions.
fn notation(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => escape_text(text),
        _ => escape_text(&super::super::access::notation(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cut_keeps_the_first_difference() {
        let (old, new) = pair(&format!("{}old", "a".repeat(400)), &"a".repeat(300));
        assert!(old.starts_with('…') && old.contains("aold") == old.contains("old"));
        let (old, new_) = pair(
            &format!("{}old", "a".repeat(400)),
            &format!("{}new", "a".repeat(400)),
        );
        assert!(old.ends_with("aold") && new_.ends_with("anew"));
        assert!(new.chars().count() < 200);
    }

    #[test]
    fn texts_are_compared_by_line() {
        let of = |text: &str| json!({ "Fn::Base64": { "Fn::Sub": text } });
        let found = change(&of("a\nb\nc\nd\n"), &of("a\nB\nc\nd\ne\n"));
        let ValueChange::Lines(lines, 0) = found else {
            panic!()
        };
        assert!(matches!(&lines[..], [
            LineChange::Replaced(2, old, new),
            LineChange::Added(more)
        ] if old == "b" && new == "B" && more == "e"));
    }
}
