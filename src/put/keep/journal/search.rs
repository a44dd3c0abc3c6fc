//! The journal of a load that is kept in another folder than usual: inputs have moved, or the load went elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::JournalError;
use super::folder::{Folder, read_if_there};
use super::header::Header;
use super::lines::parse;
use crate::record::Input;

/// The folder of the same load under the inputs' former names; an error if the only one that is left went to another
/// service under the same names.
pub(crate) fn search(
    checkpoints: &Path,
    header: &Header,
    inputs: &[Input],
) -> Result<Option<PathBuf>, JournalError> {
    let mut elsewhere = None;
    let Ok(folders) = fs::read_dir(checkpoints) else { return Ok(None) };
    for folder in folders.filter_map(Result::ok).map(|folder| folder.path()) {
        let read = |journal: &PathBuf| parse(&read_if_there(journal).ok().flatten()?);
        for (other, mark) in Folder::journals(&folder).iter().filter_map(read) {
            let has_our_names = header.place.has_the_names_of(&other.place);
            if !has_our_names || header.inputs_of(&other, mark.as_ref(), inputs).is_err() {
                continue;
            }
            let differences = header.place.differences(&other.place);
            if differences.is_empty() {
                return Ok(Some(folder));
            }
            if mark.is_some_and(|mark| mark.counts.read > 0) {
                elsewhere = Some(differences);
            }
        }
    }
    elsewhere.map_or(Ok(None), |differences| Err(JournalError::Elsewhere(differences)))
}
