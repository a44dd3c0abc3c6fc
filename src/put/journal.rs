//! Step 6, journal: how far everything is settled, so that a later run can go on from there.
//!
//! A file of checksummed lines: a header that says what is being loaded and where to, then marks. A mark tells the
//! position before which everything is settled, and the stretches beyond it that are settled too, so it is complete in
//! itself; where these are many, what changes is written instead of all of them. All good lines count, a torn one and
//! what follows it do not.

mod change;
mod header;

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::change::{Change, LISTED};
pub use self::header::Header;
use self::header::VERSION;
use super::fingerprint::short;
use super::read;
use super::record::Input;
use super::tracker::{FailedAt, Mark};
use crate::private;

/// The journal is written anew when it grows beyond this, or to twice what it was.
const COMPACT_AT: u64 = 1 << 20;

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Header(Header),
    Mark(Mark),
    Change(Change),
}

/// The line that tells of a mark, after the one that was written `last`.
pub(super) fn next_line(last: Option<&Mark>, mark: &Mark) -> Line {
    match last {
        Some(last) if mark.ahead.len() + mark.failed.len() > LISTED => {
            Line::Change(Change::between(last, mark))
        }
        _ => Line::Mark(mark.clone()),
    }
}

/// Why a load cannot be continued, or its state not be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process works on it.
    #[error("another ossvec is loading this into the same index (it holds {0})")]
    Locked(String),
    /// The input is not what it was.
    #[error("cannot resume: {input} changed since the journal was written ({what})")]
    Changed {
        /// The input's name.
        input: String,
        /// What differs first.
        what: String,
    },
    /// The input would be read differently.
    #[error("cannot resume: {option} was {was} when the journal was written and is {now} now")]
    Option {
        /// The first option that differs.
        option: String,
        /// Then.
        was: String,
        /// Now.
        now: String,
    },
    /// An input cannot be looked at.
    #[error("cannot open {path}: {error}")]
    Input {
        /// Which.
        path: String,
        /// Why not.
        error: io::Error,
    },
    /// The disk or its permissions.
    #[error("cannot {action} {path}: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: String,
        /// Why not.
        error: io::Error,
    },
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.display().to_string();
    move |error| JournalError::Io { action, path, error }
}

/// The journal of one load, locked against others for as long as it lives.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    header: Header,
    /// Holding it is the lock.
    _lock: File,
    file: Option<File>,
    written: u64,
    /// The length from which it is written anew.
    compact_at: u64,
    dirty: bool,
    given_up: u64,
    /// Whether nothing had been sent since the journal that is given up, when this run began.
    was_untouched: bool,
    notes: Vec<String>,
    /// The inputs of which nothing is settled any more, by the names they had.
    forgotten: Vec<String>,
    /// The mark that was written last.
    last: Option<Mark>,
}

impl Journal {
    /// Locks the load's folder below `checkpoints`. With `resume`, finds how far an earlier run of `inputs` came.
    pub fn open(
        checkpoints: &Path,
        header: Header,
        inputs: &[Input],
        resume: bool,
    ) -> Result<(Self, Option<Mark>), JournalError> {
        let mut folder = checkpoints.join(header.folder_name());
        if resume && !folder.join(FILE).exists() {
            folder = moved(checkpoints, &header, inputs).unwrap_or(folder);
        }
        private::make_folder(&folder).map_err(io_error("make the folder", &folder))?;
        let lock = lock(&folder)?;
        let mut journal = Self {
            folder,
            header,
            _lock: lock,
            file: None,
            written: 0,
            compact_at: COMPACT_AT,
            dirty: false,
            given_up: 0,
            was_untouched: false,
            notes: Vec::new(),
            forgotten: Vec::new(),
            last: None,
        };
        let mut mark = None;
        if resume {
            mark = journal.load(inputs)?;
            if mark.is_none() && journal.folder.join(UNTOUCHED).exists() {
                // A run that forgot to resume was killed before it had sent anything.
                journal.take_back(UNTOUCHED)?;
                mark = journal.load(inputs)?;
            }
            if mark.is_none() {
                journal.given_up = settled_in(&journal.aside().0).map_or(0, |mark| mark.counts.read);
            }
        } else {
            journal.set_aside_earlier()?;
        }
        journal.rewrite(mark.as_ref())?;
        Ok((journal, mark))
    }

