//! The words of the path: where a record stands, a record as read, a checked vector, a defect.
//!
//! Pure data; who makes them is told at each type.

mod cells;
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

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use self::cells::Cells;
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

/// What a place is counted in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes and lines of text.
    #[default]
    Line,
    /// Rows of a file of columns, whose bytes do not stand in the order of its records.
    Row,
}

impl Unit {
    /// Whether it is that of text, which is not written down.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub(crate) fn is_of_text(&self) -> bool {
        *self == Self::Line
    }
}

/// The unit as messages name it before a number.
impl fmt::Display for Unit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Line => "line",
            Self::Row => "row",
        })
    }
}

/// Where a record starts: which input, which line, which byte; or which row.
///
/// Ordered as the inputs are read. Offsets count decompressed bytes, a byte-order mark included, or rows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Position {
    /// Index of the input among the run's inputs, from 0.
    pub input: u32,
    /// Offset of the record's first byte in its decompressed input; of a row how many come before it.
    pub offset: u64,
    /// Line of that byte, or the row, from 1.
    pub line: u64,
    /// How many records of this input come before it.
    pub record: u64,
    /// How many of the records that its text stands for come before it: a line of a provider may hold several.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
    /// What offset and line are counted in.
    #[serde(default, skip_serializing_if = "Unit::is_of_text")]
    pub unit: Unit,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(part: &u32) -> bool {
    *part == 0
}

impl Position {
    /// Whether something comes before it in its input.
    pub(crate) fn is_inside(&self) -> bool {
        self.offset > 0 || self.part > 0
    }

    /// The row of this number, from 0, in a file of columns.
    pub fn of_row(input: u32, row: u64) -> Self {
        Self { input, offset: row, line: row + 1, record: row, part: 0, unit: Unit::Row }
    }
}

/// Names the place as messages do; the input's name stands beside it, since a position knows only its index.
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
    /// The place behind the last record: where reading goes on.
    pub end: Position,
}

/// The header of a CSV or TSV file.
#[derive(Debug, PartialEq, Eq)]
pub struct Columns(pub Vec<String>);

impl Columns {
    /// The column of exactly this name.
    pub fn exactly(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column == name)
    }

    /// The columns as messages call them; one without a name by its number. Those without a name at the end, which
    /// spreadsheets leave, are none.
    pub fn labels(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let end = self.0.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        self.0.iter().take(end).enumerate().map(|(index, name)| match name.as_str() {
            "" => format!("(unnamed column {})", index + 1).into(),
            name => name.into(),
        })
    }

    /// The column of this name when case does not count, unless there are several.
    pub fn whatever_case(&self, name: &str) -> Result<Option<usize>, Reason> {
        let mut found = (0..)
            .zip(&self.0)
            .filter(|(_, column)| column.len() == name.len() && column.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, first)), Some((_, second))) => Err(Reason::AmbiguousColumn {
                field: name.to_owned(),
                first: first.clone(),
                second: second.clone(),
            }),
            (first, _) => Ok(first.map(|(index, _)| index)),
        }
    }

    /// The first and the last of columns that share a name but for a number at its end, and that name.
    pub fn numbered(&self) -> Option<(&str, &str, &str)> {
        let stem = |name: &str| name.trim_end_matches(|end: char| end.is_ascii_digit()).len();
        let numbered: Vec<_> = self.0.iter().filter(|name| stem(name) < name.len()).collect();
        let first = numbered.first()?;
        let prefix = first.get(..stem(first))?;
        let last = numbered.iter().rfind(|name| name.get(..stem(name)) == Some(prefix))?;
        (first != last).then_some((first, last, prefix))
    }
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
    /// One JSON text, as it stands in the input.
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
    /// A stretch of a delimited file that is no row.
    Broken {
        /// The text, from the start of a line on.
        text: Bytes,
        /// What is wrong with it.
        trouble: Box<RowTrouble>,
    },
}

/// Why a stretch of text is no record, or none that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowTrouble {
    /// Its quotes are not in order.
    Quote(QuoteTrouble),
    /// It has more cells than are kept apart.
    Cells {
        /// Columns of the header.
        want: usize,
        /// Cells of the row.
        got: usize,
    },
    /// It begins with a byte-order mark.
    Mark,
    /// A carriage return stands in it outside of quoted cells.
    Return,
    /// It has several records, where one key is made for a line.
    Several {
        /// That key, as JSON; the first of them has it.
        key: String,
    },
    /// It is neither an object nor an array, where a key is made for each.
    Neither {
        /// That key, as JSON; the text has it.
        key: String,
    },
    /// It is a document without the line before it that says what to do.
    NoAction,
    /// It is a document with a field of its own that would be its key.
    KeyOfDocument,
    /// It says what to do, and no document follows.
    NoDocument,
    /// It says what to do and has the document on the same line.
    OneLine,
    /// It deletes a document.
    Deletes,
    /// It changes a document.
    Updates,
    /// It has a key of its own where the keys come from elsewhere.
    OwnKey,
    /// It has a member of its own under the name that what is joined to it would get.
    OwnJoined,
    /// It is no JSON object.
    NotObject,
    /// This text of it is not UTF-8: a cell of this column, or all of it.
    NotUtf8(Bytes, Option<String>),
    /// It has no key in one of these fields.
    NoKey(String),
    /// It has the field of its key twice.
    KeyTwice,
    /// The key in this field cannot be stored.
    Key(String, KeyFlaw),
    /// What stands beside it in another file is none.
    Beside {
        /// What messages call its place there.
        place: String,
        /// What is wrong with it.
        trouble: Box<Self>,
    },
    /// Nothing can be joined to it.
    NotJoined {
        /// The file of what is joined.
        file: String,
        /// Why not.
        what: Lookup,
    },
}

