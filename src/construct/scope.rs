//! The app, its stacks, and adding to them.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::ir::{
    Condition, ConditionId, Diagnostic, Diagnostics, Exception, Expr, Graph, IntoValue,
    ListParameter, ListValue, Node, NodeId, Output, Override, ParamId, Parameter,
    ParameterDeclaration, Place, Pseudo, Ref, Removal, Stack, StackId, Test, Text, Value, is_id,
    kebab, logical_id, quoted, terraform_name,
};
use crate::region::Region;
use crate::resource::{Dialect, Tags, Typed};
use crate::validate::{self, Checked};

/// An app: stacks, and all that is in them.
///
/// ```
/// use ssm_synth::{App, SessionAccess, backend};
///
/// let mut app = App::new();
/// app.stack("Access").apply(SessionAccess::new());
/// let checked = app.check().expect("the built-in pattern is sound");
/// let template = backend::cfn::template(&checked, "Access").expect("the stack was just added");
/// assert!(template.to_json().contains("AWS::EC2::VPCEndpoint"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct App {
    graph: Graph,
    rules: Vec<Rule>,
}

type Check = dyn Fn(&Graph, &mut Diagnostics) + Send + Sync;

/// A check that a team adds.
#[derive(Clone)]
struct Rule(Arc<Check>);

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule")
    }
}

impl App {
    /// Without stacks.
    pub fn new() -> App {
        App::default()
    }

    /// Adds a stack, or returns to it.
    #[track_caller]
    pub fn stack(&mut self, name: &str) -> Scope<'_> {
        let place = Place::Caller(Location::caller());
        let graph = &mut self.graph;
        let stack = match graph.stack_names.get(name) {
            Some(id) => *id,
            None => {
                let id = StackId::next(graph.stacks.len());
                if !is_id(name) {
                    graph.problems.push(bad_id(name, name, &place));
                }
                graph.stacks.push(Stack {
                    name: name.to_owned(),
                    description: None,
                    region: None,
                    nodes: Vec::new(),
                    parameters: Vec::new(),
                    conditions: Vec::new(),
                    outputs: Vec::new(),
                    exceptions: &[],
                    place: place.clone(),
                });
                graph.stack_names.insert(name.to_owned(), id);
                id
            }
        };
        Scope {
            graph,
            stack,
            path: String::new(),
            was: Vec::new(),
            tags: Tags::default(),
            place,
        }
    }

    /// Checks everything, and reports all problems at once.
    ///
    /// # Errors
    ///
    /// All diagnostics, if one of them is an error.
    pub fn check(&self) -> Result<Checked<'_>, Diagnostics> {
        let mut own = Diagnostics::default();
        for rule in &self.rules {
            (rule.0)(&self.graph, &mut own);
        }
        validate::run(&self.graph, own)
    }

    /// Adds a rule of your own, which sees the whole graph when everything is checked; what it
    /// reports is told with all else, and an error of it refuses the output.
    ///
    /// ```
    /// use ssm_synth::ir::Diagnostic;
    /// use ssm_synth::resource::Instance;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// app.stack("Access").apply(SessionAccess::new());
    /// app.rule(|graph, out| {
    ///     for (node, instance) in graph.all::<Instance>() {
    ///         if instance.instance_type.lit().is_none_or(|it| !it.starts_with("t4g.")) {
    ///             out.push(
    ///                 Diagnostic::error("team-instance-type", "only Graviton's small types")
    ///                     .path(node.path.clone())
    ///                     .at(node.place.clone())
    ///                     .help("take a type that begins with `t4g.`"),
    ///             );
    ///         }
    ///     }
    /// });
    /// assert!(app.check().is_err());
    /// ```
    pub fn rule(&mut self, rule: impl Fn(&Graph, &mut Diagnostics) + Send + Sync + 'static) {
        self.rules.push(Rule(Arc::new(rule)));
    }

    /// Tags all that was added so far, in every stack; a resource that has the key keeps its value.
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

    /// Changes each resource of a type that was added so far, in every stack, which constructs of
    /// others added too; the path tells them apart.
    ///
    /// ```
    /// use ssm_synth::resource::Instance;
    /// use ssm_synth::{App, SessionAccess};
    ///
    /// let mut app = App::new();
    /// app.stack("Access").apply(SessionAccess::new());
    /// app.each::<Instance>(|_path, instance| {
    ///     *instance = instance.clone().monitoring(true);
    /// });
    /// assert!(app.graph().all::<Instance>().all(|(_, it)| it.monitoring.is_some()));
    /// ```
    pub fn each<R: Typed>(&mut self, change: impl FnMut(&str, &mut R)) {
        self.graph.each(change);
    }

    /// Returns the graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns the graph, to change resources in it.
    pub fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }
}

