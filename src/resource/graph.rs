//! The graph: resources, and the parameters, conditions and outputs of each stack.

use std::collections::HashMap;

use super::find::FindError;
use super::overrides::Override;
use super::{InvalidValue, Map, RawValue, Resource, Subnet, Tags, Typed, Unmodeled};
use crate::ir::{
    AppId, Cidr, Condition, ConditionId, Diagnostic, Diagnostics, Dialect, Expr, Handle, Link,
    NodeId, ParamId, ParameterDeclaration, RuleSuppression, SourceLocation, Stack, StackId, Text,
    near,
};
use crate::region::Region;

/// A reason for which CloudFormation refuses a template.
#[derive(Clone, Debug)]
pub(crate) struct TemplateError {
    /// Whether the file determines it. If not, a value that the file does not show does.
    pub(crate) is_certain: bool,
    /// Whether it counts even if the condition of the resource is false.
    pub(crate) ignores_condition: bool,
    /// A sentence in lowercase, without a period.
    pub(crate) reason: String,
    /// How to correct it.
    pub(crate) fix: String,
}

/// Commands that Terraform runs when it creates a resource.
///
/// <https://developer.hashicorp.com/terraform/language/resources/provisioners/syntax>
#[derive(Clone, Debug)]
pub(crate) struct Provisioner {
    /// `local-exec`, `remote-exec` or `file`.
    pub(crate) kind: String,
    /// The arguments. What the plan does not show is a list with the resources that it refers to, and
    /// an unknown value.
    pub(crate) arguments: Map<'static>,
}

/// The file that a resource was read from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Origin {
    /// The language of the file.
    pub dialect: Dialect,
    /// The logical ID or address in the file.
    pub address: String,
    /// The locations of its properties under their names in the file, two levels deep.
    pub locations: Vec<(String, SourceLocation)>,
    /// Properties that the model cannot represent.
    pub unmodeled: Vec<Unmodeled>,
    /// Whether the file leaves open if the resource exists.
    pub is_conditional: bool,
    /// Whether the file excludes the resource from the deployment.
    pub is_excluded: bool,
    /// The resource whose properties contain this one. Default: none.
    pub parent: Option<NodeId>,
    /// Errors for which CloudFormation refuses its template. Default: none.
    pub(crate) errors: Vec<TemplateError>,
    /// Values for which a service refuses it. Default: none.
    pub(crate) invalid: Vec<InvalidValue>,
    /// The configuration in its metadata that `cfn-init` applies. Default: none.
    pub(crate) init: Option<RawValue<'static>>,
    /// The signals that CloudFormation waits for: `ResourceSignal` of its creation policy. Default: none.
    pub(crate) signal: Option<RawValue<'static>>,
    /// The commands that Terraform runs when it creates the resource. Default: none.
    pub(crate) provisioners: Vec<Provisioner>,
    /// All properties of an instance or launch template, of which the tables lack nested ones.
    pub(crate) declared: Map<'static>,
    /// Properties that its table does not know.
    pub unknown_properties: Map<'static>,
    /// Whether it exists before the deployment, which keeps it.
    pub(crate) is_existing: bool,
    /// Whether a construct added it, and the file is what the backend prints.
    pub(crate) is_of_app: bool,
    /// Its Region, if a file has several.
    pub(crate) region: Option<&'static Region>,
    /// Why it cannot exist beside the resource that it replaces, if the deployment creates it first.
    pub(crate) replacement_conflict: Option<ReplacementConflict>,
}

impl Origin {
    pub(crate) fn new(dialect: Dialect, address: String) -> Origin {
        Origin {
            dialect,
            address,
            locations: Vec::new(),
            unmodeled: Vec::new(),
            is_conditional: false,
            is_excluded: false,
            parent: None,
            errors: Vec::new(),
            invalid: Vec::new(),
            init: None,
            signal: None,
            provisioners: Vec::new(),
            declared: Map::default(),
            unknown_properties: Map::default(),
            is_existing: false,
            is_of_app: false,
            region: None,
            replacement_conflict: None,
        }
    }
}

