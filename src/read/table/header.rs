//! The row with the column names of a table.

use std::collections::HashSet;

use super::super::cut::QuoteFlaw;
use super::super::word_vectors::WordVectors;
use super::cells::{CELLS_AT_MOST, cells, count_cells, has_lone_return};
use super::dialect::{Dialect, Tables, named_delimiter};
use super::evidence::{dimension, looks_like_data};
use super::grammar::{Ahead, Row, Text};
use super::rows::Rows;
use super::second_header::FirstHeader;
use crate::record::Columns;
use crate::record::names::VECTORS;
use crate::record::wide::Wide;

/// Why a header cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeaderFlaw {
    /// The row looks like data because of this cell; the options name the apparent key and vector columns.
    Missing { cell: String, columns: String },
    /// It is not a header: the text has word vectors and must be changed.
    Words(WordVectors),
    /// Two columns share this name.
    Duplicate(String),
    /// Lines end in a carriage return alone, so that the whole file is one row.
    LineEnds,
    /// There are too many columns: this many.
    Wide(usize),
    /// There is only one column, of this name.
    NoTable(String),
    /// The row at this offset has a quoting error.
    Quote(usize, QuoteFlaw),
}

/// The result of reading the start of a table.
#[derive(Debug)]
pub(crate) enum Header {
    /// The columns are known, and this many bytes are done.
    Found(Rows, usize),
    /// The current text has no row, and this many bytes of it are done.
    Missing(usize),
}

/// Reads the header of the table that begins with `text`; with `last` nothing follows it.
pub(crate) fn header(
    text: &[u8],
    last: bool,
    longest: usize,
    delimiter: u8,
    tables: &Tables,
) -> Result<Header, HeaderFlaw> {
    let dialect = Dialect::new(tables, delimiter);
    let known = Text { bytes: text, last, longest, dialect: &dialect, columns: None };
    let mut start = named_delimiter(text).map_or(0, |(_, length)| length);
    while let Some(next) = known.passed_over(start) {
        start = next;
    }
    if delimiter == b' '
        && let Some(words) = WordVectors::of(text, last).filter(|words| words.needs_change())
    {
        return Err(HeaderFlaw::Words(words));
    }
    let found =
        if tables.has_header { known.row(start, &mut Ahead::default()) } else { first_row(known, start) };
    let Some(row) = found.filter(|_| start < text.len()) else {
        return Ok(Header::Missing(if last { text.len() } else { 0 }));
    };
    let content = text.get(row.content.clone()).unwrap_or_default();
    if !tables.has_header && row.flaw.is_some() && !has_old_line_ends(content) {
        return Ok(match columns_behind(known, row.next) {
            Some(columns) => Header::Found(Rows::new(dialect, numbered(columns), longest), start),
            None => Header::Missing(0),
        });
    }
    if let Some(flaw) = row.flaw {
        return Err(if has_old_line_ends(content) {
            HeaderFlaw::LineEnds
        } else {
            HeaderFlaw::Quote(start, flaw)
        });
    }
    if has_lone_return(content, &dialect) {
        return Err(HeaderFlaw::LineEnds);
    }
    let cells = cells(content, &dialect);
    if cells.len() > CELLS_AT_MOST {
        return Err(HeaderFlaw::Wide(count_cells(content, &dialect)));
    }
    if !tables.has_header {
        return Ok(Header::Found(Rows::new(dialect, numbered(cells.len()), longest), start));
    }
    let name = |cell| String::from_utf8_lossy(cell).trim().to_owned();
    let names = Columns(cells.iter().map(name).collect());
    check(&names, &dialect, tables)?;
    let first = FirstHeader::new(content, &names, tables);
    Ok(Header::Found(Rows::new(dialect, names, longest).under(first), row.next))
}

/// Whether a text of one row can be a header of vectors, as that of a table without rows; none where its own error says what
/// it is.
pub(crate) fn is_only_header(text: &[u8], delimiter: u8, tables: &Tables) -> Option<bool> {
    let Ok(Header::Found(rows, _)) = header(text, true, text.len(), delimiter, tables) else { return None };
    let wide = tables.vector.as_deref().and_then(Wide::of);
    let is_of_a_vector = |name: &String| {
        is_of_a_vector(name, tables) || wide.as_ref().is_some_and(|wide| wide.matches("", name).is_some())
    };
    Some(rows.columns().0.iter().any(is_of_a_vector))
}

