//! The vocabulary of the path: the place of a record, a record as read, a checked vector, a defect.
//!
//! Pure data; each type says who makes it.

mod cells;
mod columns;
mod cure;
mod finding;
pub(crate) mod key;
mod lookup;
pub(crate) mod names;
mod oddity;
pub(crate) mod page;
pub(crate) mod path;
pub(crate) mod quote;
mod reason;
pub(crate) mod rejected;
pub(crate) mod rows;
pub(crate) mod wide;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use self::cells::Cells;
pub use self::columns::Columns;
pub(crate) use self::cure::{Largest, ValueCure};
pub(crate) use self::finding::Finding;
pub(crate) use self::key::KeyFlaw;
pub(crate) use self::lookup::Lookup;
pub(crate) use self::oddity::{Oddity, of_dimension};
use self::quote::QuoteTrouble;
pub(crate) use self::reason::{Lack, PROVIDER_ERROR, Reason};
pub(crate) use self::rows::Rows;
use crate::oss::limits;
use crate::shown::{self, bounded};

/// Where input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file on disk.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// JSON text on the command line.
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

/// The unit of a place.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes and lines of text.
    #[default]
    Line,
    /// Rows of a file of columns, whose bytes are not in the order of its records.
    Row,
}

impl Unit {
    /// Whether it is the unit of text, which is not serialized.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub(crate) fn is_of_text(&self) -> bool {
        *self == Self::Line
    }
}

/// The unit as it comes before a number in messages.
impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Line => "line",
            Self::Row => "row",
        })
    }
}

/// Where a record starts: its input, line and byte; or its row.
///
/// Ordered as the inputs are read. Offsets count decompressed bytes, including a byte-order mark, or rows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Position {
    /// Index of the input among the run's inputs, from 0.
    pub input: u32,
    /// Offset of the record's first byte in its decompressed input; for a row, how many come before it.
    pub offset: u64,
    /// Line of that byte, or the row, from 1.
    pub line: u64,
    /// How many records of this input come before it.
    pub record: u64,
    /// How many records of the same text come before it: a line from a provider may contain several.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
    /// The unit of offset and line.
    #[serde(default, skip_serializing_if = "Unit::is_of_text")]
    pub unit: Unit,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(part: &u32) -> bool {
    *part == 0
}

impl Position {
    /// Whether anything comes before it in its input.
    pub(crate) fn is_inside(&self) -> bool {
        self.offset > 0 || self.part > 0
    }

    /// The place of the row with this number, from 0, in a file of columns.
    pub fn of_row(input: u32, row: u64) -> Self {
        Self { input, offset: row, line: row + 1, record: row, part: 0, unit: Unit::Row }
    }
}

/// The place as in messages, without the input's name, since a position has only its index.
impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Line => write!(formatter, "line {}, byte {}", self.line, self.offset),
            Unit::Row => write!(formatter, "row {}", self.line),
        }
    }
}

/// A stretch of input: from the start of its first record to the start of what follows its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The first record's place.
    pub start: Position,
    /// The place after the last record, where reading continues.
    pub end: Position,
}

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
    /// One JSON text, as it is in the input.
    Json(Bytes),
    /// One row of a delimited file; its cells are bytes, not yet known to be UTF-8.
    Row {
        /// The file's header.
        columns: Arc<Columns>,
        /// The cells, unquoted.
        cells: Cells,
    },
    /// One row of a file of columns.
    Columns {
        /// The rows that it was decoded with.
        rows: Arc<dyn Rows>,
        /// Its number among them.
        row: usize,
    },
    /// Text that is not a record.
    Broken {
        /// The text.
        text: Bytes,
        /// What is wrong with it.
        trouble: Box<RowTrouble>,
    },
}

