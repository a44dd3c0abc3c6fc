//! How well a delimiter splits the first rows, to choose one.

use super::cells::{cells, has_quote_as_text};
use super::dialect::{Dialect, Tables};
use super::evidence;
use super::grammar::Text;
use super::rows::cut;

/// Whether a cell of the line looks like a vector, with any possible delimiter.
pub(crate) fn mentions_vector(line: &[u8], tables: &Tables) -> bool {
    let delimiters = tables.delimiter.into_iter().chain([b',', b'\t', b';']);
    delimiters.into_iter().any(|delimiter| evidence::holds_vector(line, &Dialect::new(tables, delimiter)))
}

/// How one delimiter splits the first rows.
pub(crate) struct Split {
    /// Cells of the first row.
    pub(crate) columns: usize,
    /// How well the rows fit the delimiter.
    pub(crate) fit: Fit,
}

/// The delimiter of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    Byte(u8),
    /// There is none.
    Missing,
    /// More text is needed to decide.
    Untold,
}

/// The byte that splits the first rows best, if one does; if the name promises a table, there is always one.
pub(crate) fn delimiter(
    text: &[u8],
    whole: bool,
    longest: usize,
    is_promised: bool,
    tables: &Tables,
) -> Delimiter {
    let mut splits = Vec::new();
    for delimiter in [b',', b'\t', b';'] {
        match split(text, whole, longest, &Dialect::new(tables, delimiter)) {
            Some(split) => splits.push((delimiter, split)),
            None if !whole => return Delimiter::Untold,
            None => {}
        }
    }
    let best = splits
        .iter()
        .filter(|(_, split)| split.columns > 1)
        .max_by_key(|(delimiter, split)| (split.fit, is_promised && *delimiter == b',', split.columns));
    match best {
        Some((delimiter, _)) if is_promised || !text.contains(&0) => Delimiter::Byte(*delimiter),
        _ if is_promised => Delimiter::Byte(b','),
        _ => Delimiter::Missing,
    }
}

/// How well a delimiter fits the first rows, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Rows with valid quotes have different numbers of cells.
    Different,
    /// All of those have the same number of cells, but some rows have broken quotes.
    Broken,
    /// All rows have the same number of cells, but some have a quote within an unquoted cell.
    Loose,
    /// All rows have the same number of cells, and each quote belongs to a quoted cell.
    Exact,
}

/// How many rows are compared to see whether a delimiter splits them alike.
const ROWS_COMPARED: usize = 10;

/// Splits the first complete rows; a single row is enough only if it is the whole text.
pub(crate) fn split(text: &[u8], whole: bool, longest: usize, dialect: &Dialect) -> Option<Split> {
    let cut = cut(Text { bytes: text, last: whole, longest, dialect, columns: Some(1) });
    if cut.records.len() < 2 && !whole {
        return None;
    }
    let is_flawed = |index| cut.flaws.iter().any(|(flawed, _)| *flawed == index);
    let rows = || cut.records.iter().filter_map(|row| text.get(row.clone())).enumerate().take(ROWS_COMPARED);
    let (_, first) = rows().next()?;
    let columns = if is_flawed(0) {
        // The delimiters of a broken first row still show how many columns were meant.
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
