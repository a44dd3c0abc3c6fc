//! When something was sent. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::read::fingerprint::Fingerprint;

/// When something was sent, as RFC 3339: not before `from`, which is empty where nobody knows, and not after `to`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// When the load began.
    pub from: String,
    /// When the load was complete, or had got so far.
    pub to: String,
}

impl Interval {
    /// From the beginning of the first to the end of the last.
    pub(crate) fn with(&self, other: &Self) -> Self {
        let from = (&self.from).min(&other.from).clone();
        Self { from, to: (&self.to).max(&other.to).clone() }
    }

    /// Whether this was over before a moment, as far as anybody knows.
    pub(crate) fn ends_before(&self, moment: &str) -> bool {
        *self.to < *moment
    }
}

/// What may have been sent of an input that is named no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftInput {
    /// What it was.
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
    /// When it was sent.
    pub sent: Interval,
    /// The options with which it was read.
    pub reading: BTreeMap<String, String>,
}
