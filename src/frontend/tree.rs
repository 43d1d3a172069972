//! Parses any YAML and JSON: every value with its location, tags, anchors and merge keys.
//!
//! Scalars stay text, since their meaning depends on the type of the property. CloudFormation reads
//! YAML 1.1, where `yes` is a Boolean, and converts between text, numbers and Booleans.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle};

/// A location, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// The file, counted from 0 in the order of linking.
    pub(crate) file: u16,
}

/// A value with its location.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) kind: Kind,
    pub(crate) at: At,
    /// Whether the value is text without quotes, which can mean a number or a Boolean.
    pub(crate) plain: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Text(String),
    List(Vec<Tree>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: At,
    pub(crate) value: Tree,
}

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: At,
    pub(crate) message: String,
}

/// The limit of CloudFormation is 1 MB.
const MAX_NODES: usize = 1_000_000;
/// Limits recursion of the reader and the evaluation. No template is this deep.
const MAX_DEPTH: usize = 100;

impl Tree {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Tree]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Tree> {
        self.map()?
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Returns the value as JSON, with calls of functions in their long form.
    #[cfg(feature = "cli")]
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;

        match &self.kind {
            Kind::Null => Value::Null,
            // The template means a number or a Boolean if the text is valid JSON of that type.
            Kind::Text(text) if self.plain => match serde_json::from_str(text) {
                Ok(it @ (Value::Bool(_) | Value::Number(_))) => it,
                _ => Value::String(text.clone()),
            },
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => items.iter().map(Tree::to_json).collect(),
            Kind::Map(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|it| (it.key.clone(), it.value.to_json()));
                Value::Object(entries.collect())
            }
        }
    }

    /// Sets the file of all locations.
    pub(crate) fn set_file(&mut self, file: u16) {
        self.at.file = file;
        match &mut self.kind {
            Kind::Null | Kind::Text(_) => {}
            Kind::List(items) => items.iter_mut().for_each(|it| it.set_file(file)),
            Kind::Map(entries) => {
                for entry in entries {
                    entry.at.file = file;
                    entry.value.set_file(file);
                }
            }
        }
    }

    /// Returns whether two values are equal, wherever they are.
    pub(crate) fn is_same(&self, other: &Tree) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Null, Kind::Null) => true,
            (Kind::Text(one), Kind::Text(other)) => one == other,
            (Kind::List(one), Kind::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.is_same(b))
            }
            (Kind::Map(one), Kind::Map(other)) => {
                let mut pairs = one.iter().zip(other);
                one.len() == other.len()
                    && pairs.all(|(a, b)| a.key == b.key && a.value.is_same(&b.value))
            }
            _ => false,
        }
    }

    /// Returns the only entry. A function call has this form.
    pub(crate) fn single(&self) -> Option<(&str, &Tree)> {
        match self.map()? {
            [entry] => Some((entry.key.as_str(), &entry.value)),
            _ => None,
        }
    }
}

/// Returns text at the place of another value.
pub(crate) fn text(text: impl Into<String>, like: &Tree) -> Tree {
    Tree {
        kind: Kind::Text(text.into()),
        at: like.at,
        plain: false,
    }
}

/// Returns a list at the place of another value.
pub(crate) fn list(items: Vec<Tree>, like: &Tree) -> Tree {
    Tree {
        kind: Kind::List(items),
        at: like.at,
        plain: false,
    }
}

/// Returns a function call at the place of its argument.
pub(crate) fn call(name: &str, argument: Tree) -> Tree {
    let at = argument.at;
    let entry = Entry {
        key: name.to_owned(),
        at,
        value: argument,
    };
    Tree {
        kind: Kind::Map(vec![entry]),
        at,
        plain: false,
    }
}

fn position(mark: Marker) -> At {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    At {
        line: number(mark.line()),
        column: number(mark.col()).saturating_add(1),
        file: 0,
    }
}

/// A collection that is not complete.
enum Open {
    List(Vec<Tree>),
    Map(Vec<Entry>, Option<(String, At)>),
}

