//! Reads CloudFormation templates from any source.
//!
//! The reader evaluates functions as far as the file and the specified parameters determine their
//! values; other expressions stay symbolic. If conditions depend on unknown values, the reader
//! creates a graph for each combination of conditions.

// One recursive evaluator: the functions that read intrinsic functions, conditions and references
// call one another and share the state of `Reader`. Split, the file would need to open that state to
// several modules.

mod loops;
#[cfg(feature = "cli")]
mod strict;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::lift::{Exists, Lift};
use super::tree::{At, Entry, Kind, SyntaxError, Tree};
use crate::ir::{
    Cidr, ConditionId, Dialect, Expr, NodeId, ParamId, ParameterType, Pseudo, SourceLocation, Span,
    Text,
};
use crate::region::Region;
use crate::resource::{Graph, Map, RawValue};

/// Known values of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// Values of parameters, by name.
    pub parameters: Vec<(String, String)>,
    /// The region.
    pub region: Option<&'static Region>,
    /// The 12-digit account ID.
    pub account: Option<String>,
}

pub(crate) use loops::looped;
#[cfg(feature = "cli")]
pub(crate) use strict::read_strict;

/// Limits recursion of the evaluation.
const MAX_DEPTH: usize = 120;
/// Limits the combinations of unknown values.
const MAX_SCENARIOS: usize = 64;

/// Reads a template: a graph for each combination of undetermined conditions.
///
/// # Errors
///
/// The location, if the text is not a template.
pub(crate) fn read(
    file: &str,
    root: Tree,
    deployment: &Deployment,
) -> Result<Vec<Graph>, SyntaxError> {
    let at = root.at;
    let reject = |at: At, message: &str| {
        Err(SyntaxError {
            at,
            message: message.to_owned(),
        })
    };
    if root.map().is_none() {
        return reject(at, "invalid template; expected a map");
    }
    let Some(resources) = root.get("Resources") else {
        return reject(at, "invalid template; expected `Resources`");
    };
    if resources.map().is_none() {
        return reject(resources.at, "invalid `Resources`; expected a map");
    }
    let (root, undecided) = looped(root, deployment)?;
    let inferred = deployment.region.or_else(|| region_of_zones(&root));
    let mut reader = Reader::new(file, &root, deployment, inferred);
    reader.unresolved = undecided;
    let open = reader.truths(Scenario::default());
    let comparisons = std::mem::take(reader.comparisons.get_mut());
    let mut truths: Vec<TruthValues> = Vec::new();
    if !comparisons.is_empty() {
        for scenario in scenarios(&root, comparisons) {
            let of_scenario = reader.truths(scenario);
            if !truths.contains(&of_scenario) {
                truths.push(of_scenario);
            }
        }
    }
    if truths.is_empty() {
        truths.push(open);
    }
    Ok(truths
        .into_iter()
        .map(|truths| reader.graph(truths))
        .collect())
}

