//! Private steps of loading with plain values in and out, for the fuzz targets in `tests/fuzz` to check.
//!
//! Compiled only for them and for tests.

use std::collections::BTreeMap;

pub use super::books::tracker::Mark;
use super::keep::journal::lines::{Line, next_line, parse, seal};
use super::keep::journal::{Header, Place};
use super::keep::rejects::repair;
pub use crate::read::fuzzing::{Cutting, Row, Table, cut, decoded, decompressed, table};
use crate::record::rejected::Rejected;

/// The lines of a journal with these marks, beginning with the header.
pub fn journal(marks: &[Mark]) -> Vec<String> {
    let header = Header::new(Place::default(), BTreeMap::new(), &[]);
    let mut lines: Vec<String> = header.into_iter().map(|header| seal(&Line::Header(header))).collect();
    let mut last = None;
    for mark in marks {
        lines.push(seal(&next_line(last, mark)));
        last = Some(mark);
    }
    lines
}

/// Reads a journal as a run does: whether its header is valid, and the last mark.
pub fn read_journal(text: &[u8]) -> (bool, Option<Mark>) {
    parse(text).map_or((false, None), |(_, mark)| (true, mark))
}

/// What a resumed run keeps of a rejects file whose first `noted` bytes are in the journal, if the records for which
/// `is_to_come` holds will be read again.
pub fn repaired_rejects(text: &[u8], noted: usize, is_to_come: impl Fn(&str, u64) -> bool) -> Vec<u8> {
    let (before, mut rest) = text.split_at(noted);
    let mut kept = before.to_vec();
    let is_to_come = |known: &Rejected<'_>| is_to_come(&known.input, known.record);
    let keep = |line: &[u8], _| {
        kept.extend_from_slice(if repair::stays(line, &is_to_come) { line } else { &[] });
        Ok(())
    };
    // Reading from memory cannot fail.
    repair::lines(&mut rest, noted as u64, keep).unwrap_or_default();
    kept
}
