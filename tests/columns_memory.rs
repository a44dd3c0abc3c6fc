//! What reading a file of columns takes in memory, through the library's public path: the same however large its row
//! groups are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{ArrayRef, ListArray, RecordBatch, StringArray};
use ossvec::test_support::admit::{Admit, Fields, Rules};
use ossvec::test_support::read::{self, Form};
use ossvec::test_support::record::Input;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const DIMENSION: usize = 256;
/// Rows that are written at once, so that the writer is no larger than what it is to measure.
const CHUNK: usize = 1_000;

/// Much less than a row group of 40 MB of numbers.
const MOST: usize = 12 << 20;

fn rows(first: usize) -> RecordBatch {
    let keys = StringArray::from_iter_values((first..first + CHUNK).map(|row| format!("k{row}")));
    #[expect(clippy::cast_precision_loss, reason = "any number will do")]
    let number = |row: usize, index: usize| Some((row * 31 + index * 17) as f32 / 1e6);
    let vectors = (first..first + CHUNK)
        .map(|row| Some((0..DIMENSION).map(|index| number(row, index)).collect::<Vec<_>>()));
    let vectors = ListArray::from_iter_primitive::<Float32Type, _, _>(vectors);
    let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(keys)), ("vector", Arc::new(vectors))];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Writes a file of one row group and returns the most bytes that were held while it was read and judged.
fn most_held(chunks: usize) -> usize {
    let path = std::env::temp_dir().join(format!("ossvec-columns-{}.parquet", std::process::id()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(chunks * CHUNK))
        .build();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, rows(0).schema(), Some(properties)).unwrap();
    for chunk in 0..chunks {
        writer.write(&rows(chunk * CHUNK)).unwrap();
    }
    assert_eq!(writer.close().unwrap().num_row_groups(), 1);
    let rules = Rules { largest: 8 << 20, ..Rules::of_no_index() };
    let region = Region::new(COUNTING);
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
    let (mut most, mut vectors) = (0, 0);
    for block in read::open(&[Input::File(path.clone())], &Form::default(), None).unwrap() {
        let admitted = admit.block(block.unwrap());
        vectors += admitted.verdicts.iter().filter(|verdict| verdict.is_ok()).count();
        let change = region.change();
        most = most.max(change.bytes_allocated.saturating_sub(change.bytes_deallocated));
    }
    assert_eq!(vectors, chunks * CHUNK);
    std::fs::remove_file(path).unwrap();
    most
}

/// The only test of its program, since the count is of all threads.
#[test]
fn a_row_group_of_any_size_is_read_in_slices() {
    let (small, large) = (most_held(10), most_held(40));
    assert!(large < MOST, "{large} bytes");
    assert!(large < small + small / 2, "{large} bytes, {small} of a quarter of the rows");
}
