//! Creates the graph for the reachability check from the resources of a file.

use std::collections::HashMap;

use crate::ir::{Dialect, Expr, NodeId, SourceLocation, Stack, StackId, Value};
#[cfg(feature = "cli")]
use crate::ir::{Link, terraform_name};
use crate::region::Region;
use crate::resource::codec::UnmodeledNotes;
#[cfg(feature = "cli")]
use crate::resource::table::Unfolded;
use crate::resource::{
    Graph, KINDS, Kind, Map, Node, Origin, RawResource, RawValue, Resource, SecurityGroup,
    SecurityGroupEgress, TemplateError, Typed, Unmodeled,
};
#[cfg(feature = "cli")]
use crate::resource::{InlinePolicy, ManagedPolicy, Role, RolePolicy, RolePolicyAttachment};

/// Whether a resource exists, as far as the file determines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exists {
    Yes,
    Conditional,
    No,
}

/// A graph under construction.
pub(crate) struct Lift {
    pub(crate) graph: Graph,
    dialect: Dialect,
    stack: StackId,
    /// The stacks of the files, by name.
    stacks: HashMap<String, StackId>,
    kinds: Vec<Option<&'static Kind>>,
}

/// Returns the table of a type.
pub(crate) fn kind_of(dialect: Dialect, type_name: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|kind| dialect.pick(kind.cfn, kind.tf) == type_name && !type_name.is_empty())
}

impl Lift {
    pub(crate) fn new(dialect: Dialect, name: &str, region: Option<&'static Region>) -> Lift {
        Lift::within(Graph::default(), dialect, name, region)
    }

    /// Adds a stack to a graph.
    pub(crate) fn within(
        graph: Graph,
        dialect: Dialect,
        name: &str,
        region: Option<&'static Region>,
    ) -> Lift {
        let mut lift = Lift {
            dialect,
            stack: StackId::next(graph.stacks.len()),
            stacks: HashMap::new(),
            kinds: vec![None; graph.nodes.len()],
            graph,
        };
        lift.select(name, region);
        lift
    }

    /// Selects the stack that gets what is read next, and creates it if no file has selected it.
    pub(crate) fn select(&mut self, name: &str, region: Option<&'static Region>) {
        if let Some(stack) = self.stacks.get(name) {
            self.stack = *stack;
            return;
        }
        self.stack = StackId::next(self.graph.stacks.len());
        self.stacks.insert(name.to_owned(), self.stack);
        self.graph.stacks.push(Stack {
            name: name.to_owned(),
            description: None,
            region,
            nodes: Vec::new(),
            parameters: Vec::new(),
            conditions: Vec::new(),
            outputs: Vec::new(),
            suppressions: Vec::new(),
            account: None,
            provider_aliases: Vec::new(),
            location: SourceLocation::Default,
        });
        self.graph.stack_names.insert(name.to_owned(), self.stack);
    }

    fn push(&mut self, address: String, location: SourceLocation, resource: Resource) -> NodeId {
        let id = NodeId::next(self.graph.nodes.len());
        let name = match self.dialect {
            Dialect::Cfn => address.clone(),
            Dialect::Tf => address.rsplit('.').next().unwrap_or_default().to_owned(),
        };
        self.graph.nodes.push(Node {
            stack: self.stack,
            path: address.clone(),
            cfn_id: name.clone(),
            tf_name: name,
            name_location: None,
            moved_from: Vec::new(),
            resource,
            depends_on: Vec::new(),
            condition: None,
            removal_policy: None,
            removal_location: SourceLocation::Default,
            overrides: Vec::new(),
            location,
            origin: Some(Box::new(Origin::new(self.dialect, address))),
            inherits: None,
        });
        self.graph.stacks[self.stack.index()].nodes.push(id);
        id
    }

    /// Reserves the ID of a resource, so that other resources can refer to it before it is read.
    pub(crate) fn reserve(
        &mut self,
        address: &str,
        type_name: &str,
        location: SourceLocation,
    ) -> NodeId {
        let raw = match self.dialect {
            Dialect::Cfn => RawResource::new().cfn(type_name),
            Dialect::Tf => RawResource::new().tf(type_name),
        };
        let id = self.push(address.to_owned(), location, raw.into());
        self.kinds.push(kind_of(self.dialect, type_name));
        id
    }

