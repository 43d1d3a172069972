//! The configuration of Terraform plans: which values it sets, and which the provider computes.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::plan::{KNOWN_AFTER_APPLY, array, is_nothing};
use super::{AccessChange, Direction, Side};

/// The resources in the configuration of a plan.
struct Configured<'v>(HashMap<String, &'v Value>);

impl<'v> Configured<'v> {
    fn of(plan: &'v Value) -> Configured<'v> {
        let mut out = Vec::new();
        if let Some(module) = plan.pointer("/configuration/root_module") {
            resources_of(module, &mut out, "");
        }
        Configured(out.into_iter().collect())
    }

    /// Returns the expressions of a resource, if the plan has its configuration.
    fn expressions(&self, address: &str) -> Option<&'v Value> {
        let of = self.0.get(&super::replace::without_brackets(address));
        of.map(|it| it.get("expressions").unwrap_or(&Value::Null))
    }

    fn sets(&self, address: &str, argument: &str) -> bool {
        let expressions = self.expressions(address);
        expressions.is_some_and(|it| it.get(argument).is_some())
    }
}

/// Arguments that no configuration sets.
const COMPUTED: [&str; 5] = ["arn", "create_date", "id", "owner_id", "unique_id"];

fn is_computed(value: Option<&Value>) -> bool {
    value.is_some_and(|it| it == KNOWN_AFTER_APPLY)
}

/// Returns both sides without values that the provider computes and that the other configuration sets:
/// the argument is omitted there.
pub(crate) fn without_omitted(
    old: &Side,
    new: &Side,
    plans: (Option<&Value>, Option<&Value>),
) -> (Side, Side) {
    let (mut old, mut new) = (old.clone(), new.clone());
    let (Some(then), Some(now)) = plans else {
        return (old, new);
    };
    let (then, now) = (Configured::of(then), Configured::of(now));
    for (id, is) in &mut new.resources {
        let was = old.resources.get_mut(id).map(|it| &mut it.properties);
        let (Some(then), Some(now)) = (then.expressions(id), now.expressions(id)) else {
            continue;
        };
        if let (Some(Value::Object(was)), Value::Object(is)) = (was, &mut is.properties) {
            remove_omitted((was, then), (is, now));
            remove_omitted((is, now), (was, then));
        }
    }
    (old, new)
}

fn remove_omitted(
    (values, own): (&mut Map<String, Value>, &Value),
    (others, other): (&Map<String, Value>, &Value),
) {
    values.retain(|key, value| {
        let is_set = |it: &Value| it.get(key).is_some();
        let is_known = others.get(key).is_some_and(|it| it != KNOWN_AFTER_APPLY);
        !(value == KNOWN_AFTER_APPLY && is_known && !is_set(own) && is_set(other))
    });
}

/// Returns both sides without the arguments that one of them omits and the provider computes. A plan
/// that is compared with its own state has no other configuration.
pub(crate) fn comparable(
    old: &Side,
    new: &Side,
    (then, now): (Option<&Value>, &Value),
) -> (Side, Side) {
    let then = then.map(Configured::of);
    let now = Configured::of(now);
    let (mut old, mut new) = (old.clone(), new.clone());
    for (id, is) in &mut new.resources {
        let Some(was) = old.resources.get_mut(id) else {
            continue;
        };
        let (Value::Object(was), Value::Object(is)) = (&mut was.properties, &mut is.properties)
        else {
            continue;
        };
        let known = |it: &Value| it != KNOWN_AFTER_APPLY && !is_nothing(it);
        let absent = |key: &String, other: &Map<String, Value>| {
            other.get(key).is_none_or(|it| it == KNOWN_AFTER_APPLY)
        };
        let keys: Vec<String> = was.keys().chain(is.keys()).cloned().collect();
        for key in keys {
            // A value that becomes known or unknown is computed, unless it is configured.
            let computed = |it: &Map<String, Value>| is_computed(it.get(&key));
            let empty = |it: &Map<String, Value>| it.get(&key).is_none_or(|it| !known(it));
            if computed(is) && !computed(was) && now.sets(id, &key) {
                continue;
            }
            if computed(was) && absent(&key, is)
                || computed(is) && absent(&key, was)
                || computed(is) && COMPUTED.contains(&key.as_str())
                || empty(was) && empty(is)
            {
                was.shift_remove(&key);
                is.shift_remove(&key);
            }
        }
        let then = then.as_ref().and_then(|it| it.expressions(id));
        if let (Some(then), Some(now)) = (then, now.expressions(id)) {
            without_computed((was, then), (is, now));
        }
    }
    (old, new)
}

