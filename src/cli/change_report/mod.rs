//! What a change means: resources, access, and whether the session connects.

mod github;
mod json;
mod markdown;
mod text;

use std::collections::HashMap;

use serde_json::Value;

use crate::diff::{self, AccessChange, Change, Difference, Side, model, plan};
use crate::frontend::cfn::Deployment;
use crate::frontend::{Input, InputFormat, configured_plan};
use crate::ir::{Diagnostics, Graph, logical_id, terraform_name};
use crate::reachability::{self, Assumptions};

#[cfg(feature = "deploy")]
pub(super) use text::escape_text;

/// A side of a comparison, read.
#[derive(Debug, Default)]
pub(super) struct Version {
    /// As the file has it: a template's resources by logical id, a plan's by address.
    native: Side,
    /// For what is allowed: by CloudFormation's names.
    access: Side,
    /// The whole plan, if it is one.
    plan: Option<Value>,
    /// Of a plan, for what is allowed: with what the provider fills in.
    filled_in: Side,
    /// As the other language would have it: of a plan, what its configuration says.
    graph: Graph,
    /// Each instance with its answer.
    verdicts: Vec<(String, String)>,
}

fn verdicts(graphs: &[Graph]) -> Vec<(String, String)> {
    let assumptions = Assumptions::default();
    let results = graphs
        .iter()
        .map(|graph| reachability::check(graph, &assumptions));
    let reachability = reachability::merge(results.collect());
    let first = graphs.first();
    let shown = |it: &reachability::InstanceReachability| {
        let node = first.and_then(|graph| graph.node(it.node));
        let verdict = match it.failing_hop() {
            Some(hop) => format!("{} ({hop})", it.verdict.as_str()),
            None => it.verdict.as_str().to_owned(),
        };
        (
            node.map_or("", |node| node.display_id()).to_owned(),
            verdict,
        )
    };
    reachability.instances.iter().map(shown).collect()
}

impl Version {
    /// Reads a template or a plan; empty text is nothing.
    ///
    /// # Errors
    ///
    /// What cannot be read, with its place.
    pub(super) fn read(
        name: &str,
        text: &str,
        kind: InputFormat,
        deployment: &Deployment,
    ) -> Result<Version, Diagnostics> {
        if text.trim().is_empty() {
            return Ok(Version::default());
        }
        // What is sensitive is not told, by no way.
        let masked = match kind {
            InputFormat::Plan => plan::masked(text),
            _ => None,
        };
        let graph_text = masked.as_deref().unwrap_or(text);
        let input = Input::read(name, graph_text, Some(kind), deployment)?;
        let mut version = Version {
            verdicts: verdicts(&input.graphs),
            graph: input.graphs.into_iter().next().unwrap_or_default(),
            ..Version::default()
        };
        if kind == InputFormat::Plan {
            // What was read before is JSON.
            let root: Value =
                serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
            version.native = plan::after(&root);
            version.filled_in = model::by_cfn(&version.graph);
            version.graph = configured_plan(name, graph_text, deployment)?;
            version.access = model::by_cfn(&version.graph);
            version.plan = Some(root);
        } else {
            version.native = diff::read(text, deployment).unwrap_or_default();
            version.access = version.native.clone();
        }
        Ok(version)
    }

    /// A template that was read before, or that CloudFormation has; what cannot be read says
    /// nothing.
    #[cfg(feature = "deploy")]
    pub(super) fn template(text: &str, parameters: Vec<(String, String)>, region: &str) -> Version {
        let deployment = Deployment {
            parameters,
            region: crate::region::Region::find(region),
            account: None,
        };
        Version::read("", text, InputFormat::Cfn, &deployment).unwrap_or_default()
    }

    /// With the answers of the program's own app, which knows what its stacks take from each other;
    /// of this stack's instances, by their logical ids.
    #[cfg(feature = "deploy")]
    pub(super) fn with_app_verdicts(mut self, app: Option<&crate::App>) -> Version {
        let Some(app) = app else {
            return self;
        };
        let graph = app.graph();
        let ids = graph
            .nodes()
            .map(|(_, node)| (node.path.as_str(), node.cfn_id.as_str()));
        let ids: HashMap<&str, &str> = ids.collect();
        let known = verdicts(std::slice::from_ref(graph)).into_iter();
        self.verdicts = known
            .filter_map(|(path, verdict)| Some(((*ids.get(path.as_str())?).to_owned(), verdict)))
            .filter(|(id, _)| self.native.resources.contains_key(id))
            .collect();
        self
    }

