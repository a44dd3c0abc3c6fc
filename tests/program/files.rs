//! Lists of files, good and bad ones: what is looked at before anything is sent, what is loaded although a file is bad,
//! and how such a load is continued.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;

use ossvec::emulator::Options;
use ossvec::oss::operation::Operation;
use serde_json::json;

use crate::support::{Ended, Home, TestService, gzip, line, run, unlimited, wanted, zstd};
use crate::trouble::{Running, journals, json_lines, until};

const DIMENSION: usize = 4;

pub(crate) fn records(numbers: Range<usize>) -> String {
    numbers.map(|number| line(number, DIMENSION)).collect()
}

pub(crate) fn array(numbers: Range<usize>) -> String {
    format!("[{}]", records(numbers).trim_end().replace('\n', ",\n"))
}

/// The same, cut in the middle.
pub(crate) fn torn(mut text: String) -> String {
    text.truncate(text.len() / 2);
    text
}

/// Keys that the service received, in the requests after the first `seen`.
pub(crate) fn received(service: &TestService, seen: usize) -> Vec<String> {
    let requests = service.statistics().recent;
    let puts = requests.iter().skip(seen).filter(|request| request.operation == Some(Operation::PutVectors));
    puts.flat_map(|request| request.keys.clone()).collect()
}

pub(crate) fn logged() -> Options {
    Options { log_keys: true, ..unlimited() }
}

#[test]
fn two_directories_with_parts_of_the_same_names_do_not_meet_in_one_local_index() {
    let home = Home::new();
    for (directory, from) in [("one", 0), ("two", 10)] {
        home.write(&format!("{directory}/part-0"), records(from..from + 3));
        let local = ["put-vectors", directory, "--local", "--data-dir", "data"];
        let ended = run(home.ossvec().args(local));
        let said = format!("stored      3 vectors, in bucket local, index {directory}\n");
        assert!(ended.assert_code(0).stdout.starts_with(&said), "{}", ended.stdout);
    }
}

#[test]
fn the_parts_of_a_directory_are_recognised_by_content_and_a_dangling_link_stops_the_load() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("parts/part-1.jsonl", records(0..1));
    home.write("parts/part-3.gz", gzip(records(1..2).as_bytes()));
    home.write("parts/part-00004", records(2..3));
    home.write("parts/part-5.jsonl", "");
    home.write("parts/_SUCCESS", "");
    home.write("parts/.part-1.jsonl.crc", "crc");
    home.write("parts/README.md", "# Parts\n\nMade by hand, with care.\n");
    home.write("parts/logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    home.write("parts/about.html", "<!DOCTYPE html><p>Parts</p>");
    home.write("parts/table", "key,vector,n\nkey-3,\"[1,2,3,4]\",x\n");
    home.write("parts/more/a.jsonl", records(9..10));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", home.path("parts/part-2.jsonl")).unwrap();
        let ended = run(home.put(&service).arg("parts"));
        let said = "parts/part-2.jsonl is a link to nowhere, which does not exist";
        assert_eq!(ended.assert_code(3).summary()["error"], said);
        assert_eq!(service.requests(Operation::PutVectors), 0);
        fs::remove_file(home.path("parts/part-2.jsonl")).unwrap();
    }
    let ended = run(home.put(&service).arg("parts"));
    assert_eq!(ended.assert_code(0).counts(["stored"]), [4], "{}", ended.stderr);
    let told = "note: passed over: 3 files of no known format (parts/README.md, parts/about.html, parts/logo.png) and 1 directory \
                (parts/more); name the directory to load it too";
    assert_eq!(ended.stderr.lines().filter(|line| *line == told).count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("warning: parts/part-5.jsonl holds no records"), "{}", ended.stderr);
    for silent in ["_SUCCESS", ".crc"] {
        assert!(!ended.stderr.contains(silent), "{}", ended.stderr);
    }
}

