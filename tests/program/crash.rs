//! Runs that are killed at any moment and resumed until they are done.

use std::collections::BTreeMap;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::support::{Home, TestService, bzip2, flawed, gzip, lines, lz4, unlimited, wanted, xz};
use crate::trouble::{Running, journals, json_lines, settled, until};

const RECORDS: usize = 1_600;
const BATCH: usize = 20;
const DIMENSION: usize = 4;

/// One load, killed over and over.
struct Series {
    seed: u64,
    jobs: usize,
    /// The input's name and content.
    input: (&'static str, Vec<u8>),
    /// What the command line says beside it.
    options: &'static [&'static str],
    /// Records that are no good, by their number.
    bad: Vec<usize>,
    /// What the service refuses.
    faults: &'static [&'static str],
    code: i32,
}

/// What the kills of a series cost.
#[derive(Debug, Default)]
struct Cost {
    kills: usize,
    in_flight: usize,
    sent_again: usize,
}

impl Series {
    /// Kills and resumes until the load is done, and checks the state, the journal and the rejects.
    fn run(&self) -> Cost {
        let options = Options { log_keys: true, latency: std::time::Duration::from_millis(8), ..unlimited() };
        let (home, service) = (Home::new(), TestService::start(options));
        service.trouble(self.faults);
        let (name, content) = &self.input;
        let (input, checkpoints) = (home.write(name, content), home.path("state"));
        let load = || {
            let mut load = home.put_sized(&service, DIMENSION);
            load.arg(&input).args(["--resume", "--batch-size", "20", "--max-rejects", "none", "--job"]);
            load.arg(self.jobs.to_string()).args(self.options).args([
                "--checkpoint-dir",
                "state",
                "--rejects",
                "rejects.jsonl",
            ]);
            load
        };
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut cost = Cost::default();
        let mut journaled = Vec::new();
        loop {
            let seen = service.statistics().recent.len();
            let mut running = Running::start(&mut load());
            let moment = service.requests(Operation::PutVectors) + random.u64(0..4 * self.jobs as u64 + 8);
            until("the moment comes", || {
                running.is_over() || service.requests(Operation::PutVectors) >= moment
            });
            if running.is_over() {
                running.end().assert_code(self.code);
                break;
            }
            let ended = running.kill();
            assert_eq!(ended.code, None, "{}", ended.stderr);
            cost.kills += 1;
            until("the service is at rest", || service.statistics().in_flight == 0);
            let settled = settled(&checkpoints);
            let received = received(&service, seen);
            let unsettled = received.keys().filter(|record| !settled.contains(record)).count();
            assert!(unsettled <= self.jobs * BATCH, "{unsettled} vectors were in flight");
            cost.in_flight += unsettled;
            journaled.push((service.statistics().recent.len(), settled));
        }
        for (seen, settled) in journaled {
            let again: Vec<_> =
                received(&service, seen).into_keys().filter(|record| settled.contains(record)).collect();
            assert!(again.is_empty(), "settled, and sent again: {again:?}");
        }
        if self.faults.is_empty() {
            cost.sent_again = received(&service, 0).values().map(|times| times - 1).sum();
            assert!(cost.sent_again <= cost.in_flight, "{cost:?}");
        }
        let good = (0..RECORDS).filter(|record| !self.bad.contains(record));
        service.assert_holds(&wanted(good, DIMENSION));
        let rejected = json_lines(&home.path("rejects.jsonl"));
        let mut rejected: Vec<_> =
            rejected.iter().map(|line| line["rejected"]["record"].as_u64().unwrap()).collect();
        rejected.sort_unstable();
        assert_eq!(rejected, self.bad.iter().map(|record| *record as u64).collect::<Vec<_>>());
        assert!(journals(&checkpoints).is_empty(), "a complete load leaves no journal");
        cost
    }
}

/// How often the service received each record in the requests that it saw after the first `seen`.
fn received(service: &TestService, seen: usize) -> BTreeMap<u64, usize> {
    let mut times = BTreeMap::new();
    for request in service.statistics().recent.iter().skip(seen) {
        for key in request.keys.iter().filter(|_| request.operation == Some(Operation::PutVectors)) {
            *times.entry(key.strip_prefix("key-").unwrap().parse().unwrap()).or_insert(0) += 1;
        }
    }
    times
}

/// The input with some records that are no good.
fn flawed_at(bad: &[usize]) -> String {
    flawed(RECORDS, DIMENSION, |record| bad.contains(&record))
}

