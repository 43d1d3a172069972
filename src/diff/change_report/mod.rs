//! Semantic changes: resources, access and reachability.

mod github;
mod json;
mod markdown;
mod text;
mod value;

use std::collections::HashMap;

use serde_json::Value;

use super::access::{access, access_of_plans};
use super::loss::losses;
use super::masking::hide;
use super::valuation::{Lines, Source, assumed};
use super::{
    self as diff, AccessChange, Change, Difference, Direction, Side, configured, model, plan,
    templates,
};
use crate::frontend::cfn::Deployment;
use crate::frontend::{Input, InputFormat, configured_plan};
use crate::ir::{Diagnostics, logical_id, terraform_name};
use crate::reachability::{self, Assumptions};
use crate::resource::Graph;

#[cfg(feature = "deploy")]
pub(crate) use value::escape_text;

/// One side of a comparison: a template, a plan, or nothing.
#[derive(Debug, Default)]
pub struct Version {
    /// The template, if it is one.
    source: Option<Source>,
    /// The resources in the form of the file: by logical ID, or by address.
    native: Side,
    /// The access-related resources, with CloudFormation names.
    access: Side,
    /// The entire plan, if it is one.
    plan: Option<Value>,
    /// The access-related resources of a plan, with values that the provider computes.
    filled_in: Side,
    /// The resources for conversion to the other language. For a plan, they come from its
    /// configuration.
    graph: Graph,
    /// Each instance with its verdict.
    verdicts: Vec<(String, String)>,
    /// The lines of resources and their properties in a template.
    lines: Lines,
    /// Why the version is not complete.
    incomplete: Option<String>,
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
    /// Reads a template or a plan; empty text is a side without resources. A plan's sensitive
    /// values are masked.
    ///
    /// # Errors
    ///
    /// Text that is not of this format, with its location.
    pub fn read(
        name: &str,
        text: &str,
        kind: InputFormat,
        deployment: &Deployment,
    ) -> Result<Version, Diagnostics> {
        if text.trim().is_empty() {
            return Ok(Version::default());
        }
        // The comparison of access must not reveal sensitive values.
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
            // The text was valid JSON before.
            let root: Value =
                serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
            version.native = plan::after(&root);
            version.filled_in = model::by_cfn(&version.graph);
            version.graph = configured_plan(name, graph_text, deployment)?;
            version.access = model::by_cfn(&version.graph);
            version.incomplete = plan::incomplete(&root);
            version.plan = Some(root);
        } else {
            // The text was a valid template before.
            version.source = Source::read(text, deployment).ok();
            if let Some(source) = &version.source {
                version.native = source.side(&assumed());
                version.lines = source.lines();
            }
            version.access = version.native.clone();
        }
        Ok(version)
    }

    /// Reads a valid template. An invalid one is a version without resources that is not complete.
    #[cfg(feature = "deploy")]
    pub(crate) fn template(text: &str, parameters: Vec<(String, String)>, region: &str) -> Version {
        let deployment = Deployment {
            parameters,
            region: crate::region::Region::find(region),
            account: None,
            files: Vec::new(),
        };
        let unreadable = || Version {
            incomplete: Some("a template cannot be read".to_owned()),
            ..Version::default()
        };
        // A deployed stack has a template.
        if text.trim().is_empty() {
            return unreadable();
        }
        Version::read("", text, InputFormat::Cfn, &deployment).unwrap_or_else(|_| unreadable())
    }

    /// Sets the verdicts of this stack's instances from the graph of the entire app, which contains
    /// the values that stacks pass to each other.
    pub fn with_verdicts_of(mut self, graph: &Graph) -> Version {
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

    /// Removes the lines of the text, which is not the file of the user.
    pub(crate) fn without_lines(mut self) -> Version {
        self.lines.clear();
        self
    }

    /// Returns whether the version has neither resources nor a plan.
    pub fn is_empty(&self) -> bool {
        self.source.is_none() && self.plan.is_none()
    }

    fn is_state(&self) -> bool {
        let plan = self.plan.as_ref();
        plan.is_some_and(|it| it.get("configuration").is_none())
    }

    /// Returns the state before a plan.
    fn before(root: &Value) -> Version {
        let before = plan::before(root);
        let text = before.to_string();
        Version::read("", &text, InputFormat::Plan, &Deployment::default()).unwrap_or_default()
    }
}

