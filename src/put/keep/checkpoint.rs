//! Step 6, checkpoint: what a run keeps on disk, in the order that makes it safe: rejects first, then the journal's
//! mark that counts them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::earlier::Earlier;
use super::journal::{self, Binding, Header, Journal};
use super::one_list::{Before, Found};
use super::rejects::{self, Forgotten, Listed, Place, REJECTS, Rejects, Superseded};
use super::rejects_place::{claim, lost, new_rejects_failure, rejects_failure, set_aside, with_pipe};
use super::resume::{IndexNow, Resumed};
use crate::claim::Claim;
use crate::exit::{ErrorCode, Failure};
use crate::private;
use crate::put::books::outcome::{Later, Outcome};
use crate::put::books::tracker::{FailedAt, Mark, Settled, Tracker};
use crate::put::report::notice::{EarlierNotice, Notice};
use crate::read::FailedInput;
use crate::record::rejected::Rejected;
use crate::record::{Defect, Input, Vector};

/// A crash of the machine loses at most this much of what is settled; a kill of the process loses nothing.
const SYNC_EVERY: Duration = Duration::from_millis(800);

/// What a run keeps, and where.
#[derive(Clone, Debug)]
pub struct Keep {
    /// The folder of all loads' folders.
    pub folder: PathBuf,
    /// The rejects file, if the user names one; otherwise it stands beside the journal.
    pub rejects: Option<PathBuf>,
    /// Whether to go on where an earlier run stopped.
    pub resume: bool,
    /// Where the load goes.
    pub place: journal::Place,
    /// The options that change what is made of the input, with their values.
    pub reading: BTreeMap<String, String>,
    /// The command line that goes on, for people to copy.
    pub resume_command: String,
}

/// The state of a run on disk.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    inputs: Vec<Input>,
    journal: Option<Journal>,
    tracker: Tracker,
    rejects: Option<Rejects>,
    /// What is to be done before anything is sent.
    to_start: Option<ToStart>,
    /// What this run gives up, until that is told.
    earlier: Option<Earlier>,
    /// Keeps other loads off a rejects file that the user named.
    _claim: Option<Claim>,
    resume_command: String,
    synced: Instant,
    notes: Vec<Notice>,
    /// Whether the command that continues is worth telling.
    has_way_on: bool,
    /// Why nothing more is kept. What could not be brought to disk may or may not be there, and a mark that follows
    /// would count it.
    broken: Option<Failure>,
}

/// What becomes of the files of an earlier run, once the index is known.
#[derive(Clone, Debug)]
struct ToStart {
    /// The rejects file, if the user names one.
    rejects: Option<PathBuf>,
    /// What is in its place, or in the place of the program's own.
    found: Found,
    resume: bool,
    /// How far what is gone on with came.
    mark: Option<Mark>,
}

/// What is left on disk when a run is over.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) rejects_file: Option<String>,
    /// How much of that file is not to be loaded.
    pub(crate) superseded: Superseded,
    /// Whether that is a pipe or a device, which keeps nothing.
    pub(crate) drops_rejects: bool,
    pub(crate) resume_command: Option<String>,
}

