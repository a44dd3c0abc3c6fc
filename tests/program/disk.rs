//! Disks that are full or cannot be written, and inputs that are gone: one clear line, and no claim that is not so.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use ossvec::test_support::oss::operation::Operation;

use crate::support::{
    Ended, Home, State, TestService, flawed, lines, run, run_with_input, unlimited, wanted,
};
use crate::trouble::{Running, journals, rejects, until};

const DIMENSION: usize = 4;

/// One line says what is wrong, with the path; at most one more what to do.
#[track_caller]
fn assert_clear(ended: &Ended, what: &str, path: &str) {
    ended.assert_code(3);
    let errors: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("ossvec: ")).collect();
    assert_eq!(errors.len(), 1, "{}", ended.stderr);
    assert!(errors[0].contains(what) && errors[0].contains(path), "{}", errors[0]);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

fn with_a_flaw(records: usize) -> String {
    flawed(records, DIMENSION, |record| record == 33)
}

#[test]
fn rejects_that_cannot_be_written_stop_the_run_and_nothing_is_lost() {
    for (records, jobs) in [(40, "1"), (400, "4")] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("flawed.jsonl", with_a_flaw(records));
        let load = |rejects: &str, more: &[&str]| {
            let mut load = home.put_sized(&service, DIMENSION);
            load.arg(&input).args(["--batch-size", "20", "--job", jobs, "--rejects", rejects]).args(more);
            run(&mut load)
        };
        let ended = load("/dev/full", &[]);
        assert_clear(&ended, "No space left on device", "/dev/full");
        let [stored, rejected] = ended.counts(["stored", "rejected"]);
        assert_eq!(rejected, 0, "it is nowhere to be found");
        assert_eq!(service.state().len() as u64, stored);
        let summary = ended.summary();
        assert_eq!(summary["rejects_file"], serde_json::Value::Null);
        assert!(summary["resume_command"].is_string(), "{summary:#}");
        let resumed = load("rejects.jsonl", &["--resume"]);
        assert_eq!(resumed.assert_code(4).counts(["rejected"]), [1]);
        assert_eq!(rejects(&home.path("rejects.jsonl")), [("key-33".to_owned(), "dimension".to_owned())]);
        service.assert_holds(&wanted((0..records).filter(|record| *record != 33), DIMENSION));
    }
}

#[test]
fn rejects_may_go_where_nothing_is_kept() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("flawed.jsonl", with_a_flaw(40));
    let ended = run(home.put_sized(&service, DIMENSION).arg(input).args(["--rejects", "/dev/null"]));
    assert_eq!(ended.assert_code(4).counts(["stored", "rejected"]), [39, 1]);
}

#[test]
fn events_that_cannot_be_written_are_told_at_the_end_of_a_load_that_is_done() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(200, DIMENSION));
    let ended = run(home.put(&service).arg(&input).args(["--events", "/dev/full"]));
    assert_clear(&ended, "cannot write the events: No space left on device", "");
    assert_eq!(ended.counts(["stored"]), [200]);
    service.assert_holds(&wanted(0..200, DIMENSION));
    let ended = run(home.put(&service).arg(input).args(["--events", "no/such/folder"]));
    ended.assert_code(3);
    assert!(ended.stderr.starts_with("ossvec: cannot write --events no/such/folder"), "{}", ended.stderr);
}

#[test]
fn a_log_that_cannot_be_written_is_told_at_the_end_of_a_load_that_is_done() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(200, DIMENSION));
    let load = |log: &str| {
        let mut load = home.put(&service);
        load.arg(&input).args(["--loglevel", "debug", "--log-file", log, "--batch-size", "10"]);
        load
    };
    let ended = run(&mut load("/dev/full"));
    assert_clear(&ended, "the log is incomplete: cannot write --log-file /dev/full: No space left", "");
    assert_eq!(ended.counts(["stored"]), [200]);
    service.assert_holds(&wanted(0..200, DIMENSION));
    // Without a journal it is the log alone that finds no room.
    let mut piped = home.put(&service);
    piped.args(["-", "--loglevel", "debug", "--log-file", "log", "--batch-size", "10"]);
    let ended = run_with_input(&mut with_little_room(&piped, 8), lines(200, DIMENSION).into());
    assert_clear(&ended, "the log is incomplete: cannot write --log-file log: File too large", "");
    let text = fs::read_to_string(home.path("log")).unwrap();
    assert_eq!(text.len(), 4096);
    // A load that fails for another reason says both.
    service.trouble(&["op=PutVectors,nth=1,status=403"]);
    let ended = run(&mut load("/dev/full"));
    let note = "note: the log is incomplete: cannot write --log-file /dev/full";
    assert!(ended.assert_code(2).stderr.contains(note), "{}", ended.stderr);
}

