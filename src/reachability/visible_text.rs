//! The text that expressions show.

use crate::ir::{Expr, Pseudo};

/// Returns the literal text of an expression.
pub(crate) fn visible_text(expr: &Expr) -> String {
    let mut out = String::new();
    expr.walk(&mut |part| match part {
        Expr::Text(text) | Expr::Opaque(text) => out.push_str(text),
        Expr::SourceParam { name, .. } => {
            out.push_str("parameter ");
            out.push_str(name);
        }
        Expr::Pseudo(Pseudo::Region) => out.push_str("${region}"),
        _ => {}
    });
    out
}