struct Frame {
    open: Open,
    at: At,
    tag: Option<String>,
    anchor: usize,
}

struct Builder {
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Tree, usize)>,
    nodes: usize,
    root: Option<Tree>,
}

/// Returns the name of a tag, such as `Ref` for `!Ref`; none for the standard tags of YAML.
fn tag_name(tag: Option<Cow<'_, granit_parser::Tag>>) -> Option<String> {
    let tag = tag?;
    (!tag.is_yaml_core_schema()).then(|| tag.suffix().to_owned())
}

/// Expands a short form: `!Ref x` is `{Ref: x}`, `!GetAtt a.b` is `{Fn::GetAtt: [a, b]}`.
fn long_form(tag: Option<String>, tree: Tree) -> Tree {
    let Some(tag) = tag else { return tree };
    let at = tree.at;
    let (key, value) = match (tag.as_str(), tree) {
        ("Ref" | "Condition", tree) => (tag, tree),
        ("GetAtt", tree) => {
            let split = tree.text().and_then(|text| text.split_once('.'));
            let value = match split {
                Some((id, attribute)) => {
                    let part = |text: &str| Tree {
                        kind: Kind::Text(text.to_owned()),
                        at,
                        plain: false,
                    };
                    Tree {
                        kind: Kind::List(vec![part(id), part(attribute)]),
                        at,
                        plain: false,
                    }
                }
                None => tree,
            };
            ("Fn::GetAtt".to_owned(), value)
        }
        (_, tree) => (format!("Fn::{tag}"), tree),
    };
    Tree {
        kind: Kind::Map(vec![Entry { key, at, value }]),
        at,
        plain: false,
    }
}

/// Returns the number of values in a tree.
fn size(tree: &Tree) -> usize {
    1 + match &tree.kind {
        Kind::Null | Kind::Text(_) => 0,
        Kind::List(items) => items.iter().map(size).sum(),
        Kind::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    }
}

impl Builder {
    fn count(&mut self, more: usize, at: At) -> Result<(), SyntaxError> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > MAX_NODES {
            return Err(SyntaxError {
                at,
                message: format!("too many values; the limit is {MAX_NODES}"),
            });
        }
        Ok(())
    }

    fn open(&mut self, frame: Frame) -> Result<(), SyntaxError> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(SyntaxError {
                at: frame.at,
                message: format!("nested too deeply; the limit is {MAX_DEPTH} levels"),
            });
        }
        self.count(1, frame.at)?;
        self.frames.push(frame);
        Ok(())
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let kind = match frame.open {
            Open::List(items) => Kind::List(items),
            Open::Map(entries, _) => Kind::Map(merged(entries)),
        };
        let tree = Tree {
            kind,
            at: frame.at,
            plain: false,
        };
        self.value(long_form(frame.tag, tree), frame.anchor)
    }

    fn value(&mut self, tree: Tree, anchor: usize) -> Result<(), SyntaxError> {
        if anchor != 0 {
            let size = size(&tree);
            self.anchors.insert(anchor, (tree.clone(), size));
        }
        match self.frames.last_mut().map(|frame| &mut frame.open) {
            None => self.root = Some(tree),
            Some(Open::List(items)) => items.push(tree),
            Some(Open::Map(entries, key)) => match key.take() {
                None => {
                    let Kind::Text(text) = tree.kind else {
                        return Err(SyntaxError {
                            at: tree.at,
                            message: "invalid key; expected text".to_owned(),
                        });
                    };
                    *key = Some((text, tree.at));
                }
                Some((key, at)) => entries.push(Entry {
                    key,
                    at,
                    value: tree,
                }),
            },
        }
        Ok(())
    }
}