#[test]
fn a_summary_that_cannot_be_printed_is_a_failure() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(20, DIMENSION));
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let ended =
        home.put(&service).arg(input).stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let ended = Ended::from(ended.wait_with_output().unwrap());
    assert_clear(&ended, "cannot write the result: No space left on device", "");
    service.assert_holds(&wanted(0..20, DIMENSION));
}

#[test]
fn a_state_directory_that_cannot_be_one_stops_the_run_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(20, DIMENSION));
    let file = home.write("state", "a file");
    let below = file.join("below");
    for place in [file.as_path(), &below, Path::new("/proc/ossvec"), Path::new("/dev/null")] {
        let ended = run(home.put(&service).arg(&input).arg("--checkpoint-dir").arg(place));
        assert_clear(&ended, "cannot create the directory", &place.display().to_string());
        assert!(ended.stderr.contains("--checkpoint-dir sets another directory"), "{}", ended.stderr);
        assert_eq!(ended.counts(["read", "stored"]), [0, 0]);
    }
    service.assert_holds(&State::new());
    assert_eq!(fs::read_to_string(file).unwrap(), "a file");
}

/// Runs `command` where no file may grow beyond so many units of 512 bytes, as on a full disk.
fn with_little_room(command: &Command, units: usize) -> Command {
    let mut shell = Command::new("sh");
    let limit = format!("ulimit -f {units}; exec \"$@\"");
    shell.args(["-c", &limit, "sh"]).arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}

#[test]
fn a_journal_that_finds_no_room_stops_the_run_which_goes_on_when_there_is() {
    for units in [8, 12, 20] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let input = home.write("vectors.jsonl", lines(4_000, DIMENSION));
        let load = |more: &[&str]| {
            let mut load = home.put(&service);
            load.arg(&input)
                .args(["--batch-size", "20", "--job", "4", "--checkpoint-dir", "state"])
                .args(more);
            load
        };
        let ended = run(&mut with_little_room(&load(&[]), units));
        assert_clear(&ended, "cannot write the journal", "state/");
        let [stored, unknown] = ended.counts(["stored", "unknown"]);
        assert_eq!((service.state().len() as u64, unknown), (stored, 0), "{units}");
        assert!(stored > 0 && stored < 4_000, "{units}: {stored}");
        let resumed = run(&mut load(&["--resume"]));
        let [skipped, read] = resumed.assert_code(0).counts(["skipped", "read"]);
        assert!(skipped > 0 && skipped <= stored && skipped + read == 4_000, "{units}: {skipped} {read}");
        service.assert_holds(&wanted(0..4_000, DIMENSION));
        assert!(journals(&home.path("state")).is_empty());
    }
}

#[test]
fn a_rejects_file_that_finds_no_room_keeps_whole_lines_and_gets_the_rest_later() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("flawed.jsonl", flawed(1_000, DIMENSION, |record| record % 10 == 3));
    let load = |more: &[&str]| {
        let mut load = home.put_sized(&service, DIMENSION);
        load.arg(&input).args(["--batch-size", "50", "--job", "4", "--rejects", "rejects.jsonl"]).args(more);
        load
    };
    // Room for some of the lines and for the journal.
    let ended = run(&mut with_little_room(&load(&[]), 16));
    assert_clear(&ended, "cannot write the rejects file rejects.jsonl", "");
    let text = fs::read_to_string(home.path("rejects.jsonl")).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    assert_eq!(rejects(&home.path("rejects.jsonl")).len(), text.lines().count());
    run(&mut load(&["--resume"])).assert_code(4);
    let mut keys: Vec<_> = rejects(&home.path("rejects.jsonl")).into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    let mut wanted: Vec<_> =
        (0..1_000).filter(|record| record % 10 == 3).map(|n| format!("key-{n}")).collect();
    wanted.sort_unstable();
    assert_eq!(keys, wanted);
}

