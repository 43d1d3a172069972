//! The known word that a slip comes nearest to.

/// Returns the known word that is near.
pub(crate) fn near<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (far, word) = words.map(|word| (distance(text, word), word)).min()?;
    (far <= 1 + word.len() / 3).then_some(word)
}

/// Says which known word is near, or what is known, the nearest first where that is much.
#[cfg(feature = "config")]
pub(crate) fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> String {
    const MAX: usize = 16;
    let mut words: Vec<&str> = words.collect();
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
        0 => format!("known are {shown}"),
        more => format!("known are {shown}, and {more} more"),
    }
}

/// How many letters must be changed, added or removed.
fn distance(from: &str, to: &str) -> usize {
    // A word that long is no slip of a known one.
    let from: Vec<char> = from.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (n, a) in from.iter().enumerate() {
        let mut before = row[0];
        row[0] = n + 1;
        for (m, b) in to.chars().enumerate() {
            let change = before + usize::from(*a != b);
            before = row[m + 1];
            row[m + 1] = change.min(before + 1).min(row[m] + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(all(test, feature = "config"))]
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
            "known are `network`"
        );
        let many: Vec<String> = (10..40).map(|n| format!("word-{n}")).collect();
        let told = nearest("sword-3999999", many.iter().map(String::as_str));
        assert!(told.starts_with("known are `word-39`, "), "{told}");
        assert!(told.ends_with(", and 14 more"), "{told}");
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
