//! Batches that are never taken: whether their records are at fault or the service takes no writes, wherever they stand.

use std::collections::BTreeSet;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, lines, run, unlimited, wanted};
use crate::trouble::rejects;

const RECORDS: usize = 60;
const BATCH: usize = 10;

fn load(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    let mut load = home.put_sized(service, 4);
    load.args(["a.jsonl", "--batch-size", "10", "--retry-times", "1", "--rejects", "r.jsonl"]);
    run(load.args(more))
}

/// The keys that the rejects file lists as not stored, in the input's order.
fn not_stored(home: &Home) -> Vec<usize> {
    let number = |(key, reason): (String, String)| {
        assert_eq!(reason, "not_stored", "{key}");
        key.trim_start_matches("key-").parse().unwrap()
    };
    let mut numbers: Vec<usize> = rejects(&home.path("r.jsonl")).into_iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// The records of the batches that hold these.
fn batches_of(records: &[usize]) -> Vec<usize> {
    let batches: BTreeSet<usize> = records.iter().map(|record| record / BATCH).collect();
    batches.into_iter().flat_map(|batch| batch * BATCH..(batch + 1) * BATCH).collect()
}

#[test]
fn a_batch_that_is_never_taken_goes_to_the_rejects_wherever_it_stands() {
    let random = fastrand::usize(..RECORDS);
    for jobs in ["1", "5"] {
        for failing in [vec![59], vec![33], vec![3], vec![45, 55], vec![5, 15, 52], vec![random]] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write("a.jsonl", lines(RECORDS, 4));
            let faults: Vec<_> = failing.iter().map(|record| format!("fail-key=key-{record}")).collect();
            service.trouble(&faults.iter().map(String::as_str).collect::<Vec<_>>());
            let what = format!("{failing:?}, {jobs} in flight");
            let ended = load(&home, &service, &["--job", jobs]);
            let left = batches_of(&failing);
            // Where nothing was stored before, a record was sent alone to see whether the service takes any.
            let stored: BTreeSet<String> = service.state().into_keys().collect();
            let mut listed = not_stored(&home);
            let alone: Vec<usize> =
                left.iter().copied().filter(|record| stored.contains(&format!("key-{record}"))).collect();
            assert!(
                alone.len() <= 1 && (alone.is_empty() || failing.iter().any(|record| *record < BATCH)),
                "{what}: {alone:?}"
            );
            let counts = [(stored.len()) as u64, (RECORDS - stored.len()) as u64];
            assert_eq!(
                ended.assert_code(4).counts(["stored", "rejected"]),
                counts,
                "{what}: {}",
                ended.stderr
            );
            listed.extend(alone);
            listed.sort_unstable();
            assert_eq!(listed, left, "{what}");
            let probes = service.requests(Operation::PutVectors) - (RECORDS / BATCH + failing.len()) as u64;
            assert!(probes <= 9 * failing.len() as u64, "{what}: {probes} further requests");
            service.trouble(&[]);
            run(home.put(&service).arg("r.jsonl")).assert_code(0);
            service.assert_holds(&wanted(0..RECORDS, 4));
        }
    }
}

/// Nothing has ever been stored, and nothing else is there to compare with.
#[test]
fn the_only_batch_of_a_load_is_tried_record_by_record_before_it_is_called_an_outage() {
    for (fault, is_outage) in [
        ("fail-key=key-7", false),
        ("op=PutVectors,status=500", true),
        ("op=PutVectors,reset=before", true),
        ("op=PutVectors,status=503,code=InternalError,apply=none", true),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", lines(BATCH, 4));
        service.trouble(&[fault]);
        let ended = load(&home, &service, &[]);
        if is_outage {
            ended.assert_code(6);
            assert!(ended.stderr.contains("accepts no writes"), "{fault}: {}", ended.stderr);
            assert_eq!((rejects(&home.path("r.jsonl")), service.state().len()), (vec![], 0), "{fault}");
            assert!(service.requests(Operation::PutVectors) <= 2 + 9, "{fault}");
        } else {
            assert_eq!(
                ended.assert_code(4).counts(["stored", "rejected"]),
                [1, 9],
                "{fault}: {}",
                ended.stderr
            );
        }
        service.trouble(&[]);
        if is_outage {
            load(&home, &service, &["--resume"]).assert_code(0);
        } else {
            run(home.put(&service).arg("r.jsonl")).assert_code(0);
        }
        service.assert_holds(&wanted(0..BATCH, 4));
    }
}

