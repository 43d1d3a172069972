//! The graph, indexed by resource type, with resolution of references.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::Assumptions;
use super::cache::Cache;
use super::changes::Changes;
use super::closed_world;
use super::role_policies::RolePermissions;
use super::service::ServiceName;
use super::ternary::Ternary;
pub(crate) use super::visible_text::visible_text;
use crate::ir::{Attr, Cidr, Expr, NodeId, Stack, Text, Value};
use crate::region::Region;
use crate::resource::{
    DefaultSecurityGroup, Graph, InstanceProfile, Node, Resource, Role, SecurityGroup, Subnet,
    Typed, Vpc, VpcCidrBlock,
};

/// The graph, indexed.
pub(crate) struct GraphIndex<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) stacks: Vec<&'g Stack>,
    pub(crate) assumptions: Assumptions,
    /// Whether a macro can change the template before deployment.
    pub(crate) has_macros: bool,
    of_kind: HashMap<&'static str, Vec<NodeId>>,
    /// Existing resources, which the file does not show whole.
    lookups: HashSet<NodeId>,
    pub(super) changes: Changes,
    region: Option<&'static Region>,
    /// The Region that the file implies.
    home: OnceCell<Option<&'static Region>>,
    /// The services of the endpoints.
    pub(super) service_names: RefCell<HashMap<NodeId, ServiceName>>,
    /// The evaluated permissions of each role.
    pub(super) permissions: RefCell<HashMap<NodeId, Rc<RolePermissions<'g>>>>,
    pub(super) cache: Cache<'g>,
}

/// The target of a reference.
#[derive(Debug)]
pub(crate) enum Resolved<'g, R> {
    /// A resource of the graph.
    Node(NodeId, &'g R),
    /// A resource of another type.
    OtherType(NodeId),
    /// A resource outside the graph. Equal expressions refer to the same resource.
    Outside(Expr),
}

impl<R> Clone for Resolved<'_, R> {
    fn clone(&self) -> Self {
        match self {
            Resolved::Node(id, it) => Resolved::Node(*id, it),
            Resolved::OtherType(id) => Resolved::OtherType(*id),
            Resolved::Outside(expr) => Resolved::Outside(expr.clone()),
        }
    }
}

impl<R> Resolved<'_, R> {
    pub(crate) fn node(&self) -> Option<NodeId> {
        match self {
            Resolved::Node(id, _) => Some(*id),
            Resolved::OtherType(_) | Resolved::Outside(_) => None,
        }
    }

    /// Returns whether both refer to the same resource.
    pub(crate) fn same(&self, other: &Resolved<'_, R>) -> Ternary {
        match (self, other) {
            (Resolved::Node(a, _), Resolved::Node(b, _)) => (a == b).into(),
            (Resolved::Outside(a), Resolved::Outside(b)) => same_value(a, b),
            // A literal ID never names a resource that the file creates. A lookup can.
            (Resolved::Node(..), Resolved::Outside(Expr::Text(_)))
            | (Resolved::Outside(Expr::Text(_)), Resolved::Node(..)) => Ternary::No,
            _ => Ternary::Unknown,
        }
    }
}

/// Returns whether two values are equal after deployment.
pub(crate) fn same_value(a: &Expr, b: &Expr) -> Ternary {
    if a == b && has_identity(a) {
        return Ternary::Yes;
    }
    match (a, b) {
        (Expr::Text(a), Expr::Text(b)) => (a == b).into(),
        _ => Ternary::Unknown,
    }
}

/// Returns whether equal expressions of this form are equal values.
fn has_identity(expr: &Expr) -> bool {
    let mut found = true;
    expr.walk(&mut |part| found &= !matches!(part, Expr::OneOf(_) | Expr::Unknown(_)));
    found
}

/// Converts a value to an expression.
pub(crate) fn expr_of<T>(value: &Value<T>, text: impl Fn(&T) -> Text) -> Expr {
    match value {
        Value::Lit(value) => Expr::Text(text(value)),
        Value::Expr(expr) => expr.clone(),
    }
}

/// A reference to a VPC.
pub(crate) type VpcRef<'g> = Resolved<'g, Vpc>;

