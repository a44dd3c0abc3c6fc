//! When something was sent. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::read::fingerprint::Fingerprint;

/// When something was sent, in RFC 3339: not before `from`, which is empty if unknown, and not after `to`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// When the load began.
    pub from: String,
    /// When the load was complete, or had come this far.
    pub to: String,
}

impl Interval {
    /// From the earlier start to the later end.
    pub(crate) fn with(&self, other: &Self) -> Self {
        let from = (&self.from).min(&other.from).clone();
        Self { from, to: (&self.to).max(&other.to).clone() }
    }

    /// Whether this certainly ended before a moment.
    pub(crate) fn ends_before(&self, moment: &str) -> bool {
        *self.to < *moment
    }
}

/// What may have been sent of an input that is no longer given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftInput {
    /// What it was.
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
    /// When it was sent.
    pub sent: Interval,
    /// The options that it was read with.
    pub reading: BTreeMap<String, String>,
}
