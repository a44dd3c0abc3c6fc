//! Claims on user-named files that only one load may write to: a second load is refused before it touches anything.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::links::target;
use crate::private;

/// Why a file cannot be claimed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClaimError {
    /// Another load has claimed it.
    #[error("another ossvec process is writing to it")]
    Taken,
    /// The file system or its permissions.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A file that no other load writes to for as long as this value lives.
///
/// The lock is on a companion file: the file itself may be renamed and recreated during the load, and its lock would be
/// lost with the old one.
#[derive(Debug)]
pub(crate) struct Claim {
    path: PathBuf,
    lock: File,
}

impl Claim {
    /// Claims the file at `path`, whether or not it exists yet; `None` for pipes and devices, where nothing can be
    /// lost.
    pub(crate) fn of(path: &Path) -> Result<Option<Self>, ClaimError> {
        // Check the name as given: the link of a file descriptor resolves to a name that is not a file's.
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Ok(None);
        }
        let path = target(path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = folder.canonicalize()?.join(name);
        loop {
            let lock = private::open_own(&path, private::writing().create(true).truncate(false))?;
            hold(&lock)?;
            if is_at(&lock, &path) {
                return Ok(Some(Self { path, lock }));
            }
            // The previous holder has just removed the lock file.
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A file that is not empty is not ours to delete. A lock file that is left over blocks nobody.
        if self.lock.metadata().is_ok_and(|file| file.len() == 0) {
            fs::remove_file(&self.path).unwrap_or_default();
        }
    }
}

/// Locks a file for as long as it is open, where the file system supports locks.
pub(crate) fn hold(file: &File) -> Result<(), ClaimError> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(ClaimError::Taken),
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => Err(error.into()),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Whether the open file is the one at the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let number = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let (Ok(opened), Ok(there)) = (file.metadata(), path.metadata()) else { return false };
    number(opened) == number(there)
}

/// Whether the open file is the one at the path.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::testing::Directory;

    #[test]
    fn a_file_has_one_claim_by_whatever_name_and_leaves_nothing_behind() {
        let directory = Directory::new();
        let folder = directory.path("");
        let (file, link) = (folder.join("r.jsonl"), folder.join("link"));
        symlink("r.jsonl", &link).unwrap();
        for is_there in [false, true] {
            let claim = Claim::of(&link).unwrap().unwrap();
            assert!(matches!(Claim::of(&file), Err(ClaimError::Taken)));
            // The claim is on the name: the file may change.
            fs::write(&file, "one").unwrap();
            fs::rename(&file, folder.join("aside")).unwrap();
            assert!(matches!(Claim::of(&file), Err(ClaimError::Taken)));
            fs::write(&file, "two").unwrap();
            assert!(matches!(Claim::of(&link), Err(ClaimError::Taken)), "{is_there}");
            drop(claim);
            assert!(!folder.join("r.jsonl.lock").exists());
        }
        assert!(Claim::of(Path::new("/dev/null")).unwrap().is_none());
        fs::write(folder.join("r.jsonl.lock"), "somebody's").unwrap();
        drop(Claim::of(&file).unwrap());
        assert_eq!(fs::read_to_string(folder.join("r.jsonl.lock")).unwrap(), "somebody's");
    }

    #[test]
    fn one_thread_at_a_time_has_the_claim() {
        use std::sync::atomic::{AtomicU32, Ordering};

        let directory = Directory::new();
        let folder = directory.path("");
        let (inside, held) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let Ok(claim) = Claim::of(&folder.join("r.jsonl")) else { continue };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        held.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(claim);
                    }
                });
            }
        });
        assert!(held.into_inner() > 0);
    }
}
