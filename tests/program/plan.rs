//! The plan of a dry run: judged by what the service then gets of the load itself.

use std::time::Duration;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;
use serde_json::{Value, json};

use crate::support::{
    ACCOUNT, BUCKET, Ended, Home, INDEX, TestService, alone_on_the_machine, array, line, lines, numbers,
    renamed, run, run_with_input, say, unlimited, wanted, words, zstd,
};

fn plan(ended: &Ended) -> Value {
    ended.summary()["plan"].clone()
}

/// What the service got of a load.
#[derive(Debug, PartialEq)]
struct Got {
    vectors: u64,
    requests: u64,
    body_bytes: u64,
    read_requests: u64,
}

impl Got {
    fn planned(plan: &Value) -> Self {
        let count = |name: &str| plan[name].as_u64().unwrap();
        Self {
            vectors: count("vectors"),
            requests: count("requests"),
            body_bytes: count("body_bytes"),
            read_requests: count("read_requests"),
        }
    }

    fn by(service: &TestService) -> Self {
        let statistics = service.statistics();
        let put = statistics.of(Operation::PutVectors);
        let bodies = statistics.recent.iter().filter(|seen| seen.operation == Some(Operation::PutVectors));
        Self {
            vectors: put.vectors_received,
            requests: put.requests,
            body_bytes: bodies.map(|seen| seen.body_bytes as u64).sum(),
            read_requests: statistics.of(Operation::GetVectors).requests,
        }
    }
}

/// A file of records, some of them bad, some with a key that another one has; its name, and what it is taken for.
fn random_file(random: &mut fastrand::Rng, number: usize) -> (String, Vec<u8>) {
    let records = random.usize(0..400);
    let lines: Vec<_> = (0..records)
        .map(|record| match random.u8(0..12) {
            0 => line(record, 3),
            1 => renamed(record, 4, &format!("key-{}", random.usize(0..20))),
            2 => format!(
                "{{\"id\":{record},\"vector\":{:?},\"metadata\":{{\"n\":\"{}\"}}}}\n",
                numbers(record, 4),
                "x".repeat(random.usize(0..900)),
            ),
            _ => renamed(record, 4, &format!("{number}-{record}")),
        })
        .collect();
    let text = lines.concat();
    match random.u8(0..4) {
        0 => (format!("{number}.json"), array(&text).into_bytes()),
        1 => (format!("{number}.jsonl.zst"), zstd(text.as_bytes())),
        _ => (format!("{number}.jsonl"), text.into_bytes()),
    }
}

#[test]
fn a_plan_counts_exactly_what_the_service_then_gets() {
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let files: Vec<_> = (0..random.usize(1..5)).map(|number| random_file(&mut random, number)).collect();
        for (name, content) in &files {
            home.write(&format!("data/{name}"), content);
        }
        let batch = ["1", "7", "100", "500"][random.usize(0..4)];
        let bytes = ["4KiB", "64KiB", "8MiB"][random.usize(0..3)];
        let verify = ["unknown", "all"][random.usize(0..2)];
        let load = || {
            let mut load = home.put_sized(&service, 4);
            load.args(["data", "--batch-size", batch, "--batch-bytes", bytes, "--verify", verify]);
            load
        };
        let rehearsed = run(load().arg("--dry-run"));
        let planned = rehearsed.summary();
        assert_eq!(service.statistics().of(Operation::PutVectors).requests, 0, "seed {seed}");
        let loaded = run(&mut load());
        assert_eq!(Got::planned(&planned["plan"]), Got::by(&service), "seed {seed}: {planned:#}");
        let loaded = loaded.summary();
        for same in ["read", "rejected", "superseded", "reasons", "notes", "exit_code"] {
            assert_eq!(planned[same], loaded[same], "seed {seed}: {same}");
        }
        let forms = planned["plan"]["forms"].as_array().unwrap();
        let sum = |name: &str| forms.iter().map(|form| form[name].as_u64().unwrap()).sum::<u64>();
        assert_eq!(sum("records"), planned["read"].as_u64().unwrap(), "seed {seed}: {forms:?}");
        assert_eq!(sum("inputs"), files.len() as u64, "seed {seed}");
        let bytes: u64 = files.iter().map(|(_, content)| content.len() as u64).sum();
        assert_eq!(sum("bytes"), bytes, "seed {seed}");
    }
}

