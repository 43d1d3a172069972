//! References between stacks: exported values, their names, and the deployment order.

use super::copies;
use crate::ir::{
    Attr, Diagnostic, Diagnostics, Dialect, Expr, NodeId, SourceLocation, Stack, StackId,
    logical_id, terraform_name,
};
use crate::resource::{Graph, Node, RawValue};

/// A value that other stacks use: an exported output in CloudFormation, a module output and a
/// variable in Terraform.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Export {
    pub(crate) from: StackId,
    pub(crate) node: NodeId,
    pub(crate) attr: Attr,
    /// The logical ID of the output in CloudFormation. A declared output with the same value is
    /// reused.
    pub(crate) cfn_id: String,
    /// The output's name in Terraform.
    pub(crate) tf_name: String,
    /// The stacks that import it in CloudFormation.
    pub(crate) to_cfn: Vec<StackId>,
    /// The stacks that use it in Terraform.
    pub(crate) to_tf: Vec<StackId>,
    /// Whether the stack declares an output with the same value.
    pub(crate) has_output: bool,
    /// The name in Parameter Store by which other stacks read the value. A root module of all stacks passes
    /// it, since the parameter does not exist when Terraform plans. Default: none, other stacks refer to it.
    pub(crate) stored: Option<String>,
    /// The resources and outputs that use it in another Region or account, with their lines.
    uses: Vec<(StackId, String, SourceLocation)>,
}

/// What refers to a value: a resource or an output.
#[derive(Clone, Copy)]
enum User<'g> {
    Node(&'g Node),
    Output(&'g crate::ir::Output),
}

impl User<'_> {
    /// Returns its path, and the line that uses a value.
    fn place(self, dialect: Dialect, expr: &Expr) -> (String, SourceLocation) {
        match self {
            User::Output(it) => (it.path.clone(), it.location.clone()),
            User::Node(it) => {
                let is_cause = |value: &RawValue<'_>| {
                    let mut is_used = false;
                    value.walk_in(Some(dialect), &mut |it| is_used |= it == expr);
                    is_used
                };
                let line = it.line_of(dialect, is_cause);
                (it.path.clone(), line.unwrap_or_else(|| it.location.clone()))
            }
        }
    }
}

/// All references between stacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Links {
    pub(crate) exports: Vec<Export>,
    /// Pairs of a stack and its dependency.
    dependencies: Vec<(StackId, StackId)>,
}

impl Export {
    /// Returns the export name in CloudFormation, unique in the account and region.
    pub(crate) fn name(&self, graph: &Graph) -> String {
        format!("{}:{}", graph.stacks[self.from.index()].name, self.cfn_id)
    }

    /// Returns the variable name of the module that uses it.
    pub(crate) fn variable(&self, graph: &Graph) -> String {
        let stack = terraform_name(&graph.stacks[self.from.index()].name);
        format!("{stack}_{}", self.tf_name)
    }
}

impl Links {
    /// Collects the references between the stacks of a graph.
    pub(crate) fn of(graph: &Graph) -> Links {
        let mut links = Links::default();
        if graph.stacks.len() < 2 {
            return links;
        }
        for (n, stack) in graph.stacks().enumerate() {
            let here = StackId::next(n);
            for (id, node) in graph.nodes_of(stack) {
                for &dialect in graph.languages() {
                    let user = User::Node(node);
                    let mut see = |expr: &Expr| links.visit(graph, (here, user), dialect, expr);
                    node.walk_printed(id, graph, dialect, &mut see);
                }
                for after in &node.depends_on {
                    links.add_dependency(graph, here, *after);
                }
            }
            for output in &stack.outputs {
                for &dialect in graph.languages() {
                    let user = User::Output(output);
                    let mut see = |expr: &Expr| links.visit(graph, (here, user), dialect, expr);
                    output.value.walk_in(Some(dialect), &mut see);
                }
            }
        }
        links.add_copies(graph);
        links
    }