/// An outage that begins at any batch rejects nothing, and ends exactly once the service is back.
#[test]
fn an_outage_at_any_batch_is_resumed_and_rejects_nothing() {
    for jobs in ["1", "5", "64"] {
        for fault in ["status=500", "status=500,apply=half", "reset=before", "reset=after,apply=none"] {
            let from = fastrand::usize(1..=RECORDS / BATCH);
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write("a.jsonl", lines(RECORDS, 4));
            service.trouble(&[&format!("op=PutVectors,from={from},{fault}")]);
            let what = format!("{fault} from {from} on, {jobs} in flight");
            let ended = load(&home, &service, &["--job", jobs]);
            let [stored, unknown] = ended.counts(["stored", "unknown"]);
            assert_eq!((usize::try_from(stored).unwrap(), unknown), (service.state().len(), 0), "{what}");
            if !fault.contains("half") {
                ended.assert_code(6);
                assert_eq!(rejects(&home.path("r.jsonl")), [], "{what}");
            }
            service.trouble(&[]);
            load(&home, &service, &["--resume", "--job", jobs]);
            run(home.put(&service).args(["r.jsonl", "--rejects", "again.jsonl"]));
            service.assert_holds(&wanted(0..RECORDS, 4));
        }
    }
}

/// What earlier runs stored is known: refused records where a resume begins are no sign that the request is wrong.
#[test]
fn bad_records_where_a_resume_begins_do_not_stop_it() {
    for jobs in ["1", "5"] {
        for bad in [20..29, 20..36, 25..41, 21..30] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            home.write("a.jsonl", lines(200, 4));
            let faults: Vec<_> = bad.clone().map(|record| format!("refuse-key=key-{record}")).collect();
            let faults: Vec<_> = faults.iter().map(String::as_str).collect();
            let what = format!("{bad:?}, {jobs} in flight");
            let load = |more: &[&str]| {
                let mut load = home.put_sized(&service, 4);
                load.args(["a.jsonl", "--batch-size", "20", "--rejects", "r.jsonl"]);
                run(load.args(more))
            };
            service.trouble(&["op=PutVectors,from=2,status=403,code=AccessDenied"]);
            load(&["--job", "1"]).assert_code(2);
            service.trouble(&faults);
            let ended = load(&["--resume", "--job", jobs]);
            ended.assert_code(4);
            assert_eq!(rejects(&home.path("r.jsonl")).len(), bad.len(), "{what}: {}", ended.stderr);
            service.assert_holds(&wanted((0..200).filter(|record| !bad.contains(record)), 4));
        }
    }
}

/// More batches in flight than may be in doubt for other reasons.
#[test]
fn an_outage_with_many_requests_in_flight_rejects_nothing() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(200, 4));
    service.trouble(&["op=PutVectors,from=2,status=500"]);
    let load = |more: &[&str]| {
        let mut load = home.put_sized(&service, 4);
        load.args([
            "a.jsonl",
            "--batch-size",
            "2",
            "--job",
            "64",
            "--retry-times",
            "0",
            "--rejects",
            "r.jsonl",
        ]);
        run(load.args(more))
    };
    load(&[]).assert_code(6);
    assert_eq!(rejects(&home.path("r.jsonl")), []);
    service.trouble(&[]);
    load(&["--resume"]).assert_code(0);
    service.assert_holds(&wanted(0..200, 4));
}
