//! One input joined row by row with its companions: files with the keys and metadata that its vectors lack.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::{KeyTrouble, Keys};
use super::companion::{Companion, Failure, KeyField, KeyFile, NO_KEY, Records, key_file, object, place};
use super::error::ReadError;
use super::join::Joiner;
use super::keyed::{Keyed, OwnKey, Parts};
use super::misaligned::Misaligned;
use super::named::Named;
use super::nameless;
use super::reader::Reader;
use super::recognise::Form;
use super::sizes::Sizes;
use super::unfit::Unfit;
use super::unjoined::JoinTrouble;
use crate::record::rejected::cell;
use crate::record::rows::{Placed, Rows};
use crate::record::{Block, Input, KeyFlaw, Position, Raw, Reason, Record, RowTrouble};

/// An input, with its companions if it has some.
pub(super) struct Aligned {
    pub(super) reader: Reader,
    beside: Option<Beside>,
    joiner: Option<Joiner>,
    /// Why the rows end before their file does.
    ends: Option<Misaligned>,
}

/// The keys and metadata of vectors that have none of their own.
struct Beside {
    keys: RowKeys,
    metadata: Option<Records>,
    /// The option that says where the keys come from.
    option: &'static str,
    keyed: Keyed,
    row: u64,
}

/// Where the keys come from.
enum RowKeys {
    /// One after another, in a file of this name.
    File(Keys, String),
    /// In the input itself, next to its vectors.
    Own(Keys),
    Records(Records, KeyField),
    Template(String),
}

impl Aligned {
    pub(super) fn open(input: Input, number: u32, sizes: Sizes, form: &Form) -> Result<Self, ReadError> {
        Ok(Self { reader: Reader::open(input, number, sizes, form)?, beside: None, joiner: None, ends: None })
    }

    /// Moves to the first record, or to `from`, in all files.
    pub(super) fn start(&mut self, form: &Form, from: Option<Position>) -> Result<(), ReadError> {
        self.reader.start(form, from)?;
        let row = from.map_or(0, |from| from.record);
        self.beside = Beside::open(&mut self.reader, form, row)?;
        if let Some(join) = &form.join {
            if !self.reader.is_json() {
                let (input, form) = (self.reader.input().clone(), self.reader.form());
                return Err(join.failed(JoinTrouble::NotJson { input, form }));
            }
            self.joiner = Some(Joiner::open(join)?);
        }
        Ok(())
    }

    /// The next block, or none at the end of the input.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        if let Some(misaligned) = self.ends.take() {
            return Err(self.misaligned(misaligned));
        }
        let Self { reader, joiner, .. } = self;
        let next = match joiner {
            Some(joiner) => joiner.next_block(|| reader.next_block())?,
            None => reader.next_block()?,
        };
        let Some(mut block) = next else { return Ok(None) };
        if let Some(beside) = &mut self.beside {
            self.ends = beside.cut_off(&mut block);
            if block.records.is_empty()
                && let Some(misaligned) = self.ends.take()
            {
                return Err(self.misaligned(misaligned));
            }
            beside.join(&mut block, self.reader.input())?;
        } else if is_start_of_bare_vectors(&block) {
            return Err(bare_vectors(&block, self.reader.input().clone()));
        }
        Ok(Some(block))
    }
}

impl Aligned {
    fn misaligned(&self, misaligned: Misaligned) -> ReadError {
        let input = self.reader.input().clone();
        ReadError::Misaligned { input, misaligned: Box::new(misaligned) }
    }
}

/// The error for a companion of `input` that cannot be read on.
fn failed(option: &'static str, input: &Input, Failure { cause, cure }: Failure) -> ReadError {
    ReadError::Companion { input: input.clone(), option, failure: format!("{cause}\n{cure}") }
}

/// The error for arrays in place of records.
fn bare_vectors(block: &Block, input: Input) -> ReadError {
    let first = block.records.first().and_then(|first| match &first.raw {
        Raw::Json(text) => nameless::of_values(text, Named::default()),
        _ => None,
    });
    match first {
        Some(Unfit::Shape { shape, cure, .. }) => ReadError::Shape { input, shape, cure },
        _ => ReadError::NoKeys { input, table: None },
    }
}

