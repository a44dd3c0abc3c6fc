//! What a load keeps on disk, killed or failed at any call that changes a file: sequences of runs, with `--resume` and
//! without, judged by what the service holds and by the files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Home, State, TestService, difference, gzip, line, say, unlimited, wanted};
use crate::tracer::{Strike, Traced, is_allowed, run_traced, variable};
use crate::trouble::{json_lines, last_mark, settled_by};

const DIMENSION: usize = 4;
const RECORDS: usize = 40;
/// Records of another dimension.
const BAD: [usize; 4] = [2, 11, 12, 33];
/// A record that the service refuses.
const REFUSED: usize = 22;
/// Has the key of the first bad record, which it supersedes.
const LATER: usize = 30;

/// So many calls that change a file are made by a run, up to its first batch, where it carries older files over, and
/// where it keeps no journal.
const CALLS: usize = 72;
const CALLS_OF_BEGINNING: usize = 30;
const CALLS_OF_CARRYING: usize = 16;
const CALLS_INLINE: usize = 16;

const STRIKES: [Strike; 4] = [Strike::Kill, Strike::Tear, Strike::Full, Strike::Fail];

/// One run of a sequence.
#[derive(Clone, Copy, Debug)]
struct Run {
    resume: bool,
    /// The request that is denied, which ends the run.
    denied: Option<usize>,
    /// The call that is struck, and how.
    strike: Option<(usize, Strike)>,
}

const fn fresh() -> Run {
    Run { resume: false, denied: None, strike: None }
}

const fn resumed() -> Run {
    Run { resume: true, denied: None, strike: None }
}

impl Run {
    const fn denied(self, request: usize) -> Self {
        Self { denied: Some(request), ..self }
    }

    fn struck(self, at: usize, strike: Strike) -> Self {
        Self { strike: Some((at, strike)), ..self }
    }
}

/// A load that is run several times.
struct Sequence {
    home: Home,
    service: TestService,
    /// The rejects file that the user names, if one is named.
    named: Option<&'static str>,
    jobs: &'static str,
    /// What was done, for whoever has to find out.
    story: Vec<String>,
    /// Most records that any journal has counted as settled.
    settled: usize,
}

/// The records that can be stored.
fn good() -> State {
    let mut good =
        wanted((0..RECORDS).filter(|record| !BAD.contains(record) && *record != REFUSED), DIMENSION);
    let later = good.remove(&format!("key-{LATER}")).unwrap();
    good.insert(format!("key-{}", BAD[0]), later);
    good
}

fn record(record: usize) -> String {
    let whole = line(record, DIMENSION + usize::from(BAD.contains(&record)));
    if record == LATER {
        whole.replace(&format!("key-{LATER}\""), &format!("key-{}\"", BAD[0]))
    } else {
        whole
    }
}

/// The others.
fn rejected() -> BTreeSet<u64> {
    BAD.iter().chain([&REFUSED]).map(|record| *record as u64).collect()
}

impl Sequence {
    fn new(named: Option<&'static str>, jobs: &'static str) -> Self {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", (0..RECORDS).map(record).collect::<String>());
        Self { home, service, named, jobs, story: Vec::new(), settled: 0 }
    }

    /// One run, after which the files on disk are in order; how it ended, and whether it was struck.
    fn run(&mut self, run: Run) -> Traced {
        let denied = run.denied.map(|nth| format!("op=PutVectors,nth={nth},status=403,code=AccessDenied"));
        let refused = format!("refuse-key=key-{REFUSED}");
        let faults: Vec<_> = denied.iter().chain([&refused]).map(String::as_str).collect();
        self.service.trouble(&faults);
        let mut load = self.home.put_sized(&self.service, DIMENSION);
        load.args(["a.jsonl", "--batch-size", "5", "--job", self.jobs, "--checkpoint-dir", "state"]);
        load.args(["--events", "events.jsonl", "--max-rejects", "none"]);
        load.args(self.named.iter().flat_map(|name| ["--rejects", name]));
        load.args(run.resume.then_some("--resume"));
        let (at, strike) = run.strike.unwrap_or((usize::MAX, Strike::Kill));
        let traced = run_traced(&load, &self.home.path(""), at, strike);
        self.story.push(format!("{run:?}: {:?}, {:?}", traced.struck, traced.ended.code));
        let ended = &traced.ended;
        if let (Some(call), Some(code)) = (&traced.struck, ended.code) {
            // What ends a run first is what it tells. A lock file that cannot be removed, and a state that cannot be
            // written, cost nobody anything.
            let is_harmless = call == "unlink r.jsonl.lock" || call.contains("/state.json");
            let is_told = code == 3 || (code == 2 && run.denied.is_some()) || (code == 4 && is_harmless);
            self.assert(is_told, &format!("{call}: {}", ended.stderr));
            let errors = ended.stderr.lines().filter(|line| line.starts_with("ossvec: ")).count();
            self.assert(errors == usize::from(code != 4), &ended.stderr);
            ended.summary();
        }
        self.check_files();
        traced
    }

