//! What became of a batch: the one word that sending hands to settling.

use std::time::Duration;

use tokio::time::Instant;

use super::record::{Defect, Span, Vector};
use crate::exit::Failure;

/// What is known of a batch at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Every record is stored, or was refused or a defect, and all of that is certain.
    Stored,
    /// Nothing of it is stored, for certain.
    Refused,
    /// Of some records nobody knows.
    Unknown,
    /// The run stopped before all of it was sent; what is stored of it is certain.
    #[serde(rename = "not_sent")]
    NotSent,
}

/// The last thing that the service, or the way to it, said about a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LastAnswer {
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Error code, or nothing on success.
    pub code: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
}

/// All that settling ever sees of a batch.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The batch's number.
    pub number: u64,
    /// The stretch of input.
    pub span: Span,
    /// Records of the input in it.
    pub read: u64,
    /// What is known.
    pub fate: Fate,
    /// Records stored for certain.
    pub stored: u64,
    /// Records replaced by later ones in the batch.
    pub superseded: u64,
    /// Records not stored: defects, and what the service refused.
    pub rejects: Vec<Defect>,
    /// Records of which nobody knows.
    pub unknown: Vec<Vector>,
    /// Records for which the run was stopped first.
    pub not_sent: u64,
    /// Requests made.
    pub attempts: u32,
    /// Throttled answers among them.
    pub throttled: u32,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// From the first wait for a turn to the end.
    pub elapsed: Duration,
    /// The last answer.
    pub last: LastAnswer,
    /// As in [`super::batch::Batch`].
    pub input_bytes: u64,
    /// Whether nothing about it remains to be done by a later run.
    pub settled: bool,
    /// When a record was refused, if that may yet turn out to be the index's fault; nothing once that is decided.
    pub in_doubt: Option<Instant>,
    /// Why the whole run must stop, if it must.
    pub stop: Option<Failure>,
}

impl Outcome {
    /// The same where nothing but what is stored counts yet: a later run meets the rest again, and tells of it then.
    pub(super) fn left_to_a_later_run(mut self) -> Self {
        self.not_sent += self.rejects.len() as u64 + self.superseded;
        self.superseded = 0;
        self.rejects.clear();
        self.settled = false;
        if self.unknown.is_empty() && self.not_sent > 0 {
            self.fate = Fate::NotSent;
        }
        self
    }
}
