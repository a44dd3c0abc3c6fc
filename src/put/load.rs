//! The asynchronous edge of a run: takes batches from the pipeline, keeps them in flight, settles their outcomes, and
//! decides when the run ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::dispatch::Dispatch;
use super::finished::Finished;
use super::index::{self, Wanted};
use super::keep::journal::Binding;
use super::pipeline::{Broken, Queued};
use super::report::Reporter;
use super::report::notice::RequestNotice;
use super::send::Sender;
use super::send::ending::interrupted;
use super::settle::{Reading, Settle};
use crate::call::{Caller, Halt};
use crate::exit::Failure;

/// How long requests in flight may take once a signal stops the run.
const GRACE: Duration = Duration::from_secs(25);
/// How often to redraw the progress and update the files while nothing settles.
const TICK: Duration = Duration::from_millis(200);

/// Stops a run early.
pub(super) struct Stopping {
    pub(super) interrupt: watch::Receiver<bool>,
    pub(super) halt: watch::Sender<Option<Instant>>,
}

impl Stopping {
    /// Stops on an interruption; also returns the halt that requests follow.
    pub(super) fn new(interrupt: watch::Receiver<bool>) -> (Self, Halt) {
        let (halt, halted) = Halt::new();
        (Self { interrupt, halt }, halted)
    }

    /// Begins nothing new; requests in flight get a grace period.
    fn halt(&self) {
        self.halt.send_if_modified(|halt| {
            let first = halt.is_none();
            halt.get_or_insert_with(|| Instant::now() + GRACE);
            first
        });
    }

    async fn interrupted(&mut self) {
        if self.interrupt.wait_for(|interrupted| *interrupted).await.is_err() {
            // No sender is left to interrupt.
            std::future::pending::<()>().await;
        }
    }

    /// Waits for something that nothing else runs concurrently with, while progress and files are kept up to date.
    pub(super) async fn unless_interrupted<T>(
        &self,
        caller: &Caller,
        settle: &mut Settle,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let waited = with_ticks(future, self.interrupt.clone(), || settle.tick(caller.pace.as_ref())).await?;
        waited.unwrap_or_else(|| Err(stopped_by_signal(settle.reporter())))
    }
}

/// Waits for a future while a clock ticks; `None` if the run is interrupted first.
async fn with_ticks<T>(
    future: impl Future<Output = T>,
    mut interrupt: watch::Receiver<bool>,
    mut each: impl FnMut() -> Result<(), Failure>,
) -> Result<Option<T>, Failure> {
    let mut future = std::pin::pin!(future);
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            biased;
            done = &mut future => return Ok(Some(done)),
            Ok(_) = interrupt.wait_for(|interrupted| *interrupted) => return Ok(None),
            _ = tick.tick() => each()?,
        }
    }
}

/// Reports that a signal has come and what it does.
fn stopped_by_signal(reporter: &Reporter) -> Failure {
    reporter.note(RequestNotice::Stopping(GRACE));
    interrupted()
}

/// A run that sends.
pub(super) struct Load {
    pub(super) sender: Arc<Sender>,
    pub(super) dispatch: Dispatch,
    pub(super) settle: Settle,
    pub(super) stopping: Stopping,
    /// The index to create before the first vector is sent.
    pub(super) create: Option<Wanted>,
    /// What is known about the index.
    pub(super) known: Binding,
}

/// How long the pipeline has to show whether any input is left when a run stops.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// The end of a run.
struct End {
    /// Why it is not a complete success.
    failure: Option<Failure>,
    /// Whether nothing new is begun.
    stopping: bool,
}

/// Where reading is when no more is taken from the pipeline: the next item shows whether it was at its end.
pub(super) async fn stopped_at(mut batches: mpsc::Receiver<Result<Queued, Broken>>) -> Reading {
    match tokio::time::timeout(LAST_LOOK, batches.recv()).await {
        Ok(None) => Reading::Exhausted,
        _ => Reading::Stopped,
    }
}

/// The items of the pipeline, until it ends or is closed.
struct Incoming {
    batches: Option<mpsc::Receiver<Result<Queued, Broken>>>,
    reading: Reading,
}

impl Incoming {
    /// The next batch; `None`, noted as well, at the end, and an error for what comes instead of a batch.
    async fn next(&mut self) -> Result<Option<Queued>, Broken> {
        let Some(batches) = &mut self.batches else { return std::future::pending().await };
        let item = batches.recv().await;
        if let Some(Ok(_) | Err(Broken::Input { .. })) = item {
            return item.transpose();
        }
        self.batches = None;
        self.reading = if item.is_none() { Reading::Exhausted } else { Reading::Stopped };
        item.transpose()
    }

    /// Takes no more, so that the threads of the pipeline end.
    async fn close(&mut self) {
        if let Some(batches) = self.batches.take() {
            self.reading = stopped_at(batches).await;
        }
    }

    /// Takes no more, and counts the input as not read to its end.
    fn stop(&mut self) {
        self.batches = None;
        self.reading = Reading::Stopped;
    }

    fn is_closed(&self) -> bool {
        self.batches.is_none()
    }
}

