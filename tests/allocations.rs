//! What a record costs in allocations, through the library's public path: a number that must not grow with its vector.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use ossvec::test_support::admit::{Admit, Fields, Rules};
use ossvec::test_support::record::{Block, Columns, Position, Raw, Record};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RECORDS: usize = 64;

/// The key, the vector's field, the path to it, the metadata's text and names; no number has one of its own.
const MOST_A_RECORD: usize = 12;

/// How a record holds its vector.
#[derive(Clone, Copy, Debug)]
enum Form {
    Array,
    Text,
    Cell,
}

/// Numbers as Python writes them, and with them what other writers do: exponents, whole numbers, short decimals.
fn numbers(record: usize, dimension: usize) -> String {
    let mut text = String::new();
    for element in 0..dimension {
        let value = f32::sin(f32::from(u16::try_from(record * 7 + element).unwrap())) / 32.0;
        let separator = if element == 0 { "" } else { ", " };
        match element % 8 {
            0 => write!(text, "{separator}{value:e}").unwrap(),
            1 => write!(text, "{separator}{element}").unwrap(),
            2 => write!(text, "{separator}{value}").unwrap(),
            _ => write!(text, "{separator}{}", f64::from(value)).unwrap(),
        }
    }
    text
}

fn records(form: Form, dimension: usize) -> Vec<Record> {
    let columns = Arc::new(Columns(["key", "vector", "metadata"].map(str::to_owned).into()));
    let raw = |record| {
        let numbers = numbers(record, dimension);
        let json = |vector: String| {
            let text = format!(
                r#"{{"key": "key-{record}", "data": {{"float32": {vector}}}, "metadata": {{"title": "a"}}}}"#
            );
            Raw::Json(Bytes::from(text))
        };
        match form {
            Form::Array => json(format!("[{numbers}]")),
            Form::Text => json(format!("\"[{numbers}]\"")),
            Form::Cell => {
                let cells = [format!("key-{record}"), format!("[{numbers}]"), r#"{"title": "a"}"#.to_owned()];
                Raw::Row { columns: Arc::clone(&columns), cells: cells.to_vec().into() }
            }
        }
    };
    let position = |record| Position { record: record as u64, ..Position::default() };
    (0..RECORDS).map(|record| Record { position: position(record), raw: raw(record) }).collect()
}

/// Allocations and growths for a block of records, by a judge that has seen one before.
fn allocations(form: Form, dimension: usize) -> usize {
    let rules = Rules { dimension: Some(dimension), largest: 8 << 20, ..Rules::of_no_index() };
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
    let block = || Block {
        records: records(form, dimension),
        end: Position::default(),
        bytes: 0..0,
        around: Vec::new(),
    };
    drop(admit.block(block()));
    let block = block();
    let region = Region::new(COUNTING);
    let admitted = admit.block(block);
    let change = region.change();
    assert!(admitted.verdicts.iter().all(Result::is_ok));
    assert_eq!(admitted.verdicts.len(), RECORDS);
    change.allocations + change.reallocations
}

/// The only test of its program, since the count is of all threads.
#[test]
fn admitting_a_record_takes_few_allocations_whatever_its_dimension() {
    for form in [Form::Array, Form::Text, Form::Cell] {
        let [small, large] = [16, 4096].map(|dimension| allocations(form, dimension));
        assert!(small > 0, "nothing was counted");
        assert!(large <= MOST_A_RECORD * RECORDS, "{form:?}: {large} allocations for {RECORDS} records");
        assert!(large <= small + RECORDS / 8, "{form:?}: {small} for 16 numbers each, {large} for 4,096");
    }
}
