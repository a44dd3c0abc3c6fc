//! The cells of one row whose quotes are valid, unquoted.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use csv::ByteRecord;
use memchr::{memchr, memchr2};

use super::dialect::Dialect;
use crate::record::Cells;

/// Maximum number of cells of a row that are kept. The place of each takes memory, so that a row of nothing but
/// delimiters would take many times its text; one column per element of the largest vector is far below.
pub(crate) const CELLS_AT_MOST: usize = 100_000;

/// The cells of `row`, whose quotes are valid; beyond [`CELLS_AT_MOST`] only one more.
pub(crate) fn cells(row: &[u8], dialect: &Dialect) -> ByteRecord {
    let mut cells = ByteRecord::new();
    for place in (Walk { row, rest: Some(0), dialect }).take(CELLS_AT_MOST + 1) {
        let content = row.get(place.content).unwrap_or_default();
        let content =
            if place.has_pairs { unescaped(content, dialect).into() } else { Cow::Borrowed(content) };
        cells.push_field(&content);
    }
    cells
}

/// The same without copies, of a row that should have so many `columns`.
pub(crate) fn shared_cells(row: &Bytes, columns: usize, dialect: &Dialect) -> Cells {
    // No row has more cells than it has bytes, and one.
    let mut cells = Cells::with_capacity(row.clone(), columns.min(row.len() + 1));
    for place in (Walk { row, rest: Some(0), dialect }).take(CELLS_AT_MOST + 1) {
        if place.has_pairs {
            cells.push_copy(&unescaped(row.get(place.content).unwrap_or_default(), dialect));
        } else {
            cells.push_part(place.content);
        }
    }
    cells
}

/// The number of cells in `row`, without a limit.
pub(crate) fn count_cells(row: &[u8], dialect: &Dialect) -> usize {
    Walk { row, rest: Some(0), dialect }.count()
}

/// The cell in this `column` as it is written, including quotes.
pub(crate) fn cell<'a>(row: &'a [u8], column: usize, dialect: &Dialect) -> Option<&'a [u8]> {
    let mut cells = Walk { row, rest: Some(0), dialect };
    let start = match column.checked_sub(1) {
        Some(before) => cells.nth(before).and(cells.rest)?,
        None => 0,
    };
    let end = cells.next().and(cells.rest).map_or(row.len(), |next| next - 1);
    row.get(start..end)
}

/// Goes through the cells of a row.
struct Walk<'a> {
    row: &'a [u8],
    /// Where the next cell starts, if there is one.
    rest: Option<usize>,
    dialect: &'a Dialect,
}

/// Where a cell is in its row.
struct Place {
    /// What is between its quotes, or all of it.
    content: Range<usize>,
    is_quoted: bool,
    /// Whether pairs of bytes in it stand for one.
    has_pairs: bool,
}

impl Iterator for Walk<'_> {
    type Item = Place;

    #[inline]
    fn next(&mut self) -> Option<Place> {
        let start = self.rest?;
        let rest = self.row.get(start..)?;
        Some(match rest.split_first() {
            Some((first, quoted)) if self.dialect.is_quote(*first) => self.quoted(start + 1, quoted),
            _ => self.plain(start, rest),
        })
    }
}

impl Walk<'_> {
    fn plain(&mut self, start: usize, rest: &[u8]) -> Place {
        let (end, has_pairs) = self.end_of_plain(rest);
        self.rest = end.map(|end| start + end + 1);
        let cell = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let is_null = self.dialect.null.as_deref() == Some(cell) || (has_pairs && cell == NULL);
        let length = if is_null { 0 } else { cell.len() };
        Place { content: start..start + length, is_quoted: false, has_pairs: has_pairs && !is_null }
    }

    /// Where the delimiter after an unquoted cell is, and whether there are escapes before it.
    fn end_of_plain(&self, rest: &[u8]) -> (Option<usize>, bool) {
        let delimiter = self.dialect.delimiter;
        let Some(escape) = self.dialect.cell_escape() else { return (memchr(delimiter, rest), false) };
        let mut at = 0;
        loop {
            let hit = memchr2(delimiter, escape, rest.get(at..).unwrap_or_default()).map(|hit| at + hit);
            match hit {
                Some(hit) if rest.get(hit) == Some(&escape) => at = hit + 2,
                end => return (end, at > 0),
            }
        }
    }

    /// The cell whose content starts at `start`, with `quoted`.
    fn quoted(&mut self, start: usize, quoted: &[u8]) -> Place {
        let (mut at, mut has_pairs) = (0, false);
        loop {
            let rest = quoted.get(at..).unwrap_or_default();
            let special = next_special(rest, self.dialect).unwrap_or(rest.len());
            at += special;
            if pair(rest.get(special..).unwrap_or_default(), self.dialect).is_none() {
                break;
            }
            has_pairs = true;
            at += 2;
        }
        // A delimiter follows the quote, or nothing.
        self.rest = (at + 2 <= quoted.len()).then_some(start + at + 2);
        Place { content: start..start + at, is_quoted: true, has_pairs }
    }
}

/// The byte that the first two of `text`, which begins with a quote or an escape, stand for.
fn pair(text: &[u8], dialect: &Dialect) -> Option<u8> {
    match text {
        [escape, other, ..] if Some(*escape) == dialect.escape => Some(*other),
        [quote, second, ..] if quote == second => Some(*quote),
        _ => None,
    }
}

