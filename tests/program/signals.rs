//! Signals, and going on after them: what a run leaves behind, and who may continue it.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, State, TestService, keys, lines, run, unlimited, wanted};
use crate::trouble::{Running, journals, rejects, until};

const RECORDS: usize = 400;
const DIMENSION: usize = 4;
const NAME: &str = "it's a file.jsonl";

/// A service whose answers take a moment, and a load into it that a signal can meet.
struct Load {
    home: Home,
    service: TestService,
}

impl Load {
    fn new() -> Self {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&["op=PutVectors,latency=30ms"]);
        home.write(NAME, lines(RECORDS, DIMENSION));
        Self { home, service }
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut load = self.home.put(&self.service);
        load.args([NAME, "--batch-size", "10", "--job", "4", "--checkpoint-dir", "state"]).args(more);
        load
    }

    /// Starts it and waits until so many requests have been seen.
    fn running(&self, requests: u64) -> Running {
        let mut running = Running::start(&mut self.command(&[]));
        until("the load is on its way", || {
            assert!(!running.is_over());
            self.service.requests(Operation::PutVectors) >= requests
        });
        running
    }

    /// Interrupts it and returns how it ended.
    fn interrupted(&self) -> Ended {
        let running = self.running(8);
        running.signal("INT");
        let ended = running.end();
        ended.assert_code(5);
        ended
    }

    fn resume(&self) -> Ended {
        self.service.trouble(&[]);
        run(&mut self.command(&["--resume"]))
    }

    #[track_caller]
    fn assert_complete(&self) {
        self.service.assert_holds(&wanted(0..RECORDS, DIMENSION));
        assert_eq!(journals(&self.home.path("state")), Vec::<PathBuf>::new());
    }
}

/// The line of standard error that starts so.
fn told<'a>(ended: &'a Ended, start: &str) -> &'a str {
    let line = ended.stderr.lines().find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no line starts with {start:?}: {}", ended.stderr))
}

#[test]
fn a_signal_ends_the_run_in_good_order_and_the_printed_command_completes_it() {
    for signal in ["INT", "TERM"] {
        let load = Load::new();
        let running = load.running(8);
        running.signal(signal);
        let ended = running.end();
        let [read, stored, unknown, not_sent] =
            ended.assert_code(5).counts(["read", "stored", "unknown", "not_sent"]);
        assert!(ended.stderr.contains("a second signal stops immediately"), "{}", ended.stderr);
        // What was in flight got its answer.
        assert_eq!((load.service.state().len() as u64, unknown), (stored, 0), "{signal}");
        assert!(
            stored >= 40 && stored < RECORDS as u64 && read < RECORDS as u64,
            "{signal}: {read} {stored}"
        );
        assert!(told(&ended, "stored  ").contains(&format!("{stored} vectors")), "{}", ended.stderr);
        if not_sent > 0 {
            assert!(told(&ended, "not sent").contains(&not_sent.to_string()), "{}", ended.stderr);
        }
        let printed = told(&ended, "continue").strip_prefix("continue    ").unwrap();
        assert_eq!(ended.summary()["resume_command"], printed);
        assert!(printed.contains(r"'it'\''s a file.jsonl'"), "{printed}");

        load.service.trouble(&[]);
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_ossvec"));
        let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
        let mut shell = Command::new("sh");
        shell.args(["-c", printed]).env_clear().env("PATH", path).current_dir(load.home.path("."));
        shell
            .env("HOME", load.home.path(""))
            .env("OSS_ACCESS_KEY_ID", "local")
            .env("OSS_ACCESS_KEY_SECRET", "local");
        let resumed = run(&mut shell);
        assert_eq!(resumed.assert_code(0).counts(["skipped", "read"]), [stored, RECORDS as u64 - stored]);
        load.assert_complete();
    }
}

#[test]
fn a_signal_before_anything_is_stored_says_how_to_continue_too() {
    let load = Load::new();
    load.service.trouble(&["op=GetVectorIndex,latency=60s"]);
    let mut running = Running::start(&mut load.command(&[]));
    until("the request is there", || {
        assert!(!running.is_over());
        load.service.statistics().in_flight == 1
    });
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.assert_code(5).counts(["read", "stored"]), [0, 0]);
    assert!(told(&ended, "continue").ends_with("--resume"), "{}", ended.stderr);
    load.resume().assert_code(0);
    load.assert_complete();
}

