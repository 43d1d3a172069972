//! The parts of an instance type.

use crate::ir::words;

words! {
    /// The instruction set of an image or an instance type.
    pub enum Architecture {
        /// Intel and AMD.
        X86_64 = "x86_64",
        /// AWS Graviton.
        Arm64 = "arm64",
    }
}

impl Architecture {
    /// Returns the architecture of an instance type.
    ///
    /// `arm64` for `a1`, for families with a `g` after the first digits, such as `c7gn`, and for Grace
    /// processors, such as `p6e-gb200`. `None` for Mac instances, which have
    /// separate architectures, and for text that is not an instance type.
    ///
    /// ```
    /// use ssm_synth::construct::Architecture;
    /// assert_eq!(Architecture::of("t4g.micro"), Some(Architecture::Arm64));
    /// assert_eq!(Architecture::of("g4dn.xlarge"), Some(Architecture::X86_64));
    /// assert_eq!(Architecture::of("micro"), None);
    /// assert_eq!(Architecture::of("mac2.metal"), None);
    /// ```
    pub fn of(instance_type: &str) -> Option<Architecture> {
        let digits = instance_type.find(|c: char| c.is_ascii_digit())?;
        if &instance_type[..digits] == "mac" {
            return None;
        }
        Some(match is_arm64(instance_type)? {
            true => Architecture::Arm64,
            false => Architecture::X86_64,
        })
    }
}

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
