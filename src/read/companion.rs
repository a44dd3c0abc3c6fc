//! A companion of an input, row by row: a file of records, or of keys one after another.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::columns::{KeyTrouble, Keys};
use super::error::ReadError;
use super::keys_in_json;
use super::misaligned::Misaligned;
use super::reader::Reader;
use super::recognise::{Form, Format};
use super::sizes::Sizes;
use super::table::Tables;
use crate::record::{Cells, Columns, Input, KeyFlaw, Position, Raw, Record, RowTrouble, Unit};

/// The keys in a file.
pub(super) enum KeyFile {
    /// One after another.
    Keys(Keys),
    /// In a field of records.
    Records(Records, KeyField),
}

/// The keys in a file: records if its name or first bytes say so, or else lines or an array.
pub(super) fn key_file(path: &Path, form: &Form, input: &Input, rows: u64) -> Result<KeyFile, ReadError> {
    let companion = Companion { path, option: "--keys-from", form };
    let refused = |what, cure| ReadError::NotKeys { companion: path.to_owned(), what, cure };
    if Format::of_name(&path.to_string_lossy()).is_some_and(|format| !format.is_bare()) {
        let mut field = KeyField::new(form);
        let mut records = companion.open()?;
        if let Some(filter) = keys_in_json::filter(&records.beginning, &field.names) {
            let (what, cure) = keys_in_json::told(&filter);
            return Err(refused(what, cure));
        }
        let mut beginning = records.look()?.peekable();
        // Reading reports a damaged record at its place.
        let first = beginning.peek().and_then(|first| first.text.as_ref().ok());
        if first.is_some_and(|text| field.of(text) == Ok(None)) {
            let what = format!("no key in its first record (looked for {})", field.names.join(", "));
            return Err(refused(what, "set its field with --key".to_owned()));
        }
        field.settle(beginning);
        companion.check(input, rows, companion.count()?)?;
        return Ok(KeyFile::Records(companion.open()?, field));
    }
    let opened = Keys::open(path, form.encoding).map_err(|trouble| match trouble.told() {
        Ok((what, cure)) => refused(what, cure),
        Err(cause) => ReadError::Open { input: Input::File(path.to_owned()), cause },
    });
    let (keys, count) = opened?;
    if let Some(filter) = keys_in_json::filter(keys.beginning(), &[]).filter(|_| rows != count) {
        let (what, cure) = keys_in_json::told(&filter);
        return Err(refused(what, cure));
    }
    companion.check(input, rows, count)?;
    Ok(KeyFile::Keys(keys))
}

/// The placeholder for a missing key.
pub(super) const NO_KEY: &str = "null";

/// The place in a companion as messages give it.
pub(super) fn place(file: &str, (unit, number): (Unit, u64), option: &str) -> String {
    let between = if unit == Unit::Row { ": row " } else { ":" };
    format!("{file}{between}{number} (from {option})")
}

/// A file of records that accompanies an input.
pub(super) struct Companion<'a> {
    pub(super) path: &'a Path,
    pub(super) option: &'static str,
    pub(super) form: &'a Form,
}

impl Companion<'_> {
    pub(super) fn open(&self) -> Result<Records, ReadError> {
        // Read all of its columns.
        let tables = Tables { is_beside: true, ..self.form.tables.clone() };
        let encoding = self.form.encoding;
        let form = Form { metadata: vec!["*".to_owned()], tables, encoding, ..Form::default() };
        let mut reader = Reader::open(Input::File(self.path.to_owned()), 0, Sizes::USUAL, &form)?;
        reader.start(&form, None)?;
        let beginning = if reader.is_json() { reader.text().to_owned() } else { Vec::new() };
        let name = self.path.display().to_string();
        Ok(Records { reader, name, option: self.option, beginning, waiting: VecDeque::new() })
    }

    /// How many records it holds; an error if a row may be several, since those after it would stand beside others.
    pub(super) fn count(&self) -> Result<u64, ReadError> {
        let mut records = self.open()?;
        if let Some(rows) = records.reader.known_rows() {
            return Ok(rows);
        }
        let mut count = 0;
        while let Some(block) = records.reader.next_block()? {
            let uncounted = |record| Misaligned::uncounted(record, self.option);
            if let Some(misaligned) = block.records.iter().find_map(uncounted) {
                let input = Input::File(self.path.to_owned());
                return Err(ReadError::Misaligned { input, misaligned: Box::new(misaligned) });
            }
            count += block.records.len() as u64;
        }
        Ok(count)
    }

    pub(super) fn check(&self, input: &Input, rows: u64, count: u64) -> Result<(), ReadError> {
        if rows == count {
            return Ok(());
        }
        let companion = self.path.to_owned();
        Err(ReadError::CompanionLength { input: input.clone(), rows, companion, count, option: self.option })
    }
}

