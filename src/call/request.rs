//! What is asked of the service, and how it is to be asked. Pure.

use super::budget::Budget;
use crate::oss::client::Body;
use crate::oss::operation::Operation;

/// A request on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) operation: Operation,
    pub(crate) body: &'a Body,
    /// Vectors it carries, which the quota counts.
    pub(crate) vectors: usize,
    /// The batch it belongs to, which the observer hears of.
    pub(crate) batch: Option<u64>,
    /// Whether it may still be begun while the run is being stopped, because it only looks.
    pub(crate) is_look: bool,
    /// How much trouble it may have; the caller's budget where nothing is said.
    pub(crate) budget: Option<Budget>,
    /// As much of an answer with vectors as there can be, in bytes.
    pub(crate) most_of_vectors: usize,
}

impl<'a> Request<'a> {
    /// One without vectors, about no batch.
    pub(crate) fn of(operation: Operation, body: &'a Body) -> Self {
        Self { operation, body, vectors: 0, batch: None, is_look: false, budget: None, most_of_vectors: 0 }
    }
}
