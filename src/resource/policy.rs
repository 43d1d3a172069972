//! IAM policy documents.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

use super::codec::{Mismatch, Prop, UnmodeledNotes};
use super::raw_value::json_of;
use super::statement::{Effect, Not, Principal, Statement};
use super::{Map, RawValue};
use crate::ir::{Dialect, Expr, Text, Value};

/// A policy document of version 2012-10-17. An object in CloudFormation, JSON text in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyDocument {
    /// The statements.
    pub statements: Vec<Statement>,
    /// A part that the source file does not resolve. Default: none.
    pub opaque: Option<Text>,
    /// Why IAM refuses it, if the model cannot represent the error. Default: none.
    pub malformed: Option<Text>,
}

/// Converts a value without expressions to JSON.
fn json(term: &RawValue<'_>) -> Option<serde_json::Value> {
    Some(match term {
        RawValue::Bool(value) => (*value).into(),
        RawValue::Int(value) => (*value).into(),
        RawValue::Str(text) => text.as_ref().into(),
        RawValue::List(items) => items.iter().map(json).collect::<Option<_>>()?,
        RawValue::Object(map) | RawValue::Block(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| Some((key.to_owned(), json(value)?)));
            serde_json::Value::Object(entries.collect::<Option<_>>()?)
        }
        RawValue::Json(inner) | RawValue::Base64(inner) => json(inner)?,
        RawValue::Expr(_) | RawValue::Raw(_) => return None,
    })
}

impl PolicyDocument {
    /// Returns the policy as JSON, or `None` if the deployment resolves a part of it.
    ///
    /// ```
    /// use ssm_synth::resource::{PolicyDocument, Statement};
    ///
    /// let policy = PolicyDocument::new([Statement::allow(["s3:GetObject"]).on(["*"])]);
    /// assert!(policy.to_json().is_some_and(|it| it.contains("s3:GetObject")));
    /// ```
    pub fn to_json(&self) -> Option<String> {
        let value = json(&self.put(Dialect::Cfn)?)?;
        Some(format!("{value:#}\n"))
    }

    /// Returns whether the source file omits the policy.
    pub fn is_absent(&self) -> bool {
        self.statements.is_empty() && self.opaque.is_none()
    }

    /// Creates a policy with these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> PolicyDocument {
        PolicyDocument {
            statements: statements.into_iter().collect(),
            ..PolicyDocument::default()
        }
    }
}

