//! Of the sequences of runs that a run gives up, one is kept: the furthest one of those whose vectors may still be in
//! the index.

use std::path::{Path, PathBuf};

use super::binding::Binding;
use super::error::JournalError;
use super::folder::{Folder, Sequence};
use super::header::Header;
use super::inputs::OnChange;
use super::moved;
use super::place::Place;
use crate::exit::Failure;
use crate::put::books::tracker::{Mark, Settled};
use crate::put::keep::one_list::Before;
use crate::put::keep::rejects::REJECTS;
use crate::record::Input;

/// Whether the current index may have what an earlier run stored, given its binding and its counts.
pub type MayHold<'a> = &'a dyn Fn(&Binding, Settled) -> bool;

/// A sequence of runs that has settled something.
pub(crate) struct Candidate {
    pub(crate) sequence: Sequence,
    pub(crate) header: Header,
    pub(crate) mark: Mark,
}

/// The furthest of the sequences that a run gives up.
#[derive(Debug)]
pub struct GivenUp {
    /// Its binding.
    pub bound: Binding,
    /// Its counts.
    pub counts: Settled,
    /// Why it could not be continued, regardless of the current index.
    pub refused: Option<Failure>,
}

impl GivenUp {
    /// Describes what is given up for a load of `inputs` with this header.
    pub(crate) fn of(kept: Candidate, now: &Header, inputs: &[Input], folder: &Folder) -> Self {
        let Candidate { sequence, header, mark } = kept;
        let refused = now.continues(&header, &mark, inputs, OnChange::Refuse).err().map(Failure::from);
        let aside = match sequence {
            Sequence::Current | Sequence::Untouched => Sequence::Untouched,
            _ => Sequence::Before,
        };
        let refused = refused.or_else(|| other_list(&header, &mark, now, &folder.of(aside)));
        Self { bound: header.bound, counts: mark.counts, refused }
    }
}

/// Why this load cannot continue with the rejects file of a sequence that is kept in `aside`.
fn other_list(header: &Header, mark: &Mark, now: &Header, aside: &Path) -> Option<Failure> {
    let was = header.rejects.as_ref().filter(|_| mark.rejects_bytes > 0)?;
    let own = aside.join(REJECTS);
    let named = |rejects: &str| if rejects.is_empty() { own.clone() } else { PathBuf::from(rejects) };
    let (was, is_own) = (named(was), was.is_empty());
    let is_at = if is_own { was.clone() } else { moved::whereabouts(aside, was.clone()).ok()? };
    // A pipe or a device has no name here, and is none of these files.
    let now = now.rejects.as_deref().map_or_else(PathBuf::new, named);
    let before = Before { named: &was, is_at: &is_at, is_own, bytes: mark.rejects_bytes };
    before.goes_on_in(&now, now != own).err()
}

impl Candidate {
    /// Whether its index was deleted before that of another candidate was created.
    fn is_outlived_by(&self, other: &Self) -> bool {
        self.mark.counts.stored > 0 && self.header.bound.is_older_than(&other.header.bound)
    }
}

/// The sequence that is worth most to this load; of equal ones, the last in the list.
pub(crate) fn furthest(
    folder: &Folder,
    among: &[Sequence],
    place: &Place,
    may_hold: MayHold<'_>,
) -> Result<Option<Candidate>, JournalError> {
    let mut all = Vec::new();
    for sequence in among {
        let settled = folder.settled(*sequence)?.filter(|(_, mark)| mark.counts.read > 0);
        all.extend(settled.map(|(header, mark)| Candidate { sequence: *sequence, header, mark }));
    }
    let may_be_there = |settled: &Candidate| {
        let Candidate { header, mark, .. } = settled;
        place.differences(&header.place).is_empty()
            && may_hold(&header.bound, mark.counts)
            && !all.iter().any(|other| settled.is_outlived_by(other))
    };
    let worth = |settled: &Candidate| (may_be_there(settled), settled.mark.counts.read);
    let best = (0..all.len()).max_by_key(|number| all.get(*number).map(worth));
    Ok(best.map(|best| all.swap_remove(best)))
}

/// Sets aside what is given up for a new sequence; afterwards no sequence is waiting to be continued.
pub(crate) fn set_aside(folder: &Folder, kept: Option<Sequence>) -> Result<(), JournalError> {
    match kept {
        Some(Sequence::Resume) => folder.put(Sequence::Resume, Sequence::Before).map(drop)?,
        _ => folder.discard(Sequence::Resume)?,
    }
    match kept {
        Some(Sequence::Current) => folder.put(Sequence::Current, Sequence::Untouched).map(drop),
        // It would replace one that is further along, once anything is sent.
        Some(Sequence::Before | Sequence::Resume) => folder.discard(Sequence::Untouched),
        _ => Ok(()),
    }
}

/// Sets aside what is given up for a sequence that was brought back. `own` is a rejects file that does not belong to
/// it.
pub(crate) fn make_way(
    folder: &Folder,
    own: Option<&Path>,
    place: &Place,
    may_hold: MayHold<'_>,
) -> Result<(), JournalError> {
    let among = [Sequence::Current, Sequence::Before, Sequence::Untouched];
    let kept = furthest(folder, &among, place, may_hold)?;
    if kept.as_ref().is_some_and(|kept| kept.sequence == Sequence::Current && kept.mark.rejects_bytes > 0) {
        moved::make_way(&folder.of(Sequence::Current), &folder.of(Sequence::Resume), own)?;
    }
    let kept = kept.map(|kept| kept.sequence);
    if kept != Some(Sequence::Untouched) {
        folder.discard(Sequence::Untouched)?;
    }
    match kept {
        Some(kept) if kept != Sequence::Before => folder.put(kept, Sequence::Before).map(drop),
        _ => Ok(()),
    }
}
