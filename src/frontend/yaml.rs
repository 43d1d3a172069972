//! YAML with the place of every value.

use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use crate::construct::reader::{Item, Node};
use crate::ir::{Diagnostic, Diagnostics, SourceLocation, Span};

/// A value as the YAML reader gives it.
struct Read(Value);

enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that only its text represents exactly.
    Number,
    Str(String),
    List(Vec<Spanned<Read>>),
    Map(Vec<(Spanned<String>, Spanned<Read>)>),
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_none<E: de::Error>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
                inner.deserialize_any(Any)
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Int(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
                Ok(i64::try_from(value).map_or(Value::Number, Value::Int))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
                Ok(Value::Number)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Str(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(Value::Map(map))
            }
        }
        deserializer.deserialize_any(Any).map(Read)
    }
}

/// A text and its name.
struct Source<'a> {
    file: Arc<str>,
    text: &'a str,
}

impl Source<'_> {
    /// Returns the byte at a line and a column, both counted from one.
    fn byte_at(&self, line: u64, column: u64) -> usize {
        let size = |n: u64| usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = match size(line) {
            0 => 0,
            n => {
                let ends = self.text.match_indices('\n').map(|(at, _)| at + 1);
                ends.take(n).last().unwrap_or_default()
            }
        };
        let rest = &self.text[start..];
        let column = rest.char_indices().nth(size(column));
        start + column.map_or(rest.len(), |(at, _)| at)
    }

    fn location(&self, at: Location) -> SourceLocation {
        let span = at.span();
        let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        // Errors have a line and a column only.
        let start = span
            .byte_offset()
            .map_or_else(|| self.byte_at(at.line(), at.column()), size);
        SourceLocation::File(Span {
            file: self.file.clone(),
            line: number(at.line()),
            column: number(at.column()),
            start,
            end: start.saturating_add(size(span.byte_len().unwrap_or_default())),
        })
    }

    /// Returns a scalar as written.
    fn raw(&self, at: Location) -> String {
        let text = match self.location(at) {
            SourceLocation::File(span) => self.text.get(span.start..span.end),
            _ => None,
        };
        let text = text.unwrap_or_default().trim_end();
        // A tag may make a number of what is quoted.
        text.trim_matches(['"', '\'']).to_owned()
    }

    fn item(&self, read: Spanned<Read>) -> Item {
        let raw = || self.raw(read.defined);
        let node = match read.value.0 {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(value, raw()),
            Value::Int(value) => Node::Int(value, raw()),
            Value::Number => Node::Str(raw()),
            Value::Str(text) => Node::Str(text),
            Value::List(items) => Node::List(items.into_iter().map(|it| self.item(it)).collect()),
            Value::Map(entries) => Node::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let at = self.location(key.referenced);
                        (key.value, at, self.item(value))
                    })
                    .collect(),
            ),
        };
        Item {
            node,
            location: self.location(read.referenced),
        }
    }
}

/// Reads one document; an empty one is nothing.
pub(crate) fn read(name: &str, text: &str) -> Result<Item, Diagnostics> {
    // The parser is recursive before its limit is reached, and a caller's thread may be small.
    let stack = std::thread::Builder::new().stack_size(64 * 1024 * 1024);
    std::thread::scope(|scope| {
        let reader = stack.spawn_scoped(scope, || read_here(name, text));
        reader
            .ok()
            .and_then(|reader| reader.join().ok())
            .unwrap_or_else(|| {
                Err(
                    Diagnostic::error("yaml", format!("`{name}` cannot be read"))
                        .help("there is no memory for another thread")
                        .into(),
                )
            })
    })
}

fn read_here(name: &str, text: &str) -> Result<Item, Diagnostics> {
    let source = Source {
        file: name.into(),
        text: text.strip_prefix('\u{feff}').unwrap_or(text),
    };
    let start = SourceLocation::File(Span {
        file: source.file.clone(),
        line: 1,
        column: 1,
        start: 0,
        end: 0,
    });
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if source.text.lines().all(blank) {
        return Ok(Item {
            node: Node::Null,
            location: start,
        });
    }
    let options = serde_yaml::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        // Reading is recursive, and no setting is that deep.
        budget: serde_yaml::budget! { max_depth: 64 },
    };
    serde_yaml::from_str_with_options::<Spanned<Read>>(source.text, options)
        .map(|read| source.item(read))
        .map_err(|error| {
            let at = error.location().map_or(start, |at| source.location(at));
            let message = error.without_snippet().to_string();
            // The place is said beside it, and what a program would set helps nobody here.
            let message = message.lines().next().unwrap_or("cannot be read");
            let ends = [" at line ", ";", ", set "];
            let message = ends.iter().fold(message, |message, end| {
                message.split(end).next().unwrap_or(message)
            });
            let limit = message.starts_with("budget") || message.starts_with("recursion");
            let message = if limit {
                "nested too deeply, or too large"
            } else {
                message
            };
            Diagnostic::error("yaml", message.to_owned())
                .at(at)
                .help("the configuration is one YAML document")
                .into()
        })
}
