//! The checks: what only values can decide. They gather all problems, and only they make
//! [`Checked`], which the back ends take.

mod limits;
mod literals;
mod names;
mod parameters;
mod references;
mod tags;

use crate::ir::{Diagnostics, Graph};
use crate::resource::Dialect;

pub(crate) use literals::{ArnOf, IdOf};

/// A graph without errors.
#[derive(Clone, Debug)]
pub struct Checked<'g> {
    graph: &'g Graph,
    warnings: Diagnostics,
    cfn_limits: Diagnostics,
}

impl<'g> Checked<'g> {
    /// Returns the graph.
    pub fn graph(&self) -> &'g Graph {
        self.graph
    }

    /// Returns the limits of one language that the stacks exceed: its tool refuses the output, and
    /// the other language's is sound.
    ///
    /// ```
    /// # use ssm_synth::{App, SessionAccess, construct::Host, resource::Dialect};
    /// let mut app = App::new();
    /// let hosts = (0..300).map(|n| Host::new(format!("web{n}")));
    /// app.stack("Access").apply(hosts.fold(SessionAccess::new(), SessionAccess::host));
    /// let checked = app.check().expect("nothing else is wrong");
    /// assert!(checked.over_limits(Dialect::Cfn).has_errors());
    /// assert!(checked.over_limits(Dialect::Tf).is_empty());
    /// ```
    pub fn over_limits(&self, dialect: Dialect) -> &Diagnostics {
        const NONE: &Diagnostics = &Diagnostics::NONE;
        dialect.pick(&self.cfn_limits, NONE)
    }

    /// Returns what there is to know beside the output.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }
}

impl Checked<'_> {
    /// Changes what was found: a front end knows the places better.
    #[cfg(feature = "config")]
    pub(crate) fn map_found(self, change: impl Fn(Diagnostics) -> Diagnostics) -> Self {
        Checked {
            warnings: change(self.warnings),
            cfn_limits: change(self.cfn_limits),
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
    tags::check(graph, &mut out);
    for node in &graph.nodes {
        node.resource.check(node, &mut out);
    }
    if out.has_errors() {
        Err(out)
    } else {
        let mut cfn_limits = Diagnostics::default();
        limits::check(graph, &mut cfn_limits);
        Ok(Checked {
            graph,
            warnings: out,
            cfn_limits,
        })
    }
}