    #[track_caller]
    fn assert(&self, holds: bool, what: &str) {
        assert!(holds, "{what}\n{:#?}\n{}", self.story, self.home.path("").display());
    }

    /// The folder of the load, once there is one.
    fn folder(&self) -> Option<PathBuf> {
        let mut folders = fs::read_dir(self.home.path("state")).ok()?;
        folders.next().map(|folder| folder.unwrap().path())
    }

    /// The numbers of the records in the list of a sequence of runs as far as its journal counts them, or in all files
    /// that the user's one has become.
    fn listed_for(&self, sequence: &Path, bytes: u64) -> Vec<u64> {
        let lists = |text: &[u8]| {
            let whole = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
            let records = whole.map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap());
            records.map(|line| line["rejected"]["record"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        let Some(named) = self.named else {
            let text = fs::read(sequence.join("rejects.jsonl")).unwrap_or_default();
            let bytes = usize::try_from(bytes).unwrap();
            self.assert(text.len() >= bytes, "a list is shorter than its journal counts");
            return lists(&text[..bytes]);
        };
        let entries = fs::read_dir(self.home.path("")).unwrap().map(|entry| entry.unwrap());
        let of_name = entries.filter(|entry| entry.file_name().to_str().unwrap().starts_with(named));
        of_name.flat_map(|entry| lists(&fs::read(entry.path()).unwrap())).collect()
    }

    /// Each journal's list is where it belongs, and what came furthest is still there.
    fn check_files(&mut self) {
        let Some(folder) = self.folder() else { return };
        if is_certified(&folder) {
            // Killed before the journal that the receipt replaces was removed: the load is complete.
            let lost = difference(&self.service.state(), &good());
            self.assert(lost.is_none(), &format!("complete, and yet not there: {lost:?}"));
            self.settled = 0;
            return;
        }
        let sequences = ["current", "untouched", "before"].map(|name| folder.join(name));
        let mut settled_most = None;
        for sequence in sequences.iter().filter(|sequence| sequence.join("journal").exists()) {
            let mark = last_mark(&sequence.join("journal"));
            let settled = mark.as_ref().map_or_else(BTreeSet::new, settled_by);
            let wanted: Vec<_> = rejected().intersection(&settled).copied().collect();
            let bytes = mark.map_or(0, |mark| mark["rejects_bytes"].as_u64().unwrap());
            let mut listed = self.listed_for(sequence, bytes);
            listed.sort_unstable();
            if self.named.is_some() {
                listed.dedup();
                listed.retain(|record| wanted.contains(record));
            }
            self.assert(listed == wanted, &format!("{}: {listed:?}, not {wanted:?}", sequence.display()));
            settled_most = settled_most.max(Some(settled.len()));
        }
        match settled_most {
            None => {
                let lost = difference(&self.service.state(), &good()).filter(|_| self.settled > 0);
                self.assert(lost.is_none(), &format!("the journals are gone: {lost:?}"));
                self.settled = 0;
            }
            Some(settled) => {
                self.assert(
                    settled >= self.settled,
                    &format!("{} were settled, now {settled}", self.settled),
                );
                self.settled = settled;
            }
        }
    }

    /// Resumes to the end and checks what is there then.
    fn complete(&mut self) {
        let traced = self.run(resumed());
        let ended = &traced.ended;
        self.assert(ended.code == Some(4), &ended.stderr);
        let [skipped, read] = ended.counts(["skipped", "read"]);
        self.assert(skipped + read == RECORDS as u64, &ended.stdout);
        let difference = difference(&self.service.state(), &good());
        self.assert(difference.is_none(), &format!("the state is not the input: {difference:?}"));
        let file = ended.summary()["rejects_file"].as_str().unwrap_or_default().to_owned();
        self.assert(!file.is_empty(), &ended.stdout);
        let mut listed = listed(&self.home.path(&file));
        listed.sort_unstable();
        self.assert(listed == Vec::from_iter(rejected()), &format!("listed: {listed:?}"));
        let is_marked = |record| record == BAD[0] as u64;
        let marks = json_lines(&self.home.path(&file)).into_iter().map(|line| line["rejected"].clone());
        for rejected in marks {
            let wanted = u64::from(is_marked(rejected["record"].as_u64().unwrap()));
            self.assert(rejected["superseded"] == wanted, &format!("{rejected}"));
        }
        let [rejected, earlier] = ended.counts(["rejected", "skipped_rejected"]);
        self.assert(rejected + earlier == listed.len() as u64, &ended.stdout);
        json_lines(&self.home.path("events.jsonl"));
        let left: Vec<_> =
            fs::read_dir(self.folder().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
        // Beside the state: the lock, the receipt, and perhaps the rejects; where there was nothing to do, what a struck run
        // has begun too.
        let left: Vec<_> = left.into_iter().filter(|path| !path.ends_with("state.json")).collect();
        let is_skipped = ended.summary()["already_complete"] == true;
        let most = 2 + usize::from(self.named.is_none() || is_skipped) + usize::from(is_skipped);
        self.assert(
            (2..=most).contains(&left.len()) && (is_skipped || left.len() == most),
            &format!("{left:?}"),
        );
    }
}

/// Whether a receipt says that the load of the journal beside it is complete.
fn is_certified(folder: &Path) -> bool {
    let first = |path: PathBuf| -> Option<serde_json::Value> {
        let text = fs::read_to_string(path).ok()?;
        serde_json::from_str(text.lines().next()?.split_once(' ')?.1).ok()
    };
    let receipt = first(folder.join("receipt"));
    let journal = first(folder.join("current/journal"));
    receipt.zip(journal).is_some_and(|(receipt, journal)| receipt["load"] == journal["header"]["load"])
}

/// The records that a rejects file lists.
fn listed(path: &Path) -> Vec<u64> {
    json_lines(path).iter().map(|line| line["rejected"]["record"].as_u64().unwrap()).collect()
}

/// Runs all, and says whether the one that was to be struck was; then completes the load.
fn play(runs: &[Run], named: Option<&'static str>, jobs: &'static str) -> bool {
    let mut sequence = Sequence::new(named, jobs);
    let struck: Vec<_> = runs.iter().map(|run| sequence.run(*run).struck.is_some()).collect();
    sequence.complete();
    struck.contains(&true)
}

/// Does it for both halves at the same time; this machine has two cores at least.
fn in_two<T: Send + Copy>(all: &[T], each: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for half in 0..2 {
            let each = &each;
            let part: Vec<T> = all.iter().skip(half).step_by(2).copied().collect();
            scope.spawn(move || part.into_iter().for_each(each));
        }
    });
}

/// A number that differs from run to run, unless it is given to repeat one.
pub(crate) fn seed() -> u64 {
    let seed = variable("SEED").map_or_else(|| fastrand::u64(0..1 << 32), |seed| seed.parse().unwrap());
    say(&format!("SEED={seed}"));
    seed
}

/// A run that forgets to resume and is struck at each call with which it begins: the earlier run's journal and list are
/// gone on with as if it had never been.
#[test]
fn struck_at_any_call_of_its_beginning_a_run_that_forgets_to_resume_costs_nothing() {
    if !is_allowed() {
        return;
    }
    let mut random = fastrand::Rng::with_seed(seed());
    let all: Vec<_> = (0..CALLS_OF_BEGINNING)
        .flat_map(|at| [None, Some("r.jsonl")].map(|named| (at, named)))
        .map(|(at, named)| (at, named, random.choice(STRIKES).unwrap(), random.usize(1..9)))
        .collect();
    in_two(&all, |(at, named, strike, denied)| {
        play(&[fresh().denied(denied), fresh().struck(at, strike)], named, "1");
    });
}

#[test]
fn whatever_runs_are_struck_wherever_the_load_ends_as_if_none_had_been() {
    if !is_allowed() {
        return;
    }
    let seed = seed();
    let seeds: Vec<_> = (0..44).map(|number| seed.wrapping_add(number)).collect();
    in_two(&seeds, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let runs: Vec<_> = (0..random.usize(1..5))
            .map(|_| Run {
                resume: random.bool(),
                denied: random.bool().then(|| random.usize(1..12)),
                strike: (random.u8(0..4) > 0)
                    .then(|| (random.usize(0..CALLS), random.choice(STRIKES).unwrap())),
            })
            .collect();
        let (named, jobs) = (random.bool().then_some("r.jsonl"), random.choice(["1", "3"]).unwrap());
        play(&runs, named, jobs);
    });
}

