//! Reads CloudFormation templates from any source.
//!
//! The reader evaluates functions as far as the file and the specified parameters determine their
//! values; other expressions stay symbolic. If conditions depend on unknown values, the reader
//! creates a graph for each combination of conditions.

#[cfg(feature = "cli")]
mod attributes;
mod dangling;
mod exports;
mod form;
mod functions;
mod link;
mod loops;
mod parameter_types;
mod parameters;
mod references;
mod rules;
mod scenarios;
#[cfg(feature = "cli")]
mod strict;
mod substitution;
#[cfg_attr(not(feature = "diff"), allow(dead_code))]
mod symbolic;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::lift::{Exists, Lift};
use super::tree::{At, Entry, Kind, SyntaxError, Tree};
use crate::ir::{ConditionId, Dialect, Expr, NodeId, ParamId, SourceLocation, Span, Text, Value};
use crate::region::Region;
use crate::resource::{
    DefaultSecurityGroup, Graph, Map, RawValue, TemplateError, Typed, Vpc, property_errors,
};

/// Known values of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// Values of parameters, by name.
    pub parameters: Vec<(String, String)>,
    /// The region.
    pub region: Option<&'static Region>,
    /// The 12-digit account ID.
    pub account: Option<String>,
    /// Texts of files that a Terraform configuration can use. A plan can show only the hash of user
    /// data, and a text with this hash is the user data.
    pub files: Vec<String>,
}

use crate::resource::intrinsic::{dynamic, into_expr};
pub(crate) use link::{ReadNested, Template, link};
pub(crate) use loops::looped;
#[cfg(feature = "diff")]
pub(crate) use loops::looped_symbolic;
use references::ParameterValue;
use scenarios::{Scenario, TruthValues, scenarios};
#[cfg(feature = "cli")]
pub(crate) use strict::read_strict;
#[cfg(feature = "diff")]
pub(crate) use symbolic::{Assumed, Choices, Evaluated, Questions, evaluated, raw};

/// Limits recursion of the evaluation.
const MAX_DEPTH: usize = 120;

/// Reads templates that are deployed together: a graph for each combination of undetermined
/// conditions. Adds their stack to a graph.
///
/// # Errors
///
/// The location, if a text is not a template.
pub(crate) fn read(
    templates: Vec<Template>,
    deployment: &Deployment,
    read_nested: ReadNested<'_>,
    base: &Graph,
) -> Result<(Vec<Graph>, Vec<String>), SyntaxError> {
    for template in &templates {
        let root = &template.root;
        let reject = |at: At, message: &str| {
            let message = message.to_owned();
            Err(SyntaxError { at, message })
        };
        if root.map().is_none() {
            return reject(root.at, "invalid template; expected a map");
        }
        let Some(resources) = root.get("Resources") else {
            return reject(root.at, "invalid template; expected `Resources`");
        };
        if resources.map().is_none() {
            return reject(resources.at, "invalid `Resources`; expected a map");
        }
    }
    let linked = link(templates, deployment, read_nested)?;
    let root = &linked.root;
    let inferred = deployment.region.or_else(|| region_of_zones(root));
    let files = (linked.files.as_slice(), linked.stacks);
    let mut reader = Reader::new(files, root, deployment, inferred, base);
    reader.unresolved = linked.unresolved;
    reader.form = linked.form;
    let open = reader.truths(Scenario::default());
    let comparisons = std::mem::take(reader.comparisons.get_mut());
    let mut truths: Vec<TruthValues> = Vec::new();
    if !comparisons.is_empty() {
        for scenario in scenarios(root, comparisons) {
            let of_scenario = reader.truths(scenario);
            if !truths.contains(&of_scenario) {
                truths.push(of_scenario);
            }
        }
    }
    if truths.is_empty() {
        truths.push(open);
    }
    let graphs = truths.into_iter().map(|truths| reader.graph(truths));
    Ok((graphs.collect(), linked.notes))
}

/// Keys that only the root of a template has.
pub(super) const ROOT_KEYS: [&str; 2] = ["Resources", "AWSTemplateFormatVersion"];

/// Returns whether a tree looks like a template.
pub(crate) fn is_template(root: &Tree) -> bool {
    ROOT_KEYS.iter().any(|key| root.get(key).is_some())
}

