//! A root module for several stacks: calls a module for each stack and connects their values.

use super::{Block, Body, Module, Tree, provider, required_providers, variable};
use crate::backend::error::{OutputError, check_language};
use crate::ir::{Dialect, Stack, StackId, Text, kebab, terraform_name};
use crate::region::Region;
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

/// A region and an account: what a provider has one of.
type Environment<'g> = (Option<&'static Region>, Option<&'g str>);

fn environment(stack: &Stack) -> Environment<'_> {
    (stack.region, stack.account.as_deref())
}

/// The providers of a root module.
struct Providers<'g> {
    /// Those with an alias; empty if one provider serves all stacks.
    aliased: Vec<Environment<'g>>,
}

impl<'g> Providers<'g> {
    fn of(graph: &'g Graph, blocks: &mut Vec<Block<'g>>) -> Self {
        let mut all: Vec<Environment<'g>> = Vec::new();
        let mut needs_alias = false;
        for stack in graph.stacks() {
            let aliases = stack.provider_aliases.iter();
            let of_aliases = aliases.map(|(_, region)| (Some(*region), stack.account.as_deref()));
            // A stack without a Region has that of the deployment, which no provider must change.
            needs_alias |= !stack.provider_aliases.is_empty() || environment(stack) == (None, None);
            for environment in [environment(stack)].into_iter().chain(of_aliases) {
                if environment != (None, None) && !all.contains(&environment) {
                    all.push(environment);
                }
            }
        }
        if let ([(region, account)], false) = (&all[..], needs_alias) {
            blocks.push(provider(None, *region, *account));
            all.clear();
        }
        for environment in &all {
            let (region, account) = *environment;
            blocks.push(provider(Some(alias(environment)), region, account));
        }
        Providers { aliased: all }
    }

    /// Returns the providers that the call of a module passes.
    fn passed(&self, stack: &Stack) -> Vec<(String, String)> {
        let mut passed = Vec::new();
        let own = environment(stack);
        if self.aliased.contains(&own) {
            passed.push(("aws".to_owned(), format!("aws.{}", alias(&own))));
        }
        for (name, region) in &stack.provider_aliases {
            let of = alias(&(Some(*region), stack.account.as_deref()));
            passed.push((format!("aws.{name}"), format!("aws.{of}")));
        }
        passed
    }
}

/// Returns the alias of a provider, such as `eu_west_1` or `eu_west_1_111122223333`.
fn alias((region, account): &Environment<'_>) -> String {
    let region = region.map_or("account".to_owned(), |it| it.name.replace('-', "_"));
    match account {
        Some(account) => format!("{region}_{account}"),
        None => region,
    }
}

/// Generates a root module that calls the [`ModuleKind::Module`] of each stack in its
/// [`directory`], and passes values between them. Each region and account has its provider.
///
/// [`ModuleKind::Module`]: super::ModuleKind::Module
///
/// # Errors
///
/// If the app is only for CloudFormation.
pub fn root<'g>(validated: &'g Validated<'_>) -> Result<Module<'g>, OutputError> {
    check_language(validated, Dialect::Tf)?;
    let (graph, links) = (validated.graph(), validated.links());
    let (order, _) = links.order(graph);
    let stacks = || order.iter().map(|id| (*id, &graph.stacks[id.index()]));
    let mut blocks = vec![required_providers(&[])];
    let providers = Providers::of(graph, &mut blocks);
    for (id, stack) in stacks() {
        for parameter in parameters(graph, links, (id, stack)) {
            blocks.push(variable(parameter, within(stack, &parameter.id)));
        }
    }
    for (id, stack) in stacks() {
        blocks.push(call(graph, links, (id, stack), providers.passed(stack)));
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

/// Returns the parameters whose values the deployment sets. A module has the value that another one writes
/// to Parameter Store.
fn parameters<'g>(
    graph: &'g Graph,
    links: &Links,
    (id, stack): (StackId, &'g Stack),
) -> impl Iterator<Item = &'g crate::ir::ParameterDeclaration> {
    let all = stack
        .parameters
        .iter()
        .filter_map(|id| graph.parameter(*id));
    let is_passed = move |name: &Text| links.find_stored(id, name).is_some();
    all.filter(move |it| it.only != Some(Dialect::Cfn) && !it.default_name().is_some_and(is_passed))
}

fn call<'g>(
    graph: &'g Graph,
    links: &Links,
    (id, stack): (StackId, &'g Stack),
    providers: Vec<(String, String)>,
) -> Block<'g> {
    let mut body = Body::default();
    let source = format!("./{}", directory(&stack.name));
    body.argument("source", Tree::Str(source.into()));
    if !providers.is_empty() {
        body.argument("providers", Tree::Addresses(providers));
    }
    for parameter in parameters(graph, links, (id, stack)) {
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
        body.addresses("depends_on", waits);
    }
    Block {
        of: "module",
        labels: vec![terraform_name(&stack.name).into()],
        body,
    }
}