#[test]
fn killed_fifty_times_and_resumed_every_load_ends_with_exactly_its_input() {
    let bad: Vec<_> = (1..RECORDS).step_by(37).collect();
    // The service refuses one more, which costs splits.
    let bad_and_refused: Vec<_> = (1..RECORDS).filter(|record| record % 37 == 1 || *record == 777).collect();
    assert!(!bad.contains(&777));
    let plain = lines(RECORDS, DIMENSION);
    let mut all = Vec::new();
    for (seed, jobs) in [(1, 1), (2, 4), (3, 4), (4, 16)] {
        let plain = ("plain.jsonl", plain.clone().into_bytes());
        all.push(Series { seed, jobs, input: plain, options: &[], bad: vec![], faults: &[], code: 0 });
    }
    for (seed, jobs) in [(5, 2), (6, 16)] {
        let packed = ("packed.jsonl.gz", gzip(plain.as_bytes()));
        all.push(Series { seed, jobs, input: packed, options: &[], bad: vec![], faults: &[], code: 0 });
    }
    for (seed, jobs) in [(7, 2), (8, 8)] {
        let flawed = ("flawed.jsonl", flawed_at(&bad).into_bytes());
        all.push(Series { seed, jobs, input: flawed, options: &[], bad: bad.clone(), faults: &[], code: 4 });
    }
    for (seed, jobs) in [(9, 4), (10, 4)] {
        let flawed = ("flawed.jsonl.gz", gzip(flawed_at(&bad).as_bytes()));
        let bad = bad_and_refused.clone();
        all.push(Series {
            seed,
            jobs,
            input: flawed,
            options: &[],
            bad,
            faults: &["refuse-key=key-777"],
            code: 4,
        });
    }
    let costs: Vec<Cost> = std::thread::scope(|scope| {
        let halves: Vec<_> = all
            .chunks(5)
            .map(|half| scope.spawn(|| half.iter().map(Series::run).collect::<Vec<_>>()))
            .collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    let sum = |of: fn(&Cost) -> usize| costs.iter().map(of).sum::<usize>();
    let (kills, in_flight, sent_again) =
        (sum(|cost| cost.kills), sum(|cost| cost.in_flight), sum(|cost| cost.sent_again));
    #[expect(clippy::print_stderr, reason = "figures that are worth knowing")]
    {
        eprintln!("{kills} kills; {in_flight} vectors were in flight, {sent_again} were sent again");
    }
    assert!(kills >= 50, "{kills}");
}

#[test]
fn killed_again_and_again_a_load_of_any_compression_ends_with_exactly_its_input() {
    let text = lines(RECORDS, DIMENSION);
    for (seed, name, pack) in
        [(21, "a.jsonl.bz2", bzip2 as fn(&[u8]) -> Vec<u8>), (22, "a.jsonl.xz", xz), (23, "a.jsonl.lz4", lz4)]
    {
        let input = (name, pack(text.as_bytes()));
        let cost = Series { seed, jobs: 2, input, options: &[], bad: vec![], faults: &[], code: 0 }.run();
        assert!(cost.kills > 0, "{name}");
    }
}

#[test]
fn killed_again_and_again_a_load_of_decoded_text_ends_with_exactly_its_input() {
    let text = lines(RECORDS, DIMENSION).replace("{\"key\"", "{\"备注\":\"文本\",\"key\"");
    let bad = text.replacen("\"key-77\"", "\"key-77\u{e000}\"", 1);
    let gb18030 = encoding_rs::GB18030.encode(&text).0.into_owned();
    // A byte that begins a character, and a quote that ends none.
    let mut broken = encoding_rs::GB18030.encode(&bad).0.into_owned();
    let at = broken.windows(2).position(|pair| pair == encoding_rs::GB18030.encode("\u{e000}").0.as_ref());
    broken.remove(at.unwrap() + 1);
    let utf16 = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let named = &["--encoding", "gb18030"][..];
    for (seed, input, options, bad) in [
        (11, ("a.jsonl", gb18030.clone()), named, vec![]),
        (12, ("a.jsonl.gz", gzip(&gb18030)), named, vec![]),
        (13, ("a.jsonl", broken), named, vec![77]),
        (14, ("a.jsonl", utf16), &[], vec![]),
    ] {
        let code = if bad.is_empty() { 0 } else { 4 };
        let cost = Series { seed, jobs: 2, input, options, bad, faults: &[], code }.run();
        assert!(cost.kills > 0, "{seed}");
    }
}
