//! Terraform plans and states as sides of a comparison.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::replace::{Replacement, ReplacementReason, without_brackets};
use super::secret::{SENSITIVE, placeholder};
use super::{Change, Difference, Entry, PropertyChange, Side, properties};
use crate::frontend::plan::array;

/// The placeholder for a value that Terraform knows only after apply.
pub(super) const KNOWN_AFTER_APPLY: &str = "(known after apply)";

/// Arguments that repeat others.
const REPEATED: [&str; 2] = ["tags_all", "timeouts"];

/// Returns the plan without sensitive values, for all other analysis.
pub(crate) fn masked(text: &str) -> Option<String> {
    fn mask(value: &mut Value, sensitive: &Value) {
        match (value, sensitive) {
            (value, Value::Bool(true)) => *value = SENSITIVE.into(),
            (Value::Object(map), Value::Object(marks)) => {
                for (key, mark) in marks {
                    if let Some(inner) = map.get_mut(key) {
                        mask(inner, mark);
                    }
                }
            }
            (Value::Array(items), Value::Array(marks)) => {
                items
                    .iter_mut()
                    .zip(marks)
                    .for_each(|(it, mark)| mask(it, mark));
            }
            _ => {}
        }
    }
    fn module(of: &mut Value) {
        for resource in of
            .get_mut("resources")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let marks = resource
                .get("sensitive_values")
                .cloned()
                .unwrap_or_default();
            if let Some(values) = resource.get_mut("values") {
                mask(values, &marks);
            }
        }
        for child in of
            .get_mut("child_modules")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            module(child);
        }
    }
    let mut root: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    for path in [
        &["planned_values"][..],
        &["values"],
        &["prior_state", "values"],
    ] {
        let mut at = Some(&mut root);
        for key in path {
            at = at.and_then(|it| it.get_mut(*key));
        }
        if let Some(top) = at.and_then(|it| it.get_mut("root_module")) {
            module(top);
        }
    }
    // A variable can contain a value that a resource marks as sensitive.
    let sensitive = |it: &Value| it.get("sensitive").and_then(Value::as_bool) == Some(true);
    let declared = root
        .pointer("/configuration/root_module/variables")
        .cloned();
    for (name, declaration) in declared
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let (true, Some(value)) = (
            sensitive(declaration),
            root.get_mut("variables")
                .and_then(|it| it.get_mut(name))
                .and_then(|it| it.get_mut("value")),
        ) {
            *value = SENSITIVE.into();
        }
    }
    Some(root.to_string())
}

