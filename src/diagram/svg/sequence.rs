//! The sequence: the text of the steps on the left, and the participants on the right. In one column,
//! a list of the steps.

use super::super::sequence::{self, Party, Step};
use super::super::{Scene, several};
use super::canvas::{
    Canvas, Layout, NAME, PART, PLAIN, QUIET, SIGN, Type, class, leading, wrapped,
};
use crate::reachability::HopStatus;

/// Width of the text.
const WORDS: f64 = 262.0;
const LINE: f64 = 17.0;

fn column(canvas: &Canvas) -> f64 {
    #[allow(clippy::cast_precision_loss)] // six
    let parties = Party::ALL.len() as f64;
    (canvas.layout.inner() - WORDS - 12.0) / parties
}

#[allow(clippy::cast_precision_loss)] // six
fn life(canvas: &Canvas, party: Party) -> f64 {
    let at = Party::ALL.iter().position(|it| *it == party).unwrap_or(0);
    canvas.layout.margin() + WORDS + 12.0 + (at as f64 + 0.5) * column(canvas)
}

/// Draws the sequence, and returns the bottom edge.
pub(super) fn draw(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let (left, inner) = (canvas.layout.margin(), canvas.layout.inner());
    let heading = "From the operator to the shell";
    canvas.text((left, y + 14.0), inner, PART, heading);
    y += 22.0;
    // The first path is the worst. With one path, its instances are all.
    if scene.paths.len() > 1
        && let Some(path) = sequence::shown_path(scene)
    {
        let text = format!("for {}: {}", several(&path.names, 4), path.verdict.as_str());
        canvas.text((left, y + 12.0), inner, QUIET, &text);
        y += 22.0;
    }
    match canvas.layout {
        Layout::Wide => columns(canvas, scene, y),
        Layout::Narrow => list(canvas, scene, y),
    }
}

/// Draws the steps as a list.
fn list(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let (left, inner) = (canvas.layout.margin(), canvas.layout.inner());
    let path = sequence::shown_path(scene);
    for (n, step) in sequence::steps(scene).iter().enumerate() {
        y += 6.0;
        let name = |party: Party| party.label(path).0;
        let arrow = if step.is_bidirectional {
            "\u{2194}"
        } else {
            "\u{2192}"
        };
        let paint = match step.status {
            Some(status) => Type {
                class: class(Some(status)),
                ..NAME
            },
            None => NAME,
        };
        let through = step
            .through
            .map_or_else(String::new, |it| format!(" {arrow} {}", name(it)));
        let head = format!(
            "{} {}{through} {arrow} {}",
            n + 1,
            name(step.from),
            name(step.to)
        );
        if let Some(status) = step.status {
            canvas.sign((left + 8.0, y + 9.0), status);
        }
        for line in wrapped(&head, paint, inner - SIGN - 4.0, 2) {
            canvas.text(
                (left + SIGN + 4.0, y + 13.0),
                inner - SIGN - 4.0,
                paint,
                &line,
            );
            y += leading(NAME);
        }
        for line in wrapped(&step.text, PLAIN, inner - SIGN - 4.0, 4) {
            canvas.text(
                (left + SIGN + 4.0, y + 12.0),
                inner - SIGN - 4.0,
                PLAIN,
                &line,
            );
            y += LINE;
        }
    }
    y + 10.0
}

/// Draws the steps between columns of participants.
#[allow(clippy::cast_precision_loss)] // a handful
fn columns(canvas: &mut Canvas, scene: &Scene, mut y: f64) -> f64 {
    let left = canvas.layout.margin();
    let path = sequence::shown_path(scene);
    let column = column(canvas);
    for &party in Party::ALL {
        let (first, second) = party.label(path);
        let x = life(canvas, party);
        canvas.area((x - column / 2.0 + 3.0, y, column - 6.0, 42.0), "calm");
        let small = Type { size: 10.5, ..NAME };
        canvas.middle((x, y + 18.0), column - 8.0, small, first);
        let small = Type {
            size: 10.0,
            ..QUIET
        };
        canvas.middle((x, y + 33.0), column - 8.0, small, second);
    }
    let head = y + 42.0;
    y = head + 14.0;
    // The lifelines are behind the messages.
    let steps: Vec<Step> = sequence::steps(scene);
    let texts: Vec<Vec<String>> = steps
        .iter()
        .map(|it| wrapped(&it.text, PLAIN, WORDS - 34.0, 4))
        .collect();
    let height = |lines: &[String]| (lines.len() as f64 * LINE + 12.0).max(34.0);
    let end = y + texts.iter().map(|it| height(it)).sum::<f64>();
    for &party in Party::ALL {
        let x = life(canvas, party);
        canvas.line(&[(x, head), (x, end)], "life");
    }
    for (n, (step, lines)) in steps.iter().zip(&texts).enumerate() {
        let h = height(lines);
        let number = format!("{}", n + 1);
        canvas.text((left, y + 16.0), 26.0, NAME, &number);
        for (at, line) in lines.iter().enumerate() {
            let y = y + 16.0 + at as f64 * LINE;
            canvas.text((left + 28.0, y), WORDS - 34.0, PLAIN, line);
        }
        let middle = y + 14.0;
        let (from, to) = (life(canvas, step.from), life(canvas, step.to));
        let kind = match step.status {
            Some(status) => class(Some(status)),
            None => "way",
        };
        let ahead = (to - from).signum();
        let fails = step.status == Some(HopStatus::Fail);
        // A failing message ends at the egress point.
        let stop = match step.through {
            Some(egress_point) if fails => life(canvas, egress_point),
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
                let x = life(canvas, egress_point);
                canvas.area((x - 5.0, middle - 5.0, 10.0, 10.0), "calm");
            }
            if let Some(status) = step.status {
                canvas.sign((from + ahead * 26.0, middle), status);
            }
        }
        y += h;
    }
    y + 10.0
}
