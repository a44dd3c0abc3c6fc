//! Step 6, rejects: what was not stored, one JSON line each, with its place and reason, ready to be mended and fed
//! again.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::record::{Defect, Input, Position, Raw, Vector};

/// The file of one run; it comes into being with the first reject.
#[derive(Debug)]
pub(super) struct Rejects {
    path: PathBuf,
    /// Whether lines of an earlier run are kept.
    append: bool,
    file: Option<File>,
    /// Its length.
    bytes: u64,
    /// Where the lines of `written` begin, if there are any.
    written_from: Option<u64>,
    /// Records that a killed run wrote and did not get to note in the journal: they are not written twice.
    written: HashSet<(String, u64)>,
}

/// The reason of records of which nobody knows whether they are stored.
const UNKNOWN: &str = "unknown";

/// What is no longer in the file.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    /// How many bytes of the file are in the journal now.
    pub(super) noted: u64,
    /// How many of its lines were about rejected records.
    pub(super) rejected: u64,
    /// How many were about records of unknown fate.
    pub(super) unknown: u64,
}

/// What stands behind the lines that are noted.
#[derive(Default)]
pub(super) struct Tail {
    /// The records that its lines are about.
    pub(super) written: HashSet<(String, u64)>,
    /// How long the file is without a last line that was torn.
    pub(super) bytes: u64,
}

impl Tail {
    /// Reads the lines from `noted` on, and nothing before them: the file may be large.
    pub(super) fn read(mut file: impl BufRead + Seek, noted: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(noted))?;
        let mut tail = Self { bytes: noted, ..Self::default() };
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            let record = record_of(&line);
            if record.is_some() || line.ends_with(b"\n") {
                tail.bytes += line.len() as u64;
            }
            tail.written.extend(record);
            line.clear();
        }
        Ok(tail)
    }
}

/// One line. `rejected` stands first: by it the reader knows such a line again.
#[derive(Serialize)]
struct Line<'a> {
    rejected: Rejected<'a>,
    /// The record as it was read: a JSON value, or its text where it was not readable as one.
    record: Record<'a>,
}

