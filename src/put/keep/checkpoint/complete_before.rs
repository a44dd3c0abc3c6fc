//! What complete loads have left to do, and what must be loaded again for the order of keys.

use super::super::complete::Complete;
use super::super::going_on::roles;
use super::super::journal::{self, Done};
use super::super::resume::IndexNow;
use super::Checkpoint;
use crate::exit::Failure;
use crate::put::again::{Again, Role};
use crate::put::books::tracker::Settled;
use crate::put::report::notice::{EarlierNotice, Notice};

impl Checkpoint {
    /// Forgets complete loads that went into another index.
    pub(crate) fn hold_against(&mut self, index: IndexNow<'_>) {
        self.notes.extend(self.complete.hold_against(index).map(Notice::from));
    }

    /// The roles of the inputs, if the order of inputs matters.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let mark = self.to_start.as_ref().and_then(|to_start| to_start.mark.as_ref());
        let gone_on = mark.zip(self.journal.as_ref());
        gone_on
            .map_or_else(|| self.complete.roles(), |(mark, journal)| roles(journal, mark, self.inputs.len()))
    }

    /// Forgets inputs that must be loaded again because of their order.
    pub(crate) fn load_again(&mut self, again: &Again) {
        let Again { inputs, read } = again;
        for number in inputs {
            self.complete.forget(*number);
            let Some(to_start) = &mut self.to_start else { continue };
            if let (Some(mark), Some(journal)) = (&mut to_start.mark, &mut self.journal) {
                mark.forget(*number);
                journal.forget(*number);
            }
        }
        let named = inputs.iter().filter_map(|number| self.inputs.get(*number as usize));
        let again = named.map(ToString::to_string).collect();
        if *read > 0 || !inputs.is_empty() {
            self.notes.push(EarlierNotice::KeysShared { read: *read, again }.into());
        }
    }

    /// The complete loads, if they have left no input to load.
    pub(crate) fn already_complete(&self) -> Option<&Complete> {
        self.is_complete.then_some(&self.complete)
    }

    /// Finds whether complete loads have left no input to load. If several of them have, writes a joint receipt, so
    /// that it need not be worked out again.
    pub(crate) fn find_complete(&mut self) -> Result<bool, Failure> {
        if self.journal.is_none() || !self.complete.is_all() {
            return Ok(false);
        }
        self.is_complete = true;
        if let Some(folder) = self.complete.folder_of_all() {
            journal::renew(folder);
        }
        self.keep_list()?;
        let Settled { rejected, unknown, .. } = self.complete.counts();
        if rejected + unknown > 0 && self.complete.rejects_file().is_none() {
            self.notes.push(EarlierNotice::ListGone { records: rejected + unknown }.into());
        }
        // If there are several lists of rejects, each receipt has its own.
        if self.complete.is_of_one_load() || rejected + unknown > 0 {
            return Ok(true);
        }
        let Some(journal) = &mut self.journal else { return Ok(true) };
        journal.skip(self.complete.times(), self.complete.bound(), Vec::new());
        let done = Done {
            counts: self.complete.counts(),
            per_input: self.complete.mark().per_input,
            exit_code: self.complete.exit().code(),
            command: self.resume_command.clone(),
        };
        journal.certify(done).map(|()| true).map_err(Failure::from)
    }
}