    fn is_empty(&self) -> bool {
        self.native.resources.is_empty() && self.plan.is_none()
    }

    fn is_state(&self) -> bool {
        let plan = self.plan.as_ref();
        plan.is_some_and(|it| it.get("configuration").is_none())
    }

    /// What a plan starts from.
    fn before(root: &Value) -> Version {
        let before = plan::before(root);
        let text = before.to_string();
        Version::read("", &text, InputFormat::Plan, &Deployment::default()).unwrap_or_default()
    }
}

/// A change, with what can be told of it without AWS.
#[derive(Debug)]
pub(super) struct ChangeReport {
    pub(super) differences: Vec<Difference>,
    pub(super) access: Vec<AccessChange>,
    /// Each instance with its answer before and after; nothing where it is not there.
    session: Vec<(String, Option<String>, Option<String>)>,
}

/// What may not be in a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Gate {
    /// Resource that is replaced, or may be replaced
    Replacement,
    /// Permission or network access that becomes broader
    BroaderAccess,
    /// Instance that becomes unreachable, or a new unreachable instance
    Unreachable,
}

/// Tells what a change means.
pub(super) fn compare(old: &Version, new: &Version) -> ChangeReport {
    if old.plan.is_some() == new.plan.is_some() || old.is_empty() || new.is_empty() {
        let mut differences = diff::compare(&old.native, &new.native);
        if old.plan.is_some() || new.plan.is_some() {
            plan::forget_unknown(&mut differences);
            plan::hide(&mut differences);
        }
        return ChangeReport {
            differences,
            // A state does not tell what was configured, and what was filled in.
            access: match [old, new].iter().any(|it| it.is_state()) {
                true => diff::access(&old.filled_in, &new.filled_in),
                false => diff::access(&old.access, &new.access),
            },
            session: session(&old.verdicts, &new.verdicts, &HashMap::new()),
        };
    }
    across(old, new)
}

/// What a plan means by itself: from what there is to what will be.
pub(super) fn of_plan(new: &Version) -> Option<ChangeReport> {
    // A state plans nothing.
    let root = new
        .plan
        .as_ref()
        .filter(|it| it.get("resource_changes").is_some())?;
    let old = Version::before(root);
    Some(ChangeReport {
        differences: {
            let mut differences = plan::changes(root);
            plan::hide(&mut differences);
            differences
        },
        // Of what is there, nobody knows what was configured and what was filled in.
        access: diff::access(&old.filled_in, &new.filled_in),
        session: session(&old.verdicts, &new.verdicts, &HashMap::new()),
    })
}

/// Compares a template with a plan: both as Terraform would have them.
fn across(old: &Version, new: &Version) -> ChangeReport {
    let ((was, was_names), (is, is_names)) = (model::by_tf(&old.graph), model::by_tf(&new.graph));
    let pairs = model::pairs((&was, &was_names), (&is, &is_names));
    let was = model::aligned(was, &pairs);
    // Instances of one name, whatever they are called in full.
    let same: HashMap<String, String> = pairs.iter().cloned().collect();
    let named: Vec<(String, String)> = old
        .access
        .resources
        .keys()
        .map(|id| {
            let by_name = new.access.resources.keys().find(|other| {
                plain(id) == plain(other)
                    && old.access.resources[id].kind == new.access.resources[*other].kind
            });
            let is = same.get(id).or(by_name);
            (id.clone(), is.unwrap_or(id).clone())
        })
        .collect();
    let mut differences = diff::compare(&was, &is);
    plan::forget_unknown(&mut differences);
    plan::hide(&mut differences);
    ChangeReport {
        differences,
        access: diff::access(&model::aligned(old.access.clone(), &named), &new.access),
        session: session(&old.verdicts, &new.verdicts, &named.into_iter().collect()),
    }
}

/// What an address is called in either language.
fn plain(address: &str) -> String {
    let last = address.rsplit('.').next().unwrap_or_default();
    terraform_name(&logical_id(&last.replace('_', "-")))
}