/// A property that a resource cannot have in common with the one that it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplacementConflict {
    /// The field of its table.
    pub(crate) field: &'static str,
    /// The error of AWS.
    pub(crate) error: &'static str,
}

/// The effect on a resource when it leaves its stack, or the stack is deleted.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalPolicy {
    /// Deletes the resource, and states it in the output.
    Delete,
    /// Retains the resource, unless its own creation is rolled back. Terraform forgets a log group,
    /// and does not destroy any other resource.
    Retain,
    /// Creates a snapshot, and deletes the resource. Only volumes and databases have snapshots. In Terraform,
    /// the database sets `final_snapshot_identifier`: each snapshot needs a name.
    Snapshot,
}

/// The tags of a scope: a stack, a construct, or the parts of a construct without an ID.
#[derive(Clone, Debug)]
pub(crate) struct TagScope {
    pub(crate) stack: StackId,
    /// The scope around it. Default: none, it is a stack.
    pub(crate) parent: Option<usize>,
    pub(crate) tags: Tags,
    /// The number of resources before its first one.
    pub(crate) first: usize,
    /// The location of its last tags.
    pub(crate) location: SourceLocation,
}

/// The scope from which a resource has tags.
#[derive(Clone, Debug)]
pub(crate) struct Inherits {
    /// The index of the scope.
    pub(crate) scope: usize,
    /// The keys of its own tags, which no scope changes.
    pub(crate) own: Vec<Text>,
}

/// A resource in the graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Node {
    /// The stack of the resource.
    pub(crate) stack: StackId,
    /// The path, which starts with the name of the stack.
    pub path: String,
    /// The logical ID in CloudFormation, derived from the oldest path.
    pub(crate) cfn_id: String,
    /// The name in Terraform.
    pub(crate) tf_name: String,
    /// The line that sets the logical ID or the name, if they are not derived.
    pub(crate) name_location: Option<SourceLocation>,
    /// The former names in Terraform, oldest first.
    pub moved_from: Vec<String>,
    /// The resource.
    pub resource: Resource,
    /// Explicit dependencies, in addition to references.
    pub depends_on: Vec<NodeId>,
    /// The condition for its existence. Default: always.
    pub condition: Option<ConditionId>,
    /// The effect of its removal. Default: delete.
    pub removal_policy: Option<RemovalPolicy>,
    /// The line that sets it, if known.
    pub(crate) removal_location: SourceLocation,
    /// Changes to the generated output.
    pub overrides: Vec<Override>,
    /// The location in the source.
    pub location: SourceLocation,
    /// The file that it was read from. Default: none, a construct added it.
    pub origin: Option<Box<Origin>>,
    /// The source of its tags. Default: none, no construct added it.
    pub(crate) inherits: Option<Inherits>,
}

impl Node {
    /// Returns the stack of the resource.
    pub fn stack(&self) -> StackId {
        self.stack
    }

    /// Returns the logical ID in CloudFormation, derived from the oldest path.
    /// [`Scope::renamed_from`](crate::Scope::renamed_from) keeps it when the path changes.
    pub fn cfn_id(&self) -> &str {
        &self.cfn_id
    }

    /// Returns the name in Terraform, derived from the path.
    pub fn tf_name(&self) -> &str {
        &self.tf_name
    }

    /// Returns whether the file sets a property that the model cannot represent.
    pub fn is_unmodeled(&self, field: &str) -> bool {
        let unmodeled = self.origin.iter().flat_map(|origin| &origin.unmodeled);
        let inside = |name: &str| {
            name.strip_prefix(field)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        unmodeled
            .into_iter()
            .any(|unmodeled| inside(&unmodeled.field))
    }

    /// Creates an error about the resource, with its path and location.
    pub fn error(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message)
            .path(self.path.clone())
            .at(self.location.clone())
    }

    /// Creates an error about the resource at the line of a value, or at its own without one.
    pub(crate) fn error_at(
        &self,
        code: &'static str,
        message: impl Into<String>,
        line: Option<SourceLocation>,
    ) -> Diagnostic {
        Diagnostic::error(code, message)
            .path(self.path.clone())
            .at(line.unwrap_or_else(|| self.location.clone()))
    }

