//! What a person sees: the program under a pseudo-terminal, and the same through a pipe.
#![cfg(unix)]

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::pty::{self, COLUMNS};
use crate::support::{Home, TestService, line, lines, run, unlimited, words};
use crate::trouble::{Running, until};

/// A program whose standard output and error are a terminal.
pub(crate) struct Watched {
    child: Child,
    keys: File,
    printed: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

impl Watched {
    pub(crate) fn start(command: &mut Command) -> Self {
        let (mut watched, terminal) = pty::open();
        let child = command.stdout(pty::stream(&terminal)).stderr(pty::stream(&terminal)).spawn().unwrap();
        // The reading below ends when nobody holds the terminal any more.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let printed = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&printed);
        let keys = watched.try_clone().unwrap();
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = watched.read(&mut buffer) {
                into.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self { child, keys, printed, reading }
    }

    pub(crate) fn printed(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap()).into_owned()
    }

    /// Waits until the screen shows all of `words` in one line.
    #[track_caller]
    fn until_shown(&mut self, words: &[&str]) {
        until(&format!("{words:?} are shown"), || {
            let is_over = self.child.try_wait().unwrap().is_some();
            let screen = screen(&self.printed());
            let is_shown = screen.iter().any(|line| words.iter().all(|word| line.contains(word)));
            assert!(is_shown || !is_over, "{}", screen.join("\n"));
            is_shown
        });
    }

    /// Types something, which the terminal shows where the cursor is.
    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Its exit code, and all that it has printed.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        self.reading.join().unwrap();
        let printed = String::from_utf8(self.printed.lock().unwrap().clone()).unwrap();
        (code, printed)
    }
}

/// The lines that a terminal shows; knows only what a bar needs, and fails at anything else.
fn screen(printed: &str) -> Vec<String> {
    let mut rows: Vec<Vec<char>> = Vec::new();
    let (mut row, mut column) = (0, 0);
    let mut characters = printed.chars();
    while let Some(character) = characters.next() {
        match character {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' => {
                let rest = characters.as_str();
                // What is still being printed may be cut anywhere.
                let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) else { break };
                let (number, after) = rest.split_at(end);
                characters = after.chars();
                let number = number.trim_start_matches('[').parse().unwrap_or(1);
                match characters.next() {
                    Some('A') => row -= number,
                    Some('B') => row += number,
                    Some('K') if number == 2 => rows[row].clear(),
                    _ => panic!("a sequence that no bar needs: {rest:?}"),
                }
            }
            _ => {
                if column == usize::from(COLUMNS) {
                    (row, column) = (row + 1, 0);
                }
                rows.resize(rows.len().max(row + 1), Vec::new());
                let line = &mut rows[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = character;
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    rows.into_iter().map(|row| row.into_iter().collect::<String>().trim_end().to_owned()).collect()
}

/// A command with variables and options, as `NAME=value --option`.
fn with<'a>(command: &'a mut Command, arguments: &str) -> &'a mut Command {
    for word in words(arguments) {
        match word.split_once('=') {
            Some((name, value)) => command.env(name, value),
            None => command.arg(word),
        };
    }
    command
}

/// A load of 60 requests at 30 a second, with a record or two that are rejected.
struct Load {
    home: Home,
    service: TestService,
}

impl Load {
    fn new() -> Self {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", [lines(300, 4), line(999, 3), lines(600, 4)].concat());
        Self { home, service }
    }

    fn command(&self) -> Command {
        let mut load = self.home.aimed(&["put-vectors", "a.jsonl"], &self.service);
        load.args(["--create-index", "--distance-metric", "euclidean", "--batch-size", "15", "--job", "16"]);
        load.args(["--dimension", "4", "--requests-per-second", "30", "--rejects", "r.jsonl"])
            .env("TERM", "xterm-256color");
        load
    }
}

const FAR: [&str; 4] = [" %, ", " s left, ", " stored", "[="];
const FAST: [&str; 3] = [" of 2,500 vectors/s, ", " of 30 requests/s", ", at the request quota"];

