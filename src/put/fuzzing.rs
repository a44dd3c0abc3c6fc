//! What the fuzz targets in `tests/fuzz` hold against its promises: private steps with plain values in and out.
//!
//! Compiled for them and for tests only.

use std::collections::BTreeMap;

pub use super::books::tracker::Mark;
use super::keep::journal::lines::{Line, next_line, parse, seal};
use super::keep::journal::{Header, Place};
use super::keep::rejects::repair;
pub use crate::read::fuzzing::{Cutting, Row, Table, cut, decoded, decompressed, table};
use crate::record::rejected::Rejected;

/// The lines of a journal with these marks, the header first.
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

/// What a run finds in a journal: whether its header is whole, and the last mark.
pub fn read_journal(text: &[u8]) -> (bool, Option<Mark>) {
    parse(text).map_or((false, None), |(_, mark)| (true, mark))
}

/// What a run that is resumed leaves of a rejects file of which so many bytes are noted, where the records of some inputs
/// and numbers come again.
pub fn repaired_rejects(text: &[u8], noted: usize, is_to_come: impl Fn(&str, u64) -> bool) -> Vec<u8> {
    let (before, mut rest) = text.split_at(noted);
    let mut kept = before.to_vec();
    let is_to_come = |known: &Rejected<'_>| is_to_come(&known.input, known.record);
    let keep = |line: &[u8], _| {
        kept.extend_from_slice(if repair::stays(line, &is_to_come) { line } else { &[] });
        Ok(())
    };
    // Text at hand is always readable.
    repair::lines(&mut rest, noted as u64, keep).unwrap_or_default();
    kept
}
