//! When the trouble is not in the records: a service that takes no writes, or somebody else who answers for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{
    BUCKET, Ended, Home, INDEX, TestService, flawed, line, lines, renamed, run, unlimited, wanted,
};
use crate::trouble::{Running, rejects, until};

const DIMENSION: usize = 4;
/// A record of another input, with which the index is made.
const OTHER: usize = 9_999;

#[test]
fn an_outage_of_writes_stops_the_run_and_a_resume_finishes_it() {
    for fault in ["op=PutVectors,status=500,code=InternalError", "op=PutVectors,reset=before"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", lines(1_000, DIMENSION));
        run(home.put(&service).arg(home.write("first.jsonl", line(OTHER, DIMENSION)))).assert_code(0);
        service.trouble(&[fault]);
        let load = |more: &[&str]| {
            let mut command = home.put(&service);
            run(command
                .args(["a.jsonl", "--batch-size", "100", "--retry-times", "1", "--rejects", "r.jsonl"])
                .args(more))
        };
        let ended = load(&[]);
        let [stored, rejected, unknown, not_sent] =
            ended.assert_code(6).counts(["stored", "rejected", "unknown", "not_sent"]);
        assert_eq!((stored, rejected), (0, 0), "{fault}");
        assert!(unknown + not_sent > 0 && service.state().len() == 1, "{fault}");
        assert!(ended.stderr.contains("accepts no writes"), "{fault}: {}", ended.stderr);
        assert_eq!(rejects(&home.path("r.jsonl")), [], "{fault}");
        service.trouble(&[]);
        assert_eq!(load(&["--resume"]).assert_code(0).counts(["stored"]), [1_000], "{fault}");
        service.assert_holds_in(fault, &wanted((0..1_000).chain([OTHER]), DIMENSION));
    }
}

#[test]
fn a_batch_that_alone_is_never_taken_does_not_stop_the_others() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(40, DIMENSION));
    run(home.put(&service).arg(home.write("first.jsonl", line(OTHER, DIMENSION)))).assert_code(0);
    // The first of eight batches fails, and again when the service wants it; the others are sent and stored meanwhile.
    service.trouble(&["op=PutVectors,nth=1,status=500,retry-after=3", "op=PutVectors,nth=9,status=500"]);
    let mut command = home.put(&service);
    command.args([
        "a.jsonl",
        "--batch-size",
        "5",
        "--job",
        "2",
        "--retry-times",
        "1",
        "--rejects",
        "r.jsonl",
    ]);
    let ended = run(&mut command);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected", "not_sent"]), [35, 5, 0]);
    let reasons: Vec<_> = rejects(&home.path("r.jsonl")).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["not_stored"; 5]);
    run(home.put(&service).arg("r.jsonl")).assert_code(0);
    service.assert_holds(&wanted((0..40).chain([OTHER]), DIMENSION));
}

/// Answers everything with 200: a request for the index as the service would, anything else as a portal does.
fn portal(listener: &TcpListener) {
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        std::thread::spawn(move || answer_all(&stream));
    }
}

fn answer_all(stream: &TcpStream) {
    let mut input = BufReader::new(stream);
    let (mut is_index, mut length) = (false, 0);
    let mut line = String::new();
    while input.read_line(&mut line).unwrap_or(0) > 0 {
        is_index |= line.contains("?getVectorIndex");
        if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
        if line == "\r\n" {
            std::io::copy(&mut Read::by_ref(&mut input).take(length), &mut std::io::sink()).unwrap();
            let (header, body) = if is_index {
                (
                    "x-oss-request-id: 1\r\n",
                    r#"{"index":{"dimension":4,"distanceMetric":"euclidean","status":"enable"}}"#,
                )
            } else {
                ("", "<html>please log in</html>")
            };
            let head = format!("HTTP/1.1 200 OK\r\n{header}Content-Length: {}\r\n\r\n", body.len());
            let mut stream = stream;
            // Whoever has gone meanwhile needs no answer.
            stream.write_all((head + body).as_bytes()).unwrap_or_default();
            (is_index, length) = (false, 0);
        }
        line.clear();
    }
}

#[test]
fn a_page_of_somebody_else_is_not_taken_for_success() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || portal(&listener));
    home.write("a.jsonl", lines(10, DIMENSION));
    let ended = run(home.put_to(&format!("http://{address}")).args(["a.jsonl", "--retry-times", "1"]));
    assert_eq!(ended.assert_code(6).counts(["stored", "unknown"]), [0, 10]);
    assert!(ended.stderr.contains("not the service's response"), "{}", ended.stderr);
}

