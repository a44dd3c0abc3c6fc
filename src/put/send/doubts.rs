//! Batches that are done except for a doubt: records were refused or not stored, and what is stored next shows whether
//! the records are at fault, or the index, or the service.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Sender;
use super::control::Taken;
use super::ending::{interrupted, nothing_more_is_stored, refused, unreachable, writes_nothing};
use super::read_back::{self, ReadBack};
use crate::call::{Because, Effort, GaveUp};
use crate::exit::Failure;
use crate::oss::error::Verdict;
use crate::oss::operation::Operation;
use crate::put::batch::in_flight::KeyHashes;
use crate::put::books::outcome::{Doubt, Outcome};
use crate::put::books::tally::Cost;
use crate::record::{Defect, Position, Raw, Reason, Vector};

/// Maximum number of batches that wait to see whether the index is at fault. Fewer give evidence against it, unless
/// each is refused in another way.
const AT_MOST: usize = 32;

/// How many records of a batch that was not stored are tried alone if none has ever been stored.
const TRIED_ALONE: usize = 3;

/// The batches, oldest first.
pub(crate) struct Doubts {
    sender: Arc<Sender>,
    batches: VecDeque<(Outcome, KeyHashes)>,
}

impl Doubts {
    pub(crate) fn new(sender: Arc<Sender>) -> Self {
        Self { sender, batches: VecDeque::new() }
    }

    /// Takes a batch, in doubt or not.
    pub(crate) fn take(&mut self, outcome: Outcome, hashes: KeyHashes) {
        self.batches.push_back((outcome, hashes));
    }

    /// Returns a batch without any doubt left.
    pub(crate) fn decided(&mut self) -> Option<(Outcome, KeyHashes)> {
        let is_full = self.batches.len() > AT_MOST;
        let is_clear = |(outcome, _): &(Outcome, KeyHashes)| match outcome.in_doubt {
            None => true,
            Some(doubt) if self.sender.is_decided(doubt) => true,
            Some(Doubt::Refused(_)) => is_full,
            // At most as many as are in flight, since nothing more is sent in the meantime.
            Some(Doubt::NotStored(_)) => false,
        };
        let at = self.batches.iter().position(is_clear)?;
        self.batches.remove(at)
    }

    pub(crate) fn are_none(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether the service may accept no writes at all: sending more would only use up another budget.
    pub(crate) fn are_about_the_service(&self) -> bool {
        self.not_stored().is_some()
    }

    /// The first batch of which nothing is stored, perhaps because the service accepts no writes.
    fn not_stored(&self) -> Option<usize> {
        let is_not_stored = |(outcome, _): &(Outcome, KeyHashes)| {
            let doubt = outcome.in_doubt.filter(|doubt| matches!(doubt, Doubt::NotStored(_)));
            doubt.is_some_and(|doubt| !self.sender.is_decided(doubt))
        };
        self.batches.iter().position(is_not_stored)
    }

    /// Leaves the doubts to a later run, since this one is stopping.
    pub(crate) fn leave(&mut self) {
        for (outcome, _) in &mut self.batches {
            outcome.settled &= outcome.in_doubt.take().is_none();
        }
    }

    /// Resolves all doubts when nothing is in flight that could.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        let mut effort = Effort::default();
        let not_stored = self.not_stored();
        let ended = match not_stored {
            Some(at) => self.service_takes_writes(at, &mut effort).await,
            None => self.index_takes_more(&mut effort).await,
        };
        if let Some((outcome, _)) = self.batches.get_mut(not_stored.unwrap_or_default()) {
            outcome.cost += Cost::from(&effort);
        }
        ended?;
        for (outcome, _) in &mut self.batches {
            outcome.in_doubt = None;
        }
        Ok(())
    }