/// Keeps the last of equal keys, as CloudFormation does, and merges the maps in `<<`.
fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut merge = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(entries.len());
    for entry in entries {
        if entry.key == "<<" {
            merge.push(entry.value);
            continue;
        }
        match seen.get(&entry.key) {
            Some(&at) => out[at] = entry,
            None => {
                seen.insert(entry.key.clone(), out.len());
                out.push(entry);
            }
        }
    }
    for value in merge {
        let maps = match value.kind {
            Kind::Map(entries) => vec![entries],
            Kind::List(items) => items
                .into_iter()
                .filter_map(|item| match item.kind {
                    Kind::Map(entries) => Some(entries),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        for entry in maps.into_iter().flatten() {
            if !seen.contains_key(&entry.key) {
                seen.insert(entry.key.clone(), out.len());
                out.push(entry);
            }
        }
    }
    out
}

/// Parses the first document.
pub(crate) fn read(text: &str) -> Result<Tree, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        frames: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        root: None,
    };
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| SyntaxError {
            at: position(*error.marker()),
            message: error.info(),
        })?;
        let at = position(span.tag_start().unwrap_or(span.start));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                builder.count(1, at)?;
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let null = plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                let kind = if null {
                    Kind::Null
                } else {
                    Kind::Text(text.into_owned())
                };
                let kind = match (kind, builder.frames.last().map(|frame| &frame.open)) {
                    // A key is always text.
                    (Kind::Null, Some(Open::Map(_, None))) => Kind::Text(String::new()),
                    (kind, _) => kind,
                };
                let tree = long_form(tag_name(tag), Tree { kind, at, plain });
                builder.value(tree, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => builder.open(Frame {
                open: Open::List(Vec::new()),
                at,
                tag: tag_name(tag),
                anchor,
            })?,
            Event::MappingStart(_, anchor, tag) => builder.open(Frame {
                open: Open::Map(Vec::new(), None),
                at,
                tag: tag_name(tag),
                anchor,
            })?,
            Event::SequenceEnd | Event::MappingEnd => builder.close()?,
            Event::Alias(id) => {
                let Some((tree, size)) = builder.anchors.get(&id).cloned() else {
                    return Err(SyntaxError {
                        at,
                        message: "the alias refers to a value that contains it".to_owned(),
                    });
                };
                builder.count(size, at)?;
                builder.value(tree, 0)?;
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    builder.root.ok_or(SyntaxError {
        at: At {
            line: 1,
            column: 1,
            file: 0,
        },
        message: "the file is empty".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_are_expanded() {
        let tree = read("a: !GetAtt Vpc.CidrBlock\nb: !Ref X\nc: !If [A, !Sub 'x', ~]\n").unwrap();
        let a = tree.get("a").unwrap();
        let (name, argument) = a.single().unwrap();
        assert_eq!((name, argument.list().unwrap().len()), ("Fn::GetAtt", 2));
        assert_eq!((a.at.line, a.at.column), (1, 4));
        assert_eq!(tree.get("b").unwrap().single().unwrap().0, "Ref");
        let (name, argument) = tree.get("c").unwrap().single().unwrap();
        assert_eq!(name, "Fn::If");
        assert_eq!(argument.list().unwrap()[1].single().unwrap().0, "Fn::Sub");
    }

    #[test]
    fn anchors_and_merge_keys_are_resolved() {
        let tree = read("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n").unwrap();
        let b = tree.get("b").unwrap();
        assert_eq!(b.get("p").unwrap().text(), Some("1"));
        assert_eq!(b.get("q").unwrap().text(), Some("3"));
    }

    #[test]
    fn alias_bombs_and_deep_nesting_are_errors() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let all = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{all}]\n"));
        }
        assert!(read(&bomb).unwrap_err().message.contains("values"));
        let deep = "[".repeat(100_000);
        assert!(read(&deep).is_err());
    }

    #[test]
    fn json_with_tabs_is_valid() {
        let tree = read("{\n\t\"a\": {\n\t\t\"b\": [1, true, null]\n\t}\n}\n").unwrap();
        assert_eq!(
            tree.get("a")
                .unwrap()
                .get("b")
                .unwrap()
                .list()
                .unwrap()
                .len(),
            3
        );
    }
}
