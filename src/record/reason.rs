//! Why a record is not stored: what is wrong, in words that name the cure, and as one word for scripts.

use super::cure::{ValueCure, printed_by_python};
use super::finding::Finding;
use super::quote::QuoteTrouble;
use crate::shown::{self, bounded};
use crate::words::count;

/// Why a record was not stored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The text is not what its format promises.
    #[error("invalid record: {detail}")]
    Syntax {
        /// What the parser met, and where in the record.
        detail: String,
    },
    /// A byte is no part of a UTF-8 character.
    #[error(
        "not UTF-8: invalid byte {byte:#04x} at {place}{}",
        likely.map(|name| format!("; if it is {name}, convert the input with iconv -f {name} -t UTF-8")).unwrap_or_default()
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
        "{escape} is half of a surrogate pair ({place}): the text was cut inside a character, such as an emoji"
    )]
    HalfSurrogate {
        /// The escape.
        escape: String,
        /// Where it stands in the record.
        place: String,
    },
    /// No member or column holds the key.
    #[error("no key found (looked for {looked_for}); set its field with --key")]
    NoKey {
        /// The fields that were tried, and those that are there.
        looked_for: String,
    },
    /// The key is neither text nor an integer.
    #[error("the key field {field} is {found}, not text or an integer; choose another field with --key")]
    KeyKind {
        /// Its field.
        field: String,
        /// What stands there.
        found: String,
    },
    /// The key is empty or too long.
    #[error("the key has {} characters; expected 1 to {}", count(*characters as u64), count(*crate::oss::limits::KEY_CHARACTERS.end() as u64))]
    KeyLength {
        /// Its length in characters.
        characters: usize,
    },
    /// No member or column holds the vector.
    #[error("no vector found (looked for {looked_for}); set its field with --vector")]
    NoVector {
        /// The fields that were tried, and those that are there.
        looked_for: String,
    },
    /// Two fields could be the vector.
    #[error("both {first} and {second} could be the vector; choose one with --vector")]
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
    #[error("element {index} of the vector is {text}, which is not a JSON number: {flaw}")]
    NumberSpelling {
        /// Index from 0.
        index: usize,
        /// The start of what stands there.
        text: String,
        /// What JSON has not.
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
    /// An ellipsis, as numpy prints arrays of more than 1,000 elements: the numbers are gone.
    #[error(
        "the vector was shortened to \"...\" when it was printed, so its numbers are lost; write lists, in pandas with \
         df[\"embedding\"] = df[\"embedding\"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)"
    )]
    Shortened,
    /// An array of arrays where one vector was expected.
    #[error("the vector is an array of arrays; remove one level of [ ]")]
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
    #[error("the vector has {got} elements; an index allows 1 to {}", crate::oss::limits::DIMENSION.end())]
    DimensionRange {
        /// The vector's dimension.
        got: usize,
    },
    /// All elements are zero and the metric is cosine.
    #[error("all elements of the vector are zero, but the cosine metric needs a direction")]
    ZeroVector,
    /// The metadata is no object.
    #[error("the metadata is {found}, not an object")]
    MetadataKind {
        /// What stands there.
        found: String,
    },
    /// A metadata value is neither text nor a list of text.
    #[error("metadata {name} is {found}; only text or a list of text can be stored; {}", .cure.words(.name))]
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
        "the metadata has {} bytes; the maximum is {}; the largest field is {largest}; \
         add -{largest} to --metadata to leave it out",
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
        "the filterable metadata has {} bytes; the maximum is {}; the largest field is {largest}; \
         create the index with --non-filterable-metadata-keys {largest}, or add -{largest} to --metadata to leave it out",
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
        "the metadata has {fields} filterable fields; the maximum is {}; the largest is {largest}; \
         list those that need no filter in --non-filterable-metadata-keys when you create the index, or add \
         -{largest},… to --metadata to leave them out",
        crate::oss::limits::FILTERABLE_FIELDS
    )]
    FilterableFields {
        /// How many.
        fields: usize,
        /// The largest of them.
        largest: String,
    },
    /// A column that the user named is not in the header.
    #[error("the header has no column {column} (from {option})")]
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
    #[error(
        "both columns {first} and {second} could be {field}; choose one with --key, --vector or --metadata"
    )]
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
        "no vector found: columns {first} to {last} seem to hold one number each, which is not supported yet; \
         write the numbers into one column, such as [0.1, 0.2], and set it with --vector"
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
    /// Stored, and gone when it was looked for at the end.
    #[error(
        "stored, but the index no longer holds it as sent: the service applied an earlier request late, or another \
         client overwrote it"
    )]
    Overwritten,
    /// Sent and confirmed, and not there when it was looked for.
    #[error("sent and confirmed ({answer}), but reading it back does not find it as sent")]
    Lost {
        /// The confirmation.
        answer: String,
    },
    /// A line of a rejects file whose key has a later value: no fault, but nothing to load either.
    #[error("a later record with the same key was stored")]
    Superseded,
    /// What the index holds under the key is not the record.
    #[error("the index holds another value: {what}")]
    Different {
        /// The first thing that differs.
        what: String,
    },
    /// The index holds nothing under the key.
    #[error("the index has no vector with this key")]
    Missing,
    /// Sent, never confirmed, and not there when it was looked for.
    #[error("sent but never confirmed ({trouble}), and reading it back shows that it is not stored")]
    NotStored {
        /// What came in place of a confirmation.
        trouble: String,
    },
}

