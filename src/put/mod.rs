//! The path of the data: one file a step, in this order.

pub mod admit;
mod attempt;
pub mod batch;
mod checkpoint;
mod ending;
pub mod fingerprint;
mod in_flight;
mod index;
pub mod journal;
mod outcome;
pub mod pace;
mod parts;
mod pipeline;
pub mod read;
mod read_back;
pub mod record;
mod rejects;
pub mod report;
mod send;
mod settle;
#[cfg(test)]
mod tests;
pub mod tracker;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use attempt::Budget;
use attempt::Caller;
use checkpoint::Checkpoint;
pub use checkpoint::Keep;
use in_flight::{KeyHashes, KeysInFlight};
use index::Known;
pub use index::Wanted;
pub use outcome::Fate;
use outcome::Outcome;
use pace::{Pacer, Quota};
use pipeline::{Broken, Plan, Queued};
use read::ReadError;
use record::Input;
use report::{Reporter, Summary, Telling};
use send::Sender;
pub use send::Verify;
pub use settle::MaxRejects;
use settle::{Reading, Settle};
use tracker::Mark;

use crate::exit::{Exit, Failure};
use crate::oss::client::Client;
use crate::oss::wire;

/// Requests under way get this long once the run is being stopped by a signal.
const GRACE: Duration = Duration::from_secs(25);
/// How often progress is redrawn and the disk brought up to date while nothing settles.
const TICK: Duration = Duration::from_millis(200);

/// Everything that a load needs to know; settings have made plain values of all flags.
pub struct Job {
    /// What to read.
    pub inputs: Vec<Input>,
    /// The format, if the user names one.
    pub format: Option<read::Format>,
    /// Which fields hold what.
    pub fields: admit::Fields,
    /// What becomes of numbers in metadata.
    pub metadata_values: admit::MetadataValues,
    /// The index.
    pub wanted: Wanted,
    /// The service; `None` is a dry run.
    pub client: Option<Client>,
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
    /// When there are too many rejects.
    pub max_rejects: MaxRejects,
    /// What is kept on disk, and where.
    pub keep: Keep,
    /// What is told, and where.
    pub telling: Telling,
}

/// How a run ended.
#[derive(Debug)]
pub struct Finished {
    /// The counts.
    pub summary: Summary,
    /// Why it is not a complete success.
    pub failure: Option<Failure>,
}

/// What comes from outside while a run goes on.
#[derive(Clone, Debug)]
pub struct Calls {
    /// Turns true when the run shall end in good order.
    pub interrupt: watch::Receiver<bool>,
    /// Changes each time somebody wants to know how far the run is.
    pub progress: watch::Receiver<u64>,
}

/// Loads the inputs: the whole path.
pub async fn run(job: Job, calls: Calls) -> Finished {
    let (checkpoint, mark) = match keep(&job) {
        Ok(kept) => kept,
        Err(failure) => return never_begun(job.telling, failure),
    };
    let reporter = Arc::new(Reporter::new(Telling { resumed: mark.is_some(), ..job.telling }));
    checkpoint.note().into_iter().for_each(|note| reporter.note(note));
    let Calls { interrupt, progress } = calls;
    let _answering = answer(progress, Arc::clone(&reporter));
    let mark = mark.unwrap_or_default();
    let settle = Settle::new(Arc::clone(&reporter), job.max_rejects, checkpoint, mark.counts);
    let from = (mark != Mark::default()).then_some(mark.position);
    let blocks = match read::open(&job.inputs, job.format, from) {
        Ok(blocks) => blocks,
        Err(error) => return settle.finish(Reading::Stopped, Some(unreadable(&error))),
    };
    let prefix = wire::put_vectors_prefix(&job.wanted.name);
    let is_rehearsal = job.client.is_none();
    let plan = |rules| Plan {
        fields: job.fields.clone(),
        rules,
        limits: job.limits,
        memory: job.memory,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        settled: mark.ahead.clone(),
        prefix: (!is_rehearsal).then(|| prefix.clone()),
        reporter: Arc::clone(&reporter),
    };
    let rules = admit::Rules {
        dimension: job.wanted.dimension,
        metric: job.wanted.metric,
        non_filterable: Some(job.wanted.non_filterable.clone().unwrap_or_default()),
        metadata_values: job.metadata_values,
        largest: job.limits.bytes,
    };
    let Some(client) = job.client else {
        return rehearse(pipeline::start(blocks, &plan(rules)), settle, job.quota, interrupt).await;
    };
    let (halt, halted) = watch::channel(None);
    let reporter = Arc::clone(&reporter);
    let caller = Caller { client, pacer: Pacer::new(job.quota), budget: job.budget, halt: halted, reporter };
    let stopping = Stopping { interrupt, halt };
    let known = match stopping.unless_interrupted(index::look(&caller, &job.wanted)).await {
        Ok(known) => known,
        Err(failure) => return settle.finish(Reading::Stopped, Some(failure)),
    };
    let rules = known_rules(rules, &known);
    let sender = Arc::new(Sender {
        caller,
        index_name: job.wanted.name.clone(),
        prefix: prefix.clone(),
        verify: job.verify,
        evidence: send::Evidence::default(),
        room: send::Room::default(),
    });
    let create = matches!(known, Known::ToCreate).then_some(job.wanted);
    let load = Load { sender, settle, stopping, jobs: job.jobs, create };
    load.run(pipeline::start(blocks, &plan(rules))).await
}

