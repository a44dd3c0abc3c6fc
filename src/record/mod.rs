//! The words of the path: where a record stands, a record as read, a checked vector, a defect.
//!
//! Pure data; who makes them is told at each type.

mod cure;
mod finding;
pub(crate) mod names;
pub(crate) mod quote;
mod reason;
pub(crate) mod rejected;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use self::cure::ValueCure;
pub(crate) use self::finding::Finding;
use self::quote::QuoteTrouble;
pub(crate) use self::reason::Reason;
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

    /// The first and the last of columns that share a name but for a number at its end, if they are nearly all.
    pub fn numbered(&self) -> Option<(&str, &str)> {
        let stem = |name: &str| name.trim_end_matches(|end: char| end.is_ascii_digit()).len();
        let numbered: Vec<_> = self.0.iter().filter(|name| stem(name) < name.len()).collect();
        let first = numbered.first()?;
        let prefix = first.get(..stem(first))?;
        let last = numbered.iter().rfind(|name| name.get(..stem(name)) == Some(prefix))?;
        (first != last).then_some((first, last))
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
        cells: csv::ByteRecord,
    },
    /// A stretch of a delimited file that is no row.
    Broken {
        /// The text, from the start of a line on.
        text: Bytes,
        /// What is wrong with it.
        trouble: Box<RowTrouble>,
    },
}

/// Why a stretch of a delimited file is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            row @ Self::Row { .. } => row,
            Self::Broken { text, trouble } => Self::Broken { text: Bytes::copy_from_slice(&text), trouble },
        }
    }

    /// Its size in bytes, as far as memory is concerned.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(text) | Self::Broken { text, .. } => text.len(),
            // Beside their text, where each cell ends.
            Self::Row { cells, .. } => cells.as_slice().len() + cells.len() * size_of::<usize>(),
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

/// A record's place as a person reads it: `file:line`, and the record's number where lines do not tell it.
pub(crate) fn place(inputs: &[Input], position: Position) -> String {
    let input = usize::try_from(position.input).ok().and_then(|index| inputs.get(index));
    let name = input.map_or_else(|| format!("(input {})", position.input), ToString::to_string);
    if position.record + 1 == position.line {
        format!("{name}:{}", position.line)
    } else {
        format!("{name}:{} (record {})", position.line, position.record + 1)
    }
}