#[derive(Serialize)]
struct Rejected<'a> {
    input: String,
    line: u64,
    record: u64,
    key: Option<&'a str>,
    reason: &'a str,
    message: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Record<'a> {
    Json(Cow<'a, RawValue>),
    Row(serde_json::Map<String, Value>),
    /// A row whose cells do not fit its header.
    Cells(Vec<Value>),
    Text(&'a str),
    /// What is not even text; it is refused until somebody mends it.
    Bytes {
        base64: String,
    },
}

impl Rejects {
    /// Names a file that begins anew: what an earlier load left there would be taken for this one's.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, append: false, file: None, bytes: 0, written_from: None, written: HashSet::new() }
    }

    /// Removes what an earlier run of the same load left at `path`.
    pub(super) fn clear(path: &Path) -> io::Result<()> {
        if path.is_file() { std::fs::remove_file(path) } else { Ok(()) }
    }

    /// Makes room at a `path` that a user named: rejects of another load, or whatever is there, are nobody's to delete,
    /// so they get a number behind their name, which is returned. A file that cannot be written is told before anything
    /// is sent.
    pub(super) fn set_aside(path: &Path) -> io::Result<Option<PathBuf>> {
        let numbered = |number: u32| {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        let mut aside = None;
        if path.is_file() && path.metadata()?.len() > 0 {
            aside = (1..=u32::MAX).map(numbered).find(|free| free.symlink_metadata().is_err());
            aside.as_ref().map_or(Ok(()), |free| std::fs::rename(path, free))?;
        }
        // A link may lead to where there is nothing yet.
        let is_there = path.symlink_metadata().is_ok();
        if path.is_file() || !path.exists() {
            OpenOptions::new().create(true).append(true).open(path)?;
        }
        if !is_there {
            std::fs::remove_file(path)?;
        }
        Ok(aside)
    }

    /// Removes all lines about some inputs, by their whole names; up to `noted` bytes of the file are in the journal.
    pub(super) fn forget(path: &Path, noted: u64, inputs: &[String]) -> io::Result<Forgotten> {
        let mut forgotten = Forgotten { noted, ..Forgotten::default() };
        if !path.is_file() {
            return Ok(forgotten);
        }
        let path = path.canonicalize()?;
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let new = PathBuf::from(name);
        let (mut file, mut kept) = (BufReader::new(File::open(&path)?), BufWriter::new(File::create(&new)?));
        let (mut line, mut at, mut dropped) = (Vec::new(), 0, 0);
        while file.read_until(b'\n', &mut line)? > 0 {
            let known = known(&line).filter(|known| known.is_of(inputs));
            if let Some(known) = known {
                dropped += 1;
                if at < noted {
                    forgotten.noted -= line.len() as u64;
                    let count = if known.reason == UNKNOWN {
                        &mut forgotten.unknown
                    } else {
                        &mut forgotten.rejected
                    };
                    *count += 1;
                }
            } else {
                kept.write_all(&line)?;
            }
            at += line.len() as u64;
            line.clear();
        }
        kept.into_inner()?.sync_all()?;
        let replaced = if dropped > 0 { std::fs::rename(new, path) } else { std::fs::remove_file(new) };
        replaced.map(|()| forgotten)
    }

    /// Names a file that an earlier run began; up to `noted` bytes of it are in the journal.
    pub(super) fn resume(path: PathBuf, noted: u64) -> io::Result<Self> {
        let (noted, Tail { written, bytes }) = match File::open(&path) {
            Ok(file) => {
                let noted = noted.min(file.metadata()?.len());
                (noted, Tail::read(BufReader::new(file), noted)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, Tail::default()),
            Err(error) => return Err(error),
        };
        if std::fs::metadata(&path).is_ok_and(|file| file.len() > bytes) {
            // A killed run got no further; its record is not settled and comes again.
            OpenOptions::new().write(true).open(&path)?.set_len(bytes)?;
        }
        let written_from = (!written.is_empty()).then_some(noted);
        Ok(Self { path, append: true, file: None, bytes, written_from, written })
    }

    /// The bytes of the file that the journal may take for noted.
    ///
    /// Lines that were met behind the noted ones may be of batches that are not settled in this run either: the next one
    /// must still find them there. To look at some lines too many does no harm.
    pub(super) fn noted(&self) -> u64 {
        self.written_from.unwrap_or(self.bytes)
    }

    /// Where the file is, or would be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anything is in it.
    pub(super) fn is_used(&self) -> bool {
        self.bytes > 0
    }

    /// Appends the rejected records of a batch.
    pub(super) fn write(&mut self, inputs: &[Input], defects: &[Defect]) -> io::Result<()> {
        self.lines(
            inputs,
            defects.iter().map(|defect| Entry {
                position: defect.position,
                key: defect.key.as_deref(),
                reason: defect.reason.code(),
                message: defect.reason.to_string(),
                record: record(&defect.raw),
            }),
        )
    }

    /// Appends records of which nobody knows whether they are stored; feeding them again settles it.
    pub(super) fn write_unknown(&mut self, inputs: &[Input], vectors: &[Vector]) -> io::Result<()> {
        let keys: Vec<_> = vectors.iter().map(Vector::key).collect();
        self.lines(
            inputs,
            vectors.iter().zip(&keys).map(|(vector, key)| Entry {
                position: vector.position(),
                key: Some(key),
                reason: UNKNOWN,
                message: "it was sent, and whether it is stored could not be confirmed".to_owned(),
                record: json(vector.wire()),
            }),
        )
    }

    /// Makes sure that all lines would survive a crash of the machine.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self.file.as_ref().map_or(Ok(()), File::sync_data) {
            // A pipe, a terminal or /dev/null: there is nothing that could be synced.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        }
    }

    fn lines<'a>(&mut self, inputs: &[Input], entries: impl Iterator<Item = Entry<'a>>) -> io::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            let input = usize::try_from(entry.position.input).ok().and_then(|index| inputs.get(index));
            let input = input.map_or_else(String::new, ToString::to_string);
            if self.written.contains(&(input.clone(), entry.position.record)) {
                continue;
            }
            let rejected = Rejected {
                input,
                line: entry.position.line,
                record: entry.position.record,
                key: entry.key,
                reason: entry.reason,
                message: entry.message,
            };
            serde_json::to_writer(&mut text, &Line { rejected, record: entry.record })?;
            text.push(b'\n');
        }
        if !text.is_empty() {
            self.file()?;
            self.append_whole(&text)?;
            self.bytes += text.len() as u64;
        }
        Ok(())
    }

    /// Appends all of the text or nothing: on a full disk a part would tear a line, and whatever is appended once there
    /// is room again would stand behind it.
    fn append_whole(&mut self, text: &[u8]) -> io::Result<()> {
        let bytes = self.bytes;
        let file = self.file()?;
        file.write_all(text).inspect_err(|_| {
            // Where that fails too, the next run cuts the torn line off.
            file.set_len(bytes)
                .and_then(|()| file.seek(SeekFrom::Start(bytes)))
                .map(drop)
                .unwrap_or_default();
        })
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = OpenOptions::new();
            let options = options.create(true);
            let options = if self.append { options.append(true) } else { options.write(true).truncate(true) };
            let mut file = options.open(&self.path)?;
            if self.append && !ends_with_newline(&self.path)? {
                // Somebody has edited the file: what they left is a line of its own.
                file.write_all(b"\n")?;
                self.bytes += 1;
            }
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// What a line of the file is about.
#[derive(Deserialize)]
struct Known {
    input: String,
    record: u64,
    #[serde(default)]
    reason: String,
}

impl Known {
    /// Whether it is about one of these inputs, whose whole names are given.
    fn is_of(&self, inputs: &[String]) -> bool {
        let whole = std::path::absolute(&self.input).map(|path| path.display().to_string());
        whole.is_ok_and(|whole| inputs.contains(&whole))
    }
}

fn known(line: &[u8]) -> Option<Known> {
    #[derive(Deserialize)]
    struct Line {
        rejected: Known,
    }
    serde_json::from_slice::<Line>(line).ok().map(|line| line.rejected)
}

/// Which record a line of the file is about.
fn record_of(line: &[u8]) -> Option<(String, u64)> {
    known(line).map(|known| (known.input, known.record))
}

fn ends_with_newline(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

struct Entry<'a> {
    position: Position,
    key: Option<&'a str>,
    reason: &'a str,
    message: String,
    record: Record<'a>,
}

fn record(raw: &Raw) -> Record<'_> {
    match raw {
        Raw::Json(text) => json(text),
        Raw::Broken { text, .. } => as_text(text),
        Raw::Row { columns, cells } => {
            // A cell that is not UTF-8 cannot be shown as it is; null is refused until somebody mends it.
            let cell = |cell| std::str::from_utf8(cell).map_or(Value::Null, Value::from);
            if cells.len() == columns.0.len() {
                Record::Row(columns.0.iter().cloned().zip(cells.iter().map(cell)).collect())
            } else {
                Record::Cells(cells.iter().map(cell).collect())
            }
        }
    }
}

