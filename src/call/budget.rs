//! How much trouble one request may have. Pure.

use std::time::Duration;

/// How much trouble one request may have before it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most retries. Throttled answers do not count: the service is well, only busy.
    pub retries: u32,
    /// Most time from the first attempt on, waits included.
    pub time: Duration,
    /// Most time in which there is no connection at all, as long as the service has never responded: the host is likely
    /// wrong, and nothing has been sent.
    pub first_contact: Duration,
}

impl Budget {
    /// The budget of a request that is to show whether the service takes writes at all: its answer is waited for after
    /// a whole budget has passed.
    pub(crate) fn of_probe(self) -> Self {
        Self { retries: self.retries.min(2), time: self.time.min(Duration::from_secs(30)), ..self }
    }
}
