//! The verdict of each path with its cause, and the hops in order.

use super::super::scene::verdict_status;
use super::super::{Path, Scene, several};
use super::canvas::{
    Canvas, HEAD, Layout, NAME, PART, PLAIN, QUIET, SIGN, Type, class, leading, width, wrapped,
};

const IN_A_ROW: usize = 4;
const MAX_PATHS: usize = 5;

/// Draws the title, then each verdict with the first hop that fails. Returns the bottom edge.
pub(super) fn verdicts(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let (left, inner) = (canvas.layout.margin(), canvas.layout.inner());
    let mut beside = left;
    if let Some(path) = scene.paths.first() {
        canvas.sign((left + 8.0, y + 12.0), verdict_status(path.verdict));
        beside += SIGN + 4.0;
    }
    let title = format!("{}: {}", scene.title, scene.summary);
    canvas.text((beside, y + 19.0), left + inner - beside, HEAD, &title);
    y += 32.0;
    // The title contains the verdict of the only path.
    let all_alike = scene.paths.len() == 1;
    let shown = scene.paths.iter().take(MAX_PATHS);
    for path in shown.filter(|it| !all_alike || it.worst().is_some()) {
        y = verdict(canvas, path, y);
    }
    y + 6.0
}

fn verdict(canvas: &mut Canvas, path: &Path, mut y: f64) -> f64 {
    let (left, inner) = (canvas.layout.margin(), canvas.layout.inner());
    let status = verdict_status(path.verdict);
    let paint = Type {
        class: class(Some(status)),
        ..NAME
    };
    let names = several(&path.names, 4);
    let mark = path.worst();
    let head = match mark {
        Some(mark) => format!("{names}: {} {}", mark.hop, mark.status),
        None => format!("{names}: {}", path.verdict.as_str()),
    };
    canvas.text((left, y + 13.0), inner, paint, &head);
    let Some(mark) = mark else {
        return y + leading(NAME);
    };
    let own = width(&head, NAME.size, true) + 10.0;
    let (x, room) = match own < inner / 2.0 {
        true => (left + own, inner - own),
        false => {
            y += leading(NAME);
            (left, inner)
        }
    };
    for line in wrapped(mark.detail(), PLAIN, room, 3) {
        canvas.text((x, y + 13.0), room, PLAIN, &line);
        y += leading(NAME);
    }
    y
}

/// Draws the hops of each path, and returns the bottom edge.
pub(super) fn draw(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    if scene.paths.is_empty() || canvas.layout == Layout::Narrow {
        return y;
    }
    let (left, inner) = (canvas.layout.margin(), canvas.layout.inner());
    let heading = "Path of the agent, hop by hop";
    canvas.text((left, y + 12.0), inner, PART, heading);
    y += 24.0;
    for path in scene.paths.iter().take(MAX_PATHS) {
        if scene.paths.len() > 1 {
            canvas.text((left, y + 12.0), inner, NAME, &several(&path.names, 4));
            y += 22.0;
        }
        y = self::path(canvas, path, y) + 8.0;
    }
    let more = scene.paths.iter().skip(MAX_PATHS).map(|it| it.names.len());
    let more: usize = more.sum();
    if more > 0 {
        let text = format!("and the paths of {more} more instances: see the HTML report");
        canvas.text((left, y + 4.0), inner, QUIET, &text);
        y += 20.0;
    }
    y
}

#[allow(clippy::cast_precision_loss)] // a handful
fn path(canvas: &mut Canvas, path: &Path, mut y: f64) -> f64 {
    let (left, inner) = (canvas.layout.margin(), canvas.layout.inner());
    let gap = 14.0;
    let w = (inner - (IN_A_ROW as f64 - 1.0) * gap) / IN_A_ROW as f64;
    let kind = class(Some(verdict_status(path.verdict)));
    for (r, row) in path.marks.chunks(IN_A_ROW).enumerate() {
        for (n, mark) in row.iter().enumerate() {
            let x = left + n as f64 * (w + gap);
            canvas.area((x, y, w, 28.0), class(Some(mark.status)));
            canvas.sign((x + 15.0, y + 14.0), mark.status);
            let number = r * IN_A_ROW + n + 1;
            let text = format!("{number} {}", mark.hop);
            canvas.text((x + 29.0, y + 18.0), w - 33.0, PLAIN, &text);
            if n + 1 < row.len() {
                canvas.line(&[(x + w, y + 14.0), (x + w + gap - 7.0, y + 14.0)], kind);
                canvas.head((x + w + gap - 1.0, y + 14.0), (1.0, 0.0), kind);
            }
        }
        y += 36.0;
    }
    y
}
