//! How many records are settled, by outcome. Pure.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How many records are settled, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Records read.
    pub read: u64,
    /// Stored.
    pub stored: u64,
    /// Rejected.
    pub rejected: u64,
    /// With an unknown outcome, and listed as such.
    pub unknown: u64,
}

impl AddAssign for Settled {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.stored += other.stored;
        self.rejected += other.rejected;
        self.unknown += other.unknown;
    }
}
