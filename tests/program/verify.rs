//! `ossvec verify`: the command line of a load, a sample, a pace of its own, and nothing that is changed.

#[cfg(target_os = "linux")]
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::json;

use crate::odd::{self, Asked, Odd};
use crate::support::{Ended, Home, TestService, line, lines, renamed, run, run_with_input, unlimited};
use crate::trouble::json_lines;
#[cfg(target_os = "linux")]
use crate::trouble::{Running, until};
use crate::verifying::{Api, DIMENSION, findings, found, verify};

#[test]
fn a_command_line_of_a_load_verifies_it_with_one_word_changed_and_changes_nothing() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(250, DIMENSION));
    let words = |command: &str| {
        let mut words = home.put_as(&[command], &service);
        words.args([
            "a.jsonl",
            "--non-filterable-metadata-keys",
            "n",
            "--batch-size",
            "500",
            "--verify",
            "all",
        ]);
        words.args(["--max-rejects", "5%", "--dimension", "4", "--resume", "--checkpoint-dir", "state"]);
        words
    };
    // There is no index yet: a verification does not make one.
    let ended = run(&mut words("verify"));
    assert_eq!(ended.assert_code(2).summary()["error_code"], "no_such_index");
    assert_eq!(ended.summary()["advice"], "check --bucket and --index-name");
    run(&mut words("put-vectors")).assert_code(0);
    let state = service.state();
    let seen = service.statistics().recent.len();
    // The receipt of the load completes no verification, nor does one verification the next.
    for _ in 0..2 {
        let ended = run(&mut words("verify"));
        assert_eq!(found(ended.assert_code(0)), [250, 0, 0, 0]);
        assert_eq!(ended.summary()["already_complete"], false);
        assert_eq!(ended.counts(["attempts"]), [3]);
    }
    let operations: Vec<_> =
        service.statistics().recent.iter().skip(seen).map(|seen| seen.operation.unwrap()).collect();
    let reads = [Operation::GetVectorIndex, Operation::GetVectors];
    assert!(operations.iter().all(|operation| reads.contains(operation)), "{operations:?}");
    assert_eq!(service.state(), state);
    let again = run(&mut words("put-vectors"));
    assert_eq!(again.assert_code(0).summary()["already_complete"], true, "{}", again.stdout);
}

#[test]
fn a_sample_is_the_same_each_time_and_says_what_was_not_checked() {
    let (home, service) = (Home::new(), TestService::start(Options { log_keys: true, ..unlimited() }));
    home.write("a.jsonl", lines(5_000, DIMENSION));
    home.write("b.jsonl", [lines(5_000, DIMENSION), line(5_000, DIMENSION + 1)].concat());
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    let checked = |words: &[&str]| {
        let seen = service.statistics().recent.len();
        let ended = run(&mut verify(&home, &service, words));
        let statistics = service.statistics();
        let keys: std::collections::BTreeSet<_> =
            statistics.recent.iter().skip(seen).flat_map(|seen| seen.keys_read.clone()).collect();
        (keys, ended)
    };
    let (keys, ended) = checked(&["a.jsonl", "--sample", "10%"]);
    let verified = ended.assert_code(0).summary()["verified"].take();
    let sampled = verified["checked"].as_u64().unwrap();
    assert!((400..600).contains(&sampled), "{verified:#}");
    assert_eq!(verified["equal"], sampled);
    assert_eq!(
        (&verified["not_checked"], &verified["not_sampled"]),
        (&json!(5_000 - sampled), &json!(5_000 - sampled))
    );
    assert_eq!(verified["sample_percent"], 10.0);
    // Whatever else there is, and in whatever batches; a batch is as large as any other.
    let (again, ended) = checked(&["b.jsonl", "--sample", "10.0%", "--dimension", "4", "--batch-size", "33"]);
    assert_eq!((again.len() as u64, &again), (sampled, &keys));
    assert_eq!(ended.assert_code(4).counts(["rejected", "batches"]), [1, sampled.div_ceil(33)]);
    let (smaller, _) = checked(&["a.jsonl", "--sample", "2.5%"]);
    assert!(smaller.is_subset(&keys) && !smaller.is_empty());
    // What is deleted outside of it is not missed.
    let api = Api::of(&service);
    let outside = (0..5_000).map(|record| format!("key-{record}")).find(|key| !keys.contains(key)).unwrap();
    let inside = keys.first().unwrap();
    api.delete(&outside);
    checked(&["a.jsonl", "--sample", "10%"]).1.assert_code(0);
    api.delete(inside);
    let (_, ended) = checked(&["a.jsonl", "--sample", "10%", "--rejects", "r.jsonl"]);
    assert_eq!(found(ended.assert_code(4))[1..3], [0, 1]);
    assert_eq!(findings(&home, "r.jsonl").keys().collect::<Vec<_>>(), [inside]);
}

