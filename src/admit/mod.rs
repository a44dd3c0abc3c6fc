//! Step 2, admit: a Record becomes a Vector, ready for the wire, or a Defect with its reason.
//!
//! Every rule of the service is held here, before anything is sent. Pure: no clock, no file, no socket.

mod fields;
mod findings;
mod float32;
mod glued;
mod json;
mod line_of_rejects;
mod metadata;
mod not_text;
mod numbered;
mod numbers;
mod row;
mod shortest;
mod skip;

use std::ops::Range;

use bytes::Bytes;

use fields::Choice;
pub use fields::Fields;
use findings::Book;
pub use findings::Findings;
pub(crate) use findings::{Finding, Kind};
use glued::Glued;
use json::{NoVector, Taken};
pub(crate) use metadata::quoted;
use metadata::{Metadata, Under, Value};
use numbers::Separated;
use row::Header;

use super::record::{Block, Defect, Position, Raw, Reason, Record, RowTrouble, Span, Vector, WIRE_KEY};
use crate::oss::limits;
use crate::oss::wire::DistanceMetric;

/// What becomes of numbers and booleans in metadata, which the service cannot store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataValues {
    /// The record is a defect.
    #[default]
    Reject,
    /// They are written as text in the input's own spelling; null is left out.
    Text,
}

/// What the index and the user ask of each record.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Elements of every vector; `None` until the first good record tells.
    pub dimension: Option<usize>,
    /// Cosine refuses the zero vector.
    pub metric: Option<DistanceMetric>,
    /// Metadata names outside the filterable limits; `None` when nobody knows, and then those limits are not checked.
    pub non_filterable: Option<Vec<String>>,
    /// What becomes of numbers and booleans in metadata.
    pub metadata_values: MetadataValues,
    /// Most bytes that one record may take in a request.
    pub largest: usize,
}

impl Rules {
    /// What is asked while nothing is known of the index.
    #[cfg(test)]
    pub fn of_no_index() -> Self {
        Self {
            dimension: None,
            metric: None,
            non_filterable: None,
            metadata_values: MetadataValues::Reject,
            largest: 1 << 20,
        }
    }

    fn is_filterable(&self, name: &str) -> bool {
        self.non_filterable.as_ref().is_some_and(|names| !names.iter().any(|other| other == name))
    }
}

/// The records of one block, judged, in input order.
#[derive(Debug)]
pub struct Admitted {
    /// What became of each record.
    pub verdicts: Vec<Result<Vector, Box<Defect>>>,
    /// Where the next record starts.
    pub end: Position,
    /// As in [`Block`].
    pub bytes: Range<u64>,
    /// The dimension in force behind them.
    pub dimension: Option<usize>,
    /// What costs none of them, and must be known.
    pub findings: Findings,
}

impl Admitted {
    /// The same, numbered as what follows `end` in its input: the blocks before may have held more records than lines.
    #[must_use]
    pub fn numbered_after(mut self, end: Option<Position>) -> Self {
        let first = self.verdicts.first().map_or(self.end, verdict_position);
        let before = end.filter(|end| end.input == first.input).map_or(first.record, |end| end.record);
        let more = before.saturating_sub(first.record);
        if more > 0 {
            self.end.record += more;
            for verdict in &mut self.verdicts {
                match verdict {
                    Ok(vector) => vector.renumber(more),
                    Err(defect) => defect.position.record += more,
                }
            }
        }
        self
    }

    /// The same without the records of some stretches, which are in order and apart.
    #[must_use]
    pub fn without(mut self, stretches: &[Span]) -> Self {
        let Some(first) = self.verdicts.first().map(verdict_position) else { return self };
        let passed = stretches.partition_point(|span| span.end <= first);
        let mut stretches = stretches.iter().skip(passed).peekable();
        if stretches.peek().is_some() {
            self.verdicts.retain(|verdict| {
                let position = verdict_position(verdict);
                while stretches.next_if(|span| span.end <= position).is_some() {}
                stretches.peek().is_none_or(|span| position < span.start)
            });
        }
        self
    }
}

fn verdict_position(verdict: &Result<Vector, Box<Defect>>) -> Position {
    match verdict {
        Ok(vector) => vector.position(),
        Err(defect) => defect.position,
    }
}