/// The changes that are known without AWS.
#[derive(Debug)]
#[non_exhaustive]
pub struct ChangeReport {
    /// Resources and entries of other sections that differ.
    pub differences: Vec<Difference>,
    /// Access that is broader or narrower, the broader first.
    pub access: Vec<AccessChange>,
    /// Instances with their verdicts.
    pub sessions: Vec<SessionChange>,
    /// Data and exports that the change removes: sentences without a period.
    pub losses: Vec<String>,
    /// Why a version is not complete. The effect of the change is then unknown.
    pub unreadable: Vec<String>,
    /// The lines of the new version.
    lines: Lines,
}

/// The verdict of an instance before and after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionChange {
    /// The instance, by its name in the file.
    pub instance: String,
    /// The verdict before, with the hop that fails. Default: the instance does not exist.
    pub before: Option<String>,
    /// The verdict after, with the hop that fails. Default: the instance does not exist.
    pub after: Option<String>,
}

impl SessionChange {
    /// Returns whether the change makes the instance unreachable.
    pub fn is_broken(&self) -> bool {
        let is_unreachable =
            |it: &Option<String>| it.as_ref().is_some_and(|it| it.starts_with("unreachable"));
        is_unreachable(&self.after) && !is_unreachable(&self.before)
    }
}

/// A kind of change that a pipeline rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A resource that is or may be replaced.
    Replacement,
    /// Broader access.
    BroaderAccess,
    /// An instance that the change makes unreachable.
    Unreachable,
    /// Data or an export that the change removes.
    Removal,
}

fn compare(old: &Version, new: &Version) -> ChangeReport {
    let sessions = || session(&old.verdicts, &new.verdicts, &HashMap::new());
    let none = Source::none();
    let template = |it: &Version| match it.is_empty() {
        true => none.clone(),
        false => it.source.clone(),
    };
    if let (None, None, Some(was), Some(is)) = (&old.plan, &new.plan, template(old), template(new))
    {
        let (differences, access, losses) = templates::differences(&was, &is);
        return ChangeReport {
            differences,
            access,
            sessions: sessions(),
            losses,
            unreadable: unreadable(&[old, new]),
            lines: Lines::new(),
        };
    }
    if old.plan.is_some() == new.plan.is_some() || old.is_empty() || new.is_empty() {
        let moved = configured::moved(new.plan.as_ref());
        let aligned = model::aligned(old.native.clone(), &moved);
        let plans = (old.plan.as_ref(), new.plan.as_ref());
        let (native, omitting) = configured::without_omitted(&aligned, &new.native, plans, &moved);
        let mut differences = diff::compare(&native, &omitting);
        plan::forget_unknown(&mut differences);
        diff::rename::add_moved(&old.native, &new.native, &moved, &mut differences);
        // A state does not distinguish configured values and computed ones.
        let is_state = [old, new].iter().any(|it| it.is_state());
        let model = match is_state {
            true => (&old.filled_in, &new.filled_in),
            false => (&old.access, &new.access),
        };
        let mut renamed = diff::rename::pairs(&differences);
        renamed.extend(moved);
        let (was, is) = configured::comparable(
            &model::aligned(native, &renamed),
            &omitting,
            (plans.0, plans.1.unwrap_or(&Value::Null)),
        );
        let mut access = access_of_plans(
            (&model::aligned(model.0.clone(), &renamed), model.1),
            (&was, &is),
        );
        if let (Some(was), Some(is)) = (&old.plan, &new.plan) {
            access.extend(configured::changes(was, is, &new.native, model.1));
        }
        let losses = losses(&aligned, &new.native, &differences, &[]);
        hide(&mut differences, &mut access);
        return ChangeReport {
            differences,
            access: diff::access::sorted(access),
            sessions: sessions(),
            losses,
            unreadable: unreadable(&[old, new]),
            lines: Lines::new(),
        };
    }
    across(old, new)
}

fn of_plan(new: &Version) -> Option<ChangeReport> {
    // A state contains no planned changes.
    let root = new
        .plan
        .as_ref()
        .filter(|it| it.get("resource_changes").is_some())?;
    let mut differences = plan::changes(root);
    let old = Version::before(root);
    let read = |root: &Value| {
        let text = plan::masked(&root.to_string()).unwrap_or_default();
        let kind = Some(InputFormat::Plan);
        let input = Input::read("", &text, kind, &Deployment::default()).ok()?;
        Some(model::by_cfn(input.graphs.first()?))
    };
    // Only the changed resources differ: a state does not distinguish configured values and computed
    // ones.
    let former = plan::undone(root);
    let (was, is) = (
        read(&former).unwrap_or_default(),
        read(root).unwrap_or_default(),
    );
    let (native_old, native_new) =
        configured::comparable(&plan::after(&former), &new.native, (None, root));
    let mut access = match differences.is_empty() {
        true => Vec::new(),
        false => access_of_plans((&was, &is), (&native_old, &native_new)),
    };
    access.extend(configured::hidden_documents(root, &new.native, &is));
    let losses = losses(&native_old, &native_new, &differences, &[]);
    hide(&mut differences, &mut access);
    Some(ChangeReport {
        access: diff::access::sorted(access),
        differences,
        sessions: session(&old.verdicts, &new.verdicts, &HashMap::new()),
        losses,
        unreadable: unreadable(&[new]),
        lines: Lines::new(),
    })
}

