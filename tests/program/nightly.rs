//! The same command night after night, over files that come, change and go: what is complete is not sent again, and the
//! index is what the files are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ossvec::test_support::local_service::Options;
use ossvec::test_support::oss::operation::Operation;

use crate::support::{Ended, Home, TestService, flawed, line, lines, renamed, run, say, unlimited, wanted};
use crate::trouble::{Running, journals, until};

const DIMENSION: usize = 4;

/// A directory of files and the job that loads it every night.
struct Job {
    home: Home,
    service: TestService,
}

impl Job {
    fn new(options: Options) -> Self {
        let this =
            Self { home: Home::new(), service: TestService::start(Options { log_keys: true, ..options }) };
        std::fs::create_dir_all(this.home.path("data")).unwrap();
        this
    }

    fn command(&self) -> Command {
        let mut command = self.refusing();
        command.args(["--on-change", "restart"]);
        command
    }

    /// The same where what has changed half done is refused.
    fn refusing(&self) -> Command {
        let mut command = self.home.put_sized(&self.service, DIMENSION);
        command.args(["data", "--resume", "--checkpoint-dir", "state"]);
        command.args(["--batch-size", "20", "--job", "2", "--max-rejects", "none"]);
        command
    }

    fn write(&self, name: &str, records: impl IntoIterator<Item = usize>) {
        let text: String = records.into_iter().map(|record| line(record, DIMENSION)).collect();
        self.home.write(&format!("data/{name}"), text);
    }

    /// One night, and the keys that were sent in it.
    fn night(&self, code: i32) -> (Ended, BTreeSet<String>) {
        let seen = self.service.statistics().recent.len();
        let ended = run(&mut self.command());
        ended.assert_code(code);
        (ended, self.sent_since(seen))
    }

    /// One night that ends with a power cut once so many requests with vectors have come.
    fn interrupted_night(&self, requests: u64) -> bool {
        let before = self.service.requests(Operation::PutVectors);
        let mut running = Running::start(&mut self.command());
        let has_come = || self.service.requests(Operation::PutVectors) >= before + requests;
        until("the moment comes", || running.is_over() || has_come());
        let is_over = running.is_over();
        running.kill();
        until("the service is at rest", || self.service.statistics().in_flight == 0);
        is_over
    }

    fn sent_since(&self, seen: usize) -> BTreeSet<String> {
        let statistics = self.service.statistics();
        let requests = statistics.recent.iter().skip(seen);
        let puts = requests.filter(|request| request.operation == Some(Operation::PutVectors));
        puts.flat_map(|request| request.keys.iter().cloned()).collect()
    }
}

fn keys(records: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
    crate::support::keys(records).into_iter().collect()
}

fn receipts(checkpoints: &Path) -> usize {
    let folders = std::fs::read_dir(checkpoints).unwrap();
    folders.filter(|folder| folder.as_ref().unwrap().path().join("receipt").exists()).count()
}

#[test]
fn every_morning_the_index_is_what_the_files_are_and_nothing_complete_is_sent_twice() {
    let job = Job::new(Options { latency: Duration::from_millis(5), ..unlimited() });
    job.write("01.jsonl", 0..100);
    job.write("02.jsonl", 100..200);
    let (ended, sent) = job.night(0);
    assert_eq!(sent, keys(0..200));
    assert!(!ended.summary()["already_complete"].as_bool().unwrap());
    job.service.assert_holds(&wanted(0..200, DIMENSION));
    assert!(journals(&job.home.path("state")).is_empty());

    // One file has come, and one has changed.
    job.write("03.jsonl", 300..500);
    job.write("01.jsonl", 0..150);
    let (ended, sent) = job.night(0);
    // 02 stands behind what has changed and has keys of it: it is loaded again, or the older values would win.
    assert_eq!(sent, keys((0..200).chain(300..500)));
    assert!(ended.stderr.contains("01.jsonl has changed since it was loaded"), "{}", ended.stderr);
    job.service.assert_holds(&wanted((0..200).chain(300..500), DIMENSION));

    // A night with two files more, and a power cut in the first of them.
    job.write("04.jsonl", 500..800);
    job.write("05.jsonl", 800..900);
    assert!(!job.interrupted_night(5));
    let (_, sent) = job.night(0);
    assert!(sent.is_subset(&keys(500..900)), "complete, and sent again: {sent:?}");
    job.service.assert_holds(&wanted((0..200).chain(300..900), DIMENSION));

    // A night without change.
    let before = job.service.statistics().recent.len();
    let (ended, sent) = job.night(0);
    assert!(sent.is_empty());
    assert_eq!(job.service.statistics().recent.len(), before + 1, "only the index is asked for");
    let summary = ended.summary();
    assert_eq!(summary["already_complete"].as_bool(), Some(true));
    assert!(summary["complete_since"].as_str().unwrap().ends_with('Z'), "{summary:#}");
    assert_eq!(summary["skipped"].as_u64(), Some(850), "{summary:#}");
}

