//! The app: stacks, validation rules, and changes to all stacks.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::scope::Scope;
use crate::ir::{
    AppId, Diagnostic, Diagnostics, Dialect, Handle, SourceLocation, Stack, StackId, is_stack_name,
    quoted,
};
use crate::reachability::{CertainRefusal, certain_refusals};
use crate::resource::{FindError, Graph, Tags, Typed};
use crate::validate::{self, TEMPLATE_ERROR, Validated};

/// An app with its stacks and resources.
///
/// ```
/// use ssm_synth::{App, SessionAccess, backend};
///
/// let mut app = App::new();
/// app.stack("Access").add_inline(SessionAccess::new());
/// let validated = app.validate().expect("the built-in pattern is sound");
/// let template = backend::cfn::template(&validated, "Access").expect("the stack was just added");
/// assert!(template.to_json().contains("AWS::EC2::VPCEndpoint"));
/// ```
#[derive(Clone, Debug)]
pub struct App {
    /// The resources as they were added.
    graph: Graph,
    aspects: Vec<Prioritized<AspectFn>>,
    rules: Vec<Prioritized<RuleFn>>,
    /// The graph with the changes of the aspects.
    changed: OnceLock<Graph>,
}

type RuleFn = dyn Fn(&Graph, &mut Diagnostics) + Send + Sync;
type AspectFn = dyn Fn(&mut Graph) + Send + Sync;

/// A rule or an aspect with its priority.
struct Prioritized<F: ?Sized> {
    priority: i32,
    call: Arc<F>,
}

impl<F: ?Sized> Clone for Prioritized<F> {
    fn clone(&self) -> Self {
        Prioritized {
            priority: self.priority,
            call: Arc::clone(&self.call),
        }
    }
}

impl<F: ?Sized> fmt::Debug for Prioritized<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prioritized({})", self.priority)
    }
}

/// Returns the functions by priority, and those of one priority in the order of addition.
fn in_order<F: ?Sized>(all: &[Prioritized<F>]) -> Vec<&F> {
    let mut sorted: Vec<&Prioritized<F>> = all.iter().collect();
    sorted.sort_by_key(|it| it.priority);
    sorted.into_iter().map(|it| it.call.as_ref()).collect()
}

/// The priority of a rule or an aspect that was just added. The lowest number runs first.
#[derive(Debug)]
pub struct Priority<'a>(&'a mut i32);

impl Priority<'_> {
    /// The priority of a rule or an aspect without its own.
    pub const DEFAULT: i32 = 500;

    /// Sets the priority. Default: 500.
    pub fn priority(self, priority: i32) {
        *self.0 = priority;
    }
}

fn register<F: ?Sized>(all: &mut Vec<Prioritized<F>>, call: Arc<F>) -> Priority<'_> {
    let priority = Priority::DEFAULT;
    all.push(Prioritized { priority, call });
    let last = all.len() - 1;
    Priority(&mut all[last].priority)
}

impl Default for App {
    /// An app without stacks.
    fn default() -> Self {
        App {
            graph: Graph {
                app: AppId::unique(),
                ..Graph::default()
            },
            aspects: Vec::new(),
            rules: Vec::new(),
            changed: OnceLock::new(),
        }
    }
}

impl App {
    /// Creates an app without stacks.
    pub fn new() -> App {
        App::default()
    }

