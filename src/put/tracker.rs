//! Which batches are settled, and so how far a load is; completions arrive in any order. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::{Position, Span};

/// How many records of each kind are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read.
    pub read: u64,
    /// Stored.
    pub stored: u64,
    /// Rejected.
    pub rejected: u64,
    /// Of unknown fate, and listed as such.
    pub unknown: u64,
}

/// How far a load is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Everything before this is settled.
    pub position: Position,
    /// What is settled beyond it.
    pub ahead: Vec<Span>,
    /// All that is settled.
    pub counts: Counts,
    /// Bytes of the rejects file that belong to it.
    pub rejects_bytes: u64,
}

/// Follows which batches are settled; completions arrive in any order.
#[derive(Debug, Default)]
pub struct Tracker {
    /// The first batch that is not settled.
    next: u64,
    position: Position,
    /// Settled batches behind `next`.
    settled: BTreeMap<u64, Span>,
    /// What an earlier run settled beyond where this one started.
    earlier: Vec<Span>,
    counts: Counts,
}

impl Tracker {
    /// Starts where an earlier run stopped, or at the beginning.
    pub fn new(mark: Option<&Mark>) -> Self {
        let Some(mark) = mark else { return Self::default() };
        Self { position: mark.position, earlier: mark.ahead.clone(), counts: mark.counts, ..Self::default() }
    }

    /// Notes that a batch is settled.
    pub fn settle(&mut self, number: u64, span: Span, counts: Counts) {
        self.settled.insert(number, span);
        self.counts.read += counts.read;
        self.counts.stored += counts.stored;
        self.counts.rejected += counts.rejected;
        self.counts.unknown += counts.unknown;
        while let Some(span) = self.settled.remove(&self.next) {
            self.position = span.end;
            self.next += 1;
        }
    }

    /// How far the load is.
    pub fn mark(&self, rejects_bytes: u64) -> Mark {
        let earlier = self.earlier.iter().filter(|span| span.end > self.position);
        let ahead = earlier.chain(self.settled.values()).copied().collect();
        Mark { position: self.position, ahead, counts: self.counts, rejects_bytes }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(record: u64) -> Position {
        Position { record, offset: record * 10, line: record + 1, ..Position::default() }
    }

    fn span(start: u64, end: u64) -> Span {
        Span { start: position(start), end: position(end) }
    }

    fn counts(read: u64) -> Counts {
        Counts { read, stored: read, ..Counts::default() }
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
            Mark { position: position(10), ahead: vec![span(20, 30)], counts: counts(20), rejects_bytes: 0 };
        let mut tracker = Tracker::new(Some(&mark));
        tracker.settle(1, span(30, 40), counts(10));
        assert_eq!(tracker.mark(0).ahead, [span(20, 30), span(30, 40)]);
        tracker.settle(0, span(10, 30), counts(10));
        let mark = tracker.mark(0);
        assert_eq!((mark.position, mark.ahead.len(), mark.counts.read), (position(40), 0, 40));
    }

    proptest! {
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
