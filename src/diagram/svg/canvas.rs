//! Boxes, lines and text that fits.

use std::fmt::Write as _;

use crate::reachability::HopStatus;

/// The layout of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::diagram) enum Layout {
    /// Zones side by side and the egress points below, for screens and paper.
    Wide,
    /// One column, for phones.
    Narrow,
}

impl Layout {
    /// Returns the width of the image.
    pub(super) const fn width(self) -> f64 {
        match self {
            Layout::Wide => 960.0,
            Layout::Narrow => 360.0,
        }
    }

    /// Returns the margin at the edges.
    pub(super) const fn margin(self) -> f64 {
        match self {
            Layout::Wide => 16.0,
            Layout::Narrow => 4.0,
        }
    }

    /// Returns the width between the margins.
    pub(super) const fn inner(self) -> f64 {
        self.width() - 2.0 * self.margin()
    }
}

/// A point: x and y.
pub(super) type At = (f64, f64);
/// A rectangle: its corner, width and height.
pub(super) type Area = (f64, f64, f64, f64);

/// Escapes text for XML. Drops characters that XML does not allow.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Returns the width of a character, relative to the font size. The widths are those of a wide sans
/// serif font, so that other fonts fit too.
fn letter(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'I' | '`' => 0.38,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' => 0.44,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.02,
        'A'..='Z' | '&' | '#' | '+' | '=' | '<' | '>' | '$' | '{' | '}' => 0.8,
        c if c.is_ascii() => 0.65,
        '\u{2026}' => 1.0,
        // In other scripts, some characters are as wide as high.
        _ => 1.1,
    }
}

/// Returns the maximum width of a text.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let own: f64 = text.chars().map(letter).sum();
    own * size * if bold { 1.1 } else { 1.0 }
}

/// Returns the start of a text that fits, with an ellipsis, or none if all of it fits.
fn fitting(text: &str, size: f64, bold: bool, max: f64) -> Option<String> {
    if width(text, size, bold) <= max {
        return None;
    }
    let mut left = max - width("\u{2026}", size, bold);
    let mut out = String::new();
    for c in text.chars() {
        left -= width(c.encode_utf8(&mut [0; 4]), size, bold);
        if left < 0.0 {
            break;
        }
        out.push(c);
    }
    Some(format!("{}\u{2026}", out.trim_end()))
}

/// Wraps a text into lines that fit. Breaks a word only if it is longer than a line. The last line
/// contains the rest, which `text` shortens.
pub(super) fn wrapped(text: &str, kind: Type, max: f64, lines: usize) -> Vec<String> {
    let fits = |text: &str| width(text, kind.size, kind.bold) <= max;
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = out.len() >= lines;
        match out.last_mut() {
            Some(line) if full || fits(&format!("{line} {word}")) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
        while out.len() < lines
            && let Some(line) = out.last_mut()
            && !fits(line)
            && let Some(at) = break_at(line, &fits)
        {
            let rest = line.split_off(at);
            out.push(rest);
        }
    }
    out
}

/// Returns where to break a word that is too long: after a separator or before a capital, if there is
/// one that fits.
fn break_at(word: &str, fits: &dyn Fn(&str) -> bool) -> Option<usize> {
    let ends = word.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
    let (mut any, mut separator) = (None, None);
    for (end, c) in ends {
        if end == word.len() || !fits(&word[..end]) {
            break;
        }
        any = Some(end);
        let is_hump = c.is_lowercase() && word[end..].starts_with(char::is_uppercase);
        if is_hump || ['/', '-', ':', '.', '_', ','].contains(&c) {
            separator = Some(end);
        }
    }
    separator.or(any)
}

/// Lines of text in a box, some with the sign of a status.
#[derive(Default)]
pub(super) struct Block {
    lines: Vec<(Type, Option<HopStatus>, String)>,
    most: f64,
}

impl Block {
    /// Creates a block with this width.
    pub(super) fn new(most: f64) -> Block {
        Block {
            most,
            ..Block::default()
        }
    }

