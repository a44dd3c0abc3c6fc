//! Why a file cannot be joined to an input, and the cure.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::record::quote::QuoteTrouble;
use crate::record::{Input, Lookup, Reason};
use crate::shown::{self, bounded};
use crate::words::{count, plural};

/// How many bits are kept of a record's length in bytes.
pub(super) const LENGTH_BITS: u32 = 24;
/// Maximum bytes of a record.
pub(super) const BYTES_AT_MOST: u64 = (1 << LENGTH_BITS) - 1;
/// Maximum number of records, which take 256 MiB.
pub(super) const RECORDS_AT_MOST: u64 = 1 << 24;

/// A file that cannot be joined.
#[derive(Debug)]
pub struct Unjoined {
    pub(super) path: PathBuf,
    pub(super) trouble: JoinTrouble,
}

impl Unjoined {
    /// Whether the cause is an I/O error.
    pub(super) fn is_io(&self) -> bool {
        matches!(self.trouble, JoinTrouble::Io(_))
    }
}

impl fmt::Display for Unjoined {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (from --join) {}", self.path.display(), self.trouble)
    }
}

/// What is wrong with the file. Lines count from 1.
#[derive(Debug)]
pub(super) enum JoinTrouble {
    /// It is not a file whose records can be read one by one.
    NoFile,
    /// It is compressed.
    Compressed(&'static str),
    /// It contains columns, in the format of this name.
    OfColumns(&'static str),
    /// It has neither objects nor rows.
    NoRecords,
    /// A line is not an object.
    NoObject {
        /// Which one.
        line: u64,
        /// What the file begins with.
        first: Option<u8>,
    },
    /// It ends inside the record on this line.
    Torn(u64),
    /// More than one column could be the key.
    Header(Reason),
    /// A row has a quoting error.
    Quote(QuoteTrouble),
    /// A row has a different number of cells than the header.
    Ragged {
        /// Its line.
        line: u64,
        /// Columns of the header.
        want: usize,
        /// Cells of the row.
        got: usize,
    },
    /// A header with other columns is on this line.
    OtherHeader(u64),
    /// None of these columns, one of which would have the key, exists.
    NoColumn(String),
    /// The row on this line contains a byte-order mark or a carriage return.
    Row(u64),
    /// The key's cell is empty on this line.
    EmptyKey(u64),
    /// A line is not UTF-8.
    NotUtf8(u64),
    /// A line is too long.
    TooLong(u64),
    /// It has too many records.
    TooMany,
    /// A record has no key.
    NoKey {
        /// Why.
        line: u64,
        /// Whether it is a request to Vertex AI, which has no key.
        what: Lookup,
        /// Whether it is a request to Vertex AI, which has none.
        is_of_vertex: bool,
    },
    /// A record, or an object in it, has a duplicate field.
    Twice {
        /// Its line.
        line: u64,
        /// The name of the field.
        name: String,
    },
    /// Two records have the same key.
    Repeated {
        /// The key.
        key: String,
        /// Their lines.
        lines: [u64; 2],
    },
    /// The records of the input are not JSON.
    NotJson {
        /// The input.
        input: Input,
        /// What it was recognised as.
        form: String,
    },
    /// It changed since the start.
    Changed,
    /// It cannot be read.
    Io(io::Error),
}

impl From<io::Error> for JoinTrouble {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

impl fmt::Display for JoinTrouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => {
                formatter.write_str("is not a file\nsave its content to a file and pass the path")
            }
            Self::Compressed(compression) => write!(
                formatter,
                "is compressed with {compression}\ndecompress it first: its records are read in the order of the input"
            ),
            Self::OfColumns(format) => {
                write!(formatter, "is {format}\nconvert it to JSON Lines or CSV, with the key and the texts")
            }
            Self::NoRecords => formatter.write_str(
                "is neither JSON Lines nor a table\nconvert it to JSON Lines or CSV, with the key and the texts",
            ),
            Self::NoObject { line, first } => formatter.write_str(&without_object(*line, *first)),
            Self::Torn(line) => write!(
                formatter,
                "ends inside the record on line {line}: it is truncated\ncreate or download it again"
            ),
            Self::Header(reason) => write!(formatter, "cannot be joined: {reason}"),
            Self::Quote(trouble) => write!(formatter, "cannot be joined: {trouble}"),
            Self::Ragged { line, want, got } => write!(
                formatter,
                "cannot be joined: the row on line {line} has {}; the header has {want}\n\
                 correct the row; cells that contain the delimiter need quotes",
                plural(*got as u64, "cell")
            ),
            Self::OtherHeader(line) => formatter.write_str(&with_another_header(*line)),
            Self::NoColumn(looked_for) => write!(
                formatter,
                "has no column with the key (looked for {looked_for})\nset it with --key, or rename the column"
            ),
            Self::Row(line) => write!(
                formatter,
                "cannot be joined: the row on line {line} has a byte-order mark, or a carriage return outside quotes, or too \
                 many cells\ncorrect the row"
            ),
            Self::EmptyKey(line) => write!(
                formatter,
                "has no key in the row on line {line}\nset its column with --key, or remove the row"
            ),
            Self::NotUtf8(line) => {
                write!(formatter, "is not UTF-8: line {line} has invalid bytes\nconvert it to UTF-8")
            }
            Self::TooLong(line) => write!(
                formatter,
                "cannot be joined: line {line} has more than {} bytes\nremove or shorten the line",
                count(BYTES_AT_MOST)
            ),
            Self::TooMany => write!(
                formatter,
                "has more than {} records\nsplit it, and load the inputs of each part by themselves",
                count(RECORDS_AT_MOST)
            ),
            Self::NoKey { line, is_of_vertex: true, .. } => write!(
                formatter,
                "has no key on line {line}: requests of Vertex AI have none\n\
                 remove --join: the output has the text, which --metadata text=instance.content stores"
            ),
            Self::NoKey { line, what, .. } => formatter.write_str(&without_key(*line, what)),
            Self::Twice { line, name } => formatter.write_str(&with_a_field_twice(*line, name)),
            Self::Repeated { key, lines: [first, second] } => write!(
                formatter,
                "has the key {:?} twice, on lines {first} and {second}\nkeep one of them",
                bounded(key, shown::KEY)
            ),
            Self::NotJson { input, form } => write!(
                formatter,
                "cannot be joined to {input}, which is {form}: only JSON records get fields\n\
                 convert it to JSON Lines, or remove --join"
            ),
            Self::Changed => formatter.write_str("changed while it was read\nload again from the start"),
            Self::Io(cause) => write!(formatter, "cannot be read: {cause}\ncheck that file"),
        }
    }
}

fn without_object(line: u64, first: Option<u8>) -> String {
    let command = match first {
        Some(b'[') => ": jq -c '.[]' FILE > NEW-FILE",
        Some(b'{') => ": jq -c . FILE > NEW-FILE",
        _ => "",
    };
    format!("is not JSON Lines: line {line} is not a JSON object\nwrite each record on its own line{command}")
}

fn with_another_header(line: u64) -> String {
    format!(
        "cannot be joined: its columns change on line {line}, where another header is\n\
         write its rows with the columns of the first header"
    )
}

/// The message for a record without a key.
fn without_key(line: u64, what: &Lookup) -> String {
    match what {
        Lookup::NoKey(looked_for) => format!(
            "has no key on line {line} (looked for {looked_for})\nset its field with --key, or remove the line"
        ),
        Lookup::Kind { field, found } => format!(
            "has no key on line {line}: {field} is {found}, not text or an integer\n\
             write it as text, or choose another field with --key"
        ),
        Lookup::Twice(name) | Lookup::Missing(name) => with_a_field_twice(line, name),
    }
}

fn with_a_field_twice(line: u64, name: &str) -> String {
    let name = bounded(name, shown::KEY);
    format!("has the field {name:?} twice in the record on line {line}\nremove one of them")
}
