//! Reads Terraform plans from `terraform show -json`.
//!
//! Known values come from `planned_values`. The references in `configuration` provide values that
//! are known only after the apply, above all links between resources.
//! <https://developer.hashicorp.com/terraform/internals/json-format>

// One recursive evaluator: the functions that read arguments, lists and references call one another
// and share the state of `Plan`. The small functions at the end serve only them. Split, the file
// would need to open that state to several modules.

#[cfg(feature = "cli")]
mod strict;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::Value as Json;
use serde_json::value::RawValue as JsonText;

use super::cfn::Deployment;
use super::lift::{Exists, Lift};
use crate::ir::{Dialect, Expr, NodeId, SourceLocation, Text};
use crate::region::Region;
use crate::resource::{Graph, Map, RawValue};

#[cfg(feature = "cli")]
pub(crate) use strict::{StrictPlan, read_strict};

/// Limits the references that the reader follows through modules, since they can form a cycle.
const MAX_STEPS: usize = 40;

/// The relevant parts of a plan file. Most of a file is the values before and after each change,
/// which the reader skips.
#[derive(serde::Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    planned_values: Option<&'a JsonText>,
    /// Only in a state.
    #[serde(borrow)]
    values: Option<&'a JsonText>,
    #[serde(borrow)]
    configuration: Option<&'a JsonText>,
    #[serde(borrow)]
    prior_state: Option<&'a JsonText>,
    #[serde(borrow)]
    variables: Option<&'a JsonText>,
    #[serde(default, borrow)]
    resource_changes: Vec<Change<'a>>,
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Change<'a> {
    #[serde(default)]
    address: String,
    #[serde(default, borrow)]
    change: Unknowns<'a>,
}

#[derive(Default, serde::Deserialize, serde::Serialize)]
struct Unknowns<'a> {
    #[serde(borrow)]
    after_unknown: Option<&'a JsonText>,
}

/// Limits the memory for the values of a plan.
const MAX_VALUES: usize = 900_000;

/// Parses the relevant parts of a plan.
///
/// # Errors
///
/// The location and the message.
pub(crate) fn parse(text: &str) -> Result<Json, ((u32, u32), String)> {
    let wrong = |error: serde_json::Error| {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let at = (number(error.line()), number(error.column()));
        (at, format!("invalid plan JSON: {error}"))
    };
    let file: File<'_> = serde_json::from_str(text).map_err(wrong)?;
    let parts = [
        ("planned_values", file.planned_values.or(file.values)),
        ("configuration", file.configuration),
        ("prior_state", file.prior_state),
        ("variables", file.variables),
    ];
    let unknowns = file
        .resource_changes
        .iter()
        .map(|it| it.change.after_unknown);
    let values: usize = parts
        .iter()
        .map(|(_, raw)| *raw)
        .chain(unknowns)
        .flatten()
        .map(|raw| {
            raw.get()
                .bytes()
                .filter(|b| matches!(b, b',' | b':'))
                .count()
        })
        .sum();
    if values > MAX_VALUES {
        return Err((
            (1, 1),
            format!("the plan has more than {MAX_VALUES} values"),
        ));
    }
    let mut root = serde_json::Map::new();
    for (key, raw) in parts {
        if let Some(raw) = raw {
            root.insert(
                key.to_owned(),
                serde_json::from_str(raw.get()).map_err(wrong)?,
            );
        }
    }
    let changes = serde_json::to_value(file.resource_changes).map_err(wrong)?;
    root.insert("resource_changes".to_owned(), changes);
    Ok(Json::Object(root))
}

/// Reads a plan.
///
/// # Errors
///
/// The missing part, if the document is not a plan.
pub(crate) fn read(root: &Json, deployment: &Deployment) -> Result<Graph, String> {
    Plan::of(root).map(|plan| plan.graph(root, deployment))
}

/// Reads only the configured values of a plan.
///
/// # Errors
///
/// The missing part, if the document is not a plan.
#[cfg(feature = "diff")]
pub(crate) fn configured(root: &Json, deployment: &Deployment) -> Result<Graph, String> {
    let mut plan = Plan::of(root)?;
    plan.configured = true;
    Ok(plan.graph(root, deployment))
}
impl<'p> Plan<'p> {
    fn graph(mut self, root: &Json, deployment: &Deployment) -> Graph {
        let region = deployment.region.or_else(|| self.region(root));
        self.lift.graph.stacks[0].region = region;
        self.lift.graph.account = deployment.account.clone().or_else(|| self.account());
        self.fill();
        self.lift.finish()
    }

