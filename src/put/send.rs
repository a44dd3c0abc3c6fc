//! Step 5, send: one batch until the fate of each of its records is known.
//!
//! A refused batch is divided until the bad record stands alone; a batch without an answer is read back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::attempt::{Because, Caller, Effort, GaveUp, Request};
use super::batch::Batch;
use super::parts::{Part, Parts, named};
use super::read_back::{self, ReadBack};
use super::record::{Defect, Raw, Reason, Span, Vector};
use super::report::Reporter;
use crate::exit::{Exit, Failure};
use crate::oss::client::Body;
use crate::oss::error::{CallError, Verdict};
use crate::oss::operation::Operation;
use crate::oss::wire;

/// So many records refused alone, with nothing ever stored, show that the request itself is wrong.
const EVIDENCE: u32 = 8;

/// Which batches are read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Those whose answer never came.
    #[default]
    Unknown,
    /// Every batch.
    All,
    /// None: what had no answer stays unknown.
    None,
}

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
    /// As in [`Batch`].
    pub bytes_read: u64,
    /// Whether nothing about it remains to be done by a later run.
    pub settled: bool,
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
        self
    }
}

/// Sends batches; shared by all that are in flight.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) caller: Caller,
    pub(super) reporter: Arc<Reporter>,
    pub(super) index_name: String,
    /// `{"indexName":…,"vectors":[`.
    pub(super) prefix: Bytes,
    pub(super) verify: Verify,
    pub(super) evidence: Evidence,
    pub(super) room: Room,
}

/// Whether the trouble lies in single records or in the whole request.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    stored: AtomicBool,
    refused_alone: AtomicU32,
}

impl Evidence {
    fn stored(&self) {
        self.stored.store(true, Ordering::Relaxed);
    }

    /// Notes a record refused alone; whether that makes it likely that none will ever be taken.
    fn refused_alone(&self) -> bool {
        self.refused_alone.fetch_add(1, Ordering::Relaxed) + 1 >= EVIDENCE
            && !self.stored.load(Ordering::Relaxed)
    }
}

/// The most bytes of elements that a request may have: no bound until the service finds one too large.
#[derive(Debug)]
pub(super) struct Room(AtomicU64);

impl Default for Room {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Room {
    fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that `bytes` are too large, for the rest of the run. Three quarters of them are left, so that a batch
    /// that is a little larger goes as two halves at once, too.
    fn too_large(&self, bytes: u64) {
        self.0.fetch_min(bytes / 4 * 3, Ordering::Relaxed);
    }
}

/// What became of a part of a batch.
enum PartFate {
    /// Answered with success.
    Taken,
    /// Refused as a whole; perhaps the refusal names a record, by its index in the batch.
    Refused(Option<usize>),
    /// Refused for its size.
    TooLarge,
    /// One record, refused alone.
    RefusedAlone(Reason),
    Unknown,
    NotSent,
}

impl Sender {
    /// Sends `batch` and says what became of it.
    pub(super) async fn send(&self, batch: Batch) -> Outcome {
        let sizes = batch.vectors.iter().map(|vector| vector.wire().len() as u64).collect();
        let mut progress = Progress::new(batch);
        let mut parts = Parts::new(sizes);
        while let Some(part) = parts.next(self.room.bytes()) {
            if progress.stop.is_some() {
                progress.leave(&part);
                continue;
            }
            match self.part(&part, &mut progress).await {
                PartFate::Taken => {
                    parts.taken(&part);
                    if self.verify == Verify::All {
                        self.resolve(&part, &mut progress).await;
                    } else {
                        self.evidence.stored();
                        progress.stored += part.indices.len() as u64;
                    }
                }
                PartFate::Refused(named) => parts.refused(part, named),
                PartFate::TooLarge => {
                    self.room.too_large(parts.bytes(&part));
                    parts.too_large(part);
                }
                PartFate::RefusedAlone(reason) => self.refuse(&part, &reason, &mut progress),
                PartFate::Unknown => self.resolve(&part, &mut progress).await,
                PartFate::NotSent => progress.leave(&part),
            }
        }
        let interrupted = progress.stop.is_some() || self.caller.is_halted();
        progress.outcome(interrupted)
    }

