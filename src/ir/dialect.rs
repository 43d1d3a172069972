//! The output languages.

/// An output language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// CloudFormation.
    Cfn,
    /// Terraform.
    Tf,
}

impl Dialect {
    /// Returns the value for this language.
    pub const fn pick<T: Copy>(self, cfn: T, tf: T) -> T {
        match self {
            Dialect::Cfn => cfn,
            Dialect::Tf => tf,
        }
    }
}