impl RowTrouble {
    /// Whether the text by itself is a record, and only what stands beside it, or would, is in the way.
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
    /// A stretch of a delimited file that is no row.
    pub fn broken(text: Bytes, trouble: impl Into<RowTrouble>) -> Self {
        Self::Broken { text, trouble: Box::new(trouble.into()) }
    }

    /// The same without keeping the text it was read in.
    #[must_use]
    pub fn alone(self) -> Self {
        match self {
            Self::Json(text) => Self::Json(Bytes::copy_from_slice(&text)),
            Self::Row { columns, cells } => Self::Row { columns, cells: cells.alone() },
            Self::Columns { rows, row } => Self::Json(rows.whole(row).into()),
            Self::Broken { text, trouble } => Self::Broken { text: Bytes::copy_from_slice(&text), trouble },
        }
    }

    /// Its size in bytes, as far as memory is concerned.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(text) | Self::Broken { text, .. } => text.len(),
            Self::Row { cells, .. } => cells.bytes(),
            Self::Columns { rows, .. } => rows.text_bytes(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Some consecutive records of one input, cut but not looked at: the unit that travels between threads.
#[derive(Debug)]
pub struct Block {
    /// The records in input order.
    pub records: Vec<Record>,
    /// The place behind the last record: reading from here gives exactly the records that follow.
    pub end: Position,
    /// Which bytes of the files themselves it stands for, before decompression, counted over all inputs: for progress.
    pub bytes: Range<u64>,
    /// What objects around the records say of them, each with the index of the record that it stands before; in order.
    pub around: Vec<(usize, page::Around)>,
}

/// A checked record: its wire bytes, which are ready to be joined into a request body, and where its key stands in them.
///
/// Only `admit` makes one, so nobody checks it again.
#[derive(Clone, Debug)]
pub struct Vector {
    position: Position,
    /// The elements of the vector's whole block, a comma between two.
    text: Bytes,
    /// Where its own element stands there.
    range: Range<usize>,
    key_length: usize,
}

/// What stands before the key in the wire form of a vector.
pub(crate) const WIRE_KEY: &[u8] = br#"{"key":"#;

impl Vector {
    /// Wraps the element that `admit` has written to `range` of `text`, behind the one before it and a comma;
    /// `key_length` counts the bytes of the key's JSON string, quotes included.
    pub(crate) fn new(position: Position, text: Bytes, range: Range<usize>, key_length: usize) -> Self {
        Self { position, text, range, key_length }
    }

    /// A vector whose text holds nothing but its own element.
    #[cfg(test)]
    pub(crate) fn alone(position: Position, wire: impl Into<Bytes>, key_length: usize) -> Self {
        let text = wire.into();
        Self { position, range: 0..text.len(), text, key_length }
    }

    /// The vector again whose wire form this is.
    pub(crate) fn of_wire(position: Position, wire: Bytes) -> Option<Self> {
        let rest = wire.get(WIRE_KEY.len()..)?;
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<serde::de::IgnoredAny>();
        values.next()?.ok()?;
        let key_length = values.byte_offset();
        Some(Self { position, range: 0..wire.len(), text: wire, key_length })
    }

    /// The same without keeping the text of its block.
    pub(crate) fn without_its_block(&self) -> Self {
        let text = Bytes::copy_from_slice(self.wire());
        Self { position: self.position, range: 0..text.len(), text, key_length: self.key_length }
    }

    /// The record where it is not stored after all.
    pub(crate) fn rejected(&self, reason: Reason) -> Defect {
        // A copy, so that one rejected record does not keep its whole batch in memory.
        let raw = Raw::Json(Bytes::copy_from_slice(self.wire()));
        Defect { position: self.position, key: Some(self.key()), raw, reason }
    }

    /// Counts so many records more before it.
    pub(crate) fn renumber(&mut self, more: u64) {
        self.position.record += more;
    }

    /// Where the record started in the input.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The element as it goes on the wire.
    pub fn wire(&self) -> &[u8] {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// The key as a JSON string; equal exactly when the keys are equal, since `admit` always escapes alike.
    pub fn key_json(&self) -> Bytes {
        let start = self.range.start + WIRE_KEY.len();
        self.text.slice(start..start + self.key_length)
    }

    /// The key itself.
    pub fn key(&self) -> String {
        serde_json::from_slice(&self.key_json()).unwrap_or_default()
    }

    /// Whether its element stands right behind that of `other`, but for a comma.
    fn follows(&self, other: &Self) -> bool {
        std::ptr::eq(self.text.as_ref(), other.text.as_ref()) && self.range.start == other.range.end + 1
    }
}

/// The elements of some vectors, a comma between two, in pieces that share the vectors' memory.
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

/// A record that cannot be stored, with its own text so that it can be mended and fed again.
#[derive(Clone, Debug)]
pub struct Defect {
    /// Where it started.
    pub position: Position,
    /// Its key, as far as one could be read.
    pub key: Option<String>,
    /// Its text.
    pub raw: Raw,
    /// What is wrong.
    pub reason: Reason,
}

impl Defect {
    /// Its key as people read it before what is wrong; nothing if it has none.
    pub(crate) fn shown_key(&self) -> String {
        self.key.as_ref().map_or(String::new(), |key| format!("key {:?}: ", bounded(key, shown::KEY)))
    }

    /// Its key as it is told: what could be a key whole, of anything longer the ends.
    pub(crate) fn told_key(&self) -> Option<String> {
        self.key.as_ref().map(|key| bounded(key, *limits::KEY_CHARACTERS.end()))
    }
}

/// A record's place as a person reads it: `file:line`, and the record's number where lines do not tell it; or
/// `file: row N`.
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
