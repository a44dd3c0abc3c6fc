//! Additional access to the local service for tests.

use std::time::Duration;

use crate::local_service::fault::{Fault, Faults};
use crate::local_service::service::{Service, lock};
use crate::local_service::statistics::{Seen, Statistics, Totals};
use crate::local_service::store::{PageRequest, Store, StoredVector};
use crate::oss::operation::Operation;

impl Service {
    /// What the service has seen so far.
    pub fn statistics(&self) -> Statistics {
        lock(&self.statistics).clone()
    }

    /// Replaces the scripted faults; their counts start again.
    pub fn set_faults(&self, faults: &[Fault]) {
        *lock(&self.faults) = Faults::new(faults);
    }
}

impl Statistics {
    /// The counts of an operation, all zero if it was never requested.
    pub fn of(&self, operation: Operation) -> Totals {
        self.operations.get(&operation).copied().unwrap_or_default()
    }

    /// The maximum number of `PutVectors` requests, and of vectors in them, that arrived within one second, among the
    /// requests still remembered.
    pub fn busiest_second(&self) -> (usize, usize) {
        let mut puts: Vec<&Seen> =
            self.recent.iter().filter(|seen| seen.operation == Some(Operation::PutVectors)).collect();
        puts.sort_by_key(|seen| seen.arrived);
        let (mut start, mut vectors, mut busiest) = (0, 0, (0, 0));
        for (end, seen) in puts.iter().enumerate() {
            vectors += seen.vectors_received;
            while let Some(oldest) = puts.get(start)
                && seen.arrived.saturating_duration_since(oldest.arrived) >= Duration::from_secs(1)
            {
                vectors -= oldest.vectors_received;
                start += 1;
            }
            busiest = (busiest.0.max(end + 1 - start), busiest.1.max(vectors));
        }
        busiest
    }
}

impl Store {
    /// All vectors of an index, in the order of their keys.
    pub fn vectors(&self, bucket: &str, index: &str) -> Result<Vec<StoredVector>, redb::Error> {
        let everything = PageRequest {
            after: None,
            most: usize::MAX,
            most_bytes: usize::MAX,
            is_wanted: &|_| true,
            size: &|_| 0,
        };
        Ok(self.page(bucket, index, &everything)?.vectors)
    }
}