    async fn part(&self, part: &Part, progress: &mut Progress) -> PartFate {
        let mut pieces = vec![self.prefix.clone()];
        pieces.extend(progress.batch.elements(&part.indices));
        pieces.push(Bytes::from_static(wire::PUT_VECTORS_SUFFIX));
        let body = Body::new(pieces);
        let request = Request {
            operation: Operation::PutVectors,
            body: &body,
            vectors: part.indices.len(),
            batch: Some(progress.batch.number),
        };
        match self.caller.call(request, &mut progress.effort, &self.reporter).await {
            Ok(answer) => {
                progress.last = LastAnswer {
                    status: Some(answer.status),
                    code: None,
                    request_id: Some(answer.request_id),
                };
                PartFate::Taken
            }
            Err(gave_up) => progress.gave_up(gave_up, part),
        }
    }

    fn refuse(&self, part: &Part, reason: &Reason, progress: &mut Progress) {
        if self.evidence.refused_alone() {
            progress.stop = Some(
                Failure::new(
                    Exit::Service,
                    format!("every record tried alone was refused, and none stored: {reason}"),
                )
                .advise(
                    "the request itself is wrong: check the index, its dimension and the metadata fields",
                ),
            );
        }
        progress.reject(&part.indices, reason);
    }

    /// Finds out by reading back what became of records whose request had no answer.
    async fn resolve(&self, part: &Part, progress: &mut Progress) {
        for some in part.indices.chunks(read_back::KEYS) {
            let vectors = progress.vectors(some);
            if self.verify == Verify::None || progress.stop.is_some() || self.caller.is_halted() {
                progress.unknown.extend(vectors);
                continue;
            }
            let found = read_back::stored(self, &vectors, progress.batch.number, &mut progress.effort).await;
            match found {
                ReadBack::Known(stored) => {
                    for (index, stored) in some.iter().zip(stored) {
                        if stored {
                            self.evidence.stored();
                            progress.stored += 1;
                        } else {
                            progress.reject(&[*index], &Reason::NotStored);
                        }
                    }
                }
                ReadBack::Unreachable(error) => {
                    progress.unknown.extend(vectors);
                    progress.stop.get_or_insert_with(|| unreachable(&error));
                }
                ReadBack::Refused | ReadBack::Halted => progress.unknown.extend(vectors),
            }
        }
    }
}

/// A batch while it is being sent.
struct Progress {
    batch: Batch,
    begun: Instant,
    effort: Effort,
    stored: u64,
    refused: Vec<Defect>,
    unknown: Vec<Vector>,
    not_sent: u64,
    last: LastAnswer,
    stop: Option<Failure>,
    /// Whether a request that was refused in the end may have stored something in an earlier attempt.
    may_have_stored: bool,
}

impl Progress {
    fn new(batch: Batch) -> Self {
        Self {
            batch,
            begun: Instant::now(),
            effort: Effort::default(),
            stored: 0,
            refused: Vec::new(),
            unknown: Vec::new(),
            not_sent: 0,
            last: LastAnswer::default(),
            stop: None,
            may_have_stored: false,
        }
    }

    /// Some of the batch's vectors.
    fn vectors(&self, indices: &[usize]) -> Vec<Vector> {
        indices.iter().filter_map(|index| self.batch.vectors.get(*index)).cloned().collect()
    }

    /// Leaves a part to a later run.
    fn leave(&mut self, part: &Part) {
        if self.may_have_stored {
            self.unknown.extend(self.vectors(&part.indices));
        } else {
            self.not_sent += part.indices.len() as u64;
        }
    }

    /// What a request without success says of its part.
    fn gave_up(&mut self, gave_up: GaveUp, part: &Part) -> PartFate {
        if let Some(error) = &gave_up.error {
            self.last = LastAnswer {
                status: error.service().map(|error| error.status),
                code: Some(error.code().to_owned()),
                request_id: error.service().map(|error| error.request_id.clone()).filter(|id| !id.is_empty()),
            };
        }
        self.may_have_stored |=
            gave_up.may_have_stored && gave_up.because == Because::Verdict(Verdict::Split);
        match (gave_up.because, gave_up.error) {
            (Because::Verdict(Verdict::Split), Some(CallError::Service(error))) if error.status == 413 => {
                PartFate::TooLarge
            }
            (Because::Verdict(Verdict::Split), error) => PartFate::Refused(self.named(error.as_ref(), part)),
            (Because::Verdict(Verdict::Refuse), Some(CallError::Service(error))) => {
                PartFate::RefusedAlone(Reason::Refused {
                    code: error.code,
                    message: error.message,
                    request_id: error.request_id,
                })
            }
            (Because::Verdict(_), Some(error)) => {
                self.stop = Some(refused(&error));
                if gave_up.may_have_stored { PartFate::Unknown } else { PartFate::NotSent }
            }
            (Because::Budget, Some(error)) if !gave_up.may_have_stored => {
                self.stop = Some(unreachable(&error));
                PartFate::NotSent
            }
            (Because::Halted, _) if !gave_up.may_have_stored => PartFate::NotSent,
            _ => PartFate::Unknown,
        }
    }