    /// Returns the line that sets a value of a raw resource for which `is_cause` holds.
    pub(crate) fn line_of(
        &self,
        dialect: Dialect,
        is_cause: impl Fn(&RawValue<'_>) -> bool,
    ) -> Option<SourceLocation> {
        let Resource::Raw(raw) = &self.resource else {
            return None;
        };
        let mut values = raw.values(dialect).iter();
        let (name, _) = values.find(|(_, value)| is_cause(value))?;
        raw.line_of(dialect, name)
    }

    /// Creates a warning about the resource, with its path and location.
    pub fn warning(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, message)
            .path(self.path.clone())
            .at(self.location.clone())
    }

    /// Returns whether the resource certainly exists.
    pub fn is_certain(&self) -> bool {
        let origin = self.origin.as_ref();
        self.condition.is_none()
            && origin.is_none_or(|origin| !origin.is_conditional && !origin.is_excluded)
    }

    /// Returns the ID for messages: the address in the file, or the path.
    pub fn display_id(&self) -> &str {
        self.origin
            .as_ref()
            .map_or(self.path.as_str(), |origin| origin.address.as_str())
    }

    /// Returns the language of the file that it was read from, or CloudFormation for resources of
    /// constructs.
    pub fn dialect(&self) -> Dialect {
        self.origin
            .as_ref()
            .map_or(Dialect::Cfn, |origin| origin.dialect)
    }

    /// Returns the resources that its properties refer to.
    pub fn references(&self) -> Vec<NodeId> {
        let mut nodes = self.resource.put(self.dialect()).references();
        if let Some(origin) = &self.origin {
            nodes.extend(origin.unknown_properties.references());
        }
        nodes
    }

    /// Returns the value of a property that the file sets, by its names in both languages. Includes
    /// properties that the table does not know. Dots separate nested properties.
    pub(crate) fn property(&self, cfn: &str, tf: &str) -> Option<RawValue<'_>> {
        let name = self.dialect().pick(cfn, tf);
        let maps = self.origin.iter();
        let mut maps = maps.flat_map(|it| [&it.declared, &it.unknown_properties]);
        let own = maps.find_map(|it| it.get_path(name)).cloned();
        let value = own.or_else(|| self.resource.put(self.dialect()).remove_path(name))?;
        let is_absent =
            matches!(&value, RawValue::Expr(expr) if matches!(expr.as_ref(), Expr::Absent));
        (!is_absent).then_some(value)
    }

    /// Returns whether it is an existing resource that a data source reads. The file does not show all
    /// of its parts.
    pub(crate) fn is_lookup(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| {
            origin.dialect == Dialect::Tf
                && (origin.address.starts_with("data.") || origin.address.contains(".data."))
        })
    }

    /// Returns whether the resource certainly does not exist.
    pub fn is_absent(&self) -> bool {
        self.origin
            .as_ref()
            .is_some_and(|origin| origin.is_excluded)
    }
}

/// All stacks of an app.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The app of the graph. Default: none, the graph was read from a file.
    pub(crate) app: AppId,
    pub(crate) nodes: Vec<Node>,
    pub(crate) stacks: Vec<Stack>,
    pub(crate) stack_names: HashMap<String, StackId>,
    pub(crate) parameters: Vec<ParameterDeclaration>,
    pub(crate) conditions: Vec<Condition>,
    /// The mappings of a converted template.
    pub(crate) mappings: Vec<(String, RawValue<'static>)>,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) rule_suppressions: Vec<RuleSuppression>,
    pub(crate) tag_scopes: Vec<TagScope>,
    /// Whether a CloudFormation macro can change the template.
    pub(crate) macros: bool,
    /// Errors of templates, outside their resources, by the stack.
    pub(crate) errors: Vec<(StackId, TemplateError)>,
    /// The account of the deployment, if known.
    pub(crate) account: Option<String>,
    /// The existing subnets that a configuration describes.
    pub(crate) existing_subnets: Vec<ExistingSubnet>,
    /// The outputs of the modules of a plan.
    pub(crate) module_outputs: Vec<super::ModuleOutput>,
    /// The modules of a plan whose source is elsewhere, such as a registry: the path, and the source.
    pub(crate) remote_modules: Vec<(String, String)>,
    /// The only output language. Default: none, both.
    pub(crate) language: Option<Dialect>,
    /// The changes to its resources after they were added.
    pub(crate) changes: Vec<GraphChange>,
    /// Whether it is what one language prints, without the resources that the language does not have.
    pub(crate) is_printed: bool,
}

