//! Why no other record is joined to a record.

use crate::shown::{self, bounded};

/// Why no other record is joined to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// No other record has its key.
    Missing(String),
    /// It has no key in any of these fields.
    NoKey(String),
    /// The field that would be its key is of another kind.
    Kind {
        /// Which field.
        field: String,
        /// What it is.
        found: String,
    },
    /// The field that would be its key, or leads to it, occurs twice.
    Twice(String),
}

impl Lookup {
    /// The message; `file` is the joined file.
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