/// Files that stand side by side, as older versions left them: by the name that each had, where it is now.
type Flat = &'static [(&'static str, &'static str)];

/// What an older version may have left of one sequence of runs, ended in order or killed between two of its renames.
const FLAT: [Flat; 5] = [
    &[("journal", "current/journal"), ("rejects.jsonl", "current/rejects.jsonl")],
    &[("journal.untouched", "current/journal"), ("rejects.before.jsonl", "current/rejects.jsonl")],
    &[("journal.untouched", "current/journal"), ("rejects.jsonl", "current/rejects.jsonl")],
    &[("journal", "current/journal"), ("rejects.before.jsonl", "current/rejects.jsonl")],
    &[
        ("journal", "current/journal"),
        ("rejects.jsonl", "current/rejects.jsonl"),
        ("journal.before", "before/journal"),
        ("rejects.before.jsonl", "before/rejects.jsonl"),
    ],
];

#[test]
fn what_an_older_version_left_is_carried_over_wherever_that_is_struck() {
    if !is_allowed() {
        return;
    }
    let mut random = fastrand::Rng::with_seed(seed());
    let all: Vec<_> = FLAT
        .into_iter()
        .flat_map(|flat| (0..CALLS_OF_CARRYING).map(move |at| (flat, at)))
        .map(|(flat, at)| (flat, at, random.choice(STRIKES).unwrap(), random.bool()))
        .collect();
    in_two(&all, |(flat, at, strike, resume)| {
        let mut sequence = Sequence::new(None, "1");
        if flat.len() > 2 {
            sequence.run(fresh().denied(3));
        }
        sequence.run(fresh().denied(12));
        // The files are not where they are looked for until they are carried over.
        let settled = std::mem::take(&mut sequence.settled);
        let folder = sequence.folder().unwrap();
        for (then, now) in flat {
            let moved = fs::rename(folder.join(now), folder.join(then));
            sequence.assert(moved.is_ok(), now);
        }
        for name in ["current", "before"] {
            fs::remove_dir_all(folder.join(name)).unwrap_or_default();
        }
        sequence.story.push(format!("{flat:?}"));
        sequence.run(Run { resume, ..fresh().denied(1).struck(at, strike) });
        sequence.run(resumed().denied(1));
        sequence.assert(sequence.settled >= settled, "what was settled is not carried over");
        sequence.complete();
    });
}

