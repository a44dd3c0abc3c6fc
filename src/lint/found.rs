//! Findings: each kind with a count and its first position.

use crate::record::{Oddity, Position};

/// How many records a finding is about, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The number of records.
    pub count: u64,
    /// The first one in input order; meaningless if the count is 0.
    pub first: Position,
}

impl Counted {
    pub(super) fn add(&mut self, count: u64, first: Position) {
        if self.count == 0 || (count > 0 && first < self.first) {
            self.first = first;
        }
        self.count += count;
    }
}

/// All findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    counts: [Counted; Oddity::ALL.len()],
    /// The number of distinct vectors that many keys share.
    pub shared_vectors: u64,
    /// Of the vectors whose norms are judged, the number of those with norm 1 and of those far from it, if there are
    /// both.
    pub norms: Option<(u64, u64)>,
}

impl Found {
    /// Adds a record.
    pub(super) fn add(&mut self, oddity: Oddity, at: Position) {
        self.add_all(oddity, Counted { count: 1, first: at });
    }

    /// Adds several records.
    pub(super) fn add_all(&mut self, oddity: Oddity, counted: Counted) {
        if let Some(known) = self.counts.get_mut(oddity as usize) {
            known.add(counted.count, counted.first);
        }
    }

    /// The finding of one kind.
    pub(crate) fn of(&self, oddity: Oddity) -> Option<Counted> {
        self.counts.get(oddity as usize).copied().filter(|counted| counted.count > 0)
    }

    /// All findings, in the order in which they are reported.
    pub(crate) fn list(&self) -> impl Iterator<Item = (Oddity, Counted)> {
        Oddity::ALL.into_iter().filter_map(|oddity| Some((oddity, self.of(oddity)?)))
    }
}
