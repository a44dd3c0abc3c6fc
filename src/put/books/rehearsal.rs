//! A rehearsal: counts what a load would send, without sending it. Pure.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::call::Quota;
use crate::put::batch::Batch;

/// What a load would send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// The number of requests, if none is retried.
    pub requests: u64,
    /// The number of vectors in them.
    pub vectors: u64,
    /// The bytes of their bodies.
    pub bytes: u64,
    /// The shortest time that the quota allows, if there is anything to send.
    pub shortest: Option<Duration>,
}

/// The members of a summary for a rehearsal, and `dry_run` for any other run.
#[derive(Serialize)]
struct Members {
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_seconds: Option<f64>,
}

impl Rehearsal {
    /// Counts a batch that would be sent at this quota.
    pub(crate) fn count(&mut self, batch: &Batch, quota: Quota) {
        self.requests += u64::from(!batch.vectors.is_empty());
        self.vectors += batch.vectors.len() as u64;
        self.bytes += batch.bytes() as u64;
        self.shortest = Some(quota.time_for(self.requests, self.vectors));
    }

    /// The members of a summary in JSON that only a rehearsal fills.
    #[expect(clippy::ref_option, reason = "the form of serialize_with")]
    pub(crate) fn members<S: Serializer>(rehearsal: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        let shortest = rehearsal.and_then(|rehearsal| rehearsal.shortest);
        let quota_seconds = shortest.map(|time| time.as_secs_f64());
        Members { dry_run: rehearsal.is_some(), quota_seconds }.serialize(serializer)
    }
}
