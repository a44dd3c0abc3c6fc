//! The list of a load's inputs in its directory, for the command that continues it: there are too many to name them
//! all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::{JournalError, io_error};
use super::folder::beside;
use crate::private;
use crate::read::name_list;

/// In the directory of a load.
const INPUTS: &str = "inputs";

/// The path of the list in the directory of a load.
pub(crate) fn place(folder: &Path) -> PathBuf {
    folder.join(INPUTS)
}

/// Writes the list into the directory of a load, replacing an older one; returns its path.
pub(crate) fn write(folder: &Path, names: &[PathBuf]) -> Result<PathBuf, JournalError> {
    let path = place(folder);
    let new = beside(&path, ".new");
    let write = || {
        let mut file = private::create(&new)?;
        file.write_all(&name_list::text(names.iter().map(PathBuf::as_path)))?;
        file.sync_data()?;
        fs::rename(&new, &path)
    };
    write().map_err(io_error("write the list of inputs", &path))?;
    Ok(path)
}

/// Removes the list from a directory in which nothing is left to continue.
pub(crate) fn remove(folder: &Path) {
    // A leftover list does no harm.
    fs::remove_file(place(folder)).unwrap_or_default();
}
