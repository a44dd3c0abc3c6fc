//! What a record costs in allocations, through the library's public path: a number that must not grow with its vector.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::fmt::Write;

use bytes::Bytes;
use ossvec::put::admit::{Admit, Fields, MetadataValues, Rules};
use ossvec::put::record::{Block, Position, Raw, Record};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RECORDS: usize = 64;

/// The key, the vector's field, the path to it, the metadata's text and names; no number has one of its own.
const MOST_A_RECORD: usize = 12;

/// Records as Python writes them, and with them what other writers do: exponents, whole numbers, short decimals.
fn records(dimension: usize) -> Vec<Record> {
    let mut records = Vec::new();
    for record in 0..RECORDS {
        let mut text = format!(r#"{{"key": "key-{record}", "data": {{"float32": ["#);
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
        text.push_str(r#"]}, "metadata": {"title": "a"}}"#);
        let position = Position { record: record as u64, ..Position::default() };
        records.push(Record { position, raw: Raw::Json(Bytes::from(text)) });
    }
    records
}

/// Allocations and growths for a block of records, by a judge that has seen one before.
fn allocations(dimension: usize) -> usize {
    let rules = Rules {
        dimension: Some(dimension),
        metric: None,
        non_filterable: None,
        metadata_values: MetadataValues::Reject,
        largest: 8 << 20,
    };
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
    let block = || Block { records: records(dimension), end: Position::default(), bytes: 0..0 };
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
    let [small, large] = [16, 4096].map(allocations);
    assert!(small > 0, "nothing was counted");
    assert!(large <= MOST_A_RECORD * RECORDS, "{large} allocations for {RECORDS} records");
    assert!(large <= small + RECORDS / 8, "{small} allocations of 16 numbers each, {large} of 4,096");
}
