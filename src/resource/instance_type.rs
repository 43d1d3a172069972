//! The parts of an instance type.

/// Returns whether an instance type has a processor of arm64. `None`: the text is not an instance
/// type, such as `large`.
pub(crate) fn is_arm64(instance_type: &str) -> Option<bool> {
    let (family, size) = instance_type.split_once('.')?;
    let digits = family.find(|c: char| c.is_ascii_digit())?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if digits == 0 || size.is_empty() || !plain(family) || !plain(size) {
        return None;
    }
    let behind = family[digits..].trim_start_matches(|c: char| c.is_ascii_digit());
    let end = behind.find(|c: char| !c.is_ascii_alphabetic());
    let (letters, variant) = behind.split_at(end.unwrap_or(behind.len()));
    Some(family == "a1" || letters.contains('g') || variant.starts_with("-gb"))
}
