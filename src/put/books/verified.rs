//! What a verification has found, and what of it later records take back. Pure.

use serde::Serialize;

use super::tally::Tally;
use crate::record::Finding;

/// Findings about some records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// The index holds other values.
    pub(crate) different: u64,
    /// It holds none.
    pub(crate) missing: u64,
}

impl Findings {
    /// Counts one.
    pub(crate) fn add(&mut self, finding: Finding) {
        *self.of(finding) += 1;
    }

    /// Those of one kind.
    pub(crate) fn of(&mut self, finding: Finding) -> &mut u64 {
        match finding {
            Finding::Different => &mut self.different,
            Finding::Missing => &mut self.missing,
        }
    }

    /// All of them.
    pub(crate) fn all(self) -> u64 {
        self.different + self.missing
    }

    /// What is left without some of them.
    pub(crate) fn without(self, others: Self) -> Self {
        Self {
            different: self.different.saturating_sub(others.different),
            missing: self.missing.saturating_sub(others.missing),
        }
    }
}

/// Findings that do not count, since a later record has the key: the last one in the input counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TakenBack {
    /// Those of earlier runs.
    pub(crate) earlier: u64,
    /// Those of this one.
    pub(crate) now: Findings,
}

/// What a verification has done, beside the members that it shares with a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Verified {
    /// How many percent of the keys were to be checked; nothing is all of them.
    pub sample_percent: Option<f64>,
    /// Records that were compared with the index: `equal + different + missing`.
    pub checked: u64,
    /// The index holds them as they are.
    pub equal: u64,
    /// The index holds another value.
    pub different: u64,
    /// The index holds none.
    pub missing: u64,
    /// The others: `read - checked`.
    pub not_checked: u64,
    /// Those of them that are not in the sample.
    pub not_sampled: u64,
}

impl Verified {
    /// Fills in what became of the records.
    pub(crate) fn count(&mut self, tally: Tally, Findings { different, missing }: Findings) {
        (self.equal, self.different, self.missing) = (tally.stored, different, missing);
        self.checked = tally.stored + different + missing;
        self.not_checked = tally.read.saturating_sub(self.checked);
        self.not_sampled = tally.not_sampled;
    }
}
