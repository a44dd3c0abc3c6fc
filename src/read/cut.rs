//! What cutters find in a stretch of text: where its records are, and what is wrong with some.

use std::ops::Range;

use crate::record::page::Around;
use crate::record::quote::{QuoteKind, QuoteTrouble};

/// Most records of a block. Beside its text each takes a few hundred bytes once it is judged, which counts where text
/// falls into records of a few bytes.
pub(super) const RECORDS_AT_MOST: usize = 4_096;

/// What was found in a stretch of text.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// Where each record is; [`RECORDS_AT_MOST`].
    pub(super) records: Vec<Range<usize>>,
    /// How far the text is done with; behind the last record, a place to continue from.
    pub(super) consumed: usize,
    /// Whether each record is within a line, so that newlines are only between records.
    pub(super) within_lines: bool,
    /// What is wrong with some of the records, by their index; in order.
    pub(super) flaws: Vec<(usize, QuoteFlaw)>,
    /// Where rows start that repeat the header, and are no records.
    pub(super) headers: Vec<usize>,
    /// Where the line of another header begins, at which the rows end.
    pub(super) other_header: Option<usize>,
    /// What objects around the records say of them, each with the index of the record that it stands before; in order.
    pub(super) around: Vec<(usize, Around)>,
}

/// What is wrong with a quote, in lines from the row's first one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuoteFlaw {
    pub(super) begun: u64,
    pub(super) found: u64,
    pub(super) kind: QuoteKind,
}

impl QuoteFlaw {
    /// The same for a row that starts on `line`.
    pub(crate) fn on(self, line: u64) -> QuoteTrouble {
        QuoteTrouble { begun: line + self.begun, found: line + self.found, kind: self.kind }
    }
}
