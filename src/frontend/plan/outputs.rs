//! The outputs of modules, through which the fix of a plan refers to their resources.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::expression::{most_specific, references};
use super::json::array;
use super::{Module, Plan};
use crate::resource::ModuleOutput;

impl<'p> Plan<'p> {
    /// Returns the outputs that are an attribute of one resource, or a list of the IDs of its instances.
    pub(super) fn module_outputs(&self) -> Vec<ModuleOutput> {
        let mut lists = HashSet::new();
        if let Some(root) = self.root.pointer("/configuration/root_module") {
            gather_subnets(root, "", &mut lists);
        }
        let mut found: Vec<ModuleOutput> = Vec::new();
        let mut seen = HashSet::new();
        for module in self.modules.values() {
            let path = ModuleOutput::path(&module.address);
            let outputs = module.config.get("outputs").and_then(Json::as_object);
            let (Some(outputs), true) = (outputs, seen.insert(path.clone())) else {
                continue;
            };
            found.extend(outputs.iter().filter_map(|(name, output)| {
                Some(ModuleOutput {
                    module: path.clone(),
                    name: name.clone(),
                    of: self.only_reference(module, output.get("expression")?)?,
                    is_list: lists.contains(&format!("{path}{name}")),
                })
            }));
        }
        found
    }

    /// Returns the modules whose source is not in the directory of the configuration, and their sources.
    pub(super) fn remote_modules(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for module in self.modules.values() {
            let Some((_, call, _)) = &module.parent else {
                continue;
            };
            let path = ModuleOutput::path(&module.address);
            let source = call
                .get("source")
                .and_then(Json::as_str)
                .unwrap_or_default();
            let is_local = source.starts_with("./") || source.starts_with("../");
            if !is_local && !found.iter().any(|(known, _)| *known == path) {
                found.push((path, source.to_owned()));
            }
        }
        found
    }

    /// Returns the reference of an expression, if the plan has the resource of only one.
    fn only_reference(&self, module: &Module<'p>, expression: &Json) -> Option<String> {
        let names = most_specific(&references(expression));
        let mut planned = Vec::new();
        for name in names {
            if name.starts_with("module.") {
                planned.push(name);
                continue;
            }
            let mut steps = name.splitn(3, '.');
            let (of, resource) = (steps.next()?, steps.next()?);
            if !of.starts_with("aws_") {
                return None;
            }
            let address = format!("{}{of}.{resource}", module.address);
            let is_planned = |it: &str| {
                let rest = it.strip_prefix(address.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
            };
            if self.resources.iter().any(|it| is_planned(it.address)) {
                planned.push(name);
            }
        }
        match planned.as_slice() {
            [only] => Some((*only).to_owned()),
            _ => None,
        }
    }
}

/// Gathers the outputs of modules to which arguments for subnets refer, below the path of their module.
fn gather_subnets(module: &Json, path: &str, found: &mut HashSet<String>) {
    let calls = module.get("module_calls").and_then(Json::as_object);
    let calls = || calls.into_iter().flatten();
    let of_resources = array(module.get("resources")).iter();
    let expressions = of_resources
        .chain(calls().map(|(_, call)| call))
        .filter_map(|it| it.get("expressions")?.as_object());
    for (name, expression) in expressions.flatten() {
        if name.contains("subnet") || name == "vpc_zone_identifier" {
            let outputs = references(expression).into_iter();
            let outputs = outputs.filter(|it| it.starts_with("module."));
            found.extend(outputs.map(|it| {
                let name = it.split('[').next().unwrap_or(it);
                format!("{path}{name}")
            }));
        }
    }
    for (name, call) in calls() {
        if let Some(inner) = call.get("module") {
            gather_subnets(inner, &format!("{path}module.{name}."), found);
        }
    }
}