impl Load {
    pub(super) async fn run(mut self, batches: mpsc::Receiver<Result<Queued, Broken>>) -> Finished {
        let mut incoming = Incoming { batches: Some(batches), reading: Reading::Stopped };
        let mut end = End { failure: None, stopping: false };
        let mut tick = tokio::time::interval(TICK);
        loop {
            self.dispatch.send_what_may_go();
            self.sender.reporter.has_room(self.dispatch.has_room());
            let doubts = self.decide_doubts(incoming.is_closed(), end.stopping).await;
            if doubts.is_ok() && incoming.is_closed() && self.dispatch.is_empty() {
                self.look_once_more(&mut end).await;
                return self.settle.finish(incoming.reading, end.failure);
            }
            let step = match doubts {
                Ok(()) => self.step(&mut incoming, &mut end, &mut tick).await,
                Err(stop) => Err(stop),
            };
            if let Err(stop) = step {
                end.stopping = true;
                self.stopping.halt();
                incoming.close().await;
                self.settle.abandon(self.dispatch.give_up());
                end.failure.get_or_insert(stop);
            }
        }
    }

    /// Handles the next event.
    async fn step(
        &mut self,
        incoming: &mut Incoming,
        end: &mut End,
        tick: &mut tokio::time::Interval,
    ) -> Result<(), Failure> {
        tokio::select! {
            biased;
            () = self.stopping.interrupted(), if !end.stopping => {
                Err(stopped_by_signal(&self.sender.reporter))
            }
            Some(outcome) = self.dispatch.next_outcome() => {
                // The outcome of a batch is lost with its task: a later run must not take everything for settled.
                self.settle.batch(outcome.inspect_err(|_| incoming.stop())?)
            }
            item = incoming.next(), if self.dispatch.has_room() => match item {
                Ok(Some(queued)) => self.take(queued).await,
                Ok(None) => Ok(()),
                Err(Broken::Input { failed, before }) => self.settle.input_failed(*failed, before),
                // Batches read before are still sent; the failure is reported at the end.
                Err(Broken::End(error)) => {
                    end.failure = Some(error);
                    Ok(())
                }
            },
            _ = tick.tick() => self.settle.tick(self.sender.caller.pace.as_ref()),
        }
    }

    /// Takes a batch, to be sent once the index exists and the journal has begun. A batch that cannot be sent is
    /// counted, too.
    async fn take(&mut self, queued: Queued) -> Result<(), Failure> {
        match self.prepare(&queued).await.and_then(|()| self.settle.begin_to_send(&self.known)) {
            Ok(()) => self.dispatch.take(queued),
            Err(failure) => {
                self.settle.abandon(Some(queued.batch));
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Finds records overwritten by requests that the service applied late, if the load is read back.
    async fn look_once_more(&mut self, end: &mut End) {
        if end.stopping {
            return;
        }
        let Sender { late, caller, reporter, index_name, .. } = self.sender.as_ref();
        let look = async { Ok(late.overwritten(caller, reporter, index_name).await) };
        let looked = self.stopping.unless_interrupted(caller, &mut self.settle, look).await;
        if let Err(failure) = looked.and_then(|overwritten| self.settle.overwritten(&overwritten)) {
            end.failure.get_or_insert(failure);
        }
    }

    /// Resolves the doubts that nothing in flight can resolve.
    async fn decide_doubts(&mut self, is_closed: bool, is_stopping: bool) -> Result<(), Failure> {
        if is_stopping {
            self.dispatch.leave_doubts();
        } else if self.dispatch.is_in_doubt(is_closed) {
            let end = self.dispatch.end_doubts();
            return self.stopping.unless_interrupted(&self.sender.caller, &mut self.settle, end).await;
        }
        Ok(())
    }

    /// Makes sure that the index exists before the first vector is sent, and that what is known about it is kept.
    async fn prepare(&mut self, queued: &Queued) -> Result<(), Failure> {
        let Some(dimension) = queued.batch.dimension.filter(|_| !queued.batch.vectors.is_empty()) else {
            return Ok(());
        };
        self.known.dimension = Some(dimension);
        let Some(wanted) = self.create.take() else { return Ok(()) };
        self.settle.begin_to_send(&self.known)?;
        let Sender { caller, reporter, .. } = self.sender.as_ref();
        let creation = index::create(caller, reporter, &wanted, dimension);
        let created = self.stopping.unless_interrupted(caller, &mut self.settle, creation).await?;
        if created.is_new {
            self.settle.index_is_new()?;
        }
        self.settle.tell_of_earlier();
        self.known = self.known.completed(&created.index.as_ref().map(Binding::of).unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::ErrorCode;

    #[tokio::test(start_paused = true)]
    async fn a_wait_beside_which_nothing_goes_on_ticks_and_ends_with_a_signal() {
        let (signal, interrupt) = watch::channel(false);
        let wait = || tokio::time::sleep(TICK * 10);
        let mut ticks = 0;
        let each = || {
            ticks += 1;
            Ok(())
        };
        assert_eq!(with_ticks(wait(), interrupt.clone(), each).await, Ok(Some(())));
        assert!((9..=11).contains(&ticks), "{ticks}");
        let full = || Err(Failure::new(ErrorCode::DiskFull, "the disk is full"));
        assert!(with_ticks(wait(), interrupt.clone(), full).await.is_err());
        signal.send_replace(true);
        assert_eq!(with_ticks(wait(), interrupt.clone(), || Ok(())).await, Ok(None));
        // A future that is ready wins over an interruption.
        assert_eq!(with_ticks(std::future::ready(()), interrupt, || Ok(())).await, Ok(Some(())));
    }
}