#[test]
fn the_time_of_a_plan_is_the_time_that_the_load_takes() {
    let _alone = alone_on_the_machine();
    let quota = Options { requests_per_second: 10.0, vectors_per_second: 200.0, ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(quota));
    home.write("a.jsonl", lines(500, 4));
    let load = |more: &[&str]| {
        let mut load = home.put_paced(&service);
        load.args(["a.jsonl", "--requests-per-second", "10", "--vectors-per-second", "200"]);
        // The machine is taken already.
        let output = load.args(["--batch-size", "20"]).args(more).output().unwrap();
        Ended::from(output)
    };
    let planned = plan(load(&["--dry-run"]).assert_code(0))["seconds"].as_f64().unwrap();
    load(&[]).assert_code(0);
    let put = service.statistics().of(Operation::PutVectors);
    let took = put.last.zip(put.first).map(|(last, first)| last - first).unwrap();
    say(&format!("planned {planned} s, took {took:?}"));
    let difference = (took.as_secs_f64() - planned).abs();
    assert!(difference < Duration::from_millis(300).as_secs_f64(), "planned {planned} s, took {took:?}");
}

/// A plan without what differs from run to run.
fn settled(text: &str) -> String {
    let line = |line: &str| if line.starts_with("time ") { "time".to_owned() } else { line.to_owned() };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plan_says_what_each_file_was_taken_for_and_what_would_be_rejected() {
    let home = Home::new();
    let number_keys = "{\"id\":7,\"vector\":[1,2,3,4],\"year\":1999}\n{\"id\":8,\"vector\":[1,2,3]}\n";
    home.write("data/a.jsonl", [lines(1_200, 4), line(3, 5)].concat());
    home.write("data/b.ndjson", number_keys);
    home.write("data/c.csv", "id;vector\nc-1;[1, 2, 3, 4]\n");
    home.write("data/d.json", format!("{{\"items\":{}}}", array(&lines(2, 4))));
    home.write("data/e.jsonl", "");
    home.write("data/README.md", "# Data\n");
    let mut command = home.ossvec();
    let ended = run(command.args(["put-vectors", "data", "--dry-run", "--dimension", "4"]));
    insta::assert_snapshot!(settled(&ended.assert_code(4).stdout), @"
    dry run     nothing was sent
    files       5 files, 1,206 records, 126.7 KiB
                3 × JSON Lines: 1,203 records in data/a.jsonl, data/b.ndjson, data/e.jsonl
                1 × CSV with ';' between cells: 1 record in data/c.csv
                1 × JSON with records in items: 2 records in data/d.json
    skipped     1 file of unknown format: data/README.md
    empty       1 file without records: data/e.jsonl
    would send  1,204 vectors in 3 requests of 401 on average, 126.7 KiB
    dimension   4, set by --dimension
    takes       at least 0.4 s at 5 requests/s and 2,500 vectors/s
    capacity    less than 0.01 % of an empty index (2,000,000,000 vectors)
    rejected    2 records
                2 × dimension, first at data/a.jsonl:1201: the vector has 5 elements; the dimension is 4
    converted   1 × keys that are numbers, stored as text, first at data/b.ndjson:1
    note        1 × fields not stored: year, first at data/b.ndjson:1
    note        1,204 × keys taken from different fields: key, id, first at data/a.jsonl:1
    note        1,204 × vectors taken from different fields: data.float32, vector, first at data/a.jsonl:1
    time
    next        fix the rejected records, or load the others:
                ossvec put-vectors data --dimension 4 --bucket BUCKET --index-name INDEX
    ");
    let json = ["put-vectors", "data", "--dry-run", "--dimension", "4", "--output-format", "json"];
    let planned = plan(run(home.ossvec().args(json)).assert_code(4));
    assert_eq!(planned["forms"][0]["form"], "JSON Lines");
    assert_eq!(
        planned["conversions"],
        json!([{
            "code": "number_keys", "message": "keys that are numbers, stored as text", "count": 1, "first": "data/b.ndjson:1"
        }])
    );
    let known = ["dimension", "dimension_from", "vectors", "requests", "index_capacity", "local"];
    let known = known.map(|name| planned[name].clone());
    assert_eq!(json!(known), json!([4, "option", 1_204, 3, 2_000_000_000_u64, false]));
}

#[test]
fn metadata_that_is_made_text_is_counted_by_record() {
    let home = Home::new();
    let record = |key: &str, metadata: &str| {
        format!("{{\"key\":\"{key}\",\"data\":{{\"float32\":[1,2]}},\"metadata\":{metadata}}}\n")
    };
    let records = [
        record("a", "{\"t\":\"x\"}"),
        record("b", "{\"n\":1,\"m\":true}"),
        record("c", "{\"l\":[\"x\",2]}"),
        record("d", "{\"z\":null}"),
        record("e", "{\"n\":1,\"o\":{}}"),
    ];
    home.write("a.jsonl", records.concat());
    let words = words("put-vectors a.jsonl --dry-run --metadata-values text --output-format json");
    let planned = plan(run(home.ossvec().args(words)).assert_code(4));
    let message = "numbers or booleans in metadata, stored as text";
    let counted = json!([{"code": "metadata_as_text", "message": message, "count": 2, "first": "a.jsonl:2"}]);
    assert_eq!(planned["conversions"], counted);
}

#[test]
fn standard_input_has_a_plan_too() {
    let home = Home::new();
    let mut command = home.ossvec();
    command.args(words("put-vectors - --dry-run --local --output-format json"));
    let planned = plan(run_with_input(&mut command, zstd(lines(20, 4).as_bytes())).assert_code(0));
    let form = json!([{
        "form": "JSON Lines (zstd)", "inputs": 1, "records": 20, "bytes": null, "examples": ["(stdin)"]
    }]);
    assert_eq!((&planned["forms"], &planned["local"]), (&form, &json!(true)));
    assert_eq!(planned["command"], "ossvec put-vectors - --local --output-format json");
}

#[test]
fn the_plan_of_very_many_files_fits_one_screen() {
    let home = Home::new();
    for number in 0..600 {
        home.write(&format!("data/{number}.jsonl"), line(number, 4));
    }
    let ended = run(home.ossvec().args(["put-vectors", "data", "--dry-run"]));
    assert!(ended.assert_code(0).stdout.lines().count() < 15, "{}", ended.stdout);
    assert!(ended.stdout.contains("600"), "{}", ended.stdout);
}

#[test]
fn only_a_dry_run_that_read_everything_has_a_plan() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(700, 4));
    home.write("mixed.jsonl", [line(0, 4), line(1, 3)].concat());
    let summary = |file: &str, more: &[&str], code| {
        run(home.put(&service).arg(file).args(more)).assert_code(code).summary()
    };
    assert_eq!(summary("a.jsonl", &["--check"], 0)["plan"], Value::Null);
    assert_eq!(summary("mixed.jsonl", &["--dry-run"], 3)["plan"], Value::Null);
    assert!(summary("a.jsonl", &["--dry-run"], 0)["plan"].is_object());
    assert_eq!(summary("a.jsonl", &[], 0)["plan"], Value::Null);
    // Now that the index is there, it sets the dimension.
    assert_eq!(summary("a.jsonl", &["--dry-run"], 0)["plan"]["dimension_from"], "index");
}

