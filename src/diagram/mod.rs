//! Diagrams of a stack: the network with the status of each hop, and the sequence from the operator to
//! the shell.
//!
//! Mermaid, SVG and HTML draw the same [`Scene`], and escape every name.
//!
//! ```
//! use ssm_synth::{App, SessionAccess, diagram::{self, Part, Scene}, reachability};
//!
//! let mut app = App::new();
//! app.stack("Access").add_inline(SessionAccess::new());
//! let assume = reachability::Assumptions::default();
//! let checked = reachability::check(app.graph(), &assume);
//! let scene = Scene::new("Access", app.graph(), &checked, &assume);
//! assert!(diagram::svg(&scene, Part::Network).starts_with("<svg"));
//! assert!(diagram::mermaid(&scene, Part::Sequence).starts_with("sequenceDiagram"));
//! ```

mod egress;
mod html;
mod mermaid;
mod scene;
mod scene_builder;
mod sequence;
mod svg;

pub use html::html;
pub(crate) use scene::Names;
pub use scene::{
    Card, Detail, EgressPoint, EgressPointKind, InstanceBox, Mark, Panel, Path, Scene, SubnetBox,
    Zone,
};
pub use sequence::{Party, Step};

/// The part of a scene to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The network and the path of the agent.
    Network,
    /// The sequence from the operator to the shell.
    Sequence,
    /// Both, one below the other. In Mermaid, Markdown with a block for each.
    Both,
}

/// Draws a scene in Mermaid.
pub fn mermaid(scene: &Scene, part: Part) -> String {
    match part {
        Part::Network => mermaid::network(scene),
        Part::Sequence => mermaid::sequence(scene),
        Part::Both => format!(
            "```mermaid\n{}```\n\n```mermaid\n{}```\n",
            mermaid::network(scene),
            mermaid::sequence(scene)
        ),
    }
}

/// Draws a scene as a self-contained SVG image.
pub fn svg(scene: &Scene, part: Part) -> String {
    svg::document(scene, part)
}

/// Shortens a list of names: `web, worker and 98 more`.
pub(crate) fn several(names: &[String], shown: usize) -> String {
    if names.len() <= shown + 1 {
        return match names.split_last() {
            None => String::new(),
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        };
    }
    let rest = names.len() - shown;
    format!("{} and {rest} more", names[..shown].join(", "))
}

#[cfg(test)]
mod tests {
    use super::several;

    #[test]
    fn several_shortens_long_lists() {
        let names: Vec<String> = (0..100).map(|n| format!("h{n}")).collect();
        assert_eq!(several(&names, 2), "h0, h1 and 98 more");
        assert_eq!(several(&names[..3], 2), "h0, h1 and h2");
        assert_eq!(several(&names[..1], 2), "h0");
        assert_eq!(several(&[], 2), "");
    }
}
