//! One key many times: the last occurrence in the input wins, whatever happens on the way.

use std::collections::{BTreeMap, BTreeSet};

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::support::{Home, TestService, renamed, run, unlimited};
use crate::trouble::{Running, json_lines, until};

const RECORDS: usize = 600;
const DIMENSION: usize = 3;

/// Records of few keys, and what must be stored of them: each key's last.
fn few_keys(records: usize, keys: u64, seed: u64) -> (String, BTreeMap<String, usize>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut text, mut last) = (String::new(), BTreeMap::new());
    for record in 0..records {
        let key = format!("shared-{}", random.u64(0..keys));
        text += &renamed(record, DIMENSION, &key);
        last.insert(key, record);
    }
    (text, last)
}

const STORM: [&str; 8] = [
    "op=PutVectors,probability=0.07,seed=1,status=500,apply=half",
    "op=PutVectors,probability=0.05,seed=2,reset=after",
    "op=PutVectors,probability=0.05,seed=3,reset=before",
    "op=PutVectors,probability=0.3,seed=4,latency=20ms",
    // Whole batches are refused and divided; no single record is, so that none is rejected.
    "op=PutVectors,nth=4,status=400",
    "op=PutVectors,nth=9,status=413",
    "op=PutVectors,max-body=600",
    "op=PutVectors,nth=20,status=503,code=QpsLimitExceeded,apply=half",
];

#[test]
fn the_last_occurrence_of_a_key_wins_in_any_weather() {
    std::thread::scope(|scope| {
        for (keys, seed, storm) in
            [(7, 1, false), (60, 2, false), (300, 3, false), (7, 4, true), (60, 5, true), (300, 6, true)]
        {
            scope.spawn(move || {
                let (home, service) = (Home::new(), TestService::start(unlimited()));
                service.trouble(if storm { &STORM } else { &[] });
                let (text, last) = few_keys(RECORDS, keys, seed);
                let input = home.write("vectors.jsonl", text);
                let ended = run(home.put(&service).arg(input).args(["--batch-size", "10", "--job", "8"]));
                let [read, stored, superseded] =
                    ended.assert_code(0).counts(["read", "stored", "superseded"]);
                assert_eq!((read, stored + superseded), (RECORDS as u64, RECORDS as u64));
                assert_eq!(service.held(), last, "{keys} keys, storm: {storm}");
            });
        }
    });
}

#[test]
fn a_value_whose_fate_was_unknown_does_not_come_back_over_a_later_one() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,probability=0.5,seed=9,status=500,apply=half"]);
    let (text, last) = few_keys(150, 60, 7);
    let input = home.write("vectors.jsonl", text);
    let mut load = home.put(&service);
    load.arg(&input).args([
        "--batch-size",
        "10",
        "--job",
        "8",
        "--retry-times",
        "0",
        "--max-rejects",
        "none",
    ]);
    run(load.args(["--rejects", "rejects.jsonl"])).assert_code(4);
    let number = |line: &serde_json::Value| {
        line["record"]["metadata"]["n"].as_str().unwrap().parse::<usize>().unwrap()
    };
    let rejected: BTreeSet<_> = json_lines(&home.path("rejects.jsonl")).iter().map(number).collect();
    let held = service.held();
    let stored: Vec<_> = last.iter().filter(|(_, record)| !rejected.contains(record)).collect();
    assert!(!stored.is_empty() && stored.len() < last.len(), "{} of {}", stored.len(), last.len());
    for (key, record) in stored {
        assert_eq!(held.get(key), Some(record), "{key}");
    }
}

#[test]
fn a_resumed_hole_brings_no_older_value_back() {
    let options = Options { latency: std::time::Duration::from_millis(5), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    // Some batches are slow, so that later ones are settled before them: those are the holes.
    service.trouble(&["op=PutVectors,every=4,latency=60ms"]);
    let (text, last) = few_keys(RECORDS, 120, 8);
    let input = home.write("vectors.jsonl", text);
    let mut random = fastrand::Rng::with_seed(8);
    let mut kills = 0;
    loop {
        let mut load = home.put(&service);
        load.arg(&input).args(["--batch-size", "10", "--job", "8", "--resume"]);
        let mut running = Running::start(&mut load);
        let moment = service.requests(Operation::PutVectors) + random.u64(2..30);
        until("the moment comes", || running.is_over() || service.requests(Operation::PutVectors) >= moment);
        if running.is_over() {
            running.end().assert_code(0);
            break;
        }
        running.kill();
        until("the service is at rest", || service.statistics().in_flight == 0);
        kills += 1;
    }
    assert!(kills > 3, "{kills}");
    assert_eq!(service.held(), last);
}
