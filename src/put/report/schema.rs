//! Common to the formats for scripts, events, the summary and the rejects file: their version, and how they represent
//! times. Pure.

use std::time::Duration;

/// Incremented when a member is removed or changes its meaning.
pub const SCHEMA_VERSION: &str = "1";

/// The time in whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
