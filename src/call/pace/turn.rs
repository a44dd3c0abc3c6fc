//! Leave to send, and who gives it. Pure.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::quota::Bound;

/// The pace at which requests leave: whoever sends one takes a turn first.
pub(crate) trait Pace: fmt::Debug + Send + Sync {
    /// Waits until a request with `vectors` vectors may go. Turns are given in the order in which they were asked for.
    fn turn(&self, vectors: usize) -> Waiting<'_>;

    /// Notes a throttled answer: the pace falls, and nobody gets a turn for `hold`. Returns the part of the full pace
    /// now in force.
    fn slow_down(&self, hold: Duration) -> f64;

    /// The part of the full pace in force, from 0 to 1.
    fn factor(&self) -> f64;

    /// How long the pace has held back turns.
    fn bound(&self) -> Bound;
}

/// A turn that is waited for.
pub(crate) type Waiting<'a> = Pin<Box<dyn Future<Output = Turn> + Send + 'a>>;

/// Whoever gave a turn, as far as the turn needs it: exactly one of these is called for each.
pub(crate) trait Giver: fmt::Debug + Send + Sync {
    /// Notes that the request of a turn leaves now.
    fn departed(&self, number: u64);

    /// Takes back a turn whose request did not leave.
    fn given_back(&self, number: u64);
}

/// Leave to send one request. Dropped unused, it is given back: nothing was sent.
#[derive(Debug)]
#[must_use = "a turn that is dropped is given back"]
pub(crate) struct Turn {
    giver: Arc<dyn Giver>,
    number: u64,
    is_used: bool,
}

impl Turn {
    /// A turn by the number that its giver knows it by.
    pub(crate) fn new(giver: Arc<dyn Giver>, number: u64) -> Self {
        Self { giver, number, is_used: false }
    }

    /// Notes that the request leaves now.
    pub(crate) fn depart(mut self) {
        self.is_used = true;
        self.giver.departed(self.number);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_used {
            self.giver.given_back(self.number);
        }
    }
}