#[test]
fn a_terminal_shows_a_bar_with_percent_rates_time_left_and_the_limit_and_then_the_summary() {
    let load = Load::new();
    let mut watched = Watched::start(&mut load.command());
    watched.until_shown(&FAR);
    watched.until_shown(&FAST);
    watched.types("^C");
    let (code, printed) = watched.end();
    let mut lines = screen(&printed);
    assert_eq!(code, Some(4), "{printed}");
    assert!(printed.contains("\u{1b}["));
    // No colour, whatever the variables say.
    assert!(!printed.contains("\u{1b}[0m") && !printed.contains("\u{1b}[3"), "{printed:?}");
    let last = lines.iter().position(|line| line.starts_with("time  ")).unwrap();
    lines.truncate(last);
    let want = [
        "created index idx: dimension 4, euclidean",
        "a.jsonl:301: key \"key-999\": the vector has 3 elements; the dimension is 4",
        "stored      900 vectors of 901 read, in bucket test-bucket, index idx",
        "rejected    1 record, in r.jsonl",
        "            1 × dimension, first at a.jsonl:301: the vector has 3 elements; the",
        "dimension is 4",
    ];
    assert_eq!(lines, want);
}

#[test]
fn the_same_through_a_pipe_has_neither_escapes_nor_carriage_returns() {
    for more in ["", "--progress bar", "--progress plain"] {
        let load = Load::new();
        let mut running = Running::start(with(&mut load.command(), more));
        until("the load is on its way", || {
            assert!(!running.is_over());
            load.service.requests(Operation::PutVectors) >= 10
        });
        running.signal("USR1");
        let ended = running.end();
        ended.assert_code(4);
        for text in [&ended.stdout, &ended.stderr] {
            assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
        }
        let told: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("after ")).collect();
        assert_eq!(told.len(), 1, "{}", ended.stderr);
        for words in [" %, ", " s left, ", " stored, ", " of 2,500 vectors/s, ", " of 30 requests/s"] {
            assert!(told[0].contains(words), "{words}: {told:?}");
        }
    }
}

#[test]
fn a_terminal_that_is_no_place_for_a_bar_gets_plain_lines() {
    for words in [
        "CI=1",
        "CI=true NO_COLOR=1",
        "TERM=dumb",
        "TERM=dumb --progress bar",
        "TERM=xterm --progress plain",
        // A log's lines would tear it.
        "TERM=xterm --loglevel info",
    ] {
        let load = Load::new();
        let mut watched = Watched::start(with(&mut load.command(), words));
        // The rejected record is told.
        watched.until_shown(&["a.jsonl:301: "]);
        watched.signal("USR1");
        let (code, printed) = watched.end();
        assert_eq!(code, Some(4), "{printed}");
        assert!(!printed.contains('\u{1b}') && !printed.replace("\r\n", "\n").contains('\r'), "{printed:?}");
        assert!(printed.contains("\nafter "), "{words}: {printed}");
    }
}

#[test]
fn a_bar_is_shown_without_colours_and_where_it_is_asked_for() {
    for words in ["NO_COLOR=1", "CLICOLOR_FORCE=1", "CI=true --progress bar"] {
        let load = Load::new();
        let mut watched = Watched::start(with(&mut load.command(), words));
        watched.until_shown(&FAR);
        let (_, printed) = watched.end();
        let colours = printed.split("\u{1b}[").skip(1).filter(|rest| {
            rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
        });
        assert_eq!(colours.count(), 0, "{printed:?}");
    }
}

#[test]
fn lines_that_are_printed_meanwhile_stay_whole_above_the_bar_and_the_end_below_it() {
    let load = Load::new();
    load.service.trouble(&[
        "op=PutVectors,nth=3,status=429,code=QpsLimitExceeded",
        "op=PutVectors,nth=25,status=500,code=InternalError",
    ]);
    load.home.write("b.json", "[{},{\"key\":\"a\",");
    let mut watched = Watched::start(load.command().arg("b.json"));
    watched.until_shown(&FAR);
    let (code, printed) = watched.end();
    assert_eq!(code, Some(3), "{printed}");
    let text = screen(&printed).join("\n");
    for line in [
        "throttled, continuing at 70 % of the pace: ",
        "a.jsonl:301: key \"key-999\": the vector has 3 elements; the dimension is 4\n",
        "\nstored      900 vectors of 902 read, in bucket test-bucket, index idx\n",
        "\npace        ",
        "\nossvec: b.json",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains(" left, ") && !text.contains("[="), "{text}");
}