/// Judges records; one a thread, since it keeps its scratch space between records.
#[derive(Debug)]
pub struct Admit {
    fields: Fields,
    /// The fields of a vector as it was sent, which a rejects file may hold.
    wire: Fields,
    rules: Rules,
    /// The header of the rows at hand.
    header: Option<Header>,
    scratch: Scratch,
}

impl Admit {
    /// Makes a judge for these fields under these rules.
    pub fn new(fields: Fields, rules: Rules) -> Self {
        let scratch = Scratch { book: Book::new(fields.named()), ..Scratch::default() };
        Self { fields, wire: Fields::new(&[], &[], &[]), rules, header: None, scratch }
    }

    /// Sets the dimension that all further records must have.
    pub fn set_dimension(&mut self, dimension: Option<usize>) {
        self.rules.dimension = dimension;
    }

    /// Judges every record of a block. While no dimension is known, the first good record fixes it.
    ///
    /// A line may hold several records: then there are more of them than the block has, numbered as they follow.
    pub fn block(&mut self, block: Block) -> Admitted {
        let mut arena = Vec::with_capacity(block.records.iter().map(|record| record.raw.len()).sum());
        let mut judged = Vec::with_capacity(block.records.len());
        let mut glued = 0;
        for mut record in block.records {
            record.position.record += glued;
            glued += self.line(record, &mut arena, &mut judged);
        }
        // Text shrinks on its way to the wire, and batches wait with what is left.
        arena.shrink_to_fit();
        let arena = Bytes::from(arena);
        let verdicts = judged
            .into_iter()
            .map(|judged| {
                judged.map(|(position, written)| {
                    Vector::new(position, arena.clone(), written.wire, written.key_length)
                })
            })
            .collect();
        let end = Position { record: block.end.record + glued, ..block.end };
        if let Some(header) = &mut self.header {
            header.tell(&mut self.scratch.book);
        }
        let findings = self.scratch.book.take();
        Admitted { verdicts, end, bytes: block.bytes, dimension: self.rules.dimension, findings }
    }

    /// Judges what stands on one line, nearly always one record, and gives how many more there are.
    fn line(&mut self, mut record: Record, arena: &mut Vec<u8>, judged: &mut Vec<Judged>) -> u64 {
        let mut more = 0;
        loop {
            let (key, mut reason) = match self.record(&record, arena) {
                Ok(written) => {
                    judged.push(Ok((record.position, written)));
                    return more;
                }
                Err(refused) => refused,
            };
            match self.scratch.glued.take().and_then(|glued| glued::split(&record, glued)) {
                // What is wrong may be that another one follows, or the other one's matter.
                Some((first, rest)) if more < MOST_ON_A_LINE => {
                    let first_judged = self.record(&first, arena);
                    judged.push(match first_judged {
                        Ok(written) => Ok((first.position, written)),
                        Err((key, reason)) => Err(defect(first, key, reason)),
                    });
                    more += 1;
                    record = rest;
                    continue;
                }
                Some(_) => {
                    let detail =
                        format!("more than {MOST_ON_A_LINE} records on one line; --format json reads them");
                    reason = Reason::Syntax { detail };
                }
                None => {}
            }
            judged.push(Err(defect(record, key, reason)));
            return more;
        }
    }

    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<Written, (Option<String>, Reason)> {
        self.scratch.clear();
        let (read, counts) = self.read(record);
        let is_read = counts && read.is_ok();
        if is_read {
            self.scratch.note_parts(&self.fields);
        }
        let written = read.and_then(|()| self.written(out));
        self.scratch.book.close(record.position, (is_read, written.is_ok()));
        written.map_err(|reason| {
            let key = self.scratch.key.take().and_then(|key| key.judged.ok());
            (key, reason)
        })
    }

