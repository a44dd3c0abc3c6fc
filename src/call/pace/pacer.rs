//! The pace of a process with its own quota. The only place that waits for a turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::quota::{Bound, Quota};
use super::schedule::{Earliest, Moment, Schedule};
use super::turn::{Giver, Pace, Turn, Waiting};

/// Gives turns in the order of the requests for them.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Held while waiting for a turn; this is the queue.
    queue: tokio::sync::Mutex<()>,
    shared: Arc<Shared>,
}

/// Shared by a pacer and the turns that it has given.
#[derive(Debug)]
struct Shared {
    /// The origin of the schedule's time.
    begun: Instant,
    schedule: Mutex<Schedule>,
    /// Notified when a turn was used or given back.
    used: Notify,
}

impl Shared {
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Moment {
        self.begun.elapsed()
    }

    async fn wait_until(&self, moment: Moment) {
        match self.begun.checked_add(moment) {
            Some(moment) => wait_until(moment).await,
            // No clock goes that far.
            None => std::future::pending().await,
        }
    }
}

impl Giver for Shared {
    fn departed(&self, number: u64) {
        self.schedule().departed(number, self.now());
        // At most one waits: the first in line.
        self.used.notify_one();
    }

    fn given_back(&self, number: u64) {
        self.schedule().give_back(number);
        self.used.notify_one();
    }
}

impl Pacer {
    /// Starts a schedule at the first turn.
    pub(crate) fn new(quota: Quota) -> Self {
        let schedule = Mutex::new(Schedule::new(quota));
        let shared = Shared { begun: Instant::now(), schedule, used: Notify::new() };
        Self { queue: tokio::sync::Mutex::new(()), shared: Arc::new(shared) }
    }

    async fn next(&self, vectors: usize) -> Turn {
        let _first_in_line = self.queue.lock().await;
        let shared = &self.shared;
        loop {
            let now = shared.now();
            let earliest = shared.schedule().earliest(vectors, now);
            match earliest {
                Earliest::At(moment) if moment <= now => {
                    let number = shared.schedule().give(vectors, now);
                    return Turn::new(Arc::<Shared>::clone(shared), number);
                }
                Earliest::At(moment) => {
                    shared.schedule().wait();
                    shared.wait_until(moment).await;
                }
                Earliest::AfterDeparture => shared.used.notified().await,
            }
        }
    }
}

impl Pace for Pacer {
    fn turn(&self, vectors: usize) -> Waiting<'_> {
        Box::pin(self.next(vectors))
    }

    fn slow_down(&self, hold: Duration) -> f64 {
        self.shared.schedule().slow_down(self.shared.now(), hold)
    }

    fn factor(&self) -> f64 {
        self.shared.schedule().factor(self.shared.now())
    }

    fn bound(&self) -> Bound {
        self.shared.schedule().bound(self.shared.now())
    }
}

/// Waits until `moment`, accurate to a fraction of a millisecond: the runtime's timer rounds up to whole milliseconds,
/// so a thread waits for the last part.
async fn wait_until(moment: Instant) {
    const LAST: Duration = Duration::from_micros(1_500);
    if let Some(before) = moment.checked_sub(LAST) {
        sleep_until(before).await;
    }
    let left = moment.saturating_duration_since(Instant::now());
    // A runtime that is shutting down does not wait.
    tokio::task::spawn_blocking(move || std::thread::sleep(left)).await.unwrap_or_default();
    sleep_until(moment).await;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::schedule::{MARGIN, WINDOW};
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
        // It may still be sent at any moment, so the second request's window makes room, not its own.
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
    async fn a_hold_delays_everybody() {
        let pacer = Pacer::new(DOCUMENTED);
        pacer.turn(1).await.depart();
        let start = Instant::now();
        assert!((pacer.slow_down(Duration::from_secs(3)) - 0.7).abs() < f64::EPSILON);
        pacer.turn(1).await.depart();
        assert!(start.elapsed() >= Duration::from_secs(3));
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
