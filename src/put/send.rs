//! Step 5, send: one batch until the fate of each of its records is known.
//!
//! A refused batch is divided until the bad record stands alone; a batch without an answer is read back.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use super::attempt::{Because, Caller, Effort, GaveUp, Request};
use super::batch::Batch;
use super::ending::{refused, unreachable, writes_nothing};
use super::outcome::{Fate, LastAnswer, Outcome};
use super::parts::{Part, Parts, named};
use super::read_back::{self, ReadBack};
use super::record::{Defect, Raw, Reason, Vector};
use crate::exit::{Exit, Failure};
use crate::oss::client::Body;
use crate::oss::error::{CallError, Verdict};
use crate::oss::operation::Operation;

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

/// Sends batches; shared by all that are in flight.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) caller: Caller,
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
    /// When the latest request was sent of which something is stored.
    stored: Mutex<Option<Instant>>,
    refused_alone: AtomicU32,
}

impl Evidence {
    /// Notes that something is stored of a request sent at that moment.
    fn stored(&self, sent: Option<Instant>) {
        let mut stored = self.lock();
        *stored = sent.max(*stored);
    }

    /// Notes a record refused alone; whether that makes it likely that none will ever be taken.
    fn refused_alone(&self) -> bool {
        self.refused_alone.fetch_add(1, Ordering::Relaxed) + 1 >= EVIDENCE && self.lock().is_none()
    }