    /// Reserves nodes for all planned resources.
    fn of(root: &'p Json) -> Result<Plan<'p>, String> {
        let Some(planned) = root.get("planned_values") else {
            return Err(
                "expected `planned_values` or `values`: print the plan or state with \
                `terraform show -json plan.out`"
                    .to_owned(),
            );
        };
        let nothing = &Json::Null;
        let config = root
            .get("configuration")
            .and_then(|it| it.get("root_module"))
            .unwrap_or(nothing);
        let mut plan = Plan {
            unknown: HashMap::new(),
            resources: Vec::new(),
            by_name: HashMap::new(),
            by_id: HashMap::new(),
            modules: BTreeMap::new(),
            depth: Cell::new(0),
            configured: false,
            lift: Lift::new(Dialect::Tf, "plan", None),
        };
        for change in array(root.get("resource_changes")) {
            if let (Some(address), Some(unknown)) = (
                change.get("address").and_then(Json::as_str),
                change.get("change").and_then(|it| it.get("after_unknown")),
            ) {
                plan.unknown.insert(address, unknown);
            }
        }
        let top = Rc::new(Module {
            address: String::new(),
            config,
            parent: None,
        });
        let nowhere = nothing;
        let prior = root
            .get("prior_state")
            .and_then(|it| it.get("values"))
            .and_then(|it| it.get("root_module"))
            .unwrap_or(nowhere);
        plan.walk(planned.get("root_module").unwrap_or(nowhere), &top, false);
        plan.walk(prior, &top, true);
        Ok(plan)
    }
}

/// Removes values that the configuration does not set, also in blocks.
fn only_configured(map: &mut Map<'_>, expressions: &serde_json::Map<String, Json>) {
    map.retain(|key| expressions.contains_key(key));
    for (key, expression) in expressions {
        let blocks: Vec<&serde_json::Map<String, Json>> = expression
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Json::as_object)
            .collect();
        let (Some(term), false) = (map.get_mut(key), blocks.is_empty()) else {
            continue;
        };
        let items: Vec<&mut RawValue<'_>> = match term {
            RawValue::List(items) => items.iter_mut().collect(),
            one => vec![one],
        };
        for (n, item) in items.into_iter().enumerate() {
            // All blocks of a `dynamic` block have the same arguments.
            let block = blocks.get(n).or(blocks.first());
            if let (RawValue::Object(inner) | RawValue::Block(inner), Some(block)) = (item, block) {
                only_configured(inner, block);
            }
        }
    }
}

fn array(value: Option<&Json>) -> &[Json] {
    value.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// An instance of a module in the configuration.
#[derive(Debug)]
struct Module<'p> {
    /// `module.net[0].`, or empty for the root module.
    address: String,
    config: &'p Json,
    parent: Option<(Rc<Module<'p>>, &'p Json, Option<String>)>,
}

/// A planned resource.
struct Planned<'p> {
    address: &'p str,
    values: &'p Json,
    #[cfg(feature = "cli")]
    sensitive: &'p Json,
    config: Option<&'p Json>,
    module: Rc<Module<'p>>,
    index: Option<String>,
    id: NodeId,
    of: String,
    data: bool,
}

struct Plan<'p> {
    unknown: HashMap<&'p str, &'p Json>,
    resources: Vec<Planned<'p>>,
    /// Instances by address without index.
    by_name: HashMap<String, Vec<usize>>,
    /// Existing resources by ID, with the attribute that contains this ID.
    by_id: HashMap<&'p str, (usize, &'static str)>,
    modules: BTreeMap<String, Rc<Module<'p>>>,
    /// The depth of arguments that refer to arguments of other resources.
    depth: Cell<usize>,
    /// Whether to ignore values that the provider sets.
    configured: bool,
    lift: Lift,
}

/// Returns the equivalent type that the model supports.
fn known_type(of: &str) -> &str {
    match of {
        // The request starts an instance with the same arguments.
        "aws_spot_instance_request" => "aws_instance",
        "aws_default_vpc_dhcp_options" => "aws_vpc_dhcp_options",
        other => other,
    }
}