impl Checkpoint {
    /// A run that keeps nothing but, perhaps, rejects: a rehearsal.
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
            to_start: None,
            earlier: None,
            _claim: None,
            resume_command: String::new(),
            synced: Instant::now(),
            notes: Vec::new(),
            has_way_on: true,
            broken: None,
        }
    }

    /// Opens the journal of this load and, when resuming, says how far it came. All files stay as they are.
    pub(crate) fn open(keep: Keep, inputs: Vec<Input>) -> Result<(Self, Option<Mark>), Failure> {
        if !inputs.iter().all(can_be_read_twice) {
            return if keep.resume {
                Err(not_a_file())
            } else {
                Ok((Self::without_journal(keep, inputs)?, None))
            };
        }
        // Before anything of an earlier run is touched.
        let claim = claim(keep.rejects.as_deref(), keep.resume)?;
        let header = Header::new(keep.place, keep.reading, &inputs).map_err(Failure::from)?;
        let header = header.with_rejects(keep.rejects.as_deref());
        let (journal, mark) =
            Journal::open(&keep.folder, header, &inputs, keep.resume).map_err(Failure::from)?;
        let found =
            mark.as_ref().map_or(Ok(Found::List), |mark| found(&journal, mark, keep.rejects.as_deref()))?;
        let checkpoint = Self {
            tracker: Tracker::new(mark.as_ref()),
            journal: Some(journal),
            to_start: Some(ToStart { rejects: keep.rejects, found, resume: keep.resume, mark: mark.clone() }),
            _claim: claim,
            resume_command: keep.resume_command,
            ..Self::none(inputs, None)
        };
        Ok((checkpoint, mark))
    }

    /// Puts all files in their places, now that the index is known and nothing has been sent; returns what earlier runs
    /// settled of the load.
    pub(crate) fn start(&mut self, index: IndexNow<'_>) -> Result<Settled, Failure> {
        let (Some(to_start), Some(journal)) = (self.to_start.clone(), &mut self.journal) else {
            return Ok(Settled::default());
        };
        let ToStart { rejects, found, resume, mut mark } = to_start;
        let may_hold = |bound: &Binding, counts| !Resumed { bound, counts }.is_gone_from(index.known);
        journal.start(&self.inputs, mark.as_ref(), rejects.as_deref(), &may_hold).map_err(Failure::from)?;
        if index.is_to_create() {
            journal.leave_aside().map_err(Failure::from)?;
        }
        let place = rejects.map_or_else(|| Place::Own(journal.rejects()), Place::Named);
        self.notes.extend_from_slice(journal.notes());
        if let (Place::Named(path), true) = (&place, mark.is_none() || found == Found::Other) {
            self.notes.extend(set_aside(path, Some(journal))?);
        }
        let rejects = match &mut mark {
            Some(mark) => go_on(journal, mark, &place, &mut self.notes)?,
            None => Rejects::new(place),
        };
        self.rejects = Some(with_pipe(rejects)?);
        self.tracker = Tracker::new(mark.as_ref());
        self.earlier = journal.given_up().map(|given_up| Earlier::new(given_up, journal.aside(), index));
        if resume && mark.is_none() && self.earlier.is_none() {
            self.notes.push(EarlierNotice::NoneLeft.into());
        }
        self.to_start = None;
        Ok(mark.unwrap_or_default().counts)
    }

    /// What is worth saying of what this run gives up, once.
    pub(crate) fn tell_of_earlier(&mut self) -> Option<Notice> {
        self.earlier.take().map(|earlier| earlier.notice().into())
    }

    /// What cannot be read twice cannot be resumed; its rejects get a folder of their own.
    fn without_journal(keep: Keep, inputs: Vec<Input>) -> Result<Self, Failure> {
        let own = format!("stdin-{}-{}", crate::oss::time::Timestamp::now().basic(), std::process::id());
        if keep.rejects.is_some() {
            return Self::rehearsal(inputs, keep.rejects);
        }
        let folder = keep.folder.join(own);
        let path = folder.join(REJECTS);
        // It comes into being with the first reject; that it can is seen now.
        private::make_folder(&folder)
            .and_then(|()| std::fs::remove_dir(&folder))
            .map_err(|error| new_rejects_failure(&path, &error))?;
        Ok(Self::none(inputs, Some(Place::Own(path))))
    }

    /// The rejects file of what this run was to go on with.
    fn rejects_of_earlier(&self) -> Option<PathBuf> {
        let to_start = self.to_start.as_ref().filter(|_| self.has_way_on)?;
        let has_rejects = to_start.mark.as_ref().is_some_and(|mark| mark.rejects_bytes > 0);
        let own = || self.journal.as_ref().map(Journal::rejects_of_source);
        to_start.rejects.clone().or_else(own).filter(|_| has_rejects)
    }

    /// What is worth saying about earlier runs and their files, once.
    pub(crate) fn take_notes(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notes)
    }

    /// The keys of what is rejected.
    pub(crate) fn listed(&self) -> Arc<Listed> {
        self.rejects.as_ref().map_or_else(Arc::default, |rejects| Arc::clone(rejects.listed()))
    }

    /// Notes that the command that continues would only fail again.
    pub(crate) fn has_no_way_on(&mut self) {
        self.has_way_on = false;
    }

    /// Whether a later run can go on where this one stops.
    pub(crate) fn is_resumable(&self) -> bool {
        self.journal.is_some()
    }

    /// What earlier runs knew of the index that they loaded into, and what they counted.
    pub(crate) fn bound(&self) -> (Binding, Settled) {
        let bound = self.journal.as_ref().map(Journal::bound);
        bound.map(|(bound, counts)| (bound.clone(), counts)).unwrap_or_default()
    }

    /// The failure of a resume that is refused, with what it takes to go on without what somebody brought back.
    pub(crate) fn refused(&mut self, failure: Failure) -> Failure {
        self.has_no_way_on();
        match self.journal.as_ref().and_then(Journal::brought) {
            Some(path) => failure.also_advise(&journal::without(&path)),
            None => failure,
        }
    }

    /// Notes that a batch is about to be sent, into the index that is known so.
    pub(crate) fn begin_to_send(&mut self, known: &Binding) -> Result<(), Failure> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.bind(known).and_then(|()| journal.begin_to_send()).map_err(Failure::from)
    }

    /// Notes that nothing which an earlier run stored is in the index.
    pub(crate) fn index_is_new(&mut self) -> Result<(), Failure> {
        if let Some(earlier) = &mut self.earlier {
            earlier.index_is_gone();
        }
        self.journal.as_mut().map_or(Ok(()), Journal::leave_aside).map_err(Failure::from)
    }

    /// Keeps what became of a batch; what is not settled is left to a later run, if there can be one.
    pub(crate) fn settle(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        if !outcome.settled && self.is_resumable() {
            return Ok(());
        }
        self.unless_broken(|this| {
            let later = outcome.later_stored();
            this.supersede(&later)?;
            this.list(&outcome.rejects, &outcome.unknown, &later)?;
            this.tracker.settle(outcome.number, outcome.span, outcome.tally().into());
            this.append_mark()?;
            this.sync_if_due()
        })
    }

    /// Brings rejected records to disk, before the mark that counts them, even if the machine stops between the two.
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

    /// Marks what is listed under the keys of records that are stored now, before the mark that counts these.
    fn supersede(&self, later: &[&Later]) -> Result<(), Failure> {
        let Some(rejects) = &self.rejects else { return Ok(()) };
        rejects.supersede(later.iter().copied()).map_err(|error| rejects_failure(rejects.path(), &error))
    }

    /// Keeps something, unless anything before could not be kept.
    fn unless_broken(&mut self, keep: impl FnOnce(&mut Self) -> Result<(), Failure>) -> Result<(), Failure> {
        if let Some(failure) = &self.broken {
            return Err(failure.clone());
        }
        keep(self).inspect_err(|failure| self.broken = Some(failure.clone()))
    }

    /// Keeps in mind that an input failed: from now on it may change, and be left out.
    pub(crate) fn input_failed(&mut self, failed: FailedInput, before: u64) -> Result<(), Failure> {
        let FailedInput { at, beginning, .. } = failed;
        self.unless_broken(|this| {
            this.tracker.fail(FailedAt { at, beginning }, before);
            this.append_mark()
        })
    }

    /// Lists records that were counted as stored.
    pub(crate) fn overwritten(&mut self, defects: &[Defect]) -> Result<(), Failure> {
        self.unless_broken(|this| {
            this.list(defects, &[], &[])?;
            this.tracker.reject_stored(defects.len() as u64);
            this.append_mark()
        })
    }

    fn append_mark(&mut self) -> Result<(), Failure> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let rejects_bytes = self.rejects.as_ref().map_or(0, Rejects::bytes);
        journal.append(&self.tracker.mark(rejects_bytes)).map_err(Failure::from)
    }

    /// Writes rejected records, and records of unknown fate.
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

    /// Brings everything safely to disk, if that is some time ago.
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

    /// Ends: the journal goes when nothing is left to continue, or nothing is done that a later run could skip. In
    /// that case the command that continues begins anew, and is told once this run has `begun` to read.
    ///
    /// `may_be_stored` says whether this run may have stored anything.
    pub(crate) fn close(
        mut self,
        nothing_left: bool,
        begun: bool,
        may_be_stored: bool,
    ) -> (Left, Result<(), Failure>) {
        let synced = self.unless_broken(Self::sync);
        // What an error has kept from the disk is not left for good.
        let nothing_left = nothing_left && synced.is_ok();
        let superseded =
            self.rejects.as_ref().map_or_else(Superseded::default, |rejects| rejects.listed().superseded());
        // Closed here: not every system moves a folder whose files are open.
        let rejects = self.rejects.take().filter(Rejects::is_used);
        let drops_rejects = rejects.as_ref().is_some_and(|rejects| !rejects.is_kept());
        let rejects_file = rejects.map(|rejects| rejects.path().to_owned());
        let rejects_file = rejects_file.or_else(|| self.rejects_of_earlier());
        let rejects_file = rejects_file.map(|path| path.display().to_string());
        let progress = self.tracker.mark(0).counts.read > 0;
        let Some(journal) = self.journal.take() else {
            return (Left { rejects_file, superseded, drops_rejects, resume_command: None }, synced);
        };
        let resume_command =
            (self.has_way_on && !nothing_left && (begun || progress)).then_some(self.resume_command);
        let closed = match (nothing_left, progress) {
            _ if self.to_start.is_some() => Ok(()),
            (true, _) => journal.complete(),
            (false, false) if may_be_stored => journal.abandon(),
            (false, false) => journal.give_back(),
            (false, true) => Ok(()),
        };
        let closed = closed.map_err(Failure::from);
        (Left { rejects_file, superseded, drops_rejects, resume_command }, synced.and(closed))
    }
}

