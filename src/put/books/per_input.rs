//! The outcomes of the records of each input. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::settled::Settled;

/// The counts of each input, by number; they add up to those of the load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerInput {
    /// Whether an earlier version of the program has settled records without counting them here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_incomplete: bool,
    #[serde(default)]
    counts: BTreeMap<u32, Settled>,
}

impl PerInput {
    /// The counts of a load that an earlier version began.
    pub(crate) fn incomplete() -> Self {
        Self { is_incomplete: true, ..Self::default() }
    }

    /// Whether there is nothing to record.
    pub(crate) fn is_empty(&self) -> bool {
        !self.is_incomplete && self.counts.is_empty()
    }

    /// The counts of an input; `None` if they are unknown.
    pub(crate) fn of(&self, input: u32) -> Option<Settled> {
        (!self.is_incomplete).then(|| self.counts.get(&input).copied().unwrap_or_default())
    }

    /// Adds records to those of an input.
    pub(crate) fn add(&mut self, input: u32, counts: Settled) {
        *self.counts.entry(input).or_default() += counts;
    }

    /// Counts a record of an input as rejected that was counted as stored.
    pub(crate) fn reject_stored(&mut self, input: u32) {
        let counts = self.counts.entry(input).or_default();
        counts.stored = counts.stored.saturating_sub(1);
        counts.rejected += 1;
    }

    /// Drops the counts of an input, and returns them if they are known.
    pub(crate) fn forget(&mut self, input: u32) -> Option<Settled> {
        let counts = self.counts.remove(&input).unwrap_or_default();
        (!self.is_incomplete).then_some(counts)
    }

    /// The counts of these inputs only.
    pub(crate) fn only(&self, inputs: impl IntoIterator<Item = u32>) -> Self {
        let counts = inputs.into_iter().filter_map(|input| Some((input, *self.counts.get(&input)?)));
        Self { counts: counts.collect(), ..*self }
    }

    /// Applies the counts that have changed by a later mark.
    pub(crate) fn change(&mut self, later: &Self) {
        self.is_incomplete = self.is_incomplete || later.is_incomplete;
        self.counts.extend(&later.counts);
    }

    /// Renumbers for another list of inputs: `now` has the new number of each earlier one that is still there.
    pub(crate) fn renumber(&mut self, now: &[Option<u32>]) {
        let number = |input: u32| now.get(input as usize).copied().flatten();
        let counts = std::mem::take(&mut self.counts);
        self.counts =
            counts.into_iter().filter_map(|(input, counts)| Some((number(input)?, counts))).collect();
    }
}
