//! How far a load is, as lines: how often, and over all its runs; and the rejects that are named meanwhile.
#![cfg(unix)]

use std::process::Command;

use crate::support::{Ended, Home, TestService, flawed, line, lines, run, unlimited};

const EVERY: [&str; 4] = ["--progress", "plain", "--progress-interval", "100ms"];

fn setting() -> (Home, TestService) {
    let home = Home::new();
    home.write("a.jsonl", lines(900, 4));
    (home, TestService::start(unlimited()))
}

/// A load of 60 requests of 15 vectors, at 30 a second.
fn paced(home: &Home, service: &TestService, more: &[&str]) -> Command {
    at_pace("30", home, service, more)
}

/// The same at so many a second.
fn at_pace(requests: &str, home: &Home, service: &TestService, more: &[&str]) -> Command {
    let mut load = home.aimed(&["put-vectors"], service);
    load.args(["--create-index", "--distance-metric", "euclidean", "--batch-size", "15", "--job", "4"]);
    load.args(["--dimension", "4", "--requests-per-second", requests]).args(more);
    load
}

fn progress(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter(|line| line.starts_with("after ")).collect()
}

/// The number before some words of a line.
fn number(line: &str, words: &str) -> Option<u64> {
    let (before, _) = line.split_once(words)?;
    before.rsplit([' ']).next()?.replace(',', "").parse().ok()
}

#[test]
fn the_interval_of_plain_progress_is_that_of_the_option_or_the_variable() {
    let lines_of = |more: &[&str], variable: Option<&str>| {
        let (home, service) = setting();
        let mut load = paced(&home, &service, &[&["a.jsonl"], more].concat());
        load.envs(variable.map(|value| ("OSSVEC_PROGRESS_INTERVAL", value)));
        progress(run(&mut load).assert_code(0)).len()
    };
    assert_eq!(lines_of(&[], None), 0);
    // Two seconds; a busy machine may be late.
    assert!((3..=25).contains(&lines_of(&EVERY, None)));
    assert!((3..=25).contains(&lines_of(&["--progress", "bar"], Some("0.1"))));
    assert_eq!(lines_of(&["--progress-interval", "1h"], Some("100ms")), 0);
    assert_eq!(lines_of(&[&EVERY[2..], &["--progress", "none"]].concat(), None), 0);
    assert_eq!(lines_of(&[&EVERY[2..], &["-q"]].concat(), None), 0);
}

