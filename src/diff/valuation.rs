//! Both templates under the same assumptions: defaults, values of parameters, and answers of
//! conditions.
//!
//! A default is the value of its parameter. Access counts under every other value too, since the
//! operator can set it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::limit;
use super::secret::placeholder;
use super::{Entry, LOOPS, Side};
use crate::frontend::cfn::{
    self, Assumed, Choices, Deployment, Evaluated, Questions, REGION, evaluated, raw,
};
use crate::frontend::tree::{self, SyntaxError, Tree};
use crate::region::regions;

/// The line of each resource and of its properties, as `ID` and `ID.Property`, counted from 1.
pub(crate) type Lines = HashMap<String, u32>;

/// Limits the combinations of values.
const MAX_COMBINATIONS: usize = 64;

/// A template, and the known values of its deployment.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    root: Tree,
    loops: Vec<(String, Tree)>,
    deployment: Deployment,
}

/// Both sides under the same assumptions.
#[derive(Debug)]
pub(crate) struct Valuation {
    pub(crate) old: Side,
    pub(crate) new: Side,
    /// Whether parameters have their defaults. Only then are changes those of the next deployment.
    pub(crate) is_default: bool,
    /// Whether the parameters of both templates have the same values.
    pub(crate) is_equal: bool,
    /// Why a change of access is not certain.
    pub(crate) doubt: Option<String>,
    /// The assumed Region.
    pub(crate) region: Option<String>,
}

impl Source {
    pub(crate) fn read(text: &str, deployment: &Deployment) -> Result<Source, SyntaxError> {
        let (root, loops) = cfn::looped_symbolic(tree::read(text)?, deployment)?;
        Ok(Source {
            root,
            loops,
            deployment: deployment.clone(),
        })
    }

    /// Returns a template without resources.
    pub(crate) fn none() -> Option<Source> {
        Source::read("{}", &Deployment::default()).ok()
    }

    /// Returns the template with each unknown condition as it is.
    pub(crate) fn side(&self, assumed: &Assumed) -> Side {
        let mut side = self.sections(evaluated(&self.root, &self.deployment, assumed), |_| true);
        side.values.clone_from(&self.deployment.parameters);
        side
    }

    /// Returns the resources that exist under these assumptions.
    fn resources(&self, assumed: &Assumed) -> Side {
        let all = evaluated(&self.root, &self.deployment, assumed);
        let mut side = self.sections(all, |exists| exists != Some(false));
        for entry in side.resources.values_mut() {
            entry.attributes.shift_remove("Condition");
        }
        side
    }

    fn sections(&self, all: Evaluated, keep: fn(Option<bool>) -> bool) -> Side {
        let mut side = Side::default();
        for it in all.resources.into_iter().filter(|it| keep(it.exists)) {
            let entry = Entry {
                kind: it.kind,
                properties: it.properties,
                attributes: it.attributes,
            };
            side.resources.insert(it.id, entry);
        }
        side.sections.extend(all.sections);
        if let Some(Value::Object(parameters)) = side.sections.get_mut("Parameters") {
            for it in parameters.values_mut() {
                let hidden = it.get("NoEcho").and_then(Value::as_str);
                let hidden = hidden.is_some_and(|it| it.eq_ignore_ascii_case("true"));
                if let Some(default) = it.get_mut("Default").filter(|_| hidden) {
                    *default = placeholder(&default.to_string()).into();
                }
            }
        }
        if !self.loops.is_empty() {
            let loops = self.loops.iter().map(|(name, of)| (name.clone(), raw(of)));
            side.sections
                .insert(LOOPS.to_owned(), Value::Object(loops.collect()));
        }
        side
    }

    /// Returns the lines of resources, of their properties and of entries in other sections.
    pub(crate) fn lines(&self) -> Lines {
        let mut out = Lines::new();
        for section in self.root.map().unwrap_or_default() {
            for entry in section.value.map().unwrap_or_default() {
                let id = match section.key.as_str() {
                    "Resources" => entry.key.clone(),
                    section => format!("{section}.{}", entry.key),
                };
                if let Some(properties) = entry.value.get("Properties") {
                    lines(properties, &id, &mut out);
                }
                out.insert(id, entry.at.line);
            }
        }
        out
    }

