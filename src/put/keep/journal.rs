//! Step 6, journal: how far everything is settled, so that a later run can continue from there.
//!
//! A file of checksummed lines: a header that says what is loaded and where to, then marks. A mark has the position
//! before which everything is settled, and the settled stretches beyond it, so it is complete by itself; if there are
//! many stretches, only the changes are written. All valid lines count up to the first torn one.

mod activity;
mod binding;
mod change;
mod continued;
pub(crate) mod error;
mod flat;
pub(crate) mod folder;
mod given_up;
pub(crate) mod glance;
mod header;
mod input_list;
mod inputs;
pub(crate) mod lines;
mod moved;
mod open;
mod place;
mod receipt;
mod receipts;
mod search;
mod sent;
mod since;
mod touches;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) use self::activity::{Account, Activity};
pub use self::binding::Binding;
use self::error::io_error;
pub use self::error::{JournalError, without};
use self::folder::{Folder, Sequence, beside};
use self::given_up::furthest;
pub use self::given_up::{GivenUp, MayHold};
pub use self::header::{Began, Header};
pub(crate) use self::input_list::place as input_list;
pub use self::inputs::OnChange;
use self::lines::{Line, next_line, seal};
pub use self::place::{Difference, Place, listed, local_data, local_service};
pub(crate) use self::receipt::Done;
pub use self::receipt::{CompleteInput, Receipt};
pub(crate) use self::receipts::Found;
pub(crate) use self::sent::Interval;
pub(crate) use self::touches::{Sent, Touch, Touches};
use super::rejects::{REJECTS, carry};
use crate::oss::time::Timestamp;
use crate::private;
use crate::put::books::per_input::PerInput;
use crate::put::books::tracker::{Mark, Settled};
use crate::put::report::notice::Notice;
use crate::record::Input;

/// The journal is rewritten when it exceeds this, or twice its previous size.
const COMPACT_AT: u64 = 1 << 20;

/// The journal of one load, locked for as long as it lives.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    /// As it is on disk: where an earlier run went, until this one is bound.
    header: Header,
    place: Place,
    file: Option<File>,
    written: u64,
    /// The length at which to rewrite it.
    compact_at: u64,
    dirty: bool,
    /// The sequence that this run continues.
    source: Option<Sequence>,
    /// Its counts, including inputs that have changed since.
    counted: Settled,
    /// The rejects file that the user named in the run that is continued, as in the header.
    rejects_before: Option<String>,
    given_up: Option<GivenUp>,
    /// Whether, when this run began, nothing had been sent since the journal that is given up.
    was_untouched: bool,
    notes: Vec<Notice>,
    /// The inputs of which nothing counts as settled any more, by the names that they had.
    forgotten: Vec<String>,
    /// The numbers of the inputs, by the whole names that they have and had.
    numbers: BTreeMap<String, Vec<u32>>,
    /// Whether anything may have been sent.
    has_begun: bool,
    /// The last mark written.
    last: Option<Mark>,
    /// The counts of each input.
    per_input: PerInput,
    /// The inputs of which nothing is settled that the journal knows: they are new, or loaded again.
    anew: BTreeSet<u32>,
    /// The inputs that another load has also sent since this one began.
    in_doubt: BTreeSet<u32>,
    /// Lists of rejects of complete loads, with the inputs whose lines in them are still valid.
    lists: Vec<(PathBuf, BTreeSet<String>)>,
    /// What all loads had sent to this place when this run began.
    activities: Vec<Activity>,
}

impl Journal {
    /// Takes its place in the directory, once the index is known: the sequence to continue becomes `current`, or a new
    /// one does. Of the sequences that are given up, the one that is furthest along is kept. `rejects` is a file that
    /// the user names.
    pub fn start(
        &mut self,
        inputs: &[Input],
        mark: Option<&Mark>,
        rejects: Option<&Path>,
        may_hold: MayHold<'_>,
    ) -> Result<(), JournalError> {
        let Some(source) = self.source else { return self.begin(inputs, mark, may_hold) };
        if source == Sequence::Resume {
            // The file that the user names has none of its rejects.
            let own = rejects.filter(|_| mark.is_none_or(|mark| mark.rejects_bytes == 0));
            given_up::make_way(&self.folder, own, &self.place, may_hold)?;
        }
        if source != Sequence::Current {
            self.folder.put(source, Sequence::Current)?;
            self.source = Some(Sequence::Current);
        }
        moved::undo(&self.folder.of(Sequence::Current))
    }