    /// Records that an earlier run settled and that this one, which does not resume, loads again.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// What is worth saying about inputs that failed in an earlier run.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The inputs of an earlier run of which nothing counts any more, by the whole names they had.
    pub fn forgotten(&self) -> &[String] {
        &self.forgotten
    }

    /// Where an earlier run's journal is kept that this one gives up, and where it would have to be to go on there.
    pub fn aside(&self) -> (PathBuf, PathBuf) {
        (self.folder.join(ASIDE), self.folder.join(FILE))
    }

    /// Whoever forgets to resume a load of days shall not lose it with that, nor by forgetting it again.
    fn set_aside_earlier(&mut self) -> Result<(), JournalError> {
        let ((aside, path), untouched) = (self.aside(), self.folder.join(UNTOUCHED));
        let settled = |path: &Path| settled_in(path).map_or(0, |mark| mark.counts.read);
        let before = settled(&untouched).max(settled(&aside));
        self.given_up = settled(&path).max(before);
        if settled(&path) > before {
            fs::rename(&path, &untouched).map_err(io_error("set aside", &path))?;
            let (rejects, rejects_aside) = self.rejects();
            rename_if_there(&rejects, &rejects_aside)?;
        }
        self.was_untouched = untouched.exists();
        Ok(())
    }

    /// Notes that vectors are about to be sent. What was set aside no longer comes back by itself: where a key occurs
    /// twice in the input, an older value may stand in the index from now on, and what would be skipped is the newer one.
    pub fn begin_to_send(&self) -> Result<(), JournalError> {
        rename_if_there(&self.folder.join(UNTOUCHED), &self.aside().0)
    }

    /// Brings back a journal that was set aside, with its rejects.
    fn take_back(&self, from: &str) -> Result<(), JournalError> {
        rename_if_there(&self.folder.join(from), &self.folder.join(FILE))?;
        let (rejects, rejects_aside) = self.rejects();
        rename_if_there(&rejects_aside, &rejects)
    }

    /// The rejects file of a load for which the user names none, and where an earlier run's is kept.
    fn rejects(&self) -> (PathBuf, PathBuf) {
        (self.folder.join(REJECTS), self.folder.join(REJECTS_ASIDE))
    }