#[test]
fn an_outage_in_the_middle_of_a_load_rejects_no_good_record() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(2_000, DIMENSION));
    // Answers that come late belong to requests that were under way when the trouble began.
    service.trouble(&["op=PutVectors,latency=300ms"]);
    let mut running = Running::start(home.put(&service).args([
        "a.jsonl",
        "--batch-size",
        "50",
        "--job",
        "4",
        "--retry-times",
        "2",
    ]));
    until("some are stored", || {
        assert!(!running.is_over(), "the load ended before the outage");
        service.statistics().of(Operation::PutVectors).vectors_stored >= 200
    });
    service.trouble(&["op=PutVectors,latency=300ms,status=500,code=InternalError"]);
    let ended = running.end();
    assert_eq!(ended.assert_code(6).counts(["rejected"]), [0], "{}", ended.stderr);
    service.trouble(&[]);
    let resumed = run(home.put(&service).args(["a.jsonl", "--batch-size", "50", "--resume"]));
    assert_eq!(resumed.assert_code(0).counts(["rejected"]), [0]);
    service.assert_holds(&wanted(0..2_000, DIMENSION));
}

/// What a batch met before, while others were stored, says nothing about it.
#[test]
fn an_outage_rejects_no_record_whose_earlier_attempts_failed_for_other_reasons() {
    for trouble in [
        "status=503,code=QpsLimitExceeded,retry-after=1",
        "status=429,code=SlowDown,retry-after=1",
        "status=500,code=InternalError,retry-after=1",
        "status=502,apply=none,retry-after=1",
        "reset=before",
        "reset=after,apply=none",
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", lines(40, DIMENSION));
        let jobs = fastrand::usize(2..=5);
        // Of what was sent after the first failure, at least one batch is stored before the outage.
        let from = jobs + fastrand::usize(2..=3);
        service.trouble(&[
            &format!("op=PutVectors,nth=1,{trouble}"),
            &format!("op=PutVectors,from={from},status=500"),
        ]);
        let load = |more: &[&str]| {
            let mut load = home.put_sized(&service, DIMENSION);
            load.args(["a.jsonl", "--batch-size", "5", "--job", &jobs.to_string(), "--rejects", "r.jsonl"]);
            run(load.args(["--retry-times", "1"]).args(more))
        };
        let what = format!("{trouble}, then an outage from {from} on, {jobs} in flight");
        let ended = load(&[]);
        let stored = service.state().len() as u64;
        let counts = ended.assert_code(6).counts(["stored", "rejected", "unknown"]);
        assert_eq!(counts, [stored, 0, 0], "{what}: {}", ended.stderr);
        assert_eq!(rejects(&home.path("r.jsonl")), [], "{what}");
        service.trouble(&[]);
        load(&["--resume"]).assert_code(0);
        service.assert_holds_in(&what, &wanted(0..40, DIMENSION));
    }
}

/// A load of 200 records in four requests.
fn load_of_four(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    home.write("a.jsonl", lines(200, DIMENSION));
    run(home.put(service).args(["a.jsonl", "--batch-size", "50", "--job", "1"]).args(more))
}

#[test]
fn progress_that_is_given_up_or_missing_is_told_and_can_be_taken_up_again() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let load = |more: &[&str]| load_of_four(&home, &service, more);
    let ended = load(&["--resume"]);
    assert!(ended.stderr.contains("no earlier run to resume"), "{}", ended.stderr);
    let denied =
        |nth: u32| service.trouble(&[&format!("op=PutVectors,nth={nth},status=403,code=AccessDenied")]);
    denied(3);
    load(&[]).assert_code(2);
    // A run that settles nothing takes nothing away, and one that settles less does not count.
    for nth in [1, 2, 2] {
        denied(nth);
        let ended = load(&[]);
        assert!(
            ended.assert_code(2).stderr.contains("an earlier run settled 100 records"),
            "{nth}: {}",
            ended.stderr
        );
    }
    let ended = load(&["--dry-run"]);
    ended.assert_code(0);
    denied(2);
    let ended = load(&[]);
    let (_, told) = ended.stderr.split_once(" || mv ").unwrap();
    let (from, to) = told.lines().next().unwrap().split_once(' ').unwrap();
    std::fs::rename(from, to).unwrap();
    service.trouble(&[]);
    assert_eq!(load(&["--resume"]).assert_code(0).counts(["stored", "skipped"]), [100, 100]);
    // What a complete load leaves is its receipt, its state and the lock.
    let folder = std::path::Path::new(to).parent().unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 3);
}

/// A load of `a.jsonl` whose files are easily found.
fn kept_in_state(home: &Home, service: &TestService, more: &[&str]) -> Command {
    let mut load = home.put_sized(service, DIMENSION);
    load.args(["a.jsonl", "--batch-size", "50", "--job", "1", "--checkpoint-dir", "state"]).args(more);
    load
}

