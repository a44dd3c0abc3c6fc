//! Random lists of files with random damage at random places, loaded, repaired and loaded again, and killed on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::files::{DIMENSION, array, logged, received};
use crate::support::{Ended, Home, TestService, gzip, keys, line, run, wanted, zstd};
use crate::trouble::{Running, until};

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
        keys(self.records.clone()).into_iter().collect()
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
