//! Step 2, admit: a Record becomes a Vector, ready for the wire, or a Defect with its reason.
//!
//! Checks every rule of the service before anything is sent. Pure: no clock, no file, no socket.

mod admitted;
mod beside;
mod broken;
mod columns;
mod encoded;
mod exports;
mod fields;
mod findings;
mod float32;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod glued;
mod joined;
mod json;
mod likely;
mod line_of_rejects;
mod metadata;
mod not_text;
mod numbered;
mod numbers;
mod restricts;
mod row;
mod rules;
mod scratch;
mod shortest;
mod skip;
mod spelling;

use std::ops::Range;

use bytes::Bytes;

pub use admitted::Admitted;
use exports::Forms;
pub use fields::Fields;
use findings::Book;
pub(crate) use findings::Converted;
pub use findings::Findings;
pub(crate) use findings::{Finding, Kind};
use metadata::Under;
pub(crate) use metadata::quoted;
#[cfg(test)]
pub(crate) use numbers::{Separated, read_by, read_one};
use row::Header;
pub use rules::{MetadataValues, Rules};
use scratch::Scratch;
#[cfg(test)]
pub(crate) use shortest::write_by;

use crate::export::{Content, Export, Paths, Unfit};
use crate::lint::{Look, Mode};
use crate::record::names::NAMESPACE;
use crate::record::page::{Around, Namespace};
use crate::record::{Block, Defect, Lack, Position, Raw, Reason, Record, Vector};

/// Judges records; one per thread, since it keeps its scratch space between records.
#[derive(Debug)]
pub struct Admit {
    fields: Fields,
    /// The fields of a vector in wire form, which a rejects file may contain.
    wire: Fields,
    /// The fields of records of known forms.
    forms: Forms,
    /// Whether the current record stands for several.
    is_several: bool,
    /// The fields of any other record in a rejects file, to which something may have been joined.
    rejected: Fields,
    rules: Rules,
    /// The header of the current rows.
    header: Option<Header>,
    /// The current row of a file of columns.
    row: columns::Row,
    scratch: Scratch,
    /// The bytes that the last block used and the maximum that it might have used: the next one will be similar.
    taken: (usize, usize),
}

impl Admit {
    /// A judge for these fields and rules.
    pub fn new(fields: Fields, rules: Rules) -> Self {
        let scratch = Scratch { book: Book::new(fields.named()), ..Scratch::default() };
        Self {
            rejected: fields.clone().joined(),
            fields,
            wire: Fields::new(&[], &[], &[]),
            forms: Forms::default(),
            is_several: false,
            rules,
            header: None,
            row: columns::Row::default(),
            scratch,
            taken: (0, 0),
        }
    }

    /// Sets the dimension that all further records must have.
    pub fn set_dimension(&mut self, dimension: Option<usize>) {
        self.rules.dimension = dimension;
    }

    /// Judges every record of a block. While the dimension is unknown, the first good record sets it.
    ///
    /// A line may contain several records: then there are more records than in the block, numbered consecutively.
    pub fn block(&mut self, block: Block) -> Admitted {
        let (most, mut arena) = self.arena(&block);
        let mut judged = Vec::with_capacity(block.records.len());
        let mut glued = 0;
        let mut around = block.around.into_iter().peekable();
        self.scratch.around = Namespace::Own;
        for (index, mut record) in block.records.into_iter().enumerate() {
            while let Some((_, told)) = around.next_if(|(before, _)| *before <= index) {
                self.told(&told, record.position);
            }
            record.position.record += glued;
            glued += self.line(record, &mut arena, &mut judged);
        }
        around.for_each(|(_, told)| self.told(&told, block.end));
        // The wire form is shorter than the input, and batches hold the memory while they wait.
        arena.shrink_to_fit();
        self.taken = (arena.len(), most);
        let arena = Bytes::from(arena);
        let look = |judged: &Judged| judged.as_ref().ok().and_then(|(_, written)| written.look);
        let looks = match self.rules.lint {
            Mode::Off => Vec::new(),
            Mode::Note | Mode::Deny => judged.iter().map(look).collect(),
        };
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
        Admitted { verdicts, looks, end, bytes: block.bytes, dimension: self.rules.dimension, findings }
    }

    /// Memory for the elements of a block, and an upper bound of their size in the normal case. The wire form is
    /// shorter than the input: allocating for all of the text would fragment the memory.
    fn arena(&self, block: &Block) -> (usize, Vec<u8>) {
        let lengths = block.records.iter().map(|record| record.raw.len());
        let most: usize = lengths.clone().sum();
        let longest = lengths.max().unwrap_or_default();
        let likely = match self.taken {
            (_, 0) => most,
            (taken, of) => most.saturating_mul(taken) / of + longest,
        };
        (most, Vec::with_capacity(likely.min(most)))
    }

    /// Handles what the object around records says about them.
    #[cold]
    fn told(&mut self, told: &Around, at: Position) {
        let is_named = match told {
            Around::Of(namespace) => {
                self.scratch.around = namespace.clone();
                matches!(namespace, Namespace::Named(_))
            }
            Around::Were(name) => {
                self.scratch.book.close_namespace(name);
                !name.is_empty()
            }
        };
        for field in NAMESPACE.iter().filter_map(|name| self.fields.left_out("", name)) {
            if is_named {
                self.scratch.book.note_all(Kind::LeftOut, field, 1, at);
            }
        }
    }