/// Whether an input begins with a block of nothing but arrays, which are vectors without keys.
fn is_start_of_bare_vectors(block: &Block) -> bool {
    let is_vector = |text: &[u8]| text.starts_with(b"[") && text.ends_with(b"]") && text.contains(&b',');
    let is_array = |record: &Record| matches!(&record.raw, Raw::Json(text) if is_vector(text));
    block.records.first().is_some_and(|first| first.position.record == 0)
        && block.records.iter().all(is_array)
}

/// What is wrong with the companion record of a row, by the row's number in the block.
type Troubles = BTreeMap<usize, RowTrouble>;

/// Marks those rows as broken records.
fn break_off(block: &mut Block, troubles: Troubles) {
    for (row, trouble) in troubles {
        let Some(record) = block.records.get_mut(row) else { continue };
        let text = match &record.raw {
            Raw::Json(text) => text.clone(),
            Raw::Columns { rows, row } => rows.whole(*row).into(),
            Raw::Row { columns, cells } if cells.len() == columns.0.len() => {
                object(columns.0.iter().zip(cells.iter().map(cell))).into()
            }
            // The row has a trouble of its own.
            Raw::Row { .. } | Raw::Broken { .. } => continue,
        };
        record.raw = Raw::broken(text, trouble);
    }
}

impl Beside {
    /// Opens the companions of an input without keys at the given row. Each must be as long as the input.
    fn open(reader: &mut Reader, form: &Form, row: u64) -> Result<Option<Self>, ReadError> {
        let input = reader.input().clone();
        let is_bare = reader.bare().is_some() || reader.lacks_keys(form);
        let given = form.companion_option();
        if given.is_none() && !is_bare {
            return Ok(None);
        }
        let own = reader.bare().and_then(super::columns::ColumnFile::take_keys);
        let rows = match form.companion_file() {
            Some(option) => rows(reader, form, option)?,
            None => 0,
        };
        let (keys, option) = match (&form.keys_from, own, &form.key_template) {
            (Some(path), ..) => match key_file(path, form, &input, rows)? {
                KeyFile::Keys(keys) => (RowKeys::File(keys, path.display().to_string()), "--keys-from"),
                KeyFile::Records(records, field) => (RowKeys::Records(records, field), "--keys-from"),
            },
            (None, Some(keys), Some(_)) => {
                let field = keys.array_name().unwrap_or_default().to_owned();
                return Err(ReadError::HasKeys { input, field, option: "--key-template" });
            }
            (None, Some(keys), None) => (RowKeys::Own(keys), "--keys-from"),
            (None, None, Some(template)) => {
                (RowKeys::Template(template.replace("{file}", &stem(&input))), "--key-template")
            }
            (None, None, None) if is_bare => {
                return Err(ReadError::NoKeys { input, table: reader.labelled_table() });
            }
            (None, None, None) => {
                return Err(ReadError::HasFields { input, option: given.unwrap_or_default() });
            }
        };
        let metadata = form.metadata_from.as_ref().map(|path| {
            let companion = Companion { path, option: "--metadata-from", form };
            companion.check(&input, rows, companion.count()?)?;
            companion.open()
        });
        let mut beside = Self { keys, metadata: metadata.transpose()?, option, keyed: Keyed::new(form), row };
        beside.skip(row, &input)?;
        Ok(Some(beside))
    }

    fn skip(&mut self, row: u64, input: &Input) -> Result<(), ReadError> {
        let skipped = match &mut self.keys {
            RowKeys::File(keys, _) | RowKeys::Own(keys) => keys.go_to(row).map_err(Failure::from),
            RowKeys::Records(records, _) => records.skip(row),
            RowKeys::Template(_) => Ok(()),
        };
        skipped.map_err(|failure| failed("--keys-from", input, failure))?;
        let skipped = self.metadata.as_mut().map_or(Ok(()), |metadata| metadata.skip(row));
        skipped.map_err(|failure| failed("--metadata-from", input, failure))
    }

