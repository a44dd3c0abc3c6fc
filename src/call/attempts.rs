//! The attempts of one request so far, and what is left of its budget.

use std::time::Duration;

use tokio::time::Instant;

use super::budget::Budget;
use super::gave_up::{Because, GaveUp};
use crate::oss::error::{CallError, backoff};

/// The attempts of one request so far.
pub(super) struct Attempts {
    budget: Budget,
    /// When the first attempt was sent.
    begun: Option<Instant>,
    /// Since when there is no connection at all.
    unconnected_since: Option<Instant>,
    pub(super) retries: u32,
    throttles: u32,
    pub(super) refreshed: bool,
    /// Why no other credential could be obtained.
    pub(super) unrefreshed: Option<String>,
    error: Option<CallError>,
    may_have_stored: bool,
}

impl Attempts {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            budget,
            begun: None,
            unconnected_since: None,
            retries: 0,
            throttles: 0,
            refreshed: false,
            unrefreshed: None,
            error: None,
            may_have_stored: false,
        }
    }

    /// Notes that an attempt is sent at `sent`, and returns what is left of the budget's time.
    pub(super) fn begin(&mut self, sent: Instant) -> Duration {
        // Waiting for the first turn does not count.
        let begun = *self.begun.get_or_insert(sent);
        self.budget.time.saturating_sub(begun.elapsed())
    }

    /// Notes whether there was a connection.
    pub(super) fn note_host(&mut self, error: &CallError) {
        if error.is_unconnected() {
            self.unconnected_since.get_or_insert_with(Instant::now);
        } else {
            self.unconnected_since = None;
        }
    }

    /// Whether the budget allows another retry.
    pub(super) fn may_retry(&self) -> bool {
        self.retries < self.budget.retries
    }

    /// The wait before the next retry, which counts against the budget.
    pub(super) fn next_backoff(&mut self) -> Duration {
        self.retries += 1;
        backoff(self.retries - 1, fastrand::f64())
    }

    /// The wait after a throttled answer, which does not count as a retry.
    pub(super) fn next_throttle(&mut self) -> Duration {
        self.throttles += 1;
        backoff(self.throttles - 1, fastrand::f64())
    }

    /// How much of the budget's time is left; less if the service has never responded.
    pub(super) fn left(&self, is_answered: bool) -> Duration {
        let left = |since: Option<Instant>, time: Duration| {
            since.map_or(time, |since| time.saturating_sub(since.elapsed()))
        };
        let whole = left(self.begun, self.budget.time);
        match self.unconnected_since {
            Some(_) if !is_answered => whole.min(left(self.unconnected_since, self.budget.first_contact)),
            _ => whole,
        }
    }

    /// Remembers the error of an attempt.
    pub(super) fn met(mut self, error: CallError) -> Self {
        self.may_have_stored |= error.may_have_stored();
        self.error = Some(error);
        self
    }

    /// Ends the request without success.
    pub(super) fn give_up(self, because: Because) -> GaveUp {
        GaveUp { error: self.error, because, may_have_stored: self.may_have_stored }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oss::error::Transport;

    const BUDGET: Budget =
        Budget { retries: 2, time: Duration::from_mins(1), first_contact: Duration::from_secs(30) };

    fn trouble(kind: Transport) -> CallError {
        CallError::Transport { kind, detail: String::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn time_counts_from_the_first_attempt_on() {
        let mut attempts = Attempts::new(BUDGET);
        tokio::time::advance(Duration::from_mins(5)).await;
        assert_eq!(attempts.begin(Instant::now()), BUDGET.time);
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(attempts.begin(Instant::now()), Duration::from_secs(20));
        assert_eq!(attempts.left(false), Duration::from_secs(20));
        assert_eq!(attempts.left(true), Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_without_a_connection_is_given_up_early_unless_it_has_responded_before() {
        for kind in [Transport::Resolve, Transport::Connect] {
            let mut attempts = Attempts::new(BUDGET);
            attempts.begin(Instant::now());
            attempts.note_host(&trouble(kind));
            tokio::time::advance(Duration::from_secs(25)).await;
            attempts.note_host(&trouble(kind));
            let left = [false, true].map(|is_answered| attempts.left(is_answered).as_secs());
            assert_eq!(left, [5, 35], "{kind:?}");
            attempts.note_host(&trouble(Transport::Timeout));
            assert_eq!(attempts.left(false).as_secs(), 35, "there is a connection by now");
        }
    }

    #[test]
    fn throttled_answers_are_no_retries() {
        let mut attempts = Attempts::new(BUDGET);
        for _ in 0..10 {
            attempts.next_throttle();
        }
        assert!(attempts.may_retry());
        attempts.next_backoff();
        attempts.next_backoff();
        assert!(!attempts.may_retry());
    }

    #[test]
    fn what_one_attempt_may_have_stored_is_not_forgotten_over_the_next_error() {
        let attempts =
            Attempts::new(BUDGET).met(trouble(Transport::Timeout)).met(trouble(Transport::Connect));
        let gave_up = attempts.give_up(Because::Budget);
        assert!(gave_up.may_have_stored && gave_up.error.unwrap().code() == "ConnectFailed");
    }
}
