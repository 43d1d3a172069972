//! Three-valued logic, since a file does not determine every fact.

use std::ops::Not;

/// A truth value, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ternary {
    No,
    Unknown,
    Yes,
}

impl Ternary {
    /// Returns whether both are true.
    pub(crate) fn and(self, other: Ternary) -> Ternary {
        self.min(other)
    }

    /// Returns whether one of both is true.
    pub(crate) fn or(self, other: Ternary) -> Ternary {
        self.max(other)
    }

    /// Returns whether all are true.
    pub(crate) fn all(of: impl IntoIterator<Item = Ternary>) -> Ternary {
        of.into_iter().fold(Ternary::Yes, Ternary::and)
    }

    /// Returns whether at least one is true.
    pub(crate) fn any(of: impl IntoIterator<Item = Ternary>) -> Ternary {
        of.into_iter().fold(Ternary::No, Ternary::or)
    }

    /// Returns the common value, or unknown if the values differ.
    pub(crate) fn unanimous(of: impl IntoIterator<Item = Ternary>) -> Ternary {
        let mut of = of.into_iter();
        let Some(first) = of.next() else {
            return Ternary::Unknown;
        };
        if of.all(|other| other == first) {
            first
        } else {
            Ternary::Unknown
        }
    }

    pub(crate) fn is_yes(self) -> bool {
        self == Ternary::Yes
    }

    pub(crate) fn is_no(self) -> bool {
        self == Ternary::No
    }
}

impl From<bool> for Ternary {
    fn from(value: bool) -> Self {
        if value { Ternary::Yes } else { Ternary::No }
    }
}

impl Not for Ternary {
    type Output = Ternary;

    fn not(self) -> Ternary {
        match self {
            Ternary::No => Ternary::Yes,
            Ternary::Unknown => Ternary::Unknown,
            Ternary::Yes => Ternary::No,
        }
    }
}
