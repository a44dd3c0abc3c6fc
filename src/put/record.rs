//! The words of the path: where a record stands, a record as read, a checked vector, a defect.
//!
//! Pure data; who makes them is told at each type.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

/// Where input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file on disk.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// JSON text given on the command line itself.
    Inline(Bytes),
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Stdin => formatter.write_str("(stdin)"),
            Self::Inline(_) => formatter.write_str("(--vectors)"),
        }
    }
}

/// Where a record starts: which input, which line, which byte.
///
/// Ordered as the inputs are read. Offsets count decompressed bytes, a byte-order mark included.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Position {
    /// Index of the input among the run's inputs, from 0.
    pub input: u32,
    /// Offset of the record's first byte in its decompressed input.
    pub offset: u64,
    /// Line of that byte, from 1.
    pub line: u64,
    /// How many records of this input come before it.
    pub record: u64,
}

/// Names the place as messages do; the input's name stands beside it, since a position knows only its index.
impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, byte {}", self.line, self.offset)
    }
}

/// A stretch of input: from the start of its first record to the start of what follows its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The first record's place.
    pub start: Position,
    /// The place behind the last record: where reading goes on.
    pub end: Position,
}

/// The header of a CSV or TSV file.
#[derive(Debug, PartialEq, Eq)]
pub struct Columns(pub Vec<String>);

/// One vector as read, unchecked.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it starts.
    pub position: Position,
    /// Its text.
    pub raw: Raw,
}

/// The text of a record.
#[derive(Clone, Debug)]
pub enum Raw {
    /// One JSON text, as it stands in the input.
    Json(Bytes),
    /// One row of a delimited file; its cells are bytes, not yet known to be UTF-8.
    Row {
        /// The file's header.
        columns: Arc<Columns>,
        /// The cells, unquoted.
        cells: csv::ByteRecord,
    },
}

/// Some consecutive records of one input, cut but not looked at: the unit that travels between threads.
#[derive(Debug)]
pub struct Block {
    /// The records in input order.
    pub records: Vec<Record>,
    /// The place behind the last record: reading from here gives exactly the records that follow.
    pub end: Position,
    /// Bytes read from the files themselves up to here, before decompression, over all inputs: for progress.
    pub bytes_read: u64,
}
