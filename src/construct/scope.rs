//! A scope: a stack or a construct, to which parts are added.

use std::marker::PhantomData;
use std::panic::Location;

use crate::ir::{
    Diagnostic, Expr, Handle, IntoValue, ListParameter, ListValue, NodeId, Output, ParamId,
    Parameter, ParameterDeclaration, Pseudo, RuleSuppression, SourceLocation, StackId, Suppression,
    Text, Value, is_id, logical_id, quoted, terraform_name,
};
use crate::region::Region;
use crate::resource::{ExistingSubnet, FindError, Graph, Node, RemovalPolicy, Resource, Typed};
use crate::validate::dependency_error;

pub(super) fn invalid_id(id: &str, path: &str, location: &SourceLocation) -> Diagnostic {
    Diagnostic::error("construct-id", format!("{} is not a valid ID", quoted(id)))
        .path(path.to_owned())
        .at(location.clone())
        .about(&["name"])
        .help("start with a letter, then use letters, digits, `-`, `_` and `.`")
}

/// Returns the line of the caller, or `outer` if a construct of this crate calls. A problem inside
/// such a construct then points at the line of the user.
#[track_caller]
pub(super) fn caller_or(outer: &SourceLocation) -> SourceLocation {
    let caller = Location::caller();
    // The path of this crate is absolute in another crate, so a user's file does not start with it.
    let is_built_in = file!()
        .strip_suffix("scope.rs")
        .is_some_and(|here| caller.file().starts_with(here));
    match outer {
        SourceLocation::File(_) => outer.clone(),
        _ if is_built_in => outer.clone(),
        _ => SourceLocation::Caller(caller),
    }
}

/// A part that can be added to a stack.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be added to a stack",
    label = "not a resource, and not a construct",
    note = "add a resource such as `Vpc::new(…)`, or implement `Construct` for your type"
)]
pub trait Construct {
    /// The return type of [`Scope::add`].
    type Handle;

    /// Adds its resources to the scope.
    fn build(self, scope: &mut Scope<'_>) -> Self::Handle;
}

#[diagnostic::do_not_recommend]
impl<R: Typed> Construct for R {
    type Handle = Handle<R>;

    fn build(self, scope: &mut Scope<'_>) -> Handle<R> {
        scope.push(self)
    }
}

/// A stack, or a construct in it, to which parts are added.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(super) graph: &'a mut Graph,
    pub(super) stack: StackId,
    /// The path below the stack. Empty for the stack itself.
    pub(super) path: String,
    /// The former paths.
    renamed_from: Vec<String>,
    /// The index of its tags in the graph.
    pub(super) tag_scope: usize,
    pub(super) location: SourceLocation,
}

fn join(path: &str, id: &str) -> String {
    if path.is_empty() {
        id.to_owned()
    } else {
        format!("{path}/{id}")
    }
}

impl<'a> Scope<'a> {
    /// Returns the scope of a stack.
    pub(super) fn of(graph: &'a mut Graph, stack: StackId, location: SourceLocation) -> Self {
        let mut scopes = graph.tag_scopes.iter();
        let known = scopes.position(|it| it.stack == stack && it.parent.is_none());
        let tag_scope = known.unwrap_or_else(|| graph.add_tag_scope(stack, None));
        Scope {
            graph,
            stack,
            path: String::new(),
            renamed_from: Vec::new(),
            tag_scope,
            location,
        }
    }
}

