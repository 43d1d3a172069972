//! Forms of values in a schema.

use super::Names;
use crate::ir::{Attr, CfnAttr, Dialect, Expr};
use crate::resource::RawValue;

/// The form of a value, such as `:*` for a list of texts. Empty is one text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    text: &'static str,
    dialect: Dialect,
}

/// What a form accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepts {
    Text,
    Boolean,
    Number,
    Any,
    Map,
    List,
    Object,
    /// An object, or text that has it as JSON.
    ObjectOrText,
    Block,
    /// A block or an object: the source does not say which.
    BlockOrObject,
}

impl Form {
    pub(super) fn new(text: &'static str, dialect: Dialect) -> Form {
        Form { text, dialect }
    }

    fn accepts(self) -> Accepts {
        let text = self.text.strip_prefix(':').unwrap_or(self.text);
        match text.chars().next() {
            None => Accepts::Text,
            Some('b') => Accepts::Boolean,
            Some('n') => Accepts::Number,
            Some('m') => Accepts::Map,
            Some('*') => Accepts::List,
            Some('=') => Accepts::Object,
            Some('~') => Accepts::ObjectOrText,
            Some('>' | '^') => Accepts::Block,
            Some('%') => Accepts::BlockOrObject,
            Some(_) => Accepts::Any,
        }
    }

    /// Returns the form of the items of a list.
    fn items(self) -> Form {
        let text = self.text.trim_start_matches(':');
        Form::new(text.strip_prefix('*').unwrap_or(text), self.dialect)
    }

    /// Returns whether it is one text.
    pub(crate) fn is_text(self) -> bool {
        self.accepts() == Accepts::Text
    }

    /// Returns whether it is certainly a block.
    #[cfg(feature = "cli")]
    pub(crate) fn is_only_block(self) -> bool {
        self.accepts() == Accepts::Block
    }

    pub(crate) fn is_list(self) -> bool {
        self.accepts() == Accepts::List
    }

    pub(crate) fn is_block(self) -> bool {
        matches!(self.accepts(), Accepts::Block | Accepts::BlockOrObject)
    }

