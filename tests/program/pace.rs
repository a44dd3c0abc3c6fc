//! The pace, judged by a service that lets no second hold more than the quota: nothing is throttled, and next to
//! nothing of the quota is left unused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, alone_on_the_machine, lines, say, wanted};

/// So much of the quota is to be used between the first request and the last.
const LEAST_USED: f64 = 0.99;

/// A load against a quota.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    requests_per_second: f64,
    vectors_per_second: f64,
    latency: Duration,
    batch: usize,
    batches: usize,
}

const CASES: [Case; 4] = [
    Case {
        name: "full batches at the documented quota",
        requests_per_second: 5.0,
        vectors_per_second: 2_500.0,
        latency: Duration::ZERO,
        batch: 500,
        batches: 26,
    },
    Case {
        name: "a service that takes a second for each answer",
        requests_per_second: 5.0,
        vectors_per_second: 2_500.0,
        latency: Duration::from_secs(1),
        batch: 500,
        batches: 26,
    },
    Case {
        name: "a service that takes two seconds for each answer",
        requests_per_second: 5.0,
        vectors_per_second: 2_500.0,
        latency: Duration::from_secs(2),
        batch: 500,
        batches: 26,
    },
    Case {
        name: "vectors a second as the tighter axis",
        requests_per_second: 5.0,
        vectors_per_second: 1_000.0,
        latency: Duration::ZERO,
        batch: 250,
        batches: 21,
    },
];

/// What the service saw of a load.
#[derive(Debug)]
#[expect(dead_code, reason = "the figures are printed")]
struct Measured {
    throttled: u64,
    /// The part of the quota that was used between the first request and the last.
    used: f64,
    /// So much longer than the quota asks for was the time between them.
    lost: Duration,
    most_in_flight: usize,
    busiest_second: (usize, usize),
}

fn measure(case: Case) -> Measured {
    let (home, service) = (
        Home::new(),
        TestService::start(Options {
            requests_per_second: case.requests_per_second,
            vectors_per_second: case.vectors_per_second,
            latency: case.latency,
            ..Options::default()
        }),
    );
    let records = case.batch * case.batches;
    let mut command = home.put_paced(&service);
    command.arg(home.write("vectors.jsonl", lines(records, 4)));
    command.args(["--batch-size", &case.batch.to_string()]);
    command.args(["--vectors-per-second", &case.vectors_per_second.to_string()]);
    let ended: Ended = command.output().unwrap().into();
    ended.assert_code(0);
    service.assert_holds(&wanted(0..records, 4));
    let statistics = service.statistics();
    let puts = statistics.of(Operation::PutVectors);
    let between = puts.last.unwrap().duration_since(puts.first.unwrap()).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let quota = (1.0 / case.requests_per_second).max(case.batch as f64 / case.vectors_per_second)
        * (case.batches - 1) as f64;
    Measured {
        throttled: puts.throttled + ended.counts(["throttled"])[0],
        used: quota / between,
        lost: Duration::from_secs_f64((between - quota).max(0.0)),
        most_in_flight: statistics.most_in_flight,
        busiest_second: statistics.busiest_second(),
    }
}

impl Measured {
    fn is_good(&self) -> bool {
        self.throttled == 0 && self.used >= LEAST_USED
    }
}

/// A bad measurement counts at once if the machine was quiet meanwhile, or was late by less than what was lost. Otherwise
/// it is made again, so often in all; the last one counts in any case.
const MEASUREMENTS: usize = 12;
/// A turn wakes up several threads one after the other, each of which may be as late as the one that watches.
const WAKE_UPS_A_TURN: u32 = 4;
/// On a quiet machine nobody who sleeps is woken up so much too late; the pacer allows for a little more.
const QUIET: Duration = Duration::from_millis(3);

/// By how much a thread that sleeps was woken up too late.
#[derive(Clone, Copy, Debug, Default)]
struct Lateness {
    most: Duration,
    /// Over all times at which the machine was not quiet.
    all: Duration,
}

impl Lateness {
    /// Whether a quiet machine would have done better.
    fn excuses(self, measured: &Measured) -> bool {
        self.most > QUIET && measured.lost <= self.all * WAKE_UPS_A_TURN
    }
}

/// Sees how busy the machine is: sleeps over and over, and notes by how much it was woken up too late.
struct Witness {
    stop: Arc<AtomicBool>,
    watching: JoinHandle<Lateness>,
}

impl Witness {
    fn start() -> Self {
        const NAP: Duration = Duration::from_millis(5);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watching = std::thread::spawn(move || {
            let mut lateness = Lateness::default();
            while !stopped.load(Ordering::Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(NAP);
                let late = begun.elapsed().saturating_sub(NAP);
                lateness.most = lateness.most.max(late);
                lateness.all += if late > QUIET { late } else { Duration::ZERO };
            }
            lateness
        });
        Self { stop, watching }
    }

    fn stop(self) -> Lateness {
        self.stop.store(true, Ordering::Relaxed);
        self.watching.join().unwrap()
    }
}

fn measure_until_it_counts(case: Case) {
    for number in 1..=MEASUREMENTS {
        let witness = Witness::start();
        let measured = measure(case);
        let late = witness.stop();
        say(&format!("{}: {measured:?}; the machine: {late:?}", case.name));
        if measured.is_good() {
            let is_slow = case.latency > Duration::ZERO;
            assert!(!is_slow || measured.most_in_flight > 3, "{}: {measured:?}", case.name);
            return;
        }
        let counts = number == MEASUREMENTS || !late.excuses(&measured);
        assert!(!counts, "{}: {measured:?}, {late:?}", case.name);
        say("that was not good, but the machine was busy with something else, so it is measured again");
    }
}

/// Each case has its service and its program, and all of them wait most of the time, so they run side by side.
#[test]
fn the_quota_is_used_up_and_never_exceeded() {
    let _alone = alone_on_the_machine();
    let measuring = CASES.map(|case| std::thread::spawn(move || measure_until_it_counts(case)));
    let outcomes = measuring.map(JoinHandle::join);
    assert!(outcomes.iter().all(Result::is_ok), "see above");
}
