//! How a load ended.

use super::report::Summary;
use crate::exit::Failure;

/// How a run ended.
#[derive(Debug)]
pub struct Finished {
    /// The counts.
    pub summary: Summary,
    /// Why it is not a complete success.
    pub failure: Option<Failure>,
}

impl Finished {
    /// Notes a failure outside the load itself, unless the load has failed.
    pub fn fail(&mut self, failure: Failure) {
        if self.failure.is_none() {
            self.summary.fail(&failure);
            self.failure = Some(failure);
        }
    }
}
