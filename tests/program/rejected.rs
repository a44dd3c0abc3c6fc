//! What a run says of records that it rejects: which is the first, where they are, and what to do about them.

use serde_json::json;

use crate::support::{
    BUCKET, Ended, Home, INDEX, TestService, line, run, run_with_input, unlimited, wanted, with_faults,
};

#[test]
fn the_first_record_of_a_reason_is_the_first_in_the_input_also_where_its_batch_ends_late() {
    let (home, service) =
        (Home::new(), TestService::start(with_faults(&["op=PutVectors,nth=1,latency=700ms"])));
    // A bad one in each batch, and the first batch is the last to end.
    let records: String = (0..40).map(|record| line(record, 4 + usize::from(record % 10 == 3))).collect();
    home.write("a.jsonl", records);
    let ended = run(home.put_sized(&service, 4).args(["a.jsonl", "--batch-size", "10", "--job", "4"]));
    let reason = &ended.assert_code(4).summary()["reasons"]["dimension"];
    assert_eq!((&reason["count"], &reason["first"]), (&json!(4), &json!("a.jsonl:4")), "{reason}");
}

/// Records in batches of ten, with a bad one in each batch named.
fn flawed(batches: usize, bad: &[usize]) -> String {
    let is_bad = |record: usize| record % 10 == 3 && bad.contains(&(record / 10));
    (0..batches * 10).map(|record| line(record, 4 + usize::from(is_bad(record)))).collect()
}

/// Loads batches of ten from a.jsonl, one after the other, and shows the summary as people read it.
fn load(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    let mut load = home.put_sized(service, 4);
    load.args(["a.jsonl", "--batch-size", "10", "--job", "1", "--rejects", "r.jsonl"]).args(more);
    run(&mut load)
}

#[test]
fn where_too_many_rejects_stop_a_load_is_told_as_it_is() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for (batches, at) in [(1, 0), (2, 1), (6, 5), (6, 4), (6, 0), (40, 39), (40, 20)] {
        home.write("a.jsonl", flawed(batches, &[at]));
        let ended = load(&home, &service, &["--max-rejects", "0"]);
        let summary = ended.assert_code(4).summary();
        let is_last = at + 1 == batches;
        let told = format!("{batches} {at}: {} {}", ended.stdout, ended.stderr);
        assert_eq!(summary["input_exhausted"], json!(is_last), "{told}");
        assert_eq!(summary["resume_command"].is_null(), is_last, "{told}");
        assert_eq!(ended.stderr.contains("--max-rejects none goes on"), !is_last, "{told}");
        assert_eq!(ended.stderr.contains("the input was read to its end"), is_last, "{told}");
        assert_eq!(ended.stderr.contains("not read    the rest of the input"), !is_last, "{told}");
        if !is_last {
            load(&home, &service, &["--max-rejects", "none", "--resume"]).assert_code(4);
        }
        service.assert_holds(&wanted((0..batches * 10).filter(|record| *record != at * 10 + 3), 4));
        assert!(service.service.store().delete_index(BUCKET, INDEX).unwrap());
    }
}

#[test]
fn nobody_is_sent_to_a_file_that_keeps_nothing() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", flawed(3, &[0, 1, 2]));
    for more in [&[][..], &["--max-rejects", "2"]] {
        let mut command =
            home.aimed(&["put-vectors", "a.jsonl", "--dimension", "4", "--create-index"], &service);
        command.args(["--distance-metric", "euclidean", "--requests-per-second", "0"]);
        command.args(["--batch-size", "10", "--job", "1", "--rejects", "/dev/null"]).args(more);
        let ended = run(&mut command);
        let told = ended.assert_code(4).stdout.clone() + &ended.stderr;
        assert!(!told.contains("in /dev/null") && !told.contains("file has them"), "{told}");
        assert!(told.contains("run again with --rejects FILE") && told.contains("/dev/null keeps"), "{told}");
        assert!(more.is_empty() || told.contains("--rejects FILE keeps them; the input was read"), "{told}");
    }
}

#[test]
fn what_needs_no_change_is_told_beside_what_does() {
    let faults = &["fail-key=key-15"];
    let (home, service) = (Home::new(), TestService::start(with_faults(faults)));
    home.write("a.jsonl", flawed(4, &[0, 3]));
    let mut command = home.put_sized(&service, 4);
    command.args([
        "a.jsonl",
        "--batch-size",
        "10",
        "--job",
        "1",
        "--rejects",
        "r.jsonl",
        "--retry-times",
        "1",
    ]);
    let ended = run(&mut command);
    let told = ended.assert_code(4).stdout.clone() + &ended.stderr;
    let next =
        "next        fix 2 records in r.jsonl, where 10 others need no change, and load it: the same command";
    assert!(told.contains(next), "{told}");
}

#[test]
fn a_batch_that_was_read_and_could_not_go_is_counted() {
    let faults = &["op=PutVectorIndex,status=403,code=AccessDenied"];
    let (home, service) = (Home::new(), TestService::start(with_faults(faults)));
    home.write("a.jsonl", flawed(3, &[1]));
    for input in ["a.jsonl", "-"] {
        let mut command = home.put_sized(&service, 4);
        command.args([input, "--batch-size", "10", "--job", "1"]);
        let ended = run_with_input(&mut command, flawed(3, &[1]).into());
        let [read, not_sent] = ended.assert_code(2).counts(["read", "not_sent"]);
        assert!(read == 10 && not_sent == 10, "{input}: {}", ended.stdout);
        assert_eq!(ended.summary()["resume_command"].is_string(), input != "-");
    }
    assert!(service.state().is_empty());
}
