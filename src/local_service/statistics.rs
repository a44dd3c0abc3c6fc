//! What the service has observed, so that a client can be judged by the service and not by its own report.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::oss::operation::Operation;

/// How many requests are remembered individually.
const REMEMBERED: usize = 10_000;

/// Counts since the service was opened, and its latest requests.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// The counts of each operation that was requested.
    pub operations: BTreeMap<Operation, Totals>,
    /// The latest settled requests, oldest first; at most 10,000.
    pub recent: VecDeque<Seen>,
    /// Requests whose head has arrived and that are not settled.
    pub in_flight: usize,
    /// The maximum of concurrent requests so far.
    pub most_in_flight: usize,
}

/// The counts of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests settled, with any answer.
    pub requests: u64,
    /// Those answered with 2xx.
    pub succeeded: u64,
    /// Those refused because of the quota, without scripted faults.
    pub throttled: u64,
    /// Vectors in all bodies that were parsed; not in requests refused because of their head.
    pub vectors_received: u64,
    /// Vectors stored, including those of batches that failed in part.
    pub vectors_stored: u64,
    /// When the head of the first one arrived.
    pub first: Option<Instant>,
    /// When the head of the last one arrived.
    pub last: Option<Instant>,
}

/// One request as observed by the service.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When its head arrived.
    pub arrived: Instant,
    /// The operation; `None` if it was not recognised.
    pub operation: Option<Operation>,
    /// The answer's status; `None` if the connection was closed or left hanging.
    pub status: Option<u16>,
    /// The error's code; empty on success.
    pub code: String,
    /// The answer's request id.
    pub request_id: String,
    /// Whether the quota refused it.
    pub is_throttled: bool,
    /// Bytes of its body.
    pub body_bytes: usize,
    /// Vectors in its body.
    pub vectors_received: usize,
    /// Vectors stored.
    pub vectors_stored: usize,
    /// The keys in its body, if the service remembers keys.
    pub keys: Vec<String>,
    /// The keys that it requests, likewise.
    pub keys_read: Vec<String>,
}

impl Statistics {
    /// Notes that a request's head has arrived.
    pub(crate) fn begin(&mut self) {
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
    }

    /// Notes that a request is no longer in flight.
    pub(crate) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Notes the result of a request.
    pub(crate) fn note(&mut self, seen: Seen) {
        if let Some(operation) = seen.operation {
            let counts = self.operations.entry(operation).or_default();
            counts.requests += 1;
            counts.succeeded += u64::from(seen.status.is_some_and(|status| status < 300));
            counts.throttled += u64::from(seen.is_throttled);
            counts.vectors_received += seen.vectors_received as u64;
            counts.vectors_stored += seen.vectors_stored as u64;
            counts.first = Some(counts.first.map_or(seen.arrived, |first| first.min(seen.arrived)));
            counts.last = counts.last.max(Some(seen.arrived));
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(seen);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn seen(arrived: Instant, vectors: usize) -> Seen {
        Seen {
            arrived,
            operation: Some(Operation::PutVectors),
            status: Some(200),
            code: String::new(),
            request_id: String::new(),
            is_throttled: false,
            body_bytes: 0,
            vectors_received: vectors,
            vectors_stored: vectors,
            keys: Vec::new(),
            keys_read: Vec::new(),
        }
    }

    #[test]
    fn the_busiest_second_is_found_wherever_it_starts() {
        let start = Instant::now();
        let mut statistics = Statistics::default();
        // Noted in the order in which they are settled, which may differ from the order of arrival.
        for (milliseconds, vectors) in [(600, 500), (0, 500), (1500, 1), (1000, 300), (1599, 7), (5000, 9)] {
            statistics.note(seen(start + Duration::from_millis(milliseconds), vectors));
        }
        assert_eq!(statistics.busiest_second(), (4, 1000));
        let counts = statistics.of(Operation::PutVectors);
        assert_eq!((counts.requests, counts.succeeded, counts.vectors_stored), (6, 6, 1317));
        assert_eq!(counts.first, Some(start));
        assert_eq!(statistics.of(Operation::GetVectors), Totals::default());
    }

    #[test]
    fn only_the_latest_requests_are_remembered() {
        let start = Instant::now();
        let mut statistics = Statistics::default();
        for vectors in 0..=REMEMBERED {
            statistics.note(seen(start, vectors));
        }
        assert_eq!(statistics.recent.len(), REMEMBERED);
        assert_eq!(statistics.recent.front().unwrap().vectors_received, 1);
        assert_eq!(statistics.of(Operation::PutVectors).requests, REMEMBERED as u64 + 1);
    }
}
