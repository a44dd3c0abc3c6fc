//! CSV and TSV: rows, their cells and the header.
//!
//! Rows are cut here and not by the csv crate because a row's exact first byte is needed to continue there, and
//! because the cells that matter are long: a search for the next quote or delimiter passes a vector in one step.
//! The rules are that crate's, and a test compares the two.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use csv::ByteRecord;
use memchr::{memchr, memchr2};

use super::error::Tear;
use super::{Cut, Flaw, RECORDS_AT_MOST, mark_length};
use crate::put::record::{Columns, Raw};

/// Cuts the rows of one file.
#[derive(Debug)]
pub(super) struct Rows {
    delimiter: u8,
    columns: Arc<Columns>,
}

/// Why a header cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderFlaw {
    /// The row looks like data because of this cell.
    Missing(String),
    /// Two columns share this name.
    Duplicate(String),
    /// Lines end in a carriage return alone, so that the whole file is one row.
    LineEnds,
}

impl Rows {
    /// Takes the names of the columns from the row `header`.
    pub(super) fn new(header: &[u8], delimiter: u8) -> Result<Self, HeaderFlaw> {
        let cells = cells(header, delimiter);
        let names: Vec<String> =
            cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        if names.iter().any(|name| name.replace("\r\n", "").contains('\r')) {
            return Err(HeaderFlaw::LineEnds);
        }
        if let Some(value) = names.iter().find(|name| looks_like_data(name)) {
            return Err(HeaderFlaw::Missing(value.chars().take(40).collect()));
        }
        let mut known = HashSet::new();
        // Spreadsheets leave columns without a name behind the last one.
        if let Some(name) = names.iter().find(|name| !name.is_empty() && !known.insert(*name)) {
            return Err(HeaderFlaw::Duplicate(name.clone()));
        }
        Ok(Self { delimiter, columns: Arc::new(Columns(names)) })
    }

    /// Cuts the complete rows of `text`; with `last` what follows the last newline is a row too.
    pub(super) fn cut(&self, text: &[u8], last: bool) -> Result<Cut, Flaw> {
        cut(text, self.delimiter, last)
    }

    /// The cells of a row under the file's header.
    pub(super) fn raw(&self, row: &[u8]) -> Raw {
        Raw::Row { columns: Arc::clone(&self.columns), cells: cells(row, self.delimiter) }
    }
}

/// Whether a cell of the first row is a value and no name; whole numbers do name the columns of wide tables.
fn looks_like_data(cell: &str) -> bool {
    cell.starts_with('[') || (cell.contains('.') && cell.parse::<f64>().is_ok())
}

/// Cuts the complete rows of `text`, blank ones left out.
pub(super) fn cut(text: &[u8], delimiter: u8, last: bool) -> Result<Cut, Flaw> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < text.len() && records.len() < RECORDS_AT_MOST {
        // Where files were concatenated a mark stands inside, and a quote behind it opens a cell.
        let start = at + mark_length(text.get(at..).unwrap_or_default());
        let end = match row_end(text, start, delimiter) {
            RowEnd::Newline(end) => end,
            RowEnd::OpenQuote if last && records.is_empty() => {
                return Err(Flaw::unfinished(start, Tear::Quote));
            }
            RowEnd::Text if last => text.len(),
            RowEnd::OpenQuote | RowEnd::Text => break,
        };
        records.extend(without_carriage_return(text, start..end));
        at = text.len().min(end + 1);
    }
    Ok(Cut { records, consumed: at })
}

/// How a row ends.
enum RowEnd {
    /// By the newline at this offset.
    Newline(usize),
    /// By the end of the text.
    Text,
    /// By the end of the text inside quotes.
    OpenQuote,
}

/// Finds the end of the row that starts at `start`: the first newline outside quotes.
fn row_end(text: &[u8], start: usize, delimiter: u8) -> RowEnd {
    let mut at = start;
    while let Some(hit) = text.get(at..).and_then(|rest| memchr2(b'"', b'\n', rest)) {
        let hit = at + hit;
        if text.get(hit) == Some(&b'\n') {
            return RowEnd::Newline(hit);
        }
        // A quote opens a cell only at the cell's start; elsewhere it is text.
        let opens = hit == start || text.get(hit - 1) == Some(&delimiter);
        at = if opens {
            match closing_quote(text, hit + 1) {
                Some(closing) => closing + 1,
                None => return RowEnd::OpenQuote,
            }
        } else {
            hit + 1
        };
    }
    RowEnd::Text
}

/// Finds the quote that closes a cell whose content starts at `at`; a doubled one is text.
fn closing_quote(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let quote = at + memchr(b'"', text.get(at..)?)?;
        if text.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        at = quote + 2;
    }
}

/// The row without the carriage return of its line end, or none when nothing but spaces is left.
fn without_carriage_return(text: &[u8], row: Range<usize>) -> Option<Range<usize>> {
    let content = text.get(row.clone())?;
    let length = content.strip_suffix(b"\r").unwrap_or(content).len();
    let blank = content.iter().take(length).all(|byte| *byte == b' ');
    (!blank).then_some(row.start..row.start + length)
}