    /// Returns the kind of a Boolean or a number, as the table of limits calls it.
    pub(crate) fn scalar(self) -> Option<&'static str> {
        match self.accepts() {
            Accepts::Boolean => Some("boolean"),
            Accepts::Number => Some("number"),
            _ => None,
        }
    }

    /// Returns the names of the object, or of the objects in the list.
    pub(crate) fn names(self) -> Option<Names> {
        let number = self.text.trim_start_matches([':', '*']);
        let number = number.strip_prefix(['=', '~', '>', '^', '%'])?;
        Names::of_object(number, self.dialect)
    }

    /// Returns whether the code knows the form, and the table its object.
    #[cfg(test)]
    pub(super) fn is_whole(self) -> bool {
        let of = self.accepts();
        let is_object = matches!(
            of,
            Accepts::Object | Accepts::ObjectOrText | Accepts::Block | Accepts::BlockOrObject
        );
        match of {
            Accepts::List => self.items().is_whole(),
            Accepts::Any => self.text == ":?" || self.text == "?",
            _ => self.names().is_some() == is_object,
        }
    }

    /// Returns what a value is, and what the form accepts, if it is text, a list or an object in place of another.
    /// The value is evaluated, of CloudFormation. Texts of Booleans and numbers have limits.
    pub(crate) fn mismatched_shape(
        self,
        value: &RawValue<'_>,
    ) -> Option<(&'static str, &'static str)> {
        let accepts = self.accepts();
        let what = match value {
            RawValue::List(items) if accepts == Accepts::List => {
                let items = items.iter();
                let (what, wanted) = items
                    .filter_map(|it| self.items().mismatched_shape(it))
                    .next()?;
                return Some((listed(what), listed(wanted)));
            }
            RawValue::List(_) => "a list",
            RawValue::Object(map) if !map.iter().any(is_call) => "an object",
            // Text can be the JSON of an object, and an attribute a list, apart from IDs and ARNs.
            RawValue::Expr(expr) if let Expr::Attr(_, attr) = expr.as_ref() => match accepts {
                Accepts::Object => "text",
                Accepts::List if is_text(attr) => "text",
                _ => return None,
            },
            value => match text_in_template(value)? {
                text if accepts == Accepts::Map && text.trim_start().starts_with('{') => {
                    return None;
                }
                _ => "text",
            },
        };
        let wanted = match accepts {
            Accepts::Text => "text",
            Accepts::Boolean => "`true` or `false`",
            Accepts::Number => "a number",
            Accepts::List => "a list",
            Accepts::Map | Accepts::Object | Accepts::ObjectOrText => "an object",
            Accepts::Any | Accepts::Block | Accepts::BlockOrObject => return None,
        };
        let fits = match accepts {
            Accepts::Text | Accepts::Boolean | Accepts::Number => what == "text",
            Accepts::ObjectOrText => what != "a list",
            _ => what == wanted,
        };
        (!fits).then_some((what, wanted))
    }

    /// Returns why the form excludes a value, and the fix. A value that only the deployment
    /// determines has any form.
    pub(super) fn mismatch(self, path: &str, value: &RawValue<'_>) -> Option<(String, String)> {
        if is_open(value, self.dialect) {
            return None;
        }
        if let RawValue::Raw(json) = value
            && !json.is_number()
        {
            return self.mismatch(path, &RawValue::from(json.as_ref().clone()));
        }
        let is_object = matches!(value, RawValue::Object(_) | RawValue::Block(_));
        let (fits, wanted) = match self.accepts() {
            Accepts::Any => return None,
            Accepts::Text => (text_of(value).is_some(), "text"),
            Accepts::Boolean => (is_boolean(value), "`true` or `false`"),
            Accepts::Number => (is_number(value), "a number"),
            Accepts::Map => (matches!(value, RawValue::Object(_)), "a map"),
            Accepts::Object => (is_object, "an object"),
            Accepts::ObjectOrText => (is_object || text_of(value).is_some(), "an object"),
            Accepts::List => match value {
                RawValue::List(items) => {
                    let mut wrong = items.iter();
                    let (message, _) = wrong.find_map(|it| self.items().mismatch(path, it))?;
                    let own = format!("`{path}` is ");
                    let message = message.replacen(&own, &format!("an item of {own}"), 1);
                    let wanted = message.rsplit(" accepts ").next().unwrap_or_default();
                    let help = format!("set each item of `{path}` to {wanted}");
                    return Some((message, help));
                }
                // The provider accepts blocks for some lists of objects.
                _ => (
                    is_object && self.dialect == Dialect::Tf && self.names().is_some(),
                    "a list",
                ),
            },
            Accepts::Block => match value {
                RawValue::List(items) if self.text.starts_with('^') && items.len() > 1 => {
                    let message = format!("`{path}` has {} blocks, and accepts one", items.len());
                    return Some((message, "set one block".to_owned()));
                }
                RawValue::List(items) => (items.iter().all(is_block), "a block"),
                value => (is_block(value), "a block"),
            },
            Accepts::BlockOrObject => (is_object || matches!(value, RawValue::List(_)), "a block"),
        };
        let is_scalar = matches!(self.accepts(), Accepts::Boolean | Accepts::Number);
        let what = match value.as_str().filter(|_| is_scalar) {
            Some(text) => format!("`{text}`"),
            None => value.what().to_owned(),
        };
        let message = format!("`{path}` is {what}, and accepts {wanted}");
        (!fits).then(|| (message, format!("set `{path}` to {wanted}")))
    }
}

/// Returns whether an attribute is certainly text.
fn is_text(attr: &Attr) -> bool {
    attr.cfn == CfnAttr::Ref || matches!(attr.tf, "id" | "arn")
}

fn is_block(value: &RawValue<'_>) -> bool {
    matches!(value, RawValue::Block(_)) || is_open(value, Dialect::Tf)
}

