//! Three-valued truth: what a file decides, and what it leaves open.

use std::ops::Not;

/// Yes, no, or not decided; the worse comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ternary {
    No,
    Unknown,
    Yes,
}

impl Ternary {
    /// Both.
    pub(crate) fn and(self, other: Ternary) -> Ternary {
        self.min(other)
    }

    /// One of both.
    pub(crate) fn or(self, other: Ternary) -> Ternary {
        self.max(other)
    }

    /// Whether all are.
    pub(crate) fn all(of: impl IntoIterator<Item = Ternary>) -> Ternary {
        of.into_iter().fold(Ternary::Yes, Ternary::and)
    }

    /// Whether one is.
    pub(crate) fn any(of: impl IntoIterator<Item = Ternary>) -> Ternary {
        of.into_iter().fold(Ternary::No, Ternary::or)
    }

    /// What holds whichever of them it is: they agree, or it is not decided.
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
