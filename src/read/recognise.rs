//! Recognises an input by its first bytes and its name. Pure: it opens no file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use super::columnar::Columnar;
use super::elements::Shape;
use super::foreign::{self, Told};
use super::join::Join;
use super::mark::mark_length;
use super::named::Named;
use super::outline::Outline;
use super::pairs::{self, Beginning, Pairs};
use super::shape::{self, Holder};
use super::sizes::Sizes;
use super::table::{self, Delimiter, Tables};
use super::unfit::Unfit;
use super::value::{skip_blanks, value_end};
use super::word_vectors::WordVectors;
use crate::encoding::{self, Encoding};
use crate::record::rejected;

/// The extensions of compressed files.
const PACKED: [&str; 5] = [".gz", ".zst", ".bz2", ".xz", ".lz4"];

/// A format that the command line can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An array of records, an object around one, or objects one after another over any number of lines.
    Json,
    /// One JSON value per line.
    Jsonl,
    /// Rows of cells after a header, separated by commas or semicolons.
    Csv,
    /// Rows of cells after a header, separated by tabs.
    Tsv,
    /// Columns in row groups.
    Parquet,
    /// Columns in record batches, as a file or a stream.
    Arrow,
    /// A NumPy array.
    Npy,
    /// An archive of NumPy arrays.
    Npz,
    /// float32 vectors, each after its length.
    Fvecs,
    /// The same with bytes.
    Bvecs,
    /// float32 vectors after their number and dimension.
    Fbin,
    /// The same with bytes.
    U8bin,
    /// float32 numbers and nothing else.
    Float32,
}

impl Format {
    /// All formats, in the order for users.
    pub const ALL: [Self; 13] = [
        Self::Json,
        Self::Jsonl,
        Self::Csv,
        Self::Tsv,
        Self::Parquet,
        Self::Arrow,
        Self::Npy,
        Self::Npz,
        Self::Fvecs,
        Self::Bvecs,
        Self::Fbin,
        Self::U8bin,
        Self::Float32,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Fvecs => "fvecs",
            Self::Bvecs => "bvecs",
            Self::Fbin => "fbin",
            Self::U8bin => "u8bin",
            Self::Float32 => "float32",
        }
    }

    /// Its help text.
    pub fn help(self) -> &'static str {
        match self {
            Self::Json => "An array, an object that contains one, or concatenated objects",
            Self::Jsonl => "One JSON object per line",
            Self::Csv => "Comma-separated values with a header",
            Self::Tsv => "Tab-separated values with a header",
            Self::Parquet => "An Apache Parquet file",
            Self::Arrow => "An Apache Arrow file (Feather) or stream",
            Self::Npy => "A NumPy array",
            Self::Npz => "NumPy arrays in one archive",
            Self::Fvecs => "float32 vectors, each after its length",
            Self::Bvecs => "uint8 vectors, each after its length",
            Self::Fbin => "float32 vectors after their number and dimension",
            Self::U8bin => "uint8 vectors after their number and dimension",
            Self::Float32 => "float32 numbers without a header; requires --dimension",
        }
    }

    /// Whether its records are rows of columns and not stretches of text.
    pub(super) fn is_of_columns(self) -> bool {
        !matches!(self, Self::Json | Self::Jsonl | Self::Csv | Self::Tsv)
    }

    /// Whether it has vectors but no fields.
    pub(super) fn is_bare(self) -> bool {
        self.is_of_columns() && !matches!(self, Self::Parquet | Self::Arrow)
    }

    /// The format that a file's name promises.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = PACKED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "ndjson" => Some(Self::Jsonl),
            "parq" | "pq" => Some(Self::Parquet),
            "feather" | "arrows" | "ipc" => Some(Self::Arrow),
            "f32" => Some(Self::Float32),
            ending => ending.parse().ok(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that is not the name of a [`Format`].
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown format '{0}': expected json, jsonl, csv, tsv, parquet, arrow, npy, npz, fvecs, bvecs, fbin, u8bin or float32"
)]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let format = Self::ALL.into_iter().find(|format| format.to_string() == word);
        format.ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}

/// What the user says about the form of the inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The format; detected for each input if it is not given.
    pub format: Option<Format>,
    /// The encoding of the text; `None` for UTF-8, and for UTF-16 with a byte-order mark.
    pub encoding: Option<Encoding>,
    /// How tables are written.
    pub tables: Tables,
    /// The fields named as the key; they tell a record from an object around records.
    pub key: Vec<String>,
    /// The fields named as the vector.
    pub vector: Vec<String>,
    /// The fields named as metadata; only the columns needed are read.
    pub metadata: Vec<String>,
    /// The dimension, for formats that do not contain it.
    pub dimension: Option<usize>,
    /// A file with the keys of vectors without fields.
    pub keys_from: Option<PathBuf>,
    /// A file with the metadata of vectors without fields.
    pub metadata_from: Option<PathBuf>,
    /// The template that makes their keys from file and row.
    pub key_template: Option<String>,
    /// Records to join to those of the inputs.
    pub(crate) join: Option<Arc<Join>>,
}