/// Returns whether a tree looks like a template.
pub(crate) fn is_template(root: &Tree) -> bool {
    root.get("Resources").is_some() || root.get("AWSTemplateFormatVersion").is_some()
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

/// Assumed values of unknown parameters and the region. `None` is any value that no condition names.
#[derive(Clone, Debug, Default)]
struct Scenario {
    choices: BTreeMap<String, Option<String>>,
}

/// The value of each condition, if known.
type TruthValues = HashMap<String, Option<bool>>;

/// Returns the combinations of assumed values, up to `MAX_SCENARIOS`.
fn scenarios(root: &Tree, comparisons: BTreeMap<String, BTreeSet<String>>) -> Vec<Scenario> {
    let mut scenarios = vec![Scenario::default()];
    for (name, mut values) in comparisons {
        let allowed: Option<BTreeSet<String>> = root
            .get("Parameters")
            .and_then(|it| it.get(&name))
            .and_then(|it| it.get("AllowedValues"))
            .and_then(Tree::list)
            .map(|items| {
                items
                    .iter()
                    .filter_map(|it| it.text().map(str::to_owned))
                    .collect()
            });
        let mut choices: Vec<Option<String>> = Vec::new();
        if let Some(allowed) = &allowed {
            values.retain(|value| allowed.contains(value));
        }
        let others = allowed.is_none_or(|allowed| allowed.iter().any(|it| !values.contains(it)));
        choices.extend(values.into_iter().map(Some));
        if others {
            choices.push(None);
        }
        if choices.is_empty() || scenarios.len() * choices.len() > MAX_SCENARIOS {
            continue;
        }
        scenarios = scenarios
            .iter()
            .flat_map(|scenario| {
                choices.iter().map(|choice| {
                    let mut scenario = scenario.clone();
                    scenario.choices.insert(name.clone(), choice.clone());
                    scenario
                })
            })
            .collect();
    }
    scenarios
}

enum ParameterValue {
    Text(String),
    List(Vec<String>),
    /// The name of a parameter in Parameter Store.
    Stored(String),
    /// A parameter of the converted document.
    #[cfg_attr(not(feature = "cli"), allow(dead_code))]
    Retained(ParamId, ParameterType),
    Unknown,
}

/// Reads a template.
struct Reader<'t> {
    file: Arc<str>,
    root: &'t Tree,
    region: Option<&'static Region>,
    account: Option<&'t str>,
    parameters: HashMap<&'t str, ParameterValue>,
    resources: HashMap<&'t str, (&'t Tree, NodeId)>,
    lift: Lift,
    scenario: RefCell<Scenario>,
    /// Whether resources are missing, since a loop has unknown items.
    unresolved: bool,
    conditions: RefCell<TruthValues>,
    comparisons: RefCell<BTreeMap<String, BTreeSet<String>>>,
    /// The text and the start of each line, to compute offsets. Empty if no diagnostic shows them.
    source: (&'t str, Vec<usize>),
    /// Conditions of the converted document. `None` when the reader evaluates conditions.
    strict: Option<HashMap<String, ConditionId>>,
}

fn resource_entries(root: &Tree) -> &[Entry] {
    root.get("Resources")
        .and_then(Tree::map)
        .unwrap_or_default()
}

const REGION: &str = "AWS::Region";