#[test]
fn an_interval_that_is_none_is_refused_with_its_place() {
    let (home, service) = setting();
    let refused = |more: &[&str], variable: Option<&str>| {
        let mut load = paced(&home, &service, &[&["a.jsonl"], more].concat());
        load.envs(variable.map(|value| ("OSSVEC_PROGRESS_INTERVAL", value)));
        run(&mut load).stderr
    };
    let all = [
        refused(&["--progress-interval", "0"], None),
        refused(&["--progress-interval", "often"], None),
        refused(&["--progress-interval", "3 parsecs"], None),
        refused(&[], Some("0s")),
    ];
    insta::assert_snapshot!(all.concat(), @r#"
    ossvec: invalid value '0' for '--progress-interval <TIME>': expected a time above 0
            see ossvec put-vectors --help
    ossvec: invalid value 'often' for '--progress-interval <TIME>': unknown unit "often": expected ms, s, m, h, d, w, M or y
            see ossvec put-vectors --help
    ossvec: invalid value '3 parsecs' for '--progress-interval <TIME>': unknown unit "parsecs": expected ms, s, m, h, d, w, M or y
            see ossvec put-vectors --help
    ossvec: invalid value "0s" for OSSVEC_PROGRESS_INTERVAL: expected a time above 0
            fix it there, or override it with --progress-interval
    "#);
    assert!(service.is_untouched());
}

/// Percent, vectors and time left are those of the load, the rates those of the run.
#[test]
fn the_progress_of_a_resumed_load_counts_what_earlier_runs_have_done() {
    let (home, service) = setting();
    let rejects = flawed(900, 4, |record| record % 100 == 7);
    home.write("a.jsonl", &rejects);
    service.trouble(&["op=PutVectors,from=41,status=403,code=AccessDenied"]);
    let mut first = at_pace("0", &home, &service, &["a.jsonl", "--output-format", "json"]);
    let [stored, rejected] =
        run(first.args(["--vectors-per-second", "0"])).assert_code(2).counts(["stored", "rejected"]);
    assert!(stored > 500 && rejected > 5);
    service.trouble(&[]);
    let ended = run(at_pace("10", &home, &service, &["a.jsonl", "--resume"]).args(EVERY));
    let told = progress(ended.assert_code(4));
    assert!(told.len() >= 3, "{}", ended.stderr);
    let mut last = stored;
    for line in told {
        let of_all = number(line, " stored").unwrap();
        assert!(of_all >= last && of_all <= 891, "{last}: {line}");
        assert!(number(line, " rejected").unwrap() >= rejected, "{line}");
        // Each record takes about as many bytes.
        let percent = number(line, " %").unwrap();
        assert!(percent + 4 >= of_all * 100 / 891 && percent <= of_all * 100 / 891 + 4, "{line}");
        // What is left are at most 20 requests, at 10 a second.
        assert!(number(line, " s left").is_none_or(|left| left <= 3), "{line}");
        assert!(number(line, " of 10 requests/s").is_none_or(|rate| rate <= 12), "{line}");
        last = of_all;
    }
    let parts = ["stored", "skipped"].map(|name| ended.stdout.lines().any(|line| line.starts_with(name)));
    assert_eq!(parts, [true, true], "{}", ended.stdout);
}

/// A complete input stands behind a new one.
#[test]
fn inputs_that_are_skipped_count_as_done_from_the_beginning() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let of = |records: std::ops::Range<usize>| records.map(|record| line(record, 4)).collect::<String>();
    home.write("data/b.jsonl", of(0..900));
    let load = |pace: &str| run(at_pace(pace, &home, &service, &["data", "--resume"]).args(EVERY));
    load("0").assert_code(0);
    home.write("data/a.jsonl", of(1_000..1_100));
    let ended = load("5");
    let told = progress(ended.assert_code(0));
    assert!(told.len() >= 3, "{}", ended.stderr);
    for line in told.iter().skip(1) {
        assert!(number(line, " %").unwrap() >= 85 && number(line, " stored").unwrap() >= 900, "{line}");
        assert!(number(line, " s left").is_none_or(|left| left <= 3), "{line}");
    }
}

#[test]
fn three_records_are_named_for_each_reason_and_the_rest_are_counted() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let wrong = |record: usize| line(record, 3 + 2 * (record % 2));
    let keyless = "{\"vector\":[1,2,3,4]}\n";
    let text: String =
        (0..6).map(wrong).chain([keyless.repeat(2), lines(3, 4), keyless.repeat(2), line(9, 4)]).collect();
    home.write("a.jsonl", text);
    let ended = run(&mut paced(&home, &service, &["a.jsonl"]));
    let told: Vec<_> =
        ended.assert_code(4).stderr.lines().filter(|line| !line.starts_with("created")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    a.jsonl:1: key "key-0": the vector has 3 elements; the dimension is 4
    a.jsonl:2: key "key-1": the vector has 5 elements; the dimension is 4
    a.jsonl:3: key "key-2": the vector has 3 elements; the dimension is 4
    more records are rejected with the reason dimension; see the counts in the summary
    a.jsonl:7: no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the fields are vector); set its field with --key
    a.jsonl:8: no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the fields are vector); set its field with --key
    a.jsonl:12: no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the fields are vector); set its field with --key
    more records are rejected with the reason no_key; see the counts in the summary
    "#);
    let counts: Vec<_> = ended.stdout.lines().filter(|line| line.contains(" × ")).collect();
    insta::assert_snapshot!(counts.join("\n"), @r#"
                6 × dimension, first at a.jsonl:1: the vector has 3 elements; the dimension is 4
                4 × no_key, first at a.jsonl:7: no key found (looked for key, id, _id, uuid, doc_id, custom_id, recordId; the fields are vector); set its field with --key
    "#);
}
