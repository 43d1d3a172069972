//! Arguments that two plans know only after apply: they differ if their references do.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::Side;
use super::plan::{KNOWN_AFTER_APPLY, array};
use super::replace::without_brackets;

/// The maximum number of modules through which a variable is followed.
const MAX_STEPS: usize = 16;

/// The expressions in the configuration of a plan, by address: of resources, and of calls of modules.
struct Expressions<'v> {
    resources: HashMap<String, &'v Value>,
    calls: HashMap<String, &'v Value>,
}

impl<'v> Expressions<'v> {
    fn of(plan: &'v Value) -> Expressions<'v> {
        let mut out = Expressions {
            resources: HashMap::new(),
            calls: HashMap::new(),
        };
        if let Some(module) = plan.pointer("/configuration/root_module") {
            out.add(module, "");
        }
        out
    }

    fn add(&mut self, module: &'v Value, prefix: &str) {
        for resource in array(module.get("resources")) {
            let address = resource.get("address").and_then(Value::as_str);
            if let (Some(address), Some(all)) = (address, resource.get("expressions")) {
                self.resources.insert(format!("{prefix}{address}"), all);
            }
        }
        let calls = module.get("module_calls").and_then(Value::as_object);
        for (name, call) in calls.into_iter().flatten() {
            let inside = format!("{prefix}module.{name}.");
            if let Some(all) = call.get("expressions") {
                self.calls.insert(inside.clone(), all);
            }
            if let Some(module) = call.get("module") {
                self.add(module, &inside);
            }
        }
    }

    /// Returns what an argument of a resource refers to, or `None` if the plan does not show it.
    fn references(&self, address: &str, argument: &str) -> Option<BTreeSet<String>> {
        let address = without_brackets(address);
        let expression = self.resources.get(&address)?.get(argument)?;
        let mut prefix = String::new();
        let mut rest = address.as_str();
        while let Some(inside) = rest.strip_prefix("module.") {
            let (name, below) = inside.split_once('.')?;
            prefix.push_str(&format!("module.{name}."));
            rest = below;
        }
        let mut out = BTreeSet::new();
        self.collect(expression, &prefix, MAX_STEPS, &mut out);
        // The configuration lists a resource beside its attribute.
        let is_part = |it: &String| {
            let rest = |other: &String| other.strip_prefix(it.as_str()).map(str::to_owned);
            out.iter()
                .filter_map(rest)
                .any(|rest| rest.starts_with(['.', '[']))
        };
        Some(out.iter().filter(|it| !is_part(it)).cloned().collect())
    }

    fn collect(&self, value: &Value, prefix: &str, steps: usize, out: &mut BTreeSet<String>) {
        match value {
            Value::Array(blocks) => {
                for block in blocks {
                    self.collect(block, prefix, steps, out);
                }
            }
            Value::Object(map) => {
                for reference in array(map.get("references")) {
                    let text = reference.as_str().unwrap_or_default();
                    let variable = text.strip_prefix("var.").map(|it| {
                        let end = it.find(['.', '[']).unwrap_or(it.len());
                        &it[..end]
                    });
                    let given = variable
                        .zip(self.calls.get(prefix).filter(|_| steps > 0))
                        .and_then(|(name, call)| call.get(name));
                    match given {
                        Some(given) => {
                            let cut = prefix.trim_end_matches('.').rfind("module.");
                            let outer = &prefix[..cut.unwrap_or_default()];
                            self.collect(given, outer, steps - 1, out);
                        }
                        None => drop(out.insert(format!("{prefix}{text}"))),
                    }
                }
                let inner = map.iter().filter(|(key, _)| *key != "references");
                for (_, value) in inner {
                    self.collect(value, prefix, steps, out);
                }
            }
            _ => {}
        }
    }
}

fn has_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text == KNOWN_AFTER_APPLY,
        Value::Array(items) => items.iter().any(has_unknown),
        Value::Object(map) => map.values().any(has_unknown),
        _ => false,
    }
}

fn replace_unknown(value: &mut Value, text: &str) {
    match value {
        Value::String(it) if it == KNOWN_AFTER_APPLY => text.clone_into(it),
        Value::Array(items) => items.iter_mut().for_each(|it| replace_unknown(it, text)),
        Value::Object(map) => map.values_mut().for_each(|it| replace_unknown(it, text)),
        _ => {}
    }
}

/// Writes the references of arguments that both plans know only after apply, where they differ. `old` has the
/// addresses of `new`; `moved` has the addresses before and after.
pub(crate) fn shown(
    (old, new): (&mut Side, &mut Side),
    (then, now): (&Value, &Value),
    moved: &[(String, String)],
) {
    let (then, now) = (Expressions::of(then), Expressions::of(now));
    let renamed = |reference: String| {
        let of = |(was, is): &(String, String)| {
            let rest = reference.strip_prefix(was.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then(|| format!("{is}{rest}"))
        };
        moved.iter().find_map(of).unwrap_or(reference.clone())
    };
    for (id, entry) in &mut new.resources {
        let Some(before) = old.resources.get_mut(id) else {
            continue;
        };
        let (Value::Object(was), Value::Object(is)) =
            (&mut before.properties, &mut entry.properties)
        else {
            continue;
        };
        let from = moved.iter().find(|(_, is)| is == id);
        let from = from.map_or(id, |(was, _)| was);
        let hides = |it: &Map<String, Value>, key: &String| it.get(key).is_some_and(has_unknown);
        let hidden = is.keys().filter(|it| hides(was, it) && hides(is, it));
        let hidden: Vec<String> = hidden.cloned().collect();
        for key in &hidden {
            let (Some(referred), Some(refers)) =
                (then.references(from, key), now.references(id, key))
            else {
                continue;
            };
            let referred: BTreeSet<String> = referred.into_iter().map(renamed).collect();
            if referred == refers {
                continue;
            }
            for (side, names) in [(&mut *was, &referred), (&mut *is, &refers)] {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                if let (Some(value), false) = (side.get_mut(key), names.is_empty()) {
                    replace_unknown(value, &names.join(", "));
                }
            }
        }
    }
}
