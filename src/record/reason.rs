//! Why a record is not stored: a message with the cure, and a code for scripts.

use super::cure::{Largest, ValueCure, printed_by_python};
use super::finding::Finding;
use super::lookup::Lookup;
use super::oddity::{Oddity, in_brackets};
use super::quote::QuoteTrouble;
use super::wide::WideTrouble;
use crate::shown::{self, bounded};
use crate::words::{count, plural};

/// The code of records without a vector because their provider failed: changing them cannot help.
pub(crate) const PROVIDER_ERROR: &str = "provider_error";

/// Why a record was not stored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The text is not what its format promises.
    #[error("invalid record: {detail}")]
    Syntax {
        /// What the parser found, and where in the record.
        detail: String,
    },
    /// A byte is not part of a UTF-8 character.
    #[error(
        "not UTF-8: invalid byte {byte:#04x} at {place}{}",
        likely.map(|name| format!("; if it is {name}, --encoding {} reads it", name.to_ascii_lowercase())).unwrap_or_default()
    )]
    NotUtf8 {
        /// The byte.
        byte: u8,
        /// Its place in the record.
        place: String,
        /// The likely encoding, if the record's text allows a guess.
        likely: Option<&'static str>,
    },
    /// Bytes are not a character in the encoding that the input was decoded from.
    #[error("cannot decode the text: {sequence} at {place}; fix it, or check the encoding of the input")]
    Undecodable {
        /// The bytes.
        sequence: String,
        /// Their place in the record.
        place: String,
    },
    /// An escape is half of a surrogate pair.
    #[error(
        "{escape} is half of a surrogate pair ({place}): the text was cut inside a character, such as an emoji"
    )]
    HalfSurrogate {
        /// The escape.
        escape: String,
        /// Its place in the record.
        place: String,
    },
    /// No member or column has the key.
    #[error("no key found (looked for {looked_for}); set its field with --key{}", of_one_input(*is_of_several))]
    NoKey {
        /// The fields that were tried, and those that the record has.
        looked_for: String,
        /// Whether the load has other inputs, which may name it differently.
        is_of_several: bool,
    },
    /// The key is neither text nor an integer.
    #[error("the key field {field} is {found}, not text or an integer; choose another field with --key")]
    KeyKind {
        /// Its field.
        field: String,
        /// What it contains.
        found: String,
    },
    /// The key is empty or too long.
    #[error("the key has {} characters; expected 1 to {}", count(*characters as u64), count(*crate::oss::limits::KEY_CHARACTERS.end() as u64))]
    KeyLength {
        /// Its length in characters.
        characters: usize,
    },
    /// No member or column has the vector.
    #[error("no vector found (looked for {looked_for}); set its field with --vector{}", of_one_input(*is_of_several))]
    NoVector {
        /// The fields that were tried, and those that the record has.
        looked_for: String,
        /// Whether the load has other inputs, which may name it differently.
        is_of_several: bool,
    },
    /// A record in the form of a provider or of another store lacks a part of a vector.
    #[error("{said}")]
    OfExport {
        /// What it lacks.
        lack: Lack,
        /// What is wrong, and the cure.
        said: String,
    },
    /// The provider has returned an error instead of a vector.
    #[error("the provider reported an error: {message}")]
    Provider {
        /// The provider's message.
        message: String,
    },
    /// A vector as bytes in text that are not little-endian float32 numbers.
    #[error("the vector is {found}, not base64 of little-endian float32 numbers; {cure}")]
    Encoded {
        /// What it is.
        found: String,
        /// The cure.
        cure: &'static str,
    },
    /// Two fields could be the vector.
    #[error("both {first} and {second} could be the vector; choose one with --vector")]
    AmbiguousVector {
        /// The first one in the record.
        first: String,
        /// The other one.
        second: String,
    },
    /// The vector field contains something other than an array.
    #[error("the vector is {found}, not an array of numbers{}", if found == "binary data" { "; if it is little-endian float32, choose its column with --vector" } else { "" })]
    VectorKind {
        /// What it contains.
        found: String,
    },
    /// The column of the key, or of the vector, has no value in any row of the file.
    #[error(
        "the file has no {} in any row: its column {column} is empty; choose another with {}",
        if *is_key { "key" } else { "vector" },
        if *is_key { "--key" } else { "--vector" }
    )]
    NoValues {
        /// The column.
        column: String,
        /// Whether it is the key's column.
        is_key: bool,
    },
    /// An element is not a number.
    #[error("element {index} of the vector is {text}, not a number{}", printed_by_python(.text))]
    NotANumber {
        /// Index from 0.
        index: usize,
        /// The start of the element.
        text: String,
    },
    /// An element of a JSON array is not written as a JSON number.
    #[error("element {index} of the vector is {text}, which is not a JSON number: {flaw}")]
    NumberSpelling {
        /// Index from 0.
        index: usize,
        /// The start of the element.
        text: String,
        /// What is not allowed in JSON.
        flaw: &'static str,
    },
    /// An element is NaN, infinite, or beyond float32.
    #[error("element {index} of the vector is {text}, which is not a finite float32")]
    NotFinite {
        /// Index from 0.
        index: usize,
        /// The input's own spelling.
        text: String,
    },
    /// An ellipsis, as numpy prints arrays of more than 1,000 elements: the numbers are lost.
    #[error(
        "the vector was shortened to \"...\" when it was printed, so its numbers are lost; write lists, in pandas with \
         df[\"embedding\"] = df[\"embedding\"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)"
    )]
    Shortened,
    /// An array of arrays where one vector was expected.
    #[error("the vector is an array of arrays; remove one level of [ ]")]
    Nested,
    /// The length differs from the index's dimension.
    #[error("the vector has {got} element{}; the dimension is {want}{}", if *got == 1 { "" } else { "s" }, in_brackets(*want, *got))]
    Dimension {
        /// The dimension of the index, or of the first good record.
        want: usize,
        /// The vector's own.
        got: usize,
    },
    /// The dimension is outside what any index can have.
    #[error("the vector has {got} elements; an index allows 1 to {}", crate::oss::limits::DIMENSION.end())]
    DimensionRange {
        /// The vector's dimension.
        got: usize,
    },
    /// All elements are zero and the metric is cosine.
    #[error("all elements of the vector are zero, but the cosine metric needs a direction")]
    ZeroVector,
    /// The service would store the vector, but `--lint deny` rejects it.
    #[error("{}; {}", .0.words(), .0.cure())]
    Odd(Oddity),
    /// The metadata is not an object.
    #[error("the metadata is {found}, not an object")]
    MetadataKind {
        /// What it is.
        found: String,
    },
    /// A metadata value is neither text nor a list of text.
    #[error("metadata {name} is {found}; only text or a list of text can be stored; {}", .cure.words(.name))]
    MetadataValue {
        /// The field.
        name: String,
        /// What it is.
        found: String,
        /// The cure.
        cure: ValueCure,
    },
    /// A metadata field occurs twice.
    #[error("metadata {name} occurs twice{}", joined.as_ref().map_or_else(String::new, |joined| cure_of_clash(name, joined)))]
    MetadataRepeated {
        /// The field.
        name: String,
        /// Its path in what `--join` adds, if the second one is there.
        joined: Option<String>,
    },
    /// The metadata is too large.
    #[error(
        "the metadata has {} bytes; the maximum is {}; the largest field is {largest}; \
         {}",
        count(*bytes as u64),
        count(crate::oss::limits::METADATA_BYTES as u64),
        largest.cure()
    )]
    MetadataBytes {
        /// UTF-8 bytes of names and values.
        bytes: usize,
        /// The largest field.
        largest: Largest,
    },
    /// The filterable part of the metadata is too large.
    #[error(
        "the filterable metadata has {} bytes; the maximum is {}; the largest field is {largest}; \
         create the index with --non-filterable-metadata-keys {largest}, or {}",
        count(*bytes as u64),
        count(crate::oss::limits::FILTERABLE_METADATA_BYTES as u64),
        largest.cure()
    )]
    FilterableBytes {
        /// UTF-8 bytes of names and values.
        bytes: usize,
        /// The largest field.
        largest: Largest,
    },
    /// Too many filterable fields.
    #[error(
        "the metadata has {fields} filterable fields; the maximum is {}; the largest is {largest}; \
         list those that need no filter in --non-filterable-metadata-keys when you create the index, or {}",
        crate::oss::limits::FILTERABLE_FIELDS,
        largest.cure_of_many()
    )]
    FilterableFields {
        /// How many.
        fields: usize,
        /// The largest of them.
        largest: Largest,
    },
    /// A column that the user named is not in the header.
    #[error("the header has no column {column} (from {option})")]
    NoColumn {
        /// The column.
        column: String,
        /// The option.
        option: &'static str,
    },
    /// A quoting error.
    #[error("{0}")]
    Quote(QuoteTrouble),
    /// Two columns differ from the name of a field only in case.
    #[error(
        "both columns {first} and {second} could be {field}; choose one with --key, --vector or --metadata"
    )]
    AmbiguousColumn {
        /// The field.
        field: String,
        /// The first column.
        first: String,
        /// The second column.
        second: String,
    },
    /// There is no vector field, but the numbers seem to have a field each.
    #[error(
        "no vector found: {first} to {last} seem to hold one number each; if they are the vector, use --vector \
         '{pattern}'"
    )]
    SpreadVector {
        /// The column of the first number.
        first: String,
        /// The column of the last number.
        last: String,
        /// The pattern that names all of them.
        pattern: String,
    },
    /// The fields that match a pattern do not make a vector.
    #[error("the vector {pattern}: {trouble}")]
    Wide {
        /// The pattern.
        pattern: String,
        /// What is wrong with them.
        trouble: WideTrouble,
    },
    /// Several fields may be the vector, and none has a default name.
    #[error("several fields look like vectors: {fields}; choose one with --vector")]
    SeveralVectors {
        /// The fields.
        fields: String,
    },
    /// No record of another file is joined to it.
    #[error("{}", what.told(file))]
    NotJoined {
        /// The file.
        file: String,
        /// Why not.
        what: Lookup,
    },
    /// Its companion record cannot be used.
    #[error("{place}: {reason}")]
    Beside {
        /// The place of that record as messages give it.
        place: String,
        /// What is wrong with it.
        reason: Box<Self>,
    },
    /// A row with a different number of cells than its header.
    #[error("the row has {}; the header has {want}", plural(*got as u64, "cell"))]
    Ragged {
        /// Columns of the header.
        want: usize,
        /// Cells of the row.
        got: usize,
    },
    /// A single record is larger than the maximum size of a request.
    #[error("the record needs {} bytes in a request; --batch-bytes allows {}", count(*bytes as u64), count(*limit as u64))]
    TooLarge {
        /// Bytes on the wire.
        bytes: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The service refused this record when it was sent alone.
    #[error("refused by the service: {code}: {message} (request id {request_id})")]
    Refused {
        /// The service's error code.
        code: String,
        /// The service's message.
        message: String,
        /// The request's id, for the vendor's support.
        request_id: String,
    },
    /// Stored, but gone when it was looked up at the end.
    #[error(
        "stored, but the index no longer holds it as sent: the service applied an earlier request late, or another \
         client overwrote it"
    )]
    Overwritten,
    /// Sent and confirmed, but not found when it was looked up.
    #[error("sent and confirmed ({answer}), but reading it back does not find it as sent")]
    Lost {
        /// The confirmation.
        answer: String,
    },
    /// A line of a rejects file whose key has a later value: not an error, but there is nothing to load.
    #[error("a later record with the same key was stored")]
    Superseded,
    /// The index has another value under the key.
    #[error("the index holds another value: {what}")]
    Different {
        /// The first difference.
        what: String,
    },
    /// The index has no vector with the key.
    #[error("the index has no vector with this key")]
    Missing,
    /// Sent, never confirmed, and not found when it was looked up.
    #[error("sent but never confirmed ({trouble}), and reading it back shows that it is not stored")]
    NotStored {
        /// What came instead of a confirmation.
        trouble: String,
    },
}

