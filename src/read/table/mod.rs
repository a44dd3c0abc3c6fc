//! CSV and TSV: the rows under a header.
//!
//! Rows are cut here and not by the csv crate because a row's exact first byte is needed to continue there, because
//! that crate takes broken quotes as they come, and because the cells that matter are long: a search for the next quote
//! or line end passes a vector in one step. Where quotes are in order the cells are that crate's, and a test compares
//! the two.

mod cells;
mod dialect;
mod evidence;
mod grammar;
mod header;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use self::cells::CELLS_AT_MOST;
use self::cells::{cells, count_cells, has_lone_return, has_quote_as_text};
pub(crate) use self::dialect::Tables;
pub(crate) use self::dialect::{Dialect, named_delimiter};
pub(crate) use self::grammar::QuoteFlaw;
use self::grammar::{Ahead, Text};
pub(crate) use self::header::{Header, HeaderFlaw, header};
use super::{BYTE_ORDER_MARK, Cut, RECORDS_AT_MOST, mark_length};
use crate::record::{Columns, Raw, RowTrouble};

/// Cuts the rows of one file.
#[derive(Debug)]
pub(crate) struct Rows {
    dialect: Dialect,
    columns: Arc<Columns>,
    /// How long a row with a quoted cell may be.
    longest: usize,
    /// Whether a carriage return stands in the text that was cut last.
    has_returns: bool,
}

impl Rows {
    fn new(dialect: Dialect, columns: Columns, longest: usize) -> Self {
        Self { dialect, columns: Arc::new(columns), longest, has_returns: false }
    }

    #[cfg(test)]
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Cuts the complete rows of `text`; with `last` what follows the last newline is a row too.
    pub(crate) fn cut(&mut self, text: &[u8], last: bool) -> Cut {
        self.has_returns = memchr::memchr(b'\r', text).is_some();
        let columns = Some(self.columns.0.len());
        cut(Text { bytes: text, last, longest: self.longest, dialect: &self.dialect, columns })
    }

    /// The cells of a row of the text that was cut last, under the file's header.
    pub(crate) fn raw(&self, text: &Bytes, row: Range<usize>) -> Raw {
        let bytes = &text[row.clone()];
        if bytes.starts_with(BYTE_ORDER_MARK) {
            return Raw::broken(text.slice(row), RowTrouble::Mark);
        }
        if self.has_returns && has_lone_return(bytes, &self.dialect) {
            return Raw::broken(text.slice(row), RowTrouble::Return);
        }
        let cells = cells(bytes, &self.dialect);
        if cells.len() > CELLS_AT_MOST {
            let got = count_cells(bytes, &self.dialect);
            return Raw::broken(text.slice(row), RowTrouble::Cells { want: self.columns.0.len(), got });
        }
        Raw::Row { columns: Arc::clone(&self.columns), cells }
    }
}

/// Cuts the complete rows of a text, empty ones and comments left out.
fn cut(text: Text<'_>) -> Cut {
    cut_counted(text, &mut Ahead::default())
}

/// The same, with what is known of the rows behind broken ones.
fn cut_counted(text: Text<'_>, ahead: &mut Ahead) -> Cut {
    let mut cut = Cut::default();
    let mut at = 0;
    while at < text.bytes.len() && cut.records.len() < RECORDS_AT_MOST {
        // A row behind a byte-order mark is rejected, but as a whole: a quote behind the mark opens a cell.
        let start = at + mark_length(text.bytes.get(at..).unwrap_or_default());
        if let Some(next) = text.passed_over(start) {
            at = next;
            continue;
        }
        let Some(row) = text.row(start, ahead) else { break };
        if let Some(flaw) = row.flaw {
            cut.flaws.push((cut.records.len(), flaw));
        }
        if row.content.is_empty() && row.flaw.is_none() {
            at = row.next;
            continue;
        }
        cut.records.push(at..row.content.end);
        at = row.next;
    }
    cut.consumed = at;
    cut
}

/// Whether a cell of the line reads as a vector, whichever byte may split the cells.
pub(crate) fn mentions_vector(line: &[u8], tables: &Tables) -> bool {
    let delimiters = tables.delimiter.into_iter().chain([b',', b'\t', b';']);
    delimiters.into_iter().any(|delimiter| evidence::holds_vector(line, &Dialect::new(tables, delimiter)))
}

/// How one delimiter splits the first rows.
pub(crate) struct Split {
    /// Cells of the first row.
    pub(crate) columns: usize,
    /// How well the rows fit it.
    pub(crate) fit: Fit,
}

/// How well a delimiter fits the first rows, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Rows whose quotes are in order have different numbers of cells.
    Different,
    /// All of those have as many, but in some rows quotes are broken.
    Broken,
    /// All rows have as many cells, but in some a quote is text.
    Loose,
    /// All rows have as many cells, and each quote belongs to a quoted one.
    Exact,
}

/// How many rows show whether a delimiter splits them alike.
const ROWS_COMPARED: usize = 10;

/// Splits the first complete rows, of which one is enough only when it is the whole text.
pub(crate) fn split(text: &[u8], whole: bool, longest: usize, dialect: &Dialect) -> Option<Split> {
    let cut = cut(Text { bytes: text, last: whole, longest, dialect, columns: Some(1) });
    if cut.records.len() < 2 && !whole {
        return None;
    }
    let is_flawed = |index| cut.flaws.iter().any(|(flawed, _)| *flawed == index);
    let rows = || cut.records.iter().filter_map(|row| text.get(row.clone())).enumerate().take(ROWS_COMPARED);
    let (_, first) = rows().next()?;
    let columns = if is_flawed(0) {
        // A broken first row still tells by its delimiters how many columns were meant.
        first.split(|byte| *byte == dialect.delimiter).count()
    } else {
        cells(first, dialect).len()
    };
    let is_alike = |(index, row)| is_flawed(index) || cells(row, dialect).len() == columns;
    let fit = if !rows().all(is_alike) {
        Fit::Different
    } else if rows().any(|(index, _)| is_flawed(index)) {
        Fit::Broken
    } else if rows().any(|(_, row)| has_quote_as_text(row, dialect)) {
        Fit::Loose
    } else {
        Fit::Exact
    };
    Some(Split { columns, fit })
}

#[cfg(test)]
mod tests;