    /// Continues from a mark that was found. What the mark no longer counts must be removed from the rejects file
    /// before, since this journal no longer knows what that was.
    pub fn go_on(&mut self, mark: &Mark) -> Result<(), JournalError> {
        self.per_input = mark.per_input.clone();
        self.rewrite(Sequence::Current, Some(mark))
    }

    /// What all loads have sent to this place.
    pub(crate) fn activities(&self) -> &[Activity] {
        &self.activities
    }

    /// The directory of the load.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The header with the inputs as they are.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The inputs about which the journal knows nothing, or nothing that is still valid.
    pub(crate) fn anew(&self) -> &BTreeSet<u32> {
        &self.anew
    }

    /// The inputs with settled records that another load has sent since.
    pub(crate) fn in_doubt(&self) -> &BTreeSet<u32> {
        &self.in_doubt
    }

    /// Notes that complete loads with this binding have settled these inputs as a whole, and when the inputs were sent.
    /// Their rejects are in these lists, among those of other inputs.
    pub(crate) fn skip(
        &mut self,
        complete: BTreeMap<u32, Interval>,
        bound: Binding,
        lists: Vec<(PathBuf, BTreeSet<String>)>,
    ) {
        (self.header.complete, self.header.bound, self.lists) = (complete, bound, lists);
    }

    /// Notes that nothing of an input counts any more.
    pub(crate) fn forget(&mut self, number: u32) {
        self.header.complete.remove(&number);
        let names = self.numbers.iter().filter(|(_, numbers)| numbers.contains(&number));
        self.forgotten.extend(names.map(|(name, _)| name.clone()));
    }

    /// Moves what was carried over from the lists of complete loads to the list of this load; returns its length.
    pub(crate) fn carry_to(&self, place: &Path) -> Result<u64, JournalError> {
        let carried = self.rejects();
        if place != carried && carried.is_file() && (place.is_file() || !place.exists()) {
            let moved = fs::copy(&carried, place).and_then(|_| fs::remove_file(&carried));
            moved.map_err(io_error("write", place))?;
        }
        Ok(place.metadata().map_or(0, |list| if list.is_file() { list.len() } else { 0 }))
    }

    /// Begins a sequence of runs. A user who forgets to resume a load of several days must not lose it, nor by
    /// forgetting it again: of the sequences that are given up, the one that is furthest along is kept.
    fn begin(
        &mut self,
        inputs: &[Input],
        mark: Option<&Mark>,
        may_hold: MayHold<'_>,
    ) -> Result<(), JournalError> {
        let among = [Sequence::Current, Sequence::Resume, Sequence::Before, Sequence::Untouched];
        let kept = furthest(&self.folder, &among, &self.place, may_hold)?;
        // Written before anything is moved: if there is no room for it, nothing has changed.
        self.folder.make(Sequence::New)?;
        let list = self.folder.of(Sequence::New).join(REJECTS);
        let carried = carry(&self.lists, &list).map_err(io_error("write", &list))?;
        let is_own = self.header.rejects.as_deref() == Some("");
        let rejects_bytes = if is_own { carried } else { 0 };
        let mark = mark.map(|mark| Mark { rejects_bytes, ..mark.clone() });
        self.per_input = mark.as_ref().map_or_else(PerInput::default, |mark| mark.per_input.clone());
        self.rewrite(Sequence::New, mark.as_ref())?;
        receipts::keep_rejects(&self.folder)?;
        given_up::set_aside(&self.folder, kept.as_ref().map(|kept| kept.sequence))?;
        let kept = kept.filter(|kept| !self.is_over(kept.sequence, &kept.header, &kept.mark));
        self.given_up = kept.map(|kept| GivenUp::of(kept, &self.header, inputs, &self.folder));
        // Close the file in between: not every system can move a directory with open files.
        self.file = None;
        self.folder.put(Sequence::New, Sequence::Current)?;
        let path = self.folder.journal(Sequence::Current);
        let file = private::open_own(&path, private::writing().append(true));
        self.file = Some(file.map_err(io_error("write the journal", &path))?);
        self.was_untouched = self.folder.has(Sequence::Untouched);
        Ok(())
    }