#[test]
fn rejects_of_an_earlier_run_that_are_gone_are_missed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("flawed.jsonl", with_a_flaw(200));
    let load = |more: &[&str]| {
        let mut load = home.put_sized(&service, DIMENSION);
        run(load.arg(&input).args(["--batch-size", "20", "--job", "1", "--rejects", "r.jsonl"]).args(more))
    };
    service.trouble(&["op=PutVectors,nth=5,status=403"]);
    load(&[]).assert_code(2);
    fs::remove_file(home.path("r.jsonl")).unwrap();
    let ended = load(&["--resume"]);
    let note =
        "note: an earlier run rejected 1 record, but r.jsonl is gone; a run without --resume writes it again";
    assert!(ended.assert_code(4).stderr.contains(note), "{}", ended.stderr);
}

#[test]
fn a_pipe_with_a_path_has_no_journal() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let pipe = home.path("pipe.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let ended = run(home.put(&service).arg(&pipe).arg("--resume"));
    let said = "ossvec: --resume requires files: pipes";
    assert!(ended.assert_code(1).stderr.contains(said), "{}", ended.stderr);
}

#[test]
fn a_load_that_another_one_holds_up_leaves_its_events_alone() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("a.jsonl", lines(200, DIMENSION));
    service.trouble(&["op=PutVectors,nth=1,hang"]);
    let load = || {
        let mut load = home.put(&service);
        load.arg(&input).args(["--events", "events.jsonl", "--checkpoint-dir", "state"]);
        load
    };
    let running = Running::start(&mut load());
    until("a request hangs", || service.requests(Operation::PutVectors) > 0);
    let before = fs::read_to_string(home.path("events.jsonl")).unwrap();
    assert!(before.contains("run_start"), "{before}");
    let ended = run(&mut load());
    assert!(
        ended.assert_code(3).stderr.contains("another ossvec process is loading this"),
        "{}",
        ended.stderr
    );
    assert_eq!(fs::read_to_string(home.path("events.jsonl")).unwrap(), before);
    running.kill();
}

#[test]
fn an_input_that_vanished_is_told_and_resumes_when_it_is_back() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = home.write("vectors.jsonl", lines(200, DIMENSION));
    let load = |more: &[&str]| {
        run(home.put(&service).arg(&input).args(["--batch-size", "20", "--job", "1"]).args(more))
    };
    service.trouble(&["op=PutVectors,nth=4,status=403"]);
    assert_eq!(load(&[]).assert_code(2).counts(["stored"]), [60]);
    fs::rename(&input, home.path("away")).unwrap();
    let ended = load(&["--resume"]);
    assert_clear(&ended, "No such file or directory", "vectors.jsonl");
    assert!(ended.stderr.contains("the progress of earlier runs is kept for --resume"), "{}", ended.stderr);
    assert_eq!(ended.counts(["read", "stored"]), [0, 0]);
    fs::rename(home.path("away"), &input).unwrap();
    assert_eq!(load(&["--resume"]).assert_code(0).counts(["skipped", "stored"]), [60, 140]);
    service.assert_holds(&wanted(0..200, DIMENSION));
}

#[test]
fn rejects_into_a_pipe_need_a_reader_before_anything_is_sent() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("flawed.jsonl", with_a_flaw(200));
    let pipe = home.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let load = || run(home.put_sized(&service, DIMENSION).args(["flawed.jsonl", "--rejects", "pipe"]));
    let ended = load();
    assert!(ended.assert_code(3).stderr.contains("a pipe without a reader"), "{}", ended.stderr);
    assert!(service.state().is_empty());
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    until("the pipe has a reader", || load().code == Some(4));
    assert!(reader.join().unwrap().contains("\"rejected\""));
}

#[test]
fn rejects_may_go_into_any_pipe() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("flawed.jsonl", with_a_flaw(200));
    let ended = run(home.put_sized(&service, DIMENSION).args(["flawed.jsonl", "--rejects", "/dev/stderr"]));
    assert!(ended.assert_code(4).stderr.contains("{\"rejected\":"), "{}", ended.stderr);
}
