//! What one request has met over its attempts, and what that leaves of its budget.

use std::time::Duration;

use tokio::time::Instant;

use super::budget::Budget;
use super::gave_up::{Because, GaveUp};
use crate::oss::error::{CallError, Transport, backoff};

/// A host whose name nobody knows is given up after this long, unless it has answered before: the name is likely wrong,
/// and nothing has been sent.
const UNKNOWN_HOST: Duration = Duration::from_secs(30);

/// What one request has met so far.
pub(super) struct Attempts {
    budget: Budget,
    /// When the first attempt was sent.
    begun: Option<Instant>,
    /// Since when nobody knows the host's name.
    unknown_since: Option<Instant>,
    pub(super) retries: u32,
    throttles: u32,
    pub(super) refreshed: bool,
    /// Why there was no other credential.
    pub(super) unrefreshed: Option<String>,
    error: Option<CallError>,
    may_have_stored: bool,
}

impl Attempts {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            budget,
            begun: None,
            unknown_since: None,
            retries: 0,
            throttles: 0,
            refreshed: false,
            unrefreshed: None,
            error: None,
            may_have_stored: false,
        }
    }

    /// Notes that an attempt leaves at `sent`, and returns what is left of the budget's time.
    pub(super) fn begin(&mut self, sent: Instant) -> Duration {
        // Waiting for the first turn is no trouble.
        let begun = *self.begun.get_or_insert(sent);
        self.budget.time.saturating_sub(begun.elapsed())
    }

    /// Notes whether the host's name is known.
    pub(super) fn note_host(&mut self, error: &CallError) {
        match error {
            CallError::Transport { kind: Transport::Resolve, .. } => {
                self.unknown_since.get_or_insert_with(Instant::now);
            }
            _ => self.unknown_since = None,
        }
    }

    /// Whether another retry is in the budget.
    pub(super) fn may_retry(&self) -> bool {
        self.retries < self.budget.retries
    }

    /// The wait before the next retry, which counts.
    pub(super) fn next_backoff(&mut self) -> Duration {
        self.retries += 1;
        backoff(self.retries - 1, fastrand::f64())
    }

    /// The wait after a throttled answer, which does not count as a retry.
    pub(super) fn next_throttle(&mut self) -> Duration {
        self.throttles += 1;
        backoff(self.throttles - 1, fastrand::f64())
    }

    /// Whether the budget's time would be over after a wait; that of a host that has never answered may be shorter.
    pub(super) fn is_over_after(&self, wait: Duration, is_answered: bool) -> bool {
        let is_over = |since: Option<Instant>, time| since.is_some_and(|since| since.elapsed() + wait > time);
        let is_unknown = !is_answered && is_over(self.unknown_since, UNKNOWN_HOST);
        is_unknown || is_over(self.begun, self.budget.time)
    }

    /// Remembers what an attempt met.
    pub(super) fn met(mut self, error: CallError) -> Self {
        self.may_have_stored |= error.may_have_stored();
        self.error = Some(error);
        self
    }

    /// The end without success.
    pub(super) fn give_up(self, because: Because) -> GaveUp {
        GaveUp { error: self.error, because, may_have_stored: self.may_have_stored }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { retries: 2, time: Duration::from_mins(1) };

    fn trouble(kind: Transport) -> CallError {
        CallError::Transport { kind, detail: String::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn time_counts_from_the_first_attempt_on_and_waits_count_in_advance() {
        let mut attempts = Attempts::new(BUDGET);
        tokio::time::advance(Duration::from_mins(5)).await;
        assert_eq!(attempts.begin(Instant::now()), BUDGET.time);
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(attempts.begin(Instant::now()), Duration::from_secs(20));
        assert!(!attempts.is_over_after(Duration::from_secs(20), false));
        assert!(attempts.is_over_after(Duration::from_secs(21), false));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_host_is_given_up_early_unless_it_has_answered_before() {
        let mut attempts = Attempts::new(BUDGET);
        attempts.begin(Instant::now());
        attempts.note_host(&trouble(Transport::Resolve));
        tokio::time::advance(Duration::from_secs(25)).await;
        attempts.note_host(&trouble(Transport::Resolve));
        let wait = Duration::from_secs(6);
        assert_eq!([false, true].map(|answered| attempts.is_over_after(wait, answered)), [true, false]);
        attempts.note_host(&trouble(Transport::Connect));
        assert!(!attempts.is_over_after(wait, false), "its name is known by now");
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
