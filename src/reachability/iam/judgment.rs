//! A three-valued decision with the fact that it lacks.

use std::ops::Not;

use super::super::ternary::Ternary;

/// A truth value. An unknown one names the fact that determines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgment {
    pub(crate) holds: Ternary,
    /// The fact, such as "condition key `aws:SourceIp`". Empty unless unknown.
    pub(crate) cause: String,
}

impl Judgment {
    pub(super) fn unknown(cause: impl Into<String>) -> Judgment {
        Judgment {
            holds: Ternary::Unknown,
            cause: cause.into(),
        }
    }

    /// Adds the cause to a truth value.
    pub(super) fn of(holds: Ternary, cause: impl FnOnce() -> String) -> Judgment {
        match holds {
            Ternary::Unknown => Judgment::unknown(cause()),
            holds => holds.into(),
        }
    }

    pub(super) fn and(self, other: Judgment) -> Judgment {
        if other.holds < self.holds {
            other
        } else {
            self
        }
    }

    pub(super) fn or(self, other: Judgment) -> Judgment {
        if other.holds > self.holds {
            other
        } else {
            self
        }
    }

    pub(super) fn all(of: impl IntoIterator<Item = Judgment>) -> Judgment {
        let mut all = Judgment::from(Ternary::Yes);
        for one in of {
            all = all.and(one);
            if all.holds.is_no() {
                break;
            }
        }
        all
    }

    pub(super) fn any(of: impl IntoIterator<Item = Judgment>) -> Judgment {
        let mut any = Judgment::from(Ternary::No);
        for one in of {
            any = any.or(one);
            if any.holds.is_yes() {
                break;
            }
        }
        any
    }
}

impl From<Ternary> for Judgment {
    fn from(holds: Ternary) -> Judgment {
        Judgment {
            holds,
            cause: String::new(),
        }
    }
}

impl From<bool> for Judgment {
    fn from(holds: bool) -> Judgment {
        Ternary::from(holds).into()
    }
}

impl Not for Judgment {
    type Output = Judgment;

    fn not(self) -> Judgment {
        Judgment {
            holds: !self.holds,
            cause: self.cause,
        }
    }
}