    /// Adds a text in up to three lines.
    pub(super) fn add(mut self, kind: Type, text: &str) -> Block {
        let lines = wrapped(text, kind, self.most, 3);
        self.lines
            .extend(lines.into_iter().map(|it| (kind, None, it)));
        self
    }

    /// Adds a status with its text.
    pub(super) fn status(mut self, status: HopStatus, text: &str) -> Block {
        let kind = Type {
            class: class(Some(status)),
            ..PLAIN
        };
        let lines = wrapped(text, kind, self.most - SIGN, 2);
        for (n, line) in lines.into_iter().enumerate() {
            let sign = (n == 0).then_some(status);
            self.lines.push((kind, sign, line));
        }
        self
    }

    /// Returns the height with the padding.
    pub(super) fn height(&self) -> f64 {
        let lines = self.lines.iter().map(|(kind, ..)| leading(*kind));
        lines.sum::<f64>() + 2.0 * PAD
    }

    /// Draws the lines into a box from its corner.
    pub(super) fn draw(&self, canvas: &mut Canvas, (x, y): At) {
        let mut below = y + PAD;
        for (kind, sign, line) in &self.lines {
            let base = below + kind.size + 1.0;
            let beside = match (kind.class, sign) {
                (_, Some(status)) => {
                    canvas.sign((x + PAD + 7.0, base - 4.0), *status);
                    SIGN
                }
                ("good" | "doubt" | "bad", None) => SIGN,
                _ => 0.0,
            };
            canvas.text((x + PAD + beside, base), self.most - beside, *kind, line);
            below += leading(*kind);
        }
    }
}

/// Padding in a box.
pub(super) const PAD: f64 = 8.0;
/// Width of the sign of a status.
pub(super) const SIGN: f64 = 20.0;

/// Returns the distance of lines.
pub(super) fn leading(kind: Type) -> f64 {
    (kind.size * 1.4).ceil()
}

/// A text style.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) class: &'static str,
    pub(super) bold: bool,
}

/// A heading.
pub(super) const HEAD: Type = Type {
    size: 20.0,
    class: "ink",
    bold: true,
};
/// A heading of a section.
pub(super) const PART: Type = Type {
    size: 15.0,
    class: "ink",
    bold: true,
};
/// A name.
pub(super) const NAME: Type = Type {
    size: 13.0,
    class: "ink",
    bold: true,
};
/// Plain text.
pub(super) const PLAIN: Type = Type {
    size: 12.0,
    class: "ink",
    bold: false,
};
/// Secondary text.
pub(super) const QUIET: Type = Type {
    size: 12.0,
    class: "quiet",
    bold: false,
};

/// Returns the CSS class of a status.
pub(super) const fn class(status: Option<HopStatus>) -> &'static str {
    match status {
        Some(HopStatus::Pass) => "good",
        Some(HopStatus::Unknown) => "doubt",
        Some(HopStatus::Fail) => "bad",
        None => "calm",
    }
}

/// The elements of an image.
pub(super) struct Canvas {
    pub(super) layout: Layout,
    pub(super) out: String,
}

/// Formats a coordinate with one decimal, without a trailing zero.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Formats the points of a line or polygon.
fn joined(points: &[At]) -> String {
    let points: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{},{}", n(*x), n(*y)))
        .collect();
    points.join(" ")
}

