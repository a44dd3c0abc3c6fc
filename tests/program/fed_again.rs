//! Rejects that are fed again where keys occur more than once: no older value comes back over a newer one.

use std::collections::BTreeMap;
use std::path::Path;

use ossvec::test_support::oss::operation::Operation;
use serde_json::Value;

use crate::kept::seed;
use crate::support::{Ended, Home, TestService, flawed, line, renamed, run, unlimited, words};
use crate::trouble::{Running, json_lines, until};

const DIMENSION: usize = 3;

/// Some records of few keys, and which of them are good.
struct Input {
    text: String,
    keys: Vec<String>,
    is_good: Vec<bool>,
}

impl Input {
    fn random(random: &mut fastrand::Rng, records: usize, keys: usize, bad: f64) -> Self {
        let (mut text, mut of_records, mut is_good) = (String::new(), Vec::new(), Vec::new());
        for record in 0..records {
            let key = format!("shared-{}", random.usize(0..keys));
            let good = record == 0 || random.f64() >= bad;
            text += &renamed(record, DIMENSION + usize::from(!good), &key);
            of_records.push(key);
            is_good.push(good);
        }
        Self { text, keys: of_records, is_good }
    }

    /// The last good record of each key.
    fn last(&self) -> BTreeMap<String, usize> {
        let good = (0..self.keys.len()).filter(|record| self.is_good[*record]);
        good.map(|record| (self.keys[record].clone(), record)).collect()
    }

    /// Whether a good record with the same key follows.
    fn has_a_later_one(&self, record: usize) -> bool {
        (record + 1..self.keys.len())
            .any(|later| self.is_good[later] && self.keys[later] == self.keys[record])
    }
}

/// Each line's record, reason and mark.
fn listed(path: &Path) -> Vec<(usize, String, bool)> {
    let each = |line: &Value| {
        let rejected = &line["rejected"];
        let record = usize::try_from(rejected["record"].as_u64().unwrap()).unwrap();
        (record, rejected["reason"].as_str().unwrap().to_owned(), rejected["superseded"] == 1)
    };
    json_lines(path).iter().map(each).collect()
}

/// Feeds a rejects file as it is, and what is rejected of it, until only faulty records are left.
fn feed_to_the_end(home: &Home, service: &TestService, mut file: String) -> Option<Ended> {
    let mut last = None;
    for round in 0..20 {
        if !home.path(&file).exists() || listed(&home.path(&file)).iter().all(|line| line.1 == "dimension") {
            return last;
        }
        let next = format!("fed-{round}.jsonl");
        let mut load = home.put_sized(service, DIMENSION);
        load.args([&file, "--rejects", &next, "--max-rejects", "none", "--batch-size", "7"]);
        last = Some(run(&mut load));
        file = next;
    }
    panic!("{}", last.unwrap().stderr);
}

#[test]
fn what_is_stored_later_under_the_key_of_a_reject_stays_when_the_rejects_are_fed_again() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let records = (0..300).map(|record| renamed(record, DIMENSION, &format!("k{}", record % 90)));
    home.write("a.jsonl", records.collect::<String>());
    service.trouble(&["op=PutVectors,fail-key=k0,count=2"]);
    let mut load = home.put_sized(&service, DIMENSION);
    load.args(["a.jsonl", "--batch-size", "50", "--job", "1", "--retry-times", "1", "--rejects", "r.jsonl"]);
    let ended = run(load.args(["--max-rejects", "none"]));
    let [rejected, superseded] = ended.assert_code(4).counts(["rejected", "rejects_superseded"]);
    // One of the batch is stored to see whether the service takes writes.
    assert_eq!((rejected, superseded), (49, 49), "{}", ended.stderr);
    assert!(ended.stderr.contains("nothing to load again"), "{}", ended.stderr);
    let newest = service.held();
    assert!(newest.values().all(|record| *record >= 210));
    let again = run(home.put(&service).args(["r.jsonl", "--rejects", "r2.jsonl"]));
    assert_eq!(again.assert_code(0).counts(["read", "stored", "superseded"]), [49, 0, 49]);
    assert_eq!(service.held(), newest);
}

