//! References between resources, through modules.

use std::rc::Rc;

use serde_json::Value as Json;

use super::json::array;
use super::values::constant;
use super::{MAX_STEPS, Module, Plan, Planned};
use crate::ir::NodeId;
use crate::resource::{Map, RawValue};

/// The target of a reference.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A resource, and the attribute if the reference has one.
    Resource(usize, Option<String>),
    /// A target that the plan does not define.
    Opaque(String),
    /// A literal.
    Constant(Json),
}

impl<'p> Plan<'p> {
    /// Returns the dependencies of a resource: all references and `depends_on`.
    pub(super) fn dependencies(&self, at: usize) -> Vec<NodeId> {
        let it = &self.resources[at];
        let mut names: Vec<&str> = Vec::new();
        if let Some(config) = it.config {
            gather(config.get("expressions"), &mut names);
            names.extend(
                array(config.get("depends_on"))
                    .iter()
                    .filter_map(Json::as_str),
            );
        }
        let mut after = Vec::new();
        for name in most_specific(&names) {
            for found in self.follow(name, &it.module, it.index.as_deref(), None, 0) {
                if let Found::Resource(at, _) = found {
                    after.push(self.resources[at].id);
                }
            }
            if let Some(call) = name.strip_prefix("module.") {
                after.extend(self.of_module(&it.module, call));
            }
        }
        let mut module = Some(it.module.clone());
        while let Some(own) = module {
            let Some((parent, call, _)) = &own.parent else {
                break;
            };
            for name in array(call.get("depends_on"))
                .iter()
                .filter_map(Json::as_str)
            {
                for found in self.follow(name, parent, None, None, 0) {
                    if let Found::Resource(at, _) = found {
                        after.push(self.resources[at].id);
                    }
                }
                if let Some(call) = name.strip_prefix("module.") {
                    after.extend(self.of_module(parent, call));
                }
            }
            module = Some(parent.clone());
        }
        after.sort();
        after.dedup();
        after.retain(|id| *id != it.id);
        after
    }

    /// Returns all resources of a called module, for a reference without an output.
    pub(super) fn of_module(&self, module: &Module<'_>, call: &str) -> Vec<NodeId> {
        if call.contains('.') {
            return Vec::new();
        }
        let prefix = format!("{}module.{}", module.address, split_index(call).0);
        self.resources
            .iter()
            .filter(|it| {
                it.address
                    .strip_prefix(&prefix)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
            })
            .map(|it| it.id)
            .collect()
    }

