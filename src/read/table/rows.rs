//! The rows of one file: cut from its text, and divided into cells.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use csv::ByteRecord;

use super::super::cut::{Cut, RECORDS_AT_MOST};
use super::super::mark::{BYTE_ORDER_MARK, mark_length};
use super::cells::{CELLS_AT_MOST, cells, count_cells, has_lone_return, shared_cells};
use super::dialect::Dialect;
use super::grammar::{Ahead, Text};
use super::second_header::{Among, FirstHeader};
use crate::record::{Columns, Raw, RowTrouble};

/// Cuts the rows of one file.
#[derive(Debug)]
pub(crate) struct Rows {
    dialect: Dialect,
    columns: Arc<Columns>,
    /// The header; `None` if the first row is data.
    header: Option<Box<FirstHeader>>,
    /// Maximum length of a row with a quoted cell.
    longest: usize,
    /// Whether the last text that was cut contains a carriage return.
    has_returns: bool,
}

impl Rows {
    pub(super) fn new(dialect: Dialect, columns: Columns, longest: usize) -> Self {
        Self { dialect, columns: Arc::new(columns), header: None, longest, has_returns: false }
    }

    /// The same after a header, which is repeated between rows if files were concatenated.
    pub(super) fn under(self, header: FirstHeader) -> Self {
        Self { header: Some(Box::new(header)), ..self }
    }

    /// The delimiter.
    pub(crate) fn delimiter(&self) -> u8 {
        self.dialect.delimiter
    }

    /// The columns of the file.
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Cuts the complete rows of `text`; with `last` the text after the last newline is a row, too.
    pub(crate) fn cut(&mut self, text: &[u8], last: bool) -> Cut {
        self.has_returns = memchr::memchr(b'\r', text).is_some();
        let columns = Some(self.columns.0.len());
        let text = Text { bytes: text, last, longest: self.longest, dialect: &self.dialect, columns };
        cut_counted(text, self.header.as_deref(), &mut Ahead::default())
    }

    /// The cells of a row that was valid when it was cut.
    pub(crate) fn cells(&self, row: &[u8]) -> ByteRecord {
        cells(row, &self.dialect)
    }

    /// The cells of a row of the last text that was cut, with the file's header.
    pub(crate) fn raw(&self, text: &Bytes, row: Range<usize>) -> Raw {
        let bytes = &text[row.clone()];
        if bytes.starts_with(BYTE_ORDER_MARK) {
            return Raw::broken(text.slice(row), RowTrouble::Mark);
        }
        if self.has_returns && has_lone_return(bytes, &self.dialect) {
            return Raw::broken(text.slice(row), RowTrouble::Return);
        }
        let cells = shared_cells(&text.slice(row.clone()), self.columns.0.len(), &self.dialect);
        if cells.len() > CELLS_AT_MOST {
            let got = count_cells(bytes, &self.dialect);
            return Raw::broken(text.slice(row), RowTrouble::Cells { want: self.columns.0.len(), got });
        }
        Raw::Row { columns: Arc::clone(&self.columns), cells }
    }
}

/// Cuts the complete rows of a text, without empty ones and comments.
pub(super) fn cut(text: Text<'_>) -> Cut {
    cut_counted(text, None, &mut Ahead::default())
}

/// The same without rows that repeat the `header`, up to a different header. `ahead` caches the search after broken
/// rows.
pub(super) fn cut_counted(text: Text<'_>, header: Option<&FirstHeader>, ahead: &mut Ahead) -> Cut {
    let mut cut = Cut::default();
    let mut at = 0;
    while at < text.bytes.len() && cut.records.len() < RECORDS_AT_MOST {
        // A row after a byte-order mark is rejected, but as a whole: a quote after the mark opens a cell.
        let start = at + mark_length(text.bytes.get(at..).unwrap_or_default());
        if let Some(next) = text.passed_over(start) {
            at = next;
            continue;
        }
        let Some(row) = text.row(start, ahead) else { break };
        if row.content.is_empty() && row.flaw.is_none() {
            at = row.next;
            continue;
        }
        let content = text.bytes.get(start..row.content.end).unwrap_or_default();
        let found = header.map_or(Among::Row, |header| match row.flaw {
            Some(_) => header.judge_broken(content, text.dialect),
            None => header.judge(content, text.dialect),
        });
        match found {
            Among::Row => {}
            Among::Same => {
                cut.headers.push(start);
                at = row.next;
                continue;
            }
            Among::Other(line) => {
                cut.other_header = Some(start + line);
                // The broken row before it is a record of its own.
                if let Some(flaw) = row.flaw.filter(|_| line > 0) {
                    cut.flaws.push((cut.records.len(), flaw));
                    cut.records.push(at..start + without_line_end(content, line));
                    at = start + line;
                }
                break;
            }
        }
        if let Some(flaw) = row.flaw {
            cut.flaws.push((cut.records.len(), flaw));
        }
        cut.records.push(at..row.content.end);
        at = row.next;
    }
    cut.consumed = at;
    cut
}

/// Where the line ends, without its end, that another one begins behind at `next`.
fn without_line_end(text: &[u8], next: usize) -> usize {
    let line = text.get(..next).unwrap_or_default();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}
