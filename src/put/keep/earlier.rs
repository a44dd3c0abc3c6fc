//! The note about an earlier run that this one does not continue: how to continue it after all, or why that is
//! impossible. Pure.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::journal::{GivenUp, Journal};
use super::resume::{IndexNow, Resumed};
use crate::put::report::notice::EarlierNotice;

/// What a run gives up.
#[derive(Debug)]
pub(crate) struct Earlier {
    settled: u64,
    stored: u64,
    /// Where its journal is kept, and where it would have to be moved to continue.
    aside: (PathBuf, PathBuf),
    /// The command that then continues it.
    command: String,
    standing: Standing,
}

/// Whether the earlier run can be continued.
#[derive(Debug)]
enum Standing {
    /// Yes, by moving its journal back.
    CanGoOn,
    /// None of its records can be in the index: to load it again costs nothing, and all it settled are rejects.
    StoredNothing,
    /// The index that it stored records in is gone.
    IndexIsGone,
    /// Not unless something else changes.
    Refused(String),
}

impl Earlier {
    /// What the run that keeps this journal gives up; `command` would continue it.
    pub(crate) fn of(journal: &Journal, command: &str, index: IndexNow<'_>) -> Option<Self> {
        let GivenUp { bound, counts, refused } = journal.given_up()?;
        let aside = journal.aside();
        let resumed = Resumed { bound, counts: *counts };
        let refused = refused.as_ref().map(|failure| failure.message.clone());
        let refused = refused.or_else(|| resumed.goes_on_in(index).err().map(|failure| failure.message));
        let standing = if counts.stored + counts.unknown == 0 {
            Standing::StoredNothing
        } else if resumed.is_gone_from(index.known) {
            Standing::IndexIsGone
        } else {
            refused.map_or(Standing::CanGoOn, Standing::Refused)
        };
        let command = command.to_owned();
        Some(Self { settled: counts.read, stored: counts.stored, aside, command, standing })
    }

    /// Notes that the index has been created since.
    pub(crate) fn index_is_gone(&mut self) {
        if self.stored > 0 {
            self.standing = Standing::IndexIsGone;
        }
    }

    /// The note.
    pub(crate) fn notice(&self) -> EarlierNotice {
        let (settled, kept) = (self.settled, word(&self.aside.0));
        match &self.standing {
            Standing::CanGoOn => EarlierNotice::CouldGoOn {
                settled,
                kept,
                brought: word(&self.aside.1),
                command: self.command.clone(),
            },
            Standing::StoredNothing => EarlierNotice::StoredNothing { settled },
            Standing::IndexIsGone => EarlierNotice::IndexIsGone { settled },
            Standing::Refused(why) => EarlierNotice::CannotGoOn { settled, kept, why: why.clone() },
        }
    }
}

/// A path as a word of the shell.
fn word(path: &Path) -> String {
    let path = path.display().to_string();
    shlex::try_quote(&path).map(Cow::into_owned).unwrap_or(path)
}
