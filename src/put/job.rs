//! What a load takes from outside: the job, and the signals during it.

use tokio::sync::watch;

use super::batch;
use super::books::ledger::Bounds;
use super::index::Wanted;
use super::keep::kept::Keep;
use super::rehearse::Rehearse;
use super::report::Telling;
use super::send::Verify;
use crate::admit;
use crate::call::{Budget, Quota};
use crate::lint;
use crate::oss::client::Client;
use crate::read;
use crate::record::Input;

/// Everything that a load needs to know; settings turn all flags into these plain values.
pub struct Job {
    /// What to read.
    pub inputs: Vec<Input>,
    /// The form of the inputs, as far as the user gives it.
    pub form: read::Form,
    /// Which fields are key, vector and metadata.
    pub fields: admit::Fields,
    /// How to handle numbers in metadata.
    pub metadata_values: admit::MetadataValues,
    /// How to handle vectors that the service stores but that impair search results.
    pub lint: lint::Mode,
    /// The index.
    pub wanted: Wanted,
    /// The service; `None` for a run that sends nothing.
    pub client: Option<Client>,
    /// What a run that sends nothing does.
    pub rehearse: Rehearse,
    /// The size of a batch.
    pub limits: batch::Limits,
    /// The pace.
    pub quota: Quota,
    /// Maximum number of requests in flight.
    pub jobs: usize,
    /// Maximum bytes of all batches in memory.
    pub memory: usize,
    /// How much trouble one request may have.
    pub budget: Budget,
    /// Which batches to read back.
    pub verify: Verify,
    /// Whether to hash bodies ahead of time, since the client sends `Content-MD5`.
    pub content_md5: bool,
    /// Which keys to verify; `None` for all.
    pub sample: Option<batch::Sample>,
    /// Whether anything that would be noted about the input ends the load.
    pub strict: bool,
    /// What makes the load a failure even if everything was sent.
    pub bounds: Bounds,
    /// What to keep on disk, and where.
    pub keep: Keep,
    /// What to report, and where.
    pub telling: Telling,
}

/// Signals from outside during a run.
#[derive(Clone, Debug)]
pub struct Calls {
    /// Becomes true when the run must stop in good order.
    pub interrupt: watch::Receiver<bool>,
    /// Changes each time someone asks for the progress.
    pub progress: watch::Receiver<u64>,
}
