//! What a call says of itself while it is tried again. Pure.

use std::fmt;
use std::time::Duration;

use crate::oss::error::CallError;

/// Hears of attempts that failed and are followed by another; how a request ends is for whoever made it.
pub(crate) trait Observer: fmt::Debug + Send + Sync {
    /// Takes note of a failed attempt, before the wait that follows it.
    fn troubled(&self, trouble: &Trouble<'_>);
}

/// A failed attempt that is followed by another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble<'a> {
    /// The same is sent again.
    Retrying {
        /// The batch of the request, if it has one.
        batch: Option<u64>,
        /// Attempts made so far, with all that were made for the same batch.
        attempt: u32,
        /// How long nothing is done; waiting for a turn comes on top.
        wait: Duration,
        /// How much longer the same is sent again.
        left: Duration,
        /// What the attempt met.
        error: &'a CallError,
    },
    /// The service asks for a slower pace; then the same is sent again.
    Throttled {
        /// The batch of the request, if it has one.
        batch: Option<u64>,
        /// Vectors that the request carries.
        vectors: usize,
        /// The part of the full pace now in force, from 0 to 1.
        pace: f64,
        /// What the attempt met.
        error: &'a CallError,
    },
}
