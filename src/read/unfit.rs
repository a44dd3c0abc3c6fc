//! Why an input cannot be cut into records.

use super::conversion::Conversion;
use super::named::Named;
use super::word_vectors::WordVectors;
use crate::encoding::{Encoding, Foreign};

/// Why an input cannot be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// A known format that is not supported.
    Unsupported { format: &'static str, cure: &'static str },
    /// Something other than data.
    WithoutRecords { what: &'static str, cure: &'static str, in_place_of_data: bool },
    /// JSON whose records do not follow one another, with the conversion that makes it loadable, if there is one.
    Shape { shape: String, cure: String, conversion: Option<Conversion> },
    /// JSON whose records have several arrays of numbers: their names.
    Several(String),
    /// It is JSON with vectors that have no keys: what table they stand in, if its rows have labels.
    NoKeys { table: Option<&'static str> },
    /// Chroma's output without embeddings, which are null.
    NullEmbeddings,
    /// Text in another encoding.
    NotUtf8(Foreign),
    /// UTF-16 without a byte-order mark.
    Unmarked(Encoding),
    /// UTF-8, although the user names this encoding.
    AlreadyUtf8(Encoding),
    /// Not the columnar format that the user names: the format's name with its article.
    NotColumns(&'static str),
    /// Word vectors as text.
    WordVectors(WordVectors),
    /// Bytes in no known format.
    Binary,
    /// Text in no known format.
    Unrecognised,
}

impl Unfit {
    /// JSON of this `shape`, which `convert` can make loadable.
    pub(super) fn converted(shape: String, conversion: Conversion, named: Named<'_>) -> Self {
        Self::Shape { shape, cure: conversion.cure(named), conversion: Some(conversion) }
    }

    /// The conversion that makes it loadable, if there is one.
    pub(super) fn into_conversion(self) -> Option<Conversion> {
        match self {
            Self::Shape { conversion, .. } => conversion,
            _ => None,
        }
    }
}
