//! Loads of lists that have files in common, with any options, in any order and killed at any moment: whatever receipts and
//! journals they leave, after each load that resumes and is complete the last occurrence of every key wins.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, run, say, unlimited};
use crate::tracer::variable;
use crate::trouble::{Running, until};

/// The same record is read with one of these as its vector.
const VECTORS: [&str; 2] = ["one", "two"];
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const VERSIONS: usize = 3;
/// So few keys that files share them, and so many that not all do.
const KEYS: usize = 400;

/// What stands under a key: the number of the record, and the name of its vector.
type Value = (usize, usize);

/// Files that have one of a few contents, and the index that they are loaded into.
struct Place {
    home: Home,
    service: TestService,
    random: fastrand::Rng,
    /// Of each content of each name, the keys of its records and their numbers.
    contents: Vec<Vec<Vec<(usize, usize)>>>,
    /// Which content each file has now.
    now: BTreeMap<usize, usize>,
}

/// A command to load.
#[derive(Clone, Debug)]
struct Order {
    /// The files, or none where it is their directory.
    files: Option<Vec<usize>>,
    vector: usize,
}

impl Place {
    fn new(seed: u64) -> Self {
        let options = Options { latency: Duration::from_millis(2), log_keys: true, ..unlimited() };
        let (home, service) = (Home::new(), TestService::start(options));
        std::fs::create_dir_all(home.path("data")).unwrap();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut next = 0;
        let mut content = || -> Vec<(usize, usize)> {
            let records = if random.u8(0..4) == 0 { 1 } else { random.usize(20..120) };
            let from = random.usize(0..KEYS);
            // Some have every key twice.
            let different = if random.bool() { records } else { records.div_ceil(2) };
            let numbered = (0..records).map(|record| {
                next += 1;
                // Neighbours, so that two files share many keys or none.
                ((from + record % different) % KEYS, next)
            });
            numbered.collect()
        };
        let contents = NAMES.iter().map(|_| (0..VERSIONS).map(|_| content()).collect()).collect();
        Self { home, service, random, contents, now: BTreeMap::new() }
    }

    fn path(name: usize) -> String {
        format!("data/{}.jsonl", NAMES[name])
    }

    fn write(&mut self, name: usize, version: usize) {
        let line = |(key, record): &(usize, usize)| {
            format!(
                "{{\"key\":\"key-{key}\",\"one\":[1,{record}],\"two\":[2,{record}],\"metadata\":{{\"n\":\"{record}\"}}}}\n"
            )
        };
        let text: String = self.contents[name][version].iter().map(line).collect();
        self.home.write(&Self::path(name), text);
        self.now.insert(name, version);
    }

    /// Files come, change, come back to what they were, and go.
    fn change_files(&mut self) {
        for _ in 0..self.random.usize(0..3) {
            let name = self.random.usize(0..NAMES.len());
            if self.random.u8(0..4) == 0 && self.now.len() > 1 && self.now.remove(&name).is_some() {
                std::fs::remove_file(self.home.path(&Self::path(name))).unwrap();
                continue;
            }
            let version = self.random.usize(0..VERSIONS);
            self.write(name, version);
        }
        if self.now.is_empty() {
            self.write(0, 0);
        }
    }

    fn order(&mut self) -> Order {
        let vector = usize::from(self.random.u8(0..5) == 0);
        if self.random.bool() {
            return Order { files: None, vector };
        }
        let mut files: Vec<usize> = self.now.keys().copied().collect();
        self.random.shuffle(&mut files);
        files.truncate(self.random.usize(1..=files.len()));
        if self.random.u8(0..6) == 0 {
            files.push(files[0]);
        }
        Order { files: Some(files), vector }
    }

    fn command(&self, order: &Order, resume: bool) -> Command {
        let mut command = self.home.put_sized(&self.service, 2);
        command.args(["--vector", VECTORS[order.vector], "--checkpoint-dir", "state"]);
        command.args(["--batch-size", "10", "--job", "2"]);
        match &order.files {
            Some(files) => command.args(files.iter().map(|file| Self::path(*file))),
            None => command.arg("data"),
        };
        if resume {
            command.args(["--resume", "--on-change", "restart"]);
        }
        command
    }

    /// Kills a load once so many requests with vectors have come, unless it is over before.
    fn interrupted(&mut self, order: &Order) {
        let requests = self.service.requests(Operation::PutVectors) + self.random.u64(1..16);
        let resume = self.random.bool();
        let mut running = Running::start(&mut self.command(order, resume));
        let has_come = || self.service.requests(Operation::PutVectors) >= requests;
        until("the moment comes", || running.is_over() || has_come());
        running.kill();
        until("the service is at rest", || self.service.statistics().in_flight == 0);
    }

    /// Loads, and begins anew where a resume is refused for what somebody would have to decide.
    fn load(&self, order: &Order) -> Ended {
        let ended = run(&mut self.command(order, true));
        if ended.code == Some(3) && ended.stderr.contains("cannot resume") {
            return run(&mut self.command(order, false));
        }
        ended
    }

    /// The files of an order, one after another.
    fn files(&self, order: &Order) -> Vec<usize> {
        order.files.clone().unwrap_or_else(|| self.now.keys().copied().collect())
    }

    /// Every key of the files has its last value, or that of a file or a content that is not among them.
    fn check(&self, order: &Order) {
        let mut wanted: BTreeMap<usize, Value> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for file in self.files(order) {
            for (key, record) in &self.contents[file][self.now[&file]] {
                wanted.insert(*key, (*record, order.vector));
                known.insert(*record);
            }
        }
        let held = self.held();
        for (key, wanted) in wanted {
            let held = held.get(&format!("key-{key}")).copied();
            let is_of_others = held.is_some_and(|(record, _)| !known.contains(&record));
            assert!(
                held == Some(wanted) || is_of_others,
                "key-{key}: {held:?}, not {wanted:?}, after {order:?}"
            );
        }
    }

    fn held(&self) -> BTreeMap<String, Value> {
        let numbers = self.service.held();
        let value = |(key, (bits, _)): (String, (Vec<u32>, serde_json::Value))| {
            let vector = usize::from(bits[0] == 2f32.to_bits());
            (key.clone(), (numbers[&key], vector))
        };
        self.service.state().into_iter().map(value).collect()
    }
}

fn random_loads(seed: u64) {
    let mut place = Place::new(seed);
    for _ in 0..10 {
        place.change_files();
        let order = place.order();
        if place.random.u8(0..5) < 2 {
            place.interrupted(&order);
            continue;
        }
        place.load(&order).assert_code(0);
        place.check(&order);
        let before = place.service.requests(Operation::PutVectors);
        run(&mut place.command(&order, true)).assert_code(0);
        assert_eq!(
            place.service.requests(Operation::PutVectors),
            before,
            "complete, and sent again: {order:?}"
        );
        place.check(&order);
    }
}

#[test]
fn whatever_loads_have_files_in_common_the_last_occurrence_wins_after_each() {
    let seed = variable("SEED").map_or_else(|| fastrand::u64(0..1 << 32), |seed| seed.parse().unwrap());
    let rounds = variable("ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    for seed in seed..seed + rounds {
        say(&format!("loads of SEED={seed}"));
        random_loads(seed);
    }
}