/// What a record of a known form lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It has no key.
    Key,
    /// It has no vector.
    Vector,
    /// It has several vectors.
    Choice,
    /// Its vector is of a kind that an index cannot store.
    Kind,
    /// It is unclear which text belongs to which vector.
    Text,
}

/// The cure for a field that is both in a record and in the joined one, at this path.
fn cure_of_clash(name: &str, joined: &str) -> String {
    format!(
        ", in the record and in {joined} (from --join); store the latter under another name: --metadata \
         '*,joined_{name}={joined}'"
    )
}

impl Lack {
    fn code(self) -> &'static str {
        match self {
            Self::Key => "no_key",
            Self::Vector => "no_vector",
            Self::Choice => "ambiguous_vector",
            Self::Kind => "vector_kind",
            Self::Text => "not_joined",
        }
    }
}

/// The addition to a cure that names a field, which then applies to all inputs.
fn of_one_input(is_of_several: bool) -> &'static str {
    if is_of_several { "; load inputs that name it differently one by one" } else { "" }
}

impl Reason {
    /// The message; the middle of a very long one is left out.
    pub(crate) fn told(&self) -> String {
        bounded(&self.to_string(), shown::MESSAGE)
    }

    /// The finding of a verification, if it is one.
    pub fn finding(&self) -> Option<Finding> {
        match self {
            Self::Different { .. } => Some(Finding::Different),
            Self::Missing => Some(Finding::Missing),
            _ => None,
        }
    }

