//! Step 6, rejects: what was not stored, one JSON line each, with its place and reason, ready to be mended and fed
//! again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;

use super::record::{Defect, Input, Position, Raw, Vector};

/// The file of one run; it comes into being with the first reject.
#[derive(Debug)]
pub struct Rejects {
    path: PathBuf,
    /// Whether lines of an earlier run are kept.
    append: bool,
    file: Option<File>,
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
    Json(&'a RawValue),
    Row(serde_json::Map<String, serde_json::Value>),
    Text(String),
}

impl Rejects {
    /// Names the file. `append` keeps what an earlier run wrote there.
    pub fn new(path: PathBuf, append: bool) -> Self {
        Self { path, append, file: None }
    }

    /// Where the file is, or would be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anything was written.
    pub fn is_used(&self) -> bool {
        self.file.is_some()
    }

    /// Appends the rejected records of a batch.
    pub fn write(&mut self, inputs: &[Input], defects: &[Defect]) -> io::Result<()> {
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
    pub fn write_unknown(&mut self, inputs: &[Input], vectors: &[Vector]) -> io::Result<()> {
        let keys: Vec<_> = vectors.iter().map(Vector::key).collect();
        self.lines(
            inputs,
            vectors.iter().zip(&keys).map(|(vector, key)| Entry {
                position: vector.position(),
                key: Some(key),
                reason: "unknown",
                message: "it was sent, no answer confirmed it, and it could not be read back".to_owned(),
                record: json(vector.wire()),
            }),
        )
    }

    /// Makes sure that all lines would survive a crash of the machine.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    fn lines<'a>(&mut self, inputs: &[Input], entries: impl Iterator<Item = Entry<'a>>) -> io::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            let input = usize::try_from(entry.position.input).ok().and_then(|index| inputs.get(index));
            let rejected = Rejected {
                input: input.map_or_else(String::new, ToString::to_string),
                line: entry.position.line,
                record: entry.position.record,
                key: entry.key,
                reason: entry.reason,
                message: entry.message,
            };
            serde_json::to_writer(&mut text, &Line { rejected, record: entry.record })?;
            text.push(b'\n');
        }
        if text.is_empty() { Ok(()) } else { self.file()?.write_all(&text) }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = OpenOptions::new();
            options.create(true).append(self.append).write(true).truncate(!self.append);
            self.file = Some(options.open(&self.path)?);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
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
        Raw::Row { columns, cells } => {
            let cell = |cell| String::from_utf8_lossy(cell).into_owned().into();
            let named = columns.0.iter().cloned().zip(cells.iter().map(cell)).collect();
            Record::Row(named)
        }
    }
}

/// A JSON value as it stands; a line of its own may not hold a line break, which only insignificant space can be.
fn json(text: &[u8]) -> Record<'_> {
    match serde_json::from_slice::<&RawValue>(text) {
        Ok(value) if !value.get().contains(['\n', '\r']) => Record::Json(value),
        Ok(value) => match serde_json::from_str::<serde_json::Value>(value.get()) {
            Ok(serde_json::Value::Object(members)) => Record::Row(members),
            _ => Record::Text(value.get().to_owned()),
        },
        Err(_) => Record::Text(String::from_utf8_lossy(text).into_owned()),
    }
}
