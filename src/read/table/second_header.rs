//! Headers among the rows of a table, as in concatenated files.
//!
//! After a header with the same columns in the same order, the rows continue. After any other one, cells would be
//! stored under the wrong column names. Whether a row is a header depends only on the first header and the row itself.

use std::collections::HashSet;

use super::cells::{CELLS_AT_MOST, cell, cells};
use super::dialect::{Dialect, Tables};
use super::evidence::{dimension, looks_like_data};
use crate::record::Columns;
use crate::record::names::{KEYS, VECTORS};
use crate::record::wide::Wide;

/// Maximum length of a column name, where nothing else shows whether a cell is one.
const NAME_AT_MOST: usize = 1024;

/// How many bytes at the end of a row are searched for a known name.
const NAMES_LOOKED_AT: usize = 1024;

/// Maximum bytes around a name: quotes, whitespace, a line end.
const AROUND_NAME: usize = 64;

/// The header of a table, to recognise others by.
#[derive(Debug)]
pub(super) struct FirstHeader {
    text: Box<[u8]>,
    /// Its names, and the same in lower case.
    names: Vec<String>,
    lower: Vec<String>,
    /// All names that a header may have, in lower case, and those of them that name a key or a vector.
    known: Names,
    keys: HashSet<String>,
    vectors: HashSet<String>,
    /// A column that holds vectors, or a number of each.
    vector: Option<usize>,
    /// Whether its names alone make a header: a row may have one of them as a value, and any numbers.
    names_columns: bool,
}

/// What a row is, compared with the header of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// An ordinary row.
    Row,
    /// A header with the same columns in the same order.
    Same,
    /// Another header, or a row followed by one without a line end in between, on the line at this offset of the text
    /// that was judged.
    Other(usize),
}

impl FirstHeader {
    pub(super) fn new(text: &[u8], columns: &Columns, tables: &Tables) -> Self {
        let lower = |name: &str| name.to_ascii_lowercase();
        let names = columns.0.clone();
        let known_names = |named: &Option<String>, usual: &[&str]| -> HashSet<String> {
            let named = named.iter().flat_map(|name| [name.trim(), first_step(name.trim())]);
            named.chain(usual.iter().copied()).map(lower).collect()
        };
        let keys = known_names(&tables.key, &KEYS);
        let mut vectors = known_names(&tables.vector, &VECTORS);
        if let Some(wide) = tables.vector.as_deref().and_then(Wide::of) {
            vectors
                .extend(names.iter().filter(|name| wide.matches("", name).is_some()).map(|name| lower(name)));
        }
        let lower: Vec<_> = names.iter().map(|name| lower(name)).collect();
        let named = || lower.iter().filter(|name| !name.is_empty());
        Self {
            text: text.into(),
            names_columns: named().count() > 1 && named().any(|name| name.parse::<f64>().is_err()),
            known: Names::new(lower.iter().chain(&keys).chain(&vectors).cloned().collect()),
            vector: lower.iter().position(|name| vectors.contains(name)),
            names,
            lower,
            keys,
            vectors,
        }
    }

    /// Judges a row with valid quotes.
    pub(super) fn judge(&self, row: &[u8], dialect: &Dialect) -> Among {
        // Without a vector, the only column may hold any text, and columns with numbers for names any numbers.
        if !self.names_columns && self.vector.is_none() {
            return Among::Row;
        }
        if row == &*self.text {
            return Among::Same;
        }
        if !self.may_be_one(row, dialect) {
            return Among::Row;
        }
        let found = cells(row, dialect);
        let vector =
            self.vector.and_then(|column| found.get(column)).filter(|_| found.len() == self.names.len());
        let is_record = vector.is_some_and(|cell| is_numbers(cell, dialect));
        let may_be_record = vector.is_some_and(|cell| self.is_like_base64(cell));
        let found: Vec<_> =
            found.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        if !may_be_record && self.is_header(&found, dialect) {
            return if self.is_same(&found) { Among::Same } else { Among::Other(0) };
        }
        if !is_record && self.has_at_end(&found, dialect, may_be_record) {
            return Among::Other(0);
        }
        Among::Row
    }

