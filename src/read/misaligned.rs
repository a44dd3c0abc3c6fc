//! Why columns of one input make no table, and the cure.

use std::fmt;

use crate::record::Position;
use crate::words::plural;

/// Why columns make no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misaligned {
    /// Two of them, by name, have different numbers of values.
    Lengths([(String, u64); 2]),
    /// Two of them, by name, give the row at this place different labels.
    Labels(Position, [(String, String); 2]),
}

impl Misaligned {
    /// The place that it names, if it names one.
    pub(super) fn place(&self) -> Option<Position> {
        match self {
            Self::Lengths(_) => None,
            Self::Labels(place, _) => Some(*place),
        }
    }
}

/// What is wrong with the columns that an input has.
impl fmt::Display for Misaligned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lengths([(first, values), (other, others)]) => write!(
                formatter,
                "of different lengths: {} in {first}, but {others} in {other}\n\
                 write the file again, with a value or null for every record in each of them",
                plural(*values, "value")
            ),
            Self::Labels(place, [(first, label), (other, differs)]) => write!(
                formatter,
                "that label {place} differently: {label} in {first}, but {differs} in {other}\n\
                 write the file again, with the same rows in every column"
            ),
        }
    }
}
