//! Step 2, admit: a Record becomes a Vector, ready for the wire, or a Defect with its reason.
//!
//! Every rule of the service is held here, before anything is sent. Pure: no clock, no file, no socket.

mod fields;
mod float32;
mod json;
mod metadata;
mod numbers;
mod row;
mod shortest;

use std::ops::Range;

use bytes::Bytes;

pub use fields::{Field, Fields};
use metadata::{Metadata, quoted};
use numbers::Separated;

use super::record::{Block, Defect, Position, Raw, Reason, Record, Span, Vector, WIRE_KEY};
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
}

impl Admitted {
    /// The same without the records of some stretches.
    #[must_use]
    pub fn without(mut self, stretches: &[Span]) -> Self {
        if !stretches.is_empty() {
            self.verdicts.retain(|verdict| {
                let position = match verdict {
                    Ok(vector) => vector.position(),
                    Err(defect) => defect.position,
                };
                !stretches.iter().any(|span| (span.start..span.end).contains(&position))
            });
        }
        self
    }
}

/// Judges records; one a thread, since it keeps its scratch space between records.
#[derive(Debug)]
pub struct Admit {
    fields: Fields,
    /// The fields of a vector as it was sent, which a rejects file may hold.
    wire: Fields,
    rules: Rules,
    scratch: Scratch,
}

impl Admit {
    /// Makes a judge for these fields under these rules.
    pub fn new(fields: Fields, rules: Rules) -> Self {
        Self { fields, wire: Fields::new(&[], &[], &[]), rules, scratch: Scratch::default() }
    }

    /// Sets the dimension that all further records must have.
    pub fn set_dimension(&mut self, dimension: Option<usize>) {
        self.rules.dimension = dimension;
    }

    /// Judges every record of a block. While no dimension is known, the first good record fixes it.
    pub fn block(&mut self, block: Block) -> Admitted {
        let mut arena = Vec::with_capacity(block.records.iter().map(|record| record.raw.len()).sum());
        let judged: Vec<_> = block
            .records
            .into_iter()
            .map(|record| match self.record(&record, &mut arena) {
                Ok(written) => Ok((record.position, written)),
                Err((key, reason)) => {
                    // Else one defect would keep the text of its whole block.
                    let raw = record.raw.alone();
                    Err(Box::new(Defect { position: record.position, key, raw, reason }))
                }
            })
            .collect();
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
        Admitted { verdicts, end: block.end, bytes: block.bytes, dimension: self.rules.dimension }
    }

    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<Written, (Option<String>, Reason)> {
        self.scratch.clear();
        let read = match &record.raw {
            Raw::Json(text) => json::rejected_record(text).and_then(|inner| match inner {
                Some(inner) => {
                    let fields = if inner.is_wire { &self.wire } else { &self.fields };
                    json::read(&inner.text, fields, &self.rules, &mut self.scratch)
                }
                None => json::read(text, &self.fields, &self.rules, &mut self.scratch),
            }),
            Raw::Broken { trouble, .. } => Err(Reason::Quote(**trouble)),
            Raw::Row { columns, cells } => {
                row::read(columns, cells, &self.fields, &self.rules, &mut self.scratch)
            }
        };
        let checked = read.and_then(|()| self.scratch.check(&self.fields, &self.rules));
        let key = || self.scratch.key.as_ref().map(|(_, key)| key.clone());
        let dimension = checked.map_err(|reason| (key(), reason))?;
        let before = out.len();
        if before > 0 {
            out.push(b',');
        }
        let start = out.len();
        let key_length = self.scratch.write(out);
        let bytes = out.len() - start;
        if bytes > self.rules.largest {
            out.truncate(before);
            return Err((key(), Reason::TooLarge { bytes, limit: self.rules.largest }));
        }
        self.rules.dimension = Some(dimension);
        Ok(Written { wire: start..out.len(), key_length })
    }
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

/// The parts of one record while it is read; its buffers live from record to record.
#[derive(Debug, Default)]
struct Scratch {
    /// The key, and the rank of the field that gave it.
    key: Option<(usize, String)>,
    /// The vector's elements; they count only once it was read to its end.
    numbers: Vec<f32>,
    has_vector: bool,
    /// The field that gave the vector.
    vector_field: Option<String>,
    /// What stood in a vector field in place of an array.
    vector_kind: Option<String>,
    metadata: Metadata,
    /// The usual field that gave the metadata, and what is wrong with it.
    metadata_rank: Option<usize>,
    metadata_problem: Option<Reason>,
    /// The metadata fields met so far.
    metadata_seen: Vec<usize>,
    /// The first thing found wrong; reading goes on for the sake of the key.
    problem: Option<Reason>,
}

impl Scratch {
    fn clear(&mut self) {
        self.key = None;
        self.numbers.clear();
        self.has_vector = false;
        self.vector_field = None;
        self.vector_kind = None;
        self.metadata.clear();
        self.metadata_rank = None;
        self.metadata_problem = None;
        self.metadata_seen.clear();
        self.problem = None;
    }

