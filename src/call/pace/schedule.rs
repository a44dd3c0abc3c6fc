//! When turns may be given. Pure: the time is passed in.
//!
//! Turns are evenly spaced on an absolute schedule. In addition, no window of one second ever exceeds the quota, so
//! that neither a stall nor a late turn causes a burst. A request counts in a window from the moment it was actually
//! sent: there may be a connection to make between its turn and that moment.

use std::cmp::{Ordering, Reverse};
use std::time::Duration;

use super::quota::{Bound, Quota};

/// The service counts in seconds.
pub(super) const WINDOW: Duration = Duration::from_secs(1);
/// Added to the window, since network delays vary between requests: the window that the service sees is shorter by the
/// difference. It leaves half a percent of the quota unused.
pub(super) const MARGIN: Duration = Duration::from_millis(5);
/// A throttled answer may mean that delays vary by more than the margin: it is doubled, up to this.
const WIDEST_MARGIN: Duration = Duration::from_millis(40);
/// A doubled margin is halved again after this long without a throttled answer.
const MARGIN_HALVES_AFTER: Duration = Duration::from_mins(10);
/// A throttled answer lowers the pace by this factor.
const SLOW_DOWN: f64 = 0.7;
/// Throttled answers within this time are one event: they were in flight together.
const SLOW_DOWN_AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// Each second without a throttled answer restores this fraction of the full pace.
const RECOVERY_PER_SECOND: f64 = 0.02;
/// The pace never falls below this fraction of the setting.
const FLOOR: f64 = 0.02;

/// A moment, as the time since an origin that the owner of the schedule chooses once.
pub(super) type Moment = Duration;

/// When a turn is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Earliest {
    At(Moment),
    /// Not before another turn has been used, at an unknown time.
    AfterDeparture,
}

/// A turn that was given.
#[derive(Clone, Copy, Debug)]
struct Given {
    number: u64,
    /// When its request was sent; `None` if it was not sent yet.
    departed: Option<Moment>,
    vectors: usize,
}

/// The state of one quota: which turns were given and used, and what follows for the next one.
#[derive(Debug)]
pub(super) struct Schedule {
    quota: Quota,
    /// The next evenly spaced turn.
    next: Option<Moment>,
    /// Turns that are not used yet or were used in the last window, the latest departure first.
    recent: Vec<Given>,
    next_number: u64,
    hold: Option<Moment>,
    factor: f64,
    margin: Duration,
    /// When `factor` and `margin` were set.
    slowed: Option<Moment>,
    /// The last turn, and whether a request is in line for the next one.
    last: Option<Last>,
    is_waited_for: bool,
    bound: Bound,
}

/// The last turn given, as it affects the next one.
#[derive(Clone, Copy, Debug)]
struct Last {
    given: Moment,
    /// How long its axis delays the next turn.
    interval: Duration,
    axis: fn(&mut Bound) -> &mut Duration,
}

