use proptest::prelude::*;

use std::collections::BTreeSet;

use super::change::{Change, LISTED};
use super::lines::parse;
use super::*;
use crate::put::books::per_input::PerInput;
use crate::put::books::tracker::{FailedAt, Settled};
use crate::put::testing::position;
use crate::record::{Position, Span};

fn header() -> Header {
    Header::new(Place::default(), BTreeMap::new(), &[]).unwrap()
}

fn counts(read: u64) -> Settled {
    Settled { read, stored: read, ..Settled::default() }
}

#[test]
fn however_many_inputs_have_failed_the_next_mark_is_short() {
    let at = |input: u32| Position { input, ..position(9) };
    let mark = |count: u32| Mark {
        ahead: (0..count)
            .map(|input| Span { start: Position { input, ..Position::default() }, end: at(input) })
            .collect(),
        failed: (0..count).map(|input| FailedAt { at: at(input), beginning: Some("0".repeat(16)) }).collect(),
        ..Mark::default()
    };
    for count in [0, 1, 10, 100, 5_000] {
        let line = seal(&next_line(Some(&mark(count)), &mark(count + 1)));
        assert!(line.len() < 400 * LISTED, "{count}: {}", line.len());
        assert!(count < 100 || line.len() < 1_000, "{count}: {}", line.len());
    }
}

/// Journals of versions 1 and 2 of the format as they are on disk, and one of a later version.
const WRITTEN: [&[u8]; 3] = [
    include_bytes!("../../../../tests/data/journal-1.txt"),
    include_bytes!("../../../../tests/data/journal-2.txt"),
    include_bytes!("../../../../tests/data/journal-4.txt"),
];

#[test]
fn journals_of_earlier_versions_are_read_and_what_they_did_not_count_is_not_known() {
    let [one, two, later] = WRITTEN;
    for (text, service) in [(one, None), (two, Some("cn-hangzhou.oss-vectors.aliyuncs.com"))] {
        let (header, mark) = parse(text).unwrap();
        assert_eq!(header.place.service.as_deref(), service);
        assert_eq!(
            (header.place.bucket.as_str(), header.inputs.len(), header.load.is_none()),
            ("my-b", 1, true)
        );
        let mut mark = mark.unwrap();
        assert_eq!((mark.counts, mark.position.offset), (counts(1), 90));
        assert_eq!(mark.per_input.of(0), None);
        // Nor is it later, in the version that is written now.
        mark.per_input.add(0, counts(1));
        let text =
            seal(&Line::Header(Header { version: header::VERSION, ..header })) + &seal(&Line::Mark(mark));
        assert_eq!(parse(text.as_bytes()).unwrap().1.unwrap().per_input.of(0), None);
    }
    assert_eq!((parse(later), lines::later_version(later)), (None, Some(4)));
    assert!(WRITTEN[..2].iter().all(|text| lines::later_version(text).is_none()));
}

proptest! {
    /// Marks have only the changes, and together they give the counts of all inputs.
    #[test]
    fn the_counts_of_each_input_are_the_sum_of_what_was_settled(
        settled in prop::collection::vec((0u32..5, 1u64..50, any::<bool>()), 0..40),
    ) {
        let mut tracker = crate::put::books::tracker::Tracker::new(None);
        let (mut text, mut last) = (seal(&Line::Header(header())), None);
        let mut sums = [0; 5];
        for (input, read, is_written) in settled {
            tracker.count(input, counts(read));
            sums[input as usize] += read;
            if is_written {
                let mark = Mark { per_input: tracker.take_changed(), ..tracker.mark(0) };
                text += &seal(&next_line(last.as_ref(), &mark));
                last = Some(mark);
            }
        }
        let mark = Mark { per_input: tracker.take_changed(), ..tracker.mark(0) };
        text += &seal(&next_line(last.as_ref(), &mark));
        let read = parse(text.as_bytes()).unwrap().1.unwrap();
        for (input, sum) in (0..).zip(sums) {
            prop_assert_eq!(read.per_input.of(input), Some(counts(sum)));
        }
    }

    #[test]
    fn any_prefix_of_the_file_gives_a_mark_that_was_written(marks in 0u64..20, cut in 0usize..4_000) {
        let mut text = seal(&Line::Header(header())).into_bytes();
        let mut ends = vec![(text.len(), None)];
        for number in 0..marks {
            let mark = Mark { position: position(number), counts: counts(number), ..Mark::default() };
            text.extend(seal(&Line::Mark(mark.clone())).bytes());
            ends.push((text.len(), Some(mark)));
        }
        let cut = cut.min(text.len());
        let want = ends.iter().rev().find(|(end, _)| *end <= cut).map(|(_, mark)| (header(), mark.clone()));
        prop_assert_eq!(parse(&text[..cut]), want);
    }

    #[test]
    fn a_change_leads_from_any_mark_to_the_next(
        before in prop::collection::btree_set(0u64..50, 0..30),
        after in prop::collection::btree_set(0u64..50, 0..30),
    ) {
        let mark = |numbers: &BTreeSet<u64>| {
            let at = |number: u64| Position { input: u32::try_from(number).unwrap(), ..position(number) };
            Mark {
                position: position(numbers.len() as u64),
                ahead: numbers.iter().map(|number| Span { start: at(*number), end: at(number + 1) }).collect(),
                counts: counts(numbers.len() as u64),
                rejects_bytes: numbers.iter().sum(),
                failed: numbers.iter().map(|number| FailedAt { at: at(*number), beginning: None }).collect(),
                per_input: PerInput::default(),
            }
        };
        let (before, after) = (mark(&before), mark(&after));
        let change = Change::between(&before, &after);
        let text = [
            Line::Header(header()),
            Line::Mark(before),
            Line::Change(change),
        ].iter().map(seal).collect::<String>();
        prop_assert_eq!(parse(text.as_bytes()), Some((header(), Some(after))));
    }

    #[test]
    fn a_damaged_tail_is_ignored(marks in 1u64..10, damage in 1usize..60, byte: u8) {
        let mut text = seal(&Line::Header(header())).into_bytes();
        let mut before_last = text.len();
        for number in 0..marks {
            before_last = text.len();
            let mark = Mark { position: position(number), ..Mark::default() };
            text.extend(seal(&Line::Mark(mark)).bytes());
        }
        let at = text.len() - damage.min(text.len() - before_last);
        prop_assume!(text[at] != byte && byte != b'\n');
        text[at] = byte;
        let (_, mark) = parse(&text).unwrap();
        prop_assert_eq!(mark.map(|mark| mark.position), (marks > 1).then(|| position(marks - 2)));
    }
}
