//! The configuration of Terraform plans: which values it sets, and which the provider computes.

use serde_json::{Map, Value, json};

use super::access::loss;
use super::configuration::Configuration;
use super::plan::{KNOWN_AFTER_APPLY, is_nothing};
use super::respelled::is_default;
use super::{AccessChange, Direction, Side, references_after_apply};
use crate::frontend::plan::array;
use crate::ir::Dialect;
use crate::resource::Schema;

/// Arguments that no configuration sets.
const COMPUTED: [&str; 5] = ["arn", "create_date", "id", "owner_id", "unique_id"];

fn is_computed(value: Option<&Value>) -> bool {
    value.is_some_and(|it| it == KNOWN_AFTER_APPLY)
}

/// Returns both sides without values that the provider computes and that the other configuration sets:
/// the argument is omitted there. Arguments that both know only after apply differ by their references.
pub(crate) fn without_omitted(
    old: &Side,
    new: &Side,
    plans: (Option<&Value>, Option<&Value>),
    moved: &[(String, String)],
) -> (Side, Side) {
    let (mut old, mut new) = (old.clone(), new.clone());
    let (Some(then), Some(now)) = plans else {
        return (old, new);
    };
    let (then, now) = (Configuration::of(then), Configuration::of(now));
    references_after_apply::shown((&mut old, &mut new), (&then, &now), moved);
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
    let then = then.map(Configuration::of);
    let plan = now;
    let now = Configuration::of(plan);
    let before = old;
    let (mut old, mut new) = (old.clone(), new.clone());
    if then.is_none() {
        keep_forgotten(plan, before, &mut new);
        for side in [&mut old, &mut new] {
            side.resources
                .retain(|id, it| !does_nothing(&now, id, &it.kind));
        }
    }
    for (id, is) in &mut new.resources {
        let Some(was) = old.resources.get_mut(id) else {
            continue;
        };
        let kind = is.kind.clone();
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
            // By default, it depends on the subnet.
            let is_of_subnet = then.is_none()
                && kind == "aws_instance"
                && key == "associate_public_ip_address"
                && !now.sets(id, &key);
            let assigns = is_of_subnet && !subnet_assigns_none(plan, was);
            if then.is_none()
                && !assigns
                && !COMPUTED.contains(&key.as_str())
                && let (Some(before), Some(after)) = (was.get_mut(&key), is.get_mut(&key))
            {
                let expression = now.expressions(id).and_then(|it| it.get(&key));
                let is_unset = expression.is_none() && is_computed(Some(after));
                without_unset(&kind, &key, (before, after), expression);
                if is_unset && (is_empty(before) || is_of_subnet) {
                    was.shift_remove(&key);
                    is.shift_remove(&key);
                }
                if is_unset {
                    continue;
                }
            }
            if computed(is) && !computed(was) && now.sets(id, &key) {
                let value = was.get(&key);
                if then.is_none() && value.is_some_and(|it| now.refers_to(id, &key, it, before)) {
                    was.shift_remove(&key);
                    is.shift_remove(&key);
                }
                continue;
            }
            if computed(was) && absent(&key, is)
                || computed(is) && absent(&key, was)
                || computed(is) && COMPUTED.contains(&key.as_str())
                || empty(was) && empty(is) && !assigns
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

/// Returns whether a resource of Terraform itself runs nothing.
fn does_nothing(plan: &Configuration<'_>, address: &str, kind: &str) -> bool {
    let resource = plan.resource(address);
    ["terraform_data", "null_resource"].contains(&kind)
        && resource.is_some_and(|it| it.get("provisioners").is_none())
}

/// Adds the resources that a plan only forgets: they stay as they are.
fn keep_forgotten(plan: &Value, before: &Side, new: &mut Side) {
    for change in array(plan.get("resource_changes")) {
        let forgets = array(change.pointer("/change/actions")) == ["forget"];
        let address = change.get("address").and_then(Value::as_str);
        if let (true, Some(address)) = (forgets, address)
            && let Some(entry) = before.resources.get(address)
        {
            new.resources.insert(address.to_owned(), entry.clone());
        }
    }
}

/// Removes the values that Terraform computes again for a new resource and that no configuration sets, as far
/// as AWS gives no access by them.
fn without_unset(
    kind: &str,
    path: &str,
    (was, is): (&mut Value, &mut Value),
    expression: Option<&Value>,
) {
    match (&mut *was, &mut *is, expression) {
        (_, Value::String(text), None) if text == KNOWN_AFTER_APPLY => {
            without_defaults(kind, path, was);
            if is_empty(was) {
                *is = Value::Null;
            }
        }
        // The plan does not show which of several expressions a block is from.
        (Value::Array(was), Value::Array(is), Some(Value::Array(expressions))) => {
            if let ([Value::Object(was)], [Value::Object(is)], [expressions]) = (
                was.as_mut_slice(),
                is.as_mut_slice(),
                expressions.as_slice(),
            ) {
                for (key, was) in was {
                    let path = format!("{path}.{key}");
                    if let Some(is) = is.get_mut(key) {
                        without_unset(kind, &path, (was, is), expressions.get(key));
                    }
                }
            }
        }
        _ => {}
    }
}

/// Returns whether nothing is left of a value.
fn is_empty(value: &Value) -> bool {
    value.is_null() || *value == json!([]) || *value == json!({})
}

/// Removes the parts of a value whose loss gives no access: attributes that the provider only reads, defaults,
/// and the weaker values of a property.
fn without_defaults(kind: &str, path: &str, value: &mut Value) {
    let schema = Schema::of(kind, Dialect::Tf);
    let is_read = schema.is_some_and(|it| it.names().get(path).is_some_and(|it| it.is_set_by_aws));
    // The private ACL of a bucket.
    let is_owner = kind == "aws_s3_bucket"
        && path == "grant"
        && matches!(array(Some(value)), [only] if only["permissions"] == json!(["FULL_CONTROL"])
            && only["type"] == "CanonicalUser");
    if is_read || is_owner {
        *value = Value::Null;
        return;
    }
    match value {
        Value::Array(items) => {
            let all = items.iter_mut();
            all.for_each(|it| without_defaults(kind, path, it));
            items.retain(|it| !is_empty(it));
        }
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                without_defaults(kind, &format!("{path}.{key}"), inner);
            }
            map.retain(|_, it| !is_empty(it));
        }
        _ => {
            let scalar = &*value;
            let matters = !is_default(kind, path, scalar)
                && match loss(kind, path, scalar) {
                    Direction::Broader => true,
                    Direction::Unknown => !is_nothing(scalar),
                    Direction::Narrower => false,
                };
            if !matters {
                *value = Value::Null;
            }
        }
    }
}

