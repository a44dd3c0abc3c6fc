//! How fast a run is, how far, how long it will take, and what it waits for. Pure: counts and times are passed in.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use crate::call::{Bound, Quota};
use crate::put::books::tally::Balance;
use crate::put::books::tracker::Settled;
use crate::words::{bytes, count, rate, whole_seconds};

/// The time over which rates are measured: long enough to be steady, short enough to show a change.
const WINDOW: Duration = Duration::from_secs(15);
/// The minimum time between samples.
const EVERY: Duration = Duration::from_millis(150);
/// The minimum time for a conclusion.
const ENOUGH: Duration = Duration::from_secs(1);
/// The minimum length of a run for reporting its limit at the end.
const WORTH_A_WORD: Duration = Duration::from_secs(5);
/// If turns were delayed for this fraction of the time, the pace is the limit.
const REACHED: f64 = 0.9;
/// If throttling caused this fraction of that time, it is the reason.
const THROTTLED: f64 = 0.1;
/// How long nothing must be confirmed to be reported.
const SILENCE: Duration = Duration::from_secs(10);

/// What a run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The quota of requests.
    RequestQuota,
    /// The quota of vectors.
    VectorQuota,
    /// Both quotas equally.
    BothQuotas,
    /// The pace, lowered by throttled answers.
    Throttling,
    /// Answers: the service, or the network.
    Service,
    /// Memory for another batch, while more batches could be in flight.
    Memory,
    /// Reading and checking the input.
    Input,
}

impl Limit {
    /// The words for it after the rates.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::RequestQuota => "at the request quota",
            Self::VectorQuota => "at the vector quota",
            Self::BothQuotas => "at the quota",
            Self::Throttling => "slowed by throttling",
            Self::Service => "waiting for responses",
            Self::Memory => "waiting for memory: raise --memory",
            Self::Input => "waiting for input",
        }
    }
}

/// What the thread that fills batches waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Reading and checking: sending waits for the input.
    ForInput,
    /// Memory for the full batch.
    ForMemory,
    /// The sender, to take the full batch.
    ToSend,
}

/// The counts at one moment, since the start of the run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Vectors of batches that ended.
    pub(crate) vectors: u64,
    /// Batches that ended.
    pub(crate) batches: u64,
    pub(crate) stored: u64,
    /// In a rehearsal, the records that were checked.
    pub(crate) checked: Option<u64>,
    pub(crate) requests: u64,
    /// The bytes of the files that the batches cover.
    pub(crate) input_bytes: u64,
    /// How long the pace delayed turns.
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at: Duration,
    counts: Counts,
    /// The number of samples so far, of those with a batch waiting to be sent, and of those with a batch waiting for
    /// memory.
    samples: u64,
    ahead: u64,
    for_memory: u64,
}

/// Keeps samples and draws conclusions from them.
#[derive(Debug)]
pub(crate) struct Meter {
    quota: Quota,
    /// The bytes of all inputs, if known.
    total: Option<u64>,
    /// The bytes of the files that are not read: before the start of reading, and of later settled files. `None` until
    /// it is known where a load that continues begins.
    base: Option<u64>,
    recent: VecDeque<Sample>,
    /// When something was last confirmed.
    confirmed: Duration,
}

impl Meter {
    pub(crate) fn new(quota: Quota, total: Option<u64>) -> Self {
        Self {
            quota,
            total,
            base: Some(0),
            recent: VecDeque::from([Sample::default()]),
            confirmed: Duration::ZERO,
        }
    }

    /// Notes that earlier runs have settled this many bytes of the files.
    pub(crate) fn begin_at(&mut self, bytes: u64) {
        self.base = Some(bytes);
    }

    /// Notes that earlier runs have settled an unknown number of bytes of the files.
    pub(crate) fn begins_later(&mut self) {
        self.base = None;
    }