#[test]
fn a_faulty_record_is_marked_exactly_where_a_later_one_with_its_key_is_stored() {
    let seed = seed();
    for (seed, jobs) in [(seed, "1"), (seed + 1, "8")] {
        let mut random = fastrand::Rng::with_seed(seed);
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        service.trouble(&["op=PutVectors,probability=0.4,seed=3,latency=20ms"]);
        let input = Input::random(&mut random, 400, 120, 0.2);
        home.write("a.jsonl", &input.text);
        let mut load = home.put_sized(&service, DIMENSION);
        load.args(words("a.jsonl --batch-size 9 --rejects r.jsonl --max-rejects none")).args(["--job", jobs]);
        run(&mut load).assert_code(4);
        let mut lines = listed(&home.path("r.jsonl"));
        lines.sort_unstable();
        let faulty = (0..400).filter(|record| !input.is_good[*record]);
        let want: Vec<_> =
            faulty.map(|record| (record, "dimension".to_owned(), input.has_a_later_one(record))).collect();
        assert_eq!(lines, want);
        assert_eq!(service.held(), input.last());
    }
}

/// Kills the load at random moments, and resumes it to its end.
fn load_with_kills(home: &Home, service: &TestService, random: &mut fastrand::Rng, words: &[&str]) -> Ended {
    loop {
        let mut load = home.put_sized(service, DIMENSION);
        let mut running = Running::start(load.args(words));
        let moment = service.requests(Operation::PutVectors) + random.u64(3..60);
        until("the moment comes", || running.is_over() || service.requests(Operation::PutVectors) >= moment);
        if running.is_over() {
            return running.end();
        }
        running.kill();
        until("the service is at rest", || service.statistics().in_flight == 0);
    }
}

#[test]
fn whatever_happens_on_the_way_feeding_the_rejects_ends_with_the_last_good_value_of_each_key() {
    let seed = seed();
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || (0..5).for_each(|number| ends_with_the_last(seed + 2 * number + half)));
        }
    });
}

fn ends_with_the_last(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let input = Input::random(&mut random, 300, 90, 0.05);
    home.write("a.jsonl", &input.text);
    let failed = format!("op=PutVectors,fail-key=shared-{},count={}", random.u8(0..90), random.u8(1..9));
    let faults = [
        format!("op=PutVectors,probability=0.2,seed={seed},status=500,apply=half"),
        format!("op=PutVectors,probability=0.1,seed={seed},reset=before"),
        failed,
        "op=PutVectors,probability=0.3,seed=4,latency=5ms".to_owned(),
    ];
    service.trouble(&faults.iter().map(String::as_str).collect::<Vec<_>>());
    let (jobs, verify) =
        (random.choice(["1", "6"]).unwrap(), random.choice(["unknown", "none", "all"]).unwrap());
    let words = [
        "a.jsonl",
        "--batch-size",
        "9",
        "--job",
        jobs,
        "--retry-times",
        "1",
        "--verify",
        verify,
        "--resume",
        "--rejects",
        "r.jsonl",
        "--max-rejects",
        "none",
    ];
    let mut ended = load_with_kills(&home, &service, &mut random, &words);
    // An outage that all the trouble at one time looks like: the load goes on when it is over.
    for _ in 0..10 {
        if ended.code != Some(6) {
            break;
        }
        ended = load_with_kills(&home, &service, &mut random, &words);
    }
    if ended.code == Some(6) {
        service.trouble(&[]);
        ended = load_with_kills(&home, &service, &mut random, &words);
    }
    assert!(matches!(ended.code, Some(0 | 4)), "seed {seed}: {:?} {}", ended.code, ended.stderr);
    service.trouble(&[]);
    feed_to_the_end(&home, &service, "r.jsonl".to_owned());
    assert_eq!(service.held(), input.last(), "seed {seed}, {jobs} jobs, verify {verify}: {}", ended.stderr);
}

