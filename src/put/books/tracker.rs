//! Tracks which batches are settled, and so how far a load is; completions arrive in any order. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::per_input::PerInput;
pub(crate) use super::settled::Settled;
use crate::record::{Position, Span};

/// An input that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FailedAt {
    /// Where reading it ended. No stretch of a mark covers this place.
    pub at: Position,
    /// A hash to check that its text before the place is unchanged.
    pub beginning: Option<String>,
}

/// How far a load is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Everything before this is settled.
    pub position: Position,
    /// What is settled beyond it.
    pub ahead: Vec<Span>,
    /// The counts of everything that is settled.
    pub counts: Settled,
    /// The bytes of the rejects file that belong to it.
    pub rejects_bytes: u64,
    /// The inputs that could not be read to their end, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedAt>,
    /// The counts of each input; in the file only those that changed since the mark before.
    #[serde(default, skip_serializing_if = "PerInput::is_empty")]
    pub per_input: PerInput,
}

impl Mark {
    /// Whether a record, given by its input and its number there, is settled.
    pub fn is_settled(&self, input: u32, record: u64) -> bool {
        let place = |position: Position| (position.input, position.record);
        let record = (input, record);
        let is_within = |span: &Span| place(span.start) <= record && record < place(span.end);
        record < place(self.position) || self.ahead.iter().any(is_within)
    }

    /// Treats an input as not settled at all, and removes its counts.
    ///
    /// The number of its rejects is not known here: see [`Self::take_back`].
    pub fn forget(&mut self, input: u32) {
        let (first, behind) = (start_of(input), start_of(input + 1));
        let within = |span: &Span| {
            let (start, end) = (span.start.max(first), span.end.min(behind));
            // A stretch that continues past an input that failed is no part of it.
            if end.input == input && start < end { end.record.saturating_sub(start.record) } else { 0 }
        };
        let before = Span { start: Position::default(), end: self.position };
        let counted = self.per_input.forget(input).map(|counts| counts.read);
        let read = counted.unwrap_or_else(|| self.ahead.iter().chain([&before]).map(within).sum());
        self.counts.read = self.counts.read.saturating_sub(read);
        self.counts.stored = self.counts.stored.saturating_sub(read);
        let before = Span { start: Position::default(), end: self.position };
        let mut settled = vec![before];
        settled.append(&mut self.ahead);
        let parts = settled.iter().flat_map(|span| {
            let before = Span { start: span.start, end: span.end.min(first) };
            let after = Span { start: span.start.max(behind), end: span.end };
            [before, after]
        });
        let mut parts = parts.filter(|part| part.start < part.end).peekable();
        let reaches = |part: &Span| part.start == Position::default();
        self.position = parts.next_if(reaches).map_or(Position::default(), |part| part.end);
        self.ahead = parts.collect();
        self.failed.retain(|failed| failed.at.input != input);
    }

    /// Corrects the counts of forgotten records: they are neither rejected nor unknown, and so not stored either.
    pub fn take_back(&mut self, rejected: u64, unknown: u64) {
        self.counts.rejected = self.counts.rejected.saturating_sub(rejected);
        self.counts.unknown = self.counts.unknown.saturating_sub(unknown);
        self.counts.stored += rejected + unknown;
    }

    /// Renumbers for another list of inputs, in the same order: `now` has the new number of each earlier one that is
    /// still there, and `count` is how many there are. Inputs that are gone must not be settled in part; new ones are
    /// not settled.
    pub fn renumber(&mut self, now: &[Option<u32>], count: u32) {
        // An input that is gone ends where the next one begins.
        let following = |input: u32| now.iter().skip(input as usize).find_map(|now| *now).unwrap_or(count);
        let number = |place: &mut Position| place.input = following(place.input);
        number(&mut self.position);
        self.ahead.iter_mut().for_each(|span| [&mut span.start, &mut span.end].into_iter().for_each(number));
        self.failed.iter_mut().for_each(|failed| number(&mut failed.at));
        let known: BTreeSet<u32> = now.iter().flatten().copied().collect();
        self.per_input.renumber(now);
        (0..count).filter(|input| !known.contains(input)).for_each(|input| self.forget(input));
    }
}

