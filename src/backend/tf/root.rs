//! A root module for several stacks: calls a module for each stack and connects their values.

use super::{Block, Body, Item, Module, Tree, required_providers, variable};
use crate::ir::{Dialect, Stack, StackId, kebab, terraform_name};
use crate::resource::Graph;
use crate::validate::{Links, Validated};

/// Returns the directory of a stack's module below the root module: `access` for `Access`.
///
/// ```
/// assert_eq!(ssm_synth::backend::tf::directory("SharedNetwork"), "shared-network");
/// ```
pub fn directory(stack: &str) -> String {
    kebab(stack)
}

/// The reason why several stacks have no common root module: a provider has one region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "stacks `{first}` and `{second}` are in different regions; a root module supports one region"
)]
#[non_exhaustive]
pub struct RegionsError {
    /// The first stack with a region.
    pub first: String,
    /// The first stack with another region.
    pub second: String,
}

/// Generates a root module that calls the [`ModuleKind::Module`] of each stack in its
/// [`directory`], and passes values between them.
///
/// # Errors
///
/// Returns an error if two stacks have different regions.
///
/// [`ModuleKind::Module`]: super::ModuleKind::Module
pub fn root<'g>(validated: &'g Validated<'_>) -> Result<Module<'g>, RegionsError> {
    let (graph, links) = (validated.graph(), validated.links());
    let mut known = graph.stacks().filter(|it| it.region.is_some());
    let first = known.next();
    if let Some(first) = first
        && let Some(other) = known.find(|it| it.region != first.region)
    {
        return Err(RegionsError {
            first: first.name.clone(),
            second: other.name.clone(),
        });
    }
    let (order, _) = links.order(graph);
    let stacks = || order.iter().map(|id| (*id, &graph.stacks[id.index()]));
    let mut blocks = vec![required_providers()];
    if let Some(region) = first.and_then(|it| it.region) {
        let mut body = Body::default();
        body.argument("region", Tree::Str(region.name.into()));
        blocks.push(Block {
            of: "provider",
            labels: vec!["aws".into()],
            body,
        });
    }
    for (_, stack) in stacks() {
        for parameter in parameters(graph, stack) {
            blocks.push(variable(parameter, within(stack, &parameter.id)));
        }
    }
    for (id, stack) in stacks() {
        blocks.push(call(graph, links, id, stack));
    }
    for (_, stack) in stacks() {
        for output in &stack.outputs {
            let mut body = Body::default();
            body.argument("description", Tree::Str(output.description.as_ref().into()));
            let value = format!("module.{}.{}", terraform_name(&stack.name), output.tf_name);
            body.argument("value", Tree::Expr(value));
            blocks.push(Block {
                of: "output",
                labels: vec![within(stack, &output.tf_name).into()],
                body,
            });
        }
    }
    Ok(Module { blocks })
}

fn within(stack: &Stack, id: &str) -> String {
    format!("{}_{}", terraform_name(&stack.name), terraform_name(id))
}

fn parameters<'g>(
    graph: &'g Graph,
    stack: &'g Stack,
) -> impl Iterator<Item = &'g crate::ir::ParameterDeclaration> {
    let all = stack
        .parameters
        .iter()
        .filter_map(|id| graph.parameter(*id));
    all.filter(|it| it.only != Some(Dialect::Cfn))
}

fn call<'g>(graph: &'g Graph, links: &Links, id: StackId, stack: &'g Stack) -> Block<'g> {
    let mut body = Body::default();
    let source = format!("./{}", directory(&stack.name));
    body.argument("source", Tree::Str(source.into()));
    for parameter in parameters(graph, stack) {
        let value = format!("var.{}", within(stack, &parameter.id));
        body.argument(terraform_name(&parameter.id), Tree::Expr(value));
    }
    let module = |id: StackId| terraform_name(&graph.stacks[id.index()].name);
    for export in links.imports_of(id) {
        let value = format!("module.{}.{}", module(export.from), export.tf_name);
        body.argument(export.variable(graph), Tree::Expr(value));
    }
    let said = |of: &StackId| links.imports_of(id).any(|it| it.from == *of);
    let waits = links.dependencies_of(id).filter(|of| !said(of));
    let waits: Vec<String> = waits.map(|of| format!("module.{}", module(of))).collect();
    if !waits.is_empty() {
        body.0.push(("depends_on".into(), Item::Addresses(waits)));
    }
    Block {
        of: "module",
        labels: vec![terraform_name(&stack.name).into()],
        body,
    }
}