    fn declaration(&self, name: &str) -> Option<&Tree> {
        self.root.get("Parameters")?.get(name)
    }

    fn is_specified(&self, name: &str) -> bool {
        self.deployment
            .parameters
            .iter()
            .any(|(known, _)| known == name)
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &Tree)> {
        let all = self.root.get("Parameters").and_then(Tree::map);
        let all = all.unwrap_or_default().iter();
        all.map(|it| (it.key.as_str(), &it.value))
    }

    /// Returns the parameters whose default is their value.
    fn defaults(&self) -> BTreeSet<String> {
        self.parameters()
            .filter(|(name, it)| it.get("Default").is_some() && !self.is_specified(name))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    fn allowed(&self, name: &str) -> Option<Vec<String>> {
        let values = self.declaration(name)?.get("AllowedValues")?.list()?;
        Some(
            values
                .iter()
                .filter_map(Tree::text)
                .map(str::to_owned)
                .collect(),
        )
    }

    fn questions(&self, assumed: &Assumed) -> Questions {
        evaluated(&self.root, &self.deployment, assumed).questions
    }

    /// Adds the keys of changed mappings that an unknown value selects.
    fn lookups(&self, maps: &Map<String, Value>, free: &BTreeSet<String>, out: &mut Questions) {
        let resources = self.root.get("Resources");
        let mut calls = Vec::new();
        if let Some(resources) = resources {
            find_in_map(resources, &mut calls);
        }
        for call in calls {
            let [name, keys @ ..] = call else { continue };
            let Some(mut rows) = name.text().and_then(|name| maps.get(name)).cloned() else {
                continue;
            };
            for key in keys.iter().take(2) {
                let Value::Object(map) = &rows else { break };
                if let Some(("Ref", target)) = key.single()
                    && let Some(target) = target.text()
                    && self.is_open(target, free)
                {
                    let names = map.keys().cloned();
                    out.entry(target.to_owned()).or_default().extend(names);
                }
                let all = map.values().filter_map(Value::as_object);
                rows = match key.text() {
                    Some(key) => map.get(key).cloned().unwrap_or_default(),
                    // The columns of all rows.
                    None => Value::Object(
                        all.flatten()
                            .map(|(key, it)| (key.clone(), it.clone()))
                            .collect(),
                    ),
                };
            }
        }
    }

    /// Returns whether the template does not decide the value of a parameter or pseudo parameter.
    fn is_open(&self, name: &str, free: &BTreeSet<String>) -> bool {
        if name == REGION {
            return self.deployment.region.is_none();
        }
        self.declaration(name).is_some_and(|it| {
            !self.is_specified(name) && (free.contains(name) || it.get("Default").is_none())
        })
    }
}

fn lines(properties: &Tree, path: &str, out: &mut Lines) {
    for entry in properties.map().unwrap_or_default() {
        let path = format!("{path}.{}", entry.key);
        lines(&entry.value, &path, out);
        out.insert(path, entry.at.line);
    }
}

fn find_in_map<'t>(tree: &'t Tree, out: &mut Vec<&'t [Tree]>) {
    if let Some(("Fn::FindInMap", argument)) = tree.single() {
        out.extend(argument.list());
    }
    for inner in tree.list().unwrap_or_default() {
        find_in_map(inner, out);
    }
    for entry in tree.map().unwrap_or_default() {
        find_in_map(&entry.value, out);
    }
}

