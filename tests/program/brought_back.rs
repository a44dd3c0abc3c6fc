//! What is advised of an earlier run's journal, and what becomes of one that somebody puts back: it is held against inputs,
//! place and index before anything gives way to it, and what gives way is not lost.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{
    BUCKET, Ended, Home, INDEX, TestService, flawed, keys, line, lines, run, unlimited, wanted,
};
use crate::trouble::{last_mark, rejects, settled_by};

const DIMENSION: usize = 4;
const RECORDS: usize = 200;
/// A record of another input, with which an index is made again.
const OTHER: usize = 9_999;
const BATCHES: [&str; 6] = ["--batch-size", "20", "--job", "1", "--checkpoint-dir", "state"];
const SEQUENCES: [&str; 4] = ["current", "untouched", "before", "resume"];
const HIDDEN: &str = "op=GetVectorIndex,status=403,code=AccessDenied";

fn setting() -> (Home, TestService) {
    let home = Home::new();
    home.write("a.jsonl", lines(RECORDS, DIMENSION));
    (home, TestService::start(unlimited()))
}

fn load(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    run(home.put_sized(service, DIMENSION).arg("a.jsonl").args(BATCHES).args(more))
}

/// The same with a result for people.
fn load_as_text(home: &Home, service: &TestService, more: &[&str]) -> Ended {
    let mut load = home.aimed(&["put-vectors"], service);
    load.args(["a.jsonl", "--dimension", "4", "--create-index", "--distance-metric", "euclidean"]);
    run(load.args(BATCHES).args(more))
}

/// A load of which so many batches of 20 are stored.
fn stopped(home: &Home, service: &TestService, batches: usize, more: &[&str]) -> Ended {
    stopped_by(home, service, &[&denied(batches)], more)
}

fn stopped_by(home: &Home, service: &TestService, faults: &[&str], more: &[&str]) -> Ended {
    service.trouble(faults);
    let ended = load(home, service, more);
    service.trouble(&[]);
    ended.assert_code(2);
    ended
}

fn denied(batches: usize) -> String {
    format!("op=PutVectors,nth={},status=403,code=AccessDenied", batches + 1)
}

fn delete_index(service: &TestService) {
    assert!(service.service.store().delete_index(BUCKET, INDEX).unwrap());
}

/// Makes an index with one record in it.
fn make_index(service: &TestService) {
    let home = Home::new();
    run(home.put(service).arg(home.write("other.jsonl", line(OTHER, DIMENSION)))).assert_code(0);
}

fn make_index_again(service: &TestService) {
    delete_index(service);
    make_index(service);
}

/// The folder of the only load.
fn folder(home: &Home) -> PathBuf {
    let mut folders = fs::read_dir(home.path("state")).unwrap().map(|entry| entry.unwrap().path());
    let folder = folders.next().unwrap();
    assert_eq!(folders.next(), None);
    folder
}

/// Records that the journal of a sequence counts as settled; `None` if there is no journal.
fn settled(folder: &Path, sequence: &str) -> Option<usize> {
    let journal = folder.join(sequence).join("journal");
    journal.exists().then(|| last_mark(&journal).map_or(0, |mark| settled_by(&mark).len()))
}

