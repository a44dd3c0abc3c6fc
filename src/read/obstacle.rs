//! Why a file of columns cannot be read where it is, and the cure. Pure.

use std::fmt;

/// Why a file of columns cannot be read where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A pipe can be read only once, and the index is at the end.
    Stream,
    /// It is compressed as a whole.
    Packed {
        /// Whether its format compresses what it holds.
        is_packed_inside: bool,
    },
    /// The user names a text format.
    Named,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Stream => "from a pipe or standard input",
            Self::Packed { .. } => "while it is compressed as a whole",
            Self::Named => "in the format that --format names",
        })
    }
}

impl Obstacle {
    pub(super) fn cure(self) -> &'static str {
        match self {
            Self::Stream => "save it to a file and pass its path",
            Self::Packed { is_packed_inside: true } => "decompress it first; it is compressed inside",
            Self::Packed { is_packed_inside: false } => "decompress it first",
            Self::Named => "remove --format to have the format detected",
        }
    }
}