/// Removes the values that neither configuration sets and that one plan shows only after apply: the
/// provider computes them in the same way.
fn without_computed(
    (was, then): (&mut Map<String, Value>, &Value),
    (is, now): (&mut Map<String, Value>, &Value),
) {
    let keys: Vec<String> = is
        .keys()
        .filter(|it| was.contains_key(*it))
        .cloned()
        .collect();
    for key in keys {
        match (then.get(&key), now.get(&key)) {
            (None, None) => {
                let [before, after] = [&*was, &*is].map(|it| it.get(&key));
                let is_scalar =
                    |it: Option<&Value>| !it.is_some_and(|it| it.is_array() || it.is_object());
                if (is_computed(before) || is_computed(after))
                    && is_scalar(before)
                    && is_scalar(after)
                {
                    was.shift_remove(&key);
                    is.shift_remove(&key);
                }
            }
            // The expressions of blocks.
            (Some(Value::Array(then)), Some(Value::Array(now))) => {
                let blocks = (was.get_mut(&key), is.get_mut(&key));
                let (Some(Value::Array(before)), Some(Value::Array(after))) = blocks else {
                    continue;
                };
                let counts = [then.len(), now.len(), before.len(), after.len()];
                if counts.iter().any(|it| *it != then.len()) {
                    continue;
                }
                let blocks = before.iter_mut().zip(then).zip(after.iter_mut().zip(now));
                for ((before, then), (after, now)) in blocks {
                    if let (Value::Object(before), Value::Object(after)) = (before, after) {
                        without_computed((before, then), (after, now));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns the old and the new address of each resource that a plan moves.
pub(crate) fn moved(plan: Option<&Value>) -> Vec<(String, String)> {
    let changes = plan.and_then(|it| it.get("resource_changes"));
    let address = |it: &Value, key: &str| it.get(key).and_then(Value::as_str).map(str::to_owned);
    array(changes)
        .iter()
        .filter_map(|it| Some((address(it, "previous_address")?, address(it, "address")?)))
        .collect()
}

fn resources_of<'v>(module: &'v Value, out: &mut Vec<(String, &'v Value)>, prefix: &str) {
    for resource in array(module.get("resources")) {
        let address = resource
            .get("address")
            .and_then(Value::as_str)
            .unwrap_or_default();
        out.push((format!("{prefix}{address}"), resource));
    }
    let calls = module.get("module_calls").and_then(Value::as_object);
    for (name, call) in calls.into_iter().flatten() {
        if let Some(inner) = call.get("module") {
            resources_of(inner, out, &format!("{prefix}module.{name}."));
        }
    }
}

/// Returns the changes of access that the values of two plans do not show: other providers, and
/// policies whose content is known only after apply.
pub(crate) fn changes(old: &Value, new: &Value, is: &Side, model: &Side) -> Vec<AccessChange> {
    let mut out = Vec::new();
    let mut push = |owner: &str, what: String| {
        out.push(AccessChange {
            direction: Direction::Unknown,
            owner: owner.to_owned(),
            what,
        });
    };
    let part = |root: &Value, path: &str| root.pointer(path).cloned().unwrap_or_default();
    let [before, after] = [old, new].map(|it| part(it, "/configuration/provider_config"));
    // Default tags matter where a policy tests tags.
    let tests_tags = super::access::tests_tags(&new.to_string());
    for (key, provider) in after.as_object().into_iter().flatten() {
        let expressions = |it: &Value| {
            let mut all = it.get("expressions").cloned().unwrap_or_default();
            if let (Value::Object(map), false) = (&mut all, tests_tags) {
                map.retain(|key, _| {
                    !["default_tags", "ignore_tags", "max_retries"].contains(&key.as_str())
                });
            }
            all
        };
        let other = before
            .get(key)
            .is_some_and(|it| expressions(it) != expressions(provider));
        if other {
            push(
                &format!("provider {key}"),
                "can act in another account or Region".to_owned(),
            );
        }
    }
    let [before, after] = [old, new].map(|it| part(it, "/configuration/root_module"));
    let (mut then, mut now) = (Vec::new(), Vec::new());
    resources_of(&before, &mut then, "");
    resources_of(&after, &mut now, "");
    for (address, resource) in &now {
        let key = |it: &Value| it.get("provider_config_key").cloned();
        let known = then.iter().find(|(other, _)| other == address);
        if known.is_some_and(|(_, it)| key(it) != key(resource)) {
            push(
                address,
                "is in the account or Region of another provider".to_owned(),
            );
        }
    }
    if old != new {
        out.extend(hidden_documents(new, is, model));
    }
    out
}

/// Returns the policies whose content a plan shows only after apply. `model` contains the policies
/// that its configuration shows.
pub(crate) fn hidden_documents(plan: &Value, is: &Side, model: &Side) -> Vec<AccessChange> {
    let mut out = Vec::new();
    let configured = Configured::of(plan);
    for (id, entry) in &is.resources {
        let resolved = model
            .resources
            .get(id)
            .is_some_and(|it| it.properties.to_string().contains("\"Effect\""));
        if resolved {
            continue;
        }
        for (key, value) in entry.properties.as_object().into_iter().flatten() {
            let is_name = key.ends_with("_arn") || key.ends_with("_arns");
            if value == KNOWN_AFTER_APPLY
                && !is_name
                && configured.sets(id, key)
                && super::access::is_document(key)
            {
                out.push(AccessChange {
                    direction: Direction::Unknown,
                    owner: id.clone(),
                    what: format!("{key} is known only after apply"),
                });
            }
        }
    }
    out
}