    /// Ends a block before the first row of uncertain length: after it, keys and metadata would go to other rows than
    /// once the file is fixed.
    fn cut_off(&self, block: &mut Block) -> Option<Misaligned> {
        let mut rows = block.records.iter().enumerate();
        let (row, misaligned) =
            rows.find_map(|(row, record)| Some((row, Misaligned::uncounted(record, self.option)?)))?;
        block.end = block.records.get(row).map_or(block.end, |record| record.position);
        block.records.truncate(row);
        Some(misaligned)
    }

    /// Adds keys and metadata to the rows of a block.
    fn join(&mut self, block: &mut Block, input: &Input) -> Result<(), ReadError> {
        let count = block.records.len();
        // A row takes over the trouble of its companion record.
        let mut troubles = BTreeMap::new();
        let place = block.records.first().map(|record| record.position).unwrap_or_default();
        let keys = self.next_keys(count, &mut troubles, place, input)?;
        let metadata = self.next_metadata(count, &mut troubles);
        let metadata = metadata.map_err(|failure| failed("--metadata-from", input, failure))?;
        self.row += count as u64;
        let has_keys =
            |OwnKey(field): OwnKey| ReadError::HasKeys { input: input.clone(), field, option: self.option };
        let of_columns = |record: &Record| match &record.raw {
            Raw::Columns { rows, .. } => Some(Arc::clone(rows)),
            _ => None,
        };
        if let Some(rows) = block.records.iter().find_map(of_columns) {
            let labels = rows.labels();
            if let Some(own) = self.keyed.own_key(labels.iter().map(String::as_str)) {
                return Err(has_keys(own));
            }
            let name = format!("{}:", serde_json::Value::from(self.keyed.key()));
            let joined: Arc<dyn Rows> = Arc::new(Joined { inner: rows, name: name.into(), keys, metadata });
            for record in &mut block.records {
                if let Raw::Columns { rows, .. } = &mut record.raw {
                    *rows = Arc::clone(&joined);
                }
            }
            break_off(block, troubles);
            return Ok(());
        }
        for (index, (record, key)) in block.records.iter_mut().zip(&keys).enumerate() {
            let parts = Parts { key, metadata: metadata.get(index).map(String::as_str) };
            record.raw = match (self.keyed.record(&record.raw, parts), &record.raw) {
                (Ok(raw), _) => raw,
                (Err(_), Raw::Json(text)) if record.position.record > 0 => {
                    Raw::broken(text.clone(), RowTrouble::OwnKey)
                }
                (Err(own), _) => return Err(has_keys(own)),
            };
        }
        break_off(block, troubles);
        Ok(())
    }

    /// The next metadata as JSON; adds the rows without usable metadata to `troubles`.
    fn next_metadata(&mut self, count: usize, troubles: &mut Troubles) -> Result<Vec<String>, Failure> {
        let Some(metadata) = &mut self.metadata else { return Ok(Vec::new()) };
        let records = metadata.next(count)?;
        let texts = records.into_iter().enumerate().map(|(row, beside)| {
            let (text, trouble) = beside.into_metadata();
            if let Some(trouble) = trouble {
                troubles.entry(row).or_insert(trouble);
            }
            text
        });
        Ok(texts.collect())
    }

