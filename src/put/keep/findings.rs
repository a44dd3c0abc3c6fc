//! The findings of a verification according to its rejects list.

use super::checkpoint::Checkpoint;
use crate::put::books::verified::TakenBack;
use crate::record::{Finding, Position};

impl Checkpoint {
    /// Findings that later records take back.
    pub(crate) fn taken_back(&self) -> TakenBack {
        let superseded = self.rejects.as_ref().map(|rejects| rejects.listed().superseded());
        superseded.map_or_else(TakenBack::default, |superseded| superseded.taken_back)
    }

    /// For each kind of finding of this run that counts, the first in the input's order, with its message. Empty if the
    /// list cannot be read, since these are only examples.
    pub(crate) fn first_findings(&self) -> Vec<(Finding, Position, String)> {
        let first = self.rejects.as_ref().map(|rejects| rejects.first_findings(&self.inputs));
        first.and_then(Result::ok).unwrap_or_default()
    }
}