fn bad_id(id: &str, path: &str, place: &Place) -> Diagnostic {
    Diagnostic::error("id", format!("{} is not an id", quoted(id)))
        .path(path.to_owned())
        .at(place.clone())
        .about(&["name"])
        .help("begin with a letter, and go on with letters, digits, `-`, `_` and `.`")
}

/// Something that can be added to a stack.
pub trait Construct {
    /// What adding gives back.
    type Handle;

    /// Adds its parts to the scope that was made for it.
    fn build(self, scope: &mut Scope<'_>) -> Self::Handle;
}

impl<R: Typed> Construct for R {
    type Handle = Ref<R>;

    fn build(self, scope: &mut Scope<'_>) -> Ref<R> {
        scope.push(self)
    }
}

/// A place in a stack, below which parts are added.
#[derive(Debug)]
pub struct Scope<'a> {
    graph: &'a mut Graph,
    stack: StackId,
    /// Below the stack; empty for the stack itself.
    path: String,
    /// The paths that this place had before.
    was: Vec<String>,
    tags: Tags,
    place: Place,
}

fn join(path: &str, id: &str) -> String {
    if path.is_empty() {
        id.to_owned()
    } else {
        format!("{path}/{id}")
    }
}

impl Scope<'_> {
    /// Adds a part under an id, and returns its handles.
    ///
    /// It cannot fail: problems are recorded with the caller's line, and reported together by
    /// [`App::check`].
    #[track_caller]
    pub fn add<C: Construct>(&mut self, id: &str, construct: C) -> C::Handle {
        let place = match &self.place {
            Place::File(span) => Place::File(span.clone()),
            _ => Place::Caller(Location::caller()),
        };
        construct.build(&mut self.child(id, place))
    }

    /// Adds a part's parts right here, without a level of their own.
    #[track_caller]
    pub fn apply<C: Construct>(&mut self, construct: C) -> C::Handle {
        construct.build(self)
    }

    /// Adds a part that had another id here before.
    #[track_caller]
    pub(crate) fn add_renamed<C: Construct>(
        &mut self,
        id: &str,
        was: Option<&str>,
        place: Place,
        construct: C,
    ) -> C::Handle {
        let old = was.map(|was| join(&self.path, was));
        let here = self.place.clone();
        let mut child = self.child(id, if place == Place::Default { here } else { place });
        child.was.extend(old);
        construct.build(&mut child)
    }

    fn child(&mut self, id: &str, place: Place) -> Scope<'_> {
        let path = join(&self.path, id);
        if !is_id(id) {
            let full = self.full(&path);
            self.graph.problems.push(bad_id(id, &full, &place));
        }
        Scope {
            was: self.was.iter().map(|was| join(was, id)).collect(),
            path,
            stack: self.stack,
            tags: self.tags.clone(),
            place,
            graph: self.graph,
        }
    }

    /// Sets the place that diagnostics about what is added next point to.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        if place == Place::Default {
            return self;
        }
        if self.path.is_empty() {
            self.graph.stacks[self.stack.index()].place = place.clone();
        }
        Scope { place, ..self }
    }

    /// Says that this place had another path below the stack before: CloudFormation keeps the
    /// old ids, Terraform moves.
    ///
    /// ```
    /// use ssm_synth::construct::Construct;
    /// use ssm_synth::resource::LogGroup;
    /// use ssm_synth::{App, Ref, Scope};
    ///
    /// /// Its group was `Log` once.
    /// struct Logs;
    ///
    /// impl Construct for Logs {
    ///     type Handle = Ref<LogGroup>;
    ///
    ///     fn build(self, scope: &mut Scope<'_>) -> Ref<LogGroup> {
    ///         scope.was("Log");
    ///         scope.add("Group", LogGroup::new())
    ///     }
    /// }
    ///
    /// let mut app = App::new();
    /// let group = app.stack("Access").add("Logs", Logs);
    /// let node = app.graph().node(group.node()).expect("it was just added");
    /// assert_eq!((node.path.as_str(), node.cfn_id()), ("Access/Logs/Group", "LogGroup"));
    /// assert_eq!((node.tf_name(), &node.moved_from[..]), ("logs_group", &["log_group".to_owned()][..]));
    /// ```
    pub fn was(&mut self, old_path: &str) {
        self.was.push(old_path.to_owned());
    }

    /// Tags all that is added below from now on.
    pub fn tags(&mut self, tags: impl Into<Tags>) {
        self.tags.merge(&tags.into());
    }

    fn full(&self, path: &str) -> String {
        let stack = &self.graph.stacks[self.stack.index()].name;
        if path.is_empty() {
            stack.clone()
        } else {
            join(stack, path)
        }
    }

    fn push<R: Typed>(&mut self, resource: R) -> Ref<R> {
        let mut resource = resource.into();
        let stack = &self.graph.stacks[self.stack.index()];
        if let Some(own) = resource.tags_mut() {
            let mut tags = Tags::default();
            tags.set(
                "Name",
                format!("{}-{}", kebab(&stack.name), kebab(&self.path)),
            );
            tags.merge(&self.tags);
            tags.merge(own);
            *own = tags;
        }
        let id = NodeId::next(self.graph.nodes.len());
        self.graph.nodes.push(Node {
            stack: self.stack,
            path: join(&stack.name, &self.path),
            cfn_id: logical_id(self.was.first().unwrap_or(&self.path)),
            tf_name: terraform_name(&self.path),
            moved_from: self.was.iter().map(|was| terraform_name(was)).collect(),
            resource,
            after: Vec::new(),
            condition: None,
            removal: None,
            overrides: Vec::new(),
            place: self.place.clone(),
            origin: None,
        });
        self.graph.stacks[self.stack.index()].nodes.push(id);
        Ref::new(id)
    }

    /// Says that a resource is created after others, beyond those that it refers to.
    pub fn after<R>(&mut self, resource: Ref<R>, others: impl IntoIterator<Item = NodeId>) {
        if let Some(node) = self.graph.nodes.get_mut(resource.node().index()) {
            for other in others {
                if !node.after.contains(&other) {
                    node.after.push(other);
                }
            }
        }
    }

    /// Says what becomes of a resource at its end. Default: it is deleted.
    pub fn at_its_end<R>(&mut self, resource: Ref<R>, removal: Removal) {
        if let Some(node) = self.graph.nodes.get_mut(resource.node().index()) {
            node.removal = Some(removal);
        }
    }

    /// Says when a resource exists.
    ///
    /// ```
    /// use ssm_synth::ir::{Expr, Pseudo, Test, Text};
    /// use ssm_synth::{App, backend, resource::LogGroup};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let china = Test::OneOf(Expr::Pseudo(Pseudo::Partition), vec![Text::Borrowed("aws-cn")]);
    /// let elsewhere = stack.condition("Elsewhere", Test::Not(Box::new(china)));
    /// let logs = stack.add("Logs", LogGroup::new());
    /// stack.only_if(logs, elsewhere);
    /// let checked = app.check().expect("the condition is of the same stack");
    /// let template = backend::cfn::template(&checked, "Access").expect("the stack was just added");
    /// assert!(template.to_yaml().contains("Condition: Elsewhere"));
    /// ```
    pub fn only_if<R>(&mut self, resource: Ref<R>, condition: ConditionId) {
        if let Some(node) = self.graph.nodes.get_mut(resource.node().index()) {
            node.condition = Some(condition);
        }
    }

    /// Declares a condition, or returns to the one of that id.
    ///
    /// ```
    /// use ssm_synth::App;
    /// use ssm_synth::ir::{Test, Text};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let test = Test::OneOf(stack.region(), vec![Text::Borrowed("eu-central-1")]);
    /// let one = stack.condition("Here", test.clone());
    /// assert_eq!(stack.condition("Here", test), one);
    /// ```
    pub fn condition(&mut self, id: &str, test: Test) -> ConditionId {
        let known = self.graph.stacks[self.stack.index()]
            .conditions
            .iter()
            .copied();
        let same = |of: &ConditionId| self.graph.conditions[of.index()].id == id;
        if let Some(known) = known.into_iter().find(same) {
            return known;
        }
        let condition = ConditionId::next(self.graph.conditions.len());
        self.graph.conditions.push(Condition {
            id: id.to_owned(),
            test,
        });
        self.graph.stacks[self.stack.index()]
            .conditions
            .push(condition);
        condition
    }

    #[track_caller]
    fn declare(&mut self, mut declaration: ParameterDeclaration) -> ParamId {
        if declaration.place == Place::Default {
            declaration.place = match &self.place {
                Place::File(span) => Place::File(span.clone()),
                _ => Place::Caller(Location::caller()),
            };
        }
        let id = ParamId::next(self.graph.parameters.len());
        self.graph.parameters.push(declaration);
        self.graph.stacks[self.stack.index()].parameters.push(id);
        id
    }

    /// Declares a parameter of the stack.
    ///
    /// ```
    /// use ssm_synth::{App, Parameter, SessionAccess, construct::Host};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let of = stack.parameter(
    ///     Parameter::string("InstanceType").default_value("t4g.small").description("Graviton"),
    /// );
    /// stack.apply(SessionAccess::new().host(Host::new("web").instance_type(of)));
    /// assert!(app.check().is_ok());
    /// ```
    #[track_caller]
    pub fn parameter<T>(&mut self, parameter: Parameter<T>) -> Value<T> {
        let id = self.declare(parameter.declaration);
        Expr::Param(id).into_value()
    }

    /// Declares a parameter of the stack that holds a list.
    #[track_caller]
    pub fn list_parameter<T>(&mut self, parameter: ListParameter<T>) -> ListValue<T> {
        let param = self.declare(parameter.declaration);
        ListValue {
            param,
            of: PhantomData,
        }
    }

    pub(crate) fn declaration(&self, id: ParamId) -> Option<&ParameterDeclaration> {
        self.graph.parameter(id)
    }

    #[cfg(feature = "config")]
    pub(crate) fn declare_parameter(&mut self, declaration: ParameterDeclaration) -> ParamId {
        self.declare(declaration)
    }

    /// Tells a value after deployment.
    #[track_caller]
    pub fn output(&mut self, id: &str, value: impl Into<Expr>, description: impl Into<Text>) {
        let path = join(&self.path, id);
        let value = value.into();
        let mut condition = None;
        value.walk(&mut |expr| {
            if let Expr::Attr(node, _) = expr {
                let of = self.graph.node(*node).and_then(|node| node.condition);
                condition = condition.or(of);
            }
        });
        let output = Output {
            cfn_id: logical_id(&path),
            tf_name: terraform_name(&path),
            path: self.full(&path),
            value,
            description: description.into(),
            condition,
            place: match &self.place {
                Place::File(span) => Place::File(span.clone()),
                _ => Place::Caller(Location::caller()),
            },
        };
        self.graph.stacks[self.stack.index()].outputs.push(output);
    }

    /// Changes the output of a resource where the model does not reach.
    pub fn overrides<R>(&mut self, resource: Ref<R>) -> Overrides<'_> {
        Overrides {
            graph: self.graph,
            node: resource.node(),
        }
    }

    /// Describes the stack. Default: no description.
    pub fn description(&mut self, text: impl Into<Text>) {
        self.graph.stacks[self.stack.index()].description = Some(text.into());
    }

    /// Accepts findings of checkers, and says so beside what they find. Default: none are.
    pub fn accept(&mut self, exceptions: &'static [Exception]) {
        self.graph.stacks[self.stack.index()].exceptions = exceptions;
    }

    /// Says where the stack is deployed. Default: the deployment decides.
    pub fn in_region(&mut self, region: &'static Region) {
        self.graph.stacks[self.stack.index()].region = Some(region);
    }

    /// Returns the stack's name.
    pub fn stack_name(&self) -> &str {
        &self.graph.stacks[self.stack.index()].name
    }

    /// Returns the region, if it is decided.
    pub fn known_region(&self) -> Option<&'static Region> {
        self.graph.stacks[self.stack.index()].region
    }

    /// Returns the region's name, as text if it is decided.
    pub fn region(&self) -> Expr {
        self.known_region()
            .map_or(Expr::Pseudo(Pseudo::Region), |region| {
                Expr::text(region.name)
            })
    }

    /// Returns the partition, as text if the region is decided.
    pub fn partition(&self) -> Expr {
        let partition = |region: &Region| Expr::text(region.partition);
        self.known_region()
            .map_or(Expr::Pseudo(Pseudo::Partition), partition)
    }

    /// Reports a problem with what is being added.
    pub fn problem(&mut self, diagnostic: Diagnostic) {
        let path = self.full(&self.path);
        let diagnostic = if diagnostic.paths.is_empty() {
            diagnostic.path(path)
        } else {
            diagnostic
        };
        let place = self.place.clone();
        let diagnostic = if diagnostic.places.is_empty() {
            diagnostic.at(place)
        } else {
            diagnostic
        };
        self.graph.problems.push(diagnostic);
    }
}

