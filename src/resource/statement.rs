//! Statements of IAM policies.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html>

use std::borrow::Cow;

use super::codec::Prop;
use super::{Map, RawValue};
use crate::ir::{Dialect, IntoValue, Text, Value, words};

words! {
    /// The effect of a policy statement.
    pub enum Effect {
        /// Allows the actions.
        Allow = "Allow",
        /// Denies the actions, even if another statement allows them.
        Deny = "Deny",
    }
}

/// The principal of a statement in a resource policy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Principal {
    /// All principals: `*`.
    Any,
    /// An AWS service, such as `ec2.amazonaws.com`.
    Service(Value<Text>),
    /// An account, role or user, by ARN.
    Aws(Value<Text>),
    /// Several principals by kind (`AWS`, `Service`, `Federated`, `CanonicalUser`). See
    /// [`Principal::several`].
    Several(Vec<(Text, Vec<Value<Text>>)>),
}

impl Principal {
    /// An AWS service, such as `ec2.amazonaws.com`.
    pub fn service(name: impl IntoValue<Value<Text>>) -> Principal {
        Principal::Service(name.into_value())
    }

    /// An account, role or user, by ARN.
    pub fn aws(arn: impl IntoValue<Value<Text>>) -> Principal {
        Principal::Aws(arn.into_value())
    }

    /// An identity provider: the ARN of an OpenID Connect or SAML provider, or a domain such as
    /// `cognito-identity.amazonaws.com`.
    pub fn federated(provider: impl IntoValue<Value<Text>>) -> Principal {
        Principal::several([("Federated", [provider])])
    }

    /// Several principals, by their kind: `AWS`, `Service`, `Federated` or `CanonicalUser`.
    ///
    /// ```
    /// use ssm_synth::resource::Principal;
    ///
    /// let services = ["ec2.amazonaws.com", "ssm.amazonaws.com"];
    /// let who = Principal::several([("Service", services)]);
    /// # assert!(matches!(who, Principal::Several(kinds) if kinds[0].1.len() == 2));
    /// ```
    pub fn several<K, V, N>(kinds: K) -> Principal
    where
        K: IntoIterator<Item = (N, V)>,
        N: IntoValue<Text>,
        V: IntoIterator<Item: IntoValue<Value<Text>>>,
    {
        let kinds = kinds.into_iter();
        Principal::Several(
            kinds
                .map(|(kind, who)| (kind.into_value(), values(who)))
                .collect(),
        )
    }
}

/// A policy statement.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Statement {
    /// The statement ID. Default: none.
    pub sid: Option<Text>,
    /// The effect.
    pub effect: Effect,
    /// The principal of a resource policy. Default: none, as in an identity-based policy.
    pub principal: Option<Principal>,
    /// The actions.
    pub actions: Vec<Value<Text>>,
    /// The resources. Default: none, as in a trust policy.
    pub resources: Vec<Value<Text>>,
    /// Conditions, as operator, key and values.
    pub conditions: Vec<(Text, Text, Vec<Value<Text>>)>,
    /// The inverted elements. Default: none.
    pub not: Not,
}

/// Inverted elements of a statement, such as `NotAction`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Not {
    /// Whether to invert the actions: `NotAction`.
    pub actions: bool,
    /// Whether to invert the resources: `NotResource`.
    pub resources: bool,
    /// Whether to invert the principal: `NotPrincipal`.
    pub principal: bool,
}

fn values<V: IntoValue<Value<Text>>>(items: impl IntoIterator<Item = V>) -> Vec<Value<Text>> {
    items.into_iter().map(V::into_value).collect()
}

impl Statement {
    /// Creates a statement that allows actions.
    #[doc(alias = "new")]
    pub fn allow<V: IntoValue<Value<Text>>>(actions: impl IntoIterator<Item = V>) -> Statement {
        Statement::of(Effect::Allow, values(actions))
    }

    /// Creates a statement that denies actions.
    pub fn deny<V: IntoValue<Value<Text>>>(actions: impl IntoIterator<Item = V>) -> Statement {
        Statement::of(Effect::Deny, values(actions))
    }

    fn of(effect: Effect, actions: Vec<Value<Text>>) -> Statement {
        Statement {
            sid: None,
            effect,
            principal: None,
            actions,
            resources: Vec::new(),
            conditions: Vec::new(),
            not: Not::default(),
        }
    }

    /// Sets the statement ID. Default: none.
    pub fn sid(mut self, sid: impl IntoValue<Text>) -> Statement {
        self.sid = Some(sid.into_value());
        self
    }

    /// Sets the principal. Default: none, as in an identity-based policy.
    pub fn principal(mut self, principal: Principal) -> Statement {
        self.principal = Some(principal);
        self
    }

    /// Adds resources. Default: none.
    pub fn on<V: IntoValue<Value<Text>>>(
        mut self,
        resources: impl IntoIterator<Item = V>,
    ) -> Statement {
        self.resources.extend(values(resources));
        self
    }