/// Returns the mappings that differ, with the keys that both templates have. A lookup of any other key
/// fails in one of them.
fn changed_maps(old: &Source, new: &Source) -> Map<String, Value> {
    fn common(was: &Value, is: &Value) -> Value {
        match (was, is) {
            (Value::Object(was), Value::Object(is)) => {
                let both = is.iter().filter_map(|(key, is)| {
                    let was = was.get(key)?;
                    Some((key.clone(), common(was, is)))
                });
                Value::Object(both.collect())
            }
            (_, is) => is.clone(),
        }
    }
    let of = |it: &Source| it.root.get("Mappings").map_or(Value::Null, raw);
    let (was, is) = (of(old), of(new));
    let mut out = Map::new();
    for (name, map) in is.as_object().into_iter().flatten() {
        match was.get(name) {
            None => drop(out.insert(name.clone(), map.clone())),
            Some(before) if before != map => drop(out.insert(name.clone(), common(before, map))),
            Some(_) => {}
        }
    }
    for (name, map) in was.as_object().into_iter().flatten() {
        if is.get(name).is_none() {
            out.insert(name.clone(), map.clone());
        }
    }
    out
}

/// Returns the combinations of answers. If there are too many, each answer to one question, with the
/// first and with the last answers to the others.
fn combinations(questions: BTreeMap<String, Vec<Option<String>>>) -> Vec<Choices> {
    let count = questions
        .values()
        .try_fold(1_usize, |n, it| n.checked_mul(it.len().max(1)));
    if count.is_none_or(|count| count > MAX_COMBINATIONS) {
        let mut out = Vec::new();
        for is_last in [false, true] {
            let of = |(name, it): (&String, &Vec<Option<String>>)| {
                let end = if is_last { it.last() } else { it.first() };
                Some((name.clone(), end?.clone()))
            };
            let base: Choices = questions.iter().filter_map(of).collect();
            for (name, choices) in &questions {
                for choice in choices {
                    let mut one = base.clone();
                    one.insert(name.clone(), choice.clone());
                    if !out.contains(&one) {
                        out.push(one);
                    }
                }
            }
        }
        return out;
    }
    let mut all = vec![Choices::new()];
    for (name, choices) in questions.iter().filter(|(_, it)| !it.is_empty()) {
        all = all
            .iter()
            .flat_map(|known| {
                choices.iter().map(|choice| {
                    let mut known = known.clone();
                    known.insert(name.clone(), choice.clone());
                    known
                })
            })
            .collect();
    }
    all
}

/// Returns the resources that differ, if all that they refer to is equal. A resource that is equal in
/// both templates has equal values under the same assumptions.
fn changed_resources(old: &Source, new: &Source) -> Option<BTreeSet<String>> {
    let part = |it: &Source, name: &str| it.root.get(name).map(raw);
    let shared = ["Parameters", "Conditions", "Mappings"];
    if shared.iter().any(|name| part(old, name) != part(new, name)) {
        return None;
    }
    let [was, is] = [old, new].map(|it| part(it, "Resources").unwrap_or_default());
    let (was, is) = (was.as_object()?, is.as_object()?);
    let ids = was.keys().chain(is.keys());
    Some(
        ids.filter(|id| was.get(*id) != is.get(*id))
            .cloned()
            .collect(),
    )
}

/// Returns the assumptions without any value.
pub(crate) fn assumed() -> Assumed {
    Assumed {
        hide: placeholder,
        ..Assumed::default()
    }
}

/// The two templates of a comparison.
struct Pair<'a> {
    old: &'a Source,
    new: &'a Source,
    maps: Map<String, Value>,
    /// The resources that can differ. Default: all.
    only: Option<BTreeSet<String>>,
}