    /// Adds a stack, or returns the existing one with this name.
    #[track_caller]
    pub fn stack(&mut self, name: &str) -> Scope<'_> {
        let location = SourceLocation::Caller(Location::caller());
        let graph = self.graph_mut();
        let stack = match graph.stack_names.get(name) {
            Some(id) => *id,
            None => {
                let id = StackId::next(graph.stacks.len());
                if !is_stack_name(name) {
                    let message = format!("{} is not a stack name", quoted(name));
                    graph.diagnostics.push(
                        Diagnostic::error("construct-id", message)
                            .path(name.to_owned())
                            .at(location.clone())
                            .about(&["name"])
                            .help("start with a letter, then use letters, digits and `-`"),
                    );
                }
                graph.stacks.push(Stack {
                    name: name.to_owned(),
                    description: None,
                    region: None,
                    nodes: Vec::new(),
                    parameters: Vec::new(),
                    conditions: Vec::new(),
                    outputs: Vec::new(),
                    suppressions: Vec::new(),
                    account: None,
                    provider_aliases: Vec::new(),
                    location: location.clone(),
                });
                graph.stack_names.insert(name.to_owned(), id);
                id
            }
        };
        Scope::of(graph, stack, location)
    }

    /// Sets the only output language. Validation, assertions, snapshots and the reachability check then
    /// judge this language only, and generating the other one is an error. Default: both.
    ///
    /// ```
    /// use ssm_synth::ir::Dialect;
    /// use ssm_synth::resource::RawResource;
    /// use ssm_synth::{App, backend};
    ///
    /// let mut app = App::new();
    /// app.set_language(Dialect::Cfn);
    /// let mut stack = app.stack("Access");
    /// let topic = stack.add("Topic", RawResource::new().cfn("AWS::SNS::Topic"));
    /// stack.output("Topic", topic, "The topic, which Terraform does not have");
    /// let validated = app.validate().expect("nobody uses Terraform");
    /// assert!(backend::cfn::template(&validated, "Access").is_ok());
    /// let module = backend::tf::module(&validated, "Access", backend::tf::ModuleKind::Root);
    /// assert!(module.is_err());
    /// ```
    #[track_caller]
    pub fn set_language(&mut self, language: Dialect) {
        let location = SourceLocation::Caller(Location::caller());
        let graph = self.graph_mut();
        match graph.language {
            Some(known) if known != language => {
                let (known, new) = (known.name(), language.name());
                let message = format!("the app has two values for `language`: {known} and {new}");
                let found = Diagnostic::error("duplicate-value", message).at(location);
                let help = "remove both calls to generate both languages";
                graph.diagnostics.push(found.help(help));
            }
            _ => graph.language = Some(language),
        }
    }

    /// Finds the resource of a type at a path, such as `Access/web/Instance`.
    ///
    /// ```
    /// use ssm_synth::resource::{Instance, Vpc};
    /// use ssm_synth::{App, SessionAccess, construct::PrivateInstance};
    ///
    /// let mut app = App::new();
    /// let access = SessionAccess::new().instance(PrivateInstance::new("web"));
    /// let handles = app.stack("Access").add_inline(access);
    /// let web = app.find::<Instance>("Access/web/Instance").expect("the stack has this instance");
    /// assert_eq!(web, handles.instances[0].instance);
    /// let error = app.find::<Vpc>("Access/Network/Vcp").expect_err("this is a typo");
    /// assert!(error.to_string().ends_with("did you mean `Access/Network/Vpc`?"));
    /// ```
    ///
    /// # Errors
    ///
    /// If no resource has this path, or the one that has is of another type.
    pub fn find<R: Typed>(&self, path: &str) -> Result<Handle<R>, FindError> {
        self.graph.find(path)
    }

    /// Validates all stacks, and returns all errors together: what the output cannot contain, and what
    /// AWS certainly refuses to create. Whether sessions connect to the instances is up to
    /// [`reachability::check`](crate::reachability::check).
    ///
    /// What exceeds a limit of CloudFormation on a stack is an error of its template. It is one of the app, too, if
    /// the app is only for CloudFormation.
    ///
    /// Aspects change the resources first, in the order of their priority. Then the rules run.
    ///
    /// # Errors
    ///
    /// Returns all diagnostics if one of them is an error.
    pub fn validate(&self) -> Result<Validated<'_>, Diagnostics> {
        let graph = self.graph();
        let judge = |changed: &Graph| match self.validate_graph(changed) {
            Ok(validated) => validated.warnings().clone(),
            Err(found) => found,
        };
        match self.validate_graph(graph) {
            Ok(validated) => {
                Ok(validated.map_warnings(|warnings| graph.at_changes(warnings, judge)))
            }
            Err(found) => Err(graph.at_changes(found, judge)),
        }
    }

    fn validate_graph<'g>(&self, graph: &'g Graph) -> Result<Validated<'g>, Diagnostics> {
        let mut found = Diagnostics::default();
        // What refers to nothing cannot be printed.
        let printed = match validate::is_whole(graph) {
            true => graph.as_printed(),
            false => Vec::new(),
        };
        if !printed.is_empty() {
            refusals(graph, &printed, &mut found);
        }
        let of_rules = self.of_rules(graph, printed);
        found.extend(of_rules.into_iter().map(Diagnostic::suppressible));
        validate::run(graph, found)
    }

    /// Returns what the rules report of the graph as its languages print it.
    fn of_rules(&self, graph: &Graph, printed: Vec<(Dialect, Graph)>) -> Vec<Diagnostic> {
        let run = |seen: &Graph| {
            let mut out = Diagnostics::default();
            for rule in in_order(&self.rules) {
                rule(seen, &mut out);
            }
            out.into_iter().collect::<Vec<_>>()
        };
        if self.rules.is_empty() || printed.is_empty() || !graph.has_escape_hatches() {
            return run(graph);
        }
        let printed = printed.into_iter();
        let printed = printed.map(|(dialect, it)| (dialect, run(&it.for_rules(graph, dialect))));
        merged(printed.collect())
    }

    /// Adds a custom validation rule for the entire graph. An error prevents the output.
    ///
    /// The rule sees what is printed, as the reachability check does: with overrides, and with a raw resource
    /// of a modeled type as that type. Where the languages can differ, it runs for each.
    ///
    /// ```
    /// use ssm_synth::resource::Instance;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// app.stack("Access").add_inline(SessionAccess::new());
    /// app.add_rule(|graph, out| {
    ///     for (_, node, instance) in graph.all::<Instance>() {
    ///         if instance.instance_type.lit().is_none_or(|it| !it.starts_with("t4g.")) {
    ///             let found = node.error("team-instance-type", "instance type is not `t4g`");
    ///             out.push(found.help("use a type such as `t4g.small`"));
    ///         }
    ///     }
    /// });
    /// assert!(app.validate().is_err());
    /// ```
    pub fn add_rule(
        &mut self,
        rule: impl Fn(&Graph, &mut Diagnostics) + Send + Sync + 'static,
    ) -> Priority<'_> {
        register(&mut self.rules, Arc::new(rule))
    }

    /// Adds a function that changes the graph before validation, with everything that is added
    /// until then. See [`update_all`](App::update_all) for changes to one type.
    pub fn add_aspect(
        &mut self,
        aspect: impl Fn(&mut Graph) + Send + Sync + 'static,
    ) -> Priority<'_> {
        self.changed = OnceLock::new();
        register(&mut self.aspects, Arc::new(aspect))
    }

    /// Adds tags to all resources of every stack. Existing keys keep their value.
    #[track_caller]
    pub fn tags(&mut self, tags: impl Into<Tags>) -> Priority<'_> {
        let tags = tags.into();
        if tags.get("Name").is_some() {
            let message = "tag `Name` of the app has no effect: each resource has its own";
            let here = SourceLocation::Caller(Location::caller());
            let found = Diagnostic::warning("tags", message).at(here);
            let help = "remove it, or set it for one resource or scope";
            self.graph_mut().diagnostics.push(found.help(help));
        }
        self.add_aspect(move |graph| {
            for node in &mut graph.nodes {
                let Some(own) = node.resource.tags_mut() else {
                    continue;
                };
                for (key, value) in tags.iter() {
                    if own.get(key).is_none() {
                        own.set(key.clone(), value.clone());
                    }
                }
            }
        })
    }

    /// Changes every resource of a type, in every stack. The callback receives the path of each. Validation
    /// reports what it breaks at this line.
    ///
    /// A raw resource of the type is changed in each of its languages, with the properties that the type models.
    ///
    /// The order of the calls does not matter: the change applies to resources that are added later,
    /// too.
    ///
    /// ```
    /// use ssm_synth::resource::Instance;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// app.update_all::<Instance>(|_path, instance| {
    ///     *instance = instance.clone().monitoring(true);
    /// });
    /// app.stack("Access").add_inline(SessionAccess::new());
    /// assert!(app.graph().all::<Instance>().all(|(_, _, it)| it.monitoring.is_some()));
    /// ```
    #[track_caller]
    pub fn update_all<R: Typed>(
        &mut self,
        change: impl Fn(&str, &mut R) + Send + Sync + 'static,
    ) -> Priority<'_> {
        let location = SourceLocation::Caller(Location::caller());
        self.add_aspect(move |graph| graph.update_all_at(location.clone(), &change))
    }

    /// Returns the graph with the changes of all aspects.
    pub fn graph(&self) -> &Graph {
        if self.aspects.is_empty() {
            return &self.graph;
        }
        self.changed.get_or_init(|| {
            let mut graph = self.graph.clone();
            for aspect in in_order(&self.aspects) {
                aspect(&mut graph);
            }
            graph
        })
    }

    /// Returns the graph for changes, before those of the aspects.
    pub fn graph_mut(&mut self) -> &mut Graph {
        self.changed = OnceLock::new();
        &mut self.graph
    }
}