/// A JSON value as it stands, or the text of what is none. A line of its own may not hold a line break, and in a JSON
/// value only insignificant space can be one.
fn json(text: &[u8]) -> Record<'_> {
    match std::str::from_utf8(text) {
        Ok(text) => match serde_json::from_str::<&RawValue>(text) {
            Ok(value) if !text.contains(['\n', '\r']) => Record::Json(Cow::Borrowed(value)),
            Ok(_) => RawValue::from_string(text.replace(['\n', '\r'], " "))
                .map_or_else(|_| Record::Text(text), |value| Record::Json(Cow::Owned(value))),
            Err(_) => Record::Text(text),
        },
        Err(_) => as_text(text),
    }
}

fn as_text(text: &[u8]) -> Record<'_> {
    std::str::from_utf8(text)
        .map_or_else(|_| Record::Bytes { base64: BASE64_STANDARD.encode(text) }, Record::Text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::put::quote::{QuoteKind, QuoteTrouble};
    use crate::put::record::Columns;

    fn written(raw: &Raw) -> String {
        serde_json::to_string(&record(raw)).unwrap()
    }

    #[test]
    fn a_record_is_written_so_that_nothing_of_it_is_lost_or_taken_for_good() {
        let columns = Arc::new(Columns(vec!["a".into(), "b".into()]));
        let row = |cells: &[&[u8]]| Raw::Row { columns: Arc::clone(&columns), cells: cells.to_vec().into() };
        let trouble = QuoteTrouble { begun: 1, found: 2, kind: QuoteKind::Inside };
        for (raw, want) in [
            (Raw::Json("{\"a\":\n 1.50}".into()), r#"{"a":  1.50}"#),
            (Raw::Json("{\"a\": 1".into()), r#""{\"a\": 1""#),
            (Raw::Json(b"{\"a\": \"\xe9\"}"[..].to_vec().into()), r#"{"base64":"eyJhIjogIukifQ=="}"#),
            (row(&[b"1", b"2"]), r#"{"a":"1","b":"2"}"#),
            (row(&[b"1", b"\xe9"]), r#"{"a":"1","b":null}"#),
            (row(&[b"1", b"2", b"3"]), r#"["1","2","3"]"#),
            (Raw::broken("12".into(), trouble), r#""12""#),
            (Raw::broken("\"a\tb\n[1".into(), trouble), r#""\"a\tb\n[1""#),
            (Raw::broken(b"\"\xe9"[..].to_vec().into(), trouble), r#"{"base64":"Iuk="}"#),
        ] {
            assert_eq!(written(&raw), want);
        }
    }
    use crate::put::record::Reason;

    fn line(record: u64) -> String {
        format!("{{\"rejected\":{{\"input\":\"(stdin)\",\"record\":{record}}},\"record\":{{}}}}\n")
    }

    fn defect(record: u64) -> Defect {
        let position = Position { record, line: record + 1, ..Position::default() };
        Defect { position, key: None, raw: Raw::Json("{}".into()), reason: Reason::Nested }
    }

    #[test]
    fn what_a_killed_run_wrote_is_kept_once_and_what_it_tore_is_written_again() {
        let path = std::env::temp_dir().join(format!("ossvec-rejects-{}", std::process::id()));
        let noted = line(0).len() as u64;
        let whole = line(0) + &line(1);
        for cut in line(0).len()..=whole.len() {
            std::fs::write(&path, whole.get(..cut).unwrap()).unwrap();
            let mut rejects = Rejects::resume(path.clone(), noted).unwrap();
            rejects.write(&[Input::Stdin], &[defect(1), defect(2)]).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let records: Vec<_> = text.lines().map(|line| record_of(line.as_bytes()).unwrap().1).collect();
            assert_eq!(records, [0, 1, 2], "cut at {cut}: {text}");
            assert_eq!(rejects.bytes, text.len() as u64, "cut at {cut}");
        }
        std::fs::remove_file(path).unwrap();
    }

    /// Text that counts how much of it is read.
    struct Counting(io::Cursor<Vec<u8>>, std::rc::Rc<std::cell::Cell<usize>>);

    impl Read for Counting {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(buffer)?;
            self.1.set(self.1.get() + read);
            Ok(read)
        }
    }

    impl Seek for Counting {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn what_is_noted_is_not_read_again() {
        let noted = line(0).repeat(10_000);
        let text = noted.clone() + &line(1) + &line(2) + "{\"rejected\"";
        let read = std::rc::Rc::default();
        let file = Counting(io::Cursor::new(text.clone().into_bytes()), std::rc::Rc::clone(&read));
        let tail = Tail::read(BufReader::new(file), noted.len() as u64).unwrap();
        assert_eq!(read.get(), text.len() - noted.len());
        assert_eq!(tail.bytes, (noted + &line(1) + &line(2)).len() as u64);
        assert_eq!(tail.written, HashSet::from([1, 2].map(|record| ("(stdin)".to_owned(), record))));
    }

    #[test]
    fn what_a_killed_run_wrote_is_kept_once_even_if_the_next_run_is_killed_too() {
        let path = std::env::temp_dir().join(format!("ossvec-rejects-twice-{}", std::process::id()));
        std::fs::write(&path, line(0) + &line(7)).unwrap();
        let mut second = Rejects::resume(path.clone(), line(0).len() as u64).unwrap();
        // The batch of another record is settled and noted; that of record 7 is on its way when the run is killed.
        second.write(&[Input::Stdin], &[defect(1)]).unwrap();
        let mut third = Rejects::resume(path.clone(), second.noted()).unwrap();
        third.write(&[Input::Stdin], &[defect(7), defect(8)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let records: Vec<_> = text.lines().map(|line| record_of(line.as_bytes()).unwrap().1).collect();
        assert_eq!(records, [0, 7, 1, 8]);
        std::fs::remove_file(path).unwrap();
    }
}
