//! How well a delimiter splits the first rows, for whoever has to choose one.

use super::cells::{cells, has_quote_as_text};
use super::dialect::{Dialect, Tables};
use super::evidence;
use super::grammar::Text;
use super::rows::cut;

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

/// What splits the rows of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    Byte(u8),
    /// Nothing.
    Missing,
    /// More of the text will tell.
    Untold,
}

/// The byte that splits the first rows best, if one splits them; a name that promises a table is believed.
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
