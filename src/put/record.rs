//! The words of the path: where a record stands, a record as read, a checked vector, a defect.
//!
//! Pure data; who makes them is told at each type.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::quote::QuoteTrouble;
use super::report::count;

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
        trouble: Box<QuoteTrouble>,
    },
}

impl Raw {
    /// A stretch of a delimited file that is no row because of its quotes.
    pub fn broken(text: Bytes, trouble: QuoteTrouble) -> Self {
        Self::Broken { text, trouble: Box::new(trouble) }
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
/// Only [`super::admit`] makes one, so nobody checks it again.
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
pub(super) const WIRE_KEY: &[u8] = br#"{"key":"#;

impl Vector {
    /// Wraps the element that `admit` has written to `range` of `text`, behind the one before it and a comma;
    /// `key_length` counts the bytes of the key's JSON string, quotes included.
    pub(super) fn new(position: Position, text: Bytes, range: Range<usize>, key_length: usize) -> Self {
        Self { position, text, range, key_length }
    }

    /// A vector whose text holds nothing but its own element.
    #[cfg(test)]
    pub(super) fn alone(position: Position, wire: impl Into<Bytes>, key_length: usize) -> Self {
        let text = wire.into();
        Self { position, range: 0..text.len(), text, key_length }
    }

    /// Counts so many records more before it.
    pub(super) fn renumber(&mut self, more: u64) {
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
pub(super) fn joined<'a>(vectors: impl IntoIterator<Item = &'a Vector>) -> Vec<Bytes> {
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

/// Why a record was not stored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The text is not what its format promises.
    #[error("not readable: {detail}")]
    Syntax {
        /// What the parser met, and where in the record.
        detail: String,
    },
    /// A byte is no part of a UTF-8 character.
    #[error(
        "the text is not UTF-8: byte {byte:#04x} at {place} belongs to no character{}",
        likely.map(|name| format!("; it may be {name} (iconv -f {name} -t UTF-8, then check the text)")).unwrap_or_default()
    )]
    NotUtf8 {
        /// The byte.
        byte: u8,
        /// Where it stands in the record.
        place: String,
        /// The encoding that it may be, as `iconv` spells it, when the record's text allows a guess.
        likely: Option<&'static str>,
    },
    /// An escape is half of a surrogate pair.
    #[error(
        "{escape} is half of a surrogate pair ({place}), which is no character: the text was cut inside an emoji or the like"
    )]
    HalfSurrogate {
        /// The escape.
        escape: String,
        /// Where it stands in the record.
        place: String,
    },
    /// No member or column holds the key.
    #[error("no key found (looked for {looked_for}); name its field with --key")]
    NoKey {
        /// The fields that were tried, and those that are there.
        looked_for: String,
    },
    /// The key is neither text nor an integer.
    #[error("the key's field {field} is {found}, not text or an integer; --key names another field")]
    KeyKind {
        /// Its field.
        field: String,
        /// What stands there.
        found: String,
    },
    /// The key is empty or too long.
    #[error("the key has {characters} characters; 1 to {} are allowed", crate::oss::limits::KEY_CHARACTERS.end())]
    KeyLength {
        /// Its length in characters.
        characters: usize,
    },
    /// No member or column holds the vector.
    #[error("no vector found (looked for {looked_for}); name its field with --vector")]
    NoVector {
        /// The fields that were tried, and those that are there.
        looked_for: String,
    },
    /// Two fields could be the vector.
    #[error("both {first} and {second} could be the vector; choose with --vector")]
    AmbiguousVector {
        /// The one met first.
        first: String,
        /// The one met later.
        second: String,
    },
    /// The vector field holds something else than an array.
    #[error("the vector is {found}, not an array of numbers")]
    VectorKind {
        /// What stands there.
        found: String,
    },
    /// An element is no number.
    #[error("element {index} of the vector is {text}, not a number{}", printed_by_python(.text))]
    NotANumber {
        /// Index from 0.
        index: usize,
        /// The start of what stands there.
        text: String,
    },
    /// An element is NaN, infinite, or beyond float32.
    #[error("element {index} of the vector is {text}, which is not finite as float32")]
    NotFinite {
        /// Index from 0.
        index: usize,
        /// The input's own spelling.
        text: String,
    },
    /// An ellipsis, as numpy prints arrays of more than 1,000 elements: the numbers are gone.
    #[error(
        "the vector was shortened with \"...\" when it was printed, and its numbers are lost; write lists, with pandas: \
         df[\"embedding\"] = df[\"embedding\"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)"
    )]
    Shortened,
    /// An array of arrays where one vector was expected.
    #[error("the vector is an array of arrays; one level of [ ] too many")]
    Nested,
    /// The length differs from the index's dimension.
    #[error("the vector has {got} element{}; the dimension is {want}", if *got == 1 { "" } else { "s" })]
    Dimension {
        /// The dimension of the index, or of the first good record.
        want: usize,
        /// The vector's own.
        got: usize,
    },
    /// The dimension is outside what any index can have.
    #[error("the vector has {got} elements; an index holds 1 to {}", crate::oss::limits::DIMENSION.end())]
    DimensionRange {
        /// The vector's dimension.
        got: usize,
    },
    /// All elements are zero and the metric is cosine.
    #[error("all elements of the vector are zero, which has no direction under the cosine metric")]
    ZeroVector,
    /// The metadata is no object.
    #[error("the metadata is {found}, not an object")]
    MetadataKind {
        /// What stands there.
        found: String,
    },
    /// A metadata value is neither text nor a list of text.
    #[error("metadata {name} is {found}; only text or a list of text can be stored ({})", .cure.words(.name))]
    MetadataValue {
        /// The field.
        name: String,
        /// What stands there.
        found: String,
        /// What would help.
        cure: ValueCure,
    },
    /// A metadata field occurs twice.
    #[error("metadata {name} occurs twice")]
    MetadataRepeated {
        /// The field.
        name: String,
    },
    /// The metadata is too large.
    #[error(
        "the metadata has {} bytes; at most {} are allowed; the largest field is {largest} \
         (-{largest} among the names of --metadata leaves it out)",
        count(*bytes as u64),
        count(crate::oss::limits::METADATA_BYTES as u64)
    )]
    MetadataBytes {
        /// UTF-8 bytes of names and values.
        bytes: usize,
        /// The field that has most of them.
        largest: String,
    },
    /// The filterable part of the metadata is too large.
    #[error(
        "the filterable metadata has {} bytes; at most {} are allowed; the largest field is {largest} \
         (create the index with --non-filterable-metadata-keys {largest}, or leave it out with -{largest} among \
         the names of --metadata)",
        count(*bytes as u64),
        count(crate::oss::limits::FILTERABLE_METADATA_BYTES as u64)
    )]
    FilterableBytes {
        /// UTF-8 bytes of names and values.
        bytes: usize,
        /// The field that has most of them.
        largest: String,
    },
    /// Too many filterable fields.
    #[error(
        "the metadata has {fields} filterable fields; at most {} are allowed; the largest is {largest} \
         (create the index with --non-filterable-metadata-keys {largest} and others that nobody filters by, or \
         leave them out with -{largest},… among the names of --metadata)",
        crate::oss::limits::FILTERABLE_FIELDS
    )]
    FilterableFields {
        /// How many.
        fields: usize,
        /// The largest of them.
        largest: String,
    },
    /// A column that the user named is not in the header.
    #[error("the header has no column {column}, which {option} names")]
    NoColumn {
        /// The column.
        column: String,
        /// The option.
        option: &'static str,
    },
    /// Quotes that are not in order.
    #[error("{0}")]
    Quote(QuoteTrouble),
    /// Two columns differ from the name of a field in nothing but case.
    #[error("both columns {first} and {second} could be {field}; choose with --key, --vector or --metadata")]
    AmbiguousColumn {
        /// The field that is looked for.
        field: String,
        /// The first column.
        first: String,
        /// The second column.
        second: String,
    },
    /// No column holds the vector, whose numbers seem to have a column each.
    #[error(
        "no vector found: its numbers seem to be spread over the columns {first} to {last}, which cannot be read yet; \
         put them into one column, such as [0.1, 0.2], and name it with --vector"
    )]
    SpreadVector {
        /// The column of the first number.
        first: String,
        /// The column of the last number.
        last: String,
    },
    /// A row with another number of cells than its header.
    #[error("the row has {got} cells; the header has {want}")]
    Ragged {
        /// Columns of the header.
        want: usize,
        /// Cells of the row.
        got: usize,
    },
    /// One record alone is larger than a request may be.
    #[error("the record takes {} bytes in a request; --batch-bytes allows {}", count(*bytes as u64), count(*limit as u64))]
    TooLarge {
        /// Bytes on the wire.
        bytes: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The service refused this record when it was sent alone.
    #[error("the service refused it: {code}: {message} (request id {request_id})")]
    Refused {
        /// The service's error code.
        code: String,
        /// The service's message.
        message: String,
        /// The request's id, for the vendor's support.
        request_id: String,
    },
    /// Sent, never confirmed, and not there when it was looked for.
    #[error("it was sent, nothing confirmed it ({trouble}), and reading back shows that it is not stored")]
    NotStored {
        /// What came in place of a confirmation.
        trouble: String,
    },
}

