//! Output values of one language, with expressions unresolved.

use std::borrow::Cow;

use crate::ir::{Dialect, Expr, Id, NodeId, Text, Value};

/// A value in the output.
///
/// It preserves information that JSON cannot express (blocks, JSON as text, expressions). All
/// printers of a language use the same tree, and none searches text for `${`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RawValue<'a> {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Literal text.
    Str(Cow<'a, str>),
    /// An expression that the deployment resolves.
    Expr(Cow<'a, Expr>),
    /// A list of values or blocks.
    List(Vec<RawValue<'a>>),
    /// An object or map.
    Object(Map<'a>),
    /// A nested block of Terraform.
    Block(Map<'a>),
    /// A document that is JSON text in Terraform.
    Json(Box<RawValue<'a>>),
    /// Text that CloudFormation encodes in Base64.
    Base64(Box<RawValue<'a>>),
    /// JSON of the user, printed without changes.
    Raw(Cow<'a, serde_json::Value>),
}

impl<'a> RawValue<'a> {
    /// Creates literal text.
    pub fn str(text: impl Into<Cow<'a, str>>) -> RawValue<'a> {
        RawValue::Str(text.into())
    }

    /// Returns literal text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            RawValue::Str(text) => Some(text),
            RawValue::Raw(json) => json.as_str(),
            _ => None,
        }
    }

    /// Returns a copy that owns its text.
    pub fn into_owned(self) -> RawValue<'static> {
        match self {
            RawValue::Bool(value) => RawValue::Bool(value),
            RawValue::Int(value) => RawValue::Int(value),
            RawValue::Str(text) => RawValue::Str(Cow::Owned(text.into_owned())),
            RawValue::Expr(expr) => RawValue::Expr(Cow::Owned(expr.into_owned())),
            RawValue::List(items) => {
                RawValue::List(items.into_iter().map(RawValue::into_owned).collect())
            }
            RawValue::Object(map) => RawValue::Object(map.into_owned()),
            RawValue::Block(map) => RawValue::Block(map.into_owned()),
            RawValue::Json(inner) => RawValue::Json(Box::new(inner.into_owned())),
            RawValue::Base64(inner) => RawValue::Base64(Box::new(inner.into_owned())),
            RawValue::Raw(value) => RawValue::Raw(Cow::Owned(value.into_owned())),
        }
    }

    /// Returns whether it is one block or several in Terraform.
    pub(crate) fn is_block(&self) -> bool {
        match self {
            RawValue::Block(_) => true,
            RawValue::List(items) => {
                !items.is_empty() && items.iter().all(|it| matches!(it, RawValue::Block(_)))
            }
            _ => false,
        }
    }

    /// Returns whether it is all items of a list parameter.
    pub(crate) fn is_items(&self) -> bool {
        matches!(self, RawValue::Expr(expr) if matches!(expr.as_ref(), Expr::Items(_)))
    }

    /// Returns whether it is an item of a list that stands for another number of items than one.
    pub(crate) fn is_spliced(&self) -> bool {
        matches!(self, RawValue::Expr(expr) if expr.is_list() || expr.can_be_absent() && !matches!(expr.as_ref(), Expr::Absent))
    }

    /// Calls `visit` for each expression.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        self.walk_in(None, visit);
    }

    pub(crate) fn walk_in(&self, only: Option<Dialect>, visit: &mut dyn FnMut(&Expr)) {
        self.expressions(&mut |expr| expr.walk_in(only, &mut |inner| visit(inner)));
    }

    /// Calls `visit` for each expression that no other one contains.
    pub(crate) fn expressions(&self, visit: &mut dyn FnMut(&Expr)) {
        match self {
            RawValue::Expr(expr) => visit(expr),
            RawValue::List(items) => items.iter().for_each(|item| item.expressions(visit)),
            RawValue::Object(map) | RawValue::Block(map) => map.expressions(visit),
            RawValue::Json(inner) | RawValue::Base64(inner) => inner.expressions(visit),
            RawValue::Bool(_) | RawValue::Int(_) | RawValue::Str(_) | RawValue::Raw(_) => {}
        }
    }

    /// Returns its type for error messages.
    pub fn what(&self) -> &'static str {
        match self {
            RawValue::Bool(_) => "a boolean",
            RawValue::Int(_) => "a number",
            RawValue::Str(_) => "text",
            RawValue::Expr(_) => "an expression",
            RawValue::List(_) => "a list",
            RawValue::Object(_) => "a map",
            RawValue::Block(_) => "a block",
            RawValue::Json(_) => "a JSON document",
            RawValue::Base64(_) => "encoded text",
            RawValue::Raw(json) => match json.as_ref() {
                serde_json::Value::Null => "null",
                serde_json::Value::Bool(_) => "a boolean",
                serde_json::Value::Number(_) => "a number",
                serde_json::Value::String(_) => "text",
                serde_json::Value::Array(_) => "a list",
                serde_json::Value::Object(_) => "a map",
            },
        }
    }
}

macro_rules! term_from {
    ($($from:ty => |$value:ident| $to:expr),+ $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl From<$from> for RawValue<'static> {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )+};
}
term_from! {
    bool => |value| RawValue::Bool(value),
    i8 => |value| RawValue::Int(value.into()),
    i16 => |value| RawValue::Int(value.into()),
    i32 => |value| RawValue::Int(value.into()),
    i64 => |value| RawValue::Int(value),
    isize => |value| serde_json::Value::from(value).into(),
    u8 => |value| RawValue::Int(value.into()),
    u16 => |value| RawValue::Int(value.into()),
    u32 => |value| RawValue::Int(value.into()),
    u64 => |value| serde_json::Value::from(value).into(),
    usize => |value| serde_json::Value::from(value).into(),
    f32 => |value| RawValue::Raw(Cow::Owned(value.into())),
    f64 => |value| RawValue::Raw(Cow::Owned(value.into())),
    Map<'static> => |value| RawValue::Object(value),
    &str => |value| RawValue::Str(Cow::Owned(value.to_owned())),
    String => |value| RawValue::Str(Cow::Owned(value)),
    &String => |value| RawValue::Str(Cow::Owned(value.clone())),
    Text => |value| RawValue::Str(value),
    &Expr => |value| RawValue::Expr(Cow::Owned(value.clone())),
    &RawValue<'static> => |value| value.clone(),
    Expr => |value| RawValue::Expr(Cow::Owned(value)),
    crate::ir::Cidr => |value| RawValue::Str(Cow::Owned(value.to_string())),
    &crate::ir::Cidr => |value| RawValue::Str(Cow::Owned(value.to_string())),
}

/// A parameter of a number or a Boolean, or its literal.
#[diagnostic::do_not_recommend]
impl<T: crate::ir::Literal + Into<RawValue<'static>>> From<Value<T>> for RawValue<'static> {
    fn from(value: Value<T>) -> Self {
        match value {
            Value::Lit(value) => value.into(),
            Value::Expr(expr) => expr.into(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: crate::ir::Literal + Clone + Into<RawValue<'static>>> From<&Value<T>>
    for RawValue<'static>
{
    fn from(value: &Value<T>) -> Self {
        value.clone().into()
    }
}

#[diagnostic::do_not_recommend]
impl<R> From<Id<R>> for RawValue<'static> {
    fn from(id: Id<R>) -> Self {
        RawValue::str(id.as_str()).into_owned()
    }
}

#[diagnostic::do_not_recommend]
impl<R> From<&Id<R>> for RawValue<'static> {
    fn from(id: &Id<R>) -> Self {
        id.clone().into()
    }
}

#[diagnostic::do_not_recommend]
impl<R: super::Typed> From<&crate::ir::Handle<R>> for RawValue<'static> {
    fn from(value: &crate::ir::Handle<R>) -> Self {
        (*value).into()
    }
}

#[diagnostic::do_not_recommend]
impl<R: super::Typed> From<crate::ir::Handle<R>> for RawValue<'static> {
    fn from(value: crate::ir::Handle<R>) -> Self {
        value.attr(R::LINK).into()
    }
}

/// Creates a map.
#[diagnostic::do_not_recommend]
impl<K: Into<Cow<'static, str>>, const N: usize> From<[(K, RawValue<'static>); N]>
    for RawValue<'static>
{
    fn from(entries: [(K, RawValue<'static>); N]) -> Self {
        let entries = entries.into_iter();
        RawValue::Object(entries.map(|(key, value)| (key.into(), value)).collect())
    }
}

/// Creates a list.
#[diagnostic::do_not_recommend]
impl<T: Into<RawValue<'static>>> From<Vec<T>> for RawValue<'static> {
    fn from(items: Vec<T>) -> Self {
        RawValue::List(items.into_iter().map(Into::into).collect())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Into<RawValue<'static>>, const N: usize> From<[T; N]> for RawValue<'static> {
    fn from(items: [T; N]) -> Self {
        Vec::from(items).into()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Into<RawValue<'static>>> From<&Vec<T>> for RawValue<'static> {
    fn from(items: &Vec<T>) -> Self {
        items.clone().into()
    }
}

/// Converts data. Text in it is literal.
#[diagnostic::do_not_recommend]
impl From<serde_json::Value> for RawValue<'static> {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Bool(value) => RawValue::Bool(value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => RawValue::Int(int),
                None => RawValue::Raw(Cow::Owned(serde_json::Value::Number(number))),
            },
            serde_json::Value::String(text) => RawValue::Str(Cow::Owned(text)),
            serde_json::Value::Array(items) => {
                RawValue::List(items.into_iter().map(Into::into).collect())
            }
            serde_json::Value::Object(entries) => {
                let mut map = Map::default();
                for (key, value) in entries {
                    map.insert(key, value.into());
                }
                RawValue::Object(map)
            }
            null @ serde_json::Value::Null => RawValue::Raw(Cow::Owned(null)),
        }
    }
}

/// Returns the path of a key that a map has twice. A reader of the output would keep one of the values.
pub(crate) fn duplicate_key(map: &Map<'_>) -> Option<String> {
    let keys = || map.0.iter().map(|(key, _)| key);
    let twice = keys()
        .enumerate()
        .find(|(n, key)| keys().take(*n).any(|it| it == *key));
    if let Some((_, key)) = twice {
        return Some(key.clone().into_owned());
    }
    map.iter()
        .find_map(|(key, value)| Some(format!("{key}.{}", duplicate_in(value)?)))
}

fn duplicate_in(value: &RawValue<'_>) -> Option<String> {
    match value {
        RawValue::Object(map) | RawValue::Block(map) => duplicate_key(map),
        RawValue::List(items) => items.iter().find_map(duplicate_in),
        RawValue::Json(inner) | RawValue::Base64(inner) => duplicate_in(inner),
        _ => None,
    }
}

/// A character that no document contains, around the number of an expression in its text.
const MARK: char = '\u{f8ff}';

/// Reads JSON text that contains references. None if the text is not JSON. None also if a reference
/// stands outside a string, in a key, or for text that can contain a quote.
pub(crate) fn json_of(expr: &Expr) -> Option<RawValue<'static>> {
    let Expr::Concat(parts) = expr else {
        return None;
    };
    let mut text = String::new();
    for (n, part) in parts.iter().enumerate() {
        match part {
            Expr::Text(it) if !it.contains(MARK) => text.push_str(it),
            // AWS chooses IDs, names and ARNs, without quotes.
            Expr::Attr(..) | Expr::Pseudo(_) | Expr::Zone(_) => text += &format!("{MARK}{n}{MARK}"),
            Expr::Other(_, name) if name == "Ref" => text += &format!("{MARK}{n}{MARK}"),
            _ => return None,
        }
    }
    let value: serde_json::Value = serde_json::from_str(&text).ok()?;
    with_references(value.into(), parts)
}

fn with_references(value: RawValue<'static>, of: &[Expr]) -> Option<RawValue<'static>> {
    Some(match value {
        RawValue::Str(text) if text.contains(MARK) => {
            let part = |(n, part): (usize, &str)| match n % 2 {
                0 => Some(Expr::text(part.to_owned())),
                _ => of.get(part.parse::<usize>().ok()?).cloned(),
            };
            let parts: Option<Vec<Expr>> = text.split(MARK).enumerate().map(part).collect();
            RawValue::from(Expr::concat(parts?))
        }
        RawValue::List(items) => {
            let items = items.into_iter().map(|it| with_references(it, of));
            RawValue::List(items.collect::<Option<_>>()?)
        }
        RawValue::Object(entries) => {
            let mut map = Map::default();
            for (key, value) in entries {
                if key.contains(MARK) {
                    return None;
                }
                map.insert(key, with_references(value, of)?);
            }
            RawValue::Object(map)
        }
        other => other,
    })
}

/// A map in insertion order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map<'a>(Vec<(Cow<'a, str>, RawValue<'a>)>);

impl<'a> Map<'a> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Map(Vec::with_capacity(capacity))
    }

    /// Adds an entry. The key must be new.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, term: RawValue<'a>) {
        self.0.push((key.into(), term));
    }

    /// Sets an entry, and replaces the one of the same key.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, term: RawValue<'a>) {
        let key = key.into();
        match self.get_mut(&key) {
            Some(old) => *old = term,
            None => self.insert(key, term),
        }
    }

    /// Adds an entry at a path of keys such as `LaunchTemplateData.ImageId`. In Terraform, an outer key
    /// is a block.
    pub(crate) fn insert_path(&mut self, path: &'static str, term: RawValue<'a>, dialect: Dialect) {
        match path.split_once('.') {
            None => self.insert(path, term),
            Some((first, rest)) => {
                if !self.0.iter().any(|(key, _)| key == first) {
                    let nested = match dialect {
                        Dialect::Cfn => RawValue::Object(Map::default()),
                        Dialect::Tf => RawValue::Block(Map::default()),
                    };
                    self.insert(first, nested);
                }
                if let Some(RawValue::Object(inner) | RawValue::Block(inner)) = self.get_mut(first)
                {
                    inner.insert_path(rest, term, dialect);
                }
            }
        }
    }

    /// Returns the value at a path of keys. A list of one object counts as the object.
    pub(crate) fn get_path(&self, path: &str) -> Option<&RawValue<'a>> {
        let Some((first, rest)) = path.split_once('.') else {
            return self.get(path);
        };
        match self.get(first)? {
            RawValue::Object(inner) | RawValue::Block(inner) => inner.get_path(rest),
            RawValue::List(items) => match items.as_slice() {
                [RawValue::Object(inner) | RawValue::Block(inner)] => inner.get_path(rest),
                _ => None,
            },
            _ => None,
        }
    }

    /// Removes and returns the entry at a path of keys.
    pub(crate) fn remove_path(&mut self, path: &str) -> Option<RawValue<'a>> {
        match path.split_once('.') {
            None => self.remove(path),
            Some((first, rest)) => {
                let inner = match self.get_mut(first)? {
                    RawValue::Object(inner) | RawValue::Block(inner) => inner,
                    // A plan contains a list for a single block.
                    RawValue::List(items) => match items.as_mut_slice() {
                        [RawValue::Object(inner) | RawValue::Block(inner)] => inner,
                        _ => return None,
                    },
                    _ => return None,
                };
                let taken = inner.remove_path(rest);
                if inner.is_empty() {
                    self.remove(first);
                }
                taken
            }
        }
    }

    /// Removes and returns an entry.
    pub fn remove(&mut self, key: &str) -> Option<RawValue<'a>> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&RawValue<'a>> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, term)| term)
    }

    /// Returns the value of a key, for changes.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut RawValue<'a>> {
        self.0
            .iter_mut()
            .find(|(name, _)| name == key)
            .map(|(_, term)| term)
    }

    /// Returns a copy that owns its text.
    pub fn into_owned(self) -> Map<'static> {
        self.0
            .into_iter()
            .map(|(key, term)| (Cow::Owned(key.into_owned()), term.into_owned()))
            .collect()
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue<'a>)> {
        self.0.iter().map(|(key, term)| (key.as_ref(), term))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut RawValue<'a>)> {
        let entries = self.0.iter_mut();
        entries.map(|(key, term)| (&**key, term))
    }

    /// Returns the names of arguments and blocks in Terraform, also in nested blocks.
    pub(crate) fn names_in_blocks(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for (key, value) in self.iter() {
            names.push(key);
            let items = match value {
                RawValue::List(items) => items.as_slice(),
                one => std::slice::from_ref(one),
            };
            for item in items {
                if let RawValue::Block(inner) = item {
                    names.extend(inner.names_in_blocks());
                }
            }
        }
        names
    }

    /// Keeps only the entries of these names.
    #[cfg(feature = "config")]
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }

    pub(crate) fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        self.walk_in(None, visit);
    }

    /// Calls `visit` for each expression of a language, or of both.
    pub(crate) fn walk_in(&self, only: Option<Dialect>, visit: &mut dyn FnMut(&Expr)) {
        self.0
            .iter()
            .for_each(|(_, term)| term.walk_in(only, visit));
    }

    /// Calls `visit` for each expression that no other one contains.
    pub(crate) fn expressions(&self, visit: &mut dyn FnMut(&Expr)) {
        self.0.iter().for_each(|(_, term)| term.expressions(visit));
    }

    /// Returns the resources that expressions in the map refer to.
    pub(crate) fn references(&self) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        self.walk(&mut |expr| {
            if let Expr::Attr(node, _) | Expr::Other(node, _) = expr
                && !nodes.contains(node)
            {
                nodes.push(*node);
            }
        });
        nodes
    }
}

