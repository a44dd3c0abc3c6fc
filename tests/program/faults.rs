//! The fault matrix: every kind of trouble, at the first, a middle and the last request, alone and in company.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Home, TestService, lines, run, unlimited, wanted};
use crate::trouble::{audit, json_lines, rejects};

const BATCHES: usize = 12;
const BATCH: usize = 5;
const RECORDS: usize = BATCHES * BATCH;
const DIMENSION: usize = 4;

/// How a run with trouble has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As if nothing had been.
    Complete,
    /// With one record rejected.
    OneRejected,
    /// At once; what is missing follows when the trouble is over and the load resumed.
    Stopped,
    /// The same, for a reason that may pass by itself.
    Interrupted,
}

/// Name, faults (`N` is the request, `K` its first key), and the end.
const MATRIX: &[(&str, &[&str], End)] = &[
    ("500, nothing stored", &["op=PutVectors,nth=N,status=500"], End::Complete),
    ("500, half stored", &["op=PutVectors,nth=N,status=500,apply=half"], End::Complete),
    ("500, all stored", &["op=PutVectors,nth=N,status=500,apply=all"], End::Complete),
    (
        "503 of another kind, a part stored",
        &["op=PutVectors,nth=N,status=503,code=InternalError,apply=2"],
        End::Complete,
    ),
    ("504", &["op=PutVectors,nth=N,status=504"], End::Complete),
    ("408", &["op=PutVectors,nth=N,status=408"], End::Complete),
    ("400 that is a timeout", &["op=PutVectors,nth=N,status=400,code=RequestTimeout"], End::Complete),
    ("reset before", &["op=PutVectors,nth=N,reset=before"], End::Complete),
    ("reset after", &["op=PutVectors,nth=N,reset=after"], End::Complete),
    ("reset in the middle", &["op=PutVectors,nth=N,reset=after,apply=half"], End::Complete),
    ("hang", &["op=PutVectors,nth=N,hang"], End::Complete),
    ("hang with all stored", &["op=PutVectors,nth=N,hang,apply=all"], End::Complete),
    ("throttled by 503", &["op=PutVectors,nth=N,status=503,code=QpsLimitExceeded"], End::Complete),
    ("throttled by 429", &["op=PutVectors,nth=N,status=429,retry-after=1"], End::Complete),
    ("throttled, a part stored", &["op=PutVectors,nth=N,status=503,apply=3"], End::Complete),
    ("a clock that jumps", &["op=PutVectors,nth=N,skew=20m"], End::Complete),
    ("a clock that jumps back", &["op=PutVectors,nth=N,skew=-3h"], End::Complete),
    ("400 that does not come again", &["op=PutVectors,nth=N,status=400"], End::Complete),
    ("a poisoned record", &["refuse-key=K"], End::OneRejected),
    ("a poisoned record that is named", &["refuse-key=K,name-key"], End::OneRejected),
    ("413 once", &["op=PutVectors,nth=N,status=413"], End::Complete),
    ("413 for all that is long", &["op=PutVectors,max-body=420"], End::Complete),
    ("401", &["op=PutVectors,nth=N,status=401"], End::Stopped),
    ("403", &["op=PutVectors,nth=N,status=403"], End::Stopped),
    ("an expired token", &["op=PutVectors,nth=N,expired-token"], End::Interrupted),
    ("404 bucket", &["op=PutVectors,nth=N,status=404,code=NoSuchBucket"], End::Stopped),
    ("404 index", &["op=PutVectors,nth=N,status=404"], End::Stopped),
    ("405", &["op=PutVectors,nth=N,status=405,code=MethodNotAllowed"], End::Stopped),
    (
        "500 with half stored, then 403",
        &["op=PutVectors,nth=N,status=500,apply=half", "op=PutVectors,nth=M,status=403"],
        End::Stopped,
    ),
    (
        "500 with half stored, then 400, then 403",
        &[
            "op=PutVectors,nth=N,status=500,apply=half",
            "op=PutVectors,nth=M,status=400",
            "op=PutVectors,nth=L,status=403",
        ],
        End::Stopped,
    ),
];

