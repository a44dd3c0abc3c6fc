//! Records that the service refuses, requests that it refuses, and bodies that are too large for it.

use std::fmt::Write as _;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Home, State, TestService, line, lines, run, unlimited, wanted};
use crate::trouble::{json_lines, rejects};

/// Twice the logarithm of 500, and two: the most that one bad record may cost beyond the requests of a good run.
const EXTRA: u64 = 19;
/// The whole, the named record, the rest.
const EXTRA_IF_NAMED: u64 = 2;

#[test]
fn three_poisoned_records_among_5000_are_rejected_and_4997_stored() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = [17, 2_500, 2_501];
    service.trouble(&bad.map(|bad| format!("refuse-key=key-{bad}")).each_ref().map(String::as_str));
    let input = home.write("vectors.jsonl", lines(5_000, 8));
    let ended = run(home.put(&service).arg(input).args(["--rejects", "rejects.jsonl"]));
    ended.assert_code(4);
    assert_eq!(ended.counts(["read", "stored", "rejected", "unknown", "not_sent"]), [5_000, 4_997, 3, 0, 0]);
    service.assert_holds(&wanted((0..5_000).filter(|record| !bad.contains(record)), 8));
    let mut lines = json_lines(&home.path("rejects.jsonl"));
    lines.sort_by_key(|line| line["rejected"]["record"].as_u64());
    assert_eq!(lines.len(), 3);
    for (line, bad) in lines.iter().zip(bad) {
        let rejected = &line["rejected"];
        assert_eq!(
            (&rejected["key"], &rejected["reason"]),
            (&format!("key-{bad}").into(), &"refused".into())
        );
        assert_eq!(
            (rejected["record"].as_u64(), rejected["line"].as_u64()),
            (Some(bad as u64), Some(bad as u64 + 1))
        );
        let message = rejected["message"].as_str().unwrap();
        assert!(
            message.contains("VectorIndexParameterInvalid: A vector in the request is invalid."),
            "{message}"
        );
        assert_eq!(line["record"]["metadata"]["n"], bad.to_string());
    }
    let requests = service.requests(Operation::PutVectors);
    assert!(requests <= 10 + 3 * EXTRA, "{requests}");
}

#[test]
fn one_bad_record_costs_few_requests_wherever_it_stands_and_fewer_when_it_is_named() {
    for (bad, named, most) in [
        (0, "", EXTRA),
        (1, "", EXTRA),
        (250, "", EXTRA),
        (333, "", EXTRA),
        (499, "", EXTRA),
        (0, ",name-key", EXTRA_IF_NAMED),
        (333, ",name-key", EXTRA_IF_NAMED),
        (499, ",name-key", EXTRA_IF_NAMED),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&[&format!("refuse-key=key-{bad}{named}")]);
        let input = home.write("vectors.jsonl", lines(500, 4));
        let ended = run(home.put(&service).arg(input));
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [499, 1], "{bad}{named}");
        let requests = service.requests(Operation::PutVectors);
        assert!(requests - 1 <= most, "{bad}{named}: {requests} requests");
        assert_eq!(ended.counts(["attempts"]), [requests], "{bad}{named}");
        let good = (0..500).filter(|record| *record != bad);
        service.assert_holds_in(format!("{bad}{named}"), &wanted(good, 4));
    }
}

#[test]
fn the_named_record_is_tried_first() {
    let options = ossvec::test_support::local_service::Options { log_keys: true, ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    service.trouble(&["refuse-key=key-333,name-key"]);
    let input = home.write("vectors.jsonl", lines(500, 4));
    run(home.put(&service).arg(input)).assert_code(4);
    let seen = service.statistics().recent;
    let puts: Vec<_> = seen.iter().filter(|seen| seen.operation == Some(Operation::PutVectors)).collect();
    assert_eq!(puts.iter().map(|put| put.keys.len()).collect::<Vec<_>>(), [500, 1, 499]);
    assert_eq!(puts[1].keys, ["key-333"]);
}

#[test]
fn every_turn_of_a_division_keeps_the_pace() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["refuse-key=key-3"]);
    let input = home.write("vectors.jsonl", lines(64, 4));
    let ended = run(home.put_paced(&service).arg(input).args([
        "--requests-per-second",
        "20",
        "--vectors-per-second",
        "0",
    ]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [63, 1]);
    let statistics = service.statistics();
    assert_eq!(statistics.of(Operation::PutVectors).requests, 13);
    let (first, last) =
        (statistics.of(Operation::PutVectors).first, statistics.of(Operation::PutVectors).last);
    let took = last.unwrap().duration_since(first.unwrap()).as_secs_f64();
    assert!(took >= 12.0 / 20.0 * 0.9, "13 requests at 20 a second took {took} s");
}

