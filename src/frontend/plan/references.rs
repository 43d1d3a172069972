//! References between resources, through modules.

use std::rc::Rc;

use serde_json::Value as Json;

use super::expression::{constant, gather, identifies, most_specific, references, split_index};
use super::json::array;
use super::{MAX_STEPS, Module, Plan, Planned};
use crate::ir::NodeId;

/// The target of a reference.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A resource, and the attribute if the reference has one.
    Resource(usize, Option<String>),
    /// A value that the plan does not show, such as a local.
    Hidden(String),
    /// A known value.
    Constant(Json),
    /// A known value that can select one of several others, such as `count.index`.
    Selector,
}

/// What an expression selects an instance of a resource with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndexedBy {
    Nothing,
    /// The key or index of the own instance.
    Key,
    /// A part of the value of the own instance.
    PartOfKey,
    /// The own key, or another value.
    KeyOrOther,
}

/// The place of an expression: a module, and the instance that evaluates it.
pub(super) struct Scope<'a, 'p> {
    module: &'a Rc<Module<'p>>,
    index: Option<&'a str>,
    /// The expression of `for_each`.
    over: &'p Json,
    /// The address of the resource without its index.
    of: &'a str,
}

impl<'a, 'p> Scope<'a, 'p> {
    pub(super) fn of(module: &'a Rc<Module<'p>>) -> Scope<'a, 'p> {
        Scope {
            module,
            index: None,
            over: &Json::Null,
            of: "",
        }
    }

    /// Returns the number of instances of the own resource.
    fn count(&self, plan: &Plan<'p>) -> usize {
        plan.by_name.get(self.of).map_or(0, Vec::len)
    }
}