impl<'t> Reader<'t> {
    fn new(
        file: &str,
        root: &'t Tree,
        deployment: &'t Deployment,
        region: Option<&'static Region>,
    ) -> Reader<'t> {
        let mut reader = Reader {
            file: file.into(),
            root,
            region,
            account: deployment.account.as_deref(),
            parameters: HashMap::new(),
            resources: HashMap::new(),
            lift: Lift::new(Dialect::Cfn, "template", region),
            scenario: RefCell::default(),
            unresolved: false,
            conditions: RefCell::default(),
            comparisons: RefCell::default(),
            source: ("", Vec::new()),
            strict: None,
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
            let id = reader.lift.reserve(&entry.key, type_name, location);
            reader.resources.insert(&entry.key, (&entry.value, id));
        }
        reader
    }

    fn parameter_value(&self, entry: &Entry, deployment: &Deployment) -> ParameterValue {
        let name = entry.key.as_str();
        let of = entry
            .value
            .get("Type")
            .and_then(Tree::text)
            .unwrap_or("String");
        let stored = of.starts_with("AWS::SSM::Parameter::Value<");
        let specified = deployment
            .parameters
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone());
        let default = || match entry.value.get("Default").map(|it| &it.kind) {
            Some(Kind::Text(text)) => Some(text.clone()),
            Some(Kind::List(items)) => {
                let items: Vec<&str> = items.iter().filter_map(Tree::text).collect();
                Some(items.join(","))
            }
            Some(Kind::Null) => Some(String::new()),
            _ => None,
        };
        match specified.or_else(default) {
            None => ParameterValue::Unknown,
            Some(text) if stored => ParameterValue::Stored(text),
            Some(text) if of == "CommaDelimitedList" || of.starts_with("List<") => {
                if text.is_empty() {
                    ParameterValue::List(Vec::new())
                } else {
                    ParameterValue::List(text.split(',').map(|it| it.trim().to_owned()).collect())
                }
            }
            Some(text) => ParameterValue::Text(text),
        }
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
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            start,
            end: start,
        })
    }

    /// Returns the value of each condition in a scenario.
    fn truths(&self, scenario: Scenario) -> TruthValues {
        self.scenario.replace(scenario);
        self.conditions.borrow_mut().clear();
        let conditions = self.root.get("Conditions").and_then(Tree::map);
        for entry in conditions.unwrap_or_default() {
            self.condition(&entry.key, 0);
        }
        self.scenario.replace(Scenario::default());
        self.conditions.take()
    }

    /// Reads all resources with these condition values.
    fn graph(&self, truths: TruthValues) -> Graph {
        self.conditions.replace(truths);
        let mut lift = Lift::new(Dialect::Cfn, "template", self.region);
        for entry in resource_entries(self.root) {
            let type_name = entry
                .value
                .get("Type")
                .and_then(Tree::text)
                .unwrap_or_default();
            lift.reserve(&entry.key, type_name, self.location(entry.at));
        }
        for entry in resource_entries(self.root) {
            self.resource(&mut lift, entry);
        }
        let mut graph = lift.finish();
        graph.macros = self.unresolved || self.has_macros();
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
        match self.root.get("Transform") {
            None => false,
            Some(tree) => match &tree.kind {
                Kind::List(items) => !items.iter().all(known),
                Kind::Null => false,
                _ => !known(tree),
            },
        }
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
        lift.fill(id, map, locations, exists);
        let after: Vec<NodeId> = match tree.get("DependsOn").map(|it| &it.kind) {
            Some(Kind::Text(name)) => self.id(name).into_iter().collect(),
            Some(Kind::List(items)) => items
                .iter()
                .filter_map(|item| self.id(item.text()?))
                .collect(),
            _ => Vec::new(),
        };
        lift.add_dependencies(id, after);
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

    fn call(&self, name: &str, argument: &Tree, depth: usize) -> Option<RawValue<'static>> {
        let depth = depth + 1;
        let items = argument.list().unwrap_or_default();
        match name {
            "Ref" => match argument.text() {
                Some(name) => self.reference(name),
                None => Some(opaque("Ref")),
            },
            "Fn::GetAtt" => Some(self.get_att(argument, depth)),
            "Fn::Sub" => Some(self.sub(argument, depth)),
            "Fn::Join" => {
                let [delimiter, list] = items else {
                    return Some(opaque("Fn::Join"));
                };
                Some(self.join(delimiter.text().unwrap_or_default(), list, depth))
            }
            "Fn::Select" => {
                let [index, list] = items else {
                    return Some(opaque("Fn::Select"));
                };
                Some(self.select(index, list, depth))
            }
            "Fn::Split" => {
                let [delimiter, source] = items else {
                    return Some(opaque("Fn::Split"));
                };
                let delimiter = delimiter.text().unwrap_or_default();
                if self.strict.is_some()
                    && let Some(list) = self.spliced(delimiter, source, depth)
                {
                    return Some(list);
                }
                Some(split(delimiter, self.expr(source, depth)))
            }
            "Fn::If" => {
                let [condition, yes, no] = items else {
                    return Some(opaque("Fn::If"));
                };
                self.either(condition.text().unwrap_or_default(), yes, no, depth)
            }
            "Fn::FindInMap" => Some(self.find_in_map(items, depth)),
            "Fn::Base64" => {
                let inner = self.eval(argument, depth)?;
                Some(RawValue::Base64(Box::new(inner)))
            }
            "Fn::Cidr" => Some(self.cidr(items, depth)),
            "Fn::GetAZs" => {
                let elsewhere = match self.expr(argument, depth) {
                    Expr::Text(region) => !region.is_empty(),
                    Expr::Pseudo(Pseudo::Region) | Expr::Absent => false,
                    _ => true,
                };
                Some(match self.strict.is_some() && elsewhere {
                    true => opaque("Fn::GetAZs of another region"),
                    false => opaque(AZS),
                })
            }
            "Fn::ImportValue" => {
                let name = self.expr(argument, depth);
                Some(opaque(format!("Fn::ImportValue {}", display_expr(&name))))
            }
            "Fn::ToJsonString" => {
                let inner = self.eval(argument, depth)?;
                Some(RawValue::Json(Box::new(inner)))
            }
            "Fn::Length" => Some(match self.eval(argument, depth) {
                Some(RawValue::List(items)) => {
                    RawValue::Int(i64::try_from(items.len()).unwrap_or(i64::MAX))
                }
                _ => opaque("Fn::Length"),
            }),
            other => Some(opaque(other.to_owned())),
        }
    }

    /// Returns the items of a `Fn::Join` with the delimiter of the surrounding `Fn::Split`.
    fn spliced(&self, delimiter: &str, source: &Tree, depth: usize) -> Option<RawValue<'static>> {
        let joined = |tree: &'_ Tree| match tree.single() {
            Some(("Fn::Join", inner)) => match inner.list()? {
                [by, list] if by.text() == Some(delimiter) => Some(list.clone()),
                _ => None,
            },
            _ => None,
        };
        let mut items = Vec::new();
        for item in joined(source)?.list()? {
            match joined(item) {
                Some(list) => match self.eval(&list, depth + 1)? {
                    RawValue::List(inner) => items.extend(inner),
                    _ => return None,
                },
                None => items.push(self.eval(item, depth + 1)?),
            }
        }
        Some(RawValue::List(items))
    }

    fn pseudo(&self, name: &str) -> Option<Option<RawValue<'static>>> {
        let symbolic = |pseudo| {
            Some(RawValue::Expr(std::borrow::Cow::Owned(Expr::Pseudo(
                pseudo,
            ))))
        };
        let text = |text: &str| Some(RawValue::Str(text.to_owned().into()));
        Some(match name {
            "AWS::NoValue" => None,
            REGION => match self.region {
                Some(region) => text(region.name),
                None => symbolic(Pseudo::Region),
            },
            "AWS::Partition" => match self.region {
                Some(region) => text(region.partition),
                None => symbolic(Pseudo::Partition),
            },
            "AWS::URLSuffix" => match self.region {
                Some(region) => text(region.dns_suffix),
                None => symbolic(Pseudo::UrlSuffix),
            },
            "AWS::AccountId" => match self.account {
                Some(account) => text(account),
                None => symbolic(Pseudo::AccountId),
            },
            "AWS::StackName" | "AWS::StackId" | "AWS::NotificationARNs" => {
                Some(opaque(name.to_owned()))
            }
            _ => return None,
        })
    }

    fn reference(&self, name: &str) -> Option<RawValue<'static>> {
        if let Some(pseudo) = self.pseudo(name) {
            return pseudo;
        }
        if let Some(specified) = self.parameters.get(name) {
            return Some(match specified {
                ParameterValue::Text(text) => RawValue::Str(text.clone().into()),
                ParameterValue::List(items) => RawValue::List(
                    items
                        .iter()
                        .map(|item| RawValue::Str(item.clone().into()))
                        .collect(),
                ),
                ParameterValue::Stored(name) => {
                    RawValue::from(Expr::SsmParameter(name.clone().into()))
                }
                ParameterValue::Retained(id, of) if of.is_list() => {
                    RawValue::List(vec![RawValue::from(Expr::Items(*id))])
                }
                ParameterValue::Retained(id, _) => RawValue::from(Expr::Param(*id)),
                ParameterValue::Unknown => opaque(format!("{PARAMETER}{name}")),
            });
        }
        Some(match self.id(name) {
            Some(id) => match self.lift.kind(id) {
                Some(kind) if kind.link.cfn == crate::ir::CfnAttr::Ref => {
                    RawValue::from(id.at(kind.link))
                }
                _ => RawValue::from(self.lift.attribute(id, "Ref")),
            },
            None => opaque(format!("Ref {name}")),
        })
    }

    fn get_att(&self, argument: &Tree, depth: usize) -> RawValue<'static> {
        let (id, attribute) = match &argument.kind {
            Kind::Text(text) => match text.split_once('.') {
                Some((id, attribute)) => (id.to_owned(), attribute.to_owned()),
                None => return opaque("Fn::GetAtt"),
            },
            Kind::List(items) => match items.as_slice() {
                [id, attribute] => {
                    let attribute = match self.expr(attribute, depth) {
                        Expr::Text(text) => text.into_owned(),
                        _ => return opaque("Fn::GetAtt"),
                    };
                    (id.text().unwrap_or_default().to_owned(), attribute)
                }
                _ => return opaque("Fn::GetAtt"),
            },
            _ => return opaque("Fn::GetAtt"),
        };
        self.attribute(&id, &attribute)
    }

    fn attribute(&self, id: &str, attribute: &str) -> RawValue<'static> {
        match self.id(id) {
            // CloudFormation's attribute has a suffix that Terraform's does not have.
            Some(node)
                if self.strict.is_some()
                    && attribute == "Arn"
                    && self.lift.kind(node).is_some_and(|it| it.name == "LogGroup") =>
            {
                let own = self.lift.attribute(node, attribute);
                RawValue::from(Expr::PerLanguage {
                    cfn: Box::new(own.clone()),
                    tf: Box::new(Expr::concat([own, Expr::text(":*")])),
                })
            }
            Some(node) => RawValue::from(self.lift.attribute(node, attribute)),
            None => opaque(format!("Fn::GetAtt {id}.{attribute}")),
        }
    }

    fn sub(&self, argument: &Tree, depth: usize) -> RawValue<'static> {
        let (format, variables) = match &argument.kind {
            Kind::Text(text) => (text.as_str(), None),
            Kind::List(items) => match items.as_slice() {
                [format, variables] => (format.text().unwrap_or_default(), Some(variables)),
                [format] => (format.text().unwrap_or_default(), None),
                _ => return opaque("Fn::Sub"),
            },
            _ => return opaque("Fn::Sub"),
        };
        let mut parts = Vec::new();
        let mut rest = format;
        while let Some(start) = rest.find("${") {
            parts.push(Expr::Text(rest[..start].to_owned().into()));
            let after = &rest[start + 2..];
            let Some(end) = after.find('}') else {
                rest = &rest[start..];
                break;
            };
            let name = after[..end].trim();
            parts.push(match name.strip_prefix('!') {
                Some(literal) => Expr::Text(format!("${{{literal}}}").into()),
                None => match variables.and_then(|it| it.get(name)) {
                    Some(value) => self.expr(value, depth),
                    None => into_expr(match name.split_once('.') {
                        Some((id, attribute)) => self.attribute(id, attribute),
                        None => self.reference(name).unwrap_or(RawValue::Str("".into())),
                    }),
                },
            });
            rest = &after[end + 1..];
        }
        parts.push(Expr::Text(rest.to_owned().into()));
        match (&self.strict, Expr::concat(parts)) {
            // A joined pattern is a literal.
            (Some(_), Expr::Text(text)) => RawValue::Str(text),
            (_, joined) => term_of(joined),
        }
    }

    fn join(&self, delimiter: &str, list: &Tree, depth: usize) -> RawValue<'static> {
        match self.eval(list, depth) {
            // The model has no text for all items of a list.
            Some(RawValue::List(items)) if items.iter().any(RawValue::is_items) => {
                opaque("Fn::Join")
            }
            Some(RawValue::List(items)) => {
                let mut parts = Vec::new();
                for (n, item) in items.into_iter().enumerate() {
                    if n > 0 {
                        parts.push(Expr::Text(delimiter.to_owned().into()));
                    }
                    parts.push(into_expr(item));
                }
                term_of(Expr::concat(parts))
            }
            Some(RawValue::Expr(expr)) => opaque(format!("Fn::Join {}", display_expr(&expr))),
            _ => opaque("Fn::Join"),
        }
    }

    fn select(&self, index: &Tree, list: &Tree, depth: usize) -> RawValue<'static> {
        let index = match self.expr(index, depth) {
            Expr::Text(text) => text.parse::<u32>().ok(),
            _ => None,
        };
        match (index, self.eval(list, depth)) {
            (Some(index), Some(RawValue::List(items))) if items.iter().any(RawValue::is_items) => {
                match <[RawValue<'static>; 1]>::try_from(items) {
                    Ok([RawValue::Expr(list)]) => {
                        RawValue::from(Expr::Select(Box::new(list.into_owned()), index))
                    }
                    _ => opaque("Fn::Select"),
                }
            }
            (Some(index), Some(RawValue::List(mut items))) => {
                if (index as usize) < items.len() {
                    items.swap_remove(index as usize)
                } else {
                    opaque("Fn::Select beyond its list")
                }
            }
            (Some(index), Some(RawValue::Expr(expr))) => match expr.as_ref() {
                Expr::Opaque(text) if text == AZS => RawValue::from(Expr::Zone(index)),
                other => RawValue::from(Expr::Select(Box::new(other.clone()), index)),
            },
            _ => opaque("Fn::Select"),
        }
    }

    fn either(
        &self,
        condition: &str,
        yes: &Tree,
        no: &Tree,
        depth: usize,
    ) -> Option<RawValue<'static>> {
        if let Some(kept) = &self.strict {
            let parts = [yes, no].map(|it| self.eval(it, depth));
            return Some(match (kept.get(condition), parts) {
                (Some(id), [Some(yes), Some(no)]) if !is_many(&yes) && !is_many(&no) => {
                    let (yes, no) = (into_expr(yes), into_expr(no));
                    RawValue::from(Expr::If(*id, Box::new(yes), Box::new(no)))
                }
                _ => opaque(format!("Fn::If {condition}")),
            });
        }
        match self.condition(condition, depth) {
            Some(true) => self.eval(yes, depth),
            Some(false) => self.eval(no, depth),
            None => {
                let (yes, no) = (self.eval(yes, depth), self.eval(no, depth));
                if yes == no {
                    return yes;
                }
                let both: Option<Vec<Expr>> = [yes, no]
                    .into_iter()
                    .map(|it| match it {
                        Some(RawValue::Str(text)) => Some(Expr::Text(text.into_owned().into())),
                        Some(RawValue::Expr(expr)) => Some(expr.into_owned()),
                        _ => None,
                    })
                    .collect();
                Some(match both {
                    Some(both) => one_of(both),
                    None => opaque(format!("Fn::If {condition}")),
                })
            }
        }
    }

    fn find_in_map(&self, items: &[Tree], depth: usize) -> RawValue<'static> {
        let (name, top, second, options) = match items {
            [name, top, second] => (name, top, second, None),
            [name, top, second, options] => (name, top, second, Some(options)),
            _ => return opaque("Fn::FindInMap"),
        };
        let default = || {
            options
                .and_then(|it| it.get("DefaultValue"))
                .and_then(|it| self.eval(it, depth))
                .unwrap_or_else(|| opaque("Fn::FindInMap"))
        };
        let Expr::Text(name) = self.expr(name, depth) else {
            return opaque("Fn::FindInMap");
        };
        let Some(map) = self.root.get("Mappings").and_then(|it| it.get(&name)) else {
            return default();
        };
        let (top, second) = (self.expr(top, depth), self.expr(second, depth));
        let rows: Vec<&Tree> = match &top {
            Expr::Text(key) => match map.get(key) {
                Some(row) => vec![row],
                None => return default(),
            },
            _ => map
                .map()
                .unwrap_or_default()
                .iter()
                .map(|entry| &entry.value)
                .collect(),
        };
        let mut found: Vec<RawValue<'static>> = Vec::new();
        for row in rows {
            match &second {
                Expr::Text(key) => {
                    if let Some(value) = row.get(key).and_then(|it| self.eval(it, depth)) {
                        found.push(value);
                    }
                }
                _ => {
                    for entry in row.map().unwrap_or_default() {
                        found.extend(self.eval(&entry.value, depth));
                    }
                }
            }
        }
        if found.is_empty() {
            return default();
        }
        let mut exprs = Vec::new();
        for term in &found {
            match term {
                RawValue::Str(text) => exprs.push(Expr::Text(text.to_string().into())),
                RawValue::Expr(expr) => exprs.push(expr.as_ref().clone()),
                _ => {
                    return if found.len() == 1 {
                        found.swap_remove(0)
                    } else {
                        opaque(format!("Fn::FindInMap {name}"))
                    };
                }
            }
        }
        one_of(exprs)
    }

    fn cidr(&self, items: &[Tree], depth: usize) -> RawValue<'static> {
        let (block, count, bits) = match items {
            [block, count] => (block, count, None),
            [block, count, bits] => (block, count, Some(bits)),
            _ => return opaque("Fn::Cidr"),
        };
        let number = |tree: &Tree| match self.expr(tree, depth) {
            Expr::Text(text) => text.parse::<u32>().ok(),
            _ => None,
        };
        let block = self.literal_cidr(self.expr(block, depth), depth);
        let (Some(count), Some(bits)) = (number(count), bits.map_or(Some(8), number)) else {
            return opaque("Fn::Cidr");
        };
        let block = match block {
            Ok(block) => block,
            Err(expr) => {
                let item = |n| opaque(format!("Fn::Cidr {} {bits} {n}", display_expr(&expr)));
                return RawValue::List((0..count.min(256)).map(item).collect());
            }
        };
        let length = u8::try_from(32_u32.saturating_sub(bits)).unwrap_or_default();
        let blocks = (0..count.min(256)).filter_map(|n| block.block(length, n));
        RawValue::List(
            blocks
                .map(|it| RawValue::Str(it.to_string().into()))
                .collect(),
        )
    }

    /// Returns the CIDR range of a literal, or of the attribute of a VPC or subnet.
    fn literal_cidr(&self, expr: Expr, depth: usize) -> Result<Cidr, Expr> {
        if depth > MAX_DEPTH {
            return Err(expr);
        }
        match &expr {
            Expr::Text(text) => text.parse().map_err(|_| expr),
            Expr::Attr(id, _) => {
                let own = self.resources.values().find(|(_, other)| other == id);
                let block = own
                    .and_then(|(tree, _)| tree.get("Properties"))
                    .and_then(|it| it.get("CidrBlock"));
                match block {
                    Some(block) => {
                        let inner = self.expr(block, depth + 10);
                        self.literal_cidr(inner, depth + 10).map_err(|_| expr)
                    }
                    None => Err(expr),
                }
            }
            _ => Err(expr),
        }
    }

    // -- conditions --------------------------------------------------------------------------

    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(known) = self.conditions.borrow().get(name) {
            return *known;
        }
        let conditions = self.root.get("Conditions").and_then(Tree::map)?;
        let entry = conditions.iter().find(|entry| entry.key == name)?;
        // A condition that refers to itself has no value.
        let key = || entry.key.clone();
        self.conditions.borrow_mut().insert(key(), None);
        let value = self.test(&entry.value, depth + 1);
        self.conditions.borrow_mut().insert(key(), value);
        value
    }

    fn test(&self, tree: &Tree, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (name, argument) = tree.single()?;
        let tests = || {
            argument
                .list()
                .unwrap_or_default()
                .iter()
                .map(|it| self.test(it, depth + 1))
                .collect::<Vec<_>>()
        };
        match name {
            "Condition" => self.condition(argument.text()?, depth + 1),
            "Fn::Equals" => {
                let [a, b] = argument.list()? else {
                    return None;
                };
                self.equal(&self.expr(a, depth), &self.expr(b, depth))
            }
            "Fn::Not" => tests().first().copied().flatten().map(|value| !value),
            "Fn::And" => {
                let tests = tests();
                if tests.contains(&Some(false)) {
                    Some(false)
                } else if tests.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            "Fn::Or" => {
                let tests = tests();
                if tests.contains(&Some(true)) {
                    Some(true)
                } else if tests.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            _ => None,
        }
    }

    fn equal(&self, a: &Expr, b: &Expr) -> Option<bool> {
        if let (Expr::Text(a), Expr::Text(b)) = (a, b) {
            return Some(a == b);
        }
        if a == b && !matches!(a, Expr::OneOf(_) | Expr::Absent) {
            return Some(true);
        }
        let (open, value) = match (a, b) {
            (Expr::Text(value), open) | (open, Expr::Text(value)) => (open, value),
            _ => return None,
        };
        let question = match open {
            Expr::Opaque(text) => text.strip_prefix(PARAMETER)?.to_owned(),
            Expr::Pseudo(Pseudo::Region) => REGION.to_owned(),
            Expr::Pseudo(Pseudo::AccountId) => "AWS::AccountId".to_owned(),
            Expr::Pseudo(Pseudo::Partition) => "AWS::Partition".to_owned(),
            Expr::OneOf(of) => {
                let all: Option<Vec<bool>> = of
                    .iter()
                    .map(|one| self.equal(one, &Expr::Text(value.clone())))
                    .collect();
                let all = all?;
                let first = *all.first()?;
                return all.iter().all(|it| *it == first).then_some(first);
            }
            _ => return None,
        };
        match self.scenario.borrow().choices.get(&question) {
            Some(Some(choice)) => Some(choice == value.as_ref()),
            Some(None) => Some(false),
            None => {
                self.comparisons
                    .borrow_mut()
                    .entry(question)
                    .or_default()
                    .insert(value.to_string());
                None
            }
        }
    }
}

/// Prefix of a placeholder for a parameter without a value.
const PARAMETER: &str = "parameter ";
/// Placeholder for the list of Availability Zones.
const AZS: &str = "Fn::GetAZs";

fn is_many(term: &RawValue<'_>) -> bool {
    matches!(
        term,
        RawValue::List(_) | RawValue::Object(_) | RawValue::Block(_)
    )
}

fn opaque(text: impl Into<Text>) -> RawValue<'static> {
    RawValue::from(Expr::Opaque(text.into()))
}