    fn problem(&mut self, reason: Reason) {
        self.problem.get_or_insert(reason);
    }

    /// Notes which field gives the vector; `false` if another one has given it already.
    fn begin_vector(&mut self, field: &str) -> bool {
        match &self.vector_field {
            None => {
                self.vector_field = Some(field.to_owned());
                true
            }
            Some(first) if first == field => {
                self.problem(repeated("vector", field));
                false
            }
            Some(first) => {
                let reason = Reason::AmbiguousVector { first: first.clone(), second: field.to_owned() };
                self.problem(reason);
                false
            }
        }
    }

    /// Takes a vector that is spelt in a cell: bracketed or not, loosely separated.
    fn vector_cell(&mut self, field: &str, cell: &str) {
        let cell = cell.trim();
        if cell.is_empty() {
            self.vector_kind.get_or_insert("an empty cell".to_owned());
            return;
        }
        if !self.begin_vector(field) {
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

    /// Takes a value that the user named as metadata: the members of an object, or one value under its own name.
    fn named_metadata(&mut self, field: &Field, value: &str, rules: &Rules) -> Result<(), Reason> {
        if value.starts_with('{') {
            self.metadata.object(value.as_bytes(), rules)
        } else {
            self.metadata.field(field.last(), value, rules)
        }
    }

    /// Takes the value of one of the usual metadata fields; the likeliest one that is there wins, good or bad, wherever
    /// it stands.
    fn usual_metadata(&mut self, rank: usize, value: &str, rules: &Rules) {
        if value == "null" || self.metadata_rank.is_some_and(|taken| taken <= rank) {
            return;
        }
        self.metadata_rank = Some(rank);
        self.metadata.clear();
        let taken = match serde_json::from_str::<String>(value) {
            Ok(cell) => self.metadata_object(&cell, rules),
            Err(_) => self.metadata_object(value, rules),
        };
        self.metadata_problem = taken.err();
    }

    fn metadata_object(&mut self, text: &str, rules: &Rules) -> Result<(), Reason> {
        let text = text.trim();
        if text.starts_with('{') {
            self.metadata.object(text.as_bytes(), rules)
        } else {
            Err(Reason::MetadataKind { found: metadata::kind_of_cell(text).to_owned() })
        }
    }

    /// A field of lower rank is passed over; the same field twice in one record is a defect.
    fn refuse_repeated_key(&self, rank: usize) -> Result<(), Reason> {
        match &self.key {
            Some((taken, _)) if *taken == rank => {
                Err(Reason::Syntax { detail: "the key's field occurs twice in the record".to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Holds the parts against the rules and returns the dimension.
    fn check(&mut self, fields: &Fields, rules: &Rules) -> Result<usize, Reason> {
        if let Some(problem) = self.problem.take().or_else(|| self.metadata_problem.take()) {
            return Err(problem);
        }
        let Some((_, key)) = &self.key else {
            return Err(Reason::NoKey { looked_for: fields.key.list() });
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
        self.metadata.check()?;
        Ok(got)
    }

    /// Writes the element as it goes on the wire and returns the length of the key's JSON string.
    fn write(&self, out: &mut Vec<u8>) -> usize {
        out.extend_from_slice(WIRE_KEY);
        let start = out.len();
        quoted(self.key.as_ref().map_or("", |(_, key)| key), out);
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
