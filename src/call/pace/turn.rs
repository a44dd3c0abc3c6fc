//! The permission to send, and its giver. Pure.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::quota::Bound;

/// The pace at which requests are sent: each takes a turn first.
pub(crate) trait Pace: fmt::Debug + Send + Sync {
    /// Waits until a request with `vectors` vectors may be sent. Turns are given in the order of the requests for them.
    fn turn(&self, vectors: usize) -> Waiting<'_>;

    /// Notes a throttled answer: lowers the pace, and holds all turns for `hold`. Returns the current fraction of the
    /// full pace.
    fn slow_down(&self, hold: Duration) -> f64;

    /// The current fraction of the full pace, from 0 to 1.
    fn factor(&self) -> f64;

    /// How long the pace has delayed turns.
    fn bound(&self) -> Bound;
}

/// A pending turn.
pub(crate) type Waiting<'a> = Pin<Box<dyn Future<Output = Turn> + Send + 'a>>;

/// The giver of a turn: exactly one of these methods is called for each turn.
pub(crate) trait Giver: fmt::Debug + Send + Sync {
    /// Notes that the request of a turn is sent now.
    fn departed(&self, number: u64);

    /// Takes back a turn whose request was not sent.
    fn given_back(&self, number: u64);
}

/// The permission to send one request. If dropped unused, it is given back: nothing was sent.
#[derive(Debug)]
#[must_use = "a turn that is dropped is given back"]
pub(crate) struct Turn {
    giver: Arc<dyn Giver>,
    number: u64,
    is_used: bool,
}

impl Turn {
    /// A turn with the number that its giver assigned.
    pub(crate) fn new(giver: Arc<dyn Giver>, number: u64) -> Self {
        Self { giver, number, is_used: false }
    }

    /// Notes that the request is sent now.
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
