//! Step 6, journal: how far everything is settled, so that a later run can go on from there.
//!
//! A file of checksummed lines: a header that says what is being loaded and where to, then marks. A mark tells the
//! position before which everything is settled, and the few stretches beyond it that are settled too, so it is
//! complete in itself: the last good line counts, a torn one does not.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::record::{Input, Position, Span};

/// Version of the form; another one is not read.
const VERSION: u32 = 1;
/// The journal is written anew when it grows beyond this.
const COMPACT_AT: u64 = 1 << 20;
/// Length of the parts of an input that are hashed.
const SAMPLE: u64 = 64 << 10;
/// So many parts of each input are hashed, evenly spread; fewer when the inputs are many, so that beginning stays quick.
const SAMPLES: std::ops::RangeInclusive<u64> = 2..=64;
const SAMPLES_OF_ALL: u64 = 2_048;

/// What identifies a load: a journal of another one is not continued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the form.
    pub version: u32,
    /// Bucket, account, region and index.
    pub target: String,
    /// The options that change what is made of the input, with their values.
    pub reading: BTreeMap<String, String>,
    /// The inputs as they were.
    pub inputs: Vec<Fingerprint>,
}

/// An input as it was when the load began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Its name, for messages; a moved input is still the same.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Hashes of parts: offset and hash.
    pub samples: Vec<(u64, String)>,
}

/// How many records of each kind are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read.
    pub read: u64,
    /// Stored.
    pub stored: u64,
    /// Rejected.
    pub rejected: u64,
    /// Of unknown fate, and listed as such.
    pub unknown: u64,
}

/// How far a load is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Everything before this is settled.
    pub position: Position,
    /// What is settled beyond it.
    pub ahead: Vec<Span>,
    /// All that is settled.
    pub counts: Counts,
    /// Bytes of the rejects file that belong to it.
    pub rejects_bytes: u64,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Header(Header),
    Mark(Mark),
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
    dirty: bool,
    given_up: u64,
}

impl Journal {
    /// Locks the load's folder below `checkpoints`. With `resume`, finds how far an earlier run came.
    pub fn open(
        checkpoints: &Path,
        header: Header,
        resume: bool,
    ) -> Result<(Self, Option<Mark>), JournalError> {
        let mut folder = checkpoints.join(header.folder_name());
        if resume && !folder.join(FILE).exists() {
            folder = moved(checkpoints, &header).unwrap_or(folder);
        }
        fs::create_dir_all(&folder).map_err(io_error("make the folder", &folder))?;
        let lock = lock(&folder)?;
        let mut journal =
            Self { folder, header, _lock: lock, file: None, written: 0, dirty: false, given_up: 0 };
        let mark = if resume { journal.load()? } else { None };
        if !resume {
            let earlier = fs::read(journal.folder.join(FILE)).ok().and_then(|text| parse(&text)?.1);
            journal.given_up = earlier.map_or(0, |mark| mark.counts.read);
        }
        journal.rewrite(mark.as_ref())?;
        Ok((journal, mark))
    }

    /// Records that an earlier run settled and that this one, which does not resume, loads again.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// The load's folder, where the rejects go too unless the user names a file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends a mark; what the mark counts as rejected must be on disk before.
    pub fn append(&mut self, mark: &Mark) -> Result<(), JournalError> {
        if self.written > COMPACT_AT {
            return self.rewrite(Some(mark));
        }
        let line = seal(&Line::Mark(mark.clone()));
        let path = self.folder.join(FILE);
        if let Some(file) = &mut self.file {
            file.write_all(line.as_bytes()).map_err(io_error("write the journal", &path))?;
        }
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

    /// Removes the journal: nothing is left to continue.
    pub fn complete(mut self) -> Result<(), JournalError> {
        self.file = None;
        let path = self.folder.join(FILE);
        // The lock stays: removing it could let two runs hold two files of the same name.
        fs::remove_file(&path).map_err(io_error("remove the journal", &path))
    }

    fn load(&self) -> Result<Option<Mark>, JournalError> {
        let path = self.folder.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("read the journal", &path)(error)),
        };
        match parse(&text) {
            Some((header, mark)) => {
                self.header.continues(&header)?;
                Ok(mark)
            }
            None => Ok(None),
        }
    }

    /// Writes header and mark into a new file and puts it in the old one's place, so that there is always one of them.
    fn rewrite(&mut self, mark: Option<&Mark>) -> Result<(), JournalError> {
        let (path, new) = (self.folder.join(FILE), self.folder.join("journal.new"));
        let mut text = seal(&Line::Header(self.header.clone()));
        if let Some(mark) = mark {
            text += &seal(&Line::Mark(mark.clone()));
        }
        let write = || {
            let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            fs::rename(&new, &path)?;
            Ok(file)
        };
        self.file = Some(write().map_err(io_error("write the journal", &path))?);
        self.written = text.len() as u64;
        self.dirty = false;
        Ok(())
    }
}

const FILE: &str = "journal";
const LOCK: &str = "lock";

