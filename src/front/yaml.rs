//! YAML with the place of every value.

use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use crate::ir::{Diagnostic, Place, Span};

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) node: Node,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Item>),
    Map(Vec<(String, Place, Item)>),
}

impl Node {
    pub(crate) fn what(&self) -> String {
        match self {
            Node::Null => "nothing".to_owned(),
            Node::Bool(value) => format!("`{value}`"),
            Node::Int(value) => format!("`{value}`"),
            Node::Float(value) => format!("`{value}`"),
            Node::Str(text) => format!("`{}`", text.escape_debug()),
            Node::List(_) => "a list".to_owned(),
            Node::Map(_) => "a map".to_owned(),
        }
    }
}

impl Item {
    pub(crate) fn get(&self, key: &str) -> Option<&Item> {
        match &self.node {
            Node::Map(entries) => {
                let entry = entries.iter().find(|(name, ..)| name == key);
                // A key without a value leaves the default.
                entry
                    .map(|(.., item)| item)
                    .filter(|item| !matches!(item.node, Node::Null))
            }
            _ => None,
        }
    }

    /// Sets what a dotted path names, making maps on the way.
    pub(crate) fn set(&mut self, path: &[&str], value: Item) {
        let Some((key, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self.node, Node::Map(_)) {
            self.node = Node::Map(Vec::new());
        }
        if let Node::Map(entries) = &mut self.node {
            let at = entries
                .iter()
                .position(|(name, ..)| name == key)
                .unwrap_or_else(|| {
                    let empty = Item {
                        node: Node::Null,
                        place: value.place.clone(),
                    };
                    entries.push(((*key).to_owned(), value.place.clone(), empty));
                    entries.len() - 1
                });
            entries[at].2.set(rest, value);
        }
    }
}

/// A value as the YAML reader gives it.
struct Read(Value);

enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
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
                Ok(i64::try_from(value).map_or(Value::Str(value.to_string()), Value::Int))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
                Ok(Value::Float(value))
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

fn place(file: &Arc<str>, at: Location) -> Place {
    let span = at.span();
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let size = |n: Option<u64>| usize::try_from(n.unwrap_or_default()).unwrap_or_default();
    let start = size(span.byte_offset());
    Place::File(Span {
        file: file.clone(),
        line: number(at.line()),
        column: number(at.column()),
        start,
        end: start + size(span.byte_len()),
    })
}

fn item(file: &Arc<str>, read: Spanned<Read>) -> Item {
    let at = place(file, read.referenced);
    let node = match read.value.0 {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(value),
        Value::Int(value) => Node::Int(value),
        Value::Float(value) => Node::Float(value),
        Value::Str(text) => Node::Str(text),
        Value::List(items) => Node::List(items.into_iter().map(|it| item(file, it)).collect()),
        Value::Map(entries) => Node::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let at = place(file, key.referenced);
                    (key.value, at, item(file, value))
                })
                .collect(),
        ),
    };
    Item { node, place: at }
}

/// Reads one document; an empty one is an empty map.
pub(crate) fn read(name: &str, text: &str) -> Result<Item, Diagnostic> {
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
                        .help("there is no memory for another thread"),
                )
            })
    })
}

fn read_here(name: &str, text: &str) -> Result<Item, Diagnostic> {
    let file: Arc<str> = name.into();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = Place::File(Span {
        file: file.clone(),
        line: 1,
        column: 1,
        start: 0,
        end: 0,
    });
    let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(blank) {
        return Ok(Item {
            node: Node::Map(Vec::new()),
            place: start,
        });
    }
    let options = serde_yaml::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        // Reading is recursive, and no setting is that deep.
        budget: serde_yaml::budget! { max_depth: 64 },
    };
    match serde_yaml::from_str_with_options::<Spanned<Read>>(text, options) {
        Ok(read) => Ok(match item(&file, read) {
            Item {
                node: Node::Null,
                place,
            } => Item {
                node: Node::Map(Vec::new()),
                place,
            },
            item => item,
        }),
        Err(error) => {
            let at = error.location().map_or(start, |at| place(&file, at));
            let message = error.without_snippet().to_string();
            // The place is said beside it.
            let message = message.lines().next().unwrap_or("cannot be read");
            let message = message.split([',', ';']).next().unwrap_or(message);
            let message = message.split(" at line ").next().unwrap_or(message);
            let limit = message.starts_with("budget") || message.starts_with("recursion");
            let message = if limit {
                "nested too deeply, or too large"
            } else {
                message
            };
            Err(Diagnostic::error("yaml", message.to_owned())
                .at(at)
                .help("the configuration is one YAML document"))
        }
    }
}
