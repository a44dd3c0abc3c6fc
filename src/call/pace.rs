//! The pace: every request takes a turn here, retries and read-backs too. The only place that waits for one.
//!
//! Turns lie on an absolute schedule, evenly spaced. Above it stands that no window of one second ever holds more than
//! the quota, so that neither a stall nor a late turn is followed by a burst. A request counts in a window from the moment
//! when it really left: between its turn and that moment may lie a connection that is still being made.

use std::cmp::{Ordering, Reverse};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The service counts in seconds.
const WINDOW: Duration = Duration::from_secs(1);
/// Added to the window, since the way to the service takes one request longer than another: the window that the
/// service sees is shorter by that difference. It leaves half of one part in a hundred of the quota unused.
const MARGIN: Duration = Duration::from_millis(5);
/// A throttled answer may mean that the way varies by more than the margin: it is doubled, up to this.
const WIDEST_MARGIN: Duration = Duration::from_millis(40);
/// A margin that was doubled is halved again after this long without a throttled answer.
const MARGIN_HALVES_AFTER: Duration = Duration::from_mins(10);
/// A throttled answer lowers the pace by this factor.
const SLOW_DOWN: f64 = 0.7;
/// Throttled answers within this time are one event: they were on their way together.
const SLOW_DOWN_AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// Each second without a throttled answer gives back this part of the full pace.
const RECOVERY_PER_SECOND: f64 = 0.02;
/// The pace never falls below this part of the setting.
const FLOOR: f64 = 0.02;

/// The quota on its two axes; an infinite rate is no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Requests per second.
    pub requests: f64,
    /// Vectors per second, over all requests.
    pub vectors: f64,
}

impl Quota {
    fn is_limited(self) -> bool {
        self.requests.is_finite() || self.vectors.is_finite()
    }

    /// The shortest time that `requests` requests with `vectors` vectors in all can take.
    pub(crate) fn time_for(self, requests: u64, vectors: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "an estimate in seconds")]
        let seconds = (requests as f64 / self.requests).max(vectors as f64 / self.vectors);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

/// For how long, over the whole run, no turn could be given, and what forbade it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The quota of requests.
    pub(crate) requests: Duration,
    /// The quota of vectors.
    pub(crate) vectors: Duration,
    /// Both alike.
    pub(crate) both: Duration,
    /// Throttled answers, which lowered the pace.
    pub(crate) throttled: Duration,
}

/// Gives turns in the order in which they were asked for.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Held while waiting for a turn: the queue.
    queue: tokio::sync::Mutex<()>,
    shared: Arc<Shared>,
}

/// What a pacer and the turns it has given share.
#[derive(Debug)]
struct Shared {
    schedule: Mutex<Schedule>,
    /// Told when a turn was used or given back.
    used: Notify,
}

impl Shared {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pacer {
    /// Starts a schedule at the first turn.
    pub(crate) fn new(quota: Quota) -> Self {
        let shared = Shared { schedule: Mutex::new(Schedule::new(quota)), used: Notify::new() };
        Self { queue: tokio::sync::Mutex::new(()), shared: Arc::new(shared) }
    }

    /// Waits until a request with `vectors` vectors may go.
    pub(crate) async fn turn(&self, vectors: usize) -> Turn {
        let _first_in_line = self.queue.lock().await;
        loop {
            let now = Instant::now();
            let earliest = self.shared.schedule().earliest(vectors, now);
            match earliest {
                Earliest::At(moment) if moment <= now => {
                    let number = self.shared.schedule().give(vectors, now);
                    return Turn { shared: Arc::clone(&self.shared), number, is_used: false };
                }
                Earliest::At(moment) => {
                    self.shared.schedule().is_waited_for = true;
                    wait_until(moment).await;
                }
                Earliest::AfterDeparture => self.shared.used.notified().await,
            }
        }
    }

    /// Notes a throttled answer: the pace falls, and nobody gets a turn for `hold`. Returns the part of the full pace
    /// now in force, if it changed.
    pub(crate) fn slow_down(&self, hold: Duration) -> Option<f64> {
        self.shared.schedule().slow_down(Instant::now(), hold)
    }

    /// The part of the full pace in force, from 0 to 1.
    pub(crate) fn factor(&self) -> f64 {
        self.shared.schedule().factor(Instant::now())
    }

