//! The difference between a mark and the one before it. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::put::books::per_input::PerInput;
use crate::put::books::tracker::{FailedAt, Mark, Settled};
use crate::record::{Position, Span};

/// A mark with more stretches and failures than this is followed by changes; otherwise many failing inputs would each
/// write the whole list. This limits the length of a line to a few kilobytes.
pub(crate) const LISTED: usize = 32;

/// The difference between a mark and the one before it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    position: Position,
    counts: Settled,
    rejects_bytes: u64,
    /// Stretches and failures that are added, and those that are removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ahead: Vec<Span>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    no_longer_ahead: Vec<Span>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<FailedAt>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    no_longer_failed: Vec<FailedAt>,
    #[serde(default, skip_serializing_if = "PerInput::is_empty")]
    per_input: PerInput,
}

impl Change {
    pub(crate) fn between(before: &Mark, after: &Mark) -> Self {
        let (ahead, no_longer_ahead) = differing(&before.ahead, &after.ahead, |span| (span.start, span.end));
        let (failed, no_longer_failed) = differing(&before.failed, &after.failed, FailedAt::clone);
        let Mark { position, counts, rejects_bytes, .. } = *after;
        let per_input = after.per_input.clone();
        Self { position, counts, rejects_bytes, ahead, no_longer_ahead, failed, no_longer_failed, per_input }
    }

    /// The counts after this change.
    pub(crate) fn counts(&self) -> Settled {
        self.counts
    }

    /// The mark after this change, with sorted stretches.
    pub(crate) fn apply(self, mark: Mark) -> Mark {
        let gone: BTreeSet<_> = self.no_longer_ahead.iter().map(|span| (span.start, span.end)).collect();
        let mut ahead = mark.ahead;
        ahead.retain(|span| !gone.contains(&(span.start, span.end)));
        ahead.extend(self.ahead);
        ahead.sort_unstable_by_key(|span| (span.start, span.end));
        let gone: BTreeSet<_> = self.no_longer_failed.into_iter().collect();
        let mut failed = mark.failed;
        failed.retain(|failed| !gone.contains(failed));
        failed.extend(self.failed);
        failed.sort_unstable();
        let Self { position, counts, rejects_bytes, mut per_input, .. } = self;
        let changed = std::mem::replace(&mut per_input, mark.per_input);
        per_input.change(&changed);
        Mark { position, ahead, counts, rejects_bytes, failed, per_input }
    }
}

/// What is only in the second list, and what is only in the first.
fn differing<T: Clone, K: Ord>(before: &[T], after: &[T], key: impl Fn(&T) -> K) -> (Vec<T>, Vec<T>) {
    let only_in = |list: &[T], other: &[T]| {
        let known: BTreeSet<K> = other.iter().map(&key).collect();
        list.iter().filter(|item| !known.contains(&key(item))).cloned().collect()
    };
    (only_in(after, before), only_in(before, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lines::{next_line, seal};
    use super::*;
    use crate::put::books::tracker::Tracker;

    fn position(record: u64) -> Position {
        Position { record, offset: record * 10_000, line: record + 1, ..Position::default() }
    }

    proptest! {
        /// With one batch that stays open and any number of later ones that end, a mark costs as much as without them.
        #[test]
        fn what_a_settled_batch_writes_depends_on_what_is_open_and_on_nothing_else(
            open_at_most in 2_usize..80,
            choices in prop::collection::vec(any::<prop::sample::Index>(), 600),
        ) {
            let mut tracker = Tracker::new(None);
            let mut last = None;
            let (mut open, mut next): (Vec<u64>, u64) = (vec![0], 1);
            for choice in choices {
                while open.len() < open_at_most {
                    open.push(next);
                    next += 1;
                }
                let number = open.remove(1 + choice.index(open.len() - 1));
                let span = Span { start: position(number * 500), end: position(number * 500 + 500) };
                tracker.settle(number, span, Settled { read: 500, stored: 500, ..Settled::default() });
                let mark = tracker.mark(0);
                let line = seal(&next_line(last.as_ref(), &mark));
                prop_assert!(line.len() < 600 + 200 * open.len().min(LISTED), "{} bytes", line.len());
                last = Some(mark);
            }
        }
    }
}
