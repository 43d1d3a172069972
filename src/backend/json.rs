//! JSON text of the document trees.

use serde::Serialize;

/// Prints a document, indented by 2 spaces, with a newline at the end.
pub(crate) fn print(document: &impl Serialize) -> String {
    let mut out = with_escapes(serde_json::to_string_pretty(document));
    out.push('\n');
    out
}

/// Prints a document on one line.
pub(crate) fn compact(document: &impl Serialize) -> String {
    with_escapes(serde_json::to_string(document))
}

/// Escapes DEL, which JSON allows in text and YAML, as many tools read templates, does not.
fn with_escapes(printed: serde_json::Result<String>) -> String {
    // Printing fails only for keys that are not text, which the trees do not have.
    let out = printed.unwrap_or_default();
    if out.contains('\u{7f}') {
        return out.replace('\u{7f}', "\\u007f");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_back_and_has_no_control_character() {
        let text: String = (0..0xa0).filter_map(char::from_u32).collect();
        for printed in [print(&text), compact(&[&text])] {
            let visible = |c: char| c == '\n' || c >= '\u{80}' || !c.is_control();
            assert!(printed.chars().all(visible), "{printed:?}");
            let read: serde_json::Value = serde_json::from_str(&printed).unwrap();
            assert!(read == text.as_str() || read[0] == text.as_str());
        }
    }
}
