//! A file to join that is a table with a header.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use serde_json::Value;

use super::key::KeyFields;
use crate::read::cut::Cut;
use crate::read::error::ReadError;
use crate::read::flaw::header_error;
use crate::read::mark::mark_length;
use crate::read::table::{self, Delimiter, Header, Rows, Tables};
use crate::read::unjoined::{JoinTrouble, LENGTH_BITS};
use crate::read::value::skip_blanks;
use crate::read::window::newlines;
use crate::record::{Input, Raw};

/// Minimum number of bytes per read.
const STEP: usize = 256 << 10;
const LONGEST: usize = (1 << LENGTH_BITS) - 1;

/// How the rows of a file become records.
#[derive(Debug)]
pub(super) struct Table {
    rows: Rows,
    /// The columns that may have the key; the first cell that is not empty has it.
    keys: Vec<usize>,
}

/// Why a file cannot be joined: because of its header, or for another reason.
pub(super) enum Unread {
    Header(Box<ReadError>),
    Other(JoinTrouble),
}

impl From<JoinTrouble> for Unread {
    fn from(trouble: JoinTrouble) -> Self {
        Self::Other(trouble)
    }
}

/// Whether a file that begins with this text contains rows and not objects: by the text, unless the name says that it
/// is JSON.
pub(super) fn is_table(head: &[u8], path: &Path) -> bool {
    let text = head.get(mark_length(head)..).unwrap_or_default();
    let first = text.get(skip_blanks(text, 0));
    !is_named(path, &["json", "jsonl", "ndjson"]) && !matches!(first, None | Some(b'{' | b'['))
}

fn is_named(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

impl Table {
    /// Reads a file to its end, and calls `each` with the offset, length and key of each row.
    pub(super) fn survey(
        file: &mut File,
        path: &Path,
        (tables, keys): (&Tables, &KeyFields),
        mut each: impl FnMut(u64, usize, &str) -> Result<(), JoinTrouble>,
    ) -> Result<Self, Unread> {
        let mut window = Window { file, text: Vec::new(), start: 0, line: 1, has_ended: false };
        let rows = window.header(path, tables)?;
        let columns = keys.columns(rows.columns())?;
        if columns.is_empty() {
            return Err(JoinTrouble::NoColumn(keys.list()).into());
        }
        let mut table = Self { rows, keys: columns };
        loop {
            let cut = table.rows.cut(&window.text, window.has_ended);
            for (offset, length, key) in table.keys(&cut, &window)? {
                each(offset, length, &key)?;
            }
            if let Some(at) = cut.other_header {
                let before = window.text.get(..at).unwrap_or_default();
                return Err(JoinTrouble::OtherHeader(window.line + newlines(before)).into());
            }
            window.pass(cut.consumed);
            if cut.consumed == 0 {
                if window.has_ended {
                    return Ok(table);
                }
                window.fill()?;
            }
        }
    }

    /// The offsets, lengths and keys of the rows in a stretch of text.
    fn keys(&self, cut: &Cut, window: &Window<'_>) -> Result<Vec<(u64, usize, String)>, JoinTrouble> {
        let mut found = Vec::with_capacity(cut.records.len());
        let mut flaws = cut.flaws.iter().peekable();
        let (mut line, mut passed) = (window.line, 0);
        for (index, range) in cut.records.iter().enumerate() {
            line += newlines(window.text.get(passed..range.start).unwrap_or_default());
            passed = range.start;
            if let Some((_, flaw)) = flaws.next_if(|(flawed, _)| *flawed == index) {
                return Err(JoinTrouble::Quote(flaw.on(line)));
            }
            let row = window.text.get(range.clone()).unwrap_or_default();
            if row.len() > LONGEST {
                return Err(JoinTrouble::TooLong(line));
            }
            let whole = self.rows.raw(&Bytes::copy_from_slice(row), 0..row.len());
            let want = self.rows.columns().0.len();
            let Raw::Row { cells, .. } = whole else { return Err(JoinTrouble::Row(line)) };
            if cells.len() != want {
                return Err(JoinTrouble::Ragged { line, want, got: cells.len() });
            }
            if std::str::from_utf8(row).is_err() {
                return Err(JoinTrouble::NotUtf8(line));
            }
            let key = self.key(|column| cells.get(column)).ok_or(JoinTrouble::EmptyKey(line))?;
            found.push((window.start + range.start as u64, row.len(), key));
        }
        Ok(found)
    }

    /// The key of a row.
    fn key<'a>(&self, cell: impl Fn(usize) -> Option<&'a [u8]>) -> Option<String> {
        let mut keys = self.keys.iter().filter_map(|column| cell(*column));
        let key = keys.find(|cell| !cell.is_empty())?;
        // The row is looked at for its encoding first.
        std::str::from_utf8(key).ok().map(str::to_owned)
    }

    /// The key of a row, and the row as an object without its empty cells; `None` if it is not a row of the file.
    pub(super) fn record(&self, row: &[u8]) -> Option<(String, Vec<u8>)> {
        let cells = self.rows.cells(row);
        let columns = &self.rows.columns().0;
        (std::str::from_utf8(row).is_ok() && cells.len() == columns.len()).then_some(())?;
        let mut object = String::from("{");
        for (name, cell) in
            columns.iter().zip(cells.iter()).filter(|(name, cell)| !name.is_empty() && !cell.is_empty())
        {
            if object.len() > 1 {
                object.push(',');
            }
            object.push_str(&Value::from(name.as_str()).to_string());
            object.push(':');
            object.push_str(&Value::from(std::str::from_utf8(cell).ok()?).to_string());
        }
        object.push('}');
        Some((self.key(|column| cells.get(column))?, object.into_bytes()))
    }
}