#[test]
fn a_file_of_a_directory_that_is_known_and_cannot_be_read_is_not_passed_over() {
    for (name, content, said) in [
        ("b.parquet", b"PAR1\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "is a Parquet file"),
        ("b", b"\x93NUMPY\x01\0v\0{'descr': '<f4'".to_vec(), "is a NumPy file"),
        ("b.bin", b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".to_vec(), "is a ZIP"),
        ("part-7.gz", gzip(&records(0..50).into_bytes())[..20].to_vec(), "ends inside of its gzip data"),
        ("b.csv", b"key,key\na,b\n".to_vec(), "names two columns 'key'"),
        ("part-8", b"version https://git-lfs.github.com/spec/v1\n".to_vec(), "is a Git LFS pointer"),
        ("part-9", b"<!DOCTYPE html><p>Sign in</p>".to_vec(), "is an HTML page"),
        ("b.csv", b"a,\"[0.1,2]\"\nb,\"[2,3]\"\n".to_vec(), "has no header"),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("d/a.jsonl", records(0..3));
        home.write(&format!("d/{name}"), content);
        let ended = run(home.put(&service).arg("d"));
        let error = ended.assert_code(3).summary()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(said) && error.contains(name), "{name}: {error}");
        assert!(ended.stderr.contains("--skip-bad-files loads the others"), "{}", ended.stderr);
        assert_eq!(service.requests(Operation::PutVectors), 0, "{name}");
        let ended = run(home.put(&service).args(["d", "--skip-bad-files"]));
        let summary = ended.assert_code(0).summary();
        assert_eq!(summary["skipped_inputs"][0]["name"], format!("d/{name}"), "{summary:#}");
        assert!(ended.stderr.contains(&format!("note: left out: {error}")), "{}", ended.stderr);
        service.assert_holds(&wanted(0..3, DIMENSION));
    }
}

#[test]
fn all_inputs_that_cannot_be_loaded_are_listed_and_nothing_is_sent_or_kept() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", records(0..3));
    home.write("b.parquet", "PAR1PAR1PAR1PAR1");
    home.write("c.csv", "key,key\n");
    let files = ["a.jsonl", "b.parquet", "missing.jsonl", "c.csv"];
    let load = || {
        let mut load = home.put(&service);
        load.args(files).args(["--checkpoint-dir", "state"]);
        load
    };
    let ended = run(&mut load());
    assert_eq!(ended.assert_code(3).summary()["error"], "3 of 4 inputs cannot be loaded; nothing was sent");
    for said in [
        "        b.parquet is a Parquet file, which is not supported yet; convert it",
        "        cannot open missing.jsonl: No such file or directory (os error 2); check the path",
        "        the header of c.csv names two columns 'key'; rename one",
        "        fix them or leave them out; --skip-bad-files loads the others",
    ] {
        assert!(ended.stderr.lines().any(|line| line.starts_with(said)), "{said}\n{}", ended.stderr);
    }
    assert!(service.state().is_empty() && !home.path("state").exists());
    run(load().arg("--skip-bad-files")).assert_code(0);
    service.assert_holds(&wanted(0..3, DIMENSION));
    let missing: Vec<_> = (0..40).map(|number| format!("missing-{number}")).collect();
    let ended = run(home.put(&service).args(missing));
    assert!(ended.assert_code(3).stderr.contains("\n        and 20 more\n"), "{}", ended.stderr);
}

#[test]
fn a_directory_without_an_input_is_an_error_beside_other_inputs() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", records(0..3));
    home.write("d/README.md", "Nothing to see here.\n");
    let ended = run(home.put(&service).args(["a.jsonl", "d"]));
    let said = "no input in the directory d: no file there holds JSON or a table";
    assert_eq!(ended.assert_code(3).summary()["error"], said);
    run(home.put(&service).args(["a.jsonl", "d", "--skip-bad-files"])).assert_code(0);
    service.assert_holds(&wanted(0..3, DIMENSION));
}

