//! A load that is begun again without `--resume`: whatever it advises of the earlier run can be done as it stands, and what
//! cannot be done is not advised.
#![cfg(unix)]

use ossvec::test_support::oss::operation::Operation;

use crate::shell::obey;
use crate::support::{BUCKET, Ended, Home, INDEX, TestService, flawed, line, lines, run, unlimited, wanted};
use crate::trouble::{Running, until};

const DIMENSION: usize = 4;
const RECORDS: usize = 200;
const BATCHES: [&str; 6] = ["--batch-size", "20", "--job", "1", "--checkpoint-dir", "my state"];

struct Load {
    home: Home,
    service: TestService,
}

fn denied(batches: usize) -> String {
    format!("op=PutVectors,nth={},status=403,code=AccessDenied", batches + 1)
}

fn is_bad(record: usize) -> bool {
    record % 30 == 3
}

impl Load {
    fn new(text: String) -> Self {
        let this = Self { home: Home::new(), service: TestService::start(unlimited()) };
        this.home.write("a b.jsonl", text);
        this
    }

    fn command(&self, more: &[&str]) -> std::process::Command {
        let mut load = self.home.put_sized(&self.service, DIMENSION);
        load.arg("a b.jsonl").args(BATCHES).args(more);
        load
    }

    /// A run that is denied the request after so many.
    fn stopped(&self, batches: usize, more: &[&str]) -> Ended {
        self.service.trouble(&[&denied(batches)]);
        let ended = run(&mut self.command(more));
        self.service.trouble(&[]);
        ended
    }

    /// A run that is killed while it waits for the answer to the request after so many.
    fn killed(&self, batches: usize, more: &[&str]) -> Ended {
        let seen = self.service.requests(Operation::PutVectors);
        self.service.trouble(&[&format!("op=PutVectors,nth={},hang", batches + 1)]);
        let mut running = Running::start(&mut self.command(more));
        until("a request hangs", || {
            assert!(!running.is_over());
            self.service.requests(Operation::PutVectors) > seen + batches as u64
        });
        let ended = running.kill();
        self.service.trouble(&[]);
        ended
    }
}

/// The commands that a note advises, if it does.
fn advised(ended: &Ended) -> Option<String> {
    let (_, rest) = ended.stderr.split_once("stop this one and run:\n")?;
    Some(rest.lines().take_while(|line| line.starts_with("        ")).collect::<Vec<_>>().join("\n"))
}

/// The note on the earlier run.
fn note(ended: &Ended) -> &str {
    let mut lines = ended.stderr.lines();
    lines.find_map(|line| line.strip_prefix("note: starting from the beginning")).unwrap_or_default()
}

/// Whatever was stored by then, however this run ends, and at whatever moment that is.
#[test]
fn what_is_advised_continues_the_earlier_run() {
    let mut random = fastrand::Rng::with_seed(13);
    for number in 0..16 {
        let text =
            if number % 2 == 0 { lines(RECORDS, DIMENSION) } else { flawed(RECORDS, DIMENSION, is_bad) };
        let load = Load::new(text);
        let options: &[&str] =
            [&[][..], &["--rejects", "r.jsonl"], &["--metadata-values", "text"]][random.usize(0..3)];
        let (first, second) = (random.usize(1..8), random.usize(0..4));
        let settled: u64 =
            load.stopped(first, options).assert_code(2).counts(["stored", "rejected"]).iter().sum();
        let ended = if random.bool() { load.stopped(second, options) } else { load.killed(second, options) };
        let what = format!("{number}: {first} {second} {options:?}: {}", ended.stderr);
        let commands = advised(&ended).unwrap_or_else(|| panic!("{what}"));
        assert!(note(&ended).contains(&format!("settled {settled} records")), "{what}");
        let continued = obey(&load.home, "sh", &commands);
        let code = if number % 2 == 0 { 0 } else { 4 };
        assert_eq!(continued.assert_code(code).counts(["skipped"]), [settled], "{what}");
        let good = (0..RECORDS).filter(|record| number % 2 == 0 || !is_bad(*record));
        load.service.assert_holds_in(&what, &wanted(good, DIMENSION));
    }
}

