//! What is told of an earlier run that this one does not go on with: how to go on there after all, or why that cannot be.
//! Pure.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::journal::GivenUp;
use super::resume::{IndexNow, Resumed};
use crate::put::report::notice::EarlierNotice;

/// What a run gives up.
#[derive(Debug)]
pub(crate) struct Earlier {
    settled: u64,
    stored: u64,
    /// Where its journal is kept, and where it would have to be to go on there.
    aside: (PathBuf, PathBuf),
    standing: Standing,
}

/// Whether somebody could go on with it.
#[derive(Debug)]
enum Standing {
    /// By bringing it back.
    CanGoOn,
    /// What it stored went with its index.
    IndexIsGone,
    /// Only if something else changes.
    Refused(String),
}

impl Earlier {
    pub(crate) fn new(given_up: &GivenUp, aside: (PathBuf, PathBuf), index: IndexNow<'_>) -> Self {
        let GivenUp { bound, counts, refused } = given_up;
        let resumed = Resumed { bound, counts: *counts };
        let refused = refused.as_ref().map(ToString::to_string);
        let refused = refused.or_else(|| resumed.goes_on_in(index).err().map(|failure| failure.message));
        let standing = if resumed.is_gone_from(index.known) {
            Standing::IndexIsGone
        } else {
            refused.map_or(Standing::CanGoOn, Standing::Refused)
        };
        Self { settled: counts.read, stored: counts.stored, aside, standing }
    }

    /// Notes that the index has been made since.
    pub(crate) fn index_is_gone(&mut self) {
        if self.stored > 0 {
            self.standing = Standing::IndexIsGone;
        }
    }

    /// What to say of it.
    pub(crate) fn notice(&self) -> EarlierNotice {
        let (settled, kept) = (self.settled, word(&self.aside.0));
        match &self.standing {
            Standing::CanGoOn => EarlierNotice::CouldGoOn { settled, kept, brought: word(&self.aside.1) },
            Standing::IndexIsGone => EarlierNotice::IndexIsGone { settled },
            Standing::Refused(why) => EarlierNotice::CannotGoOn { settled, kept, why: why.clone() },
        }
    }
}

/// A path as a word of a shell.
fn word(path: &Path) -> String {
    let path = path.display().to_string();
    shlex::try_quote(&path).map(Cow::into_owned).unwrap_or(path)
}
