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
    /// Returns the name of the language.
    pub const fn name(self) -> &'static str {
        self.pick("CloudFormation", "Terraform")
    }

    /// Returns the other language.
    pub(crate) const fn other(self) -> Dialect {
        self.pick(Dialect::Tf, Dialect::Cfn)
    }

    /// Returns the value for this language.
    pub const fn pick<T: Copy>(self, cfn: T, tf: T) -> T {
        match self {
            Dialect::Cfn => cfn,
            Dialect::Tf => tf,
        }
    }
}
