//! What a record of very many parts takes in memory, through the library's public path: a small multiple of its text.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;

use ossvec::test_support::admit::{Admit, Fields, Rules};
use ossvec::test_support::read::{self, Form};
use ossvec::test_support::record::Input;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes of each text.
const SIZE: usize = 6 << 20;

/// All that is asked for on the way, what is given back included: the text grows by doubling, and is copied into blocks.
const MOST: usize = 12;

fn repeated(before: &str, part: &str, behind: &str) -> String {
    [before, &part.repeat(SIZE / part.len()), behind].concat()
}

fn numbered(before: &str, part: &str, behind: &str) -> String {
    let parts: String =
        (0..SIZE / (part.len() + 6)).map(|number| part.replace('#', &number.to_string())).collect();
    [before, &parts, behind].concat()
}

/// Bytes that were asked for while a file is read and judged, by bytes of its text.
fn multiple(name: &str, text: &str) -> usize {
    let path = std::env::temp_dir().join(format!("ossvec-memory-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let rules = Rules { largest: 8 << 20, ..Rules::of_no_index() };
    let region = Region::new(COUNTING);
    let mut admit = Admit::new(Fields::new(&[], &[], &[]), rules);
    for block in read::open(&[Input::File(path.clone())], &Form::default(), None).unwrap() {
        drop(block.map(|block| admit.block(block)));
    }
    let asked = region.change().bytes_allocated;
    std::fs::remove_file(path).unwrap();
    asked / text.len()
}

/// The only test of its program, since the count is of all threads.
#[test]
fn a_record_of_very_many_parts_takes_a_small_multiple_of_its_text() {
    for (name, text) in [
        ("commas.csv", repeated("id,vector\na,[1 2]\n", ",", "\nb,[3 4]\n")),
        ("quoted.csv", repeated("id,vector\na,[1 2]\n", "\"\",", "\nb,[3 4]\n")),
        ("header.csv", repeated("id,vector", ",", "\nb,[3 4]\n")),
        ("numbers.jsonl", repeated(r#"{"id":"a","vector":["#, "1,", "1]}")),
        ("brackets.jsonl", repeated(r#"{"id":"a","vector":[1],"x":"#, "[", "")),
        ("elements.json", repeated("[", "1,", "1]")),
        ("members.jsonl", numbered(r#"{"id":"a","#, r##""#":1,"##, r#""vector":[1,2]}"#)),
        ("vectors.jsonl", repeated(r#"{"id":"a","#, r#""vector":1,"#, r#""x":1}"#)),
        (
            "metadata.jsonl",
            numbered(r#"{"id":"a","vector":[1,2],"metadata":{"#, r##""#":"","##, r#""x":""}}"#),
        ),
        ("around.json", numbered(r#"{"vectors":[{"id":"a","vector":[1]}],"#, r##""#":1,"##, r#""x":1}"#)),
        ("items.jsonl", repeated(r#"{"custom_id":"a","response":{"body":{"data":[1,"#, "1,", "1]}}}")),
        ("line.jsonl", repeated("", "x", "")),
    ] {
        let multiple = multiple(name, &text);
        assert!(multiple <= MOST, "{name}: {multiple} bytes for each of its text");
    }
}