/// Returns whether an entry makes its object a call of a function of CloudFormation, a macro, or a directive of a
/// tool that prepares templates.
pub(super) fn is_call((key, _): (&str, &RawValue<'_>)) -> bool {
    key == "Ref" || key.contains("::")
}

/// Returns what a list contains.
fn listed(item: &'static str) -> &'static str {
    match item {
        "text" => "a list of texts",
        "an object" => "a list of objects",
        "a list" => "a list of lists",
        "a number" => "a list of numbers",
        other => other,
    }
}

/// Returns the text of a scalar in a template.
fn text_in_template(value: &RawValue<'_>) -> Option<String> {
    match value {
        RawValue::Expr(expr) => match expr.as_ref() {
            Expr::Text(text) => Some(text.to_string()),
            Expr::Concat(parts) => match parts.first() {
                Some(Expr::Text(text)) => Some(text.to_string()),
                _ => Some(String::new()),
            },
            _ => None,
        },
        other => text_of(other),
    }
}

/// Returns whether only the deployment determines a value. `null` of Terraform is the default.
fn is_open(value: &RawValue<'_>, dialect: Dialect) -> bool {
    match (value, dialect) {
        (RawValue::Expr(expr), _) => !matches!(expr.as_ref(), Expr::Text(_) | Expr::Concat(_)),
        (RawValue::Raw(json), _) => json.is_null(),
        (RawValue::Str(text), Dialect::Tf) => text.contains("${") || text.contains("%{"),
        (RawValue::Str(text), Dialect::Cfn) => text.contains("{{resolve:"),
        (RawValue::Object(map), Dialect::Cfn) => map.iter().any(is_call),
        _ => false,
    }
}

/// Returns a value that is text, or that Terraform converts to text.
fn text_of(value: &RawValue<'_>) -> Option<String> {
    match value {
        RawValue::Str(text) => Some(text.to_string()),
        RawValue::Int(number) => Some(number.to_string()),
        RawValue::Bool(value) => Some(value.to_string()),
        RawValue::Raw(json) if json.is_number() => Some(json.to_string()),
        RawValue::Expr(_) | RawValue::Json(_) | RawValue::Base64(_) => Some(String::new()),
        _ => None,
    }
}

fn is_boolean(value: &RawValue<'_>) -> bool {
    let text = text_of(value);
    text.is_some_and(|it| it.is_empty() || matches!(it.as_str(), "true" | "false"))
}

fn is_number(value: &RawValue<'_>) -> bool {
    let text = text_of(value);
    text.is_some_and(|it| it.is_empty() || it.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::Form;
    use crate::ir::Dialect;
    use crate::resource::RawValue;

    fn fits(form: &'static str, json: serde_json::Value) -> bool {
        let value = RawValue::from(json);
        let form = Form::new(form, Dialect::Tf);
        form.mismatch("name", &value).is_none()
    }

    #[test]
    fn a_value_of_another_form_does_not_fit() {
        use serde_json::json;
        for (form, value, wanted) in [
            ("", json!("a"), true),
            ("", json!(1), true),
            ("", json!(["a"]), false),
            ("", json!({"a": 1}), false),
            ("", json!(null), true),
            (":b", json!(true), true),
            (":b", json!("true"), true),
            (":b", json!("yes"), false),
            (":b", json!("${var.on}"), true),
            (":n", json!(1.5), true),
            (":n", json!("8"), true),
            (":n", json!("eight"), false),
            (":n", json!(true), false),
            (":m", json!({"a": "b"}), true),
            (":m", json!("a"), false),
            (":*", json!(["a"]), true),
            (":*", json!("a"), false),
            (":*", json!([["a"]]), false),
            (":*n", json!(["1"]), true),
            (":*n", json!(["one"]), false),
            (":?", json!([1]), true),
            (">0000", json!("a"), false),
            (">0000", json!({"a": 1}), false),
        ] {
            assert_eq!(fits(form, value.clone()), wanted, "{form} {value}");
        }
    }

    #[test]
    fn one_block_is_not_several() {
        let block = || RawValue::Block([("a".into(), RawValue::from(1))].into_iter().collect());
        let two = RawValue::List(vec![block(), block()]);
        let form = |text| Form::new(text, Dialect::Tf);
        assert!(form("^0000").mismatch("name", &block()).is_none());
        assert!(form(">0000").mismatch("name", &two).is_none());
        let (message, _) = form("^0000").mismatch("name", &two).unwrap();
        assert_eq!(message, "`name` has 2 blocks, and accepts one");
    }
}
