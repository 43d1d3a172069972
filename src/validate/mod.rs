//! Validation of the graph, which collects all problems. Only validation creates [`Validated`],
//! from which the output is generated.

mod conditional_references;
mod copies;
mod functions;
mod instance_types;
mod languages;
mod limits;
mod links;
mod literals;
mod meta_arguments;
mod module_references;
mod names;
mod network;
mod overrides;
mod parameters;
mod places;
mod policies;
mod references;
mod removal_policies;
mod schemas;
mod secrets;
mod suppressions;
mod tags;
mod template;
mod terraform;
mod traversals;
mod zones;

use crate::ir::{Diagnostic, Diagnostics, Dialect};
use crate::resource::Graph;

pub(crate) use instance_types::unoffered;
pub(crate) use limits::check_stack as check_cfn_limits;
pub(crate) use links::{Export, Links};
pub(crate) use literals::{ArnOf, IdOf};
pub(crate) use references::is_whole;
pub(crate) use references::{condition_error, dependency_error};
pub(crate) use template::TEMPLATE_ERROR;
pub(crate) use template::template_errors;
pub(crate) use zones::zone_error;

/// A graph without errors.
#[derive(Clone, Debug)]
pub struct Validated<'g> {
    graph: &'g Graph,
    links: Links,
    warnings: Diagnostics,
    cfn_limits: Diagnostics,
}

impl<'g> Validated<'g> {
    /// Returns the graph.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// Returns the limits of one language that the stacks exceed. A stack that exceeds one has no output in
    /// that language, but can have one in the other. In an app of one language, they are errors of
    /// [`validate`](crate::App::validate).
    ///
    /// ```
    /// # use ssm_synth::{App, SessionAccess, construct::PrivateInstance, ir::Dialect};
    /// let mut app = App::new();
    /// let instances = (0..300).map(|n| PrivateInstance::new(format!("web{n}")));
    /// app.stack("Access").add_inline(instances.fold(SessionAccess::new(), SessionAccess::instance));
    /// let validated = app.validate().expect("nothing else is wrong");
    /// assert!(validated.limit_violations(Dialect::Cfn).has_errors());
    /// assert!(validated.limit_violations(Dialect::Tf).is_empty());
    /// ```
    pub fn limit_violations(&self, dialect: Dialect) -> &Diagnostics {
        const NONE: &Diagnostics = &Diagnostics::NONE;
        dialect.pick(&self.cfn_limits, NONE)
    }

    /// Returns the names of the stacks in deployment order.
    pub fn deployment_order(&self) -> Vec<&'g str> {
        let (order, _) = self.links.order(self.graph);
        let name = |id: crate::ir::StackId| self.graph.stacks[id.index()].name.as_str();
        order.into_iter().map(name).collect()
    }

    /// Returns the names of the stacks that a stack depends on.
    pub fn dependencies_of(&self, stack: &str) -> Vec<&'g str> {
        let Some(id) = self.graph.stack_names.get(stack) else {
            return Vec::new();
        };
        let name = |id: crate::ir::StackId| self.graph.stacks[id.index()].name.as_str();
        self.links.dependencies_of(*id).map(name).collect()
    }

    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    /// Returns the warnings.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }
}

impl Validated<'_> {
    /// Changes the warnings.
    pub(crate) fn map_warnings(self, change: impl FnOnce(Diagnostics) -> Diagnostics) -> Self {
        Validated {
            warnings: change(self.warnings),
            ..self
        }
    }

    /// Changes the diagnostics, so that a reader can add locations.
    #[cfg(feature = "config")]
    pub(crate) fn map_diagnostics(self, change: impl Fn(Diagnostics) -> Diagnostics) -> Self {
        Validated {
            warnings: change(self.warnings),
            cfn_limits: change(self.cfn_limits),
            ..self
        }
    }
}

/// Validates the graph, in addition to `own` diagnostics.
///
/// # Errors
///
/// Returns all diagnostics if one of them is an error.
pub(crate) fn run(graph: &Graph, own: Diagnostics) -> Result<Validated<'_>, Diagnostics> {
    let own = languages::relevant(graph, own);
    let is_of_template = |it: &Diagnostic| it.code == template::TEMPLATE_ERROR;
    let (of_template, of_rules): (Vec<_>, Vec<_>) = own.into_iter().partition(is_of_template);
    let mut out = graph.diagnostics.clone();
    references::check(graph, &mut out);
    // The other rules follow the stack of a resource.
    if !is_whole(graph) {
        out.extend(of_rules);
        return Err(suppressions::apply(graph, languages::relevant(graph, out)));
    }
    let links = Links::of(graph);
    links::check(graph, &links, &mut out);
    conditional_references::check(graph, &mut out);
    copies::check(graph, &mut out);
    names::check(graph, &links, &mut out);
    parameters::check(graph, &mut out);
    overrides::check(graph, &mut out);
    schemas::check(graph, &mut out);
    terraform::check(graph, &mut out);
    module_references::check(graph, &links, &mut out);
    instance_types::check(graph, &mut out);
    places::check(graph, &mut out);
    tags::check(graph, &mut out);
    network::check(graph, &mut out);
    policies::check(graph, &mut out);
    zones::check(graph, &mut out);
    languages::check(graph, &mut out);
    secrets::check(graph, &mut out);
    removal_policies::check(graph, &mut out);
    for node in &graph.nodes {
        node.resource.check(node, &mut out);
    }
    let mut out = languages::relevant(graph, out);
    let of_template = template::uncovered(graph, of_template, &out);
    out.extend(of_rules);
    out.extend(of_template);
    let mut cfn_limits = Diagnostics::default();
    if graph.has_language(Dialect::Cfn) {
        limits::check(graph, &mut cfn_limits);
    }
    if graph.language() == Some(Dialect::Cfn) {
        out.extend(std::mem::take(&mut cfn_limits));
    }
    let out = suppressions::apply(graph, out);
    if out.has_errors() {
        Err(out)
    } else {
        Ok(Validated {
            graph,
            links,
            warnings: out,
            cfn_limits,
        })
    }
}
