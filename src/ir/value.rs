//! Property values: literals, and expressions that the deployment resolves.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use super::Dialect;
use super::index::{ConditionId, NodeId, ParamId};
use super::into_value::IntoValue;

/// Text, borrowed or owned.
pub type Text = Cow<'static, str>;

/// A literal, or an expression that the deployment resolves.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<T> {
    /// A literal.
    Lit(T),
    /// An expression that the deployment resolves.
    Expr(Expr),
}

impl<T> Value<T> {
    /// Returns the literal, if it is one.
    pub fn lit(&self) -> Option<&T> {
        match self {
            Value::Lit(value) => Some(value),
            Value::Expr(_) => None,
        }
    }

    /// Returns whether the source file omits the required value.
    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Expr(Expr::Absent))
    }
}

/// The ID of an existing resource, typed by the resource type.
///
/// ```
/// use ssm_synth::{Id, resource::Vpc};
/// let shared: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
/// ```
pub struct Id<R> {
    id: Text,
    of: PhantomData<fn() -> R>,
}

impl<R> Id<R> {
    /// Refers to an existing resource by its ID.
    pub fn new(id: impl IntoValue<Text>) -> Self {
        Id {
            id: id.into_value(),
            of: PhantomData,
        }
    }

    /// Returns the ID.
    pub fn as_str(&self) -> &str {
        &self.id
    }
}

impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        Id {
            id: self.id.clone(),
            of: PhantomData,
        }
    }
}

impl<R> PartialEq for Id<R> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<R> Eq for Id<R> {}

impl<R> Hash for Id<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<R> fmt::Display for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.id)
    }
}

impl<R> fmt::Debug for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.id, f)
    }
}

/// A property that refers to another resource.
pub type Link<R> = Value<Id<R>>;

/// The marker type of a reference by ARN, for types whose references contain another attribute.
#[derive(Debug)]
pub struct Arn<R>(PhantomData<fn() -> R>);

/// A property that refers to another resource by ARN.
pub type ArnLink<R> = Link<Arn<R>>;

/// A typed handle of a resource in the graph.
///
/// A property accepts only handles of its resource type:
///
/// ```compile_fail,E0277
/// use ssm_synth::{App, Id, resource::{RouteTable, SecurityGroup, Vpc}};
/// let mut app = App::new();
/// let mut stack = app.stack("Access");
/// let vpc: Id<Vpc> = Id::new("vpc-0a1b2c3d4e5f60718");
/// let group = stack.add("Group", SecurityGroup::new("a group", vpc));
/// stack.add("Table", RouteTable::new(group));
/// ```
///
/// A constructor requires all required properties:
///
/// ```compile_fail,E0061
/// use ssm_synth::resource::RouteTable;
/// let table = RouteTable::new();
/// ```
pub struct Handle<R> {
    node: NodeId,
    of: PhantomData<fn() -> R>,
}

impl<R> Handle<R> {
    pub(crate) fn new(node: NodeId) -> Self {
        Handle {
            node,
            of: PhantomData,
        }
    }

    /// Returns the untyped index of the resource.
    pub fn node(self) -> NodeId {
        self.node
    }

    /// Returns an attribute of the resource as an expression, such as
    /// [`LINK`](crate::resource::Typed::LINK) of its type.
    pub fn attr(self, attr: impl IntoValue<Attr>) -> Expr {
        Expr::Attr(self.node, attr.into_value())
    }
}

impl NodeId {
    /// Returns an attribute of the resource as an expression.
    pub fn at(self, attr: impl IntoValue<Attr>) -> Expr {
        Expr::Attr(self, attr.into_value())
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Handle<R> {}

impl<R> PartialEq for Handle<R> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<R> Eq for Handle<R> {}

impl<R> Hash for Handle<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.node.hash(state);
    }
}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.node.index())
    }
}

/// The form of an attribute in CloudFormation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CfnAttr {
    /// `Ref`.
    Ref,
    /// `Fn::GetAtt` with this name.
    GetAtt(&'static str),
}