impl Canvas {
    /// Draws a box.
    pub(super) fn area(&mut self, (x, y, w, h): Area, class: &str) {
        let _ = writeln!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\" class=\"{class}\"/>",
            n(x),
            n(y),
            n(w),
            n(h)
        );
    }

    /// Draws text up to a maximum width. A tooltip shows the complete text.
    pub(super) fn text(&mut self, (x, y): At, max: f64, kind: Type, text: &str) {
        self.anchored((x, y), max, kind, text, "");
    }

    /// Draws centered text.
    pub(super) fn middle(&mut self, at: At, max: f64, kind: Type, text: &str) {
        self.anchored(at, max, kind, text, " text-anchor=\"middle\"");
    }

    fn anchored(&mut self, (x, y): At, max: f64, kind: Type, text: &str, anchor: &str) {
        let weight = if kind.bold {
            " font-weight=\"600\""
        } else {
            ""
        };
        let _ = write!(
            self.out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" class=\"{}\"{weight}{anchor}>",
            n(x),
            n(y),
            n(kind.size),
            kind.class
        );
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = match fitting(&text, kind.size, kind.bold, max) {
            None => writeln!(self.out, "{}</text>", escaped(&text)),
            Some(cut) => writeln!(
                self.out,
                "{}<title>{}</title></text>",
                escaped(&cut),
                escaped(&text)
            ),
        };
    }

    /// Draws an outline.
    pub(super) fn outline(&mut self, points: &[At], class: &str) {
        let points = joined(points);
        let _ = writeln!(self.out, "<polygon points=\"{points}\" class=\"{class}\"/>");
    }

    /// Draws a line through points.
    pub(super) fn line(&mut self, points: &[At], class: &str) {
        let points = joined(points);
        let _ = writeln!(
            self.out,
            "<polyline points=\"{points}\" class=\"line {class}\"/>"
        );
    }

    /// Draws the head of an arrow along an axis.
    pub(super) fn head(&mut self, (x, y): At, (dx, dy): At, class: &str) {
        let (a, b) = (
            (x - 9.0 * dx - 5.0 * dy, y - 9.0 * dy - 5.0 * dx),
            (x - 9.0 * dx + 5.0 * dy, y - 9.0 * dy + 5.0 * dx),
        );
        self.outline(&[(x, y), a, b], &format!("head {class}"));
    }

    /// Draws the sign of a status on a disc of 16 pixels, independent of the font.
    pub(super) fn sign(&mut self, (x, y): At, status: HopStatus) {
        let class = class(Some(status));
        let _ = writeln!(
            self.out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"8\" class=\"disc {class}\"/>",
            n(x),
            n(y)
        );
        match status {
            HopStatus::Pass => self.stroke(&[(x - 4.0, y), (x - 1.0, y + 3.5), (x + 4.5, y - 3.5)]),
            HopStatus::Fail => {
                self.stroke(&[(x - 3.5, y - 3.5), (x + 3.5, y + 3.5)]);
                self.stroke(&[(x + 3.5, y - 3.5), (x - 3.5, y + 3.5)]);
            }
            HopStatus::Unknown => {
                let _ = writeln!(
                    self.out,
                    "<text x=\"{}\" y=\"{}\" font-size=\"12\" font-weight=\"700\" \
                     text-anchor=\"middle\" class=\"onsign\">?</text>",
                    n(x),
                    n(y + 4.3)
                );
            }
        }
    }

    fn stroke(&mut self, points: &[At]) {
        let points = joined(points);
        let _ = writeln!(self.out, "<polyline points=\"{points}\" class=\"mark\"/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_is_shortened() {
        let long = "W".repeat(100);
        let cut = fitting(&long, 12.0, true, 200.0).unwrap();
        assert!(width(&cut, 12.0, true) <= 200.0 && cut.ends_with('\u{2026}'));
        assert_eq!(fitting("short", 12.0, false, 200.0), None);
        assert_eq!(wrapped("a b c", PLAIN, 1000.0, 2), ["a b c"]);
        assert_eq!(wrapped("aaaa bbbb cccc dddd", PLAIN, 40.0, 2).len(), 2);
        assert_eq!(
            wrapped("group/instance", PLAIN, 70.0, 2),
            ["group/", "instance"]
        );
        assert_eq!(wrapped("subnet-0a1b2c", PLAIN, 60.0, 3)[0], "subnet-");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            escaped("<script>\"&'\u{0}\n"),
            "&lt;script&gt;&quot;&amp;&#39; "
        );
    }
}
