//! The graph: an arena of resources, and the stacks that they belong to.

use std::collections::HashMap;

use super::{Map, Resource, Typed, overrides::Override};
use crate::ir::{
    Condition, ConditionId, Diagnostics, Dialect, Handle, NodeId, ParamId, ParameterDeclaration,
    SourceLocation, Stack, StackId,
};

/// What a property says that could not be read into the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Unmodeled {
    /// The field's name in Rust, dotted where it is nested.
    pub field: String,
    /// What stands there instead.
    pub reason: String,
}

/// Where a resource that was read from a file came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Origin {
    /// The file's language.
    pub dialect: Dialect,
    /// What the file calls it: a logical id, or an address.
    pub address: String,
    /// The places of its properties, by name in the file's language, two levels deep.
    pub locations: Vec<(String, SourceLocation)>,
    /// What is there, and was not understood.
    pub unmodeled: Vec<Unmodeled>,
    /// Whether the file does not decide that it exists.
    pub is_conditional: bool,
    /// Whether the file decides that it does not exist.
    pub is_excluded: bool,
    /// The resource inside which the file says it. Default: it stands by itself.
    pub parent: Option<NodeId>,
    /// Properties that its table does not know.
    pub unknown_properties: Map<'static>,
}

/// What becomes of a resource when it leaves its stack, or the stack goes.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalPolicy {
    /// It is deleted, and that is said.
    Delete,
    /// It stays, unless its own creation is rolled back. Terraform leaves a log group be, and
    /// refuses to destroy anything else of the kind.
    Retain,
}

/// A resource with its place in the graph.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Node {
    /// The stack it belongs to.
    pub(crate) stack: StackId,
    /// The path from the stack's name down.
    pub path: String,
    /// The logical id in CloudFormation: of the oldest path.
    pub(crate) cfn_id: String,
    /// The name in Terraform.
    pub(crate) tf_name: String,
    /// The names that Terraform knew it by, oldest first.
    pub moved_from: Vec<String>,
    /// The resource.
    pub resource: Resource,
    /// Nodes that must exist before, beyond those that it refers to.
    pub depends_on: Vec<NodeId>,
    /// When it exists. Default: always.
    pub condition: Option<ConditionId>,
    /// What becomes of it at its end. Default: it is deleted.
    pub removal_policy: Option<RemovalPolicy>,
    /// Changes to the output.
    pub overrides: Vec<Override>,
    /// Where it was written.
    pub location: SourceLocation,
    /// The file that it was read from. Default: none, a construct added it.
    pub origin: Option<Box<Origin>>,
}

impl Node {
    /// Returns the stack that it belongs to.
    pub fn stack(&self) -> StackId {
        self.stack
    }

    /// Returns the logical id in CloudFormation, which is made of the oldest path;
    /// [`Scope::renamed_from`](crate::Scope::renamed_from) keeps it through a renaming.
    pub fn cfn_id(&self) -> &str {
        &self.cfn_id
    }

    /// Returns the name in Terraform, which is made of the path.
    pub fn tf_name(&self) -> &str {
        &self.tf_name
    }

    /// Returns whether a property was there, and not understood.
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

    /// Returns whether it is sure to exist.
    pub fn is_certain(&self) -> bool {
        let origin = self.origin.as_ref();
        self.condition.is_none()
            && origin.is_none_or(|origin| !origin.is_conditional && !origin.is_excluded)
    }

    /// Returns what it is called where it was written: its address in a file, or its path.
    pub fn display_id(&self) -> &str {
        self.origin
            .as_ref()
            .map_or(self.path.as_str(), |origin| origin.address.as_str())
    }

    /// Returns the language of the file that it was read from; CloudFormation for what constructs
    /// added.
    pub fn dialect(&self) -> Dialect {
        self.origin
            .as_ref()
            .map_or(Dialect::Cfn, |origin| origin.dialect)
    }

    /// Returns the nodes that its properties refer to.
    pub fn references(&self) -> Vec<NodeId> {
        let mut nodes = self.resource.put(self.dialect()).references();
        if let Some(origin) = &self.origin {
            nodes.extend(origin.unknown_properties.references());
        }
        nodes
    }

    /// Returns whether it may add to what it is given: a nested stack, a custom resource.
    pub(crate) fn may_modify_references(&self) -> bool {
        let name = self.resource.type_name(self.dialect()).unwrap_or_default();
        name.starts_with("Custom::")
            || name.ends_with("::MODULE")
            || matches!(
                name,
                "AWS::CloudFormation::Stack"
                    | "AWS::CloudFormation::StackSet"
                    | "AWS::CloudFormation::CustomResource"
                    | "AWS::Serverless::Application"
                    | "aws_cloudformation_stack"
            )
    }

