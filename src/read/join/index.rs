//! The places of a file's records, by key.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::key::KeyFields;
use super::table::{Table, Unread, is_table};
use super::twice::name_twice;
use crate::read::decompress::Compression;
use crate::read::error::ReadError;
use crate::read::mark::mark_length;
use crate::read::outline::{Outline, Value};
use crate::read::table::Tables;
use crate::read::unjoined::{BYTES_AT_MOST, JoinTrouble, LENGTH_BITS, RECORDS_AT_MOST, Unjoined};
use crate::read::value::value_end;
use crate::record::names::is_one_of;
use crate::record::{Input, Lookup};

/// How much of a file is looked at to see what it is.
const HEAD: u64 = 4 << 10;
/// The first bytes and names of columnar formats.
const COLUMNS: [(&[u8], &str); 4] = [
    (b"PAR1", "a Parquet file"),
    (b"PARE", "an encrypted Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"\x93NUMPY", "a NumPy file"),
];

/// The records of a file by key, with 16 bytes of memory per record.
#[derive(Debug)]
pub(crate) struct Join {
    path: PathBuf,
    keys: KeyFields,
    /// How rows become records, for a table.
    table: Option<Table>,
    /// In the order of their hashes.
    entries: Vec<Entry>,
}

/// Forms are compared by what the user says, which here is the file.
impl PartialEq for Join {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.keys) == (&other.path, &other.keys)
    }
}

impl Eq for Join {}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// The hash of its key.
    hash: u64,
    /// Its offset, and in the low bits its length.
    place: u64,
}

impl Entry {
    fn offset(self) -> u64 {
        self.place >> LENGTH_BITS
    }

