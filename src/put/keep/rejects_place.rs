//! The place of a rejects file: claimed, cleared of what is somebody else's, and what to say where it cannot be written.

use std::io;
use std::path::Path;

use super::journal::Journal;
use super::rejects::Rejects;
use crate::claim::{Claim, ClaimError};
use crate::exit::{Exit, Failure};
use crate::put::books::tracker::Mark;
use crate::put::report::notice::{EarlierNotice, Notice};

/// Why a rejects file cannot be written, with the cure.
pub(crate) fn rejects_failure(path: &Path, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "make room, or move the file to another disk and name it there with --rejects"
        }
        _ => "--rejects names another file; its folder must be there, and be yours to write",
    };
    Failure::new(Exit::Client, format!("cannot write the rejects file {}: {error}", path.display()))
        .advise(advice)
}

/// The same with its pipe open, if it is one.
pub(crate) fn with_pipe(rejects: Rejects) -> Result<Rejects, Failure> {
    let path = rejects.path().to_owned();
    rejects.with_pipe().map_err(|error| rejects_failure(&path, &error))
}

/// Claims a rejects file that the user named.
pub(crate) fn claim(named: Option<&Path>) -> Result<Option<Claim>, Failure> {
    let Some(path) = named else { return Ok(None) };
    Claim::of(path).map_err(|error| match error {
        ClaimError::Io(error) => rejects_failure(path, &error),
        ClaimError::Taken => {
            Failure::new(Exit::Client, format!("cannot write the rejects file {}: {error}", path.display()))
                .advise("wait for it to end, or name another file with --rejects")
        }
    })
}

/// Makes room for a rejects file that the user named, and says what was moved.
pub(crate) fn set_aside(path: &Path, journal: Option<&Journal>) -> Result<Option<Notice>, Failure> {
    let trouble = |error: io::Error| rejects_failure(path, &error);
    let aside = Rejects::aside(path);
    if let Some(aside) = &aside {
        journal.map_or(Ok(()), |journal| journal.note_moved(path, aside)).map_err(Failure::from)?;
        std::fs::rename(path, aside).map_err(trouble)?;
    }
    Rejects::try_out(path).map_err(trouble)?;
    Ok(aside.map(|to| EarlierNotice::RejectsMoved { from: path.to_owned(), to }.into()))
}

/// What is worth saying when an earlier run's rejects are not where they were.
pub(crate) fn lost(path: &Path, mark: &Mark) -> Option<Notice> {
    let bytes = path.metadata().map_or(0, |file| file.len());
    let is_kept = path.is_file() || !path.exists();
    (is_kept && bytes < mark.rejects_bytes).then(|| {
        let records = mark.counts.rejected + mark.counts.unknown;
        EarlierNotice::RejectsLost { records, path: path.to_owned() }.into()
    })
}
