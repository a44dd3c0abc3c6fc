//! Step 6, journal: how far everything is settled, so that a later run can go on from there.
//!
//! A file of checksummed lines: a header that says what is being loaded and where to, then marks. A mark tells the
//! position before which everything is settled, and the stretches beyond it that are settled too, so it is complete in
//! itself; where these are many, what changes is written instead of all of them. All good lines count, a torn one and
//! what follows it do not.

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

/// The journal is written anew when it grows beyond this, or to twice what it was.
const COMPACT_AT: u64 = 1 << 20;

/// The journal of one load, locked against others for as long as it lives.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    /// As it is on disk: where an earlier run went, until this one is bound.
    header: Header,
    place: Place,
    file: Option<File>,
    written: u64,
    /// The length from which it is written anew.
    compact_at: u64,
    dirty: bool,
    /// What this run goes on with, wherever that is.
    source: Option<Sequence>,
    /// What is counted in it, inputs that have changed since included.
    counted: Settled,
    /// The rejects file that the user named in the run that is gone on with, as the header has it.
    rejects_before: Option<String>,
    given_up: Option<GivenUp>,
    /// Whether nothing had been sent since the journal that is given up, when this run began.
    was_untouched: bool,
    notes: Vec<Notice>,
    /// The inputs of which nothing is settled any more, by the names they had.
    forgotten: Vec<String>,
    /// The numbers of the inputs, by the whole names that they have and had.
    numbers: BTreeMap<String, Vec<u32>>,
    /// Whether anything may have been sent.
    has_begun: bool,
    /// The mark that was written last.
    last: Option<Mark>,
    /// The counts of each input.
    per_input: PerInput,
    /// The inputs of which nothing is settled that the journal knows: they are new, or loaded again.
    anew: BTreeSet<u32>,
    /// The inputs that another load has sent as well since this one began.
    in_doubt: BTreeSet<u32>,
    /// Lists of rejects of complete loads, and the inputs whose lines in them are still true.
    lists: Vec<(PathBuf, BTreeSet<String>)>,
    /// What all loads have sent to this place, when this run began.
    activities: Vec<Activity>,
}

impl Journal {
    /// Takes its place in the folder, now that the index is known: what is gone on with becomes `current`, or something
    /// new does. Of what is given up for that, what came furthest is kept. `rejects` is a file that the user names.
    pub fn start(
        &mut self,
        inputs: &[Input],
        mark: Option<&Mark>,
        rejects: Option<&Path>,
        may_hold: MayHold<'_>,
    ) -> Result<(), JournalError> {
        let Some(source) = self.source else { return self.begin(inputs, mark, may_hold) };
        if source == Sequence::Resume {
            // What the user names has nothing of it.
            let own = rejects.filter(|_| mark.is_none_or(|mark| mark.rejects_bytes == 0));
            given_up::make_way(&self.folder, own, &self.place, may_hold)?;
        }
        if source != Sequence::Current {
            self.folder.put(source, Sequence::Current)?;
            self.source = Some(Sequence::Current);
        }
        moved::undo(&self.folder.of(Sequence::Current))
    }

    /// Goes on from a mark that was found. What it no longer counts must be out of the rejects file by now: this journal
    /// does not know any more what that was.
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

    /// The inputs as they are.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The inputs that the journal knows nothing of, or nothing that still holds.
    pub(crate) fn anew(&self) -> &BTreeSet<u32> {
        &self.anew
    }

    /// The inputs of which something is settled, and which another load has sent since.
    pub(crate) fn in_doubt(&self) -> &BTreeSet<u32> {
        &self.in_doubt
    }

    /// Notes that these inputs are settled as a whole by complete loads, which were bound so, and when they were sent. Their
    /// rejects are in these lists, among those of others.
    pub(crate) fn skip(
        &mut self,
        complete: BTreeMap<u32, Interval>,
        bound: Binding,
        lists: Vec<(PathBuf, BTreeSet<String>)>,
    ) {
        (self.header.complete, self.header.bound, self.lists) = (complete, bound, lists);
    }

    /// Notes that nothing of an input is to count any more.
    pub(crate) fn forget(&mut self, number: u32) {
        self.header.complete.remove(&number);
        let names = self.numbers.iter().filter(|(_, numbers)| numbers.contains(&number));
        self.forgotten.extend(names.map(|(name, _)| name.clone()));
    }

    /// Puts what was carried over from the lists of complete loads where this load has its own; says how much that is.
    pub(crate) fn carry_to(&self, place: &Path) -> Result<u64, JournalError> {
        let carried = self.rejects();
        if place != carried && carried.is_file() && (place.is_file() || !place.exists()) {
            let moved = fs::copy(&carried, place).and_then(|_| fs::remove_file(&carried));
            moved.map_err(io_error("write", place))?;
        }
        Ok(place.metadata().map_or(0, |list| if list.is_file() { list.len() } else { 0 }))
    }

    /// Begins a sequence of runs. Whoever forgets to resume a load of days shall not lose it with that, nor by
    /// forgetting it again: of what is given up, that which came furthest is kept.
    fn begin(
        &mut self,
        inputs: &[Input],
        mark: Option<&Mark>,
        may_hold: MayHold<'_>,
    ) -> Result<(), JournalError> {
        let among = [Sequence::Current, Sequence::Resume, Sequence::Before, Sequence::Untouched];
        let kept = furthest(&self.folder, &among, &self.place, may_hold)?;
        // Written before anything is moved: where there is no room for it, nothing has happened.
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
        // Closed meanwhile: not every system moves a folder whose files are open.
        self.file = None;
        self.folder.put(Sequence::New, Sequence::Current)?;
        let path = self.folder.journal(Sequence::Current);
        let file = private::open_own(&path, private::writing().append(true));
        self.file = Some(file.map_err(io_error("write the journal", &path))?);
        self.was_untouched = self.folder.has(Sequence::Untouched);
        Ok(())
    }