    /// Reads a record into the scratch, and says whether its fields are those that the user speaks of.
    fn read(&mut self, record: &Record) -> (Result<(), Reason>, bool) {
        let (rules, scratch) = (&self.rules, &mut self.scratch);
        match &record.raw {
            Raw::Json(text) => match line_of_rejects::rejected_record(text) {
                Ok(Some(inner)) if inner.is_superseded => (Err(Reason::Superseded), false),
                Ok(Some(inner)) => {
                    let fields = if inner.is_wire { &self.wire } else { &self.fields };
                    let read = json::read(&inner.text, fields, rules, scratch);
                    // The place is one of the text inside.
                    scratch.glued = None;
                    if inner.is_wire {
                        scratch.book.begin();
                    }
                    (read, !inner.is_wire)
                }
                Ok(None) => (json::read(text, &self.fields, rules, scratch), true),
                Err(reason) => (Err(reason), false),
            },
            Raw::Broken { trouble, .. } => {
                let reason = match **trouble {
                    RowTrouble::Quote(trouble) => Reason::Quote(trouble),
                    RowTrouble::Cells { want, got } => Reason::Ragged { want, got },
                    RowTrouble::Mark => Reason::Syntax { detail: json::MARK.to_owned() },
                    RowTrouble::Return => Reason::Syntax { detail: RETURN.to_owned() },
                };
                (Err(reason), false)
            }
            Raw::Row { columns, cells } => {
                if !self.header.as_ref().is_some_and(|header| header.is_of(columns)) {
                    if let Some(header) = &mut self.header {
                        header.tell(&mut scratch.book);
                    }
                    self.header = None;
                }
                let header = self.header.get_or_insert_with(|| Header::new(columns, &self.fields));
                header.count(record.position);
                (row::read(header, cells, Under { fields: &self.fields, rules }, scratch), true)
            }
        }
    }

    /// Holds what was read against the rules and writes it.
    fn written(&mut self, out: &mut Vec<u8>) -> Result<Written, Reason> {
        let dimension = self.scratch.check(&self.fields, &self.rules)?;
        let before = out.len();
        if before > 0 {
            out.push(b',');
        }
        let start = out.len();
        let key_length = self.scratch.write(out);
        let bytes = out.len() - start;
        if bytes > self.rules.largest {
            out.truncate(before);
            return Err(Reason::TooLarge { bytes, limit: self.rules.largest });
        }
        self.rules.dimension = Some(dimension);
        Ok(Written { wire: start..out.len(), key_length })
    }
}

const RETURN: &str = "a carriage return stands alone in the row; where it ends rows give line feeds: \
                      tr '\\r' '\\n' < FILE > NEW-FILE; where it is text quote the cell";

/// What became of one record, before the arena is shared.
type Judged = Result<(Position, Written), Box<Defect>>;

/// Memory holds what one block is made into, so a line must not be made into any number of records.
const MOST_ON_A_LINE: u64 = 4_096;

/// What is wrong with `record`, which keeps nothing but its own text: else one defect would keep that of its whole block.
fn defect(record: Record, key: Option<String>, reason: Reason) -> Box<Defect> {
    let reason = not_text::explained(reason, &record.raw);
    Box::new(Defect { position: record.position, key, raw: record.raw.alone(), reason })
}

/// Only one value of a field that occurs twice could be stored.
fn repeated(part: &str, field: &str) -> Reason {
    Reason::Syntax { detail: format!("the {part}'s field {field} occurs twice in the record") }
}

/// Where a vector landed in the arena.
struct Written {
    wire: Range<usize>,
    key_length: usize,
}

/// The key of a record, and what is wrong with it.
#[derive(Debug)]
struct Key {
    /// The rank of the field that gave it.
    rank: usize,
    judged: Result<String, Reason>,
    /// Where it stands in the record.
    start: usize,
    end: usize,
}

/// The parts of one record while it is read; its buffers live from record to record.
#[derive(Debug, Default)]
struct Scratch {
    key: Option<Key>,
    /// Fields that could have given the key, and where their values stand.
    other_keys: Vec<(usize, usize, usize)>,
    /// The vector's elements; they count only once it was read to its end.
    numbers: Vec<f32>,
    has_vector: bool,
    /// The rank of the field that gave the vector.
    vector_rank: Option<usize>,
    /// What stood in vector fields in place of an array.
    vector_kinds: Vec<NoVector>,
    /// The same where no other field has the vector.
    vector_kind: Option<String>,
    metadata: Metadata,
    /// The usual field that gave the metadata, and what is wrong with it.
    metadata_rank: Option<usize>,
    metadata_problem: Option<Reason>,
    /// The metadata fields met so far.
    metadata_seen: Vec<usize>,
    /// Fields with a dot in their names that were met.
    taken: Vec<Taken>,
    /// Where another object follows the record's own.
    glued: Option<Glued>,
    /// The first thing found wrong; reading goes on for the sake of the key.
    problem: Option<Reason>,
    /// Whether a namespace was noted.
    has_namespace: bool,
    /// What costs no record.
    book: Book,
    /// Names of open objects, and brackets that are open: only their memory lives on.
    path: String,
    open: Vec<u8>,
}

