//! Reading back what became of records whose request had no answer: `GetVectors`, compared as float32.

use std::collections::HashMap;

use serde_json::Value;

use super::attempt::{Because, Effort, Request};
use super::record::Vector;
use super::send::Sender;
use crate::oss::client::Body;
use crate::oss::error::{CallError, Verdict};
use crate::oss::limits;
use crate::oss::operation::Operation;
use crate::oss::wire;

/// Keys of one call.
pub(super) const KEYS: usize = limits::KEYS_PER_GET;

/// What reading back found out.
pub(super) enum ReadBack {
    /// For each vector, whether it is stored exactly as it was sent.
    Known(Vec<bool>),
    /// The service does not allow it, or answers something unreadable.
    Refused,
    /// Nobody answers.
    Unreachable(CallError),
    /// The run is being stopped.
    Halted,
}

/// Looks up at most [`KEYS`] vectors.
pub(super) async fn stored(sender: &Sender, vectors: &[Vector], batch: u64, effort: &mut Effort) -> ReadBack {
    let request = wire::GetVectorsRequest {
        index_name: sender.index_name.clone(),
        keys: vectors.iter().map(Vector::key).collect(),
        return_data: true,
        return_metadata: true,
    };
    let Ok(body) = serde_json::to_vec(&request) else { return ReadBack::Refused };
    let body = Body::new(vec![body.into()]);
    let request = Request { operation: Operation::GetVectors, body: &body, vectors: 0, batch: Some(batch) };
    let answer = match sender.caller.call(request, effort, &sender.reporter).await {
        Ok(answer) => answer,
        Err(gave_up) => {
            return match (gave_up.because, gave_up.error) {
                (Because::Budget, Some(error)) => ReadBack::Unreachable(error),
                (Because::Verdict(Verdict::Stop), Some(error)) if error.service().is_none() => {
                    ReadBack::Unreachable(error)
                }
                (Because::Halted, _) => ReadBack::Halted,
                _ => ReadBack::Refused,
            };
        }
    };
    match serde_json::from_slice::<wire::VectorsAnswer>(&answer.body) {
        Ok(answer) => ReadBack::Known(compare(vectors, answer.vectors)),
        Err(_) => ReadBack::Refused,
    }
}

fn compare(sent: &[Vector], stored: Vec<wire::VectorElement>) -> Vec<bool> {
    let stored: HashMap<_, _> = stored.into_iter().map(|vector| (vector.key.clone(), vector)).collect();
    sent.iter()
        .map(|vector| stored.get(&vector.key()).is_some_and(|stored| is_same(vector, stored)))
        .collect()
}

fn is_same(sent: &Vector, stored: &wire::VectorElement) -> bool {
    let Ok(sent) = serde_json::from_slice::<wire::VectorElement>(sent.wire()) else { return false };
    sent.data == stored.data && metadata(&sent) == metadata(stored)
}

/// The metadata as far as it says anything: an empty object is none.
fn metadata(vector: &wire::VectorElement) -> Option<Value> {
    let value: Value = serde_json::from_str(vector.metadata.as_ref()?.get()).ok()?;
    Some(value).filter(|value| value.as_object().is_none_or(|object| !object.is_empty()))
}