fn index_text(index: &Json) -> Option<String> {
    match index {
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// Attributes that identify a resource in arguments of other resources.
const IDS: [&str; 8] = [
    "id",
    "arn",
    "default_security_group_id",
    "default_network_acl_id",
    "main_route_table_id",
    "default_route_table_id",
    "prefix_list_id",
    "primary_network_interface_id",
];

/// Returns whether text is an ARN or an ID from AWS, such as `vpc-0a1b2c3d`.
fn is_id(text: &str) -> bool {
    if text.starts_with("arn:") {
        return true;
    }
    let Some((kind, digits)) = text.rsplit_once('-') else {
        return false;
    };
    let hex = digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex && !kind.is_empty() && kind != "ami"
}

/// The target of a reference.
#[derive(Clone, Debug)]
enum Found {
    /// A resource, and the attribute if the reference has one.
    Resource(usize, Option<String>),
    /// A target that the plan does not define.
    Opaque(String),
    /// A literal.
    Constant(Json),
}

impl<'p> Plan<'p> {
    /// Reserves nodes for all resources of a module and its child modules.
    fn walk(&mut self, module: &'p Json, own: &Rc<Module<'p>>, prior: bool) {
        self.modules
            .entry(own.address.clone())
            .or_insert_with(|| own.clone());
        for resource in array(module.get("resources")) {
            let text = |key: &str| resource.get(key).and_then(Json::as_str);
            let (Some(address), Some(of)) = (text("address"), text("type")) else {
                continue;
            };
            let data = text("mode") == Some("data");
            // In the prior state, only data sources describe the plan.
            if prior && !data {
                continue;
            }
            let name = text("name").unwrap_or_default();
            let base = if data {
                format!("{}data.{of}.{name}", own.address)
            } else {
                format!("{}{of}.{name}", own.address)
            };
            let index = resource.get("index").and_then(index_text);
            let known = self
                .by_name
                .get(&base)
                .is_some_and(|all| all.iter().any(|&at| self.resources[at].index == index));
            if known {
                continue;
            }
            let expected = if data { "data" } else { "managed" };
            let config = array(own.config.get("resources")).iter().find(|it| {
                let same =
                    |key: &str, value: &str| it.get(key).and_then(Json::as_str) == Some(value);
                same("type", of) && same("name", name) && same("mode", expected)
            });
            let kind = if data {
                format!("data.{of}")
            } else {
                known_type(of).to_owned()
            };
            let id = self.lift.reserve(address, &kind, SourceLocation::Default);
            let at = self.resources.len();
            self.resources.push(Planned {
                address,
                values: resource.get("values").unwrap_or(&Json::Null),
                #[cfg(feature = "cli")]
                sensitive: resource.get("sensitive_values").unwrap_or(&Json::Null),
                config,
                module: own.clone(),
                index,
                id,
                of: kind,
                data,
            });
            self.by_name.entry(base).or_default().push(at);
            for attribute in IDS {
                let id = resource
                    .get("values")
                    .and_then(|values| values.get(attribute))
                    .and_then(Json::as_str)
                    .filter(|id| is_id(id));
                if let Some(id) = id.filter(|_| !data) {
                    self.by_id.entry(id).or_insert((at, attribute));
                }
            }
        }
        for child in array(module.get("child_modules")) {
            let Some(address) = child.get("address").and_then(Json::as_str) else {
                continue;
            };
            let last = address.strip_prefix(&own.address).unwrap_or(address);
            let last = last.strip_prefix("module.").unwrap_or(last);
            let (name, index) = split_index(last);
            let call = own
                .config
                .get("module_calls")
                .and_then(|it| it.get(name))
                .unwrap_or(&Json::Null);
            let inner = self.modules.get(&format!("{address}.")).cloned();
            let inner = inner.unwrap_or_else(|| {
                Rc::new(Module {
                    address: format!("{address}."),
                    config: call.get("module").unwrap_or(&Json::Null),
                    parent: Some((own.clone(), call, index)),
                })
            });
            self.walk(child, &inner, prior);
        }
    }

    /// Returns the account ID from `aws_caller_identity`.
    fn account(&self) -> Option<String> {
        let mut identities = self
            .resources
            .iter()
            .filter(|it| it.of == "data.aws_caller_identity");
        let account = identities.next()?.values.get("account_id")?.as_str()?;
        Some(account.to_owned())
    }

    /// Returns the region of the provider, or of the subnets' Availability Zones.
    fn region(&self, root: &Json) -> Option<&'static Region> {
        // Since version 6 of the provider, a resource can set `region`.
        let mut own = self
            .resources
            .iter()
            .filter(|it| matches!(it.of.as_str(), "aws_vpc" | "aws_subnet" | "aws_instance"))
            .filter_map(|it| it.values.get("region")?.as_str());
        if let Some(first) = own.next()
            && own.all(|other| other == first)
        {
            return Region::find(first);
        }
        let providers = root
            .get("configuration")?
            .get("provider_config")?
            .as_object()?;
        let mut found: Vec<&'static Region> = Vec::new();
        for provider in providers.values() {
            if provider.get("name").and_then(Json::as_str) != Some("aws") {
                continue;
            }
            let region = provider.get("expressions").and_then(|it| it.get("region"));
            let constant = region
                .and_then(|it| it.get("constant_value"))
                .and_then(Json::as_str);
            let by_variable = || {
                let reference = array(region.and_then(|it| it.get("references"))).first()?;
                let name = reference.as_str()?.strip_prefix("var.")?;
                root.get("variables")?.get(name)?.get("value")?.as_str()
            };
            let name = constant.or_else(by_variable);
            found.extend(name.and_then(Region::find));
        }
        found.dedup_by_key(|region| region.name);
        if let [region] = found.as_slice() {
            return Some(region);
        }
        let mut zones = self.resources.iter().filter_map(|it| {
            let zone = it.values.get("availability_zone")?.as_str()?;
            Region::find(zone.trim_end_matches(|c: char| c.is_ascii_lowercase()))
        });
        let first = zones.next()?;
        zones.all(|it| it.name == first.name).then_some(first)
    }

    fn fill(&mut self) {
        for at in 0..self.resources.len() {
            let it = &self.resources[at];
            if it.data && self.lift.kind(it.id).is_none() {
                continue;
            }
            let map = if self.lift.kind(it.id).is_some() {
                self.arguments(at)
            } else {
                self.references_only(at)
            };
            let after = self.dependencies(at);
            let id = self.resources[at].id;
            self.lift.fill(id, map, Vec::new(), Exists::Yes);
            self.lift.add_dependencies(id, after);
        }
    }

    /// Returns the dependencies of a resource: all references and `depends_on`.
    fn dependencies(&self, at: usize) -> Vec<NodeId> {
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
    fn of_module(&self, module: &Module<'_>, call: &str) -> Vec<NodeId> {
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
    fn references_only(&self, at: usize) -> Map<'static> {
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

    fn attribute(&self, at: usize, name: Option<&str>) -> Expr {
        self.lift
            .attribute(self.resources[at].id, name.unwrap_or("id"))
    }

    // -- arguments ---------------------------------------------------------------------------

    fn arguments(&self, at: usize) -> Map<'static> {
        let it = &self.resources[at];
        let unknown = self.unknown.get(it.address).copied().unwrap_or(&Json::Null);
        let expressions = it
            .config
            .and_then(|config| config.get("expressions"))
            .unwrap_or(&Json::Null);
        let mut map = match self.object(it, it.values, unknown, expressions) {
            RawValue::Object(map) => map,
            _ => Map::default(),
        };
        if let (true, Some(set)) = (self.configured, expressions.as_object()) {
            only_configured(&mut map, set);
        }
        self.images(it, &mut map, expressions);
        user_data(&mut map, expressions);
        map
    }

    /// Returns an object with unknown members.
    fn object(
        &self,
        it: &Planned<'p>,
        values: &Json,
        unknown: &Json,
        expressions: &Json,
    ) -> RawValue<'static> {
        let mut map = Map::default();
        let mut keys: Vec<&String> = Vec::new();
        for object in [values, unknown] {
            for key in object.as_object().into_iter().flat_map(|it| it.keys()) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        for key in keys {
            let value = values.get(key).unwrap_or(&Json::Null);
            let unknown = unknown.get(key).unwrap_or(&Json::Bool(false));
            let expression = expressions.get(key).unwrap_or(&Json::Null);
            if let Some(term) = self.value(it, key, value, unknown, expression) {
                map.insert(key.clone(), term);
            }
        }
        RawValue::Object(map)
    }

    fn value(
        &self,
        it: &Planned<'p>,
        key: &str,
        value: &Json,
        unknown: &Json,
        expression: &Json,
    ) -> Option<RawValue<'static>> {
        if unknown == &Json::Bool(true) {
            // An argument that is not set has its default.
            return self.configured(it, key, expression);
        }
        match value {
            Json::Null => None,
            Json::Object(_) if has_unknown(unknown) => {
                Some(self.object(it, value, unknown, expression))
            }
            Json::Array(items) if has_unknown(unknown) => {
                Some(self.list(it, key, items, unknown, expression))
            }
            known => Some(self.named(it, key, plain(known), expression)),
        }
    }

    /// Returns a known value as a reference if it identifies a planned resource.
    fn named(
        &self,
        it: &Planned<'p>,
        key: &str,
        term: RawValue<'static>,
        expression: &Json,
    ) -> RawValue<'static> {
        // A role and an instance profile often have the same name.
        if key == "iam_instance_profile"
            && let RawValue::Str(_) = &term
            && let Some(RawValue::Expr(expr)) = self.configured(it, key, expression)
            && let Expr::Attr(..) = expr.as_ref()
        {
            return RawValue::Expr(expr);
        }
        self.by_ids(it, term)
    }

    fn by_ids(&self, it: &Planned<'p>, term: RawValue<'static>) -> RawValue<'static> {
        match term {
            RawValue::Str(text) => match self.by_id.get(text.as_ref()) {
                Some(&(at, attribute)) if self.resources[at].id != it.id => {
                    RawValue::from(self.attribute(at, Some(attribute)))
                }
                _ => RawValue::Str(text),
            },
            RawValue::List(items) => RawValue::List(
                items
                    .into_iter()
                    .map(|item| self.by_ids(it, item))
                    .collect(),
            ),
            RawValue::Object(map) => RawValue::Object(
                map.into_iter()
                    .map(|(key, inner)| (key, self.by_ids(it, inner)))
                    .collect(),
            ),
            other => other,
        }
    }

    fn list(
        &self,
        it: &Planned<'p>,
        key: &str,
        items: &[Json],
        unknown: &Json,
        expression: &Json,
    ) -> RawValue<'static> {
        let unknowns = array(Some(unknown));
        // The plan does not show the order of items: use all references and known values.
        let simple = items.iter().all(|item| !item.is_object());
        if simple {
            let mut out: Vec<RawValue<'static>> = items
                .iter()
                .enumerate()
                .filter(|(n, item)| !item.is_null() && unknowns.get(*n) != Some(&Json::Bool(true)))
                .map(|(_, item)| plain(item))
                .collect();
            match self.configured(it, key, expression) {
                Some(RawValue::List(more)) => {
                    out.extend(
                        more.into_iter()
                            .filter(|term| matches!(term, RawValue::Expr(_))),
                    );
                }
                Some(other) => out.push(other),
                None => {}
            }
            return RawValue::List(out);
        }
        // The configuration has one expression for an argument in block syntax, so each item can
        // refer to any of its references.
        if expression.get("references").is_some() {
            let spread = items
                .iter()
                .enumerate()
                .map(|(n, item)| self.spread(it, item, unknowns, n, expression));
            return RawValue::List(spread.collect());
        }
        // Blocks: a set does not keep the order of the configuration.
        let mut blocks: Vec<&Json> = match expression {
            Json::Array(blocks) => blocks.iter().collect(),
            Json::Object(_) if expression.get("references").is_none() => vec![expression],
            _ => Vec::new(),
        };
        let mut out = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let unknown = unknowns.get(n).unwrap_or(&Json::Null);
            let written = blocks.iter().position(|block| fits(block, item));
            let block = match written {
                Some(at) => blocks.remove(at),
                None => &Json::Null,
            };
            let mut made = self.object(it, item, unknown, block);
            if let (RawValue::Object(map), Json::Null) = (&mut made, block) {
                hide(map, unknown, it.address);
            }
            out.push(made);
        }
        RawValue::List(out)
    }

    /// Returns an item of an argument in block syntax. If only this item has an unknown member, the
    /// value is all matching references; otherwise it is one of them.
    fn spread(
        &self,
        it: &Planned<'p>,
        item: &Json,
        unknowns: &[Json],
        at: usize,
        expression: &Json,
    ) -> RawValue<'static> {
        let mut term = match plain(item) {
            RawValue::Object(map) => map,
            other => return other,
        };
        let open = |unknown: &Json| match unknown {
            Json::Bool(value) => *value,
            Json::Array(items) => items.iter().any(has_unknown),
            _ => false,
        };
        let members = unknowns.get(at).and_then(Json::as_object);
        for (key, unknown) in members.into_iter().flatten() {
            if !open(unknown) {
                continue;
            }
            term.remove(key);
            let value = if expected(key).is_some() {
                let alone = unknowns
                    .iter()
                    .filter(|other| other.get(key).is_some_and(open))
                    .count()
                    <= 1;
                match self.configured(it, key, expression) {
                    Some(RawValue::List(items)) if !alone && items.len() > 1 => {
                        Some(RawValue::List(vec![one_of(items)]))
                    }
                    other => other,
                }
            } else {
                Some(RawValue::from(Expr::Opaque(Text::Owned(format!(
                    "{}.{key}",
                    it.address
                )))))
            };
            if let Some(value) = value {
                term.insert(key.clone(), value);
            }
        }
        RawValue::Object(term)
    }

    /// Returns the configured value of an argument that is unknown until the apply.
    fn configured(
        &self,
        it: &Planned<'p>,
        key: &str,
        expression: &Json,
    ) -> Option<RawValue<'static>> {
        match expression {
            Json::Array(blocks) => Some(RawValue::List(
                blocks
                    .iter()
                    .filter_map(|block| self.block(it, block))
                    .collect(),
            )),
            Json::Object(_) => {
                if let Some(constant) = constant(expression) {
                    return (!constant.is_null()).then(|| plain(constant));
                }
                if expression.get("references").is_none() {
                    let empty = expression.as_object().is_none_or(serde_json::Map::is_empty);
                    return if empty {
                        None
                    } else {
                        self.block(it, expression)
                    };
                }
                let names: Vec<&str> = array(expression.get("references"))
                    .iter()
                    .filter_map(Json::as_str)
                    .collect();
                Some(self.referenced(it, key, &names))
            }
            _ => None,
        }
    }

    fn block(&self, it: &Planned<'p>, block: &Json) -> Option<RawValue<'static>> {
        let mut map = Map::default();
        for (key, expression) in block.as_object()? {
            if let Some(term) = self.configured(it, key, expression) {
                map.insert(key.clone(), term);
            }
        }
        Some(RawValue::Object(map))
    }

    /// Returns the value of an expression from its references.
    fn referenced(&self, it: &Planned<'p>, key: &str, names: &[&str]) -> RawValue<'static> {
        let many = is_list(key);
        let expected = expected(key);
        let mut found: Vec<Found> = Vec::new();
        // The plan shows `x[count.index]`, `x[each.key]` and splats as `x`.
        let by_index = names
            .iter()
            .any(|name| name.starts_with("each.") || *name == "count.index");
        let index = it.index.as_deref().filter(|_| by_index);
        for name in most_specific(names) {
            if let Some(attribute) = name.strip_prefix("each.value") {
                found.extend(self.each_value(it, attribute, names.len(), expected));
                continue;
            }
            found.extend(self.follow(name, &it.module, index, expected, 0));
        }
        if let Some(expected) = expected {
            let fits = |found: &Found| match found {
                Found::Resource(at, _) => {
                    let of = self.resources[*at].of.as_str();
                    of == expected
                        || (key == "prefix_list_ids" && of == "aws_ec2_managed_prefix_list")
                }
                Found::Opaque(_) | Found::Constant(_) => false,
            };
            if found.iter().any(fits) {
                found.retain(fits);
            }
        }
        let mut terms: Vec<RawValue<'static>> = Vec::new();
        for found in found {
            let term = match found {
                Found::Resource(at, attribute) => self.resource_term(at, attribute.as_deref()),
                Found::Opaque(text) => RawValue::from(Expr::Opaque(Text::Owned(text))),
                Found::Constant(Json::Array(items)) => {
                    for item in &items {
                        let term = plain(item);
                        if !terms.contains(&term) {
                            terms.push(term);
                        }
                    }
                    continue;
                }
                Found::Constant(Json::Null) => continue,
                Found::Constant(json) => plain(&json),
            };
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        if many {
            return RawValue::List(terms);
        }
        match terms.len() {
            0 => RawValue::from(Expr::Opaque(Text::Owned(format!(
                "{}{}",
                it.module.address,
                names.join(" ")
            )))),
            1 => terms.swap_remove(0),
            _ => one_of(terms),
        }
    }

    /// Returns the resource that `each.value` refers to, if `for_each` iterates over resources.
    fn each_value(
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

    /// Returns a reference to a resource, or the document that a data source contains.
    fn resource_term(&self, at: usize, attribute: Option<&str>) -> RawValue<'static> {
        let it = &self.resources[at];
        match it.of.as_str() {
            "data.aws_iam_policy_document" => self.policy(at),
            "data.aws_ssm_parameter" => match it.values.get("name").and_then(Json::as_str) {
                Some(name) => RawValue::from(Expr::SsmParameter(Text::Owned(name.to_owned()))),
                None => RawValue::from(Expr::Opaque(Text::Owned(it.address.to_owned()))),
            },
            _ if it.data && self.lift.kind(it.id).is_none() => {
                let known = attribute.and_then(|name| it.values.get(name));
                match known {
                    Some(value) if !value.is_null() => plain(value),
                    _ => RawValue::from(Expr::Opaque(Text::Owned(format!(
                        "{}.{}",
                        it.address,
                        attribute.unwrap_or_default()
                    )))),
                }
            }
            _ => self.argument_of(at, attribute),
        }
    }

    /// Returns an attribute. If it is an argument of the resource, such as the `vpc_id` of a subnet,
    /// returns the value of the argument.
    fn argument_of(&self, at: usize, attribute: Option<&str>) -> RawValue<'static> {
        let it = &self.resources[at];
        let expr = self.attribute(at, attribute);
        let (Expr::Other(..), Some(name), Some(config)) = (&expr, attribute, it.config) else {
            return RawValue::from(expr);
        };
        let expression = config.get("expressions").and_then(|all| all.get(name));
        match expression {
            Some(expression) if expected(name).is_some() && self.depth.get() < MAX_STEPS => {
                self.depth.set(self.depth.get() + 1);
                let term = self.configured(it, name, expression);
                self.depth.set(self.depth.get() - 1);
                term.unwrap_or(RawValue::from(expr))
            }
            _ => RawValue::from(expr),
        }
    }

    /// Returns the document of an `aws_iam_policy_document`.
    fn policy(&self, at: usize) -> RawValue<'static> {
        let it = &self.resources[at];
        if let Some(json) = it.values.get("json").and_then(Json::as_str) {
            return RawValue::Str(json.to_owned().into());
        }
        let RawValue::Object(mut map) = RawValue::Object(self.arguments(at)) else {
            return RawValue::from(Expr::Opaque(Text::Owned(it.address.to_owned())));
        };
        for other in ["source_policy_documents", "override_policy_documents"] {
            if map
                .remove(other)
                .is_some_and(|term| term != RawValue::List(Vec::new()))
            {
                return RawValue::from(Expr::Opaque(Text::Owned(it.address.to_owned())));
            }
        }
        let statements = match map.remove("statement") {
            Some(RawValue::List(items)) => items,
            Some(single) => vec![single],
            None => Vec::new(),
        };
        let mut document = Map::default();
        document.insert(
            "Statement",
            RawValue::List(statements.into_iter().map(statement).collect()),
        );
        RawValue::Json(Box::new(RawValue::Object(document)))
    }

    /// Returns an image from a data source, which describes more than its ID.
    fn images(&self, it: &Planned<'p>, map: &mut Map<'static>, expressions: &Json) {
        for key in ["ami", "image_id"] {
            let names: Vec<&str> = array(expressions.get(key).and_then(|it| it.get("references")))
                .iter()
                .filter_map(Json::as_str)
                .collect();
            if names.is_empty() {
                continue;
            }
            let mut images: Vec<RawValue<'static>> = Vec::new();
            let mut other = false;
            for name in most_specific(&names) {
                for found in self.follow(name, &it.module, it.index.as_deref(), None, 0) {
                    match found {
                        Found::Resource(at, _)
                            if matches!(
                                self.resources[at].of.as_str(),
                                "data.aws_ami" | "data.aws_ssm_parameter"
                            ) =>
                        {
                            let term = match self.resources[at].of.as_str() {
                                "data.aws_ami" => RawValue::from(self.attribute(at, None)),
                                _ => self.resource_term(at, None),
                            };
                            if !images.contains(&term) {
                                images.push(term);
                            }
                        }
                        _ => other = true,
                    }
                }
            }
            if images.is_empty() || (other && map.get(key).is_none()) {
                continue;
            }
            // An expression with a variable can also have the value of the variable.
            if other && images.len() == 1 && names.iter().any(|name| name.starts_with("var.")) {
                continue;
            }
            map.remove(key);
            map.insert(
                key,
                if images.len() == 1 {
                    images.swap_remove(0)
                } else {
                    one_of(images)
                },
            );
        }
    }

    // -- references --------------------------------------------------------------------------

    /// Follows a reference through modules to resources.
    fn follow(
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
    fn by_index(&self, all: &[usize], index: &str) -> Option<usize> {
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

    fn expression(
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

    fn resource_named(&self, name: &str, module: &Module<'_>, index: Option<&str>) -> Vec<Found> {
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
fn split_index(text: &str) -> (&str, Option<String>) {
    match text.split_once('[') {
        Some((name, key)) => (
            name,
            Some(key.trim_end_matches(']').trim_matches('"').to_owned()),
        ),
        None => (text, None),
    }
}

/// Collects all references in expressions.
fn gather<'p>(expressions: Option<&'p Json>, names: &mut Vec<&'p str>) {
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

/// Returns the value of a constant expression. In JSON syntax, the expression also contains the
/// text of the template next to its references.
fn constant(expression: &Json) -> Option<&Json> {
    if array(expression.get("references")).is_empty() {
        expression.get("constant_value")
    } else {
        None
    }
}

/// Keeps the longest references. A plan also lists each prefix of a reference.
fn most_specific<'a>(names: &[&'a str]) -> Vec<&'a str> {
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

fn has_unknown(unknown: &Json) -> bool {
    match unknown {
        Json::Bool(value) => *value,
        Json::Array(items) => items.iter().any(has_unknown),
        Json::Object(map) => map.values().any(has_unknown),
        _ => false,
    }
}

/// Returns a value of a `dynamic` block, where an unknown value can be anything.
fn hide(map: &mut Map<'static>, unknown: &Json, address: &str) {
    for (key, unknown) in unknown.as_object().into_iter().flatten() {
        if has_unknown(unknown) && expected(key).is_some() && map.get(key).is_none() {
            let text = Text::Owned(format!("{address}.{key}"));
            map.insert(key.clone(), RawValue::from(Expr::Opaque(text)));
        }
    }
}

/// Returns a known value; null means that the argument is not set.
fn plain(value: &Json) -> RawValue<'static> {
    match value {
        Json::Array(items) => RawValue::List(
            items
                .iter()
                .filter(|item| !item.is_null())
                .map(plain)
                .collect(),
        ),
        Json::Object(entries) => {
            let mut map = Map::default();
            for (key, value) in entries {
                if !value.is_null() {
                    map.insert(key.clone(), plain(value));
                }
            }
            RawValue::Object(map)
        }
        other => RawValue::from(other.clone()),
    }
}

/// Returns whether a block of the configuration can be the source of this item.
fn fits(block: &Json, item: &Json) -> bool {
    let Some(block) = block.as_object() else {
        return false;
    };
    block.iter().all(|(key, expression)| {
        let Some(constant) = constant(expression) else {
            return true;
        };
        match item.get(key) {
            None | Some(Json::Null) => true,
            Some(value) => loosely_equal(constant, value),
        }
    })
}

fn loosely_equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| loosely_equal(x, y)))
        }
        (a, b) if a == b => true,
        (a, b) => index_text(a).is_some() && index_text(a) == index_text(b),
    }
}