/// Goes on from a mark with the rejects file that belongs to it.
fn go_on(
    journal: &mut Journal,
    mark: &mut Mark,
    place: &Place,
    notes: &mut Vec<Notice>,
) -> Result<Rejects, Failure> {
    forget_rejects(journal, mark, place)?;
    notes.extend(lost(place.path(), mark));
    let is_to_come = |known: &Rejected<'_>| is_to_come(journal, mark, known);
    let rejects = Rejects::resume(place.clone(), mark.rejects_bytes, is_to_come)
        .map_err(|error| rejects_failure(place.path(), &error))?;
    journal.go_on(mark).map_err(Failure::from)?;
    Ok(rejects)
}

/// What is in the place of the rejects file of a run that goes on.
fn found(journal: &Journal, mark: &Mark, named: Option<&Path>) -> Result<Found, Failure> {
    let before = journal.rejects_before().map_err(Failure::from)?;
    let Some((was, is_at)) = before.filter(|_| mark.rejects_bytes > 0) else { return Ok(Found::List) };
    let own = journal.rejects_of_source();
    let before = Before { named: &was, is_at: &is_at, is_own: was == own, bytes: mark.rejects_bytes };
    before.goes_on_in(named.unwrap_or(&own), named.is_some())
}

/// Whether a line of the rejects file is about a record that is not settled and so comes again.
fn is_to_come(journal: &Journal, mark: &Mark, known: &Rejected<'_>) -> bool {
    let numbers = rejects::whole_name(known).and_then(|name| journal.numbers().get(&name));
    numbers.is_some_and(|numbers| numbers.iter().any(|input| !mark.is_settled(*input, known.record)))
}

