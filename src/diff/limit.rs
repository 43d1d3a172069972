//! Which values a parameter accepts.

/// The limits of a parameter besides `AllowedValues`.
pub(super) const KEYS: [&str; 5] = [
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
];

/// Returns whether a limit certainly accepts no other values.
pub(super) fn is_stricter(key: &str, old: &str, new: Option<&str>) -> bool {
    let Some(new) = new else {
        return false;
    };
    if old == new {
        return true;
    }
    let numbers = || Some((old.parse::<f64>().ok()?, new.parse::<f64>().ok()?));
    match key {
        "MinLength" | "MinValue" => numbers().is_some_and(|(old, new)| new >= old),
        "MaxLength" | "MaxValue" => numbers().is_some_and(|(old, new)| new <= old),
        "AllowedPattern" => is_stricter_pattern(old, new),
        _ => false,
    }
}

/// Returns a pattern with `/` for `\\/`.
fn without_escaped_slashes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let next = if letter == '\\' { letters.next() } else { None };
        match next {
            Some('/') => out.push('/'),
            next => {
                out.push(letter);
                out.extend(next);
            }
        }
    }
    out
}

/// Returns whether two patterns differ only in character classes, each with fewer characters.
fn is_stricter_pattern(old: &str, new: &str) -> bool {
    let [old, new] = [old, new].map(without_escaped_slashes);
    let (old, new) = (old.as_str(), new.as_str());
    if old == new {
        return true;
    }
    // A class in a negative assertion excludes values.
    if old.contains("(?") || new.contains("(?") {
        return false;
    }
    match (split(old), split(new)) {
        (Some((text, classes)), Some((other, fewer))) => {
            text == other
                && classes
                    .iter()
                    .zip(&fewer)
                    .all(|(all, some)| some.iter().all(|it| all.contains(it)))
        }
        _ => false,
    }
}

/// Returns the parts of a pattern between its character classes, and the characters of each class.
fn split(pattern: &str) -> Option<(Vec<String>, Vec<Vec<char>>)> {
    let (mut parts, mut classes) = (vec![String::new()], Vec::new());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter == '[' {
            let mut class = Vec::new();
            loop {
                match letters.next()? {
                    ']' => break,
                    // Escapes, negation and nested classes have another meaning.
                    '\\' | '^' | '[' | '&' => return None,
                    it => class.push(it),
                }
            }
            if class.is_empty() {
                return None;
            }
            classes.push(members(&class)?);
            parts.push(String::new());
            continue;
        }
        let part = parts.last_mut()?;
        part.push(letter);
        if letter == '\\' {
            part.push(letters.next()?);
        }
    }
    Some((parts, classes))
}

/// Returns the characters of a class without its ranges.
fn members(class: &[char]) -> Option<Vec<char>> {
    let mut out = Vec::new();
    let mut rest = class;
    while let [first, after @ ..] = rest {
        rest = match after {
            ['-', last, after @ ..] if first.is_ascii_alphanumeric() => {
                if !last.is_ascii_alphanumeric() {
                    return None;
                }
                out.extend(*first..=*last);
                after
            }
            after => {
                out.push(*first);
                after
            }
        };
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_stricter_with_fewer_characters() {
        let old = "^[0-9a-zA-Z]+([0-9a-zA-Z-]*[0-9a-zA-Z])*$";
        let new = "^[0-9a-z]+([0-9a-z-]*[0-9a-z])*$";
        assert!(is_stricter_pattern(old, new) && !is_stricter_pattern(new, old));
        assert!(is_stricter_pattern(r"[a-z\-\/]+", r"[a-z\-/]+"));
        for (old, new) in [
            ("[ab]", "[ab]+"),
            ("[^ab]", "[^a]"),
            ("(?![ab])x*", "(?![a])x*"),
            (r"[a]\[b]", r"[a]\[c]"),
            ("[a-]", "[a-z]"),
            ("", "[a]"),
            (r"a\\/", r"a\/"),
        ] {
            assert!(!is_stricter_pattern(old, new), "{old} {new}");
        }
    }

    #[test]
    fn numbers_are_limits() {
        let stricter = |key, old, new| is_stricter(key, old, Some(new));
        assert!(stricter("MaxLength", "20", "18") && !stricter("MaxLength", "18", "20"));
        assert!(stricter("MinValue", "1", "2") && !stricter("MinValue", "2", "1"));
        assert!(!is_stricter("MaxLength", "20", None));
    }
}