/// The current text of a file that is read from its start.
struct Window<'a> {
    file: &'a mut File,
    /// The current text, its offset and its line.
    text: Vec<u8>,
    start: u64,
    line: u64,
    has_ended: bool,
}

impl Window<'_> {
    /// Doubles the current text, so that the cost of rescanning stays linear.
    fn fill(&mut self) -> Result<(), JoinTrouble> {
        if self.text.len() > LONGEST {
            return Err(JoinTrouble::TooLong(self.line));
        }
        let more = STEP.max(self.text.len());
        let read = self.file.take(more as u64).read_to_end(&mut self.text)?;
        self.has_ended = read < more;
        Ok(())
    }

    /// Drops `bytes` from the start of the text.
    fn pass(&mut self, bytes: usize) {
        self.line += newlines(self.text.get(..bytes).unwrap_or_default());
        self.start += bytes as u64;
        self.text.drain(..bytes);
    }

    /// Reads the header.
    fn header(&mut self, path: &Path, tables: &Tables) -> Result<Rows, Unread> {
        let tables = Tables { is_beside: true, ..tables.clone() };
        self.fill()?;
        self.pass(mark_length(&self.text));
        let delimiter = self.delimiter(path, &tables)?;
        loop {
            let found = table::header(&self.text, self.has_ended, LONGEST, delimiter, &tables);
            let found = found.map_err(|flaw| {
                let line_of = |at: usize| self.line + newlines(self.text.get(..at).unwrap_or_default());
                Unread::Header(Box::new(header_error(Input::File(path.to_owned()), flaw, line_of)))
            })?;
            match found {
                Header::Found(rows, end) => {
                    if std::str::from_utf8(self.text.get(..end).unwrap_or_default()).is_err() {
                        return Err(JoinTrouble::NotUtf8(self.line).into());
                    }
                    self.pass(end);
                    return Ok(rows);
                }
                Header::Missing(_) if self.has_ended => return Err(JoinTrouble::NoRecords.into()),
                Header::Missing(end) => self.pass(end),
            }
            self.fill()?;
        }
    }

    /// The delimiter.
    fn delimiter(&mut self, path: &Path, tables: &Tables) -> Result<u8, JoinTrouble> {
        let of_text = table::named_delimiter(&self.text).map(|(delimiter, _)| delimiter);
        let of_name = is_named(path, &["tsv"]).then_some(b'\t');
        if let Some(named) = tables.delimiter.or(of_text).or(of_name) {
            return Ok(named);
        }
        let is_promised = is_named(path, &["csv"]);
        loop {
            match table::delimiter(&self.text, self.has_ended, STEP, is_promised, tables) {
                Delimiter::Byte(delimiter) => return Ok(delimiter),
                Delimiter::Missing => return Err(JoinTrouble::NoRecords),
                Delimiter::Untold => self.fill()?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::index::Join;
    use super::*;
    use crate::testing::Directory;

    fn open(
        name: &str,
        text: impl AsRef<[u8]>,
        key: &[&str],
        tables: &Tables,
    ) -> (Directory, Result<Join, ReadError>) {
        let folder = Directory::new();
        let path = folder.write(name, text.as_ref());
        let key: Vec<_> = key.iter().map(ToString::to_string).collect();
        let join = Join::open(&path, &key, tables);
        (folder, join)
    }

    /// Cells that a table has to quote, and others.
    fn cell() -> String {
        let parts = ["a", "ü部", ",", ";", "\t", "\"", "\n", "\r\n", " ", "\\", "{", "'"];
        (0..fastrand::usize(..8)).map(|_| *fastrand::choice(&parts).unwrap()).collect()
    }

    #[test]
    fn each_row_is_found_by_its_key_whatever_its_cells_hold() {
        for (name, delimiter) in [("t.csv", b','), ("t.tsv", b'\t'), ("t.txt", b';')] {
            let rows: Vec<_> = (0..1_000).map(|row| (format!("doc-{row}"), cell(), cell())).collect();
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            writer.write_record(["text", "ID", "lang"]).unwrap();
            for (key, text, lang) in &rows {
                writer.write_record([text, key, lang]).unwrap();
            }
            let text = [b"\xef\xbb\xbf".as_slice(), &writer.into_inner().unwrap()].concat();
            let tables = Tables { multiline_cells: true, ..Tables::default() };
            let (folder, join) = open(name, &text, &[], &tables);
            let join = join.unwrap();
            let mut file = File::open(folder.path(name)).unwrap();
            for (key, text, lang) in &rows {
                let found = join.find(&mut file, key).unwrap().unwrap();
                let mut wanted = serde_json::Map::new();
                for (name, cell) in [("text", text), ("ID", key), ("lang", lang)] {
                    if !cell.is_empty() {
                        wanted.insert(name.to_owned(), cell.as_str().into());
                    }
                }
                assert_eq!(serde_json::from_slice::<Value>(&found).unwrap(), Value::Object(wanted));
            }
            assert!(join.find(&mut file, "doc-1000").unwrap().is_none());
            std::fs::write(folder.path(name), text.to_ascii_uppercase()).unwrap();
            assert!(matches!(join.find(&mut file, "doc-1"), Err(JoinTrouble::Changed)));
        }
    }

    #[test]
    fn an_empty_cell_leaves_the_key_to_the_next_column_as_null_does_in_an_object() {
        let rows = [("", "a"), ("x", "b"), ("", "1.0"), ("", "x2")];
        let table = rows.map(|(custom_id, id)| format!("{id},{custom_id},t{id}")).join("\n");
        let object = |(custom_id, id): &(&str, &str)| {
            let custom_id = if custom_id.is_empty() { Value::Null } else { (*custom_id).into() };
            serde_json::json!({"id": id, "custom_id": custom_id, "text": format!("t{id}")}).to_string()
        };
        for (name, text) in [
            ("t.csv", format!("id,Custom_ID,text\n{table}")),
            ("t.jsonl", rows.each_ref().map(object).join("\n")),
        ] {
            let (folder, join) = open(name, text, &[], &Tables::default());
            let (join, mut file) = (join.unwrap(), File::open(folder.path(name)).unwrap());
            for (key, text) in [("a", Some("ta")), ("x", Some("tb")), ("b", None), ("1.0", Some("t1.0"))] {
                let found = join.find(&mut file, key).unwrap();
                let found = found.map(|found| serde_json::from_slice::<Value>(&found).unwrap());
                assert_eq!(found.as_ref().and_then(|found| found["text"].as_str()), text, "{name} {key}");
            }
        }
    }

    #[test]
    fn a_table_that_cannot_be_joined_is_refused_with_its_place_and_the_cure() {
        let mut told = String::new();
        for (name, text, key) in [
            ("t.csv", "id,text\na,x\n\nb,\"y\nz\"\na,x\n", &[][..]),
            ("t.csv", "title,text\na,x\n", &[]),
            ("t.csv", "id,text\na,x\n", &["doc"]),
            ("t.csv", "ID,Id,text\na,b,x\n", &[]),
            ("t.csv", "id,id\na,x\n", &[]),
            ("t.csv", "id,text\na,x\nb\n", &[]),
            ("t.csv", "id,text\na,x\n,y\n", &[]),
            ("t.csv", "id,text\na,x\nb,\"y\" z\nc,z\n", &[]),
            ("t.csv", "id,text\na,x\rb,y\n", &[]),
            ("t.csv", "0.5,text\na,x\n", &[]),
            ("t.txt", "some text", &[]),
            ("t.jsonl", "id,text\na,x\n", &[]),
            ("t.json", "[{\"id\":\"a\"},\n{\"id\":\"b\"}]", &[]),
            ("t.json", "{\n\"id\":\"a\"}", &[]),
            ("t.jsonl", "{\"id\":\"a\"}\n\n{\"id\":\"b\",\"text\":\"x", &[]),
            ("t.csv", "id,text\na,x\ntext,id\nx,b\n", &[]),
            ("t.parquet", "PAR1\u{1}\u{2}", &[]),
        ] {
            let (folder, join) = open(name, text, key, &Tables::default());
            let error = join.unwrap_err().to_string();
            writeln!(told, "{}", error.replace(&format!("{}/", folder.path("").display()), "")).unwrap();
        }
        let (_, join) = open("t.csv", b"id,text\na,x\nb,\xc4\xe3\n", &[], &Tables::default());
        assert!(join.unwrap_err().to_string().contains("line 3 has invalid bytes"));
        insta::assert_snapshot!(told, @r#"
        t.csv (from --join) has the key "a" twice, on lines 2 and 6
        keep one of them
        t.csv (from --join) has no column with the key (looked for custom_id, recordId, key, id, _id, uuid, doc_id)
        set it with --key, or rename the column
        t.csv (from --join) has no column with the key (looked for doc)
        set it with --key, or rename the column
        t.csv (from --join) cannot be joined: both columns ID and Id could be id; choose one with --key, --vector or --metadata
        the header of t.csv has two columns named 'id'
        rename one of them
        t.csv (from --join) cannot be joined: the row on line 3 has 1 cell; the header has 2
        correct the row; cells that contain the delimiter need quotes
        t.csv (from --join) has no key in the row on line 3
        set its column with --key, or remove the row
        t.csv (from --join) cannot be joined: the quoted cell that starts on line 3 has a stray quote there; double or remove it, or use --quote none if the file has no quoted cells
        t.csv (from --join) cannot be joined: the row on line 2 has a byte-order mark, or a carriage return outside quotes, or too many cells
        correct the row
        t.csv has no header: its first row contains the value '0.5'
        add a first row with the names of the columns, such as key,vector, or use --no-header and the numbers of the columns: --key 1 --vector 2
        t.txt (from --join) is neither JSON Lines nor a table
        convert it to JSON Lines or CSV, with the key and the texts
        t.jsonl (from --join) is not JSON Lines: line 1 is not a JSON object
        write each record on its own line
        t.json (from --join) is not JSON Lines: line 1 is not a JSON object
        write each record on its own line: jq -c '.[]' FILE > NEW-FILE
        t.json (from --join) is not JSON Lines: line 1 is not a JSON object
        write each record on its own line: jq -c . FILE > NEW-FILE
        t.jsonl (from --join) ends inside the record on line 3: it is truncated
        create or download it again
        t.csv (from --join) cannot be joined: its columns change on line 3, where another header is
        write its rows with the columns of the first header
        t.parquet (from --join) is a Parquet file
        convert it to JSON Lines or CSV, with the key and the texts
        "#);
    }
}
