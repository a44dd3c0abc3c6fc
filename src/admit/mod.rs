//! Step 2, admit: a Record becomes a Vector, ready for the wire, or a Defect with its reason.
//!
//! Every rule of the service is held here, before anything is sent. Pure: no clock, no file, no socket.

mod admitted;
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
mod rules;
mod scratch;
mod shortest;
mod skip;

use std::ops::Range;

use bytes::Bytes;

pub use admitted::Admitted;
pub use fields::Fields;
use findings::Book;
pub use findings::Findings;
pub(crate) use findings::{Finding, Kind};
use metadata::Under;
pub(crate) use metadata::quoted;
use row::Header;
pub use rules::{MetadataValues, Rules};
use scratch::Scratch;

use crate::record::{Block, Defect, Position, Raw, Reason, Record, RowTrouble, Vector};

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
                    let detail = format!("more than {MOST_ON_A_LINE} records on one line; use --format json");
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

const RETURN: &str = "the row contains a carriage return without a line feed; if it ends rows, convert it: \
                      tr '\\r' '\\n' < FILE > NEW-FILE; if it is text, quote the cell";

/// What became of one record, before the arena is shared.
type Judged = Result<(Position, Written), Box<Defect>>;

/// Memory holds what one block is made into, so a line must not be made into any number of records.
const MOST_ON_A_LINE: u64 = 4_096;

/// What is wrong with `record`, which keeps nothing but its own text: else one defect would keep that of its whole block.
fn defect(record: Record, key: Option<String>, reason: Reason) -> Box<Defect> {
    let reason = not_text::explained(reason, &record.raw);
    Box::new(Defect { position: record.position, key, raw: record.raw.alone(), reason })
}

/// Where a vector landed in the arena.
struct Written {
    wire: Range<usize>,
    key_length: usize,
}

#[cfg(test)]
mod tests;
