//! Step 6, journal: how far everything is settled, so that a later run can go on from there.
//!
//! A file of checksummed lines: a header that says what is being loaded and where to, then marks. A mark tells the
//! position before which everything is settled, and the stretches beyond it that are settled too, so it is complete in
//! itself; where these are many, what changes is written instead of all of them. All good lines count, a torn one and
//! what follows it do not.

mod binding;
mod change;
pub(crate) mod error;
mod flat;
mod folder;
mod given_up;
mod header;
pub(crate) mod lines;
mod moved;
mod place;
mod search;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

pub use self::binding::Binding;
use self::error::io_error;
pub use self::error::{JournalError, without};
use self::folder::{Folder, Sequence, beside, settled_in};
use self::given_up::{Candidate, furthest};
pub use self::given_up::{GivenUp, MayHold};
pub use self::header::Header;
use self::lines::{Line, next_line, seal};
pub use self::place::{Difference, Place, listed, local_service};
use self::search::search;
use super::rejects::REJECTS;
use crate::private;
use crate::put::books::tracker::{FailedAt, Mark, Settled};
use crate::put::report::notice::{EarlierNotice, Notice};
use crate::read;
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
}

impl Journal {
    /// Locks the load's folder below `checkpoints`. With `resume`, finds how far an earlier run of `inputs` came. Nothing
    /// is moved yet: whether the index is the one that it went to is still to be seen.
    pub fn open(
        checkpoints: &Path,
        header: Header,
        inputs: &[Input],
        resume: bool,
    ) -> Result<(Self, Option<Mark>), JournalError> {
        let mut folder = checkpoints.join(header.folder_name());
        if resume && !Folder::journals(&folder).iter().any(|journal| journal.exists()) {
            folder = search(checkpoints, &header, inputs)?.unwrap_or(folder);
        }
        Folder::refuse_later(&folder)?;
        let folder = Folder::open(folder)?;
        flat::carry_over(&folder)?;
        let mut journal = Self {
            folder,
            place: header.place.clone(),
            header,
            file: None,
            written: 0,
            compact_at: COMPACT_AT,
            dirty: false,
            source: None,
            counted: Settled::default(),
            rejects_before: None,
            given_up: None,
            was_untouched: false,
            notes: Vec::new(),
            forgotten: Vec::new(),
            numbers: BTreeMap::new(),
            has_begun: false,
            last: None,
        };
        journal.check_brought()?;
        let mark = if resume { journal.find(inputs)? } else { None };
        Ok((journal, mark))
    }

    /// What somebody moved where it is gone on with is a journal of this load, and has settled something.
    fn check_brought(&self) -> Result<(), JournalError> {
        if !self.folder.has(Sequence::Resume) {
            return Ok(());
        }
        let path = self.folder.of(Sequence::Resume);
        let Some((header, _)) = self.folder.settled(Sequence::Resume)? else {
            return Err(JournalError::Unsettled(path.display().to_string()).of_brought(&path));
        };
        let elsewhere = self.place.differences(&header.place);
        if elsewhere.is_empty() { Ok(()) } else { Err(JournalError::Elsewhere(elsewhere).of_brought(&path)) }
    }

    /// Takes its place in the folder, now that the index is known: what is gone on with becomes `current`, or something
    /// new does. Of what is given up for that, what came furthest is kept. `rejects` is a file that the user names.
    pub fn start(
        &mut self,
        inputs: &[Input],
        mark: Option<&Mark>,
        rejects: Option<&Path>,
        may_hold: MayHold<'_>,
    ) -> Result<(), JournalError> {
        let Some(source) = self.source else { return self.begin(inputs, may_hold) };
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
        self.rewrite(Sequence::Current, Some(mark))
    }

