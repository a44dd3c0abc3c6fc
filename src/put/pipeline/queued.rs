//! What the threads hand on to those who send.

use tokio::sync::OwnedSemaphorePermit;

use crate::exit::Failure;
use crate::oss::client::Body;
use crate::put::batch::Batch;
use crate::read::FailedInput;

/// A batch that counts against the memory ceiling until it is dropped.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) batch: Batch,
    /// Its request body, hashed here if at all, away from the threads that wait for turns; nothing in a rehearsal.
    pub(crate) body: Option<Body>,
    /// Held until the batch is settled.
    pub(crate) memory: Option<OwnedSemaphorePermit>,
}

/// What comes in place of a batch.
#[derive(Debug)]
pub(crate) enum Broken {
    /// One input cannot be read any further. Batches of those that follow it come next.
    Input {
        /// The input, the place and the reason.
        failed: Box<FailedInput>,
        /// The number of the first batch behind it: no batch covers the place.
        before: u64,
    },
    /// Nothing follows, and that is not the input's end: the first records show that the load as a whole is wrong,
    /// `--strict` forbids what was found, or a thread ended without a word, so that what it held is missing.
    End(Failure),
}