    /// Takes the counts `at` this time since the start, and what the run is waiting for.
    pub(crate) fn take(&mut self, at: Duration, counts: Counts, waiting: Waiting) {
        let last = self.last();
        if counts.stored > last.counts.stored {
            self.confirmed = at;
        }
        if at < last.at + EVERY {
            return;
        }
        let ahead = last.ahead + u64::from(waiting != Waiting::ForInput);
        let for_memory = last.for_memory + u64::from(waiting == Waiting::ForMemory);
        self.recent.push_back(Sample { at, counts, samples: last.samples + 1, ahead, for_memory });
        while self.recent.get(1).is_some_and(|second| second.at + WINDOW <= at) {
            self.recent.pop_front();
        }
    }

    fn last(&self) -> Sample {
        self.recent.back().copied().unwrap_or_default()
    }

    /// What the whole run mostly waited for. A short run is mostly start and end, and a rehearsal does not wait.
    pub(crate) fn limit_of_all(&self) -> Option<Limit> {
        let last = self.last();
        limit(&Sample::default(), &last).filter(|_| last.at >= WORTH_A_WORD && last.counts.checked.is_none())
    }

    /// All figures `at` this time since the start; `pace` is the current fraction of the quota.
    pub(crate) fn figures(&self, at: Duration, counts: Counts, pace: f64) -> Figures {
        let first = self.recent.front().copied().unwrap_or_default();
        let seconds = at.saturating_sub(first.at).as_secs_f64().max(0.001);
        let per_second = |now: u64, then: u64| float(now.saturating_sub(then)) / seconds;
        let limit = limit(&first, &self.last());
        let silence = at.saturating_sub(self.confirmed);
        let is_waiting = matches!(limit, Some(Limit::Service | Limit::Memory | Limit::Throttling));
        let bytes_per_second = per_second(counts.input_bytes, first.counts.input_bytes);
        Figures {
            elapsed: at,
            percent: self.percent(counts.input_bytes),
            input_bytes: self.base.unwrap_or_default() + counts.input_bytes,
            left: self.left(counts, bytes_per_second, limit, pace),
            stored: counts.stored,
            checked: counts.checked,
            vectors_per_second: per_second(counts.stored, first.counts.stored),
            requests_per_second: per_second(counts.requests, first.counts.requests),
            quota: self.quota,
            limit,
            silence: Some(silence).filter(|silence| is_waiting && *silence >= SILENCE),
            ..Figures::default()
        }
    }

    /// The percentage of the files that is done, rounded down, so that 100 means everything.
    fn percent(&self, input_bytes: u64) -> Option<u64> {
        let total = self.total.filter(|total| *total > 0)?;
        let done = u128::from(self.base?) + u128::from(input_bytes);
        u64::try_from(done * 100 / u128::from(total)).ok().map(|percent| percent.min(100))
    }

