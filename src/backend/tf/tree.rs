//! The tree that lowering creates and printers write: blocks, arguments and expressions.

use std::borrow::Cow;

/// A value in a module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Literal text.
    Str(Cow<'a, str>),
    /// An HCL expression.
    Expr(String),
    /// An address, a type or a keyword: no quotes in HCL, and no `${}` in Terraform JSON.
    Address(String),
    /// Pairs of such names.
    Addresses(Vec<(String, String)>),
    /// Text and expressions to join.
    Template(Vec<Part<'a>>),
    List(Vec<Tree<'a>>),
    Map(Vec<(Cow<'a, str>, Tree<'a>)>),
    /// A document, written as JSON text.
    Json(Box<Tree<'a>>),
    /// Text, encoded in Base64.
    Base64(Box<Tree<'a>>),
    /// JSON of the user, printed without changes.
    Raw(Cow<'a, serde_json::Value>),
}

/// A part of a template string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part<'a> {
    Text(Cow<'a, str>),
    Expr(String),
}

/// The content of a block.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Body<'a>(pub(super) Vec<(Cow<'a, str>, Item<'a>)>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item<'a> {
    Argument(Tree<'a>),
    Blocks(Vec<Body<'a>>),
    /// Comments, one per line.
    Comments(Vec<String>),
}

impl<'a> Body<'a> {
    pub(super) fn argument(&mut self, name: impl Into<Cow<'a, str>>, value: Tree<'a>) {
        self.0.push((name.into(), Item::Argument(value)));
    }

    /// Adds `ignore_changes` to the block `lifecycle`, of which a resource has at most one.
    pub(super) fn ignore_changes(&mut self, arguments: &[&str]) {
        let ignored = arguments.iter().map(|it| Tree::Address((*it).to_owned()));
        let lifecycle = self.0.iter_mut().find_map(|(name, item)| match item {
            Item::Blocks(blocks) if name == "lifecycle" => blocks.first_mut(),
            _ => None,
        });
        let new = |ignored| ("ignore_changes".into(), Item::Argument(Tree::List(ignored)));
        let Some(lifecycle) = lifecycle else {
            return self.block("lifecycle", Body(vec![new(ignored.collect())]));
        };
        let mut entries = lifecycle.0.iter_mut();
        match entries.find(|(name, _)| name == "ignore_changes") {
            Some((_, Item::Argument(Tree::List(names)))) => {
                names.extend(ignored.filter(|it| !names.contains(it)).collect::<Vec<_>>());
            }
            // The keyword `all` ignores these, too.
            Some(_) => {}
            None => lifecycle.0.push(new(ignored.collect())),
        }
    }

    /// Adds a list of addresses.
    pub(super) fn addresses(&mut self, name: &'static str, addresses: Vec<String>) {
        let addresses = addresses.into_iter().map(Tree::Address);
        self.argument(name, Tree::List(addresses.collect()));
    }

    pub(super) fn block(&mut self, name: impl Into<Cow<'a, str>>, body: Body<'a>) {
        self.0.push((name.into(), Item::Blocks(vec![body])));
    }
}

/// A top-level block of a module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block<'a> {
    pub(super) of: &'static str,
    pub(super) labels: Vec<Cow<'a, str>>,
    pub(super) body: Body<'a>,
}