impl<'g> GraphIndex<'g> {
    /// Creates the index of all stacks of a graph.
    pub(crate) fn new(graph: &'g Graph, assumptions: Assumptions) -> GraphIndex<'g> {
        GraphIndex::of_stacks(graph, graph.stacks().collect(), assumptions)
    }

    /// Creates the index of some stacks of a graph.
    pub(crate) fn of_stacks(
        graph: &'g Graph,
        stacks: Vec<&'g Stack>,
        assumptions: Assumptions,
    ) -> GraphIndex<'g> {
        let mut of_kind: HashMap<&'static str, Vec<NodeId>> = HashMap::new();
        let mut lookups = HashSet::new();
        let mut changes = Changes::of(graph, &stacks);
        for stack in &stacks {
            for (id, node) in graph.nodes_of(stack) {
                if node.is_lookup() {
                    lookups.insert(id);
                }
                if let Some(kind) = node.resource.kind() {
                    of_kind.entry(kind.name).or_default().push(id);
                    if let Some(doubt) = closed_world::doubt(node) {
                        changes.doubts.insert(id, doubt);
                    }
                }
            }
        }
        let region = stacks.iter().find_map(|stack| stack.known_region());
        GraphIndex {
            graph,
            stacks,
            assumptions,
            has_macros: graph.has_macros(),
            of_kind,
            lookups,
            changes,
            region,
            home: OnceCell::new(),
            service_names: RefCell::default(),
            permissions: RefCell::default(),
            cache: Cache::default(),
        }
    }