fn try_once((name, faults, end): (&str, &[&str], End), request: usize, jobs: usize) {
    let what = format!("{name}, request {request}, {jobs} in flight");
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let key = format!("key-{}", (request - 1) * BATCH);
    let number = |ahead: usize| (request + ahead).to_string();
    let faults: Vec<_> = faults
        .iter()
        .map(|fault| {
            let fault = fault.replace("nth=N", &format!("nth={}", number(0)));
            let fault = fault.replace("nth=M", &format!("nth={}", number(1)));
            fault.replace("nth=L", &format!("nth={}", number(2))).replace("=K", &format!("={key}"))
        })
        .collect();
    service.trouble(&faults.iter().map(String::as_str).collect::<Vec<_>>());
    let input = home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
    let load = |events: &str, more: &[&str]| {
        let mut load = home.put(&service);
        load.arg(&input).args(["--batch-size", "5", "--read-timeout", "800ms", "--rejects", "rejects.jsonl"]);
        load.args(["--job", &jobs.to_string(), "--events", events]).args(more);
        run(&mut load)
    };
    let audit = |ended, events: &str| {
        let wanted = wanted(0..RECORDS, DIMENSION);
        audit(&what, ended, (&home.path(events), &home.path("rejects.jsonl")), &service.state(), &wanted);
    };
    let ended = load("events.jsonl", &[]);
    audit(&ended, "events.jsonl");
    let code = match end {
        End::Complete => 0,
        End::OneRejected => 4,
        End::Stopped => 2,
        End::Interrupted => 6,
    };
    assert_eq!(ended.code, Some(code), "{what}: {}", ended.stderr);
    let summary = ended.summary();
    if matches!(end, End::Stopped | End::Interrupted) {
        let command = summary["resume_command"].as_str();
        assert!(command.is_some_and(|command| command.ends_with("--resume")), "{what}: {summary:#}");
        service.trouble(&[]);
        let resumed = load("resumed.jsonl", &["--resume"]);
        audit(&resumed, "resumed.jsonl");
        assert_eq!(resumed.code, Some(0), "{what}: {}", resumed.stderr);
        let [skipped, read] = resumed.counts(["skipped", "read"]);
        assert_eq!(skipped + read, RECORDS as u64, "{what}");
    } else {
        assert_eq!(summary["resume_command"], serde_json::Value::Null, "{what}");
        assert_eq!(summary["read"], RECORDS, "{what}");
    }
    let rejected = (end == End::OneRejected).then_some((request - 1) * BATCH);
    let stored = (0..RECORDS).filter(|record| Some(*record) != rejected);
    service.assert_holds_in(&what, &wanted(stored, DIMENSION));
}

#[test]
fn every_trouble_at_every_moment_ends_with_exact_books() {
    for row in MATRIX {
        std::thread::scope(|scope| {
            for request in [1, BATCHES / 2, BATCHES] {
                for jobs in [1, 5] {
                    scope.spawn(move || try_once(*row, request, jobs));
                }
            }
        });
    }
}

#[test]
fn storms_end_with_exact_books_too() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&[
        "op=PutVectors,probability=0.15,seed=1,status=500,apply=half",
        "op=PutVectors,probability=0.15,seed=2,reset=after",
        "op=PutVectors,probability=0.15,seed=3,status=503,code=QpsLimitExceeded",
        "op=PutVectors,probability=0.1,seed=4,status=400",
        "refuse-key=key-123",
    ]);
    let input = home.write("vectors.jsonl", lines(400, DIMENSION));
    let mut load = home.put(&service);
    load.arg(input).args(["--batch-size", "20", "--rejects", "rejects.jsonl", "--events", "events.jsonl"]);
    let ended = run(&mut load);
    let all = wanted(0..400, DIMENSION);
    let (events, rejected) = (home.path("events.jsonl"), home.path("rejects.jsonl"));
    audit("a storm", &ended, (&events, &rejected), &service.state(), &all);
    // A record that alone meets the storm's own refusal twice in a row is taken for a bad one.
    let listed: BTreeMap<_, _> = rejects(&rejected).into_iter().collect();
    assert_eq!(listed.get("key-123").map(String::as_str), Some("refused"), "{listed:?}");
    assert!(listed.len() < 10, "{listed:?}");
    let counts = ended.assert_code(4).counts(["read", "stored", "rejected"]);
    assert_eq!(counts, [400, 400 - listed.len() as u64, listed.len() as u64]);
    let good = |record: &usize| !listed.contains_key(&format!("key-{record}"));
    service.assert_holds(&wanted((0..400).filter(good), DIMENSION));
}

