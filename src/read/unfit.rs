//! Why an input cannot be cut into records.

use super::word_vectors::WordVectors;
use crate::encoding::{Encoding, Foreign};

/// Why an input cannot be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is of a known format that is not read.
    Unsupported { format: &'static str, cure: &'static str },
    /// It is something else than data.
    WithoutRecords { what: &'static str, cure: &'static str, in_place_of_data: bool },
    /// It is JSON whose records do not follow one another.
    Shape { shape: String, cure: String },
    /// It is JSON whose records have several arrays of numbers: their names.
    Several(String),
    /// It is JSON with vectors that have no keys.
    NoKeys,
    /// It is what Chroma gives without the embeddings, which are null.
    NullEmbeddings,
    /// It is text in another encoding.
    NotUtf8(Foreign),
    /// It is UTF-16 without the mark that says so.
    Unmarked(Encoding),
    /// It is UTF-8, and said to be in this encoding.
    AlreadyUtf8(Encoding),
    /// It is not the file of columns that the user says it is: the format's name with its article.
    NotColumns(&'static str),
    /// It is word vectors as text.
    WordVectors(WordVectors),
    /// It is bytes of no known format.
    Binary,
    /// It is text of no known format.
    Unrecognised,
}
