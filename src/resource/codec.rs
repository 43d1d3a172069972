//! Conversion of property types to and from both languages.
//!
//! A type handles the differences between the languages. `take(put(x)) == x` holds in both, which
//! `round_trip` tests for every type.

use std::borrow::Cow;
use std::fmt;

use super::InvalidValue;
use super::raw_value::RawValue;
use crate::ir::{Cidr, Dialect, Expr, Id, Text, Value, Word};

/// The reason why a value does not match a property type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The names from the resource down to the property.
    pub path: Vec<String>,
    /// The actual and the expected value.
    pub message: String,
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path.join("."))?;
        }
        f.write_str(&self.message)
    }
}

/// The message for a missing value.
const REQUIRED: &str = "is required";

impl Mismatch {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Mismatch {
            path: Vec::new(),
            message: message.into(),
        }
    }

    pub(crate) fn expected(what: &str, found: &RawValue<'_>) -> Self {
        Mismatch::new(format!("expected {what}, found {}", found.what()))
    }

    pub(crate) fn missing(name: &str) -> Self {
        Mismatch::new(REQUIRED).inside(name)
    }

    /// Returns whether a required value is missing.
    #[cfg(feature = "cli")]
    pub(crate) fn is_missing(&self) -> bool {
        self.message == REQUIRED
    }

    pub(crate) fn inside(mut self, name: &str) -> Self {
        self.path.insert(0, name.to_owned());
        self
    }
}

/// A property type, which both languages can read and write.
pub(crate) trait Prop: Sized {
    /// The table of a nested object.
    const INSIDE: Option<super::property::Inside> = None;

    /// Writes the value, or returns `None` for an empty one.
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>>;
    /// Reads a value that this program wrote.
    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch>;

    /// Reads a value from a file of another author. Adds the parts that the model cannot represent
    /// to the notes.
    fn lift(
        term: RawValue<'_>,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Option<Self> {
        match Self::take(term, dialect) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                unmodeled.note(&mismatch.to_string());
                None
            }
        }
    }

    /// Returns the placeholder for a missing required value.
    fn blank() -> Self;

    /// Returns a random value that the sampler's language can express.
    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self;
}

/// Notes on values that the model cannot represent, with the name of the current field.
#[derive(Debug)]
pub struct UnmodeledNotes<'a> {
    /// All notes of a resource.
    pub notes: &'a mut Vec<crate::resource::Unmodeled>,
    /// The field name, with dots for nested fields.
    pub field: String,
}

impl UnmodeledNotes<'_> {
    pub(crate) fn note(&mut self, reason: &str) {
        self.notes.push(crate::resource::Unmodeled {
            field: self.field.clone(),
            reason: reason.to_owned(),
        });
    }

    pub(crate) fn inside(&mut self, field: &str) -> UnmodeledNotes<'_> {
        let field = if self.field.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.field)
        };
        UnmodeledNotes {
            notes: self.notes,
            field,
        }
    }
}

/// A type of literals in a [`Value`].
pub(crate) trait Scalar: Sized {
    /// Writes the literal.
    fn term(&self) -> RawValue<'_>;
    /// Reads a literal. The error names the expected type.
    fn read(term: &RawValue<'_>) -> Result<Self, Mismatch>;

    /// Returns a random literal.
    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self;
}

impl<T: Scalar> Prop for Value<T> {
    fn put(&self, _: Dialect) -> Option<RawValue<'_>> {
        Some(match self {
            Value::Lit(value) => value.term(),
            Value::Expr(expr) => RawValue::Expr(Cow::Borrowed(expr)),
        })
    }

    fn take(term: RawValue<'_>, _: Dialect) -> Result<Self, Mismatch> {
        match term {
            RawValue::Expr(expr) => Ok(Value::Expr(expr.into_owned())),
            literal => T::read(&literal).map(Value::Lit),
        }
    }

    fn lift(term: RawValue<'_>, _: Dialect, _: &mut UnmodeledNotes<'_>) -> Option<Self> {
        Some(match term {
            RawValue::Expr(expr) => Value::Expr(expr.into_owned()),
            literal => match T::read(&literal) {
                Ok(value) => Value::Lit(value),
                Err(_) => Value::Expr(Expr::Opaque(match literal {
                    RawValue::Str(text) => Text::Owned(text.into_owned()),
                    other => Text::Owned(format!("{other:?}")),
                })),
            },
        })
    }

    fn blank() -> Self {
        Value::Expr(Expr::Absent)
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        if from.one_in(4) {
            Value::Expr(from.expression())
        } else {
            Value::Lit(T::sample(from))
        }
    }
}