#[test]
fn standard_input_is_verified_as_files_are() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let text = [lines(300, DIMENSION), renamed(999, DIMENSION, "key-3"), line(5, DIMENSION + 1)].concat();
    home.write("a.jsonl", &text);
    run(home.put_sized(&service, DIMENSION).arg("a.jsonl")).assert_code(4);
    let ended = run_with_input(&mut verify(&home, &service, &["-", "--dimension", "4"]), text.clone().into());
    assert_eq!(found(ended.assert_code(4)), [300, 0, 0, 2]);
    assert_eq!(ended.counts(["rejected", "superseded"]), [1, 1]);
    Api::of(&service).delete("key-3");
    let mut command = home.aimed(&["verify"], &service);
    let ended = run_with_input(command.args(["-", "--dimension", "4", "--rejects", "r.jsonl"]), text.into());
    let told = ended.assert_code(4).stdout.clone();
    let told: Vec<_> =
        told.lines().filter(|line| !line.starts_with("time") && !line.starts_with("pace")).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    equal       299 of 300 vectors checked, in bucket test-bucket, index idx
    missing     1 vector, in r.jsonl
                first at (stdin):301: the index has no vector with this key
    rejected    1 record, not checked, in r.jsonl
                1 × dimension, first at (stdin):302: the vector has 5 elements; the dimension is 4
    superseded  1 by later records with the same key
    next        fix 1 rejected record in r.jsonl, then load r.jsonl to repair the index: put-vectors with that file as its input, --index-name idx and another --rejects
    ");
}

#[test]
fn the_local_service_inside_the_command_is_verified() {
    let home = Home::new();
    home.write("docs.jsonl", lines(250, DIMENSION));
    let of = |command: &str| {
        let mut words = home.ossvec();
        words.args([command, "docs.jsonl", "--local", "--data-dir", "data", "--output-format", "json"]);
        run(&mut words)
    };
    // Nothing is made where nothing is.
    assert_eq!(of("verify").assert_code(2).summary()["error_code"], "no_such_index");
    of("put-vectors").assert_code(0);
    assert_eq!(found(of("verify").assert_code(0)), [250, 0, 0, 0]);
    home.write("docs.jsonl", lines(251, DIMENSION));
    assert_eq!(found(of("verify").assert_code(4)), [250, 0, 1, 0]);
}

#[test]
fn a_verification_keeps_its_own_pace() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(1_500, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    let paced = |words: &[&str]| {
        let _alone = crate::support::alone_on_the_machine();
        let mut command = home.aimed(&["verify"], &service);
        command.args(["a.jsonl", "--output-format", "json"]).args(words);
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(found(ended.assert_code(0))[0], 1_500);
        ended.summary()
    };
    // Ten of the fifteen requests leave within the first second.
    let summary = paced(&[]);
    assert_eq!(summary["quota"], json!({ "requests_per_second": 10.0, "vectors_per_second": null }));
    assert!(summary["elapsed_ms"].as_u64().unwrap() >= 900, "{summary:#}");
    let summary = paced(&["--requests-per-second", "0", "--vectors-per-second", "1000"]);
    assert!(summary["elapsed_ms"].as_u64().unwrap() >= 900, "{summary:#}");
    let summary = paced(&["--requests-per-second", "0"]);
    assert_eq!(summary["quota"], json!({ "requests_per_second": null, "vectors_per_second": null }));
}

/// A key that the service does not look up is no reason to look up no other one.
#[test]
fn a_key_that_the_service_refuses_costs_only_its_own_record() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(500, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    service.trouble(&["op=GetVectors,refuse-key=key-77"]);
    let ended = run(&mut verify(&home, &service, &["a.jsonl", "--rejects", "r.jsonl"]));
    let rejected: Vec<_> = crate::trouble::rejects(&home.path("r.jsonl"));
    assert_eq!(rejected, [("key-77".to_owned(), "refused".to_owned())], "{}", ended.stderr);
    assert_eq!(found(ended.assert_code(4)), [499, 0, 0, 1]);
    // Where it refuses all of them, nothing is said of single records.
    service.trouble(&["op=GetVectors,status=400"]);
    let ended = run(&mut verify(&home, &service, &["a.jsonl", "--resume"]));
    assert_eq!(ended.assert_code(2).counts(["rejected", "stored"]), [0, 0]);
    assert!(service.requests(Operation::GetVectors) < 200);
}