/// Merges what is reported for each language. Duplicates are left out: a part of a resource has its path.
fn merged(found_in: Vec<(Dialect, Vec<Diagnostic>)>) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = Vec::new();
    for (dialect, all) in &found_in {
        for found in all {
            let is_in = |(_, all): &(Dialect, Vec<Diagnostic>)| all.contains(found);
            let own = (!found_in.iter().all(is_in)).then_some(*dialect);
            let mut found = found.clone();
            found.only = found.only.or(own);
            if !out.contains(&found) {
                out.push(found);
            }
        }
    }
    out
}

/// Reports what AWS refuses of the output.
fn refusals(graph: &Graph, printed: &[(Dialect, Graph)], out: &mut Diagnostics) {
    for (_, template) in printed.iter().filter(|it| it.0 == Dialect::Cfn) {
        validate::template_errors(graph, template, out);
    }
    let refused_in: Vec<(Dialect, Vec<CertainRefusal>)> = printed
        .iter()
        .map(|(dialect, printed)| (*dialect, certain_refusals(printed)))
        .collect();
    for (n, (dialect, own)) in refused_in.iter().enumerate() {
        for refusal in own {
            let is_in = |(_, all): &(Dialect, Vec<CertainRefusal>)| {
                let mut all = all.iter();
                all.any(|it| it.path == refusal.path && it.reason == refusal.reason)
            };
            if refused_in[..n].iter().any(is_in) {
                continue;
            }
            let only = (!refused_in.iter().all(is_in)).then_some(*dialect);
            out.push(refused(graph, refusal, *dialect, only));
        }
    }
}

fn refused(
    graph: &Graph,
    refusal: &CertainRefusal,
    dialect: Dialect,
    only: Option<Dialect>,
) -> Diagnostic {
    let judge = |changed: &Graph| -> Vec<String> {
        let printed = changed.printed(dialect);
        let all = printed.as_ref().map(certain_refusals).unwrap_or_default();
        all.into_iter().map(|it| it.reason).collect()
    };
    let id = refusal.node;
    let lines = id.map(|id| graph.lines_of(id, &[&refusal.reason], judge));
    let line = lines.and_then(|it| it.into_iter().next());
    let node = id.and_then(|id| graph.node(id));
    let own = |text: &str| node.map_or(text.to_owned(), |it| it.in_setters(text));
    let found = Diagnostic::error(TEMPLATE_ERROR, own(&refusal.reason)).path(&*refusal.path);
    let mut found = found
        .at(line.unwrap_or_else(|| refusal.location.clone()))
        .suppressible();
    found.only = only;
    found.help = refusal.help.as_deref().map(own);
    found
}