    /// The same for lines that are rejected because of their quotes.
    pub(super) fn judge_broken(&self, lines: &[u8], dialect: &Dialect) -> Among {
        let mut at = 0;
        for line in lines.split(|byte| *byte == b'\n') {
            let found: Vec<_> =
                line.split(|byte| *byte == dialect.delimiter).take(CELLS_AT_MOST + 1).collect();
            let found: Vec<_> = found.into_iter().map(|piece| unquoted(piece, dialect)).collect();
            let is_one = self.is_header(&found, dialect) && !self.is_same(&found);
            if is_one || self.has_at_end(&found, dialect, false) {
                return Among::Other(at);
            }
            at += line.len() + 1;
        }
        Among::Row
    }

    /// Whether a row is worth a closer look. The cost does not grow with the cells after the vector.
    fn may_be_one(&self, row: &[u8], dialect: &Dialect) -> bool {
        let most = self.known.longest + AROUND_NAME;
        let near_start = row.get(..most).unwrap_or(row);
        let near_end = row.get(row.len().saturating_sub(most.max(NAMES_LOOKED_AT))..).unwrap_or(row);
        let is_known = |cell: &[u8]| cell.len() < most && self.known.has_quoted(cell, dialect);
        let is_number = |cell: &&[u8]| cell.trim_ascii().first().is_none_or(|byte| is_of_numbers(*byte));
        let ends_with_known = || {
            let mut pieces = near_end.rsplit(|byte| *byte == dialect.delimiter);
            pieces.next().is_some_and(is_known) || pieces.filter(|piece| !is_number(piece)).any(is_known)
        };
        near_start.split(|byte| *byte == dialect.delimiter).next().is_some_and(is_known)
            || ends_with_known()
            || self.lacks_vector(row, dialect)
    }

    /// Whether what is in the column of the vector is no list of numbers, as far as its ends show it.
    fn lacks_vector(&self, row: &[u8], dialect: &Dialect) -> bool {
        let Some(column) = self.vector else { return false };
        let Some(cell) = cell(row, column, dialect) else { return true };
        let is_around = |byte: &u8| byte.is_ascii_whitespace() || dialect.is_quote(*byte);
        let first = cell.iter().find(|byte| !is_around(byte));
        let last = cell.iter().rfind(|byte| !is_around(byte));
        cell.len() <= NAME_AT_MOST && !first.into_iter().chain(last).all(|byte| is_of_numbers(*byte))
    }

    /// Whether cells are those of a header: names of a key and of a vector, or all names of this header.
    fn is_header(&self, cells: &[String], dialect: &Dialect) -> bool {
        if cells.len() < 2 || cells.len() > CELLS_AT_MOST {
            return false;
        }
        let lower: HashSet<_> = cells.iter().map(|cell| cell.to_ascii_lowercase()).collect();
        let has = |names: &HashSet<String>| names.iter().any(|name| lower.contains(name));
        let has_all =
            || self.names_columns && self.lower.iter().all(|name| name.is_empty() || lower.contains(name));
        // In a table of what stands beside vectors, any texts may be; a header has no others than its names there.
        let has_some = || match self.vector {
            Some(_) => has(&self.keys) && has(&self.vectors),
            None => has(&self.keys) && lower.iter().all(|cell| self.lower.contains(cell)),
        };
        if !(has_all() || has_some()) {
            return false;
        }
        let mut distinct = HashSet::new();
        let are_distinct = cells.iter().all(|cell| cell.is_empty() || distinct.insert(cell));
        are_distinct && !cells.iter().any(|cell| looks_like_data(cell, dialect))
    }

    /// Whether cells are those of this header in the same order; case matters only if columns differ only in case.
    fn is_same(&self, cells: &[String]) -> bool {
        let are_distinct = || self.lower.iter().collect::<HashSet<_>>().len() == self.lower.len();
        let are_alike = || {
            cells.len() == self.lower.len()
                && cells.iter().zip(&self.lower).all(|(cell, name)| cell.eq_ignore_ascii_case(name))
        };
        cells == self.names || (are_alike() && are_distinct())
    }

    /// Whether a cell may contain float32 numbers in base64 and is not a known name.
    fn is_like_base64(&self, cell: &[u8]) -> bool {
        let digits = cell.strip_suffix(b"==").or_else(|| cell.strip_suffix(b"=")).unwrap_or(cell);
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
        let may_be = cell.len().is_multiple_of(4) && (digits.len() * 3 / 4).is_multiple_of(4);
        let is_known = || self.known.has(cell);
        !cell.is_empty() && may_be && digits.iter().all(is_digit) && !is_known()
    }

