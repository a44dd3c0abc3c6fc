//! The parts of the current record, as they are found, judged and written.

use super::encoded;
use super::fields::{Choice, Fields};
use super::findings::{Book, Kind};
use super::glued::Glued;
use super::metadata::{self, Metadata, Under, Value, quoted};
use super::numbers::{self, Separated};
use super::rules::Rules;
use super::shortest;
use super::spelling;
use crate::lint::{Look, Mode};
use crate::oss::limits;
use crate::oss::wire::DistanceMetric;
use crate::record::names;
use crate::record::page::Namespace;
use crate::record::{Position, Reason, WIRE_KEY};

/// The key of a record, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Key {
    /// The rank of its field.
    pub(super) rank: usize,
    pub(super) judged: Result<String, Reason>,
    /// Whether it is a number, which is stored as text.
    pub(super) is_number: bool,
    /// Its range in the record.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The parts of one record while it is read; its buffers are reused.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) key: Option<Key>,
    /// Fields that could have given the key, and the ranges of their values.
    pub(super) other_keys: Vec<(usize, usize, usize)>,
    /// The vector's elements, valid only once it was read to its end.
    pub(super) numbers: Vec<f32>,
    pub(super) has_vector: bool,
    /// The elements of a vector with one member per number, by the numbers in their names.
    pub(super) wide: Vec<(u32, f32)>,
    /// The rank of the field with the vector.
    pub(super) vector_rank: Option<usize>,
    /// What vector fields contained instead of an array.
    pub(super) vector_kinds: Vec<NoVector>,
    /// The same if no other field has the vector.
    pub(super) vector_kind: Option<String>,
    pub(super) metadata: Metadata,
    /// The default field with the metadata, and what is wrong with it.
    pub(super) metadata_rank: Option<usize>,
    pub(super) metadata_problem: Option<Reason>,
    /// The metadata fields so far.
    pub(super) metadata_seen: Vec<usize>,
    /// The fields so far with a dot or a bracket in their names.
    pub(super) taken: Vec<Taken>,
    /// The range of the joined record of another file, of which the default parts are stored.
    pub(super) joined: Option<(usize, usize)>,
    /// Where another object follows the record's own.
    pub(super) glued: Option<Glued>,
    /// Fields with metadata in another form, and the ranges of their values.
    pub(super) restricts: Vec<(String, usize, usize)>,
    /// The first error; reading continues to find the key.
    pub(super) problem: Option<Reason>,
    /// The namespace according to the object around the records.
    pub(super) around: Namespace,
    /// Whether a namespace was noted.
    pub(super) has_namespace: bool,
    /// Findings that reject no record.
    pub(super) book: Book,
    /// Names of open objects, and open brackets: kept only to reuse their memory.
    pub(super) path: String,
    pub(super) open: Vec<u8>,
}

impl Scratch {
    pub(super) fn clear(&mut self) {
        self.key = None;
        self.other_keys.clear();
        self.numbers.clear();
        self.has_vector = false;
        self.wide.clear();
        self.vector_rank = None;
        self.vector_kinds.clear();
        self.vector_kind = None;
        self.metadata.clear();
        self.metadata_rank = None;
        self.metadata_problem = None;
        self.metadata_seen.clear();
        self.restricts.clear();
        self.joined = None;
        self.glued = None;
        self.has_namespace = false;
        self.problem = None;
        self.book.begin();
    }

    /// Notes which fields the parts of a record came from.
    pub(super) fn note_parts(&mut self, fields: &Fields) {
        if let Some(Key { rank, judged: Ok(key), .. }) = &self.key {
            if !fields.key.named {
                self.book.note(Kind::KeyFrom, "", fields.key.name(*rank));
            }
            if key.trim() != key {
                self.book.note(Kind::KeyWhitespace, "", "");
            }
            if names::is_missing(key) {
                self.book.note(Kind::KeyMissing, "", key);
            }
            if names::is_remade_number(key) {
                self.book.note(Kind::KeyNumber, "", "");
            }
        }
        if let (Some(rank), false) = (self.vector_rank, fields.vector.named) {
            self.book.note(Kind::VectorFrom, "", fields.vector.name(rank));
        }
        for field in self.metadata.left_out() {
            self.book.note(Kind::LeftOut, "", field);
        }
    }

    /// Notes the namespace of a record that has none itself.
    pub(super) fn note_namespace_around(&mut self) {
        match &self.around {
            Namespace::Own => self.book.note(Kind::Namespace, "", ""),
            Namespace::Named(name) => self.book.note(Kind::Namespace, "", name),
            Namespace::Open => self.book.note(Kind::OpenNamespace, "", ""),
            Namespace::Unread => {}
        }
    }

