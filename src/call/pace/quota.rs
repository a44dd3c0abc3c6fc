//! The quota on its two axes, and how long it delayed requests. Pure.

use std::time::Duration;

/// The quota on its two axes; an infinite rate is no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Requests per second.
    pub requests: f64,
    /// Vectors per second, over all requests.
    pub vectors: f64,
}

impl Quota {
    /// Whether there is any limit.
    pub(super) fn is_limited(self) -> bool {
        self.requests.is_finite() || self.vectors.is_finite()
    }

    /// The minimum time for `requests` requests with `vectors` vectors in total.
    pub(crate) fn time_for(self, requests: u64, vectors: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "an estimate in seconds")]
        let seconds = (requests as f64 / self.requests).max(vectors as f64 / self.vectors);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

/// For how long, over the whole run, no turn could be given, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The quota of requests.
    pub(crate) requests: Duration,
    /// The quota of vectors.
    pub(crate) vectors: Duration,
    /// Both equally.
    pub(crate) both: Duration,
    /// Throttled answers, which lowered the pace.
    pub(crate) throttled: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_a_load_takes_is_that_of_its_tighter_axis() {
        let quota = Quota { requests: 5.0, vectors: 2500.0 };
        assert_eq!(quota.time_for(10, 5_000), Duration::from_secs(2));
        assert_eq!(quota.time_for(50, 5_000), Duration::from_secs(10));
    }
}