impl Schedule {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            quota,
            next: None,
            recent: Vec::new(),
            next_number: 0,
            hold: None,
            factor: 1.0,
            margin: MARGIN,
            slowed: None,
            last: None,
            is_waited_for: false,
            bound: Bound::default(),
        }
    }

    /// The earliest moment, not before `now`, at which a request with `vectors` vectors may be sent.
    pub(super) fn earliest(&self, vectors: usize, now: Moment) -> Earliest {
        let spaced = self.next.map_or(now, |next| next.max(now)).max(self.hold.unwrap_or(now));
        match self.last_in_the_way(vectors).map(|given| given.departed) {
            None => Earliest::At(spaced),
            Some(Some(departed)) => Earliest::At(spaced.max(departed.saturating_add(self.window(now)))),
            Some(None) => Earliest::AfterDeparture,
        }
    }

    /// A second, or the time of one request if that is longer, plus the margin.
    fn window(&self, now: Moment) -> Duration {
        let one = Duration::try_from_secs_f64(1.0 / self.quota.requests).unwrap_or(WINDOW);
        WINDOW.max(one).saturating_add(self.margin(now))
    }

    /// The latest turn that must be a window away for the window to have room on both axes; one request always fits
    /// into an empty window.
    fn last_in_the_way(&self, vectors: usize) -> Option<&Given> {
        let mut requests = 1.0;
        let mut sum = to_f64(vectors);
        self.recent.iter().find(|given| {
            requests += 1.0;
            sum += to_f64(given.vectors);
            requests > self.quota.requests.ceil().max(1.0) || sum > self.quota.vectors
        })
    }

    /// Notes a turn given at `now`, and returns its number.
    pub(super) fn give(&mut self, vectors: usize, now: Moment) -> u64 {
        self.bound = self.bound(now);
        self.is_waited_for = false;
        let factor = self.factor(now);
        let interval = (1.0 / self.quota.requests).max(to_f64(vectors) / self.quota.vectors) / factor;
        let interval = Duration::try_from_secs_f64(interval).unwrap_or(WINDOW);
        self.last = Some(Last { given: now, interval, axis: self.axis(vectors) });
        // Counting from the planned moment avoids accumulating delays; after a stall the plan starts over.
        let planned = self.next.filter(|next| now.saturating_sub(*next) < interval).unwrap_or(now);
        self.next = Some(planned.saturating_add(interval));
        let number = self.next_number;
        self.next_number += 1;
        let window = self.window(now);
        self.recent
            .retain(|given| given.departed.is_none_or(|departed| now.saturating_sub(departed) <= window));
        if self.quota.is_limited() {
            self.recent.insert(0, Given { number, departed: None, vectors });
        }
        number
    }

    /// Notes that the request of a turn is sent at `now`.
    pub(super) fn departed(&mut self, number: u64, now: Moment) {
        if let Some(given) = self.recent.iter_mut().find(|given| given.number == number) {
            given.departed = Some(now);
        }
        self.recent.sort_by_key(|given| Reverse((given.departed.is_none(), given.departed)));
    }

    /// Takes back a turn whose request was not sent.
    pub(super) fn give_back(&mut self, number: u64) {
        self.recent.retain(|given| given.number != number);
    }

    /// Notes that a request is in line for the next turn.
    pub(super) fn wait(&mut self) {
        self.is_waited_for = true;
    }

    /// Which axis delays the turn after one with `vectors` vectors more.
    fn axis(&self, vectors: usize) -> fn(&mut Bound) -> &mut Duration {
        match (1.0 / self.quota.requests).total_cmp(&(to_f64(vectors) / self.quota.vectors)) {
            Ordering::Less => |bound| &mut bound.vectors,
            Ordering::Equal => |bound| &mut bound.both,
            Ordering::Greater => |bound| &mut bound.requests,
        }
    }

    /// How long turns were delayed until `now`. A request that came before the turn was free was delayed for all the
    /// time since the last one; without one, the turn was free once the interval was over.
    pub(super) fn bound(&self, now: Moment) -> Bound {
        let mut bound = self.bound;
        if let Some(last) = self.last {
            let since = now.saturating_sub(last.given);
            let is_slowed = self.factor(now) < 1.0;
            let axis = if is_slowed { &mut bound.throttled } else { (last.axis)(&mut bound) };
            *axis += if self.is_waited_for { since } else { since.min(last.interval) };
        }
        bound
    }

    /// Lowers the pace after a throttled answer and holds all turns; returns the current fraction of the full pace.
    pub(super) fn slow_down(&mut self, now: Moment, hold: Duration) -> f64 {
        self.hold = self.hold.max(Some(now.saturating_add(hold)));
        if self.slowed.is_some_and(|slowed| now.saturating_sub(slowed) < SLOW_DOWN_AT_MOST_EVERY) {
            return self.factor(now);
        }
        self.factor = (self.factor(now) * SLOW_DOWN).max(FLOOR);
        self.margin = (self.margin(now) * 2).min(WIDEST_MARGIN);
        self.slowed = Some(now);
        self.factor
    }

    /// The current fraction of the full pace, from 0 to 1.
    pub(super) fn factor(&self, now: Moment) -> f64 {
        let recovered = self.since_slowed(now).as_secs_f64();
        (self.factor + recovered * RECOVERY_PER_SECOND).min(1.0)
    }

    fn margin(&self, now: Moment) -> Duration {
        let halvings = self.since_slowed(now).div_duration_f64(MARGIN_HALVES_AFTER).floor();
        self.margin.div_f64(halvings.exp2()).max(MARGIN)
    }

    fn since_slowed(&self, now: Moment) -> Duration {
        self.slowed.map_or(Duration::ZERO, |slowed| now.saturating_sub(slowed))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of vectors in a batch are far below 2^52")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: Quota = Quota { requests: 5.0, vectors: 2500.0 };

    #[test]
    fn throttles_widen_the_margin_for_a_while() {
        let mut schedule = Schedule::new(DOCUMENTED);
        let mut now = Moment::ZERO;
        assert_eq!(schedule.margin(now), MARGIN);
        for wanted in [10, 20, 40, 40] {
            schedule.slow_down(now, Duration::ZERO);
            assert_eq!(schedule.margin(now).as_millis(), wanted);
            now += Duration::from_secs(1);
        }
        for wanted in [20, 10, 5, 5] {
            now += MARGIN_HALVES_AFTER;
            assert_eq!(schedule.margin(now).as_millis(), wanted);
        }
    }

    #[test]
    fn throttles_lower_the_pace_once_a_second_and_it_recovers_to_the_setting() {
        let mut schedule = Schedule::new(DOCUMENTED);
        let mut slow_down =
            |milliseconds| schedule.slow_down(Moment::from_millis(milliseconds), Duration::ZERO);
        let factors = [slow_down(0), slow_down(0), slow_down(1_000)];
        let wanted = [0.7, 0.7, (0.7 + 0.02) * 0.7];
        assert!(factors.iter().zip(wanted).all(|(got, want)| (got - want).abs() < 1e-9), "{factors:?}");
        let factors = [11, 71].map(|second| schedule.factor(Moment::from_secs(second)));
        let wanted = [(0.7 + 0.02) * 0.7 + 0.2, 1.0];
        assert!(factors.iter().zip(wanted).all(|(got, want)| (got - want).abs() < 1e-9), "{factors:?}");
    }

    #[test]
    fn the_slowest_quota_and_the_longest_hold_are_no_overflow() {
        let mut schedule = Schedule::new(Quota { requests: 1e-19, vectors: f64::MIN_POSITIVE });
        let number = schedule.give(500, Moment::MAX);
        schedule.departed(number, Moment::MAX);
        schedule.slow_down(Moment::MAX, Duration::MAX);
        assert_eq!(schedule.earliest(500, Moment::MAX), Earliest::At(Moment::MAX));
    }
}
