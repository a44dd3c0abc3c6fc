//! When the last of some requests may be sent, if only the quota limits them. Pure: no time passes.

use std::time::Duration;

use super::quota::Quota;
use super::schedule::{Earliest, Moment, Schedule};

/// A schedule whose turns are used as soon as they are given.
#[derive(Debug)]
pub(crate) struct Forecast {
    /// `None` without a quota.
    schedule: Option<Schedule>,
    /// When the last turn was given.
    at: Moment,
}

impl Forecast {
    pub(crate) fn new(quota: Quota) -> Self {
        Self { schedule: quota.is_limited().then(|| Schedule::new(quota)), at: Moment::ZERO }
    }

    /// Adds a request with this many vectors.
    pub(crate) fn request(&mut self, vectors: usize) {
        let Some(schedule) = &mut self.schedule else { return };
        // Every earlier turn was used, so there is always a next one.
        let Earliest::At(at) = schedule.earliest(vectors, self.at) else { return };
        let number = schedule.give(vectors, at);
        schedule.departed(number, at);
        self.at = at;
    }

    /// The time between the first and the last request; `None` without a quota.
    pub(crate) fn time(&self) -> Option<Duration> {
        self.schedule.as_ref().map(|_| self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(quota: Quota, requests: &[usize]) -> Option<Duration> {
        let mut forecast = Forecast::new(quota);
        for vectors in requests {
            forecast.request(*vectors);
        }
        forecast.time()
    }

    #[test]
    fn the_last_request_leaves_after_the_turns_of_all_others() {
        let quota = Quota { requests: 5.0, vectors: 2_500.0 };
        let seconds = |requests: &[usize]| time(quota, requests).unwrap().as_secs_f64();
        assert_eq!([time(quota, &[]), time(quota, &[500])], [Some(Duration::ZERO); 2]);
        assert!((seconds(&[500; 3]) - 0.4).abs() < 1e-9, "{}", seconds(&[500; 3]));
        // No second has more than five, and each is a little longer.
        let many = seconds(&vec![500; 3_001]);
        assert!((600.0..606.0).contains(&many), "{many}");
        // Small requests take turns, too.
        assert!((seconds(&[1; 11]) - 2.0).abs() < 0.05, "{}", seconds(&[1; 11]));
    }

    #[test]
    fn without_a_quota_nothing_is_forecast() {
        let none = Quota { requests: f64::INFINITY, vectors: f64::INFINITY };
        assert_eq!(time(none, &[500; 10]), None);
        let one = Quota { vectors: 100.0, ..none };
        assert!(time(one, &[100; 3]).is_some_and(|time| time >= Duration::from_secs(2)));
    }
}
