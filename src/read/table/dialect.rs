//! The syntax of a table: its delimiter, its quotes and its null text.

/// What the user says about the tables of a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// The byte between cells; detected if it is not given.
    pub delimiter: Option<u8>,
    /// The byte around quoted cells; with `None` no cell is quoted.
    pub quote: Option<u8>,
    /// The byte that escapes a character in a quoted cell, in addition to doubled quotes.
    pub escape: Option<u8>,
    /// The byte that begins a comment line, which is skipped.
    pub comment: Option<u8>,
    /// The text of an unquoted cell that means an empty one.
    pub null: Option<String>,
    /// Whether the first row has the column names; otherwise columns are numbered.
    pub has_header: bool,
    /// Whether quoted cells may contain lines that look like records.
    pub multiline_cells: bool,
    /// The column with the key, if the user names it.
    pub key: Option<String>,
    /// The column with the vector, if the user names it.
    pub vector: Option<String>,
    /// Whether a single column makes a table, as in a companion with keys or metadata.
    pub is_beside: bool,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: Some(b'"'),
            escape: None,
            comment: None,
            null: None,
            has_header: true,
            multiline_cells: false,
            key: None,
            vector: None,
            is_beside: false,
        }
    }
}

/// The bytes that separate the cells of one table.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<u8>,
    pub(crate) null: Option<Box<[u8]>>,
    pub(crate) multiline_cells: bool,
}

impl Dialect {
    /// The dialect of a table with this `delimiter`.
    pub(crate) fn new(tables: &Tables, delimiter: u8) -> Self {
        Self {
            delimiter,
            quote: tables.quote,
            escape: tables.escape,
            comment: tables.comment,
            null: tables.null.as_ref().map(|null| null.as_bytes().into()),
            multiline_cells: tables.multiline_cells,
        }
    }

    /// The escape of cells where none is quoted, as in what databases dump as text.
    pub(crate) fn cell_escape(&self) -> Option<u8> {
        self.escape.filter(|_| self.quote.is_none())
    }

    /// Whether what follows `before` is escaped there: an escape is before it that is not escaped itself.
    pub(crate) fn is_escaped_after(&self, before: &[u8]) -> bool {
        let is_escape = |byte: &&u8| Some(**byte) == self.cell_escape();
        before.iter().rev().take_while(is_escape).count() % 2 == 1
    }

    /// Whether the byte is the quote.
    pub(crate) fn is_quote(&self, byte: u8) -> bool {
        self.quote == Some(byte)
    }
}

/// The delimiter in the first line with which spreadsheets name it, and the length of that line.
pub(crate) fn named_delimiter(text: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let line = text.get(..end)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
            Some((*delimiter, text.len().min(end + 1)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheets_first_line_names_the_delimiter() {
        for (text, named) in [
            ("sep=;\nid;v\n", Some((b';', 6))),
            ("SEP=,\r\nid\n", Some((b',', 7))),
            ("\"sep=\t\"\nid\n", Some((b'\t', 8))),
            ("sep=;", Some((b';', 5))),
            ("sep=;;\n", None),
            ("sep,id\n", None),
            ("", None),
        ] {
            assert_eq!(named_delimiter(text.as_bytes()), named, "{text:?}");
        }
    }
}
