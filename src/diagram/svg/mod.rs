//! Diagrams as SVG.
//!
//! An image contains no scripts, fonts or external references. Colors follow the color scheme of the
//! reader, and each has a sign or word too.

mod canvas;
mod hops;
mod network;
mod sequence;

use canvas::{Canvas, MARGIN, WIDTH, escaped};

use super::{Part, Scene, several};

const STYLE: &str = include_str!("style.css");

/// Returns the description for screen readers.
fn description(scene: &Scene) -> String {
    let mut out = format!("{}: {}.", scene.title, scene.summary);
    for path in &scene.paths {
        out.push_str(&format!(
            " {}: {}",
            several(&path.names, 3),
            path.verdict.as_str()
        ));
        if let Some(mark) = path.worst() {
            out.push_str(&format!(", {} {}: {}", mark.hop, mark.status, mark.detail));
        }
        out.push('.');
    }
    out
}

/// Draws a document.
pub(super) fn document(scene: &Scene, part: Part) -> String {
    let mut canvas = Canvas::default();
    let mut y = MARGIN;
    if part != Part::Sequence {
        y = network::draw(&mut canvas, scene, y);
        y = hops::draw(&mut canvas, scene, y);
    }
    if part != Part::Network {
        y = sequence::draw(&mut canvas, scene, y);
    }
    let (id, title) = match part {
        Part::Network => ("network", "Network and path"),
        Part::Sequence => ("sequence", "From the operator to the shell"),
        Part::Both => ("diagram", "Network and session path"),
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ssm\" viewBox=\"0 0 {WIDTH} {y}\" \
         width=\"{WIDTH}\" height=\"{y}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{}</desc>\n\
         <style>\n{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{y}\" class=\"paper\"/>\n{}</svg>\n",
        escaped(&description(scene)),
        canvas.out,
        y = y.ceil()
    )
}
