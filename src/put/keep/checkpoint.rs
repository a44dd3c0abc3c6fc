//! Step 6, checkpoint: what a run keeps on disk, in a safe order: rejects first, then the journal's mark that counts
//! them.

mod complete_before;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::complete::Complete;
use super::earlier::Earlier;
use super::going_on::{can_be_read_twice, found, go_on, not_a_file};
use super::journal::{self, Binding, Done, Header, Journal, JournalError};
use super::kept::{FromList, Keep, Left, ToStart};
use super::one_list::Found;
use super::rejects::{Listed, Place, Rejects, Superseded};
use super::rejects_place::{claim, of_no_journal, rejects_failure, set_aside, with_pipe};
use super::resume::{IndexNow, Resumed};
use crate::claim::Claim;
use crate::exit::Failure;
use crate::put::books::outcome::{Later, Outcome};
use crate::put::books::tracker::{FailedAt, Mark, Settled, Tracker};
use crate::put::index::Known;
use crate::put::report::notice::{EarlierNotice, Notice};
use crate::read::FailedInput;
use crate::record::{Defect, Input, Vector};

/// A crash of the machine loses at most this much settled work; a kill of the process loses nothing.
const SYNC_EVERY: Duration = Duration::from_millis(800);

/// The state of a run on disk.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(super) inputs: Vec<Input>,
    journal: Option<Journal>,
    tracker: Tracker,
    pub(super) rejects: Option<Rejects>,
    /// The inputs of which complete loads have left nothing to do.
    complete: Complete,
    /// Whether that is all inputs.
    is_complete: bool,
    /// What to do before anything is sent.
    to_start: Option<ToStart>,
    /// What this run gives up, until that is reported.
    earlier: Option<Earlier>,
    /// Keeps other loads away from a rejects file that the user named.
    _claim: Option<Claim>,
    resume_command: String,
    /// The same with a list of the inputs, until the list is written.
    from_list: Option<FromList>,
    synced: Instant,
    notes: Vec<Notice>,
    /// Whether to report the command that continues.
    has_way_on: bool,
    /// Why nothing more is written. What could not be synced may or may not be on disk, and a later mark would count
    /// it.
    broken: Option<Failure>,
}

impl Checkpoint {
    /// A rehearsal, which keeps nothing except, perhaps, rejects.
    pub(crate) fn rehearsal(inputs: Vec<Input>, rejects: Option<PathBuf>) -> Result<Self, Failure> {
        let claim = claim(rejects.as_deref(), false)?;
        let aside = rejects.as_deref().map(|path| set_aside(path, None)).transpose()?.flatten();
        let rejects = rejects.map(Place::Named);
        let none = Self::none(inputs, rejects);
        let rejects = none.rejects.map(with_pipe).transpose()?;
        Ok(Self { notes: aside.into_iter().collect(), _claim: claim, rejects, ..none })
    }

    fn none(inputs: Vec<Input>, rejects: Option<Place>) -> Self {
        Self {
            inputs,
            journal: None,
            tracker: Tracker::default(),
            rejects: rejects.map(Rejects::new),
            complete: Complete::default(),
            is_complete: false,
            to_start: None,
            earlier: None,
            _claim: None,
            resume_command: String::new(),
            from_list: None,
            synced: Instant::now(),
            notes: Vec::new(),
            has_way_on: true,
            broken: None,
        }
    }

    /// Opens the journal of this load and, when resuming, finds how far the load is, or else which inputs complete
    /// loads have covered. Leaves all files as they are.
    pub(crate) fn open(keep: Keep, inputs: Vec<Input>) -> Result<Self, Failure> {
        if !inputs.iter().all(can_be_read_twice) {
            return if keep.resume { Err(not_a_file()) } else { Self::without_journal(keep, inputs) };
        }
        // Before it touches anything of an earlier run.
        let claim = claim(keep.rejects.as_deref(), keep.resume)?;
        let header = Header::new(keep.place, keep.reading, &inputs).map_err(Failure::from)?;
        let header = header.with_rejects(keep.rejects.as_deref()).with_beside(keep.beside);
        let resume = keep.resume.then_some(keep.on_change);
        let (journal, mark) = Journal::open(&keep.folder, header, &inputs, resume).map_err(Failure::from)?;
        let complete = if keep.resume && mark.is_none() {
            let found = Complete::find(journal.activities(), journal.header(), &inputs);
            found.map_err(|error| Failure::from(JournalError::from(error)))?
        } else {
            Complete::default()
        };
        let found =
            mark.as_ref().map_or(Ok(Found::List), |mark| found(&journal, mark, keep.rejects.as_deref()))?;
        let checkpoint = Self {
            tracker: Tracker::new(mark.as_ref()),
            journal: Some(journal),
            complete,
            to_start: Some(ToStart { rejects: keep.rejects, found, resume: keep.resume, mark }),
            _claim: claim,
            resume_command: keep.resume_command,
            from_list: keep.from_list,
            ..Self::none(inputs, None)
        };
        Ok(checkpoint)
    }