    /// Adds the values that stacks read from Parameter Store.
    fn add_copies(&mut self, graph: &Graph) {
        let all = copies::all(graph);
        if all.is_empty() {
            return;
        }
        for (n, stack) in graph.stacks().enumerate() {
            let here = StackId::next(n);
            for name in copies::names_of(graph, stack) {
                let copy = copies::find(&all, stack, &name).filter(|it| it.stack != here);
                let Some((id, node)) = copy.and_then(|it| Some((it.node, graph.node(it.node)?)))
                else {
                    continue;
                };
                self.add_dependency(graph, here, id);
                if node.resource.type_name(Dialect::Tf).is_none() {
                    continue;
                }
                let mut known = self.exports.iter_mut();
                match known.find(|it| it.node == id && it.stored.is_some()) {
                    Some(export) => export.to_tf.push(here),
                    None => self.exports.push(Export {
                        tf_name: format!("{}_stored_value", node.tf_name),
                        has_output: false,
                        to_tf: vec![here],
                        stored: Some(name),
                        ..export(graph, id, node, copies::VALUE)
                    }),
                }
            }
        }
    }

    fn add_dependency(&mut self, graph: &Graph, here: StackId, on: NodeId) {
        let Some(from) = graph.node(on).map(|node| node.stack) else {
            return;
        };
        if from != here && !self.dependencies.contains(&(here, from)) {
            self.dependencies.push((here, from));
        }
    }

    fn visit(
        &mut self,
        graph: &Graph,
        (here, user): (StackId, User<'_>),
        dialect: Dialect,
        expr: &Expr,
    ) {
        let Expr::Attr(id, attr) = expr else { return };
        let Some(node) = graph.node(*id).filter(|node| node.stack != here) else {
            return;
        };
        self.add_dependency(graph, here, *id);
        let known = self
            .exports
            .iter()
            .position(|it| it.node == *id && it.attr == *attr && it.stored.is_none());
        let at = known.unwrap_or_else(|| {
            self.exports.push(export(graph, *id, node, *attr));
            self.exports.len() - 1
        });
        let export = &mut self.exports[at];
        let to = match dialect {
            Dialect::Cfn => &mut export.to_cfn,
            Dialect::Tf => &mut export.to_tf,
        };
        if !to.contains(&here) {
            to.push(here);
        }
        if let (Some(from), Some(to)) = (
            graph.stacks.get(node.stack.index()),
            graph.stacks.get(here.index()),
        ) && differ(from, to) != Differ::default()
        {
            let (path, line) = user.place(dialect, expr);
            let used = (here, path, line);
            if !export.uses.contains(&used) {
                export.uses.push(used);
            }
        }
    }

    /// Returns the exports of a stack in one language.
    pub(crate) fn exports_of(
        &self,
        stack: StackId,
        dialect: Dialect,
    ) -> impl Iterator<Item = &Export> {
        self.exports
            .iter()
            .filter(move |it| it.from == stack && !dialect.pick(&it.to_cfn, &it.to_tf).is_empty())
    }

    /// Returns the imports of a stack in Terraform.
    pub(crate) fn imports_of(&self, stack: StackId) -> impl Iterator<Item = &Export> {
        self.exports
            .iter()
            .filter(move |it| it.to_tf.contains(&stack))
    }

    /// Returns the export of a resource attribute.
    pub(crate) fn find(&self, node: NodeId, attr: Attr) -> Option<&Export> {
        let mut exports = self.exports.iter().filter(|it| it.stored.is_none());
        exports.find(|it| it.node == node && it.attr == attr)
    }

    /// Returns the value that a stack reads from Parameter Store by a name, if another stack writes it.
    pub(crate) fn find_stored(&self, stack: StackId, name: &str) -> Option<&Export> {
        let mut imports = self.imports_of(stack);
        imports.find(|it| it.stored.as_deref() == Some(name))
    }

    /// Returns the stacks that must be deployed before this one.
    pub(crate) fn dependencies_of(&self, stack: StackId) -> impl Iterator<Item = StackId> + '_ {
        let waits = self
            .dependencies
            .iter()
            .filter(move |(who, _)| *who == stack);
        waits.map(|(_, on)| *on)
    }