/// An attribute of a resource type in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr {
    /// The form in CloudFormation.
    pub cfn: CfnAttr,
    /// The name in Terraform.
    pub tf: &'static str,
}

impl Attr {
    /// Creates an attribute that CloudFormation returns with `Ref`.
    pub const fn by_ref(tf: &'static str) -> Attr {
        Attr {
            cfn: CfnAttr::Ref,
            tf,
        }
    }

    /// Creates an attribute that CloudFormation returns with `Fn::GetAtt`.
    pub const fn by_get_att(cfn: &'static str, tf: &'static str) -> Attr {
        Attr {
            cfn: CfnAttr::GetAtt(cfn),
            tf,
        }
    }
}

/// A pseudo parameter of CloudFormation, or the Terraform data source for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pseudo {
    /// The name of the region, such as `eu-central-1`.
    Region,
    /// The account ID, of 12 digits.
    AccountId,
    /// The partition of ARNs, such as `aws` or `aws-cn`.
    Partition,
    /// The domain suffix of the partition, such as `amazonaws.com`.
    UrlSuffix,
}

/// A value that the deployment resolves.
///
/// It is untyped to avoid generics in validation and output. [`Value`] is the typed form.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Expr {
    /// An attribute of a resource in the graph.
    Attr(NodeId, Attr),
    /// A parameter of the stack.
    Param(ParamId),
    /// The region, account, partition or domain suffix.
    Pseudo(Pseudo),
    /// Literal text.
    Text(Text),
    /// Parts to join.
    Concat(Vec<Expr>),
    /// The name of the n-th Availability Zone of the region, counted from 0.
    Zone(u32),
    /// The n-th item of a list, counted from 0.
    Select(Box<Expr>, u32),
    /// All items of a list parameter, as the only item of a list property.
    Items(ParamId),
    /// One of two values, selected by a condition.
    If(ConditionId, Box<Expr>, Box<Expr>),
    /// A different expression for each output language.
    PerLanguage {
        /// The expression in CloudFormation.
        cfn: Box<Expr>,
        /// The expression in Terraform.
        tf: Box<Expr>,
    },
    /// An attribute that the resource table does not contain, as in the source file.
    Other(NodeId, Text),
    /// The value of a parameter in SSM Parameter Store, by name.
    SsmParameter(Text),
    /// One of several values that the source file does not resolve.
    OneOf(Vec<Expr>),
    /// A parameter of the source file that has no value. It is equal to itself.
    SourceParam {
        /// The name of the parameter.
        name: Text,
        /// Whether it is a list, as the entire value of a list property.
        is_list: bool,
    },
    /// An expression that the source file does not resolve, in its own words. Equal texts are equal
    /// values.
    Opaque(Text),
    /// A function of the source file and its arguments, which the file does not resolve. Calls of a
    /// function with equal arguments are equal values.
    Call(Text, Vec<Expr>),
    /// A value that the source file does not determine, with its source. Equal to no value, not even
    /// to itself.
    Unknown(Text),
    /// A required value that the source file omits.
    Absent,
}

impl Expr {
    /// Creates an expression for text.
    pub fn text(text: impl IntoValue<Text>) -> Expr {
        Expr::Text(text.into_value())
    }

    /// Creates the value of a parameter in SSM Parameter Store, by name: a dynamic reference in
    /// CloudFormation, and a data source in Terraform.
    pub fn ssm_parameter(name: impl IntoValue<Text>) -> Expr {
        Expr::SsmParameter(name.into_value())
    }

    /// Joins parts, and merges adjacent text, so that literals remain one literal.
    pub fn concat(parts: impl IntoIterator<Item = Expr>) -> Expr {
        let mut joined: Vec<Expr> = Vec::new();
        for part in parts {
            let flat = match part {
                Expr::Concat(inner) => inner,
                other => vec![other],
            };
            for part in flat {
                match (joined.last_mut(), part) {
                    (_, Expr::Text(text)) if text.is_empty() => {}
                    (Some(Expr::Text(before)), Expr::Text(text)) => before.to_mut().push_str(&text),
                    (_, part) => joined.push(part),
                }
            }
        }
        match joined.len() {
            0 => Expr::Text(Text::Borrowed("")),
            1 => joined.swap_remove(0),
            _ => Expr::Concat(joined),
        }
    }

