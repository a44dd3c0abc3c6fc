//! The place of a rejects file: claimed, cleared of other files, and the failures if it cannot be written.

use std::io;
use std::path::{Path, PathBuf};

use super::journal::Journal;
use super::rejects::{REJECTS, Rejects};
use crate::claim::{Claim, ClaimError};
use crate::exit::{ErrorCode, Failure};
use crate::oss::time::Timestamp;
use crate::private;
use crate::put::books::tracker::Mark;
use crate::put::report::notice::{EarlierNotice, Notice};

/// Why the rejects file of a load that continues cannot be written, and the cure: another file would be refused.
pub(crate) fn rejects_failure(path: &Path, error: &io::Error) -> Failure {
    unwritable(path, ErrorCode::of_writing(error), error).advise(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "make room, or move the file to another disk and name it there with --rejects"
        }
        _ => "check that its directory exists and is writable",
    })
}

/// The same while nothing is listed, so that another file will do.
pub(crate) fn new_rejects_failure(path: &Path, error: &io::Error) -> Failure {
    unwritable(path, ErrorCode::of_writing(error), error).advise(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "make room, or name a file on another disk with --rejects"
        }
        _ => "check that its directory exists and is writable, or name another file with --rejects",
    })
}

fn unwritable(path: &Path, code: ErrorCode, error: &impl std::fmt::Display) -> Failure {
    Failure::new(code, format!("cannot write the rejects file {}: {error}", path.display()))
}

/// Opens the pipe of the file, if it is one.
pub(crate) fn with_pipe(rejects: Rejects) -> Result<Rejects, Failure> {
    let path = rejects.path().to_owned();
    rejects.with_pipe().map_err(|error| match error.kind() {
        io::ErrorKind::Other => {
            unwritable(&path, ErrorCode::CannotWrite, &error).advise("start its reader first")
        }
        _ => rejects_failure(&path, &error),
    })
}

/// Claims a rejects file that the user named.
pub(crate) fn claim(named: Option<&Path>, resume: bool) -> Result<Option<Claim>, Failure> {
    let Some(path) = named else { return Ok(None) };
    Claim::of(path).map_err(|error| unclaimed(path, error, resume))
}

/// Why a rejects file cannot be claimed, with a cure that works: a `resume` with another file is refused.
fn unclaimed(path: &Path, error: ClaimError, resume: bool) -> Failure {
    match (error, resume) {
        (ClaimError::Io(error), false) => new_rejects_failure(path, &error),
        (ClaimError::Io(error), true) => rejects_failure(path, &error),
        (ClaimError::Taken, false) => unwritable(path, ErrorCode::InUse, &ClaimError::Taken)
            .advise("wait for it to finish, or name another file with --rejects"),
        (ClaimError::Taken, true) => {
            unwritable(path, ErrorCode::InUse, &ClaimError::Taken).advise("wait for it to finish, or stop it")
        }
    }
}

/// Makes room for a rejects file that the user named, and returns a note about what was moved.
pub(crate) fn set_aside(path: &Path, journal: Option<&Journal>) -> Result<Option<Notice>, Failure> {
    let trouble = |error: io::Error| new_rejects_failure(path, &error);
    let aside = Rejects::aside(path);
    if let Some(aside) = &aside {
        journal.map_or(Ok(()), |journal| journal.note_moved(path, aside)).map_err(Failure::from)?;
        std::fs::rename(path, aside).map_err(trouble)?;
    }
    Rejects::try_out(path).map_err(trouble)?;
    Ok(aside.map(|to| EarlierNotice::RejectsMoved { from: path.to_owned(), to }.into()))
}

/// The rejects file of a run without a journal, below the directory of all loads. It is created with the first reject;
/// whether that is possible is checked now.
pub(crate) fn of_no_journal(folder: &Path) -> Result<PathBuf, Failure> {
    let own = format!("stdin-{}-{}", Timestamp::now().basic(), std::process::id());
    let folder = folder.join(own);
    let path = folder.join(REJECTS);
    private::make_folder(&folder)
        .and_then(|()| std::fs::remove_dir(&folder))
        .map_err(|error| new_rejects_failure(&path, &error))?;
    Ok(path)
}

/// The note if an earlier run's rejects are not where they were.
pub(crate) fn lost(path: &Path, mark: &Mark) -> Option<Notice> {
    let bytes = path.metadata().map_or(0, |file| file.len());
    let is_kept = path.is_file() || !path.exists();
    (is_kept && bytes < mark.rejects_bytes).then(|| {
        let records = mark.counts.rejected + mark.counts.unknown;
        EarlierNotice::RejectsLost { records, path: path.to_owned(), is_gone: !path.exists() }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn what_cannot_be_written_says_what_to_do_and_names_another_file_only_where_that_works() {
        let path = Path::new("r.jsonl");
        let [full, missing] = [io::ErrorKind::StorageFull, io::ErrorKind::NotFound];
        let unclaimed = [false, true].into_iter().flat_map(|resume| {
            let errors = [ClaimError::Taken, ClaimError::Io(missing.into()), ClaimError::Io(full.into())];
            errors.map(|error| unclaimed(path, error, resume))
        });
        insta::assert_snapshot!(printed(unclaimed), @"
        cannot write the rejects file r.jsonl: another ossvec process is writing to it
            wait for it to finish, or name another file with --rejects
        cannot write the rejects file r.jsonl: entity not found
            check that its directory exists and is writable, or name another file with --rejects
        cannot write the rejects file r.jsonl: no storage space
            make room, or name a file on another disk with --rejects
        cannot write the rejects file r.jsonl: another ossvec process is writing to it
            wait for it to finish, or stop it
        cannot write the rejects file r.jsonl: entity not found
            check that its directory exists and is writable
        cannot write the rejects file r.jsonl: no storage space
            make room, or move the file to another disk and name it there with --rejects
        ");
    }
}
