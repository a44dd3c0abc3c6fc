//! Why an input cannot be cut into records.

use super::conversion::Conversion;
use super::named::Named;
use super::word_vectors::WordVectors;
use crate::encoding::{Encoding, Foreign};

/// Why an input cannot be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It is of a known format that is not read.
    Unsupported { format: &'static str, cure: &'static str },
    /// It is something else than data.
    WithoutRecords { what: &'static str, cure: &'static str, in_place_of_data: bool },
    /// It is JSON whose records do not follow one another, with what `convert` makes of it, if it can.
    Shape { shape: String, cure: String, conversion: Option<Conversion> },
    /// It is JSON whose records have several arrays of numbers: their names.
    Several(String),
    /// It is JSON with vectors that have no keys: what table they stand in, if its rows have labels.
    NoKeys { table: Option<&'static str> },
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

impl Unfit {
    /// JSON of this `shape`, which `convert` makes loadable.
    pub(super) fn converted(shape: String, conversion: Conversion, named: Named<'_>) -> Self {
        Self::Shape { shape, cure: conversion.cure(named), conversion: Some(conversion) }
    }

    /// What `convert` makes of it.
    pub(super) fn into_conversion(self) -> Option<Conversion> {
        match self {
            Self::Shape { conversion, .. } => conversion,
            _ => None,
        }
    }
}
