//! The two languages that the graph is written in and read from.

/// The two languages that a table spells its properties in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// CloudFormation: what stands under `Properties`.
    Cfn,
    /// Terraform: what stands in a `resource` block.
    Tf,
}

impl Dialect {
    /// Returns the spelling of this dialect.
    pub const fn pick<T: Copy>(self, cfn: T, tf: T) -> T {
        match self {
            Dialect::Cfn => cfn,
            Dialect::Tf => tf,
        }
    }
}