/// All files below a folder with what is in them, but for the lock and the state of the latest run.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            all.extend(files(&path));
        } else if !["lock", "state.json"].map(OsStr::new).contains(&path.file_name().unwrap()) {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

/// The two paths of the command that a note advises.
fn advised(home: &Home, ended: &Ended) -> Option<(PathBuf, PathBuf)> {
    let (_, told) = ended.stderr.split_once(" || mv ")?;
    let (from, to) = told.lines().next().unwrap().split_once(' ').unwrap();
    Some((home.path(from), home.path(to)))
}

/// Obeys a note.
fn bring_back(home: &Home, ended: &Ended) {
    let (from, to) = advised(home, ended).unwrap_or_else(|| panic!("nothing is advised: {}", ended.stderr));
    fs::rename(from, to).unwrap();
}

/// The line of the notes that tells of an earlier run.
fn told_of_earlier(ended: &Ended) -> &str {
    ended.stderr.lines().find(|line| line.contains("starting from the beginning")).unwrap_or_default()
}

#[test]
fn to_go_on_with_what_cannot_be_gone_on_with_is_not_advised() {
    type Change = fn(&Home, &TestService);
    const GONE: &str = "the index in which an earlier run settled 100 records no longer exists";
    let cases: [(Change, &[&str], &[&str], &str); 5] = [
        (|_, service| delete_index(service), &[], &[], GONE),
        (|_, service| make_index_again(service), &[], &[], GONE),
        (|_, service| delete_index(service), &[HIDDEN], &[], GONE),
        (
            |home, _| drop(home.write("a.jsonl", lines(RECORDS + 1, DIMENSION))),
            &[],
            &[],
            "but it cannot be resumed: ",
        ),
        (|_, _| (), &[], &["--metadata-values", "text"], "but it cannot be resumed: --metadata-values was"),
    ];
    for (change, faults, more, told) in cases {
        let (home, service) = setting();
        stopped(&home, &service, 5, &[]);
        change(&home, &service);
        let ended = stopped_by(&home, &service, &[faults, &[&denied(2)]].concat(), more);
        assert!(told_of_earlier(&ended).contains(told), "{told}: {}", ended.stderr);
        assert_eq!(advised(&home, &ended), None, "{told}");
        assert_eq!(settled(&folder(&home), "before"), Some(100), "it is kept all the same: {told}");
        assert_eq!(
            load(&home, &service, &[&["--resume"], more].concat()).assert_code(0).counts(["skipped"]),
            [40]
        );
    }
}

/// What is put back cannot be gone on with: nothing moves, nothing is sent, and once it is away the other one goes on.
#[test]
fn what_is_put_back_and_refused_leaves_everything_as_it_was() {
    type Change = fn(&Home, &TestService, &Path);
    let cases: [(&str, Change, &[&str], &str); 4] = [
        ("index", |_, service, _| make_index_again(service), &[], "cannot resume: index idx was recreated"),
        (
            "input",
            |home, _, _| {
                drop(home.write("a.jsonl", lines(RECORDS, DIMENSION).replacen("key-1\"", "key-x\"", 1)));
            },
            &[],
            "cannot resume: ",
        ),
        ("option", |_, _, _| (), &["--metadata-values", "text"], "cannot resume: --metadata-values was"),
        (
            "nothing",
            |_, _, before| {
                fs::rename(before, before.with_file_name("away")).unwrap();
                fs::create_dir(before).unwrap();
                fs::rename(before.with_file_name("away"), before.join("before")).unwrap();
            },
            &[],
            "contains no journal with any progress",
        ),
    ];
    for (what, change, more, said) in cases {
        let (home, service) = setting();
        stopped(&home, &service, 5, &[]);
        stopped(&home, &service, 2, &[]);
        let folder = folder(&home);
        change(&home, &service, &folder.join("before"));
        // The journal that is alive is of what is there now; the other one is put back.
        let (kept, brought) = (folder.join("before"), folder.join("resume"));
        fs::rename(&kept, home.path("kept")).unwrap();
        fs::remove_dir_all(folder.join("current")).unwrap();
        stopped(&home, &service, 2, more);
        fs::rename(home.path("kept"), &brought).unwrap();
        let (before, state) = (files(&folder), service.state());
        for load in [load, load_as_text] {
            let ended = load(&home, &service, &[&["--resume"], more].concat());
            assert!(ended.assert_code(3).stderr.contains(said), "{what}: {}", ended.stderr);
            let brought = brought.strip_prefix(home.path("")).unwrap();
            let cure = format!("move {} away to continue without it", brought.display());
            assert!(ended.stderr.contains(&cure), "{what}: {}", ended.stderr);
            assert_eq!(files(&folder), before, "{what}");
        }
        service.assert_holds_in(what, &state);
        fs::rename(&brought, home.path("away")).unwrap();
        let ended = load(&home, &service, &[&["--resume"], more].concat());
        assert_eq!(ended.assert_code(0).counts(["skipped", "stored"]), [40, 160], "{what}");
    }
}

#[test]
fn a_refused_resume_prints_its_error_and_no_result() {
    let (home, service) = setting();
    stopped(&home, &service, 5, &[]);
    delete_index(&service);
    let refused = load_as_text(&home, &service, &["--resume"]);
    assert_eq!(refused.assert_code(3).stdout, "");
    let said = "ossvec: cannot resume: index idx does not exist, but an earlier run stored 100 vectors in it";
    assert_eq!(refused.stderr.lines().next(), Some(said));
    assert_eq!(refused.stderr.lines().count(), 2, "the error and its cure: {}", refused.stderr);
    let refused = load(&home, &service, &["--resume"]);
    assert_eq!(refused.assert_code(3).counts(["stored", "skipped", "skipped_rejected"]), [0, 0, 0]);
    assert_eq!(refused.summary()["rejects_file"], Value::Null);
}

#[test]
fn what_gives_way_to_a_journal_that_is_put_back_can_be_put_back_itself() {
    let is_bad = |record: usize| record % 25 == 3;
    let bad = keys((0..RECORDS).filter(|record| is_bad(*record)));
    for (first, second, named) in
        [(3, 5, None), (3, 5, Some("r.jsonl")), (1, 6, Some("r.jsonl")), (6, 3, None)]
    {
        let (home, service) = setting();
        home.write("a.jsonl", flawed(RECORDS, DIMENSION, is_bad));
        let named = named.map_or(vec![], |name| vec!["--rejects", name]);
        stopped(&home, &service, first, &named);
        let folder = folder(&home);
        let first = settled(&folder, "current");
        let ended = stopped(&home, &service, second, &named);
        let second = settled(&folder, "current");
        let in_place = || ["current", "before"].map(|name| settled(&folder, name));
        assert_eq!(in_place(), [second, first]);
        bring_back(&home, &ended);
        let resumed = [&["--resume"][..], &named].concat();
        stopped(&home, &service, 0, &resumed);
        assert_eq!(in_place(), [first, second]);
        // And the other way round, and back.
        for wanted in [[second, first], [first, second]] {
            fs::rename(folder.join("before"), folder.join("resume")).unwrap();
            stopped(&home, &service, 0, &resumed);
            assert_eq!(in_place(), wanted);
        }
        let ended = load(&home, &service, &resumed);
        assert_eq!(ended.assert_code(4).counts(["skipped"]).map(Some), [first.map(|first| first as u64)]);
        let file = ended.summary()["rejects_file"].as_str().unwrap().to_owned();
        let listed: Vec<_> = rejects(&home.path(&file)).into_iter().map(|(key, _)| key).collect();
        assert_eq!(listed, bad);
        service.assert_holds(&wanted((0..RECORDS).filter(|record| !is_bad(*record)), DIMENSION));
    }
}

#[test]
fn a_run_that_does_not_resume_keeps_the_longest_of_all_also_of_what_is_put_back() {
    for (put_back, current, longest) in [(5, 2, 100), (2, 5, 100), (3, 3, 60)] {
        let (home, service) = setting();
        stopped(&home, &service, put_back, &[]);
        let folder = folder(&home);
        fs::rename(folder.join("current"), home.path("kept")).unwrap();
        stopped(&home, &service, current, &[]);
        fs::rename(home.path("kept"), folder.join("resume")).unwrap();
        let ended = stopped(&home, &service, 1, &[]);
        assert!(told_of_earlier(&ended).contains(&format!("settled {longest} records")), "{}", ended.stderr);
        assert_eq!(SEQUENCES.map(|name| settled(&folder, name)), [Some(20), None, Some(longest), None]);
        bring_back(&home, &ended);
        let ended = load(&home, &service, &["--resume"]);
        assert_eq!(ended.assert_code(0).counts(["skipped"]), [longest as u64]);
        service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    }
}

/// What counts is the index that is there: a long journal of the one before it is worth nothing.
#[test]
fn a_journal_of_an_index_that_is_no_more_takes_the_place_of_none_that_lives() {
    for faults in [&[][..], &[HIDDEN]] {
        let (home, service) = setting();
        stopped(&home, &service, 8, &[]);
        delete_index(&service);
        stopped(&home, &service, 3, &[]);
        let folder = folder(&home);
        assert_eq!(settled(&folder, "before"), Some(160));
        let ended = stopped_by(&home, &service, &[faults, &[&denied(1)]].concat(), &[]);
        assert_eq!(settled(&folder, "before"), Some(60), "{faults:?}");
        bring_back(&home, &ended);
        assert_eq!(load(&home, &service, &["--resume"]).assert_code(0).counts(["skipped"]), [60]);
        service.assert_holds(&wanted(0..RECORDS, DIMENSION));
    }
}

/// The folder is that of the inputs' former names.
#[test]
fn what_is_put_back_is_compared_first_where_inputs_have_moved_too() {
    let (home, service) = setting();
    stopped(&home, &service, 5, &[]);
    delete_index(&service);
    let folder = folder(&home);
    fs::rename(folder.join("current"), home.path("kept")).unwrap();
    stopped(&home, &service, 2, &[]);
    fs::rename(home.path("kept"), folder.join("resume")).unwrap();
    fs::rename(home.path("a.jsonl"), home.path("b.jsonl")).unwrap();
    let resume = || run(home.put_sized(&service, DIMENSION).arg("b.jsonl").args(BATCHES).arg("--resume"));
    let before = files(&folder);
    assert!(resume().assert_code(3).stderr.contains("cannot resume: index idx was recreated"));
    assert_eq!(files(&folder), before);
    fs::remove_dir_all(folder.join("resume")).unwrap();
    assert_eq!(resume().assert_code(0).counts(["skipped", "stored"]), [40, 160]);
    service.assert_holds(&wanted(0..RECORDS, DIMENSION));
}

/// A load whose index is deleted and made again between runs, by somebody who does what is advised.
struct Story {
    home: Home,
    service: TestService,
    /// When the indexes that are no more were created.
    gone: BTreeSet<String>,
    /// What was advised last, however long ago.
    advised: Option<(PathBuf, PathBuf)>,
    told: Vec<String>,
    /// How often a note was obeyed, and a refusal.
    obeyed: [usize; 2],
}

impl Story {
    /// When the index of a journal was created, and the records that are settled there.
    fn journals(&self) -> Vec<(String, BTreeSet<u64>)> {
        let Ok(mut folders) = fs::read_dir(self.home.path("state")) else { return Vec::new() };
        let Some(folder) = folders.next().map(|folder| folder.unwrap().path()) else { return Vec::new() };
        let journals = SEQUENCES.map(|name| folder.join(name).join("journal")).into_iter();
        journals
            .filter_map(|journal| {
                let text = fs::read_to_string(&journal).ok()?;
                let header: Value = serde_json::from_str(text.lines().next()?.split_once(' ')?.1).unwrap();
                let created = header["header"]["bound"]["created"].as_str()?.to_owned();
                Some((created, settled_by(&last_mark(&journal)?)))
            })
            .collect()
    }

    /// The most that a journal of the index that is there has settled; all of it is stored there.
    fn living(&self) -> usize {
        let state = self.service.state();
        let living = self.journals().into_iter().filter(|(created, _)| !self.gone.contains(created));
        let settled = living.map(|(_, settled)| {
            let are_stored = settled.iter().all(|record| state.contains_key(&format!("key-{record}")));
            assert!(are_stored, "a journal counts what is not there: {:#?}", self.told);
            settled.len()
        });
        settled.max().unwrap_or(0)
    }

    fn delete_index(&mut self) {
        self.gone.extend(self.journals().into_iter().map(|(created, _)| created));
        let was_there = self.service.service.store().delete_index(BUCKET, INDEX).unwrap();
        self.told.push(format!("deleted: {was_there}"));
    }

    /// A run; says whether the load is complete.
    fn run(&mut self, resume: bool, denied_after: Option<usize>) -> bool {
        let denied = denied_after.map(denied);
        self.service.trouble(&denied.iter().map(String::as_str).collect::<Vec<_>>());
        let living = self.living();
        let ended = load(&self.home, &self.service, if resume { &["--resume"] } else { &[] });
        self.service.trouble(&[]);
        self.told.push(format!("{resume} {denied_after:?}: {:?} {}", ended.code, ended.stderr));
        if ended.code == Some(0) {
            let state = self.service.state();
            let is_there =
                wanted(0..RECORDS, DIMENSION).iter().all(|(key, value)| state.get(key) == Some(value));
            assert!(is_there, "complete, and not all of it is there: {:#?}", self.told);
            assert!(self.journals().is_empty(), "{:#?}", self.told);
        } else {
            assert!(
                self.living() >= living,
                "{living} were settled, now {}: {:#?}",
                self.living(),
                self.told
            );
        }
        let is_complete = ended.code == Some(0);
        if ended.code == Some(3) {
            self.obey_refusal(&ended);
        }
        self.advised = advised(&self.home, &ended).or(self.advised.take());
        is_complete
    }

    /// Does what the cure of a refusal says.
    fn obey_refusal(&mut self, ended: &Ended) {
        let Some((_, told)) = ended.stderr.split_once("move ") else { return };
        let (path, _) = told.split_once(" away").unwrap();
        self.obeyed[1] += 1;
        fs::rename(self.home.path(path), self.home.path(&format!("away-{}", self.told.len()))).unwrap();
    }

    /// Does what the last note says, perhaps too late.
    fn obey(&mut self) {
        let Some((from, to)) = &self.advised else { return };
        // A run that stored nothing has put it back by itself.
        if from.exists() && !to.exists() {
            let living = self.living();
            fs::rename(from, to).unwrap();
            assert_eq!(self.living(), living, "{:#?}", self.told);
            self.told.push("put back".to_owned());
            self.obeyed[0] += 1;
        }
    }
}

#[test]
fn whoever_does_what_is_advised_loses_nothing_that_is_settled_in_the_index_that_is_there() {
    let mut obeyed = [0, 0];
    for seed in 0..20 {
        let (home, service) = setting();
        let (gone, advised, told) = (BTreeSet::new(), None, vec![format!("seed {seed}")]);
        let mut story = Story { home, service, gone, advised, told, obeyed };
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..20 {
            match random.u8(0..10) {
                0 => story.delete_index(),
                1 => {
                    story.delete_index();
                    make_index(&story.service);
                }
                2..5 => story.obey(),
                what => drop(story.run(what < 7, Some(random.usize(0..7)))),
            }
        }
        // Refused once for what is put back, once for what is current: then it begins anew.
        let is_complete = (0..2).any(|_| story.run(true, None)) || story.run(false, None);
        assert!(is_complete, "{:#?}", story.told);
        obeyed = story.obeyed;
    }
    assert!(obeyed.iter().all(|times| *times > 3), "{obeyed:?}");
}
