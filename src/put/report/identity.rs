//! Which run reports, and when: common to all formats for scripts. Pure: the clock and the id are passed in.

use crate::oss::time::Timestamp;

/// Returns the current time.
pub type Clock = fn() -> Timestamp;

/// The identity of a run for scripts.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its unique id.
    pub id: String,
    /// When it began.
    pub started_at: Timestamp,
    clock: Clock,
}

impl Run {
    /// A run that begins now.
    pub fn begin(id: String, clock: Clock) -> Self {
        Self { id, started_at: clock(), clock }
    }

    /// The present time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

#[cfg(test)]
impl Run {
    /// A run at a fixed moment.
    pub(crate) fn of_test() -> Self {
        Self::begin("5e55105e55105e55".to_owned(), || Timestamp::from_unix_seconds(1_764_417_600))
    }
}
