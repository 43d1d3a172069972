//! The checks: what only values can decide. They gather all problems, and only they make
//! [`Checked`], which the back ends take.

mod limits;
mod names;
mod parameters;
mod references;
mod tags;

use crate::ir::{Diagnostics, Graph};

/// A graph without errors.
#[derive(Clone, Debug)]
pub struct Checked<'g> {
    graph: &'g Graph,
    warnings: Diagnostics,
}

impl<'g> Checked<'g> {
    /// Returns the graph.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// Returns what there is to know beside the output.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }
}

impl Checked<'_> {
    /// Changes the warnings: a front end knows their places better.
    #[cfg(feature = "config")]
    pub(crate) fn map_warnings(self, change: impl FnOnce(Diagnostics) -> Diagnostics) -> Self {
        Checked {
            warnings: change(self.warnings),
            ..self
        }
    }
}

/// Runs all checks.
///
/// # Errors
///
/// All diagnostics, if one of them is an error.
pub fn run(graph: &Graph) -> Result<Checked<'_>, Diagnostics> {
    let mut out = graph.problems.clone();
    let mut broken = Diagnostics::default();
    references::check(graph, &mut broken);
    // What leads nowhere cannot be followed by the other checks.
    let stop = broken.has_errors();
    out.extend(broken);
    if stop {
        return Err(out);
    }
    names::check(graph, &mut out);
    parameters::check(graph, &mut out);
    limits::check(graph, &mut out);
    tags::check(graph, &mut out);
    for node in &graph.nodes {
        node.resource.check(node, &mut out);
    }
    if out.has_errors() {
        Err(out)
    } else {
        Ok(Checked {
            graph,
            warnings: out,
        })
    }
}
