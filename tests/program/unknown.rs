//! Requests without an answer: read back until it is known what is stored, or listed as unknown.

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, State, TestService, lines, run, unlimited, wanted, with_faults};
use crate::trouble::{json_lines, rejects};

const RECORDS: usize = 100;
const DIMENSION: usize = 6;

/// What is missing is looked up so often, since a write may become visible late.
const LOOKS: u64 = 3;

/// Both attempts of the third batch fail with seven of its twenty vectors stored.
const NO_ANSWER: [&str; 2] =
    ["op=PutVectors,nth=3,status=500,apply=7", "op=PutVectors,nth=4,status=503,code=InternalError,apply=7"];

struct Lost {
    home: Home,
    service: TestService,
}

impl Lost {
    /// A load of five batches of which the third gets no answer.
    fn new(more_faults: &[&str]) -> Self {
        let faults = [&NO_ANSWER, more_faults].concat();
        let (home, service) = (Home::new(), TestService::start(with_faults(&faults)));
        home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
        Self { home, service }
    }

    fn load(&self, more: &[&str]) -> Ended {
        let mut load = self.home.put(&self.service);
        load.args(["vectors.jsonl", "--batch-size", "20", "--job", "1", "--retry-times", "1"]);
        load.args(["--rejects", "rejects.jsonl", "--events", "events.jsonl"]).args(more);
        run(&mut load)
    }

    fn rejects(&self) -> Vec<(String, String)> {
        rejects(&self.home.path("rejects.jsonl"))
    }

    /// Feeds the rejects file back as it is.
    fn feed_back(&self) {
        self.service.trouble(&[]);
        let ended = run(self.home.put(&self.service).arg("rejects.jsonl"));
        ended.assert_code(0);
        self.service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    }
}

/// The third batch's first seven are stored, the other thirteen are not.
fn a_part_of_the_third() -> State {
    wanted((0..47).chain(60..RECORDS), DIMENSION)
}

fn listed(records: std::ops::Range<usize>, reason: &str) -> Vec<(String, String)> {
    records.map(|record| (format!("key-{record}"), reason.to_owned())).collect()
}

#[test]
fn what_got_no_answer_is_read_back_and_each_record_becomes_stored_or_not() {
    let lost = Lost::new(&[]);
    let ended = lost.load(&[]);
    assert_eq!(ended.assert_code(4).counts(["read", "stored", "rejected", "unknown"]), [100, 87, 13, 0]);
    lost.service.assert_holds(&a_part_of_the_third());
    assert_eq!(lost.rejects(), listed(47..60, "not_stored"));
    assert_eq!(lost.service.requests(Operation::GetVectors), LOOKS);
    lost.feed_back();
}

#[test]
fn a_batch_is_read_back_by_a_hundred_keys_a_call() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    service.trouble(&["op=PutVectors,reset=after,apply=130"]);
    let input = home.write("vectors.jsonl", lines(250, DIMENSION));
    let mut load = home.put(&service);
    load.arg(input).args(["--retry-times", "1", "--max-rejects", "none", "--rejects", "rejects.jsonl"]);
    let ended = run(&mut load);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [130, 120]);
    // The first hundred are there, of the second thirty, of the last fifty none.
    assert_eq!(service.requests(Operation::GetVectors), 1 + LOOKS + LOOKS);
    service.assert_holds(&wanted(0..130, DIMENSION));
    assert_eq!(rejects(&home.path("rejects.jsonl")), listed(130..250, "not_stored"));
}

#[test]
fn another_value_under_the_same_key_does_not_count_as_stored() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(20, DIMENSION));
    run(home.put(&service).arg(&input)).assert_code(0);
    let changed = lines(20, DIMENSION).replace("\"n\":\"", "\"n\":\"new ");
    let input = home.write("changed.jsonl", changed);
    service.trouble(&["op=PutVectors,status=500,apply=5"]);
    let ended = run(home.put(&service).arg(input).args(["--retry-times", "1"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected", "unknown"]), [5, 15, 0]);
}

#[test]
fn what_cannot_be_read_back_stays_unknown_and_is_listed() {
    for (faults, more) in [
        (&["op=GetVectors,status=403"] as &[&str], &[] as &[&str]),
        (&["op=GetVectors,status=404"], &[]),
        (&["op=GetVectors,status=400"], &[]),
        (&[], &["--verify", "none"]),
    ] {
        let lost = Lost::new(faults);
        let ended = lost.load(more);
        let what = format!("{faults:?} {more:?}");
        assert_eq!(ended.code, Some(4), "{what}: {}", ended.stderr);
        assert_eq!(ended.counts(["read", "stored", "rejected", "unknown"]), [100, 80, 0, 20], "{what}");
        assert_eq!(lost.rejects(), listed(40..60, "unknown"), "{what}");
        lost.service.assert_holds_in(&what, &a_part_of_the_third());
        let events = json_lines(&lost.home.path("events.jsonl"));
        let fates: Vec<_> =
            events.iter().filter(|event| event["type"] == "batch").map(|event| &event["fate"]).collect();
        assert_eq!(fates, ["stored", "stored", "unknown", "stored", "stored"], "{what}");
        lost.feed_back();
    }
}

#[test]
fn when_nobody_answers_the_reading_back_either_the_run_stops_and_resumes() {
    let lost = Lost::new(&["op=GetVectors,status=500"]);
    let ended = lost.load(&[]);
    assert_eq!(ended.assert_code(6).counts(["stored", "rejected", "unknown"]), [40, 0, 20]);
    assert!(ended.stderr.contains("unknown     20 vectors"), "{}", ended.stderr);
    assert_eq!(lost.rejects(), []);
    lost.service.trouble(&[]);
    let resumed = lost.load(&["--resume"]);
    assert_eq!(resumed.assert_code(0).counts(["skipped", "read", "stored"]), [40, 60, 60]);
    lost.service.assert_holds(&wanted(0..RECORDS, DIMENSION));
}

#[test]
fn all_batches_are_read_back_if_that_is_asked_for_and_none_if_that_is() {
    for (verify, calls) in [("all", 5), ("unknown", 0), ("none", 0)] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("vectors.jsonl", lines(RECORDS, DIMENSION));
        let ended = run(home.put(&service).arg(input).args(["--batch-size", "20", "--verify", verify]));
        assert_eq!(ended.assert_code(0).counts(["stored", "attempts"]), [100, 5 + calls], "{verify}");
        assert_eq!(service.requests(Operation::GetVectors), calls, "{verify}");
    }
    let lost = Lost::new(&[]);
    let ended = lost.load(&["--verify", "all"]);
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected", "unknown"]), [87, 13, 0]);
    assert_eq!(lost.service.requests(Operation::GetVectors), 4 + LOOKS);
    lost.service.assert_holds(&a_part_of_the_third());
}