fn start_of(input: u32) -> Position {
    Position { input, ..Position::default() }
}

/// Sorts the stretches and joins those that overlap or are adjacent.
pub(crate) fn in_order(mut stretches: Vec<Span>) -> Vec<Span> {
    stretches.sort_unstable_by_key(|span| (span.start, span.end));
    stretches.dedup_by(|next, before| {
        let is_apart = next.start > before.end;
        if !is_apart {
            before.end = before.end.max(next.end);
        }
        !is_apart
    });
    stretches
}

/// Tracks which batches are settled; completions arrive in any order.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    /// The first batch that is not settled.
    next: u64,
    position: Position,
    /// What is settled without a gap after each place where an input failed, once one has.
    beyond: Vec<Span>,
    /// Settled batches after `next`, adjacent ones as one run; each by the number of its first.
    settled: BTreeMap<u64, Run>,
    /// The numbers of the batches before which an input failed.
    gaps: BTreeSet<u64>,
    /// What an earlier run settled beyond this one's start.
    earlier: Vec<Span>,
    failed: Vec<FailedAt>,
    counts: Settled,
    per_input: PerInput,
    /// The inputs whose counts changed since they were last taken.
    changed: BTreeSet<u32>,
}

/// Adjacent settled batches; no input failed between them.
#[derive(Debug)]
struct Run {
    /// The number of the last one.
    last: u64,
    span: Span,
}

impl Tracker {
    /// Starts where an earlier run stopped, or at the beginning.
    pub(crate) fn new(mark: Option<&Mark>) -> Self {
        let Some(mark) = mark else { return Self::default() };
        Self {
            position: mark.position,
            earlier: mark.ahead.clone(),
            failed: mark.failed.clone(),
            counts: mark.counts,
            per_input: mark.per_input.clone(),
            ..Self::default()
        }
    }

    /// Notes that an input failed before the batch with this number.
    pub(crate) fn fail(&mut self, failed: FailedAt, before: u64) {
        self.gaps.insert(before);
        self.failed.retain(|other| other.at.input != failed.at.input);
        let place = self.failed.partition_point(|other| other.at < failed.at);
        self.failed.insert(place, failed);
    }

    /// Counts a record of an input as rejected that was counted as stored.
    pub(crate) fn reject_stored(&mut self, input: u32) {
        self.counts.stored = self.counts.stored.saturating_sub(1);
        self.counts.rejected += 1;
        self.per_input.reject_stored(input);
        self.changed.insert(input);
    }

    /// Counts settled records with their input.
    pub(crate) fn count(&mut self, input: u32, counts: Settled) {
        self.per_input.add(input, counts);
        self.changed.insert(input);
    }

    /// The counts of each input.
    pub(crate) fn per_input(&self) -> &PerInput {
        &self.per_input
    }

    /// The counts of the inputs that changed since the last call.
    pub(crate) fn take_changed(&mut self) -> PerInput {
        self.per_input.only(std::mem::take(&mut self.changed))
    }

    /// Notes that a batch is settled.
    pub(crate) fn settle(&mut self, number: u64, span: Span, counts: Settled) {
        self.join(number, span);
        self.counts += counts;
        // If an input failed earlier and now continues, it has not failed.
        let place = |position: Position| (position.input, position.offset);
        self.failed
            .retain(|failed| span.start.input > failed.at.input || place(failed.at) >= place(span.end));
        while let Some(Run { last, span }) = self.settled.remove(&self.next) {
            match self.beyond.last_mut() {
                _ if self.gaps.contains(&self.next) => self.beyond.push(span),
                Some(last) => last.end = span.end,
                None => self.position = span.end,
            }
            self.next = last + 1;
        }
    }

