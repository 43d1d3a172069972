//! The app: stacks, validation rules, and changes to all stacks.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::scope::{Scope, invalid_id};
use crate::ir::{Diagnostics, SourceLocation, Stack, StackId, is_id};
use crate::resource::{Graph, Tags, Typed};
use crate::validate::{self, Validated};

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
#[derive(Clone, Debug, Default)]
pub struct App {
    graph: Graph,
    rules: Vec<Rule>,
}

type RuleFn = dyn Fn(&Graph, &mut Diagnostics) + Send + Sync;

/// A custom validation rule.
#[derive(Clone)]
struct Rule(Arc<RuleFn>);

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule")
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
        let graph = &mut self.graph;
        let stack = match graph.stack_names.get(name) {
            Some(id) => *id,
            None => {
                let id = StackId::next(graph.stacks.len());
                if !is_id(name) {
                    graph.diagnostics.push(invalid_id(name, name, &location));
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
                    location: location.clone(),
                });
                graph.stack_names.insert(name.to_owned(), id);
                id
            }
        };
        Scope::of(graph, stack, location)
    }

    /// Validates all stacks, and returns all errors together.
    ///
    /// # Errors
    ///
    /// Returns all diagnostics if one of them is an error.
    pub fn validate(&self) -> Result<Validated<'_>, Diagnostics> {
        let mut own = Diagnostics::default();
        for rule in &self.rules {
            (rule.0)(&self.graph, &mut own);
        }
        validate::run(&self.graph, own)
    }

    /// Adds a custom validation rule for the entire graph. An error prevents the output.
    ///
    /// ```
    /// use ssm_synth::ir::Diagnostic;
    /// use ssm_synth::resource::Instance;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// app.stack("Access").add_inline(SessionAccess::new());
    /// app.add_rule(|graph, out| {
    ///     for (node, instance) in graph.all::<Instance>() {
    ///         if instance.instance_type.lit().is_none_or(|it| !it.starts_with("t4g.")) {
    ///             out.push(
    ///                 Diagnostic::error("team-instance-type", "instance type is not `t4g`")
    ///                     .path(node.path.clone())
    ///                     .at(node.location.clone())
    ///                     .help("use a type such as `t4g.small`"),
    ///             );
    ///         }
    ///     }
    /// });
    /// assert!(app.validate().is_err());
    /// ```
    pub fn add_rule(&mut self, rule: impl Fn(&Graph, &mut Diagnostics) + Send + Sync + 'static) {
        self.rules.push(Rule(Arc::new(rule)));
    }

    /// Adds tags to all resources added so far, in every stack. Existing keys keep their value.
    pub fn tags(&mut self, tags: impl Into<Tags>) {
        let tags = tags.into();
        for node in &mut self.graph.nodes {
            let Some(own) = node.resource.tags_mut() else {
                continue;
            };
            for (key, value) in tags.iter() {
                if own.get(key).is_none() {
                    own.set(key.clone(), value.clone());
                }
            }
        }
    }

    /// Changes every resource of a type added so far, in every stack. The callback receives the
    /// path of each.
    ///
    /// ```
    /// use ssm_synth::resource::Instance;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// app.stack("Access").add_inline(SessionAccess::new());
    /// app.update_all::<Instance>(|_path, instance| {
    ///     *instance = instance.clone().monitoring(true);
    /// });
    /// assert!(app.graph().all::<Instance>().all(|(_, it)| it.monitoring.is_some()));
    /// ```
    pub fn update_all<R: Typed>(&mut self, change: impl FnMut(&str, &mut R)) {
        self.graph.update_all(change);
    }

    /// Returns the graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns the graph, for changes.
    pub fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }
}
