//! Why a load cannot be continued, or its state not be written. Pure.

use std::io;
use std::path::{Path, PathBuf};

use super::place::{Difference, listed};
use crate::exit::{ErrorCode, Failure};
use crate::read::fingerprint::FingerprintError;

/// Why a load cannot be continued, or its state not be written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process is working on it.
    #[error("another ossvec process is loading this into the same index (lock file {0})")]
    Locked(String),
    /// The input has changed.
    #[error("cannot resume: {0}")]
    Changed(FingerprintError),
    /// An input that is partly settled has changed.
    #[error("cannot resume: {0}")]
    InputChanged(FingerprintError),
    /// An input that is partly settled is no longer among the inputs.
    #[error("cannot resume: {0} was loaded in part and is not among the inputs any more")]
    InputGone(String),
    /// An input that is partly settled is now ahead of one that came before it.
    #[error(
        "cannot resume: {0} stands elsewhere in the order of the inputs than when the journal was written"
    )]
    InputTurned(String),
    /// The load goes to another place.
    #[error("cannot resume: {}", listed(.0))]
    Elsewhere(Vec<Difference>),
    /// A later version of the program wrote it.
    #[error("the journal {0} was written by a later version of ossvec")]
    Later(String),
    /// A directory that the user moved to be continued cannot be.
    #[error("{error}")]
    Brought {
        /// The directory.
        path: PathBuf,
        /// Why not.
        error: Box<Self>,
    },
    /// There is nothing settled to continue.
    #[error("cannot resume: {0} contains no journal with any progress")]
    Unsettled(String),
    /// The input would be read differently.
    #[error("cannot resume: {option} was {was} when the journal was written, but is now {now}")]
    Option {
        /// The first option that differs.
        option: String,
        /// Then.
        was: String,
        /// Now.
        now: String,
    },
    /// An input cannot be checked.
    #[error("{0}")]
    Input(FingerprintError),
    /// An I/O error.
    #[error("cannot {action} {path}: {error}")]
    Io {
        /// The action.
        action: &'static str,
        /// The path.
        path: String,
        /// Why not.
        error: io::Error,
    },
}

impl From<FingerprintError> for JournalError {
    fn from(error: FingerprintError) -> Self {
        match error {
            FingerprintError::Changed { .. } => Self::Changed(error),
            FingerprintError::Input { .. } => Self::Input(error),
        }
    }
}

impl JournalError {
    /// Wraps the error if it is about a directory that the user moved to be continued.
    pub(crate) fn of_brought(self, folder: &Path) -> Self {
        match self {
            Self::Io { .. } | Self::Input(_) | Self::Later(_) => self,
            error => Self::Brought { path: folder.to_owned(), error: Box::new(error) },
        }
    }

    /// The code of the error.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Locked(_) => ErrorCode::InUse,
            Self::Changed(_) | Self::InputChanged(_) | Self::InputGone(_) | Self::InputTurned(_) => {
                ErrorCode::InputChanged
            }
            Self::Elsewhere(_) => ErrorCode::TargetChanged,
            Self::Later(_) | Self::Brought { .. } | Self::Unsettled(_) => ErrorCode::CannotResume,
            Self::Option { .. } => ErrorCode::OptionsChanged,
            Self::Input(_) => ErrorCode::InputUnreadable,
            Self::Io { error, .. } => ErrorCode::of_writing(error),
        }
    }

    /// The cure.
    pub fn advice(&self) -> String {
        let advice = match self {
            Self::Brought { path, .. } => return without(path),
            Self::Locked(_) => {
                "wait for it to finish, or stop it; to split a load, give each process its own files"
            }
            Self::Changed(_) | Self::Unsettled(_) => "run without --resume to start from the beginning",
            Self::InputChanged(_) => {
                "add --on-change restart to load that file from its beginning, or run without --resume to start from the \
                 beginning"
            }
            Self::InputGone(_) => {
                "name it again, or add --on-change restart to leave it out, or run without --resume to start from the \
                 beginning"
            }
            Self::InputTurned(_) => {
                "restore the order, or add --on-change restart to load that file from its beginning"
            }
            Self::Elsewhere(_) => {
                "restore the earlier value, or run without --resume to load everything into this index"
            }
            Self::Later(_) => "use that version, or name another directory with --checkpoint-dir",
            Self::Option { .. } => {
                "use the same options as before, or run without --resume to start from the beginning"
            }
            Self::Input(_) => {
                "check the path and its permissions; the progress of earlier runs is kept for --resume"
            }
            Self::Io { action, error, .. } => of_trouble(action, error),
        };
        advice.to_owned()
    }
}