    /// What an earlier run settled that this one, which does not continue it, loads again.
    pub fn given_up(&self) -> Option<&GivenUp> {
        self.given_up.as_ref()
    }

    /// The directory that the user moved to be continued, if this run does so.
    pub fn brought(&self) -> Option<PathBuf> {
        (self.source == Some(Sequence::Resume)).then(|| self.folder.of(Sequence::Resume))
    }

    /// The notes about inputs that failed in an earlier run.
    pub fn notes(&self) -> &[Notice] {
        &self.notes
    }

    /// The inputs of an earlier run of which nothing counts any more, by the whole names that they had.
    pub fn forgotten(&self) -> &[String] {
        &self.forgotten
    }

    /// The numbers that an input has in this run, by the whole name that it has, or had in an earlier run.
    pub(crate) fn numbers(&self) -> &BTreeMap<String, Vec<u32>> {
        &self.numbers
    }

    /// Where the journal of an earlier run is kept that this one gives up, and where it would have to be moved to
    /// continue.
    pub fn aside(&self) -> (PathBuf, PathBuf) {
        (self.folder.of(Sequence::Before), self.folder.of(Sequence::Resume))
    }

    /// Notes that the run moves a rejects file that the user named out of its way; it comes back together with the
    /// sequence that the run gives up.
    pub(crate) fn note_moved(&self, from: &Path, to: &Path) -> Result<(), JournalError> {
        if self.folder.has(Sequence::Complete) {
            moved::note(&self.folder.of(Sequence::Complete), from, to)?;
        }
        if !self.was_untouched {
            return Ok(());
        }
        moved::note(&self.folder.of(Sequence::Untouched), from, to)
    }