    /// Inverts the actions: the statement is about all other ones.
    #[doc(alias = "NotAction")]
    pub fn not_actions(mut self) -> Statement {
        self.not.actions = true;
        self
    }

    /// Inverts the resources: the statement is about all other ones.
    #[doc(alias = "NotResource")]
    pub fn not_resources(mut self) -> Statement {
        self.not.resources = true;
        self
    }

    /// Inverts the principal: the statement is about all other ones.
    #[doc(alias = "NotPrincipal")]
    pub fn not_principal(mut self) -> Statement {
        self.not.principal = true;
        self
    }

    /// Adds a condition. Default: none.
    pub fn when<V: IntoValue<Value<Text>>>(
        mut self,
        operator: impl IntoValue<Text>,
        key: impl IntoValue<Text>,
        of: impl IntoIterator<Item = V>,
    ) -> Statement {
        self.conditions
            .push((operator.into_value(), key.into_value(), values(of)));
        self
    }

    #[cfg(test)]
    pub(super) fn sample(from: &mut super::round_trip::Sampler) -> Statement {
        use super::codec::Scalar as _;
        let who = Value::sample(from);
        let several = ["AWS", "Service"].map(|kind| (kind.into(), vec![Value::sample(from)]));
        let resources = from.list(Value::sample);
        let operators = ["StringEquals", "ArnLike"].map(|operator| {
            let values = vec![Value::sample(from); 1 + from.length()];
            (operator.into(), from.text().into(), values)
        });
        let principal = from.pick(&[
            None,
            Some(Principal::Any),
            Some(Principal::Service(who.clone())),
            Some(Principal::Aws(who)),
            Some(Principal::Several(several.into())),
        ]);
        let not = Not {
            actions: from.one_in(2),
            resources: !resources.is_empty() && from.one_in(2),
            principal: principal.is_some() && from.one_in(2),
        };
        Statement {
            sid: from.one_in(2).then(|| from.text().into()),
            effect: Effect::sample(from),
            principal,
            actions: vec![Value::sample(from); 1 + from.length()],
            conditions: operators.into_iter().take(from.length()).collect(),
            not,
            resources,
        }
    }

    pub(super) fn put(&self, dialect: Dialect) -> RawValue<'_> {
        let list = |items: &'_ [Value<Text>]| {
            RawValue::List(
                items
                    .iter()
                    .filter_map(|item| item.put(dialect))
                    .map(owned)
                    .collect(),
            )
        };
        let mut map = Map::with_capacity(6);
        if let Some(sid) = &self.sid {
            map.insert("Sid", RawValue::Str(Cow::Borrowed(sid.as_ref())));
        }
        map.insert("Effect", RawValue::str(self.effect.as_str()));
        let principal = if self.not.principal {
            "NotPrincipal"
        } else {
            "Principal"
        };
        let of = |kind: &str, who: RawValue<'static>| {
            RawValue::Object([(kind.to_owned().into(), who)].into_iter().collect())
        };
        match &self.principal {
            None => {}
            Some(Principal::Any) => map.insert(principal, RawValue::str("*")),
            Some(Principal::Service(who)) => {
                map.insert(principal, of("Service", list(std::slice::from_ref(who))));
            }
            Some(Principal::Aws(who)) => {
                map.insert(principal, of("AWS", list(std::slice::from_ref(who))));
            }
            Some(Principal::Several(kinds)) => {
                let kinds = kinds.iter().map(|(kind, who)| (kind.clone(), list(who)));
                map.insert(principal, RawValue::Object(kinds.collect()));
            }
        }
        let not =
            |not: bool, name: &'static str, other: &'static str| if not { other } else { name };
        map.insert(
            not(self.not.actions, "Action", "NotAction"),
            list(&self.actions),
        );
        if !self.resources.is_empty() {
            map.insert(
                not(self.not.resources, "Resource", "NotResource"),
                list(&self.resources),
            );
        }
        if !self.conditions.is_empty() {
            let mut operators: Map<'_> = Map::default();
            for (operator, key, of) in &self.conditions {
                if operators.get(operator).is_none() {
                    operators.insert(operator.as_ref(), RawValue::Object(Map::default()));
                }
                if let Some(RawValue::Object(keys)) = operators.get_mut(operator) {
                    let of = match list(of) {
                        // A single value is not a list, because policy scanners compare strings.
                        RawValue::List(mut one) if one.len() == 1 => one.swap_remove(0),
                        several => several,
                    };
                    keys.insert(key.as_ref(), of);
                }
            }
            map.insert("Condition", RawValue::Object(operators));
        }
        RawValue::Object(map)
    }
}

// Owned, because a closure cannot connect the lifetimes of its argument and result.
fn owned(term: RawValue<'_>) -> RawValue<'static> {
    match term {
        RawValue::Str(text) => RawValue::Str(Cow::Owned(text.into_owned())),
        RawValue::Expr(expr) => RawValue::Expr(Cow::Owned(expr.into_owned())),
        other => RawValue::str(other.what()),
    }
}