    /// Whether the service has stored anything that was sent after that moment.
    fn stored_after(&self, moment: Option<Instant>) -> bool {
        self.lock().is_some_and(|stored| moment.is_some_and(|moment| stored > moment))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Sends `batch`, whose `body` may be ready, and says what became of it.
    pub(super) async fn send(&self, batch: Batch, body: Option<Body>) -> Outcome {
        let sizes = batch.vectors.iter().map(|vector| vector.wire().len() as u64).collect();
        let mut progress = Progress::new(batch);
        let mut parts = Parts::new(sizes);
        while let Some(part) = parts.next(self.room.bytes()) {
            if progress.stop.is_some() {
                progress.leave(&part);
                continue;
            }
            let is_whole = part.indices.len() == progress.batch.vectors.len();
            let ready = body.clone().filter(|_| is_whole);
            let body = ready.unwrap_or_else(|| self.body(&part, &progress.batch));
            match self.part(&part, &body, &mut progress).await {
                PartFate::Taken => {
                    parts.taken(&part);
                    if self.verify == Verify::All {
                        self.resolve(&part, &mut progress).await;
                    } else {
                        self.evidence.stored(progress.effort.sent);
                        progress.stored += part.indices.len() as u64;
                    }
                }
                PartFate::Refused(named) => parts.refused(part, named),
                PartFate::TooLarge => {
                    self.room.too_large(parts.bytes(&part));
                    parts.too_large(part);
                }
                PartFate::RefusedAlone(reason) => self.refused_alone(&part, &reason, &mut progress).await,
                PartFate::Unknown => self.resolve(&part, &mut progress).await,
                PartFate::NotSent => progress.leave(&part),
            }
        }
        let interrupted = progress.stop.is_some() || self.caller.is_halted();
        progress.outcome(interrupted)
    }

    /// The body of a part: its elements, shared with the batch, between what opens and closes a request.
    fn body(&self, part: &Part, batch: &Batch) -> Body {
        Body::new(batch.body_of(&self.prefix, &part.indices))
    }

    async fn part(&self, part: &Part, body: &Body, progress: &mut Progress) -> PartFate {
        let request = Request {
            operation: Operation::PutVectors,
            body,
            vectors: part.indices.len(),
            batch: Some(progress.batch.number),
        };
        (progress.effort.begun, progress.effort.troubled) = (None, None);
        match self.caller.call(request, &mut progress.effort).await {
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

    /// Settles a record that was refused alone. An earlier attempt of its batch may have stored it all the same.
    async fn refused_alone(&self, part: &Part, reason: &Reason, progress: &mut Progress) {
        if !progress.may_have_stored {
            return self.refuse(part, reason, progress);
        }
        match self.look(&part.indices, progress).await {
            Some(found) if found.contains(&true) => {
                self.evidence.stored(progress.effort.begun);
                progress.stored += 1;
            }
            Some(_) => self.refuse(part, reason, progress),
            None => progress.unknown.extend(progress.vectors(&part.indices)),
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
        if self.verify == Verify::Unknown && progress.stop.is_none() && !self.caller.is_halted() {
            let (number, trouble) = (progress.batch.number, progress.trouble());
            self.caller
                .reporter
                .note(&format!("batch {number} was not confirmed ({trouble}): reading it back"));
        }
        let (mut missing, mut stored) = (Vec::new(), 0);
        let mut is_all_known = true;
        for some in part.indices.chunks(read_back::KEYS) {
            let Some(found) = self.look(some, progress).await else {
                is_all_known = false;
                progress.unknown.extend(progress.vectors(some));
                continue;
            };
            stored += found.iter().filter(|found| **found).count() as u64;
            missing.extend(some.iter().zip(found).filter(|(_, found)| !found).map(|(index, _)| *index));
        }
        progress.stored += stored;
        // Only what was sent after the trouble began tells: at its beginning others may have been under way.
        let others_were_stored =
            self.evidence.stored_after(progress.effort.troubled.or(progress.effort.begun));
        if is_all_known && missing.len() == part.indices.len() && !others_were_stored {
            // That is no fault of the records: the service takes no writes. A later run sends them again. Where it
            // took others meanwhile, stopping would only meet the same batch again.
            let trouble = progress.trouble();
            progress.stop.get_or_insert_with(|| writes_nothing(&trouble));
            progress.not_sent += missing.len() as u64;
            return;
        }
        if stored > 0 {
            // Nobody knows by which attempt; the first is the one that proves least.
            self.evidence.stored(progress.effort.begun);
        }
        progress.reject(&missing, &Reason::NotStored { trouble: progress.trouble() });
    }

    /// Reads some records back: for each whether it is stored, or nothing if that cannot be found out.
    async fn look(&self, some: &[usize], progress: &mut Progress) -> Option<Vec<bool>> {
        if self.verify == Verify::None || progress.stop.is_some() || self.caller.is_halted() {
            return None;
        }
        let (vectors, number) = (progress.vectors(some), progress.batch.number);
        let (caller, index_name) = (&self.caller, &self.index_name);
        match read_back::stored(caller, index_name, &vectors, number, &mut progress.effort).await {
            ReadBack::Known(stored) => Some(stored),
            ReadBack::Unreachable(error) => {
                progress.stop = Some(unreachable(&error));
                None
            }
            ReadBack::Refused(error) => {
                caller.reporter.note(&format!("batch {number} cannot be read back: {error}"));
                None
            }
            ReadBack::Halted => None,
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

    /// The last word of the service, or of the way to it.
    fn trouble(&self) -> String {
        let LastAnswer { status, code, request_id } = &self.last;
        let code = code.as_deref().unwrap_or("confirmed");
        let status = status.map_or(String::new(), |status| format!("HTTP {status} "));
        let request = request_id.as_ref().map_or(String::new(), |id| format!(", request id {id}"));
        format!("{status}{code}{request}")
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
        let is_refused = matches!(gave_up.because, Because::Verdict(Verdict::Split | Verdict::Refuse));
        self.may_have_stored |= gave_up.may_have_stored && is_refused;
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
                self.stop = Some(refused(&error, Operation::PutVectors));
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
        let fate = match (self.unknown.is_empty(), self.not_sent, self.stored) {
            (false, _, _) => Fate::Unknown,
            (true, 1.., _) => Fate::NotSent,
            (true, 0, 0) if !rejects.is_empty() => Fate::Refused,
            (true, 0, _) => Fate::Stored,
        };
        Outcome {
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
            input_bytes: self.batch.input_bytes,
            settled,
            stop: self.stop,
        }
    }
}
