//! Why a load cannot be continued, or its state not be kept. Pure.

use std::io;
use std::path::{Path, PathBuf};

use super::place::{Difference, listed};
use crate::exit::{Exit, Failure};
use crate::read::fingerprint::FingerprintError;

/// Why a load cannot be continued, or its state not be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process works on it.
    #[error("another ossvec is loading this into the same index (it holds {0})")]
    Locked(String),
    /// The input is not what it was.
    #[error("cannot resume: {0}")]
    Changed(FingerprintError),
    /// It goes elsewhere.
    #[error("cannot resume: {}", listed(.0))]
    Elsewhere(Vec<Difference>),
    /// A later version of the program wrote it.
    #[error("the journal {0} is of a later version of ossvec")]
    Later(String),
    /// What somebody put in the folder to be gone on with cannot be.
    #[error("{error}")]
    Brought {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: Box<Self>,
    },
    /// Nothing is settled in what was to be gone on with.
    #[error("cannot resume: {0} has no journal in which anything is settled")]
    Unsettled(String),
    /// The input would be read differently.
    #[error("cannot resume: {option} was {was} when the journal was written and is {now} now")]
    Option {
        /// The first option that differs.
        option: String,
        /// Then.
        was: String,
        /// Now.
        now: String,
    },
    /// An input cannot be looked at.
    #[error("{0}")]
    Input(FingerprintError),
    /// The disk or its permissions.
    #[error("cannot {action} {path}: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
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
    /// The same of what somebody put in a folder to be gone on with.
    pub(crate) fn of_brought(self, folder: &Path) -> Self {
        match self {
            Self::Io { .. } | Self::Input(_) | Self::Later(_) => self,
            error => Self::Brought { path: folder.to_owned(), error: Box::new(error) },
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        let advice = match self {
            Self::Brought { path, .. } => return without(path),
            Self::Locked(_) => "wait for it to end; to split a load, give each part its own files",
            Self::Changed(_) | Self::Unsettled(_) => "leave out --resume to start from the beginning",
            Self::Elsewhere(_) => {
                "run again with what it was, or leave out --resume to load everything into this index"
            }
            Self::Later(_) => "use that version, or name another folder with --checkpoint-dir",
            Self::Option { .. } => "use the same options, or leave out --resume to start from the beginning",
            Self::Input(_) => {
                "check the path and its permissions; what an earlier run settled is kept for --resume"
            }
            Self::Io { .. } => "check the path and the disk; --checkpoint-dir keeps the journal elsewhere",
        };
        advice.to_owned()
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::new(Exit::Client, error.to_string()).advise(error.advice())
    }
}

/// How to go on without what somebody put in a folder to be gone on with.
pub fn without(folder: &Path) -> String {
    format!("move {} away to go on without it", folder.display())
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.display().to_string();
    move |error| JournalError::Io { action, path, error }
}
