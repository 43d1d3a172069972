//! Values that one stack writes to Parameter Store, and another one reads there by name.

use crate::ir::{
    Attr, Diagnostic, Diagnostics, Dialect, Expr, NodeId, ParameterDeclaration, Stack, StackId,
};
use crate::region::Region;
use crate::resource::{Graph, Node, RawResource, RawValue, Typed as _};

/// The value of a parameter. The reader's data source has the same attribute.
pub(super) const VALUE: Attr = Attr::by_get_att("Value", "insecure_value");

/// A parameter in Parameter Store that a stack writes.
pub(super) struct Copy<'g> {
    pub(super) stack: StackId,
    pub(super) node: NodeId,
    /// The name in Parameter Store.
    pub(super) name: &'g str,
    region: Option<&'static Region>,
    account: Option<&'g str>,
}

/// Returns the parameters that the stacks write with a name.
pub(super) fn all(graph: &Graph) -> Vec<Copy<'_>> {
    let stacks = graph.stacks().enumerate();
    let nodes = stacks.flat_map(|(n, stack)| {
        let nodes = graph.nodes_of(stack);
        nodes.map(move |(id, node)| (StackId::next(n), stack, id, node))
    });
    let copies = nodes.filter_map(|(stack, of, node, it)| {
        Some(Copy {
            stack,
            node,
            name: name(it)?,
            region: it.region(of),
            account: of.account.as_deref(),
        })
    });
    copies.collect()
}

/// Returns the name of a parameter that is not a secure string, which only its readers decrypt.
fn name(node: &Node) -> Option<&str> {
    let raw = RawResource::of(&node.resource)?;
    let is_of = |dialect, name| raw.type_name(dialect) == Some(name);
    let (name, kind) = if is_of(Dialect::Tf, "aws_ssm_parameter") {
        (raw.argument_value("name"), raw.argument_value("type"))
    } else if is_of(Dialect::Cfn, "AWS::SSM::Parameter") {
        (raw.property_value("Name"), raw.property_value("Type"))
    } else {
        return None;
    };
    let is_plain = kind
        .and_then(RawValue::as_str)
        .is_some_and(|it| it.starts_with("String"));
    name.and_then(RawValue::as_str).filter(|_| is_plain)
}

/// Returns the names in Parameter Store that a stack reads.
pub(super) fn names_of<'g>(graph: &'g Graph, stack: &'g Stack) -> Vec<String> {
    let parameters = parameters(graph, stack);
    let mut names: Vec<String> = parameters
        .filter_map(|it| it.default_name())
        .map(ToString::to_string)
        .collect();
    let mut add = |expr: &Expr| {
        if let Expr::SsmParameter(name) = expr {
            names.push(name.to_string());
        }
    };
    for (id, node) in graph.nodes_of(stack) {
        for dialect in [Dialect::Cfn, Dialect::Tf] {
            node.walk_printed(id, graph, dialect, &mut add);
        }
    }
    for output in &stack.outputs {
        output.value.walk(&mut add);
    }
    names.sort();
    names.dedup();
    names
}

fn parameters<'g>(
    graph: &'g Graph,
    stack: &'g Stack,
) -> impl Iterator<Item = &'g ParameterDeclaration> {
    let ids = stack.parameters.iter();
    ids.filter_map(|id| graph.parameter(*id))
}

/// Returns the parameter that a stack reads by a name: one in its Region and account.
pub(super) fn find<'c, 'g>(all: &'c [Copy<'g>], stack: &Stack, name: &str) -> Option<&'c Copy<'g>> {
    let own = (stack.region.map(|it| it.name), stack.account.as_deref());
    let mut all = all.iter();
    all.find(|it| it.name == name && (it.region.map(|it| it.name), it.account) == own)
}

/// Reports a parameter of a stack that reads what the stack itself writes: CloudFormation and Terraform read
/// the value before they create anything.
pub(super) fn check(graph: &Graph, out: &mut Diagnostics) {
    let all = all(graph);
    for (n, stack) in graph.stacks().enumerate() {
        for parameter in parameters(graph, stack) {
            let name = parameter.default_name();
            let copy = name.and_then(|name| find(&all, stack, name));
            let Some(copy) = copy.filter(|it| it.stack == StackId::next(n)) else {
                continue;
            };
            let path = graph.node(copy.node).map_or("", |it| it.path.as_str());
            let message = format!(
                "parameter `{}` reads `{}` from Parameter Store, and `{path}` of the same stack creates it",
                parameter.id, copy.name
            );
            let found = Diagnostic::error("parameter", message).path(parameter.id.clone());
            let found = found.at(parameter.location.clone()).about(&["default"]);
            out.push(found.help("use the value itself, which the stack has"));
        }
    }
}