/// A change to resources after they were added.
#[derive(Clone, Debug)]
pub(crate) struct GraphChange {
    pub(super) location: SourceLocation,
    /// The resources before it, by their index.
    pub(super) before: Vec<(usize, Resource)>,
}

/// An existing subnet, as the configuration describes it.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "report"), allow(dead_code))] // diagrams read it
pub(crate) struct ExistingSubnet {
    pub(crate) id: Link<Subnet>,
    pub(crate) zone: Option<Text>,
    pub(crate) cidr: Option<Cidr>,
}

impl Graph {
    /// Adds a tag scope, and returns its index.
    pub(crate) fn add_tag_scope(&mut self, stack: StackId, parent: Option<usize>) -> usize {
        self.tag_scopes.push(TagScope {
            stack,
            parent,
            tags: Tags::default(),
            first: self.nodes.len(),
            location: SourceLocation::Default,
        });
        self.tag_scopes.len() - 1
    }

    /// Returns a tag scope and those around it.
    pub(crate) fn tag_scopes_from(&self, scope: usize) -> impl Iterator<Item = (usize, &TagScope)> {
        let at = |scope: usize| Some((scope, self.tag_scopes.get(scope)?));
        std::iter::successors(at(scope), move |(_, it)| it.parent.and_then(at))
    }