    /// What an earlier run settled and this one, which does not go on with it, loads again.
    pub fn given_up(&self) -> Option<&GivenUp> {
        self.given_up.as_ref()
    }

    /// The folder that somebody moved where it is gone on with, if this run does.
    pub fn brought(&self) -> Option<PathBuf> {
        (self.source == Some(Sequence::Resume)).then(|| self.folder.of(Sequence::Resume))
    }

    /// What is worth saying about inputs that failed in an earlier run.
    pub fn notes(&self) -> &[Notice] {
        &self.notes
    }

    /// The inputs of an earlier run of which nothing counts any more, by the whole names they had.
    pub fn forgotten(&self) -> &[String] {
        &self.forgotten
    }

    /// The number that an input has in this run, by the whole name that it has or had in an earlier one.
    pub(crate) fn numbers(&self) -> &BTreeMap<String, Vec<u32>> {
        &self.numbers
    }

    /// Where an earlier run's journal is kept that this one gives up, and where it would have to be to go on there.
    pub fn aside(&self) -> (PathBuf, PathBuf) {
        (self.folder.of(Sequence::Before), self.folder.of(Sequence::Resume))
    }

    /// Notes that the run moves a rejects file that the user named out of its way: with what it gives up, that comes
    /// back.
    pub(crate) fn note_moved(&self, from: &Path, to: &Path) -> Result<(), JournalError> {
        if self.folder.has(Sequence::Complete) {
            moved::note(&self.folder.of(Sequence::Complete), from, to)?;
        }
        if !self.was_untouched {
            return Ok(());
        }
        moved::note(&self.folder.of(Sequence::Untouched), from, to)
    }

    /// Notes that vectors are about to be sent. What was set aside no longer comes back by itself: where a key occurs
    /// twice in the input, an older value may stand in the index from now on, and what would be skipped is the newer one.
    pub fn begin_to_send(&mut self) -> Result<(), JournalError> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        self.folder.put(Sequence::Untouched, Sequence::Before).map(drop)
    }

    /// Notes that the index is a new one: what was set aside was stored in another, and never comes back by itself.
    pub fn leave_aside(&mut self) -> Result<(), JournalError> {
        self.was_untouched = false;
        self.folder.put(Sequence::Untouched, Sequence::Before).map(drop)
    }

    /// The rejects file of a load for which the user names none.
    pub fn rejects(&self) -> PathBuf {
        self.folder.of(Sequence::Current).join(REJECTS)
    }

    /// Where that is until this run has its place.
    pub fn rejects_of_source(&self) -> PathBuf {
        self.folder.of(self.source.unwrap_or(Sequence::Current)).join(REJECTS)
    }

    /// The rejects file of the run to go on with, by the name that it had and by the one that it has now, if that is known.
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

    /// What is known of the index that earlier runs loaded into, as far as they settled anything, and what they counted,
    /// inputs that have changed since included.
    pub fn bound(&self) -> (&Binding, Settled) {
        (&self.header.bound, self.counted)
    }

    /// Notes which index is there now, before the run takes its place in the folder.
    pub(crate) fn know(&mut self, now: &Binding) {
        self.header.bound = self.header.bound.completed(now);
    }

    /// Sees to it that where vectors go is on disk before they are sent: the place, and what is known of the index.
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

    /// Makes sure that all marks would survive a crash of the machine.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if let Some(file) = self.file.as_ref().filter(|_| self.dirty) {
            let path = self.folder.journal(Sequence::Current);
            file.sync_data().map_err(io_error("sync the journal", &path))?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Makes a receipt of the journal: nothing is left to continue. What was set aside goes, the rejects stay. Where the
    /// load is complete and yet no success, there is no receipt.
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

    /// Keeps a list of the inputs for the command that continues; says where it is.
    pub(crate) fn keep_list(&self, names: &[PathBuf]) -> Result<PathBuf, JournalError> {
        input_list::write(self.folder.path(), names)
    }

    /// Removes the journal, in which nothing is settled.
    pub fn abandon(mut self) -> Result<(), JournalError> {
        self.remove()
    }

    /// The same where nothing at all is stored: what was set aside comes back, unless a run before this one has sent
    /// something since.
    pub fn give_back(mut self) -> Result<(), JournalError> {
        if !self.was_untouched {
            return self.remove();
        }
        self.file = None;
        // By this name it would come back at the next start as well.
        if !self.folder.has(Sequence::Untouched) {
            self.folder.put(Sequence::Before, Sequence::Untouched)?;
        }
        self.folder.put(Sequence::Untouched, Sequence::Current)?;
        moved::undo(&self.folder.of(Sequence::Current))
    }

    /// The lock stays: removing it could let two runs hold two files of the same name.
    fn remove(&mut self) -> Result<(), JournalError> {
        self.file = None;
        self.folder.remove_journal(Sequence::Current)
    }

    /// Writes header and mark into a new file and puts it in the old one's place, so that there is always one of them.
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
        // The header of very many inputs is long itself: as much again must fit behind it.
        self.compact_at = COMPACT_AT.max(2 * self.written);
        self.dirty = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

/// Keeps the receipt in a folder as long as a new one: it is of use still.
pub(crate) fn renew(folder: &Path) {
    receipts::renew(folder, Timestamp::now());
}
