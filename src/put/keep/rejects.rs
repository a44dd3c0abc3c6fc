//! Step 6, rejects: what was not stored, one JSON line each, with its place and reason, ready to be fixed and loaded
//! again.

mod listed;
mod place;
pub(crate) mod repair;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use self::listed::FindingAt;
pub(crate) use self::listed::{Listed, Superseded};
pub(crate) use self::place::Place;
pub(crate) use self::repair::{Forgotten, carry, forget, whole_name};
use crate::private;
use crate::put::books::outcome::Later;
use crate::record::rejected::{Line, Rejected, UNKNOWN, cell};
use crate::record::{Defect, Finding, Input, Position, Raw, Vector};

/// The rejects file of a load, if the user names none.
pub(crate) const REJECTS: &str = "rejects.jsonl";

/// The rejects file of one run; it is created with the first reject.
#[derive(Debug)]
pub(crate) struct Rejects {
    place: Place,
    /// Whether to keep lines of an earlier run.
    append: bool,
    file: Option<File>,
    /// Its length.
    bytes: u64,
    listed: Arc<Listed>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Record<'a> {
    Json(Cow<'a, RawValue>),
    Row(serde_json::Map<String, Value>),
    /// A row whose cells do not fit its header.
    Cells(Vec<Value>),
    Text(Cow<'a, str>),
    /// Bytes that are not text; they are rejected until the user fixes them.
    Bytes {
        base64: String,
    },
}

impl Record<'_> {
    /// Whether it is a row with an empty cell.
    fn has_empty_cells(&self) -> bool {
        matches!(self, Self::Row(cells) if cells.values().any(Value::is_null))
    }
}

/// A free name for the file at `path`: the same with a number after it.
pub(crate) fn free_name(path: &Path) -> Option<PathBuf> {
    let numbered = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    (1..=u32::MAX).map(numbered).find(|free| free.symlink_metadata().is_err())
}

impl Rejects {
    /// A new file: an earlier load's rejects in it would be mistaken for this one's.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, append: false, file: None, bytes: 0, listed: Arc::default() }
    }

    /// The name to keep an existing file at a `path` that the user named: rejects of another load, or anything else
    /// there, must not be deleted.
    pub(crate) fn aside(path: &Path) -> Option<PathBuf> {
        let is_used = path.metadata().is_ok_and(|file| file.is_file() && file.len() > 0);
        is_used.then(|| free_name(path)).flatten()
    }

