//! The service's answers: a success with its body, or a refusal with its error envelope.

use bytes::Bytes;
use serde::Serialize;

use crate::oss::wire::ErrorBody;

/// The code of a refusal because of the quota (developer-reference/putvectors).
const THROTTLED: &str = "QpsLimitExceeded";

/// An answer of status 2xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The `Location` header, only for a created bucket.
    pub(crate) location: Option<String>,
    /// The JSON body; empty for most writes.
    pub(crate) body: Bytes,
}

impl Answer {
    /// A success without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, location: None, body: Bytes::new() }
    }

    /// A success with a body.
    pub(crate) fn json(body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body).map_err(|error| Refusal::internal(&error))?;
        Ok(Self { body: body.into(), ..Self::empty(200) })
    }
}

/// An answer outside 2xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The error code.
    pub(crate) code: String,
    /// What is wrong, in words.
    pub(crate) message: String,
    /// The detailed error code; empty if the vendor publishes none.
    pub(crate) ec: &'static str,
    /// Seconds for the `Retry-After` header, which only scripted faults send.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    /// A refusal with this status, code and message.
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), ec: "", retry_after: None }
    }

    /// Adds the detailed error code.
    pub(crate) fn with_ec(self, ec: &'static str) -> Self {
        Self { ec, ..self }
    }

    /// A parameter violates a rule. Like the real service, the message gives the rule but not the vector.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new(400, "VectorIndexParameterInvalid", message)
    }

    /// The bucket does not exist.
    pub(crate) fn no_such_bucket() -> Self {
        Self::new(404, "NoSuchBucket", "The specified bucket does not exist.").with_ec("0015-00000101")
    }

    /// The index does not exist.
    pub(crate) fn no_such_index() -> Self {
        Self::new(404, "NoSuchVectorIndex", "The specified vector index does not exist.")
    }

    /// The quota is used up.
    pub(crate) fn throttled() -> Self {
        let message = "The QPS limit of PutVectors is exceeded. Please reduce your request rate.";
        Self::new(503, THROTTLED, message)
    }

    /// Whether the quota is the reason.
    pub(crate) fn is_throttled(&self) -> bool {
        self.code == THROTTLED
    }

    /// The service itself failed.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        Self::new(500, "InternalError", format!("The local service failed: {error}"))
    }

    /// The error body.
    pub(crate) fn body(&self, request_id: &str, host: &str) -> Bytes {
        ErrorBody {
            code: self.code.clone(),
            message: self.message.clone(),
            request_id: request_id.to_owned(),
            host_id: host.to_owned(),
            ec: self.ec.to_owned(),
        }
        .to_body()
    }
}

impl From<redb::Error> for Refusal {
    fn from(error: redb::Error) -> Self {
        Self::internal(&error)
    }
}
