//! A journal in any damage gives a mark that was written, or none.
//!
//! The bytes say which marks are written, and what is then done to the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ossvec::test_support::put::fuzzing::{Mark, journal, read_journal};
use ossvec::test_support::record::{Position, Span};

fn position(record: u64) -> Position {
    Position { offset: record * 10, line: record + 1, record, ..Position::default() }
}

/// The marks that some bytes stand for, each with stretches ahead.
fn marks(bytes: &[u8]) -> Vec<Mark> {
    let mark = |part: &[u8]| {
        let [first, count, other] = [0, 1, 2].map(|index| u64::from(part[index]));
        let span =
            |number: u64| Span { start: position(first + 2 * number), end: position(first + 2 * number + 1) };
        let ahead = (1..=count).filter(|number| number % (other % 7 + 1) != 0).map(span);
        let mut mark = Mark { position: position(first), ahead: ahead.collect(), ..Mark::default() };
        (mark.counts.read, mark.rejects_bytes) = (first * 3, other);
        mark
    };
    bytes.chunks_exact(3).map(mark).collect()
}

fn damage(file: &mut Vec<u8>, part: &[u8]) {
    let at = (usize::from(part[0]) << 8 | usize::from(part[1])) % (file.len() + 1);
    match part[2] % 5 {
        0 => file.truncate(at),
        1 => file.insert(at, part[3]),
        2 if at < file.len() => file[at] ^= part[3],
        3 => {
            let end = (at + usize::from(part[3])).min(file.len());
            let copied = file[at..end].to_vec();
            file.extend(copied);
        }
        _ => drop(file.drain(at..(at + usize::from(part[3])).min(file.len()))),
    }
}

fuzz_target!(|data: &[u8]| {
    read_journal(data);
    let [count, rest @ ..] = data else { return };
    let (written, damages) = rest.split_at(rest.len().min(3 * usize::from(*count % 8)));
    let marks = marks(written);
    let mut file = journal(&marks).concat().into_bytes();
    assert_eq!(read_journal(&file), (true, marks.last().cloned()));
    for part in damages.chunks_exact(4).take(4) {
        damage(&mut file, part);
    }
    if let (_, Some(mark)) = read_journal(&file) {
        assert!(marks.contains(&mark), "{mark:?} was never written");
    }
});