impl Scratch {
    fn clear(&mut self) {
        self.key = None;
        self.other_keys.clear();
        self.numbers.clear();
        self.has_vector = false;
        self.vector_rank = None;
        self.vector_kinds.clear();
        self.vector_kind = None;
        self.metadata.clear();
        self.metadata_rank = None;
        self.metadata_problem = None;
        self.metadata_seen.clear();
        self.glued = None;
        self.has_namespace = false;
        self.problem = None;
        self.book.begin();
    }

    /// Notes where the parts of a record came from.
    fn note_parts(&mut self, fields: &Fields) {
        if let Some(Key { rank, judged: Ok(key), .. }) = &self.key {
            if !fields.key.named {
                self.book.note(Kind::KeyFrom, "", fields.key.name(*rank));
            }
            if key.trim() != key {
                self.book.note(Kind::KeyWhitespace, "", "");
            }
        }
        if let (Some(rank), false) = (self.vector_rank, fields.vector.named) {
            self.book.note(Kind::VectorFrom, "", fields.vector.name(rank));
        }
        for field in self.metadata.left_out() {
            self.book.note(Kind::LeftOut, "", field);
        }
    }

    fn problem(&mut self, reason: Reason) {
        self.problem.get_or_insert(reason);
    }

    /// Notes which field gives the vector; `false` if another one has given it already.
    fn begin_vector(&mut self, rank: usize, choice: &Choice) -> bool {
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

    /// Takes a vector that is spelt in a cell: bracketed or not, loosely separated.
    fn vector_cell(&mut self, rank: usize, choice: &Choice, cell: &str) {
        let cell = cell.trim();
        if cell.is_empty() {
            self.vector_kind.get_or_insert("an empty cell".to_owned());
            return;
        }
        if !self.begin_vector(rank, choice) {
            return;
        }
        let bracketed = |close| (cell.as_bytes().get(1..).unwrap_or_default(), Some(close));
        let (inner, close) = match cell.as_bytes().first() {
            Some(b'[') => bracketed(b']'),
            Some(b'(') => bracketed(b')'),
            Some(b'{') => bracketed(b'}'),
            _ => (cell.as_bytes(), None),
        };
        match numbers::read(inner, close, Separated::Loosely, &mut self.numbers) {
            Ok(used) if used == inner.len() => self.has_vector = true,
            Ok(_) => {
                self.problem(Reason::Syntax { detail: "text follows the vector in its cell".to_owned() });
            }
            Err(reason) => self.problem(reason),
        }
    }

    /// Takes the value of one of the usual metadata fields; the likeliest one that is there wins, good or bad, wherever
    /// it stands.
    fn usual_metadata(&mut self, rank: usize, value: Value<'_>, under: Under<'_>) {
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

    /// Takes a metadata object that is written as text.
    fn metadata_cell(&mut self, name: &str, cell: &str, under: Under<'_>) -> Result<(), Reason> {
        let cell = cell.trim();
        if cell.starts_with('{') {
            self.metadata.object_text(name, cell, under)
        } else {
            Err(Reason::MetadataKind { found: metadata::kind_of_cell(cell).to_owned() })
        }
    }

    /// Holds the parts against the rules and returns the dimension.
    fn check(&mut self, fields: &Fields, rules: &Rules) -> Result<usize, Reason> {
        if let Some(problem) = self.problem.take().or_else(|| self.metadata_problem.take()) {
            return Err(problem);
        }
        let key = match &self.key {
            None => return Err(Reason::NoKey { looked_for: fields.key.list() }),
            Some(key) => key.judged.as_ref().map_err(Clone::clone)?,
        };
        let characters = key.chars().count();
        if !limits::KEY_CHARACTERS.contains(&characters) {
            return Err(Reason::KeyLength { characters });
        }
        if !self.has_vector {
            return Err(match self.vector_kind.take() {
                Some(found) => Reason::VectorKind { found },
                None => Reason::NoVector { looked_for: fields.vector.list() },
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

    /// Writes the element as it goes on the wire and returns the length of the key's JSON string.
    fn write(&self, out: &mut Vec<u8>) -> usize {
        out.extend_from_slice(WIRE_KEY);
        let start = out.len();
        quoted(self.key.as_ref().and_then(|key| key.judged.as_deref().ok()).unwrap_or_default(), out);
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

#[cfg(test)]
mod tests;
