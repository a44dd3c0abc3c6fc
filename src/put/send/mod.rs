//! Step 5, send: one batch until the outcome of each of its records is known.
//!
//! A refused batch is divided until the bad record is alone; a batch without an answer is read back.

mod compare;
pub(crate) mod control;
pub(crate) mod doubts;
pub(crate) mod ending;
pub(crate) mod evidence;
pub(crate) mod late;
pub(crate) mod parts;
pub(crate) mod read_back;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::time::Instant;

use self::control::{Control, Taken};
use self::ending::{nothing_is_stored, nothing_more_is_stored, refused, unreachable};
use self::evidence::{Evidence, Shown, cause};
use self::late::Late;
use self::parts::{Part, Parts, named};
use self::read_back::ReadBack;
use super::batch::Batch;
use super::books::outcome::{Doubt, Fate, LastAnswer, Outcome};
use super::books::tally::Cost;
use super::report::Reporter;
use super::report::notice::RequestNotice;
use crate::call::{Because, Budget, Caller, Effort, GaveUp, Request};
use crate::exit::Failure;
use crate::oss::client::Body;
use crate::oss::error::{CallError, ServiceError, Verdict};
use crate::oss::operation::Operation;
use crate::oss::wire;
use crate::record::{Defect, Reason, Vector};

/// If this few records are left in a batch, all of them may be bad: bad records are often adjacent.
const FEW: usize = 32;

/// Which batches to read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Those without an answer.
    #[default]
    Unknown,
    /// Every batch.
    All,
    /// None: records without an answer remain unknown.
    None,
    /// Every batch, instead of sending it.
    InPlaceOfSending,
}

/// Sends batches; shared by all that are in flight.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) caller: Caller,
    pub(crate) reporter: Arc<Reporter>,
    pub(crate) index_name: String,
    /// `{"indexName":…,"vectors":[`.
    pub(crate) prefix: Bytes,
    pub(crate) verify: Verify,
    pub(crate) evidence: Evidence,
    pub(crate) late: Late,
    pub(crate) room: Room,
    pub(crate) control: Control,
}

/// Maximum bytes of elements in a request: unlimited until the service finds a request too large.
#[derive(Debug)]
pub(crate) struct Room(AtomicU64);

impl Default for Room {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Room {
    fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes for the rest of the run that `bytes` are too large. Allows three quarters of them, so that a slightly
    /// larger batch is divided into two halves right away, too.
    fn too_large(&self, bytes: u64) {
        self.0.fetch_min(bytes / 4 * 3, Ordering::Relaxed);
    }
}

/// The outcome of a part of a batch.
enum PartFate {
    /// Answered with success.
    Taken,
    /// Refused as a whole; the refusal may name a record, by its index in the batch.
    Refused(Option<usize>),
    /// Refused for its size.
    TooLarge,
    /// One record, refused alone.
    RefusedAlone(Box<ServiceError>),
    Unknown,
    NotSent,
}

impl Sender {
    /// Sends `batch`, whose `body` may be ready, and returns its outcome.
    pub(crate) async fn send(&self, batch: Batch, body: Option<Body>) -> Outcome {
        let sizes = batch.vectors.iter().map(|vector| vector.wire().len() as u64).collect();
        self.control.forget(&batch.vectors);
        let mut progress = Progress::new(batch);
        let mut parts = Parts::new(sizes);
        while let Some(part) = self.next_part(&mut parts, progress.stop.is_some()) {
            if progress.stop.is_some() {
                self.leave(&part, &mut progress).await;
                continue;
            }
            let is_whole = part.indices.len() == progress.batch.vectors.len();
            let ready = body.clone().filter(|_| is_whole);
            let body = ready.unwrap_or_else(|| self.body(&part, &progress.batch));
            let fate = self.part(&part, &body, &mut progress).await;
            let may_come_late = progress.effort.may_come_late;
            let sent = if may_come_late { progress.vectors(&part.indices) } else { Vec::new() };
            match fate {
                PartFate::Taken => {
                    parts.taken(&part);
                    self.taken_last(&part, &progress.batch);
                    if self.verify == Verify::All {
                        self.resolve(&part, &mut progress).await;
                    } else {
                        self.evidence.stored(progress.effort.sent);
                        progress.stored += part.indices.len() as u64;
                    }
                }
                PartFate::Refused(named) => {
                    let part = self.without_stored(part, &mut progress).await;
                    parts.refused(part, named);
                }
                PartFate::TooLarge => {
                    self.room.too_large(parts.bytes(&part));
                    parts.too_large(part);
                }
                PartFate::RefusedAlone(refusal) => {
                    self.refused_alone(&part, *refusal, parts.left(), &mut progress).await;
                }
                PartFate::Unknown => self.resolve(&part, &mut progress).await,
                PartFate::NotSent => self.leave(&part, &mut progress).await,
            }
            if may_come_late && self.verify == Verify::All {
                self.late.may_come(&sent);
            }
        }
        let in_doubt = progress.doubt.filter(|doubt| !self.is_decided(*doubt));
        let interrupted = progress.stop.is_some() || self.caller.is_halted();
        progress.outcome(interrupted, in_doubt)
    }

