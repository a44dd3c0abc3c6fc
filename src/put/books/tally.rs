//! The outcomes of records and the cost of requests, in numbers. Pure.

use std::ops::AddAssign;

use serde::Serialize;

use super::tracker::Settled;
use crate::call::Effort;

/// The outcomes of some records. Always, `read = stored + rejected + superseded + unknown + not_sent`, plus
/// `not_sampled` in a verification with a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Records read from the input.
    pub read: u64,
    /// Stored for certain.
    pub stored: u64,
    /// Not stored, for certain; in the rejects file.
    pub rejected: u64,
    /// Replaced by a later record with the same key in the same batch.
    pub superseded: u64,
    /// Sent, with an unknown outcome.
    pub unknown: u64,
    /// Read, but not sent because the run stopped.
    pub not_sent: u64,
    /// Not in the sample of a verification; reported in its own part of the summary.
    #[serde(skip)]
    pub not_sampled: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.stored += other.stored;
        self.rejected += other.rejected;
        self.superseded += other.superseded;
        self.unknown += other.unknown;
        self.not_sent += other.not_sent;
        self.not_sampled += other.not_sampled;
    }
}

impl From<Tally> for Settled {
    fn from(Tally { read, stored, rejected, unknown, .. }: Tally) -> Self {
        Self { read, stored, rejected, unknown }
    }
}

/// What requests cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The number of requests.
    pub attempts: u64,
    /// Throttled answers among them.
    pub throttled: u64,
    /// Bytes of request bodies, including retries.
    pub bytes_sent: u64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.throttled += other.throttled;
        self.bytes_sent += other.bytes_sent;
    }
}

impl From<&Effort> for Cost {
    fn from(effort: &Effort) -> Self {
        let Effort { attempts, throttled, bytes_sent, .. } = *effort;
        Self { attempts: attempts.into(), throttled: throttled.into(), bytes_sent }
    }
}

/// The totals of this run so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// The outcomes of the records.
    #[serde(flatten)]
    pub tally: Tally,
    /// Batches that ended.
    pub batches: u64,
    /// What their requests cost.
    #[serde(flatten)]
    pub cost: Cost,
}
