//! Verifications that stop and are continued, and journals that are no load's.

use std::collections::BTreeMap;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{BUCKET, Home, INDEX, TestService, lines, renamed, run, unlimited};
use crate::trouble::{Running, until};
use crate::verifying::{Api, DIMENSION, findings, found, verify};

/// A finding that an earlier run listed is taken back by a later record of this one, and counts no more.
#[test]
fn a_record_whose_key_comes_again_in_a_resumed_run_is_no_finding() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(300, DIMENSION));
    let newer: String =
        (0..300).map(|record| renamed(record + 1_000, DIMENSION, &format!("key-{record}"))).collect();
    home.write("b.jsonl", newer);
    run(home.put(&service).args(["a.jsonl", "b.jsonl"])).assert_code(0);
    Api::of(&service).delete("key-7");
    service.trouble(&["op=GetVectors,from=7,status=403,code=AccessDenied"]);
    let options = ["a.jsonl", "b.jsonl", "--rejects", "r.jsonl", "--job", "1", "--resume"];
    let first = run(&mut verify(&home, &service, &options));
    let [stored, rejected] = first.assert_code(2).counts(["stored", "rejected"]);
    assert_eq!([stored, rejected], [0, 300], "{}", first.stdout);
    assert!(first.stderr.contains("grant the RAM action oss:GetVectors"), "{}", first.stderr);
    service.trouble(&[]);
    let second = run(&mut verify(&home, &service, &options));
    assert_eq!(
        second.assert_code(4).counts(["skipped", "skipped_rejected"]),
        [rejected, 0],
        "{}",
        second.stdout
    );
    assert_eq!(found(&second)[1..3], [0, 1], "{}", second.stdout);
    assert_eq!(findings(&home, "r.jsonl"), BTreeMap::from([("key-7".to_owned(), "missing".to_owned())]));
    let reasons = second.summary()["reasons"].take();
    assert_eq!(reasons["missing"]["first"], "b.jsonl:8", "{reasons:#}");
}

/// One that was stopped says nothing of what is loaded, and the reverse.
#[test]
fn a_load_never_continues_a_verification_nor_a_verification_a_load() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(400, DIMENSION));
    let load = || {
        let mut load = home.put(&service);
        load.args(["a.jsonl", "--batch-size", "50", "--job", "1", "--resume", "--checkpoint-dir", "state"]);
        load
    };
    let options = ["a.jsonl", "--batch-size", "50", "--job", "1", "--resume"];
    run(&mut load()).assert_code(0);
    service.trouble(&["op=GetVectors,from=3,status=403,code=AccessDenied"]);
    run(&mut verify(&home, &service, &options)).assert_code(2);
    service.trouble(&["op=PutVectors,from=4,status=403,code=AccessDenied"]);
    std::fs::remove_file(home.path("a.jsonl")).unwrap();
    home.write(
        "a.jsonl",
        (0..400).map(|record| renamed(record + 1, DIMENSION, &format!("key-{record}"))).collect::<String>(),
    );
    let ended = run(&mut load());
    assert_eq!(ended.assert_code(2).counts(["skipped", "stored"]), [0, 150], "{}", ended.stdout);
    service.trouble(&[]);
    // It has changed since the verification began.
    let ended = run(&mut verify(&home, &service, &options));
    assert_eq!(ended.assert_code(3).summary()["error_code"], "input_changed", "{}", ended.stdout);
    let ended = run(&mut verify(&home, &service, &["a.jsonl", "--batch-size", "50"]));
    assert_eq!(found(ended.assert_code(4)), [150, 250, 0, 0], "{}", ended.stdout);
    assert_eq!(run(&mut load()).assert_code(0).counts(["skipped", "stored"]), [150, 250]);
    assert_eq!(found(run(&mut verify(&home, &service, &options)).assert_code(0)), [400, 0, 0, 0]);
}

#[test]
fn a_sample_is_continued_only_as_the_same_sample() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(2_000, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    let options = ["a.jsonl", "--batch-size", "10", "--job", "1", "--resume", "--sample"];
    let of = |sample: &str| run(&mut verify(&home, &service, &[&options[..], &[sample]].concat()));
    service.trouble(&["op=GetVectors,from=3,status=403,code=AccessDenied"]);
    let [read] = of("10%").assert_code(2).counts(["read"]);
    service.trouble(&[]);
    assert_eq!(of("20%").assert_code(3).summary()["error_code"], "options_changed");
    let ended = of("10%");
    let [skipped, rest] = ended.assert_code(0).counts(["skipped", "read"]);
    assert!(skipped > 0 && skipped <= read && skipped + rest == 2_000, "{}", ended.stdout);
}

#[test]
fn a_service_that_is_out_of_reach_is_a_temporary_failure_that_resume_continues() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(600, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    let options = ["a.jsonl", "--resume", "--retry-times", "2", "--job", "1"];
    service.trouble(&["op=GetVectors,from=4,status=500"]);
    let ended = run(&mut verify(&home, &service, &options));
    assert_eq!(ended.assert_code(6).summary()["error_code"], "service_unavailable");
    assert!(
        ended.summary()["resume_command"].as_str().unwrap().starts_with("ossvec verify "),
        "{}",
        ended.stdout
    );
    service.trouble(&[]);
    let ended = run(&mut verify(&home, &service, &options));
    assert_eq!(ended.assert_code(0).counts(["skipped", "stored"]), [300, 300]);
}

#[test]
#[cfg(unix)]
fn a_verification_that_is_interrupted_says_how_far_it_is_and_continues_there() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(2_000, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    service.trouble(&["op=GetVectors,latency=50ms"]);
    let options = ["a.jsonl", "--resume", "--job", "2"];
    let running = Running::start(&mut verify(&home, &service, &options));
    until("some are read", || service.requests(Operation::GetVectors) >= 4);
    running.signal("INT");
    let ended = running.end();
    let [read, stored, not_sent] = ended.assert_code(5).counts(["read", "stored", "not_sent"]);
    assert!(stored >= 400 && stored + not_sent == read && read < 2_000, "{}", ended.stdout);
    service.trouble(&[]);
    let ended = run(&mut verify(&home, &service, &options));
    assert_eq!(ended.assert_code(0).counts(["skipped", "stored"]), [stored, 2_000 - stored]);
}

#[test]
fn an_index_that_was_made_anew_is_not_verified_on() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(600, DIMENSION));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    service.trouble(&["op=GetVectors,from=4,status=403,code=AccessDenied"]);
    let options = ["a.jsonl", "--resume", "--job", "1"];
    run(&mut verify(&home, &service, &options)).assert_code(2);
    service.trouble(&[]);
    assert!(service.service.store().delete_index(BUCKET, INDEX).unwrap());
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    let ended = run(&mut verify(&home, &service, &options));
    let summary = ended.assert_code(3).summary();
    assert_eq!(summary["error_code"], "index_changed");
    let error = summary["error"].as_str().unwrap();
    assert!(error.contains("an earlier run found 300 vectors in the one created at"), "{error}");
    assert_eq!(summary["advice"], "run without --resume to compare everything with this index");
}