    /// The part to try next. If the records refused last may not be at fault, one from elsewhere; if the run `stops`,
    /// nothing more needs to be found out.
    fn next_part(&self, parts: &mut Parts, stops: bool) -> Option<Part> {
        let is_to_tell = !stops && !self.caller.is_halted() && self.evidence.is_doubtful();
        let far = is_to_tell.then(|| parts.far()).flatten();
        far.or_else(|| parts.next(self.room.bytes()))
    }

    /// The body of a part: its elements, shared with the batch, between the start and the end of a request.
    fn body(&self, part: &Part, batch: &Batch) -> Body {
        Body::new(batch.body_of(&self.prefix, &part.indices))
    }

    async fn part(&self, part: &Part, body: &Body, progress: &mut Progress) -> PartFate {
        let request = Request {
            vectors: part.indices.len(),
            batch: Some(progress.batch.number),
            budget: self.probe(progress.doubt),
            ..Request::of(Operation::PutVectors, body)
        };
        (progress.effort.begun, progress.effort.may_come_late) = (None, false);
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

    /// A refused part without what an earlier attempt has stored: the others are divided to find the bad record.
    async fn without_stored(&self, part: Part, progress: &mut Progress) -> Part {
        if !progress.may_have_stored {
            return part;
        }
        let found = self.found(&part, progress).await;
        progress.stored += found.stored;
        progress.may_have_stored = false;
        if found.stored > 0 {
            self.evidence.stored(progress.effort.begun);
        }
        Part::of(found.missing)
    }

    /// Remembers a record that the service has accepted.
    fn taken_last(&self, part: &Part, batch: &Batch) {
        let taken = part.indices.first().and_then(|index| batch.vectors.get(*index));
        if let Some(vector) = taken {
            let wire = Bytes::copy_from_slice(vector.wire());
            self.control.took(Taken { key: vector.key(), wire });
        }
    }

    /// Sends one record to see whether the service accepts it.
    ///
    /// Only while nothing else is in flight: a later value of its key must not be overtaken.
    pub(crate) async fn takes(
        &self,
        record: Taken,
        budget: Option<Budget>,
        effort: &mut Effort,
    ) -> Result<(), GaveUp> {
        let body = Body::new(vec![
            self.prefix.clone(),
            record.wire.clone(),
            Bytes::from_static(wire::PUT_VECTORS_SUFFIX),
        ]);
        let request = Request { vectors: 1, budget, ..Request::of(Operation::PutVectors, &body) };
        self.caller.call(request, effort).await.map(|_| self.control.took(record))
    }

    /// Whether something stored since shows that neither the index nor the service is at fault.
    pub(crate) fn is_decided(&self, doubt: Doubt) -> bool {
        self.evidence.stored_after(Some(doubt.since()))
    }

    /// The budget of a part if another part of the batch was given up: a whole budget would be spent again otherwise.
    fn probe(&self, doubt: Option<Doubt>) -> Option<Budget> {
        let is_short = |doubt: Doubt| matches!(doubt, Doubt::NotStored(_)) && !self.is_decided(doubt);
        doubt.is_some_and(is_short).then(|| self.caller.budget.of_probe())
    }

    /// Settles a record that was refused alone, with this many others `left` to try. An earlier attempt of its batch
    /// may have stored it nevertheless.
    async fn refused_alone(&self, part: &Part, refusal: ServiceError, left: usize, progress: &mut Progress) {
        // Take the time first: reading back takes a while.
        let answered = Instant::now();
        if progress.may_have_stored {
            match self.look(&part.indices, progress).await {
                Some(found) if found.contains(&true) => {
                    self.evidence.stored(progress.effort.begun);
                    progress.stored += 1;
                    return;
                }
                Some(_) => {}
                None => return progress.unknown.extend(progress.vectors(&part.indices)),
            }
        }
        let key = progress.vectors(&part.indices).first().map(Vector::key).unwrap_or_default();
        let cause = cause(&refusal.code, &refusal.message, &key, &refusal.request_id);
        progress.doubts(Doubt::Refused(answered));
        let ServiceError { code, message, request_id, .. } = refusal;
        let reason = Reason::Refused { code, message, request_id };
        progress.reject(&part.indices, &reason);
        progress.stop = match self.evidence.refused_alone(cause, answered) {
            Shown::NothingIsStored => Some(nothing_is_stored(&reason)),
            // The bad records may be the last ones of their batch: the next batch shows what is at fault.
            Shown::NothingMoreIsStored if progress.stored > 0 && left < FEW => None,
            Shown::NothingMoreIsStored => Some(nothing_more_is_stored(&reason)),
            Shown::Record => None,
        };
    }

    /// Leaves a part to a later run, after looking up what an earlier attempt may have stored of it.
    async fn leave(&self, part: &Part, progress: &mut Progress) {
        if progress.may_have_stored {
            self.count_what_is_stored(part, progress).await;
        } else {
            progress.not_sent += part.indices.len() as u64;
        }
    }

    /// Reads back records whose request had no answer, to find their outcome.
    async fn resolve(&self, part: &Part, progress: &mut Progress) {
        // Take the time first: reading back takes a while.
        let failed = Instant::now();
        if progress.stop.is_some() || self.caller.is_halted() {
            // A later run sends what is missing, so nothing is rejected.
            return self.count_what_is_stored(part, progress).await;
        }
        if self.verify == Verify::Unknown {
            let (batch, trouble) = (progress.batch.number, progress.last.words());
            self.reporter.note(RequestNotice::Unconfirmed { batch, trouble });
        }
        let found = self.found(part, progress).await;
        progress.stored += found.stored;
        if progress.stop.is_some() || self.caller.is_halted() {
            progress.not_sent += found.missing.len() as u64;
            return;
        }
        if found.missing.len() == part.indices.len() {
            // Only requests sent after the last failure show what is at fault: earlier ones may have had other causes.
            progress.doubts(Doubt::NotStored(failed));
        }
        if found.stored > 0 {
            // Which attempt stored them is unknown; the first one proves the least.
            self.evidence.stored(progress.effort.begun);
        }
        progress.reject(&found.missing, &progress.last.reason());
    }

    /// Counts what is stored of a part when the run is being stopped: a later run sends what is missing.
    async fn count_what_is_stored(&self, part: &Part, progress: &mut Progress) {
        let found = self.found(part, progress).await;
        progress.stored += found.stored;
        progress.not_sent += found.missing.len() as u64;
    }

    /// Reads a part back; what cannot be looked up becomes unknown.
    async fn found(&self, part: &Part, progress: &mut Progress) -> Found {
        let mut all = Found { stored: 0, missing: Vec::new() };
        for some in part.indices.chunks(read_back::KEYS) {
            let Some(found) = self.look(some, progress).await else {
                progress.unknown.extend(progress.vectors(some));
                continue;
            };
            let those = |wanted: bool| {
                let those = some.iter().zip(&found).filter(move |(_, found)| **found == wanted);
                those.map(|(index, _)| *index).collect::<Vec<_>>()
            };
            let (stored, missing) = (those(true), those(false));
            if self.verify == Verify::All {
                self.late.stored(&progress.vectors(&stored));
                self.late.given_up(&progress.vectors(&missing));
            }
            all.stored += stored.len() as u64;
            all.missing.extend(missing);
        }
        all
    }

    /// Reads some records back: for each whether it is stored, or `None` if that cannot be found out.
    async fn look(&self, some: &[usize], progress: &mut Progress) -> Option<Vec<bool>> {
        if self.verify == Verify::None || progress.is_unreachable {
            return None;
        }
        let (vectors, number) = (progress.vectors(some), progress.batch.number);
        let (caller, index_name) = (&self.caller, &self.index_name);
        match read_back::stored(caller, index_name, &vectors, Some(number), &mut progress.effort).await {
            ReadBack::Known(stored) => Some(stored),
            ReadBack::Unreachable(error) => {
                progress.is_unreachable = true;
                progress.stop.get_or_insert_with(|| unreachable(&error));
                None
            }
            ReadBack::Refused(error) => {
                self.reporter.note(RequestNotice::Unreadable { batch: number, error });
                None
            }
            ReadBack::Halted => None,
        }
    }
}

/// The result of reading a part back.
struct Found {
    stored: u64,
    /// Indices in the batch.
    missing: Vec<usize>,
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
    /// Whether an earlier attempt of a refused request may have stored something.
    may_have_stored: bool,
    /// Whether the service could not be reached to read something back.
    is_unreachable: bool,
    /// Whether the index or the service may be at fault instead of the records.
    doubt: Option<Doubt>,
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
            is_unreachable: false,
            doubt: None,
        }
    }