type Change = fn(&Load);
type Case = (&'static str, Change, &'static [&'static str], &'static [&'static str], &'static str);

/// What is changed before a run, the options of the earlier one and of that one, and what it says.
fn cases() -> [Case; 8] {
    let nothing: Change = |_| ();
    [
        (
            "an option",
            nothing,
            &[],
            &["--metadata-values", "text"],
            "cannot be resumed: --metadata-values was",
        ),
        (
            "another rejects file",
            nothing,
            &["--rejects", "r.jsonl"],
            &["--rejects", "q.jsonl"],
            "cannot be resumed with another rejects file: earlier runs of this load wrote their rejects to",
        ),
        (
            "no rejects file",
            nothing,
            &["--rejects", "r.jsonl"],
            &[],
            "cannot be resumed with another rejects file",
        ),
        (
            "a rejects file",
            nothing,
            &[],
            &["--rejects", "r.jsonl"],
            "cannot be resumed with another rejects file",
        ),
        (
            "a pipe",
            nothing,
            &["--rejects", "r.jsonl"],
            &["--rejects", "/dev/null"],
            "cannot be resumed with another",
        ),
        (
            "the input",
            |load| drop(load.home.write("a b.jsonl", flawed(RECORDS + 1, DIMENSION, is_bad))),
            &[],
            &[],
            "cannot be resumed: ",
        ),
        (
            "the index",
            |load| assert!(load.service.service.store().delete_index(BUCKET, INDEX).unwrap()),
            &[],
            &[],
            "no longer exists",
        ),
        (
            "another index",
            |load| {
                assert!(load.service.service.store().delete_index(BUCKET, INDEX).unwrap());
                let other = load.home.write("other.jsonl", line(9_999, DIMENSION));
                run(load.home.put(&load.service).arg(other)).assert_code(0);
            },
            &[],
            &[],
            "no longer exists",
        ),
    ]
}

/// Each with what would be refused, or of no use.
#[test]
fn nothing_is_advised_that_would_be_refused() {
    for (what, change, before, now, told) in cases() {
        let load = Load::new(flawed(RECORDS, DIMENSION, is_bad));
        load.stopped(5, before).assert_code(2);
        change(&load);
        let ended = load.stopped(2, now);
        assert_eq!(advised(&ended), None, "{what}: {}", ended.stderr);
        assert!(note(&ended).contains(told), "{what}: {}", ended.stderr);
        // It would be refused indeed.
        let mut folders =
            std::fs::read_dir(load.home.path("my state")).unwrap().map(|entry| entry.unwrap().path());
        let folder = folders.find(|path| path.join("before").exists()).unwrap();
        std::fs::rename(folder.join("before"), folder.join("resume")).unwrap();
        let refused = run(&mut load.command(&[&["--resume"], now].concat()));
        assert!(refused.assert_code(3).stderr.contains("cannot resume"), "{what}: {}", refused.stderr);
    }
}

/// A journal of rejects only: to continue it would leave the records out that the other command loads.
#[test]
fn to_continue_a_run_that_stored_nothing_is_not_advised() {
    let load = Load::new(flawed(RECORDS, DIMENSION, |record| record < 120));
    let ended = run(&mut load.command(&["--max-rejects", "50"]));
    assert_eq!(ended.assert_code(4).counts(["stored"]), [0]);
    let ended = load.stopped(1, &["--max-rejects", "none"]);
    assert_eq!(advised(&ended), None, "{}", ended.stderr);
    assert!(note(&ended).starts_with("; an earlier run stored none of the "), "{}", ended.stderr);
    load.home.write("a b.jsonl", lines(RECORDS, DIMENSION));
    run(&mut load.command(&[])).assert_code(0);
    load.service.assert_holds(&wanted(0..RECORDS, DIMENSION));
}