    /// The next keys as JSON; adds the rows without a usable key to `troubles`.
    fn next_keys(
        &mut self,
        count: usize,
        troubles: &mut Troubles,
        first: Position,
        input: &Input,
    ) -> Result<Vec<String>, ReadError> {
        let failed = |failure| failed("--keys-from", input, failure);
        match &mut self.keys {
            RowKeys::File(keys, file) => {
                let unit = keys.unit();
                let keys = keys.next(count).map_err(|trouble| failed(trouble.into()))?;
                let key = |(row, key): (usize, Result<String, KeyFlaw>)| {
                    let flaw = key.as_ref().map_or_else(|flaw| Some(flaw.clone()), |key| KeyFlaw::of(key));
                    if let Some(flaw) = flaw {
                        let trouble = Box::new(RowTrouble::Key(self.keyed.key().to_owned(), flaw));
                        let place = place(file, (unit, self.row + row as u64 + 1), "--keys-from");
                        troubles.insert(row, RowTrouble::Beside { place, trouble });
                    }
                    key.unwrap_or_else(|_| NO_KEY.to_owned())
                };
                Ok(keys.into_iter().enumerate().map(key).collect())
            }
            RowKeys::Own(keys) => {
                let keys = keys.next(count).map_err(|trouble| match trouble {
                    KeyTrouble::Damaged(cause) => {
                        ReadError::DamagedColumns { input: input.clone(), place: first, format: "NPZ", cause }
                    }
                    other => failed(other.into()),
                })?;
                // Admission checks the keys of an array together with their records.
                Ok(keys.into_iter().map(|key| key.unwrap_or_else(|_| NO_KEY.to_owned())).collect())
            }
            RowKeys::Records(records, field) => {
                let records = records.next(count).map_err(failed)?;
                let keys = records.iter().enumerate().map(|(row, beside)| {
                    let (key, trouble) = field.key(beside);
                    troubles.extend(trouble.map(|trouble| (row, trouble)));
                    key
                });
                Ok(keys.collect())
            }
            RowKeys::Template(template) => {
                let key = |row: u64| serde_json::Value::from(template.replace("{row}", &row.to_string()));
                Ok((self.row..self.row + count as u64).map(|row| key(row).to_string()).collect())
            }
        }
    }
}

/// How many records an input with a companion has. Text is read once more to count them.
fn rows(reader: &Reader, form: &Form, option: &'static str) -> Result<u64, ReadError> {
    if let Some(rows) = reader.known_rows() {
        return Ok(rows);
    }
    let input = reader.input().clone();
    if !matches!(&input, Input::File(path) if path.is_file()) {
        return Err(ReadError::NotBesideStream { input, option });
    }
    let mut again = Reader::open(input, 0, Sizes::USUAL, form)?;
    again.start(form, None)?;
    let mut count = 0;
    while let Some(block) = again.next_block()? {
        count += block.records.len() as u64;
    }
    Ok(count)
}

/// The name of a file up to its first dot.
pub(crate) fn stem(input: &Input) -> String {
    let Input::File(path) = input else { return String::new() };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Rows joined with their keys and metadata.
#[derive(Debug)]
struct Joined {
    inner: Arc<dyn Rows>,
    name: Arc<str>,
    keys: Vec<String>,
    /// One per row, or empty.
    metadata: Vec<String>,
}

impl Joined {
    /// Appends a row whose members `inner` appends as an object.
    fn row(&self, row: usize, text: &mut Vec<u8>, inner: impl FnOnce(&mut Vec<u8>)) {
        text.push(b'{');
        text.extend_from_slice(self.name.as_bytes());
        text.extend_from_slice(self.keys.get(row).map_or("null", String::as_str).as_bytes());
        text.push(b',');
        let start = text.len();
        inner(text);
        // Blank out the opening brace of `inner`, so that the offsets in it stay the same.
        if let Some(brace) = text.get_mut(start) {
            *brace = b' ';
        }
        if let Some(metadata) = self.metadata.get(row) {
            text.pop();
            text.extend_from_slice(br#","metadata":"#);
            text.extend_from_slice(metadata.as_bytes());
            text.push(b'}');
        }
    }
}

impl Rows for Joined {
    fn labels(&self) -> Vec<String> {
        self.inner.labels()
    }

    fn voids(&self) -> Vec<String> {
        self.inner.voids()
    }

    fn write(&self, row: usize, text: &mut Vec<u8>, vectors: &mut Vec<Placed>) {
        self.row(row, text, |text| self.inner.write(row, text, vectors));
    }

    fn numbers(&self, vector: usize, row: usize, out: &mut Vec<f32>) -> Result<(), Reason> {
        self.inner.numbers(vector, row, out)
    }

    fn whole(&self, row: usize) -> Vec<u8> {
        let mut text = Vec::new();
        self.row(row, &mut text, |text| text.extend_from_slice(&self.inner.whole(row)));
        text
    }

    fn text_bytes(&self) -> usize {
        let metadata: usize = self.metadata.iter().map(String::len).sum();
        self.inner.text_bytes() + metadata / self.keys.len().max(1)
    }
}