    /// How long the pace has held back turns.
    pub(crate) fn bound(&self) -> Bound {
        self.shared.schedule().bound(Instant::now())
    }
}

/// Waits until `moment`, to a fraction of a millisecond: the runtime's timer rounds up to whole ones, so that a thread
/// waits for the last of them.
async fn wait_until(moment: Instant) {
    const LAST: Duration = Duration::from_micros(1_500);
    if let Some(before) = moment.checked_sub(LAST) {
        sleep_until(before).await;
    }
    let left = moment.saturating_duration_since(Instant::now());
    // A runtime that is being shut down waits for nobody.
    tokio::task::spawn_blocking(move || std::thread::sleep(left)).await.unwrap_or_default();
    sleep_until(moment).await;
}

/// Leave to send one request. Dropped unused, it is given back: nothing was sent.
#[derive(Debug)]
#[must_use = "a turn that is dropped is given back"]
pub(crate) struct Turn {
    shared: Arc<Shared>,
    number: u64,
    is_used: bool,
}

impl Turn {
    /// Notes that the request leaves now.
    pub(crate) fn depart(mut self) {
        self.is_used = true;
        self.shared.schedule().departed(self.number, Instant::now());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_used {
            self.shared.schedule().give_back(self.number);
        }
        // One waits at most: the first in line.
        self.shared.used.notify_one();
    }
}

/// When a turn can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Earliest {
    At(Instant),
    /// Not before one of those who have a turn has used it; when that will be, nobody knows.
    AfterDeparture,
}

/// A turn that was given.
#[derive(Clone, Copy, Debug)]
struct Given {
    number: u64,
    /// When its request left; `None` if it has not yet.
    departed: Option<Instant>,
    vectors: usize,
}

/// When turns may be given; pure, the time is passed in.
#[derive(Debug)]
struct Schedule {
    quota: Quota,
    /// The next evenly spaced turn.
    next: Option<Instant>,
    /// Turns that are not used yet or were used in the last window, the latest departure first.
    recent: Vec<Given>,
    next_number: u64,
    hold: Option<Instant>,
    factor: f64,
    margin: Duration,
    /// When `factor` and `margin` were set.
    slowed: Option<Instant>,
    /// The last turn, and whether somebody is in line for the next.
    last: Option<Last>,
    is_waited_for: bool,
    bound: Bound,
}

/// The turn that was given last, as the next one meets it.
#[derive(Clone, Copy, Debug)]
struct Last {
    given: Instant,
    /// How long its axis forbids the next.
    interval: Duration,
    axis: fn(&mut Bound) -> &mut Duration,
}

