//! Reader of options: values with their locations, and every mistake among them.

use std::collections::{HashMap, HashSet};

use super::option_kind::{Kind, OptionRow, PARAMETER, SINGLE, parameter_types};
use super::preset::Preset;
use crate::ir::{
    Diagnostic, Diagnostics, ParamId, ParameterType, SourceLocation, near, nearest, quoted,
    shortened,
};

/// A value and its location.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) node: Node,
    pub(crate) location: SourceLocation,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Null,
    /// The value and its text, which is the value of an option of text.
    Bool(bool, String),
    /// The value and its text.
    Int(i64, String),
    /// Text, or a number that is not an `i64`.
    Str(String),
    List(Vec<Item>),
    Map(Vec<(String, SourceLocation, Item)>),
}

impl Node {
    pub(crate) fn what(&self) -> String {
        match self {
            Node::Null => "nothing".to_owned(),
            Node::Bool(_, text) | Node::Int(_, text) | Node::Str(text) => quoted(text),
            Node::List(_) => "a list".to_owned(),
            Node::Map(_) => "a map".to_owned(),
        }
    }
}

impl Item {
    /// Returns the value at a path of keys and list indices.
    pub(crate) fn find(&self, path: &[String]) -> Option<&Item> {
        let Some((key, rest)) = path.split_first() else {
            return Some(self);
        };
        let next = match &self.node {
            Node::List(items) => key.parse().ok().and_then(|n: usize| items.get(n)),
            _ => self.get(key),
        };
        next.and_then(|next| next.find(rest))
    }

    /// Returns the outermost value at a location, which may be the location of its key.
    pub(crate) fn at(&self, location: &SourceLocation) -> Option<&Item> {
        if self.location == *location {
            return Some(self);
        }
        match &self.node {
            Node::List(items) => items.iter().find_map(|item| item.at(location)),
            Node::Map(entries) => entries.iter().find_map(|(_, key, item)| {
                if key == location {
                    Some(item)
                } else {
                    item.at(location)
                }
            }),
            _ => None,
        }
    }

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

    /// Sets the value at a path, and creates the maps above it.
    pub(crate) fn set(&mut self, path: &[&str], value: Item) {
        let Some((key, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        // A number is the index of an existing item.
        if let Node::List(items) = &mut self.node
            && let Some(item) = key.parse().ok().and_then(|n: usize| items.get_mut(n))
        {
            item.set(rest, value);
            return;
        }
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
                        location: value.location.clone(),
                    };
                    entries.push(((*key).to_owned(), value.location.clone(), empty));
                    entries.len() - 1
                });
            entries[at].2.set(rest, value);
        }
    }
}

impl Item {
    /// An empty map.
    pub(crate) fn empty() -> Item {
        Item {
            node: Node::Map(Vec::new()),
            location: SourceLocation::Default,
        }
    }