impl Form {
    /// The names that identify a record.
    pub(super) fn named(&self) -> Named<'_> {
        Named { key: &self.key, vector: &self.vector, is_keyless: self.companion_option().is_some() }
    }

    /// The same for records that need no keys.
    pub(super) fn keyless(&self) -> Self {
        Self { key_template: Some(String::new()), ..self.clone() }
    }

    /// The option that names a companion file of an input, if one is given.
    pub(super) fn companion_file(&self) -> Option<&'static str> {
        self.companion_option()
            .filter(|option| *option != "--key-template")
            .or_else(|| self.metadata_from.is_some().then_some("--metadata-from"))
    }

    /// An option that applies only to vectors without keys, if one is given.
    pub(super) fn companion_option(&self) -> Option<&'static str> {
        let given = [
            (self.keys_from.is_some(), "--keys-from"),
            (self.metadata_from.is_some(), "--metadata-from"),
            (self.key_template.is_some(), "--key-template"),
        ];
        given.into_iter().find_map(|(is_given, option)| is_given.then_some(option))
    }
}

/// Whether a file in a directory is an input, by its name.
pub(crate) fn is_input_name(name: &str) -> bool {
    !name.starts_with('.') && Format::of_name(name).is_some()
}

/// What the name of an input ends in, with the ending of its compression, by which it is known as one.
pub(crate) fn input_ending(name: &str) -> Option<&str> {
    let is_packed = PACKED.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let (before, _) = name.rsplit_once('.').filter(|_| is_input_name(name))?;
    let start = if is_packed { before.rfind('.')? } else { before.len() };
    name.get(start..)
}

/// How an input is cut into records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One record per line.
    Lines,
    /// Records in a JSON structure.
    Elements(Shape),
    /// Pairs of lines: an action, and a document.
    Pairs(Pairs),
    /// Rows of columns in JSON.
    Columnar(Columnar),
    /// Rows after a header.
    Rows {
        /// The byte between cells.
        delimiter: u8,
    },
}

/// Decides how to cut an input that begins with `head`; `None` asks for more of it.
///
/// With `whole` there is no more, and the decision is final. The content takes precedence over the `name`, and a format
/// that the user names over both.
pub(crate) fn recognise(
    head: &[u8],
    whole: bool,
    name: Option<&str>,
    form: &Form,
) -> Result<Option<Layout>, Unfit> {
    if foreign::foreign(head, whole)? == Told::NotYet {
        return Ok(None);
    }
    let of_name = name.and_then(Format::of_name).filter(|format| !format.is_of_columns());
    if form.format.or(of_name).is_none() && is_binary(head) {
        return Err(Unfit::Binary);
    }
    if let Some(foreign) = encoding::foreign_beginning(head) {
        return Err(Unfit::NotUtf8(foreign));
    }
    let marked = head.get(mark_length(head)..).unwrap_or_default();
    let text = marked.get(skip_blanks(marked, 0)..).unwrap_or_default();
    let Some(first) = text.first() else {
        return Ok(whole.then_some(Layout::Lines));
    };
    let Form { format, tables, .. } = form;
    let format = *format;
    let json = |bare| json(text, whole, form.named(), bare);
    if format.is_none() && text.starts_with(rejected::BEGINS) {
        // The line is the record, whatever the rejected record in it contains.
        match is_rejects(text, whole) {
            None => return Ok(None),
            Some(true) => return Ok(Some(Layout::Lines)),
            Some(false) => {}
        }
    }
    if matches!((format, first), (None | Some(Format::Jsonl), b'{')) {
        match pairs::recognise(text, whole, form.named(), &form.metadata)? {
            Beginning::Unknown => return Ok(None),
            Beginning::Pair(pairs) => return Ok(Some(Layout::Pairs(pairs))),
            Beginning::SomethingElse => {}
        }
    }
    let promised = format.or(of_name);
    match (format, first) {
        (Some(Format::Parquet), _) => Err(Unfit::NotColumns("a Parquet file")),
        (Some(Format::Arrow), _) => Err(Unfit::NotColumns("an Arrow file")),
        (Some(Format::Npy), _) => Err(Unfit::NotColumns("a NumPy file")),
        (Some(Format::Npz), _) => Err(Unfit::NotColumns("a NumPy NPZ archive")),
        (Some(Format::Fvecs | Format::Bvecs | Format::Fbin | Format::U8bin | Format::Float32), _) => {
            Err(Unfit::NotColumns("a file of vectors"))
        }
        (Some(Format::Jsonl), _) => Ok(Some(Layout::Lines)),
        (Some(Format::Json), _) => json(|_, _| Some(VALUES)),
        (Some(Format::Csv | Format::Tsv), _) => delimited(marked, whole, promised, tables),
        (None, b'{' | b'[') => json(lines_or_values),
        (None, _) => match promised {
            Some(Format::Jsonl) => Ok(Some(Layout::Lines)),
            Some(Format::Json) => Ok(Some(VALUES)),
            _ => delimited(marked, whole, promised, tables),
        },
    }
}