    /// Returns a resource with its metadata, or `None` if the index belongs to another graph.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        let is_own = self.app.accepts(id.app());
        self.nodes.get(id.index()).filter(|_| is_own)
    }

    /// Finds the resource of a type at a path, such as `Access/web/Instance`.
    ///
    /// # Errors
    ///
    /// If no resource has this path, or the one that has is of another type.
    pub fn find<R: Typed>(&self, path: &str) -> Result<Handle<R>, FindError> {
        match self.nodes().find(|(_, node)| node.path == path) {
            Some((id, node)) if R::of(&node.resource).is_some() => Ok(Handle::new(id)),
            Some((_, node)) => Err(FindError::OtherType {
                path: path.to_owned(),
                found: node.resource.kind().map_or("RawResource", |it| it.name),
                expected: R::KIND.name,
            }),
            None => {
                let paths = self.all::<R>().map(|(_, node, _)| node.path.as_str());
                Err(FindError::NotFound {
                    path: path.to_owned(),
                    similar: near(path, paths).map(str::to_owned),
                })
            }
        }
    }

    /// Returns the resource of a handle.
    pub fn get<R: Typed>(&self, handle: Handle<R>) -> Option<&R> {
        self.node(handle.node())
            .and_then(|node| R::of(&node.resource))
    }

    /// Iterates over the resources of a type in all stacks, in the order of addition.
    pub fn all<R: Typed>(&self) -> impl Iterator<Item = (Handle<R>, &Node, &R)> {
        self.nodes()
            .filter_map(|(id, node)| Some((Handle::new(id), node, R::of(&node.resource)?)))
    }

    /// Iterates over all resources of all stacks, in the order of addition.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        let app = self.app;
        let ids = (0..self.nodes.len()).map(move |n| NodeId::next(n).of(app));
        ids.zip(&self.nodes).filter(|(_, node)| self.shows(node))
    }

    fn shows(&self, node: &Node) -> bool {
        !self.is_printed || !node.is_absent()
    }

    /// Iterates over all resources of all stacks, for changes. What they break is reported at the lines that
    /// added the resources: a copy of each would be necessary to know which changed.
    pub fn nodes_mut(&mut self) -> impl Iterator<Item = (NodeId, &mut Node)> {
        let app = self.app;
        let ids = (0..self.nodes.len()).map(move |n| NodeId::next(n).of(app));
        ids.zip(&mut self.nodes)
    }

    /// Returns the only output language, which [`App::set_language`](crate::App::set_language) sets.
    /// Default: none, both.
    pub fn language(&self) -> Option<Dialect> {
        self.language
    }

    /// Returns the output languages.
    pub(crate) fn languages(&self) -> &'static [Dialect] {
        match self.language {
            None => &[Dialect::Cfn, Dialect::Tf],
            Some(Dialect::Cfn) => &[Dialect::Cfn],
            Some(Dialect::Tf) => &[Dialect::Tf],
        }
    }

    /// Returns whether a language is one of the output languages.
    pub(crate) fn has_language(&self, dialect: Dialect) -> bool {
        self.languages().contains(&dialect)
    }

    /// Returns whether a CloudFormation macro can change the template.
    pub fn has_macros(&self) -> bool {
        self.macros
    }

    /// Returns the suppressions of diagnostics, with their reasons.
    pub fn rule_suppressions(&self) -> &[RuleSuppression] {
        &self.rule_suppressions
    }

    /// Returns the account of the deployment, if known.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Returns the stack with this name.
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        self.stack_names
            .get(name)
            .map(|id| &self.stacks[id.index()])
    }

    /// Iterates over the stacks.
    pub fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.stacks.iter()
    }

    /// Iterates over the resources of a stack in the order of addition.
    pub fn nodes_of<'a>(&'a self, stack: &'a Stack) -> impl Iterator<Item = (NodeId, &'a Node)> {
        let nodes = stack.nodes.iter();
        let own = nodes.filter_map(|&id| Some((id, self.node(id)?)));
        own.filter(|(_, node)| self.shows(node))
    }

    /// Returns a parameter, or `None` if the index belongs to another graph.
    pub fn parameter(&self, id: ParamId) -> Option<&ParameterDeclaration> {
        let is_own = self.app.accepts(id.app());
        self.parameters.get(id.index()).filter(|_| is_own)
    }

    /// Returns a condition, or `None` if the index belongs to another graph.
    pub fn condition(&self, id: ConditionId) -> Option<&Condition> {
        let is_own = self.app.accepts(id.app());
        self.conditions.get(id.index()).filter(|_| is_own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::Region;
    use crate::{App, SessionAccess, cost, reachability};

    fn app(stacks: &[&str]) -> App {
        let mut app = App::new();
        for stack in stacks {
            app.stack(stack).add_inline(SessionAccess::new());
        }
        app
    }

    #[test]
    fn a_stack_of_another_graph_has_no_nodes_here() {
        let (here, other) = (App::new(), app(&["Access"]));
        let stack = other.graph().stack("Access").unwrap();
        assert_eq!(here.graph().nodes_of(stack).count(), 0);
    }

    #[test]
    fn nodes_of_another_app_are_refused_and_never_panic() {
        let (mut here, other) = (app(&["Access"]), app(&["One", "Two"]));
        let theirs = other.graph().stack("Two").unwrap();
        let nodes: Vec<Node> = other
            .graph()
            .nodes_of(theirs)
            .map(|(_, node)| node.clone())
            .collect();
        for ((_, node), theirs) in here.graph_mut().nodes_mut().zip(nodes) {
            *node = theirs;
        }
        let error = here.validate().unwrap_err().to_string();
        assert!(error.contains("belongs to another stack"), "{error}");
        let graph = here.graph();
        let proof = reachability::check(graph, &reachability::Assumptions::default());
        assert_eq!(proof.instances.len(), 1);
        let region = Region::find("us-east-1").unwrap();
        let estimate = cost::estimate(graph, region, &cost::UsageAssumptions::default());
        let _ = cost::of_graph(graph, &estimate);
    }
}
