//! The graph by type, and its references followed.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::Assumptions;
use super::role_policies::RolePermissions;
use super::ternary::Ternary;
use crate::ir::{Attr, Cidr, Expr, NodeId, Pseudo, Text, Value};
use crate::region::Region;
use crate::resource::{
    DefaultSecurityGroup, Graph, InstanceProfile, Node, Resource, Role, SecurityGroup, Subnet,
    Typed, Vpc, VpcCidrBlock,
};

/// The graph, indexed.
pub(crate) struct GraphIndex<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) assumptions: Assumptions,
    /// Whether something may change everything before it is deployed.
    pub(crate) has_macros: bool,
    of_kind: HashMap<&'static str, Vec<NodeId>>,
    /// What is handed to something that may add to it: nested stacks, custom resources.
    externally_modified: HashSet<NodeId>,
    /// The VPCs where something else changes what names lead to.
    dns_overridden: HashSet<NodeId>,
    region: Option<&'static Region>,
    /// What IAM allows each role that was asked for.
    pub(super) permissions: RefCell<HashMap<NodeId, Rc<RolePermissions<'g>>>>,
}

/// Where a reference leads.
#[derive(Debug)]
pub(crate) enum Resolved<'g, R> {
    /// To a resource of the graph.
    Node(NodeId, &'g R),
    /// To a resource of another type.
    OtherType(NodeId),
    /// Out of the graph; equal expressions lead to the same thing.
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

    /// Whether both lead to the same thing.
    pub(crate) fn same(&self, other: &Resolved<'_, R>) -> Ternary {
        match (self, other) {
            (Resolved::Node(a, _), Resolved::Node(b, _)) => (a == b).into(),
            (Resolved::Outside(a), Resolved::Outside(b)) => same_value(a, b),
            // What the file makes has an id that nothing outside can know; a lookup may.
            (Resolved::Node(..), Resolved::Outside(Expr::Text(_)))
            | (Resolved::Outside(Expr::Text(_)), Resolved::Node(..)) => Ternary::No,
            _ => Ternary::Unknown,
        }
    }
}

/// Whether two values are the same once deployed.
pub(crate) fn same_value(a: &Expr, b: &Expr) -> Ternary {
    if a == b && !contains_choice(a) {
        return Ternary::Yes;
    }
    match (a, b) {
        (Expr::Text(a), Expr::Text(b)) => (a == b).into(),
        _ => Ternary::Unknown,
    }
}

fn contains_choice(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| found |= matches!(part, Expr::OneOf(_)));
    found
}

/// A value as an expression.
pub(crate) fn expr_of<T>(value: &Value<T>, text: impl Fn(&T) -> Text) -> Expr {
    match value {
        Value::Lit(value) => Expr::Text(text(value)),
        Value::Expr(expr) => expr.clone(),
    }
}

/// A VPC, by which the network is asked about.
pub(crate) type VpcRef<'g> = Resolved<'g, Vpc>;

impl<'g> GraphIndex<'g> {
    pub(crate) fn new(graph: &'g Graph, assumptions: Assumptions) -> GraphIndex<'g> {
        let mut of_kind: HashMap<&'static str, Vec<NodeId>> = HashMap::new();
        let (mut externally_modified, mut dns_overridden) = (HashSet::new(), HashSet::new());
        for stack in graph.stacks() {
            for (id, node) in graph.nodes_of(stack) {
                if let Some(kind) = node.resource.kind() {
                    of_kind.entry(kind.name).or_default().push(id);
                } else if node.may_modify_references() {
                    externally_modified.extend(node.references());
                } else if node.overrides_dns() && !node.is_absent() {
                    dns_overridden.extend(node.references());
                }
            }
        }
        let region = graph.stacks().find_map(|stack| stack.region);
        GraphIndex {
            graph,
            assumptions,
            has_macros: graph.has_macros(),
            of_kind,
            externally_modified,
            dns_overridden,
            region,
            permissions: RefCell::default(),
        }
    }

    /// The region that everything is deployed to, if the file tells.
    pub(crate) fn region(&self) -> Option<&'static Region> {
        self.region
    }

    /// The nodes of a type that may exist.
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

    /// Whether a node exists.
    pub(crate) fn exists(&self, id: NodeId) -> Ternary {
        match self.graph.node(id) {
            None => Ternary::No,
            Some(node) if node.is_absent() => Ternary::No,
            Some(node) if node.is_certain() => Ternary::Yes,
            Some(_) => Ternary::Unknown,
        }
    }

    /// Whether something outside the file may add to it.
    pub(crate) fn is_externally_modified(&self, id: NodeId) -> bool {
        self.externally_modified.contains(&id)
    }

