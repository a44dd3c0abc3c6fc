//! Why reading stopped: each message names the input, the place and the cure.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::mark::BYTE_ORDER_MARK;
use super::table::CELLS_AT_MOST;
use crate::record::quote::QuoteTrouble;
use crate::record::{Input, Position};
use crate::words::{count, plural};

/// The input cannot be read, or not further than to the place named.
///
/// Everything before that place has been handed out.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input cannot be opened, or a directory cannot be listed.
    #[error("cannot open {input}: {cause}\ncheck the path and its permissions")]
    Open {
        /// Which input.
        input: Input,
        /// What the system says.
        cause: io::Error,
    },
    /// A link to what is not there.
    #[error("{input} is a link to {}, which does not exist\nfix the link or remove it", target.display())]
    DanglingLink {
        /// Which input.
        input: Input,
        /// Where it points to.
        target: PathBuf,
    },
    /// A directory without a single file that can be an input.
    #[error("no input in the directory {}{}", directory.display(), why_no_input(*others))]
    EmptyDirectory {
        /// The directory.
        directory: PathBuf,
        /// How many files it holds.
        others: usize,
    },
    /// The system failed to read on.
    #[error("cannot read {input} after {place}: {cause}")]
    Io {
        /// Which input.
        input: Input,
        /// How far it was read.
        place: Position,
        /// What the system says.
        cause: io::Error,
    },
    /// A format that is known but not read.
    #[error("{input} is {format}, which is not supported yet\n{cure}")]
    Unsupported {
        /// Which input.
        input: Input,
        /// The format's name with its article.
        format: &'static str,
        /// How to turn it into what is supported.
        cure: &'static str,
    },
    /// Something else than data, saved or stored in its place.
    #[error("{input} is {what}, not data\n{cure}")]
    WithoutRecords {
        /// Which input.
        input: Input,
        /// Its name with its article.
        what: &'static str,
        /// How to come to the data.
        cure: &'static str,
        /// Whether data is missing there: it is a pointer to it, or an answer about it.
        in_place_of_data: bool,
    },
    /// JSON whose records do not follow one another.
    #[error("{input} contains {shape}, which cannot be read record by record\n{cure}")]
    Shape {
        /// Which input.
        input: Input,
        /// How the records stand in it.
        shape: String,
        /// How to turn it into what is read.
        cure: String,
    },
    /// Text in another encoding than UTF-8.
    #[error(
        "{input} is not UTF-8: invalid byte {byte:#04x} at {place}{}\n\
         convert it first{}: iconv -f {} -t UTF-8 INPUT > OUTPUT",
        likely.map(|name| format!("; it may be {name}")).unwrap_or_default(),
        likely.map(|_| ", and check the text").unwrap_or_default(),
        likely.unwrap_or("ENCODING")
    )]
    NotUtf8 {
        /// Which input.
        input: Input,
        /// Where that byte stands.
        place: Position,
        /// The first byte that belongs to no character.
        byte: u8,
        /// The encoding that it may be, as `iconv` spells it, when it can be guessed.
        likely: Option<&'static str>,
    },
    /// Neither JSON nor delimited text.
    #[error(
        "cannot detect the format of {input}: it is neither JSON nor a table separated by commas, tabs or semicolons\n\
         specify it with --format json, jsonl, csv or tsv"
    )]
    Unrecognised {
        /// Which input.
        input: Input,
    },
    /// The input ends where it must not.
    #[error(
        "{input} ends inside {tear}: it is truncated at byte {end} and incomplete from {place} on\n\
         create or download it again"
    )]
    Torn {
        /// Which input.
        input: Input,
        /// What is not complete.
        tear: Tear,
        /// Start of what is not complete.
        place: Position,
        /// Where the input ends: a byte of its text, or of the file when compressed data is cut.
        end: u64,
    },
    /// Compressed data with something else after it.
    #[error(
        "the {compression} data of {input} ends at byte {at}, followed by {} of other data\n\
         everything before that has been read; remove the rest: head -c {at} INPUT > OUTPUT",
        plural(*bytes, "byte")
    )]
    Trailing {
        /// Which input.
        input: Input,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// The end of the text.
        place: Position,
        /// Where in the file the compressed data ends.
        at: u64,
        /// How many bytes follow there.
        bytes: u64,
    },
    /// Compressed data that does not decompress.
    #[error(
        "{input} is damaged: cannot decompress its {compression} data after {place}: {cause}\n\
         download or compress the file again"
    )]
    Damaged {
        /// Which input.
        input: Input,
        /// How far it was decompressed.
        place: Position,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// What the decompressor says.
        cause: io::Error,
    },
    /// JSON whose structure around the records is broken.
    #[error(
        "{input} is malformed at {place}: expected {expected}, found {found}\n\
         fix it there, or use --format jsonl if each line is a record"
    )]
    Malformed {
        /// Which input.
        input: Input,
        /// Where.
        place: Position,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// An object that holds more records than those of its one array.
    #[error(
        "{input} contains more records at {place}, outside the array that is read\n\
         move them to a file of their own, or use JSON Lines"
    )]
    LeftOut {
        /// Which input.
        input: Input,
        /// Where they begin.
        place: Position,
    },
    /// An object in which two members have the name that leads to the records.
    #[error(
        "{input} has a second member of the same name on the path to its records, at {place}\n\
         remove one of the two, or move each to a file of its own"
    )]
    Repeated {
        /// Which input.
        input: Input,
        /// Where the value of the second one begins.
        place: Position,
    },
    /// A record beyond the limit, most often a quote or bracket that is never closed.
    #[error(
        "{input} contains a record of more than {} bytes at {place}\n\
         check for a quote or a bracket that is never closed",
        count(*limit as u64)
    )]
    TooLarge {
        /// Which input.
        input: Input,
        /// Where the record starts.
        place: Position,
        /// The largest record allowed.
        limit: usize,
    },
    /// A table without a header.
    #[error(
        "{input} has no header: its first row contains the value '{cell}'\n\
         add a first row with the names of the columns, such as key,vector, \
         or use --no-header and the numbers of the columns: --key {} --vector {}",
        if *vector == Some(1) { 2 } else { 1 },
        vector.unwrap_or(2)
    )]
    NoHeader {
        /// Which input.
        input: Input,
        /// The cell that cannot be a column's name.
        cell: String,
        /// The number of the column that looks like the vector, from 1.
        vector: Option<usize>,
    },
    /// A header whose quotes are not in order, so that nobody knows where it ends.
    #[error("cannot read the header of {input}: {trouble}")]
    HeaderQuote {
        /// Which input.
        input: Input,
        /// What is wrong, where, and the cure.
        trouble: QuoteTrouble,
    },
    /// A header of more columns than a table may have.
    #[error(
        "the header of {input} has {} columns; the maximum is {}\n\
         set the delimiter with --delimiter, or write the numbers of a vector into one column",
        count(*columns as u64),
        count(CELLS_AT_MOST as u64)
    )]
    Wide {
        /// Which input.
        input: Input,
        /// How many columns.
        columns: usize,
    },
    /// A table of one column, which cannot hold both keys and vectors.
    #[error(
        "{input} is not a table: its header is a single column, '{name}'\n\
         set the delimiter with --delimiter, or the format with --format"
    )]
    NoTable {
        /// Which input.
        input: Input,
        /// The start of its first row.
        name: String,
    },
    /// A header that names two columns alike.
    #[error("the header of {input} has two columns named '{name}'\nrename one of them")]
    DuplicateColumn {
        /// Which input.
        input: Input,
        /// The name.
        name: String,
    },
    /// A table whose lines end as they did on the old Macintosh.
    #[error(
        "the lines of {input} end in a carriage return without a line feed\n\
         convert them: tr '\\r' '\\n' < FILE > NEW-FILE"
    )]
    LineEnds {
        /// Which input.
        input: Input,
    },
    /// The place to continue from lies in standard input.
    #[error(
        "cannot resume in the middle of standard input\n\
         save it to a file and load that, or start again without --resume"
    )]
    ResumeStdin,
    /// The place to continue from lies behind the end.
    #[error(
        "cannot resume {input} at {place}: it ends at byte {end}, so it changed since it was read\n\
         start again without --resume"
    )]
    ResumeBehindEnd {
        /// Which input.
        input: Input,
        /// The place asked for.
        place: Position,
        /// Where the input ends.
        end: u64,
    },
    /// The place to continue from lies in an input that was not given.
    #[error(
        "cannot resume in input {wanted}: the number of inputs is {given}\n\
         pass the same inputs in the same order, or start again without --resume"
    )]
    ResumeMissingInput {
        /// Number of the input asked for, from 1.
        wanted: u64,
        /// How many inputs there are.
        given: usize,
    },
}

