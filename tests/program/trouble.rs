//! What the tests of trouble share: programs that are watched, signalled and killed, and books that are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ossvec::test_support::local_service::fault::Fault;
use ossvec::test_support::oss::operation::Operation;
use serde_json::Value;

use crate::support::{Ended, State, TestService};

/// Longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until something is so, and fails if it never is.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// A run of the program that is still going on.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) -> Ended {
        self.0.kill().unwrap();
        self.end()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -s {name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    pub(crate) fn end(self) -> Ended {
        self.0.wait_with_output().unwrap().into()
    }
}

/// Runs a load again and again, each killed once so many `more` requests have come, until one ends by itself. Shows `after`
/// what each kill has left, and gives their number.
pub(crate) fn killed_until_it_ends(
    service: &TestService,
    load: impl Fn() -> Command,
    mut more: impl FnMut() -> u64,
    mut after: impl FnMut(usize),
) -> usize {
    let mut kills = 0;
    loop {
        let mut running = Running::start(&mut load());
        let moment = service.requests(Operation::PutVectors) + more();
        until("the moment comes", || running.is_over() || service.requests(Operation::PutVectors) >= moment);
        if running.is_over() {
            running.end().assert_code(0);
            return kills;
        }
        running.kill();
        until("the service is at rest", || service.statistics().in_flight == 0);
        kills += 1;
        after(kills);
    }
}

impl TestService {
    /// Scripts trouble from now on; nothing ends it.
    pub(crate) fn trouble(&self, specs: &[&str]) {
        let faults: Vec<_> = specs.iter().map(|spec| Fault::parse(spec).unwrap()).collect();
        self.service.set_faults(&faults);
    }

    /// Requests of one kind that the service has seen.
    pub(crate) fn requests(&self, operation: Operation) -> u64 {
        self.statistics().of(operation).requests
    }

    /// Requests that were answered with this error code.
    pub(crate) fn answered(&self, code: &str) -> usize {
        self.statistics().recent.iter().filter(|seen| seen.code == code).count()
    }
}

/// The JSON lines of a file; none if there is no file.
pub(crate) fn json_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Key and reason of each line of a rejects file, in its order.
pub(crate) fn rejects(path: &Path) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    json_lines(path)
        .iter()
        .map(|line| (text(&line["rejected"]["key"]), text(&line["rejected"]["reason"])))
        .collect()
}

/// The journals below a folder of checkpoints.
pub(crate) fn journals(checkpoints: &Path) -> Vec<std::path::PathBuf> {
    let Ok(folders) = std::fs::read_dir(checkpoints) else { return Vec::new() };
    folders
        .map(|folder| folder.unwrap().path().join("current/journal"))
        .filter(|path| path.exists())
        .collect()
}

/// The records that the only journal counts as settled.
pub(crate) fn settled(checkpoints: &Path) -> BTreeSet<u64> {
    journals(checkpoints)
        .first()
        .and_then(|journal| last_mark(journal))
        .map_or_else(BTreeSet::new, |mark| settled_by(&mark))
}

/// The last whole mark of a journal, if there is one.
pub(crate) fn last_mark(journal: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(journal).ok()?;
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let lines = whole.filter_map(|line| serde_json::from_str::<Value>(line.split_once(' ')?.1).ok());
    lines.filter_map(|mut line| Some(line.get_mut("mark")?.take())).next_back()
}

/// The records that a mark counts as settled.
pub(crate) fn settled_by(mark: &Value) -> BTreeSet<u64> {
    let number = |position: &Value| position["record"].as_u64().unwrap();
    let ahead = mark["ahead"].as_array().unwrap().iter();
    let ahead = ahead.flat_map(|span| number(&span["start"])..number(&span["end"]));
    (0..number(&mark["position"])).chain(ahead).collect()
}

/// Checks what a run says of each record against the service's own state; `wanted` is all that the input describes,
/// with the records in the order `key-0`, `key-1`, ….
pub(crate) fn audit(
    what: &str,
    ended: &Ended,
    (events, rejected): (&Path, &Path),
    state: &State,
    wanted: &State,
) {
    let summary = ended.summary();
    let count = |value: &Value, name: &str| value[name].as_u64().unwrap();
    let events = json_lines(events);
    let of = |kind: &'static str| events.iter().filter(move |event| event["type"] == kind);
    let refused: BTreeSet<u64> = of("reject").map(|event| count(event, "record")).collect();
    let mut totals = BTreeMap::new();
    for batch in of("batch") {
        for name in ["stored", "rejected", "superseded", "unknown", "not_sent"] {
            *totals.entry(name).or_insert(0) += count(batch, name);
        }
        if count(batch, "unknown") + count(batch, "not_sent") > 0 {
            continue;
        }
        let span = &batch["span"];
        for record in count(&span["start"], "record")..count(&span["end"], "record") {
            let key = format!("key-{record}");
            let is_there = state.get(&key).is_some();
            assert_eq!(is_there, !refused.contains(&record), "{what}: {key}, {batch}");
        }
    }
    for (name, total) in totals {
        assert_eq!(total, count(&summary, name), "{what}: {name} over all batches; {summary:#}");
    }
    for (key, _) in rejects(rejected) {
        assert!(!state.contains_key(&key), "{what}: {key} is rejected and stored");
    }
    assert_eq!(
        rejects(rejected).len() as u64,
        count(&summary, "rejected") + count(&summary, "skipped_rejected")
    );
    let (stored, unknown) = (count(&summary, "stored"), count(&summary, "unknown"));
    let earlier = count(&summary, "skipped") - count(&summary, "skipped_rejected");
    let there = state.len() as u64;
    assert!(stored <= there && there <= earlier + stored + unknown, "{what}: {there} are there; {summary:#}");
    for (key, value) in state {
        assert_eq!(Some(value), wanted.get(key), "{what}: {key}");
    }
}
