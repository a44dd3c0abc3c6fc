//! Which run reports, and when: what all forms for scripts have in common. Pure: the clock and the id are passed in.

use crate::oss::time::Timestamp;

/// Says what time it is.
pub type Clock = fn() -> Timestamp;

/// A run, as scripts tell it from others.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name, which no other run has.
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
    /// A run at a moment at which time stands still.
    pub(crate) fn of_test() -> Self {
        Self::begin("5e55105e55105e55".to_owned(), || Timestamp::from_unix_seconds(1_764_417_600))
    }
}
