//! What a run tells: events for scripts, a summary for scripts and one for people, and that they agree.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Ended, Home, TestService, line, lines, run, unlimited, with_faults, words};

/// Counts that every batch event has and that add up to the summary's.
const COUNTS: [&str; 6] = ["stored", "rejected", "superseded", "unknown", "not_sent", "attempts"];

/// JSON lines; each must be an object with the version of its form.
#[track_caller]
fn events(text: &str) -> Vec<Value> {
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(text.ends_with('\n') && events.iter().all(|event| event["schema_version"] == "1"), "{text}");
    events
}

fn of_type<'a>(events: &'a [Value], wanted: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == wanted).collect()
}

fn sum(batches: &[&Value], name: &str) -> u64 {
    batches.iter().map(|batch| batch[name].as_u64().unwrap()).sum()
}

/// Whether the batch events say the same as the summary, and the summary says the same in both places.
#[track_caller]
fn assert_add_up(events: &[Value], summary: &Value) {
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    assert_eq!((&first["type"], &last["type"]), (&json!("run_start"), &json!("run_end")));
    assert_eq!(&last["summary"], summary);
    assert_timed(events, summary);
    let batches = of_type(events, "batch");
    for name in COUNTS {
        assert_eq!(json!(sum(&batches, name)), summary[name], "{name}");
    }
    assert_eq!(json!(sum(&batches, "records")), summary["read"]);
    assert_eq!(json!(sum(&batches, "bytes")), summary["bytes_sent"]);
    assert_eq!(json!(batches.len()), summary["batches"]);
    assert_eq!(json!(of_type(events, "reject").len()), summary["rejected"]);
    assert_eq!(json!(of_type(events, "throttle").len()), summary["throttled"]);
}

/// Whether each event says when it happened, in their order, within the run that its summary describes.
#[track_caller]
fn assert_timed(events: &[Value], summary: &Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut times = vec![text(&summary["started_at"])];
    times.extend(events.iter().map(|event| text(&event["time"])));
    assert!(times.is_sorted(), "{times:?}");
    assert!(text(&summary["finished_at"]) <= text(&events.last().unwrap()["time"]), "{summary:#}");
    assert!(events.iter().all(|event| event["run_id"] == summary["run_id"]), "{events:#?}");
}

#[test]
fn each_run_has_an_id_of_its_own_that_its_events_and_its_summary_have() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    let ids: std::collections::BTreeSet<_> = (0..3)
        .map(|_| {
            let ended = run(home.put(&service).args(["a.jsonl", "--events", "events.jsonl"]));
            let summary = ended.assert_code(0).summary();
            let events = events(&std::fs::read_to_string(home.path("events.jsonl")).unwrap());
            assert_timed(&events, &summary);
            summary["run_id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

#[test]
fn events_of_a_load_with_every_kind_of_trouble_add_up_to_its_summary() {
    let faults = [
        "op=PutVectors,nth=1,status=500,code=InternalError,apply=half",
        "op=PutVectors,nth=2,status=429,code=QpsLimitExceeded",
        "refuse-key=key-900",
    ];
    let (home, service) = (Home::new(), TestService::start(with_faults(&faults)));
    let bad = [line(5_000, 3), "rubbish\n".to_owned()].concat();
    home.write("a.jsonl", [lines(1_200, 4), bad, line(1_199, 4)].concat());
    let ended = run(home.put_sized(&service, 4).args(["a.jsonl", "--events", "events.jsonl", "--job", "1"]));
    let summary = ended.assert_code(4).summary();
    let events = events(&std::fs::read_to_string(home.path("events.jsonl")).unwrap());
    assert_add_up(&events, &summary);
    assert_eq!(ended.counts(["read", "stored", "rejected", "superseded"]), [1_203, 1_199, 3, 1]);
    assert_eq!((of_type(&events, "retry").len(), of_type(&events, "throttle").len()), (1, 1));
    for batch in of_type(&events, "batch") {
        assert_eq!((&batch["input"], &batch["http_status"]), (&json!("a.jsonl"), &json!(200)));
        assert_eq!(batch["request_id"].as_str().unwrap().len(), 24);
        assert!(batch["elapsed_ms"].is_u64() && batch["code"].is_null() && batch["fate"] == "stored");
    }
    let mut starts: Vec<_> = of_type(&events, "batch");
    starts.sort_by_key(|batch| batch["seq"].as_u64());
    let starts: Vec<_> = starts.iter().map(|batch| batch["first_record"].as_u64().unwrap()).collect();
    assert_eq!(starts, [0, 500, 1_000]);
}

#[test]
fn events_of_a_load_that_stops_add_up_too() {
    let (home, service) =
        (Home::new(), TestService::start(with_faults(&["op=PutVectors,nth=2,status=403,code=AccessDenied"])));
    home.write("a.jsonl", lines(5_000, 4));
    let ended = run(home.put(&service).args(["a.jsonl", "--events", "events.jsonl", "--job", "2"]));
    let summary = ended.assert_code(2).summary();
    let events = events(&std::fs::read_to_string(home.path("events.jsonl")).unwrap());
    assert_add_up(&events, &summary);
    assert!(summary["not_sent"].as_u64().unwrap() >= 500, "{summary:#}");
    let refused = of_type(&events, "batch").into_iter().find(|batch| batch["http_status"] == 403).unwrap();
    assert_eq!((&refused["code"], &refused["fate"]), (&json!("AccessDenied"), &json!("not_sent")));
}

#[test]
fn events_on_standard_output_are_all_that_is_there() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(700, 4));
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    let mut command = home.aimed(&["put-vectors", "a.jsonl"], &service);
    let ended = run(command.args(["--events", "-"]));
    let events = events(&ended.assert_code(0).stdout);
    assert_eq!(of_type(&events, "batch").len(), 2);
    assert_eq!(events.last().unwrap()["summary"]["stored"], 700);
    assert!(
        ended.stderr.starts_with("stored      700 vectors, in bucket test-bucket, index idx\n"),
        "{}",
        ended.stderr
    );
}

/// Times and sizes that differ from run to run, as `#`.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.lines() {
        steady += match line.split_once("  ") {
            Some(("time", _)) => "time        #",
            Some(("pace", _)) => "pace        #",
            _ => line,
        };
        steady.push('\n');
    }
    steady
}