    /// The load's folder, where the rejects go too unless the user names a file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends a mark; what the mark counts as rejected must be on disk before.
    pub fn append(&mut self, mark: &Mark) -> Result<(), JournalError> {
        if self.written > self.compact_at {
            return self.rewrite(Some(mark));
        }
        let line = seal(&next_line(self.last.as_ref(), mark));
        let path = self.folder.join(FILE);
        if let Some(file) = &mut self.file {
            file.write_all(line.as_bytes()).map_err(io_error("write the journal", &path))?;
        }
        self.last = Some(mark.clone());
        self.written += line.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Makes sure that all marks would survive a crash of the machine.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if let Some(file) = self.file.as_ref().filter(|_| self.dirty) {
            file.sync_data().map_err(io_error("sync the journal", &self.folder.join(FILE)))?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Removes the journal, and what was set aside: nothing is left to continue.
    pub fn complete(mut self) -> Result<(), JournalError> {
        let aside = [self.aside().0, self.folder.join(UNTOUCHED), self.rejects().1];
        self.remove()?;
        for path in aside {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the journal, in which nothing is settled.
    pub fn abandon(mut self) -> Result<(), JournalError> {
        self.remove()
    }

    /// The same where nothing at all is stored: what was set aside comes back, unless a run before this one has sent
    /// something since.
    pub fn give_back(mut self) -> Result<(), JournalError> {
        self.remove()?;
        if !self.was_untouched {
            return Ok(());
        }
        self.take_back(if self.folder.join(UNTOUCHED).exists() { UNTOUCHED } else { ASIDE })
    }

    /// The lock stays: removing it could let two runs hold two files of the same name.
    fn remove(&mut self) -> Result<(), JournalError> {
        self.file = None;
        let path = self.folder.join(FILE);
        fs::remove_file(&path).map_err(io_error("remove the journal", &path))
    }

    fn load(&mut self, inputs: &[Input]) -> Result<Option<Mark>, JournalError> {
        let path = self.folder.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("read the journal", &path)(error)),
        };
        match parse(&text) {
            Some((header, mark)) => {
                let now = self.header.continues(&header, mark.as_ref(), inputs)?;
                Ok(mark.map(|mark| self.adapt(&header, mark, &now, inputs)))
            }
            None => Ok(None),
        }
    }

    /// The mark as it holds for the inputs as they are now: those that failed may be repaired, or gone.
    fn adapt(&mut self, earlier: &Header, mut mark: Mark, now: &[Option<u32>], inputs: &[Input]) -> Mark {
        for FailedAt { at, beginning } in mark.failed.clone() {
            let number = at.input as usize;
            let Some(then) = earlier.inputs.get(number) else { continue };
            let Some(place) = now.get(number).copied().flatten().map(|place| place as usize) else {
                self.notes.push(format!("note: {} is left out, which failed at {at}", then.name));
                mark.forget(at.input);
                self.forgotten.push(then.name.clone());
                continue;
            };
            let (Some(input), Some(is)) = (inputs.get(place), self.header.inputs.get(place)) else {
                continue;
            };
            if then.is_of(is, input).is_ok() {
                continue;
            }
            if beginning.is_some() && read::beginning(input, at) == beginning {
                mark.failed.retain(|failed| failed.at != at);
            } else {
                self.notes.push(format!(
                    "note: {} differs from what was read of it before it failed at {at}; all of it is loaded again",
                    is.name
                ));
                mark.forget(at.input);
                self.forgotten.push(then.name.clone());
            }
        }
        mark.renumber(now, u32::try_from(inputs.len()).unwrap_or(u32::MAX));
        mark
    }

    /// Writes header and mark into a new file and puts it in the old one's place, so that there is always one of them.
    fn rewrite(&mut self, mark: Option<&Mark>) -> Result<(), JournalError> {
        let (path, new) = (self.folder.join(FILE), self.folder.join("journal.new"));
        let mut text = seal(&Line::Header(self.header.clone()));
        if let Some(mark) = mark {
            text += &seal(&Line::Mark(mark.clone()));
        }
        let write = || {
            let mut file = private::open_own(&new, private::writing().create(true).truncate(true))?;
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            fs::rename(&new, &path)?;
            Ok(file)
        };
        self.file = Some(write().map_err(io_error("write the journal", &path))?);
        self.last = mark.cloned();
        self.written = text.len() as u64;
        // The header of very many inputs is long itself: as much again must fit behind it.
        self.compact_at = COMPACT_AT.max(2 * self.written);
        self.dirty = false;
        Ok(())
    }
}

const FILE: &str = "journal";
/// An earlier run's journal that a run which does not resume gives up, as long as that has sent nothing.
const UNTOUCHED: &str = "journal.untouched";
/// The same from then on.
const ASIDE: &str = "journal.before";
/// The rejects file of a load for which the user names none.
pub const REJECTS: &str = "rejects.jsonl";
/// The same of the run whose journal is set aside.
const REJECTS_ASIDE: &str = "rejects.before.jsonl";
const LOCK: &str = "lock";

fn settled_in(path: &Path) -> Option<Mark> {
    parse(&fs::read(path).ok()?)?.1
}

fn rename_if_there(from: &Path, to: &Path) -> Result<(), JournalError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("move", from)(error)),
        _ => Ok(()),
    }
}