    /// Joins a batch with adjacent runs, so that all settled batches after an open one are a single run.
    fn join(&mut self, number: u64, span: Span) {
        let mut run = Run { last: number, span };
        if !self.gaps.contains(&(number + 1))
            && let Some(after) = self.settled.remove(&(number + 1))
        {
            run = Run { last: after.last, span: Span { start: span.start, end: after.span.end } };
        }
        if let Some((_, before)) = self.settled.range_mut(..number).next_back()
            && before.last + 1 == number
            && !self.gaps.contains(&number)
        {
            (before.last, before.span.end) = (run.last, run.span.end);
        } else {
            self.settled.insert(number, run);
        }
    }

    /// The last of the stretches after failures that starts at or before a place.
    fn stretch_before(&self, place: Position) -> Option<&Span> {
        let behind = self.beyond.partition_point(|span| span.start <= place);
        self.beyond.get(behind.checked_sub(1)?)
    }

    /// How far the load is, without the counts of each input.
    pub(crate) fn mark(&self, rejects_bytes: u64) -> Mark {
        let is_known = |span: &&Span| {
            span.end <= self.position
                || self.stretch_before(span.start).is_some_and(|known| span.end <= known.end)
        };
        let earlier = self.earlier.iter().filter(|span| !is_known(span));
        let now = self.beyond.iter().chain(self.settled.values().map(|run| &run.span));
        Mark {
            position: self.position,
            ahead: in_order(earlier.chain(now).copied().collect()),
            counts: self.counts,
            rejects_bytes,
            failed: self.failed.clone(),
            per_input: PerInput::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::put::testing::position;

    fn span(start: u64, end: u64) -> Span {
        Span { start: position(start), end: position(end) }
    }

    fn counts(read: u64) -> Settled {
        Settled { read, stored: read, ..Settled::default() }
    }

    #[test]
    fn only_the_contiguous_prefix_moves_the_position() {
        let mut tracker = Tracker::new(None);
        tracker.settle(1, span(10, 20), counts(10));
        tracker.settle(3, span(30, 40), counts(10));
        assert_eq!(tracker.mark(0).position, Position::default());
        assert_eq!(tracker.mark(0).ahead, [span(10, 20), span(30, 40)]);
        tracker.settle(0, span(0, 10), counts(10));
        assert_eq!(tracker.mark(0).position, position(20));
        assert_eq!(tracker.mark(0).ahead, [span(30, 40)]);
        assert_eq!(tracker.mark(0).counts.read, 30);
    }

    #[test]
    fn what_an_earlier_run_settled_ahead_is_remembered_until_it_is_passed() {
        let mark =
            Mark { position: position(10), ahead: vec![span(20, 30)], counts: counts(20), ..Mark::default() };
        let mut tracker = Tracker::new(Some(&mark));
        tracker.settle(1, span(30, 40), counts(10));
        assert_eq!(tracker.mark(0).ahead, [span(20, 40)]);
        tracker.settle(0, span(10, 30), counts(10));
        let mark = tracker.mark(0);
        assert_eq!((mark.position, mark.ahead.len(), mark.counts.read), (position(40), 0, 40));
    }

    #[test]
    fn what_is_forgotten_is_counted_no_more() {
        let span = |from: (u32, u64), to: (u32, u64)| Span { start: at(from.0, from.1), end: at(to.0, to.1) };
        let mut mark = Mark {
            position: at(1, 20),
            ahead: vec![span((2, 0), (2, 30)), span((2, 40), (2, 45))],
            counts: Settled { read: 155, stored: 145, rejected: 7, unknown: 3 },
            failed: [at(1, 20), at(2, 50)].map(|at| FailedAt { at, beginning: None }).to_vec(),
            per_input: PerInput::incomplete(),
            ..Mark::default()
        };
        mark.forget(2);
        mark.take_back(2, 1);
        assert_eq!(mark.counts, Settled { read: 120, stored: 113, rejected: 5, unknown: 2 });
        mark.forget(1);
        assert_eq!(mark.counts, Settled { read: 100, stored: 93, rejected: 5, unknown: 2 });
        // If each input is counted, an input that is settled as a whole is known, too.
        let mut mark =
            Mark { counts: Settled { read: 9, stored: 9, ..Settled::default() }, ..Mark::default() };
        mark.per_input.add(0, Settled { read: 4, stored: 4, ..Settled::default() });
        mark.forget(0);
        assert_eq!(mark.counts, Settled { read: 5, stored: 5, ..Settled::default() });
    }

    /// A place in an input with a header and records of ten bytes.
    fn at(input: u32, record: u64) -> Position {
        Position { input, offset: 5 + record * 10, line: record + 2, record, ..Position::default() }
    }

    /// The records, by input and number, that a mark counts as settled.
    fn settled(mark: &Mark, lengths: &[u64]) -> BTreeSet<(u32, u64)> {
        let all =
            (0..).zip(lengths).flat_map(|(input, length)| (0..*length).map(move |record| (input, record)));
        let is_settled = |(input, record): &(u32, u64)| {
            let place = at(*input, *record);
            place < mark.position || mark.ahead.iter().any(|span| span.start <= place && place < span.end)
        };
        all.filter(is_settled).collect()
    }

    /// Inputs of random lengths, each with the place where it fails, if it does.
    fn inputs() -> impl Strategy<Value = Vec<(u64, Option<u64>)>> {
        let input = (0_u64..30, prop::option::of(0_u64..30));
        prop::collection::vec(
            input.prop_map(|(length, fails)| (length, fails.map(|at| at.min(length)))),
            1..8,
        )
    }

    proptest! {
        /// Batches may span inputs, but never a place where one fails.
        #[test]
        fn a_mark_covers_what_is_settled_and_never_what_stands_behind_a_failure(
            inputs in inputs(),
            size in 1_usize..15,
            settle in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
            gone in any::<prop::sample::Index>(),
        ) {
            let mut tracker = Tracker::new(None);
            let mut batches: Vec<Vec<(u32, u64)>> = Vec::new();
            let mut open: Vec<(u32, u64)> = Vec::new();
            for (input, (length, fails)) in (0..).zip(&inputs) {
                for record in 0..fails.unwrap_or(*length) {
                    open.push((input, record));
                    if open.len() == size {
                        batches.push(std::mem::take(&mut open));
                    }
                }
                if let Some(record) = fails {
                    batches.extend((!open.is_empty()).then(|| std::mem::take(&mut open)));
                    let place = if *record == 0 { start_of(input) } else { at(input, *record) };
                    tracker.fail(FailedAt { at: place, beginning: None }, batches.len() as u64);
                }
            }
            batches.extend((!open.is_empty()).then_some(open));
            let done: BTreeSet<usize> =
                settle.iter().filter(|_| !batches.is_empty()).map(|index| index.index(batches.len())).collect();
            let mut settled_now = BTreeSet::new();
            for number in settle.iter().filter(|_| !batches.is_empty()).map(|index| index.index(batches.len())) {
                if !settled_now.insert(number) {
                    continue;
                }
                let (first, last) = (batches[number][0], *batches[number].last().unwrap());
                let span = Span { start: at(first.0, first.1), end: at(last.0, last.1 + 1) };
                tracker.settle(number as u64, span, counts(0));
            }
            let lengths: Vec<u64> = inputs.iter().map(|(length, _)| *length).collect();
            let wanted: BTreeSet<_> = done.iter().flat_map(|number| batches[*number].clone()).collect();
            let mut mark = tracker.mark(0);
            prop_assert_eq!(settled(&mark, &lengths), wanted.clone());
            let failed = inputs.iter().filter(|(_, fails)| fails.is_some()).count();
            prop_assert_eq!(mark.failed.len(), failed);

            // One input is removed, and others are added in its place and at the end.
            let gone = u32::try_from(gone.index(inputs.len())).unwrap();
            mark.forget(gone);
            let count = u32::try_from(inputs.len()).unwrap();
            let now: Vec<_> = (0..count).map(|input| (input != gone).then_some(input)).collect();
            mark.renumber(&now, count + 1);
            let lengths: Vec<u64> = lengths.into_iter().chain([10]).collect();
            let wanted: BTreeSet<_> = wanted.into_iter().filter(|(input, _)| *input != gone).collect();
            prop_assert_eq!(settled(&mark, &lengths), wanted.clone());
            // Another is removed without a replacement.
            let without: Vec<_> =
                (0..=count).map(|input| if input == gone { None } else { Some(input - u32::from(input > gone)) }).collect();
            mark.renumber(&without, count);
            let mut lengths = lengths;
            lengths.remove(gone as usize);
            let wanted: BTreeSet<_> =
                wanted.into_iter().map(|(input, record)| (input - u32::from(input > gone), record)).collect();
            prop_assert_eq!(settled(&mark, &lengths), wanted);
        }

        /// Each open batch causes at most one gap, and so does each failure, whatever has ended after them.
        #[test]
        fn a_mark_is_no_longer_than_what_is_open_makes_it(
            open_at_most in 1_usize..20,
            total in 1_u64..400,
            choices in prop::collection::vec(any::<prop::sample::Index>(), 400),
            failures in prop::collection::btree_set(0_u64..400, 0..4),
            first_stays in any::<bool>(),
        ) {
            let mut tracker = Tracker::new(None);
            let (mut open, mut next) = (Vec::new(), 0);
            let mut choices = choices.into_iter();
            while next < total || !open.is_empty() {
                while next < total && open.len() < open_at_most {
                    if failures.contains(&next) {
                        tracker.fail(FailedAt { at: at(u32::try_from(next).unwrap(), 0), beginning: None }, next);
                    }
                    open.push(next);
                    next += 1;
                }
                let oldest = usize::from(first_stays && open.len() > 1);
                let chosen = choices.next().map_or(0, |index| index.index(open.len() - oldest));
                let number = open.remove(oldest + chosen);
                let input = |number: u64| u32::try_from(number).unwrap();
                let span = Span { start: at(input(number), 0), end: at(input(number), 5) };
                tracker.settle(number, span, counts(5));
                let mark = tracker.mark(0);
                let passed = failures.iter().filter(|failure| **failure < next).count();
                prop_assert!(mark.ahead.len() <= open.len() + passed, "{mark:?} with {open:?} open");
                prop_assert!(tracker.settled.len() <= open.len() + passed);
                // None of them spans a place where an input failed.
                let crosses = |failure: &u64| {
                    let before = |span: &Span| u64::from(span.start.input) < *failure && *failure <= u64::from(span.end.input);
                    mark.ahead.iter().any(before) || (mark.position.input > 0 && u64::from(mark.position.input) >= *failure)
                };
                prop_assert!(!failures.iter().filter(|failure| **failure < next).any(crosses), "{mark:?}, {failures:?}");
            }
            prop_assert_eq!(settled(&tracker.mark(0), &vec![5; usize::try_from(total).unwrap()]).len() as u64, total * 5);
        }

        #[test]
        fn any_order_of_completion_ends_at_the_end(order in Just((0u64..30).collect::<Vec<_>>()).prop_shuffle()) {
            let mut tracker = Tracker::new(None);
            for (done, number) in order.iter().enumerate() {
                tracker.settle(*number, span(number * 5, number * 5 + 5), counts(5));
                let mark = tracker.mark(0);
                let covered = mark.position.record + mark.ahead.iter().map(|span| span.end.record - span.start.record).sum::<u64>();
                prop_assert_eq!(covered, (done as u64 + 1) * 5);
            }
            prop_assert_eq!(tracker.mark(0).position, position(150));
        }
    }
}
