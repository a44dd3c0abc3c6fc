//! What a run says of records that it rejects: which is the first, where they are, and what to do about them.

use serde_json::{Value, json};

use crate::support::{
    BUCKET, Ended, Home, INDEX, State, TestService, flawed, line, lines, run, run_with_input, unlimited,
    wanted, with_faults, words,
};
use crate::trouble::json_lines;

#[test]
fn the_first_record_of_a_reason_is_the_first_in_the_input_also_where_its_batch_ends_late() {
    let (home, service) =
        (Home::new(), TestService::start(with_faults(&["op=PutVectors,nth=1,latency=700ms"])));
    // A bad one in each batch, and the first batch is the last to end.
    home.write("a.jsonl", flawed(40, 4, |record| record % 10 == 3));
    let ended = run(home.put_sized(&service, 4).args(["a.jsonl", "--batch-size", "10", "--job", "4"]));
    let reason = &ended.assert_code(4).summary()["reasons"]["dimension"];
    assert_eq!((&reason["count"], &reason["first"]), (&json!(4), &json!("a.jsonl:4")), "{reason}");
}

/// Records in batches of ten, with a bad one in each batch named.
fn flawed_in(batches: usize, bad: &[usize]) -> String {
    flawed(batches * 10, 4, |record| record % 10 == 3 && bad.contains(&(record / 10)))
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
        home.write("a.jsonl", flawed_in(batches, &[at]));
        let ended = load(&home, &service, &["--max-rejects", "0"]);
        let summary = ended.assert_code(4).summary();
        let is_last = at + 1 == batches;
        let told = format!("{batches} {at}: {} {}", ended.stdout, ended.stderr);
        assert_eq!(summary["input_exhausted"], json!(is_last), "{told}");
        assert_eq!(summary["resume_command"].is_null(), is_last, "{told}");
        assert_eq!(ended.stderr.contains("use --max-rejects none to continue"), !is_last, "{told}");
        assert_eq!(ended.stderr.contains("the whole input was read"), is_last, "{told}");
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
    home.write("a.jsonl", flawed_in(3, &[0, 1, 2]));
    for more in [&[][..], &["--max-rejects", "2"]] {
        let mut command =
            home.aimed(&["put-vectors", "a.jsonl", "--dimension", "4", "--create-index"], &service);
        command.args(["--distance-metric", "euclidean", "--requests-per-second", "0"]);
        command.args(["--batch-size", "10", "--job", "1", "--rejects", "/dev/null"]).args(more);
        let ended = run(&mut command);
        let told = ended.assert_code(4).stdout.clone() + &ended.stderr;
        assert!(!told.contains("in /dev/null") && !told.contains("file has them"), "{told}");
        assert!(told.contains("run again with --rejects FILE") && told.contains("/dev/null keeps"), "{told}");
        assert!(
            more.is_empty() || told.contains("keep them with --rejects FILE; the whole input was read"),
            "{told}"
        );
    }
}

#[test]
fn what_needs_no_change_is_told_beside_what_does() {
    let faults = &["fail-key=key-15"];
    let (home, service) = (Home::new(), TestService::start(with_faults(faults)));
    home.write("a.jsonl", flawed_in(4, &[0, 3]));
    let mut command = home.put_sized(&service, 4);
    command.args(words("a.jsonl --batch-size 10 --job 1 --rejects r.jsonl --retry-times 1"));
    let ended = run(&mut command);
    let told = ended.assert_code(4).stdout.clone() + &ended.stderr;
    let next =
        "next        fix 2 records in r.jsonl (10 others need no change) and load it: run the same command";
    assert!(told.contains(next), "{told}");
}

#[test]
fn a_batch_that_was_read_and_could_not_go_is_counted() {
    let faults = &["op=PutVectorIndex,status=403,code=AccessDenied"];
    let (home, service) = (Home::new(), TestService::start(with_faults(faults)));
    home.write("a.jsonl", flawed_in(3, &[1]));
    for input in ["a.jsonl", "-"] {
        let mut command = home.put_sized(&service, 4);
        command.args([input, "--batch-size", "10", "--job", "1"]);
        let ended = run_with_input(&mut command, flawed_in(3, &[1]).into());
        let [read, not_sent] = ended.assert_code(2).counts(["read", "not_sent"]);
        assert!(read == 10 && not_sent == 10, "{input}: {}", ended.stdout);
        assert_eq!(ended.summary()["resume_command"].is_string(), input != "-");
    }
    service.assert_holds(&State::new());
}