#[test]
fn an_input_without_a_record_gets_a_word_also_under_quiet_and_min_records_makes_it_a_failure() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("empty.jsonl", "");
    home.write("header.csv", "id,embedding\n");
    home.write("a.jsonl", records(0..3));
    for (files, said) in [
        (&["empty.jsonl"][..], "warning: empty.jsonl holds no records"),
        (&["header.csv", "a.jsonl", "empty.jsonl"], "warning: header.csv, empty.jsonl hold no records"),
    ] {
        for quiet in [&[][..], &["-q"]] {
            let ended = run(home.put(&service).args(files).args(quiet));
            assert!(ended.assert_code(0).stderr.lines().any(|line| line == said), "{}", ended.stderr);
        }
    }
    for (least, code) in [("3", 0), ("4", 3)] {
        let ended = run(home.put(&service).args(["a.jsonl", "empty.jsonl", "--min-records", least]));
        ended.assert_code(code);
        let said = "ossvec: 3 records read; --min-records asks for 4";
        assert_eq!(ended.stderr.lines().any(|line| line == said), code == 3, "{}", ended.stderr);
    }
    let ended = run(home.ossvec().args(["put-vectors", "empty.jsonl", "--dry-run", "--min-records", "1"]));
    ended.assert_code(3);
}

#[test]
fn min_records_counts_what_earlier_runs_read() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", records(0..30));
    home.write("b.json", torn(array(30..40)));
    let load = |more: &[&str]| run(home.put(&service).args(["a.jsonl", "b.json"]).args(more));
    load(&[]).assert_code(3);
    home.write("b.json", array(30..40));
    load(&["--resume", "--min-records", "40"]).assert_code(0);
    service.assert_holds(&wanted(0..40, DIMENSION));
}

#[test]
fn one_bad_file_ends_alone_and_is_named_with_its_place_and_the_load_continues_once_it_is_repaired() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("d/f1.jsonl", records(0..10));
    let whole = array(10..20);
    let torn = torn(whole.clone());
    let (kept, line) = (torn.matches("\"n\":").count(), torn.matches('\n').count() + 1);
    home.write("d/f2.json", &torn);
    home.write("d/f3.jsonl", records(20..30));
    home.write("d/f4.jsonl", records(30..40));
    let load = |more: &[&str]| {
        run(home
            .put(&service)
            .args(["d", "--checkpoint-dir", "state", "--events", "events.jsonl"])
            .args(more))
    };
    let ended = load(&[]);
    let summary = ended.assert_code(3).summary();
    assert_eq!(summary["input_exhausted"], false);
    let place = &summary["failed_inputs"][0];
    assert_eq!((&place["name"], &place["line"]), (&json!("d/f2.json"), &json!(line)), "{summary:#}");
    let error = summary["error"].as_str().unwrap();
    assert!(error.starts_with("d/f2.json ends inside of "), "{error}");
    let way_on =
        "everything before that place was read; fix the file or leave it out, then run again with --resume";
    assert!(ended.stderr.contains(way_on), "{}", ended.stderr);
    let not_read = format!("not read    the rest of d/f2.json from line {line}, byte {} on", place["byte"]);
    assert!(ended.stderr.contains(&not_read), "{}", ended.stderr);
    let events = json_lines(&home.path("events.jsonl"));
    let failed: Vec<_> = events.iter().filter(|event| event["type"] == "input_failed").collect();
    assert_eq!(
        (failed.len(), &failed[0]["input"], &failed[0]["code"]),
        (1, &json!("d/f2.json"), &json!("torn"))
    );
    let there = (0..10 + kept).chain(20..40);
    service.assert_holds(&wanted(there, DIMENSION));
    assert_eq!(journals(&home.path("state")).len(), 1);
    assert!(summary["resume_command"].as_str().unwrap().ends_with("--resume"), "{summary:#}");

    let seen = service.statistics().recent.len();
    let again = load(&["--resume"]).assert_code(3).summary();
    assert_eq!((&again["error"], &again["read"]), (&summary["error"], &json!(0)));
    assert_eq!(received(&service, seen), Vec::<String>::new());

    home.write("d/f2.json", &whole);
    let ended = load(&["--resume"]);
    ended.assert_code(0);
    let rest: Vec<_> = (10 + kept..20).map(|number| format!("key-{number}")).collect();
    assert_eq!(received(&service, seen), rest);
    service.assert_holds(&wanted(0..40, DIMENSION));
    assert!(journals(&home.path("state")).is_empty());
}