    /// Tries to write the file, so that an error is reported before anything is sent.
    pub(crate) fn try_out(path: &Path) -> io::Result<()> {
        match private::writing().create_new(true).open(path) {
            Ok(_) => return private::remove_if_there(path),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) => {}
        }
        // A link may lead to a file that does not exist yet.
        if path.is_file() || !path.exists() {
            private::writing().create(true).append(true).open(path)?;
        }
        Ok(())
    }

    /// A file that an earlier run began; up to `noted` bytes of it are in the journal. Removes later lines about
    /// records that will be read again according to `is_to_come`: the run was killed before it could note them.
    /// `number` gives the number of a line's input.
    pub(crate) fn resume(
        place: Place,
        noted: u64,
        is_to_come: impl Fn(&Rejected<'_>) -> bool,
        number: impl Fn(&Rejected<'_>) -> Option<u32>,
    ) -> io::Result<Self> {
        let bytes = repair::cut(&place, noted, is_to_come)?;
        let listed = Arc::new(Listed::default());
        listed.read(&place, number)?;
        Ok(Self { place, append: true, file: None, bytes, listed })
    }

    /// The same with a pipe that the user named opened before anything is sent: its reader must be there by then.
    pub(crate) fn with_pipe(self) -> io::Result<Self> {
        let pipe = match &self.place {
            Place::Named(path) => private::open_pipe(path)?,
            Place::Own(_) => None,
        };
        Ok(Self { file: pipe.or(self.file), ..self })
    }

    /// The keys in the file.
    pub(crate) fn listed(&self) -> &Arc<Listed> {
        &self.listed
    }

    /// Notes that records are stored that are later than those listed under their keys.
    pub(crate) fn supersede<'a>(&self, later: impl Iterator<Item = &'a Later>) -> io::Result<()> {
        self.listed.supersede(&self.place, later)
    }

    /// The length of the file, for the journal.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Removes the lines beyond a length again, as far as possible, since they must not count.
    pub(crate) fn shorten(&mut self, bytes: u64) {
        let shortened = self
            .file
            .as_mut()
            .map(|file| file.set_len(bytes).and_then(|()| file.seek(SeekFrom::Start(bytes))));
        if let Some(Ok(_)) = shortened {
            self.bytes = bytes;
            self.listed.shorten(bytes);
        }
    }

    /// Where the file is, or would be.
    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    /// Whether it contains anything.
    pub(crate) fn is_used(&self) -> bool {
        self.bytes > 0
    }

    /// Whether written lines are kept; a pipe or a device keeps nothing.
    pub(crate) fn is_kept(&self) -> bool {
        self.path().metadata().map_or(true, |file| file.is_file())
    }

    /// Appends the rejected records of a batch, of which some `later` ones are stored.
    pub(crate) fn write(&mut self, inputs: &[Input], defects: &[Defect], later: &[&Later]) -> io::Result<()> {
        let keys: Vec<_> = defects.iter().map(Defect::told_key).collect();
        self.lines(
            inputs,
            defects.iter().zip(&keys).map(|(defect, key)| Entry {
                position: defect.position,
                is_superseded: later.iter().any(|later| later.supersedes(defect)),
                key: key.as_deref(),
                reason: defect.reason.code(),
                message: defect.reason.told(),
                record: record(&defect.raw),
            }),
        )
    }

    /// Appends records whose outcome is unknown; loading them again settles it.
    pub(crate) fn write_unknown(&mut self, inputs: &[Input], vectors: &[Vector]) -> io::Result<()> {
        let keys: Vec<_> = vectors.iter().map(Vector::key).collect();
        self.lines(
            inputs,
            vectors.iter().zip(&keys).map(|(vector, key)| Entry {
                position: vector.position(),
                is_superseded: false,
                key: Some(key),
                reason: UNKNOWN,
                message: "it was sent, but the service did not confirm that it is stored".to_owned(),
                record: json(vector.wire()),
            }),
        )
    }

    /// For each kind of finding of this run that counts, the first in the input's order, with its message.
    pub(crate) fn first_findings(&self, inputs: &[Input]) -> io::Result<Vec<(Finding, Position, String)>> {
        let mut first: Vec<(Finding, Position, String)> = Vec::new();
        let Some(mut file) = repair::open(&self.place)? else { return Ok(first) };
        let begun = self.listed.begun();
        file.seek(SeekFrom::Start(begun))?;
        repair::lines(&mut BufReader::new(file), begun, |line, _| {
            let Some(known) = repair::known(line).filter(|known| !known.is_superseded()) else {
                return Ok(());
            };
            let Some(finding) = known.finding() else { return Ok(()) };
            let number = inputs.iter().position(|input| input.to_string() == known.input);
            let input = number.and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX);
            let position = Position { input, line: known.line, record: known.record, ..Position::default() };
            let message = known.message.into_owned();
            match first.iter_mut().find(|(other, ..)| *other == finding) {
                Some((_, at, text)) if (position.input, position.record) < (at.input, at.record) => {
                    (*at, *text) = (position, message);
                }
                Some(_) => {}
                None => first.push((finding, position, message)),
            }
            Ok(())
        })?;
        Ok(first)
    }

    /// Makes sure that all lines survive a crash of the machine.
    pub(crate) fn sync(&self) -> io::Result<()> {
        match self.file.as_ref().map_or(Ok(()), File::sync_data) {
            // A pipe, a terminal or /dev/null cannot be synced.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced,
        }
    }

    fn lines<'a>(&mut self, inputs: &[Input], entries: impl Iterator<Item = Entry<'a>>) -> io::Result<()> {
        let (mut text, mut listed) = (Vec::new(), Vec::new());
        for entry in entries {
            let finding = Finding::of_code(entry.reason).map(|finding| FindingAt {
                finding,
                input: entry.position.input,
                record: entry.position.record,
            });
            listed.extend(entry.key.map(|key| (key, text.len() as u64, entry.is_superseded, finding)));
            let input = usize::try_from(entry.position.input).ok().and_then(|index| inputs.get(index));
            let input = input.map_or_else(String::new, ToString::to_string);
            let rejected = Rejected {
                superseded: Some(entry.is_superseded.into()),
                input: input.into(),
                line: entry.position.line,
                record: entry.position.record,
                key: entry.key.map(Cow::from),
                reason: entry.reason.into(),
                message: entry.message.into(),
                empty_cells: entry.record.has_empty_cells(),
            };
            serde_json::to_writer(&mut text, &Line { rejected, record: entry.record })?;
            text.push(b'\n');
        }
        if !text.is_empty() {
            self.file()?;
            self.append_whole(&text)?;
            for (key, at, is_superseded, finding) in listed.into_iter().filter(|_| self.keeps_lines()) {
                self.listed.add(key, self.bytes + at, is_superseded, finding);
            }
            self.bytes += text.len() as u64;
        }
        Ok(())
    }

    /// Appends all of the text or nothing: on a full disk a part would tear a line, and anything appended later would
    /// follow it. If undoing fails, too, the next run cuts the torn line off.
    fn append_whole(&mut self, text: &[u8]) -> io::Result<()> {
        let bytes = self.bytes;
        let written = self.file()?.write_all(text);
        written.inspect_err(|_| self.shorten(bytes))
    }

    /// Whether lines can be marked: not in a pipe, a terminal or /dev/null.
    fn keeps_lines(&self) -> bool {
        self.file.as_ref().and_then(|file| file.metadata().ok()).is_some_and(|file| file.is_file())
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            if let Some(folder) = self.path().parent().filter(|folder| !folder.as_os_str().is_empty()) {
                private::make_folder(folder)?;
            }
            let mut options = private::writing();
            options.create(true);
            let is_kept = self.append && self.path().metadata().is_ok_and(|file| file.is_file());
            let options =
                if self.append { options.append(true).read(is_kept) } else { options.truncate(true) };
            let mut file = self.place.open(options)?;
            if is_kept && !repair::ends_with_newline(&mut file)? {
                // The user has edited the file: what they left is a line of its own.
                file.write_all(b"\n")?;
                self.bytes += 1;
            }
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

struct Entry<'a> {
    position: Position,
    is_superseded: bool,
    key: Option<&'a str>,
    reason: &'a str,
    message: String,
    record: Record<'a>,
}

