//! Values: what a property holds, a literal or something known only once deployed.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use super::index::{ConditionId, NodeId, ParamId};

/// Text of a property: borrowed from the program or owned.
pub type Text = Cow<'static, str>;

/// A literal, or an expression that the deployment decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<T> {
    /// Known at synthesis.
    Lit(T),
    /// Known once deployed.
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

    /// Returns whether a file that was read leaves it out.
    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Expr(Expr::Absent))
    }
}

/// The identifier of a resource outside the graph, typed by what it identifies.
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
    /// Names an existing resource by the identifier that AWS gave it.
    pub fn new(id: impl Into<Text>) -> Self {
        Id {
            id: id.into(),
            of: PhantomData,
        }
    }

    /// Returns the identifier as AWS writes it.
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

/// A property that names another resource.
pub type Link<R> = Value<Id<R>>;

/// A resource that a property names by ARN, where links to its type hold another attribute.
#[derive(Debug)]
pub struct Arn<R>(PhantomData<fn() -> R>);

/// A property that names another resource by ARN.
pub type ArnLink<R> = Link<Arn<R>>;

/// A handle to a resource in the graph: an index that knows its type.
///
/// A group's handle does not fit where a VPC's belongs:
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
/// and what is required cannot be left out:
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

    /// Returns the untyped index.
    pub fn node(self) -> NodeId {
        self.node
    }

    /// Returns an attribute of the resource as an expression.
    pub fn attr(self, attr: Attr) -> Expr {
        Expr::Attr(self.node, attr)
    }
}

impl NodeId {
    /// Returns an attribute of the resource as an expression.
    pub fn at(self, attr: Attr) -> Expr {
        Expr::Attr(self, attr)
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

/// How CloudFormation spells an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CfnAttr {
    /// `Ref`: the resource's own identifier.
    Ref,
    /// `Fn::GetAtt` with this name.
    GetAtt(&'static str),
}

/// One attribute of a resource type in both spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr {
    /// CloudFormation's spelling.
    pub cfn: CfnAttr,
    /// Terraform's spelling.
    pub tf: &'static str,
}

impl Attr {
    /// An attribute that CloudFormation gives by `Ref`.
    pub const fn by_ref(tf: &'static str) -> Attr {
        Attr {
            cfn: CfnAttr::Ref,
            tf,
        }
    }

    /// An attribute that CloudFormation gives by `Fn::GetAtt`.
    pub const fn by_get_att(cfn: &'static str, tf: &'static str) -> Attr {
        Attr {
            cfn: CfnAttr::GetAtt(cfn),
            tf,
        }
    }
}

/// What the place of deployment decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pseudo {
    /// The region's name, such as `eu-central-1`.
    Region,
    /// The account's twelve digits.
    AccountId,
    /// The partition of ARNs, such as `aws` or `aws-cn`.
    Partition,
    /// The domain of the partition, such as `amazonaws.com`.
    UrlSuffix,
}

/// A value that the deployment decides.
///
/// It is untyped, so that checks and back ends need no generics; the typed door is [`Value`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Expr {
    /// An attribute of a resource in the graph.
    Attr(NodeId, Attr),
    /// A parameter of the stack.
    Param(ParamId),
    /// Region, account, partition, domain.
    Pseudo(Pseudo),
    /// Text.
    Text(Text),
    /// Its parts, one after the other.
    Concat(Vec<Expr>),
    /// The name of the region's n-th availability zone, counted from zero.
    Zone(u32),
    /// The n-th item of a list, counted from zero.
    Select(Box<Expr>, u32),
    /// All items of a list parameter, standing as the only item of a list.
    Items(ParamId),
    /// One or the other, as a condition decides.
    If(ConditionId, Box<Expr>, Box<Expr>),
    /// What only one of the languages can look up by itself.
    PerLanguage {
        /// Used by the CloudFormation back end.
        cfn: Box<Expr>,
        /// Used by the Terraform back end.
        tf: Box<Expr>,
    },
    /// An attribute of a resource in the graph that its table does not name, as the file that was
    /// read spells it.
    Other(NodeId, Text),
    /// The value of a parameter of Systems Manager, by name.
    SsmParameter(Text),
    /// One of these, and the file that was read does not tell which.
    OneOf(Vec<Expr>),
    /// Something that the file that was read does not decide, as it stands there; equal texts
    /// stand for equal values.
    Opaque(Text),
    /// Nothing, where the table requires something: the file that was read leaves it out.
    Absent,
}

