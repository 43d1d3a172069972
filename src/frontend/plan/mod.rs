//! Reads Terraform plans from `terraform show -json`.
//!
//! Known values come from `planned_values`. The references in `configuration` provide values that
//! are known only after the apply, above all links between resources.
//! <https://developer.hashicorp.com/terraform/internals/json-format>

mod documents;
mod expression;
mod json;
mod locals;
mod members;
mod outputs;
mod raw;
mod references;
mod region;
mod replacement;
mod sha1;
mod state;
#[cfg(feature = "cli")]
mod strict;
mod user_data;
mod values;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value as Json;

use super::cfn::Deployment;
use super::lift::{Exists, Lift};
use crate::ir::{Dialect, NodeId, SourceLocation};
use crate::resource::Graph;
use expression::{is_id, split_index};
use json::{index_text, is_deposed};

#[cfg(feature = "diff")]
pub(crate) use expression::{gather, most_specific};
pub(crate) use json::{array, parse};
#[cfg(feature = "cli")]
pub(crate) use strict::{StrictPlan, read_strict};

/// Limits the references that the reader follows through modules, since they can form a cycle.
const MAX_STEPS: usize = 40;

/// Reads a plan.
///
/// # Errors
///
/// The missing part, if the document is not a plan.
pub(crate) fn read(root: &Json, deployment: &Deployment) -> Result<Graph, String> {
    let plan = Plan::of(root, Lookups::AsResources)?;
    Ok(plan.graph(deployment))
}

/// Reads only the configured values of a plan.
///
/// # Errors
///
/// The missing part, if the document is not a plan.
#[cfg(feature = "diff")]
pub(crate) fn configured(root: &Json, deployment: &Deployment) -> Result<Graph, String> {
    let mut plan = Plan::of(root, Lookups::AsValues)?;
    plan.configured = true;
    Ok(plan.graph(deployment))
}

impl<'p> Plan<'p> {
    fn graph(mut self, deployment: &Deployment) -> Graph {
        self.files.clone_from(&deployment.files);
        let region = deployment.region.or_else(|| self.region());
        self.lift.graph.stacks[0].region = region;
        self.lift.graph.account = deployment.account.clone().or_else(|| self.account());
        self.fill();
        self.lift.graph.module_outputs = self.module_outputs();
        self.lift.graph.remote_modules = self.remote_modules();
        self.lift.finish()
    }