/// The byte that `text` begins with, in quotation marks, or the byte-order mark.
pub(crate) fn shown(text: &[u8], byte: u8) -> String {
    if text.starts_with(BYTE_ORDER_MARK) {
        return "U+FEFF, a byte-order mark inside the file".to_owned();
    }
    if byte.is_ascii_graphic() {
        format!("'{}'", char::from(byte))
    } else {
        format!("'{}'", byte.escape_ascii())
    }
}

/// Why a directory has no input, and what to do.
fn why_no_input(others: usize) -> &'static str {
    match others {
        0 => ": there are no files in it\nput files into it, or check the path",
        _ => ": no file in it contains JSON or a table\nto load a file with any name, pass its path",
    }
}

impl ReadError {
    /// The place that it names, where it names one.
    pub fn place(&self) -> Option<Position> {
        match self {
            Self::Io { place, .. }
            | Self::Torn { place, .. }
            | Self::Damaged { place, .. }
            | Self::Malformed { place, .. }
            | Self::LeftOut { place, .. }
            | Self::Repeated { place, .. }
            | Self::NotUtf8 { place, .. }
            | Self::Trailing { place, .. }
            | Self::TooLarge { place, .. } => Some(*place),
            _ => None,
        }
    }

    /// The error as one word, for events and summaries.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } | Self::Io { .. } | Self::DanglingLink { .. } => "io",
            Self::Torn { .. } => "torn",
            Self::Damaged { .. } => "damaged",
            Self::Malformed { .. } => "malformed",
            Self::TooLarge { .. } => "too_large",
            Self::LeftOut { .. } | Self::Repeated { .. } => "left_out",
            Self::Trailing { .. } => "trailing",
            _ => "format",
        }
    }
}

/// What is not complete in a torn input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// A JSON value.
    Value,
    /// A JSON array, behind its last complete element.
    Array,
    /// The object around an array of records.
    Object,
    /// Compressed data: `gzip` or `zstd`.
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

#[cfg(test)]
mod tests;