    /// Notes that vectors are about to be sent. What was set aside no longer comes back automatically: if the input has
    /// a key twice, the index may have an older value from now on, and the newer one would be skipped.
    pub fn begin_to_send(&mut self) -> Result<(), JournalError> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        self.folder.put(Sequence::Untouched, Sequence::Before).map(drop)
    }

    /// Notes that the index is new: what was set aside was stored in another index, and never comes back automatically.
    pub fn leave_aside(&mut self) -> Result<(), JournalError> {
        self.was_untouched = false;
        self.folder.put(Sequence::Untouched, Sequence::Before).map(drop)
    }

    /// The rejects file of a load, if the user names none.
    pub fn rejects(&self) -> PathBuf {
        self.folder.of(Sequence::Current).join(REJECTS)
    }

    /// Where that file is until this run takes its place.
    pub fn rejects_of_source(&self) -> PathBuf {
        self.folder.of(self.source.unwrap_or(Sequence::Current)).join(REJECTS)
    }

    /// The rejects file of the run to continue, by the name that it had and the one that it has now, if that is known.
    pub fn rejects_before(&self) -> Result<Option<(PathBuf, PathBuf)>, JournalError> {
        let Some(named) = &self.rejects_before else { return Ok(None) };
        if named.is_empty() {
            let own = self.rejects_of_source();
            return Ok(Some((own.clone(), own)));
        }
        let folder = self.folder.of(self.source.unwrap_or(Sequence::Current));
        let named = PathBuf::from(named);
        Ok(Some((named.clone(), moved::whereabouts(&folder, named)?)))
    }

    /// What is known about the index that earlier runs loaded into, if they settled anything, and their counts,
    /// including inputs that have changed since.
    pub fn bound(&self) -> (&Binding, Settled) {
        (&self.header.bound, self.counted)
    }

    /// Notes the current index, before the run takes its place in the directory.
    pub(crate) fn know(&mut self, now: &Binding) {
        self.header.bound = self.header.bound.completed(now);
    }

    /// Makes sure that the target is on disk before vectors are sent: the place, and what is known about the index.
    pub fn bind(&mut self, now: &Binding) -> Result<(), JournalError> {
        let bound = self.header.bound.completed(now);
        if bound == self.header.bound && self.place == self.header.place {
            return Ok(());
        }
        (self.header.bound, self.header.place) = (bound, self.place.clone());
        self.rewrite(Sequence::Current, self.last.clone().as_ref())
    }

    /// Appends a mark; what the mark counts as rejected must be on disk before.
    pub fn append(&mut self, mark: &Mark) -> Result<(), JournalError> {
        if self.written > self.compact_at {
            self.per_input.change(&mark.per_input);
            return self.rewrite(Sequence::Current, Some(mark));
        }
        self.per_input.change(&mark.per_input);
        let line = seal(&next_line(self.last.as_ref(), mark));
        let path = self.folder.journal(Sequence::Current);
        if let Some(file) = &mut self.file {
            file.write_all(line.as_bytes()).map_err(io_error("write the journal", &path))?;
        }
        self.last = Some(mark.clone());
        self.written += line.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Makes sure that all marks survive a crash of the machine.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if let Some(file) = self.file.as_ref().filter(|_| self.dirty) {
            let path = self.folder.journal(Sequence::Current);
            file.sync_data().map_err(io_error("sync the journal", &path))?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Replaces the journal by a receipt: nothing is left to continue. What was set aside is removed, the rejects stay.
    /// A load that is complete but not successful gets no receipt.
    pub(crate) fn complete(mut self, done: Option<Done>) -> Result<(), JournalError> {
        if let Some(done) = done {
            self.certify(done)?;
        } else if receipts::read(self.folder.path()).is_none() {
            input_list::remove(self.folder.path());
        }
        receipts::end(&self.folder)?;
        self.remove()
    }

    /// Writes a receipt.
    pub(crate) fn certify(&self, done: Done) -> Result<(), JournalError> {
        let receipt = Receipt::of(&self.header, done, Timestamp::now().rfc3339_millis());
        receipts::write(self.folder.path(), &receipt)
    }

    /// Writes a list of the inputs for the command that continues; returns its path.
    pub(crate) fn keep_list(&self, names: &[PathBuf]) -> Result<PathBuf, JournalError> {
        input_list::write(self.folder.path(), names)
    }

    /// Removes the journal, which has nothing settled.
    pub fn abandon(mut self) -> Result<(), JournalError> {
        self.remove()
    }

    /// The same if nothing at all is stored: what was set aside comes back, unless an earlier run has sent something
    /// since.
    pub fn give_back(mut self) -> Result<(), JournalError> {
        if !self.was_untouched {
            return self.remove();
        }
        self.file = None;
        // Under this name it would also come back at the next start.
        if !self.folder.has(Sequence::Untouched) {
            self.folder.put(Sequence::Before, Sequence::Untouched)?;
        }
        self.folder.put(Sequence::Untouched, Sequence::Current)?;
        moved::undo(&self.folder.of(Sequence::Current))
    }

    /// Removes the journal but not the lock: otherwise two runs could hold two lock files of the same name.
    fn remove(&mut self) -> Result<(), JournalError> {
        self.file = None;
        self.folder.remove_journal(Sequence::Current)
    }

    /// Writes header and mark into a new file and renames it over the old one, so that one of them always exists.
    fn rewrite(&mut self, sequence: Sequence, mark: Option<&Mark>) -> Result<(), JournalError> {
        let path = self.folder.journal(sequence);
        let new = beside(&path, ".new");
        let mut text = seal(&Line::Header(self.header.clone()));
        if let Some(mark) = mark {
            text += &seal(&Line::Mark(Mark { per_input: self.per_input.clone(), ..mark.clone() }));
        }
        let write = || {
            let mut file = private::create(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            fs::rename(&new, &path)?;
            Ok(file)
        };
        self.file = Some(write().map_err(io_error("write the journal", &path))?);
        self.last = mark.cloned();
        self.written = text.len() as u64;
        // The header of very many inputs is itself long: as much again must fit after it.
        self.compact_at = COMPACT_AT.max(2 * self.written);
        self.dirty = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

/// Marks the receipt in a directory as used, so that it is kept as long as a new one.
pub(crate) fn renew(folder: &Path) {
    receipts::renew(folder, Timestamp::now());
}
