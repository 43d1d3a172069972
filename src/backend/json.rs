//! Helpers for JSON text, indented by 2 spaces.

/// Writes a JSON string.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut clean = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x00..=0x1f | 0x7f => "",
            _ => continue,
        };
        out.push_str(&text[clean..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        clean = at + 1;
    }
    out.push_str(&text[clean..]);
    out.push('"');
}

/// Starts a line at an indentation level.
pub(crate) fn line(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("  ");
    }
}

/// Writes items between brackets, one per line. An empty list stays on one line.
pub(crate) fn items<T>(
    out: &mut String,
    level: usize,
    brackets: [char; 2],
    all: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
) {
    out.push(brackets[0]);
    let mut some = false;
    for item in all {
        if some {
            out.push(',');
        }
        some = true;
        line(out, level + 1);
        each(out, item);
    }
    if some {
        line(out, level);
    }
    out.push(brackets[1]);
}