impl<'a> Pair<'a> {
    fn of(old: &'a Source, new: &'a Source) -> Pair<'a> {
        Pair {
            old,
            new,
            maps: changed_maps(old, new),
            only: changed_resources(old, new),
        }
    }

    /// Returns what a change depends on if these parameters have no default, with the possible answers.
    fn questions(&self, free: &BTreeSet<String>) -> BTreeMap<String, Vec<Option<String>>> {
        let assumed = Assumed {
            free: free.clone(),
            only: self.only.clone(),
            ..assumed()
        };
        let mut compared = Questions::new();
        for side in [self.old, self.new] {
            for (name, values) in side.questions(&assumed) {
                compared.entry(name).or_default().extend(values);
            }
        }
        let mut looked_up = Questions::new();
        for side in [self.old, self.new] {
            side.lookups(&self.maps, free, &mut looked_up);
        }
        let mut out: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        for (name, mut values) in compared {
            let allowed: Option<BTreeSet<String>> =
                match (self.old.allowed(&name), self.new.allowed(&name)) {
                    (Some(was), Some(is)) => Some(was.into_iter().chain(is).collect()),
                    (None, it) | (it, None) => {
                        let both = [self.old, self.new]
                            .iter()
                            .all(|it| it.declaration(&name).is_some());
                        it.filter(|_| !both).map(|it| it.into_iter().collect())
                    }
                };
            if let Some(allowed) = &allowed {
                values.retain(|it| allowed.contains(it));
            }
            values.extend(looked_up.remove(&name).into_iter().flatten());
            let others = allowed.is_none_or(|it| it.iter().any(|it| !values.contains(it)));
            let mut choices: Vec<Option<String>> = values.into_iter().map(Some).collect();
            if others {
                choices.push(None);
            }
            out.insert(name, choices);
        }
        for (name, values) in looked_up {
            out.insert(name, values.into_iter().map(Some).collect());
        }
        out
    }

    fn at(&self, free: &BTreeSet<String>, choices: Choices, is_default: bool) -> Valuation {
        let region = choices.get(REGION).cloned().flatten();
        let assumed = Assumed {
            free: free.clone(),
            choices,
            ..assumed()
        };
        Valuation {
            old: self.old.resources(&assumed),
            new: self.new.resources(&assumed),
            is_default,
            is_equal: true,
            doubt: None,
            region,
        }
    }

    /// Returns the parameters of rules that the new template changes or omits.
    fn unasserted(&self) -> BTreeSet<String> {
        fn named(tree: &Tree, out: &mut BTreeSet<String>) {
            out.extend(tree.text().map(str::to_owned));
            tree.list()
                .unwrap_or_default()
                .iter()
                .for_each(|it| named(it, out));
            let entries = tree.map().unwrap_or_default().iter();
            entries.for_each(|it| named(&it.value, out));
        }
        let mut out = BTreeSet::new();
        let rules = self.old.root.get("Rules").and_then(Tree::map);
        for rule in rules.unwrap_or_default() {
            let after = self.new.root.get("Rules").and_then(|it| it.get(&rule.key));
            if after.map(raw) != Some(raw(&rule.value)) {
                named(&rule.value, &mut out);
            }
        }
        out
    }

    /// Adds the sides with values that only the new template accepts.
    fn accepted(&self, free: &BTreeSet<String>, out: &mut Vec<Valuation>) {
        let unasserted = self.unasserted();
        for (name, was) in self.old.parameters() {
            let Some(is) = self.new.declaration(name) else {
                continue;
            };
            if self.old.is_specified(name) {
                continue;
            }
            let side = |source: &Source, value: Option<String>| {
                source.resources(&Assumed {
                    free: free.clone(),
                    choices: Choices::from([(name.to_owned(), value)]),
                    ..assumed()
                })
            };
            let default = was.get("Default").and_then(Tree::text).map(str::to_owned);
            if let Some(before) = self.old.allowed(name) {
                let value = default.clone().or(before.first().cloned());
                let more: Vec<Option<String>> = match self.new.allowed(name) {
                    Some(after) => {
                        let more = after.into_iter().filter(|it| !before.contains(it));
                        more.map(Some).collect()
                    }
                    None => vec![None],
                };
                out.extend(more.into_iter().map(|other| Valuation {
                    old: side(self.old, value.clone()),
                    new: side(self.new, other),
                    is_default: false,
                    is_equal: false,
                    doubt: None,
                    region: None,
                }));
            }
            let text = |of: &Tree, key: &str| match of.get(key).map(raw)? {
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            };
            let is_loosened = |key: &&str| {
                let (before, after) = (text(was, key), text(is, key));
                before.is_some_and(|it| !limit::is_stricter(key, &it, after.as_deref()))
            };
            if limit::KEYS.iter().any(is_loosened) || unasserted.contains(name) {
                out.push(Valuation {
                    old: side(self.old, Some(format!("(a value of {name})"))),
                    new: side(self.new, None),
                    is_default: false,
                    is_equal: false,
                    doubt: Some(format!("parameter {name} accepts other values")),
                    region: None,
                });
            }
        }
    }
}