/// An unquoted cell without a value, as databases dump it.
const NULL: &[u8] = br"\N";

/// The `content` of an unquoted cell with what its escapes stand for.
fn unescaped_plain(content: &[u8], escape: u8) -> Vec<u8> {
    let mut text = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr(escape, rest) {
        text.extend_from_slice(rest.get(..at).unwrap_or_default());
        // PostgreSQL: COPY, "Text Format"; MySQL: LOAD DATA, "FIELDS ESCAPED BY".
        text.extend(rest.get(at + 1).map(|byte| match byte {
            b'0' => b'\0',
            b'b' => b'\x08',
            b'f' => b'\x0c',
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => b'\x0b',
            b'Z' => b'\x1a',
            other => *other,
        }));
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    text
}

/// The `content` of a cell with what its pairs stand for.
fn unescaped(content: &[u8], dialect: &Dialect) -> Vec<u8> {
    if let Some(escape) = dialect.cell_escape() {
        return unescaped_plain(content, escape);
    }
    let mut text = Vec::with_capacity(content.len());
    let mut rest = content;
    loop {
        let (plain, special) = rest.split_at(next_special(rest, dialect).unwrap_or(rest.len()));
        text.extend_from_slice(plain);
        let Some(byte) = pair(special, dialect) else { return text };
        text.push(byte);
        rest = special.get(2..).unwrap_or_default();
    }
}

/// Whether an unquoted cell of `row` contains a quote.
pub(crate) fn has_quote_as_text(row: &[u8], dialect: &Dialect) -> bool {
    dialect.quote.is_some_and(|quote| has_plain(row, quote, dialect))
}

/// Whether `row` contains a carriage return outside of quoted cells, where it may end a row.
pub(crate) fn has_lone_return(row: &[u8], dialect: &Dialect) -> bool {
    memchr(b'\r', row).is_some() && has_plain(row, b'\r', dialect)
}

/// Whether an unquoted cell of `row` contains this byte.
fn has_plain(row: &[u8], byte: u8, dialect: &Dialect) -> bool {
    let mut plain = Walk { row, rest: Some(0), dialect }.filter(|cell| !cell.is_quoted);
    plain.any(|cell| row.get(cell.content).is_some_and(|cell| memchr(byte, cell).is_some()))
}

/// Where the next quote or escape is.
fn next_special(text: &[u8], dialect: &Dialect) -> Option<usize> {
    let quote = dialect.quote?;
    dialect.escape.map_or_else(|| memchr(quote, text), |escape| memchr2(quote, escape, text))
}

#[cfg(test)]
mod tests {
    use super::super::Tables;
    use super::*;

    #[test]
    fn cells_are_those_that_the_csv_crate_reads() {
        for row in [
            "a",
            ",",
            "a,",
            ",a",
            r#""""#,
            r#""a""b",c"#,
            r#"a"b,"c,d""#,
            r#"a"b"c,d"#,
            r#""""""",x"#,
            "\"a\nb\",\"c\"",
        ] {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let mut expected = ByteRecord::new();
            assert!(reader.read_byte_record(&mut expected).unwrap());
            let dialect = Dialect::new(&Tables::default(), b',');
            assert_eq!(cells(row.as_bytes(), &dialect), expected, "{row:?}");
            let shared = shared_cells(&Bytes::from(row), 1, &dialect);
            assert!(shared.iter().eq(&expected), "{row:?}");
            let written: Vec<_> = (0..).map_while(|column| cell(row.as_bytes(), column, &dialect)).collect();
            assert_eq!(written.join(&b','), row.as_bytes(), "{row:?}");
            assert_eq!(written.len(), expected.len(), "{row:?}");
        }
    }

    #[test]
    fn of_very_many_cells_only_the_number_is_known() {
        let dialect = Dialect::new(&Tables::default(), b',');
        for cell in ["", "a", r#""""#, r#""x,""y""#] {
            for count in [CELLS_AT_MOST - 1, CELLS_AT_MOST, CELLS_AT_MOST + 1, 3 * CELLS_AT_MOST + 7] {
                let row = vec![cell; count].join(",");
                assert_eq!(cells(row.as_bytes(), &dialect).len(), count.min(CELLS_AT_MOST + 1), "{cell}");
                assert_eq!(count_cells(row.as_bytes(), &dialect), count, "{cell}");
            }
        }
    }

    #[test]
    fn the_dialect_decides_what_a_cell_says() {
        let spark = Tables { escape: Some(b'\\'), ..Tables::default() };
        let plain = Tables { quote: None, ..Tables::default() };
        let single = Tables { quote: Some(b'\''), ..Tables::default() };
        let null = Tables { null: Some("NULL".to_owned()), ..Tables::default() };
        for (tables, row, expected) in [
            (&spark, r#""5\" disk","a\\","b""c",d\"#, vec![r#"5" disk"#, r"a\", r#"b"c"#, r"d\"]),
            (&plain, r#""a,b""#, vec![r#""a"#, r#"b""#]),
            (&single, r#"'a,''b','"',c"#, vec!["a,'b", "\"", "c"]),
            (&null, r#"NULL,"NULL",null,NULLS"#, vec!["", "NULL", "null", "NULLS"]),
        ] {
            let found = cells(row.as_bytes(), &Dialect::new(tables, b','));
            assert_eq!(found, ByteRecord::from(expected), "{row}");
        }
    }
}
