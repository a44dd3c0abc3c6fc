//! The folder of one load. What one sequence of runs keeps, its journal and its rejects, is in one folder below it, so
//! that a single rename moves all of it: killed before or after, each list stands beside the journal that counts it.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{JournalError, io_error};
use super::header::Header;
use super::lines::{later_version, parse};
use crate::private;
use crate::put::books::tracker::Mark;

/// In the folder of a sequence; older versions had one beside them.
pub(crate) const JOURNAL: &str = "journal";
/// In the folder of every load.
pub(crate) const LOCK: &str = "lock";

/// What a sequence of runs is to the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// It goes on.
    Current,
    /// A run that does not resume has given it up, and has sent nothing yet.
    Untouched,
    /// The same from then on.
    Before,
    /// Somebody has moved it here, to have it gone on with.
    Resume,
    /// It is complete, and its receipt is there: what it rejected, while another one goes on.
    Complete,
    /// It is being made.
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

/// The folder of a load, locked against others for as long as it lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Holding it is the lock.
    _lock: File,
}

impl Folder {
    /// Locks the folder, makes it if need be, and ends what a killed run has begun with it. What an older version left is
    /// where it was: see [`super::flat`].
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

    /// Whether there is a folder in which a load has worked.
    pub(crate) fn is_of_load(path: &Path) -> bool {
        path.join(LOCK).symlink_metadata().is_ok()
    }

    /// The places of the journals that a load may go on with, in a folder that may not be there.
    pub(crate) fn journals(path: &Path) -> [PathBuf; 4] {
        let below = |sequence: Sequence| path.join(sequence.name()).join(JOURNAL);
        [below(Sequence::Resume), below(Sequence::Current), below(Sequence::Untouched), path.join(JOURNAL)]
    }

    /// Nothing is moved or written where a later version has been at work.
    pub(crate) fn refuse_later(path: &Path) -> Result<(), JournalError> {
        let before = path.join(Sequence::Before.name()).join(JOURNAL);
        for journal in Self::journals(path).into_iter().chain([before]) {
            // What cannot be read is told when it is needed.
            let text = read_if_there(&journal).ok().flatten().unwrap_or_default();
            if later_version(&text).is_some() {
                return Err(JournalError::Later(journal.display().to_string()));
            }
        }
        Ok(())
    }

    /// Where the load's lock is, and files of older versions.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn of(&self, sequence: Sequence) -> PathBuf {
        self.path.join(sequence.name())
    }

    pub(crate) fn journal(&self, sequence: Sequence) -> PathBuf {
        self.of(sequence).join(JOURNAL)
    }

    /// What a sequence has settled, and of what load, if it has settled anything.
    pub(crate) fn settled(&self, sequence: Sequence) -> Result<Option<(Header, Mark)>, JournalError> {
        settled_in(&self.journal(sequence))
    }

    pub(crate) fn has(&self, sequence: Sequence) -> bool {
        self.of(sequence).exists()
    }

    /// Makes the folder of a sequence.
    pub(crate) fn make(&self, sequence: Sequence) -> Result<(), JournalError> {
        make(&self.of(sequence))
    }

    /// Puts one sequence in the place of another one, which is given up; says whether there is one.
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

    /// Removes the journal of a sequence, and its folder unless rejects are there.
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

/// What a journal says, if there is one that says how far it is.
pub(crate) fn settled_in(path: &Path) -> Result<Option<(Header, Mark)>, JournalError> {
    let text = read_if_there(path).map_err(io_error("read the journal", path))?;
    Ok(text.and_then(|text| parse(&text)).and_then(|(header, mark)| Some((header, mark?))))
}

/// Reads a file of the program's own, if it is there.
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

/// Makes a folder of the program's own.
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

/// A name beside a file of the same folder, for what takes its place.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().unwrap_or(OsStr::new("file"));
    let mut name = name.to_owned();
    name.push(ending);
    path.with_file_name(name)
}
