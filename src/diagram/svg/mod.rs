//! Diagrams as SVG.
//!
//! An image contains no scripts, fonts or external references. Colors follow the color scheme of the
//! reader, and each has a sign or word too.

mod boxes;
mod canvas;
mod cards;
mod hops;
mod network;
mod sequence;

pub(super) use canvas::Layout;
use canvas::{Canvas, escaped};

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
            out.push_str(&format!(
                ", {} {}: {}",
                mark.hop,
                mark.status,
                mark.detail()
            ));
        }
        out.push('.');
    }
    out
}

/// Draws a document.
pub(super) fn document(scene: &Scene, part: Part) -> String {
    let mut canvas = Canvas {
        layout: Layout::Wide,
        out: String::new(),
    };
    let top = canvas.layout.margin();
    let mut y = hops::verdicts(&mut canvas, scene, top);
    if part != Part::Sequence {
        y = network::draw(&mut canvas, scene, y);
        y = hops::draw(&mut canvas, scene, y);
    }
    if part != Part::Network {
        y = sequence::draw(&mut canvas, scene, y);
    }
    let title = match part {
        Part::Network => "Network and path",
        Part::Sequence => "From the operator to the shell",
        Part::Both => "Network and session path",
    };
    image(canvas, y, "diagram", title, &description(scene))
}

/// Draws a diagram for a page that has the verdicts and the hops.
pub(super) fn figure(scene: &Scene, part: Part, layout: Layout) -> String {
    let mut canvas = Canvas {
        layout,
        out: String::new(),
    };
    let top = canvas.layout.margin();
    let (y, id, title) = match part {
        Part::Sequence => (
            sequence::draw(&mut canvas, scene, top),
            "sequence",
            "Sequence",
        ),
        _ => (network::draw(&mut canvas, scene, top), "network", "Network"),
    };
    let id = match layout {
        Layout::Wide => id.to_owned(),
        Layout::Narrow => format!("{id}-narrow"),
    };
    image(canvas, y, &id, title, &scene.summary)
}

fn image(canvas: Canvas, y: f64, id: &str, title: &str, description: &str) -> String {
    let (w, y) = (canvas.layout.width(), y.ceil());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ssm\" viewBox=\"0 0 {w} {y}\" \
         width=\"{w}\" height=\"{y}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{}</desc>\n\
         <style>\n{STYLE}</style>\n\
         <rect width=\"{w}\" height=\"{y}\" class=\"paper\"/>\n{}</svg>\n",
        escaped(description),
        canvas.out,
    )
}
