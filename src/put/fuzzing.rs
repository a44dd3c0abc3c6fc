//! What the fuzz targets in `tests/fuzz` hold against its promises: private steps with plain values in and out.
//!
//! Compiled for them and for tests only.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use super::journal::{Header, Line, next_line, parse, seal};
pub use super::read::fuzzing::{Cutting, cut};
use super::rejects::Tail;
pub use super::tracker::Mark;

/// The lines of a journal with these marks, the header first.
pub fn journal(marks: &[Mark]) -> Vec<String> {
    let header = Header::new("target".to_owned(), BTreeMap::new(), &[]);
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

/// What a run that is resumed finds in a rejects file of which so many bytes are noted: the records of its other lines,
/// and how much of the file stays.
pub fn read_rejects(text: &[u8], noted: u64) -> (BTreeSet<(String, u64)>, u64) {
    let tail = Tail::read(Cursor::new(text), noted).unwrap_or_default();
    (tail.written.into_iter().collect(), tail.bytes)
}