fn record(raw: &Raw) -> Record<'_> {
    match raw {
        Raw::Json(text) => json(text),
        Raw::Broken { text, trouble } if trouble.is_beside() => json(text),
        Raw::Broken { text, .. } => as_text(text),
        Raw::Columns { rows, row } => owned(rows.whole(*row)),
        Raw::Row { columns, cells } => {
            if cells.len() == columns.0.len() {
                // As in the table, an empty cell is no value.
                let value = |text: &[u8]| if text.is_empty() { Value::Null } else { cell(text) };
                Record::Row(columns.0.iter().cloned().zip(cells.iter().map(value)).collect())
            } else {
                Record::Cells(cells.iter().map(cell).collect())
            }
        }
    }
}

/// A JSON value as it is, or the text of what is not one. A line must not contain a line break, and in a JSON value
/// only insignificant whitespace can be one.
fn json(text: &[u8]) -> Record<'_> {
    match std::str::from_utf8(text) {
        Ok(text) => match serde_json::from_str::<&RawValue>(text) {
            Ok(value) if !text.contains(['\n', '\r']) => Record::Json(Cow::Borrowed(value)),
            Ok(_) => RawValue::from_string(text.replace(['\n', '\r'], " "))
                .map_or_else(|_| Record::Text(text.into()), |value| Record::Json(Cow::Owned(value))),
            Err(_) => Record::Text(text.into()),
        },
        Err(_) => as_text(text),
    }
}

fn as_text(text: &[u8]) -> Record<'_> {
    std::str::from_utf8(text).map_or_else(
        |_| Record::Bytes { base64: BASE64_STANDARD.encode(text) },
        |text| Record::Text(text.into()),
    )
}