/// Returns the values without nulls, with placeholders for unknown and sensitive ones.
fn plain(value: &Value, unknown: &Value, sensitive: &Value) -> Value {
    let text = |word: &str| Value::String(word.to_owned());
    match (unknown, sensitive) {
        (Value::Bool(true), _) => return text(KNOWN_AFTER_APPLY),
        (_, Value::Bool(true)) => return placeholder(&value.to_string()).into(),
        _ => {}
    }
    match value {
        Value::Object(map) => {
            let mut out = Map::new();
            for (key, inner) in map {
                let of = |it: &Value| it.get(key).cloned().unwrap_or(Value::Null);
                let inner = plain(inner, &of(unknown), &of(sensitive));
                if !inner.is_null() {
                    out.insert(key.clone(), inner);
                }
            }
            for (key, inner) in unknown.as_object().into_iter().flatten() {
                if !map.contains_key(key) && *inner == Value::Bool(true) {
                    out.insert(key.clone(), text(KNOWN_AFTER_APPLY));
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => {
            let of = |it: &Value, n: usize| it.get(n).cloned().unwrap_or(Value::Null);
            let items = items.iter().enumerate();
            items
                .map(|(n, item)| plain(item, &of(unknown, n), &of(sensitive, n)))
                .collect()
        }
        // JSON text is compared by content.
        Value::String(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

fn entry(kind: &str, mut properties: Value) -> Entry {
    if let Value::Object(map) = &mut properties {
        for key in REPEATED {
            map.shift_remove(key);
        }
    }
    Entry {
        kind: kind.to_owned(),
        properties,
        attributes: Map::new(),
    }
}

fn walk(module: &Value, unknown: &IndexMap<&str, &Value>, out: &mut Side) {
    for resource in array(module.get("resources")) {
        let text = |key: &str| resource.get(key).and_then(Value::as_str);
        let (Some(address), Some(kind)) = (text("address"), text("type")) else {
            continue;
        };
        if text("mode") == Some("data") {
            continue;
        }
        let (nothing, empty) = (Value::Null, Value::Object(Map::new()));
        // Without a known value, a plan has no values.
        let values = resource.get("values").filter(|it| !it.is_null());
        let values = values.unwrap_or(&empty);
        let later = unknown.get(address).copied().unwrap_or(&nothing);
        let sensitive = resource.get("sensitive_values").unwrap_or(&nothing);
        let properties = plain(values, later, sensitive);
        out.resources
            .insert(address.to_owned(), entry(kind, properties));
    }
    for child in array(module.get("child_modules")) {
        walk(child, unknown, out);
    }
}

/// Returns the planned resources, or the current ones of a state.
pub(crate) fn after(root: &Value) -> Side {
    let mut side = Side::default();
    let mut unknown = IndexMap::new();
    for change in array(root.get("resource_changes")) {
        let address = change.get("address").and_then(Value::as_str);
        let later = change.get("change").and_then(|it| it.get("after_unknown"));
        if let (Some(address), Some(later)) = (address, later) {
            unknown.insert(address, later);
        }
    }
    let values = root.get("planned_values").or(root.get("values"));
    if let Some(module) = values.and_then(|it| it.get("root_module")) {
        walk(module, &unknown, &mut side);
    }
    side
}

/// Returns the prior state of a plan, in the form of a plan.
pub(crate) fn before(root: &Value) -> Value {
    let state = root.get("prior_state").and_then(|it| it.get("values"));
    json!({
        "format_version": root.get("format_version"),
        "planned_values": state.cloned().unwrap_or_else(|| json!({ "root_module": {} })),
        // Data sources contain the properties of AMIs.
        "prior_state": root.get("prior_state"),
    })
}

/// Returns why a plan does not contain the whole change.
pub(crate) fn incomplete(root: &Value) -> Option<String> {
    let version = root.get("format_version").and_then(Value::as_str);
    if version.is_some_and(|it| !it.starts_with("0.") && !it.starts_with("1.")) {
        return Some("a plan has another format version".to_owned());
    }
    if root.get("errored") == Some(&Value::Bool(true)) {
        return Some("a plan has errors".to_owned());
    }
    None
}

/// Returns a plan whose planned values are those before its changes.
pub(crate) fn undone(root: &Value) -> Value {
    let mut former = root.clone();
    let (mut before, mut gone): (IndexMap<&str, &Value>, Vec<&Value>) = Default::default();
    let mut created: Vec<&str> = Vec::new();
    for resource in array(root.get("resource_changes")) {
        let address = resource.get("address").and_then(Value::as_str);
        let change = resource.get("change");
        let (Some(address), Some(change)) = (address, change) else {
            continue;
        };
        let actions = array(change.get("actions"));
        match actions {
            [only] if only == "no-op" || only == "read" => {}
            [only] if only == "create" => created.push(address),
            [only] if only == "delete" || only == "forget" => gone.push(resource),
            _ => drop(before.insert(address, change)),
        }
    }
    fn module(of: &mut Value, before: &IndexMap<&str, &Value>, created: &[&str]) {
        if let Some(resources) = of.get_mut("resources").and_then(Value::as_array_mut) {
            let address = |it: &Value| {
                let text = it.get("address").and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            resources.retain(|it| !created.contains(&address(it).as_str()));
            for it in resources {
                if let Some(change) = before.get(address(it).as_str()) {
                    it["values"] = change.get("before").cloned().unwrap_or_default();
                    it["sensitive_values"] =
                        change.get("before_sensitive").cloned().unwrap_or_default();
                }
            }
        }
        let children = of.get_mut("child_modules").and_then(Value::as_array_mut);
        for child in children.into_iter().flatten() {
            module(child, before, created);
        }
    }
    if let Some(top) = former.pointer_mut("/planned_values/root_module") {
        module(top, &before, &created);
        let removed = gone.iter().map(|it| {
            let mut resource = (*it).clone();
            let part = |key: &str| {
                it.pointer(&format!("/change/{key}"))
                    .cloned()
                    .unwrap_or_default()
            };
            resource["values"] = part("before");
            resource["sensitive_values"] = part("before_sensitive");
            resource
        });
        let removed: Vec<Value> = removed.collect();
        match top.get_mut("resources").and_then(Value::as_array_mut) {
            Some(resources) => resources.extend(removed),
            None => top["resources"] = Value::Array(removed),
        }
    }
    // What is known only after apply was known before.
    let changed: Vec<String> = before.keys().map(|it| (*it).to_owned()).collect();
    let changes = former
        .get_mut("resource_changes")
        .and_then(Value::as_array_mut);
    for resource in changes.into_iter().flatten() {
        let address = resource
            .get("address")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if changed.iter().any(|it| it == address) {
            resource["change"]["after"] = resource["change"]["before"].clone();
            resource["change"]["after_unknown"] = json!({});
        }
    }
    former
}

/// Returns the text of a path in the plan, such as `["ebs_block_device", 0, "size"]`.
fn path(steps: &Value) -> String {
    let mut out = String::new();
    for step in array(Some(steps)) {
        match step {
            Value::String(key) if out.is_empty() => out.push_str(key),
            Value::String(key) => out.push_str(&format!(".{key}")),
            _ => out.push_str("[]"),
        }
    }
    out
}

/// Returns whether a value is equal to an omitted one.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}

/// Removes differences where one side is unknown, or omits a value that the provider computes.
pub(crate) fn forget_unknown(differences: &mut Vec<Difference>) {
    let unknown = |it: &Option<Value>| {
        let text = it.as_ref().and_then(Value::as_str);
        text.is_some_and(|it| {
            // A text around a dynamic reference of a template is known.
            let is_joined = it.contains("${data.aws_ssm_parameter.") && !it.starts_with("${");
            it == KNOWN_AFTER_APPLY || it.contains("${data.") && !is_joined || it.contains("${var.")
        })
    };
    for it in differences.iter_mut() {
        if let Change::Changed(changes) = &mut it.change {
            changes.retain(|it| {
                let filled_in = match (&it.old, &it.new) {
                    (None, Some(value)) | (Some(value), None) => is_nothing(value),
                    _ => false,
                };
                !(unknown(&it.old) || unknown(&it.new) || filled_in)
            });
            let left: Vec<&str> = changes.iter().map(|it| it.path.as_str()).collect();
            it.forced.retain(|it| {
                matches!(it.reason, ReplacementReason::Through(_))
                    || left
                        .iter()
                        .any(|path| super::replace::names(path, &it.property))
            });
        }
    }
    differences.retain(|it| match &it.change {
        Change::Changed(changes) => !changes.is_empty() || it.may_be_replaced(),
        _ => true,
    });
}

/// Returns the changes that a plan contains.
pub(crate) fn changes(root: &Value) -> Vec<Difference> {
    let nothing = Value::Null;
    let mut out = Vec::new();
    let (mut gone, mut made) = (Vec::new(), Vec::new());
    for resource in array(root.get("resource_changes")) {
        let text = |key: &str| resource.get(key).and_then(Value::as_str);
        let (Some(address), Some(kind)) = (text("address"), text("type")) else {
            continue;
        };
        let change = resource.get("change").unwrap_or(&nothing);
        let part = |key: &str| change.get(key).unwrap_or(&nothing);
        let actions: Vec<&str> = array(change.get("actions"))
            .iter()
            .filter_map(Value::as_str)
            .collect();
        if text("mode") == Some("data") {
            continue;
        }
        match actions.as_slice() {
            ["create"] => made.push((address, kind, part("after"))),
            ["delete"] if text("deposed").is_none() => gone.push((address, kind, part("before"))),
            _ => {}
        }
        let previous = text("previous_address");
        // The plan lists a deposed object in addition to the resource.
        let id = match text("deposed") {
            Some(key) => format!("{address} (deposed {key})"),
            None => address.to_owned(),
        };
        let mut forced = Vec::new();
        let what = match actions.as_slice() {
            ["create"] => Change::Added,
            ["delete"] => Change::Removed,
            ["forget"] => Change::Forgotten,
            ["no-op" | "read"] | [] => match previous {
                Some(from) => Change::Moved(from.to_owned()),
                None => continue,
            },
            actions => {
                let was = plain(part("before"), &nothing, part("before_sensitive"));
                let is = plain(
                    part("after"),
                    part("after_unknown"),
                    part("after_sensitive"),
                );
                let (was, is) = (entry(kind, was), entry(kind, is));
                let mut changes = Vec::new();
                properties(&was.properties, &is.properties, "", &mut changes);
                if let Some(from) = previous {
                    changes.push(PropertyChange {
                        path: "(address)".to_owned(),
                        old: Some(from.into()),
                        new: Some(address.into()),
                    });
                }
                if actions.contains(&"delete") {
                    // New computed values of a new resource are not changes.
                    changes.retain(|it| it.new.as_ref().is_some_and(|it| it != KNOWN_AFTER_APPLY));
                    let paths = array(change.get("replace_paths")).iter().map(path);
                    forced = paths
                        .map(|property| Replacement {
                            property,
                            reason: ReplacementReason::Planned,
                        })
                        .collect();
                    if forced.is_empty() {
                        forced.push(Replacement {
                            property: String::new(),
                            reason: ReplacementReason::Planned,
                        });
                    }
                }
                Change::Changed(changes)
            }
        };
        out.push(Difference {
            forced,
            ..Difference::resource(&id, kind, what)
        });
    }
    for (address, kind, after) in made {
        // Another key of `for_each` is another resource.
        let is_same = |(was, other, before): &(&str, &str, &Value)| {
            let is_other_key = without_brackets(was) == without_brackets(address);
            *other == kind && is_remade(before, after, is_other_key)
        };
        if let Some(at) = gone.iter().position(is_same) {
            let (was, ..) = gone.swap_remove(at);
            out.retain(|it| it.id != was || it.change != Change::Removed);
            for it in out.iter_mut().filter(|it| it.id == address) {
                it.change = Change::Renamed(was.to_owned());
                it.forced.push(Replacement {
                    property: String::new(),
                    reason: ReplacementReason::Renamed,
                });
            }
        }
    }
    out
}

/// Returns whether a new resource has all known values of one that the plan deletes, and its name or configuration.
fn is_remade(before: &Value, after: &Value, is_same_configuration: bool) -> bool {
    let is_set = |(key, value): &(&String, &Value)| {
        !(is_nothing(value) || REPEATED.contains(&key.as_str()) || key.as_str() == "tags")
    };
    let is_name = |key: &str| {
        matches!(key, "name" | "bucket" | "cluster_id")
            || key.ends_with("_name")
            || key.ends_with("identifier")
    };
    let set: Vec<(&String, &Value)> = after
        .as_object()
        .into_iter()
        .flatten()
        .filter(is_set)
        .collect();
    (is_same_configuration && !set.is_empty() || set.iter().any(|(key, _)| is_name(key)))
        && set
            .iter()
            .all(|(key, value)| before.get(*key) == Some(value))
}