    /// Returns the Region of the deployment if the file specifies it and the data has it.
    pub(crate) fn region(&self) -> Option<&'static Region> {
        self.region
    }

    /// Returns the Region of the deployment if the file specifies or implies it.
    pub(super) fn home(
        &self,
        find: impl FnOnce() -> Option<&'static Region>,
    ) -> Option<&'static Region> {
        *self.home.get_or_init(find)
    }

    /// Returns the nodes of a type that can exist.
    pub(crate) fn all<R: Typed + 'g>(&self) -> impl Iterator<Item = (NodeId, &'g Node, &'g R)> {
        let graph = self.graph;
        let ids = self
            .of_kind
            .get(R::KIND.name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter()
            .filter_map(move |&id| {
                let node = graph.node(id)?;
                Some((id, node, R::of(&node.resource)?))
            })
            .filter(|(_, node, _)| !node.is_absent())
    }

    /// Returns whether a node exists, and is what the model knows of it.
    pub(crate) fn exists(&self, id: NodeId) -> Ternary {
        match self.graph.node(id) {
            None => Ternary::No,
            Some(node) if node.is_absent() => Ternary::No,
            Some(node) if node.is_certain() && !self.changes.doubts.contains_key(&id) => {
                Ternary::Yes
            }
            Some(_) => Ternary::Unknown,
        }
    }

    /// Returns why a node is not only what the model knows: words after its name.
    pub(super) fn doubt(&self, id: NodeId) -> Option<&str> {
        self.changes.doubts.get(&id).map(String::as_str)
    }

    /// Returns whether a node can be more than the model knows of it, by its own properties or by a
    /// resource outside the file.
    pub(crate) fn is_externally_modified(&self, id: NodeId) -> bool {
        self.lookups.contains(&id)
            || self.changes.modified.contains(&id)
            || self.changes.doubts.contains_key(&id)
    }

    /// Returns whether a Route 53 Profile affects the names in a VPC.
    pub(crate) fn is_dns_overridden(&self, vpc: NodeId) -> bool {
        self.changes.dns.contains(&vpc)
    }

    /// Returns the name of a node in the file.
    pub(crate) fn name(&self, id: NodeId) -> String {
        self.graph
            .node(id)
            .map(|node| node.display_id().to_owned())
            .unwrap_or_default()
    }

    /// Returns the logical ID, by which scripts name a resource. That of a linked template has a prefix.
    pub(crate) fn logical_id(&self, id: NodeId) -> &str {
        let Some(node) = self.graph.node(id) else {
            return "";
        };
        match node.origin.as_ref().filter(|it| !it.is_of_app) {
            Some(origin) => origin.address.rsplit('/').next().unwrap_or_default(),
            None => node.cfn_id(),
        }
    }

    /// Returns an expression for a message: its literal text, or the name of the resource that it refers
    /// to.
    pub(crate) fn shown(&self, expr: &Expr) -> String {
        let mut text = visible_text(expr);
        if text.is_empty() {
            expr.walk(&mut |part| match part {
                Expr::Attr(id, _) | Expr::Other(id, _) if text.is_empty() => text = self.name(*id),
                _ => {}
            });
        }
        match (text.is_empty(), expr) {
            (true, Expr::Absent) => "(none)".to_owned(),
            (true, _) => "(unknown)".to_owned(),
            (false, _) => text,
        }
    }

    fn by_name<R: Typed + 'g>(
        &self,
        name: &str,
        named: impl Fn(&'g R) -> Option<&'g Value<Text>>,
    ) -> Option<(NodeId, &'g R)> {
        self.all::<R>()
            .find(|(_, _, it)| {
                named(it)
                    .and_then(Value::lit)
                    .is_some_and(|text| text == name)
            })
            .map(|(id, _, it)| (id, it))
    }

    /// Resolves an expression to a resource `R`, or to several candidates.
    pub(crate) fn resolve_expr<R: Typed + 'g>(&self, expr: &Expr) -> Vec<Resolved<'g, R>> {
        match expr {
            Expr::OneOf(of) => of.iter().flat_map(|one| self.resolve_expr(one)).collect(),
            Expr::Attr(id, attr) => vec![self.attribute(*id, *attr, expr)],
            other => vec![Resolved::Outside(other.clone())],
        }
    }

    fn attribute<R: Typed + 'g>(&self, id: NodeId, attr: Attr, expr: &Expr) -> Resolved<'g, R> {
        let Some(node) = self.graph.node(id) else {
            return Resolved::Outside(expr.clone());
        };
        if let Some(it) = R::of(&node.resource) {
            return Resolved::Node(id, it);
        }
        // Terraform manages the default security group of a VPC as a separate resource.
        if let Resource::DefaultSecurityGroup(_) = &node.resource {
            return Resolved::Outside(expr.clone());
        }
        let names_it = node.resource.kind().is_some_and(|kind| kind.link == attr);
        if names_it || (matches!(node.resource, Resource::Role(_)) && attr == Role::ARN) {
            return Resolved::OtherType(id);
        }
        Resolved::Outside(expr.clone())
    }

    /// Resolves a property that names a resource.
    pub(crate) fn resolve<R: Typed + 'g>(
        &self,
        link: &Value<crate::ir::Id<R>>,
    ) -> Vec<Resolved<'g, R>> {
        match link {
            Value::Lit(id) => vec![Resolved::Outside(Expr::Text(id.as_str().to_owned().into()))],
            Value::Expr(expr) => self.resolve_expr(expr),
        }
    }

    /// Resolves a property that names a resource to exactly one target.
    pub(crate) fn resolve_one<R: Typed + 'g>(
        &self,
        link: &Value<crate::ir::Id<R>>,
    ) -> Resolved<'g, R> {
        let mut all = self.resolve(link);
        if all.len() == 1 {
            all.swap_remove(0)
        } else {
            Resolved::Outside(expr_of(link, |id| Text::Owned(id.as_str().to_owned())))
        }
    }

    /// Returns whether a property refers to a node. One of several, or a value that the file does not
    /// show, can refer to it.
    pub(crate) fn points_to<R: Typed + 'g>(
        &self,
        link: &Value<crate::ir::Id<R>>,
        node: NodeId,
    ) -> Ternary {
        Ternary::unanimous(self.resolve(link).iter().map(|to| match to {
            Resolved::Node(id, _) | Resolved::OtherType(id) => (*id == node).into(),
            Resolved::Outside(Expr::Text(_) | Expr::Absent) => Ternary::No,
            Resolved::Outside(_) => Ternary::Unknown,
        }))
    }

    /// Returns whether a property refers to a resource, which can be outside the file.
    pub(crate) fn refers_to<R: Typed + 'g>(
        &self,
        link: &Value<crate::ir::Id<R>>,
        to: &Resolved<'g, R>,
    ) -> Ternary {
        Ternary::unanimous(self.resolve(link).iter().map(|it| it.same(to)))
    }

    /// Resolves a role by reference, by name, or by the end of its ARN.
    pub(crate) fn role(&self, link: &Value<crate::ir::Id<Role>>) -> Vec<Resolved<'g, Role>> {
        let named = |to| match to {
            Resolved::Outside(expr) => match last_segment(&expr)
                .and_then(|name| self.by_name::<Role>(&name, |role| role.role_name.as_ref()))
            {
                Some((id, role)) => Resolved::Node(id, role),
                None => Resolved::Outside(expr),
            },
            to => to,
        };
        self.resolve(link).into_iter().map(named).collect()
    }

    /// Resolves an instance profile by reference, by name, or by the end of its ARN.
    pub(crate) fn profile(
        &self,
        link: &Value<crate::ir::Id<InstanceProfile>>,
    ) -> Vec<Resolved<'g, InstanceProfile>> {
        let named = |to| match to {
            Resolved::Outside(expr) => match last_segment(&expr).and_then(|name| {
                self.by_name::<InstanceProfile>(&name, |it| it.instance_profile_name.as_ref())
            }) {
                Some((id, profile)) if has_path(&expr, profile.path.as_ref()) => {
                    Resolved::Node(id, profile)
                }
                _ => Resolved::Outside(expr),
            },
            Resolved::OtherType(id) => match self.profile_with_name_of(id, link) {
                Some((id, profile)) => Resolved::Node(id, profile),
                None => Resolved::OtherType(id),
            },
            to => to,
        };
        self.resolve(link).into_iter().map(named).collect()
    }

    /// Returns the instance profile whose name is that of a role, if a link is the name of the role.
    fn profile_with_name_of(
        &self,
        role: NodeId,
        link: &Value<crate::ir::Id<InstanceProfile>>,
    ) -> Option<(NodeId, &'g InstanceProfile)> {
        let own = Expr::Attr(role, Role::LINK);
        let role_name = Role::of(&self.graph.node(role)?.resource)?
            .role_name
            .as_ref();
        let role_name = role_name.and_then(Value::lit);
        let has_name = |it: &InstanceProfile| match &it.instance_profile_name {
            Some(Value::Lit(name)) => role_name == Some(name),
            Some(Value::Expr(name)) => *name == own,
            None => false,
        };
        if !matches!(link, Value::Expr(expr) if *expr == own) {
            return None;
        }
        let mut all = self.all::<InstanceProfile>();
        all.find(|it| has_name(it.2)).map(|it| (it.0, it.2))
    }

    /// Returns the VPC of a subnet.
    pub(crate) fn vpc_of(&self, subnet: &Resolved<'g, Subnet>) -> VpcRef<'g> {
        match subnet {
            Resolved::Node(_, subnet) => self.resolve_one(&subnet.vpc),
            Resolved::Outside(expr) if has_identity(expr) => Resolved::Outside(Expr::Opaque(
                Text::Owned(format!("the VPC of the subnet {expr:?}")),
            )),
            Resolved::OtherType(_) | Resolved::Outside(_) => {
                Resolved::Outside(Expr::Unknown(Text::Borrowed("the VPC of the subnet")))
            }
        }
    }

    /// Returns a CIDR range if it is known.
    pub(crate) fn cidr(&self, value: &Value<Cidr>) -> Option<Cidr> {
        match value {
            Value::Lit(cidr) => Some(*cidr),
            Value::Expr(expr) => self.cidr_of(expr),
        }
    }

    fn cidr_of(&self, expr: &Expr) -> Option<Cidr> {
        match expr {
            Expr::Text(text) | Expr::Opaque(text) => parse_lenient(text),
            Expr::Attr(id, attr) => {
                let node = self.graph.node(*id)?;
                match &node.resource {
                    Resource::Vpc(vpc) if *attr == Vpc::CIDR_BLOCK => self.cidr(&vpc.cidr_block),
                    Resource::Subnet(subnet) if *attr == Subnet::CIDR_BLOCK => {
                        self.cidr(&subnet.cidr_block)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns a CIDR range as an expression that can be compared.
    fn range(&self, value: &Value<Cidr>) -> Expr {
        let expr = expr_of(value, |cidr| Text::Owned(cidr.to_string()));
        match &expr {
            Expr::Attr(id, attr) => match self.graph.node(*id).map(|node| &node.resource) {
                Some(Resource::Vpc(vpc)) if *attr == Vpc::CIDR_BLOCK => self.range(&vpc.cidr_block),
                Some(Resource::Subnet(subnet)) if *attr == Subnet::CIDR_BLOCK => {
                    self.range(&subnet.cidr_block)
                }
                _ => expr,
            },
            _ => expr,
        }
    }

    /// Returns whether a CIDR range contains every address of a subnet.
    pub(crate) fn covers(&self, range: &Value<Cidr>, subnet: &Resolved<'g, Subnet>) -> Ternary {
        if let Value::Expr(Expr::OneOf(of)) = range {
            let one = |expr: &Expr| self.covers(&Value::Expr(expr.clone()), subnet);
            return Ternary::unanimous(of.iter().map(one));
        }
        let known = self.cidr(range);
        if known == Some(Cidr::ANY) {
            return Ternary::Yes;
        }
        let Resolved::Node(_, subnet) = subnet else {
            return match known {
                Some(known) if !holds_a_subnet(known) => Ternary::No,
                _ => Ternary::Unknown,
            };
        };
        let subnet_range = self.cidr(&subnet.cidr_block);
        if let (Some(known), Some(subnet_range)) = (known, subnet_range) {
            return coverage(known, subnet_range);
        }
        if self.range(range) == self.range(&subnet.cidr_block) {
            return Ternary::Yes;
        }
        let Resolved::Node(vpc_id, vpc) = self.resolve_one(&subnet.vpc) else {
            return Ternary::Unknown;
        };
        let secondary = self.all::<VpcCidrBlock>().any(|(_, _, more)| {
            !self
                .resolve_one(&more.vpc)
                .same(&Resolved::Node(vpc_id, vpc))
                .is_no()
        });
        if self.range(range) == self.range(&vpc.cidr_block) {
            return if secondary {
                Ternary::Unknown
            } else {
                Ternary::Yes
            };
        }
        match (known, self.cidr(&vpc.cidr_block)) {
            (Some(known), Some(vpc_range)) if !secondary => match coverage(known, vpc_range) {
                Ternary::Yes => Ternary::Yes,
                Ternary::No if !known.overlaps(vpc_range) => Ternary::No,
                _ => Ternary::Unknown,
            },
            (Some(known), _) if !holds_a_subnet(known) => Ternary::No,
            _ => Ternary::Unknown,
        }
    }

    /// Returns the resource that manages the default security group of a VPC.
    pub(crate) fn default_group_of(&self, vpc: &VpcRef<'g>) -> Option<(NodeId, Ternary)> {
        self.all::<DefaultSecurityGroup>()
            .find_map(|(id, _, group)| {
                let same = match &group.vpc {
                    Some(link) => self.resolve_one(link).same(vpc),
                    None => Ternary::Unknown,
                };
                (!same.is_no()).then_some((id, same.and(self.exists(id))))
            })
    }

    /// Returns the VPC whose default security group an expression names.
    pub(crate) fn default_group_vpc(&self, expr: &Expr) -> Option<VpcRef<'g>> {
        let Expr::Attr(id, attr) = expr else {
            return None;
        };
        match &self.graph.node(*id)?.resource {
            Resource::Vpc(vpc) if *attr == Vpc::DEFAULT_SECURITY_GROUP => {
                Some(Resolved::Node(*id, vpc))
            }
            Resource::DefaultSecurityGroup(group) if *attr == DefaultSecurityGroup::LINK => {
                Some(match &group.vpc {
                    Some(link) => self.resolve_one(link),
                    None => Resolved::Outside(Expr::Opaque(Text::Borrowed("the default VPC"))),
                })
            }
            _ => None,
        }
    }
}

/// Returns whether one range contains all of another, or nothing of it.
fn coverage(range: Cidr, all: Cidr) -> Ternary {
    if range.contains(all) {
        Ternary::Yes
    } else if range.overlaps(all) {
        Ternary::Unknown
    } else {
        Ternary::No
    }
}

/// Returns whether a range can contain a subnet, which has at least 16 addresses.
fn holds_a_subnet(range: Cidr) -> bool {
    range.prefix_len() <= 28
}

/// Parses a CIDR range, and clears host bits as EC2 does.
pub(crate) fn parse_lenient(text: &str) -> Option<Cidr> {
    match text.trim().parse::<Cidr>() {
        Ok(cidr) => Some(cidr),
        Err(crate::ir::CidrError::HostBits { canonical, .. }) => Some(canonical),
        Err(_) => None,
    }
}

/// Returns whether the path in an ARN is that of an instance profile. A name alone has none.
fn has_path(arn: &Expr, path: Option<&Value<Text>>) -> bool {
    let text = match arn {
        Expr::Text(text) => text.as_ref(),
        Expr::Concat(parts) => match parts.last() {
            Some(Expr::Text(text)) => text.as_ref(),
            _ => return true,
        },
        _ => return true,
    };
    let own = path.map_or(Some("/"), |it| it.lit().map(|it| it.as_ref()));
    match (text.split_once("instance-profile"), own) {
        (Some((_, rest)), Some(own)) => rest
            .rsplit_once('/')
            .is_some_and(|(path, _)| path.trim_matches('/') == own.trim_matches('/')),
        _ => true,
    }
}

/// Returns the text after the last slash of a name.
fn last_segment(expr: &Expr) -> Option<String> {
    let text = match expr {
        Expr::Text(text) => text.as_ref(),
        Expr::Concat(parts) => match parts.last() {
            Some(Expr::Text(text)) if text.contains('/') => text.as_ref(),
            _ => return None,
        },
        _ => return None,
    };
    text.rsplit('/').next().map(str::to_owned)
}

/// A reference to a security group.
pub(crate) type GroupRef<'g> = Resolved<'g, SecurityGroup>;