/// The same for text that is not a line of an input.
fn owned<'a>(text: Vec<u8>) -> Record<'a> {
    let text = match String::from_utf8(text) {
        Ok(text) => text,
        Err(error) => return Record::Bytes { base64: BASE64_STANDARD.encode(error.as_bytes()) },
    };
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => RawValue::from_string(text.replace(['\n', '\r'], " "))
            .map_or_else(|_| Record::Text(text.into()), |value| Record::Json(Cow::Owned(value))),
        Err(_) => Record::Text(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::record::quote::{QuoteKind, QuoteTrouble};
    use crate::record::{Columns, RowTrouble};
    use crate::testing::Directory;

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
            (row(&[b"1", b"\xe9"]), r#"{"a":"1","b":[{"base64":"6Q=="}]}"#),
            (row(&[b"", b"2"]), r#"{"a":null,"b":"2"}"#),
            (row(&[b"", b"2", b""]), r#"["","2",""]"#),
            (row(&[b"\xe9"]), r#"[[{"base64":"6Q=="}]]"#),
            (row(&[b"1", b"2", b"3"]), r#"["1","2","3"]"#),
            (Raw::broken("12".into(), trouble), r#""12""#),
            (Raw::broken("\"a\tb\n[1".into(), trouble), r#""\"a\tb\n[1""#),
            (Raw::broken(b"\"\xe9"[..].to_vec().into(), trouble), r#"{"base64":"Iuk="}"#),
            (Raw::broken("{\"a\":\n 1.50}".into(), RowTrouble::OwnJoined), r#"{"a":  1.50}"#),
            (Raw::broken("{\"a\":1}{\"a\":2}".into(), RowTrouble::OwnJoined), r#""{\"a\":1}{\"a\":2}""#),
        ] {
            assert_eq!(written(&raw), want);
        }
    }
    use crate::record::Reason;

    fn line(record: u64) -> String {
        format!(
            "{{\"rejected\":{{\"input\":\"(stdin)\",\"line\":1,\"record\":{record},\"key\":null,\"reason\":\"nested\",\
             \"message\":\"m\"}},\"record\":{{}}}}\n"
        )
    }

    fn defect(record: u64) -> Defect {
        let position = Position { record, line: record + 1, ..Position::default() };
        Defect { position, key: None, raw: Raw::Json("{}".into()), reason: Reason::Nested }
    }

    fn records_in(text: &str) -> Vec<u64> {
        text.lines().map(|line| repair::known(line.as_bytes()).unwrap().record).collect()
    }

    /// A file with some text, and its place.
    fn file(text: &str) -> (Directory, Place) {
        let directory = Directory::new();
        let place = Place::Own(directory.write("rejects.jsonl", text));
        (directory, place)
    }

    #[test]
    fn what_a_killed_run_did_not_note_is_cut_off_and_written_again() {
        let noted = line(0).len() as u64;
        let whole = line(0) + &line(1);
        for cut in line(0).len()..=whole.len() {
            let (_directory, place) = file(whole.get(..cut).unwrap());
            let mut rejects =
                Rejects::resume(place.clone(), noted, |known| known.record > 0, |_| None).unwrap();
            rejects.write(&[Input::Stdin], &[defect(1), defect(2)], &[]).unwrap();
            let text = std::fs::read_to_string(place.path()).unwrap();
            assert_eq!(records_in(&text), [0, 1, 2], "cut at {cut}: {text}");
            assert_eq!(rejects.bytes, text.len() as u64, "cut at {cut}");
        }
    }

    #[test]
    fn only_what_comes_again_is_cut_out_and_what_is_noted_is_not_looked_at() {
        let noted = line(7).repeat(3);
        for (tail, want) in [
            (vec![], vec![]),
            (vec![1, 2], vec![1, 2]),
            (vec![7, 7], vec![]),
            (vec![1, 7], vec![1]),
            (vec![7, 1], vec![1]),
            (vec![1, 7, 2, 7, 3], vec![1, 2, 3]),
        ] {
            let text = noted.clone() + &tail.iter().map(|record| line(*record)).collect::<String>();
            let (_directory, place) = file(&(text + "{\"rejected\": {"));
            let is_to_come = |known: &Rejected<'_>| known.record == 7;
            let rejects = Rejects::resume(place.clone(), noted.len() as u64, is_to_come, |_| None).unwrap();
            let text = std::fs::read_to_string(place.path()).unwrap();
            assert_eq!(records_in(&text), [vec![7, 7, 7], want].concat());
            assert_eq!(rejects.bytes, text.len() as u64);
        }
    }

    #[test]
    fn lines_that_are_taken_out_again_leave_no_gap() {
        let (_directory, place) = file("");
        let mut rejects = Rejects::new(place.clone());
        rejects.write(&[Input::Stdin], &[defect(0)], &[]).unwrap();
        let before = rejects.bytes();
        rejects.write(&[Input::Stdin], &[defect(1)], &[]).unwrap();
        rejects.shorten(before);
        rejects.write(&[Input::Stdin], &[defect(2)], &[]).unwrap();
        assert_eq!(records_in(&std::fs::read_to_string(place.path()).unwrap()), [0, 2]);
    }

    #[test]
    fn a_record_of_unknown_fate_is_listed_with_what_is_known() {
        let (directory, place) = file("");
        let mut rejects = Rejects::new(place);
        let inputs = [Input::File("a.jsonl".into())];
        rejects.write_unknown(&inputs, &[crate::put::testing::vector(1, "k", 0)]).unwrap();
        let text = std::fs::read_to_string(directory.path("rejects.jsonl")).unwrap();
        insta::assert_snapshot!(text, @r#"{"rejected":{"superseded":0,"input":"a.jsonl","line":2,"record":1,"key":"k","reason":"unknown","message":"it was sent, but the service did not confirm that it is stored"},"record":{"key":"k","n":1,"p":""}}"#);
    }
}
