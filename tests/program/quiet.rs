//! `--quiet` with JSON on standard output: standard error has only errors, whatever happens in the load.
#![cfg(unix)]

use std::process::Command;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, flawed, lines, run, unlimited};
use crate::trouble::{Running, until};

const QUIET: [&str; 3] = ["-q", "--output-format", "json"];

fn load(home: &Home, service: &TestService, more: &[&str]) -> Command {
    let mut load = home.aimed(&["put-vectors"], service);
    load.args(["--create-index", "--distance-metric", "euclidean", "--dimension", "4"]);
    load.args([
        "--batch-size",
        "20",
        "--job",
        "1",
        "--requests-per-second",
        "0",
        "--vectors-per-second",
        "0",
    ]);
    load.args(more);
    load
}

/// Whether standard error has nothing but the error: one line, and lines of advice.
fn has_only_errors(ended: &Ended) -> bool {
    let mut lines = ended.stderr.lines();
    let is_error = lines.next().is_none_or(|line| line.starts_with("ossvec: "));
    is_error && lines.all(|line| line.starts_with("        ") && !line.contains("continue with"))
}

/// Each with what is said without `-q`, so that there is something to keep back.
#[test]
fn standard_error_has_only_errors_whatever_there_is_to_tell() {
    let stop = "op=PutVectors,nth=3,status=403,code=AccessDenied";
    for (what, faults, more, code, said) in [
        ("fields that are not stored", &[][..], &["note.jsonl"][..], 0, "note: "),
        ("an index is created", &[], &["good.jsonl"], 0, "created index"),
        ("an input without records", &[], &["empty.jsonl", "good.jsonl"], 0, "warning: "),
        ("rejects", &[], &["bad.jsonl"], 4, "bad.jsonl:"),
        ("nothing to resume", &[], &["good.jsonl", "--resume"], 0, "note: no earlier run"),
        (
            "throttled",
            &["op=PutVectors,nth=2,status=429,code=QpsLimitExceeded"],
            &["good.jsonl"],
            0,
            "throttled, ",
        ),
        ("retried", &["op=PutVectors,nth=2,status=500,code=InternalError"], &["good.jsonl"], 0, "retrying"),
        ("stopped", &[stop], &["good.jsonl"], 2, "continue with: "),
        (
            "a bad file is left out",
            &[],
            &["good.jsonl", "gone.jsonl", "--skip-bad-files"],
            3,
            "note: skipped",
        ),
        ("no file", &[], &["gone.jsonl"], 3, "ossvec: "),
        ("a wrong option", &[], &["good.jsonl", "--nope"], 1, "ossvec: "),
        ("a secret", &[], &["good.jsonl", "-k", "local"], 0, "warning: other users"),
        ("a dry run", &[], &["bad.jsonl", "--dry-run"], 4, "bad.jsonl:"),
        ("events", &[], &["bad.jsonl"], 4, "more records are rejected"),
    ] {
        let home = Home::new();
        home.write("good.jsonl", lines(100, 4));
        home.write("bad.jsonl", flawed(60, 4, |record| record % 10 == 3));
        home.write("note.jsonl", "{\"key\":\"a\",\"vector\":[1,2,3,4],\"title\":\"t\"}\n");
        home.write("empty.jsonl", "");
        let output: &[&str] = if what == "events" { &["--events", "-"] } else { &QUIET[1..] };
        let mut told = Vec::new();
        for quiet in [&[][..], &QUIET[..1]] {
            let service = TestService::start(unlimited());
            service.trouble(faults);
            let ended =
                run(load(&home, &service, more).args(output).args(quiet).args(["--checkpoint-dir", "s"]));
            std::fs::remove_dir_all(home.path("s")).unwrap_or_default();
            let code = if more.contains(&"--skip-bad-files") { 0 } else { code };
            ended.assert_code(code);
            told.push(ended);
        }
        assert!(told[0].stderr.contains(said), "{what}: {}", told[0].stderr);
        assert!(has_only_errors(&told[1]), "{what}: {}", told[1].stderr);
        assert_eq!(
            told[1].stderr.is_empty(),
            matches!(code, 0 | 4) || more.len() == 3,
            "{what}: {}",
            told[1].stderr
        );
        assert!(!told[1].stdout.is_empty());
    }
}

/// What is kept back is in the document.
#[test]
fn the_summary_names_the_inputs_without_records() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(10, 4));
    home.write("b.jsonl", "");
    let ended = run(load(&home, &service, &["a.jsonl", "b.jsonl"]).args(QUIET));
    assert_eq!(ended.assert_code(0).summary()["empty_inputs"], serde_json::json!(["b.jsonl"]));
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_step_of_github_actions_gets_the_annotation_of_its_error_alone() {
    for (more, code, annotations) in [("bad.jsonl", 4, 0), ("gone.jsonl", 3, 1)] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("bad.jsonl", flawed(60, 4, |record| record % 10 == 3));
        let mut load = load(&home, &service, &[more]);
        load.args(QUIET).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "/no/such/place");
        let ended = run(&mut load);
        let (annotated, others): (Vec<_>, Vec<_>) = ended
            .assert_code(code)
            .stderr
            .lines()
            .partition(|line| line.starts_with("::error title=ossvec::"));
        assert_eq!(annotated.len(), annotations, "{}", ended.stderr);
        assert_eq!(others.is_empty(), annotations == 0, "{}", ended.stderr);
    }
}

#[test]
fn an_interrupted_load_says_nothing_but_its_error() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(100, 4));
    service.trouble(&["op=PutVectors,nth=3,hang"]);
    let mut running = Running::start(load(&home, &service, &["a.jsonl", "--read-timeout", "2s"]).args(QUIET));
    until("a request hangs", || {
        assert!(!running.is_over());
        service.requests(Operation::PutVectors) >= 3
    });
    running.signal("INT");
    let ended = running.end();
    assert!(has_only_errors(ended.assert_code(5)), "{}", ended.stderr);
    assert!(!ended.summary()["resume_command"].is_null());
}

#[test]
fn a_log_goes_to_a_file_or_nowhere() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(10, 4));
    home.write("conf", "[default]\nloglevel=debug\n");
    let load = |more: &[&str]| run(load(&home, &service, &["a.jsonl"]).args(QUIET).args(more));
    assert_eq!(load(&["-c", "conf"]).assert_code(0).stderr, "");
    assert_eq!(load(&["--loglevel", "info", "--log-file", "log"]).assert_code(0).stderr, "");
    assert!(std::fs::read_to_string(home.path("log")).unwrap().contains("load ends"));
    insta::assert_snapshot!(load(&["--loglevel", "info"]).assert_code(1).stderr, @"
    ossvec: --loglevel cannot write to standard error, because --quiet with JSON output leaves it to errors
            write the log to a file with --log-file, or remove --quiet
    ");
    // People read the log there.
    let mut text = home.aimed(&["put-vectors", "a.jsonl", "-q", "--loglevel", "info"], &service);
    assert!(run(&mut text).assert_code(0).stderr.contains("load ends"));
}