#[test]
fn a_signal_is_answered_also_while_nothing_but_one_request_goes_on() {
    let probe = &["op=PutVectors,nth=3,hang", "fail-key=key-5"];
    for (faults, method, requests) in [
        (&["op=GetVectorIndex,hang"][..], Operation::GetVectorIndex, 1),
        (&["op=PutVectorIndex,hang"], Operation::PutVectorIndex, 1),
        (probe, Operation::PutVectors, 3),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", lines(10, DIMENSION));
        service.trouble(faults);
        let mut command = home.put(&service);
        let mut running = Running::start(command.args(["a.jsonl", "--retry-times", "1"]));
        until("the request is there", || {
            assert!(!running.is_over(), "{faults:?}");
            service.requests(method) == requests && service.statistics().in_flight == 1
        });
        running.signal("INT");
        let ended = running.end();
        let told = &ended.assert_code(5).stderr;
        assert!(told.contains("stopping: waiting up to"), "{faults:?}: {told}");
        service.trouble(&[]);
        let mut command = home.put(&service);
        run(command.args(["a.jsonl", "--resume"])).assert_code(0);
        service.assert_holds(&wanted(0..10, DIMENSION));
    }
}

#[test]
fn the_second_signal_ends_the_run_at_once() {
    let load = Load::new();
    load.service.trouble(&["op=PutVectors,nth=5,hang,apply=half"]);
    let running = load.running(12);
    running.signal("INT");
    until("the others are settled", || load.service.statistics().in_flight == 1);
    let begun = std::time::Instant::now();
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped immediately; run again with --resume"), "{}", ended.stderr);
    assert_eq!(ended.summary()["error"], "stopped immediately by a second signal");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    until("the service is at rest", || load.service.statistics().in_flight == 0);
    load.resume().assert_code(0);
    load.assert_complete();
}

#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let load = Load::new();
    load.service.trouble(&["op=PutVectors,latency=300ms"]);
    for signal in ["INT", "TERM"] {
        let running = Running::start(&mut load.command(&["--resume"]));
        let before = load.service.requests(Operation::PutVectors);
        until("vectors are sent", || load.service.requests(Operation::PutVectors) > before);
        // As GNU timeout does it: to the process, and to its group.
        running.signal(signal);
        running.signal(signal);
        let ended = running.end();
        assert!(!ended.stderr.contains("stopped immediately"), "{}", ended.stderr);
        assert!(ended.assert_code(5).summary()["resume_command"].is_string(), "{}", ended.stderr);
    }
}

#[test]
fn a_request_that_gets_no_answer_is_looked_up_and_does_not_hold_up_the_end_for_ever() {
    // What may have been applied is read back, unless the service does not allow it.
    for (reading, unknown) in [(None, 0), (Some("op=GetVectors,status=403,code=AccessDenied"), 10)] {
        let load = Load::new();
        let hanging = "op=PutVectors,nth=5,hang,apply=half";
        load.service.trouble(&[Some(hanging), reading].into_iter().flatten().collect::<Vec<_>>());
        let mut running = Running::start(&mut load.command(&["--read-timeout", "2s"]));
        until("the load is on its way", || {
            assert!(!running.is_over());
            load.service.requests(Operation::PutVectors) >= 12
        });
        running.signal("INT");
        let ended = running.end();
        let [stored, told] = ended.assert_code(5).counts(["stored", "unknown"]);
        let found = if unknown == 0 { 0 } else { 5 };
        assert_eq!((told, load.service.state().len() as u64), (unknown, stored + found), "{reading:?}");
        load.resume().assert_code(0);
        load.assert_complete();
    }
}

