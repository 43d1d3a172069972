//! Policy documents, images and user data.

use serde_json::Value as Json;

use super::json::array;
use super::references::{Found, most_specific};
use super::values::{constant, one_of};
use super::{Plan, Planned};
use crate::ir::{Expr, Text};
use crate::resource::{Map, RawValue};

impl<'p> Plan<'p> {
    /// Returns the document of an `aws_iam_policy_document`.
    pub(super) fn policy(&self, at: usize) -> RawValue<'static> {
        let it = &self.resources[at];
        if let Some(json) = it.values.get("json").and_then(Json::as_str) {
            return RawValue::Str(json.to_owned().into());
        }
        let RawValue::Object(mut map) = RawValue::Object(self.arguments(at)) else {
            return RawValue::from(Expr::Opaque(Text::Owned(it.address.to_owned())));
        };
        for other in ["source_policy_documents", "override_policy_documents"] {
            if map
                .remove(other)
                .is_some_and(|term| term != RawValue::List(Vec::new()))
            {
                return RawValue::from(Expr::Opaque(Text::Owned(it.address.to_owned())));
            }
        }
        let statements = match map.remove("statement") {
            Some(RawValue::List(items)) => items,
            Some(single) => vec![single],
            None => Vec::new(),
        };
        let mut document = Map::default();
        document.insert(
            "Statement",
            RawValue::List(statements.into_iter().map(statement).collect()),
        );
        RawValue::Json(Box::new(RawValue::Object(document)))
    }

    /// Returns an image from a data source, which describes more than its ID.
    pub(super) fn images(&self, it: &Planned<'p>, map: &mut Map<'static>, expressions: &Json) {
        for key in ["ami", "image_id"] {
            let names: Vec<&str> = array(expressions.get(key).and_then(|it| it.get("references")))
                .iter()
                .filter_map(Json::as_str)
                .collect();
            if names.is_empty() {
                continue;
            }
            let mut images: Vec<RawValue<'static>> = Vec::new();
            let mut other = false;
            for name in most_specific(&names) {
                for found in self.follow(name, &it.module, it.index.as_deref(), None, 0) {
                    match found {
                        Found::Resource(at, _)
                            if matches!(
                                self.resources[at].of.as_str(),
                                "data.aws_ami" | "data.aws_ssm_parameter"
                            ) =>
                        {
                            let term = match self.resources[at].of.as_str() {
                                "data.aws_ami" => RawValue::from(self.attribute(at, None)),
                                _ => self.resource_term(at, None),
                            };
                            if !images.contains(&term) {
                                images.push(term);
                            }
                        }
                        _ => other = true,
                    }
                }
            }
            if images.is_empty() || (other && map.get(key).is_none()) {
                continue;
            }
            // An expression with a variable can also have the value of the variable.
            if other && images.len() == 1 && names.iter().any(|name| name.starts_with("var.")) {
                continue;
            }
            map.remove(key);
            map.insert(
                key,
                if images.len() == 1 {
                    images.swap_remove(0)
                } else {
                    one_of(images)
                },
            );
        }
    }
}

/// Returns a statement of an `aws_iam_policy_document` in IAM syntax.
pub(super) fn statement(term: RawValue<'static>) -> RawValue<'static> {
    let RawValue::Object(mut map) = term else {
        return term;
    };
    let mut out = Map::default();
    let effect = map
        .remove("effect")
        .filter(|term| !matches!(term, RawValue::Str(text) if text.is_empty()));
    out.insert("Effect", effect.unwrap_or(RawValue::str("Allow")));
    for (own, name) in [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        match map.remove(own) {
            Some(RawValue::List(items)) if items.is_empty() => {}
            Some(term) => out.insert(name, term),
            None => {}
        }
    }
    for (own, name) in [
        ("principals", "Principal"),
        ("not_principals", "NotPrincipal"),
    ] {
        let Some(RawValue::List(items)) = map.remove(own) else {
            continue;
        };
        let mut who = Map::default();
        for item in items {
            let RawValue::Object(mut item) = item else {
                continue;
            };
            let of = match item.remove("type") {
                Some(RawValue::Str(text)) => text.into_owned(),
                _ => "AWS".to_owned(),
            };
            let Some(identifiers) = item.remove("identifiers") else {
                continue;
            };
            if of == "*" {
                who.insert("AWS", RawValue::str("*"));
            } else {
                who.insert(of, identifiers);
            }
        }
        if !who.is_empty() {
            out.insert(name, RawValue::Object(who));
        }
    }
    if let Some(RawValue::List(items)) = map.remove("condition") {
        let mut operators: Map<'static> = Map::default();
        for item in items {
            let RawValue::Object(mut item) = item else {
                continue;
            };
            let (Some(RawValue::Str(test)), Some(RawValue::Str(key)), Some(values)) = (
                item.remove("test"),
                item.remove("variable"),
                item.remove("values"),
            ) else {
                continue;
            };
            if operators.get(&test).is_none() {
                operators.insert(test.to_string(), RawValue::Object(Map::default()));
            }
            if let Some(RawValue::Object(keys)) = operators.get_mut(&test) {
                keys.insert(key.into_owned(), values);
            }
        }
        if !operators.is_empty() {
            out.insert("Condition", RawValue::Object(operators));
        }
    }
    RawValue::Object(out)
}

/// Provider version 5 shows only a hash of user data; the configuration contains constant text.
pub(super) fn user_data(map: &mut Map<'static>, expressions: &Json) {
    let is_hash = matches!(map.get("user_data"), Some(RawValue::Str(text))
        if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()));
    if !is_hash {
        return;
    }
    map.remove("user_data");
    let constant = expressions
        .get("user_data")
        .and_then(constant)
        .and_then(Json::as_str);
    map.insert(
        "user_data",
        match constant {
            Some(text) => RawValue::Str(text.to_owned().into()),
            None => RawValue::from(Expr::Opaque(Text::Borrowed("user data"))),
        },
    );
}