/// Returns whether the subnet of an instance gives it no public address. A subnet that the plan only refers to can
/// be any of its subnets.
fn subnet_assigns_none(plan: &Value, instance: &Map<String, Value>) -> bool {
    fn subnets<'v>(module: Option<&'v Value>, out: &mut Vec<&'v Value>) {
        let of = |it: &&Value| it["type"] == "aws_subnet";
        let resources = array(module.and_then(|it| it.get("resources")));
        out.extend(resources.iter().filter(of).map(|it| &it["values"]));
        for child in array(module.and_then(|it| it.get("child_modules"))) {
            subnets(Some(child), out);
        }
    }
    let mut all = Vec::new();
    subnets(plan.pointer("/planned_values/root_module"), &mut all);
    subnets(plan.pointer("/prior_state/values/root_module"), &mut all);
    let id = instance.get("subnet_id");
    let is_known = id.is_some_and(|id| all.iter().any(|it| it.get("id") == Some(id)));
    is_known && all.iter().all(|it| it["map_public_ip_on_launch"] != true)
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
    let providers = (before, after);
    let (then, now) = (Configuration::of(old), Configuration::of(new));
    for (address, resource) in &now.resources {
        let key = |it: &Value| it.get("provider_config_key").cloned();
        // Another alias can have the same settings.
        let settings = |all: &Value, it: &Value| {
            let key = key(it)?.as_str()?.to_owned();
            all.get(&key)?.get("expressions").cloned()
        };
        let known = then.resource(address);
        let is_other = |was: &Value| {
            let was_with = settings(&providers.0, was);
            key(was) != key(resource)
                && (was_with.is_none() || was_with != settings(&providers.1, resource))
        };
        if known.is_some_and(is_other) {
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
    let configured = Configuration::of(plan);
    for (id, entry) in &is.resources {
        let resolved = model
            .resources
            .get(id)
            .is_some_and(|it| it.properties.to_string().contains("\"Effect\""));
        if resolved {
            continue;
        }
        for (key, value) in entry.properties.as_object().into_iter().flatten() {
            // Another reference is a change of its own.
            let is_name = ["_arn", "_arns", "_id", "_ids"]
                .iter()
                .any(|it| key.ends_with(it));
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
