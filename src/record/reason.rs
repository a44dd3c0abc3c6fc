//! Why a record is not stored: what is wrong, in words that name the cure, and as one word for scripts.

use super::quote::QuoteTrouble;
use crate::shown::{self, bounded};
use crate::words::count;

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
    /// An element of a JSON array is written as JSON has no numbers.
    #[error("element {index} of the vector is {text}, which JSON does not take for a number: {flaw}")]
    NumberSpelling {
        /// Index from 0.
        index: usize,
        /// The start of what stands there.
        text: String,
        /// What JSON has not.
        flaw: &'static str,
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
    /// Stored, and gone when it was looked for at the end.
    #[error(
        "it was stored, and the index no longer holds it as it was sent: the service has applied an earlier request late, \
         or someone else has overwritten it"
    )]
    Overwritten,
    /// Sent and confirmed, and not there when it was looked for.
    #[error("it was sent and confirmed ({answer}), but reading back does not find it as it was sent")]
    Lost {
        /// The confirmation.
        answer: String,
    },
    /// A line of a rejects file whose key has a later value: no fault, but nothing to load either.
    #[error("a later record with its key was stored")]
    Superseded,
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
    /// The reason in words; of texts without end only the ends.
    pub(crate) fn told(&self) -> String {
        bounded(&self.to_string(), shown::MESSAGE)
    }

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
            Self::NotANumber { .. } | Self::NumberSpelling { .. } => "not_a_number",
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
            Self::Superseded => "superseded",
            Self::NotStored { .. } | Self::Lost { .. } | Self::Overwritten => "not_stored",
        }
    }
}
