//! Step 5, dispatch: which batches are in flight, and which one waits because it shares a key with one of them.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::batch::Batch;
use super::batch::in_flight::{KeyHashes, KeysInFlight};
use super::books::outcome::Outcome;
use super::keep::rejects::Listed;
use super::pipeline::Queued;
use super::send::doubts::Doubts;
use super::send::{Sender, Verify};
use crate::exit::{ErrorCode, Failure};

/// The batches between reading and settling.
pub(super) struct Dispatch {
    sender: Arc<Sender>,
    /// Maximum number of batches in flight.
    jobs: usize,
    in_flight: JoinSet<(Outcome, KeyHashes)>,
    keys: KeysInFlight,
    /// The keys of rejected records.
    listed: Arc<Listed>,
    /// The next batch to send; no batch overtakes it.
    waiting: Option<(Queued, KeyHashes)>,
    /// Batches that are done except for a doubt. Their keys remain in flight.
    doubts: Doubts,
}

impl Dispatch {
    pub(super) fn new(sender: Arc<Sender>, jobs: usize, listed: Arc<Listed>) -> Self {
        Self {
            doubts: Doubts::new(Arc::clone(&sender)),
            sender,
            jobs,
            in_flight: JoinSet::new(),
            keys: KeysInFlight::default(),
            listed,
            waiting: None,
        }
    }

    /// Whether it can take another batch.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.is_none() && self.in_flight.len() < self.jobs && !self.doubts.are_about_the_service()
    }

    /// Takes a batch and sends it as soon as possible.
    pub(super) fn take(&mut self, queued: Queued) {
        let Batch { vectors, defects, .. } = &queued.batch;
        let hashes = self.listed.hasher().hashes(vectors, defects);
        self.waiting = Some((queued, hashes));
    }

    /// Sends the waiting batch, unless one of its keys is in flight, or the service may not accept anything.
    pub(super) fn send_what_may_go(&mut self) {
        if self.doubts.are_about_the_service() {
            return;
        }
        let is_free = |(_, hashes): &mut (_, KeyHashes)| !self.keys.holds_any(hashes);
        let Some((queued, hashes)) = self.waiting.take_if(is_free) else { return };
        self.keys.add(&hashes);
        // Rejects with one of its keys are listed by now, since nothing in flight shares a key.
        let later = self.listed.later(&queued.batch, &hashes);
        let sender = Arc::clone(&self.sender);
        self.in_flight.spawn(async move {
            let Queued { batch, body, memory } = queued;
            let outcome = match sender.verify {
                Verify::InPlaceOfSending => sender.compare(batch).await,
                _ => sender.send(batch, body).await,
            };
            let outcome = Outcome { later, ..outcome };
            drop(memory);
            (outcome, hashes)
        });
    }

    /// The outcome of the next batch that ends; `None` if none is in flight.
    pub(super) async fn next_outcome(&mut self) -> Option<Result<Outcome, Failure>> {
        loop {
            if let Some((outcome, hashes)) = self.doubts.decided() {
                self.keys.remove(&hashes);
                return Some(Ok(outcome));
            }
            match self.in_flight.join_next().await? {
                Ok((outcome, hashes)) => self.doubts.take(outcome, hashes),
                Err(error) => {
                    let message = format!("bug in ossvec: {error}");
                    return Some(Err(Failure::new(ErrorCode::Bug, message)));
                }
            }
        }
    }

    /// Whether there is a doubt that nothing in flight can resolve.
    pub(super) fn is_in_doubt(&self, is_closed: bool) -> bool {
        let is_held_up = self.waiting.is_some() || is_closed || self.doubts.are_about_the_service();
        self.in_flight.is_empty() && is_held_up && !self.doubts.are_none()
    }

    /// Resolves the doubts, since nothing else can.
    pub(super) async fn end_doubts(&mut self) -> Result<(), Failure> {
        self.doubts.end().await
    }

    /// Leaves the doubts to a later run, since this one is stopping.
    pub(super) fn leave_doubts(&mut self) {
        self.doubts.leave();
    }

    /// Whether nothing is waiting or in flight.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_none() && self.in_flight.is_empty() && self.doubts.are_none()
    }

    /// Returns the waiting batch, which will not be sent.
    pub(super) fn give_up(&mut self) -> Option<Batch> {
        self.waiting.take().map(|(queued, _)| queued.batch)
    }
}