/// Returns whether an argument is a list.
fn is_list(key: &str) -> bool {
    matches!(
        key,
        "subnet_ids"
            | "security_group_ids"
            | "vpc_security_group_ids"
            | "route_table_ids"
            | "security_groups"
            | "vpc_zone_identifier"
            | "prefix_list_ids"
            | "managed_policy_arns"
            | "policy_arns"
            | "roles"
            | "resources"
            | "actions"
            | "identifiers"
            | "not_actions"
            | "not_resources"
            | "values"
            | "cidr_blocks"
            | "ipv6_cidr_blocks"
            | "domain_name_servers"
    )
}

/// Returns the resource type that an argument refers to.
fn expected(key: &str) -> Option<&'static str> {
    Some(match key {
        "vpc_id" | "vpc" => "aws_vpc",
        "subnet_id" | "subnet_ids" | "vpc_zone_identifier" => "aws_subnet",
        "security_group_id"
        | "security_group_ids"
        | "vpc_security_group_ids"
        | "security_groups"
        | "source_security_group_id"
        | "referenced_security_group_id" => "aws_security_group",
        "route_table_id" | "route_table_ids" => "aws_route_table",
        "nat_gateway_id" => "aws_nat_gateway",
        "internet_gateway_id" | "gateway_id" => "aws_internet_gateway",
        "network_acl_id" => "aws_network_acl",
        "vpc_endpoint_id" => "aws_vpc_endpoint",
        "prefix_list_ids" => "aws_vpc_endpoint",
        "network_interface_id" => "aws_network_interface",
        "role" | "role_name" | "roles" => "aws_iam_role",
        "iam_instance_profile" => "aws_iam_instance_profile",
        "launch_configuration" => "aws_launch_configuration",
        _ => return None,
    })
}

