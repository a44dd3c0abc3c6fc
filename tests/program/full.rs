//! Refusals that are not about records: an index that takes no more.

use std::path::Path;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, lines, run, unlimited, wanted};
use crate::trouble::rejects;

const RECORDS: usize = 600;
const BATCH: usize = 60;
const BATCHES: usize = RECORDS / BATCH;

/// The code and message are those of a bad vector.
fn full_from(batch: usize) -> String {
    format!("op=PutVectors,from={batch},status=400")
}

/// Loads what is left of `input`.
fn resume(home: &Home, service: &TestService, input: &Path, more: &[&str]) -> Ended {
    let mut load = home.put(service);
    run(load.arg(input).args(["--resume", "--rejects", "rejects.jsonl"]).args(more))
}

#[test]
fn an_index_that_takes_no_more_stops_the_load_and_rejects_nothing() {
    for jobs in ["1", "5"] {
        for batch in [2, BATCHES / 2, BATCHES] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            let input = home.write("vectors.jsonl", lines(RECORDS, 4));
            let load = || resume(&home, &service, &input, &["--batch-size", "60", "--job", jobs]);
            service.trouble(&[&full_from(batch)]);
            let what = format!("full from batch {batch} on, {jobs} in flight");
            let ended = load();
            let [stored, rejected] = ended.assert_code(2).counts(["stored", "rejected"]);
            assert_eq!((usize::try_from(stored).unwrap(), rejected), ((batch - 1) * BATCH, 0), "{what}");
            assert!(ended.stderr.contains("if the index is full, make room"), "{what}: {}", ended.stderr);
            assert!(ended.summary()["resume_command"].is_string(), "{what}");
            assert_eq!(rejects(&home.path("rejects.jsonl")), [], "{what}");
            // Each batch in flight is divided down to one record, and eight of these are tried.
            let extra = service.requests(Operation::PutVectors) - batch as u64 + 1;
            assert!(extra <= 8 + 5 * 9, "{what}: {extra} requests were refused");
            // While it stays full, every run ends alike.
            load().assert_code(2);
            assert_eq!(rejects(&home.path("rejects.jsonl")), [], "{what}");
            service.trouble(&[]);
            load().assert_code(0);
            service.assert_holds(&wanted(0..RECORDS, 4));
        }
    }
}

#[test]
fn a_bad_record_among_them_is_rejected_once_the_index_takes_records_again() {
    for jobs in ["1", "5"] {
        for (batch, bad) in [(2, 61), (5, 299), (BATCHES, 570)] {
            let (home, service) = (Home::new(), TestService::start(unlimited()));
            let input = home.write("vectors.jsonl", lines(RECORDS, 4));
            let load = || resume(&home, &service, &input, &["--batch-size", "60", "--job", jobs]);
            let poison = format!("refuse-key=key-{bad},name-key");
            service.trouble(&[&full_from(batch), &poison]);
            let what = format!("full from batch {batch} on, {bad} is bad, {jobs} in flight");
            load().assert_code(2);
            assert_eq!(rejects(&home.path("rejects.jsonl")), [], "{what}");
            service.trouble(&[&poison]);
            load().assert_code(4);
            assert_eq!(
                rejects(&home.path("rejects.jsonl")),
                [(format!("key-{bad}"), "refused".to_owned())],
                "{what}"
            );
            service.assert_holds(&wanted((0..RECORDS).filter(|record| *record != bad), 4));
        }
    }
}

/// Bad records are often neighbours. Others of their batch clear the index, what comes after it, or a record that is there
/// already and is taken once more.
#[test]
fn a_stretch_of_bad_records_is_rejected_and_does_not_stop_the_load() {
    for (jobs, bad) in
        [("1", 240..257), ("5", 130..142), ("1", 0..16), ("5", 468..480), ("1", 225..240), ("5", 588..600)]
    {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("vectors.jsonl", lines(RECORDS, 4));
        let faults: Vec<_> = bad.clone().map(|record| format!("refuse-key=key-{record}")).collect();
        service.trouble(&faults.iter().map(String::as_str).collect::<Vec<_>>());
        let mut load = home.put(&service);
        load.arg(input).args(["--batch-size", "120", "--job", jobs, "--rejects", "rejects.jsonl"]);
        let ended = run(&mut load);
        let wanted_counts = [(RECORDS - bad.len()) as u64, bad.len() as u64];
        assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), wanted_counts, "{bad:?}");
        service.assert_holds(&wanted((0..RECORDS).filter(|record| !bad.contains(record)), 4));
    }
}

