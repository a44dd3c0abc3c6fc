//! What is found in the input and costs no record: told when it is first met, and once more at the end.

use super::{Inner, Reporter};
use crate::exit::Failure;
use crate::put::admit::Findings;
use crate::put::notes;
use crate::put::notice::InputNotice;

impl Reporter {
    /// Takes what was found in the records that follow, and tells what is new. Under `--strict` that is why the load ends.
    pub(in crate::put) fn found(&self, findings: &Findings, is_strict: bool) -> Option<Failure> {
        let mut inner = self.lock();
        let Inner { notes: known, telling, .. } = &mut *inner;
        let new = known.add(findings, &telling.inputs);
        if is_strict {
            return notes::strict(&new);
        }
        for note in new {
            inner.notice(&InputNotice::Found(note).into());
        }
        None
    }

    /// What `--strict` makes at the end of the input of names of the command line that no record has had.
    pub(in crate::put) fn missing(&self, is_strict: bool) -> Option<Failure> {
        let inner = self.lock();
        // What earlier runs of the load have met is not known here.
        let is_known = is_strict && !inner.telling.resumed;
        is_known.then(|| notes::strict(&inner.notes.missing())).flatten()
    }
}

impl Inner {
    /// Tells at the end what was found since notes were told.
    pub(super) fn tell_notes(&mut self) {
        let Self { notes, telling, .. } = &*self;
        // What earlier runs of the load have met is not known here.
        let missing = if telling.resumed { Vec::new() } else { notes.missing() };
        let mut all = notes.all(&telling.inputs);
        for note in notes.more(&telling.inputs).iter().chain(&missing) {
            self.notice(&InputNotice::Found(note.clone()).into());
        }
        all.extend(missing);
        self.summary.notes = all;
    }
}
