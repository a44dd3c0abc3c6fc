//! Why the columns of an input do not make a table, or its rows cannot be counted, and the cure.

use std::fmt;

use crate::record::{Position, Raw, Reason, Record, RowTrouble};
use crate::shown::{self, bounded};
use crate::words::plural;

/// Why columns do not make a table, or rows cannot be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misaligned {
    /// Two of them, by name, have different numbers of values.
    Lengths([(String, u64); 2]),
    /// Two of them, by name, give the row at this place different labels.
    Labels(Position, [(String, String); 2]),
    /// Another header is among the rows of a table.
    Header {
        /// Where its line begins.
        place: Position,
        /// That line, or its beginning and end.
        line: String,
    },
    /// A broken row makes the number of rows uncertain, and the rows after it need theirs.
    Uncounted {
        /// Where it begins.
        place: Position,
        /// What is wrong with it.
        why: String,
        /// The option that needs the numbers.
        option: &'static str,
    },
}

impl Misaligned {
    /// Another header on the first line of `text`.
    pub(super) fn header(place: Position, text: &[u8]) -> Self {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line).trim().to_owned();
        Self::Header { place, line: bounded(&line, shown::KEY) }
    }

    /// What a row of text has of which it is not known how many it is: a text of several lines may have lost its quotes
    /// there, or the row may have taken others with it.
    pub(super) fn uncounted(row: &Record, option: &'static str) -> Option<Self> {
        let why = match &row.raw {
            Raw::Broken { trouble, .. } => match &**trouble {
                RowTrouble::Quote(trouble) => trouble.to_string(),
                _ => return None,
            },
            Raw::Row { columns, cells } if cells.len() < columns.0.len() => {
                Reason::Ragged { want: columns.0.len(), got: cells.len() }.to_string()
            }
            Raw::Row { .. } | Raw::Json(_) | Raw::Columns { .. } => return None,
        };
        Some(Self::Uncounted { place: row.position, why, option })
    }

    /// The place that it names, if it names one.
    pub(super) fn place(&self) -> Option<Position> {
        match self {
            Self::Lengths(_) => None,
            Self::Labels(place, _) | Self::Header { place, .. } | Self::Uncounted { place, .. } => {
                Some(*place)
            }
        }
    }
}

/// The text after `INPUT has`.
impl fmt::Display for Misaligned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lengths([(first, values), (other, others)]) => write!(
                formatter,
                "columns of different lengths: {} in {first}, but {others} in {other}\n\
                 write the file again, with a value or null for every record in each of them",
                plural(*values, "value")
            ),
            Self::Labels(place, [(first, label), (other, differs)]) => write!(
                formatter,
                "columns that label {place} differently: {label} in {first}, but {differs} in {other}\n\
                 write the file again, with the same rows in every column"
            ),
            Self::Header { place, line } => write!(
                formatter,
                "columns that change at {place}: another header is there, {line}\n\
                 split the file before that header, and load both files"
            ),
            Self::Uncounted { place, why, option } => write!(
                formatter,
                "a broken row at {place}, so that the rows after it cannot be counted for {option}: {why}\n\
                 fix that row"
            ),
        }
    }
}
