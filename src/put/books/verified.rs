//! The findings of a verification, and those that later records take back. Pure.

use serde::Serialize;

use super::tally::Tally;
use crate::record::Finding;

/// Findings about some records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// The index has other values.
    pub(crate) different: u64,
    /// The index has no such vector.
    pub(crate) missing: u64,
}

impl Findings {
    /// Counts a finding.
    pub(crate) fn add(&mut self, finding: Finding) {
        *self.of(finding) += 1;
    }

    /// The count of one kind.
    pub(crate) fn of(&mut self, finding: Finding) -> &mut u64 {
        match finding {
            Finding::Different => &mut self.different,
            Finding::Missing => &mut self.missing,
        }
    }

    /// The total.
    pub(crate) fn all(self) -> u64 {
        self.different + self.missing
    }

    /// The rest without the `others`.
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
    /// In earlier runs.
    pub(crate) earlier: u64,
    /// In this run.
    pub(crate) now: Findings,
}

/// The results of a verification, in addition to what it shares with a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Verified {
    /// The percentage of keys to check; `None` for all of them.
    pub sample_percent: Option<f64>,
    /// Records that were compared with the index: `equal + different + missing`.
    pub checked: u64,
    /// The index has the same value.
    pub equal: u64,
    /// The index has another value.
    pub different: u64,
    /// The index has no such vector.
    pub missing: u64,
    /// The other records: `read - checked`.
    pub not_checked: u64,
    /// How many of those are not in the sample.
    pub not_sampled: u64,
}

impl Verified {
    /// Fills in the outcomes of the records.
    pub(crate) fn count(&mut self, tally: Tally, Findings { different, missing }: Findings) {
        (self.equal, self.different, self.missing) = (tally.stored, different, missing);
        self.checked = tally.stored + different + missing;
        self.not_checked = tally.read.saturating_sub(self.checked);
        self.not_sampled = tally.not_sampled;
    }
}
