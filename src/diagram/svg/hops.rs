//! The paths, hop by hop.

use super::super::{Path, Scene, several};
use super::canvas::{Canvas, MARGIN, NAME, PART, PLAIN, QUIET, Type, WIDTH, class, width, wrapped};
use super::network::verdict_status;

const IN_A_ROW: usize = 5;
const MAX_PATHS: usize = 5;

/// Draws the paths, and returns the bottom edge.
pub(super) fn draw(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let wide = WIDTH - 2.0 * MARGIN;
    if scene.paths.is_empty() {
        return y;
    }
    y += 8.0;
    canvas.text(
        (MARGIN, y + 12.0),
        wide,
        PART,
        "Path of the agent, hop by hop",
    );
    y += 26.0;
    for path in scene.paths.iter().take(MAX_PATHS) {
        y = self::path(canvas, path, y) + 14.0;
    }
    let more = scene.paths.iter().skip(MAX_PATHS).map(|it| it.names.len());
    let more: usize = more.sum();
    if more > 0 {
        let text = format!("and the paths of {more} more instances: see the HTML report");
        canvas.text((MARGIN, y + 4.0), wide, QUIET, &text);
        y += 24.0;
    }
    y
}

#[allow(clippy::cast_precision_loss)] // a handful
fn path(canvas: &mut Canvas, path: &Path, mut y: f64) -> f64 {
    let wide = WIDTH - 2.0 * MARGIN;
    let status = verdict_status(path.verdict);
    canvas.sign((MARGIN + 8.0, y + 9.0), status);
    let text = format!("{}: {}", several(&path.names, 4), path.verdict.as_str());
    canvas.text((MARGIN + 24.0, y + 13.0), wide - 24.0, NAME, &text);
    y += 26.0;
    let gap = 14.0;
    let w = (wide - (IN_A_ROW as f64 - 1.0) * gap) / IN_A_ROW as f64;
    let rows = path.marks.chunks(IN_A_ROW);
    for (r, row) in rows.enumerate() {
        for (n, mark) in row.iter().enumerate() {
            let x = MARGIN + n as f64 * (w + gap);
            let kind = class(Some(mark.status));
            canvas.area((x, y, w, 30.0), kind);
            canvas.sign((x + 16.0, y + 15.0), mark.status);
            let number = r * IN_A_ROW + n + 1;
            let text = format!("{number} {}", mark.hop);
            canvas.text((x + 32.0, y + 19.0), w - 40.0, PLAIN, &text);
            if n + 1 < row.len() {
                canvas.line(&[(x + w, y + 15.0), (x + w + gap - 6.0, y + 15.0)], "way");
                canvas.head((x + w + gap - 1.0, y + 15.0), (1.0, 0.0), "way");
            }
        }
        y += 38.0;
    }
    if let Some(mark) = path.worst() {
        let head = format!("{} {}:", mark.hop, mark.status);
        let paint = Type {
            class: class(Some(mark.status)),
            ..NAME
        };
        canvas.text((MARGIN, y + 12.0), wide, paint, &head);
        let beside = MARGIN + width(&head, NAME.size, true) + 8.0;
        let max = WIDTH - MARGIN - beside;
        for line in wrapped(&mark.detail, PLAIN.size, max, 3) {
            canvas.text((beside, y + 12.0), max, PLAIN, &line);
            y += 18.0;
        }
        y += 4.0;
    }
    y
}