impl Prop for PolicyDocument {
    fn put(&self, dialect: Dialect) -> Option<RawValue<'_>> {
        let mut map = Map::with_capacity(2);
        map.insert("Version", RawValue::str("2012-10-17"));
        map.insert(
            "Statement",
            RawValue::List(
                self.statements
                    .iter()
                    .map(|statement| statement.put(dialect))
                    .collect(),
            ),
        );
        Some(RawValue::Json(Box::new(RawValue::Object(map))))
    }

    fn take(term: RawValue<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let document = match term {
            RawValue::Json(inner) => *inner,
            RawValue::Str(text) => serde_json::from_str::<serde_json::Value>(&text)
                .map_err(|error| Mismatch::new(format!("is not JSON: {error}")))?
                .into(),
            other => other,
        };
        let RawValue::Object(mut map) = document else {
            return Err(Mismatch::expected("a policy document", &document));
        };
        let has_variables = has_variables(map.remove_path("Version"))?;
        map.remove_path("Id");
        let statements = match map.remove_path("Statement") {
            Some(RawValue::List(items)) => items,
            Some(single) => vec![single],
            None => return Err(Mismatch::missing("Statement")),
        };
        let statements = statements
            .into_iter()
            .map(|item| {
                let statement = take_statement(item, dialect).map_err(|m| m.inside("Statement"))?;
                Ok(escaped(statement, has_variables))
            })
            .collect::<Result<_, _>>()?;
        Ok(PolicyDocument {
            statements,
            ..PolicyDocument::default()
        })
    }

    fn lift(
        term: RawValue<'_>,
        dialect: Dialect,
        unmodeled: &mut UnmodeledNotes<'_>,
    ) -> Option<Self> {
        let opaque = |reason: String| PolicyDocument {
            opaque: Some(reason.into()),
            ..PolicyDocument::default()
        };
        let document = match term {
            RawValue::Json(inner) => *inner,
            RawValue::Str(text) => match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(value) => value.into(),
                Err(error) => {
                    return Some(PolicyDocument {
                        malformed: Some("it is not JSON".into()),
                        ..opaque(format!("is not JSON: {error}"))
                    });
                }
            },
            RawValue::Expr(expr) => match json_of(&expr) {
                Some(document) => document,
                None => {
                    return Some(opaque(match expr.as_ref() {
                        Expr::SourceParam { name, .. } => format!("parameter {name}"),
                        Expr::Opaque(text) | Expr::Unknown(text) | Expr::Call(text, _) => {
                            text.to_string()
                        }
                        _ => "an expression".to_owned(),
                    }));
                }
            },
            other => other,
        };
        let RawValue::Object(mut map) = document else {
            return Some(opaque(document.what().to_owned()));
        };
        let malformed = super::policy_syntax::error(&map).map(Text::Owned);
        let has_variables = match has_variables(map.remove_path("Version")) {
            Ok(has_variables) => has_variables,
            Err(mismatch) => {
                return Some(PolicyDocument {
                    malformed,
                    ..opaque(mismatch.to_string())
                });
            }
        };
        let items = match map.remove_path("Statement") {
            Some(RawValue::List(items)) => items,
            Some(single) => vec![single],
            None => Vec::new(),
        };
        let mut lifted = PolicyDocument {
            malformed,
            ..PolicyDocument::default()
        };
        for item in items {
            match take_statement(item, dialect) {
                Ok(statement) => lifted.statements.push(escaped(statement, has_variables)),
                Err(mismatch) => lifted.opaque = Some(mismatch.to_string().into()),
            }
        }
        if let Some(reason) = &lifted.opaque {
            unmodeled.note(reason);
        }
        Some(lifted)
    }

    fn blank() -> Self {
        PolicyDocument::default()
    }

    #[cfg(test)]
    fn sample(from: &mut super::round_trip::Sampler) -> Self {
        let others = from.list(Statement::sample);
        // A policy without statements is malformed.
        PolicyDocument::new([Statement::sample(from)].into_iter().chain(others))
    }
}

/// Returns whether a policy of this version has variables. The default version has none.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
fn has_variables(version: Option<RawValue<'_>>) -> Result<bool, Mismatch> {
    match version {
        None => Ok(false),
        Some(RawValue::Str(version)) => match version.as_ref() {
            "2008-10-17" => Ok(false),
            "2012-10-17" => Ok(true),
            _ => Err(Mismatch::new("is not a policy version").inside("Version")),
        },
        Some(_) => Ok(true),
    }
}

/// Escapes `${` in a statement of a version without variables, since the model has version
/// 2012-10-17 only.
fn escaped(mut statement: Statement, has_variables: bool) -> Statement {
    fn escape(expr: &mut Expr) {
        match expr {
            Expr::Text(text) => *text = Text::Owned(text.replace("${", "${$}{")),
            Expr::Concat(parts) | Expr::OneOf(parts) => parts.iter_mut().for_each(escape),
            _ => {}
        }
    }
    if has_variables {
        return statement;
    }
    let conditions = statement.conditions.iter_mut().flat_map(|(.., of)| of);
    for value in statement.resources.iter_mut().chain(conditions) {
        match value {
            Value::Lit(text) => *text = Text::Owned(text.replace("${", "${$}{")),
            Value::Expr(expr) => escape(expr),
        }
    }
    statement
}

fn take_values(term: Option<RawValue<'_>>, dialect: Dialect) -> Result<Vec<Value<Text>>, Mismatch> {
    match term {
        None => Ok(Vec::new()),
        Some(RawValue::List(items)) => items
            .into_iter()
            .map(|item| Value::take(item, dialect))
            .collect(),
        Some(single) => Ok(vec![Value::take(single, dialect)?]),
    }
}

