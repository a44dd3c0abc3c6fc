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
    /// All names that a header may have, in lower case, and those among them that name a key or a vector.
    known: HashSet<String>,
    keys: HashSet<String>,
    vectors: HashSet<String>,
    longest: usize,
    /// The column with the vectors, or with one number of each.
    vector: Option<usize>,
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
        let known: HashSet<_> = lower.iter().chain(&keys).chain(&vectors).cloned().collect();
        Self {
            text: text.into(),
            longest: known.iter().map(String::len).max().unwrap_or(0),
            vector: lower.iter().position(|name| vectors.contains(name)),
            names,
            lower,
            known,
            keys,
            vectors,
        }
    }

    /// Judges a row with valid quotes.
    pub(super) fn judge(&self, row: &[u8], dialect: &Dialect) -> Among {
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
        let most = self.longest + AROUND_NAME;
        let near_start = row.get(..most).unwrap_or(row);
        let near_end = row.get(row.len().saturating_sub(most.max(NAMES_LOOKED_AT))..).unwrap_or(row);
        let is_known = |cell: &[u8]| cell.len() < most && self.is_known(cell, dialect);
        let is_number = |cell: &&[u8]| cell.trim_ascii().first().is_none_or(|byte| is_of_numbers(*byte));
        let ends_with_known = || {
            let mut pieces = near_end.rsplit(|byte| *byte == dialect.delimiter);
            pieces.next().is_some_and(is_known) || pieces.filter(|piece| !is_number(piece)).any(is_known)
        };
        near_start.split(|byte| *byte == dialect.delimiter).next().is_some_and(is_known)
            || ends_with_known()
            || self.lacks_vector(row, dialect)
    }

    /// Whether a cell is a known name. Most cells are not, which is decided without a copy.
    fn is_known(&self, cell: &[u8], dialect: &Dialect) -> bool {
        if !cell.is_ascii() {
            return self.known.contains(&unquoted(cell, dialect).to_ascii_lowercase());
        }
        let is_around = |byte: &u8| char::from(*byte).is_whitespace() || dialect.is_quote(*byte);
        let first = cell.iter().position(|byte| !is_around(byte)).unwrap_or(cell.len());
        let last = cell.iter().rposition(|byte| !is_around(byte)).map_or(first, |last| last + 1);
        let name = cell.get(first..last).unwrap_or_default();
        self.known.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether the column of the vector does not contain a list of numbers, judged by the cell's ends.
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
        let has_all = || self.lower.iter().all(|name| name.is_empty() || lower.contains(name));
        // A companion may contain any text; there a header has only the names of this one.
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
        let is_known = || self.known.contains(&String::from_utf8_lossy(cell).to_ascii_lowercase());
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
            (may_be_other && names_both()) || self.lower.iter().all(has)
        };
        !others.is_empty() && is_one() && !is_same()
    }
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
mod tests {
    use super::super::{Header, Rows, header};
    use super::*;
    use crate::record::Raw;

    fn first(names: &str) -> FirstHeader {
        let columns = Columns(names.split(',').map(str::to_owned).collect());
        FirstHeader::new(names.as_bytes(), &columns, &Tables::default())
    }

    fn judge(names: &str, row: &str) -> Among {
        first(names).judge(row.as_bytes(), &Dialect::new(&Tables::default(), b','))
    }

    const OTHER: Among = Among::Other(0);

    #[test]
    fn headers_are_told_from_rows() {
        let names = "id,title,embedding";
        for (row, found) in [
            ("id,title,embedding", Among::Same),
            ("\"id\",\"title\",\"embedding\"", Among::Same),
            ("ID, Title ,Embedding", Among::Same),
            ("title,id,embedding", OTHER),
            ("embedding,title,id", OTHER),
            ("\"Title\",\"ID\",\"Embedding\"", OTHER),
            ("id,embedding", OTHER),
            ("id,lang,embedding", OTHER),
            ("doc_id,title,vector", OTHER),
            ("lang,title,extra,id,embedding,more", OTHER),
            ("a,T,[1 2]title,id,embedding", OTHER),
            ("a,T,\"[1, 2]\ntitle\",id,embedding", OTHER),
            ("a,Tititle,id,embedding", OTHER),
            ("dotitle,id,embedding", OTHER),
            ("a,T,1.5id,embedding", OTHER),
            ("a,T,[1 2]lang,id,embedding", OTHER),
            ("a,T,[1 2]id,embedding,lang,note", OTHER),
            ("a,T,[1 2]id,embedding,lang", OTHER),
            // Whole rows with any text.
            ("title,id,[1 2]", Among::Row),
            ("id,embedding,[1 2]", Among::Row),
            ("id,title,0.5", Among::Row),
            ("a,embedding,nan", Among::Row),
            ("title,embedding,", Among::Row),
            ("embedding,id,AACAPwAAAEA=", Among::Row),
            ("valid,title,embedding", Among::Row),
            ("a,T,[1 2]id,title,embedding", Among::Row),
            ("moreembedding,id,lang", OTHER),
            ("a,b", Among::Row),
            ("", Among::Row),
        ] {
            assert_eq!(judge(names, row), found, "{row}");
        }
        for vector in ["[1 2]", "0.5", "AACAPwAAAEA="] {
            let row = format!("a,{vector},Madrid,embedding");
            assert_eq!(judge("id,embedding,city,topic", &row), Among::Row);
        }
        assert_eq!(judge("id,ID,vector", "ID,id,vector"), OTHER);
        assert_eq!(judge("id,0,1,2", "0,1,2,id"), OTHER);
        assert_eq!(judge("id,0,1,2", "7,1,2,0"), Among::Row);
        assert_eq!(judge("id,text", "text,id"), OTHER);
        assert_eq!(judge("id,text,lang", "text,id"), OTHER);
        assert_eq!(judge("id,text", "text,ids"), Among::Row);
        assert_eq!(judge("id,text", "key,vector"), Among::Row);
    }