impl Expr {
    /// Text as an expression.
    pub fn text(text: impl Into<Text>) -> Expr {
        Expr::Text(text.into())
    }

    /// Joins parts; text beside text is merged, so that a literal stays one.
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

    /// Calls `visit` for this expression and all inside it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        match self {
            Expr::Concat(parts) | Expr::OneOf(parts) => {
                parts.iter().for_each(|part| part.walk(visit))
            }
            Expr::Select(list, _) => list.walk(visit),
            Expr::PerLanguage { cfn, tf } => {
                cfn.walk(visit);
                tf.walk(visit);
            }
            Expr::If(_, then, other) => {
                then.walk(visit);
                other.walk(visit);
            }
            Expr::Attr(..)
            | Expr::Param(_)
            | Expr::Pseudo(_)
            | Expr::Text(_)
            | Expr::Zone(_)
            | Expr::Items(_)
            | Expr::Other(..)
            | Expr::SsmParameter(_)
            | Expr::Opaque(_)
            | Expr::Absent => {}
        }
    }
}

impl From<Expr> for Value<Text> {
    fn from(expr: Expr) -> Self {
        match expr {
            Expr::Text(text) => Value::Lit(text),
            expr => Value::Expr(expr),
        }
    }
}

impl From<Value<Text>> for Expr {
    fn from(value: Value<Text>) -> Self {
        match value {
            Value::Lit(text) => Expr::Text(text),
            Value::Expr(expr) => expr,
        }
    }
}

impl<R> From<Link<R>> for Expr {
    fn from(value: Link<R>) -> Self {
        match value {
            Value::Lit(id) => Expr::Text(id.id),
            Value::Expr(expr) => expr,
        }
    }
}

/// What can be given where a property of type `T` is asked for. Others may implement it for types
/// of their own; it gets no further method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a `{T}`",
    label = "this is a `{Self}`, and the property is a `{T}`",
    note = "a property that names a resource takes the handle that adding a resource of that type gave, an `Id` of that type, or a parameter"
)]
pub trait IntoValue<T> {
    /// Converts.
    fn into_value(self) -> T;
}

impl<T> IntoValue<T> for T {
    fn into_value(self) -> T {
        self
    }
}

impl<R> IntoValue<Link<R>> for Id<R> {
    fn into_value(self) -> Link<R> {
        Value::Lit(self)
    }
}

impl<T> IntoValue<Value<T>> for Expr {
    fn into_value(self) -> Value<T> {
        Value::Expr(self)
    }
}

impl IntoValue<Value<Text>> for &'static str {
    fn into_value(self) -> Value<Text> {
        Value::Lit(Text::Borrowed(self))
    }
}

impl IntoValue<Value<Text>> for String {
    fn into_value(self) -> Value<Text> {
        Value::Lit(Text::Owned(self))
    }
}

impl IntoValue<Value<Text>> for Text {
    fn into_value(self) -> Value<Text> {
        Value::Lit(self)
    }
}

macro_rules! literal_into_value {
    ($($literal:ty),+) => {$(
        impl IntoValue<Value<$literal>> for $literal {
            fn into_value(self) -> Value<$literal> {
                Value::Lit(self)
            }
        }
    )+};
}
literal_into_value!(bool, i64, super::Cidr);

impl IntoValue<Value<i64>> for i32 {
    fn into_value(self) -> Value<i64> {
        Value::Lit(self.into())
    }
}

impl IntoValue<Text> for &'static str {
    fn into_value(self) -> Text {
        Text::Borrowed(self)
    }
}

impl IntoValue<String> for &str {
    fn into_value(self) -> String {
        self.to_owned()
    }
}

impl IntoValue<Text> for String {
    fn into_value(self) -> Text {
        Text::Owned(self)
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
