//! JSON in any damage: no record is lost, a window of any size gives the same records, and each is a place to go on from.
//!
//! The first byte is the window's size, the second the format that is named; the rest is the text.

#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::put::fuzzing::{Cutting, cut};
use ossvec::test_support::read::Format;
use tree::Tree;

/// As much as all of a text.
const ALL: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    let [size, format, text @ ..] = data else { return };
    let format = [Some(Format::Json), Some(Format::Jsonl), None][usize::from(*format) % 3];
    // Anything else is a table where no format is named.
    if format.is_none() && !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return;
    }
    // Text that a mark says to be UTF-16 is decoded first: its records are slices of what it says.
    if [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| text.starts_with(*mark)) {
        return;
    }
    let whole = cut(text, ALL, format, None);
    // How much of a text is in another encoding is told by what the window has of it.
    if std::str::from_utf8(text).is_ok() {
        let parts = cut(text, window(*size), format, None);
        if [&parts, &whole].into_iter().all(is_taken) {
            assert_eq!(parts, whole, "a window of {} bytes", window(*size));
        }
    }
    records_are_slices_in_order(text, &whole);
    if let Some(record) = whole.records.get(usize::from(*size) % whole.records.len().max(1)) {
        let rest = cut(text, ALL, format, Some(record.0));
        let from = whole.records.iter().position(|other| other == record).unwrap();
        assert_eq!(rest.records, whole.records[from..], "continued at {:?}", record.0);
        assert_eq!(rest.failed.is_some(), whole.failed.is_some());
    }
    if whole.failed.is_none() {
        nothing_is_left_out(text, &whole);
    }
});

/// Whether a text was taken for records. What is binary, or columns, is told by more bytes than the smallest windows hold.
fn is_taken(cutting: &Cutting) -> bool {
    !cutting.records.is_empty() || cutting.failed != Some(0)
}

fn window(size: u8) -> usize {
    64 + usize::from(size)
}

fn records_are_slices_in_order(text: &[u8], cutting: &Cutting) {
    let mut at = 0;
    for (number, (position, record)) in cutting.records.iter().enumerate() {
        let start = usize::try_from(position.offset).unwrap();
        assert!(start >= at && position.record == number as u64);
        assert!(text[start..].starts_with(record) && !record.is_empty());
        assert_eq!(position.line, 1 + text[..start].iter().filter(|byte| **byte == b'\n').count() as u64);
        at = start + record.len();
    }
}

/// What another reader of JSON finds of records is in one that was cut, or in a damaged one, which is rejected whole.
fn nothing_is_left_out(text: &[u8], cutting: &Cutting) {
    if !is_json(text) {
        return;
    }
    if !cutting.records.iter().all(|(_, record)| is_json(record)) {
        return only_whitespace_is_left_out(text, cutting);
    }
    // A line with several objects is divided in the next step.
    let cut: Vec<Tree> = cutting.records.iter().flat_map(|(_, record)| stream(record)).collect();
    let values = stream(text);
    let mut wanted = Vec::new();
    values.iter().for_each(|value| records(value, &mut wanted));
    for record in wanted {
        assert!(cut.iter().any(|cut| holds(cut, record)), "{record:?} is in no record");
    }
}

/// Lines of which one is damaged: each is a record of its own.
fn only_whitespace_is_left_out(text: &[u8], cutting: &Cutting) {
    let mut at = 0;
    for (position, record) in &cutting.records {
        let start = usize::try_from(position.offset).unwrap();
        assert!(text[at..start].trim_ascii().is_empty(), "{:?} is in no record", &text[at..start]);
        at = start + record.len();
    }
    assert!(text[at..].trim_ascii().is_empty(), "{:?} is in no record", &text[at..]);
}

fn is_json(text: &[u8]) -> bool {
    serde_json::Deserializer::from_slice(text).into_iter::<Tree>().all(|value| value.is_ok())
}

fn stream(text: &[u8]) -> Vec<Tree> {
    serde_json::Deserializer::from_slice(text).into_iter().map_while(Result::ok).collect()
}

/// The outermost objects that are records beyond doubt.
fn records<'a>(value: &'a Tree, found: &mut Vec<&'a Tree>) {
    let is_number = |value: &Tree| matches!(value, Tree::Number(_));
    let is_vector = |(name, value): &(String, Tree)| matches!(value, Tree::Array(list) if name == "vector" && !list.is_empty() && list.iter().all(is_number));
    match value {
        Tree::Object(members)
            if members.iter().any(|(name, _)| name == "id") && members.iter().any(is_vector) =>
        {
            found.push(value);
        }
        Tree::Object(members) => members.iter().for_each(|(_, inner)| records(inner, found)),
        Tree::Array(elements) => elements.iter().for_each(|inner| records(inner, found)),
        Tree::Number(_) | Tree::Other(_) => {}
    }
}

fn holds(outer: &Tree, inner: &Tree) -> bool {
    outer == inner
        || match outer {
            Tree::Object(members) => members.iter().any(|(_, value)| holds(value, inner)),
            Tree::Array(elements) => elements.iter().any(|value| holds(value, inner)),
            Tree::Number(_) | Tree::Other(_) => false,
        }
}
