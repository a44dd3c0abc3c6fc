//! Of a rejects file in any damage only a torn last line is dropped, and the records of all whole lines are known.
//!
//! The first two bytes say how much of the file is noted; the rest are pieces of it: lines, parts of lines, anything.

#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ossvec::put::fuzzing::read_rejects;
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
    let [high, low, pieces @ ..] = data else { return };
    let file = file(pieces);
    let noted = (usize::from(*high) << 8 | usize::from(*low)) % (file.len() + 1);
    let (written, kept) = read_rejects(&file, noted as u64);
    let kept = usize::try_from(kept).unwrap();
    assert!((noted..=file.len()).contains(&kept));
    let dropped = &file[kept..];
    assert!(!dropped.contains(&b'\n') && record(dropped).is_none(), "{}", dropped.escape_ascii());
    let lines = file[noted..].split_inclusive(|byte| *byte == b'\n');
    let known: BTreeSet<_> = lines.clone().filter_map(record).collect();
    // A line that another reader takes for more than it is, such as one with a member twice, may be unknown, not made up.
    assert!(written.is_subset(&known), "{written:?}");
    for line in lines.filter(|line| WHOLE.contains(*line)) {
        assert!(record(line).is_some_and(|record| written.contains(&record)));
    }
});