impl<'a> IntoIterator for Map<'a> {
    type Item = (Cow<'a, str>, RawValue<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'m, 'a> IntoIterator for &'m Map<'a> {
    type Item = (&'m str, &'m RawValue<'a>);
    type IntoIter = std::iter::Map<
        std::slice::Iter<'m, (Cow<'a, str>, RawValue<'a>)>,
        fn(&'m (Cow<'a, str>, RawValue<'a>)) -> Self::Item,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, term)| (key.as_ref(), term))
    }
}

// The keys must be new, as for `Map::insert`.
impl<'a> Extend<(Cow<'a, str>, RawValue<'a>)> for Map<'a> {
    fn extend<I: IntoIterator<Item = (Cow<'a, str>, RawValue<'a>)>>(&mut self, more: I) {
        self.0.extend(more);
    }
}

impl<'a> FromIterator<(Cow<'a, str>, RawValue<'a>)> for Map<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, RawValue<'a>)>>(entries: I) -> Self {
        Map(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{RawValue, json_of};
    use crate::ir::{Expr, Pseudo};

    fn document(before: &str, part: Expr, after: &str) -> Option<RawValue<'static>> {
        json_of(&Expr::Concat(vec![
            Expr::text(before.to_owned()),
            part,
            Expr::text(after.to_owned()),
        ]))
    }

    #[test]
    fn references_stand_inside_the_strings_of_json_text() {
        let region = Expr::Pseudo(Pseudo::Region);
        let Some(RawValue::Object(map)) = document("{\"a\": [\"x/", region.clone(), "/y\"]}")
        else {
            panic!("no object");
        };
        let parts = [Expr::text("x/"), region.clone(), Expr::text("/y")];
        let expected = RawValue::List(vec![RawValue::from(Expr::concat(parts))]);
        assert_eq!(map.get("a"), Some(&expected));
        assert_eq!(document("{\"a\": ", region.clone(), "}"), None);
        assert_eq!(document("{\"", region, "\": 1}"), None);
        assert_eq!(
            document("{\"a\": \"", Expr::Opaque("x".into()), "\"}"),
            None
        );
    }
}