fn term_of(expr: Expr) -> RawValue<'static> {
    match expr {
        Expr::Text(text) => dynamic(&text),
        expr => RawValue::from(expr),
    }
}

fn into_expr(term: RawValue<'static>) -> Expr {
    match term {
        RawValue::Str(text) => Expr::Text(Text::Owned(text.into_owned())),
        RawValue::Int(int) => Expr::Text(Text::Owned(int.to_string())),
        RawValue::Bool(bool) => Expr::Text(Text::Owned(bool.to_string())),
        RawValue::Expr(expr) => expr.into_owned(),
        RawValue::Base64(inner) | RawValue::Json(inner) => into_expr(*inner),
        other => Expr::Opaque(Text::Borrowed(other.what())),
    }
}

/// Splits text. An ID of a resource never contains a delimiter. An unknown expression stands for
/// all its parts.
fn split(delimiter: &str, source: Expr) -> RawValue<'static> {
    let parts = match source {
        Expr::Concat(parts) => parts,
        one => vec![one],
    };
    let whole_ids = |part: &Expr| matches!(part, Expr::Text(_) | Expr::Attr(..));
    if delimiter.is_empty() || !parts.iter().all(whole_ids) {
        return RawValue::from(Expr::concat(parts));
    }
    let mut items: Vec<Vec<Expr>> = vec![Vec::new()];
    for part in parts {
        let Expr::Text(text) = &part else {
            if let Some(last) = items.last_mut() {
                last.push(part);
            }
            continue;
        };
        for (n, piece) in text.split(delimiter).enumerate() {
            if n > 0 {
                items.push(Vec::new());
            }
            if let Some(last) = items.last_mut() {
                last.push(Expr::Text(piece.to_owned().into()));
            }
        }
    }
    RawValue::List(
        items
            .into_iter()
            .map(|it| term_of(Expr::concat(it)))
            .collect(),
    )
}

