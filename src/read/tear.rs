//! What is incomplete at the end of a truncated input.

use std::fmt;

/// What is incomplete in a truncated input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// A JSON value.
    Value,
    /// A JSON array, after its last complete element.
    Array,
    /// The object around an array of records.
    Object,
    /// Compressed data, by the name of the compression.
    Compressed(&'static str),
}

impl fmt::Display for Tear {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => formatter.write_str("a record"),
            Self::Array => formatter.write_str("its array"),
            Self::Object => formatter.write_str("the object around its records"),
            Self::Compressed(compression) => write!(formatter, "its {compression} data"),
        }
    }
}