    pub(crate) fn as_text(&self) -> Option<String> {
        match &self.node {
            Node::Str(text) | Node::Int(_, text) | Node::Bool(_, text) => Some(text.clone()),
            _ => None,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(Item::as_text)
    }

    pub(crate) fn items(&self) -> &[Item] {
        match &self.node {
            Node::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn entries(&self) -> &[(String, SourceLocation, Item)] {
        match &self.node {
            Node::Map(entries) => entries,
            _ => &[],
        }
    }
}

impl Kind {
    /// Returns whether a value has the form of the kind; its content may still be wrong.
    pub(crate) fn fits(&self, item: &Item) -> bool {
        match (self, &item.node) {
            (Kind::Text, Node::Str(_) | Node::Int(..) | Node::Bool(..)) => true,
            (Kind::Cidr | Kind::Region | Kind::Words(_), Node::Str(_)) => true,
            (Kind::Bool, Node::Bool(..)) | (Kind::Int(..), Node::Int(..)) => true,
            (Kind::Parameter(_), Node::Map(_)) => item.get("parameter").is_some(),
            (Kind::Either(one, other), _) => one.fits(item) || other.fits(item),
            (Kind::List(_), Node::List(_)) => true,
            (Kind::Object(_) | Kind::MapOf(_), Node::Map(_)) => true,
            _ => false,
        }
    }
}

/// A type of options.
pub(crate) trait OptionType: Sized {
    /// The accepted values.
    const KIND: Kind;
    /// The accepted values of a list of them.
    const LIST: Kind = Kind::List(&Self::KIND);
    /// The accepted values where there may be none.
    const OPTIONAL: Kind = Self::KIND;

    /// Reads a value that fits the kind; nothing if it is reported.
    fn read(item: &Item, kind: &Kind, reader: &mut Reader) -> Option<Self>;

    /// Reads a list that fits the kind; nothing if an item is reported.
    fn read_list(item: &Item, _: &Kind, reader: &mut Reader) -> Option<Vec<Self>> {
        let items = item.items().iter().enumerate();
        let items: Vec<Option<Self>> = items
            .map(|(n, item)| reader.inside(&format!("[{n}]"), item, &Self::KIND))
            .collect();
        items.into_iter().collect()
    }

    /// Returns the value of `true`; nothing if `true` leaves the default.
    fn enabled(_: &Reader) -> Option<Self> {
        None
    }

    /// Returns a value that stands for one that is reported, so that validation continues.
    fn unknown() -> Option<Self> {
        None
    }

    /// Returns the value as a default; nothing if it is empty.
    fn shown(&self) -> Option<String>;
}

/// A struct that a table declares.
pub(crate) trait Options: Sized {
    /// One row per option.
    const ROWS: &'static [OptionRow];

    /// Returns the value that the reader starts from.
    fn start(preset: Preset) -> Self;

    /// Reads the options that a map sets.
    fn read_options(&mut self, item: &Item, reader: &mut Reader);
}

/// An integer type, with its range.
pub(crate) trait Ranged<const MIN: i64, const MAX: i64> {
    /// The accepted values.
    const KIND: Kind;
}

/// Reads options and collects the mistakes.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The values of options that the file does not set.
    pub(crate) preset: Preset,
    /// The declared parameters; no type if the file has a wrong one.
    parameters: HashMap<String, (ParamId, Option<ParameterType>)>,
    /// The dotted path of the value that is being read.
    path: String,
    diagnostics: Diagnostics,
}

impl Reader {
    /// Returns the mistakes, in the order of the file.
    pub(crate) fn finish(self) -> Diagnostics {
        let mut found: Vec<Diagnostic> = self.diagnostics.into_iter().collect();
        found.sort_by_key(|it| match it.locations.first() {
            Some(SourceLocation::File(span)) => (span.line, span.column),
            _ => (0, 0),
        });
        found.into_iter().collect()
    }

    /// Returns the locations of the mistakes so far.
    pub(crate) fn reported(&self) -> Vec<SourceLocation> {
        let found = self.diagnostics.iter();
        found.flat_map(|it| it.locations.clone()).collect()
    }

    /// Registers a parameter that values can name.
    pub(crate) fn declare(&mut self, name: &str, id: ParamId, of: Option<ParameterType>) {
        self.parameters.insert(name.to_owned(), (id, of));
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        location: &SourceLocation,
        message: String,
        help: impl Into<String>,
    ) {
        let error = Diagnostic::error(code, message).at(location.clone());
        self.diagnostics.push(error.help(help));
    }

    /// Returns the dotted path of a key of the value that is being read.
    pub(crate) fn full(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    fn shown(&self) -> String {
        match self.path.as_str() {
            "" => "the configuration".to_owned(),
            path => quoted(path),
        }
    }

    /// Reads a value; nothing if it is reported.
    pub(crate) fn read<T: OptionType>(&mut self, item: &Item, kind: &Kind) -> Option<T> {
        if kind.fits(item) {
            return T::read(item, kind, self);
        }
        self.unexpected(item, kind);
        T::unknown()
    }

    /// Reads the value at a step below the current one.
    pub(crate) fn inside<T: OptionType>(
        &mut self,
        step: &str,
        item: &Item,
        kind: &Kind,
    ) -> Option<T> {
        let length = self.path.len();
        if !(step.starts_with('[') || self.path.is_empty()) {
            self.path.push('.');
        }
        self.path.push_str(step);
        let value = self.read(item, kind);
        self.path.truncate(length);
        value
    }

    /// Reads an option of a map; nothing if the map does not set it.
    pub(crate) fn option<T: OptionType>(&mut self, map: &Item, row: &OptionRow) -> Option<T> {
        match map.get(row.key) {
            Some(item) => self.inside(row.key, item, &row.kind),
            None => {
                if row.is_required() {
                    let message = format!("`{}` is required", self.full(row.key));
                    let help = format!("add `{}`", row.key);
                    self.error("setting-required", &map.location, message, help);
                }
                None
            }
        }
    }

    /// Reports what keeps the whole file from being read, and unknown keys; returns whether it is a
    /// map.
    pub(crate) fn read_tables(&mut self, root: &Item, tables: &[&[OptionRow]]) -> bool {
        let is_map = matches!(root.node, Node::Map(_));
        if is_map {
            self.known_keys(root, tables);
        } else {
            self.unexpected(root, &Kind::Object(&[]));
        }
        is_map
    }

    /// Reports keys that no table has.
    pub(crate) fn known_keys(&mut self, map: &Item, tables: &[&[OptionRow]]) {
        for (key, location, _) in map.entries() {
            let mut known = tables
                .iter()
                .flat_map(|rows| rows.iter().map(|row| row.key));
            if !known.any(|it| it == key) {
                let message = format!("unknown setting {}", quoted(&self.full(key)));
                let keys = tables
                    .iter()
                    .flat_map(|rows| rows.iter().map(|row| row.key));
                self.error("unknown-setting", location, message, nearest(key, keys));
            }
        }
    }

    /// Reports a value of another kind.
    pub(crate) fn unexpected(&mut self, item: &Item, kind: &Kind) {
        let (shown, expected, found) = (self.shown(), kind.expected(), item.node.what());
        let help = match (&item.node, kind.words()) {
            (Node::Str(text), words) if !words.is_empty() => nearest(text, words.into_iter()),
            _ => "see `docs/reference/configuration.md` for all settings".to_owned(),
        };
        let message = format!("{shown} expects {expected}, found {found}");
        self.error("setting", &item.location, message, help);
    }

    /// Reports a value that is of the right kind and wrong otherwise.
    pub(crate) fn invalid(&mut self, item: &Item, problem: &str, help: &str) {
        let message = format!("{}: {problem}", self.shown());
        self.error("setting", &item.location, message, help);
    }

    /// Reads `{parameter: Name}`; nothing if it is reported.
    pub(crate) fn parameter(&mut self, item: &Item, types: &[ParameterType]) -> Option<ParamId> {
        self.known_keys(item, &[PARAMETER]);
        let named = item.get("parameter")?;
        let Some(name) = named.as_text() else {
            self.unexpected(named, &Kind::Text);
            return None;
        };
        let location = &named.location;
        let Some((id, of)) = self.parameters.get(&name).copied() else {
            let message = format!("unknown parameter {}", quoted(&name));
            let help = match near(&name, self.parameters.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it under `parameters`".to_owned(),
            };
            self.error("parameter", location, message, help);
            return None;
        };
        match of {
            Some(of) if !types.contains(&of) => {
                let message = format!(
                    "{} expects a parameter {}, and {} has the type `{}`",
                    self.shown(),
                    parameter_types(types),
                    quoted(&name),
                    of.cfn()
                );
                let help = match types {
                    SINGLE => "declare it with a type of one value".to_owned(),
                    types => format!("set `parameters.{name}.type: {}`", types[0].cfn()),
                };
                self.error("parameter", location, message, help);
                None
            }
            _ => Some(id),
        }
    }

    /// Reports declared parameters that nothing uses: CloudFormation prompts for them anyway.
    pub(crate) fn unused_parameters(&mut self, root: &Item) {
        let mut used = HashSet::new();
        mentioned(root, &mut used);
        let declared = root.get("parameters").map_or(&[][..], Item::entries);
        for (name, location, _) in declared {
            if !used.contains(name) {
                let message = format!("nothing uses parameter {}", quoted(name));
                let help = format!(
                    "write `{{parameter: {}}}` as the value of a setting, or remove it",
                    shortened(name)
                );
                self.error("parameter-unused", location, message, help);
            }
        }
    }
}

/// Collects the parameters that are named anywhere, also in an unknown setting.
fn mentioned(item: &Item, names: &mut HashSet<String>) {
    names.extend(item.text("parameter"));
    item.items().iter().for_each(|item| mentioned(item, names));
    let entries = item.entries().iter();
    entries.for_each(|(_, _, item)| mentioned(item, names));
}
