//! Why reading stopped: each message names the input, the place and the cure.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use self::cure::{behind_compressed, encoding_cure, of_file, why_no_input, without_keys};
use super::bounds::Bounds;
use super::decompress::Trailing;
use super::misaligned::Misaligned;
use super::obstacle::Obstacle;
use super::table::CELLS_AT_MOST;
use super::tear::Tear;
use super::unjoined::Unjoined;
use crate::encoding::{Encoding, Sequence};
use crate::record::quote::QuoteTrouble;
use crate::record::{Input, Position, Unit};
use crate::words::{count, plural};

/// An input cannot be read, or not past a certain place.
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
    /// A link to a file that does not exist.
    #[error("{input} is a link to {}, which does not exist\nfix the link or remove it", target.display())]
    DanglingLink {
        /// Which input.
        input: Input,
        /// Where it points to.
        target: PathBuf,
    },
    /// A directory without any file that could be an input.
    #[error("no input in the directory {}{}", directory.display(), why_no_input(*others, patterns))]
    EmptyDirectory {
        /// The directory.
        directory: PathBuf,
        /// How many files it holds.
        others: usize,
        /// Patterns of the inputs in the directories inside it.
        patterns: Vec<String>,
    },
    /// An I/O error while reading.
    #[error("cannot read {input} after {place}: {cause}")]
    Io {
        /// Which input.
        input: Input,
        /// How far it was read.
        place: Position,
        /// What the system says.
        cause: io::Error,
    },
    /// A known format that is not supported.
    #[error("{input} is {format}, which is not supported yet\n{cure}")]
    Unsupported {
        /// Which input.
        input: Input,
        /// The format's name with its article.
        format: &'static str,
        /// How to turn it into what is supported.
        cure: &'static str,
    },
    /// A file of columns in a place where it cannot be read.
    #[error("{input} is {format}, which cannot be read {obstacle}\n{}", obstacle.cure())]
    NotAsColumns {
        /// Which input.
        input: Input,
        /// The format's name with its article.
        format: &'static str,
        /// Why not.
        obstacle: Obstacle,
    },
    /// Not the format that the user specified.
    #[error("{input} is not {format}\nremove --format to have the format detected")]
    NotColumns {
        /// Which input.
        input: Input,
        /// The format's name with its article.
        format: &'static str,
    },
    /// A file of columns that is not whole, or holds more than itself.
    #[error("{input} {bounds}")]
    Bounds {
        /// Which input.
        input: Input,
        /// Which of both, and the cure.
        bounds: Bounds,
    },
    /// Columns that cannot be decoded.
    #[error(
        "{input} is damaged: cannot read its {format} data at {place}: {cause}\ncreate or download it again"
    )]
    DamagedColumns {
        /// Which input.
        input: Input,
        /// The first row that is not read.
        place: Position,
        /// The format.
        format: &'static str,
        /// What the decoder says.
        cause: String,
    },
    /// An input with more than one possible meaning.
    #[error("{input} contains {what}\n{cure}")]
    Unclear {
        /// Which input.
        input: Input,
        /// What it holds.
        what: String,
        /// How to choose.
        cure: Cow<'static, str>,
    },
    /// Vectors without keys, and no option that gives the keys.
    #[error("{input} contains {}", without_keys(*table))]
    NoKeys {
        /// Which input.
        input: Input,
        /// What table they stand in, if its rows have labels.
        table: Option<&'static str>,
    },
    /// Columns of one input that do not fit together, or rows that do not fit its companions.
    #[error("{input} has {misaligned}")]
    Misaligned {
        /// Which input.
        input: Input,
        /// Which, and the cure.
        misaligned: Box<Misaligned>,
    },
    /// Separate metadata for records that have fields.
    #[error("{option} is for vectors without fields; {input} has fields of its own\nremove {option}")]
    HasFields {
        /// Which input.
        input: Input,
        /// The option.
        option: &'static str,
    },
    /// Separate keys for records that have keys.
    #[error(
        "{input} has keys of its own, in {field}; {option} is for records without one\n\
         remove {option}; to replace the keys, give them another name with --key NAME"
    )]
    HasKeys {
        /// Which input.
        input: Input,
        /// The field with the keys.
        field: String,
        /// The option.
        option: &'static str,
    },
    /// A companion for text that can be read only once.
    #[error(
        "{option} requires a file as input, but {input} can be read only once\n\
         save it to a file and pass its path"
    )]
    NotBesideStream {
        /// Which input.
        input: Input,
        /// The option.
        option: &'static str,
    },
    /// A companion with a different number of records than its input.
    #[error(
        "{} (from {option}) has {}, but {input} has {}\nboth must have the same number, in the same order",
        companion.display(),
        plural(*count, "record"),
        plural(*rows, "vector")
    )]
    CompanionLength {
        /// Which input.
        input: Input,
        /// How many vectors it has.
        rows: u64,
        /// The companion.
        companion: PathBuf,
        /// How many records the companion has.
        count: u64,
        /// The option that names it.
        option: &'static str,
    },
    /// A companion without keys.
    #[error("{} (from --keys-from) contains {what}\n{cure}", companion.display())]
    NotKeys {
        /// The companion.
        companion: PathBuf,
        /// What it holds.
        what: String,
        /// How to get keys from it.
        cure: String,
    },
    /// A companion that cannot be read any further.
    #[error("cannot read what belongs to {input} from {option}: {failure}")]
    Companion {
        /// Which input.
        input: Input,
        /// The option that names the companion.
        option: &'static str,
        /// Why not, and the cure.
        failure: String,
    },
    /// A file that cannot be joined.
    #[error("{0}")]
    Unjoined(Box<Unjoined>),
    /// Something other than data, saved or stored in its place.
    #[error("{input} is {what}, not data\n{cure}")]
    WithoutRecords {
        /// Which input.
        input: Input,
        /// Its name with its article.
        what: &'static str,
        /// How to get the data.
        cure: &'static str,
        /// Whether it takes the place of data: it is a pointer to the data, or an error response.
        in_place_of_data: bool,
    },
    /// JSON whose records do not follow one another.
    #[error("{input} contains {shape}, which cannot be read record by record\n{}", of_file(cure, input))]
    Shape {
        /// Which input.
        input: Input,
        /// How the records are arranged in it.
        shape: String,
        /// How to convert it to a supported form.
        cure: String,
    },
    /// Text in an encoding other than UTF-8.
    #[error(
        "{input} is not UTF-8: invalid byte {byte:#04x} at {place}{}\n{}",
        likely.map(|name| format!("; it looks like {name}")).unwrap_or_default(),
        encoding_cure(*likely)
    )]
    NotUtf8 {
        /// Which input.
        input: Input,
        /// Where that byte is.
        place: Position,
        /// The first byte that is not part of a character.
        byte: u8,
        /// The likely encoding, if it can be guessed.
        likely: Option<&'static str>,
    },
    /// Text that is not in the encoding that it was decoded from.
    #[error(
        "{input} is not {}: {sequence} at {place} of the decoded text\n\
         check its encoding and set it with --encoding, or repair the file",
        encoding.name()
    )]
    Undecodable {
        /// Which input.
        input: Input,
        /// Where the invalid bytes are.
        place: Position,
        /// The encoding from the byte-order mark or the command line.
        encoding: Encoding,
        /// The invalid bytes.
        sequence: Sequence,
    },
    /// UTF-16 without a byte-order mark.
    #[error("{input} is {} text without a byte-order mark\nread it with --encoding {encoding}", encoding.name())]
    Unmarked {
        /// Which input.
        input: Input,
        /// The encoding, as seen from its zero bytes.
        encoding: Encoding,
    },
    /// UTF-8, but the command line says otherwise.
    #[error(
        "{input} is UTF-8, not {}\nremove --encoding {encoding}, or load the files of each encoding apart",
        encoding.name()
    )]
    AlreadyUtf8 {
        /// Which input.
        input: Input,
        /// What the command line says.
        encoding: Encoding,
    },
    /// Bytes of no known format.
    #[error(
        "{input} is binary data of an unknown format\n\
         if it contains vectors only, specify it with --format float32 --dimension N, \
         or --format fvecs, bvecs, fbin or u8bin; else convert it to JSON Lines"
    )]
    Binary {
        /// Which input.
        input: Input,
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
    /// A truncated input.
    #[error(
        "{input} ends inside {tear}: it is truncated at byte {end} and incomplete from {place} on\n\
         create or download it again"
    )]
    Torn {
        /// Which input.
        input: Input,
        /// What is incomplete.
        tear: Tear,
        /// Where that starts.
        place: Position,
        /// Where the input ends: an offset in its text, or in the file if compressed data is truncated.
        end: u64,
    },
    /// Compressed data followed by other data.
    #[error("{}", behind_compressed(compression, input, trailing, *is_inner))]
    Trailing {
        /// Which input.
        input: Input,
        /// The compression: `gzip`, `zstd` and so on.
        compression: &'static str,
        /// The end of the text.
        place: Position,
        /// Where in the file the compressed data ends, and what follows there.
        trailing: Box<Trailing>,
        /// Whether it is compressed once more, so that the place is one of what is inside.
        is_inner: bool,
    },
    /// Compressed data that cannot be decompressed.
    #[error(
        "{input} is damaged: cannot decompress its {compression} data after {place}: {cause}\n\
         download or compress the file again"
    )]
    Damaged {
        /// Which input.
        input: Input,
        /// How far it was decompressed.
        place: Position,
        /// The compression: `gzip`, `zstd` and so on.
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
        /// What is expected there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// An object with records outside its array of records.
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
    /// A record over the size limit, most often because of a quote or bracket that is never closed.
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
        /// The maximum size of a record.
        limit: usize,
    },
    /// A table without a header.
    #[error(
        "{input} has no header: its first row contains the value '{cell}'\n\
         add a first row with the names of the columns, such as key,vector, \
         or use --no-header and the numbers of the columns: {columns}"
    )]
    NoHeader {
        /// Which input.
        input: Input,
        /// The cell that cannot be a column's name.
        cell: String,
        /// The options that select the apparent key and vector columns by number.
        columns: String,
    },
    /// A header with a quoting error, so that its end is unknown.
    #[error("cannot read the header of {input}: {trouble}")]
    HeaderQuote {
        /// Which input.
        input: Input,
        /// What is wrong, where, and the cure.
        trouble: QuoteTrouble,
    },
    /// A header with too many columns.
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
    /// A table with the line ends of the classic Mac OS.
    #[error(
        "the lines of {input} end in a carriage return without a line feed\n\
         convert them: tr '\\r' '\\n' < FILE > NEW-FILE"
    )]
    LineEnds {
        /// Which input.
        input: Input,
    },
    /// The place to continue from is in standard input.
    #[error(
        "cannot resume in the middle of standard input\n\
         save it to a file and load that, or start again without --resume"
    )]
    ResumeStdin,
    /// The place to continue from is after the end.
    #[error(
        "cannot resume {input} at {place}: it ends at {} {end}, so it changed since it was read\n\
         start again without --resume",
        if place.unit == Unit::Row { "row" } else { "byte" }
    )]
    ResumeBehindEnd {
        /// Which input.
        input: Input,
        /// The place to continue from.
        place: Position,
        /// Where the input ends.
        end: u64,
    },
    /// The place to continue from is in an input that was not given.
    #[error(
        "cannot resume in input {wanted}: the number of inputs is {given}\n\
         pass the same inputs in the same order, or start again without --resume"
    )]
    ResumeMissingInput {
        /// The number of that input, from 1.
        wanted: u64,
        /// How many inputs there are.
        given: usize,
    },
}

mod code;
mod cure;
#[cfg(test)]
mod tests;
