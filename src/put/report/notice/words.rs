//! The wording of notices that depend on numbers and reasons. Pure.

use std::path::Path;

use crate::words::{count, plural, some_of};

pub(super) fn repeated(first: &str, same_as: Option<&str>, times: usize, more: usize) -> String {
    match (same_as, times, more) {
        (Some(other), _, 0) => {
            format!("{first} is the same file as {other} and is loaded again; give it once")
        }
        (None, 0..=2, 0) => format!("{first} is given twice and loaded twice; give it once"),
        (None, _, 0) => {
            format!("{first} is given {} times and loaded each time; give it once", count(times as u64))
        }
        (_, _, more) => {
            let more = count(more as u64);
            format!("{first} and {more} more are given more than once and loaded each time; give each once")
        }
    }
}

/// Maximum number of skipped files that are listed.
const PASSED_OVER_LISTED: usize = 10;

pub(super) fn passed_over(files: &[String], directories: &[String], special: &[String]) -> String {
    let listed = |names: &[String], one: &str, many: &str| {
        let (named, more) = names.split_at(PASSED_OVER_LISTED.min(names.len()));
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let word = if names.len() == 1 { one } else { many };
        (!names.is_empty()).then(|| format!("{} {word} ({}{more})", names.len(), named.join(", ")))
    };
    let parts = [
        listed(files, "file of unknown format", "files of unknown format"),
        listed(directories, "directory", "directories"),
        listed(special, "special file", "special files"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    // A file of no known format would be refused by its path, too.
    let cure = match (directories.len(), files.is_empty() && special.is_empty()) {
        (0, _) if !special.is_empty() => "; to load a pipe, pass its path",
        (0, _) => "",
        (1, true) => "; to load it too, pass its path",
        (1, false) => "; to load the directory too, pass its path",
        (_, true) => "; to load them too, pass their paths",
        (_, false) => "; to load the directories too, pass their paths",
    };
    format!("skipped: {}{cure}", parts.join(" and "))
}

/// Names, followed by has or have.
pub(super) fn have(names: &[String]) -> String {
    let verb = if names.len() == 1 { "has" } else { "have" };
    format!("{} {verb}", some_of(names).unwrap_or_default())
}

/// Names, followed by was or were.
pub(super) fn were(names: &[String]) -> String {
    let verb = if names.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", some_of(names).unwrap_or_default())
}

pub(super) fn accounts_unreadable(names: &[String], refused: Option<&str>) -> String {
    let (named, is_one) = (some_of(names).unwrap_or_default(), names.len() == 1);
    let (are, them) = if is_one { ("is", "it") } else { ("are", "them") };
    let older = format!("so loads that are older than {them} are not counted");
    match refused {
        None => format!("{named} {are} damaged, {older}; remove {them} to stop this note"),
        Some(why) if why.contains("another user") => {
            format!("cannot read {named} ({why}), {older}; run as that user, or change the owner")
        }
        Some(why) => {
            format!("cannot read {named} ({why}), {older}; change the permissions, or move {them} away")
        }
    }
}

pub(super) fn keys_shared(read: u64, again: &[String]) -> String {
    let read = if read == 0 {
        "an input that is loaded has too many keys to remember".to_owned()
    } else {
        let them = if read == 1 { "it" } else { "them" };
        format!("compared the keys of {} with inputs that are loaded before {them}", plural(read, "input"))
    };
    match some_of(again) {
        Some(named) => format!("{read}; loading {named} again, so that the later value of a key wins"),
        None => format!("{read}: none in common"),
    }
}

pub(super) fn rejects_lost(records: u64, path: &Path, is_gone: bool) -> String {
    let (records, path) = (plural(records, "record"), path.display());
    let (what, it, rest) = if is_gone {
        ("is gone", "it", String::new())
    } else {
        ("no longer has all of them", "the list", format!(", and keeps what is there as {path}.1"))
    };
    format!(
        "an earlier run rejected {records}, but {path} {what}; a run without --resume writes {it} again{rest}"
    )
}