/// Why a text is not a record, or not one that can be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowTrouble {
    /// It has a quoting error.
    Quote(QuoteTrouble),
    /// It has a different number of cells than the header, or too many.
    Cells {
        /// Columns of the header.
        want: usize,
        /// Cells of the row.
        got: usize,
    },
    /// It begins with a byte-order mark.
    Mark,
    /// It contains a carriage return outside of quoted cells.
    Return,
    /// It has several records on a line that gets one generated key.
    Several {
        /// That key, as JSON; the first record has it.
        key: String,
    },
    /// It is not an object or an array, so that a key cannot be added.
    Neither {
        /// That key, as JSON; the text has it.
        key: String,
    },
    /// It is a document without an action on the line before it.
    NoAction,
    /// It is a document with its own key field.
    KeyOfDocument,
    /// It is an action without a document.
    NoDocument,
    /// It is an action with its document on the same line.
    OneLine,
    /// It deletes a document.
    Deletes,
    /// It updates a document.
    Updates,
    /// It has a key although keys come from elsewhere.
    OwnKey,
    /// It has a member with the name for the joined record.
    OwnJoined,
    /// It is not a JSON object.
    NotObject,
    /// This text of it is not UTF-8: a cell of this column, or all of it.
    NotUtf8(Bytes, Option<String>),
    /// It has no key in any of these fields.
    NoKey(String),
    /// It has its key field twice.
    KeyTwice,
    /// The key in this field cannot be stored.
    Key(String, KeyFlaw),
    /// Its companion record cannot be used.
    Beside {
        /// The place of that record as messages give it.
        place: String,
        /// What is wrong with it.
        trouble: Box<Self>,
    },
    /// No other record can be joined to it.
    NotJoined {
        /// The joined file.
        file: String,
        /// Why not.
        what: Lookup,
    },
}

impl RowTrouble {
    /// Whether the text itself is a record, and only what another file adds to it is a problem.
    pub(crate) fn is_beside(&self) -> bool {
        matches!(self, Self::OwnKey | Self::OwnJoined | Self::Beside { .. } | Self::NotJoined { .. })
    }
}

impl From<QuoteTrouble> for RowTrouble {
    fn from(trouble: QuoteTrouble) -> Self {
        Self::Quote(trouble)
    }
}

impl Raw {
    /// A text that is not a record.
    pub fn broken(text: Bytes, trouble: impl Into<RowTrouble>) -> Self {
        Self::Broken { text, trouble: Box::new(trouble.into()) }
    }

    /// A copy that does not keep the surrounding text in memory.
    #[must_use]
    pub fn alone(self) -> Self {
        match self {
            Self::Json(text) => Self::Json(Bytes::copy_from_slice(&text)),
            Self::Row { columns, cells } => Self::Row { columns, cells: cells.alone() },
            Self::Columns { rows, row } => Self::Json(rows.whole(row).into()),
            Self::Broken { text, trouble } => Self::Broken { text: Bytes::copy_from_slice(&text), trouble },
        }
    }

    /// Its size in memory in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(text) | Self::Broken { text, .. } => text.len(),
            Self::Row { cells, .. } => cells.bytes(),
            Self::Columns { rows, .. } => rows.text_bytes(),
        }
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Some consecutive records of one input, cut but not judged: the unit that is passed between threads.
#[derive(Debug)]
pub struct Block {
    /// The records in input order.
    pub records: Vec<Record>,
    /// The place after the last record: reading from here gives exactly the next records.
    pub end: Position,
    /// The bytes of the files themselves that it covers, before decompression, counted over all inputs: for the
    /// progress.
    pub bytes: Range<u64>,
    /// What objects around the records say about them, each with the index of the record that follows, in order.
    pub around: Vec<(usize, page::Around)>,
}

/// A checked record: its wire bytes, ready to be joined into a request body, and where its key is in them.
///
/// Only `admit` makes one, so it is never checked again.
#[derive(Clone, Debug)]
pub struct Vector {
    position: Position,
    /// The elements of all vectors in its block, separated by commas.
    text: Bytes,
    /// The range of its own element.
    range: Range<usize>,
    key_length: usize,
}

/// The bytes before the key in the wire form of a vector.
pub(crate) const WIRE_KEY: &[u8] = br#"{"key":"#;

impl Vector {
    /// Wraps the element that `admit` has written to `range` of `text`, after the previous one and a comma;
    /// `key_length` is the length of the key's JSON string in bytes, including quotes.
    pub(crate) fn new(position: Position, text: Bytes, range: Range<usize>, key_length: usize) -> Self {
        Self { position, text, range, key_length }
    }