fn session(
    before: &[(String, String)],
    after: &[(String, String)],
    same: &HashMap<String, String>,
) -> Vec<(String, Option<String>, Option<String>)> {
    let before: Vec<(String, String)> = before
        .iter()
        .map(|(name, verdict)| (same.get(name).unwrap_or(name).clone(), verdict.clone()))
        .collect();
    let of = |list: &[(String, String)], name: &str| {
        let found = list.iter().find(|(known, _)| known == name);
        found.map(|(_, verdict)| verdict.clone())
    };
    let mut session: Vec<(String, Option<String>, Option<String>)> = after
        .iter()
        .map(|(name, verdict)| (name.clone(), of(&before, name), Some(verdict.clone())))
        .collect();
    for (name, verdict) in &before {
        if of(after, name).is_none() {
            session.push((name.clone(), Some(verdict.clone()), None));
        }
    }
    session
}

impl ChangeReport {
    /// Whether nothing differs.
    pub(super) fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// Which of these it hits.
    pub(super) fn hits(&self, gates: &[Gate]) -> Vec<Gate> {
        let hits = |gate: &Gate| match gate {
            Gate::Replacement => self.differences.iter().any(Difference::may_be_replaced),
            Gate::BroaderAccess => self.access.iter().any(|it| it.is_broader),
            Gate::Unreachable => self.session.iter().any(|(_, before, after)| {
                let is = |it: &Option<String>| {
                    it.as_ref().is_some_and(|it| it.starts_with("unreachable"))
                };
                is(after) && !is(before)
            }),
        };
        gates.iter().copied().filter(hits).collect()
    }

    /// How many there are of each kind, for a headline.
    fn counts(&self) -> String {
        let [mut replaced, mut renamed] = [0; 2];
        let [mut perhaps, mut changed, mut added, mut removed, mut moved] = [0; 5];
        for it in &self.differences {
            let count = match &it.change {
                Change::Renamed(_) => &mut renamed,
                _ if it.is_replaced() => &mut replaced,
                _ if it.may_be_replaced() => &mut perhaps,
                Change::Added => &mut added,
                Change::Removed => &mut removed,
                Change::Moved(_) => &mut moved,
                _ => &mut changed,
            };
            *count += 1;
        }
        let counts = [
            (replaced, "replaced"),
            (renamed, "renamed"),
            (perhaps, "perhaps replaced"),
            (removed, "removed"),
            (changed, "changed"),
            (added, "added"),
            (moved, "moved"),
        ];
        let told: Vec<String> = counts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        match told.is_empty() {
            true => "no difference".to_owned(),
            false => told.join(", "),
        }
    }
}

impl Gate {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Gate::Replacement => "replacement",
            Gate::BroaderAccess => "broader-access",
            Gate::Unreachable => "unreachable",
        }
    }
}

/// What happens to it, in a word.
fn action_word(it: &Difference) -> &'static str {
    match &it.change {
        Change::Renamed(_) => "renamed",
        _ if it.is_replaced() => "replaced",
        _ if it.may_be_replaced() => "perhaps replaced",
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Retyped(_) => "retyped",
        Change::Changed(_) => "changed",
        Change::Moved(_) => "moved",
        Change::Forgotten => "forgotten",
    }
}

/// What forces a replacement, in words.
fn replacement_text(it: &Difference) -> String {
    let one = |it: &diff::Replacement| match (&it.reason, it.property.as_str()) {
        (diff::ReplacementReason::Always, property) => format!("{property} cannot change"),
        (diff::ReplacementReason::Maybe(when), property) if when.is_empty() => {
            format!("{property} replaces it in some cases")
        }
        (diff::ReplacementReason::Maybe(when), property) => {
            format!("{property} replaces it: {when}")
        }
        (diff::ReplacementReason::Through(id), property) => {
            format!("{property} names {id}, which is replaced")
        }
        (diff::ReplacementReason::Version(id), property) => {
            format!("{property} names the newest version of {id}, which changes")
        }
        (diff::ReplacementReason::Renamed, _) => "another id is another resource".to_owned(),
        (diff::ReplacementReason::Planned, "") => "as the plan says".to_owned(),
        (diff::ReplacementReason::Planned, property) => format!("{property}, as the plan says"),
    };
    let told: Vec<String> = it.forced.iter().map(one).collect();
    told.join("; ")
}

/// What a difference is of, without colours.
fn subject(it: &Difference) -> String {
    match (it.section.as_str(), it.id.as_str()) {
        ("Resources", id) => format!("{id} {}", it.kind),
        (section, "") => section.to_owned(),
        (section, id) => format!("{section}.{id}"),
    }
}