/// The cure for an I/O error. Another directory has no journal: a load there starts over.
fn of_trouble(action: &str, error: &io::Error) -> &'static str {
    let why = error.to_string();
    let is = |words: &str| why.contains(words);
    match () {
        () if ErrorCode::of_writing(error) == ErrorCode::DiskFull => {
            "make room on the disk, then run the same command with --resume"
        }
        () if is("another user") => "run as that user, or change the owner",
        () if is("symbolic link") || is("not a regular file") || is("not a directory") => {
            "move it away, or name another directory with --checkpoint-dir"
        }
        () if action == "create the directory" => {
            "check the path and the disk; --checkpoint-dir sets another directory for the journal"
        }
        () if error.kind() == io::ErrorKind::PermissionDenied => {
            "run as the user that the earlier run had, or change the permissions"
        }
        () => "check the path and the disk, then run the same command with --resume",
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::new(error.code(), error.to_string()).advise(error.advice())
    }
}

/// How to continue without a directory that the user moved to be continued.
pub fn without(folder: &Path) -> String {
    format!("move {} away to continue without it", folder.display())
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.display().to_string();
    move |error| JournalError::Io { action, path, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn each_error_says_what_is_wrong_and_what_to_do() {
        let differing = |what, was: &str, now: &str| Difference { what, was: was.into(), now: now.into() };
        let (input, what) = ("a.jsonl".to_owned(), "it had 3 bytes, now 4".to_owned());
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let refused = |why: &str| io::Error::new(io::ErrorKind::PermissionDenied, why.to_owned());
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let errors = [
            JournalError::Locked("c/lock".into()),
            JournalError::Changed(FingerprintError::Changed { input, what }),
            JournalError::InputTurned("a.jsonl".into()),
            JournalError::Elsewhere(vec![differing("bucket", "a", "b"), differing("region", "c", "d")]),
            JournalError::Later("c/journal".into()),
            JournalError::Unsettled("c/resume".into()),
            JournalError::Unsettled("c/resume".into()).of_brought(Path::new("c/resume")),
            JournalError::Option { option: "--key".into(), was: "id".into(), now: "not given".into() },
            JournalError::Input(FingerprintError::Input { path: "a.jsonl".into(), error: denied() }),
            io_error("write the journal", Path::new("c/journal"))(denied()),
            io_error("write the journal", Path::new("c/journal"))(full),
            io_error("sync the journal", Path::new("c/journal"))(io::Error::other("input/output error")),
            io_error("use the directory", Path::new("c"))(refused("it belongs to another user")),
            io_error("write", Path::new("c/lock"))(refused("it is not a regular file")),
            io_error("create the directory", Path::new("c"))(denied()),
        ];
        insta::assert_snapshot!(printed(errors.map(Failure::from)), @"
        another ossvec process is loading this into the same index (lock file c/lock)
            wait for it to finish, or stop it; to split a load, give each process its own files
        cannot resume: a.jsonl changed since the journal was written (it had 3 bytes, now 4)
            run without --resume to start from the beginning
        cannot resume: a.jsonl stands elsewhere in the order of the inputs than when the journal was written
            restore the order, or add --on-change restart to load that file from its beginning
        cannot resume: the bucket was a when the journal was written, but is now b; the region was c when the journal was written, but is now d
            restore the earlier value, or run without --resume to load everything into this index
        the journal c/journal was written by a later version of ossvec
            use that version, or name another directory with --checkpoint-dir
        cannot resume: c/resume contains no journal with any progress
            run without --resume to start from the beginning
        cannot resume: c/resume contains no journal with any progress
            move c/resume away to continue without it
        cannot resume: --key was id when the journal was written, but is now not given
            use the same options as before, or run without --resume to start from the beginning
        cannot open a.jsonl: permission denied
            check the path and its permissions; the progress of earlier runs is kept for --resume
        cannot write the journal c/journal: permission denied
            run as the user that the earlier run had, or change the permissions
        cannot write the journal c/journal: no storage space
            make room on the disk, then run the same command with --resume
        cannot sync the journal c/journal: input/output error
            check the path and the disk, then run the same command with --resume
        cannot use the directory c: it belongs to another user
            run as that user, or change the owner
        cannot write c/lock: it is not a regular file
            move it away, or name another directory with --checkpoint-dir
        cannot create the directory c: permission denied
            check the path and the disk; --checkpoint-dir sets another directory for the journal
        ");
    }
}
