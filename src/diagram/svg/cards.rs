//! Security groups with their rules, and roles with their policies.

use super::super::{Card, Panel};
use super::canvas::{
    Block, Canvas, Layout, NAME, PAD, PART, PLAIN, QUIET, class, leading, wrapped,
};

const GAP: f64 = 12.0;
const MAX: usize = 9;
const LINES: usize = 5;

/// Draws the cards of a VPC, and returns the bottom edge.
#[allow(clippy::cast_precision_loss)] // a handful
pub(super) fn draw(canvas: &mut Canvas, panel: &Panel, heading: &str, mut y: f64) -> f64 {
    if panel.cards.is_empty() {
        return y;
    }
    let (left, inner) = (canvas.layout.margin(), canvas.layout.inner());
    for line in wrapped(heading, PART, inner, 2) {
        canvas.text((left, y + 12.0), inner, PART, &line);
        y += leading(PART);
    }
    y += 1.0;
    let columns = match canvas.layout {
        Layout::Wide => panel.cards.len().clamp(1, 3),
        Layout::Narrow => 1,
    };
    let w = (inner - (columns as f64 - 1.0) * GAP) / columns as f64;
    let shown = panel.cards.len().min(MAX);
    for row in panel.cards[..shown].chunks(columns) {
        let blocks: Vec<Block> = row.iter().map(|it| block(it, w - 2.0 * PAD)).collect();
        let h = blocks.iter().map(Block::height).fold(0.0, f64::max);
        for (n, (card, block)) in row.iter().zip(&blocks).enumerate() {
            let x = left + n as f64 * (w + GAP);
            canvas.area((x, y, w, h), class(card.status));
            block.draw(canvas, (x, y));
        }
        y += h + GAP;
    }
    let more = panel.cards.len() - shown;
    if more > 0 {
        canvas.text((left, y + 8.0), inner, QUIET, &format!("and {more} more"));
        y += 18.0;
    }
    y + 6.0
}

fn block(card: &Card, w: f64) -> Block {
    let block = Block::new(w).add(NAME, &format!("{} {}", card.kind, card.name));
    let block = match card.status {
        Some(status) => block.status(status, status.as_str()),
        None => block,
    };
    let lines = card.lines.iter().take(LINES);
    let block = lines.fold(block, |block, line| block.add(PLAIN, line));
    match card.lines.len() > LINES {
        true => block.add(QUIET, &format!("and {} more", card.lines.len() - LINES)),
        false => block,
    }
}
