//! What the forms for scripts, events, the summary and the rejects file, have in common: their version, and how they
//! give times. Pure.

use std::time::Duration;

/// It changes when a member changes its meaning or goes.
pub const SCHEMA_VERSION: &str = "1";

/// Whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