/// Changes to the output of one resource; applied last, in the order given.
#[derive(Debug)]
pub struct Overrides<'a> {
    graph: &'a mut Graph,
    node: NodeId,
}

impl Overrides<'_> {
    fn push(self, dialect: Dialect, pointer: &str, value: Option<serde_json::Value>) -> Self {
        if let Some(node) = self.graph.nodes.get_mut(self.node.index()) {
            node.overrides.push(Override {
                dialect,
                pointer: pointer.to_owned(),
                value,
            });
        }
        self
    }

    /// Sets what a JSON pointer below `Properties` names, in CloudFormation's own JSON.
    #[allow(clippy::return_self_not_must_use)]
    pub fn cfn(self, pointer: &str, value: impl Into<serde_json::Value>) -> Self {
        self.push(Dialect::Cfn, pointer, Some(value.into()))
    }

    /// Sets what a JSON pointer below the resource names, in Terraform's own JSON: text is a
    /// template there.
    #[allow(clippy::return_self_not_must_use)]
    pub fn tf(self, pointer: &str, value: impl Into<serde_json::Value>) -> Self {
        self.push(Dialect::Tf, pointer, Some(value.into()))
    }

    /// Removes what a JSON pointer names.
    #[allow(clippy::return_self_not_must_use)]
    pub fn remove(self, dialect: Dialect, pointer: &str) -> Self {
        self.push(dialect, pointer, None)
    }
}