impl Schedule {
    fn new(quota: Quota) -> Self {
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

    /// The earliest moment, not before `now`, at which a request with `vectors` vectors may go.
    fn earliest(&self, vectors: usize, now: Instant) -> Earliest {
        let spaced = self.next.map_or(now, |next| next.max(now)).max(self.hold.unwrap_or(now));
        match self.last_in_the_way(vectors).map(|given| given.departed) {
            None => Earliest::At(spaced),
            Some(Some(departed)) => Earliest::At(spaced.max(departed + self.window(now))),
            Some(None) => Earliest::AfterDeparture,
        }
    }

    /// A second, or the time of one request where that is longer; and a little more.
    fn window(&self, now: Instant) -> Duration {
        let one = Duration::try_from_secs_f64(1.0 / self.quota.requests).unwrap_or(WINDOW);
        WINDOW.max(one) + self.margin(now)
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

    /// Notes a turn given at `now`, and numbers it.
    fn give(&mut self, vectors: usize, now: Instant) -> u64 {
        self.bound = self.bound(now);
        self.is_waited_for = false;
        let factor = self.factor(now);
        let interval = (1.0 / self.quota.requests).max(to_f64(vectors) / self.quota.vectors) / factor;
        let interval = Duration::try_from_secs_f64(interval).unwrap_or(WINDOW);
        self.last = Some(Last { given: now, interval, axis: self.axis(vectors) });
        // Counting on from the planned moment keeps lateness from adding up; after a stall the plan starts anew.
        let planned = self.next.filter(|next| now.duration_since(*next) < interval).unwrap_or(now);
        self.next = Some(planned + interval);
        let number = self.next_number;
        self.next_number += 1;
        let window = self.window(now);
        self.recent
            .retain(|given| given.departed.is_none_or(|departed| now.duration_since(departed) <= window));
        if self.quota.is_limited() {
            self.recent.insert(0, Given { number, departed: None, vectors });
        }
        number
    }

    fn departed(&mut self, number: u64, now: Instant) {
        if let Some(given) = self.recent.iter_mut().find(|given| given.number == number) {
            given.departed = Some(now);
        }
        self.recent.sort_by_key(|given| Reverse((given.departed.is_none(), given.departed)));
    }

    fn give_back(&mut self, number: u64) {
        self.recent.retain(|given| given.number != number);
    }

    /// Which axis keeps the next turn away longer behind one with `vectors` vectors.
    fn axis(&self, vectors: usize) -> fn(&mut Bound) -> &mut Duration {
        match (1.0 / self.quota.requests).total_cmp(&(to_f64(vectors) / self.quota.vectors)) {
            Ordering::Less => |bound| &mut bound.vectors,
            Ordering::Equal => |bound| &mut bound.both,
            Ordering::Greater => |bound| &mut bound.requests,
        }
    }

    /// How long turns were held back until `now`. Whoever came before the turn was free was held back for all the time
    /// since the last one; where nobody came, it was free once the interval was over.
    fn bound(&self, now: Instant) -> Bound {
        let mut bound = self.bound;
        if let Some(last) = self.last {
            let since = now.duration_since(last.given);
            let is_slowed = self.factor(now) < 1.0;
            let axis = if is_slowed { &mut bound.throttled } else { (last.axis)(&mut bound) };
            *axis += if self.is_waited_for { since } else { since.min(last.interval) };
        }
        bound
    }

    fn slow_down(&mut self, now: Instant, hold: Duration) -> Option<f64> {
        self.hold = self.hold.max(Some(now + hold));
        if self.slowed.is_some_and(|slowed| now.duration_since(slowed) < SLOW_DOWN_AT_MOST_EVERY) {
            return None;
        }
        self.factor = (self.factor(now) * SLOW_DOWN).max(FLOOR);
        self.margin = (self.margin(now) * 2).min(WIDEST_MARGIN);
        self.slowed = Some(now);
        Some(self.factor)
    }

    fn factor(&self, now: Instant) -> f64 {
        let recovered = self.since_slowed(now).as_secs_f64();
        (self.factor + recovered * RECOVERY_PER_SECOND).min(1.0)
    }

    fn margin(&self, now: Instant) -> Duration {
        let halvings = self.since_slowed(now).div_duration_f64(MARGIN_HALVES_AFTER).floor();
        self.margin.div_f64(halvings.exp2()).max(MARGIN)
    }

    fn since_slowed(&self, now: Instant) -> Duration {
        self.slowed.map_or(Duration::ZERO, |slowed| now.duration_since(slowed))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of vectors in a batch are far below 2^52")]
fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DOCUMENTED: Quota = Quota { requests: 5.0, vectors: 2500.0 };

    async fn turns(quota: Quota, sizes: &[usize]) -> Vec<(Instant, usize)> {
        let pacer = Pacer::new(quota);
        let mut given = Vec::new();
        for &size in sizes {
            pacer.turn(size).await.depart();
            given.push((Instant::now(), size));
        }
        given
    }

    #[tokio::test(start_paused = true)]
    async fn full_batches_use_the_whole_quota() {
        let given = turns(DOCUMENTED, &[500; 501]).await;
        let elapsed = given[500].0.duration_since(given[0].0).as_secs_f64();
        assert!((99.9..=100.0 * 1.007).contains(&elapsed), "500 intervals took {elapsed} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_not_followed_by_a_burst() {
        let pacer = Pacer::new(DOCUMENTED);
        pacer.turn(500).await.depart();
        tokio::time::advance(Duration::from_mins(1)).await;
        let start = Instant::now();
        for _ in 0..6 {
            pacer.turn(500).await.depart();
        }
        assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_counts_from_its_departure() {
        let pacer = Pacer::new(DOCUMENTED);
        let start = Instant::now();
        let slow = pacer.turn(500).await;
        for _ in 0..4 {
            pacer.turn(500).await.depart();
        }
        pacer.turn(500).await.depart();
        // It may still leave at any moment, so the window of the second request, not its own, makes room.
        assert_eq!(start.elapsed(), Duration::from_millis(200) + WINDOW + MARGIN);
        slow.depart();
        pacer.turn(500).await.depart();
        assert_eq!(start.elapsed(), Duration::from_millis(400) + WINDOW + MARGIN);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_for_a_departure_hears_of_it() {
        let pacer = Pacer::new(Quota { requests: 1.0, vectors: f64::INFINITY });
        let start = Instant::now();
        let slow = pacer.turn(1).await;
        let departs = tokio::spawn(async move {
            sleep_until(start + Duration::from_secs(5)).await;
            slow.depart();
        });
        pacer.turn(1).await.depart();
        assert_eq!(start.elapsed(), Duration::from_secs(5) + WINDOW + MARGIN);
        departs.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_not_used_is_given_back() {
        let pacer = Pacer::new(Quota { requests: f64::INFINITY, vectors: 500.0 });
        let start = Instant::now();
        let unused = pacer.turn(500).await;
        drop(unused);
        tokio::time::sleep_until(start + Duration::from_secs(1)).await;
        pacer.turn(500).await.depart();
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn throttles_widen_the_margin_for_a_while() {
        let pacer = Pacer::new(DOCUMENTED);
        let margin = || pacer.shared.schedule().margin(Instant::now()).as_millis();
        assert_eq!(margin(), 5);
        for wanted in [10, 20, 40, 40] {
            pacer.slow_down(Duration::ZERO);
            assert_eq!(margin(), wanted);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        for wanted in [20, 10, 5, 5] {
            tokio::time::advance(MARGIN_HALVES_AFTER).await;
            assert_eq!(margin(), wanted);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_delays_everybody() {
        let pacer = Pacer::new(DOCUMENTED);
        pacer.turn(1).await.depart();
        let start = Instant::now();
        assert_eq!(pacer.slow_down(Duration::from_secs(3)), Some(0.7));
        pacer.turn(1).await.depart();
        assert!(start.elapsed() >= Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn throttles_lower_the_pace_once_a_second_and_it_recovers_to_the_setting() {
        let pacer = Pacer::new(DOCUMENTED);
        assert_eq!(pacer.slow_down(Duration::ZERO), Some(0.7));
        assert_eq!(pacer.slow_down(Duration::ZERO), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        let lower = pacer.slow_down(Duration::ZERO).unwrap();
        assert!((0.49..0.52).contains(&lower), "{lower}");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!((0.6..0.8).contains(&pacer.factor()), "{}", pacer.factor());
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!((pacer.factor() - 1.0).abs() < f64::EPSILON);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_quota_nobody_waits() {
        let given = turns(Quota { requests: f64::INFINITY, vectors: f64::INFINITY }, &[500; 100]).await;
        assert_eq!(given[0].0, given[99].0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_axis_that_holds_turns_back_is_known() {
        for (size, quota, want) in [
            (500, DOCUMENTED, [0, 0, 10]),
            (10, DOCUMENTED, [10, 0, 0]),
            (500, Quota { vectors: 700.0, ..DOCUMENTED }, [0, 50, 0]),
        ] {
            let pacer = Pacer::new(quota);
            for _ in 0..51 {
                pacer.turn(size).await.depart();
            }
            let bound = pacer.bound();
            let seconds = [bound.requests, bound.vectors, bound.both].map(|time| {
                // To the nearest second.
                (time + Duration::from_millis(500)).as_secs()
            });
            assert_eq!(seconds, want, "{size} {quota:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn turns_that_nobody_waits_for_hold_nothing_back_beyond_their_interval() {
        let pacer = Pacer::new(DOCUMENTED);
        for _ in 0..10 {
            pacer.turn(10).await.depart();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(pacer.bound(), Bound { requests: Duration::from_secs(2), ..Bound::default() });
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_that_throttled_answers_lowered_is_told_from_the_quota() {
        let pacer = Pacer::new(DOCUMENTED);
        pacer.turn(500).await.depart();
        pacer.slow_down(Duration::from_secs(3));
        pacer.turn(500).await.depart();
        assert_eq!(pacer.bound(), Bound { throttled: Duration::from_secs(3), ..Bound::default() });
    }

    #[test]
    fn the_time_a_load_takes_is_that_of_its_tighter_axis() {
        assert_eq!(DOCUMENTED.time_for(10, 5_000), Duration::from_secs(2));
        assert_eq!(DOCUMENTED.time_for(50, 5_000), Duration::from_secs(10));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_window_ever_holds_more_than_either_axis(
            sizes in prop::collection::vec(1usize..=500, 1..80),
            stalls in prop::collection::vec(0u64..700, 80),
            delays in prop::collection::vec(0u64..2500, 80),
            requests in 1u32..12,
            vectors in 500u32..4000,
        ) {
            let quota = Quota { requests: f64::from(requests), vectors: f64::from(vectors) };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let mut given = runtime.block_on(async {
                let pacer = Pacer::new(quota);
                let mut leaving = tokio::task::JoinSet::new();
                for ((&size, &stall), &delay) in sizes.iter().zip(&stalls).zip(&delays) {
                    if stall > 500 {
                        tokio::time::sleep(Duration::from_millis(stall)).await;
                    }
                    let turn = pacer.turn(size).await;
                    leaving.spawn(async move {
                        tokio::time::sleep(Duration::from_millis(delay.saturating_sub(1000))).await;
                        turn.depart();
                        (Instant::now(), size)
                    });
                }
                leaving.join_all().await
            });
            given.sort();
            prop_assert_eq!(given.len(), sizes.len());
            for (index, (start, _)) in given.iter().enumerate() {
                let window: Vec<_> =
                    given[index..].iter().take_while(|(at, _)| at.duration_since(*start) <= WINDOW).collect();
                prop_assert!(window.len() <= requests as usize);
                prop_assert!(window.iter().map(|(_, size)| size).sum::<usize>() <= vectors as usize);
            }
        }
    }
}