/// Returns the parameters that have a default in one template only. Their value is the same in both.
fn gained(old: &Source, new: &Source) -> BTreeSet<String> {
    let (was, is) = (old.defaults(), new.defaults());
    let declared =
        |it: &Source, name: &str| it.declaration(name).is_some() && !it.is_specified(name);
    let one = was.symmetric_difference(&is).cloned();
    one.filter(|name| declared(old, name) && declared(new, name))
        .collect()
}

/// What depends on the Region of a stack.
const OF_REGION: [&str; 4] = [REGION, "AWS::Partition", "AWS::URLSuffix", "Fn::GetAZs"];

/// Returns both templates in each Region that one of them names where the other has the Region of the stack.
pub(crate) fn in_regions(old: &Source, new: &Source) -> Vec<Valuation> {
    if [old, new].iter().any(|it| it.deployment.region.is_some()) {
        return Vec::new();
    }
    let pair = Pair::of(old, new);
    let free = gained(old, new);
    let unknown = pair.at(&free, Choices::new(), true);
    let mut named: BTreeSet<&'static str> = BTreeSet::new();
    for (id, is) in &unknown.new.resources {
        let Some(was) = unknown.old.resources.get(id) else {
            continue;
        };
        let [was, is] = [was, is].map(|it| it.properties.to_string());
        if OF_REGION
            .iter()
            .any(|it| was.contains(it) || is.contains(it))
        {
            let in_one = |it: &&str| was.contains(it) != is.contains(it);
            named.extend(regions().iter().map(|it| it.name).filter(in_one));
        }
    }
    if named.is_empty() {
        return Vec::new();
    }
    let mut combined = combinations(pair.questions(&free));
    combined.retain(|it| it.get(REGION).is_none_or(Option::is_none));
    let each = named.into_iter().flat_map(|region| {
        combined.iter().map(move |choices| {
            let mut choices = choices.clone();
            choices.insert(REGION.to_owned(), Some(region.to_owned()));
            choices
        })
    });
    let each = each.take(MAX_COMBINATIONS);
    each.map(|it| pair.at(&free, it, true)).collect()
}

/// Returns both templates for reading.
pub(crate) fn shown(old: &Source, new: &Source) -> (Side, Side) {
    let assumed = Assumed {
        free: gained(old, new),
        ..assumed()
    };
    (old.side(&assumed), new.side(&assumed))
}

/// Returns both templates under each combination of values that a change can depend on.
pub(crate) fn valuations(old: &Source, new: &Source) -> Vec<Valuation> {
    let pair = Pair::of(old, new);
    let free = gained(old, new);
    let questions = pair.questions(&free);
    let known: Vec<String> = questions.keys().cloned().collect();
    let combined = combinations(questions);
    let mut out: Vec<Valuation> = combined
        .into_iter()
        .map(|it| pair.at(&free, it, true))
        .collect();
    if out.is_empty() {
        out.push(pair.at(&free, Choices::new(), true));
    }
    let none = BTreeSet::new();
    if !free.is_empty() {
        let each = combinations(pair.questions(&none)).into_iter();
        // A default in one template only.
        let each = each.map(|it| Valuation {
            is_equal: false,
            ..pair.at(&none, it, false)
        });
        out.extend(each);
    }
    // Other values than the default, of the parameters that a condition compares.
    let all: BTreeSet<String> = old.defaults().into_iter().chain(new.defaults()).collect();
    let mut questions = pair.questions(&all);
    let with_default: BTreeSet<String> = questions
        .keys()
        .filter(|it| all.contains(*it))
        .cloned()
        .collect();
    if !with_default.is_empty() {
        let free: BTreeSet<String> = free.into_iter().chain(with_default).collect();
        questions.retain(|name, _| free.contains(name) || known.contains(name));
        let each = combinations(questions).into_iter();
        out.extend(each.map(|it| pair.at(&free, it, false)));
    }
    pair.accepted(&gained(old, new), &mut out);
    out
}