fn one_of(terms: Vec<RawValue<'static>>) -> RawValue<'static> {
    let exprs = terms.into_iter().map(|term| match term {
        RawValue::Str(text) => Expr::Text(Text::Owned(text.into_owned())),
        RawValue::Expr(expr) => expr.into_owned(),
        other => Expr::Opaque(Text::Borrowed(other.what())),
    });
    RawValue::from(Expr::OneOf(exprs.collect()))
}

/// Returns a statement of an `aws_iam_policy_document` in IAM syntax.
fn statement(term: RawValue<'static>) -> RawValue<'static> {
    let RawValue::Object(mut map) = term else {
        return term;
    };
    let mut out = Map::default();
    let effect = map
        .remove("effect")
        .filter(|term| !matches!(term, RawValue::Str(text) if text.is_empty()));
    out.insert("Effect", effect.unwrap_or(RawValue::str("Allow")));
    for (own, name) in [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        match map.remove(own) {
            Some(RawValue::List(items)) if items.is_empty() => {}
            Some(term) => out.insert(name, term),
            None => {}
        }
    }
    for (own, name) in [
        ("principals", "Principal"),
        ("not_principals", "NotPrincipal"),
    ] {
        let Some(RawValue::List(items)) = map.remove(own) else {
            continue;
        };
        let mut who = Map::default();
        for item in items {
            let RawValue::Object(mut item) = item else {
                continue;
            };
            let of = match item.remove("type") {
                Some(RawValue::Str(text)) => text.into_owned(),
                _ => "AWS".to_owned(),
            };
            let Some(identifiers) = item.remove("identifiers") else {
                continue;
            };
            if of == "*" {
                who.insert("AWS", RawValue::str("*"));
            } else {
                who.insert(of, identifiers);
            }
        }
        if !who.is_empty() {
            out.insert(name, RawValue::Object(who));
        }
    }
    if let Some(RawValue::List(items)) = map.remove("condition") {
        let mut operators: Map<'static> = Map::default();
        for item in items {
            let RawValue::Object(mut item) = item else {
                continue;
            };
            let (Some(RawValue::Str(test)), Some(RawValue::Str(key)), Some(values)) = (
                item.remove("test"),
                item.remove("variable"),
                item.remove("values"),
            ) else {
                continue;
            };
            if operators.get(&test).is_none() {
                operators.insert(test.to_string(), RawValue::Object(Map::default()));
            }
            if let Some(RawValue::Object(keys)) = operators.get_mut(&test) {
                keys.insert(key.into_owned(), values);
            }
        }
        if !operators.is_empty() {
            out.insert("Condition", RawValue::Object(operators));
        }
    }
    RawValue::Object(out)
}

/// Provider version 5 shows only a hash of user data; the configuration contains constant text.
fn user_data(map: &mut Map<'static>, expressions: &Json) {
    let is_hash = matches!(map.get("user_data"), Some(RawValue::Str(text))
        if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()));
    if !is_hash {
        return;
    }
    map.remove("user_data");
    let constant = expressions
        .get("user_data")
        .and_then(constant)
        .and_then(Json::as_str);
    map.insert(
        "user_data",
        match constant {
            Some(text) => RawValue::Str(text.to_owned().into()),
            None => RawValue::from(Expr::Opaque(Text::Borrowed("user data"))),
        },
    );
}