#[test]
fn what_is_brought_back_by_hand_comes_with_its_rejects_wherever_that_is_struck() {
    if !is_allowed() {
        return;
    }
    let mut random = fastrand::Rng::with_seed(seed());
    let all: Vec<_> = (0..CALLS_OF_CARRYING)
        .flat_map(|at| [None, Some("r.jsonl")].map(|named| (at, named)))
        .map(|(at, named)| (at, named, random.choice(STRIKES).unwrap()))
        .collect();
    in_two(&all, |(at, named, strike)| {
        let mut sequence = Sequence::new(named, "1");
        sequence.run(fresh().denied(12));
        let settled = sequence.settled;
        sequence.run(fresh().denied(3));
        let folder = sequence.folder().unwrap();
        let counted =
            |name: &str| last_mark(&folder.join(name).join("journal")).map(|mark| settled_by(&mark));
        let given_up = counted("current");
        fs::rename(folder.join("before"), folder.join("resume")).unwrap();
        sequence.settled = 0;
        sequence.run(resumed().denied(1).struck(at, strike));
        sequence.run(resumed().denied(1));
        sequence.assert(sequence.settled >= settled, "it has not come back");
        sequence.assert(counted("before") == given_up, "what gave way is lost");
        sequence.complete();
    });
}

#[test]
fn the_rejects_of_an_input_that_is_replaced_go_wherever_the_next_run_is_struck() {
    if !is_allowed() {
        return;
    }
    let bad = "{\"key\":\"bad\",\"vector\":[1,\"x\",3,4]}\n";
    let some = |from: usize, to: usize| (from..to).map(|record| line(record, DIMENSION)).collect::<String>();
    let (one, other) = (format!("{}{bad}{bad}", some(0, 10)), format!("{bad}{}{bad}", some(20, 900)));
    let mut torn = gzip(other.as_bytes());
    torn.truncate(torn.len() / 2);
    let all: Vec<_> =
        (0..CALLS_OF_BEGINNING).flat_map(|at| [None, Some("r.jsonl")].map(|named| (at, named))).collect();
    in_two(&all, |(at, named)| {
        let (home, service) = (Home::new(), TestService::start(unlimited()));
        home.write("a.jsonl", &one);
        home.write("b.jsonl.gz", &torn);
        let load = |strike: Option<(usize, Strike)>| {
            let mut load = home.put_sized(&service, DIMENSION);
            load.args(["a.jsonl", "b.jsonl.gz", "--checkpoint-dir", "state", "--resume"]);
            load.args(named.iter().flat_map(|name| ["--rejects", name]));
            let (at, strike) = strike.unwrap_or((usize::MAX, Strike::Kill));
            run_traced(&load, &home.path(""), at, strike)
        };
        assert_eq!(load(None).ended.assert_code(3).counts(["rejected"]), [3]);
        home.write("b.jsonl.gz", gzip(some(2_000, 2_050).as_bytes()));
        load(Some((at, Strike::Kill)));
        let ended = load(None).ended;
        let [rejected, earlier, read, skipped] =
            ended.assert_code(4).counts(["rejected", "skipped_rejected", "read", "skipped"]);
        assert_eq!((rejected + earlier, read + skipped), (2, 62), "{at} {named:?}");
        let file = ended.summary()["rejects_file"].as_str().unwrap().to_owned();
        assert_eq!(listed(&home.path(&file)), [10, 11], "{at} {named:?}");
    });
}