/// Tells how far the run is whenever somebody asks, until what comes back is dropped.
fn answer(mut calls: watch::Receiver<u64>, reporter: Arc<Reporter>) -> JoinSet<()> {
    let mut answering = JoinSet::new();
    answering.spawn(async move {
        while calls.changed().await.is_ok() {
            reporter.tell_now();
        }
    });
    answering
}

/// Opens what the run keeps on disk; a rehearsal keeps no journal.
fn keep(job: &Job) -> Result<(Checkpoint, Option<Mark>), Failure> {
    if job.client.is_none() {
        return Ok((Checkpoint::none(job.inputs.clone(), job.keep.rejects.clone()), None));
    }
    Checkpoint::open(job.keep.clone(), job.inputs.clone())
}

/// The end of a run that could not even begin.
fn never_begun(telling: Telling, failure: Failure) -> Finished {
    let (summary, _) = Reporter::new(telling).finish(|summary| {
        summary.exit_code = failure.exit.code();
        summary.error = Some(failure.message.clone());
    });
    Finished { summary, failure: Some(failure) }
}

/// What the index adds to the rules.
fn known_rules(rules: admit::Rules, known: &Known) -> admit::Rules {
    match known {
        Known::Existing(index) => admit::Rules {
            dimension: usize::try_from(index.dimension).ok(),
            metric: index.metric().or(rules.metric),
            non_filterable: Some(index.metadata.non_filterable_metadata_keys.clone()),
            ..rules
        },
        Known::ToCreate => rules,
        Known::Hidden => admit::Rules { non_filterable: None, ..rules },
    }
}

/// Reads, admits and batches everything and sends nothing.
async fn rehearse(
    mut batches: mpsc::Receiver<Result<Queued, Broken>>,
    mut settle: Settle,
    quota: Quota,
    mut interrupt: watch::Receiver<bool>,
) -> Finished {
    loop {
        let item = tokio::select! {
            item = batches.recv() => item,
            Ok(_) = interrupt.wait_for(|interrupted| *interrupted) => {
                return settle.finish(Reading::Stopped, Some(interrupted()));
            }
        };
        match item {
            Some(Ok(queued)) => {
                if let Err(failure) = settle.rehearsed(queued.batch, quota) {
                    return settle.finish(Reading::Stopped, Some(failure));
                }
            }
            Some(Err(error)) => return settle.finish(Reading::Exhausted, Some(broken(&error))),
            None => return settle.finish(Reading::Exhausted, None),
        }
    }
}

/// How a run is brought to its end early.
struct Stopping {
    interrupt: watch::Receiver<bool>,
    halt: watch::Sender<Option<Instant>>,
}

impl Stopping {
    /// Begins nothing new; requests under way get a while longer.
    fn halt(&self) {
        self.halt.send_if_modified(|halt| {
            let first = halt.is_none();
            halt.get_or_insert_with(|| Instant::now() + GRACE);
            first
        });
    }

    async fn interrupted(&mut self) {
        if self.interrupt.wait_for(|interrupted| *interrupted).await.is_err() {
            // Nobody is left who could interrupt.
            std::future::pending::<()>().await;
        }
    }

    async fn unless_interrupted<T>(
        &self,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut interrupt = self.interrupt.clone();
        tokio::select! {
            outcome = future => outcome,
            Ok(_) = interrupt.wait_for(|interrupted| *interrupted) => Err(interrupted()),
        }
    }
}

/// The asynchronous edge of a run: which batches are on their way, and when it ends.
struct Load {
    sender: Arc<Sender>,
    settle: Settle,
    stopping: Stopping,
    jobs: usize,
    /// The index to create before the first vector is sent.
    create: Option<Wanted>,
}

/// A batch on its way, and the keys that wait for it.
type InFlight = JoinSet<(Outcome, KeyHashes)>;