    /// Reserves nodes for all planned resources.
    fn of(root: &'p Json, lookups: Lookups) -> Result<Plan<'p>, String> {
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
            root,
            files: Vec::new(),
            texts: OnceCell::new(),
            replaced: HashMap::new(),
            kept: HashSet::new(),
            unknown: HashMap::new(),
            variables: root.get("variables"),
            providers: root
                .get("configuration")
                .and_then(|it| it.get("provider_config")),
            resources: Vec::new(),
            destroyed: Vec::new(),
            forgotten: HashSet::new(),
            changed: HashSet::new(),
            by_name: HashMap::new(),
            by_id: HashMap::new(),
            modules: BTreeMap::new(),
            dependents: RefCell::default(),
            depth: Cell::new(0),
            configured: false,
            lookups,
            lift: Lift::new(Dialect::Tf, "plan", None),
        };
        for change in array(root.get("resource_changes")) {
            let address = change.get("address").and_then(Json::as_str);
            let before = change.get("previous_address").and_then(Json::as_str);
            plan.changed.extend(address.into_iter().chain(before));
            let (Some(address), Some(changed)) = (address, change.get("change")) else {
                continue;
            };
            // A deposed object has the address of its successor, and the apply only destroys it.
            if change.get("deposed").is_some_and(|it| !it.is_null()) {
                continue;
            }
            if let Some(unknown) = changed.get("after_unknown") {
                plan.unknown.insert(address, unknown);
            }
            let actions = array(changed.get("actions"));
            if matches!(actions, [first, second] if first == "create" && second == "delete") {
                plan.replaced.insert(address, nothing);
            }
            let keeps = |action: &Json| action == "no-op" || action == "update";
            if actions.iter().any(keeps) {
                plan.kept.insert(address);
            }
            if actions.iter().any(|it| it == "forget") {
                plan.forgotten.insert(address);
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
        plan.find_destroyed(prior);
        plan.find_predecessors(prior);
        Ok(plan)
    }
}

/// How to read data sources of existing networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookups {
    AsResources,
    AsValues,
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
    root: &'p Json,
    /// Texts of files that the configuration can use.
    files: Vec<String>,
    texts: OnceCell<user_data::Texts>,
    /// Resources that the apply creates before it destroys their predecessor, with its values.
    replaced: HashMap<&'p str, &'p Json>,
    /// Resources that exist before and after the apply.
    kept: HashSet<&'p str>,
    unknown: HashMap<&'p str, &'p Json>,
    /// The variables of the root module.
    variables: Option<&'p Json>,
    providers: Option<&'p Json>,
    resources: Vec<Planned<'p>>,
    /// The types and values of resources that the apply destroys or changes, as they are before.
    destroyed: Vec<(&'p str, &'p Json)>,
    /// Resources that only leave the state.
    forgotten: HashSet<&'p str>,
    /// Resources, by their address and the one before, that the plan considers. `-target` omits others,
    /// which stay as they are.
    changed: HashSet<&'p str>,
    /// Instances by address without index.
    by_name: HashMap<String, Vec<usize>>,
    /// Existing resources by ID, with the attribute that contains this ID.
    by_id: HashMap<&'p str, (usize, &'static str)>,
    modules: BTreeMap<String, Rc<Module<'p>>>,
    dependents: RefCell<locals::Dependents>,
    /// The depth of arguments that refer to arguments of other resources.
    depth: Cell<usize>,
    /// Whether to ignore values that the provider sets.
    configured: bool,
    lookups: Lookups,
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
            if is_deposed(resource) {
                continue;
            }
            let data = text("mode") == Some("data");
            // In the prior state, only data sources describe the plan, resources that only leave the
            // state, whose planned values are empty, and those that the plan does not consider.
            let forgotten = self.forgotten.contains(address);
            let untouched = self.lookups == Lookups::AsResources && !self.changed.contains(address);
            let is_here = match prior {
                true => data || forgotten || untouched,
                false => !forgotten,
            };
            if !is_here {
                continue;
            }
            if prior && untouched && !data {
                self.kept.insert(address);
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
            let identity = resource
                .get("values")
                .and_then(|values| values.get("id"))
                .and_then(Json::as_str);
            let kind = match of {
                // The first data source of an existing resource represents it.
                "aws_vpc" | "aws_subnet"
                    if data
                        && self.lookups == Lookups::AsResources
                        && identity.is_some_and(|id| !self.by_id.contains_key(id)) =>
                {
                    of.to_owned()
                }
                _ if data => format!("data.{of}"),
                _ => known_type(of).to_owned(),
            };
            let is_resource = !data || kind == of;
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
                if let Some(id) = id.filter(|_| is_resource) {
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

    fn is_state(&self) -> bool {
        self.root.get("configuration").is_none()
    }

    fn fill(&mut self) {
        let has_regions = self.regions().len() > 1;
        for at in 0..self.resources.len() {
            let it = &self.resources[at];
            if it.data && self.lift.kind(it.id).is_none() {
                continue;
            }
            let map = if self.lift.kind(it.id).is_some() {
                self.arguments(at)
            } else {
                self.values_and_references(at)
            };
            let after = self.dependencies(at);
            let provisioners = self.provisioners(at);
            let id = self.resources[at].id;
            let it = &self.resources[at];
            let conflict = self.replacement_conflict(it);
            let region = has_regions.then(|| self.certain_region_of(it)).flatten();
            // A state contains no changes.
            let is_existing = self.kept.contains(it.address)
                || self.forgotten.contains(it.address)
                || self.is_state();
            let exists = if self.is_of_other_region(it) || self.is_removed_with_predecessor(it) {
                Exists::No
            } else if self.conflicts(&it.of, &map) {
                Exists::Conditional
            } else {
                Exists::Yes
            };
            self.lift.fill(id, map, Vec::new(), exists);
            self.lift.add_dependencies(id, after);
            if let Some(origin) = &mut self.lift.graph.nodes[id.index()].origin {
                origin.replacement_conflict = conflict;
                origin.region = region;
                origin.is_existing = is_existing;
                origin.provisioners = provisioners;
            }
        }
    }
}
