//! Joins the records of one input: each gets the record with its key as one more member.

use std::collections::VecDeque;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::index::Join;
use super::twice::is_name;
use crate::read::error::ReadError;
use crate::read::outline::Outline;
use crate::read::unjoined::JoinTrouble;
use crate::read::value::{skip_blanks, value_end};
use crate::record::names::JOINED;
use crate::record::page::{Around, take_first};
use crate::record::rejected::{BEGINS, Line, MAX_NESTING};
use crate::record::{Block, Input, Lookup, Position, Raw, Record, RowTrouble};

/// A block is handed out in pieces of about this many bytes, since joined records can have any size.
const PIECE: usize = 1 << 20;
/// Joins the records of one input.
#[derive(Debug)]
pub(in crate::read) struct Joiner {
    join: Arc<Join>,
    file: File,
    waiting: Option<Waiting>,
}

/// The rest of a block.
#[derive(Debug)]
struct Waiting {
    records: VecDeque<Record>,
    end: Position,
    bytes: Range<u64>,
    around: Vec<(usize, Around)>,
}

/// The result of joining a text.
enum Outcome {
    /// It remains unchanged.
    Same,
    Joined(Vec<u8>),
    /// It cannot be joined.
    Refused(Vec<u8>, RowTrouble),
}

impl Joiner {
    pub(in crate::read) fn open(join: &Arc<Join>) -> Result<Self, ReadError> {
        let file = File::open(join.path());
        let file =
            file.map_err(|cause| ReadError::Open { input: Input::File(join.path().to_owned()), cause })?;
        Ok(Self { join: Arc::clone(join), file, waiting: None })
    }

    /// The next records: from the rest of a block, or from the block that `next` returns.
    pub(in crate::read) fn next_block(
        &mut self,
        next: impl FnOnce() -> Result<Option<Block>, ReadError>,
    ) -> Result<Option<Block>, ReadError> {
        let mut waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => match next()? {
                Some(Block { records, end, bytes, around }) => {
                    Waiting { records: records.into(), end, bytes, around }
                }
                None => return Ok(None),
            },
        };
        let (mut records, mut size) = (Vec::with_capacity(waiting.records.len()), 0);
        while size < PIECE
            && let Some(mut record) = waiting.records.pop_front()
        {
            if let Raw::Json(text) = &record.raw {
                record.raw = self.raw(text).map_err(|trouble| self.join.failed(trouble))?;
            }
            size += record.raw.len();
            records.push(record);
        }
        let Some(first) = waiting.records.front() else {
            let Waiting { end, bytes, around, .. } = waiting;
            return Ok(Some(Block { records, end, bytes, around }));
        };
        let (end, bytes) = (first.position, waiting.bytes.start..waiting.bytes.start);
        let around = take_first(&mut waiting.around, records.len());
        let block = Block { records, end, bytes, around };
        self.waiting = Some(waiting);
        Ok(Some(block))
    }

    fn raw(&mut self, text: &Bytes) -> Result<Raw, JoinTrouble> {
        Ok(match self.outcome(text, 0)? {
            Outcome::Same => Raw::Json(text.clone()),
            Outcome::Joined(text) => Raw::Json(text.into()),
            Outcome::Refused(text, trouble) => Raw::broken(text.into(), trouble),
        })
    }

    fn outcome(&mut self, text: &[u8], nested: usize) -> Result<Outcome, JoinTrouble> {
        if text.starts_with(BEGINS)
            && let Some(line) = Line::parse(text)
        {
            return self.rejected(line, nested);
        }
        self.objects(text, false)
    }

    /// Joins a line of a rejects file, whose record may be joined already.
    fn rejected(&mut self, line: Line<'_, &RawValue>, nested: usize) -> Result<Outcome, JoinTrouble> {
        let Line { rejected, record } = line;
        if rejected.is_wire() || rejected.is_superseded() || nested == MAX_NESTING {
            return Ok(Outcome::Same);
        }
        let inner = match serde_json::from_str::<String>(record.get()) {
            Ok(text) => text,
            Err(_) => record.get().to_owned(),
        };
        let is_line = inner.as_bytes().starts_with(BEGINS);
        let outcome = if is_line {
            self.outcome(inner.as_bytes(), nested + 1)?
        } else {
            self.objects(inner.as_bytes(), true)?
        };
        Ok(match outcome {
            Outcome::Joined(text) => {
                let record = String::from_utf8(text).map_err(|_| JoinTrouble::Changed)?;
                // A string within another record remains a string.
                serde_json::to_vec(&Line { rejected, record: record.as_str() })
                    .map_or(Outcome::Same, Outcome::Joined)
            }
            same_or_refused => same_or_refused,
        })
    }

    /// Joins the objects of a text, nearly always one; anything else remains and is judged as it is.
    fn objects(&mut self, text: &[u8], may_be_joined: bool) -> Result<Outcome, JoinTrouble> {
        let mut joined = Vec::new();
        let mut done = 0;
        while let Some(object) = object_behind(text, done) {
            let end = object.end;
            let object = text.get(object).unwrap_or_default();
            let outline = Outline::of(object, 0);
            let has_own = outline.find(|name| is_name(name, JOINED)).is_some();
            if has_own && may_be_joined {
                return Ok(Outcome::Same);
            }
            let trouble = if has_own {
                Some(RowTrouble::OwnJoined)
            } else {
                match self.join.keys().of_members(object, &outline) {
                    Ok(key) => match self.join.find(&mut self.file, &key)? {
                        Some(other) => {
                            with_member(object, outline.members.is_empty(), &other, &mut joined);
                            None
                        }
                        None => Some(self.not_joined(Lookup::Missing(key))),
                    },
                    Err(what) if outline.is_complete => Some(self.not_joined(what)),
                    // It is not JSON.
                    Err(_) => return Ok(Outcome::Same),
                }
            };
            if let Some(trouble) = trouble {
                return Ok(Outcome::Refused(text.to_vec(), trouble));
            }
            done = end;
        }
        if done == 0 {
            return Ok(Outcome::Same);
        }
        joined.extend_from_slice(text.get(done..).unwrap_or_default());
        Ok(Outcome::Joined(joined))
    }

    fn not_joined(&self, what: Lookup) -> RowTrouble {
        RowTrouble::NotJoined { file: self.join.path().display().to_string(), what }
    }
}

/// The range of the object after a place, if there is one.
fn object_behind(text: &[u8], done: usize) -> Option<Range<usize>> {
    let start = skip_blanks(text, done);
    (text.get(start) == Some(&b'{')).then_some(())?;
    Some(start..value_end(text, start)?)
}

/// Writes an object with one more member.
fn with_member(object: &[u8], is_empty: bool, other: &[u8], out: &mut Vec<u8>) {
    out.reserve(object.len() + other.len() + JOINED.len() + 4);
    out.extend_from_slice(object.get(..object.len() - 1).unwrap_or_default());
    out.extend_from_slice(if is_empty { b"\"" } else { b",\"" });
    out.extend_from_slice(JOINED.as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(other);
    out.push(b'}');
}
