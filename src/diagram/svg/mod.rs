//! SVG, drawn by ourselves: the picture is always the same few boxes.
//!
//! No script, no font, no reference to anything outside; colours follow the reader's scheme, and
//! none is the only sign of anything.

mod canvas;
mod hops;
mod network;
mod sequence;

use canvas::{Canvas, MARGIN, WIDTH, escaped};

use super::{Part, Scene, several, status_word};

const STYLE: &str = include_str!("style.css");

/// What a reader who sees no picture is told.
fn description(scene: &Scene) -> String {
    let mut out = format!("{}: {}.", scene.title, scene.summary);
    for path in &scene.paths {
        out.push_str(&format!(
            " {}: {}",
            several(&path.names, 3),
            path.verdict.as_str()
        ));
        if let Some(mark) = path.worst() {
            out.push_str(&format!(
                ", {} {}: {}",
                mark.hop,
                status_word(mark.status),
                mark.detail
            ));
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
        Part::Network => ("network", "The network and the agent's path"),
        Part::Sequence => ("sequence", "From the operator to the shell"),
        Part::Both => ("picture", "Session Manager's way to the instances"),
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
