//! The graph by type, and its references followed.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::Assume;
use super::tri::Tri;
use crate::ir::{Attr, Cidr, Expr, Graph, Node, NodeId, Pseudo, Text, Value};
use crate::region::Region;
use crate::resource::{
    DefaultSecurityGroup, InstanceProfile, Resource, Role, SecurityGroup, Subnet, Typed, Vpc,
    VpcCidrBlock,
};

/// The graph, indexed.
pub(crate) struct View<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) assume: Assume,
    /// Whether something may change everything before it is deployed.
    pub(crate) macros: bool,
    of_kind: HashMap<&'static str, Vec<NodeId>>,
    /// What is handed to something that may add to it: nested stacks, custom resources.
    touched: HashSet<NodeId>,
    /// The VPCs where something else changes what names lead to.
    renamed: HashSet<NodeId>,
    region: Option<&'static Region>,
    grants: RefCell<HashMap<NodeId, std::rc::Rc<super::iam::Identity<'g>>>>,
}

/// Where a reference leads.
#[derive(Debug)]
pub(crate) enum To<'g, R> {
    /// To a resource of the graph.
    Node(NodeId, &'g R),
    /// To a resource of another type.
    Wrong(NodeId),
    /// Out of the graph; equal expressions lead to the same thing.
    Outside(Expr),
}

impl<R> Clone for To<'_, R> {
    fn clone(&self) -> Self {
        match self {
            To::Node(id, it) => To::Node(*id, it),
            To::Wrong(id) => To::Wrong(*id),
            To::Outside(expr) => To::Outside(expr.clone()),
        }
    }
}

impl<R> To<'_, R> {
    pub(crate) fn node(&self) -> Option<NodeId> {
        match self {
            To::Node(id, _) => Some(*id),
            To::Wrong(_) | To::Outside(_) => None,
        }
    }

    /// Whether both lead to the same thing.
    pub(crate) fn same(&self, other: &To<'_, R>) -> Tri {
        match (self, other) {
            (To::Node(a, _), To::Node(b, _)) => (a == b).into(),
            (To::Outside(a), To::Outside(b)) => same_value(a, b),
            // What the file makes has an id that nothing outside can know; a lookup may.
            (To::Node(..), To::Outside(Expr::Text(_)))
            | (To::Outside(Expr::Text(_)), To::Node(..)) => Tri::No,
            _ => Tri::Maybe,
        }
    }
}