#[test]
fn only_a_file_that_failed_may_be_changed_left_out_or_replaced() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("d/a.jsonl", records(0..10));
    home.write("d/b.json", torn(array(10..20)));
    home.write("d/c.jsonl", records(20..30));
    let load = || run(home.put(&service).args(["d", "--checkpoint-dir", "state", "--resume"]));
    load().assert_code(3);
    let seen = service.statistics().recent.len();
    home.write("d/c.jsonl", records(20..31));
    let error = load().assert_code(3).summary()["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("cannot resume: ") && error.contains("d/c.jsonl changed"), "{error}");
    home.write("d/c.jsonl", records(20..30));
    // The folder of checkpoints as it is, for the ways on.
    let kept = fs::read(&journals(&home.path("state"))[0]).unwrap();
    fs::remove_file(home.path("d/b.json")).unwrap();
    let ended = load();
    assert!(
        ended.assert_code(0).stderr.contains("d/b.json is left out, which failed at line "),
        "{}",
        ended.stderr
    );
    assert_eq!(received(&service, seen), Vec::<String>::new());
    assert!(journals(&home.path("state")).is_empty());

    let folder = fs::read_dir(home.path("state")).unwrap().next().unwrap().unwrap().path();
    fs::create_dir(folder.join("current")).unwrap();
    fs::write(folder.join("current/journal"), kept).unwrap();
    home.write("d/b-repaired.json", array(10..20));
    load().assert_code(0);
    let all: Vec<_> = (10..20).map(|number| format!("key-{number}")).collect();
    assert_eq!(received(&service, seen), all);
    service.assert_holds(&wanted(0..30, DIMENSION));
}

#[test]
fn a_file_that_begins_otherwise_once_it_is_repaired_is_loaded_whole() {
    let (home, service) = (Home::new(), TestService::start(logged()));
    home.write("a.jsonl", records(0..10));
    home.write("b.json", torn(array(10..20)));
    home.write("c.jsonl", records(20..30));
    let load = || {
        let files = ["a.jsonl", "b.json", "c.jsonl", "--resume", "--checkpoint-dir", "state"];
        run(home.put(&service).args(files))
    };
    load().assert_code(3);
    let seen = service.statistics().recent.len();
    home.write("b.json", format!("[{}", &array(10..20)).replacen('[', " ", 1));
    let ended = load();
    let told = "b.json differs from what was read of it before it failed at line ";
    assert!(ended.assert_code(0).stderr.contains(told), "{}", ended.stderr);
    let all: Vec<_> = (10..20).map(|number| format!("key-{number}")).collect();
    assert_eq!(received(&service, seen), all);
    service.assert_holds(&wanted(0..30, DIMENSION));
}

#[test]
fn damage_in_the_middle_of_any_kind_costs_the_rest_of_that_file_only() {
    let text = records(100..4_000);
    let mut broken = gzip(text.as_bytes());
    let middle = broken.len() / 2;
    broken[middle] ^= 0x55;
    let torn = zstd(text.as_bytes());
    for (name, content, code) in [
        ("b.jsonl.gz", broken, "damaged"),
        ("b.jsonl.zst", torn[..torn.len() - 9].to_vec(), "torn"),
        ("b.json", format!("[{} {}]", line(100, 4), line(101, 4)).into_bytes(), "malformed"),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", records(0..20));
        home.write(name, content);
        home.write("c.jsonl", records(20..50));
        let ended =
            run(home.put(&service).args(["a.jsonl", name, "c.jsonl", "--events", "events.jsonl", "-q"]));
        let summary = ended.assert_code(3).summary();
        assert_eq!(summary["failed_inputs"][0]["name"], name);
        let events = json_lines(&home.path("events.jsonl"));
        let failed: Vec<_> = events.iter().filter(|event| event["type"] == "input_failed").collect();
        assert_eq!((failed.len(), &failed[0]["code"]), (1, &json!(code)), "{name}");
        let state = service.state();
        for (key, value) in wanted(0..50, DIMENSION) {
            assert_eq!(state.get(&key), Some(&value), "{name}");
        }
    }
}

