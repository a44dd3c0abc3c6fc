//! What the first records must agree on before anything is created or sent.

use std::process::Command;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, line, lines, run, unlimited, wanted};

/// A load ends before anything is created, and its message has the counts.
fn assert_nothing_created(service: &TestService, command: &mut Command, counts: &str) -> Ended {
    let ended = run(command);
    ended.assert_code(3);
    assert!(ended.stderr.contains(counts), "{}", ended.stderr);
    assert!(ended.stderr.contains("nothing was created or sent"), "{}", ended.stderr);
    for operation in [Operation::PutVectorIndex, Operation::PutVectors] {
        assert_eq!(service.statistics().of(operation).requests, 0, "{operation:?}");
    }
    ended
}

#[test]
fn a_first_record_of_another_dimension_creates_no_index() {
    let (service, home) = (TestService::start(unlimited()), Home::new());
    let input = home.write("f.jsonl", line(999, 1) + &lines(150, 2));
    let counts = "the first 151 vectors do not all have the same number of elements: 150 with 2 (first at f.jsonl:2), \
                  1 with 1 (first at f.jsonl:1)";
    assert_nothing_created(&service, home.put(&service).arg("f.jsonl"), counts);
    // The cure works.
    let ended = run(home.put(&service).args(["--dimension", "2"]).arg(input));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [150, 1]);
    service.assert_holds(&wanted(0..150, 2));
}

#[test]
fn files_that_differ_from_each_other_create_no_index() {
    let (service, home) = (TestService::start(unlimited()), Home::new());
    home.write("d/1.jsonl", lines(1, 3));
    home.write("d/2.csv", "key,vector\na,1 2\nb,3 4\n");
    let counts = "2 with 2 (first at d/2.csv:2 (record 1)), 1 with 3 (first at d/1.jsonl:1)";
    assert_nothing_created(&service, home.put(&service).arg("d"), counts);
}

#[test]
fn the_local_service_gets_no_index_of_a_wrong_dimension_either() {
    let home = Home::new();
    home.write("f.jsonl", line(999, 1) + &lines(20, 2));
    let local = ["put-vectors", "f.jsonl", "--local", "--data-dir", "data", "--index-name", "i"];
    run(home.ossvec().args(local)).assert_code(3);
    run(home.ossvec().args(local).args(["--dimension", "2"])).assert_code(4);
}

#[test]
fn an_index_that_is_there_decides_and_no_record_does() {
    let (service, home) = (TestService::start(unlimited()), Home::new());
    run(home.put(&service).arg(home.write("good.jsonl", lines(1, 2)))).assert_code(0);
    let mixed = home.write("mixed.jsonl", line(999, 1) + &lines(20, 2));
    let ended = run(home.put(&service).arg(mixed));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [20, 1]);
    service.assert_holds(&wanted(0..20, 2));
}