/// Whether two values are the same once deployed.
pub(crate) fn same_value(a: &Expr, b: &Expr) -> Tri {
    if a == b && !contains_choice(a) {
        return Tri::Yes;
    }
    match (a, b) {
        (Expr::Text(a), Expr::Text(b)) => (a == b).into(),
        _ => Tri::Maybe,
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
pub(crate) type VpcRef<'g> = To<'g, Vpc>;

impl<'g> View<'g> {
    pub(crate) fn new(graph: &'g Graph, assume: Assume) -> View<'g> {
        let mut of_kind: HashMap<&'static str, Vec<NodeId>> = HashMap::new();
        let (mut touched, mut renamed) = (HashSet::new(), HashSet::new());
        for stack in graph.stacks() {
            for (id, node) in graph.nodes_of(stack) {
                if let Some(kind) = node.resource.kind() {
                    of_kind.entry(kind.name).or_default().push(id);
                } else if node.adds_to_what_it_gets() {
                    touched.extend(node.references());
                } else if node.changes_names() && !node.is_absent() {
                    renamed.extend(node.references());
                }
            }
        }
        let region = graph.stacks().find_map(|stack| stack.region);
        View {
            graph,
            assume,
            macros: graph.has_macros(),
            of_kind,
            touched,
            renamed,
            region,
            grants: RefCell::default(),
        }
    }

    /// The region that everything is deployed to, if the file tells.
    pub(crate) fn region(&self) -> Option<&'static Region> {
        self.region
    }

    /// What IAM allows a role; computed once.
    pub(crate) fn identity(&self, role: NodeId) -> std::rc::Rc<super::iam::Identity<'g>> {
        if let Some(known) = self.grants.borrow().get(&role) {
            return known.clone();
        }
        let identity = std::rc::Rc::new(super::iam::Identity::of(self, role));
        self.grants.borrow_mut().insert(role, identity.clone());
        identity
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
    pub(crate) fn exists(&self, id: NodeId) -> Tri {
        match self.graph.node(id) {
            None => Tri::No,
            Some(node) if node.is_absent() => Tri::No,
            Some(node) if node.is_certain() => Tri::Yes,
            Some(_) => Tri::Maybe,
        }
    }

    /// Whether something outside the file may add to it.
    pub(crate) fn is_touched(&self, id: NodeId) -> bool {
        self.touched.contains(&id)
    }

    /// Whether resolver rules, firewalls or profiles change what names lead to in a VPC.
    pub(crate) fn is_renamed(&self, vpc: NodeId) -> bool {
        self.renamed.contains(&vpc)
    }

    /// What the file calls a node.
    pub(crate) fn name(&self, id: NodeId) -> String {
        self.graph
            .node(id)
            .map(|node| node.shown().to_owned())
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
                    .is_some_and(|own| own == name)
            })
            .map(|(id, _, it)| (id, it))
    }

    /// Follows an expression that should lead to an `R`; several where the file leaves open which.
    pub(crate) fn follow<R: Typed + 'g>(&self, expr: &Expr) -> Vec<To<'g, R>> {
        match expr {
            Expr::OneOf(of) => of.iter().flat_map(|one| self.follow(one)).collect(),
            Expr::Attr(id, attr) => vec![self.attribute(*id, *attr, expr)],
            other => vec![To::Outside(other.clone())],
        }
    }

    fn attribute<R: Typed + 'g>(&self, id: NodeId, attr: Attr, expr: &Expr) -> To<'g, R> {
        let Some(node) = self.graph.node(id) else {
            return To::Outside(expr.clone());
        };
        if let Some(it) = R::of(&node.resource) {
            return To::Node(id, it);
        }
        // Terraform takes a VPC's own default group over under a name of its own.
        if let Resource::DefaultSecurityGroup(_) = &node.resource {
            return To::Outside(expr.clone());
        }
        let names_it = node.resource.kind().is_some_and(|kind| kind.link == attr);
        if names_it || (matches!(node.resource, Resource::Role(_)) && attr == Role::ARN) {
            return To::Wrong(id);
        }
        To::Outside(expr.clone())
    }

    /// Follows a property that names a resource.
    pub(crate) fn to<R: Typed + 'g>(&self, link: &Value<crate::ir::Id<R>>) -> Vec<To<'g, R>> {
        match link {
            Value::Lit(id) => vec![To::Outside(Expr::Text(id.as_str().to_owned().into()))],
            Value::Expr(expr) => self.follow(expr),
        }
    }

    /// Follows a property that names a resource, if it leads to one thing.
    pub(crate) fn only<R: Typed + 'g>(&self, link: &Value<crate::ir::Id<R>>) -> To<'g, R> {
        let mut all = self.to(link);
        if all.len() == 1 {
            all.swap_remove(0)
        } else {
            To::Outside(expr_of(link, |id| Text::Owned(id.as_str().to_owned())))
        }
    }

    /// Whether a property leads to a node of the graph.
    pub(crate) fn leads_to<R: Typed + 'g>(
        &self,
        link: &Value<crate::ir::Id<R>>,
        node: NodeId,
    ) -> Tri {
        let all = self.to(link);
        let any = all.iter().any(|to| to.node() == Some(node));
        match (any, all.len()) {
            (true, 1) => Tri::Yes,
            (true, _) => Tri::Maybe,
            (false, _) => Tri::No,
        }
    }

    /// Follows what names a role: by reference, by name, or by the end of its ARN.
    pub(crate) fn role(&self, link: &Value<crate::ir::Id<Role>>) -> Vec<To<'g, Role>> {
        let named = |to| match to {
            To::Outside(expr) => match last_segment(&expr)
                .and_then(|name| self.by_name::<Role>(&name, |role| role.role_name.as_ref()))
            {
                Some((id, role)) => To::Node(id, role),
                None => To::Outside(expr),
            },
            to => to,
        };
        self.to(link).into_iter().map(named).collect()
    }

    /// Follows what names an instance profile: by reference, by name, or by the end of its ARN.
    pub(crate) fn profile(
        &self,
        link: &Value<crate::ir::Id<InstanceProfile>>,
    ) -> Vec<To<'g, InstanceProfile>> {
        let named = |to| match to {
            To::Outside(expr) => match last_segment(&expr).and_then(|name| {
                self.by_name::<InstanceProfile>(&name, |it| it.instance_profile_name.as_ref())
            }) {
                Some((id, profile)) => To::Node(id, profile),
                None => To::Outside(expr),
            },
            to => to,
        };
        self.to(link).into_iter().map(named).collect()
    }

    /// A subnet's VPC.
    pub(crate) fn vpc_of(&self, subnet: &To<'g, Subnet>) -> VpcRef<'g> {
        match subnet {
            To::Node(_, subnet) => self.only(&subnet.vpc),
            To::Wrong(_) | To::Outside(_) => {
                To::Outside(Expr::Opaque(Text::Borrowed("the subnet's VPC")))
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
            Expr::Text(text) | Expr::Opaque(text) => lenient(text),
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
    pub(crate) fn covers(&self, range: &Value<Cidr>, subnet: &To<'g, Subnet>) -> Tri {
        if let Value::Expr(Expr::OneOf(of)) = range {
            let one = |expr: &Expr| self.covers(&Value::Expr(expr.clone()), subnet);
            return Tri::agreed(of.iter().map(one));
        }
        let known = self.cidr(range);
        if known == Some(Cidr::ANY) {
            return Tri::Yes;
        }
        let To::Node(_, subnet) = subnet else {
            return match known {
                Some(known) if !holds_a_subnet(known) => Tri::No,
                _ => Tri::Maybe,
            };
        };
        let own = self.cidr(&subnet.cidr_block);
        if let (Some(known), Some(own)) = (known, own) {
            return covering(known, own);
        }
        if self.range(range) == self.range(&subnet.cidr_block) {
            return Tri::Yes;
        }
        let To::Node(vpc_id, vpc) = self.only(&subnet.vpc) else {
            return Tri::Maybe;
        };
        let secondary = self
            .all::<VpcCidrBlock>()
            .any(|(_, _, more)| !self.only(&more.vpc).same(&To::Node(vpc_id, vpc)).is_no());
        if self.range(range) == self.range(&vpc.cidr_block) {
            return if secondary { Tri::Maybe } else { Tri::Yes };
        }
        match (known, self.cidr(&vpc.cidr_block)) {
            (Some(known), Some(whole)) if !secondary => match covering(known, whole) {
                Tri::Yes => Tri::Yes,
                Tri::No if !known.overlaps(whole) => Tri::No,
                _ => Tri::Maybe,
            },
            (Some(known), _) if !holds_a_subnet(known) => Tri::No,
            _ => Tri::Maybe,
        }
    }

    /// The resource that takes a VPC's default group over, if there is one.
    pub(crate) fn default_group_of(&self, vpc: &VpcRef<'g>) -> Option<(NodeId, Tri)> {
        self.all::<DefaultSecurityGroup>()
            .find_map(|(id, _, group)| {
                let same = match &group.vpc {
                    Some(link) => self.only(link).same(vpc),
                    None => Tri::Maybe,
                };
                (!same.is_no()).then_some((id, same.and(self.exists(id))))
            })
    }

    /// Whether an expression names the VPC's default group.
    pub(crate) fn names_default_group(&self, expr: &Expr) -> Option<VpcRef<'g>> {
        let Expr::Attr(id, attr) = expr else {
            return None;
        };
        match &self.graph.node(*id)?.resource {
            Resource::Vpc(vpc) if *attr == Vpc::DEFAULT_SECURITY_GROUP => Some(To::Node(*id, vpc)),
            Resource::DefaultSecurityGroup(group) if *attr == DefaultSecurityGroup::LINK => {
                Some(match &group.vpc {
                    Some(link) => self.only(link),
                    None => To::Outside(Expr::Opaque(Text::Borrowed("the default VPC"))),
                })
            }
            _ => None,
        }
    }
}

/// Whether one range holds all of another, or none of it.
fn covering(range: Cidr, all: Cidr) -> Tri {
    if range.contains(all) {
        Tri::Yes
    } else if range.overlaps(all) {
        Tri::Maybe
    } else {
        Tri::No
    }
}

/// Whether a range can hold a subnet, which has sixteen addresses at least.
fn holds_a_subnet(range: Cidr) -> bool {
    range.prefix_len() <= 28
}

/// A range as people write it: with bits behind the prefix, which EC2 drops.
pub(crate) fn lenient(text: &str) -> Option<Cidr> {
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
pub(crate) type GroupRef<'g> = To<'g, SecurityGroup>;