    /// Some of the batch's vectors.
    fn vectors(&self, indices: &[usize]) -> Vec<Vector> {
        indices.iter().filter_map(|index| self.batch.vectors.get(*index)).cloned().collect()
    }

    fn doubts(&mut self, doubt: Doubt) {
        self.doubt = Some(self.doubt.map_or(doubt, |before| before.and(doubt)));
    }

    /// The outcome of a part whose request did not succeed.
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
                PartFate::RefusedAlone(error)
            }
            (Because::Verdict(_), Some(error)) => {
                self.stop = Some(refused(&error, Operation::PutVectors));
                if gave_up.may_have_stored { PartFate::Unknown } else { PartFate::NotSent }
            }
            (Because::Budget, Some(error)) if !gave_up.may_have_stored => {
                self.is_unreachable = error.service().is_none();
                self.stop = Some(unreachable(&error));
                PartFate::NotSent
            }
            (Because::Halted, _) if !gave_up.may_have_stored => PartFate::NotSent,
            _ => PartFate::Unknown,
        }
    }

    /// Which record of a refused part the service's message names, if any.
    fn named(&self, error: Option<&CallError>, part: &Part) -> Option<usize> {
        let key = |index: &usize| Some((*index, self.batch.vectors.get(*index)?.key()));
        named(&error?.service()?.message, part.indices.iter().filter_map(key))
    }

    fn reject(&mut self, indices: &[usize], reason: &Reason) {
        let vectors = self.vectors(indices);
        self.refused.extend(vectors.iter().map(|vector| vector.rejected(reason.clone())));
    }

    /// The outcome of the batch; if the run was `interrupted`, what is not certain is left to a later run.
    fn outcome(self, interrupted: bool, in_doubt: Option<Doubt>) -> Outcome {
        let is_certain = self.unknown.is_empty() && in_doubt.is_none();
        let settled = self.not_sent == 0 && (is_certain || !interrupted);
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
            shares: self.batch.shares,
            fate,
            stored: self.stored,
            superseded: self.batch.superseded,
            not_sampled: self.batch.not_sampled,
            rejects,
            unknown: self.unknown,
            later: Vec::new(),
            not_sent: self.not_sent,
            cost: Cost::from(&self.effort),
            elapsed: self.begun.elapsed(),
            last: self.last,
            input_bytes: self.batch.input_bytes,
            settled,
            in_doubt: in_doubt.filter(|_| settled),
            stop: self.stop,
        }
    }
}