    /// Judges the records on one line, nearly always one, and returns how many more there are.
    fn line(&mut self, mut record: Record, arena: &mut Vec<u8>, judged: &mut Vec<Judged>) -> u64 {
        let mut more = 0;
        loop {
            let mut refused = match self.record(&record, arena) {
                Ok(written) => {
                    judged.push(Ok((record.position, written)));
                    return more;
                }
                Err(refused) => refused,
            };
            match self.scratch.glued.take().and_then(|glued| glued::split(&record, glued)) {
                // The error may be that another record follows, or an error in that record.
                Some((first, rest)) if more < MOST_ON_A_LINE => {
                    let of_first = match self.record(&first, arena) {
                        Ok(written) => {
                            judged.push(Ok((first.position, written)));
                            0
                        }
                        Err(refused) => self.refused(first, refused, arena, judged),
                    };
                    more += 1 + of_first;
                    record = rest;
                    record.position.record += of_first;
                    continue;
                }
                Some(_) => {
                    let detail = format!("more than {MOST_ON_A_LINE} records on one line; use --format json");
                    refused.reason = Reason::Syntax { detail };
                }
                None => {}
            }
            return more + self.refused(record, refused, arena, judged);
        }
    }

    /// Handles a record that is not admitted as it is: it may stand for several. Returns how many more than one there
    /// are.
    #[cold]
    fn refused(
        &mut self,
        record: Record,
        refused: Refused,
        arena: &mut Vec<u8>,
        judged: &mut Vec<Judged>,
    ) -> u64 {
        if refused.is_several {
            return self.several(record, refused, arena, judged);
        }
        judged.push(Err(defect(record, refused.key, refused.reason, &self.fields)));
        0
    }