/// How a file of a random list is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Lines,
    Array,
    Gzip,
    Zstd,
}

/// A file of a random list.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    kind: Kind,
    records: Range<usize>,
}

impl Part {
    fn random(random: &mut fastrand::Rng, number: usize, first: usize) -> Self {
        let kind = [Kind::Lines, Kind::Array, Kind::Gzip, Kind::Zstd][random.usize(0..4)];
        let endings = match kind {
            Kind::Lines => ["jsonl", "part"],
            Kind::Array => ["json", "out"],
            Kind::Gzip => ["jsonl.gz", "gz"],
            Kind::Zstd => ["jsonl.zst", "z"],
        };
        let count = if random.u8(0..8) == 0 { 0 } else { random.usize(1..250) };
        Self {
            name: format!("d/{number}.{}", endings[random.usize(0..2)]),
            kind,
            records: first..first + count,
        }
    }

    /// The records as lines, some of which hold two.
    fn lines(&self) -> String {
        let Range { start, end } = self.records;
        let is_glued = |number: usize| number % 5 == 3 && number > start && number + 1 < end;
        let record = |number| {
            let line = line(number, DIMENSION);
            if is_glued(number) { line.trim_end().to_owned() } else { line }
        };
        (start..end).map(record).collect()
    }

    fn whole(&self) -> Vec<u8> {
        let text = self.lines();
        match self.kind {
            Kind::Lines => text.into_bytes(),
            Kind::Array => array(self.records.clone()).into_bytes(),
            Kind::Gzip => gzip(text.as_bytes()),
            Kind::Zstd => zstd(text.as_bytes()),
        }
    }

    /// The same records behind another beginning.
    fn begun_otherwise(&self) -> Vec<u8> {
        let text = format!("\n{}", self.lines());
        match self.kind {
            Kind::Lines => text.into_bytes(),
            Kind::Array => format!("\n{}", array(self.records.clone())).into_bytes(),
            Kind::Gzip => gzip(text.as_bytes()),
            Kind::Zstd => zstd(text.as_bytes()),
        }
    }

    /// Cut anywhere, or with what tells its end gone wrong. Lines that are cut are a matter of one record.
    fn bad(&self, random: &mut fastrand::Rng) -> Vec<u8> {
        let mut content = self.whole();
        let length = content.len();
        let commas: Vec<_> = memchr::memmem::find_iter(&content, b",\n").collect();
        if self.kind == Kind::Array && random.bool() && !commas.is_empty() {
            content[commas[random.usize(0..commas.len())]] = b" ;}"[random.usize(0..3)];
        } else if random.bool() && self.kind == Kind::Gzip {
            content[length - 6] ^= 0x41;
        } else {
            content.truncate(if random.bool() {
                length - 1
            } else {
                random.usize(8.min(length - 1)..length)
            });
        }
        content
    }

    fn keys(&self) -> BTreeSet<String> {
        self.records.clone().map(|record| format!("key-{record}")).collect()
    }
}

/// What a failed file of a series becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Repaired,
    BegunOtherwise,
    LeftOut,
    Replaced,
    StillBad,
}

const JOBS: usize = 3;
const BATCH: usize = 20;

/// A load of a random list of files, some of them bad, whose runs may be killed.
struct Series<'a> {
    seed: u64,
    random: fastrand::Rng,
    home: &'a Home,
    service: &'a TestService,
    kills: usize,
}