    /// Notes what of the current good record is stored as text.
    pub(super) fn note_conversions(&mut self, position: Position) {
        let is_number = self.key.as_ref().is_some_and(|key| key.is_number);
        self.book.convert(position, (is_number, self.metadata.is_made_text()));
    }

    /// Takes a key that is only reported: text, or a number as it is written.
    pub(super) fn take_key(&mut self, raw: &str) {
        let judged = serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned());
        self.key = Some(Key { rank: 0, judged: Ok(judged), is_number: false, start: 0, end: 0 });
    }

    pub(super) fn problem(&mut self, reason: Reason) {
        self.problem.get_or_insert(reason);
    }

    /// Notes which field gives the vector; `false` if another one has given it already.
    pub(super) fn begin_vector(&mut self, rank: usize, choice: &Choice) -> bool {
        let Some(first) = self.vector_rank else {
            self.vector_rank = Some(rank);
            return true;
        };
        let (first, second) = (choice.name(first), choice.name(rank));
        self.problem(if first == second {
            repeated("vector", first)
        } else {
            Reason::AmbiguousVector { first: first.to_owned(), second: second.to_owned() }
        });
        false
    }

    /// Makes the vector from numbers with one member each.
    pub(super) fn wide_vector(&mut self, fields: &Fields) {
        let Some(wide) = fields.wide.as_ref().filter(|_| self.vector_rank.is_none()) else { return };
        if !self.wide.is_sorted_by_key(|(number, _)| *number) {
            self.wide.sort_by_key(|(number, _)| *number);
        }
        let numbers = self.wide.iter().map(|(number, _)| *number);
        match wide.check(numbers, |number| vec![wide.name(number)]) {
            Ok(()) => {
                self.numbers.extend(self.wide.iter().map(|(_, value)| *value));
                self.has_vector = true;
            }
            Err(trouble) => self.problem(Reason::Wide { pattern: fields.vector.list(), trouble }),
        }
    }

    /// Takes a vector in a cell: with or without brackets, loosely separated.
    pub(super) fn vector_cell(&mut self, rank: usize, choice: &Choice, cell: &str) {
        let cell = cell.trim();
        if cell.is_empty() {
            self.vector_kind.get_or_insert("an empty cell".to_owned());
            return;
        }
        if !self.begin_vector(rank, choice) {
            return;
        }
        if let Err(reason) = self.read_cell(cell) {
            self.spelled_vector(cell, reason);
        }
    }

    /// Reads the numbers of a cell to its end.
    fn read_cell(&mut self, cell: &str) -> Result<(), Reason> {
        let bracketed = |close| (cell.as_bytes().get(1..).unwrap_or_default(), Some(close));
        let (inner, close) = match cell.as_bytes().first() {
            Some(b'[') => bracketed(b']'),
            Some(b'(') => bracketed(b')'),
            Some(b'{') => bracketed(b'}'),
            _ => (cell.as_bytes(), None),
        };
        let used = numbers::read(inner, close, Separated::Loosely, &mut self.numbers)?;
        self.has_vector = used == inner.len();
        if self.has_vector {
            return numbers::without_decimal_commas(inner, &self.numbers);
        }
        Err(Reason::Syntax { detail: "unexpected text after the vector in its cell".to_owned() })
    }

    /// Extracts a vector from what a program wrote around its numbers; otherwise the cell is rejected for the `reason`.
    #[cold]
    fn spelled_vector(&mut self, cell: &str, reason: Reason) {
        self.numbers.clear();
        if let Some(read) = encoded::read(cell, &mut self.numbers) {
            self.has_vector = read.is_ok();
            return read.unwrap_or_else(|reason| self.problem(reason));
        }
        let plain = spelling::plain(cell);
        let read = plain.unwrap_or(Err(reason)).and_then(|plain| {
            self.numbers.clear();
            self.read_cell(&plain)
        });
        if let Err(reason) = read {
            self.problem(reason);
        }
    }

    /// Takes the value of a default metadata field; the likeliest one in the record wins, valid or not, wherever it is.
    pub(super) fn usual_metadata(&mut self, rank: usize, value: Value<'_>, under: Under<'_>) {
        let choice = &under.fields.metadata;
        if value.raw() == b"null" {
            return;
        }
        let loses = match self.metadata_rank {
            Some(taken) if taken <= rank => Some(rank),
            taken => taken,
        };
        if let Some(loser) = loses {
            self.book.note(Kind::SecondMetadata, "", choice.name(loser));
            if loser == rank {
                return;
            }
        }
        self.metadata_rank = Some(rank);
        self.metadata.clear();
        let name = choice.name(rank);
        let taken = match value.raw().first() {
            Some(b'{') => self.metadata.object(&[name, "."].concat(), value, under),
            Some(b'"') => value.decoded().and_then(|cell| self.metadata_cell(name, &cell, under)),
            _ => Err(Reason::MetadataKind { found: metadata::described(value.raw()) }),
        };
        self.metadata_problem = taken.err();
    }

    /// Takes a metadata object in JSON text.
    pub(super) fn metadata_cell(&mut self, name: &str, cell: &str, under: Under<'_>) -> Result<(), Reason> {
        let cell = cell.trim();
        if cell.starts_with('{') {
            self.metadata.object_text(name, cell, under)
        } else {
            Err(Reason::MetadataKind { found: metadata::kind_of_cell(cell).to_owned() })
        }
    }

    /// Checks the parts against the rules and returns the dimension.
    pub(super) fn check(&mut self, fields: &Fields, rules: &Rules) -> Result<usize, Reason> {
        if let Some(problem) = self.problem.take().or_else(|| self.metadata_problem.take()) {
            return Err(problem);
        }
        let key = match &self.key {
            None => return Err(Reason::NoKey { looked_for: fields.key.list(), is_of_several: false }),
            Some(key) => key.judged.as_ref().map_err(Clone::clone)?,
        };
        let characters = key.chars().count();
        if !limits::KEY_CHARACTERS.contains(&characters) {
            return Err(Reason::KeyLength { characters });
        }
        if !self.has_vector {
            return Err(match self.vector_kind.take() {
                Some(found) => Reason::VectorKind { found },
                None => Reason::NoVector { looked_for: fields.vector.list(), is_of_several: false },
            });
        }
        let got = self.numbers.len();
        match rules.dimension {
            Some(want) if want != got => return Err(Reason::Dimension { want, got }),
            _ if !u32::try_from(got).is_ok_and(|count| limits::DIMENSION.contains(&count)) => {
                return Err(Reason::DimensionRange { got });
            }
            _ => {}
        }
        if self.numbers.iter().all(|number| *number == 0.0) && rules.metric == Some(DistanceMetric::Cosine) {
            return Err(Reason::ZeroVector);
        }
        self.metadata.check(rules)?;
        Ok(got)
    }

    /// Looks at a valid vector for what the service accepts but lint reports.
    pub(super) fn look(&self, rules: &Rules) -> Result<Option<Look>, Reason> {
        if rules.lint == Mode::Off {
            return Ok(None);
        }
        let look = Look::at(&self.numbers, self.key_text());
        match look.and_then(|look| look.oddity) {
            Some(oddity) if rules.lint == Mode::Deny => Err(Reason::Odd(oddity)),
            _ => Ok(look),
        }
    }

    fn key_text(&self) -> &str {
        self.key.as_ref().and_then(|key| key.judged.as_deref().ok()).unwrap_or_default()
    }

    /// Writes the element in wire form and returns the length of the key's JSON string.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> usize {
        out.extend_from_slice(WIRE_KEY);
        let start = out.len();
        quoted(self.key_text(), out);
        let key_length = out.len() - start;
        out.extend_from_slice(br#","data":{"float32":["#);
        shortest::write(&self.numbers, out);
        out.extend_from_slice(b"]}");
        if !self.metadata.wire().is_empty() {
            out.extend_from_slice(br#","metadata":{"#);
            out.extend_from_slice(self.metadata.wire());
            out.push(b'}');
        }
        out.push(b'}');
        key_length
    }
}

/// A field with a dot or a bracket in its name, found by its whole name or along a path: the name takes precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) part: Kind,
    pub(super) rank: usize,
    pub(super) by_name: bool,
}

/// A member that is in the place of a vector but is not one.
#[derive(Debug)]
pub(super) struct NoVector {
    /// What it is.
    pub(super) found: String,
    /// The path of its object, and its name.
    pub(super) member: (String, String),
    pub(super) value: (usize, usize),
    /// Whether it is stored, or excluded, in any case.
    pub(super) is_settled: bool,
}

/// The reason for a duplicate field, of which only one value could be stored.
pub(super) fn repeated(part: &str, field: &str) -> Reason {
    Reason::Syntax { detail: format!("the {part} field {field} occurs twice") }
}