impl<'p> Planned<'p> {
    /// Returns the scope of its arguments.
    pub(super) fn scope(&self) -> Scope<'_, 'p> {
        Scope {
            module: &self.module,
            index: self.index.as_deref(),
            over: self
                .config
                .and_then(|config| config.get("for_each_expression"))
                .unwrap_or(&Json::Null),
            of: match &self.index {
                Some(_) => self.address.rsplit_once('[').map_or("", |(name, _)| name),
                None => self.address,
            },
        }
    }
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
            for found in self.follow(name, &it.scope(), IndexedBy::Nothing, None, 0) {
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
                for found in self.follow(name, &Scope::of(parent), IndexedBy::Nothing, None, 0) {
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

    /// Returns what an expression can evaluate to, as far as its references show.
    pub(super) fn evaluate(
        &self,
        names: &[&str],
        scope: &Scope<'_, 'p>,
        expected: Option<&str>,
        steps: usize,
    ) -> Vec<Found> {
        // The plan shows `x[count.index]`, `x[each.key]` and `x[*]` as `x`.
        let names = most_specific(names);
        let is_key = |name: &&str| matches!(*name, "each.key" | "each.value" | "count.index");
        let is_resource = |name: &&str| {
            let first = name.split('.').next().unwrap_or_default();
            !matches!(
                first,
                "each" | "count" | "var" | "local" | "module" | "path" | "terraform" | "self"
            )
        };
        let is_value = |name: &&str| name.starts_with("each.value");
        let by = if !names.iter().any(|name| is_key(name) || is_value(name)) {
            IndexedBy::Nothing
        } else if names.iter().all(|name| is_key(name) || is_resource(name)) {
            IndexedBy::Key
        } else if names.iter().all(|name| is_value(name) || is_resource(name)) {
            IndexedBy::PartOfKey
        } else {
            IndexedBy::KeyOrOther
        };
        // A part of the value that selects an instance is not the value.
        let (values, others): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| is_value(name));
        let mut found: Vec<Found> = Vec::new();
        let mut is_index = false;
        for name in others {
            let targets = self.follow(name, scope, by, expected, steps);
            is_index |= by != IndexedBy::Nothing
                && matches!(targets.as_slice(), [Found::Resource(at, None)]
                    if self.resources[*at].index.is_some());
            found.extend(targets);
        }
        if is_index && !values.is_empty() {
            found.push(Found::Selector);
        } else {
            for name in values {
                found.extend(self.follow(name, scope, by, expected, steps));
            }
        }
        let mut all: Vec<Found> = Vec::new();
        for one in found {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    fn expression(
        &self,
        expression: &Json,
        scope: &Scope<'_, 'p>,
        expected: Option<&str>,
        steps: usize,
    ) -> Vec<Found> {
        if let Some(constant) = constant(expression) {
            return vec![Found::Constant(constant.clone())];
        }
        let names = references(expression);
        if names.is_empty() {
            // A function of constants, or nested blocks.
            return vec![Found::Selector];
        }
        self.evaluate(&names, scope, expected, steps)
    }

    /// Follows a reference through modules to resources.
    pub(super) fn follow(
        &self,
        name: &str,
        scope: &Scope<'_, 'p>,
        by: IndexedBy,
        expected: Option<&str>,
        steps: usize,
    ) -> Vec<Found> {
        let module = scope.module;
        let hidden = || vec![Found::Hidden(format!("{}{name}", module.address))];
        if steps > MAX_STEPS {
            return hidden();
        }
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        match first {
            "count" | "path" | "terraform" | "self" => vec![Found::Selector],
            "each" => match rest.strip_prefix("value") {
                Some(attribute) => self.each_value(attribute, scope, expected, steps),
                None => vec![Found::Selector],
            },
            "var" => {
                let variable = rest.split(['.', '[']).next().unwrap_or_default();
                let Some((parent, call, index)) = &module.parent else {
                    return match self.variables.and_then(|it| it.get(variable)) {
                        Some(it) => vec![Found::Constant(
                            it.get("value").cloned().unwrap_or(Json::Null),
                        )],
                        None => hidden(),
                    };
                };
                match call.get("expressions").and_then(|it| it.get(variable)) {
                    // The default of the variable is constant.
                    None => {
                        let declared = module.config.get("variables");
                        let default = declared
                            .and_then(|it| it.get(variable))
                            .and_then(|it| it.get("default"));
                        vec![Found::Constant(default.cloned().unwrap_or(Json::Null))]
                    }
                    Some(expression) => {
                        let scope = Scope {
                            module: parent,
                            index: index.as_deref(),
                            over: call.get("for_each_expression").unwrap_or(&Json::Null),
                            of: "",
                        };
                        self.expression(expression, &scope, expected, steps + 1)
                    }
                }
            }
            "module" => self.output(rest, scope, expected, steps),
            "local" => {
                let mut found = hidden();
                if let Some(expected) = expected {
                    let mut visible = self.visible(module, expected, steps);
                    let local = rest.split(['.', '[']).next().unwrap_or_default();
                    let dependents = self.dependents(module, local);
                    // References of Terraform have no cycle.
                    visible.retain(
                        |it| !matches!(it, Found::Resource(at, _) if dependents.contains(at)),
                    );
                    found.extend(visible);
                }
                found
            }
            _ => self.resource_named(name, scope, by),
        }
    }

    /// Returns the resources of a type that a local of a module can refer to. The plan does not contain
    /// locals: those of a called module depend on its resources and arguments.
    fn visible(&self, module: &Rc<Module<'p>>, expected: &str, steps: usize) -> Vec<Found> {
        let mut found = Vec::new();
        if let Some((parent, call, index)) = &module.parent {
            let scope = Scope {
                module: parent,
                index: index.as_deref(),
                over: call.get("for_each_expression").unwrap_or(&Json::Null),
                of: "",
            };
            let arguments = call.get("expressions").and_then(Json::as_object);
            for expression in arguments.into_iter().flat_map(|all| all.values()) {
                found.extend(self.expression(expression, &scope, Some(expected), steps + 1));
            }
            found.retain(|it| match it {
                Found::Resource(at, attribute) => {
                    identifies(&self.resources[*at].of, attribute.as_deref()) == Some(expected)
                }
                _ => false,
            });
        }
        // A VPC has a group, a network ACL and a route table by default.
        let of_vpc = match expected {
            "aws_security_group" => Some("default_security_group_id"),
            "aws_network_acl" => Some("default_network_acl_id"),
            "aws_route_table" => Some("default_route_table_id"),
            _ => None,
        };
        let all = (0..self.resources.len()).filter_map(|at| {
            let it = &self.resources[at];
            let attribute = match identifies(&it.of, None) {
                Some(of) if of == expected => None,
                Some("aws_vpc") => Some(of_vpc?),
                _ => return None,
            };
            let is_inside = it.address.starts_with(&module.address);
            (is_inside && self.is_unknown(at, attribute))
                .then(|| Found::Resource(at, attribute.map(str::to_owned)))
        });
        found.extend(all);
        found
    }

    /// Follows a reference to an output of a module.
    fn output(
        &self,
        rest: &str,
        scope: &Scope<'_, 'p>,
        expected: Option<&str>,
        steps: usize,
    ) -> Vec<Found> {
        let hidden = || {
            vec![Found::Hidden(format!(
                "{}module.{rest}",
                scope.module.address
            ))]
        };
        let Some((call, output)) = rest.split_once('.') else {
            return hidden();
        };
        let (call, key) = split_index(call);
        let (output, part) = output.split_once('.').unwrap_or((output, ""));
        let output = split_index(output).0;
        let prefix = format!("{}module.{call}", scope.module.address);
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
            let outputs = inner.config.get("outputs");
            let expression = outputs
                .and_then(|it| it.get(output))
                .and_then(|it| it.get("expression"));
            if let Some(expression) = expression {
                let scope = Scope::of(inner);
                let whole = most_specific(&references(expression));
                found.extend(match self.part_of_module(inner, &whole, part) {
                    Some(name) => {
                        self.follow(&name, &scope, IndexedBy::Nothing, expected, steps + 1)
                    }
                    None => self.expression(expression, &scope, expected, steps + 1),
                });
            }
        }
        if found.is_empty() { hidden() } else { found }
    }

    /// Returns the reference to a part of an output that is a whole module: an output of this module.
    fn part_of_module(&self, outer: &Module<'_>, whole: &[&str], part: &str) -> Option<String> {
        let [name] = whole else { return None };
        let (call, _) = split_index(
            name.strip_prefix("module.")
                .filter(|it| !it.contains('.'))?,
        );
        let wanted = split_index(part.split('.').next()?).0;
        let prefix = format!("{}module.{call}", outer.address);
        let has_output = |it: &Rc<Module<'_>>| {
            let own = it.address.strip_prefix(&prefix);
            own.is_some_and(|own| own.starts_with(['.', '[']))
                && it
                    .config
                    .get("outputs")
                    .and_then(|it| it.get(wanted))
                    .is_some()
        };
        let is_known = self.modules.values().any(has_output);
        is_known.then(|| format!("{name}.{part}"))
    }

    /// Returns what `each.value` can be. It is the value of this instance, if `for_each` iterates over
    /// a resource with the same keys. Else it is any value that the expression mentions.
    fn each_value(
        &self,
        attribute: &str,
        scope: &Scope<'_, 'p>,
        expected: Option<&str>,
        steps: usize,
    ) -> Vec<Found> {
        let outer = Scope::of(scope.module);
        let names = references(scope.over);
        if names.is_empty() {
            return vec![Found::Selector];
        }
        let mut found = self.evaluate(&names, &outer, expected, steps + 1);
        let mut attributes = attribute.trim_start_matches('.').split(['.', '[']);
        let attribute = attributes.next().filter(|it| !it.is_empty());
        let resources = |found: &[Found]| -> Vec<usize> {
            let at = |it: &Found| match it {
                Found::Resource(at, None) => Some(*at),
                _ => None,
            };
            found.iter().filter_map(at).collect()
        };
        let all = resources(&found);
        let name_of = |at: &usize| {
            let it = &self.resources[*at];
            split_index(
                it.address
                    .strip_prefix(it.module.address.as_str())
                    .unwrap_or(it.address),
            )
            .0
        };
        let of_one = all.len() == found.len()
            && all
                .windows(2)
                .all(|pair| name_of(&pair[0]) == name_of(&pair[1]));
        if of_one
            && let Some(at) = all.iter().find(|at| {
                let it = &self.resources[**at];
                it.index.is_some() && it.index.as_deref() == scope.index
            })
        {
            found = vec![Found::Resource(*at, None)];
        }
        if let Some(attribute) = attribute {
            for found in &mut found {
                if let Found::Resource(at, own @ None) = found {
                    let it = &self.resources[*at];
                    let unknown = self.unknown.get(it.address);
                    let has = it.values.get(attribute).is_some()
                        || unknown.is_some_and(|it| it.get(attribute).is_some());
                    if has {
                        *own = Some(attribute.to_owned());
                    }
                }
            }
        }
        found
    }

    fn resource_named(&self, name: &str, scope: &Scope<'_, 'p>, by: IndexedBy) -> Vec<Found> {
        let module = &scope.module.address;
        let hidden = || vec![Found::Hidden(format!("{module}{name}"))];
        let mut parts = name.split('.');
        let data = name.starts_with("data.");
        if data {
            parts.next();
        }
        let (Some(of), Some(rest)) = (parts.next(), parts.next()) else {
            return hidden();
        };
        let (own, key) = split_index(rest);
        let base = if data {
            format!("{module}data.{of}.{own}")
        } else {
            format!("{module}{of}.{own}")
        };
        let attribute = parts.next().map(|it| split_index(it).0.to_owned());
        let Some(all) = self.by_name.get(&base) else {
            // No instance is planned: the value is known.
            let declared = array(scope.module.config.get("resources"))
                .iter()
                .any(|it| {
                    it.get("type").and_then(Json::as_str) == Some(of)
                        && it.get("name").and_then(Json::as_str) == Some(own)
                });
            return if declared && !data {
                vec![Found::Selector]
            } else {
                hidden()
            };
        };
        let with = |at: &usize| Found::Resource(*at, attribute.clone());
        if let Some(key) = key {
            let one = |at: &&usize| self.resources[**at].index.as_deref() == Some(key.as_str());
            return match all.iter().find(one) {
                Some(at) => vec![with(at)],
                None => vec![Found::Selector],
            };
        }
        if let (None, Some(index)) = (&attribute, scope.index)
            && let Some(at) = self.by_index(of, all, index, by, scope)
        {
            return vec![Found::Resource(at, None)];
        }
        all.iter().map(with).collect()
    }

    /// Returns the instance of a resource that an index selects, if only one is likely.
    fn by_index(
        &self,
        of: &str,
        all: &[usize],
        index: &str,
        by: IndexedBy,
        scope: &Scope<'_, 'p>,
    ) -> Option<usize> {
        let key = |at: &usize| self.resources[*at].index.as_deref();
        let equal = || all.iter().find(|at| key(at) == Some(index)).copied();
        let is_network = matches!(
            of,
            "aws_route_table" | "aws_nat_gateway" | "aws_subnet" | "aws_vpc_endpoint" | "aws_eip"
        );
        match by {
            IndexedBy::Key => equal(),
            // `var.single ? 0 : count.index`: with one instance for each, it is not the single one.
            IndexedBy::KeyOrOther if is_network && all.len() == scope.count(self) => equal(),
            // Loops over pairs have keys such as `ssm-eu-west-1a`.
            IndexedBy::PartOfKey if is_network => {
                let inside = |at: &&usize| {
                    let key = key(at).unwrap_or_default();
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
            IndexedBy::Nothing | IndexedBy::KeyOrOther | IndexedBy::PartOfKey => None,
        }
    }

    /// Returns whether an attribute is unknown until the apply.
    pub(super) fn is_unknown(&self, at: usize, attribute: Option<&str>) -> bool {
        let it = &self.resources[at];
        let known = it.values.get(attribute.unwrap_or("id"));
        known.is_none_or(Json::is_null)
    }
}
