//! Why a record has no other one that is joined to it.

use crate::shown::{self, bounded};

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// None has its key.
    Missing(String),
    /// None of these fields is its key.
    NoKey(String),
    /// The field that would be its key is of another kind.
    Kind {
        /// Which field.
        field: String,
        /// What it is.
        found: String,
    },
    /// The field that would be its key, or is on the way there, occurs twice.
    Twice(String),
}

impl Lookup {
    /// The same in words, of the file of what is joined.
    pub(super) fn told(&self, file: &str) -> String {
        match self {
            Self::Missing(key) => {
                format!("no record in {file} has the key {:?}; add it there", bounded(key, shown::KEY))
            }
            Self::NoKey(looked_for) => format!(
                "no key found to look up in {file} (looked for {looked_for}); set its field with --key"
            ),
            Self::Kind { field, found } => format!(
                "no key found to look up in {file}: {field} is {found}, not text or an integer; write it as text, or \
                 choose another field with --key"
            ),
            Self::Twice(field) => {
                format!(
                    "no key found to look up in {file}: the field {field} occurs twice; remove one of them"
                )
            }
        }
    }
}
