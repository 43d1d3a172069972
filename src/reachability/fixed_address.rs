//! Fixed addresses in properties.

use crate::ir::{Cidr, Expr, Text, Value};

/// Returns the fixed address that a property sets.
pub(crate) fn fixed(value: Option<&Value<Text>>) -> Option<Cidr> {
    let text = match value? {
        Value::Lit(text) | Value::Expr(Expr::Text(text)) => text,
        Value::Expr(_) => return None,
    };
    format!("{text}/32").parse().ok()
}
