//! What a run is to keep, and what is left of that at its end. Pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::journal::{self, OnChange};
use super::one_list::Found;
use super::rejects::Superseded;
use crate::put::books::tracker::Mark;

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
    /// The files that some of these options name, with what is in them as the value.
    pub beside: BTreeMap<String, PathBuf>,
    /// The command line that goes on, for people to copy.
    pub resume_command: String,
    /// The same with a list of the inputs, where they are not to be named.
    pub from_list: Option<FromList>,
}

/// The command line that goes on with a list of the inputs, which is still to be kept somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromList {
    /// The command, but for the option that names the list.
    pub command: String,
    /// The whole names of the inputs.
    pub names: Vec<PathBuf>,
}

impl FromList {
    /// The command, with the place of the list.
    pub(crate) fn command_with(&self, list: &Path) -> String {
        let list = list.display().to_string();
        let list = shlex::try_quote(&list).map_or_else(|_| list.clone(), std::borrow::Cow::into_owned);
        format!("{} --files-from {list}", self.command)
    }
}

/// What becomes of the files of an earlier run, once the index is known.
#[derive(Clone, Debug)]
pub(crate) struct ToStart {
    /// The rejects file, if the user names one.
    pub(crate) rejects: Option<PathBuf>,
    /// What is in its place, or in the place of the program's own.
    pub(crate) found: Found,
    pub(crate) resume: bool,
    /// How far what is gone on with came.
    pub(crate) mark: Option<Mark>,
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