    /// A vector whose text is only its own element.
    #[cfg(test)]
    pub(crate) fn alone(position: Position, wire: impl Into<Bytes>, key_length: usize) -> Self {
        let text = wire.into();
        Self { position, range: 0..text.len(), text, key_length }
    }

    /// Restores a vector from its wire form.
    pub(crate) fn of_wire(position: Position, wire: Bytes) -> Option<Self> {
        let rest = wire.get(WIRE_KEY.len()..)?;
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<serde::de::IgnoredAny>();
        values.next()?.ok()?;
        let key_length = values.byte_offset();
        Some(Self { position, range: 0..wire.len(), text: wire, key_length })
    }

    /// A copy that does not keep the text of its block in memory.
    pub(crate) fn without_its_block(&self) -> Self {
        let text = Bytes::copy_from_slice(self.wire());
        Self { position: self.position, range: 0..text.len(), text, key_length: self.key_length }
    }

    /// The defect of a record that is not stored after all.
    pub(crate) fn rejected(&self, reason: Reason) -> Defect {
        // A copy, so that one rejected record does not keep its whole batch in memory.
        let raw = Raw::Json(Bytes::copy_from_slice(self.wire()));
        Defect { position: self.position, key: Some(self.key()), raw, reason }
    }

    /// Adds `more` to the number of records before it.
    pub(crate) fn renumber(&mut self, more: u64) {
        self.position.record += more;
    }

    /// Where the record started in the input.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The element in wire form.
    pub fn wire(&self) -> &[u8] {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// The key as a JSON string; equal exactly if the keys are equal, since `admit` always uses the same escapes.
    pub fn key_json(&self) -> Bytes {
        let start = self.range.start + WIRE_KEY.len();
        self.text.slice(start..start + self.key_length)
    }

    /// The key itself.
    pub fn key(&self) -> String {
        serde_json::from_slice(&self.key_json()).unwrap_or_default()
    }

    /// Whether its element comes directly after that of `other`, apart from a comma.
    fn follows(&self, other: &Self) -> bool {
        std::ptr::eq(self.text.as_ref(), other.text.as_ref()) && self.range.start == other.range.end + 1
    }
}

/// The elements of some vectors, separated by commas, in pieces that share the vectors' memory.
pub(crate) fn joined<'a>(vectors: impl IntoIterator<Item = &'a Vector>) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut run: Option<(&Vector, &Vector)> = None;
    for vector in vectors {
        run = match run {
            Some((first, last)) if vector.follows(last) => Some((first, vector)),
            Some((first, last)) => {
                pieces
                    .extend([first.text.slice(first.range.start..last.range.end), Bytes::from_static(b",")]);
                Some((vector, vector))
            }
            None => Some((vector, vector)),
        };
    }
    pieces.extend(run.map(|(first, last)| first.text.slice(first.range.start..last.range.end)));
    pieces
}

/// A record that cannot be stored, with its own text so that it can be fixed and loaded again.
#[derive(Clone, Debug)]
pub struct Defect {
    /// Where it started.
    pub position: Position,
    /// Its key, if it could be read.
    pub key: Option<String>,
    /// Its text.
    pub raw: Raw,
    /// What is wrong.
    pub reason: Reason,
}

impl Defect {
    /// Its key as it comes before the reason in messages; empty if it has none.
    pub(crate) fn shown_key(&self) -> String {
        self.key.as_ref().map_or(String::new(), |key| format!("key {:?}: ", bounded(key, shown::KEY)))
    }

    /// Its key as it is reported: whole, or only the ends if it is too long for a key.
    pub(crate) fn told_key(&self) -> Option<String> {
        self.key.as_ref().map(|key| bounded(key, *limits::KEY_CHARACTERS.end()))
    }
}

/// A record's place for people: `file:line`, with the record's number if the line does not identify it; or `file: row
/// N`.
pub(crate) fn place(inputs: &[Input], position: Position) -> String {
    let input = usize::try_from(position.input).ok().and_then(|index| inputs.get(index));
    let name = input.map_or_else(|| format!("(input {})", position.input), ToString::to_string);
    if position.unit == Unit::Row {
        format!("{name}: {position}")
    } else if position.record + 1 == position.line {
        format!("{name}:{}", position.line)
    } else {
        format!("{name}:{} (record {})", position.line, position.record + 1)
    }
}
