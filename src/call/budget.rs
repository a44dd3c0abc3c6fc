//! How much trouble one request may have. Pure.

use std::time::Duration;

/// How much trouble one request may have before it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Maximum number of retries. Throttled answers do not count: the service works, but is busy.
    pub retries: u32,
    /// Maximum time from the first attempt on, including waits.
    pub time: Duration,
    /// Maximum time without any connection, as long as the service has never responded: the host is probably wrong, and
    /// nothing has been sent.
    pub first_contact: Duration,
}

impl Budget {
    /// The budget of a request that tests whether the service accepts writes at all: it follows a request that has used
    /// up a whole budget.
    pub(crate) fn of_probe(self) -> Self {
        Self { retries: self.retries.min(2), time: self.time.min(Duration::from_secs(30)), ..self }
    }
}