/// When the `PutVectors` requests arrived.
fn arrivals(service: &TestService) -> Vec<Instant> {
    let seen = service.statistics().recent;
    let puts = seen.iter().filter(|seen| seen.operation == Some(Operation::PutVectors));
    let mut arrivals: Vec<_> = puts.map(|seen| seen.arrived).collect();
    arrivals.sort();
    arrivals
}

#[test]
fn a_wait_that_the_service_asks_for_is_kept_by_everybody() {
    for fault in ["status=503,retry-after=2", "status=429,retry-after=2", "status=500,retry-after=2"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&[&format!("op=PutVectors,nth=1,{fault}")]);
        let input = home.write("vectors.jsonl", lines(5, DIMENSION));
        run(home.put(&service).arg(input)).assert_code(0);
        let arrivals = arrivals(&service);
        assert_eq!(arrivals.len(), 2, "{fault}");
        assert!(arrivals[1].duration_since(arrivals[0]) >= Duration::from_secs(2), "{fault}");
    }
}

#[test]
fn a_throttled_answer_slows_everybody_down_and_is_told() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,nth=3,status=503,code=QpsLimitExceeded,retry-after=1"]);
    let input = home.write("vectors.jsonl", lines(60, DIMENSION));
    let mut load = home.put_paced(&service);
    load.args(["--batch-size", "5", "--requests-per-second", "40", "--events", "events.jsonl"]).arg(input);
    let ended = run(&mut load);
    assert_eq!(ended.assert_code(0).counts(["stored", "throttled"]), [60, 1]);
    let events = json_lines(&home.path("events.jsonl"));
    let paces: Vec<_> =
        events.iter().filter(|event| event["type"] == "throttle").map(|event| &event["pace"]).collect();
    assert_eq!(paces, [0.7]);
    // Nobody was given a turn while the service asked for peace, whatever was in flight by then.
    let arrivals = arrivals(&service);
    let longest = arrivals.windows(2).map(|pair| pair[1].duration_since(pair[0])).max().unwrap();
    assert!(longest >= Duration::from_millis(900), "{longest:?}");
}

fn try_at_a_pace(fault: &str) {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&[&format!("op=PutVectors,probability=0.6,seed=3,{fault}")]);
    let input = home.write("vectors.jsonl", lines(100, DIMENSION));
    let mut load = home.put_paced(&service);
    load.args(["--batch-size", "5", "--requests-per-second", "25", "--retry-max-time", "3s"]).arg(input);
    let ended = run(load.args(["--max-rejects", "none", "--rejects", "rejects.jsonl"]));
    let stored = ended.counts(["stored"])[0];
    assert!(service.state().len() as u64 >= stored, "{fault}");
    // A few more, since the way to a busy service takes one request longer than another.
    let (requests, _) = service.statistics().busiest_second();
    assert!(requests <= 28, "{fault}: {requests}");
}

#[test]
fn whatever_fails_no_second_sees_more_requests_than_the_pace() {
    std::thread::scope(|scope| {
        for fault in ["status=500", "reset=before", "status=429", "status=400"] {
            scope.spawn(|| try_at_a_pace(fault));
        }
    });
}

#[test]
fn the_budget_of_a_request_is_times_and_time() {
    // Beside the request itself, three records alone are tried as often.
    for (budget, most) in [(["--retry-times", "2"], 3 + 9), (["--retry-max-time", "1s"], 100)] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&["op=PutVectors,status=500"]);
        let input = home.write("vectors.jsonl", lines(5, DIMENSION));
        let begun = Instant::now();
        let ended = run(home.put(&service).arg(input).args(budget));
        assert_eq!(ended.assert_code(6).counts(["stored", "rejected", "not_sent"]), [0, 0, 5]);
        assert!(service.requests(Operation::PutVectors) <= most, "{budget:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{budget:?}: {:?}", begun.elapsed());
    }
}