#[test]
fn a_run_that_forgets_to_resume_and_is_killed_leaves_journal_and_rejects_to_be_resumed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", flawed(200, DIMENSION, |record| record == 7));
    let load = |more: &[&str]| kept_in_state(&home, &service, more);
    service.trouble(&["op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    run(&mut load(&[])).assert_code(2);
    service.trouble(&["op=GetVectorIndex,hang"]);
    let before = service.requests(Operation::GetVectorIndex);
    let running = Running::start(&mut load(&[]));
    until("a request hangs", || service.requests(Operation::GetVectorIndex) > before);
    running.kill();
    service.trouble(&[]);
    let ended = run(&mut load(&["--resume"]));
    assert_eq!(ended.assert_code(4).counts(["skipped", "stored"]), [101, 99], "{}", ended.stderr);
    assert!(!ended.stderr.contains("no longer has all of them"), "{}", ended.stderr);
    let file = ended.summary()["rejects_file"].as_str().unwrap().to_owned();
    assert_eq!(rejects(&home.path(&file)), [("key-7".to_owned(), "dimension".to_owned())]);
}

#[test]
fn a_run_that_forgets_to_resume_and_has_sent_something_brings_no_older_value_back() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let key = |record: usize| if record == 60 { 3 } else { record };
    let records = (0..200).map(|record| renamed(record, DIMENSION, &format!("key-{}", key(record))));
    home.write("a.jsonl", records.collect::<String>());
    let load = |more: &[&str]| kept_in_state(&home, &service, more);
    service.trouble(&["op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    run(&mut load(&[])).assert_code(2);
    let newer = service.state()["key-3"].clone();
    service.trouble(&["op=PutVectors,nth=1,hang,apply=all"]);
    let before = service.requests(Operation::PutVectors);
    let running = Running::start(&mut load(&[]));
    until("the older value is back", || {
        service.requests(Operation::PutVectors) > before && service.state()["key-3"] != newer
    });
    running.kill();
    // Nor does a third run, which stores nothing, put the first one's journal back.
    service.trouble(&["op=PutVectors,status=403,code=AccessDenied"]);
    run(&mut load(&[])).assert_code(2);
    service.trouble(&[]);
    let ended = run(&mut load(&["--resume"]));
    assert_eq!(ended.assert_code(0).counts(["skipped", "stored"]), [0, 200], "{}", ended.stderr);
    assert!(ended.stderr.contains("an earlier run settled 100 records"), "{}", ended.stderr);
    assert_eq!(service.state()["key-3"], newer);
}

#[test]
fn a_load_whose_index_is_gone_does_not_go_on_as_if_it_were_there() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,nth=3,status=403,code=AccessDenied"]);
    load_of_four(&home, &service, &[]).assert_code(2);
    assert!(service.service.store().delete_index(BUCKET, INDEX).unwrap());
    service.trouble(&[]);
    let ended = load_of_four(&home, &service, &["--resume"]);
    let said = "cannot resume: index idx does not exist, but an earlier run stored 100 vectors in it";
    assert!(ended.assert_code(3).stderr.contains(said), "{}", ended.stderr);
    assert_eq!(ended.summary()["resume_command"], serde_json::Value::Null);
    assert_eq!(load_of_four(&home, &service, &[]).assert_code(0).counts(["stored", "skipped"]), [200, 0]);
}

#[test]
fn a_load_without_a_good_record_is_not_to_be_continued() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let ended = load_of_four(&home, &service, &["--dimension", "7", "--max-rejects", "10"]);
    assert!(
        ended.assert_code(4).stderr.contains("no record is valid: check --index-name"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("input cannot be resumed"), "{}", ended.stderr);
    assert_eq!(ended.summary()["resume_command"], serde_json::Value::Null);
    // Good records whose answer is still to come are good all the same.
    service.trouble(&["op=PutVectors,latency=300ms"]);
    home.write("b.jsonl", flawed(200, DIMENSION, |record| record >= 50));
    let mut load = home.put_sized(&service, DIMENSION);
    let ended = run(load.args(["b.jsonl", "--batch-size", "50", "--max-rejects", "10"]));
    assert_eq!(ended.assert_code(4).counts(["stored"]), [50]);
    assert!(!ended.stderr.contains("no record is valid"), "{}", ended.stderr);
}

#[test]
fn a_file_of_other_rejects_is_set_aside_and_one_that_cannot_be_is_told_first() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (number, more) in [(1, vec!["--rejects", "r.jsonl"]), (2, vec!["--rejects", "r.jsonl", "--dry-run"])]
    {
        home.write("r.jsonl", format!("precious {number}"));
        let ended = load_of_four(&home, &service, &more);
        let aside = format!("r.jsonl.{number}");
        let note = format!("note: moved the existing r.jsonl to {aside}");
        assert!(ended.assert_code(0).stderr.contains(&note), "{}", ended.stderr);
        assert_eq!(std::fs::read_to_string(home.path(&aside)).unwrap(), format!("precious {number}"));
        assert!(!home.path("r.jsonl").exists());
    }
    let before = service.requests(Operation::PutVectors);
    let ended = load_of_four(&home, &service, &["--rejects", "missing/r.jsonl"]);
    assert!(ended.assert_code(3).stderr.contains("cannot write the rejects file missing/r.jsonl"));
    assert_eq!(service.requests(Operation::PutVectors), before);
}