/// Returns the alternatives without duplicates.
fn one_of(of: Vec<Expr>) -> RawValue<'static> {
    let mut each: Vec<Expr> = Vec::new();
    for one in of {
        let flat = match one {
            Expr::OneOf(inner) => inner,
            other => vec![other],
        };
        for one in flat {
            if !each.contains(&one) {
                each.push(one);
            }
        }
    }
    if each.len() == 1 {
        term_of(each.swap_remove(0))
    } else {
        RawValue::from(Expr::OneOf(each))
    }
}

fn display_expr(expr: &Expr) -> String {
    match expr {
        Expr::Text(text) | Expr::Opaque(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// Returns text with its dynamic references resolved.
fn dynamic(text: &str) -> RawValue<'static> {
    let Some(start) = text.find("{{resolve:") else {
        return RawValue::Str(text.to_owned().into());
    };
    let Some(end) = text[start..].find("}}") else {
        return RawValue::Str(text.to_owned().into());
    };
    let (before, reference) = (&text[..start], &text[start + 10..start + end]);
    let after = &text[start + end + 2..];
    let looked_up = match reference.strip_prefix("ssm:") {
        Some(name) => Expr::SsmParameter(name.to_owned().into()),
        None => Expr::Opaque(reference.to_owned().into()),
    };
    let rest = into_expr(dynamic(after));
    let joined = Expr::concat([Expr::Text(before.to_owned().into()), looked_up, rest]);
    match joined {
        Expr::Text(text) => RawValue::Str(text.into_owned().into()),
        joined => RawValue::from(joined),
    }
}
