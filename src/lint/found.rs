//! What was found, counted, each with the first place.

use crate::record::{Oddity, Position};

/// How many records something is about, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// How many.
    pub count: u64,
    /// The first in the order of the input; means nothing where there is none.
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

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    counts: [Counted; Oddity::ALL.len()],
    /// Different vectors among those that many keys share.
    pub shared_vectors: u64,
    /// Of the vectors that are judged by their norms, those of norm 1 and those far from it, if both are there.
    pub norms: Option<(u64, u64)>,
}

impl Found {
    /// Adds a record.
    pub(super) fn add(&mut self, oddity: Oddity, at: Position) {
        self.add_all(oddity, Counted { count: 1, first: at });
    }

    /// Adds some records.
    pub(super) fn add_all(&mut self, oddity: Oddity, counted: Counted) {
        if let Some(known) = self.counts.get_mut(oddity as usize) {
            known.add(counted.count, counted.first);
        }
    }

    /// What was found of one kind.
    pub(crate) fn of(&self, oddity: Oddity) -> Option<Counted> {
        self.counts.get(oddity as usize).copied().filter(|counted| counted.count > 0)
    }

    /// All that was found, in the order in which it is told.
    pub(crate) fn list(&self) -> impl Iterator<Item = (Oddity, Counted)> {
        Oddity::ALL.into_iter().filter_map(|oddity| Some((oddity, self.of(oddity)?)))
    }
}