/// Why a companion cannot be read any further, and the cure.
pub(super) struct Failure {
    pub(super) cause: String,
    pub(super) cure: String,
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let told = error.to_string();
        let (cause, cure) = told.split_once('\n').unwrap_or((&told, "check that file"));
        Self { cause: cause.to_owned(), cure: cure.to_owned() }
    }
}

impl From<KeyTrouble> for Failure {
    fn from(trouble: KeyTrouble) -> Self {
        match trouble.told() {
            Ok((what, cure)) => Self { cause: format!("it contains {what}"), cure },
            Err(cause) => Self { cause: cause.to_string(), cure: "check that file".to_owned() },
        }
    }
}

/// The records of a companion, one after another.
pub(super) struct Records {
    reader: Reader,
    name: String,
    option: &'static str,
    /// How its text begins, if it is JSON.
    beginning: Vec<u8>,
    waiting: VecDeque<Record>,
}

/// A record of a companion.
pub(super) struct OfRow {
    /// A JSON value, or the text of what is not one with what is wrong with it.
    pub(super) text: Result<String, (String, RowTrouble)>,
    /// Its place as messages give it.
    place: String,
}

impl OfRow {
    /// The record as metadata, and what is wrong with it. If it is not a JSON value, it becomes a JSON string: spliced
    /// into another record as it is, it could be read as more than one value.
    pub(super) fn into_metadata(self) -> (String, Option<RowTrouble>) {
        match &self.text {
            // A string may contain the object, and null means no metadata.
            Ok(text) if text.trim_start().starts_with(['{', '"', 'n']) => (text.clone(), None),
            Ok(text) => (text.clone(), Some(self.trouble(RowTrouble::NotObject))),
            Err((text, trouble)) => {
                (Value::from(text.as_str()).to_string(), Some(self.trouble(trouble.clone())))
            }
        }
    }

    /// The trouble as that of the row that it belongs to.
    fn trouble(&self, trouble: RowTrouble) -> RowTrouble {
        RowTrouble::Beside { place: self.place.clone(), trouble: Box::new(trouble) }
    }
}

impl Records {
    /// The next records.
    pub(super) fn next(&mut self, count: usize) -> Result<Vec<OfRow>, Failure> {
        let mut records = Vec::with_capacity(count);
        while records.len() < count {
            match self.waiting.pop_front() {
                Some(record) => {
                    records.push(OfRow { text: json_of(&record.raw), place: self.place(record.position) });
                }
                None => self.read_on()?,
            }
        }
        Ok(records)
    }

    /// The first records, without taking them.
    fn look(&mut self) -> Result<impl Iterator<Item = OfRow>, ReadError> {
        if let Some(block) = self.reader.next_block()? {
            self.waiting.extend(block.records);
        }
        Ok(self
            .waiting
            .iter()
            .map(|record| OfRow { text: json_of(&record.raw), place: self.place(record.position) }))
    }

    pub(super) fn skip(&mut self, mut rows: u64) -> Result<(), Failure> {
        while rows > 0 {
            let passed = usize::try_from(rows).unwrap_or(usize::MAX).min(self.waiting.len());
            self.waiting.drain(..passed);
            rows -= passed as u64;
            if rows > 0 {
                self.read_on()?;
            }
        }
        Ok(())
    }

    fn read_on(&mut self) -> Result<(), Failure> {
        let Some(block) = self.reader.next_block()? else {
            let cause = "it has fewer records than when they were counted".to_owned();
            return Err(Failure { cause, cure: "load it again when nothing writes to it".to_owned() });
        };
        self.waiting.extend(block.records);
        Ok(())
    }

    fn place(&self, position: Position) -> String {
        place(&self.name, (position.unit, position.line), self.option)
    }
}

/// A record as one JSON value, or else its text and what is wrong with it.
fn json_of(raw: &Raw) -> Result<String, (String, RowTrouble)> {
    match raw {
        Raw::Json(json) => {
            let json = utf8(json)?.to_owned();
            match serde_json::from_str::<&RawValue>(&json) {
                Ok(_) => Ok(json),
                Err(_) => Err((json, RowTrouble::NotObject)),
            }
        }
        Raw::Broken { text, trouble } => Err((utf8(text)?.to_owned(), trouble.as_ref().clone())),
        Raw::Columns { rows, row } => {
            String::from_utf8(rows.whole(*row)).map_err(|error| not_utf8(&error.into_bytes().into(), None))
        }
        Raw::Row { columns, cells } => {
            let cells = texts(columns, cells)?;
            let (want, got) = (columns.0.len(), cells.len());
            if want != got {
                return Err((cells.join(","), RowTrouble::Cells { want, got }));
            }
            // An empty cell is no value, as in a table that is an input.
            let members = columns.0.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
            Ok(object(members.map(|(name, cell)| (name, cell.into()))))
        }
    }
}