/// Returns why a version is not complete.
fn unreadable(versions: &[&Version]) -> Vec<String> {
    let all = versions.iter().filter_map(|it| it.incomplete.clone());
    all.collect()
}

/// Compares a template with a plan, both in the form of Terraform.
fn across(old: &Version, new: &Version) -> ChangeReport {
    let ((was, was_names), (is, is_names)) = (model::by_tf(&old.graph), model::by_tf(&new.graph));
    let pairs = model::pairs((&was, &was_names), (&is, &is_names));
    let was = model::aligned(was, &pairs);
    // Instances match by name, without the rest of their address.
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
    let mut access = access(&model::aligned(old.access.clone(), &named), &new.access);
    let losses = losses(&was, &is, &differences, &[]);
    hide(&mut differences, &mut access);
    ChangeReport {
        differences,
        access,
        sessions: session(&old.verdicts, &new.verdicts, &named.into_iter().collect()),
        losses,
        unreadable: unreadable(&[old, new]),
        lines: Lines::new(),
    }
}

/// Returns the name of an address in either language.
fn plain(address: &str) -> String {
    let last = address.rsplit('.').next().unwrap_or_default();
    terraform_name(&logical_id(&last.replace('_', "-")))
}

fn session(
    before: &[(String, String)],
    after: &[(String, String)],
    same: &HashMap<String, String>,
) -> Vec<SessionChange> {
    let before: Vec<(String, String)> = before
        .iter()
        .map(|(name, verdict)| (same.get(name).unwrap_or(name).clone(), verdict.clone()))
        .collect();
    let of = |list: &[(String, String)], name: &str| {
        let found = list.iter().find(|(known, _)| known == name);
        found.map(|(_, verdict)| verdict.clone())
    };
    let mut session: Vec<SessionChange> = after
        .iter()
        .map(|(name, verdict)| SessionChange {
            instance: name.clone(),
            before: of(&before, name),
            after: Some(verdict.clone()),
        })
        .collect();
    for (name, verdict) in &before {
        if of(after, name).is_none() {
            session.push(SessionChange {
                instance: name.clone(),
                before: Some(verdict.clone()),
                after: None,
            });
        }
    }
    session
}

impl ChangeReport {
    /// Compares two versions. A template and a plan are compared in the form of Terraform.
    pub fn compare(old: &Version, new: &Version) -> ChangeReport {
        let mut report = compare(old, new);
        report.lines.clone_from(&new.lines);
        report.with_order()
    }

    /// Sorts the differences: what is replaced or may be replaced first.
    fn with_order(mut self) -> ChangeReport {
        self.differences.sort_by_key(|it| match () {
            () if it.is_replaced() => 0,
            () if it.may_be_replaced() => 1,
            () => 2,
        });
        self
    }

    /// Returns the change that a plan describes, or `None` if the version is not a plan with
    /// changes.
    pub fn of_plan(plan: &Version) -> Option<ChangeReport> {
        of_plan(plan).map(ChangeReport::with_order)
    }