    /// Returns the references of a resource without a table.
    pub(super) fn references_only(&self, at: usize) -> Map<'static> {
        let it = &self.resources[at];
        let mut names: Vec<&str> = Vec::new();
        if let Some(config) = it.config {
            gather(config.get("expressions"), &mut names);
        }
        let mut items = Vec::new();
        for name in most_specific(&names) {
            for found in self.follow(name, &it.module, it.index.as_deref(), None, 0) {
                if let Found::Resource(at, attribute) = found {
                    items.push(RawValue::from(self.attribute(at, attribute.as_deref())));
                }
            }
        }
        let mut map = Map::default();
        map.insert("references", RawValue::List(items));
        map
    }

    /// Returns the resource that `each.value` refers to, if `for_each` iterates over resources.
    pub(super) fn each_value(
        &self,
        it: &Planned<'p>,
        attribute: &str,
        count: usize,
        expected: Option<&str>,
    ) -> Vec<Found> {
        let over = it
            .config
            .and_then(|config| config.get("for_each_expression"))
            .unwrap_or(&Json::Null);
        let names: Vec<&str> = array(over.get("references"))
            .iter()
            .filter_map(Json::as_str)
            .collect();
        let mut found = Vec::new();
        for name in most_specific(&names) {
            // Next to other references, `each` is usually their key.
            if count > 2 && !name.contains("aws_") {
                continue;
            }
            found.extend(self.follow(name, &it.module, it.index.as_deref(), expected, 0));
        }
        found.retain(|found| match found {
            Found::Resource(at, _) => {
                self.resources[*at].index == it.index
                    || expected == Some(self.resources[*at].of.as_str())
            }
            Found::Opaque(_) => count <= 2,
            Found::Constant(_) => false,
        });
        let attribute = attribute.trim_start_matches('.');
        if !attribute.is_empty() {
            for found in &mut found {
                if let Found::Resource(_, own) = found {
                    *own = Some(attribute.to_owned());
                }
            }
        }
        found
    }

    /// Follows a reference through modules to resources.
    pub(super) fn follow(
        &self,
        name: &str,
        module: &Rc<Module<'p>>,
        index: Option<&str>,
        expected: Option<&str>,
        steps: usize,
    ) -> Vec<Found> {
        let opaque = || vec![Found::Opaque(format!("{}{name}", module.address))];
        if steps > MAX_STEPS {
            return opaque();
        }
        let mut parts = name.splitn(2, '.');
        let first = parts.next().unwrap_or_default();
        let rest = parts.next().unwrap_or_default();
        match first {
            "count" | "path" | "terraform" | "self" => Vec::new(),
            "each" => Vec::new(),
            "var" => {
                let variable = rest.split(['.', '[']).next().unwrap_or_default();
                let Some((parent, call, own)) = &module.parent else {
                    return opaque();
                };
                let expression = call.get("expressions").and_then(|it| it.get(variable));
                match expression {
                    None => opaque(),
                    Some(expression) => {
                        self.expression(expression, parent, own.as_deref(), expected, steps + 1)
                    }
                }
            }
            "module" => {
                let (call, output) = match rest.split_once('.') {
                    Some((call, output)) => (call, output),
                    None => return Vec::new(),
                };
                let (call, key) = split_index(call);
                let output = output.split(['.', '[']).next().unwrap_or_default();
                let prefix = format!("{}module.{call}", module.address);
                let mut found = Vec::new();
                for inner in self.modules.values() {
                    let Some(own) = inner.address.strip_prefix(&prefix) else {
                        continue;
                    };
                    let own = own.trim_end_matches('.');
                    let own_key = if own.is_empty() {
                        None
                    } else if own.starts_with('[') && own.ends_with(']') {
                        Some(own[1..own.len() - 1].trim_matches('"').to_owned())
                    } else {
                        continue;
                    };
                    if key.is_some() && own_key != key {
                        continue;
                    }
                    let expression = inner
                        .config
                        .get("outputs")
                        .and_then(|it| it.get(output))
                        .and_then(|it| it.get("expression"));
                    if let Some(expression) = expression {
                        found.extend(self.expression(expression, inner, None, expected, steps + 1));
                    }
                }
                if found.is_empty() { opaque() } else { found }
            }
            "local" => match expected {
                // The plan does not contain locals. An unknown value of this type is one of the planned
                // resources.
                Some(expected) => {
                    let all: Vec<Found> = (0..self.resources.len())
                        .filter(|&at| self.resources[at].of == expected)
                        .map(|at| Found::Resource(at, None))
                        .collect();
                    if all.is_empty() { opaque() } else { all }
                }
                None => opaque(),
            },
            _ => self.resource_named(name, module, index),
        }
    }

    /// Returns the instance with an index: the equal one, or the one whose key contains it. For
    /// example, loops over pairs have keys such as `ssm-eu-west-1a`.
    pub(super) fn by_index(&self, all: &[usize], index: &str) -> Option<usize> {
        let key = |at: &usize| self.resources[*at].index.as_deref().unwrap_or_default();
        if let Some(at) = all.iter().find(|at| key(at) == index) {
            return Some(*at);
        }
        let inside = |at: &&usize| {
            let key = key(at);
            index.match_indices(key).any(|(start, _)| {
                let before = index[..start].chars().next_back();
                let after = index[start + key.len()..].chars().next();
                !key.is_empty()
                    && before.is_none_or(|c| !c.is_alphanumeric())
                    && after.is_none_or(|c| !c.is_alphanumeric())
            })
        };
        let mut fitting = all.iter().filter(inside);
        match (fitting.next(), fitting.next()) {
            (Some(at), None) => Some(*at),
            _ => None,
        }
    }

    pub(super) fn expression(
        &self,
        expression: &Json,
        module: &Rc<Module<'p>>,
        index: Option<&str>,
        expected: Option<&str>,
        steps: usize,
    ) -> Vec<Found> {
        if let Some(constant) = constant(expression) {
            return vec![Found::Constant(constant.clone())];
        }
        let names: Vec<&str> = array(expression.get("references"))
            .iter()
            .filter_map(Json::as_str)
            .collect();
        let mut found = Vec::new();
        for name in most_specific(&names) {
            found.extend(self.follow(name, module, index, expected, steps));
        }
        found
    }

    pub(super) fn resource_named(
        &self,
        name: &str,
        module: &Module<'_>,
        index: Option<&str>,
    ) -> Vec<Found> {
        let mut parts = name.split('.');
        let data = name.starts_with("data.");
        if data {
            parts.next();
        }
        let (Some(of), Some(rest)) = (parts.next(), parts.next()) else {
            return Vec::new();
        };
        let (own, key) = split_index(rest);
        let base = if data {
            format!("{}data.{of}.{own}", module.address)
        } else {
            format!("{}{of}.{own}", module.address)
        };
        let attribute = parts.next().map(|it| split_index(it).0.to_owned());
        let Some(all) = self.by_name.get(&base) else {
            return vec![Found::Opaque(format!("{}{name}", module.address))];
        };
        let with = |at: &usize| Found::Resource(*at, attribute.clone());
        if let Some(key) = key {
            return all
                .iter()
                .filter(|&&at| self.resources[at].index.as_deref() == Some(key.as_str()))
                .map(with)
                .collect();
        }
        if attribute.is_none()
            && let Some(index) = index
            && let Some(at) = self.by_index(all, index)
        {
            return vec![Found::Resource(at, None)];
        }
        all.iter().map(with).collect()
    }
}

/// Splits `name[key]`.
pub(super) fn split_index(text: &str) -> (&str, Option<String>) {
    match text.split_once('[') {
        Some((name, key)) => (
            name,
            Some(key.trim_end_matches(']').trim_matches('"').to_owned()),
        ),
        None => (text, None),
    }
}

/// Collects all references in expressions.
pub(super) fn gather<'p>(expressions: Option<&'p Json>, names: &mut Vec<&'p str>) {
    match expressions {
        Some(Json::Object(map)) => {
            for (key, value) in map {
                if key == "references" && value.is_array() {
                    names.extend(array(Some(value)).iter().filter_map(Json::as_str));
                } else {
                    gather(Some(value), names);
                }
            }
        }
        Some(Json::Array(items)) => items.iter().for_each(|item| gather(Some(item), names)),
        _ => {}
    }
}

/// Keeps the longest references. A plan also lists each prefix of a reference.
pub(super) fn most_specific<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut out: Vec<&'a str> = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let longer = names.iter().enumerate().any(|(m, other)| {
            m != n
                && other.len() > name.len()
                && other
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        });
        if !longer && !out.contains(name) {
            out.push(name);
        }
    }
    out
}
