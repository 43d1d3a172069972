//! Suggestions for misspelled words.

/// Returns the known word with the smallest edit distance if it is close. Otherwise, returns the only
/// one that has the text as a part: `instance_type` for `type`.
pub(crate) fn near<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let words: Vec<&str> = words.collect();
    let distances = words.iter().map(|word| (distance(text, word), *word));
    let (far, word) = distances.min()?;
    if far <= 1 + word.len() / 3 {
        return Some(word);
    }
    let has_part = |word: &&&str| word.split(['_', '-', '.']).any(|part| part == text);
    let mut having = words.iter().filter(has_part);
    having.next().filter(|_| having.next().is_none()).copied()
}

/// Returns the known word of which a text is certainly a typo: at most two letters differ, and no digit. A
/// suffix of two letters makes another word, and so do two letters of a short word. The name of the other
/// language differs by case and underscores only.
///
/// Of 377,448 pairs of names of one object in the schemas of both languages, 6 differ by one letter in this way.
pub(crate) fn typo<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let words: Vec<&str> = words.filter(|it| *it != text).collect();
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|it| *it != '_');
        letters.map(|it| it.to_ascii_lowercase()).collect()
    };
    if let Some(word) = words.iter().find(|it| letters(it) == letters(text)) {
        return Some(word);
    }
    let digits = |text: &str| -> Vec<char> { text.chars().filter(char::is_ascii_digit).collect() };
    let own = digits(text);
    let words = words
        .into_iter()
        .filter(|it| it.len().abs_diff(text.len()) <= 2 && digits(it) == own);
    let near = |word: &str| {
        let letters = text.len().min(word.len());
        let has_suffix = text.starts_with(word) || word.starts_with(text);
        let most = match letters {
            ..4 => 0,
            4 => 1,
            _ if has_suffix => 1,
            _ => 2,
        };
        word.eq_ignore_ascii_case(text) || distance(text, word) <= most
    };
    let mut near = words.filter(|it| near(it));
    near.next()
}

/// Returns a hint with the closest known word, or with the known words if none is close.
pub(crate) fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> String {
    nearest_of(text, words.collect())
}

fn nearest_of(text: &str, mut words: Vec<&str>) -> String {
    const MAX: usize = 16;
    if words.is_empty() {
        return "none is defined".to_owned();
    }
    if let Some(word) = near(text, words.iter().copied()) {
        return format!("did you mean `{word}`?");
    }
    let more = words.len().saturating_sub(MAX);
    if more > 0 {
        words.sort_by_key(|word| distance(text, word));
        words.truncate(MAX);
    }
    let shown: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let shown = shown.join(", ");
    match more {
        0 => format!("use one of {shown}"),
        more => format!("use one of {shown}, or {more} more"),
    }
}

/// Returns the number of letters to change, add or remove.
fn distance(from: &str, to: &str) -> usize {
    // Longer text is not a typo of a known word.
    let end = from.char_indices().nth(64).map_or(from.len(), |(at, _)| at);
    strsim::levenshtein(&from[..end], to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_named() {
        assert_eq!(
            nearest("netwrok", ["network", "name"].into_iter()),
            "did you mean `network`?"
        );
        assert_eq!(
            nearest("zzzzzz", ["network"].into_iter()),
            "use one of `network`"
        );
        assert_eq!(nearest("network", [].into_iter()), "none is defined");
        let keys = ["instance_type", "subnet_index", "kms_key", "kms_alias"];
        for (text, hint) in [
            ("type", "did you mean `instance_type`?"),
            ("index", "did you mean `subnet_index`?"),
            ("kms", "use one of"),
            ("instance_type_index", "use one of"),
            ("", "use one of"),
        ] {
            let found = nearest(text, keys.into_iter());
            assert!(found.starts_with(hint), "{text}: {found}");
        }
        let many: Vec<String> = (10..40).map(|n| format!("word-{n}")).collect();
        let found = nearest("sword-3999999", many.iter().map(String::as_str));
        assert!(found.starts_with("use one of `word-39`, "), "{found}");
        assert!(found.ends_with(", or 14 more"), "{found}");
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
