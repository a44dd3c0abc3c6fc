//! What the threads pass to the sender.

use tokio::sync::OwnedSemaphorePermit;

use crate::exit::Failure;
use crate::oss::client::Body;
use crate::put::batch::Batch;
use crate::read::FailedInput;

/// A batch that counts against the memory ceiling until it is dropped.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) batch: Batch,
    /// Its request body, hashed here if at all, not on the threads that wait for turns; `None` in a rehearsal.
    pub(crate) body: Option<Body>,
    /// Held until the batch is settled.
    pub(crate) memory: Option<OwnedSemaphorePermit>,
}

/// What may come instead of a batch.
#[derive(Debug)]
pub(crate) enum Broken {
    /// An input cannot be read any further. Batches of the next inputs follow.
    Input {
        /// The input, the place and the reason.
        failed: Box<FailedInput>,
        /// The number of the first batch after it: no batch covers the place.
        before: u64,
    },
    /// Nothing follows, although the input is not at its end: the first records show that the load as a whole is wrong,
    /// `--strict` forbids a finding, or a thread ended abnormally, so that its data is missing.
    End(Failure),
}