/// The cells of a row, if all of them are text.
fn texts<'a>(columns: &Columns, cells: &'a Cells) -> Result<Vec<&'a str>, (String, RowTrouble)> {
    let text = |(index, cell): (usize, &'a [u8])| {
        std::str::from_utf8(cell).map_err(|_| {
            let named = columns.0.get(index).filter(|name| !name.is_empty());
            let column = named.cloned().unwrap_or_else(|| (index + 1).to_string());
            not_utf8(&Bytes::copy_from_slice(cell), Some(column))
        })
    };
    cells.iter().enumerate().map(text).collect()
}

fn utf8(text: &Bytes) -> Result<&str, (String, RowTrouble)> {
    std::str::from_utf8(text).map_err(|_| not_utf8(text, None))
}

/// What is left of a record that is not UTF-8. Its text cannot become metadata, even when loaded again: with
/// replacement characters it would be another record.
fn not_utf8(text: &Bytes, column: Option<String>) -> (String, RowTrouble) {
    (format!("not UTF-8: {}", text.escape_ascii()), RowTrouble::NotUtf8(text.clone(), column))
}

/// Cells by the names of their columns, as a JSON object.
pub(super) fn object<'a>(members: impl Iterator<Item = (&'a String, Value)>) -> String {
    Value::Object(members.map(|(name, cell)| (name.clone(), cell)).collect()).to_string()
}

/// Which member of a record is its key.
pub(super) struct KeyField {
    names: Vec<String>,
    /// Whether the user names it.
    is_named: bool,
}

impl KeyField {
    fn new(form: &Form) -> Self {
        let usual = || crate::record::names::KEYS.iter().map(ToString::to_string).collect();
        let named = || form.key.iter().map(|name| name.trim().to_owned()).collect();
        let is_named = !form.key.is_empty();
        Self { names: if is_named { named() } else { usual() }, is_named }
    }

    /// Fixes the key field to that of the first record that has one: different fields hold different kinds of keys.
    fn settle(&mut self, beginning: impl Iterator<Item = OfRow>) {
        if self.is_named {
            return;
        }
        let field = beginning.filter_map(|row| row.text.ok()).find_map(|text| {
            let (field, _) = self.of(&text).ok()??;
            text.starts_with('{').then(|| field.to_owned())
        });
        if let Some(field) = field {
            self.names = vec![field];
        }
    }

    /// The key of a record as JSON and its field; `None` without such a field. A value that is not an object is itself
    /// the key.
    fn of(&self, record: &str) -> Result<Option<(&str, String)>, RowTrouble> {
        match serde_json::from_str(record) {
            Ok(Item::Members(members)) => {
                let field = self.names.iter().find(|name| members.iter().any(|(other, _)| other == *name));
                let Some(field) = field else { return Ok(None) };
                let mut keys = members.iter().filter(|(name, _)| name == field).map(|(_, key)| key);
                match (keys.next(), keys.next()) {
                    (Some(_), Some(_)) => Err(RowTrouble::KeyTwice),
                    (key, _) => Ok(key.map(|key| (field.as_str(), key.to_string()))),
                }
            }
            Ok(Item::Key) => Ok(Some((self.names.first().map_or("", String::as_str), record.to_owned()))),
            Err(_) => Err(RowTrouble::NotObject),
        }
    }

    /// The key that belongs to a row, and the trouble of that row if the key cannot be stored.
    pub(super) fn key(&self, beside: &OfRow) -> (String, Option<RowTrouble>) {
        let found = match &beside.text {
            Ok(text) => self.of(text),
            Err((_, trouble)) => Err(trouble.clone()),
        };
        let (key, trouble) = match found {
            Ok(Some((field, key))) => {
                let flaw = KeyFlaw::of(&key);
                (key, flaw.map(|flaw| RowTrouble::Key(field.to_owned(), flaw)))
            }
            Ok(None) => (NO_KEY.to_owned(), Some(RowTrouble::NoKey(self.names.join(", ")))),
            Err(trouble) => (NO_KEY.to_owned(), Some(trouble)),
        };
        (key, trouble.map(|trouble| beside.trouble(trouble)))
    }
}

/// A record in a file of keys.
enum Item {
    Key,
    /// All members, including repeated names.
    Members(Vec<(String, Value)>),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object, text or a number")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Item, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(Item::Members(all))
    }

    fn visit_str<E>(self, _: &str) -> Result<Item, E> {
        Ok(Item::Key)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Item, E> {
        Ok(Item::Key)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
        Ok(Item::Key)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
        Ok(Item::Key)
    }
}