    /// Returns the stacks in deployment order, then those with a circular dependency.
    pub(crate) fn order(&self, graph: &Graph) -> (Vec<StackId>, Vec<StackId>) {
        let mut left: Vec<StackId> = (0..graph.stacks.len()).map(StackId::next).collect();
        let mut order: Vec<StackId> = Vec::new();
        while let Some(at) = left.iter().position(|it| {
            self.dependencies_of(*it)
                .all(|before| order.contains(&before))
        }) {
            order.push(left.remove(at));
        }
        (order, left)
    }
}

fn export(graph: &Graph, id: NodeId, node: &Node, attr: Attr) -> Export {
    let stack = &graph.stacks[node.stack.index()];
    let reported = stack
        .outputs
        .iter()
        .find(|it| it.value == Expr::Attr(id, attr));
    let (cfn_id, tf_name) = match reported {
        Some(output) => (output.cfn_id.clone(), output.tf_name.clone()),
        None => (
            format!("{}{}", node.cfn_id, logical_id(&attr.tf.replace('_', "-"))),
            format!("{}_{}", node.tf_name, attr.tf),
        ),
    };
    Export {
        from: node.stack,
        node: id,
        attr,
        cfn_id,
        tf_name,
        to_cfn: Vec::new(),
        to_tf: Vec::new(),
        has_output: reported.is_some(),
        stored: None,
        uses: Vec::new(),
    }
}

/// The values of two stacks that references do not cross.
#[derive(Debug, Default, PartialEq)]
struct Differ<'s> {
    accounts: Option<[&'s str; 2]>,
    regions: Option<[&'s str; 2]>,
}

fn differ<'s>(from: &'s Stack, to: &'s Stack) -> Differ<'s> {
    fn both<'s>(from: Option<&'s str>, to: Option<&'s str>) -> Option<[&'s str; 2]> {
        from.zip(to)
            .filter(|(was, is)| was != is)
            .map(|(was, is)| [was, is])
    }
    Differ {
        accounts: both(from.account.as_deref(), to.account.as_deref()),
        regions: both(from.region.map(|it| it.name), to.region.map(|it| it.name)),
    }
}

/// Reports circular dependencies between stacks, and references across regions.
pub(super) fn check(graph: &Graph, links: &Links, out: &mut Diagnostics) {
    let (_, cycle) = links.order(graph);
    if !cycle.is_empty() {
        let mut found = Diagnostic::error("circular-dependency", "stacks depend on each other")
            .help("move the shared resources to a separate stack");
        for stack in cycle.iter().map(|id| &graph.stacks[id.index()]) {
            found = found.path(stack.name.clone()).at(stack.location.clone());
        }
        out.push(found);
    }
    for export in &links.exports {
        let from = &graph.stacks[export.from.index()];
        for (n, to) in graph.stacks().enumerate() {
            let here = StackId::next(n);
            let uses = || export.uses.iter().filter(move |(stack, ..)| *stack == here);
            if uses().next().is_none() {
                continue;
            }
            let mut report = |code, message: String, help: String| {
                let mut found = Diagnostic::error(code, message).help(help);
                for (_, path, line) in uses() {
                    found = found.path(path.clone()).at(line.clone());
                }
                out.push(found);
            };
            let Differ { accounts, regions } = differ(from, to);
            let (user, value, owner) = (&to.name, &export.cfn_id, &from.name);
            if let Some([was, is]) = accounts {
                let message = format!(
                    "stack `{user}` in account `{is}` refers to `{value}` of stack `{owner}` in account `{was}`; references do not cross accounts"
                );
                let help = "share the resource with AWS RAM, and pass its ID in a parameter";
                report("cross-account-reference", message, help.to_owned());
            }
            if let Some([was, is]) = regions {
                let message = format!(
                    "stack `{user}` in `{is}` refers to `{value}` of stack `{owner}` in `{was}`; references do not cross regions"
                );
                let help = format!(
                    "pass the value in a parameter, or copy it to Parameter Store in `{is}` and \
                     read it there with `Parameter::from_parameter_store`"
                );
                report("cross-region-reference", message, help);
            }
        }
    }
}