/// Whether there are bytes that text does not have, or too many of them.
fn is_binary(head: &[u8]) -> bool {
    const LOOKED_AT: usize = 4 << 10;
    const RARE: usize = 100;
    let head = head.get(..LOOKED_AT).unwrap_or(head);
    // Escape bytes switch some encodings, and some other control bytes end or divide texts of old systems.
    let is_control = |byte: &&u8| matches!(**byte, 0..=8 | 0x0e..=0x19 | 0x1c..=0x1f);
    let controls = head.iter().filter(is_control).count();
    controls > 1 && controls * RARE >= head.len()
}

/// Whether the first line is that of a rejects file; `None` if the text is too short to decide.
fn is_rejects(text: &[u8], whole: bool) -> Option<bool> {
    match memchr::memchr(b'\n', text) {
        Some(newline) => Some(rejected::Line::parse(text.get(..newline)?).is_some()),
        None => whole.then(|| rejected::Line::parse(text).is_some()),
    }
}

const VALUES: Layout = Layout::Elements(Shape::Values);

/// Decides between a structure that contains records and plain records, whose layout `bare` decides.
fn json(
    text: &[u8],
    whole: bool,
    named: Named<'_>,
    bare: fn(&[u8], bool) -> Option<Layout>,
) -> Result<Option<Layout>, Unfit> {
    Ok(match shape::holder(text, whole, named)? {
        Holder::Shape(shape) => Some(Layout::Elements(shape)),
        Holder::Columnar(columnar) => Some(Layout::Columnar(columnar)),
        Holder::Unknown if !whole => None,
        Holder::Unknown | Holder::Missing => bare(text, whole),
    })
}

/// Decides by the first line between one record per line, and records over several lines or several on one line.
fn lines_or_values(text: &[u8], whole: bool) -> Option<Layout> {
    let (line, behind) = match memchr::memchr(b'\n', text) {
        Some(newline) => (text.get(..newline)?, text.get(newline..)),
        None => (text, None),
    };
    let first_end = value_end(line, 0);
    match first_end.and_then(|end| line.get(skip_blanks(line, end))) {
        // A complete value and another on the same line.
        Some(b'{' | b'[') => return Some(VALUES),
        _ if behind.is_none() && !whole => return None,
        // A complete value, perhaps with garbage after it, which is the problem of its own record.
        _ if first_end.is_some() => return Some(Layout::Lines),
        _ => {}
    }
    // If the next line begins like the first one, it is a record of its own: the first is torn, not spread over lines.
    let behind = behind.unwrap_or_default();
    match behind.get(skip_newlines(behind)) {
        Some(byte) if Some(byte) != text.first() => Some(VALUES),
        None if !whole => None,
        _ => Some(Layout::Lines),
    }
}

fn skip_newlines(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Decides which byte separates the cells of delimited text.
fn delimited(
    text: &[u8],
    whole: bool,
    promised: Option<Format>,
    tables: &Tables,
) -> Result<Option<Layout>, Unfit> {
    let named = tables.delimiter.or_else(|| table::named_delimiter(text).map(|(delimiter, _)| delimiter));
    let of_format = (promised == Some(Format::Tsv)).then_some(b'\t');
    if let Some(delimiter) = named.or(of_format) {
        return Ok(Some(Layout::Rows { delimiter }));
    }
    match table::delimiter(text, whole, Sizes::USUAL.block, promised.is_some(), tables) {
        Delimiter::Untold => Ok(None),
        Delimiter::Missing => {
            Err(WordVectors::of(text, whole).map_or(Unfit::Unrecognised, Unfit::WordVectors))
        }
        Delimiter::Byte(delimiter)
            if promised.is_none() && whole && is_of_no_table(text, delimiter, tables) =>
        {
            Err(Unfit::Unrecognised)
        }
        Delimiter::Byte(delimiter) => Ok(Some(Layout::Rows { delimiter })),
    }
}

/// Whether the text is one line that is no header of a table without rows: a program's, with JSON in it, or any other with
/// commas.
fn is_of_no_table(text: &[u8], delimiter: u8, tables: &Tables) -> bool {
    let line = text.trim_ascii();
    let is_header = || table::is_only_header(text, delimiter, tables);
    tables.has_header
        && !tables.is_beside
        && memchr::memchr2(b'\n', b'\r', line).is_none()
        && (holds_object(line) || is_header() == Some(false))
}

/// Whether there is a whole JSON object in a line, as no cell of a table has it: that doubles its quotes.
fn holds_object(line: &[u8]) -> bool {
    memchr::memchr_iter(b'{', line).take(LOOKED_AT_MOST).any(|at| {
        let outline = Outline::of(line, at);
        outline.is_complete && !outline.members.is_empty()
    })
}

/// So many brackets of a line may begin an object.
const LOOKED_AT_MOST: usize = 8;

#[cfg(test)]
mod tests;
