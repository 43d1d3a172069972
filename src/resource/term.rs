//! The tree between a table and a printer: one dialect's shape, with expressions still symbolic.

use std::borrow::Cow;

use crate::ir::{Expr, NodeId};

/// The two languages that a table spells its properties in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// CloudFormation: what stands under `Properties`.
    Cfn,
    /// Terraform: what stands in a `resource` block.
    Tf,
}

impl Dialect {
    /// Returns the spelling of this dialect.
    pub const fn pick<T: Copy>(self, cfn: T, tf: T) -> T {
        match self {
            Dialect::Cfn => cfn,
            Dialect::Tf => tf,
        }
    }
}

/// A piece of a document.
///
/// It knows what JSON cannot say (argument or block, JSON as text, an expression), so that both
/// printers of a language work from the same tree and none looks for `${` in text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Term<'a> {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, to arrive as it is.
    Str(Cow<'a, str>),
    /// What the deployment decides.
    Expr(Cow<'a, Expr>),
    /// A list; of blocks, where its items are blocks.
    List(Vec<Term<'a>>),
    /// An object or map.
    Object(Map<'a>),
    /// A nested block of Terraform.
    Block(Map<'a>),
    /// A document that travels as JSON text in Terraform.
    Json(Box<Term<'a>>),
    /// Text that CloudFormation wants in Base64.
    Base64(Box<Term<'a>>),
    /// Written by the user in the language's own JSON, to be printed as it is.
    Raw(Cow<'a, serde_json::Value>),
}

impl<'a> Term<'a> {
    /// Text.
    pub fn str(text: impl Into<Cow<'a, str>>) -> Term<'a> {
        Term::Str(text.into())
    }

    /// Cuts it loose from what it was read from.
    pub fn into_owned(self) -> Term<'static> {
        match self {
            Term::Bool(value) => Term::Bool(value),
            Term::Int(value) => Term::Int(value),
            Term::Str(text) => Term::Str(Cow::Owned(text.into_owned())),
            Term::Expr(expr) => Term::Expr(Cow::Owned(expr.into_owned())),
            Term::List(items) => Term::List(items.into_iter().map(Term::into_owned).collect()),
            Term::Object(map) => Term::Object(map.into_owned()),
            Term::Block(map) => Term::Block(map.into_owned()),
            Term::Json(inner) => Term::Json(Box::new(inner.into_owned())),
            Term::Base64(inner) => Term::Base64(Box::new(inner.into_owned())),
            Term::Raw(value) => Term::Raw(Cow::Owned(value.into_owned())),
        }
    }

    /// Returns whether it stands for all items of a list parameter.
    pub(crate) fn is_items(&self) -> bool {
        matches!(self, Term::Expr(expr) if matches!(expr.as_ref(), Expr::Items(_)))
    }

    /// Calls `visit` for each expression inside.
    pub fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        match self {
            Term::Expr(expr) => expr.walk(&mut |inner| visit(inner)),
            Term::List(items) => items.iter().for_each(|item| item.walk(visit)),
            Term::Object(map) | Term::Block(map) => map.walk(visit),
            Term::Json(inner) | Term::Base64(inner) => inner.walk(visit),
            Term::Bool(_) | Term::Int(_) | Term::Str(_) | Term::Raw(_) => {}
        }
    }

    /// Says what it is, for an error message.
    pub fn what(&self) -> &'static str {
        match self {
            Term::Bool(_) => "a boolean",
            Term::Int(_) => "a number",
            Term::Str(_) => "text",
            Term::Expr(_) => "an expression",
            Term::List(_) => "a list",
            Term::Object(_) => "a map",
            Term::Block(_) => "a block",
            Term::Json(_) => "a JSON document",
            Term::Base64(_) => "encoded text",
            Term::Raw(_) => "raw JSON",
        }
    }
}

macro_rules! term_from {
    ($($from:ty => |$value:ident| $to:expr),+ $(,)?) => {$(
        impl From<$from> for Term<'static> {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )+};
}
term_from! {
    bool => |value| Term::Bool(value),
    i64 => |value| Term::Int(value),
    i32 => |value| Term::Int(value.into()),
    &str => |value| Term::Str(Cow::Owned(value.to_owned())),
    String => |value| Term::Str(Cow::Owned(value)),
    Expr => |value| Term::Expr(Cow::Owned(value)),
}

impl<R: super::Typed> From<crate::ir::Ref<R>> for Term<'static> {
    fn from(value: crate::ir::Ref<R>) -> Self {
        value.attr(R::LINK).into()
    }
}

impl<T: Into<Term<'static>>> From<Vec<T>> for Term<'static> {
    fn from(items: Vec<T>) -> Self {
        Term::List(items.into_iter().map(Into::into).collect())
    }
}

/// Data: text in it arrives as written, whatever it looks like.
impl From<serde_json::Value> for Term<'static> {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Bool(value) => Term::Bool(value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => Term::Int(int),
                None => Term::Raw(Cow::Owned(serde_json::Value::Number(number))),
            },
            serde_json::Value::String(text) => Term::Str(Cow::Owned(text)),
            serde_json::Value::Array(items) => {
                Term::List(items.into_iter().map(Into::into).collect())
            }
            serde_json::Value::Object(entries) => {
                let mut map = Map::default();
                for (key, value) in entries {
                    map.insert(key, value.into());
                }
                Term::Object(map)
            }
            null @ serde_json::Value::Null => Term::Raw(Cow::Owned(null)),
        }
    }
}

/// Entries in the order of insertion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map<'a>(Vec<(Cow<'a, str>, Term<'a>)>);

impl<'a> Map<'a> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Map(Vec::with_capacity(capacity))
    }

    /// Adds an entry; the caller knows that the key is new.
    pub fn insert(&mut self, key: impl Into<Cow<'a, str>>, term: Term<'a>) {
        self.0.push((key.into(), term));
    }

    /// Adds an entry at a path of keys such as `LaunchTemplateData.ImageId`.
    pub(crate) fn insert_path(&mut self, path: &'static str, term: Term<'a>) {
        match path.split_once('.') {
            None => self.insert(path, term),
            Some((first, rest)) => {
                if !self.0.iter().any(|(key, _)| key == first) {
                    self.insert(first, Term::Object(Map::default()));
                }
                if let Some(Term::Object(inner)) = self.get_mut(first) {
                    inner.insert_path(rest, term);
                }
            }
        }
    }

    /// Takes an entry out from a path of keys.
    pub(crate) fn remove_path(&mut self, path: &str) -> Option<Term<'a>> {
        match path.split_once('.') {
            None => self.remove(path),
            Some((first, rest)) => {
                let inner = match self.get_mut(first)? {
                    Term::Object(inner) | Term::Block(inner) => inner,
                    // A block that may occur once is a list of one in a plan.
                    Term::List(items) => match items.as_mut_slice() {
                        [Term::Object(inner) | Term::Block(inner)] => inner,
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

    /// Takes an entry out.
    pub fn remove(&mut self, key: &str) -> Option<Term<'a>> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    /// Returns an entry.
    pub fn get(&self, key: &str) -> Option<&Term<'a>> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, term)| term)
    }

    /// Returns an entry, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Term<'a>> {
        self.0
            .iter_mut()
            .find(|(name, _)| name == key)
            .map(|(_, term)| term)
    }

    /// Cuts it loose from what it was read from.
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

    /// Goes through the entries.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Term<'a>)> {
        self.0.iter().map(|(key, term)| (key.as_ref(), term))
    }

    /// Keeps only the entries of these names.
    #[cfg(feature = "cli")]
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }

    pub(crate) fn walk(&self, visit: &mut dyn FnMut(&Expr)) {
        self.0.iter().for_each(|(_, term)| term.walk(visit));
    }

    /// Returns the nodes that expressions inside refer to.
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
    type Item = (Cow<'a, str>, Term<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'m, 'a> IntoIterator for &'m Map<'a> {
    type Item = (&'m str, &'m Term<'a>);
    type IntoIter = std::iter::Map<
        std::slice::Iter<'m, (Cow<'a, str>, Term<'a>)>,
        fn(&'m (Cow<'a, str>, Term<'a>)) -> Self::Item,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, term)| (key.as_ref(), term))
    }
}

/// As [`Map::insert`] does: the caller knows that the keys are new.
impl<'a> Extend<(Cow<'a, str>, Term<'a>)> for Map<'a> {
    fn extend<I: IntoIterator<Item = (Cow<'a, str>, Term<'a>)>>(&mut self, more: I) {
        self.0.extend(more);
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Term<'a>)> for Map<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Term<'a>)>>(entries: I) -> Self {
        Map(entries.into_iter().collect())
    }
}
