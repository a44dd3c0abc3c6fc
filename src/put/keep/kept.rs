//! What a run is to keep, and what is left of that at its end. Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::journal::{self, OnChange};
use super::rejects::Superseded;

/// What a run keeps, and where.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The folder of all loads' folders.
    pub folder: PathBuf,
    /// The rejects file, if the user names one; otherwise it stands beside the journal.
    pub rejects: Option<PathBuf>,
    /// Whether to go on where an earlier run stopped.
    pub resume: bool,
    /// What becomes of inputs that are loaded in part and have changed since.
    pub on_change: OnChange,
    /// Where the load goes.
    pub place: journal::Place,
    /// The options that change what is made of the input, with their values.
    pub reading: BTreeMap<String, String>,
    /// The command line that goes on, for people to copy.
    pub resume_command: String,
}

/// What is left on disk when a run is over.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) rejects_file: Option<String>,
    /// How much of that file is not to be loaded.
    pub(crate) superseded: Superseded,
    /// Whether that is a pipe or a device, which keeps nothing.
    pub(crate) drops_rejects: bool,
    pub(crate) resume_command: Option<String>,
}
