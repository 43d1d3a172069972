//! Dependencies on locals, whose expressions a plan does not contain. A local does not depend on a resource
//! that depends on it, since Terraform rejects a cycle.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value as Json;

use super::expression::{gather, most_specific, split_index};
use super::json::array;
use super::{Module, Plan};

/// The resources that depend on a local, by the address of its module and its name.
pub(super) type Dependents = HashMap<(String, String), Rc<HashSet<usize>>>;

/// A search for a local.
struct Search<'a> {
    module: &'a str,
    name: &'a str,
    /// The items that the search has visited, and whether they depend on the local.
    resources: HashMap<usize, bool>,
    references: HashMap<(String, String), bool>,
}

impl<'p> Plan<'p> {
    /// Returns the resources that depend on a local of a module. What depends on it only through another
    /// local is not among them.
    pub(super) fn dependents(&self, module: &Module<'p>, name: &str) -> Rc<HashSet<usize>> {
        let key = (module.address.clone(), name.to_owned());
        if let Some(known) = self.dependents.borrow().get(&key) {
            return Rc::clone(known);
        }
        let mut search = Search {
            module: &module.address,
            name,
            resources: HashMap::new(),
            references: HashMap::new(),
        };
        let all = 0..self.resources.len();
        let found = all.filter(|&at| self.resource_needs(at, &mut search));
        let found = Rc::new(found.collect());
        let mut dependents = self.dependents.borrow_mut();
        dependents.insert(key, Rc::clone(&found));
        found
    }

    fn resource_needs(&self, at: usize, search: &mut Search<'_>) -> bool {
        if let Some(known) = search.resources.get(&at) {
            return *known;
        }
        search.resources.insert(at, false);
        let it = &self.resources[at];
        let of_config = it.config.is_some_and(|config| {
            let parts = ["expressions", "count_expression", "for_each_expression"];
            self.parts_need(&it.module, config, &parts, search)
        });
        let mut needs = of_config;
        let mut module = &it.module;
        while let (false, Some((parent, call, _))) = (needs, &module.parent) {
            let parts = ["count_expression", "for_each_expression"];
            needs = self.parts_need(parent, call, &parts, search);
            module = parent;
        }
        search.resources.insert(at, needs);
        needs
    }

    /// Returns whether parts of a resource or module call, or its explicit dependencies, need the local.
    fn parts_need(
        &self,
        module: &Rc<Module<'p>>,
        of: &Json,
        parts: &[&str],
        search: &mut Search<'_>,
    ) -> bool {
        let mut names = Vec::new();
        for part in parts {
            gather(of.get(*part), &mut names);
        }
        let before = array(of.get("depends_on"));
        names.extend(before.iter().filter_map(Json::as_str));
        self.any_needs(module, &names, search)
    }

    fn any_needs(&self, module: &Rc<Module<'p>>, names: &[&str], search: &mut Search<'_>) -> bool {
        let mut names = most_specific(names).into_iter();
        names.any(|name| self.reference_needs(module, name, search))
    }

    fn reference_needs(
        &self,
        module: &Rc<Module<'p>>,
        name: &str,
        search: &mut Search<'_>,
    ) -> bool {
        let key = (module.address.clone(), name.to_owned());
        if let Some(known) = search.references.get(&key) {
            return *known;
        }
        search.references.insert(key.clone(), false);
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let second = rest.split(['.', '[']).next().unwrap_or_default();
        let needs = match first {
            "local" => module.address == search.module && second == search.name,
            "var" => module.parent.as_ref().is_some_and(|(parent, call, _)| {
                let mut names = Vec::new();
                let arguments = call.get("expressions");
                gather(arguments.and_then(|it| it.get(second)), &mut names);
                self.any_needs(parent, &names, search)
            }),
            "module" => self.output_needs(module, rest, search),
            _ => {
                let mut parts = name.split('.');
                let data = if first == "data" { "data." } else { "" };
                if first == "data" {
                    parts.next();
                }
                let of = parts.next().unwrap_or_default();
                let own = split_index(parts.next().unwrap_or_default()).0;
                let base = format!("{}{data}{of}.{own}", module.address);
                let all = self.by_name.get(&base);
                let mut all = all.into_iter().flatten();
                all.any(|&at| self.resource_needs(at, search))
            }
        };
        search.references.insert(key, needs);
        needs
    }

    /// Returns whether an output of a module needs the local.
    fn output_needs(&self, module: &Module<'p>, rest: &str, search: &mut Search<'_>) -> bool {
        let Some((call, output)) = rest.split_once('.') else {
            return false;
        };
        let prefix = format!("{}module.{}", module.address, split_index(call).0);
        let output = output.split(['.', '[']).next().unwrap_or_default();
        self.modules.values().any(|inner| {
            let own = inner.address.strip_prefix(&prefix);
            let own = own.map(|it| it.trim_end_matches('.'));
            let is_inside = inner.parent.as_ref();
            let is_inside = is_inside.is_some_and(|(outer, ..)| outer.address == module.address);
            let is_instance =
                is_inside && own.is_some_and(|it| it.is_empty() || it.starts_with('['));
            let outputs = inner.config.get("outputs");
            let it = outputs.and_then(|it| it.get(output));
            is_instance && it.is_some_and(|it| self.parts_need(inner, it, &["expression"], search))
        })
    }
}
