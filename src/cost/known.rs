//! Values that are known before deployment, or have a default.

use crate::ir::{Condition, Expr, Predicate, Pseudo, Text, Value};
use crate::reachability::ternary::Ternary;
use crate::region::Region;
use crate::resource::{Graph, Node};

/// Returns the text of a value, or the default of its parameter.
pub(super) fn text(graph: &Graph, value: &Value<Text>) -> Option<String> {
    match value {
        Value::Lit(text) => Some(text.to_string()),
        Value::Expr(expr) => of(graph, expr),
    }
}

/// Returns the non-negative number of a value, or the default of its parameter.
pub(super) fn number(graph: &Graph, value: &Value<i64>) -> Option<u64> {
    match value {
        Value::Lit(number) => u64::try_from(*number).ok(),
        Value::Expr(expr) => of(graph, expr)?.parse().ok(),
    }
}

fn of(graph: &Graph, expr: &Expr) -> Option<String> {
    match expr {
        Expr::Text(text) => Some(text.to_string()),
        Expr::Param(id) => graph.parameter(*id)?.default_value().map(Text::to_string),
        Expr::OneOf(choices) => {
            let mut all = choices.iter().map(|choice| of(graph, choice));
            let first = all.next()??;
            all.all(|other| other.as_ref() == Some(&first))
                .then_some(first)
        }
        _ => None,
    }
}

/// Returns whether a resource exists in a Region.
pub(super) fn exists(graph: &Graph, node: &Node, region: &Region) -> Ternary {
    if node.is_absent() {
        return Ternary::No;
    }
    let exists = match node.condition {
        None => Ternary::Yes,
        Some(id) => graph.condition(id).map_or(
            Ternary::Unknown,
            |Condition {
                 predicate: test, ..
             }| { holds(test, region) },
        ),
    };
    let is_conditional = node
        .origin
        .as_ref()
        .is_some_and(|origin| origin.is_conditional);
    if is_conditional {
        exists.and(Ternary::Unknown)
    } else {
        exists
    }
}

fn holds(test: &Predicate, region: &Region) -> Ternary {
    match test {
        Predicate::Not(inner) => !holds(inner, region),
        Predicate::Equal(..) => Ternary::Unknown,
        Predicate::All(tests) => tests
            .iter()
            .fold(Ternary::Yes, |all, it| all.and(holds(it, region))),
        Predicate::Any(tests) => !tests
            .iter()
            .fold(Ternary::Yes, |none, it| none.and(!holds(it, region))),
        Predicate::OneOf(expr, texts) => {
            let value = match expr {
                Expr::Pseudo(Pseudo::Region) => region.name,
                Expr::Pseudo(Pseudo::Partition) => region.partition,
                Expr::Pseudo(Pseudo::UrlSuffix) => region.dns_suffix,
                _ => return Ternary::Unknown,
            };
            texts.iter().any(|text| text == value).into()
        }
    }
}
