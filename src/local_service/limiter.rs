//! The write quota: a number of requests and of vectors in any window of a second.
//!
//! Stricter than a token bucket, which allows a burst after a pause; a client that keeps within this quota keeps within
//! every other interpretation of it. Pure: the instants are arguments.

use std::time::{Duration, Instant};

/// How long a request is remembered at least: its body may arrive this much later than its head.
const MEMORY: Duration = Duration::from_mins(1);

/// The limit on one axis of the quota: a maximum in any window of this length.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    most: f64,
    window: Duration,
}

impl Allowance {
    /// The allowance for a rate per second; a rate below one means one in a longer window. `None` for no limit.
    fn per_second(rate: f64) -> Option<Self> {
        if rate >= 1.0 {
            return Some(Self { most: rate, window: Duration::from_secs(1) });
        }
        let window = Duration::try_from_secs_f64(1.0 / rate).ok()?;
        Some(Self { most: 1.0, window })
    }
}

/// A request that counts.
#[derive(Clone, Copy, Debug)]
struct Counted {
    arrived: Instant,
    number: u64,
    vectors: u32,
}

/// An admitted request, to be charged for its vectors once their number is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    arrived: Instant,
    number: u64,
}

/// The quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded;

/// Remembers recent requests and limits each window.
#[derive(Debug)]
pub(crate) struct Limiter {
    requests: Option<Allowance>,
    vectors: Option<Allowance>,
    /// In order of arrival.
    counted: Vec<Counted>,
    memory: Duration,
    next_number: u64,
}

impl Limiter {
    /// A limiter of requests and vectors per second; 0 is no limit.
    pub(crate) fn new(requests_per_second: f64, vectors_per_second: f64) -> Self {
        let requests = Allowance::per_second(requests_per_second);
        let vectors = Allowance::per_second(vectors_per_second);
        let windows = [requests, vectors].into_iter().flatten().map(|allowance| allowance.window);
        Self {
            requests,
            vectors,
            counted: Vec::new(),
            memory: windows.fold(MEMORY, Duration::max),
            next_number: 0,
        }
    }

    /// Admits a request whose head arrived at this instant, if the window has room for one more.
    pub(crate) fn admit(&mut self, arrived: Instant) -> Result<Turn, Exceeded> {
        let forgotten = self
            .counted
            .partition_point(|counted| arrived.saturating_duration_since(counted.arrived) >= self.memory);
        self.counted.drain(..forgotten);
        if let Some(allowance) = self.requests
            && self.busiest(arrived, allowance.window, |_| 1) + 1.0 > allowance.most
        {
            return Err(Exceeded);
        }
        let turn = Turn { arrived, number: self.next_number };
        self.next_number += 1;
        let place = self.counted.partition_point(|counted| counted.arrived <= arrived);
        self.counted.insert(place, Counted { arrived, number: turn.number, vectors: 0 });
        Ok(turn)
    }

    /// Charges a request for its vectors, as of its arrival. A refused charge leaves no trace.
    pub(crate) fn charge(&mut self, turn: Turn, vectors: usize) -> Result<(), Exceeded> {
        let vectors = u32::try_from(vectors).unwrap_or(u32::MAX);
        let is_too_much = self.vectors.is_some_and(|allowance| {
            self.busiest(turn.arrived, allowance.window, |counted| counted.vectors) + f64::from(vectors)
                > allowance.most
        });
        if is_too_much {
            self.counted.retain(|counted| counted.number != turn.number);
            return Err(Exceeded);
        }
        if let Some(counted) = self.counted.iter_mut().find(|counted| counted.number == turn.number) {
            counted.vectors = vectors;
        }
        Ok(())
    }

    /// The maximum sum over all windows of this length that contain the instant.
    ///
    /// A body may arrive after those of later heads, so windows after the instant count as well.
    fn busiest(&self, at: Instant, window: Duration, amount: impl Fn(&Counted) -> u32) -> f64 {
        let first =
            self.counted.partition_point(|counted| at.saturating_duration_since(counted.arrived) >= window);
        let near = self.counted.get(first..).unwrap_or_default();
        let starts = near.iter().map(|counted| counted.arrived).take_while(|start| *start < at).chain([at]);
        let (mut highest, mut sum) = (0.0, 0.0);
        let (mut entering, mut leaving) = (near.iter().peekable(), near.iter().peekable());
        for start in starts {
            while let Some(counted) = leaving.next_if(|counted| counted.arrived < start) {
                sum -= f64::from(amount(counted));
            }
            while let Some(counted) =
                entering.next_if(|counted| counted.arrived.saturating_duration_since(start) < window)
            {
                sum += f64::from(amount(counted));
            }
            highest = f64::max(highest, sum);
        }
        highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    /// Sends requests of one vector at the given milliseconds; returns which were admitted.
    fn admitted(mut limiter: Limiter, milliseconds: &[u64]) -> Vec<bool> {
        let start = Instant::now();
        milliseconds.iter().map(|&at| limiter.admit(after(start, at)).is_ok()).collect()
    }

    #[test]
    fn no_second_holds_more_requests_than_allowed() {
        let rows: [(f64, &[u64], &[bool]); 6] = [
            (2.0, &[0, 100, 200, 999, 1000, 1100], &[true, true, false, false, true, true]),
            (1.0, &[0, 999, 1000, 1001], &[true, false, true, false]),
            (0.5, &[0, 1999, 2000], &[true, false, true]),
            (0.01, &[0, 99_999, 100_000], &[true, false, true]),
            (2.5, &[0, 1, 2], &[true, true, false]),
            (0.0, &[0, 0, 0, 0], &[true, true, true, true]),
        ];
        for (rate, milliseconds, wanted) in rows {
            assert_eq!(admitted(Limiter::new(rate, 0.0), milliseconds), wanted, "{rate}");
        }
    }

    #[test]
    fn no_second_holds_more_vectors_than_allowed() {
        let start = Instant::now();
        let mut limiter = Limiter::new(0.0, 1000.0);
        let mut put = |at, vectors| {
            let turn = limiter.admit(after(start, at)).unwrap();
            limiter.charge(turn, vectors).is_ok()
        };
        assert!(put(0, 600));
        assert!(!put(500, 500));
        assert!(put(600, 400));
        assert!(put(1000, 600));
        assert!(!put(1599, 1));
        assert!(put(1600, 400));
    }

    #[test]
    fn a_refused_request_uses_nothing_up() {
        let start = Instant::now();
        let mut limiter = Limiter::new(1.0, 10.0);
        let turn = limiter.admit(start).unwrap();
        assert_eq!(limiter.charge(turn, 11), Err(Exceeded));
        let turn = limiter.admit(after(start, 1)).unwrap();
        assert_eq!(limiter.charge(turn, 10), Ok(()));
    }

    #[test]
    fn a_body_that_comes_late_counts_when_its_head_came() {
        let start = Instant::now();
        let mut limiter = Limiter::new(0.0, 10.0);
        let early = limiter.admit(start).unwrap();
        let late = limiter.admit(after(start, 900)).unwrap();
        assert_eq!(limiter.charge(late, 6), Ok(()));
        assert_eq!(limiter.charge(early, 5), Err(Exceeded));
        let next = limiter.admit(after(start, 1899)).unwrap();
        assert_eq!(limiter.charge(next, 5), Err(Exceeded));
    }
}