impl Reason {
    /// The reason in words; of texts without end only the ends.
    pub(crate) fn told(&self) -> String {
        bounded(&self.to_string(), shown::MESSAGE)
    }

    /// What it is of the findings of a verification.
    pub fn finding(&self) -> Option<Finding> {
        match self {
            Self::Different { .. } => Some(Finding::Different),
            Self::Missing => Some(Finding::Missing),
            _ => None,
        }
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
            Self::Different { .. } => Finding::Different.code(),
            Self::Missing => Finding::Missing.code(),
            Self::NotStored { .. } | Self::Lost { .. } | Self::Overwritten => "not_stored",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::quote::QuoteKind;

    fn about_text() -> [Reason; 4] {
        let place = "column 5".to_owned();
        [
            Reason::Syntax { detail: "expected a colon, found 'x' (column 5)".into() },
            Reason::NotUtf8 { byte: 0xe9, place: place.clone(), likely: None },
            Reason::NotUtf8 { byte: 0xc4, place: place.clone(), likely: Some("GB18030") },
            Reason::HalfSurrogate { escape: r"\ud83d".into(), place },
        ]
    }

    fn about_keys() -> [Reason; 3] {
        [
            Reason::NoKey { looked_for: "key, id; the fields are name, vector".into() },
            Reason::KeyKind { field: "id".into(), found: "an object".into() },
            Reason::KeyLength { characters: 1_025 },
        ]
    }

    fn about_vectors() -> [Reason; 14] {
        let not_a_number = |text: &str| Reason::NotANumber { index: 3, text: text.into() };
        [
            Reason::NoVector { looked_for: "vector, emb; the columns are id, text".into() },
            Reason::AmbiguousVector { first: "vector".into(), second: "emb".into() },
            Reason::VectorKind { found: "null".into() },
            not_a_number("null"),
            not_a_number("np.float32(0.5)"),
            Reason::NumberSpelling { index: 3, text: "+1".into(), flaw: "leading plus sign" },
            Reason::NotFinite { index: 3, text: "1e39".into() },
            Reason::Shortened,
            Reason::Nested,
            Reason::Dimension { want: 2, got: 1 },
            Reason::Dimension { want: 2, got: 3 },
            Reason::DimensionRange { got: 5_000 },
            Reason::ZeroVector,
            Reason::SpreadVector { first: "v0".into(), last: "v767".into() },
        ]
    }

    fn about_metadata() -> [Reason; 8] {
        let value =
            |found: &str, cure| Reason::MetadataValue { name: "price".into(), found: found.into(), cure };
        let largest = || "body".to_owned();
        [
            Reason::MetadataKind { found: "text".into() },
            value("a number", ValueCure::Text),
            value("null", ValueCure::TextLeavesOut),
            value("an object", ValueCure::LeaveOut),
            Reason::MetadataRepeated { name: "price".into() },
            Reason::MetadataBytes { bytes: 41_000, largest: largest() },
            Reason::FilterableBytes { bytes: 2_049, largest: largest() },
            Reason::FilterableFields { fields: 11, largest: largest() },
        ]
    }

    fn about_tables() -> [Reason; 4] {
        let (first, second) = ("Id".into(), "ID".into());
        [
            Reason::NoColumn { column: "title".into(), option: "--metadata" },
            Reason::Quote(QuoteTrouble { begun: 7, found: 9, kind: QuoteKind::Unclosed }),
            Reason::AmbiguousColumn { field: "id".into(), first, second },
            Reason::Ragged { want: 3, got: 4 },
        ]
    }

    fn about_requests() -> [Reason; 8] {
        let (code, message) = ("InvalidArgument".into(), "The vector is invalid.".into());
        [
            Reason::TooLarge { bytes: 5_000_000, limit: 4_194_304 },
            Reason::Refused { code, message, request_id: "66F1".into() },
            Reason::Overwritten,
            Reason::Lost { answer: "request id 66F1".into() },
            Reason::Superseded,
            Reason::NotStored { trouble: "timed out".into() },
            Reason::Different { what: "element 3 is 0.5, not 0.25".into() },
            Reason::Missing,
        ]
    }

    /// Each reason on a line, after its word for scripts.
    fn listed(reasons: &[Reason]) -> String {
        reasons.iter().map(|reason| format!("{}: {reason}\n", reason.code())).collect::<Vec<_>>().concat()
    }

    #[test]
    fn every_reason_says_what_is_wrong_and_what_to_do() {
        insta::assert_snapshot!(listed(&about_text()), @r"
        syntax: invalid record: expected a colon, found 'x' (column 5)
        encoding: not UTF-8: invalid byte 0xe9 at column 5
        encoding: not UTF-8: invalid byte 0xc4 at column 5; if it is GB18030, convert the input with iconv -f GB18030 -t UTF-8
        encoding: \ud83d is half of a surrogate pair (column 5): the text was cut inside a character, such as an emoji
        ");
        insta::assert_snapshot!(listed(&about_keys()), @"
        no_key: no key found (looked for key, id; the fields are name, vector); set its field with --key
        key_kind: the key field id is an object, not text or an integer; choose another field with --key
        key_length: the key has 1,025 characters; expected 1 to 1,024
        ");
        insta::assert_snapshot!(listed(&about_vectors()), @r#"
        no_vector: no vector found (looked for vector, emb; the columns are id, text); set its field with --vector
        ambiguous_vector: both vector and emb could be the vector; choose one with --vector
        vector_kind: the vector is null, not an array of numbers
        not_a_number: element 3 of the vector is null, not a number
        not_a_number: element 3 of the vector is np.float32(0.5), not a number; write plain numbers, in pandas with df["embedding"] = df["embedding"].map(lambda v: [float(x) for x in v]) before to_csv or to_json(lines=True)
        not_a_number: element 3 of the vector is +1, which is not a JSON number: leading plus sign
        not_finite: element 3 of the vector is 1e39, which is not a finite float32
        shortened: the vector was shortened to "..." when it was printed, so its numbers are lost; write lists, in pandas with df["embedding"] = df["embedding"].map(lambda v: v.tolist()) before to_csv or to_json(lines=True)
        nested: the vector is an array of arrays; remove one level of [ ]
        dimension: the vector has 1 element; the dimension is 2
        dimension: the vector has 3 elements; the dimension is 2
        dimension_range: the vector has 5000 elements; an index allows 1 to 4096
        zero_vector: all elements of the vector are zero, but the cosine metric needs a direction
        no_vector: no vector found: columns v0 to v767 seem to hold one number each, which is not supported yet; write the numbers into one column, such as [0.1, 0.2], and set it with --vector
        "#);
        insta::assert_snapshot!(listed(&about_metadata()), @"
        metadata_kind: the metadata is text, not an object
        metadata_value: metadata price is a number; only text or a list of text can be stored; use --metadata-values text to store numbers and booleans as text
        metadata_value: metadata price is null; only text or a list of text can be stored; use --metadata-values text to leave it out
        metadata_value: metadata price is an object; only text or a list of text can be stored; add -price to --metadata to leave it out
        metadata_repeated: metadata price occurs twice
        metadata_bytes: the metadata has 41,000 bytes; the maximum is 40,960; the largest field is body; add -body to --metadata to leave it out
        filterable_bytes: the filterable metadata has 2,049 bytes; the maximum is 2,048; the largest field is body; create the index with --non-filterable-metadata-keys body, or add -body to --metadata to leave it out
        filterable_fields: the metadata has 11 filterable fields; the maximum is 10; the largest is body; list those that need no filter in --non-filterable-metadata-keys when you create the index, or add -body,… to --metadata to leave them out
        ");
        insta::assert_snapshot!(listed(&about_tables()), @"
        no_column: the header has no column title (from --metadata)
        quote: the quoted cell that starts on line 7 is never closed (the file ends on line 9); close it, or use --quote none if the file has no quoted cells
        ambiguous_column: both columns Id and ID could be id; choose one with --key, --vector or --metadata
        ragged: the row has 4 cells; the header has 3
        ");
        insta::assert_snapshot!(listed(&about_requests()), @"
        too_large: the record needs 5,000,000 bytes in a request; --batch-bytes allows 4,194,304
        refused: refused by the service: InvalidArgument: The vector is invalid. (request id 66F1)
        not_stored: stored, but the index no longer holds it as sent: the service applied an earlier request late, or another client overwrote it
        not_stored: sent and confirmed (request id 66F1), but reading it back does not find it as sent
        superseded: a later record with the same key was stored
        not_stored: sent but never confirmed (timed out), and reading it back shows that it is not stored
        different: the index holds another value: element 3 is 0.5, not 0.25
        missing: the index has no vector with this key
        ");
    }
}