/// Returns the region of the subnets' Availability Zones, if the file specifies it.
fn region_of_zones(root: &Tree) -> Option<&'static Region> {
    let mut found: Option<&'static Region> = None;
    for entry in root.get("Resources")?.map()? {
        let zone = entry
            .value
            .get("Properties")
            .and_then(|it| it.get("AvailabilityZone"))
            .and_then(Tree::text);
        let Some(zone) = zone else { continue };
        let region = Region::find(zone.trim_end_matches(|c: char| c.is_ascii_lowercase()))?;
        match found {
            Some(other) if other.name != region.name => return None,
            _ => found = Some(region),
        }
    }
    found
}

/// Reads a template.
struct Reader<'t> {
    files: Vec<Arc<str>>,
    /// The stack of each file. Empty if all files are one stack.
    stacks: Vec<String>,
    root: &'t Tree,
    region: Option<&'static Region>,
    account: Option<&'t str>,
    parameters: HashMap<&'t str, ParameterValue>,
    resources: HashMap<&'t str, (&'t Tree, NodeId)>,
    lift: Lift,
    /// The graph that gets the stack.
    base: &'t Graph,
    scenario: RefCell<Scenario>,
    /// Whether resources are missing, since a loop has unknown items.
    unresolved: bool,
    /// The errors in the form of each template.
    form: Vec<form::FormError>,
    conditions: RefCell<TruthValues>,
    comparisons: RefCell<BTreeMap<String, BTreeSet<String>>>,
    /// The text and the start of each line, to compute offsets. Empty if no diagnostic shows them.
    source: (&'t str, Vec<usize>),
    /// Conditions of the converted document. `None` when the reader evaluates conditions.
    strict: Option<HashMap<String, ConditionId>>,
    /// The parameters of the converted document for values of other stacks, by the name of the export
    /// in the words of the file.
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    imports: HashMap<String, ParamId>,
    /// Whether each value that the file does not determine keeps its words, for a comparison.
    symbolic: bool,
}

fn resource_entries(root: &Tree) -> &[Entry] {
    root.get("Resources")
        .and_then(Tree::map)
        .unwrap_or_default()
}

/// The pseudo parameter of the Region.
pub(crate) const REGION: &str = "AWS::Region";

/// The name of the stack of a template that is read alone.
const TEMPLATE: &str = "template";