    /// What earlier runs settled, as far as it is known before the index is.
    pub(crate) fn settled(&self) -> Settled {
        self.tracker.mark(0).counts
    }

    /// Whether this run continues an earlier one, or what complete loads have left.
    pub(crate) fn is_resumed(&self) -> bool {
        self.to_start.as_ref().is_some_and(|to_start| to_start.mark.is_some()) || !self.complete.is_empty()
    }

    /// The directory of the load, if it has one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.journal.as_ref().map(Journal::folder)
    }

    /// How far the load was when this run began.
    pub(crate) fn began_at(&self) -> Option<Mark> {
        let marked = self.tracker.mark(0);
        (marked != Mark::default()).then_some(marked)
    }

    /// The inputs that other loads have completed.
    pub(crate) fn of_others(&self) -> BTreeSet<u32> {
        let journal = self.journal.iter();
        journal.flat_map(|journal| journal.header().complete.keys().copied()).collect()
    }

    /// Puts all files in their places, once the index is known and before anything is sent; returns what earlier runs
    /// of the load settled.
    pub(crate) fn start(&mut self, index: IndexNow<'_>) -> Result<Settled, Failure> {
        let (Some(to_start), Some(journal)) = (self.to_start.clone(), &mut self.journal) else {
            return Ok(Settled::default());
        };
        let ToStart { rejects, found, resume, mut mark } = to_start;
        let skips = mark.is_none() && !self.complete.is_empty();
        self.notes.extend(self.complete.notes().into_iter().map(Notice::from));
        if skips {
            journal.skip(self.complete.times(), self.complete.bound(), self.complete.lists());
            mark = Some(self.complete.mark());
        }
        if let Known::Existing(index) = index.known {
            journal.know(&Binding::of(index));
        }
        let may_hold = |bound: &Binding, counts| !Resumed { bound, counts }.is_gone_from(index.known);
        journal.start(&self.inputs, mark.as_ref(), rejects.as_deref(), &may_hold).map_err(Failure::from)?;
        if index.is_to_create() {
            journal.leave_aside().map_err(Failure::from)?;
        }
        let place = rejects.map_or_else(|| Place::Own(journal.rejects()), Place::Named);
        self.notes.extend_from_slice(journal.notes());
        if let (Place::Named(path), true) = (&place, mark.is_none() || skips || found == Found::Other) {
            self.notes.extend(set_aside(path, Some(journal))?);
        }
        if let Some(mark) = mark.as_mut().filter(|_| skips) {
            mark.rejects_bytes = journal.carry_to(place.path()).map_err(Failure::from)?;
        }
        let rejects = match &mut mark {
            Some(mark) => go_on(journal, mark, &place, &mut self.notes)?,
            None => Rejects::new(place),
        };
        self.rejects = Some(with_pipe(rejects)?);
        self.tracker = Tracker::new(mark.as_ref());
        if resume && mark.is_none() && journal.given_up().is_none() && !self.complete.is_told() {
            self.notes.push(EarlierNotice::NoneLeft.into());
        }
        self.to_start = None;
        self.keep_list()?;
        let journal = self.journal.as_ref();
        self.earlier = journal.and_then(|journal| Earlier::of(journal, &self.resume_command, index));
        Ok(mark.unwrap_or_default().counts)
    }

    /// Writes the list of inputs for the command that continues, if that command names one.
    fn keep_list(&mut self) -> Result<(), Failure> {
        if let (Some(journal), Some(from_list)) = (&self.journal, &self.from_list.take()) {
            let list = journal.keep_list(&from_list.names).map_err(Failure::from)?;
            self.resume_command = from_list.command_with(&list);
        }
        Ok(())
    }

    /// The note about what this run gives up, once.
    pub(crate) fn tell_of_earlier(&mut self) -> Option<Notice> {
        self.earlier.take().map(|earlier| earlier.notice().into())
    }

    /// Inputs that can be read only once cannot be resumed; their rejects get a directory of their own.
    fn without_journal(keep: Keep, inputs: Vec<Input>) -> Result<Self, Failure> {
        if keep.rejects.is_some() {
            return Self::rehearsal(inputs, keep.rejects);
        }
        Ok(Self::none(inputs, Some(Place::Own(of_no_journal(&keep.folder)?))))
    }

    /// The rejects file of the run that this one was to continue.
    fn rejects_of_earlier(&self) -> Option<PathBuf> {
        let to_start = self.to_start.as_ref().filter(|_| self.has_way_on)?;
        let has_rejects = to_start.mark.as_ref().is_some_and(|mark| mark.rejects_bytes > 0);
        let own = || self.journal.as_ref().map(Journal::rejects_of_source);
        to_start.rejects.clone().or_else(own).filter(|_| has_rejects)
    }

    /// The notes about earlier runs and their files, once.
    pub(crate) fn take_notes(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notes)
    }

    /// The keys of rejected records.
    pub(crate) fn listed(&self) -> Arc<Listed> {
        self.rejects.as_ref().map_or_else(Arc::default, |rejects| Arc::clone(rejects.listed()))
    }

    /// Notes that the command that continues would only fail again.
    pub(crate) fn has_no_way_on(&mut self) {
        self.has_way_on = false;
    }

    /// Whether a later run can continue where this one stops.
    pub(crate) fn is_resumable(&self) -> bool {
        self.journal.is_some()
    }

    /// What earlier runs knew about the index that they loaded into, and what they counted.
    pub(crate) fn bound(&self) -> (Binding, Settled) {
        let bound = self.journal.as_ref().map(Journal::bound);
        bound.map(|(bound, counts)| (bound.clone(), counts)).unwrap_or_default()
    }

    /// What is known about the index, including from complete loads.
    pub(crate) fn bound_by_all(&self) -> Binding {
        self.complete.bound().completed(&self.bound().0)
    }

    /// The failure of a refused resume, with how to continue without a journal that the user brought back.
    pub(crate) fn refused(&mut self, failure: Failure) -> Failure {
        self.has_no_way_on();
        match self.journal.as_ref().and_then(Journal::brought) {
            Some(path) => failure.also_advise(&journal::without(&path)),
            None => failure,
        }
    }

    /// Notes that a batch is about to be sent to the index.
    pub(crate) fn begin_to_send(&mut self, known: &Binding) -> Result<(), Failure> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.bind(known).and_then(|()| journal.begin_to_send()).map_err(Failure::from)
    }

    /// Notes that the index has nothing that an earlier run stored.
    pub(crate) fn index_is_new(&mut self) -> Result<(), Failure> {
        if let Some(earlier) = &mut self.earlier {
            earlier.index_is_gone();
        }
        self.journal.as_mut().map_or(Ok(()), Journal::leave_aside).map_err(Failure::from)
    }

    /// Records the outcome of a batch; what is not settled is left to a later run, if there can be one.
    pub(crate) fn settle(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        if !outcome.settled && self.is_resumable() {
            return Ok(());
        }
        self.unless_broken(|this| {
            let later = outcome.later_stored();
            this.supersede(&later)?;
            this.list(&outcome.rejects, &outcome.unknown, &later)?;
            this.tracker.settle(outcome.number, outcome.span, outcome.tally().into());
            outcome.per_input().into_iter().for_each(|(input, counts)| this.tracker.count(input, counts));
            this.append_mark()?;
            this.sync_if_due()
        })
    }

    /// Syncs rejected records before the mark that counts them, even if the machine stops in between.
    fn list(&mut self, rejects: &[Defect], unknown: &[Vector], later: &[&Later]) -> Result<(), Failure> {
        if rejects.is_empty() && unknown.is_empty() {
            return Ok(());
        }
        let before = self.rejects.as_ref().map_or(0, Rejects::bytes);
        let listed = self.write_rejects(rejects, unknown, later).and_then(|()| self.sync_rejects());
        if let (Some(rejects), Err(_)) = (&mut self.rejects, &listed) {
            // They count as left to a later run, or as they did before.
            rejects.shorten(before);
        }
        listed
    }

    /// Marks rejects whose keys belong to records that are stored now, before the mark that counts these.
    fn supersede(&self, later: &[&Later]) -> Result<(), Failure> {
        let Some(rejects) = &self.rejects else { return Ok(()) };
        rejects.supersede(later.iter().copied()).map_err(|error| rejects_failure(rejects.path(), &error))
    }

    /// Writes something, unless an earlier write failed.
    fn unless_broken(&mut self, keep: impl FnOnce(&mut Self) -> Result<(), Failure>) -> Result<(), Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        keep(self).inspect_err(|failure| self.broken = Some(failure.clone()))
    }

    /// Records that an input failed: from now on it may change, or be left out.
    pub(crate) fn input_failed(&mut self, failed: FailedInput, before: u64) -> Result<(), Failure> {
        let FailedInput { at, beginning, .. } = failed;
        self.unless_broken(|this| {
            this.tracker.fail(FailedAt { at, beginning }, before);
            this.append_mark()
        })
    }

    /// Lists records as rejected that were counted as stored.
    pub(crate) fn overwritten(&mut self, defects: &[Defect]) -> Result<(), Failure> {
        self.unless_broken(|this| {
            this.list(defects, &[], &[])?;
            for defect in defects {
                this.tracker.reject_stored(defect.position.input);
            }
            this.append_mark()
        })
    }

    fn append_mark(&mut self) -> Result<(), Failure> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let rejects_bytes = self.rejects.as_ref().map_or(0, Rejects::bytes);
        let per_input = self.tracker.take_changed();
        journal.append(&Mark { per_input, ..self.tracker.mark(rejects_bytes) }).map_err(Failure::from)
    }

    /// Writes rejected records, and records whose outcome is unknown.
    pub(crate) fn write_rejects(
        &mut self,
        rejected: &[Defect],
        unknown: &[Vector],
        later: &[&Later],
    ) -> Result<(), Failure> {
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        rejects
            .write(&self.inputs, rejected, later)
            .and_then(|()| rejects.write_unknown(&self.inputs, unknown))
            .map_err(|error| rejects_failure(rejects.path(), &error))
    }

    /// Syncs everything, if the last sync was some time ago.
    pub(crate) fn sync_if_due(&mut self) -> Result<(), Failure> {
        if self.synced.elapsed() < SYNC_EVERY {
            return Ok(());
        }
        self.synced = Instant::now();
        self.unless_broken(Self::sync)
    }

    fn sync_rejects(&self) -> Result<(), Failure> {
        let Some(rejects) = &self.rejects else { return Ok(()) };
        rejects.sync().map_err(|error| rejects_failure(rejects.path(), &error))
    }

    fn sync(&mut self) -> Result<(), Failure> {
        self.sync_rejects()?;
        self.journal.as_mut().map_or(Ok(()), Journal::sync).map_err(Failure::from)
    }

    /// Closes the files. The journal is removed if nothing is left to continue, or if it has nothing that a later run
    /// could skip. In that case the command that continues starts over, and is reported once this run has `begun` to
    /// read.
    ///
    /// `may_be_stored` says whether this run may have stored anything; `success` is the exit code of a load that is
    /// complete and gets a receipt.
    pub(crate) fn close(
        mut self,
        nothing_left: bool,
        begun: bool,
        may_be_stored: bool,
        success: Option<u8>,
    ) -> (Left, Result<(), Failure>) {
        let synced = self.unless_broken(Self::sync);
        // What an error kept from the disk must be continued.
        let nothing_left = nothing_left && synced.is_ok();
        let superseded =
            self.rejects.as_ref().map_or_else(Superseded::default, |rejects| rejects.listed().superseded());
        // Close the file first: not every system can move a directory with open files.
        let rejects = self.rejects.take().filter(Rejects::is_used);
        let drops_rejects = rejects.as_ref().is_some_and(|rejects| !rejects.is_kept());
        let rejects_file = rejects.map(|rejects| rejects.path().to_owned());
        let rejects_file = rejects_file.or_else(|| self.rejects_of_earlier());
        let rejects_file = rejects_file.or_else(|| self.already_complete()?.rejects_file());
        let rejects_file = rejects_file.map(|path| path.display().to_string());
        let progress = self.tracker.mark(0).counts.read > 0;
        if self.has_way_on && !nothing_left {
            // Without the list, the command names all inputs.
            self.keep_list().unwrap_or_default();
        }
        let Some(journal) = self.journal.take() else {
            return (Left { rejects_file, superseded, drops_rejects, resume_command: None }, synced);
        };
        let has_way_on = self.has_way_on && !nothing_left && (begun || progress);
        let resume_command = has_way_on.then(|| self.resume_command.clone());
        let done = success.map(|exit_code| Done {
            counts: self.tracker.mark(0).counts,
            per_input: self.tracker.per_input().clone(),
            exit_code,
            command: self.resume_command,
        });
        let closed = match (nothing_left, progress) {
            _ if self.to_start.is_some() => Ok(()),
            (true, _) => journal.complete(done),
            (false, false) if may_be_stored => journal.abandon(),
            (false, false) => journal.give_back(),
            (false, true) => Ok(()),
        };
        let closed = closed.map_err(Failure::from);
        (Left { rejects_file, superseded, drops_rejects, resume_command }, synced.and(closed))
    }
}