#[test]
fn what_is_complete_ends_again_with_its_exit_code_and_says_since_when() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", flawed(10, DIMENSION, |record| record == 3));
    let put = |arguments: &[&str]| run(home.put_sized(&service, DIMENSION).arg("a.jsonl").args(arguments));
    put(&[]).assert_code(4);
    let again = put(&["--resume"]);
    again.assert_code(4);
    assert!(again.stderr.contains("already complete since 2"), "{}", again.stderr);
    // Without the option it is loaded again.
    let before = service.requests(Operation::PutVectors);
    put(&[]).assert_code(4);
    assert_eq!(service.requests(Operation::PutVectors), before + 1);
}

#[test]
fn a_receipt_counts_only_while_the_index_is_the_one_it_was() {
    let job = Job::new(unlimited());
    job.write("01.jsonl", 0..30);
    job.night(0);
    assert!(job.service.service.store().delete_index(crate::support::BUCKET, crate::support::INDEX).unwrap());
    let (ended, sent) = job.night(0);
    assert_eq!(sent, keys(0..30));
    assert!(ended.stderr.contains("is not the one that earlier runs loaded into"), "{}", ended.stderr);
    job.service.assert_holds(&wanted(0..30, DIMENSION));
    assert!(job.night(0).1.is_empty());
}

#[test]
fn what_several_loads_have_completed_is_complete_in_one() {
    let (home, service) = (Home::new(), TestService::start(Options { log_keys: true, ..unlimited() }));
    home.write("a.jsonl", lines(20, DIMENSION));
    home.write("b.jsonl", (20..40).map(|record| line(record, DIMENSION)).collect::<String>());
    let put = |inputs: &[&str]| run(home.put(&service).args(inputs).arg("--resume"));
    put(&["a.jsonl"]).assert_code(0);
    put(&["b.jsonl"]).assert_code(0);
    let before = service.requests(Operation::PutVectors);
    for inputs in [["a.jsonl", "b.jsonl"], ["b.jsonl", "a.jsonl"]] {
        let ended = put(&inputs);
        ended.assert_code(0);
        assert_eq!(ended.summary()["already_complete"].as_bool(), Some(true));
    }
    assert_eq!(service.requests(Operation::PutVectors), before);
    // Where they share a key, the one that is named last wins.
    home.write("b.jsonl", renamed(7, DIMENSION, "key-3"));
    put(&["b.jsonl"]).assert_code(0);
    assert_eq!(service.held()["key-3"], 7);
    put(&["b.jsonl", "a.jsonl"]).assert_code(0);
    assert_eq!(service.held()["key-3"], 3);
    put(&["a.jsonl", "b.jsonl"]).assert_code(0);
    assert_eq!(service.held()["key-3"], 7);
}

#[test]
fn a_file_that_is_half_done_and_has_changed_or_is_gone_is_refused_unless_it_may_start_anew() {
    for is_gone in [false, true] {
        let job = Job::new(Options { latency: Duration::from_millis(5), ..unlimited() });
        job.write("01.jsonl", 0..40);
        job.write("02.jsonl", 100..600);
        job.write("03.jsonl", 700..720);
        assert!(!job.interrupted_night(12));
        if is_gone {
            std::fs::remove_file(job.home.path("data/02.jsonl")).unwrap();
        } else {
            job.write("02.jsonl", 200..600);
        }
        let refused = run(&mut job.refusing());
        refused.assert_code(3);
        let why = if is_gone {
            "was loaded in part and is not among the inputs"
        } else {
            "changed since the journal"
        };
        assert!(refused.stderr.contains("02.jsonl"), "{}", refused.stderr);
        assert!(
            refused.stderr.contains(why) && refused.stderr.contains("--on-change restart"),
            "{}",
            refused.stderr
        );
        let (_, sent) = job.night(0);
        assert!(!sent.contains("key-3") || is_gone, "complete, and sent again");
        let held: BTreeSet<String> = job.service.held().into_keys().collect();
        let now = if is_gone {
            keys((0..40).chain(700..720))
        } else {
            keys((0..40).chain(200..600).chain(700..720))
        };
        assert!(held.is_superset(&now));
        assert!(job.night(0).1.is_empty());
    }
}