    /// The code, for events, summaries and the rejects file.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "syntax",
            Self::NotUtf8 { .. } | Self::Undecodable { .. } | Self::HalfSurrogate { .. } => "encoding",
            Self::NoKey { .. } => "no_key",
            Self::KeyKind { .. } | Self::NoValues { is_key: true, .. } => "key_kind",
            Self::KeyLength { .. } => "key_length",
            Self::NoVector { .. } | Self::SpreadVector { .. } => "no_vector",
            Self::AmbiguousVector { .. } | Self::SeveralVectors { .. } => "ambiguous_vector",
            Self::Wide { .. } => "wide_vector",
            Self::OfExport { lack, .. } => lack.code(),
            Self::Provider { .. } => PROVIDER_ERROR,
            Self::VectorKind { .. } | Self::NoValues { is_key: false, .. } | Self::Encoded { .. } => {
                "vector_kind"
            }
            Self::Beside { reason, .. } => reason.code(),
            Self::NotANumber { .. } | Self::NumberSpelling { .. } => "not_a_number",
            Self::NotFinite { .. } => "not_finite",
            Self::Shortened => "shortened",
            Self::Nested => "nested",
            Self::Dimension { .. } => "dimension",
            Self::DimensionRange { .. } => "dimension_range",
            Self::ZeroVector => "zero_vector",
            Self::Odd(oddity) => oddity.code(),
            Self::MetadataKind { .. } => "metadata_kind",
            Self::MetadataValue { .. } => "metadata_value",
            Self::MetadataRepeated { .. } => "metadata_repeated",
            Self::MetadataBytes { .. } => "metadata_bytes",
            Self::FilterableBytes { .. } => "filterable_bytes",
            Self::FilterableFields { .. } => "filterable_fields",
            Self::NoColumn { .. } => "no_column",
            Self::Quote(_) => "quote",
            Self::AmbiguousColumn { .. } => "ambiguous_column",
            Self::NotJoined { .. } => "not_joined",
            Self::Ragged { .. } => "ragged",
            Self::TooLarge { .. } => "too_large",
            Self::Refused { .. } => "refused",
            Self::Superseded => "superseded",
            Self::Different { .. } => Finding::Different.code(),
            Self::Missing => Finding::Missing.code(),
            Self::NotStored { .. } | Self::Lost { .. } | Self::Overwritten => "not_stored",
        }
    }
}

#[cfg(test)]
mod tests;
