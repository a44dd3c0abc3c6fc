//! What cutters find in a stretch of text: where its records are, and what is wrong with them.

use std::ops::Range;

use crate::record::page::Around;
use crate::record::quote::{QuoteKind, QuoteTrouble};

/// Maximum number of records in a block. Besides its text, each takes a few hundred bytes once it is judged, which adds
/// up if the records are only a few bytes long.
pub(super) const RECORDS_AT_MOST: usize = 4_096;

/// What was found in a stretch of text.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// The range of each record; at most [`RECORDS_AT_MOST`].
    pub(super) records: Vec<Range<usize>>,
    /// The end of the text that is done; after the last record, a place to continue from.
    pub(super) consumed: usize,
    /// Whether each record is within one line, so that newlines are only between records.
    pub(super) within_lines: bool,
    /// The flaws of records, by index, in order.
    pub(super) flaws: Vec<(usize, QuoteFlaw)>,
    /// Where the repeated header rows start, which are not records.
    pub(super) headers: Vec<usize>,
    /// Where a different header begins, which ends the rows.
    pub(super) other_header: Option<usize>,
    /// What the objects around the records say about them, each with the index of the record that follows, in order.
    pub(super) around: Vec<(usize, Around)>,
}

/// A quoting error, its lines counted from the first line of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuoteFlaw {
    pub(super) begun: u64,
    pub(super) found: u64,
    pub(super) kind: QuoteKind,
}

impl QuoteFlaw {
    /// The error in a row that starts on `line`.
    pub(crate) fn on(self, line: u64) -> QuoteTrouble {
        QuoteTrouble { begun: line + self.begun, found: line + self.found, kind: self.kind }
    }
}
