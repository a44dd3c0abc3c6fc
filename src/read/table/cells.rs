//! The cells of one row whose quotes are valid, unquoted.

use csv::ByteRecord;
use memchr::{memchr, memchr2};

use super::dialect::Dialect;

/// Maximum number of cells of a row that are kept. The place of each takes memory, so that a row of nothing but
/// delimiters would take many times its text; one column per element of the largest vector is far below.
pub(crate) const CELLS_AT_MOST: usize = 100_000;

/// The cells of `row`, whose quotes are valid; beyond [`CELLS_AT_MOST`] only one more.
pub(crate) fn cells(row: &[u8], dialect: &Dialect) -> ByteRecord {
    let mut cells = ByteRecord::with_capacity(row.len(), 8);
    walk(row, dialect, &mut cells, CELLS_AT_MOST);
    cells
}

/// The number of cells in `row`, without a limit.
pub(crate) fn count_cells(row: &[u8], dialect: &Dialect) -> usize {
    let (mut rest, mut count, mut cells) = (Some(row), 0, ByteRecord::new());
    while let Some(row) = rest {
        cells.clear();
        rest = walk(row, dialect, &mut cells, CELLS_AT_MOST);
        count += cells.len();
    }
    count
}

/// Adds the cells of `row` until there are more than `most`, and returns the rest of the row, if there is one.
#[inline]
fn walk<'a>(row: &'a [u8], dialect: &Dialect, cells: &mut ByteRecord, most: usize) -> Option<&'a [u8]> {
    let mut rest = row;
    loop {
        let after = match rest.split_first() {
            Some((first, quoted)) if dialect.is_quote(*first) => push_quoted(cells, quoted, dialect),
            _ => push_plain(cells, rest, dialect),
        };
        match after {
            Some(after) if cells.len() <= most => rest = after,
            after => return after,
        }
    }
}

/// The cell in this `column` as it is written, including quotes.
pub(crate) fn cell<'a>(row: &'a [u8], column: usize, dialect: &Dialect) -> Option<&'a [u8]> {
    let mut rest = row;
    for _ in 0..column {
        rest = rest.get(length(rest, dialect) + 1..)?;
    }
    rest.get(..length(rest, dialect))
}

/// The length of the cell that `rest` starts with.
fn length(rest: &[u8], dialect: &Dialect) -> usize {
    let to_delimiter = |at: usize| {
        let behind = rest.get(at..).unwrap_or_default();
        at + memchr(dialect.delimiter, behind).unwrap_or(behind.len())
    };
    if !rest.first().is_some_and(|first| dialect.is_quote(*first)) {
        return to_delimiter(0);
    }
    let mut at = 1;
    while let Some(special) = rest.get(at..).and_then(|quoted| next_special(quoted, dialect)) {
        at += special;
        let is_pair = rest.get(at).copied() == dialect.escape || rest.get(at) == rest.get(at + 1);
        if !is_pair {
            return to_delimiter(at);
        }
        at += 2;
    }
    rest.len()
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
    let (mut rest, mut unused) = (row, ByteRecord::new());
    loop {
        unused.clear();
        let after = match rest.split_first() {
            Some((first, quoted)) if dialect.is_quote(*first) => push_quoted(&mut unused, quoted, dialect),
            _ => {
                let after = push_plain(&mut unused, rest, dialect);
                let plain = rest.len() - after.map_or(0, <[u8]>::len);
                if memchr(byte, rest.get(..plain).unwrap_or_default()).is_some() {
                    return true;
                }
                after
            }
        };
        match after {
            Some(after) => rest = after,
            None => return false,
        }
    }
}

/// Adds the cell that `rest` starts with and returns what follows its delimiter, if there is one.
fn push_plain<'a>(cells: &mut ByteRecord, rest: &'a [u8], dialect: &Dialect) -> Option<&'a [u8]> {
    let (cell, after) = rest.split_at(memchr(dialect.delimiter, rest).unwrap_or(rest.len()));
    let is_null = dialect.null.as_deref() == Some(cell);
    cells.push_field(if is_null { &[] } else { cell });
    after.get(1..)
}

/// Adds the quoted cell whose content `quoted` starts with, and returns what follows its delimiter, if there is one.
fn push_quoted<'a>(cells: &mut ByteRecord, quoted: &'a [u8], dialect: &Dialect) -> Option<&'a [u8]> {
    let mut copied = Vec::new();
    let mut rest = quoted;
    loop {
        let (content, special) = rest.split_at(next_special(rest, dialect).unwrap_or(rest.len()));
        let stands_for = match special {
            [escape, other, ..] if Some(*escape) == dialect.escape => Some(other),
            [quote, second, ..] if quote == second => Some(quote),
            _ => None,
        };
        let Some(byte) = stands_for else {
            // Most cells have no escapes: they need no second copy.
            if copied.is_empty() {
                cells.push_field(content);
            } else {
                copied.extend_from_slice(content);
                cells.push_field(&copied);
            }
            return special.get(2..);
        };
        copied.extend_from_slice(content);
        copied.push(*byte);
        rest = special.get(2..)?;
    }
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