    /// Refused records are at fault if the service still accepts one that it has accepted before, or if there is none
    /// to compare with.
    async fn index_takes_more(&self, effort: &mut Effort) -> Result<(), Failure> {
        let Sender { control, caller, index_name, .. } = self.sender.as_ref();
        let Some(taken) = control.record(caller, index_name, effort).await else { return Ok(()) };
        match self.sender.takes(taken, None, effort).await {
            Ok(()) => Ok(()),
            Err(gave_up) if gave_up.is_refused() => Err(nothing_more_is_stored(&self.refusal())),
            Err(GaveUp { because: Because::Budget, error: Some(error), .. }) => Err(unreachable(&error)),
            Err(GaveUp { error: Some(error), .. }) => Err(refused(&error, Operation::PutVectors)),
            Err(GaveUp { error: None, .. }) => Err(interrupted()),
        }
    }

    /// The service's answer to the first record in doubt.
    fn refusal(&self) -> String {
        let mut rejects = self.batches.iter().flat_map(|(outcome, _)| &outcome.rejects);
        let refused = rejects.find(|defect| matches!(defect.reason, Reason::Refused { .. }));
        refused.map_or_else(String::new, |defect| defect.reason.to_string())
    }

    /// Records that are not stored are at fault if the service accepts one that it has accepted before, or, if it has
    /// accepted none, some of them alone.
    async fn service_takes_writes(&mut self, at: usize, effort: &mut Effort) -> Result<(), Failure> {
        let budget = Some(self.sender.caller.budget.of_probe());
        let Sender { control, caller, index_name, .. } = self.sender.as_ref();
        let taken = control.record(caller, index_name, effort).await;
        let Some((outcome, _)) = self.batches.get_mut(at) else { return Ok(()) };
        if let Some(taken) = taken {
            return match self.sender.takes(taken, budget, effort).await {
                Ok(()) => Ok(()),
                Err(gave_up) => Err(no_writes(&gave_up, outcome)),
            };
        }
        let mut perhaps_stored = Vec::new();
        for (position, record) in some_not_stored(outcome) {
            let is_decided = match self.sender.takes(record.clone(), budget, effort).await {
                Ok(()) => {
                    outcome.is_stored_after_all(position);
                    true
                }
                // The service judges records: this one is at fault.
                Err(gave_up) if gave_up.is_refused() => true,
                Err(gave_up) if gave_up.because == Because::Budget => {
                    let vector = Vector::of_wire(position, record.wire).filter(|_| gave_up.may_have_stored);
                    perhaps_stored.extend(vector);
                    false
                }
                Err(gave_up) => return Err(no_writes(&gave_up, outcome)),
            };
            if is_decided {
                let looked = read_back::stored(caller, index_name, &perhaps_stored, None, effort);
                if let (false, ReadBack::Known(found)) = (perhaps_stored.is_empty(), looked.await) {
                    let stored = perhaps_stored.iter().zip(found).filter(|(_, found)| *found);
                    stored.for_each(|(vector, _)| outcome.is_stored_after_all(vector.position()));
                }
                return Ok(());
            }
        }
        Err(writes_nothing(&outcome.last.words()))
    }
}

/// The failure of a run whose probe was not accepted.
fn no_writes(gave_up: &GaveUp, outcome: &Outcome) -> Failure {
    match (gave_up.because, &gave_up.error) {
        (Because::Halted, _) => interrupted(),
        (Because::Verdict(Verdict::Stop), Some(error)) => refused(error, Operation::PutVectors),
        _ => writes_nothing(&outcome.last.words()),
    }
}

/// Some records of a batch that are not stored, spread over the batch.
fn some_not_stored(outcome: &Outcome) -> Vec<(Position, Taken)> {
    let wire = |defect: &Defect| match (&defect.reason, &defect.raw, &defect.key) {
        (Reason::NotStored { .. } | Reason::Lost { .. }, Raw::Json(wire), Some(key)) => {
            Some((defect.position, Taken { key: key.clone(), wire: wire.clone() }))
        }
        _ => None,
    };
    let all: Vec<_> = outcome.rejects.iter().filter_map(wire).collect();
    let step = all.len().div_ceil(TRIED_ALONE).max(1);
    all.into_iter().step_by(step).collect()
}
