//! What a run finds in the directory of its load: how far an earlier one is, and whether that is still valid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::activity::{self, Activity};
use super::continued::Continued;
use super::folder::{Folder, Sequence, settled_in};
use super::search::search;
use super::since::{Since, is_over};
use super::touches::Touches;
use super::{COMPACT_AT, Header, Journal, JournalError, OnChange, flat, receipts};
use crate::oss::time::Timestamp;
use crate::put::books::per_input::PerInput;
use crate::put::books::tracker::{Mark, Settled};
use crate::put::report::notice::Notice;
use crate::record::Input;

impl Journal {
    /// Locks the load's directory below `checkpoints`. With `resume`, finds how far an earlier run of `inputs` is.
    /// Moves nothing yet, since the index has yet to be checked.
    pub fn open(
        checkpoints: &Path,
        header: Header,
        inputs: &[Input],
        resume: Option<OnChange>,
    ) -> Result<(Self, Option<Mark>), JournalError> {
        receipts::remove_old(checkpoints, Timestamp::now());
        let activities = activity::all(checkpoints, &header.place);
        let header = header.beginning_after(activity::latest(&activities));
        let mut folder = header.folder(checkpoints);
        if resume.is_some() && !has_journal(&folder, &header, &activities) {
            folder = search(checkpoints, &header, inputs, &activities)?.unwrap_or(folder);
        }
        Folder::refuse_later(&folder)?;
        let header = Header { left: activity::left(&activities, &folder, &header), ..header };
        let folder = Folder::open(folder)?;
        flat::carry_over(&folder)?;
        receipts::end_completion(&folder)?;
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
            per_input: PerInput::default(),
            anew: BTreeSet::new(),
            in_doubt: BTreeSet::new(),
            lists: Vec::new(),
            activities,
        };
        journal.check_brought()?;
        let mark = resume.map_or(Ok(None), |on_change| journal.find(inputs, on_change))?;
        Ok((journal, mark))
    }

    /// Checks that what the user moved to be continued is a journal of this load and has settled something.
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

    /// Finds how far an earlier run is.
    fn find(&mut self, inputs: &[Input], on_change: OnChange) -> Result<Option<Mark>, JournalError> {
        // An untouched sequence belongs to a run that did not resume and was killed before it had sent anything.
        for sequence in [Sequence::Resume, Sequence::Current, Sequence::Untouched] {
            let found = self.load(sequence, inputs, on_change).map_err(|error| match sequence {
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

    fn load(
        &mut self,
        sequence: Sequence,
        inputs: &[Input],
        on_change: OnChange,
    ) -> Result<Option<Mark>, JournalError> {
        let Some((header, mark)) = settled_in(&self.folder.journal(sequence))? else { return Ok(None) };
        if self.is_over(sequence, &header, &mark) {
            return Ok(None);
        }
        self.counted = mark.counts;
        self.rejects_before.clone_from(&header.rejects);
        let now = self.header.continues(&header, &mark, inputs, on_change)?;
        (self.header.place, self.header.bound) = (header.place.clone(), header.bound.clone());
        if header.load.is_some() {
            self.header.load.clone_from(&header.load);
        }
        self.notes.extend(header.place.doubt().map(Notice::from));
        let continued = Continued::of(&header, &self.header.inputs, mark, &now, inputs);
        self.numbers = self.header.numbers(&header, &continued.numbers);
        self.notes.extend(continued.notes);
        self.forgotten.extend(continued.forgotten);
        (self.header.complete, self.anew) = (continued.complete, continued.anew);
        let numbers = &continued.numbers;
        self.hold_against_others(sequence, (&header, numbers), continued.mark, inputs).map(Some)
    }

    /// Drops from a mark what is no longer valid because of what other loads have sent since its last run began.
    fn hold_against_others(
        &mut self,
        sequence: Sequence,
        (earlier, numbers): (&Header, &[Option<u32>]),
        mut mark: Mark,
        inputs: &[Input],
    ) -> Result<Mark, JournalError> {
        let file = self.folder.journal(sequence);
        // An earlier version does not record when its last run began.
        let from = earlier.as_of.clone().or_else(|| activity::written(&file)).unwrap_or_default();
        let since = Since { file: &file, from: &from, earlier, numbers, mark: &mark };
        let since = since.found(&Touches::of(&self.activities, &self.header, inputs))?;
        for number in &since.anew {
            mark.forget(*number);
            self.forget(*number);
        }
        self.notes.extend(since.note(&self.header).map(Notice::from));
        self.anew.extend(since.anew);
        self.in_doubt = since.in_doubt;
        Ok(mark)
    }

    /// Whether other loads have sent again what a journal in this directory has settled.
    pub(super) fn is_over(&self, sequence: Sequence, header: &Header, mark: &Mark) -> bool {
        is_over(&self.activities, (&self.folder.journal(sequence), header, mark), &self.header)
    }
}

/// Whether a directory has a journal that may be continued.
fn has_journal(folder: &Path, now: &Header, activities: &[Activity]) -> bool {
    Folder::journals(folder).iter().filter(|journal| journal.exists()).any(|journal| {
        let settled = settled_in(journal).ok().flatten();
        settled.is_none_or(|(header, mark)| !is_over(activities, (journal, &header, &mark), now))
    })
}