/// Takes out of the rejects file what is loaded again, or no more, and counts it no more.
fn forget_rejects(journal: &Journal, mark: &mut Mark, place: &Place) -> Result<(), Failure> {
    if journal.forgotten().is_empty() {
        return Ok(());
    }
    let Forgotten { noted, rejected, unknown } = rejects::forget(place, mark, journal.forgotten())
        .map_err(|error| rejects_failure(place.path(), &error))?;
    mark.take_back(rejected, unknown);
    mark.rejects_bytes = noted;
    Ok(())
}

/// A pipe has a path too, and the next pipe may have the same one. What is missing is told by whoever opens it.
fn can_be_read_twice(input: &Input) -> bool {
    match input {
        Input::File(path) => path.metadata().map_or(true, |file| file.is_file()),
        Input::Stdin | Input::Inline(_) => false,
    }
}

fn not_a_file() -> Failure {
    Failure::new(
        ErrorCode::Usage,
        "--resume requires files: pipes and text on the command line cannot be read again",
    )
    .advise("run without --resume, or write the input to a file first")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printed;

    #[test]
    fn what_cannot_be_resumed_is_refused_with_a_cure() {
        insta::assert_snapshot!(printed([not_a_file()]), @"
        --resume requires files: pipes and text on the command line cannot be read again
            run without --resume, or write the input to a file first
        ");
    }
}