/// Records that the service would refuse, with what stands behind `key: ` in the message and the reason's word.
fn defects() -> Vec<(String, Option<&'static str>, &'static str, &'static str)> {
    let record = |key: &str, numbers: &str, rest: &str| {
        format!("{{\"key\":\"{key}\",\"data\":{{\"float32\":[{numbers}]}}{rest}}}")
    };
    let long = "k".repeat(1_025);
    vec![
        (
            record("long", "1,2,3,4,5", ""),
            Some("long"),
            "dimension",
            "the vector has 5 elements; the dimension is 4",
        ),
        (
            record("huge", "1,2,3,1e39", ""),
            Some("huge"),
            "not_finite",
            "element 3 of the vector is 1e39, which is",
        ),
        (
            record("nan", "1,NaN,3,4", ""),
            Some("nan"),
            "not_finite",
            "element 1 of the vector is NaN, which is",
        ),
        (
            record("text", "1,2,\"x\",4", ""),
            Some("text"),
            "not_a_number",
            "element 2 of the vector is \"x\", not a",
        ),
        (record("", "1,2,3,4", ""), Some(""), "key_length", "the key has 0 characters; expected 1 to 1,024"),
        (
            record(&long, "1,2,3,4", ""),
            None,
            "key_length",
            "the key has 1,025 characters; expected 1 to 1,024",
        ),
        (
            "{\"data\":{\"float32\":[1,2,3,4]}}".to_owned(),
            None,
            "no_key",
            "no key found (looked for key, id, ",
        ),
        (
            "{\"key\":\"bare\"}".to_owned(),
            Some("bare"),
            "no_vector",
            "no vector found (looked for data.float32, ",
        ),
        (
            record("number", "1,2,3,4", ",\"metadata\":{\"year\":1999}"),
            Some("number"),
            "metadata_value",
            "metadata year is a number; only text or a list of text can be stored; use --metadata-values text to store",
        ),
        ("{\"key\":\"torn\",\"data\"".to_owned(), Some("torn"), "syntax", "invalid record: "),
    ]
}

#[test]
fn rejected_records_are_told_with_place_key_and_reason_everywhere() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut text = lines(600, 4);
    let defects = defects();
    text.extend(defects.iter().map(|(record, ..)| format!("{record}\n")));
    text.push_str(&line(600, 4));
    home.write("a.jsonl", text);
    let mut command = home.put_sized(&service, 4);
    let ended = run(command.args(["a.jsonl", "--rejects", "rejects.jsonl", "--events", "events.jsonl"]));
    let counts = ended.assert_code(4).counts(["read", "stored", "rejected"]);
    assert_eq!(counts, [611, 601, 10]);
    service.assert_holds(&wanted(0..=600, 4));
    let rejects = json_lines(&home.path("rejects.jsonl"));
    let events = json_lines(&home.path("events.jsonl")).into_iter().filter(|event| event["type"] == "reject");
    let events: Vec<_> = events.collect();
    assert_eq!((rejects.len(), events.len()), (10, 10));
    for (index, (record, key, reason, said)) in defects.iter().enumerate() {
        let place = 601 + index;
        let told = ended.stderr.lines().find(|line| line.starts_with(&format!("a.jsonl:{place}: "))).unwrap();
        assert!(told.contains(said), "{told}");
        assert!(key.is_none_or(|key| told.contains(&format!("key {key:?}: "))), "{told}");
        for told in [&rejects[index]["rejected"], &events[index]] {
            assert_eq!((&told["input"], &told["line"]), (&json!("a.jsonl"), &json!(place)), "{told}");
            assert_eq!(told["reason"], *reason, "{told}");
            assert!(told["message"].as_str().unwrap().contains(said), "{told}");
            assert!(key.is_none_or(|key| told["key"] == key), "{told}");
        }
        let kept = serde_json::from_str::<Value>(record).unwrap_or_else(|_| json!(record));
        assert_eq!(rejects[index]["record"], kept);
    }
}

#[test]
fn a_mended_rejects_file_is_fed_again_and_loads() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = line(1, 4).replace("\"float32\":[", "\"float32\":[1e39,");
    home.write("a.jsonl", [line(0, 4), bad, line(2, 4)].concat());
    let ended = run(home.put(&service).args(["a.jsonl", "--rejects", "r.jsonl"]));
    assert_eq!(ended.assert_code(4).summary()["rejects_file"], "r.jsonl");
    let again = run(home.put(&service).args(["r.jsonl", "--rejects", "r2.jsonl"]));
    assert_eq!(again.assert_code(4).counts(["read", "rejected"]), [1, 1]);
    let rejects = std::fs::read_to_string(home.path("r.jsonl")).unwrap();
    home.write("r.jsonl", rejects.replace("[1e39,", "["));
    let mended = run(home.put(&service).args(["r.jsonl"]));
    assert_eq!(mended.assert_code(0).counts(["read", "stored"]), [1, 1]);
    service.assert_holds(&wanted(0..3, 4));
}

#[test]
fn a_record_that_only_the_service_refuses_is_found_and_the_others_are_stored() {
    let (home, service) = (Home::new(), TestService::start(with_faults(&["refuse-key=key-417,name-key"])));
    home.write("a.jsonl", lines(700, 4));
    let ended = run(home.put(&service).args(["a.jsonl", "--rejects", "r.jsonl"]));
    assert_eq!(ended.assert_code(4).counts(["read", "stored", "rejected"]), [700, 699, 1]);
    let told = "a.jsonl:418: key \"key-417\": refused by the service: VectorIndexParameterInvalid: ";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    service.assert_holds(&wanted((0..700).filter(|record| *record != 417), 4));
}

#[test]
fn too_many_rejects_stop_the_load() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = (0..3).map(|record| line(record, 5));
    home.write("a.jsonl", [lines(500, 4), bad.collect(), lines(2_000, 4)].concat());
    let ended = run(home.put_sized(&service, 4).args(["a.jsonl", "--max-rejects", "2", "--job", "1"]));
    let summary = ended.assert_code(4).summary();
    assert_eq!(
        (&summary["error"], &summary["rejected"]),
        (
            &json!(
                "too many rejects: --max-rejects allows 2; most common reason: dimension: the vector has 5 elements; the dimension is 4"
            ),
            &json!(3)
        )
    );
    assert!(summary["read"].as_u64().unwrap() < 2_503, "{summary:#}");
    assert!(ended.stderr.contains("use --max-rejects none to continue"), "{}", ended.stderr);
}
