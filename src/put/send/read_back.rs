//! Reads back records whose request had no answer, to find their outcome: `GetVectors`, compared as float32.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use crate::call::{Because, Caller, Effort, GaveUp, Request};
use crate::oss::client::Body;
use crate::oss::error::{CallError, Verdict};
use crate::oss::limits;
use crate::oss::operation::Operation;
use crate::oss::wire;
use crate::record::Vector;

/// Maximum number of keys per call.
pub(crate) const KEYS: usize = limits::KEYS_PER_GET;

/// The result of reading back.
pub(crate) enum ReadBack {
    /// For each vector, whether it is stored exactly as it was sent.
    Known(Vec<bool>),
    /// The service does not allow it, or its response is unreadable.
    Refused(String),
    /// The service cannot be reached.
    Unreachable(CallError),
    /// The run is being stopped.
    Halted,
}

/// A call to read vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) index_name: &'a str,
    /// The batch of the vectors.
    pub(crate) batch: Option<u64>,
    /// Whether reading is the purpose of the run: then it uses the pace of vectors, and ends if the run is being
    /// stopped.
    pub(crate) is_work: bool,
}

/// Why nothing was read.
pub(crate) enum Unread {
    GaveUp(GaveUp),
    /// What is wrong with the response.
    Unreadable(String),
}

/// A write may become visible a little late: missing vectors are looked up again after these waits.
pub(crate) const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1500)];

/// Looks up at most [`KEYS`] vectors.
pub(crate) async fn stored(
    caller: &Caller,
    index_name: &str,
    vectors: &[Vector],
    batch: Option<u64>,
    effort: &mut Effort,
) -> ReadBack {
    let mut found = vec![false; vectors.len()];
    let mut waits = LOOK_AGAIN.into_iter();
    loop {
        let missing: Vec<_> = (0..found.len()).filter(|index| found.get(*index) == Some(&false)).collect();
        let some: Vec<_> = missing.iter().filter_map(|index| vectors.get(*index)).collect();
        match look(caller, index_name, &some, batch, effort).await {
            Ok(stored) => {
                for (index, stored) in missing.into_iter().zip(stored) {
                    found.get_mut(index).into_iter().for_each(|found| *found = stored);
                }
            }
            Err(unanswered) => return unanswered,
        }
        let Some(wait) = waits.next().filter(|_| found.contains(&false)) else {
            return ReadBack::Known(found);
        };
        if caller.until_the_end(tokio::time::sleep(wait)).await.is_none() {
            return ReadBack::Halted;
        }
    }
}

/// One call: for each vector, whether it is stored exactly as it was sent.
async fn look(
    caller: &Caller,
    index_name: &str,
    vectors: &[&Vector],
    batch: Option<u64>,
    effort: &mut Effort,
) -> Result<Vec<bool>, ReadBack> {
    let reading = Reading { caller, index_name, batch, is_work: false };
    match reading.read(vectors, effort).await {
        Ok(stored) => Ok(compare(vectors, &stored)),
        Err(Unread::GaveUp(gave_up)) => Err(unanswered(gave_up)),
        Err(Unread::Unreadable(error)) => Err(ReadBack::Refused(error)),
    }
}

impl Reading<'_> {
    /// What the index has under the keys of at most [`KEYS`] vectors, by key.
    pub(crate) async fn read(
        self,
        vectors: &[&Vector],
        effort: &mut Effort,
    ) -> Result<HashMap<String, wire::VectorElement>, Unread> {
        let request = wire::GetVectorsRequest {
            index_name: self.index_name.to_owned(),
            keys: vectors.iter().map(|vector| vector.key()).collect(),
            return_data: true,
            return_metadata: true,
        };
        let body = Body::new(vec![serde_json::to_vec(&request).map_err(unreadable)?.into()]);
        let request = Request {
            vectors: if self.is_work { vectors.len() } else { 0 },
            batch: self.batch,
            is_look: !self.is_work,
            most_of_vectors: most_of_vectors(vectors),
            ..Request::of(Operation::GetVectors, &body)
        };
        let answer = self.caller.call(request, effort).await.map_err(Unread::GaveUp)?;
        let answer: wire::VectorsAnswer = serde_json::from_slice(&answer.body).map_err(unreadable)?;
        Ok(answer.vectors.into_iter().map(|vector| (vector.key.clone(), vector)).collect())
    }
}

/// The maximum size of a response: for each key as many numbers as its vector has, in any notation, and the maximum
/// metadata, all of it in escapes.
fn most_of_vectors(vectors: &[&Vector]) -> usize {
    // A one-digit number may be written with all digits of a float64.
    const LONGER: usize = 16;
    vectors.iter().map(|vector| LONGER * vector.wire().len() + REST).sum()
}

/// The same for one vector about which nothing is known.
pub(crate) fn most_of_any_vector() -> usize {
    const NUMBER: usize = 32;
    usize::try_from(*limits::DIMENSION.end()).map_or(REST, |numbers| NUMBER * numbers + REST)
}

const ESCAPED: usize = 6;
/// Maximum bytes of key and metadata, and of the text around them.
const REST: usize = ESCAPED * (limits::METADATA_BYTES + *limits::KEY_CHARACTERS.end()) + 4_096;

fn unanswered(gave_up: GaveUp) -> ReadBack {
    match (gave_up.because, gave_up.error) {
        (Because::Budget, Some(error)) => ReadBack::Unreachable(error),
        (Because::Verdict(Verdict::Stop), Some(error)) if error.service().is_none() => {
            ReadBack::Unreachable(error)
        }
        (Because::Halted, _) | (_, None) => ReadBack::Halted,
        (_, Some(error)) => ReadBack::Refused(error.to_string()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form of map_err")]
fn unreadable(error: serde_json::Error) -> Unread {
    // The library's message may quote a part of the response, whatever that contains.
    let (line, column) = (error.line(), error.column());
    Unread::Unreadable(format!("the response is invalid at line {line}, column {column}"))
}

fn compare(sent: &[&Vector], stored: &HashMap<String, wire::VectorElement>) -> Vec<bool> {
    sent.iter()
        .map(|vector| stored.get(&vector.key()).is_some_and(|stored| is_same(vector, stored)))
        .collect()
}

fn is_same(sent: &Vector, stored: &wire::VectorElement) -> bool {
    let Ok(sent) = serde_json::from_slice::<wire::VectorElement>(sent.wire()) else { return false };
    sent.data == stored.data && metadata(&sent) == metadata(stored)
}

/// The metadata, unless it is an empty object.
pub(crate) fn metadata(vector: &wire::VectorElement) -> Option<Value> {
    let value: Value = serde_json::from_str(vector.metadata.as_ref()?.get()).ok()?;
    Some(value).filter(|value| value.as_object().is_none_or(|object| !object.is_empty()))
}