#[test]
fn killed_between_its_receipt_and_the_end_of_its_journal_a_load_is_complete() {
    let job = Job::new(unlimited());
    job.write("01.jsonl", 0..30);
    job.write("02.jsonl", 30..60);
    job.service.trouble(&["op=PutVectors,from=2,status=500"]);
    let ended = run(job.command().args(["--retry-times", "0"]));
    assert_ne!(ended.code, Some(0));
    let journal = journals(&job.home.path("state")).remove(0);
    job.service.trouble(&[]);
    let kept = std::fs::read(&journal).unwrap();
    job.night(0);
    // The journal comes back, as if it had not been removed yet.
    std::fs::create_dir_all(journal.parent().unwrap()).unwrap();
    std::fs::write(&journal, kept).unwrap();
    let (ended, sent) = job.night(0);
    assert!(sent.is_empty());
    assert_eq!(ended.summary()["already_complete"].as_bool(), Some(true));
    assert!(journals(&job.home.path("state")).is_empty());
    assert_eq!(receipts(&job.home.path("state")), 1);
}

#[test]
fn the_rejects_of_files_that_are_skipped_stay_in_the_list() {
    let job = Job::new(unlimited());
    job.home.write("data/01.jsonl", flawed(10, DIMENSION, |record| record == 3));
    job.night(4);
    job.write("02.jsonl", 20..30);
    let (ended, sent) = job.night(4);
    assert_eq!(sent, keys(20..30));
    let summary = ended.summary();
    assert_eq!((summary["skipped"].as_u64(), summary["skipped_rejected"].as_u64()), (Some(10), Some(1)));
    let list = std::fs::read_to_string(job.home.path(summary["rejects_file"].as_str().unwrap())).unwrap();
    assert_eq!(list.lines().count(), 1, "{list}");
    assert!(list.contains("key-3"), "{list}");
}

/// The receipt of the only load.
fn receipt(job: &Job) -> PathBuf {
    let folders = std::fs::read_dir(job.home.path("state")).unwrap();
    let mut receipts =
        folders.map(|folder| folder.unwrap().path().join("receipt")).filter(|path| path.exists());
    receipts.next().unwrap()
}

#[test]
fn a_receipt_that_cannot_be_read_is_named_and_skips_nothing() {
    let job = Job::new(unlimited());
    job.write("01.jsonl", 0..30);
    job.night(0);
    let path = receipt(&job);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("01.jsonl", "02.jsonl")).unwrap();
    let (ended, sent) = job.night(0);
    assert_eq!(sent, keys(0..30));
    let note =
        "receipt is damaged, so loads that are older than it are not counted; remove it to stop this note";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    let (ended, sent) = job.night(0);
    assert!(sent.is_empty() && !ended.stderr.contains("is damaged"), "{}", ended.stderr);
}

#[test]
fn a_receipt_that_is_used_every_night_does_not_grow_old() {
    let job = Job::new(unlimited());
    job.write("01.jsonl", 0..30);
    job.night(0);
    let written = || receipt(&job).metadata().unwrap().modified().unwrap();
    let first = written();
    for _ in 0..3 {
        let file = std::fs::File::options().append(true).open(receipt(&job)).unwrap();
        file.set_modified(first - Duration::from_hours(24 * 89)).unwrap();
        assert!(job.night(0).1.is_empty());
        assert!(written() >= first);
    }
}

#[test]
fn a_file_that_another_load_has_read_with_other_options_since_is_loaded_again() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    let line = |key: &str| format!("{{\"key\":\"{key}\",\"one\":[1,1],\"two\":[2,2]}}\n");
    home.write("data/a.jsonl", line("a"));
    let put = |vector: &str| {
        let mut command = home.put_sized(&service, 2);
        run(command.args(["data", "--resume", "--vector", vector])).assert_code(0).summary()
    };
    let first = |key: &str| f32::from_bits(service.state()[key].0[0]);
    put("one");
    home.write("data/b.jsonl", line("b"));
    put("two");
    assert_eq!((first("a"), first("b")), (2.0, 2.0));
    put("one");
    assert_eq!((first("a"), first("b")), (1.0, 1.0));
    assert_eq!(put("one")["already_complete"].as_bool(), Some(true));
}

