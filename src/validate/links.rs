//! References between stacks: exported values, their names, and the deployment order.

use crate::ir::{
    Attr, Diagnostic, Diagnostics, Dialect, Expr, NodeId, Stack, StackId, logical_id,
    terraform_name,
};
use crate::resource::{Graph, Node};

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
                for dialect in [Dialect::Cfn, Dialect::Tf] {
                    let mut see = |expr: &Expr| links.visit(graph, here, dialect, expr);
                    node.walk_printed(id, graph, dialect, &mut see);
                }
                for after in &node.depends_on {
                    links.add_dependency(graph, here, *after);
                }
            }
            for output in &stack.outputs {
                for dialect in [Dialect::Cfn, Dialect::Tf] {
                    let mut see = |expr: &Expr| links.visit(graph, here, dialect, expr);
                    output.value.walk_in(Some(dialect), &mut see);
                }
            }
        }
        links
    }

    fn add_dependency(&mut self, graph: &Graph, here: StackId, on: NodeId) {
        let Some(from) = graph.node(on).map(|node| node.stack) else {
            return;
        };
        if from != here && !self.dependencies.contains(&(here, from)) {
            self.dependencies.push((here, from));
        }
    }

    fn visit(&mut self, graph: &Graph, here: StackId, dialect: Dialect, expr: &Expr) {
        let Expr::Attr(id, attr) = expr else { return };
        let Some(node) = graph.node(*id).filter(|node| node.stack != here) else {
            return;
        };
        self.add_dependency(graph, here, *id);
        let known = self
            .exports
            .iter()
            .position(|it| it.node == *id && it.attr == *attr);
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
        self.exports
            .iter()
            .find(|it| it.node == node && it.attr == attr)
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
    let region = |stack: &Stack| stack.region.map(|region| region.name);
    for export in &links.exports {
        let from = &graph.stacks[export.from.index()];
        for to in export.to_cfn.iter().chain(&export.to_tf) {
            let to = &graph.stacks[to.index()];
            if let (Some(was), Some(is)) = (&from.account, &to.account)
                && was != is
            {
                let message = format!(
                    "stack `{}` in account `{is}` refers to `{}` of stack `{}` in account `{was}`; references do not cross accounts",
                    to.name, export.cfn_id, from.name
                );
                out.push(
                    Diagnostic::error("cross-account-reference", message)
                        .path(to.name.clone())
                        .at(to.location.clone())
                        .help("share the resource with AWS RAM, and pass its ID in a parameter"),
                );
            }
            let (Some(was), Some(is)) = (region(from), region(to)) else {
                continue;
            };
            if was != is {
                let message = format!(
                    "stack `{}` in `{is}` refers to `{}` of stack `{}` in `{was}`; references do not cross regions",
                    to.name, export.cfn_id, from.name
                );
                out.push(
                    Diagnostic::error("cross-region-reference", message)
                        .path(to.name.clone())
                        .at(to.location.clone())
                        .help(format!(
                            "pass the value in a parameter, or copy it to Parameter Store in `{is}` and \
                             read it there with `Parameter::from_parameter_store`"
                        )),
                );
            }
        }
    }
}