/// Of requests in flight together the one sent later may be taken first, which proves nothing.
#[test]
fn a_full_index_rejects_nothing_whatever_the_order_of_answers() {
    for _ in 0..12 {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("vectors.jsonl", lines(60, 4));
        service.trouble(&[&full_from(18)]);
        resume(&home, &service, &input, &["--batch-size", "1", "--job", "5"]).assert_code(2);
        assert_eq!(rejects(&home.path("rejects.jsonl")), []);
    }
}

/// What an earlier attempt may have stored is looked up in few requests, however the batch was divided by then.
#[test]
fn a_full_index_after_an_unconfirmed_request_stops_the_load_soon() {
    for jobs in ["1", "5"] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("vectors.jsonl", lines(1_000, 4));
        service.trouble(&["op=PutVectors,nth=2,status=500,apply=half", &full_from(3)]);
        let more = ["--batch-size", "500", "--job", jobs];
        let ended = resume(&home, &service, &input, &more);
        let [stored, unknown] = ended.assert_code(2).counts(["stored", "unknown"]);
        assert_eq!((usize::try_from(stored).unwrap(), unknown), (service.state().len(), 0), "{jobs}");
        let looks = service.requests(Operation::GetVectors);
        assert!(looks <= 3 * (8 + 2 * 10 + 5), "{jobs} in flight: {looks} looks");
        service.trouble(&[]);
        resume(&home, &service, &input, &more).assert_code(0);
        service.assert_holds(&wanted(0..1_000, 4));
    }
}

/// One record a request: nothing within a batch can tell, only what comes after it.
#[test]
fn batches_of_one_record_wait_for_what_comes_after_them() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(40, 4));
    let load = || resume(&home, &service, &input, &["--batch-size", "1", "--job", "3"]);
    service.trouble(&["refuse-key=key-7", &full_from(20)]);
    load().assert_code(2);
    assert_eq!(rejects(&home.path("rejects.jsonl")), [("key-7".to_owned(), "refused".to_owned())]);
    service.trouble(&[]);
    load().assert_code(4);
    service.assert_holds(&wanted((0..40).filter(|record| *record != 7), 4));
}

/// Where nothing comes after them, a few refused records are what they seem.
#[test]
fn the_last_records_of_a_load_may_be_bad() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(20, 4));
    service.trouble(&["refuse-key=key-18", "refuse-key=key-19"]);
    let mut load = home.put(&service);
    let ended = run(load.arg(input).args(["--batch-size", "1", "--job", "1"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [18, 2]);
}

#[test]
fn a_stop_reads_back_what_it_cut_off() {
    for (faults, more) in [
        // An outage that begins with lost answers.
        (
            &["op=PutVectors,from=4,count=4,reset=after", "op=PutVectors,from=3,status=500"][..],
            &["--retry-times", "2"][..],
        ),
        (&["op=PutVectors,from=3,status=500,apply=half"], &["--retry-times", "2"]),
        // Too many rejects, while requests are on their way that lose their answers.
        (&["op=PutVectors,from=2,count=7,reset=after"], &["--max-rejects", "0"]),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("vectors.jsonl", "rubbish\n".to_owned() + &lines(100, 4));
        service.trouble(faults);
        let mut load = home.put(&service);
        load.arg(&input).args(["--batch-size", "10", "--job", "8", "--rejects", "r.jsonl"]).args(more);
        let ended = run(&mut load);
        let [stored, unknown] = ended.counts(["stored", "unknown"]);
        assert_eq!(unknown, 0, "{faults:?}: {}", ended.stderr);
        assert_eq!(usize::try_from(stored).unwrap(), service.state().len(), "{faults:?}");
        assert!(matches!(ended.code, Some(2 | 4 | 6)), "{faults:?}: {}", ended.stderr);
    }
}

/// Where a resume has stored nothing itself, what earlier runs stored is there to compare with.
#[test]
fn a_full_index_rejects_nothing_where_a_resume_has_few_records_left() {
    for left in [1, 3, 7] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("vectors.jsonl", lines(20, 4));
        let load = || resume(&home, &service, &input, &["--batch-size", "1", "--job", "1"]);
        service.trouble(&[&format!("op=PutVectors,from={},status=403,code=AccessDenied", 21 - left)]);
        load().assert_code(2);
        service.trouble(&[&full_from(1)]);
        load().assert_code(2);
        assert_eq!(rejects(&home.path("rejects.jsonl")), [], "{left} left");
        // Bad records are told from that.
        service.trouble(&["refuse-key=key-19"]);
        load().assert_code(4);
        assert_eq!(rejects(&home.path("rejects.jsonl")), [("key-19".to_owned(), "refused".to_owned())]);
        service.assert_holds(&wanted(0..19, 4));
    }
}
