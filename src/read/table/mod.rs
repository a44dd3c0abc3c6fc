//! CSV and TSV: the rows after a header.
//!
//! Rows are cut here and not by the csv crate because reading must continue at a row's exact first byte, because that
//! crate accepts broken quotes, and because the cells that matter are long: a search for the next quote or line end
//! skips a vector in one step. For valid quotes the cells are the same as that crate's; a test compares the two.

mod cells;
mod delimiters;
mod dialect;
mod evidence;
mod grammar;
mod header;
mod last_line;
mod rows;
mod second_header;
#[cfg(test)]
mod tests;

pub(crate) use self::cells::CELLS_AT_MOST;
pub(crate) use self::delimiters::{Delimiter, delimiter, mentions_vector};
pub(crate) use self::dialect::{Tables, named_delimiter};
pub(crate) use self::header::{Header, HeaderFlaw, header, is_only_header};
pub(crate) use self::rows::Rows;