    /// How long the rest takes, if it is like what has been read. If the quota is the limit, its time is known from the
    /// first batch on; if something else is slower, the measured rate counts.
    fn left(
        &self,
        counts: Counts,
        bytes_per_second: f64,
        limit: Option<Limit>,
        pace: f64,
    ) -> Option<Duration> {
        let rest = float(self.total?.saturating_sub(self.base? + counts.input_bytes));
        let done = Some(float(counts.input_bytes)).filter(|done| *done > 0.0)?;
        let of_rest = |number: u64| float(number) * rest / done;
        let at_quota = (of_rest(counts.batches) / self.quota.requests)
            .max(of_rest(counts.vectors) / self.quota.vectors)
            / pace;
        let as_measured = rest / bytes_per_second;
        let seconds = match limit {
            Some(Limit::RequestQuota | Limit::VectorQuota | Limit::BothQuotas) => at_quota,
            None if at_quota > 0.0 => at_quota,
            _ => at_quota.max(as_measured),
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// What the run waited for between two moments: turns, or else the slower side.
fn limit(from: &Sample, to: &Sample) -> Option<Limit> {
    let time = to.at.saturating_sub(from.at);
    if time < ENOUGH {
        return None;
    }
    let spent = |of: fn(&Bound) -> Duration| of(&to.counts.bound).saturating_sub(of(&from.counts.bound));
    let throttled = spent(|bound| bound.throttled);
    let axes = [
        (spent(|bound| bound.requests), Limit::RequestQuota),
        (spent(|bound| bound.vectors), Limit::VectorQuota),
        (spent(|bound| bound.both), Limit::BothQuotas),
    ];
    let held = axes.iter().map(|(time, _)| *time).sum::<Duration>() + throttled;
    if held >= time.mul_f64(REACHED) {
        let longest = axes.into_iter().max_by_key(|(time, _)| *time).map(|(_, limit)| limit);
        let is_throttled = throttled >= held.mul_f64(THROTTLED);
        return if is_throttled { Some(Limit::Throttling) } else { longest };
    }
    let ahead = to.ahead - from.ahead;
    let is_ahead = ahead * 2 >= to.samples - from.samples;
    let is_for_memory = (to.for_memory - from.for_memory) * 2 > ahead;
    Some(match (is_ahead, is_for_memory) {
        (false, _) => Limit::Input,
        (true, false) => Limit::Service,
        (true, true) => Limit::Memory,
    })
}

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
fn float(number: u64) -> f64 {
    number as f64
}

/// The figures at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) elapsed: Duration,
    /// The percentage of the input that is done, if its size is known.
    pub(crate) percent: Option<u64>,
    pub(crate) input_bytes: u64,
    pub(crate) left: Option<Duration>,
    /// Stored by all runs of the load; the next two are totals, too.
    pub(crate) stored: u64,
    pub(crate) rejected: u64,
    pub(crate) unknown: u64,
    /// The totals of this run so far.
    pub(crate) balance: Balance,
    /// What earlier runs of the load settled.
    pub(crate) earlier: Settled,
    /// In a rehearsal, the records that were checked.
    pub(crate) checked: Option<u64>,
    /// Whether records that count as stored were only compared.
    pub(crate) is_verification: bool,
    pub(crate) vectors_per_second: f64,
    pub(crate) requests_per_second: f64,
    pub(crate) quota: Quota,
    pub(crate) limit: Option<Limit>,
    /// How long nothing was confirmed, if that is worth reporting.
    pub(crate) silence: Option<Duration>,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            elapsed: Duration::ZERO,
            percent: None,
            input_bytes: 0,
            left: None,
            stored: 0,
            rejected: 0,
            unknown: 0,
            balance: Balance::default(),
            earlier: Settled::default(),
            checked: None,
            is_verification: false,
            vectors_per_second: 0.0,
            requests_per_second: 0.0,
            quota: Quota { requests: f64::INFINITY, vectors: f64::INFINITY },
            limit: None,
            silence: None,
        }
    }
}

