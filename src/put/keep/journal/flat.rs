//! Migrates the directory of a load from older versions, which kept all files side by side, so that a load that began
//! then continues. If it is killed at any moment, the next start completes the migration.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::error::{JournalError, io_error};
use super::folder::{Folder, JOURNAL, Sequence, rename_if_there, settled_in};
use crate::private;
use crate::put::books::tracker::Mark;
use crate::put::keep::rejects::REJECTS;

const UNTOUCHED: &str = "journal.untouched";
const BEFORE: &str = "journal.before";
/// The rejects of a sequence that was set aside.
const REJECTS_BEFORE: &str = "rejects.before.jsonl";

/// Migrates all files. A list is moved before its journal: without the journal in place, the migration is not done.
pub(crate) fn carry_over(folder: &Folder) -> Result<(), JournalError> {
    let [list, list_before] = [REJECTS, REJECTS_BEFORE].map(|name| folder.path().join(name));
    for (sequence, name) in
        [(Sequence::Current, JOURNAL), (Sequence::Untouched, UNTOUCHED), (Sequence::Before, BEFORE)]
    {
        let journal = folder.path().join(name);
        if !journal.exists() || folder.journal(sequence).exists() {
            continue;
        }
        let mark = settled_in(&journal)?.map_or_else(Mark::default, |(_, mark)| mark);
        let is_list = |path: &Path| lists(path, &mark).map_err(io_error("read", path));
        // A killed version had not yet moved this.
        let is_left_behind = sequence == Sequence::Untouched && !folder.journal(Sequence::Current).exists();
        let list = match sequence {
            _ if is_list(&list_before)? && !is_list(&list)? => Some(&list_before),
            Sequence::Current => Some(&list),
            _ if is_left_behind && is_list(&list)? => Some(&list),
            _ if is_list(&list_before)? => Some(&list_before),
            _ => None,
        };
        folder.make(sequence)?;
        let place = folder.of(sequence).join(REJECTS);
        if let Some(list) = list.filter(|_| !place.exists()) {
            rename_if_there(list, &place)?;
        }
        rename_if_there(&journal, &folder.journal(sequence))?;
    }
    carry_over_list(folder, &list)
}

/// Moves the list of a complete load, which has no journal.
fn carry_over_list(folder: &Folder, list: &Path) -> Result<(), JournalError> {
    let place = folder.of(Sequence::Current).join(REJECTS);
    if !list.exists() || place.exists() {
        return Ok(());
    }
    folder.make(Sequence::Current)?;
    rename_if_there(list, &place)
}

/// Whether a file begins with the lines that a mark counts.
fn lists(path: &Path, mark: &Mark) -> io::Result<bool> {
    let wanted = mark.counts.rejected + mark.counts.unknown;
    if wanted == 0 || !path.exists() {
        return Ok(false);
    }
    let file = private::open_own(path, OpenOptions::new().read(true))?;
    let mut text = BufReader::new(file.take(mark.rejects_bytes));
    let (mut bytes, mut lines, mut last) = (0, 0, 0);
    loop {
        let part = text.fill_buf()?;
        let Some(end) = part.last() else { break };
        last = *end;
        lines += memchr::memchr_iter(b'\n', part).count() as u64;
        let length = part.len();
        bytes += length as u64;
        text.consume(length);
    }
    Ok(bytes == mark.rejects_bytes && lines == wanted && last == b'\n')
}
