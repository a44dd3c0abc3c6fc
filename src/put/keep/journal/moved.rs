//! Rejects files named by users that a run has moved out of its way. They belong to the sequence of runs that it gave
//! up: that sequence notes each move, and when it continues, the files are moved back.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{JournalError, io_error};
use super::folder::{beside, read_if_there, rename_if_there};
use crate::private;
use crate::put::keep::rejects::Rejects;

const NOTES: &str = "rejects.moved";

#[derive(Serialize, Deserialize)]
struct Moved {
    from: PathBuf,
    to: PathBuf,
}

/// Notes in the directory of a sequence that a file is about to be moved.
pub(crate) fn note(folder: &Path, from: &Path, to: &Path) -> Result<(), JournalError> {
    let (from, to) = (absolute(from), absolute(to));
    if from.to_str().and(to.to_str()).is_none() {
        // Such a name cannot be written as JSON; the file is kept under its numbered name.
        return Ok(());
    }
    let mut all = noted(folder)?;
    all.push(Moved { from, to });
    let (path, new) = (folder.join(NOTES), beside(&folder.join(NOTES), ".new"));
    let write = || {
        let mut file = private::create(&new)?;
        file.write_all(&serde_json::to_vec(&all)?)?;
        file.sync_data()?;
        fs::rename(&new, &path)
    };
    write().map_err(io_error("write", &path))
}

/// Moves files out of the way of those that come back with a sequence: they belong to the sequence that is given up,
/// which notes each move. `own` is another such file.
pub(crate) fn make_way(given_up: &Path, coming: &Path, own: Option<&Path>) -> Result<(), JournalError> {
    let places = noted(coming)?.into_iter().map(|moved| moved.from).chain(own.map(absolute));
    for place in places.collect::<BTreeSet<_>>() {
        if let Some(free) = Rejects::aside(&place) {
            note(given_up, &place, &free)?;
            rename_if_there(&place, &free)?;
        }
    }
    Ok(())
}

/// Moves the files back. If a file was moved several times, the first one belongs to the sequence; what is in its place
/// now gets a numbered name.
pub(crate) fn undo(folder: &Path) -> Result<(), JournalError> {
    let mut done = BTreeSet::new();
    for Moved { from, to } in noted(folder)? {
        if !done.insert(from.clone()) || !to.is_file() {
            continue;
        }
        if let Some(free) = Rejects::aside(&from) {
            rename_if_there(&from, &free)?;
        }
        rename_if_there(&to, &from)?;
    }
    let notes = folder.join(NOTES);
    // A killed run may have left a partly written one.
    for path in [beside(&notes, ".new"), notes] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io_error("remove", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where a file of a sequence is now.
pub(crate) fn whereabouts(folder: &Path, path: PathBuf) -> Result<PathBuf, JournalError> {
    let first = noted(folder)?.into_iter().find(|moved| moved.from == path);
    Ok(first.map_or(path, |moved| moved.to))
}

fn noted(folder: &Path) -> Result<Vec<Moved>, JournalError> {
    let path = folder.join(NOTES);
    let text = read_if_there(&path).map_err(io_error("read", &path))?;
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