#[test]
fn whoever_asks_is_told_how_far_the_run_is_also_in_quiet() {
    let load = Load::new();
    let mut watched = Watched::start(&mut load.command());
    watched.until_shown(&FAR);
    watched.signal("USR1");
    watched.until_shown(&["after ", " %, ", " s left, "]);
    assert_eq!(watched.end().0, Some(4));

    let load = Load::new();
    let mut running = Running::start(load.command().args(["-q"]));
    until("the load is on its way", || {
        assert!(!running.is_over());
        load.service.requests(Operation::PutVectors) >= 10
    });
    running.signal("USR1");
    let ended = running.end();
    let told: Vec<_> = ended.assert_code(4).stderr.lines().collect();
    assert!(matches!(told[..], [line] if line.starts_with("after ")), "{}", ended.stderr);
}

#[test]
fn standard_input_shows_what_can_be_said_and_packed_input_its_percent() {
    let load = Load::new();
    load.home.write("a.jsonl.gz", crate::support::gzip(&std::fs::read(load.home.path("a.jsonl")).unwrap()));
    let mut command = load.command();
    let mut watched = Watched::start(command.arg("a.jsonl.gz"));
    watched.until_shown(&FAR);
    watched.signal("INT");
    watched.end();

    let load = Load::new();
    let mut command = load.home.aimed(&["put-vectors", "-"], &load.service);
    command.args(["--create-index", "--distance-metric", "euclidean", "--dimension", "4"]);
    command.args(["--batch-size", "15", "--requests-per-second", "30"]).env("TERM", "xterm");
    command.stdin(File::open(load.home.path("a.jsonl")).unwrap());
    let mut watched = Watched::start(&mut command);
    watched.until_shown(&["KiB read, ", " stored"]);
    watched.until_shown(&FAST);
    let (code, printed) = watched.end();
    assert_eq!(code, Some(4), "{printed}");
    assert!(!printed.contains(" left, "), "{printed}");
}

#[test]
fn a_service_quota_below_one_batch_is_guessed_at() {
    let options = Options { vectors_per_second: 30.0, ..unlimited() };
    let (home, service) = (Home::new(), TestService::start(options));
    home.write("a.jsonl", lines(200, 4));
    let mut command = home.put(&service);
    let mut watched = Watched::start(command.args(["a.jsonl", "--batch-size", "100", "--job", "1"]));
    watched.until_shown(&["note: batch 0 was throttled 5 times while nothing was stored"]);
    watched.signal("INT");
    let (code, printed) = watched.end();
    assert_eq!((code, printed.matches("note: batch 0").count()), (Some(5), 1), "{printed}");
    assert!(printed.contains("--batch-size") && service.state().is_empty(), "{printed}");
}

#[test]
fn directories_that_are_passed_over_are_counted_once() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    for name in ["in/a.jsonl", "in/deeper/b.jsonl", "in/more/c.jsonl", "in/.git/d.jsonl"] {
        home.write(name, lines(3, 4));
    }
    let ended = run(home.put(&service).arg("in"));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [3]);
    let told = "note: skipped: 2 directories (in/deeper, in/more); to load them too, pass their paths";
    assert_eq!(ended.stderr.lines().filter(|line| *line == told).count(), 1, "{}", ended.stderr);
}

#[test]
fn what_a_terminal_would_obey_is_never_printed() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let bad = "{\"key\":\"a\\u001b[2J\",\"vector\":[1,2,\"\\u001b]0;x\\u0007\"]}\n\u{1b}[31mrubbish\r\n";
    home.write("a.jsonl", [lines(3, 4), bad.to_owned()].concat());
    let mut command = home.aimed(&["put-vectors", "a.jsonl"], &service);
    let ended = run(command.args(["--create-index", "--distance-metric", "cosine"]));
    ended.assert_code(4);
    for text in [&ended.stdout, &ended.stderr] {
        let controls = text.chars().filter(|c| c.is_control() && *c != '\n');
        assert_eq!(controls.count(), 0, "{text:?}");
    }
}
