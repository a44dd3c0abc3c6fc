//! Why cutting cannot continue at a place in the text.

use super::error::ReadError;
use super::table::HeaderFlaw;
use super::tear::Tear;
use super::word_vectors::WordVectors;
use crate::record::Input;

/// Why cutting cannot continue at a place in the text.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) at: usize,
    pub(super) kind: FlawKind,
}

/// What is wrong there.
#[derive(Debug)]
pub(super) enum FlawKind {
    Malformed {
        expected: &'static str,
        found: u8,
    },
    Unfinished(Tear),
    /// Records outside the array begin there.
    LeftOut,
    /// Columns end there, and others begin.
    Pages,
    /// A second member with a name on the path to the records.
    Repeated,
    /// Text in an encoding other than UTF-8.
    NotUtf8,
    /// A header with other columns than the first one.
    OtherHeader,
}

impl Flaw {
    pub(super) fn malformed(at: usize, found: u8, expected: &'static str) -> Self {
        Self { at, kind: FlawKind::Malformed { expected, found } }
    }

    pub(super) fn unfinished(at: usize, tear: Tear) -> Self {
        Self { at, kind: FlawKind::Unfinished(tear) }
    }

    /// Whether more text cannot fix it.
    pub(super) fn is_lasting(&self) -> bool {
        !matches!(self.kind, FlawKind::Unfinished(_))
    }
}

/// The error for the header of an input; `line_of` gives the line of an offset.
pub(super) fn header_error(input: Input, flaw: HeaderFlaw, line_of: impl Fn(usize) -> u64) -> ReadError {
    match flaw {
        HeaderFlaw::Missing { cell, columns } => ReadError::NoHeader { input, cell, columns },
        HeaderFlaw::Words(found) => of_words(input, found),
        HeaderFlaw::Duplicate(name) => ReadError::DuplicateColumn { input, name },
        HeaderFlaw::LineEnds => ReadError::LineEnds { input },
        HeaderFlaw::Wide(columns) => ReadError::Wide { input, columns },
        HeaderFlaw::NoTable(name) => ReadError::NoTable { input, name },
        HeaderFlaw::Quote(at, flaw) => ReadError::HeaderQuote { input, trouble: flaw.on(line_of(at)) },
    }
}

/// The error for Chroma's output without embeddings.
pub(super) fn without_embeddings(input: Input) -> ReadError {
    ReadError::Unclear {
        input,
        what: "columns of Chroma without vectors: embeddings is null".to_owned(),
        cure: "write it again with collection.get(include=[\"embeddings\",\"documents\",\"metadatas\"])"
            .into(),
    }
}

/// The error for word vectors, which do not name their columns.
pub(super) fn of_words(input: Input, found: WordVectors) -> ReadError {
    ReadError::Unclear { input, what: found.told(), cure: found.cure().into() }
}
