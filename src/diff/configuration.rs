//! The `configuration` of a Terraform plan: its resources in all modules, and what their arguments refer to.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use serde_json::Value;

use super::Side;
use super::replace::without_brackets;
use crate::frontend::plan::{array, gather, most_specific};

/// The configuration of a plan, by address without indices.
pub(super) struct Configuration<'v> {
    pub(super) resources: IndexMap<String, &'v Value>,
    /// The arguments of each call of a module, by the beginning of the addresses inside of it.
    calls: HashMap<String, &'v Value>,
}

impl<'v> Configuration<'v> {
    pub(super) fn of(plan: &'v Value) -> Configuration<'v> {
        let mut out = Configuration {
            resources: IndexMap::new(),
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
            let address = address.unwrap_or_default();
            self.resources
                .insert(format!("{prefix}{address}"), resource);
        }
        let calls = module.get("module_calls").and_then(Value::as_object);
        for (name, call) in calls.into_iter().flatten() {
            let inside = format!("{prefix}module.{name}.");
            if let Some(inner) = call.get("module") {
                self.add(inner, &inside);
            }
            if let Some(arguments) = call.get("expressions") {
                self.calls.insert(inside, arguments);
            }
        }
    }

    /// Returns a resource, if the plan has its configuration.
    pub(super) fn resource(&self, address: &str) -> Option<&'v Value> {
        self.resources.get(&without_brackets(address)).copied()
    }

    /// Returns the expressions of a resource, if the plan has its configuration.
    pub(super) fn expressions(&self, address: &str) -> Option<&'v Value> {
        let resource = self.resource(address)?;
        Some(resource.get("expressions").unwrap_or(&Value::Null))
    }

    pub(super) fn sets(&self, address: &str, argument: &str) -> bool {
        let expressions = self.expressions(address);
        expressions.is_some_and(|it| it.get(argument).is_some())
    }

    /// Returns what an argument of a resource refers to, outside of the modules that only pass it on. `None` if
    /// the plan does not show the argument.
    pub(super) fn references(&self, address: &str, argument: &str) -> Option<BTreeSet<String>> {
        let address = without_brackets(address);
        let expression = self.expressions(&address)?.get(argument)?;
        let mut out = BTreeSet::new();
        self.resolve(expression, module_of(&address), &mut out);
        let all: Vec<&str> = out.iter().map(String::as_str).collect();
        Some(most_specific(&all).into_iter().map(str::to_owned).collect())
    }

    /// Adds the references of an expression in a module. A variable is what the call of the module passes.
    fn resolve(&self, expression: &Value, module: &str, out: &mut BTreeSet<String>) {
        let mut names = Vec::new();
        gather(Some(expression), &mut names);
        for name in names {
            let variable = name
                .strip_prefix("var.")
                .and_then(|it| it.split(['.', '[']).next());
            let passed = variable.and_then(|it| self.calls.get(module)?.get(it));
            match passed {
                Some(passed) => self.resolve(passed, outside_of(module), out),
                None => drop(out.insert(format!("{module}{name}"))),
            }
        }
    }

    /// Returns whether an argument is a reference to another resource that had this value before the change.
    /// A new resource at the same address has another value.
    pub(super) fn refers_to(
        &self,
        address: &str,
        argument: &str,
        value: &Value,
        before: &Side,
    ) -> bool {
        let references = self.references(address, argument).unwrap_or_default();
        let mut all = references.iter();
        let (Some(reference), None) = (all.next(), all.next()) else {
            return false;
        };
        let Some((target, attribute)) = reference.rsplit_once('.') else {
            return false;
        };
        let target = without_brackets(target);
        let is_it = |it: &Value| it == value || array(Some(value)) == std::slice::from_ref(it);
        before.resources.iter().any(|(id, entry)| {
            without_brackets(id) == target && entry.properties.get(attribute).is_some_and(is_it)
        })
    }
}

/// Returns the beginning of an address that is its module, such as `module.a.module.b.`.
fn module_of(address: &str) -> &str {
    let mut rest = address;
    while let Some((_, inside)) = rest
        .strip_prefix("module.")
        .and_then(|it| it.split_once('.'))
    {
        rest = inside;
    }
    address.strip_suffix(rest).unwrap_or_default()
}

/// Returns the module that calls a module.
fn outside_of(module: &str) -> &str {
    let own = module.trim_end_matches('.').rfind("module.");
    &module[..own.unwrap_or_default()]
}