    #[test]
    fn a_header_inside_of_what_is_rejected_is_found() {
        let dialect = Dialect::new(&Tables::default(), b',');
        let judge = |text: &str| first("id,title,embedding").judge_broken(text.as_bytes(), &dialect);
        assert_eq!(judge("a,\"x\n\u{feff}title,id,embedding\r\nX,b,\"[1 2]\""), Among::Other(5));
        assert_eq!(judge("a,T,\"[1 2]\"\"title\",\"id\",\"embedding\""), OTHER);
        assert_eq!(judge("a,\"x\nid,title,embedding\nb,X,\"[1 2]\""), Among::Row);
        assert_eq!(judge("a,\"the title, of\nan embedding\n"), Among::Row);
    }

    /// Reads rows as a load does, up to another header, and returns the valid ones with their column names.
    fn read(text: &[u8]) -> Vec<Vec<(String, String)>> {
        let Ok(Header::Found(mut rows, end)) = header(text, true, 1 << 20, b',', &Tables::default()) else {
            panic!("no header in {}", text.escape_ascii());
        };
        let text = bytes::Bytes::copy_from_slice(&text[end..]);
        let cut = rows.cut(&text, true);
        let is_flawed = |index: usize| cut.flaws.iter().any(|(flawed, _)| *flawed == index);
        let whole = cut.records.iter().enumerate().filter(|(index, _)| !is_flawed(*index));
        whole.filter_map(|(_, range)| as_named(&rows, &text, range.clone())).collect()
    }

    fn as_named(
        rows: &Rows,
        text: &bytes::Bytes,
        range: std::ops::Range<usize>,
    ) -> Option<Vec<(String, String)>> {
        let Raw::Row { columns, cells } = rows.raw(text, range) else { return None };
        let cells = cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
        (cells.len() == columns.0.len()).then(|| columns.0.iter().cloned().zip(cells).collect())
    }

    fn written(names: &[&str], first: usize, rows: usize, quotes: bool) -> String {
        let quoted =
            |cell: String| if quotes || cell.contains([',', '\n']) { format!("\"{cell}\"") } else { cell };
        let cell = |row: usize, name: &&str| match *name {
            "id" => format!("doc-{row}"),
            "embedding" => format!("[{row}.5, 2]"),
            "note" => format!("note {row}, or\nmore"),
            other => format!("{other} {row}"),
        };
        let header = names.iter().map(|name| quoted((*name).to_owned())).collect::<Vec<_>>().join(",");
        let row = |row: usize| names.iter().map(|name| quoted(cell(row, name))).collect::<Vec<_>>().join(",");
        let rows: Vec<_> = (first..first + rows).map(row).collect();
        format!("{header}\n{}\n", rows.join("\n"))
    }

    #[test]
    fn no_row_is_read_under_the_names_of_another_header_however_files_are_put_together() {
        let all = ["id", "embedding", "title", "note", "lang"];
        let columns = || {
            let mut names = all.to_vec();
            fastrand::shuffle(&mut names);
            let dropped: Vec<_> = all.iter().skip(2).filter(|_| fastrand::u8(..4) == 0).collect();
            names.retain(|name| !dropped.contains(&name));
            names
        };
        for _ in 0..5_000 {
            let one = written(&columns(), 0, 3, fastrand::bool());
            let other = written(&columns(), 10, 3, fastrand::bool());
            // The first file may end anywhere in its last row, with or without a line end.
            let last = one.trim_end().rfind("doc-2").unwrap();
            let line = one.get(..last).and_then(|before| before.rfind('\n')).unwrap();
            let end = if fastrand::bool() { one.len() } else { fastrand::usize(line + 1..one.len()) };
            let between = fastrand::choice(["", "\n", "\r\n", "\n\u{feff}"]).unwrap();
            let text = [one.as_bytes().get(..end).unwrap(), between.as_bytes(), other.as_bytes()].concat();
            for row in read(&text) {
                let value = |name: &str| {
                    row.iter().find(|(column, _)| column == name).map(|(_, value)| value.as_str())
                };
                let number = value("id").unwrap().trim_start_matches("doc-");
                // What is left of the torn row is possible.
                if value("embedding").is_some_and(|numbers| numbers.ends_with(']'))
                    && number.parse::<u8>().is_ok_and(|number| number != 2)
                {
                    for (name, value) in &row {
                        let has_it =
                            matches!(name.as_str(), "id" | "embedding") || value.starts_with(name.as_str());
                        assert!(has_it, "{name}: {value:?} in {}", String::from_utf8_lossy(&text));
                    }
                    assert_eq!(value("embedding").unwrap(), format!("[{number}.5, 2]"));
                }
            }
        }
    }
}