/// The cells of one row, unquoted.
pub(super) fn cells(row: &[u8], delimiter: u8) -> ByteRecord {
    let mut cells = ByteRecord::with_capacity(row.len(), 8);
    let mut rest = row;
    loop {
        let after = match rest.split_first() {
            Some((b'"', quoted)) => push_quoted(&mut cells, quoted, delimiter),
            _ => push_plain(&mut cells, rest, delimiter),
        };
        match after {
            Some(after) => rest = after,
            None => return cells,
        }
    }
}

/// Adds the cell that `rest` starts with and gives what is behind its delimiter, if it has one.
fn push_plain<'a>(cells: &mut ByteRecord, rest: &'a [u8], delimiter: u8) -> Option<&'a [u8]> {
    let (cell, after) = rest.split_at(memchr(delimiter, rest).unwrap_or(rest.len()));
    cells.push_field(cell);
    after.get(1..)
}

/// Adds the cell whose content behind the opening quote `quoted` starts with, and gives what is behind its delimiter.
fn push_quoted<'a>(cells: &mut ByteRecord, quoted: &'a [u8], delimiter: u8) -> Option<&'a [u8]> {
    let (content, behind) = match closing_quote(quoted, 0) {
        Some(closing) => (quoted.get(..closing)?, quoted.get(closing + 1..)?),
        None => (quoted, &[][..]),
    };
    // Most cells hold no quote and have nothing between quote and delimiter: they need no second copy.
    if memchr(b'"', content).is_none() && behind.first().is_none_or(|byte| *byte == delimiter) {
        cells.push_field(content);
        return behind.get(1..);
    }
    let (tail, after) = behind.split_at(memchr(delimiter, behind).unwrap_or(behind.len()));
    let mut cell = Vec::with_capacity(content.len() + tail.len());
    let mut doubled = false;
    for byte in content {
        doubled = *byte == b'"' && !doubled;
        if !doubled {
            cell.push(*byte);
        }
    }
    cell.extend_from_slice(tail);
    cells.push_field(&cell);
    after.get(1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, last: bool) -> (Vec<&str>, usize) {
        let cut = cut(text.as_bytes(), b',', last).map_err(|flaw| flaw.at).unwrap();
        (cut.records.into_iter().map(|range| text.get(range).unwrap()).collect(), cut.consumed)
    }

    #[test]
    fn rows_end_at_newlines_outside_quotes() {
        assert_eq!(rows("a,b\r\n\r\n  \nc,\"d\n,\"\"\n\"\n", false), (vec!["a,b", "c,\"d\n,\"\"\n\""], 21));
        assert_eq!(rows("5\" disk,b\nc,x\"y\n", false), (vec!["5\" disk,b", "c,x\"y"], 16));
        assert_eq!(rows("\u{feff}\"a\nb\"\n", false), (vec!["\"a\nb\""], 9));
    }

    #[test]
    fn a_row_without_its_newline_counts_only_at_the_end() {
        assert_eq!(rows("a\nb", false), (vec!["a"], 2));
        assert_eq!(rows("a\nb", true), (vec!["a", "b"], 3));
        assert_eq!(rows("a\n\"b\n", false), (vec!["a"], 2));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_a_flaw_once_the_rows_before_it_are_cut() {
        assert_eq!(rows("a\n\"b\nc\n", true), (vec!["a"], 2));
        assert_eq!(cut(b"\"b\nc\n", b',', true).unwrap_err().at, 0);
    }

    #[test]
    fn cells_are_those_that_the_csv_crate_reads() {
        for row in [
            "a",
            "",
            ",",
            "a,",
            ",a",
            r#""""#,
            r#""a""b",c"#,
            r#""a"b"c",d"#,
            r#"a"b,"c,d""#,
            r#"""""",x"#,
            "\"a\nb\",\"c",
        ] {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let mut expected = ByteRecord::new();
            let found = reader.read_byte_record(&mut expected).unwrap();
            assert!(!found || cells(row.as_bytes(), b',') == expected, "{row:?}");
        }
    }

    #[test]
    fn a_header_that_cannot_name_columns_is_told() {
        let missing = |cell: &str| Some(HeaderFlaw::Missing(cell.to_owned()));
        let cases = [
            ("key,vector", None),
            (" key ,\"vector\"", None),
            (",0,1,2", None),
            ("key,vector,,", None),
            ("doc-1,\"[0.1, 0.2]\"", missing("[0.1, 0.2]")),
            ("doc-1,-0.25,1", missing("-0.25")),
            ("key,vector,key", Some(HeaderFlaw::Duplicate("key".to_owned()))),
            ("key,vector\ra,1 2\rb,3 4\r", Some(HeaderFlaw::LineEnds)),
            ("key,\"a\r\nvector\"", None),
        ];
        for (header, flaw) in cases {
            assert_eq!(Rows::new(header.as_bytes(), b',').err(), flaw, "{header}");
        }
    }
}