fn lock(folder: &Path) -> Result<File, JournalError> {
    let path = folder.join(LOCK);
    let file = private::open_own(&path, private::writing().create(true).truncate(false));
    let file = file.map_err(io_error("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

/// The folder of the same load under the inputs' former names.
fn moved(checkpoints: &Path, header: &Header, inputs: &[Input]) -> Option<PathBuf> {
    let folders = fs::read_dir(checkpoints).ok()?;
    folders.filter_map(Result::ok).map(|folder| folder.path()).find(|folder| {
        let journal = fs::read(folder.join(FILE)).ok().and_then(|text| parse(&text));
        journal.is_some_and(|(other, mark)| {
            other.target == header.target && header.inputs_of(&other, mark.as_ref(), inputs).is_ok()
        })
    })
}

/// A line with its checksum in front.
pub(super) fn seal(line: &Line) -> String {
    // These types hold only text and numbers, which always serialise.
    let json = serde_json::to_string(line).unwrap_or_default();
    format!("{} {json}\n", short(Sha256::new().chain_update(&json)))
}

fn unseal(line: &[u8]) -> Option<Line> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (checksum, json) = line.split_once(' ')?;
    if short(Sha256::new().chain_update(json)) != checksum {
        return None;
    }
    serde_json::from_str(json).ok()
}

/// The header and the last mark before anything torn; `None` if not even the header is whole.
pub(super) fn parse(text: &[u8]) -> Option<(Header, Option<Mark>)> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').map_while(unseal);
    let Line::Header(header) = lines.next()? else { return None };
    if header.version != VERSION {
        return None;
    }
    let mark = lines.fold(None, |mark: Option<Mark>, line| match line {
        Line::Mark(mark) => Some(mark),
        Line::Change(change) => Some(change.apply(mark.unwrap_or_default())),
        Line::Header(_) => mark,
    });
    Some((header, mark))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::put::record::{Position, Span};
    use crate::put::tracker::Counts;

    fn position(record: u64) -> Position {
        Position { record, offset: record * 10, line: record + 1, ..Position::default() }
    }

    fn header() -> Header {
        Header { version: VERSION, target: "t".into(), reading: BTreeMap::new(), inputs: Vec::new() }
    }

    fn counts(read: u64) -> Counts {
        Counts { read, stored: read, ..Counts::default() }
    }

    #[test]
    fn however_many_inputs_have_failed_the_next_mark_is_short() {
        let at = |input: u32| Position { input, ..position(9) };
        let mark = |count: u32| Mark {
            ahead: (0..count)
                .map(|input| Span { start: Position { input, ..Position::default() }, end: at(input) })
                .collect(),
            failed: (0..count)
                .map(|input| FailedAt { at: at(input), beginning: Some("0".repeat(16)) })
                .collect(),
            ..Mark::default()
        };
        for count in [0, 1, 10, 100, 5_000] {
            let line = seal(&next_line(Some(&mark(count)), &mark(count + 1)));
            assert!(line.len() < 400 * LISTED, "{count}: {}", line.len());
            assert!(count < 100 || line.len() < 1_000, "{count}: {}", line.len());
        }
    }

    proptest! {
        #[test]
        fn any_prefix_of_the_file_gives_a_mark_that_was_written(marks in 0u64..20, cut in 0usize..4_000) {
            let mut text = seal(&Line::Header(header())).into_bytes();
            let mut ends = vec![(text.len(), None)];
            for number in 0..marks {
                let mark = Mark { position: position(number), counts: counts(number), ..Mark::default() };
                text.extend(seal(&Line::Mark(mark.clone())).bytes());
                ends.push((text.len(), Some(mark)));
            }
            let cut = cut.min(text.len());
            let want = ends.iter().rev().find(|(end, _)| *end <= cut).map(|(_, mark)| (header(), mark.clone()));
            prop_assert_eq!(parse(&text[..cut]), want);
        }

        #[test]
        fn a_change_leads_from_any_mark_to_the_next(
            before in prop::collection::btree_set(0u64..50, 0..30),
            after in prop::collection::btree_set(0u64..50, 0..30),
        ) {
            let mark = |numbers: &BTreeSet<u64>| {
                let at = |number: u64| Position { input: u32::try_from(number).unwrap(), ..position(number) };
                Mark {
                    position: position(numbers.len() as u64),
                    ahead: numbers.iter().map(|number| Span { start: at(*number), end: at(number + 1) }).collect(),
                    counts: counts(numbers.len() as u64),
                    rejects_bytes: numbers.iter().sum(),
                    failed: numbers.iter().map(|number| FailedAt { at: at(*number), beginning: None }).collect(),
                }
            };
            let (before, after) = (mark(&before), mark(&after));
            let change = Change::between(&before, &after);
            let text = [
                Line::Header(header()),
                Line::Mark(before),
                Line::Change(change),
            ].iter().map(seal).collect::<String>();
            prop_assert_eq!(parse(text.as_bytes()), Some((header(), Some(after))));
        }

        #[test]
        fn a_damaged_tail_is_ignored(marks in 1u64..10, damage in 1usize..60, byte: u8) {
            let mut text = seal(&Line::Header(header())).into_bytes();
            let mut before_last = text.len();
            for number in 0..marks {
                before_last = text.len();
                let mark = Mark { position: position(number), ..Mark::default() };
                text.extend(seal(&Line::Mark(mark)).bytes());
            }
            let at = text.len() - damage.min(text.len() - before_last);
            prop_assume!(text[at] != byte && byte != b'\n');
            text[at] = byte;
            let (_, mark) = parse(&text).unwrap();
            prop_assert_eq!(mark.map(|mark| mark.position), (marks > 1).then(|| position(marks - 2)));
        }
    }
}