#[test]
fn a_request_that_is_wrong_itself_stops_the_run_after_eight_records_and_can_be_resumed() {
    for jobs in ["1", "5"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&["op=PutVectors,status=400"]);
        let input = home.write("vectors.jsonl", lines(2_000, 4));
        let load = |more: &[&str]| {
            let mut load = home.put(&service);
            load.arg(&input)
                .args(["--batch-size", "100", "--job", jobs, "--rejects", "rejects.jsonl"])
                .args(more);
            run(&mut load)
        };
        let ended = load(&[]);
        ended.assert_code(2);
        assert!(
            ended.stderr.contains("every record sent alone was refused, and none is stored"),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("the request itself is wrong"), "{}", ended.stderr);
        assert_eq!(ended.counts(["stored", "rejected", "unknown"]), [0, 0, 0]);
        service.assert_holds(&State::new());
        let requests = service.requests(Operation::PutVectors);
        assert!(requests <= 5 * (2 * 7 + 8 * 2), "{requests}");
        service.trouble(&[]);
        load(&["--resume"]).assert_code(0);
        service.assert_holds(&wanted(0..2_000, 4));
        assert!(rejects(&home.path("rejects.jsonl")).is_empty());
    }
}

#[test]
fn a_body_that_is_too_large_is_divided_and_the_size_remembered() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let element = line(100, 8).len() as u64;
    // About 23 of 100.
    service.trouble(&[&format!("max-body={}", element * 23)]);
    let input = home.write("vectors.jsonl", lines(1_500, 8));
    let ended = run(home.put(&service).arg(input).args(["--batch-size", "100", "--job", "1"]));
    assert_eq!(ended.assert_code(0).counts(["read", "stored"]), [1_500, 1_500]);
    service.assert_holds(&wanted(0..1_500, 8));
    // 100, 50 and 25 are too large, once each.
    assert!(service.answered("EntityTooLarge") <= 4, "{}", service.answered("EntityTooLarge"));
    let requests = service.requests(Operation::PutVectors);
    assert!(requests <= 15 * 8 + 4, "{requests}");
}

#[test]
fn with_many_in_flight_each_is_told_too_large_once() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&[&format!("max-body={}", line(100, 8).len() * 60)]);
    let input = home.write("vectors.jsonl", lines(4_000, 8));
    let ended = run(home.put(&service).arg(input).args(["--batch-size", "100", "--job", "8"]));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [4_000]);
    service.assert_holds(&wanted(0..4_000, 8));
    assert!(service.answered("EntityTooLarge") <= 8, "{}", service.answered("EntityTooLarge"));
}

#[test]
fn a_single_record_that_is_too_large_is_rejected_and_holds_up_nobody() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut text = lines(100, 4);
    let long = "x".repeat(900);
    writeln!(text, "{{\"key\":\"{long}\",\"data\":{{\"float32\":[1,2,3,4]}}}}").unwrap();
    text += &(101..200).map(|record| line(record, 4)).collect::<String>();
    service.trouble(&["op=PutVectors,max-body=800"]);
    let input = home.write("vectors.jsonl", text);
    let ended = run(home.put(&service).arg(input).args(["--rejects", "rejects.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["read", "stored", "rejected"]), [200, 199, 1]);
    assert_eq!(rejects(&home.path("rejects.jsonl")), [(long, "refused".to_owned())]);
    service.assert_holds(&wanted((0..200).filter(|record| *record != 100), 4));
}
