//! Requests that the service applies late, over what was stored since.

use crate::support::{Home, State, TestService, line, lines, renamed, run, unlimited, wanted, words};
use crate::trouble::rejects;

const DIMENSION: usize = 4;

/// Forty records of four batches; those of the third batch have the keys of the first one.
fn input() -> String {
    let third = (20..30).map(|record| renamed(record, DIMENSION, &format!("key-{}", record - 20)));
    lines(20, DIMENSION)
        + &third.collect::<String>()
        + &(30..40).map(|record| line(record, DIMENSION)).collect::<String>()
}

fn newest() -> State {
    let mut newest = wanted((10..20).chain(30..40), DIMENSION);
    let last = wanted(20..30, DIMENSION);
    newest.extend(
        (0..10).map(|record| (format!("key-{record}"), last[&format!("key-{}", record + 20)].clone())),
    );
    newest
}

#[test]
fn an_older_value_that_comes_late_is_found_where_all_is_verified() {
    for (verify, code) in [("unknown", 0), ("all", 4)] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", input());
        // The first request has no answer, and is applied with the last one, when its keys have newer values.
        service.trouble(&["op=PutVectors,nth=1,late=4"]);
        let mut load = home.put_sized(&service, DIMENSION);
        load.args(words("a.jsonl --batch-size 10 --job 1 --rejects r.jsonl")).args(["--verify", verify]);
        let ended = run(&mut load);
        assert!(service.state() != newest(), "{verify}: nothing came late");
        let rejected = if code == 0 { 0 } else { 10 };
        let counts = ended.assert_code(code).counts(["read", "stored", "rejected"]);
        assert_eq!(counts, [40, 40 - rejected, rejected], "{verify}: {}", ended.stderr);
        if code == 4 {
            let listed: Vec<_> =
                (0..10).map(|record| (format!("key-{record}"), "not_stored".to_owned())).collect();
            assert_eq!(rejects(&home.path("r.jsonl")), listed);
            run(home.put(&service).arg("r.jsonl")).assert_code(0);
            service.assert_holds(&newest());
        }
    }
}

#[test]
fn what_is_as_it_was_sent_is_not_rejected() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", input());
    service.trouble(&["op=PutVectors,every=2,reset=after"]);
    let mut load = home.put_sized(&service, DIMENSION);
    load.args(["a.jsonl", "--batch-size", "10", "--verify", "all", "--rejects", "r.jsonl"]);
    assert_eq!(run(&mut load).assert_code(0).counts(["stored", "rejected"]), [40, 0]);
    service.assert_holds(&newest());
}

#[test]
fn a_value_that_comes_late_over_one_that_was_confirmed_is_told_so_and_brings_no_older_value_back() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let records = (0..60).map(|record| renamed(record, DIMENSION, &format!("key-{}", record % 20)));
    home.write("a.jsonl", records.collect::<String>());
    // The first request is applied with the third batch, which has newer values of its keys, before that is read back.
    service.trouble(&["op=PutVectors,nth=1,late=3"]);
    let mut load = home.put_sized(&service, DIMENSION);
    load.args(["a.jsonl", "--batch-size", "10", "--job", "1", "--rejects", "r.jsonl", "--verify", "all"]);
    let ended = run(&mut load);
    let [rejected, superseded] = ended.assert_code(4).counts(["rejected", "rejects_superseded"]);
    assert_eq!((rejected, superseded), (10, 10), "{}", ended.stderr);
    assert!(ended.stderr.contains("sent and confirmed (HTTP 200, request ID "), "{}", ended.stderr);
    assert!(!ended.stderr.contains("nothing confirmed"), "{}", ended.stderr);
    let last = |record: usize| {
        (format!("key-{}", record - 40), wanted([record], DIMENSION)[&format!("key-{record}")].clone())
    };
    let newest: State = (40..60).map(last).collect();
    service.assert_holds(&newest);
    run(home.put(&service).args(["r.jsonl", "--rejects", "r2.jsonl"])).assert_code(0);
    service.assert_holds(&newest);
}