    fn record(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<Written, Refused> {
        self.scratch.clear();
        let (read, counts) = self.read(record);
        let mut is_read = counts && read.is_ok();
        if is_read {
            self.scratch.note_parts(&self.fields);
        }
        let mut written = read.and_then(|()| written(&mut self.scratch, &self.fields, &mut self.rules, out));
        self.is_several = false;
        if counts && let Err(reason) = written {
            (written, is_read) = self.of_other_form(record, reason, is_read, out);
        }
        self.scratch.book.close(record.position, (is_read, written.is_ok()));
        if written.is_ok() {
            self.scratch.note_conversions(record.position);
        }
        let is_several = self.is_several;
        written.map_err(|reason| {
            let key = self.scratch.key.take().and_then(|key| key.judged.ok());
            Refused { key, reason, is_several }
        })
    }

    /// Reads a record again that was refused for this `reason`, if it has a known form. Also returns whether all of its
    /// fields were seen.
    #[cold]
    fn of_other_form(
        &mut self,
        record: &Record,
        reason: Reason,
        is_read: bool,
        out: &mut Vec<u8>,
    ) -> (Result<Written, Reason>, bool) {
        let text = if exports::may_be(&reason, &self.scratch) { exports::text(record) } else { None };
        let Some((text, is_rejected)) = text else { return (Err(reason), is_read) };
        let Some(export) = Export::of(&text) else { return (Err(reason), is_read) };
        if let Some(key) = export.key.filter(|_| !self.fields.key.named) {
            self.scratch.take_key(key);
        }
        let refused = match export.content {
            Content::One(paths) => return self.along((&text, is_rejected), &paths, out),
            Content::Failed(message) => Reason::Provider { message },
            Content::Several(_) if !self.fields.vector.named => {
                self.is_several = true;
                reason
            }
            Content::Unfit(Unfit { lack, said }) if !self.is_named(lack) => Reason::OfExport { lack, said },
            Content::Several(_) | Content::Unfit(_) => reason,
        };
        (Err(refused), is_read)
    }

    /// Whether the user names the field that is missing.
    fn is_named(&self, lack: Lack) -> bool {
        match lack {
            Lack::Key => self.fields.key.named,
            Lack::Text => false,
            Lack::Vector | Lack::Choice | Lack::Kind => self.fields.vector.named,
        }
    }

    /// Reads a record whose parts are at these paths.
    fn along(
        &mut self,
        (text, is_rejected): (&[u8], bool),
        paths: &Paths,
        out: &mut Vec<u8>,
    ) -> (Result<Written, Reason>, bool) {
        let fields = self.forms.fields(paths, if is_rejected { &self.rejected } else { &self.fields });
        self.scratch.clear();
        let read = json::read(text, None, Under { fields: &fields, rules: &self.rules }, &mut self.scratch);
        let is_read = read.is_ok();
        if is_read {
            self.scratch.note_parts(&fields);
        }
        if paths.is_truncated {
            self.scratch.book.note(Kind::Truncated, "", "");
        }
        let written = read.and_then(|()| written(&mut self.scratch, &fields, &mut self.rules, out));
        let written = written.map_err(|reason| match (reason, paths.needs_key) {
            (Reason::NoKey { .. }, Some(said)) if !fields.key.named => {
                Reason::OfExport { lack: Lack::Key, said: said.to_owned() }
            }
            (reason, _) => reason,
        });
        (written, is_read)
    }

    /// Judges each of the records that a line with several vectors stands for, and returns how many more than one there
    /// are. If an earlier run has settled the first ones, the record begins at the next one.
    fn several(
        &mut self,
        record: Record,
        Refused { key, reason, .. }: Refused,
        arena: &mut Vec<u8>,
        judged: &mut Vec<Judged>,
    ) -> u64 {
        let text = exports::text(&record).map(|(text, _)| text.into_owned()).unwrap_or_default();
        let Some(Export { content: Content::Several(parts), .. }) = Export::of(&text) else {
            judged.push(Err(defect(record, key, reason, &self.fields)));
            return 0;
        };
        let trouble = if parts.count() as u64 > MOST_ON_A_LINE {
            Some(format!(
                "more than {MOST_ON_A_LINE} vectors on one line; send fewer inputs with each request"
            ))
        } else if parts.common() > exports::MOST_IN_COMMON {
            Some("more than 1 MiB of other fields around the vectors of one line; remove them".to_owned())
        } else {
            None
        };
        if let Some(detail) = trouble {
            judged.push(Err(defect(record, key, Reason::Syntax { detail }, &self.fields)));
            return 0;
        }
        let first = record.position;
        let mut more = 0;
        for part in first.part.. {
            let Some(text) = parts.part(part as usize) else { break };
            let more_before = u64::from(part - first.part);
            let position = Position { record: first.record + more_before, part, ..first };
            let record = Record { position, raw: Raw::Json(text.into()) };
            judged.push(match self.record(&record, arena) {
                Ok(written) => Ok((position, written)),
                Err(refused) => Err(defect(record, refused.key, refused.reason, &self.fields)),
            });
            more = more_before;
        }
        more
    }

    /// Reads a record into the scratch, and returns whether its fields are those that the user's options are about.
    fn read(&mut self, record: &Record) -> (Result<(), Reason>, bool) {
        let (rules, scratch) = (&self.rules, &mut self.scratch);
        match &record.raw {
            Raw::Json(text) => match line_of_rejects::rejected_record(text) {
                Ok(Some(inner)) if inner.is_superseded => (Err(Reason::Superseded), false),
                Ok(Some(inner)) => {
                    let fields = if inner.is_wire { &self.wire } else { &self.rejected };
                    let of_cells;
                    let rules = if inner.has_empty_cells {
                        of_cells = Rules { metadata_values: MetadataValues::Text, ..rules.clone() };
                        &of_cells
                    } else {
                        rules
                    };
                    let read = json::read(&inner.text, None, Under { fields, rules }, scratch);
                    // The place is relative to the text inside.
                    scratch.glued = None;
                    if inner.is_wire {
                        scratch.book.begin();
                    }
                    (read, !inner.is_wire)
                }
                Ok(None) => (json::read(text, None, Under { fields: &self.fields, rules }, scratch), true),
                Err(reason) => (Err(reason), false),
            },
            Raw::Broken { text, trouble } => (Err(self.broken(text, trouble)), false),
            Raw::Columns { rows, row } => {
                let under = Under { fields: &self.fields, rules };
                (self.row.read(rows.as_ref(), *row, under, scratch), true)
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
}

/// Checks what was read against the rules and writes it.
fn written(
    scratch: &mut Scratch,
    fields: &Fields,
    rules: &mut Rules,
    out: &mut Vec<u8>,
) -> Result<Written, Reason> {
    let dimension = scratch.check(fields, rules)?;
    let look = scratch.look(rules)?;
    let before = out.len();
    if before > 0 {
        out.push(b',');
    }
    let start = out.len();
    let key_length = scratch.write(out);
    let bytes = out.len() - start;
    if bytes > rules.largest {
        out.truncate(before);
        return Err(Reason::TooLarge { bytes, limit: rules.largest });
    }
    rules.dimension = Some(dimension);
    Ok(Written { wire: start..out.len(), key_length, look })
}

/// A record that is not admitted as it is.
struct Refused {
    key: Option<String>,
    reason: Reason,
    /// Whether it stands for several records.
    is_several: bool,
}

/// The verdict on one record, before the arena is shared.
type Judged = Result<(Position, Written), Box<Defect>>;

/// Maximum number of records on a line, which limits the memory for the records of one block.
const MOST_ON_A_LINE: u64 = 4_096;

/// The defect of `record`, with a copy of its own text: otherwise one defect would keep the text of the whole block.
fn defect(record: Record, key: Option<String>, reason: Reason, fields: &Fields) -> Box<Defect> {
    let reason = not_text::explained(reason, &record.raw, fields);
    Box::new(Defect { position: record.position, key, raw: record.raw.alone(), reason })
}

/// The location of a vector in the arena.
struct Written {
    wire: Range<usize>,
    key_length: usize,
    look: Option<Look>,
}

#[cfg(test)]
mod tests;