fn take_statement(term: RawValue<'_>, dialect: Dialect) -> Result<Statement, Mismatch> {
    let RawValue::Object(mut map) = term else {
        return Err(Mismatch::expected("a statement", &term));
    };
    let sid = match map.remove_path("Sid") {
        Some(RawValue::Str(text)) => Some(Text::Owned(text.into_owned())),
        _ => None,
    };
    let effect = match map.remove_path("Effect") {
        Some(term) => <Effect as super::codec::Scalar>::read(&term)?,
        None => return Err(Mismatch::missing("Effect")),
    };
    let mut not = Not::default();
    let mut either = |name: &str, other: &str, negated: &mut bool| {
        let term = map.remove(name);
        if term.is_some() {
            return term;
        }
        let term = map.remove(other);
        *negated = term.is_some();
        term
    };
    let principal = match either("Principal", "NotPrincipal", &mut not.principal) {
        None => None,
        Some(RawValue::Str(any)) if any == "*" => Some(Principal::Any),
        Some(RawValue::Object(who)) => {
            let mut kinds = Vec::new();
            for (kind, who) in who {
                let who = take_values(Some(who), dialect)?;
                kinds.push((Text::Owned(kind.into_owned()), who));
            }
            Some(match kinds.as_mut_slice() {
                [(kind, who)] if kind == "Service" && who.len() == 1 => {
                    Principal::Service(who.swap_remove(0))
                }
                [(kind, who)] if kind == "AWS" && who.len() == 1 => {
                    Principal::Aws(who.swap_remove(0))
                }
                _ => Principal::Several(kinds),
            })
        }
        Some(other) => return Err(Mismatch::expected("a principal", &other)),
    };
    let actions = take_values(either("Action", "NotAction", &mut not.actions), dialect)?;
    let resources = take_values(
        either("Resource", "NotResource", &mut not.resources),
        dialect,
    )?;
    let mut conditions = Vec::new();
    let operators = match map.remove_path("Condition") {
        None => Map::default(),
        Some(RawValue::Object(operators)) => operators,
        Some(RawValue::Expr(_)) => {
            return Err(Mismatch::new("contains an expression").inside("Condition"));
        }
        Some(other) => return Err(Mismatch::expected("condition operators", &other)),
    };
    for (operator, keys) in operators {
        let RawValue::Object(keys) = keys else {
            return Err(Mismatch::expected("condition keys", &keys));
        };
        for (key, of) in keys {
            let of = take_values(Some(of), dialect)?;
            let (operator, key) = (operator.clone().into_owned(), key.into_owned());
            conditions.push((operator.into(), key.into(), of));
        }
    }
    match map.iter().next() {
        Some((key, _)) => Err(Mismatch::new("is not supported").inside(key)),
        None => Ok(Statement {
            sid,
            effect,
            principal,
            actions,
            resources,
            conditions,
            not,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifted(json: serde_json::Value) -> PolicyDocument {
        let (mut notes, field) = (Vec::new(), String::new());
        let mut notes = UnmodeledNotes {
            notes: &mut notes,
            field,
        };
        PolicyDocument::lift(RawValue::from(json), Dialect::Cfn, &mut notes).unwrap()
    }

    #[test]
    fn a_policy_that_the_model_cannot_represent_is_opaque() {
        let statement = serde_json::json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let known = lifted(serde_json::json!({"Version": "2012-10-17", "Statement": statement}));
        assert_eq!((known.statements.len(), known.opaque), (1, None));
        let version = lifted(serde_json::json!({"Version": "2012-10-18", "Statement": statement}));
        assert!(version.opaque.is_some());
        let mut listed = statement;
        listed["Condition"] = serde_json::json!([{"Bool": {"aws:SecureTransport": "true"}}]);
        let condition = lifted(serde_json::json!({"Version": "2012-10-17", "Statement": listed}));
        assert!(condition.opaque.is_some());
    }

    #[test]
    fn only_version_2012_has_variables() {
        let resource = |version: Option<&str>| {
            let mut json = serde_json::json!({
                "Statement": {"Effect": "Allow", "Action": "*", "Resource": "x/${aws:userid}"},
            });
            if let Some(version) = version {
                json["Version"] = version.into();
            }
            lifted(json).statements[0].resources[0]
                .lit()
                .unwrap()
                .to_string()
        };
        assert_eq!(resource(Some("2012-10-17")), "x/${aws:userid}");
        assert_eq!(resource(Some("2008-10-17")), "x/${$}{aws:userid}");
        assert_eq!(resource(None), "x/${$}{aws:userid}");
    }
}