/// What would help where a metadata value cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueCure {
    /// `--metadata-values text` stores it.
    Text,
    /// `--metadata-values text` leaves it out, since nothing is there.
    TextLeavesOut,
    /// Only to leave the field out.
    LeaveOut,
}

impl ValueCure {
    fn words(self, name: &str) -> String {
        match self {
            Self::Text => "--metadata-values text writes numbers and booleans as text".to_owned(),
            Self::TextLeavesOut => "--metadata-values text leaves it out".to_owned(),
            Self::LeaveOut => format!("-{name} among the names of --metadata leaves it out"),
        }
    }
}

/// What to do where an element is an object of Python as `repr` prints it.
fn printed_by_python(element: &str) -> &'static str {
    let is_object =
        ["np.", "numpy.", "array(", "tensor(", "Decimal("].iter().any(|name| element.starts_with(name));
    if is_object {
        "; write plain numbers, with pandas: df[\"embedding\"] = df[\"embedding\"].map(lambda v: [float(x) for x in v]) \
         before to_csv or to_json(lines=True)"
    } else {
        ""
    }
}

impl Reason {
    /// The reason as one word, for events, summaries and the rejects file.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "syntax",
            Self::NotUtf8 { .. } | Self::HalfSurrogate { .. } => "encoding",
            Self::NoKey { .. } => "no_key",
            Self::KeyKind { .. } => "key_kind",
            Self::KeyLength { .. } => "key_length",
            Self::NoVector { .. } | Self::SpreadVector { .. } => "no_vector",
            Self::AmbiguousVector { .. } => "ambiguous_vector",
            Self::VectorKind { .. } => "vector_kind",
            Self::NotANumber { .. } => "not_a_number",
            Self::NotFinite { .. } => "not_finite",
            Self::Shortened => "shortened",
            Self::Nested => "nested",
            Self::Dimension { .. } => "dimension",
            Self::DimensionRange { .. } => "dimension_range",
            Self::ZeroVector => "zero_vector",
            Self::MetadataKind { .. } => "metadata_kind",
            Self::MetadataValue { .. } => "metadata_value",
            Self::MetadataRepeated { .. } => "metadata_repeated",
            Self::MetadataBytes { .. } => "metadata_bytes",
            Self::FilterableBytes { .. } => "filterable_bytes",
            Self::FilterableFields { .. } => "filterable_fields",
            Self::NoColumn { .. } => "no_column",
            Self::Quote(_) => "quote",
            Self::AmbiguousColumn { .. } => "ambiguous_column",
            Self::Ragged { .. } => "ragged",
            Self::TooLarge { .. } => "too_large",
            Self::Refused { .. } => "refused",
            Self::NotStored { .. } => "not_stored",
        }
    }
}

/// A record's place as a person reads it: `file:line`, and the record's number where lines do not tell it.
pub fn place(inputs: &[Input], position: Position) -> String {
    let input = usize::try_from(position.input).ok().and_then(|index| inputs.get(index));
    let name = input.map_or_else(|| format!("(input {})", position.input), ToString::to_string);
    if position.record + 1 == position.line {
        format!("{name}:{}", position.line)
    } else {
        format!("{name}:{} (record {})", position.line, position.record + 1)
    }
}
