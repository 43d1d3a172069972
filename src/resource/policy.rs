//! IAM policy documents.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>

use std::borrow::Cow;

use super::codec::{Mismatch, Prop, words};
use super::{Dialect, Map, Term};
use crate::ir::{IntoValue, Text, Value};

words! {
    /// What a statement does.
    pub enum Effect {
        /// Allows.
        Allow = "Allow",
        /// Denies, whatever else allows.
        Deny = "Deny",
    }
}

/// Who a statement of a resource policy is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Principal {
    /// Everybody: `*`.
    Any,
    /// A service, such as `ec2.amazonaws.com`.
    Service(Value<Text>),
    /// An account, role or user by ARN.
    Aws(Value<Text>),
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// A name for people. Default: none.
    pub sid: Option<Text>,
    /// Allow or deny.
    pub effect: Effect,
    /// Who, in a policy of a resource. Default: whoever carries the policy.
    pub principal: Option<Principal>,
    /// The actions.
    pub actions: Vec<Value<Text>>,
    /// The resources. Default: none, as in a trust policy.
    pub resources: Vec<Value<Text>>,
    /// Operator, key, values.
    pub conditions: Vec<(Text, Text, Vec<Value<Text>>)>,
}

fn values<V: IntoValue<Value<Text>>>(items: impl IntoIterator<Item = V>) -> Vec<Value<Text>> {
    items.into_iter().map(V::into_value).collect()
}

impl Statement {
    /// Allows actions.
    pub fn allow<V: IntoValue<Value<Text>>>(actions: impl IntoIterator<Item = V>) -> Statement {
        Statement {
            sid: None,
            effect: Effect::Allow,
            principal: None,
            actions: values(actions),
            resources: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// Names it. Default: no name.
    #[must_use]
    pub fn sid(mut self, sid: impl Into<Text>) -> Statement {
        self.sid = Some(sid.into());
        self
    }

    /// Says who. Default: whoever carries the policy.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Statement {
        self.principal = Some(principal);
        self
    }

    /// Adds resources. Default: none.
    #[must_use]
    pub fn on<V: IntoValue<Value<Text>>>(
        mut self,
        resources: impl IntoIterator<Item = V>,
    ) -> Statement {
        self.resources.extend(values(resources));
        self
    }

    /// Adds a condition. Default: none.
    #[must_use]
    pub fn when<V: IntoValue<Value<Text>>>(
        mut self,
        operator: impl Into<Text>,
        key: impl Into<Text>,
        of: impl IntoIterator<Item = V>,
    ) -> Statement {
        self.conditions
            .push((operator.into(), key.into(), values(of)));
        self
    }

    fn put(&self, dialect: Dialect) -> Term<'_> {
        let list = |items: &'_ [Value<Text>]| {
            Term::List(
                items
                    .iter()
                    .filter_map(|item| item.put(dialect))
                    .map(owned)
                    .collect(),
            )
        };
        let mut map = Map::with_capacity(6);
        if let Some(sid) = &self.sid {
            map.insert("Sid", Term::Str(Cow::Borrowed(sid.as_ref())));
        }
        map.insert("Effect", Term::str(self.effect.as_str()));
        match &self.principal {
            None => {}
            Some(Principal::Any) => map.insert("Principal", Term::str("*")),
            Some(Principal::Service(who)) => {
                let who = list(std::slice::from_ref(who));
                map.insert(
                    "Principal",
                    Term::Object([("Service".into(), who)].into_iter().collect()),
                );
            }
            Some(Principal::Aws(who)) => {
                let who = list(std::slice::from_ref(who));
                map.insert(
                    "Principal",
                    Term::Object([("AWS".into(), who)].into_iter().collect()),
                );
            }
        }
        map.insert("Action", list(&self.actions));
        if !self.resources.is_empty() {
            map.insert("Resource", list(&self.resources));
        }
        if !self.conditions.is_empty() {
            let mut operators: Map<'_> = Map::default();
            for (operator, key, of) in &self.conditions {
                if operators.get(operator).is_none() {
                    operators.insert(operator.as_ref(), Term::Object(Map::default()));
                }
                if let Some(Term::Object(keys)) = operators.get_mut(operator) {
                    keys.insert(key.as_ref(), list(of));
                }
            }
            map.insert("Condition", Term::Object(operators));
        }
        Term::Object(map)
    }
}

