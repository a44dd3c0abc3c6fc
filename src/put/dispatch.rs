//! Step 5, dispatch: which batches are on their way, and which one waits because it shares a key with one of them.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::attempt::Effort;
use super::batch::Batch;
use super::ending::nothing_more_is_stored;
use super::in_flight::{KeyHashes, KeysInFlight};
use super::outcome::Outcome;
use super::pipeline::Queued;
use super::record::Reason;
use super::send::Sender;
use crate::exit::{Exit, Failure};

/// The batches between reading and settling.
pub(super) struct Dispatch {
    sender: Arc<Sender>,
    /// Most batches in flight.
    jobs: usize,
    in_flight: JoinSet<(Outcome, KeyHashes)>,
    keys: KeysInFlight,
    /// The next one to go; no batch overtakes it.
    waiting: Option<(Queued, KeyHashes)>,
    /// Batches that are done but for a doubt, the oldest first: a record was refused, and what is stored next shows
    /// whether it is to blame. Their keys stay on their way.
    doubtful: VecDeque<(Outcome, KeyHashes)>,
}

/// So many batches may be in doubt. Evidence against the index comes with fewer, unless each is refused otherwise.
const DOUBTFUL_AT_MOST: usize = 32;

impl Dispatch {
    pub(super) fn new(sender: Arc<Sender>, jobs: usize) -> Self {
        Self {
            sender,
            jobs,
            in_flight: JoinSet::new(),
            keys: KeysInFlight::default(),
            waiting: None,
            doubtful: VecDeque::new(),
        }
    }

    /// Whether another batch can be taken.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.is_none() && self.in_flight.len() < self.jobs
    }

    /// Takes a batch, to go as soon as it may.
    pub(super) fn take(&mut self, queued: Queued) {
        let hashes = self.keys.hashes(&queued.batch.vectors);
        self.waiting = Some((queued, hashes));
    }

    /// Sends the batch that waits, unless one of its keys is on its way.
    pub(super) fn send_what_may_go(&mut self) {
        let is_free = |(_, hashes): &mut (_, KeyHashes)| !self.keys.holds_any(hashes);
        let Some((queued, hashes)) = self.waiting.take_if(is_free) else { return };
        self.keys.add(&hashes);
        let sender = Arc::clone(&self.sender);
        self.in_flight.spawn(async move {
            let Queued { batch, body, memory } = queued;
            let outcome = sender.send(batch, body).await;
            drop(memory);
            (outcome, hashes)
        });
    }

    /// What became of the next batch that ends; nothing if none is on its way.
    pub(super) async fn next_outcome(&mut self) -> Option<Result<Outcome, Failure>> {
        loop {
            if let Some(outcome) = self.without_doubt() {
                return Some(Ok(outcome));
            }
            match self.in_flight.join_next().await? {
                Ok((outcome, hashes)) => self.doubtful.push_back((outcome, hashes)),
                Err(error) => {
                    let message = format!("a defect in ossvec itself: {error}");
                    return Some(Err(Failure::new(Exit::Client, message)));
                }
            }
        }
    }

    /// Takes a batch about which no doubt is left.
    fn without_doubt(&mut self) -> Option<Outcome> {
        let is_full = self.doubtful.len() > DOUBTFUL_AT_MOST;
        let evidence = &self.sender.evidence;
        let is_clear = |(outcome, _): &(Outcome, KeyHashes)| {
            is_full || outcome.in_doubt.is_none_or(|sent| evidence.stored_after(Some(sent)))
        };
        let at = self.doubtful.iter().position(is_clear)?;
        let (outcome, hashes) = self.doubtful.remove(at)?;
        self.keys.remove(&hashes);
        Some(outcome)
    }

    /// Whether anything is in doubt that nothing on its way can decide.
    pub(super) fn is_in_doubt(&self, is_closed: bool) -> bool {
        let is_waiting_for = self.in_flight.is_empty() && self.waiting.is_some();
        !self.doubtful.is_empty() && ((is_closed && self.is_idle()) || is_waiting_for)
    }

    /// Decides what is in doubt, since nothing else can: it is the records if the service still takes one that it has
    /// taken before.
    pub(super) async fn end_doubts(&mut self) -> Result<(), Failure> {
        let mut effort = Effort::default();
        let takes = self.sender.takes_again(&mut effort).await?;
        if let (false, Some((outcome, _))) = (takes, self.doubtful.front()) {
            let reason =
                outcome.rejects.iter().find(|defect| matches!(defect.reason, Reason::Refused { .. }));
            let reason = reason.map_or_else(String::new, |defect| defect.reason.to_string());
            return Err(nothing_more_is_stored(&reason));
        }
        if let Some((outcome, _)) = self.doubtful.front_mut() {
            outcome.attempts += effort.attempts;
            outcome.bytes_sent += effort.bytes_sent;
        }
        for (outcome, _) in &mut self.doubtful {
            outcome.in_doubt = None;
        }
        Ok(())
    }

    /// The run is being stopped: what is in doubt is a later run's to decide.
    pub(super) fn leave_doubts(&mut self) {
        for (outcome, _) in &mut self.doubtful {
            outcome.settled &= outcome.in_doubt.take().is_none();
        }
    }

    /// Whether nothing waits and nothing is on its way but what is in doubt.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_none() && self.in_flight.is_empty()
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.is_idle() && self.doubtful.is_empty()
    }

    /// Gives up the batch that waits: it will not be sent.
    pub(super) fn give_up(&mut self) -> Option<Batch> {
        self.waiting.take().map(|(queued, _)| queued.batch)
    }
}
