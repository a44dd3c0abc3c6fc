//! Why a load cannot be continued, or its state not be kept. Pure.

use std::io;
use std::path::Path;

use super::place::{Difference, listed};

/// Why a load cannot be continued, or its state not be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process works on it.
    #[error("another ossvec is loading this into the same index (it holds {0})")]
    Locked(String),
    /// The input is not what it was.
    #[error("cannot resume: {input} changed since the journal was written ({what})")]
    Changed {
        /// The input's name.
        input: String,
        /// What differs first.
        what: String,
    },
    /// It goes elsewhere.
    #[error("cannot resume: {}", listed(.0))]
    Elsewhere(Vec<Difference>),
    /// A later version of the program wrote it.
    #[error("the journal {0} is of a later version of ossvec")]
    Later(String),
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
    #[error("cannot open {path}: {error}")]
    Input {
        /// Which.
        path: String,
        /// Why not.
        error: io::Error,
    },
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

pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.display().to_string();
    move |error| JournalError::Io { action, path, error }
}
