//! The directory of one load. A sequence of runs keeps its journal and its rejects in one subdirectory, so that a
//! single rename moves both: killed before or after it, each list is next to the journal that counts it.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{JournalError, io_error};
use super::header::Header;
use super::lines::{later_version, parse};
use crate::private;
use crate::put::books::tracker::Mark;

/// In the directory of a sequence; older versions kept it one level up.
pub(crate) const JOURNAL: &str = "journal";
/// In the directory of every load.
pub(crate) const LOCK: &str = "lock";

/// The state of a sequence of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// It is being continued.
    Current,
    /// A run that did not resume has given it up, and has sent nothing yet.
    Untouched,
    /// The same, but the run has sent something.
    Before,
    /// The user has moved it here to be continued.
    Resume,
    /// It is complete and has a receipt: its rejects, while another sequence is current.
    Complete,
    /// It is being created.
    New,
    /// It is being removed.
    Gone,
}

impl Sequence {
    const ALL: [Self; 7] =
        [Self::Current, Self::Untouched, Self::Before, Self::Resume, Self::Complete, Self::New, Self::Gone];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Untouched => "untouched",
            Self::Before => "before",
            Self::Resume => "resume",
            Self::Complete => "complete",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

/// The directory of a load, locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Folder {
    /// Locks the directory, creating it if needed, and completes what a killed run began with it. Leaves files of older
    /// versions where they are: see [`super::flat`].
    pub(crate) fn open(path: PathBuf) -> Result<Self, JournalError> {
        make(&path)?;
        let folder = Self { _lock: lock(&path)?, path };
        for place in Sequence::ALL.map(|sequence| folder.of(sequence)) {
            if place.symlink_metadata().is_ok() {
                private::check_own_folder(&place).map_err(io_error("use the directory", &place))?;
            }
        }
        folder.remove(Sequence::Gone)?;
        folder.remove(Sequence::New)?;
        Ok(folder)
    }

    /// Whether the path is a directory that a load has used.
    pub(crate) fn is_of_load(path: &Path) -> bool {
        path.join(LOCK).symlink_metadata().is_ok()
    }

    /// The possible paths of the journals that a load may continue, in a directory that may not exist.
    pub(crate) fn journals(path: &Path) -> [PathBuf; 4] {
        let below = |sequence: Sequence| path.join(sequence.name()).join(JOURNAL);
        [below(Sequence::Resume), below(Sequence::Current), below(Sequence::Untouched), path.join(JOURNAL)]
    }

    /// Fails, before anything is moved or written, if a later version has used the directory.
    pub(crate) fn refuse_later(path: &Path) -> Result<(), JournalError> {
        let before = path.join(Sequence::Before.name()).join(JOURNAL);
        for journal in Self::journals(path).into_iter().chain([before]) {
            // A file that cannot be read is reported when it is needed.
            let text = read_if_there(&journal).ok().flatten().unwrap_or_default();
            if later_version(&text).is_some() {
                return Err(JournalError::Later(journal.display().to_string()));
            }
        }
        Ok(())
    }

    /// The directory with the load's lock and any files of older versions.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn of(&self, sequence: Sequence) -> PathBuf {
        self.path.join(sequence.name())
    }

    pub(crate) fn journal(&self, sequence: Sequence) -> PathBuf {
        self.of(sequence).join(JOURNAL)
    }

    /// The header and mark of a sequence, if it has settled anything.
    pub(crate) fn settled(&self, sequence: Sequence) -> Result<Option<(Header, Mark)>, JournalError> {
        settled_in(&self.journal(sequence))
    }

    pub(crate) fn has(&self, sequence: Sequence) -> bool {
        self.of(sequence).exists()
    }

    /// Creates the directory of a sequence.
    pub(crate) fn make(&self, sequence: Sequence) -> Result<(), JournalError> {
        make(&self.of(sequence))
    }

    /// Moves one sequence to the place of another, which is given up; returns whether it existed.
    pub(crate) fn put(&self, from: Sequence, to: Sequence) -> Result<bool, JournalError> {
        if !self.has(from) {
            return Ok(false);
        }
        rename_if_there(&self.of(to), &self.of(Sequence::Gone))?;
        rename_if_there(&self.of(from), &self.of(to))?;
        self.remove(Sequence::Gone)?;
        Ok(true)
    }

    /// Gives a sequence up.
    pub(crate) fn discard(&self, sequence: Sequence) -> Result<(), JournalError> {
        rename_if_there(&self.of(sequence), &self.of(Sequence::Gone))?;
        self.remove(Sequence::Gone)
    }

    /// Removes the journal of a sequence, and its directory unless that has rejects.
    pub(crate) fn remove_journal(&self, sequence: Sequence) -> Result<(), JournalError> {
        let path = self.journal(sequence);
        fs::remove_file(&path).map_err(io_error("remove the journal", &path))?;
        let folder = self.of(sequence);
        match fs::remove_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => {
                Err(io_error("remove", &folder)(error))
            }
            _ => Ok(()),
        }
    }

    fn remove(&self, sequence: Sequence) -> Result<(), JournalError> {
        let path = self.of(sequence);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

/// The content of a journal, if it exists and has a mark.
pub(crate) fn settled_in(path: &Path) -> Result<Option<(Header, Mark)>, JournalError> {
    let text = read_if_there(path).map_err(io_error("read the journal", path))?;
    Ok(text.and_then(|text| parse(&text)).and_then(|(header, mark)| Some((header, mark?))))
}

/// Reads a file of the program, if it exists.
pub(crate) fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    match private::open_own(path, OpenOptions::new().read(true)) {
        Ok(mut file) => file.read_to_end(&mut text).map(|_| Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn rename_if_there(from: &Path, to: &Path) -> Result<(), JournalError> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("move", from)(error)),
        _ => Ok(()),
    }
}

/// Creates a directory of the program.
fn make(path: &Path) -> Result<(), JournalError> {
    private::make_folder(path).map_err(io_error("create the directory", path))?;
    private::check_own_folder(path).map_err(io_error("use the directory", path))
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

/// A name in the same directory for a file's replacement.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or(OsStr::new("file"));
    let mut name = name.to_owned();
    name.push(ending);
    path.with_file_name(name)
}