    pub(crate) fn kind(&self, id: NodeId) -> Option<&'static Kind> {
        self.kinds.get(id.index()).copied().flatten()
    }

    /// Returns the attribute with this name in the language of the file.
    pub(crate) fn attribute(&self, id: NodeId, name: &str) -> Expr {
        match self.kind(id) {
            Some(kind) => kind.attribute(self.dialect, id, name),
            None => Expr::Other(id, name.to_owned().into()),
        }
    }

    /// Reads a resource into its reserved node.
    pub(crate) fn fill(
        &mut self,
        id: NodeId,
        mut map: Map<'static>,
        locations: Vec<(String, SourceLocation)>,
        exists: Exists,
    ) {
        self.stack = self.graph.nodes[id.index()].stack;
        let mut notes: Vec<Unmodeled> = Vec::new();
        let mut unmodeled = UnmodeledNotes {
            notes: &mut notes,
            field: String::new(),
        };
        let (mut invalid, mut declared) = (Vec::new(), Map::default());
        let (resource, unfolded) = match self.kind(id) {
            Some(kind) => {
                invalid = (kind.invalid)(&map, self.dialect);
                if matches!(kind.name, "Instance" | "LaunchTemplate") {
                    declared = map.clone();
                }
                let unfolded = (kind.unfold)(&mut map, id, self.dialect, &mut unmodeled);
                (
                    Some((kind.lift)(&mut map, self.dialect, &mut unmodeled)),
                    unfolded,
                )
            }
            None => (None, Vec::new()),
        };
        let (address, location) = {
            let node = &mut self.graph.nodes[id.index()];
            match resource {
                Some(resource) => node.resource = resource,
                None => {
                    let type_name = node
                        .resource
                        .type_name(self.dialect)
                        .unwrap_or_default()
                        .to_owned();
                    let body = std::mem::take(&mut map);
                    node.resource = RawResource::in_language(self.dialect, type_name, body).into();
                }
            }
            if let Some(origin) = &mut node.origin {
                origin.locations = locations;
                origin.unmodeled = notes;
                origin.invalid = invalid;
                origin.declared = declared;
                origin.is_conditional = exists == Exists::Conditional;
                origin.is_excluded = exists == Exists::No;
                origin.unknown_properties = map;
            }
            (node.display_id().to_owned(), node.location.clone())
        };
        for (n, inner) in unfolded.into_iter().enumerate() {
            let property = inner.property;
            let at = self.graph.nodes[id.index()]
                .origin
                .as_ref()
                .and_then(|origin| origin.locations.iter().find(|(name, _)| name == property))
                .map_or_else(|| location.clone(), |(_, location)| location.clone());
            let name = if property.is_empty() {
                address.clone()
            } else {
                format!("{address}/{property}[{n}]")
            };
            let inner_id = self.push(name, at, inner.resource);
            self.kinds.push(None);
            if let Some(origin) = &mut self.graph.nodes[inner_id.index()].origin {
                origin.parent = Some(id);
                origin.is_conditional = inner.is_conditional || exists == Exists::Conditional;
                origin.is_excluded = exists == Exists::No;
                origin.locations = vec![(property.to_owned(), SourceLocation::Default)];
            }
        }
    }

    /// Reads a resource strictly into its reserved node. Returns each unsupported property with a
    /// message.
    #[cfg(feature = "cli")]
    pub(crate) fn fill_strict(
        &mut self,
        id: NodeId,
        mut map: Map<'static>,
    ) -> Vec<(String, String)> {
        let Some(kind) = self.kind(id) else {
            let node = &self.graph.nodes[id.index()];
            let of = node.resource.type_name(self.dialect).unwrap_or_default();
            return vec![(String::new(), format!("unsupported type `{of}`"))];
        };
        let mut notes: Vec<Unmodeled> = Vec::new();
        let mut unmodeled = UnmodeledNotes {
            notes: &mut notes,
            field: String::new(),
        };
        // Nested rules and policies of these types are strict too.
        let unfolded = match kind.name {
            "SecurityGroup" | "Role" => (kind.unfold)(&mut map, id, self.dialect, &mut unmodeled),
            _ => Vec::new(),
        };
        // The model supports flow logs of VPCs only.
        let of_vpc = matches!(map.get("ResourceType"), Some(RawValue::Str(of)) if of == "VPC");
        if kind.name == "FlowLog" && of_vpc {
            map.remove("ResourceType");
        }
        let mut rejected = Vec::new();
        let is_plan = self.dialect == Dialect::Tf;
        if is_plan && matches!(kind.name, "LaunchTemplate" | "LaunchConfiguration") {
            let data = map
                .get("user_data")
                .into_iter()
                .chain(map.get("user_data_base64"));
            if data.count() > 0 {
                rejected.push("user data of a launch template or configuration is not supported");
            }
        }
        let user_data = match kind.name {
            "LaunchTemplate" => match map.get("LaunchTemplateData") {
                Some(RawValue::Object(data)) => data.get("UserData"),
                _ => None,
            },
            "Instance" | "LaunchConfiguration" => map.get("UserData"),
            _ => None,
        };
        if let Some(RawValue::Str(_) | RawValue::Expr(_)) = user_data {
            rejected.push("`UserData` is not in `Fn::Base64`; expected plain text in `Fn::Base64`");
        }
        let mut out: Vec<(String, String)> = notes
            .into_iter()
            .map(|it| (it.field.clone(), format!("`{}` is {}", it.field, it.reason)))
            .collect();
        out.extend(
            rejected
                .into_iter()
                .map(|reason| (String::new(), reason.to_owned())),
        );
        // The converted resource omits properties that the file omits, even if the model requires them.
        let mut left = kind.fields.len();
        let taken = loop {
            let mut whole = map.clone();
            match (kind.take)(&mut whole, self.dialect) {
                Err(mismatch) if mismatch.is_missing() && left > 0 => {
                    left -= 1;
                    let path = mismatch.path.join(".");
                    let names = kind.fields.iter();
                    let mut names = names.map(|it| self.dialect.pick(it.cfn, it.tf));
                    match names.find(|it| *it == path) {
                        Some(name) => {
                            map.insert_path(name, RawValue::from(Expr::Absent), self.dialect);
                        }
                        None if path == "LaunchTemplate.LaunchTemplateId" => {
                            // A launch template by name.
                            let id = RawValue::from(Expr::Absent);
                            map.insert_path("LaunchTemplate.LaunchTemplateId", id, self.dialect);
                        }
                        None => break Err(mismatch),
                    }
                }
                done => {
                    map = whole;
                    break done;
                }
            }
        };
        match taken {
            Ok(resource) => self.graph.nodes[id.index()].resource = resource,
            Err(mismatch) => {
                out.push((mismatch.path.join("."), mismatch.to_string()));
                return out;
            }
        }
        for (property, _) in map.iter() {
            out.push((
                property.to_string(),
                format!("unsupported property `{property}`"),
            ));
        }
        let (name, location) = {
            let node = &self.graph.nodes[id.index()];
            (node.path.clone(), node.location.clone())
        };
        let mut unfolded = unfolded;
        unfolded.extend(self.unfold_policies(id));
        for (n, inner) in unfolded.into_iter().enumerate() {
            if inner.is_conditional {
                let reason = format!("unknown peer in `{}`", inner.property);
                out.push((inner.property.to_owned(), reason));
            }
            let word = match inner.property {
                "" => "Egress",
                "Policies" => "Policy",
                "Roles" => "Role",
                property => property.strip_prefix("SecurityGroup").unwrap_or(property),
            };
            let inner_id = self.push(
                format!("{name}{word}{}", n + 1),
                location.clone(),
                inner.resource,
            );
            self.kinds.push(None);
            let node = &mut self.graph.nodes[inner_id.index()];
            node.tf_name = terraform_name(&node.cfn_id);
            if let Some(origin) = &mut node.origin {
                origin.parent = Some(id);
            }
        }
        out
    }

    /// Returns the policies of roles, or the attachments to roles, that CloudFormation lists in a
    /// policy.
    #[cfg(feature = "cli")]
    fn unfold_policies(&mut self, id: NodeId) -> Vec<Unfolded> {
        let resource = &mut self.graph.nodes[id.index()].resource;
        if let Some(policy) = ManagedPolicy::of_mut(resource) {
            let roles = std::mem::take(&mut policy.roles).into_iter();
            let attach =
                |role| RolePolicyAttachment::new(role, Value::Expr(id.at(ManagedPolicy::LINK)));
            return roles.map(|it| Unfolded::new("Roles", attach(it))).collect();
        }
        if let Some(policy) = InlinePolicy::of(resource) {
            let copy = |role: Link<Role>| {
                let (name, document) = (&policy.policy_name, &policy.policy_document);
                RolePolicy::new(name.clone(), role, document.clone())
            };
            let roles = policy.roles.iter().cloned();
            return roles.map(|it| Unfolded::new("Roles", copy(it))).collect();
        }
        Vec::new()
    }

    /// Returns the graph without origins, for output.
    #[cfg(feature = "cli")]
    pub(crate) fn finish_strict(mut self) -> Graph {
        for node in &mut self.graph.nodes {
            node.origin = None;
        }
        self.graph
    }

    /// Returns whether a resource without a table in the language of the file is one of the model.
    #[cfg(feature = "cli")]
    pub(crate) fn is_replaced(&self, id: NodeId) -> bool {
        self.kind(id).is_none() && self.graph.nodes[id.index()].resource.kind().is_some()
    }

    /// Replaces a resource without a table by one of the model with the same effect.
    pub(crate) fn replace(&mut self, id: NodeId, resource: impl Into<Resource>) {
        self.graph.nodes[id.index()].resource = resource.into();
    }

    /// Adds dependencies.
    pub(crate) fn add_dependencies(&mut self, id: NodeId, after: Vec<NodeId>) {
        self.graph.nodes[id.index()].depends_on.extend(after);
    }

    /// Sets the errors of a resource, the configuration in its metadata that `cfn-init` applies, and the
    /// signals that it waits for.
    pub(crate) fn set_template_parts(
        &mut self,
        id: NodeId,
        errors: Vec<TemplateError>,
        (init, signal): (Option<RawValue<'static>>, Option<RawValue<'static>>),
    ) {
        if let Some(origin) = &mut self.graph.nodes[id.index()].origin {
            origin.errors = errors;
            origin.init = init;
            origin.signal = signal;
        }
    }

    /// Adds the errors of the template outside its resources.
    pub(crate) fn add_error(&mut self, error: TemplateError) {
        self.graph.errors.push((self.stack, error));
    }

    /// Marks all properties as unknown.
    pub(crate) fn mark_unknown(&mut self, id: NodeId) {
        let fields = self.kind(id).map(|kind| kind.fields).unwrap_or_default();
        if let Some(origin) = &mut self.graph.nodes[id.index()].origin {
            origin
                .unmodeled
                .extend(fields.iter().map(|field| Unmodeled {
                    field: field.name.to_owned(),
                    reason: "set by a macro".to_owned(),
                }));
        }
    }

    /// Returns the graph after all resources are read.
    pub(crate) fn finish(mut self) -> Graph {
        self.mark_default_rules_unknown();
        self.graph
    }

    /// Marks default outbound rules as unknown if the security group has standalone outbound rules.
    /// Sources disagree whether these rules replace the default rule.
    fn mark_default_rules_unknown(&mut self) {
        let alone: Vec<Expr> = self
            .graph
            .nodes
            .iter()
            .filter(|node| node.origin.as_ref().is_some_and(|it| it.parent.is_none()))
            .filter(|node| !node.is_absent())
            .filter_map(|node| SecurityGroupEgress::of(&node.resource))
            .filter_map(|rule| match &rule.group {
                Value::Expr(expr) => Some(expr.clone()),
                Value::Lit(_) => None,
            })
            .collect();
        for node in &mut self.graph.nodes {
            let Some(origin) = &mut node.origin else {
                continue;
            };
            let default = origin
                .locations
                .first()
                .is_some_and(|(name, _)| name.is_empty());
            let Some(group) = origin.parent.filter(|_| default) else {
                continue;
            };
            if alone.contains(&group.at(SecurityGroup::LINK)) {
                origin.is_conditional = true;
            }
        }
    }
}