pub(super) fn read_text(term: &RawValue<'_>) -> Result<String, Mismatch> {
    match term {
        RawValue::Str(text) => Ok(text.to_string()),
        // Both languages convert numbers and booleans to strings.
        RawValue::Int(int) => Ok(int.to_string()),
        RawValue::Bool(bool) => Ok(bool.to_string()),
        other => Err(Mismatch::expected("text", other)),
    }
}

impl Scalar for Text {
    fn term(&self) -> RawValue<'_> {
        RawValue::Str(Cow::Borrowed(self))
    }

    fn read(term: &RawValue<'_>) -> Result<Self, Mismatch> {
        read_text(term).map(Text::Owned)
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        Text::Owned(from.text())
    }
}

impl<R> Scalar for Id<R> {
    fn term(&self) -> RawValue<'_> {
        RawValue::Str(Cow::Borrowed(self.as_str()))
    }

    fn read(term: &RawValue<'_>) -> Result<Self, Mismatch> {
        read_text(term).map(Id::new)
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        Id::new(from.text())
    }
}

impl Scalar for bool {
    fn term(&self) -> RawValue<'_> {
        RawValue::Bool(*self)
    }

    fn read(term: &RawValue<'_>) -> Result<Self, Mismatch> {
        match term {
            RawValue::Bool(value) => Ok(*value),
            // CloudFormation reads YAML 1.1, which has more boolean words.
            RawValue::Str(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => Ok(true),
                "false" | "no" | "off" => Ok(false),
                _ => Err(Mismatch::expected("a boolean", term)),
            },
            other => Err(Mismatch::expected("a boolean", other)),
        }
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        from.one_in(2)
    }
}

impl Scalar for i64 {
    fn term(&self) -> RawValue<'_> {
        RawValue::Int(*self)
    }

    fn read(term: &RawValue<'_>) -> Result<Self, Mismatch> {
        match term {
            RawValue::Int(value) => Ok(*value),
            RawValue::Str(text) => text
                .parse()
                .map_err(|_| Mismatch::new(format!("expected an integer, found `{text}`"))),
            other => Err(Mismatch::expected("an integer", other)),
        }
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        i64::from(from.number())
    }
}

impl Scalar for Cidr {
    fn term(&self) -> RawValue<'_> {
        RawValue::Str(Cow::Owned(self.to_string()))
    }

    fn read(term: &RawValue<'_>) -> Result<Self, Mismatch> {
        let text = read_text(term)?;
        text.parse()
            .map_err(|e: crate::ir::CidrError| Mismatch::new(e.to_string()))
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        Cidr::v4([10, 20, from.number() as u8, 0], 24)
    }
}

impl<T: Word> Scalar for T {
    fn term(&self) -> RawValue<'_> {
        RawValue::Str(Cow::Borrowed(self.word()))
    }

    fn read(term: &RawValue<'_>) -> Result<Self, Mismatch> {
        let RawValue::Str(text) = term else {
            return Err(Mismatch::expected("text", term));
        };
        T::from_word(text).ok_or_else(|| {
            let words: Vec<String> = T::WORDS.iter().map(|it| format!("`{it}`")).collect();
            Mismatch::new(format!(
                "expected one of {}, found `{text}`",
                words.join(", ")
            ))
        })
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        from.pick(T::ALL)
    }
}

/// A single value: a list with one item in CloudFormation, the item itself in Terraform.
#[derive(Clone, Debug, PartialEq)]
pub struct OneInList<T>(pub T);

impl<T: Prop> Prop for OneInList<T> {
    const INSIDE: Option<super::property::Inside> = T::INSIDE;

    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        let term = self.0.put(dialect)?;
        Some(match dialect {
            Dialect::Cfn => RawValue::List(vec![term]),
            Dialect::Tf => term,
        })
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let item = match (dialect, term) {
            (Dialect::Cfn, RawValue::List(mut items)) if items.len() == 1 => items.swap_remove(0),
            (Dialect::Cfn, RawValue::List(items)) => {
                return Err(Mismatch::new(format!(
                    "expected a list of one item, found {}",
                    items.len()
                )));
            }
            (_, term) => term,
        };
        T::take(item, dialect).map(OneInList)
    }

    fn lift(
        term: RawValue<'_>,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Option<Self> {
        let item = match term {
            RawValue::List(mut items) if items.len() == 1 => items.swap_remove(0),
            RawValue::List(items) if items.is_empty() => return None,
            RawValue::List(_) => {
                unmodeled.note("more than one item");
                return None;
            }
            item => item,
        };
        T::lift(item, dialect, unmodeled).map(OneInList)
    }

    fn blank() -> Self {
        OneInList(T::blank())
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        OneInList(T::sample(from))
    }
}

#[diagnostic::do_not_recommend]
impl<T, V> crate::ir::IntoValue<OneInList<T>> for V
where
    V: crate::ir::IntoValue<T> + NotOneInList,
{
    fn into_value(self) -> OneInList<T> {
        OneInList(self.into_value())
    }
}