fn lock(folder: &Path) -> Result<File, JournalError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
    let file = file.map_err(io_error("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

/// The folder of the same load under the inputs' former names.
fn moved(checkpoints: &Path, header: &Header) -> Option<PathBuf> {
    let folders = fs::read_dir(checkpoints).ok()?;
    folders.filter_map(Result::ok).map(|folder| folder.path()).find(|folder| {
        let journal = fs::read(folder.join(FILE)).ok().and_then(|text| parse(&text));
        journal.is_some_and(|(other, _)| other.target == header.target && other.same_inputs(header).is_ok())
    })
}

impl Header {
    /// Describes a load.
    pub fn new(
        target: String,
        reading: BTreeMap<String, String>,
        inputs: &[Input],
    ) -> Result<Self, JournalError> {
        let each = SAMPLES_OF_ALL / (inputs.len() as u64).max(1);
        let samples = each.clamp(*SAMPLES.start(), *SAMPLES.end());
        let inputs = inputs.iter().map(|input| Fingerprint::of(input, samples)).collect::<Result<_, _>>()?;
        Ok(Self { version: VERSION, target, reading, inputs })
    }

    /// One folder for each target and set of input names.
    fn folder_name(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.target);
        for input in &self.inputs {
            hash.update([0]);
            hash.update(&input.name);
        }
        short(hash)
    }

    fn continues(&self, earlier: &Self) -> Result<(), JournalError> {
        earlier.same_inputs(self)?;
        let other = self.reading.iter().find(|(option, now)| earlier.reading.get(*option) != Some(*now));
        let Some((option, now)) = other else { return Ok(()) };
        let was = earlier.reading.get(option).cloned().unwrap_or_default();
        Err(JournalError::Option { option: option.clone(), was, now: now.clone() })
    }

    fn same_inputs(&self, now: &Self) -> Result<(), JournalError> {
        if self.inputs.len() != now.inputs.len() {
            let what = format!("{} inputs then, {} now", self.inputs.len(), now.inputs.len());
            return Err(JournalError::Changed { input: "the list of inputs".to_owned(), what });
        }
        self.inputs.iter().zip(&now.inputs).try_for_each(|(then, now)| then.same(now))
    }
}

impl Fingerprint {
    /// Looks at an input: its size, and hashes of parts, so that a file of many gigabytes costs a few megabytes.
    fn of(input: &Input, samples: u64) -> Result<Self, JournalError> {
        let Input::File(path) = input else {
            return Ok(Self { name: input.to_string(), size: 0, samples: Vec::new() });
        };
        let name = std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string();
        let read = || -> io::Result<Self> {
            if !fs::metadata(path)?.is_file() {
                // A pipe can be opened only once, and that is to read it.
                return Ok(Self { name: name.clone(), size: 0, samples: Vec::new() });
            }
            let mut file = File::open(path)?;
            let size = file.metadata()?.len();
            let mut hashes = Vec::new();
            for offset in sample_offsets(size, samples) {
                let mut part = Vec::new();
                file.seek(SeekFrom::Start(offset))?;
                Read::by_ref(&mut file).take(SAMPLE).read_to_end(&mut part)?;
                hashes.push((offset, short(Sha256::new().chain_update(&part))));
            }
            Ok(Self { name: name.clone(), size, samples: hashes })
        };
        read().map_err(|error| JournalError::Input { path: path.display().to_string(), error })
    }

    fn same(&self, now: &Self) -> Result<(), JournalError> {
        let changed = |what| Err(JournalError::Changed { input: now.name.clone(), what });
        if self.size != now.size {
            return changed(format!("{} bytes then, {} now", self.size, now.size));
        }
        match self.samples.iter().zip(&now.samples).find(|(then, now)| then != now) {
            Some(((offset, _), _)) => changed(format!("the block at byte {offset} differs")),
            None => Ok(()),
        }
    }
}

/// Where samples start: evenly spread, the file's start and end among them; a small file is sampled whole.
fn sample_offsets(size: u64, samples: u64) -> Vec<u64> {
    if size <= samples * SAMPLE {
        return (0..size.div_ceil(SAMPLE)).map(|index| index * SAMPLE).collect();
    }
    let last = size - SAMPLE;
    (0..samples - 1).map(|index| last / (samples - 1) * index).chain([last]).collect()
}

fn short(hash: Sha256) -> String {
    base16ct::lower::encode_string(hash.finalize().get(..8).unwrap_or_default())
}

/// A line with its checksum in front.
fn seal(line: &Line) -> String {
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
fn parse(text: &[u8]) -> Option<(Header, Option<Mark>)> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').map_while(unseal);
    let Line::Header(header) = lines.next()? else { return None };
    if header.version != VERSION {
        return None;
    }
    let marks = lines.filter_map(|line| match line {
        Line::Mark(mark) => Some(mark),
        Line::Header(_) => None,
    });
    Some((header, marks.last()))
}

/// Follows which batches are settled; completions arrive in any order.
#[derive(Debug, Default)]
pub struct Tracker {
    /// The first batch that is not settled.
    next: u64,
    position: Position,
    /// Settled batches behind `next`.
    settled: BTreeMap<u64, Span>,
    /// What an earlier run settled beyond where this one started.
    earlier: Vec<Span>,
    counts: Counts,
}

impl Tracker {
    /// Starts where an earlier run stopped, or at the beginning.
    pub fn new(mark: Option<&Mark>) -> Self {
        let Some(mark) = mark else { return Self::default() };
        Self { position: mark.position, earlier: mark.ahead.clone(), counts: mark.counts, ..Self::default() }
    }

    /// Notes that a batch is settled.
    pub fn settle(&mut self, number: u64, span: Span, counts: Counts) {
        self.settled.insert(number, span);
        self.counts.read += counts.read;
        self.counts.stored += counts.stored;
        self.counts.rejected += counts.rejected;
        self.counts.unknown += counts.unknown;
        while let Some(span) = self.settled.remove(&self.next) {
            self.position = span.end;
            self.next += 1;
        }
    }

    /// How far the load is.
    pub fn mark(&self, rejects_bytes: u64) -> Mark {
        let earlier = self.earlier.iter().filter(|span| span.end > self.position);
        let ahead = earlier.chain(self.settled.values()).copied().collect();
        Mark { position: self.position, ahead, counts: self.counts, rejects_bytes }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(record: u64) -> Position {
        Position { record, offset: record * 10, line: record + 1, ..Position::default() }
    }

    fn span(start: u64, end: u64) -> Span {
        Span { start: position(start), end: position(end) }
    }

    fn header() -> Header {
        Header { version: VERSION, target: "t".into(), reading: BTreeMap::new(), inputs: Vec::new() }
    }

    fn counts(read: u64) -> Counts {
        Counts { read, stored: read, ..Counts::default() }
    }

    #[test]
    fn only_the_contiguous_prefix_moves_the_position() {
        let mut tracker = Tracker::new(None);
        tracker.settle(1, span(10, 20), counts(10));
        tracker.settle(3, span(30, 40), counts(10));
        assert_eq!(tracker.mark(0).position, Position::default());
        assert_eq!(tracker.mark(0).ahead, [span(10, 20), span(30, 40)]);
        tracker.settle(0, span(0, 10), counts(10));
        assert_eq!(tracker.mark(0).position, position(20));
        assert_eq!(tracker.mark(0).ahead, [span(30, 40)]);
        assert_eq!(tracker.mark(0).counts.read, 30);
    }

    #[test]
    fn what_an_earlier_run_settled_ahead_is_remembered_until_it_is_passed() {
        let mark =
            Mark { position: position(10), ahead: vec![span(20, 30)], counts: counts(20), rejects_bytes: 0 };
        let mut tracker = Tracker::new(Some(&mark));
        tracker.settle(1, span(30, 40), counts(10));
        assert_eq!(tracker.mark(0).ahead, [span(20, 30), span(30, 40)]);
        tracker.settle(0, span(10, 30), counts(10));
        let mark = tracker.mark(0);
        assert_eq!((mark.position, mark.ahead.len(), mark.counts.read), (position(40), 0, 40));
    }

    #[test]
    fn a_changed_input_is_named_with_its_first_difference() {
        let then =
            Fingerprint { name: "a".into(), size: 5, samples: vec![(0, "x".into()), (65_536, "y".into())] };
        let longer = Fingerprint { size: 6, ..then.clone() };
        let other = Fingerprint { samples: vec![(0, "x".into()), (65_536, "z".into())], ..then.clone() };
        let message = |now: &Fingerprint| then.same(now).map_err(|error| error.to_string());
        assert_eq!(message(&then), Ok(()));
        assert_eq!(
            message(&longer),
            Err("cannot resume: a changed since the journal was written (5 bytes then, 6 now)".to_owned())
        );
        assert_eq!(
            message(&other),
            Err("cannot resume: a changed since the journal was written (the block at byte 65536 differs)"
                .to_owned())
        );
    }

    #[test]
    fn samples_cover_small_files_whole_and_large_ones_from_end_to_end() {
        assert_eq!(sample_offsets(0, 64), [0_u64; 0]);
        assert_eq!(sample_offsets(100_000, 64), [0, 65_536]);
        let large = sample_offsets(1 << 40, 64);
        assert_eq!((large.first(), large.last()), (Some(&0), Some(&((1 << 40) - SAMPLE))));
        assert!(large.is_sorted() && large.len() == 64);
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

        #[test]
        fn any_order_of_completion_ends_at_the_end(order in Just((0u64..30).collect::<Vec<_>>()).prop_shuffle()) {
            let mut tracker = Tracker::new(None);
            for (done, number) in order.iter().enumerate() {
                tracker.settle(*number, span(number * 5, number * 5 + 5), counts(5));
                let mark = tracker.mark(0);
                let covered = mark.position.record + mark.ahead.iter().map(|span| span.end.record - span.start.record).sum::<u64>();
                prop_assert_eq!(covered, (done as u64 + 1) * 5);
            }
            prop_assert_eq!(tracker.mark(0).position, position(150));
        }
    }
}