impl Load {
    async fn run(mut self, batches: mpsc::Receiver<Result<Queued, Broken>>) -> Finished {
        let mut batches = Some(batches);
        let mut reading = Reading::Stopped;
        let mut in_flight = InFlight::new();
        let mut keys = KeysInFlight::default();
        let mut waiting: Option<(Queued, KeyHashes)> = None;
        let mut failure: Option<Failure> = None;
        let mut stopping = false;
        let mut tick = tokio::time::interval(TICK);
        loop {
            if in_flight.len() < self.jobs
                && let Some((queued, hashes)) = waiting.take_if(|(_, hashes)| !keys.holds_any(hashes))
            {
                keys.add(&hashes);
                self.dispatch(queued, hashes, &mut in_flight);
            }
            if in_flight.is_empty() && waiting.is_none() && batches.is_none() {
                return self.settle.finish(reading, failure);
            }
            let step = tokio::select! {
                biased;
                () = self.stopping.interrupted(), if !stopping => {
                    self.sender.caller.reporter.note(&format!(
                        "stopping: requests under way get up to {} s; a second signal stops at once",
                        GRACE.as_secs()
                    ));
                    Err(interrupted())
                }
                Some(done) = in_flight.join_next() => self.settled(done, &mut keys),
                item = next(&mut batches), if waiting.is_none() && in_flight.len() < self.jobs => match item {
                    Some(Ok(queued)) => self.prepare(&queued).await.map(|()| {
                        let hashes = keys.hashes(&queued.batch.vectors);
                        waiting = Some((queued, hashes));
                    }),
                    end => {
                        (batches, reading) = (None, end_of_reading(end.as_ref()));
                        // What was read before a damaged place is still sent; the failure is told at the end.
                        if let Some(Err(error)) = end {
                            failure = Some(broken(&error));
                        }
                        Ok(())
                    }
                },
                _ = tick.tick() => {
                    let pacer = &self.sender.caller.pacer;
                    self.sender.caller.reporter.pace(pacer.factor());
                    self.settle.tick(pacer.bound())
                }
            };
            if let Err(stop) = step {
                stopping = true;
                if batches.take().is_some() {
                    reading = Reading::Stopped;
                }
                self.stopping.halt();
                self.settle.abandon(waiting.take().map(|(queued, _)| queued.batch));
                failure.get_or_insert(stop);
            }
        }
    }

    /// Sees to it that the index exists before the first vector leaves.
    async fn prepare(&mut self, queued: &Queued) -> Result<(), Failure> {
        let Some(dimension) = queued.batch.dimension.filter(|_| !queued.batch.vectors.is_empty()) else {
            return Ok(());
        };
        let Some(wanted) = self.create.take() else { return Ok(()) };
        let creation = index::create(&self.sender.caller, &wanted, dimension);
        self.stopping.unless_interrupted(creation).await
    }

    fn dispatch(&self, queued: Queued, hashes: KeyHashes, in_flight: &mut InFlight) {
        let sender = Arc::clone(&self.sender);
        in_flight.spawn(async move {
            let Queued { batch, body, memory } = queued;
            let outcome = sender.send(batch, body).await;
            drop(memory);
            (outcome, hashes)
        });
    }

    fn settled(
        &mut self,
        done: Result<(Outcome, KeyHashes), tokio::task::JoinError>,
        keys: &mut KeysInFlight,
    ) -> Result<(), Failure> {
        match done {
            Ok((outcome, hashes)) => {
                keys.remove(&hashes);
                self.settle.batch(outcome)
            }
            Err(error) => Err(Failure::new(Exit::Client, format!("a defect in ossvec itself: {error}"))),
        }
    }
}

async fn next(
    batches: &mut Option<mpsc::Receiver<Result<Queued, Broken>>>,
) -> Option<Result<Queued, Broken>> {
    match batches {
        Some(batches) => batches.recv().await,
        None => std::future::pending().await,
    }
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}

/// Whether a later run could read more. A damaged input is mended into another one; a disk may come back.
fn end_of_reading(end: Option<&Result<Queued, Broken>>) -> Reading {
    match end {
        Some(Err(Broken::Thread | Broken::Input(ReadError::Io { .. } | ReadError::Open { .. }))) => {
            Reading::Stopped
        }
        _ => Reading::Exhausted,
    }
}

fn broken(error: &Broken) -> Failure {
    match error {
        Broken::Input(error) => unreadable(error),
        Broken::Thread => {
            Failure::new(Exit::Client, "a defect in ossvec itself: a thread ended before the input did")
        }
    }
}

/// The end of a run whose input cannot be read, or not to its end.
pub(crate) fn unreadable(error: &ReadError) -> Failure {
    Failure::from_lines(Exit::Client, &error.to_string())
}