#[test]
fn where_a_file_was_listed_twice_and_then_once_its_rejects_are_those_of_once() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("b.jsonl", flawed(100, DIMENSION, |record| record == 3));
    home.write("n.jsonl", line(200, DIMENSION));
    let put = |inputs: &[&str]| {
        let mut command = home.put_sized(&service, DIMENSION);
        command.args(inputs).args(["--resume", "--on-change", "restart", "--checkpoint-dir", "state"]);
        run(command.args(["--batch-size", "20", "--job", "1", "--max-rejects", "none"]))
    };
    for twice in [["b.jsonl", "n.jsonl", "b.jsonl"], ["n.jsonl", "b.jsonl", "b.jsonl"]] {
        for stops_at in [3, 6, 8, 10, 100] {
            service.trouble(&[&format!("op=PutVectors,from={stops_at},status=403,code=AccessDenied")]);
            put(&twice);
            service.trouble(&[]);
            let ended = put(&["b.jsonl", "n.jsonl"]);
            let summary = ended.assert_code(4).summary();
            let list = std::fs::read_to_string(home.path(summary["rejects_file"].as_str().unwrap())).unwrap();
            assert_eq!(list.lines().count(), 1, "{twice:?}, {stops_at}: {list}");
            put(&["b.jsonl", "n.jsonl"]).assert_code(4);
            std::fs::remove_dir_all(home.path("state")).unwrap();
        }
    }
}

#[test]
fn a_file_that_was_sent_again_in_part_and_then_left_out_is_not_complete() {
    let job = Job::new(unlimited());
    // One key twice: a part of the file leaves its older value.
    let twice = renamed(1, DIMENSION, "key-0") + &lines(60, DIMENSION) + &renamed(2, DIMENSION, "key-0");
    job.home.write("data/d.jsonl", &twice);
    job.night(0);
    assert_eq!(job.service.held()["key-0"], 2);
    job.write("a.jsonl", 59..60);
    job.service.trouble(&["op=PutVectors,from=3,status=403,code=AccessDenied"]);
    job.night(2);
    job.service.trouble(&[]);
    std::fs::remove_file(job.home.path("data/d.jsonl")).unwrap();
    job.night(0);
    std::fs::remove_file(job.home.path("data/a.jsonl")).unwrap();
    job.home.write("data/d.jsonl", &twice);
    job.night(0);
    assert_eq!(job.service.held()["key-0"], 2);
}

#[test]
fn a_file_that_has_become_empty_is_no_reason_to_load_others_again() {
    let job = Job::new(unlimited());
    job.write("01.jsonl", 0..30);
    job.write("02.jsonl", 30..60);
    job.night(0);
    job.home.write("data/01.jsonl", "");
    for _ in 0..2 {
        let (ended, sent) = job.night(0);
        assert!(sent.is_empty(), "{sent:?}");
        assert!(!ended.stderr.contains("too many keys"), "{}", ended.stderr);
        // Nothing was sent, and yet the receipt knows the index.
        assert!(!ended.stderr.contains("cannot check that index"), "{}", ended.stderr);
    }
}

#[test]
fn where_the_list_of_a_complete_load_is_gone_a_note_says_how_to_have_it_again() {
    let job = Job::new(unlimited());
    job.home.write("data/01.jsonl", flawed(10, DIMENSION, |record| record == 3));
    let (ended, _) = job.night(4);
    std::fs::remove_file(job.home.path(ended.summary()["rejects_file"].as_str().unwrap())).unwrap();
    let (ended, _) = job.night(4);
    assert!(ended.stderr.contains("a run without --resume writes it again"), "{}", ended.stderr);
    let mut again = job.home.put_sized(&job.service, DIMENSION);
    let again = run(again.args(["data", "--checkpoint-dir", "state"]));
    let summary = again.assert_code(4).summary();
    assert!(job.home.path(summary["rejects_file"].as_str().unwrap()).exists());
}