#[test]
fn standard_input_cannot_be_resumed_and_is_told_so() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let mut load = home.put(&service);
    let mut child = load
        .args(["-", "--resume"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may be gone before it reads.
    drop(child.stdin.take().unwrap().write_all(lines(10, DIMENSION).as_bytes()));
    let ended = Ended::from(child.wait_with_output().unwrap());
    ended.assert_code(1);
    assert!(ended.stderr.contains("--resume requires files"), "{}", ended.stderr);
    service.assert_holds(&State::new());
}

#[test]
fn a_changed_file_is_refused_and_the_first_difference_named() {
    let load = Load::new();
    load.interrupted();
    let before = load.service.state();
    let original = lines(RECORDS, DIMENSION);
    // Of the same length, and longer.
    for (changed, what) in [
        (original.replace("\"n\":\"399\"", "\"n\":\"x99\""), "the block at byte 0 differs"),
        (original.clone() + "\n", "it had "),
    ] {
        load.home.write(NAME, changed);
        let ended = load.resume();
        ended.assert_code(3);
        assert!(ended.stderr.contains("changed since the journal was written"), "{}", ended.stderr);
        assert!(ended.stderr.contains(what), "{what}: {}", ended.stderr);
        load.service.assert_holds(&before);
    }
    load.home.write(NAME, original);
    load.resume().assert_code(0);
    load.assert_complete();
}

#[test]
fn a_moved_file_resumes() {
    let load = Load::new();
    let [stored] = load.interrupted().counts(["stored"]);
    let moved = load.home.path("moved.jsonl");
    fs::rename(load.home.path(NAME), &moved).unwrap();
    load.service.trouble(&[]);
    let mut command = load.home.put(&load.service);
    command.arg(&moved).args(["--batch-size", "10", "--checkpoint-dir", "state", "--resume"]);
    let [skipped] = run(&mut command).assert_code(0).counts(["skipped"]);
    assert_eq!(skipped, stored);
    load.assert_complete();
}

#[test]
fn other_ways_to_read_the_same_file_are_refused() {
    let load = Load::new();
    load.interrupted();
    let ended = run(&mut load.command(&["--resume", "--key", "id"]));
    ended.assert_code(3);
    let told = "--key was not given when the journal was written, but is now id";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    load.resume().assert_code(0);
    load.assert_complete();
}

#[test]
fn a_torn_last_line_of_the_journal_is_ignored() {
    let load = Load::new();
    load.interrupted();
    let journal = journals(&load.home.path("state")).pop().unwrap();
    let text = fs::read(&journal).unwrap();
    let last = text.iter().rposition(|byte| *byte == b'{').unwrap();
    for torn in [last, text.len() - 1] {
        fs::write(&journal, &text[..torn]).unwrap();
        load.service.trouble(&["op=PutVectors,status=403"]);
        let ended = run(&mut load.command(&["--resume"]));
        // Something is settled by the lines before it.
        assert!(ended.assert_code(2).counts(["skipped"])[0] > 0);
    }
    fs::write(&journal, [&text[..], b"\0\0\0\0"].concat()).unwrap();
    load.resume().assert_code(0);
    load.assert_complete();
}

#[test]
fn a_journal_that_is_rubbish_is_begun_anew() {
    let load = Load::new();
    load.interrupted();
    let journal = journals(&load.home.path("state")).pop().unwrap();
    fs::write(&journal, "rubbish\n").unwrap();
    assert_eq!(load.resume().assert_code(0).counts(["skipped", "read"]), [0, RECORDS as u64]);
    load.assert_complete();
}

#[test]
fn a_second_run_of_the_same_load_is_refused() {
    let load = Load::new();
    load.service.trouble(&["op=PutVectors,hang"]);
    let mut first = Running::start(&mut load.command(&[]));
    until("the first is on its way", || {
        assert!(!first.is_over());
        load.service.statistics().in_flight > 0
    });
    for more in [&[] as &[&str], &["--resume"]] {
        let second = run(&mut load.command(more));
        second.assert_code(3);
        assert!(second.stderr.contains("another ossvec process is loading this"), "{}", second.stderr);
        assert_eq!(second.counts(["read", "stored"]), [0, 0]);
    }
    first.kill();
    load.resume().assert_code(0);
    load.assert_complete();
}

#[test]
fn without_a_journal_resume_starts_at_the_beginning() {
    let load = Load::new();
    assert_eq!(load.resume().assert_code(0).counts(["skipped", "stored"]), [0, RECORDS as u64]);
    load.assert_complete();
}

#[test]
fn rejects_of_an_interrupted_run_are_kept_and_not_repeated() {
    let options = Options { latency: Duration::from_millis(30), ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    let bad = |record: usize| record % 25 == 3;
    let text: String = (0..RECORDS)
        .map(|record| crate::support::line(record, if bad(record) { 2 } else { DIMENSION }))
        .collect();
    let input = home.write("flawed.jsonl", text);
    let load = |more: &[&str]| {
        let mut load = home.put_sized(&service, DIMENSION);
        load.arg(&input).args(["--batch-size", "10", "--job", "2", "--rejects", "rejects.jsonl"]).args(more);
        load
    };
    let mut running = Running::start(&mut load(&[]));
    until("the load is on its way", || {
        assert!(!running.is_over());
        service.requests(Operation::PutVectors) >= 10
    });
    running.signal("INT");
    let first = running.end();
    let [rejected] = first.assert_code(5).counts(["rejected"]);
    assert!(rejected > 0 && rejects(&home.path("rejects.jsonl")).len() as u64 == rejected);
    let second = run(&mut load(&["--resume"]));
    assert_eq!(second.assert_code(4).counts(["skipped_rejected"]), [rejected]);
    let listed: Vec<_> = rejects(&home.path("rejects.jsonl")).into_iter().map(|(key, _)| key).collect();
    assert_eq!(listed, keys((0..RECORDS).filter(|record| bad(*record))));
    service.assert_holds(&wanted((0..RECORDS).filter(|record| !bad(*record)), DIMENSION));
}