    /// Returns whether it changes what names lead to in the VPCs that it is given.
    pub(crate) fn overrides_dns(&self) -> bool {
        matches!(
            self.resource.type_name(self.dialect()).unwrap_or_default(),
            "AWS::Route53Profiles::ProfileAssociation"
                | "AWS::Route53Resolver::ResolverRuleAssociation"
                | "AWS::Route53Resolver::FirewallRuleGroupAssociation"
                | "aws_route53profiles_association"
                | "aws_route53_resolver_rule_association"
                | "aws_route53_resolver_firewall_rule_group_association"
        )
    }

    /// Returns whether it is sure not to exist.
    pub fn is_absent(&self) -> bool {
        self.origin
            .as_ref()
            .is_some_and(|origin| origin.is_excluded)
    }
}

/// All stacks of an app.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) stacks: Vec<Stack>,
    pub(crate) stack_names: HashMap<String, StackId>,
    pub(crate) parameters: Vec<ParameterDeclaration>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) diagnostics: Diagnostics,
    /// Whether a macro may change everything before deployment.
    pub(crate) macros: bool,
    /// The account of the deployment, if it is told.
    pub(crate) account: Option<String>,
}

impl Graph {
    /// Returns a node, if the index is of this graph.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// Returns a resource by its handle.
    pub fn get<R: Typed>(&self, handle: Handle<R>) -> Option<&R> {
        self.node(handle.node())
            .and_then(|node| R::of(&node.resource))
    }

    /// Returns a resource by its handle, to change it.
    pub fn get_mut<R: Typed>(&mut self, handle: Handle<R>) -> Option<&mut R> {
        self.nodes
            .get_mut(handle.node().index())
            .and_then(|node| R::of_mut(&mut node.resource))
    }

    /// Goes through the resources of a type in all stacks, with what surrounds them, in the order
    /// of adding.
    pub fn all<R: Typed>(&self) -> impl Iterator<Item = (&Node, &R)> {
        self.nodes
            .iter()
            .filter_map(|node| Some((node, R::of(&node.resource)?)))
    }

    /// Goes through all resources of all stacks, in the order of adding.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        let ids = (0..self.nodes.len()).map(NodeId::next);
        ids.zip(&self.nodes)
    }

    /// Goes through all resources of all stacks, to change them.
    pub fn nodes_mut(&mut self) -> impl Iterator<Item = (NodeId, &mut Node)> {
        let ids = (0..self.nodes.len()).map(NodeId::next);
        ids.zip(&mut self.nodes)
    }

    /// Changes each resource of a type; the path tells them apart.
    pub fn update_all<R: Typed>(&mut self, mut change: impl FnMut(&str, &mut R)) {
        for node in &mut self.nodes {
            if let Some(resource) = R::of_mut(&mut node.resource) {
                change(&node.path, resource);
            }
        }
    }

    /// Returns whether a macro may change everything before it is deployed.
    pub fn has_macros(&self) -> bool {
        self.macros
    }

    /// Returns the account of the deployment, if it is told.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Returns a stack by its name.
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        self.stack_names
            .get(name)
            .map(|id| &self.stacks[id.index()])
    }

    /// Goes through the stacks.
    pub fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.stacks.iter()
    }

    /// Goes through a stack's nodes in the order of adding, if the stack is of this graph.
    pub fn nodes_of<'a>(&'a self, stack: &'a Stack) -> impl Iterator<Item = (NodeId, &'a Node)> {
        let nodes = stack.nodes.iter();
        nodes.filter_map(|&id| Some((id, self.node(id)?)))
    }

    /// Returns a parameter, if the index is of this graph.
    pub fn parameter(&self, id: ParamId) -> Option<&ParameterDeclaration> {
        self.parameters.get(id.index())
    }

    /// Returns a condition, if the index is of this graph.
    pub fn condition(&self, id: ConditionId) -> Option<&Condition> {
        self.conditions.get(id.index())
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
        let told = here.validate().unwrap_err().to_string();
        assert!(told.contains("is a resource of another stack"), "{told}");
        let graph = here.graph();
        let proof = reachability::check(graph, &reachability::Assumptions::default());
        assert_eq!(proof.instances.len(), 1);
        let region = Region::find("us-east-1").unwrap();
        let estimate = cost::estimate(graph, region, &cost::UsageAssumptions::default());
        let _ = cost::of_graph(graph, &estimate);
    }
}