impl Scope<'_> {
    /// Adds a construct with an ID, and returns its handles.
    ///
    /// It cannot fail: [`App::validate`](crate::App::validate) reports problems with the line of the
    /// caller.
    #[track_caller]
    pub fn add<C: Construct>(&mut self, id: &str, construct: C) -> C::Handle {
        let location = caller_or(&self.location);
        construct.build(&mut self.child(id, location))
    }

    /// Adds the parts of a construct directly to this scope, without an ID in between. The tags and the
    /// former path that the construct sets are those of its own parts.
    #[track_caller]
    pub fn add_inline<C: Construct>(&mut self, construct: C) -> C::Handle {
        let inside = caller_or(&self.location);
        let own_tags = self.graph.add_tag_scope(self.stack, Some(self.tag_scope));
        let outer = std::mem::replace(&mut self.location, inside);
        let outer_tags = std::mem::replace(&mut self.tag_scope, own_tags);
        let outer_paths = self.renamed_from.clone();
        let handle = construct.build(self);
        self.renamed_from = outer_paths;
        self.location = outer;
        self.tag_scope = outer_tags;
        handle
    }

    /// Adds a construct that had another ID in this scope.
    #[track_caller]
    pub(crate) fn add_renamed<C: Construct>(
        &mut self,
        id: &str,
        renamed_from: Option<&str>,
        location: SourceLocation,
        construct: C,
    ) -> C::Handle {
        let old = renamed_from.map(|renamed_from| join(&self.path, renamed_from));
        let here = self.location.clone();
        let mut child = self.child(
            id,
            if location == SourceLocation::Default {
                here
            } else {
                location
            },
        );
        if let Some(old) = renamed_from {
            child.check_path(old, child.location.clone());
        }
        child.renamed_from.extend(old);
        construct.build(&mut child)
    }

    fn child(&mut self, id: &str, location: SourceLocation) -> Scope<'_> {
        let path = join(&self.path, id);
        if !is_id(id) {
            let full = self.full(&path);
            self.graph
                .diagnostics
                .push(invalid_id(id, &full, &location));
        }
        let tag_scope = self.graph.add_tag_scope(self.stack, Some(self.tag_scope));
        Scope {
            renamed_from: self
                .renamed_from
                .iter()
                .map(|renamed_from| join(renamed_from, id))
                .collect(),
            path,
            stack: self.stack,
            tag_scope,
            location,
            graph: self.graph,
        }
    }

    /// Sets the location for diagnostics about parts added next.
    #[must_use]
    pub fn with_location(self, location: SourceLocation) -> Self {
        if location == SourceLocation::Default {
            return self;
        }
        if self.path.is_empty() {
            self.graph.stacks[self.stack.index()].location = location.clone();
        }
        Scope { location, ..self }
    }

    /// Sets a former path of this scope below the stack, before its resources. CloudFormation keeps the
    /// old logical IDs, and Terraform moves the resources.
    ///
    /// ```
    /// use ssm_synth::construct::Construct;
    /// use ssm_synth::resource::LogGroup;
    /// use ssm_synth::{App, Handle, Scope};
    ///
    /// /// Its log group was `Log` before.
    /// struct Logs;
    ///
    /// impl Construct for Logs {
    ///     type Handle = Handle<LogGroup>;
    ///
    ///     fn build(self, scope: &mut Scope<'_>) -> Handle<LogGroup> {
    ///         scope.renamed_from("Log");
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
    #[track_caller]
    pub fn renamed_from(&mut self, old_path: &str) {
        let location = caller_or(&self.location);
        if self.has_resources() {
            let message = format!("former path `{old_path}` is set after resources");
            let found = Diagnostic::error("construct-id", message).at(location.clone());
            self.add_diagnostic(found.help("call `renamed_from` before the first `add`"));
        }
        self.check_path(old_path, location);
        self.renamed_from.push(old_path.to_owned());
    }

    /// Reports a former path whose names no language accepts.
    fn check_path(&mut self, old_path: &str, location: SourceLocation) {
        if let Some(id) = old_path.split('/').find(|it| !is_id(it)) {
            let found = invalid_id(id, &self.full(&self.path), &location);
            self.graph.diagnostics.push(found);
        }
    }

    fn full(&self, path: &str) -> String {
        let stack = &self.graph.stacks[self.stack.index()].name;
        if path.is_empty() {
            stack.clone()
        } else {
            join(stack, path)
        }
    }

    fn push<R: Typed>(&mut self, resource: R) -> Handle<R> {
        Handle::new(self.push_node(resource.into()))
    }

    /// One copy serves all types: each would compile its own.
    fn push_node(&mut self, mut resource: Resource) -> NodeId {
        let inherits = self.inherit_tags(&mut resource);
        let stack = &self.graph.stacks[self.stack.index()];
        let id = NodeId::next(self.graph.nodes.len()).of(self.graph.app);
        self.graph.nodes.push(Node {
            stack: self.stack,
            path: join(&stack.name, &self.path),
            cfn_id: logical_id(self.renamed_from.first().unwrap_or(&self.path)),
            tf_name: terraform_name(&self.path),
            name_location: None,
            moved_from: self
                .renamed_from
                .iter()
                .map(|renamed_from| terraform_name(renamed_from))
                .collect(),
            resource,
            depends_on: Vec::new(),
            condition: None,
            removal_policy: None,
            removal_location: SourceLocation::Default,
            overrides: Vec::new(),
            location: self.location.clone(),
            origin: None,
            inherits: Some(inherits),
        });
        self.graph.stacks[self.stack.index()].nodes.push(id);
        super::implied::add_dependencies(self.graph, id);
        id
    }

    /// Returns a resource of this app for changes, or reports that the handle is of another app.
    #[track_caller]
    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        if self.graph.node(id).is_none() {
            let location = caller_or(&self.location);
            self.add_diagnostic(
                Diagnostic::error("reference", "handle belongs to another app")
                    .at(location)
                    .help("use a handle that `Scope::add` of this app returned"),
            );
        }
        self.graph.metadata_mut(id)
    }

    /// Finds the resource of a type at a path below this scope, such as `web/Instance`.
    ///
    /// # Errors
    ///
    /// If no resource has this path, or the one that has is of another type.
    pub fn find<R: Typed>(&self, path: &str) -> Result<Handle<R>, FindError> {
        self.graph.find(&self.full(&join(&self.path, path)))
    }

    /// Sets explicit dependencies of a resource, in addition to references.
    #[track_caller]
    pub fn depends_on<R>(&mut self, resource: Handle<R>, others: impl IntoIterator<Item = NodeId>) {
        if self.node_mut(resource.node()).is_none() {
            return;
        }
        for other in others {
            if let Some(error) = dependency_error(self.graph, other) {
                self.reject(resource.node(), error);
                return;
            }
            if let Some(node) = self.graph.metadata_mut(resource.node())
                && !node.depends_on.contains(&other)
            {
                node.depends_on.push(other);
            }
        }
    }

    /// Reports a setting of a resource at the line of the caller.
    #[track_caller]
    pub(super) fn reject(&mut self, id: NodeId, (message, help): (&str, &str)) {
        let location = caller_or(&self.location);
        let path = self.graph.node(id).map_or("", |node| node.path.as_str());
        let found = Diagnostic::error("reference", message).path(path);
        self.add_diagnostic(found.at(location).help(help));
    }

    /// Sets the effect of removing a resource. Default: delete.
    /// [`RemovalPolicy::Snapshot`] requires a type with snapshots.
    #[track_caller]
    pub fn set_removal_policy<R>(&mut self, resource: Handle<R>, policy: RemovalPolicy) {
        let location = caller_or(&self.location);
        if let Some(node) = self.node_mut(resource.node()) {
            node.removal_policy = Some(policy);
            node.removal_location = location;
        }
    }

    #[track_caller]
    fn declare(&mut self, mut declaration: ParameterDeclaration) -> ParamId {
        if declaration.location == SourceLocation::Default {
            declaration.location = caller_or(&self.location);
        }
        let id = ParamId::next(self.graph.parameters.len()).of(self.graph.app);
        self.graph.parameters.push(declaration);
        self.graph.stacks[self.stack.index()].parameters.push(id);
        id
    }

    /// Declares a parameter.
    ///
    /// ```
    /// use ssm_synth::{App, Parameter, SessionAccess, construct::PrivateInstance};
    ///
    /// let mut app = App::new();
    /// let mut stack = app.stack("Access");
    /// let of = stack.parameter(
    ///     Parameter::string("InstanceType").default_value("t4g.small").description("Graviton"),
    /// );
    /// let instance = PrivateInstance::new("web").instance_type(of);
    /// stack.add_inline(SessionAccess::new().instance(instance));
    /// assert!(app.validate().is_ok());
    /// ```
    #[track_caller]
    pub fn parameter<T>(&mut self, parameter: Parameter<T>) -> Value<T> {
        let id = self.declare(parameter.declaration);
        Expr::Param(id).into_value()
    }

    /// Declares a list parameter.
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

    /// Declares an output.
    #[track_caller]
    pub fn output(&mut self, id: &str, value: impl Into<Expr>, description: impl IntoValue<Text>) {
        let path = join(&self.path, id);
        let location = caller_or(&self.location);
        if !is_id(id) {
            let full = self.full(&path);
            let found = invalid_id(id, &full, &location);
            self.graph.diagnostics.push(found);
        }
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
            description: description.into_value(),
            condition,
            location,
        };
        self.graph.stacks[self.stack.index()].outputs.push(output);
    }

    /// Sets the description of the stack. Default: none.
    pub fn description(&mut self, text: impl IntoValue<Text>) {
        self.graph.stacks[self.stack.index()].description = Some(text.into_value());
    }

    /// Adds suppressions of policy scanner findings, which the output names with their reasons.
    /// Default: none.
    pub fn suppress(&mut self, suppressions: &[Suppression]) {
        let known = &mut self.graph.stacks[self.stack.index()].suppressions;
        for suppression in suppressions {
            if !known.contains(suppression) {
                known.push(*suppression);
            }
        }
    }

    /// Suppresses the diagnostics of a code for this scope and everything below it, for a reason. It applies to
    /// custom rules, and to schemas and tables that AWS can have changed since. Examples are `template` and
    /// `raw-resource-property`. Other errors cannot be suppressed.
    ///
    /// ```
    /// use ssm_synth::resource::LogGroup;
    /// use ssm_synth::App;
    ///
    /// let mut app = App::new();
    /// app.add_rule(|graph, out| {
    ///     for (_, node, _) in graph.all::<LogGroup>() {
    ///         out.push(node.error("team-logs", "log groups belong to the log account"));
    ///     }
    /// });
    /// let mut stack = app.stack("Access");
    /// stack.add("Logs", LogGroup::new());
    /// stack.suppress_rule("team-logs", "the stack is a sandbox");
    /// assert!(app.validate().is_ok());
    /// ```
    #[track_caller]
    pub fn suppress_rule(&mut self, code: &str, reason: &str) {
        let location = caller_or(&self.location);
        let path = self.full(&self.path);
        let suppression = RuleSuppression::new(code, path, reason, location);
        self.graph.rule_suppressions.push(suppression);
    }

    /// Suppresses the diagnostics of a code for one resource, for a reason. See
    /// [`suppress_rule`](Scope::suppress_rule).
    #[track_caller]
    pub fn suppress_rule_for<R>(&mut self, resource: Handle<R>, code: &str, reason: &str) {
        let location = caller_or(&self.location);
        if let Some(path) = self.node_mut(resource.node()).map(|node| node.path.clone()) {
            let suppression = RuleSuppression::new(code, path, reason, location);
            self.graph.rule_suppressions.push(suppression);
        }
    }

    /// Returns the name of the stack.
    pub fn stack_name(&self) -> &str {
        &self.graph.stacks[self.stack.index()].name
    }

    /// Returns the region, if the stack sets it and the data has it.
    pub fn known_region(&self) -> Option<&'static Region> {
        self.graph.stacks[self.stack.index()].known_region()
    }

    /// Returns the region that the stack sets.
    pub(super) fn target_region(&self) -> Option<&'static Region> {
        self.graph.stacks[self.stack.index()].region
    }

    /// Returns the region name: a literal if the stack sets the region.
    pub fn region(&self) -> Expr {
        self.known_region()
            .map_or(Expr::Pseudo(Pseudo::Region), |region| {
                Expr::text(region.name)
            })
    }

    /// Returns the partition: a literal if the stack sets the region.
    pub fn partition(&self) -> Expr {
        let partition = |region: &Region| Expr::text(region.partition);
        self.known_region()
            .map_or(Expr::Pseudo(Pseudo::Partition), partition)
    }

    /// Records the zone and the range of an existing subnet, for diagrams.
    pub(crate) fn describe_subnet(&mut self, subnet: ExistingSubnet) {
        self.graph.existing_subnets.push(subnet);
    }

    /// Warns that a setting, such as `audit.expiration_days`, has no effect.
    pub(crate) fn warn_unused(&mut self, setting: &str, condition: &str, fix: &str) {
        let key = setting.rsplit('.').next().unwrap_or(setting);
        let message = format!("`{setting}` has no effect {condition}");
        self.add_diagnostic(
            Diagnostic::warning("unused-setting", message)
                .about(&[key])
                .help(format!("{fix}, or remove `{setting}`")),
        );
    }

    /// Adds an error or a warning.
    pub fn add_diagnostic(&mut self, diagnostic: Diagnostic) {
        let path = self.full(&self.path);
        let diagnostic = if diagnostic.paths.is_empty() {
            diagnostic.path(path)
        } else {
            diagnostic
        };
        let location = self.location.clone();
        let diagnostic = if diagnostic.locations.is_empty() {
            diagnostic.at(location)
        } else {
            diagnostic
        };
        self.graph.diagnostics.push(diagnostic);
    }
}
