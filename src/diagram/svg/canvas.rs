//! Boxes, lines and text that fits.

use std::fmt::Write as _;

use crate::reachability::HopStatus;

/// Width of the image.
pub(super) const WIDTH: f64 = 1200.0;
/// Margin at the edges.
pub(super) const MARGIN: f64 = 24.0;

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

/// Wraps a text into lines that fit. The last line contains the rest, which `text` shortens.
pub(super) fn wrapped(text: &str, size: f64, max: f64, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = out.len() == lines;
        match out.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, false) <= max => {
                line.push(' ');
                line.push_str(word);
            }
            Some(line) if full => {
                line.push(' ');
                line.push_str(word);
            }
            _ => out.push(word.to_owned()),
        }
    }
    out
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
#[derive(Default)]
pub(super) struct Canvas {
    pub(super) out: String,
}

/// Formats a coordinate with one decimal, without a trailing zero.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
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

    /// Draws a line through points.
    pub(super) fn line(&mut self, points: &[At], class: &str) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", n(*x), n(*y)))
            .collect();
        let _ = writeln!(
            self.out,
            "<polyline points=\"{}\" class=\"line {class}\"/>",
            points.join(" ")
        );
    }

    /// Draws the head of an arrow along an axis.
    pub(super) fn head(&mut self, (x, y): At, (dx, dy): At, class: &str) {
        let (a, b) = (
            (x - 9.0 * dx - 5.0 * dy, y - 9.0 * dy - 5.0 * dx),
            (x - 9.0 * dx + 5.0 * dy, y - 9.0 * dy + 5.0 * dx),
        );
        let _ = writeln!(
            self.out,
            "<polygon points=\"{},{} {},{} {},{}\" class=\"head {class}\"/>",
            n(x),
            n(y),
            n(a.0),
            n(a.1),
            n(b.0),
            n(b.1)
        );
    }

    /// Draws the sign of a status in a circle of 16 pixels, independent of the font.
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
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", n(*x), n(*y)))
            .collect();
        let _ = writeln!(
            self.out,
            "<polyline points=\"{}\" class=\"mark\"/>",
            points.join(" ")
        );
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
        assert_eq!(wrapped("a b c", 12.0, 1000.0, 2), ["a b c"]);
        assert_eq!(wrapped("aaaa bbbb cccc dddd", 12.0, 40.0, 2).len(), 2);
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            escaped("<script>\"&'\u{0}\n"),
            "&lt;script&gt;&quot;&amp;&#39; "
        );
    }
}
