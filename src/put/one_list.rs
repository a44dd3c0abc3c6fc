//! One load has one list of rejects, over all its runs: what is stored later under a listed key is marked there, and who
//! looks for what is not stored looks in one place.

use std::fs;
use std::path::Path;

use super::journal::Journal;
use super::tracker::Mark;
use crate::exit::{Exit, Failure};

/// Refuses to go on with another rejects file than the one that earlier runs wrote. One that was moved is the same.
pub(super) fn check(journal: &Journal, mark: &Mark, named: Option<&Path>) -> Result<(), Failure> {
    let Some(before) = journal.rejects_before().filter(|_| mark.rejects_bytes > 0) else { return Ok(()) };
    let own = journal.rejects_of_source();
    let now = named.unwrap_or(&own);
    if is_one(now, &before) || was_moved(&before, now, mark.rejects_bytes) || keeps_nothing(&before) {
        return Ok(());
    }
    let listed = before.display();
    let failure = Failure::new(
        Exit::Client,
        format!(
            "cannot resume with another rejects file: earlier runs of this load have listed theirs in {listed}"
        ),
    );
    let again = if before == own {
        "leave out --rejects".to_owned()
    } else {
        format!("name that file again with --rejects {listed}")
    };
    Err(match named {
        Some(now) => failure.advise(format!("{again}, or move it to {} first", now.display())),
        None => failure.advise(again),
    })
}

fn is_one(now: &Path, before: &Path) -> bool {
    let whole = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    now == before || whole(now).is_some_and(|now| whole(before) == Some(now))
}

fn was_moved(before: &Path, now: &Path, bytes: u64) -> bool {
    let length = now.metadata().ok().filter(fs::Metadata::is_file).map(|file| file.len());
    !before.exists() && length >= Some(bytes)
}

/// Whether it is a pipe or a device.
fn keeps_nothing(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| !file.is_file())
}