/// The first row of a table without a header, which shows how many columns there are.
fn first_row(text: Text<'_>, start: usize) -> Option<Row> {
    let loose = Dialect { multiline_cells: true, ..text.dialect.clone() };
    let row = Text { dialect: &loose, ..text }.row(start, &mut Ahead::default())?;
    if row.flaw.is_some() {
        return Some(row);
    }
    let columns = cells(text.bytes.get(row.content)?, text.dialect).len();
    Text { columns: Some(columns), ..text }.row(start, &mut Ahead::default())
}

/// The number of cells in the rows after a broken first one, which is rejected and does not count; `None` if the text
/// ends before a valid row.
fn columns_behind(text: Text<'_>, mut at: usize) -> Option<usize> {
    let loose = Dialect { multiline_cells: true, ..text.dialect.clone() };
    let text = Text { dialect: &loose, ..text };
    while at < text.bytes.len() {
        if let Some(next) = text.passed_over(at) {
            at = next;
            continue;
        }
        let row = text.row(at, &mut Ahead::default())?;
        if row.flaw.is_none() {
            return Some(cells(text.bytes.get(row.content)?, text.dialect).len());
        }
        at = row.next;
    }
    // If all rows are broken, all are rejected, whatever their columns.
    text.last.then_some(1)
}

/// Columns named by their numbers.
fn numbered(count: usize) -> Columns {
    Columns((1..=count).map(|number| number.to_string()).collect())
}

/// Whether the row contains a carriage return that is not part of a line end.
fn has_old_line_ends(row: &[u8]) -> bool {
    let mut behind = row.iter().skip(1).chain(std::iter::once(&b'\n'));
    row.iter().any(|byte| behind.next() != Some(&b'\n') && *byte == b'\r')
}

fn check(names: &Columns, dialect: &Dialect, tables: &Tables) -> Result<(), HeaderFlaw> {
    let names = &names.0;
    if names.iter().any(|name| has_old_line_ends(name.as_bytes())) {
        return Err(HeaderFlaw::LineEnds);
    }
    if let Some(value) = names.iter().find(|name| looks_like_data(name, dialect)) {
        let cell = value.chars().take(40).collect();
        return Err(HeaderFlaw::Missing { cell, columns: likely_columns(names, dialect) });
    }
    let mut known = HashSet::new();
    // Spreadsheets leave unnamed columns after the last one.
    if let Some(name) = names.iter().find(|name| !name.is_empty() && !known.insert(*name)) {
        return Err(HeaderFlaw::Duplicate(name.clone()));
    }
    match names.as_slice() {
        [name] if !tables.is_beside && !is_of_a_vector(name, tables) => {
            Err(HeaderFlaw::NoTable(name.chars().take(40).collect()))
        }
        _ => Ok(()),
    }
}

/// The options that select the key and the vector by column number, guessed from a row of data.
fn likely_columns(row: &[String], dialect: &Dialect) -> String {
    const NUMBERS_AT_LEAST: usize = 3;
    if let Some(vector) = row.iter().position(|cell| dimension(cell.as_bytes(), dialect).is_some()) {
        let key = if vector == 0 { 2 } else { 1 };
        return format!("--key {key} --vector {}", vector + 1);
    }
    let is_number = |cell: &&String| cell.parse::<f64>().is_ok();
    let key = row.iter().position(|cell| !is_number(&cell)).unwrap_or(0);
    let others = row.iter().enumerate().filter(|(index, _)| *index != key);
    if row.len() > NUMBERS_AT_LEAST && others.into_iter().all(|(_, cell)| is_number(&cell)) {
        return format!("--key {} --vector '*'", key + 1);
    }
    "--key 1 --vector 2".to_owned()
}