    /// Returns whether it is a list, as the entire value of a list property.
    pub(crate) fn is_list(&self) -> bool {
        match self {
            Expr::Items(_) | Expr::SourceParam { is_list: true, .. } => true,
            Expr::Call(name, _) => matches!(
                name.as_ref(),
                "list" | "Fn::Split" | "Fn::GetAZs" | "Fn::Cidr" | Expr::LIST_IN_MAP
            ),
            Expr::If(_, then, other) => then.is_list() || other.is_list(),
            _ => false,
        }
    }

    /// Returns whether an item of a list does not exist under a condition.
    pub(crate) fn can_be_absent(&self) -> bool {
        match self {
            Expr::Absent => true,
            Expr::If(_, then, other) => then.can_be_absent() || other.can_be_absent(),
            _ => false,
        }
    }

    /// The function that looks up a list in a mapping.
    pub(crate) const LIST_IN_MAP: &'static str = "Fn::FindInMap of lists";

    /// Calls `visit` for this expression and each nested one.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.walk_in(None, visit);
    }

    /// Calls `visit` for this expression and each nested one of a language, or of both.
    pub(crate) fn walk_in<'a>(&'a self, only: Option<Dialect>, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        match self {
            Expr::Concat(parts) | Expr::OneOf(parts) | Expr::Call(_, parts) => {
                parts.iter().for_each(|part| part.walk_in(only, visit))
            }
            Expr::Select(list, _) => list.walk_in(only, visit),
            Expr::PerLanguage { cfn, tf } => {
                if only != Some(Dialect::Tf) {
                    cfn.walk_in(only, visit);
                }
                if only != Some(Dialect::Cfn) {
                    tf.walk_in(only, visit);
                }
            }
            Expr::If(_, then, other) => {
                then.walk_in(only, visit);
                other.walk_in(only, visit);
            }
            Expr::Attr(..)
            | Expr::Param(_)
            | Expr::Pseudo(_)
            | Expr::Text(_)
            | Expr::Zone(_)
            | Expr::Items(_)
            | Expr::Other(..)
            | Expr::SsmParameter(_)
            | Expr::SourceParam { .. }
            | Expr::Opaque(_)
            | Expr::Unknown(_)
            | Expr::Absent => {}
        }
    }
}

#[diagnostic::do_not_recommend]
impl From<Expr> for Value<Text> {
    fn from(expr: Expr) -> Self {
        match expr {
            Expr::Text(text) => Value::Lit(text),
            expr => Value::Expr(expr),
        }
    }
}

#[diagnostic::do_not_recommend]
impl From<Value<Text>> for Expr {
    fn from(value: Value<Text>) -> Self {
        match value {
            Value::Lit(text) => Expr::Text(text),
            Value::Expr(expr) => expr,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<R> From<Link<R>> for Expr {
    fn from(value: Link<R>) -> Self {
        match value {
            Value::Lit(id) => Expr::Text(id.id),
            Value::Expr(expr) => expr,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_beside_text_becomes_one() {
        let joined = Expr::concat([
            Expr::text("a"),
            Expr::concat([Expr::text("b"), Expr::Pseudo(Pseudo::Region)]),
            Expr::text(""),
            Expr::text("c"),
        ]);
        assert_eq!(
            joined,
            Expr::Concat(vec![
                Expr::text("ab"),
                Expr::Pseudo(Pseudo::Region),
                Expr::text("c")
            ])
        );
        assert_eq!(
            Expr::concat([Expr::text("a"), Expr::text("b")]),
            Expr::text("ab")
        );
        assert_eq!(Expr::concat([]), Expr::text(""));
    }
}
