//! A record that the service has accepted before, to send again if nothing else shows whether it accepts any.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::read_back;
use crate::admit::{Admit, Fields, Rules};
use crate::call::{Caller, Effort, Request};
use crate::oss::client::Body;
use crate::oss::limits;
use crate::oss::operation::Operation;
use crate::oss::wire;
use crate::read::{self, Form};
use crate::record::{Input, Vector};

/// The control record.
#[derive(Debug)]
pub(crate) struct Control {
    /// The record that the service accepted last.
    taken: Mutex<Option<Taken>>,
    /// The start of the load, if an earlier run has stored anything.
    beginning: Option<Beginning>,
}

/// A record in wire form, and its key.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) key: String,
    pub(crate) wire: Bytes,
}

/// The start of a load: the keys of its first records, which an earlier run may have stored.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) inputs: Vec<Input>,
    pub(crate) form: Form,
    pub(crate) fields: Fields,
    pub(crate) rules: Rules,
}

impl Beginning {
    /// As many keys as one lookup takes. Blocks, since it reads the first input.
    fn keys(self) -> Vec<String> {
        let Ok(mut blocks) = read::open(&self.inputs, &self.form, None) else { return Vec::new() };
        let Some(Ok(block)) = blocks.next() else { return Vec::new() };
        let verdicts = Admit::new(self.fields, self.rules).block(block).verdicts;
        let keys = verdicts.into_iter().flatten().map(|vector| vector.key());
        let mut keys: Vec<_> = keys.take(limits::KEYS_PER_GET).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Control {
    pub(crate) fn new(beginning: Option<Beginning>) -> Self {
        Self { taken: Mutex::default(), beginning }
    }

    /// Remembers a record that the service has accepted.
    pub(crate) fn took(&self, taken: Taken) {
        *self.lock() = Some(taken);
    }

    /// Forgets the record if a later value of its key is about to be sent: the older one must never follow it.
    pub(crate) fn forget(&self, sent: &[Vector]) {
        let mut taken = self.lock();
        if taken.as_ref().is_some_and(|taken| sent.iter().any(|vector| vector.key() == taken.key)) {
            *taken = None;
        }
    }

    /// The record that the service accepted last; in a run that has stored nothing yet, what the index has under one of
    /// the load's first keys.
    pub(crate) async fn record(&self, caller: &Caller, index: &str, effort: &mut Effort) -> Option<Taken> {
        let taken = self.lock().clone();
        match taken {
            Some(taken) => Some(taken),
            None => self.at_the_beginning(caller, index, effort).await,
        }
    }

    async fn at_the_beginning(&self, caller: &Caller, index: &str, effort: &mut Effort) -> Option<Taken> {
        let beginning = self.beginning.clone()?;
        let keys = tokio::task::spawn_blocking(move || beginning.keys()).await.ok()?;
        if keys.is_empty() {
            return None;
        }
        let looked_up = keys.len();
        let index_name = index.to_owned();
        let request = wire::GetVectorsRequest { index_name, keys, return_data: true, return_metadata: true };
        let body = Body::new(vec![serde_json::to_vec(&request).ok()?.into()]);
        let request = Request {
            is_look: true,
            budget: Some(caller.budget.of_probe()),
            most_of_vectors: looked_up * read_back::most_of_any_vector(),
            ..Request::of(Operation::GetVectors, &body)
        };
        let answer = caller.call(request, effort).await.ok()?;
        let answer: wire::VectorsAnswer = serde_json::from_slice(&answer.body).ok()?;
        let vector = answer.vectors.into_iter().find(|vector| vector.data.is_some())?;
        Some(Taken { key: vector.key.clone(), wire: serde_json::to_vec(&vector).ok()?.into() })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