    /// Whether resolver rules, firewalls or profiles change what names lead to in a VPC.
    pub(crate) fn is_dns_overridden(&self, vpc: NodeId) -> bool {
        self.dns_overridden.contains(&vpc)
    }

    /// What the file calls a node.
    pub(crate) fn name(&self, id: NodeId) -> String {
        self.graph
            .node(id)
            .map(|node| node.display_id().to_owned())
            .unwrap_or_default()
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

    /// Follows an expression that should lead to an `R`; several where the file leaves open which.
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
        // Terraform takes a VPC's own default group over under a name of its own.
        if let Resource::DefaultSecurityGroup(_) = &node.resource {
            return Resolved::Outside(expr.clone());
        }
        let names_it = node.resource.kind().is_some_and(|kind| kind.link == attr);
        if names_it || (matches!(node.resource, Resource::Role(_)) && attr == Role::ARN) {
            return Resolved::OtherType(id);
        }
        Resolved::Outside(expr.clone())
    }

    /// Follows a property that names a resource.
    pub(crate) fn resolve<R: Typed + 'g>(
        &self,
        link: &Value<crate::ir::Id<R>>,
    ) -> Vec<Resolved<'g, R>> {
        match link {
            Value::Lit(id) => vec![Resolved::Outside(Expr::Text(id.as_str().to_owned().into()))],
            Value::Expr(expr) => self.resolve_expr(expr),
        }
    }

    /// Follows a property that names a resource, if it leads to one thing.
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

    /// Whether a property leads to a node of the graph.
    pub(crate) fn points_to<R: Typed + 'g>(
        &self,
        link: &Value<crate::ir::Id<R>>,
        node: NodeId,
    ) -> Ternary {
        let all = self.resolve(link);
        let any = all.iter().any(|to| to.node() == Some(node));
        match (any, all.len()) {
            (true, 1) => Ternary::Yes,
            (true, _) => Ternary::Unknown,
            (false, _) => Ternary::No,
        }
    }

    /// Follows what names a role: by reference, by name, or by the end of its ARN.
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

    /// Follows what names an instance profile: by reference, by name, or by the end of its ARN.
    pub(crate) fn profile(
        &self,
        link: &Value<crate::ir::Id<InstanceProfile>>,
    ) -> Vec<Resolved<'g, InstanceProfile>> {
        let named = |to| match to {
            Resolved::Outside(expr) => match last_segment(&expr).and_then(|name| {
                self.by_name::<InstanceProfile>(&name, |it| it.instance_profile_name.as_ref())
            }) {
                Some((id, profile)) => Resolved::Node(id, profile),
                None => Resolved::Outside(expr),
            },
            to => to,
        };
        self.resolve(link).into_iter().map(named).collect()
    }

    /// A subnet's VPC.
    pub(crate) fn vpc_of(&self, subnet: &Resolved<'g, Subnet>) -> VpcRef<'g> {
        match subnet {
            Resolved::Node(_, subnet) => self.resolve_one(&subnet.vpc),
            Resolved::OtherType(_) | Resolved::Outside(_) => {
                Resolved::Outside(Expr::Opaque(Text::Borrowed("the subnet's VPC")))
            }
        }
    }

    /// A range, where it is known.
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

    /// The value of a range as one that can be compared.
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

    /// Whether a range holds every address of a subnet.
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

    /// The resource that takes a VPC's default group over, if there is one.
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

    /// Whether an expression names the VPC's default group.
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

/// Whether one range holds all of another, or none of it.
fn coverage(range: Cidr, all: Cidr) -> Ternary {
    if range.contains(all) {
        Ternary::Yes
    } else if range.overlaps(all) {
        Ternary::Unknown
    } else {
        Ternary::No
    }
}

/// Whether a range can hold a subnet, which has sixteen addresses at least.
fn holds_a_subnet(range: Cidr) -> bool {
    range.prefix_len() <= 28
}

/// A range as people write it: with bits behind the prefix, which EC2 drops.
pub(crate) fn parse_lenient(text: &str) -> Option<Cidr> {
    match text.trim().parse::<Cidr>() {
        Ok(cidr) => Some(cidr),
        Err(crate::ir::CidrError::HostBits { canonical, .. }) => Some(canonical),
        Err(_) => None,
    }
}

/// The last part of a name with slashes, where it is text.
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

/// The text of an expression, with what is not text left out.
pub(crate) fn visible_text(expr: &Expr) -> String {
    let mut out = String::new();
    expr.walk(&mut |part| match part {
        Expr::Text(text) | Expr::Opaque(text) => out.push_str(text),
        Expr::Pseudo(Pseudo::Region) => out.push_str("${region}"),
        _ => {}
    });
    out
}

/// Whether a group's handle is a node of this type.
pub(crate) type GroupRef<'g> = Resolved<'g, SecurityGroup>;
