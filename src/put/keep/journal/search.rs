//! Searches for the journal of a load in another directory than the expected one: the list of inputs differs, they were
//! moved, or the load went elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use super::activity::{self, Activity};
use super::error::JournalError;
use super::folder::{Folder, read_if_there};
use super::header::Header;
use super::inputs::{self, Now};
use super::lines::parse;
use super::since::is_over;
use crate::put::books::tracker::Mark;
use crate::record::Input;

/// What a search has met.
#[derive(Default)]
struct Met {
    /// The directory with the last written journal, and when that was.
    found: Option<(String, PathBuf)>,
    /// How the place differs of a load that went to another service with the same names.
    elsewhere: Option<JournalError>,
}

/// The directory of a load that has an input in common with this one; an error if the only candidate went to another
/// service with the same names.
pub(crate) fn search(
    checkpoints: &Path,
    header: &Header,
    inputs: &[Input],
    activities: &[Activity],
) -> Result<Option<PathBuf>, JournalError> {
    let Ok(folders) = fs::read_dir(checkpoints) else { return Ok(None) };
    let mut met = Met::default();
    for folder in folders.filter_map(Result::ok).map(|folder| folder.path()) {
        for journal in Folder::journals(&folder) {
            let Some((earlier, mark)) = read_if_there(&journal).ok().flatten().and_then(|text| parse(&text))
            else {
                continue;
            };
            if mark.as_ref().is_some_and(|mark| is_over(activities, (&journal, &earlier, mark), header)) {
                continue;
            }
            if let Some(written) = activity::written(&journal) {
                met.meet(header, inputs, (&earlier, mark), (written, &folder));
            }
        }
    }
    match met {
        Met { found: Some((_, folder)), .. } => Ok(Some(folder)),
        Met { elsewhere: Some(elsewhere), .. } => Err(elsewhere),
        _ => Ok(None),
    }
}

impl Met {
    fn meet(
        &mut self,
        header: &Header,
        inputs: &[Input],
        (earlier, mark): (&Header, Option<Mark>),
        (written, folder): (String, &Path),
    ) {
        if !header.place.has_the_names_of(&earlier.place) {
            return;
        }
        let mark = mark.unwrap_or_default();
        let Ok(now) = inputs::find(&earlier.inputs, &header.inputs, inputs, &mark) else { return };
        let is_all = header.inputs.len() == now.len() && now.iter().all(|now| matches!(now, Now::Same(_)));
        let differences = header.place.differences(&earlier.place);
        if !differences.is_empty() {
            if mark.counts.read > 0 && (is_all || !mark.failed.is_empty()) {
                self.elsewhere = Some(JournalError::Elsewhere(differences));
            }
            return;
        }
        let is_ours = is_all || header.other_reading(earlier).is_none();
        if is_ours && self.found.as_ref().is_none_or(|(last, _)| *last < written) {
            self.found = Some((written, folder.to_owned()));
        }
    }
}
