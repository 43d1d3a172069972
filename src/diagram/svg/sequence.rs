//! The sequence: the text of the steps on the left, and the participants on the right.

use super::super::sequence::{self, Party};
use super::super::{Scene, several};
use super::canvas::{Canvas, MARGIN, NAME, PART, PLAIN, QUIET, WIDTH, class, wrapped};
use crate::reachability::HopStatus;

/// Width of the text.
const WORDS: f64 = 380.0;
const LINE: f64 = 17.0;

#[allow(clippy::cast_precision_loss)] // six
fn life(party: Party) -> f64 {
    let at = Party::ALL.iter().position(|it| *it == party).unwrap_or(0);
    let (from, to) = (MARGIN + WORDS + 24.0, WIDTH - MARGIN);
    let column = (to - from) / Party::ALL.len() as f64;
    from + (at as f64 + 0.5) * column
}

/// Draws the sequence, and returns the bottom edge.
#[allow(clippy::cast_precision_loss)] // a handful
pub(super) fn draw(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let path = sequence::shown_path(scene);
    let wide = WIDTH - 2.0 * MARGIN;
    canvas.text(
        (MARGIN, y + 14.0),
        wide,
        PART,
        "From the operator to the shell",
    );
    if let Some(path) = path {
        let text = format!("for {}: {}", several(&path.names, 4), path.verdict.as_str());
        canvas.text((MARGIN, y + 34.0), WORDS, QUIET, &text);
    }
    let column = (WIDTH - 2.0 * MARGIN - WORDS - 24.0) / Party::ALL.len() as f64;
    y += 30.0;
    for &party in Party::ALL {
        let (first, second) = party.label(path);
        let x = life(party);
        canvas.area((x - column / 2.0 + 3.0, y, column - 6.0, 42.0), "calm");
        let small = super::canvas::Type { size: 11.0, ..NAME };
        canvas.middle((x, y + 18.0), column - 10.0, small, first);
        let small = super::canvas::Type {
            size: 10.5,
            ..QUIET
        };
        canvas.middle((x, y + 33.0), column - 10.0, small, second);
    }
    let head = y + 42.0;
    y = head + 14.0;
    // The lifelines are behind the messages.
    let steps = sequence::steps(scene);
    let texts: Vec<Vec<String>> = steps
        .iter()
        .map(|it| wrapped(&it.text, PLAIN.size, WORDS - 34.0, 3))
        .collect();
    let height = |lines: &[String]| (lines.len() as f64 * LINE + 12.0).max(34.0);
    let end = y + texts.iter().map(|it| height(it)).sum::<f64>();
    for &party in Party::ALL {
        canvas.line(&[(life(party), head), (life(party), end)], "life");
    }
    for (n, (step, lines)) in steps.iter().zip(&texts).enumerate() {
        let h = height(lines);
        let number = format!("{}", n + 1);
        canvas.text((MARGIN, y + 16.0), 30.0, NAME, &number);
        for (at, line) in lines.iter().enumerate() {
            let y = y + 16.0 + at as f64 * LINE;
            canvas.text((MARGIN + 28.0, y), WORDS - 34.0, PLAIN, line);
        }
        let middle = y + 14.0;
        let (from, to) = (life(step.from), life(step.to));
        let kind = match step.status {
            Some(status) => class(Some(status)),
            None => "way",
        };
        let ahead = (to - from).signum();
        let fails = step.status == Some(HopStatus::Fail);
        // A failing message ends at the egress point.
        let stop = match step.through {
            Some(egress_point) if fails => life(egress_point),
            // A response always arrives.
            _ if fails && step.to != Party::Operator => f64::midpoint(from, to),
            _ => to,
        };
        let back = if step.is_bidirectional { 8.0 } else { 0.0 };
        let arrives = !fails || step.to == Party::Operator;
        let short = if arrives { 8.0 } else { 0.0 };
        canvas.line(
            &[
                (from + ahead * back, middle),
                (stop - ahead * short, middle),
            ],
            kind,
        );
        if step.is_bidirectional {
            canvas.head((from + ahead, middle), (-ahead, 0.0), kind);
        }
        if !arrives {
            canvas.sign((stop, middle), HopStatus::Fail);
        } else {
            canvas.head((to - ahead, middle), (ahead, 0.0), kind);
            if let Some(egress_point) = step.through {
                let x = life(egress_point);
                canvas.area((x - 5.0, middle - 5.0, 10.0, 10.0), "calm");
            }
            if let Some(status) = step.status {
                canvas.sign((from + ahead * 26.0, middle), status);
            }
        }
        y += h;
    }
    if let Some(mark) = path.and_then(|it| it.worst()) {
        let text = format!("{} {}: {}", mark.hop, mark.status, mark.detail);
        canvas.sign((MARGIN + 8.0, y + 11.0), mark.status);
        for line in wrapped(&text, PLAIN.size, wide - 28.0, 3) {
            canvas.text((MARGIN + 28.0, y + 16.0), wide - 28.0, PLAIN, &line);
            y += LINE;
        }
        y += 6.0;
    }
    y + MARGIN
}
