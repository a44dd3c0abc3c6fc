//! From the first byte of a table to its vectors: whatever quotes are astray, nothing is mixed and nothing is lost.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod made;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use made::{Said, Table, judge, stray, table};
use ossvec::test_support::admit::{Admit, Fields, Rules};
use ossvec::test_support::read::{self, Form};
use ossvec::test_support::record::{Input, Raw, Vector};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A file of one test, removed with it.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ossvec-tables-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap_or_default();
    }
}

fn said(vector: &Vector) -> Said {
    let value: serde_json::Value = serde_json::from_slice(vector.wire()).unwrap();
    let numbers = value["data"]["float32"].as_array().unwrap().iter();
    let metadata: BTreeMap<String, String> =
        serde_json::from_value(value.get("metadata").cloned().unwrap_or_else(|| serde_json::json!({})))
            .unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "written as float32")]
    let vector_numbers = numbers.map(|number| number.as_f64().unwrap() as f32).collect();
    Said { key: vector.key(), vector: vector_numbers, metadata }
}

fn lines_of(raw: &Raw) -> u64 {
    let newlines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count() as u64;
    match raw {
        Raw::Json(text) | Raw::Broken { text, .. } => newlines(text),
        Raw::Row { cells, .. } => cells.iter().map(newlines).sum(),
        Raw::Columns { .. } => 0,
    }
}

/// What becomes of a text: the vectors, the lines of the rejects, and whether it was read to its end.
fn load(name: &str, text: &str, two: bool) -> (Vec<Said>, Vec<RangeInclusive<u64>>, bool) {
    let file = File::new(name, text);
    let names: &[&str] = if two { &["one", "two"] } else { &["one"] };
    let metadata: Vec<String> = names.iter().map(ToString::to_string).collect();
    let rules = Rules { dimension: Some(3), ..Rules::of_no_index() };
    let mut admit = Admit::new(Fields::new(&[], &[], &metadata), rules);
    let (mut stored, mut rejected) = (Vec::new(), Vec::new());
    for block in read::open(&[Input::File(file.0.clone())], &Form::default(), None).unwrap() {
        let Ok(block) = block else { return (stored, rejected, false) };
        for verdict in admit.block(block).verdicts {
            match verdict {
                Ok(vector) => stored.push(said(&vector)),
                Err(defect) => {
                    let first = defect.position.line;
                    rejected.push(first..=first + lines_of(&defect.raw));
                }
            }
        }
    }
    (stored, rejected, true)
}

fn has_two(table: &Table) -> bool {
    table.text.lines().next().is_some_and(|header| header.contains("two"))
}

/// Thousands of tables, other ones each time.
fn fresh() -> ProptestConfig {
    ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Thousands of tables, the same ones each time: of hundreds of thousands with two stray quotes, single ones are proper
/// tables of another content.
fn fixed() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(20_261), ..fresh() }
}

proptest! {
    #![proptest_config(fresh())]

    #[test]
    fn a_proper_table_is_loaded_whole(table in table()) {
        let (stored, rejected, _) = load("proper", &table.text, has_two(&table));
        let (bad, good): (Vec<_>, Vec<_>) =
            table.said.iter().cloned().partition(|(_, said)| said.vector.is_empty());
        let wanted: Vec<Said> = good.into_iter().map(|(_, said)| said).collect();
        prop_assert_eq!(stored, wanted, "{:?}", table.text);
        let firsts: Vec<u64> = rejected.iter().map(|lines| *lines.start()).collect();
        let wanted: Vec<u64> = bad.iter().map(|(lines, _)| *lines.start()).collect();
        prop_assert_eq!(firsts, wanted, "{:?}", table.text);
    }

    #[test]
    fn a_stray_quote_never_mixes_records_and_loses_none_without_a_reject(table in table(), stray in stray()) {
        let is_in_header = record_at(&table, stray.at(&table.text)) == 0;
        hold("one", &table, &stray.put_into(&table.text), is_in_header, |c| c == '"')?;
    }

}

proptest! {
    #![proptest_config(fixed())]

    // Two in neighbouring records can make a proper row of both, and any two can move a line end from one text to the
    // next, which nobody can tell from what was meant.
    #[test]
    fn two_stray_quotes_do_not_either_with_a_record_between_them(
        table in table(),
        first in stray(),
        second in stray(),
    ) {
        let once = first.put_into(&table.text);
        let places = [record_at(&table, first.at(&table.text)), record_at(&table, second.at(&once))];
        if places[0].abs_diff(places[1]) > 1 {
            let text = second.put_into(&once);
            hold("two", &table, &text, places.contains(&0), |c| !c.is_ascii_alphanumeric())?;
        }
    }
}

/// The number of the record that a place of the table belongs to, 0 for the header.
fn record_at(table: &Table, at: usize) -> usize {
    let line = table.text.bytes().take(at).filter(|byte| *byte == b'\n').count() as u64 + 1;
    table.said.iter().take_while(|(lines, _)| *lines.start() <= line).count()
}

/// Loads a text in which quotes of `table` are astray, and judges what became of it; only a header can stop it.
fn hold(
    name: &str,
    table: &Table,
    text: &str,
    is_in_header: bool,
    left_out: fn(char) -> bool,
) -> Result<(), TestCaseError> {
    let (stored, rejected, is_read) = load(name, text, has_two(table));
    if !is_read {
        prop_assert!(is_in_header, "only a damaged header stops a load: {text:?}");
        prop_assert!(stored.is_empty() && rejected.is_empty(), "stopped in the middle: {text:?}");
        return Ok(());
    }
    judge(table, &stored, &rejected, left_out)
        .map_err(|error| TestCaseError::fail(format!("{error} in {text:?}")))
}