    /// Which record of a refused part the service's message names, if it names one.
    fn named(&self, error: Option<&CallError>, part: &Part) -> Option<usize> {
        let key = |index: &usize| Some((*index, self.batch.vectors.get(*index)?.key()));
        named(&error?.service()?.message, part.indices.iter().filter_map(key))
    }

    fn reject(&mut self, indices: &[usize], reason: &Reason) {
        for vector in self.vectors(indices) {
            // A copy, so that one refused record does not keep its whole batch in memory.
            let raw = Raw::Json(Bytes::copy_from_slice(vector.wire()));
            let key = Some(vector.key());
            self.refused.push(Defect { position: vector.position(), key, raw, reason: reason.clone() });
        }
    }

    /// What became of the batch; when the run was `interrupted`, what is not certain is left to a later run.
    fn outcome(self, interrupted: bool) -> Outcome {
        let settled = self.not_sent == 0 && (self.unknown.is_empty() || !interrupted);
        let read = self.batch.read();
        let mut rejects = self.batch.defects;
        rejects.extend(self.refused);
        rejects.sort_by_key(|defect| defect.position);
        let fate = match (self.unknown.is_empty() && self.not_sent == 0, self.stored) {
            (false, _) => Fate::Unknown,
            (true, 0) if !rejects.is_empty() => Fate::Refused,
            (true, _) => Fate::Stored,
        };
        let outcome = Outcome {
            number: self.batch.number,
            span: self.batch.span,
            read,
            fate,
            stored: self.stored,
            superseded: self.batch.superseded,
            rejects,
            unknown: self.unknown,
            not_sent: self.not_sent,
            attempts: self.effort.attempts,
            throttled: self.effort.throttled,
            bytes_sent: self.effort.bytes_sent,
            elapsed: self.begun.elapsed(),
            last: self.last,
            bytes_read: self.batch.bytes_read,
            settled,
            stop: self.stop,
        };
        if settled { outcome } else { outcome.left_to_a_later_run() }
    }
}

/// The run's end when the service says no to all that can be sent.
pub(super) fn refused(error: &CallError) -> Failure {
    match error {
        CallError::Credential(_) => Failure::new(Exit::Client, error.to_string()),
        _ => Failure::new(Exit::Service, error.to_string()).advise(advice(error)),
    }
}

/// The run's end when nobody answers.
pub(super) fn unreachable(error: &CallError) -> Failure {
    Failure::new(Exit::Service, format!("gave up after the retry budget: {error}")).advise(
        "check --endpoint, --region and the network; --retry-times and --retry-max-time set the budget",
    )
}

/// What to do about a refusal.
fn advice(error: &CallError) -> &'static str {
    match error.code() {
        "AccessDenied" => {
            "grant the RAM action oss:PutVectors on this bucket, or check --account-id and --region"
        }
        "InvalidAccessKeyId" => "check --access-key-id (OSS_ACCESS_KEY_ID)",
        "SignatureDoesNotMatch" => {
            "check --access-key-secret, --region and --account-id, which are all signed"
        }
        "SecurityTokenExpired" | "InvalidSecurityToken" => {
            "get a fresh token: --sts-token (OSS_SESSION_TOKEN)"
        }
        "NoSuchBucket" => "check --bucket, --account-id and --region",
        "NoSuchVectorIndex" => "check --index-name, or create the index with --create-index",
        "CertificateRefused" => "check --endpoint; --skip-verify-cert goes on without checking",
        _ => "the code and the request id tell the vendor's support what happened",
    }
}
