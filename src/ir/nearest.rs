//! The known word that a slip comes nearest to.

/// Returns the known word that is near.
pub(crate) fn near<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (far, word) = words.map(|word| (distance(text, word), word)).min()?;
    (far <= 1 + word.len() / 3).then_some(word)
}

/// Says which known word is near, or what is known.
#[cfg(feature = "config")]
pub(crate) fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    match near(text, words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => {
            let shown: Vec<String> = words
                .iter()
                .take(12)
                .map(|word| format!("`{word}`"))
                .collect();
            format!("known are {}", shown.join(", "))
        }
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
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
