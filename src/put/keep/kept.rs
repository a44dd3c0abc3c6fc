//! What a run must keep, and what is left of it at the end. Pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::journal::{self, OnChange};
use super::one_list::Found;
use super::rejects::Superseded;
use crate::put::books::tracker::Mark;

/// What a run keeps, and where.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The directory of all loads' directories.
    pub folder: PathBuf,
    /// The rejects file, if the user names one; otherwise it is next to the journal.
    pub rejects: Option<PathBuf>,
    /// Whether to continue where an earlier run stopped.
    pub resume: bool,
    /// What to do with inputs that are partly loaded and have changed since.
    pub on_change: OnChange,
    /// Where the load goes.
    pub place: journal::Place,
    /// The options that change what the input is read as, with their values.
    pub reading: BTreeMap<String, String>,
    /// The files that some of these options name; the values depend on their content.
    pub beside: BTreeMap<String, PathBuf>,
    /// The command line that continues, for people to copy.
    pub resume_command: String,
    /// The same with a list of the inputs, if they are too many to name.
    pub from_list: Option<FromList>,
}

/// The command line that continues with a list of the inputs, which is yet to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromList {
    /// The command, except for the option that names the list.
    pub command: String,
    /// The whole names of the inputs.
    pub names: Vec<PathBuf>,
}

impl FromList {
    /// The command with the path of the list.
    pub(crate) fn command_with(&self, list: &Path) -> String {
        let list = list.display().to_string();
        let list = shlex::try_quote(&list).map_or_else(|_| list.clone(), std::borrow::Cow::into_owned);
        format!("{} --files-from {list}", self.command)
    }
}

/// What to do with the files of an earlier run, once the index is known.
#[derive(Clone, Debug)]
pub(crate) struct ToStart {
    /// The rejects file, if the user names one.
    pub(crate) rejects: Option<PathBuf>,
    /// What is in its place, or in the place of the program's own file.
    pub(crate) found: Found,
    pub(crate) resume: bool,
    /// How far the sequence to continue is.
    pub(crate) mark: Option<Mark>,
}

/// What is left on disk after a run.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) rejects_file: Option<String>,
    /// How much of that file must not be loaded.
    pub(crate) superseded: Superseded,
    /// Whether the file is a pipe or a device, which keeps nothing.
    pub(crate) drops_rejects: bool,
    pub(crate) resume_command: Option<String>,
}
