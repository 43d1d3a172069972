//! Policy documents, images and user data.

use serde_json::Value as Json;

use super::expression::{one_of, references};
use super::references::Found;
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

    /// Returns the data source of the plan that found an image.
    fn lookup_of_image(&self, id: &str) -> Option<RawValue<'static>> {
        let has = |at: &usize, key: &str| {
            let value = self.resources[*at].values.get(key);
            value.and_then(Json::as_str) == Some(id)
        };
        let find = |of: &str, keys: &[&str]| {
            let mut all = 0..self.resources.len();
            all.find(|at| self.resources[*at].of == of && keys.iter().any(|key| has(at, key)))
        };
        let parameter = find("data.aws_ssm_parameter", &["value", "insecure_value"]);
        let parameter = parameter.map(|at| self.resource_term(at, None));
        let image = || find("data.aws_ami", &["id"]);
        parameter.or_else(|| Some(RawValue::from(self.attribute(image()?, None))))
    }

    /// Returns an image from a data source, which describes more than its ID.
    pub(super) fn images(&self, it: &Planned<'p>, map: &mut Map<'static>, expressions: &Json) {
        for key in ["ami", "image_id"] {
            let names = references(expressions.get(key).unwrap_or(&Json::Null));
            let mut images: Vec<RawValue<'static>> = Vec::new();
            let mut is_other = false;
            let known = match map.get(key) {
                Some(RawValue::Str(id)) => Some(id.to_string()),
                _ => None,
            };
            for found in self.evaluate(&names, &it.scope(), None, 0) {
                let (at, own, term) = match found {
                    Found::Resource(at, _) if self.resources[at].of == "data.aws_ami" => {
                        (at, "id", RawValue::from(self.attribute(at, None)))
                    }
                    Found::Resource(at, _) if self.resources[at].of == "data.aws_ssm_parameter" => {
                        (at, "value", self.resource_term(at, None))
                    }
                    _ => {
                        is_other = true;
                        continue;
                    }
                };
                let id = self.resources[at].values.get(own).and_then(Json::as_str);
                // A known ID shows which of the images the expression selects.
                let differs = matches!((id, &known), (Some(id), Some(known)) if id != known);
                if !differs && !images.contains(&term) {
                    images.push(term);
                }
            }
            if images.is_empty() {
                // An ID identifies its image, also if another module looks it up.
                let found = known.as_deref().and_then(|id| self.lookup_of_image(id));
                if let Some(term) = found {
                    map.remove(key);
                    map.insert(key, term);
                }
                continue;
            }
            if is_other && known.is_none() {
                images.push(RawValue::from(Expr::Opaque(Text::Owned(format!(
                    "{}.{key}",
                    it.address
                )))));
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