#[test]
fn the_text_summary_is_made_for_people() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", [lines(1_200, 4), line(7, 5), line(8, 6), line(3, 4)].concat());
    run(home.put(&service).arg(home.write("first.jsonl", lines(1, 4)))).assert_code(0);
    let mut command = home.aimed(&["put-vectors", "a.jsonl", "--rejects", "r.jsonl"], &service);
    let ended = run(&mut command);
    let want = "\
stored      1,201 vectors of 1,203 read, in bucket test-bucket, index idx
rejected    2 records, in r.jsonl
            2 × dimension, first at a.jsonl:1201: the vector has 5 elements; the dimension is 4
time        #
pace        #
next        fix the records in r.jsonl and load it: run the same command with that file as its input, --index-name idx and another --rejects
";
    assert_eq!(steady(&ended.assert_code(4).stdout), want);
    let told = "\
a.jsonl:1201: key \"key-7\": the vector has 5 elements; the dimension is 4
a.jsonl:1202: key \"key-8\": the vector has 6 elements; the dimension is 4
";
    assert_eq!(steady(&ended.stderr), told);
    let mut command = home.aimed(&["put-vectors", "first.jsonl"], &service);
    let ended = run(command.arg("-q"));
    let want = "stored      1 vector, in bucket test-bucket, index idx\ntime        #\npace        #\n";
    assert_eq!((steady(&ended.assert_code(0).stdout).as_str(), ended.stderr.as_str()), (want, ""));
}

/// Standard output, which must be one JSON document that says how the run ended.
#[track_caller]
fn document(ended: &Ended, code: i32) -> Value {
    let summary = ended.assert_code(code).summary();
    assert_eq!(summary["schema_version"], "1");
    if !matches!(code, 0 | 4) {
        let error = summary["error"].as_str().unwrap();
        assert!(ended.stderr.contains(&format!("ossvec: {error}\n")) && !error.contains('\n'), "{error}");
    }
    summary
}

#[test]
fn json_output_is_one_document_however_the_run_ends() {
    let rows = [
        ("a.jsonl", "local", 0),
        ("defect.jsonl", "local", 4),
        ("torn.json", "local", 3),
        ("words.txt", "local", 3),
        ("missing.jsonl", "local", 3),
        ("empty", "local", 3),
        ("a.jsonl --events missing/events.jsonl", "local", 3),
        ("a.jsonl", "", 3),
        ("a.jsonl", "wrong", 2),
        ("a.jsonl --dimension 7", "local", 1),
        ("a.jsonl --batch-size 501", "local", 1),
        ("a.jsonl --bogus", "local", 1),
        ("- --resume", "local", 1),
        ("", "local", 1),
    ];
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(3, 4));
    home.write("defect.jsonl", line(9, 5));
    home.write("torn.json", "[{\"key\":\"a\",");
    home.write("words.txt", "no vectors\nhere\n");
    std::fs::create_dir(home.path("empty")).unwrap();
    run(home.put(&service).arg("a.jsonl")).assert_code(0);
    for spelling in [&["--output-format", "json"][..], &["--output-format=json"]] {
        for (arguments, secret, code) in rows {
            let mut command = home.aimed(&["put-vectors"], &service);
            command.args(spelling).args(words(arguments));
            document(&run(command.env("OSS_ACCESS_KEY_SECRET", secret)), code);
        }
    }
}

#[test]
fn json_output_is_one_document_when_nothing_is_reachable() {
    let home = Home::new();
    home.write("a.jsonl", lines(3, 4));
    let cloud = BTreeMap::from([
        ("OSS_REGION", "cn-hangzhou"),
        ("OSS_ACCOUNT_ID", ACCOUNT),
        ("OSS_ACCESS_KEY_ID", "local"),
        ("OSS_ACCESS_KEY_SECRET", "local"),
        ("OSS_ENDPOINT", "http://127.0.0.1:9"),
    ]);
    let command = |home: &Home| -> Command {
        let mut command = home.ossvec();
        command.args(["put-vectors", "a.jsonl", "--bucket", "test-bucket", "--index-name", "idx"]);
        command.args(["--output-format", "json", "--retry-times", "0"]);
        command
    };
    document(&run(command(&home).envs(cloud)), 6);
    let summary = document(&run(command(&home).args(["--local", "--data-dir", "a.jsonl"])), 3);
    assert!(
        summary["error"].as_str().unwrap().starts_with("cannot open the local service's data: "),
        "{summary:#}"
    );
}