    /// Finds how far an earlier run came.
    fn find(&mut self, inputs: &[Input]) -> Result<Option<Mark>, JournalError> {
        // What is untouched is of a run that forgot to resume, and was killed before it had sent anything.
        for sequence in [Sequence::Resume, Sequence::Current, Sequence::Untouched] {
            let found = self.load(sequence, inputs).map_err(|error| match sequence {
                Sequence::Resume => error.of_brought(&self.folder.of(sequence)),
                _ => error,
            })?;
            if found.is_some() {
                self.source = Some(sequence);
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Begins a sequence of runs. Whoever forgets to resume a load of days shall not lose it with that, nor by
    /// forgetting it again: of what is given up, that which came furthest is kept.
    fn begin(&mut self, inputs: &[Input], may_hold: MayHold<'_>) -> Result<(), JournalError> {
        let among = [Sequence::Current, Sequence::Resume, Sequence::Before, Sequence::Untouched];
        let kept = furthest(&self.folder, &among, &self.place, may_hold)?;
        // Written before anything is moved: where there is no room for it, nothing has happened.
        self.folder.make(Sequence::New)?;
        self.rewrite(Sequence::New, None)?;
        given_up::set_aside(&self.folder, kept.as_ref().map(|kept| kept.sequence))?;
        self.given_up = kept.map(|Candidate { header, mark, .. }| GivenUp {
            refused: self.header.continues(&header, Some(&mark), inputs).err(),
            bound: header.bound,
            counts: mark.counts,
        });
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
            return self.rewrite(Sequence::Current, Some(mark));
        }
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

    /// Removes what was set aside, and then the journal: nothing is left to continue. The rejects stay.
    pub fn complete(mut self) -> Result<(), JournalError> {
        self.folder.discard(Sequence::Untouched)?;
        self.folder.discard(Sequence::Before)?;
        self.remove()
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

    fn load(&mut self, sequence: Sequence, inputs: &[Input]) -> Result<Option<Mark>, JournalError> {
        let Some((header, mark)) = settled_in(&self.folder.journal(sequence))? else { return Ok(None) };
        self.counted = mark.counts;
        self.rejects_before.clone_from(&header.rejects);
        let now = self.header.continues(&header, Some(&mark), inputs)?;
        self.numbers = self.header.numbers(&header, &now);
        (self.header.place, self.header.bound) = (header.place.clone(), header.bound.clone());
        self.notes.extend(header.place.doubt().map(Notice::from));
        Ok(Some(self.adapt(&header, mark, &now, inputs)))
    }

    /// The mark as it holds for the inputs as they are now: those that failed may be repaired, or gone.
    fn adapt(&mut self, earlier: &Header, mut mark: Mark, now: &[Option<u32>], inputs: &[Input]) -> Mark {
        for FailedAt { at, beginning } in mark.failed.clone() {
            let number = at.input as usize;
            let Some(then) = earlier.inputs.get(number) else { continue };
            let Some(place) = now.get(number).copied().flatten().map(|place| place as usize) else {
                let name = then.name.clone();
                self.notes.push(EarlierNotice::FailedIsLeftOut { name, at: at.to_string() }.into());
                mark.forget(at.input);
                self.forgotten.push(then.name.clone());
                continue;
            };
            let (Some(input), Some(is)) = (inputs.get(place), self.header.inputs.get(place)) else {
                continue;
            };
            if then.is_of(is, input).is_ok() {
                continue;
            }
            if beginning.is_some() && read::beginning(input, at) == beginning {
                mark.failed.retain(|failed| failed.at != at);
            } else {
                let name = is.name.clone();
                self.notes.push(EarlierNotice::FailedDiffers { name, at: at.to_string() }.into());
                mark.forget(at.input);
                self.forgotten.push(then.name.clone());
            }
        }
        mark.renumber(now, u32::try_from(inputs.len()).unwrap_or(u32::MAX));
        mark
    }

    /// Writes header and mark into a new file and puts it in the old one's place, so that there is always one of them.
    fn rewrite(&mut self, sequence: Sequence, mark: Option<&Mark>) -> Result<(), JournalError> {
        let path = self.folder.journal(sequence);
        let new = beside(&path, ".new");
        let mut text = seal(&Line::Header(self.header.clone()));
        if let Some(mark) = mark {
            text += &seal(&Line::Mark(mark.clone()));
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
