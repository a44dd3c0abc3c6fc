//! A file with the state of a run, replaced as a whole at intervals, so that readers see either the old or the new
//! content.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use crate::links::target;
use crate::private;

/// Who may read such a file, which determines where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Everyone, at a path that the user names: collectors run as other users.
    All,
    /// Its owner, in a directory of the program.
    Owner,
}

/// Keeps the file up to date.
#[derive(Debug)]
pub(crate) struct Snapshot {
    path: PathBuf,
    every: Duration,
    readers: Readers,
    written: Option<Instant>,
    /// Why the file is not up to date.
    trouble: Option<io::Error>,
}

impl Snapshot {
    /// Keeps the file at `path`, which is replaced at most once per `every`.
    pub(crate) fn new(path: PathBuf, every: Duration, readers: Readers) -> Self {
        Self { path, every, readers, written: None, trouble: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is time to replace the file.
    pub(crate) fn is_due(&self) -> bool {
        self.written.is_none_or(|written| written.elapsed() >= self.every)
    }

    /// Replaces the file.
    pub(crate) fn write(&mut self, text: &str) {
        let replaced = match self.readers {
            Readers::All => replace_for_all(&target(&self.path), text),
            Readers::Owner => replace_own(&self.path, text),
        };
        self.trouble = replaced.err();
        self.written = Some(Instant::now());
    }

    /// Why the file is not up to date, if it is not.
    pub(crate) fn take_trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }
}

/// Replaces a file for all readers. Collectors read *.prom, and so not the temporary file next to it.
fn replace_for_all(path: &Path, text: &str) -> io::Result<()> {
    let (file, new) = private::create_beside(path, ".new")?;
    replace(path, (file, &new), text, readable)
}

/// Replaces a file in a directory that only this program writes to: a temporary file in it was left by a killed run.
fn replace_own(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    replace(path, (private::create(&new)?, &new), text, |_| Ok(()))
}

fn replace(
    path: &Path,
    (mut file, new): (fs::File, &Path),
    text: &str,
    finish: fn(&fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let finished = file.write_all(text.as_bytes()).and_then(|()| finish(&file)).and_then(|()| {
        drop(file);
        fs::rename(new, path)
    });
    if finished.is_err() {
        private::remove_if_there(new)?;
    }
    finished
}

#[cfg(unix)]
fn readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}
