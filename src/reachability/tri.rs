//! Three-valued truth: what a file decides, and what it leaves open.

use std::ops::Not;

/// Yes, no, or not decided; the worse comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tri {
    No,
    Maybe,
    Yes,
}

impl Tri {
    /// Both.
    pub(crate) fn and(self, other: Tri) -> Tri {
        self.min(other)
    }

    /// One of both.
    pub(crate) fn or(self, other: Tri) -> Tri {
        self.max(other)
    }

    /// Whether all are.
    pub(crate) fn all(of: impl IntoIterator<Item = Tri>) -> Tri {
        of.into_iter().fold(Tri::Yes, Tri::and)
    }

    /// Whether one is.
    pub(crate) fn any(of: impl IntoIterator<Item = Tri>) -> Tri {
        of.into_iter().fold(Tri::No, Tri::or)
    }

    /// What holds whichever of them it is: they agree, or it is not decided.
    pub(crate) fn agreed(of: impl IntoIterator<Item = Tri>) -> Tri {
        let mut of = of.into_iter();
        let Some(first) = of.next() else {
            return Tri::Maybe;
        };
        if of.all(|other| other == first) {
            first
        } else {
            Tri::Maybe
        }
    }

    pub(crate) fn is_yes(self) -> bool {
        self == Tri::Yes
    }

    pub(crate) fn is_no(self) -> bool {
        self == Tri::No
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Tri::Yes } else { Tri::No }
    }
}

impl Not for Tri {
    type Output = Tri;

    fn not(self) -> Tri {
        match self {
            Tri::No => Tri::Yes,
            Tri::Maybe => Tri::Maybe,
            Tri::Yes => Tri::No,
        }
    }
}
