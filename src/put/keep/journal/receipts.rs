//! The receipts in the directory of all loads: written, found, and removed once they are old.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::error::{JournalError, io_error};
use super::folder::{Folder, JOURNAL, Sequence, beside, read_if_there};
use super::input_list;
use super::moved;
use super::receipt::Receipt;
use crate::oss::time::Timestamp;
use crate::private;
use crate::put::keep::rejects::REJECTS;
use crate::put::report::state::STATE;

/// In the directory of a load.
pub(crate) const RECEIPT: &str = "receipt";

/// The age at which receipts are removed.
pub(crate) const KEPT_FOR: Duration = Duration::from_hours(24 * 90);
/// Maximum number of receipts.
const KEPT_AT_MOST: usize = 1_000;

/// A receipt and the directory of its load.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) folder: PathBuf,
    pub(crate) receipt: Receipt,
}

/// Writes a receipt into the directory of its load, replacing an older one.
pub(crate) fn write(folder: &Path, receipt: &Receipt) -> Result<(), JournalError> {
    let path = folder.join(RECEIPT);
    let new = beside(&path, ".new");
    let write = || -> io::Result<()> {
        let mut file: File = private::create(&new)?;
        file.write_all(receipt.text().as_bytes())?;
        file.sync_data()?;
        fs::rename(&new, &path)
    };
    write().map_err(io_error("write the receipt", &path))
}

/// Completes the work of a run that was killed after it had written its receipt.
pub(crate) fn end_completion(folder: &Folder) -> Result<(), JournalError> {
    let Some(load) = read(folder.path()).and_then(|receipt| receipt.load) else { return Ok(()) };
    let Some((header, _)) = folder.settled(Sequence::Current)? else { return Ok(()) };
    if header.load != Some(load) {
        return Ok(());
    }
    end(folder)?;
    folder.remove_journal(Sequence::Current)
}

/// Removes what was kept while the load was incomplete.
pub(crate) fn end(folder: &Folder) -> Result<(), JournalError> {
    let kept = [Sequence::Complete, Sequence::Untouched, Sequence::Before];
    kept.into_iter().try_for_each(|sequence| folder.discard(sequence))
}

/// Keeps the rejects of a complete load, which its receipt counts, until another load is complete.
pub(crate) fn keep_rejects(folder: &Folder) -> Result<(), JournalError> {
    if folder.has(Sequence::Complete) || read(folder.path()).is_none() {
        return Ok(());
    }
    if folder.has(Sequence::Current) && !folder.journal(Sequence::Current).exists() {
        return folder.put(Sequence::Current, Sequence::Complete).map(drop);
    }
    folder.make(Sequence::Complete)
}

impl Found {
    /// The load's list of rejects, wherever it is now.
    pub(crate) fn list(&self) -> Option<PathBuf> {
        let kept = self.folder.join(Sequence::Complete.name());
        let named = self.receipt.rejects.as_ref().filter(|named| !named.is_empty()).map(PathBuf::from);
        let moved = named.clone().and_then(|named| moved::whereabouts(&kept, named).ok());
        // A killed run may have noted a move but not made it.
        let mut places = moved.into_iter().chain(named);
        places.find(|list| list.is_file()).or_else(|| self.own_list(&kept))
    }

    /// The same among the program's own files; `kept` is the directory to which another run has moved it.
    fn own_list(&self, kept: &Path) -> Option<PathBuf> {
        let kept = Some(kept.join(REJECTS)).filter(|list| list.is_file());
        let current = self.folder.join(Sequence::Current.name());
        let list = kept.or_else(|| (!current.join(JOURNAL).exists()).then(|| current.join(REJECTS)));
        list.filter(|list| list.is_file())
    }
}

/// The receipt in the directory of a load, if there is one that can be read.
pub(crate) fn read(folder: &Path) -> Option<Receipt> {
    Receipt::parse(&read_if_there(&folder.join(RECEIPT)).ok().flatten()?)
}

