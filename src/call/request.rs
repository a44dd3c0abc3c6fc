//! A request to the service, and how to make it. Pure.

use super::budget::Budget;
use crate::oss::client::Body;
use crate::oss::operation::Operation;

/// A request to the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) operation: Operation,
    pub(crate) body: &'a Body,
    /// The vectors in it, which count against the quota.
    pub(crate) vectors: usize,
    /// The batch that it belongs to, for the observer.
    pub(crate) batch: Option<u64>,
    /// Whether it may be begun while the run is being stopped, because it only reads.
    pub(crate) is_look: bool,
    /// Its budget; `None` for the caller's default.
    pub(crate) budget: Option<Budget>,
    /// Maximum size of an answer with vectors, in bytes.
    pub(crate) most_of_vectors: usize,
}

impl<'a> Request<'a> {
    /// A request without vectors that belongs to no batch.
    pub(crate) fn of(operation: Operation, body: &'a Body) -> Self {
        Self { operation, body, vectors: 0, batch: None, is_look: false, budget: None, most_of_vectors: 0 }
    }
}