// A closure cannot tie the life of its result to its argument's; the texts are short.
fn owned(term: Term<'_>) -> Term<'static> {
    match term {
        Term::Str(text) => Term::Str(Cow::Owned(text.into_owned())),
        Term::Expr(expr) => Term::Expr(Cow::Owned(expr.into_owned())),
        other => Term::str(other.what()),
    }
}

/// A policy document of version 2012-10-17. An object in CloudFormation, JSON text in Terraform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyDocument {
    /// The statements.
    pub statements: Vec<Statement>,
}

impl PolicyDocument {
    /// With these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> PolicyDocument {
        PolicyDocument {
            statements: statements.into_iter().collect(),
        }
    }
}

impl Prop for PolicyDocument {
    fn put(&self, dialect: Dialect) -> Option<Term<'_>> {
        let mut map = Map::with_capacity(2);
        map.insert("Version", Term::str("2012-10-17"));
        map.insert(
            "Statement",
            Term::List(
                self.statements
                    .iter()
                    .map(|statement| statement.put(dialect))
                    .collect(),
            ),
        );
        Some(Term::Json(Box::new(Term::Object(map))))
    }

    fn take(term: Term<'_>, dialect: Dialect) -> Result<Self, Mismatch> {
        let document = match term {
            Term::Json(inner) => *inner,
            other => other,
        };
        let Term::Object(mut map) = document else {
            return Err(Mismatch::expected("a policy document", &document));
        };
        map.remove_path("Version");
        let statements = match map.remove_path("Statement") {
            Some(Term::List(items)) => items,
            Some(single) => vec![single],
            None => return Err(Mismatch::missing("Statement")),
        };
        let statements = statements
            .into_iter()
            .map(|item| take_statement(item, dialect).map_err(|m| m.inside("Statement")))
            .collect::<Result<_, _>>()?;
        Ok(PolicyDocument { statements })
    }
}

fn take_values(term: Option<Term<'_>>, dialect: Dialect) -> Result<Vec<Value<Text>>, Mismatch> {
    match term {
        None => Ok(Vec::new()),
        Some(Term::List(items)) => items
            .into_iter()
            .map(|item| Value::take(item, dialect))
            .collect(),
        Some(single) => Ok(vec![Value::take(single, dialect)?]),
    }
}

fn take_statement(term: Term<'_>, dialect: Dialect) -> Result<Statement, Mismatch> {
    let Term::Object(mut map) = term else {
        return Err(Mismatch::expected("a statement", &term));
    };
    let sid = match map.remove_path("Sid") {
        Some(Term::Str(text)) => Some(Text::Owned(text.into_owned())),
        _ => None,
    };
    let effect = match map.remove_path("Effect") {
        Some(term) => <Effect as super::codec::Scalar>::read(&term)?,
        None => return Err(Mismatch::missing("Effect")),
    };
    let principal = match map.remove_path("Principal") {
        None => None,
        Some(Term::Str(any)) if any == "*" => Some(Principal::Any),
        Some(Term::Object(mut who)) => {
            let service = take_values(who.remove_path("Service"), dialect)?;
            let aws = take_values(who.remove_path("AWS"), dialect)?;
            match (service.as_slice(), aws.as_slice(), who.is_empty()) {
                ([one], [], true) => Some(Principal::Service(one.clone())),
                ([], [one], true) => Some(Principal::Aws(one.clone())),
                _ => return Err(Mismatch::new("is not modelled").inside("Principal")),
            }
        }
        Some(other) => return Err(Mismatch::expected("a principal", &other)),
    };
    let actions = take_values(map.remove_path("Action"), dialect)?;
    let resources = take_values(map.remove_path("Resource"), dialect)?;
    let mut conditions = Vec::new();
    if let Some(Term::Object(operators)) = map.remove_path("Condition") {
        for (operator, keys) in operators {
            let Term::Object(keys) = keys else {
                return Err(Mismatch::expected("condition keys", &keys));
            };
            for (key, of) in keys {
                let of = take_values(Some(of), dialect)?;
                let (operator, key) = (operator.clone().into_owned(), key.into_owned());
                conditions.push((operator.into(), key.into(), of));
            }
        }
    }
    match map.iter().next() {
        Some((key, _)) => Err(Mismatch::new("is not modelled").inside(key)),
        None => Ok(Statement {
            sid,
            effect,
            principal,
            actions,
            resources,
            conditions,
        }),
    }
}