#[test]
fn more_rejects_than_a_load_may_have_are_in_the_plan() {
    let home = Home::new();
    home.write("a.jsonl", [lines(5, 4), line(5, 3), line(6, 3), lines(2, 4)].concat());
    let exceeds = |most: &str| {
        let words = words("put-vectors a.jsonl --dry-run --dimension 4 --output-format json --max-rejects");
        plan(run(home.ossvec().args(words).arg(most)).assert_code(4))["exceeds_max_rejects"].clone()
    };
    assert_eq!((exceeds("1"), exceeds("2")), (json!(true), json!(false)));
}

#[test]
#[cfg(unix)]
fn the_command_of_a_plan_loads() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("my file.jsonl", lines(30, 4));
    let endpoint = format!("http://{}", service.address);
    let mut dry_run = home.ossvec();
    dry_run.args(["put-vectors", "-n", "my file.jsonl", "--bucket", BUCKET, "--index-name", INDEX]);
    dry_run.args(["--region", "cn-hangzhou", "--account-id", ACCOUNT, "--endpoint", &endpoint]);
    dry_run.args(["--create-index", "--distance-metric", "euclidean", "-i", "local", "-k", "local"]);
    let ended = run(&mut dry_run);
    let (_, command) = ended.assert_code(0).stdout.rsplit_once("\nnext        ").unwrap();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_ossvec")).parent().unwrap();
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", command]).env_clear().env("HOME", home.path("")).current_dir(home.path(""));
    shell.env("PATH", folder).env("OSS_ACCESS_KEY_SECRET", "local");
    run(&mut shell).assert_code(0);
    service.assert_holds(&wanted(0..30, 4));
}
