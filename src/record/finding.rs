//! The findings of a verification, each with a code. Pure.

/// A finding of a verification about a record that could be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The index has another value.
    Different,
    /// The index has no such vector.
    Missing,
}

impl Finding {
    /// The finding with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Different, Self::Missing].into_iter().find(|finding| finding.code() == code)
    }

    /// The code of the finding.
    pub fn code(self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::Missing => "missing",
        }
    }
}
