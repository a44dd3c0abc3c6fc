//! Reads the directories of loads one by one: the state first, and the journal or the receipt only if the state is not
//! sufficient.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::describe::{Seen, Worth, agrees, of_journal, of_receipt, of_state, unreadable};
use super::load::Load;
use crate::exit::{ErrorCode, Failure};
use crate::oss::time::Timestamp;
use crate::private;
use crate::put::keep::journal::Receipt;
use crate::put::keep::journal::folder::{LOCK, read_if_there};
use crate::put::keep::journal::glance::{self, Glance, There};
use crate::put::report::state::{STATE, State};

/// All loads in a directory, the newest first; none if the directory does not exist.
pub(super) fn loads(folder: &Path, now: Timestamp) -> Result<Vec<Load>, Failure> {
    let folders = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        folders => folders.map_err(|error| not_read(folder, &error))?,
    };
    let mut loads = Vec::new();
    for entry in folders {
        let entry = entry.map_err(|error| not_read(folder, &error))?;
        let path = entry.path();
        let load = look(&path, now).map(|load| Load {
            name: entry.file_name().to_string_lossy().into_owned(),
            directory: path.display().to_string(),
            ..load
        });
        loads.extend(load);
    }
    loads.sort_by(|one, other| (&other.updated_at, &one.name).cmp(&(&one.updated_at, &other.name)));
    Ok(loads)
}

fn not_read(folder: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot read the state directory {}: {error}", folder.display());
    Failure::new(ErrorCode::StateUnreadable, message)
        .advise("check its permissions, or name another directory with --checkpoint-dir")
}

/// What is known about the load in a directory; `None` if there is none.
fn look(folder: &Path, now: Timestamp) -> Option<Load> {
    // A load creates the lock file first, and never removes it.
    let lock = folder.join(LOCK).symlink_metadata();
    let own = private::check_own_folder(folder);
    match (lock, own) {
        (Err(error), _) if is_missing(&error) => return None,
        (Err(error), _) | (Ok(_), Err(error)) => {
            return Some(unreadable(format!("cannot read {}: {error}", folder.display()), None));
        }
        (Ok(_), Ok(())) => {}
    }
    read(folder, now).unwrap_or_else(|problem| {
        let written = folder.metadata().and_then(|there| there.modified()).ok().and_then(moment);
        Some(unreadable(problem, written))
    })
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The files of a load that exist.
struct Files {
    journal: Option<There>,
    receipt: Option<There>,
}

fn read(folder: &Path, now: Timestamp) -> Result<Option<Load>, String> {
    let files = Files { journal: glance::journal(folder), receipt: glance::receipt(folder) };
    let path = folder.join(STATE);
    let state = match read_if_there(&path) {
        Ok(None) => return files.told(None),
        Ok(Some(text)) => State::parse(&text).ok_or_else(|| format!("{} is damaged", path.display())),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    };
    let state = match state {
        Err(problem) if files.journal.is_none() && files.receipt.is_none() => return Err(problem),
        Err(_) => return files.told(None),
        Ok(state) => state,
    };
    let life = state.process.life();
    let seen = Seen {
        state: &state,
        life,
        journal_written: files.journal.as_ref().and_then(There::moment),
        receipt_written: files.receipt.as_ref().and_then(There::moment),
    };
    match seen.worth(now) {
        Worth::All => Ok(Some(of_state(state, false, life))),
        Worth::Killed => Ok(Some(of_state(files.counted(state), true, life))),
        Worth::Less => files.told(Some(state)),
    }
}

impl Files {
    /// The state of a killed run, with what it has settled since it wrote the state.
    fn counted(&self, state: State) -> State {
        let glance = self.journal.as_ref().and_then(|there| glance::read_journal(&there.path).ok());
        State { counts: glance.map_or(state.counts, |glance| glance.counts), ..state }
    }

    /// What the journal and the receipt contain, if the state is not sufficient.
    fn told(&self, state: Option<State>) -> Result<Option<Load>, String> {
        let receipt = self.receipt.as_ref().map(|there| glance::read_receipt(&there.path)).transpose();
        let journal = self.journal.as_ref().map(|there| glance::read_journal(&there.path)).transpose();
        match (journal.map_err(|error| error.to_string())?, receipt) {
            (Some(glance), Ok(Some(receipt))) if is_of_one_load(&glance, &receipt) => {
                Ok(Some(of_receipt(&receipt)))
            }
            (Some(glance), _) => match state {
                Some(state) if agrees(&state, glance.counts) => {
                    let (is_killed, life) = (state.exit_code.is_none(), state.process.life());
                    Ok(Some(of_state(state, is_killed, life)))
                }
                state => {
                    let written = self.journal.as_ref().and_then(There::moment);
                    Ok(Some(of_journal(&glance, written, state)))
                }
            },
            (None, Ok(receipt)) => Ok(receipt.as_ref().map(of_receipt)),
            (None, Err(error)) => Err(error.to_string()),
        }
    }
}

/// Whether journal and receipt belong to one load: its run was killed after it had written the receipt.
fn is_of_one_load(glance: &Glance, receipt: &Receipt) -> bool {
    receipt.load.is_some() && receipt.load == glance.header.load
}

impl There {
    fn moment(&self) -> Option<Timestamp> {
        moment(self.written)
    }
}

fn moment(time: SystemTime) -> Option<Timestamp> {
    let millis = time.duration_since(UNIX_EPOCH).ok()?.as_millis();
    Timestamp::from_unix_millis(i64::try_from(millis).ok()?)
}