    fn length(self) -> u64 {
        self.place & BYTES_AT_MOST
    }
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Join {
    /// Reads the file once; `key` is the key field, if the user names it.
    pub(crate) fn open(path: &Path, key: &[String], tables: &Tables) -> Result<Self, ReadError> {
        let input = || Input::File(path.to_owned());
        let metadata = fs::metadata(path).map_err(|cause| ReadError::Open { input: input(), cause })?;
        let keys = KeyFields::new(key);
        let mut join = Self { path: path.to_owned(), keys, table: None, entries: Vec::new() };
        if !metadata.is_file() {
            return Err(join.failed(JoinTrouble::NoFile));
        }
        let file = File::open(path).map_err(|cause| ReadError::Open { input: input(), cause })?;
        match join.survey(file, tables) {
            Ok(()) => Ok(join),
            Err(Unread::Header(error)) => Err(*error),
            Err(Unread::Other(trouble)) => Err(join.failed(trouble)),
        }
    }

    /// The error for trouble with the file.
    pub(in crate::read) fn failed(&self, trouble: JoinTrouble) -> ReadError {
        ReadError::Unjoined(Box::new(Unjoined { path: self.path.clone(), trouble }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn keys(&self) -> &KeyFields {
        &self.keys
    }

    fn survey(&mut self, mut file: File, tables: &Tables) -> Result<(), Unread> {
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(JoinTrouble::from)?;
        file.seek(SeekFrom::Start(0)).map_err(JoinTrouble::from)?;
        if let Some(compression) = Compression::of(&head) {
            return Err(JoinTrouble::Compressed(compression.name()).into());
        }
        if let Some((_, format)) = COLUMNS.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Err(JoinTrouble::OfColumns(format).into());
        }
        if is_table(&head, &self.path) {
            let Self { path, keys, entries, .. } = self;
            let add = |offset, length: usize, key: &str| add(entries, offset, length as u64, key);
            self.table = Some(Table::survey(&mut file, path, (tables, keys), add)?);
        } else {
            file = self.lines(file, head.trim_ascii_start().first().copied())?;
        }
        self.entries.sort_unstable();
        self.entries.shrink_to_fit();
        Ok(self.find_repeated(file)?)
    }

    /// Reads a file of lines, and returns it.
    fn lines(&mut self, file: File, first: Option<u8>) -> Result<File, JoinTrouble> {
        let mut lines = Lines::new(BufReader::with_capacity(256 << 10, file))?;
        while lines.advance()? {
            let record = lines.line.trim_ascii();
            if record.is_empty() {
                continue;
            }
            let blanks = lines.line.len() - lines.line.trim_ascii_start().len();
            let line = lines.number;
            let is_last = !lines.line.ends_with(b"\n");
            if is_last && record.starts_with(b"{") && value_end(record, 0).is_none() {
                return Err(JoinTrouble::Torn(line));
            }
            if std::str::from_utf8(record).is_err() {
                return Err(JoinTrouble::NotUtf8(line));
            }
            if !is_object(record) {
                return Err(JoinTrouble::NoObject { line, first });
            }
            if let Some(name) = name_twice(record) {
                return Err(JoinTrouble::Twice { line, name });
            }
            let key = self.keys.of(record).map_err(|what| {
                let is_of_vertex = matches!(what, Lookup::NoKey(_)) && is_request_of_vertex(record);
                JoinTrouble::NoKey { line, what, is_of_vertex }
            })?;
            add(&mut self.entries, lines.start + blanks as u64, record.len() as u64, &key)?;
        }
        Ok(lines.reader.into_inner())
    }

    /// Whether two records have the same key; if hashes are equal, compares the keys themselves.
    fn find_repeated(&self, mut file: File) -> Result<(), JoinTrouble> {
        for alike in self.entries.chunk_by(|one, other| one.hash == other.hash) {
            if alike.len() < 2 {
                continue;
            }
            let mut known: Vec<(String, Entry)> = Vec::with_capacity(2);
            for entry in alike {
                let (key, _) = self.record(read(&mut file, *entry)?)?;
                if let Some((_, first)) = known.iter().find(|(other, _)| *other == key) {
                    let lines = [line_of(&mut file, *first)?, line_of(&mut file, *entry)?];
                    return Err(JoinTrouble::Repeated { key, lines });
                }
                known.push((key, *entry));
            }
        }
        Ok(())
    }

    /// The record with this key, read from `file`.
    pub(super) fn find(&self, file: &mut File, key: &str) -> Result<Option<Vec<u8>>, JoinTrouble> {
        let hash = hash(key);
        let first = self.entries.partition_point(|entry| entry.hash < hash);
        let alike = self.entries.iter().skip(first).take_while(|entry| entry.hash == hash);
        for entry in alike {
            let (found, record) = self.record(read(file, *entry)?)?;
            if found == key {
                return Ok(Some(record));
            }
            if self::hash(&found) != hash {
                return Err(JoinTrouble::Changed);
            }
        }
        Ok(None)
    }

    /// The key of a record, and the record as an object.
    fn record(&self, text: Vec<u8>) -> Result<(String, Vec<u8>), JoinTrouble> {
        let found = if let Some(table) = &self.table {
            table.record(&text)
        } else {
            let is_text = is_object(&text) && std::str::from_utf8(&text).is_ok();
            self.keys.of(&text).ok().filter(|_| is_text).map(|key| (key, text))
        };
        found.ok_or(JoinTrouble::Changed)
    }
}

/// Adds a record of this length at this offset.
fn add(entries: &mut Vec<Entry>, offset: u64, length: u64, key: &str) -> Result<(), JoinTrouble> {
    if entries.len() as u64 == RECORDS_AT_MOST || offset >> (u64::BITS - LENGTH_BITS) > 0 {
        return Err(JoinTrouble::TooMany);
    }
    entries.push(Entry { hash: hash(key), place: offset << LENGTH_BITS | length });
    Ok(())
}

/// Whether a text is one object, by its brackets and its own members.
fn is_object(text: &[u8]) -> bool {
    let members = || Outline::of(text, 0);
    text.starts_with(b"{") && value_end(text, 0) == Some(text.len()) && members().is_complete
}

fn read(file: &mut File, entry: Entry) -> Result<Vec<u8>, JoinTrouble> {
    let mut record = vec![0; usize::try_from(entry.length()).unwrap_or_default()];
    file.seek(SeekFrom::Start(entry.offset()))?;
    match file.read_exact(&mut record) {
        Ok(()) => Ok(record),
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => Err(JoinTrouble::Changed),
        Err(cause) => Err(cause.into()),
    }
}

/// The line of an entry.
fn line_of(file: &mut File, entry: Entry) -> Result<u64, JoinTrouble> {
    file.seek(SeekFrom::Start(0))?;
    let mut before = BufReader::new(file.take(entry.offset()));
    let mut line = 1;
    loop {
        let text = before.fill_buf()?;
        if text.is_empty() {
            return Ok(line);
        }
        line += memchr::memchr_iter(b'\n', text).count() as u64;
        let length = text.len();
        before.consume(length);
    }
}

/// The lines of a file.
struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    /// The start of the current line, and its number.
    start: u64,
    number: u64,
    /// The start of the next line.
    end: u64,
}

impl Lines {
    fn new(mut reader: BufReader<File>) -> Result<Self, JoinTrouble> {
        let mark = mark_length(reader.fill_buf()?);
        reader.consume(mark);
        Ok(Self { reader, line: Vec::new(), start: 0, number: 0, end: mark as u64 })
    }

    fn advance(&mut self) -> Result<bool, JoinTrouble> {
        (self.start, self.number) = (self.end, self.number + 1);
        self.line.clear();
        let read = self.reader.by_ref().take(BYTES_AT_MOST).read_until(b'\n', &mut self.line)?;
        if read as u64 == BYTES_AT_MOST && !self.line.ends_with(b"\n") {
            return Err(JoinTrouble::TooLong(self.number));
        }
        self.end += read as u64;
        Ok(read > 0)
    }
}

/// Whether a record is a text to embed with Vertex AI and has nothing that could be a key.
fn is_request_of_vertex(record: &[u8]) -> bool {
    const ITS_MEMBERS: [&str; 4] = ["content", "task_type", "taskType", "title"];
    let outline = Outline::of(record, 0);
    outline.members.first().is_some_and(|first| first.name == b"content")
        && outline
            .members
            .iter()
            .all(|member| member.value == Value::Text && is_one_of(&ITS_MEMBERS, member.name))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::testing::Directory;

    fn file(text: &[u8]) -> (Directory, PathBuf) {
        let folder = Directory::new();
        let path = folder.write("requests.jsonl", text);
        (folder, path)
    }

    #[test]
    fn each_record_is_found_by_its_key_and_no_other() {
        let mut text = "\u{feff}\n".to_owned();
        for record in 0..500 {
            let end = if record % 3 == 0 { "\r\n" } else { " \n\n" };
            write!(
                text,
                "  {{\"custom_id\":\"doc-{record}\",\"body\":{{\"input\":\"text {record}\"}}}}{end}"
            )
            .unwrap();
        }
        let (_folder, path) = file(text.as_bytes());
        let join = Join::open(&path, &[], &Tables::default()).unwrap();
        let mut opened = File::open(&path).unwrap();
        for record in 0..500 {
            let found = join.find(&mut opened, &format!("doc-{record}")).unwrap().unwrap();
            let wanted =
                format!("{{\"custom_id\":\"doc-{record}\",\"body\":{{\"input\":\"text {record}\"}}}}");
            assert_eq!(String::from_utf8(found).unwrap(), wanted);
        }
        assert!(join.find(&mut opened, "doc-500").unwrap().is_none());
        fs::write(&path, text.replace("doc-1", "doc+1")).unwrap();
        assert!(matches!(join.find(&mut opened, "doc-1"), Err(JoinTrouble::Changed)));
        fs::write(&path, "").unwrap();
        assert!(matches!(join.find(&mut opened, "doc-1"), Err(JoinTrouble::Changed)));
    }

    #[test]
    fn a_file_that_cannot_be_joined_is_refused_with_its_place_and_the_cure() {
        let one = "{\"custom_id\":\"a\"}\n";
        let mut told = String::new();
        for (text, key) in [
            (format!("{one}{{\"id\":7}}\n\n{{\"key\":\"a\"}}\n").into_bytes(), None),
            (b"{\"id\":7}\n{\"id\":\"7\"}\n".to_vec(), None),
            (format!("{one}{{\"title\":\"x\"}}\n").into_bytes(), None),
            (format!("{one}{{\"id\":1e2}}\n").into_bytes(), None),
            (format!("{one}{{\"id\":\"\",\"key\":{{}}}}\n").into_bytes(), None),
            (format!("{one}{{\"id\":\"b\",\"id\":\"c\"}}\n").into_bytes(), None),
            (
                format!("{one}{{\"id\":\"b\",\"body\":{{\"input\":\"x\",\"inp\\u0075t\":\"y\"}}}}\n")
                    .into_bytes(),
                None,
            ),
            (one.as_bytes().to_vec(), Some("doc.id")),
            (b"[{\"id\":\"a\"}]".to_vec(), None),
            (b"id,text\na,b\n".to_vec(), None),
            (b"{\"id\":\"a\"} {\"id\":\"b\"}\n".to_vec(), None),
            (format!("{one}{{\"id\":\"b\",\"t\":\"cut").into_bytes(), None),
            (b"{\"id\":\"a\",\"t\":\"\xff\"}".to_vec(), None),
            (b"\x1f\x8b\x08\0\0\0".to_vec(), None),
            ([b"{\"id\":\"a\",\"t\":\"".as_slice(), &vec![b'x'; 17 << 20], b"\"}"].concat(), None),
        ] {
            let (folder, path) = file(&text);
            let named: Vec<_> = key.into_iter().map(str::to_owned).collect();
            let error = Join::open(&path, &named, &Tables::default()).unwrap_err().to_string();
            writeln!(told, "{}", error.replace(&format!("{}/", folder.path("").display()), "")).unwrap();
        }
        insta::assert_snapshot!(told, @r#"
        requests.jsonl (from --join) has the key "a" twice, on lines 1 and 4
        keep one of them
        requests.jsonl (from --join) has the key "7" twice, on lines 1 and 2
        keep one of them
        requests.jsonl (from --join) has no key on line 2 (looked for custom_id, recordId, key, id, _id, uuid, doc_id)
        set its field with --key, or remove the line
        requests.jsonl (from --join) has no key on line 2: id is 1e2, not text or an integer
        write it as text, or choose another field with --key
        requests.jsonl (from --join) has no key on line 2: key is an object, not text or an integer
        write it as text, or choose another field with --key
        requests.jsonl (from --join) has the field "id" twice in the record on line 2
        remove one of them
        requests.jsonl (from --join) has the field "input" twice in the record on line 2
        remove one of them
        requests.jsonl (from --join) has no key on line 1 (looked for doc.id)
        set its field with --key, or remove the line
        requests.jsonl (from --join) is not JSON Lines: line 1 is not a JSON object
        write each record on its own line: jq -c '.[]' FILE > NEW-FILE
        requests.jsonl (from --join) is not JSON Lines: line 1 is not a JSON object
        write each record on its own line
        requests.jsonl (from --join) is not JSON Lines: line 1 is not a JSON object
        write each record on its own line: jq -c . FILE > NEW-FILE
        requests.jsonl (from --join) ends inside the record on line 2: it is truncated
        create or download it again
        requests.jsonl (from --join) is not UTF-8: line 1 has invalid bytes
        convert it to UTF-8
        requests.jsonl (from --join) is compressed with gzip
        decompress it first: its records are read in the order of the input
        requests.jsonl (from --join) cannot be joined: line 1 has more than 16,777,215 bytes
        remove or shorten the line
        "#);
    }
}