/// Separates the conversion into [`OneInList`] from the identity conversion.
pub trait NotOneInList {}
impl<R> NotOneInList for crate::ir::Handle<R> {}
impl<R> NotOneInList for &crate::ir::Handle<R> {}
impl<R> NotOneInList for Id<R> {}
impl<R> NotOneInList for &Id<R> {}
impl<T> NotOneInList for Value<T> {}

/// User data of an instance, in Base64 in CloudFormation and in plain text in Terraform.
///
/// The maximum is 16 KiB before encoding.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html>
#[derive(Clone, Debug, PartialEq)]
pub struct UserData(pub Value<Text>);

impl Prop for UserData {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        let text = self.0.put(dialect)?;
        Some(match dialect {
            Dialect::Cfn => RawValue::Base64(Box::new(text)),
            Dialect::Tf => text,
        })
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        match term {
            RawValue::Base64(text) => Value::take(*text, dialect).map(UserData),
            text => Value::take(text, dialect).map(UserData),
        }
    }

    fn blank() -> Self {
        UserData(Value::blank())
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        UserData(Value::sample(from))
    }
}

/// Returns why EC2 refuses user data: text that no function encodes, and that is not Base64.
pub(crate) fn invalid_user_data(data: Option<&RawValue<'_>>) -> Option<InvalidValue> {
    fn shown(expr: &Expr, out: &mut String) {
        match expr {
            Expr::Text(text) => out.push_str(text),
            Expr::Concat(parts) => parts.iter().for_each(|it| shown(it, out)),
            _ => {}
        }
    }
    let mut text = String::new();
    match data? {
        RawValue::Str(it) => text.push_str(it),
        RawValue::Expr(expr) => shown(expr, &mut text),
        _ => return None,
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=-_\r\n".contains(c);
    (!text.chars().all(is_base64)).then(|| {
        InvalidValue::of_ec2(
            "InvalidUserData.Malformed",
            "its user data is not Base64",
            "encode the user data, with `Fn::Base64` or `base64encode`",
        )
    })
}

/// User data of a launch template, in plain text here and in Base64 in both languages.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedUserData(pub Value<Text>);

impl Prop for EncodedUserData {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        Some(RawValue::Base64(Box::new(self.0.put(dialect)?)))
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        UserData::take(term, dialect).map(|UserData(text)| EncodedUserData(text))
    }

    fn blank() -> Self {
        EncodedUserData(Value::blank())
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        EncodedUserData(Value::sample(from))
    }
}

#[diagnostic::do_not_recommend]
impl<V: crate::ir::IntoValue<Value<Text>> + TextLike> crate::ir::IntoValue<UserData> for V {
    fn into_value(self) -> UserData {
        UserData(self.into_value())
    }
}

/// Separates the conversions of text from the identity conversion.
pub trait TextLike {}
impl TextLike for &str {}
impl TextLike for String {}
impl TextLike for &String {}
impl TextLike for Text {}
impl TextLike for Value<Text> {}
impl TextLike for &Value<Text> {}
impl TextLike for crate::ir::Expr {}
impl TextLike for &crate::ir::Expr {}

/// Writes a list. A single expression of a list is the entire list.
pub(crate) fn put_many<T: Prop>(items: &[T], dialect: Dialect) -> Option<RawValue<'_>> {
    if items.is_empty() {
        return None;
    }
    let mut terms: Vec<RawValue<'_>> = items.iter().filter_map(|item| item.put(dialect)).collect();
    if let [RawValue::Expr(expr)] = terms.as_slice()
        && expr.is_list()
    {
        return terms.pop();
    }
    Some(RawValue::List(terms))
}

/// Reads a list from a file of another author.
pub(crate) fn lift_many<T: Prop>(
    term: RawValue<'_>,
    dialect: Dialect,
    unmodeled: &mut UnmodeledNotes<'_>,
) -> Vec<T> {
    match term {
        RawValue::List(items) => items
            .into_iter()
            .filter_map(|item| T::lift(item, dialect, unmodeled))
            .collect(),
        // Both languages accept a single item in place of a list.
        single => T::lift(single, dialect, unmodeled).into_iter().collect(),
    }
}

/// Reads a list. A single block is a list of one, and an expression is the entire list.
pub(crate) fn take_many<T: Prop>(term: RawValue<'_>, dialect: Dialect) -> Result<Vec<T>, Mismatch> {
    match term {
        RawValue::List(items) => items
            .into_iter()
            .map(|item| T::take(item, dialect))
            .collect(),
        single @ (RawValue::Block(_) | RawValue::Expr(_)) => Ok(vec![T::take(single, dialect)?]),
        other => Err(Mismatch::expected("a list", &other)),
    }
}
