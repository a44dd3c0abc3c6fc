//! What a load needs from outside: what is asked of it, and what comes while it goes on.

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

/// Everything that a load needs to know; settings have made plain values of all flags.
pub struct Job {
    /// What to read.
    pub inputs: Vec<Input>,
    /// The form of the inputs, as far as the user names it.
    pub form: read::Form,
    /// Which fields hold what.
    pub fields: admit::Fields,
    /// What becomes of numbers in metadata.
    pub metadata_values: admit::MetadataValues,
    /// What becomes of vectors that the service stores and search results suffer from.
    pub lint: lint::Mode,
    /// The index.
    pub wanted: Wanted,
    /// The service; `None` is a run that sends nothing.
    pub client: Option<Client>,
    /// What a run that sends nothing does.
    pub rehearse: Rehearse,
    /// Size of a batch.
    pub limits: batch::Limits,
    /// The pace.
    pub quota: Quota,
    /// Most requests in flight.
    pub jobs: usize,
    /// Bytes of all batches alive.
    pub memory: usize,
    /// Trouble that one request may have.
    pub budget: Budget,
    /// Which batches are read back.
    pub verify: Verify,
    /// Whether bodies are hashed before their turn, since the client sends `Content-MD5`.
    pub content_md5: bool,
    /// Which keys are verified; all of them where nothing is said.
    pub sample: Option<batch::Sample>,
    /// Whether what would be noted about the input ends the load.
    pub strict: bool,
    /// What makes it a failure, however well it was sent.
    pub bounds: Bounds,
    /// What is kept on disk, and where.
    pub keep: Keep,
    /// What is told, and where.
    pub telling: Telling,
}

/// What comes from outside while a run goes on.
#[derive(Clone, Debug)]
pub struct Calls {
    /// Turns true when the run shall end in good order.
    pub interrupt: watch::Receiver<bool>,
    /// Changes each time somebody wants to know how far the run is.
    pub progress: watch::Receiver<u64>,
}
