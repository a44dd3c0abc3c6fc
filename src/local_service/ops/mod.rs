//! The operations: the service's rules and error codes, then the store.
//!
//! Knows nothing about HTTP, signatures, quotas or faults; those are handled before an operation is performed.

mod bucket;
mod index;
mod vectors;

use serde::de::DeserializeOwned;

use super::answer::{Answer, Refusal};
use super::fault::Apply;
use super::route::not_implemented;
use super::store::Store;
use crate::oss::limits;
use crate::oss::operation::Operation;
use crate::oss::time::Timestamp;
use crate::oss::wire::{GetVectorsRequest, Index, PutVectorsRequest};

/// A request to perform.
pub(crate) struct Call<'a> {
    /// The operation.
    pub(crate) operation: Operation,
    /// The bucket that it is about.
    pub(crate) bucket: &'a str,
    /// The body, parsed as far as needed; see [`Input`].
    pub(crate) input: &'a Input,
    /// How much of a batch to store.
    pub(crate) apply: Apply,
}

/// A body, parsed only if more than the operation itself needs its content.
#[derive(Debug)]
pub(crate) enum Input {
    /// The bytes as received.
    Raw(bytes::Bytes),
    /// The vectors of a `PutVectors`: the quota needs their number, and the faults need their keys.
    Vectors(Result<PutVectorsRequest, Refusal>),
}

impl Input {
    /// Parses a body as far as others than the operation need it.
    pub(crate) fn read(operation: Operation, body: bytes::Bytes) -> Self {
        match operation {
            Operation::PutVectors => Self::Vectors(parse(&body)),
            _ => Self::Raw(body),
        }
    }

    /// The keys in a batch.
    pub(crate) fn keys(&self) -> Vec<String> {
        match self {
            Self::Vectors(Ok(request)) => request.vectors.iter().map(|vector| vector.key.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// The keys that are requested.
    pub(crate) fn keys_read(&self, operation: Operation) -> Vec<String> {
        match self {
            Self::Raw(body) if operation == Operation::GetVectors => {
                parse::<GetVectorsRequest>(body).map_or_else(|_| Vec::new(), |request| request.keys)
            }
            _ => Vec::new(),
        }
    }
}

/// The result of an operation.
pub(crate) struct Done {
    /// The answer to give.
    pub(crate) answer: Answer,
    /// How many vectors were stored.
    pub(crate) vectors_stored: usize,
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self { answer, vectors_stored: 0 }
    }
}

/// The service's properties that operations need.
pub(crate) struct Context<'a> {
    /// The stored state.
    pub(crate) store: &'a Store,
    /// The service's region.
    pub(crate) region: &'a str,
    /// The only account.
    pub(crate) account: &'a str,
    /// The service's clock.
    pub(crate) clock: Timestamp,
}

impl Context<'_> {
    /// Performs a request.
    pub(crate) fn perform(&self, call: &Call<'_>) -> Result<Done, Refusal> {
        let bucket = call.bucket;
        match (call.operation, call.input) {
            (Operation::PutVectorBucket, _) => self.put_bucket(bucket).map(Done::from),
            (Operation::GetVectorBucket, _) => self.get_bucket(bucket).map(Done::from),
            (Operation::PutVectors, Input::Vectors(request)) => self.put_vectors(bucket, request, call.apply),
            (Operation::PutVectorIndex, Input::Raw(body)) => self.put_index(bucket, body).map(Done::from),
            (Operation::GetVectorIndex, Input::Raw(body)) => self.get_index(bucket, body).map(Done::from),
            (Operation::DeleteVectorIndex, Input::Raw(body)) => {
                self.delete_index(bucket, body).map(Done::from)
            }
            (Operation::ListVectorIndexes, Input::Raw(body)) => {
                self.list_indexes(bucket, body).map(Done::from)
            }
            (Operation::GetVectors, Input::Raw(body)) => self.get_vectors(bucket, body).map(Done::from),
            (Operation::ListVectors, Input::Raw(body)) => self.list_vectors(bucket, body).map(Done::from),
            (Operation::DeleteVectors, Input::Raw(body)) => self.delete_vectors(bucket, body).map(Done::from),
            _ => Err(not_implemented()),
        }
    }

    fn require_bucket(&self, bucket: &str) -> Result<(), Refusal> {
        self.store.bucket_created(bucket)?.map(|_| ()).ok_or_else(Refusal::no_such_bucket)
    }

    fn require_index(&self, bucket: &str, name: &str) -> Result<Index, Refusal> {
        limits::index_name(name).map_err(Refusal::parameter)?;
        self.store.index(bucket, name)?.ok_or_else(Refusal::no_such_index)
    }
}

/// Parses a JSON body: invalid JSON is `MalformedJson`, JSON of another shape violates a parameter's rule.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            Refusal::parameter(format!("The body is not as documented: {error}."))
        }
        _ => {
            Refusal::new(400, "MalformedJson", format!("The JSON you provided was not well-formed: {error}."))
        }
    })
}