impl<'t> Reader<'t> {
    fn new(
        (files, stacks): (&[String], Vec<String>),
        root: &'t Tree,
        deployment: &'t Deployment,
        region: Option<&'static Region>,
        base: &'t Graph,
    ) -> Reader<'t> {
        let first = stacks.first().map_or(TEMPLATE, String::as_str);
        let lift = Lift::within(base.clone(), Dialect::Cfn, first, region);
        let mut reader = Reader {
            files: files.iter().map(|it| it.as_str().into()).collect(),
            stacks,
            root,
            region,
            account: deployment.account.as_deref(),
            parameters: HashMap::new(),
            resources: HashMap::new(),
            lift,
            base,
            scenario: RefCell::default(),
            unresolved: false,
            form: Vec::new(),
            conditions: RefCell::default(),
            comparisons: RefCell::default(),
            source: ("", Vec::new()),
            strict: None,
            imports: HashMap::new(),
            symbolic: false,
        };
        for entry in root
            .get("Parameters")
            .and_then(Tree::map)
            .unwrap_or_default()
        {
            let specified = reader.parameter_value(entry, deployment);
            reader.parameters.insert(&entry.key, specified);
        }
        for entry in resource_entries(root) {
            let type_name = entry
                .value
                .get("Type")
                .and_then(Tree::text)
                .unwrap_or_default();
            let location = reader.location(entry.at);
            if let Some(name) = reader.stacks.get(usize::from(entry.at.file)) {
                reader.lift.select(name, region);
            }
            let id = reader.lift.reserve(&entry.key, type_name, location);
            reader.resources.insert(&entry.key, (&entry.value, id));
        }
        reader
    }

    fn location(&self, at: At) -> SourceLocation {
        let (text, lines) = &self.source;
        let line = lines.get(at.line.saturating_sub(1) as usize);
        let start = line.map_or(0, |line| {
            let before = text[*line..]
                .chars()
                .take(at.column.saturating_sub(1) as usize);
            line + before.map(char::len_utf8).sum::<usize>()
        });
        SourceLocation::File(Span {
            file: self
                .files
                .get(usize::from(at.file))
                .or(self.files.first())
                .cloned()
                .unwrap_or_else(|| "".into()),
            line: at.line,
            column: at.column,
            start,
            end: start,
        })
    }

    /// Reads all resources with these condition values.
    fn graph(&self, truths: TruthValues) -> Graph {
        self.conditions.replace(truths);
        let base = self.base.clone();
        let first = self.stacks.first().map_or(TEMPLATE, String::as_str);
        let mut lift = Lift::within(base, Dialect::Cfn, first, self.region);
        let select = |lift: &mut Lift, at: At| {
            if let Some(name) = self.stacks.get(usize::from(at.file)) {
                lift.select(name, self.region);
            }
        };
        for entry in resource_entries(self.root) {
            let type_name = entry
                .value
                .get("Type")
                .and_then(Tree::text)
                .unwrap_or_default();
            select(&mut lift, entry.at);
            lift.reserve(&entry.key, type_name, self.location(entry.at));
        }
        for entry in resource_entries(self.root) {
            self.resource(&mut lift, entry);
        }
        for (at, error) in self.errors() {
            select(&mut lift, at);
            lift.add_error(error);
        }
        let mut graph = lift.finish();
        graph.macros |= self.unresolved || self.has_macros();
        graph.account = self.account.map(str::to_owned);
        graph
    }

    fn has_macros(&self) -> bool {
        const KNOWN: [&str; 3] = [
            "AWS::Serverless-",
            "AWS::LanguageExtensions",
            "AWS::SecretsManager-",
        ];
        let known = |tree: &Tree| {
            tree.text()
                .is_some_and(|text| KNOWN.iter().any(|name| text.starts_with(name)))
        };
        // Inside a section, a macro can add entries and replace those of the file.
        let sections = self.root.map().unwrap_or_default().iter();
        let mut sections = sections.filter(|it| !it.key.starts_with("Fn::"));
        if self.root.get("Fn::Transform").is_some()
            || sections.any(|section| section.value.get("Fn::Transform").is_some())
        {
            return true;
        }
        match self.root.get("Transform") {
            None => false,
            Some(tree) => match &tree.kind {
                Kind::List(items) => !items.iter().all(known),
                Kind::Null => false,
                _ => !known(tree),
            },
        }
    }

    /// Returns whether CloudFormation reads the template as the file contains it.
    fn is_final(&self) -> bool {
        self.strict.is_none() && !self.symbolic && !self.unresolved && !self.has_macros()
    }

    fn resource(&self, lift: &mut Lift, entry: &Entry) {
        let Some(&(tree, id)) = self.resources.get(entry.key.as_str()) else {
            return;
        };
        let exists = match tree.get("Condition").and_then(Tree::text) {
            None => Exists::Yes,
            Some(name) => match self.condition(name, 0) {
                Some(true) => Exists::Yes,
                Some(false) => Exists::No,
                None => Exists::Conditional,
            },
        };
        let mut map = Map::default();
        let mut locations = Vec::new();
        let mut opaque = false;
        let properties = tree
            .get("Properties")
            .and_then(Tree::map)
            .unwrap_or_default();
        for property in properties {
            if property.key.starts_with("Fn::") {
                opaque = true;
                continue;
            }
            locations.push((property.key.clone(), self.location(property.at)));
            for inner in property.value.map().unwrap_or_default() {
                let name = format!("{}.{}", property.key, inner.key);
                locations.push((name, self.location(inner.at)));
                for inmost in inner.value.map().unwrap_or_default() {
                    let name = format!("{}.{}.{}", property.key, inner.key, inmost.key);
                    locations.push((name, self.location(inmost.at)));
                }
            }
            if let Some(term) = self.eval(&property.value, 0) {
                map.insert(property.key.clone(), term);
            }
        }
        let restricted = restricted_default_group(tree, &map);
        let type_name = tree.get("Type").and_then(Tree::text).unwrap_or_default();
        let mut errors = self.dangling(&entry.key, tree);
        if !opaque && self.is_final() {
            let of = property_errors::Subject {
                id: &entry.key,
                type_name,
                is_secret: &|it| self.is_secret(it),
                is_of_file: true,
            };
            errors.extend(property_errors::errors(of, &map));
            let policies =
                property_errors::of_policies(of, |it| self.eval(tree.get(it)?, 0).map(Cow::Owned));
            // AWS documents the names in policies, but not that CloudFormation refuses others.
            errors.extend(policies.into_iter().map(|it| TemplateError {
                is_certain: false,
                ..it
            }));
            errors.extend(self.foreign_groups(&entry.key, &map));
            errors.extend(
                properties
                    .iter()
                    .flat_map(|it| self.beyond(&entry.key, &it.value)),
            );
        }
        let init = tree
            .get("Metadata")
            .and_then(|it| it.get("AWS::CloudFormation::Init"));
        let init = init.and_then(|it| self.eval(it, 0));
        let signal = tree
            .get("CreationPolicy")
            .and_then(|it| it.get("ResourceSignal"));
        let signal = signal.and_then(|it| self.eval(it, 0));
        lift.fill(id, map, locations, exists);
        if let Some(group) = restricted {
            lift.replace(id, group);
        }
        let after: Vec<NodeId> = match tree.get("DependsOn").map(|it| &it.kind) {
            Some(Kind::Text(name)) => self.id(name).into_iter().collect(),
            Some(Kind::List(items)) => items
                .iter()
                .filter_map(|item| self.id(item.text()?))
                .collect(),
            _ => Vec::new(),
        };
        lift.add_dependencies(id, after);
        lift.set_template_parts(id, errors, (init, signal));
        if opaque {
            lift.mark_unknown(id);
        }
    }

    fn id(&self, name: &str) -> Option<NodeId> {
        self.resources.get(name).map(|(_, id)| *id)
    }

    // -- values ------------------------------------------------------------------------------

    fn eval(&self, tree: &Tree, depth: usize) -> Option<RawValue<'static>> {
        if depth > MAX_DEPTH {
            return Some(opaque("nested too deeply"));
        }
        match &tree.kind {
            Kind::Null => None,
            Kind::Text(text) if self.strict.is_some() && tree.plain => {
                Some(match text.parse::<i64>() {
                    // A number with leading zeros is an ID.
                    Ok(number) if number.to_string() == *text => RawValue::Int(number),
                    _ => match text.as_str() {
                        "true" => RawValue::Bool(true),
                        "false" => RawValue::Bool(false),
                        _ => dynamic(text),
                    },
                })
            }
            Kind::Text(text) => Some(dynamic(text)),
            Kind::List(items) => Some(RawValue::List(
                items
                    .iter()
                    .filter_map(|item| self.eval(item, depth + 1))
                    .collect(),
            )),
            Kind::Map(entries) => {
                if let Some((name, argument)) = tree.single()
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.call(name, argument, depth);
                }
                let mut map = Map::default();
                for entry in entries {
                    if let Some(term) = self.eval(&entry.value, depth + 1) {
                        map.insert(entry.key.clone(), term);
                    }
                }
                Some(RawValue::Object(map))
            }
        }
    }

    fn expr(&self, tree: &Tree, depth: usize) -> Expr {
        self.eval(tree, depth).map_or(Expr::Absent, into_expr)
    }
}

/// Returns the default security group without rules that CDK's custom resource leaves of that of a VPC.
///
/// <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ec2.Vpc.html#restrictdefaultsecuritygroup>
fn restricted_default_group(resource: &Tree, map: &Map<'_>) -> Option<DefaultSecurityGroup> {
    resource
        .get("Type")
        .and_then(Tree::text)
        .filter(|it| *it == "Custom::VpcRestrictDefaultSG")?;
    let RawValue::Expr(expr) = map.get("DefaultSecurityGroupId")? else {
        return None;
    };
    match expr.as_ref() {
        Expr::Attr(vpc, attr) if *attr == Vpc::DEFAULT_SECURITY_GROUP => {
            Some(DefaultSecurityGroup::new().vpc(Value::Expr(vpc.at(Vpc::LINK))))
        }
        _ => None,
    }
}

fn opaque(text: impl Into<Text>) -> RawValue<'static> {
    RawValue::from(Expr::Opaque(text.into()))
}