#[test]
fn a_load_goes_on_with_the_rejects_file_that_it_began_with() {
    // What the first run names, what the second does, whether the file was moved there, and whether that is one list.
    for (first, second, moved, is_one) in [
        (Some("r1.jsonl"), Some("r1.jsonl"), false, true),
        (Some("r1.jsonl"), Some("./r1.jsonl"), false, true),
        (Some("r1.jsonl"), Some("r2.jsonl"), false, false),
        (Some("r1.jsonl"), Some("r2.jsonl"), true, true),
        (Some("r1.jsonl"), None, false, false),
        (None, Some("r2.jsonl"), false, false),
        (None, None, false, true),
        (Some("/dev/null"), Some("r2.jsonl"), false, true),
        (Some("/dev/stdout"), Some("r2.jsonl"), false, true),
    ] {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        let keyed = |record: usize| match record {
            57 => renamed(record, DIMENSION, "key-3"),
            _ => line(record, DIMENSION + usize::from(record == 7)),
        };
        home.write("a.jsonl", (0..100).map(keyed).collect::<String>());
        let load = |named: Option<&str>, more: &[&str]| {
            let mut load = home.put_sized(&service, DIMENSION);
            load.args(words("a.jsonl --batch-size 10 --job 1 --retry-times 0 --checkpoint-dir state"));
            run(load.args(named.iter().flat_map(|name| ["--rejects", name])).args(more))
        };
        service.trouble(&["op=PutVectors,fail-key=key-3,count=1", "op=PutVectors,nth=5,status=403"]);
        load(first, &[]).assert_code(2);
        service.trouble(&[]);
        if moved {
            std::fs::rename(home.path("r1.jsonl"), home.path("r2.jsonl")).unwrap();
        }
        let case = format!("{first:?}, then {second:?}, moved: {moved}");
        let mut ended = load(second, &["--resume"]);
        if !is_one {
            assert!(
                ended.assert_code(3).stderr.contains("cannot resume with another rejects file"),
                "{case}"
            );
            ended = load(first, &["--resume"]);
        }
        let file = ended.assert_code(4).summary()["rejects_file"].clone();
        let listed = if file.is_null() { Vec::new() } else { listed(&home.path(file.as_str().unwrap())) };
        let of_three: Vec<_> = listed.iter().filter(|line| line.0 == 3).collect();
        if !first.is_some_and(|name| name.starts_with("/dev")) {
            assert_eq!(of_three, [&(3, "not_stored".to_owned(), true)], "{case}: {}", ended.stderr);
        }
        assert_eq!(service.held()["key-3"], 57, "{case}");
    }
}

#[test]
fn where_the_list_is_gone_a_load_goes_on_and_leaves_what_is_in_the_place_of_the_new_one() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", flawed(100, DIMENSION, |record| record % 30 == 7));
    let load = |words: &[&str]| {
        run(home
            .put_sized(&service, DIMENSION)
            .args(["a.jsonl", "--batch-size", "10", "--job", "1"])
            .args(words))
    };
    service.trouble(&["op=PutVectors,nth=5,status=403"]);
    std::fs::create_dir(home.path("sub")).unwrap();
    load(&["--rejects", "sub/r.jsonl"]).assert_code(2);
    service.trouble(&[]);
    std::fs::remove_dir_all(home.path("sub")).unwrap();
    let precious = "precious\n".repeat(1_000) + "torn";
    home.write("q.jsonl", &precious);
    let ended = load(&["--rejects", "q.jsonl", "--resume"]);
    assert!(
        ended.assert_code(4).stderr.contains("q.jsonl is gone; a run without --resume writes it again"),
        "{}",
        ended.stderr
    );
    assert_eq!(std::fs::read_to_string(home.path("q.jsonl.1")).unwrap(), precious);
    assert_eq!(listed(&home.path("q.jsonl")).iter().map(|line| line.0).collect::<Vec<_>>(), [67, 97]);
}