    /// Returns whether both versions are equal.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
            && self.access.is_empty()
            && self.unreadable.is_empty()
            && self.changed_sessions().next().is_none()
    }

    /// Returns the instances whose verdict changes. A verdict that differs without a change of
    /// resources comes from other stacks, which only one of the versions shows.
    fn changed_sessions(&self) -> impl Iterator<Item = &SessionChange> {
        let is_changed = !self.differences.is_empty() || !self.unreadable.is_empty();
        let sessions = self.sessions.iter();
        sessions.filter(move |it| is_changed && it.before != it.after)
    }

    /// Returns the gates that reject the change. What cannot be determined hits a gate too, unless it
    /// is allowed.
    pub fn hits(&self, gates: &[Gate], allow_unknown: bool) -> Vec<Gate> {
        let unknown = !self.unreadable.is_empty() && !allow_unknown;
        let hits = |gate: &Gate| match gate {
            _ if unknown => true,
            Gate::Removal => !self.losses.is_empty(),
            Gate::Replacement => self
                .differences
                .iter()
                .any(|it| it.may_be_replaced() && !(allow_unknown && it.has_unknown_replacement())),
            Gate::BroaderAccess => self.access.iter().any(|it| match it.direction {
                Direction::Broader => true,
                Direction::Unknown => !allow_unknown,
                Direction::Narrower => false,
            }),
            Gate::Unreachable => self.sessions.iter().any(SessionChange::is_broken),
        };
        gates.iter().copied().filter(hits).collect()
    }

    /// Returns the number of changes of each kind, for a headline.
    fn counts(&self) -> String {
        let [mut replaced, mut renamed] = [0; 2];
        let [mut maybe, mut changed, mut added, mut removed, mut moved] = [0; 5];
        for it in &self.differences {
            let count = match &it.change {
                Change::Renamed(_) => &mut renamed,
                _ if it.is_replaced() => &mut replaced,
                _ if it.may_be_replaced() => &mut maybe,
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
            (maybe, "may be replaced"),
            (removed, "removed"),
            (changed, "changed"),
            (added, "added"),
            (moved, "moved"),
        ];
        let shown: Vec<String> = counts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        match (shown.is_empty(), self.is_same()) {
            (_, true) => "no difference".to_owned(),
            (true, _) => "no resource differs".to_owned(),
            (false, _) => shown.join(", "),
        }
    }
}

impl Gate {
    /// All gates.
    pub const ALL: &'static [Gate] = &[
        Gate::Replacement,
        Gate::BroaderAccess,
        Gate::Unreachable,
        Gate::Removal,
    ];

    /// Returns its name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Gate::Replacement => "replacement",
            Gate::BroaderAccess => "broader-access",
            Gate::Unreachable => "unreachable",
            Gate::Removal => "removal",
        }
    }
}

/// Returns the verb for a change.
fn action_word(it: &Difference) -> &'static str {
    match &it.change {
        Change::Renamed(_) => "renamed",
        _ if it.is_replaced() => "replaced",
        _ if it.may_be_replaced() => "may be replaced",
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Retyped(_) => "retyped",
        Change::Changed(_) => "changed",
        Change::Moved(_) => "moved",
        Change::Forgotten => "forgotten",
    }
}

/// Returns each reason for a replacement with the property that forces it, and what the update does
/// in addition.
fn replacement_reasons(it: &Difference) -> Vec<(&str, String)> {
    let one = |it: &diff::Replacement| match (&it.reason, it.property.as_str()) {
        (diff::ReplacementReason::Always, property) => format!("{property} cannot change"),
        (diff::ReplacementReason::Maybe(when), property) if when.is_empty() => {
            format!("{property} replaces it in some cases")
        }
        (diff::ReplacementReason::Maybe(when), property) => {
            format!("{property} replaces it: {when}")
        }
        (diff::ReplacementReason::Through(id), property) => {
            format!("{property} refers to {id}, which is replaced")
        }
        (diff::ReplacementReason::Version(id), property) => {
            format!("{property} refers to the latest version of {id}, which changes")
        }
        (diff::ReplacementReason::Renamed, _) => "a new ID creates a new resource".to_owned(),
        (diff::ReplacementReason::UpdatePolicy, property) => {
            format!("{property}: the update policy replaces the group")
        }
        (diff::ReplacementReason::Planned, "") => "according to the plan".to_owned(),
        (diff::ReplacementReason::Planned, property) => {
            format!("{property}, according to the plan")
        }
        (diff::ReplacementReason::Unknown(why), property) => {
            format!("{property} can replace it: {why}")
        }
    };
    let reasons = it.forced.iter().map(|it| (it.property.as_str(), one(it)));
    reasons
        .chain(it.notes.iter().map(|it| ("", it.clone())))
        .collect()
}

/// Returns the reasons for a replacement.
fn replacement_text(it: &Difference) -> String {
    let reasons = replacement_reasons(it).into_iter().map(|(_, why)| why);
    reasons.collect::<Vec<_>>().join("; ")
}

/// Returns the resource or entry of a difference, without colors.
fn subject(it: &Difference) -> String {
    match (it.section.as_str(), it.id.as_str()) {
        ("Resources", id) => format!("{id} {}", it.kind),
        (section, "") => section.to_owned(),
        (section, id) => format!("{section}.{id}"),
    }
}
