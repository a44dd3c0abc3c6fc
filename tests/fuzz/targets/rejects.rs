//! Of a rejects file in any damage a repair drops the lines about records that come again and a torn last line, and
//! nothing else; what is noted stays as it is.
//!
//! The first two bytes say how much of the file is noted, the third which records come again; the rest are pieces of it:
//! lines, parts of lines, anything.

#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::put::fuzzing::repaired_rejects;
use serde_json::{Value, json};

/// All lines that a run may have written.
static WHOLE: LazyLock<BTreeSet<Vec<u8>>> =
    LazyLock::new(|| (0..=255).map(|number| line(number).into()).collect());

fn line(number: u8) -> String {
    let input = format!("file-{}.jsonl", number % 3);
    let rejected = json!({"input": input, "line": number, "record": number, "key": null, "reason": "syntax", "message": "m"});
    format!("{}\n", json!({"rejected": rejected, "record": format!("{{\n{number}")}))
}

fn file(pieces: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for piece in pieces.chunks(3) {
        match piece {
            [0..=99, number, ..] => file.extend_from_slice(line(*number).as_bytes()),
            [100..=199, number, end] => {
                let line = line(*number);
                file.extend_from_slice(&line.as_bytes()[..usize::from(*end) % line.len()]);
            }
            other => file.extend_from_slice(other),
        }
    }
    file
}

/// The record that a line is about, as another reader of JSON finds it.
fn record(line: &[u8]) -> Option<(String, u64)> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let rejected = line.get("rejected")?;
    Some((rejected.get("input")?.as_str()?.to_owned(), rejected.get("record")?.as_u64()?))
}

fuzz_target!(|data: &[u8]| {
    let [high, low, again, pieces @ ..] = data else { return };
    let file = file(pieces);
    let noted = (usize::from(*high) << 8 | usize::from(*low)) % (file.len() + 1);
    let is_to_come = |record: u64| record % (u64::from(*again) % 5 + 1) == 0;
    let repaired = repaired_rejects(&file, noted, |_, record| is_to_come(record));
    assert_eq!(repaired.get(..noted), file.get(..noted));
    let mut left = repaired[noted..].split_inclusive(|byte| *byte == b'\n').peekable();
    for line in file[noted..].split_inclusive(|byte| *byte == b'\n') {
        let is_kept = left.next_if_eq(&line).is_some();
        if WHOLE.contains(line) {
            assert_eq!(is_kept, !record(line).is_some_and(|(_, record)| is_to_come(record)));
        } else if !is_kept {
            // Perhaps a line of another shape about such a record.
            let is_about = record(line).is_some_and(|(_, record)| is_to_come(record));
            assert!(is_about || !line.ends_with(b"\n"), "{}", line.escape_ascii());
        }
    }
    assert_eq!(left.next(), None);
});
