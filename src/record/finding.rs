//! What a verification finds: one word for each thing. Pure.

/// What a verification finds wrong with a record that could be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The index holds another value.
    Different,
    /// It holds none.
    Missing,
}

impl Finding {
    /// The finding whose word this is.
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Different, Self::Missing].into_iter().find(|finding| finding.code() == code)
    }

    /// The finding as one word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Different => "different",
            Self::Missing => "missing",
        }
    }
}