/// Loads the same records, which cannot be resumed, and strikes at a call.
fn load_inline(home: &Home, service: &TestService, strike: Option<(usize, Strike)>) -> Traced {
    let text = fs::read_to_string(home.path("a.jsonl")).unwrap();
    let array = format!("[{}]", text.lines().collect::<Vec<_>>().join(","));
    let mut load = home.put_sized(service, DIMENSION);
    load.args(["--vectors", &array, "--batch-size", "5", "--job", "1", "--rejects", "r.jsonl"]);
    let (at, strike) = strike.unwrap_or((usize::MAX, Strike::Kill));
    run_traced(&load, &home.path(""), at, strike)
}

#[test]
fn the_rejects_of_what_cannot_be_resumed_are_exact_wherever_the_load_is_struck() {
    if !is_allowed() {
        return;
    }
    let all: Vec<_> = (0..CALLS_INLINE).flat_map(|at| STRIKES.map(|strike| (at, strike))).collect();
    in_two(&all, |(at, strike)| {
        let Sequence { home, service, .. } = Sequence::new(None, "1");
        service.trouble(&[&format!("refuse-key=key-{REFUSED}")]);
        let first = load_inline(&home, &service, Some((at, strike)));
        let path = home.path("r.jsonl");
        let kept = fs::read(&path).unwrap_or_default();
        if first.ended.code.is_some() {
            let [rejected] = first.ended.counts(["rejected"]);
            assert_eq!(listed(&path).len() as u64, rejected, "{at} {strike:?}: {}", first.ended.stderr);
        }
        let second = load_inline(&home, &service, None);
        second.ended.assert_code(4);
        service.assert_holds(&good());
        assert_eq!(BTreeSet::from_iter(listed(&path)), rejected());
        assert_eq!(listed(&path).len(), rejected().len());
        let aside = fs::read(home.path("r.jsonl.1")).unwrap_or_default();
        assert!(aside == kept, "{at} {strike:?}: what was listed is lost");
    });
}

/// Each has one run that is struck; what comes before and after it is not.
const SCRIPTS: [(&[Run], Run, &[Run]); 6] = [
    (&[], fresh(), &[]),
    (&[fresh().denied(5)], fresh(), &[]),
    (&[fresh().denied(5)], fresh().denied(1), &[]),
    (&[fresh().denied(5)], resumed().denied(4), &[resumed().denied(2)]),
    (&[fresh().denied(5), fresh().denied(3)], fresh(), &[fresh().denied(1)]),
    (&[fresh().denied(3), fresh().denied(7)], fresh().denied(1), &[fresh().denied(2)]),
];

#[test]
#[ignore = "strikes in every way at every call of some sequences of runs: eight minutes"]
fn every_call_of_a_run_is_struck() {
    assert!(is_allowed());
    let ways = STRIKES.into_iter().flat_map(|strike| [(strike, None), (strike, Some("r.jsonl"))]);
    let all: Vec<_> = SCRIPTS.iter().flat_map(|script| ways.clone().map(move |way| (script, way))).collect();
    in_two(&all, |((before, run, after), (strike, named))| {
        let is_struck = |at| {
            let runs = [before, &[run.struck(at, strike)][..], after].concat();
            play(&runs, named, "1")
        };
        let calls = (0..500).find(|at| !is_struck(*at)).unwrap();
        say(&format!("{run:?} after {before:?}: {calls} calls, {strike:?}, {named:?}"));
    });
}