#[test]
fn a_journal_of_before_receipts_is_continued_with_more_files_and_refused_where_it_cannot_be() {
    for has_changed in [false, true] {
        let job = Job::new(Options { latency: Duration::from_millis(5), ..unlimited() });
        job.write("01.jsonl", 0..60);
        job.write("02.jsonl", 100..600);
        assert!(!job.interrupted_night(12));
        let (path, mut lines) = crate::identity::journal(&job.home);
        lines[0]["header"]["version"] = 2.into();
        crate::identity::make_uncounted(&mut lines);
        crate::identity::write_journal(&path, &lines);
        job.write("03.jsonl", 700..720);
        if has_changed {
            // Whole, but nobody knows how many records of the journal's were its own.
            job.write("01.jsonl", 5..60);
            let refused = run(&mut job.refusing());
            assert!(refused.assert_code(3).stderr.contains("01.jsonl changed since"), "{}", refused.stderr);
            job.write("01.jsonl", 0..60);
        }
        let (ended, sent) = job.night(0);
        assert!(sent.contains("key-719") && !sent.contains("key-0"), "{sent:?}");
        assert_eq!(ended.counts(["skipped", "read"]).iter().sum::<u64>(), 580);
        job.service.assert_holds(&wanted((0..60).chain(100..600).chain(700..720), DIMENSION));
        let (ended, sent) = job.night(0);
        assert!(sent.is_empty());
        assert_eq!(ended.summary()["skipped"].as_u64(), Some(580));
    }
}

/// What has ever stood under a key: the number of the record, in the files that are there and in what is gone.
#[derive(Default)]
struct History {
    now: BTreeMap<String, Vec<(usize, usize)>>,
    gone: BTreeMap<usize, BTreeSet<usize>>,
}

impl History {
    /// Puts a file in the place of another one, which may be gone.
    fn put(&mut self, name: &str, records: Option<Vec<(usize, usize)>>) {
        let gone = self.now.remove(name).unwrap_or_default();
        for (key, record) in gone {
            self.gone.entry(key).or_default().insert(record);
        }
        self.now.extend(records.map(|records| (name.to_owned(), records)));
    }

    /// Every key of the files has the last value in their order, or one of a file or version that is gone and had it.
    fn check(&self, held: &BTreeMap<String, usize>) {
        let mut wanted = BTreeMap::new();
        for records in self.now.values() {
            wanted.extend(records.iter().copied());
        }
        for (key, record) in wanted {
            let held = held.get(&format!("key-{key}")).copied();
            let is_gone = |held: usize| self.gone.get(&key).is_some_and(|gone| gone.contains(&held));
            assert!(held == Some(record) || held.is_some_and(is_gone), "key-{key}: {held:?}, not {record}");
        }
    }
}

/// Nights with files that come, change, go and share keys, some of them cut short.
fn random_nights(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let job = Job::new(Options { latency: Duration::from_millis(2), ..unlimited() });
    let mut history = History::default();
    let mut next = 0;
    for night in 0..6 {
        for _ in 0..random.usize(usize::from(night == 0)..3) {
            let name = format!("{}.jsonl", random.usize(0..5));
            let path = job.home.path(&format!("data/{name}"));
            if random.u8(0..4) == 0 && history.now.len() > 1 {
                std::fs::remove_file(path).unwrap_or_default();
                history.put(&name, None);
                continue;
            }
            let records: Vec<(usize, usize)> = (0..random.usize(1..120))
                .map(|_| {
                    next += 1;
                    (random.usize(0..400), next)
                })
                .collect();
            let text: String = records
                .iter()
                .map(|(key, record)| renamed(*record, DIMENSION, &format!("key-{key}")))
                .collect();
            std::fs::write(path, text).unwrap();
            history.put(&name, Some(records));
        }
        if random.bool() && job.interrupted_night(random.u64(1..12)) {
            continue;
        }
        if random.u8(0..3) > 0 {
            job.night(0);
            history.check(&job.service.held());
            assert!(job.night(0).1.is_empty(), "complete, and sent again");
        }
    }
    job.night(0);
    history.check(&job.service.held());
}

#[test]
fn whatever_comes_changes_and_goes_the_last_occurrence_of_a_key_wins_every_morning() {
    let seed = fastrand::u64(0..1 << 32);
    say(&format!("nights of SEED={seed}"));
    let mut seeds = fastrand::Rng::with_seed(seed);
    (0..8).for_each(|_| random_nights(seeds.u64(..)));
}
