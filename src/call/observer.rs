//! What a call reports while it is retried. Pure.

use std::fmt;
use std::time::Duration;

use crate::oss::error::CallError;

/// Receives attempts that failed and are retried; the caller of the request learns how it ends.
pub(crate) trait Observer: fmt::Debug + Send + Sync {
    /// Receives a failed attempt, before the wait that follows it.
    fn troubled(&self, trouble: &Trouble<'_>);
}

/// A failed attempt that is retried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble<'a> {
    /// The same request is sent again.
    Retrying {
        /// The batch of the request, if it has one.
        batch: Option<u64>,
        /// Attempts so far, including all for the same batch.
        attempt: u32,
        /// The wait before the retry, without the wait for a turn.
        wait: Duration,
        /// How much longer the request is retried.
        left: Duration,
        /// The error of the attempt.
        error: &'a CallError,
    },
    /// The service asks for a slower pace; then the same request is sent again.
    Throttled {
        /// The batch of the request, if it has one.
        batch: Option<u64>,
        /// Vectors that the request carries.
        vectors: usize,
        /// The current fraction of the full pace, from 0 to 1.
        pace: f64,
        /// The error of the attempt.
        error: &'a CallError,
    },
}