/// Whether the only column of a table can be that of its vectors.
fn is_of_a_vector(name: &str, tables: &Tables) -> bool {
    let is_it = |other: &str| name.eq_ignore_ascii_case(other);
    tables.vector.as_deref().map_or_else(|| VECTORS.into_iter().any(is_it), is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(text: &str) -> Option<HeaderFlaw> {
        header(text.as_bytes(), true, 1 << 20, b',', &Tables::default()).err()
    }

    #[test]
    fn a_header_that_cannot_name_columns_is_reported() {
        let missing = |cell: &str, columns: &str| {
            Some(HeaderFlaw::Missing { cell: cell.to_owned(), columns: columns.to_owned() })
        };
        let no_table = |cell: &str| Some(HeaderFlaw::NoTable(cell.to_owned()));
        let cases = [
            ("key,vector", None),
            (" key ,\"vector\"", None),
            (",0,1,2", None),
            ("key,vector,,", None),
            ("doc-1,\"[0.1, 0.2]\"", missing("[0.1, 0.2]", "--key 1 --vector 2")),
            ("doc-1,-0.25,1", missing("-0.25", "--key 1 --vector 2")),
            ("doc-1,-0.25,1,0.5", missing("-0.25", "--key 1 --vector '*'")),
            ("0.25,1,0.5,doc-1", missing("0.25", "--key 4 --vector '*'")),
            ("7,0.25,1,0.5", missing("0.25", "--key 1 --vector '*'")),
            ("[0.5],doc-1", missing("[0.5]", "--key 2 --vector 1")),
            ("0.1 0.2,doc-1", missing("0.1 0.2", "--key 2 --vector 1")),
            ("doc-1,0.1 0.2", missing("0.1 0.2", "--key 1 --vector 2")),
            ("key,vector,key", Some(HeaderFlaw::Duplicate("key".to_owned()))),
            ("key,vector\ra,1 2\rb,3 4\r", Some(HeaderFlaw::LineEnds)),
            ("key,\"vector\"\ra,1 2\rb,3 4\r", Some(HeaderFlaw::LineEnds)),
            ("key,vector\r ,1 2\n", Some(HeaderFlaw::LineEnds)),
            ("key,vector\r\r\na,1 2\n", None),
            ("key,\"a\r\nvector\"", None),
            ("hello world\n", no_table("hello world")),
            ("Vector\n", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(flaw(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_only_column_may_be_the_vector_that_the_user_names() {
        let tables = Tables { vector: Some("feature".to_owned()), ..Tables::default() };
        let flaw = |text: &str| header(text.as_bytes(), true, 1 << 20, b',', &tables).err();
        assert_eq!(flaw("Feature\n0.5 0.25\n"), None);
        assert_eq!(flaw("vector\n0.5 0.25\n"), Some(HeaderFlaw::NoTable("vector".to_owned())));
    }

    #[test]
    fn a_header_whose_quotes_may_have_taken_rows_is_no_header() {
        for text in [
            "id,vector,\"note\na,[1 2],x\nb,[3 4],y\"\nc,[5 6],z\n",
            "id,vector,\"note\na,[1 2],y\"\n",
            "id,vector,\"note\na,[1 2],y\n",
            "id,vector,note\"\na,[1 2],y\n",
            "id,\"vec\"tor\na,[1 2]\n",
        ] {
            assert!(matches!(flaw(text), Some(HeaderFlaw::Quote(0, _))), "{text}: {:?}", flaw(text));
        }
    }

    #[test]
    fn comments_and_a_spreadsheets_first_line_are_passed_over() {
        let tables = Tables { comment: Some(b'#'), ..Tables::default() };
        let text = b"sep=;\r\n# it's \"\n\nid;vector\na;[1 2]\n";
        let Ok(Header::Found(rows, end)) = header(text, true, 1 << 20, b';', &tables) else {
            panic!("no header");
        };
        assert_eq!((rows.columns().0.join(" "), text.get(end..)), ("id vector".into(), text.get(27..)));
    }

    #[test]
    fn without_a_header_columns_are_named_by_their_numbers() {
        let tables = Tables { has_header: false, ..Tables::default() };
        let text = b"\na,\"[1,\n2]\",\"x, y\nz\"\n";
        let Ok(Header::Found(rows, end)) = header(text, true, 1 << 20, b',', &tables) else {
            panic!("no columns");
        };
        assert_eq!((rows.columns().0.join(" "), end), ("1 2 3".into(), 1));
    }

    #[test]
    fn without_a_header_a_broken_first_row_is_rejected_by_itself() {
        let tables = Tables { has_header: false, ..Tables::default() };
        let text = b"a,[1 2],\"x\"y\n\nb,[3 4],z\n";
        let Ok(Header::Found(mut rows, 0)) = header(text, true, 1 << 20, b',', &tables) else {
            panic!("no columns");
        };
        assert_eq!(rows.columns().0.join(" "), "1 2 3");
        let cut = rows.cut(text, true);
        assert_eq!((cut.records.len(), cut.flaws.first().map(|(index, _)| *index)), (2, Some(0)));
        assert!(matches!(header(b"a,[1 2],\"x\"y\n", false, 1 << 20, b',', &tables), Ok(Header::Missing(0))));
    }
}