#[test]
fn more_findings_than_allowed_end_the_run_and_those_taken_back_do_not_count() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let newer: String =
        (0..200).map(|record| renamed(record + 500, DIMENSION, &format!("key-{record}"))).collect();
    home.write("a.jsonl", newer);
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    home.write(
        "b.jsonl",
        [lines(5, DIMENSION), std::fs::read_to_string(home.path("a.jsonl")).unwrap()].concat(),
    );
    let options = ["b.jsonl", "--max-rejects", "5", "--batch-size", "5"];
    run(&mut verify(&home, &service, &options)).assert_code(0);
    home.write("b.jsonl", lines(200, DIMENSION));
    let ended = run(&mut verify(&home, &service, &options));
    assert_eq!(ended.assert_code(4).summary()["error_code"], "too_many_rejects");
    assert!(found(&ended)[1] < 200, "{}", ended.stdout);
}

#[test]
fn events_tell_each_finding_and_say_that_it_is_a_verification() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(10, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    Api::of(&service).delete("key-3");
    run(&mut verify(&home, &service, &["a.jsonl", "--events", "e.jsonl"])).assert_code(4);
    let events = json_lines(&home.path("e.jsonl"));
    assert_eq!((&events[0]["type"], &events[0]["verify"]), (&json!("run_start"), &json!(true)));
    let rejects: Vec<_> = events.iter().filter(|event| event["type"] == "reject").collect();
    assert_eq!((&rejects[0]["key"], &rejects[0]["reason"]), (&json!("key-3"), &json!("missing")));
    assert_eq!(events.last().unwrap()["summary"]["verified"]["missing"], 1);
}

/// Its batches are let go one after another, and what it finds is on disk.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_flat_however_much_there_is_to_compare_and_to_find() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let peak = |records: usize, words: &[&str]| {
        let mut text = String::new();
        (0..records).for_each(|record| text.write_str(&line(record, 64)).unwrap());
        home.write("a.jsonl", text);
        // The answer to the last of all requests does not come until the peak is known.
        let last = service.requests(Operation::GetVectors) + (records as u64).div_ceil(100);
        service.trouble(&["op=GetVectors,latency=1ms"]);
        let mut command =
            verify(&home, &service, &["a.jsonl", "--memory", "4MiB", "--job", "4", "--progress", "none"]);
        let running = Running::start(command.args(words));
        let mut peak = 0;
        until("all are read", || {
            let status =
                std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
            peak = peak.max(now.unwrap_or_default());
            now.is_none() || service.requests(Operation::GetVectors) >= last
        });
        running.end();
        peak
    };
    home.write("first.jsonl", line(0, 64));
    run(home.put(&service).arg("first.jsonl")).assert_code(0);
    // All but one are missing.
    let (few, many) = (peak(10_000, &[]), peak(40_000, &[]));
    assert!(many < few + (6 << 10), "{few} KiB with 10,000 findings, {many} KiB with 40,000");
    home.write("first.jsonl", (0..40_000).map(|record| line(record, 64)).collect::<String>());
    run(home.put(&service).arg("first.jsonl")).assert_code(0);
    let (few, many) = (peak(10_000, &[]), peak(40_000, &[]));
    assert!(many < few + (6 << 10), "{few} KiB with 10,000 vectors, {many} KiB with 40,000");
    // Of each block a few vectors are left, which must not keep its text.
    let sampled = peak(40_000, &["--sample", "5%"]);
    assert!(sampled < many + (6 << 10), "{many} KiB for all, {sampled} KiB for a sample");
}

/// Says to so many requests for vectors what is no answer.
struct Garbled(u64);

impl Odd for Garbled {
    fn answer(&self, client: &mut TcpStream, asked: &Asked) -> std::io::Result<Vec<u8>> {
        // The first request that is none of writing looks at the index.
        let is_garbled = asked.head.contains("?getVectors ") && asked.number <= 1 + self.0;
        let answer = if is_garbled {
            odd::answer("200 OK", &format!("x-oss-request-id: {}\r\n", asked.number), b"{\"vectors\":[{")
        } else {
            asked.pass_on()
        };
        client.write_all(&answer).map(|()| answer)
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_asked_for_again_and_ends_the_run_in_the_end() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(10, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    for (garbled, code) in [(2, 0), (3, 2)] {
        let address = odd::start(service.address, Garbled(garbled));
        let mut command = home.aimed_at(&["verify"], &format!("http://{address}"));
        let ended = run(command.args(["a.jsonl", "--output-format", "json"]));
        let summary = ended.assert_code(code).summary();
        let equal = if code == 0 { 10 } else { 0 };
        assert_eq!((&summary["stored"], &summary["not_sent"]), (&json!(equal), &json!(10 - equal)));
        if code != 0 {
            assert_eq!(summary["error_code"], "not_the_service");
            assert_eq!(
                summary["error"],
                "the response to GetVectors cannot be used: the response is invalid at line 1, column 13"
            );
        }
    }
}