    /// Whether another header follows the end of a row, as if a file without a final line end came first. If the row
    /// may be a record, it must end with all names of this header.
    fn has_at_end(&self, cells: &[String], dialect: &Dialect, needs_all: bool) -> bool {
        let vector = cells.iter().rposition(|cell| dimension(cell.as_bytes(), dialect).is_some());
        let behind = cells.get(vector.map_or(0, |vector| vector + 1)..).unwrap_or_default();
        let behind: Vec<_> = behind.iter().map(|cell| cell.to_ascii_lowercase()).collect();
        let data = behind.iter().rposition(|cell| looks_like_data(cell, dialect)).unwrap_or(0);
        // The first of these cells may begin with the end of the row, before the header's first name.
        (data..behind.len()).any(|first| {
            let (first, others) = behind.get(first..).and_then(<[_]>::split_first).unzip();
            self.is_end_and_header(first.map_or("", String::as_str), others.unwrap_or_default(), needs_all)
        })
    }

    /// Whether `first` ends with a name that, with the other names, makes a header other than this one.
    fn is_end_and_header(&self, first: &str, others: &[String], needs_all: bool) -> bool {
        let ends_with = |name: &String| !name.is_empty() && first.ends_with(name.as_str());
        let has = |name: &String| name.is_empty() || others.contains(name) || ends_with(name);
        let is_same =
            || self.lower.split_first().is_some_and(|(name, rest)| ends_with(name) && rest == others);
        let is_one = || {
            let may_be_other = !needs_all && self.vector.is_some();
            let names_both = || self.keys.iter().any(has) && self.vectors.iter().any(has);
            (may_be_other && names_both()) || (self.names_columns && self.lower.iter().all(has))
        };
        !others.is_empty() && is_one() && !is_same()
    }
}

/// Names in lower case. Most cells of rows are seen to be none of them by their first byte.
#[derive(Debug)]
struct Names {
    sorted: Vec<String>,
    first_bytes: [bool; 256],
    longest: usize,
}

impl Names {
    fn new(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        let mut first_bytes = [false; 256];
        for name in &names {
            first_bytes[usize::from(first_byte(name.as_bytes()))] = true;
        }
        Self { longest: names.iter().map(String::len).max().unwrap_or(0), sorted: names, first_bytes }
    }

    fn has(&self, name: &[u8]) -> bool {
        let lower = || name.iter().map(u8::to_ascii_lowercase);
        self.first_bytes[usize::from(first_byte(name))]
            && self.sorted.binary_search_by(|known| known.bytes().cmp(lower())).is_ok()
    }

    /// The same of a name with quotes, whitespace and a byte-order mark around it.
    fn has_quoted(&self, cell: &[u8], dialect: &Dialect) -> bool {
        let is_around =
            |byte: &u8| byte.is_ascii() && (char::from(*byte).is_whitespace() || dialect.is_quote(*byte));
        let first = cell.iter().position(|byte| !is_around(byte)).unwrap_or(cell.len());
        let last = cell.iter().rposition(|byte| !is_around(byte)).map_or(first, |last| last + 1);
        self.has(cell.get(first..last).unwrap_or_default())
            || (!cell.is_ascii() && self.has(unquoted(cell, dialect).as_bytes()))
    }
}

/// The first byte in lower case; 0 for a column without a name.
fn first_byte(name: &[u8]) -> u8 {
    name.first().map_or(0, u8::to_ascii_lowercase)
}

/// Whether a list of numbers may begin or end with this byte.
fn is_of_numbers(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.[](){}".contains(&byte)
}

/// The name that a path begins with.
fn first_step(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// A piece of a row as a possible name.
fn unquoted(piece: &[u8], dialect: &Dialect) -> String {
    let is_around = |character: char| {
        character.is_whitespace()
            || character == '\u{feff}'
            || dialect.quote.is_some_and(|quote| char::from(quote) == character)
    };
    String::from_utf8_lossy(piece).trim_matches(is_around).to_owned()
}

fn is_numbers(cell: &[u8], dialect: &Dialect) -> bool {
    dimension(cell, dialect).is_some()
        || std::str::from_utf8(cell).is_ok_and(|cell| cell.trim().parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests;