impl Figures {
    /// All figures in one line.
    pub(crate) fn line(&self) -> String {
        let after = format!("after {}: ", whole_seconds(self.elapsed));
        let lines = [self.how_far(), self.how_fast()];
        after + &lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// How far the run is: percent, time left, counts.
    pub(crate) fn how_far(&self) -> String {
        let read = (self.input_bytes > 0).then(|| format!("{} read", bytes(self.input_bytes)));
        let mut parts: Vec<_> =
            self.percent.map(|percent| format!("{percent} %")).or(read).into_iter().collect();
        parts.extend(self.left.map(|left| format!("{} left", whole_seconds(left))));
        parts.push(match self.checked {
            Some(checked) => format!("{} checked", count(checked)),
            None if self.is_verification => format!("{} checked", count(self.stored)),
            None => format!("{} stored", count(self.stored)),
        });
        for (number, what) in [(self.rejected, "rejected"), (self.unknown, "unknown")] {
            if number > 0 {
                parts.push(format!("{} {what}", count(number)));
            }
        }
        parts.join(", ")
    }

    /// The speed and what limits it; empty in a rehearsal, which sends nothing.
    pub(crate) fn how_fast(&self) -> String {
        if self.checked.is_some() {
            return String::new();
        }
        let pace = pace(self.vectors_per_second, self.requests_per_second, self.quota);
        let limit = match (self.silence, self.limit) {
            (Some(silence), _) => format!(", nothing confirmed for {}", whole_seconds(silence)),
            (None, Some(limit)) => format!(", {}", limit.words()),
            (None, None) => String::new(),
        };
        pace + &limit
    }
}

/// The rates, compared with the quota.
pub(crate) fn pace(vectors_per_second: f64, requests_per_second: f64, quota: Quota) -> String {
    let of = |most: f64| if most.is_finite() { format!(" of {}", rate(most)) } else { String::new() };
    let requests = match requests_per_second {
        1.0.. => format!("{requests_per_second:.1}"),
        few => format!("{few:.2}"),
    };
    let vectors = rate(vectors_per_second.round());
    format!("{vectors}{} vectors/s, {requests}{} requests/s", of(quota.vectors), of(quota.requests))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { requests: 5.0, vectors: 2500.0 };
    const UNLIMITED: Quota = Quota { requests: f64::INFINITY, vectors: f64::INFINITY };

    /// The counts after this many batches of 500 vectors and 1,000 bytes each, with turns delayed for this long.
    fn counts(batches: u64, bound: Bound) -> Counts {
        let vectors = batches * 500;
        let input_bytes = batches * 1_000;
        Counts {
            vectors,
            batches,
            stored: vectors,
            requests: batches,
            input_bytes,
            bound,
            ..Counts::default()
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A meter that has seen `per_second` batches for ten seconds, in a load of 100,000 bytes.
    fn measured(quota: Quota, per_second: u64, bound: fn(Duration) -> Bound, waiting: Waiting) -> Figures {
        let mut meter = Meter::new(quota, Some(100_000));
        for second in 1..=10 {
            meter.take(seconds(second), counts(second * per_second, bound(seconds(second))), waiting);
        }
        meter.figures(seconds(10), counts(10 * per_second, bound(seconds(10))), 1.0)
    }

    #[test]
    fn the_time_left_is_the_quotas_from_the_first_batch_on() {
        let meter = Meter::new(QUOTA, Some(100_000));
        let figures = meter.figures(Duration::from_millis(80), counts(1, Bound::default()), 1.0);
        assert_eq!((figures.percent, figures.left), (Some(1), Some(Duration::from_millis(19_800))));
        let figures = meter.figures(Duration::from_millis(80), counts(1, Bound::default()), 0.5);
        assert_eq!(figures.left, Some(Duration::from_millis(39_600)));
    }

    #[test]
    fn the_tighter_axis_makes_the_time_left() {
        let tight = Quota { vectors: 500.0, ..QUOTA };
        let meter = Meter::new(tight, Some(100_000));
        assert_eq!(meter.figures(seconds(1), counts(10, Bound::default()), 1.0).left, Some(seconds(90)));
    }

    #[test]
    fn a_run_that_waits_for_answers_takes_as_long_as_it_takes() {
        let figures = measured(QUOTA, 1, |_| Bound { both: seconds(2), ..Bound::default() }, Waiting::ToSend);
        assert_eq!((figures.limit, figures.left), (Some(Limit::Service), Some(seconds(90))));
    }

    #[test]
    fn nothing_known_of_the_size_is_nothing_said_of_percent_and_time_left() {
        let figures = Meter::new(QUOTA, None).figures(seconds(2), counts(10, Bound::default()), 1.0);
        assert_eq!((figures.percent, figures.left), (None, None));
        insta::assert_snapshot!(figures.line(), @"after 2 s: 9.8 KiB read, 5,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s");
    }

    #[test]
    fn what_an_earlier_run_settled_counts_as_done() {
        let mut meter = Meter::new(QUOTA, Some(100_000));
        meter.begin_at(60_000);
        let figures = meter.figures(seconds(1), counts(5, Bound::default()), 1.0);
        assert_eq!((figures.percent, figures.left), (Some(65), Some(seconds(7))));
        // Until that is known, it is not reported.
        meter.begins_later();
        let figures = meter.figures(seconds(1), Counts::default(), 1.0);
        let figures = Figures { stored: 30_000, ..figures };
        insta::assert_snapshot!(figures.line(), @"after 1 s: 30,000 stored, 0 of 2,500 vectors/s, 0.00 of 5 requests/s");
    }

    #[test]
    fn whoever_is_waited_for_is_the_limit() {
        type Row = (fn(Duration) -> Bound, Waiting, Limit);
        let rows: [Row; 8] = [
            (|time| Bound { requests: time, ..Bound::default() }, Waiting::ToSend, Limit::RequestQuota),
            (|time| Bound { vectors: time, ..Bound::default() }, Waiting::ToSend, Limit::VectorQuota),
            (|time| Bound { both: time, ..Bound::default() }, Waiting::ForInput, Limit::BothQuotas),
            (|time| Bound { both: time, ..Bound::default() }, Waiting::ForMemory, Limit::BothQuotas),
            (
                |time| Bound { throttled: time / 5, both: time * 4 / 5, ..Bound::default() },
                Waiting::ToSend,
                Limit::Throttling,
            ),
            (|time| Bound { both: time / 2, ..Bound::default() }, Waiting::ToSend, Limit::Service),
            (|time| Bound { both: time / 2, ..Bound::default() }, Waiting::ForMemory, Limit::Memory),
            (|time| Bound { both: time / 2, ..Bound::default() }, Waiting::ForInput, Limit::Input),
        ];
        for (bound, waiting, limit) in rows {
            assert_eq!(measured(QUOTA, 5, bound, waiting).limit, Some(limit));
        }
        let lines = rows.map(|(bound, waiting, _)| measured(QUOTA, 5, bound, waiting).line());
        insta::assert_snapshot!(lines.join("\n"), @"
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, at the request quota
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, at the vector quota
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, at the quota
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, at the quota
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, slowed by throttling
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, waiting for responses
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, waiting for memory: raise --memory
        after 10 s: 50 %, 10 s left, 25,000 stored, 2,500 of 2,500 vectors/s, 5.0 of 5 requests/s, waiting for input
        ");
    }

    #[test]
    fn rates_are_those_of_the_last_seconds_and_silence_is_told() {
        let mut meter = Meter::new(UNLIMITED, Some(100_000));
        for second in 1..=40 {
            meter.take(seconds(second), counts(second.min(10), Bound::default()), Waiting::ToSend);
        }
        let figures =
            Figures { rejected: 2, ..meter.figures(seconds(40), counts(10, Bound::default()), 1.0) };
        let figures = Figures { unknown: 1, ..figures };
        insta::assert_snapshot!(figures.line(), @"after 40 s: 10 %, 5,000 stored, 2 rejected, 1 unknown, 0 vectors/s, 0.00 requests/s, nothing confirmed for 30 s");
    }

    #[test]
    fn a_rehearsal_tells_only_how_far_it_is() {
        let mut meter = Meter::new(QUOTA, Some(100_000));
        let checked = |batches| Counts { checked: Some(batches * 500), ..counts(batches, Bound::default()) };
        for second in 1..=10 {
            meter.take(seconds(second), checked(second), Waiting::ForInput);
        }
        let figures = Figures { left: None, ..meter.figures(seconds(10), checked(10), 1.0) };
        insta::assert_snapshot!(figures.line(), @"after 10 s: 10 %, 5,000 checked");
        assert_eq!(meter.limit_of_all(), None);
    }
}
