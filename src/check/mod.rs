//! The checks: what only values can decide. They gather all problems, and only they make
//! [`Checked`], which the back ends take.

mod limits;
mod literals;
mod names;
mod parameters;
mod references;
mod tags;

use crate::ir::{Diagnostics, Graph};

pub(crate) use literals::{ArnOf, IdOf};

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

/// Runs all checks.
///
/// # Errors
///
/// All diagnostics, if one of them is an error.
pub fn run(graph: &Graph) -> Result<Checked<'_>, Diagnostics> {
    let mut out = graph.problems.clone();
    references::check(graph, &mut out);
    if out.has_errors() {
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
