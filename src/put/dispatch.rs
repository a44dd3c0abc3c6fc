//! Step 5, dispatch: which batches are on their way, and which one waits because it shares a key with one of them.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::batch::Batch;
use super::in_flight::{KeyHashes, KeysInFlight};
use super::outcome::Outcome;
use super::pipeline::Queued;
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
}

impl Dispatch {
    pub(super) fn new(sender: Arc<Sender>, jobs: usize) -> Self {
        Self { sender, jobs, in_flight: JoinSet::new(), keys: KeysInFlight::default(), waiting: None }
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
        Some(match self.in_flight.join_next().await? {
            Ok((outcome, hashes)) => {
                self.keys.remove(&hashes);
                Ok(outcome)
            }
            Err(error) => Err(Failure::new(Exit::Client, format!("a defect in ossvec itself: {error}"))),
        })
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_none() && self.in_flight.is_empty()
    }

    /// Gives up the batch that waits: it will not be sent.
    pub(super) fn give_up(&mut self) -> Option<Batch> {
        self.waiting.take().map(|(queued, _)| queued.batch)
    }
}