impl Series<'_> {
    /// Runs the load to an end, after some kills if there are to be any.
    fn run(&mut self, mut kills: usize) -> Ended {
        loop {
            let mut load = self.home.put(self.service);
            load.args([
                "d",
                "--resume",
                "--skip-bad-files",
                "--checkpoint-dir",
                "state",
                "--batch-size",
                "20",
            ]);
            load.args(["--job", "3", "--events", "events.jsonl"]);
            if kills == 0 {
                return run(&mut load);
            }
            kills -= 1;
            let mut running = Running::start(&mut load);
            let moment = self.service.requests(Operation::PutVectors) + self.random.u64(0..12);
            until("the moment comes", || {
                running.is_over() || self.service.requests(Operation::PutVectors) >= moment
            });
            if running.is_over() {
                return running.end();
            }
            running.kill();
            self.kills += 1;
            until("the service is at rest", || self.service.statistics().in_flight == 0);
        }
    }

    fn check(&mut self, with_kills: bool) {
        let mut parts = Vec::new();
        let mut first = 0;
        for number in 0..self.random.usize(2..8) {
            let part = Part::random(&mut self.random, number, first);
            first = part.records.end;
            parts.push(part);
        }
        // Not all of a list may be left out.
        parts.push(Part { name: "d/z.jsonl".to_owned(), kind: Kind::Lines, records: first..first + 1 });
        let mut bad = BTreeSet::new();
        for part in &parts {
            let is_bad = part.kind != Kind::Lines && !part.records.is_empty() && self.random.bool();
            let content = if is_bad { part.bad(&mut self.random) } else { part.whole() };
            self.home.write(&part.name, content);
            bad.extend(is_bad.then(|| part.name.clone()));
        }
        let kills = if with_kills { self.random.usize(0..4) } else { 0 };
        let ended = self.run(kills);
        let summary = ended.summary();
        let named = |list: &str| -> BTreeSet<String> {
            let names = summary[list].as_array().unwrap().iter();
            names.map(|input| input["name"].as_str().unwrap().to_owned()).collect()
        };
        let (failed, skipped) = (named("failed_inputs"), named("skipped_inputs"));
        let all: BTreeSet<_> = failed.union(&skipped).cloned().collect();
        assert!(
            summary["error"].as_str().is_some_and(|error| error.contains("cannot be loaded")) || all == bad,
            "seed {}: {summary:#}",
            self.seed
        );
        if summary["error"].as_str().is_some_and(|error| error.contains("cannot be loaded")) {
            return;
        }
        assert_eq!(
            ended.code,
            Some(if failed.is_empty() { 0 } else { 3 }),
            "seed {}: {}",
            self.seed,
            ended.stderr
        );
        let read = self.prefixes(&parts, &failed, &skipped);
        if failed.is_empty() {
            // Such a load is complete, and loaded anew.
            return;
        }
        self.load_something_else(&parts);
        let seen = self.service.statistics().recent.len();
        let fates = self.change(&mut parts, &failed);
        let kills = if with_kills { self.random.usize(0..4) } else { 0 };
        let killed = self.kills;
        let ended = self.run(kills);
        let is_bad = fates.values().any(|fate| *fate == Fate::StillBad);
        assert_eq!(
            ended.code,
            Some(if is_bad { 3 } else { 0 }),
            "seed {}: {fates:?} {}",
            self.seed,
            ended.stderr
        );
        self.end(&parts, (&read, &fates, &skipped), seen, self.kills - killed);
    }

    /// A load of another file, which stores again what is there, leaves the journal of this one alone.
    fn load_something_else(&self, parts: &[Part]) {
        let last = parts.last().map(|part| format!("\n{}", part.lines())).unwrap_or_default();
        self.home.write("other.jsonl", last);
        let ended =
            run(self.home.put(self.service).args(["other.jsonl", "--resume", "--checkpoint-dir", "state"]));
        let counts = ended.assert_code(0).counts(["read", "skipped"]);
        assert_eq!(counts, [1, 0], "seed {}: {}", self.seed, ended.stderr);
    }

    /// How many records of each file are stored: all of a good one, and of a bad one those before some place.
    fn prefixes(
        &self,
        parts: &[Part],
        failed: &BTreeSet<String>,
        skipped: &BTreeSet<String>,
    ) -> BTreeMap<String, usize> {
        let state = self.service.state();
        let mut read = BTreeMap::new();
        for part in parts {
            let stored =
                part.records.clone().filter(|record| state.contains_key(&format!("key-{record}"))).count();
            let wanted = if skipped.contains(&part.name) {
                0
            } else if failed.contains(&part.name) {
                stored
            } else {
                part.records.len()
            };
            assert_eq!(stored, wanted, "seed {}: {}", self.seed, part.name);
            read.insert(part.name.clone(), stored);
        }
        let prefixes = parts.iter().flat_map(|part| part.records.clone().take(read[&part.name]));
        self.service.assert_holds(&wanted(prefixes, DIMENSION));
        read
    }

    /// Repairs the failed files, or does something else about them.
    fn change(&mut self, parts: &mut [Part], failed: &BTreeSet<String>) -> BTreeMap<String, Fate> {
        let mut fates = BTreeMap::new();
        for part in parts.iter_mut().filter(|part| failed.contains(&part.name)) {
            let fate = [Fate::Repaired, Fate::BegunOtherwise, Fate::LeftOut, Fate::Replaced, Fate::StillBad]
                [self.random.usize(0..5)];
            fates.insert(part.name.clone(), fate);
            if matches!(fate, Fate::LeftOut | Fate::Replaced) {
                fs::remove_file(self.home.path(&part.name)).unwrap();
            }
            match fate {
                Fate::Repaired => drop(self.home.write(&part.name, part.whole())),
                Fate::BegunOtherwise => drop(self.home.write(&part.name, part.begun_otherwise())),
                Fate::Replaced => drop(self.home.write(&part.name.replace("d/", "d/new-"), part.whole())),
                Fate::LeftOut | Fate::StillBad => {}
            }
        }
        fates
    }

    /// Checks the state at the end, and what was sent for it.
    fn end(
        &self,
        parts: &[Part],
        (read, fates, skipped): (&BTreeMap<String, usize>, &BTreeMap<String, Fate>, &BTreeSet<String>),
        seen: usize,
        kills: usize,
    ) {
        let mut stored = Vec::new();
        let mut to_send = BTreeSet::new();
        for part in parts.iter().filter(|part| !skipped.contains(&part.name)) {
            let before = read[&part.name];
            let keys = |records: Range<usize>| Part { records, ..part.clone() }.keys();
            let Range { start, end } = part.records;
            match fates.get(&part.name) {
                None => stored.extend(start..end),
                Some(Fate::LeftOut | Fate::StillBad) => stored.extend(start..start + before),
                Some(Fate::Repaired) => {
                    stored.extend(start..end);
                    to_send.append(&mut keys(start + before..end));
                }
                Some(Fate::BegunOtherwise | Fate::Replaced) => {
                    stored.extend(start..end);
                    to_send.append(&mut keys(start..end));
                }
            }
        }
        self.service.assert_holds(&wanted(stored, DIMENSION));
        let sent = received(self.service, seen);
        let other: Vec<_> = sent.iter().filter(|key| !to_send.contains(*key)).collect();
        assert!(
            other.is_empty(),
            "seed {}: sent again: {:?} of {} {fates:?}",
            self.seed,
            other.first(),
            other.len()
        );
        let again = sent.len() - to_send.len();
        assert!(again <= kills * JOBS * BATCH, "seed {}: {again} sent twice, {kills} kills", self.seed);
    }
}

fn random_series(seeds: Range<u64>, with_kills: bool) {
    std::thread::scope(|scope| {
        for half in 0..2 {
            let seeds = seeds.clone().filter(move |seed| seed % 2 == half);
            scope.spawn(move || {
                for seed in seeds {
                    let latency = std::time::Duration::from_millis(if with_kills { 4 } else { 0 });
                    let (home, service) = (Home::new(), TestService::start(Options { latency, ..logged() }));
                    let random = fastrand::Rng::with_seed(seed);
                    Series { seed, random, home: &home, service: &service, kills: 0 }.check(with_kills);
                }
            });
        }
    });
}

#[test]
fn of_random_lists_all_is_stored_but_what_stands_behind_damage_and_once_repaired_nothing_is_sent_again() {
    random_series(0..120, false);
}

#[test]
fn the_same_holds_for_runs_that_are_killed_at_any_moment() {
    random_series(1_000..1_060, true);
}