/// Renews the receipt of a load with nothing left to do. Errors are not the load's problem.
pub(crate) fn renew(folder: &Path, now: Timestamp) {
    let now = UNIX_EPOCH + Duration::from_millis(now.unix_millis().try_into().unwrap_or_default());
    let file = private::open_own(&folder.join(RECEIPT), private::writing().append(true));
    file.and_then(|file| file.set_modified(now)).unwrap_or_default();
}

/// The traces of a load with nothing left to continue: its receipt, and the state of its latest run. Other directories
/// may have files of that name that belong to someone else.
fn traces(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let is_over = !Folder::journals(folder).iter().any(|journal| journal.exists());
    let state = (is_over && Folder::is_of_load(folder)).then(|| folder.join(STATE));
    std::iter::once(folder.join(RECEIPT)).chain(state)
}

/// Removes receipts that are old, or too many, of loads that are not in use. Errors are not the current load's problem.
pub(crate) fn remove_old(checkpoints: &Path, now: Timestamp) {
    let now = UNIX_EPOCH + Duration::from_millis(now.unix_millis().try_into().unwrap_or_default());
    let Ok(folders) = fs::read_dir(checkpoints) else { return };
    let written = |folder: PathBuf| {
        let at = traces(&folder).find_map(|trace| trace.symlink_metadata().ok()?.modified().ok())?;
        Some((at, folder))
    };
    let mut all: Vec<_> =
        folders.filter_map(Result::ok).filter_map(|folder| written(folder.path())).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    for (place, (at, folder)) in all.into_iter().enumerate() {
        let age = now.duration_since(at).unwrap_or_default();
        if (place >= KEPT_AT_MOST || age > KEPT_FOR)
            && let Ok(_lock) = Folder::open(folder.clone())
        {
            traces(&folder).for_each(|trace| fs::remove_file(trace).unwrap_or_default());
            if !Folder::journals(&folder).iter().any(|journal| journal.exists()) {
                input_list::remove(&folder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Directory;

    #[test]
    fn old_receipts_go_and_so_do_those_beyond_a_thousand_unless_somebody_works_there() {
        let directory = Directory::new();
        let checkpoints = directory.path("checkpoints");
        let folder = |number: usize| checkpoints.join(format!("{number:04}"));
        let now = Timestamp::now();
        let moment = UNIX_EPOCH + Duration::from_millis(now.unix_millis().try_into().unwrap());
        let day = Duration::from_hours(24);
        for number in 0..1_005 {
            private::make_folder(&folder(number)).unwrap();
            write(&folder(number), &Receipt { version: 1, ..Receipt::default() }).unwrap();
            fs::write(folder(number).join(STATE), "{}").unwrap();
            fs::write(folder(number).join("lock"), "").unwrap();
            input_list::write(&folder(number), &[PathBuf::from("/a")]).unwrap();
            let age = match number {
                0 | 1 => 91 * day,
                2 => 89 * day,
                _ => Duration::from_secs(number as u64),
            };
            let file = File::options().write(true).open(folder(number).join(RECEIPT)).unwrap();
            file.set_modified(moment - age).unwrap();
        }
        let lock = Folder::open(folder(1)).unwrap();
        // A stopped load here continues from its list.
        private::make_folder(&folder(0).join("current")).unwrap();
        fs::write(folder(0).join("current").join(JOURNAL), "").unwrap();
        remove_old(&checkpoints, now);
        let left: Vec<_> = (0..1_005).filter(|number| read(&folder(*number)).is_some()).collect();
        // Beyond the thousandth, the oldest of those under 90 days are removed.
        let wanted: Vec<_> = std::iter::once(1).chain(3..1_003).collect();
        assert_eq!(left, wanted);
        let told: Vec<_> = (0..1_005).filter(|number| folder(*number).join(STATE).exists()).collect();
        // The first one still has a journal.
        assert!(told.first() == Some(&0) && told[1..] == wanted);
        let has_list = |number: usize| folder(number).join("inputs").exists();
        assert_eq!([0, 1, 2, 1_004].map(has_list), [true, true, false, false]);
        drop(lock);
        remove_old(&checkpoints, now);
        assert!(read(&folder(1)).is_none() && !has_list(1));
    }
}
