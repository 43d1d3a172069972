//! The expansion of words: quotes, and variables with a known value.

use std::collections::BTreeMap;

use super::syntax::is_name;

/// The variables with a known value.
pub(super) type Variables = BTreeMap<String, String>;

/// A word after its expansion.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::reachability) struct Word {
    pub(in crate::reachability) text: String,
    /// Whether the text has no part that only the shell knows.
    pub(in crate::reachability) is_known: bool,
}

impl Word {
    pub(in crate::reachability) fn known(text: &str) -> Word {
        Word {
            text: text.to_owned(),
            is_known: true,
        }
    }
}

/// Returns the name and the end of a variable that begins at a `$`.
fn variable(text: &str) -> Option<(&str, usize)> {
    let rest = text.strip_prefix('$')?;
    let (name, end) = match rest.strip_prefix('{') {
        Some(inner) => {
            let name = inner.split('}').next()?;
            (name, name.len() + 3)
        }
        None => {
            let is_digit = rest.starts_with(|c: char| c.is_ascii_digit());
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = match is_digit {
                true => 1,
                false => rest.find(|c| !is_part(c)).unwrap_or(rest.len()),
            };
            (rest.get(..end)?, end + 1)
        }
    };
    let is_position = name.len() == 1 && name.starts_with(|c: char| c.is_ascii_digit());
    (is_name(name) || is_position).then_some((name, end))
}

/// Replaces the variables with a known value. The text keeps its quotes.
pub(super) fn substituted(text: &str, variables: &Variables) -> String {
    let mut out = String::new();
    let (mut rest, mut is_literal, mut in_quotes) = (text, false, false);
    while let Some(c) = rest.chars().next() {
        let known = variable(rest).filter(|_| !is_literal);
        let known = known.and_then(|(name, end)| Some((variables.get(name)?, end)));
        let (piece, end) = match (known, c) {
            (Some((value, end)), _) => (value.as_str(), end),
            (None, '\\') if !is_literal => {
                let end = rest.char_indices().nth(2).map_or(rest.len(), |it| it.0);
                (rest.get(..end).unwrap_or_default(), end)
            }
            (None, _) => (rest.get(..c.len_utf8()).unwrap_or_default(), c.len_utf8()),
        };
        match c {
            '\'' if !in_quotes => is_literal = !is_literal,
            '"' if !is_literal => in_quotes = !in_quotes,
            _ => {}
        }
        out.push_str(piece);
        rest = rest.get(end..).unwrap_or_default();
    }
    out
}

/// Expands a word. Parts that only the shell knows remain as they are.
pub(super) fn expand(raw: &str, variables: &Variables) -> Word {
    let mut word = Word {
        text: String::new(),
        is_known: !raw.contains("<(") && !raw.contains(">("),
    };
    let (mut rest, mut is_literal, mut in_quotes) = (raw, false, false);
    while let Some(c) = rest.chars().next() {
        let mut end = c.len_utf8();
        match c {
            '\'' if !in_quotes => is_literal = !is_literal,
            '"' if !is_literal => in_quotes = !in_quotes,
            _ if is_literal => word.text.push(c),
            '\\' => {
                let next = rest.chars().nth(1).unwrap_or_default();
                if in_quotes && !matches!(next, '"' | '$' | '`' | '\\') {
                    word.text.push('\\');
                }
                word.text.push(next);
                end += next.len_utf8();
            }
            '$' => match variable(rest).and_then(|it| Some((variables.get(it.0)?, it.1))) {
                Some((value, length)) => {
                    // The shell splits it.
                    word.is_known &= in_quotes || !value.contains([' ', '\t', '\n', '*', '?', '[']);
                    word.text.push_str(value);
                    end = length;
                }
                None => {
                    word.is_known = false;
                    word.text.push(c);
                }
            },
            '`' => {
                word.is_known = false;
                word.text.push(c);
            }
            '*' | '?' | '[' | '{' if !in_quotes && !["[", "[["].contains(&raw) => {
                word.is_known = false;
                word.text.push(c);
            }
            '~' if word.text.is_empty() && !in_quotes => {
                word.is_known = false;
                word.text.push(c);
            }
            _ => word.text.push(c),
        }
        rest = rest.get(end.min(rest.len())..).unwrap_or_default();
    }
    word
}

#[cfg(test)]
mod tests {
    use super::{Variables, expand, substituted};

    #[test]
    fn words_are_expanded() {
        let variables = Variables::from([("A".to_owned(), "x y".to_owned())]);
        for (raw, text, is_known) in [
            ("\"$A\"", "x y", true),
            ("$A", "x y", false),
            ("'$A'", "$A", true),
            ("a\\ b\"c\"", "a bc", true),
            ("${A:-z}", "${A:-z}", false),
            ("\"${A}\"1", "x y1", true),
            ("$B", "$B", false),
            ("*.rpm", "*.rpm", false),
            ("[", "[", true),
        ] {
            let word = expand(raw, &variables);
            assert_eq!(
                (word.text.as_str(), word.is_known),
                (text, is_known),
                "{raw}"
            );
        }
        assert_eq!(
            substituted("a \"$A\" '$A' $B", &variables),
            "a \"x y\" '$A' $B"
        );
    }
}
