//! What loads have sent to a place, and when, according to their receipts and journals.
//!
//! A receipt alone proves nothing: a later load may have sent the same file with other options or other content, or may
//! have stopped in the middle of it. To trust a receipt, one must check everything that has been sent since.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::folder::{Folder, Sequence, read_if_there};
use super::header::{Began, Header};
use super::lines::header_of;
use super::place::Place;
use super::receipt::Receipt;
use super::receipts::{KEPT_FOR, RECEIPT};
use super::sent::{Interval, LeftInput};
use crate::oss::time::Timestamp;
use crate::read::fingerprint::Fingerprint;

/// What a load has sent of an input, or may have sent.
#[derive(Clone, Debug)]
pub(crate) struct SentInput<'a> {
    pub(crate) fingerprint: &'a Fingerprint,
    pub(crate) sent: Interval,
    pub(crate) reading: &'a BTreeMap<String, String>,
    /// Whether all of it was sent.
    pub(crate) is_complete: bool,
}

/// A load, or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    /// The directory of the load.
    pub(crate) folder: PathBuf,
    /// The file that describes it.
    pub(crate) file: PathBuf,
    /// When that file was written.
    pub(crate) written: String,
    pub(crate) account: Account,
    /// Why the file cannot be read; `None` if it can be read but is damaged.
    pub(crate) refused: Option<String>,
}

/// The account of a load.
#[derive(Clone, Debug)]
pub(crate) enum Account {
    /// The load is complete.
    Complete(Receipt),
    /// The load is incomplete, or given up.
    Begun(Header),
    /// The file cannot be read: the load may have done anything.
    Unreadable,
}

/// All loads to a place that are known in the directory of all loads.
pub(crate) fn all(checkpoints: &Path, place: &Place) -> Vec<Activity> {
    let Ok(folders) = fs::read_dir(checkpoints) else { return Vec::new() };
    let mut all = Vec::new();
    for folder in folders.filter_map(Result::ok).map(|folder| folder.path()) {
        let receipt = folder.join(RECEIPT);
        let account = |text: Vec<u8>| Receipt::parse(&text).map(Account::Complete);
        let complete = Activity::read(&folder, receipt, account);
        // A run was killed before it had removed the journal that its receipt replaces.
        let ended = complete.as_ref().and_then(Activity::load).cloned();
        all.extend(complete);
        let before = folder.join(Sequence::Before.name()).join(super::folder::JOURNAL);
        for journal in Folder::journals(&folder).into_iter().chain([before]) {
            let begun = Activity::read(&folder, journal, |text| header_of(&text).map(Account::Begun));
            all.extend(begun.filter(|begun| begun.load().is_none_or(|load| Some(load) != ended.as_ref())));
        }
    }
    all.retain(|activity| activity.place().is_none_or(|there| place.differences(there).is_empty()));
    all
}

/// When anything was last sent to a place.
pub(crate) fn latest(all: &[Activity]) -> Option<&str> {
    let ends = all.iter().map(|activity| match &activity.account {
        Account::Complete(receipt) => receipt.finished_at.as_str(),
        Account::Begun(_) | Account::Unreadable => activity.written.as_str(),
    });
    ends.max()
}

/// The message of the system, without its number.
fn error_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied if error.get_ref().is_none() => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

impl Activity {
    fn read(folder: &Path, file: PathBuf, account: impl FnOnce(Vec<u8>) -> Option<Account>) -> Option<Self> {
        let (account, refused) = match read_if_there(&file) {
            Ok(text) => (account(text?).unwrap_or(Account::Unreadable), None),
            // What is not the directory of a load has no activities.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return None,
            Err(error) => (Account::Unreadable, Some(error_words(&error))),
        };
        // Without permission to look, only the directory can be named.
        let is_seen = |path: &&Path| path.starts_with(folder) && path.symlink_metadata().is_ok();
        let file = match refused {
            Some(_) => file.ancestors().find(is_seen).unwrap_or(folder).to_owned(),
            None => file,
        };
        let written = written(&file).unwrap_or_default();
        let began = match &account {
            Account::Begun(header) => header.load.as_ref().map(|began| began.at.clone()),
            Account::Complete(_) | Account::Unreadable => None,
        };
        let written = began.unwrap_or_default().max(written);
        Some(Self { folder: folder.to_owned(), file, written, account, refused })
    }

    /// When it last took into account what others had sent; from then on, its inputs are as it says.
    pub(crate) fn as_of(&self) -> Option<&str> {
        match &self.account {
            Account::Complete(receipt) => Some(&receipt.as_of),
            Account::Begun(header) => header.as_of.as_deref(),
            Account::Unreadable => None,
        }
    }

    fn load(&self) -> Option<&Began> {
        match &self.account {
            Account::Complete(receipt) => receipt.load.as_ref(),
            Account::Begun(header) => header.load.as_ref(),
            Account::Unreadable => None,
        }
    }

    fn place(&self) -> Option<&Place> {
        match &self.account {
            Account::Complete(receipt) => Some(&receipt.place),
            Account::Begun(header) => Some(&header.place),
            Account::Unreadable => None,
        }
    }

    /// Its inputs in order, followed by what remains of others in its directory. An incomplete load may have sent a
    /// part of any input.
    pub(crate) fn sent(&self) -> Vec<SentInput<'_>> {
        let (reading, left) = match &self.account {
            Account::Complete(receipt) => (&receipt.reading, &receipt.left),
            Account::Begun(header) => (&header.reading, &header.left),
            Account::Unreadable => return Vec::new(),
        };
        let mut all = match &self.account {
            Account::Complete(receipt) => {
                let sent = receipt.inputs.iter().map(|input| (&input.fingerprint, input.sent.clone()));
                sent.map(|(fingerprint, sent)| SentInput { fingerprint, sent, reading, is_complete: true })
                    .collect()
            }
            Account::Begun(header) => self.begun(header),
            Account::Unreadable => Vec::new(),
        };
        all.extend(left.iter().map(|LeftInput { fingerprint, sent, reading }| SentInput {
            fingerprint,
            sent: sent.clone(),
            reading,
            is_complete: false,
        }));
        all
    }

    fn begun<'a>(&self, header: &'a Header) -> Vec<SentInput<'a>> {
        let from = header.load.as_ref().map_or("", |began| &began.at);
        let input = |(number, fingerprint): (u32, &'a Fingerprint)| {
            let by_this = || Interval { from: from.to_owned(), to: self.written.clone() };
            let sent = header.complete.get(&number).cloned().unwrap_or_else(by_this);
            SentInput { fingerprint, sent, reading: &header.reading, is_complete: false }
        };
        (0_u32..).zip(&header.inputs).map(input).collect()
    }
}

/// What the loads of a directory may have sent of inputs that are no longer given, except for what is older than any
/// receipt.
pub(crate) fn left(all: &[Activity], folder: &Path, now: &Header) -> Vec<LeftInput> {
    let named: BTreeSet<&str> = now.inputs.iter().map(|input| input.name.as_str()).collect();
    let oldest = Timestamp::now().plus_seconds(-i64::try_from(KEPT_FOR.as_secs()).unwrap_or(i64::MAX));
    let oldest = oldest.rfc3339_millis();
    let mut left: Vec<LeftInput> = Vec::new();
    for input in all.iter().filter(|activity| activity.folder == folder).flat_map(Activity::sent) {
        let SentInput { fingerprint, sent, reading, .. } = input;
        if named.contains(fingerprint.name.as_str()) || sent.to < oldest {
            continue;
        }
        let is_it = |known: &&mut LeftInput| known.fingerprint == *fingerprint && known.reading == *reading;
        match left.iter_mut().find(is_it) {
            Some(known) => known.sent = known.sent.with(&sent),
            None => left.push(LeftInput { fingerprint: fingerprint.clone(), sent, reading: reading.clone() }),
        }
    }
    left
}

/// When a file was last written.
pub(crate) fn written(file: &Path) -> Option<String> {
    let at = file.metadata().ok()?.modified().ok()?;
    let millis = at.duration_since(UNIX_EPOCH).ok()?.as_millis();
    Some(Timestamp::from_unix_millis(i64::try_from(millis).ok()?)?.rfc3339_millis())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::testing::Directory;

    #[test]
    fn what_cannot_be_read_has_its_reason_and_what_is_named_is_there() {
        let directory = Directory::new();
        for name in ["damaged", "linked"] {
            fs::create_dir(directory.path(name)).unwrap();
        }
        directory.write("damaged/receipt", b"what is this");
        std::os::unix::fs::symlink("/dev/null", directory.path("linked/receipt")).unwrap();
        let mut found = all(&directory.path(""), &Place::default());
        found.sort_by(|one, other| one.file.cmp(&other.file));
        let [damaged, linked] = found.as_slice() else { panic!("{found:?}") };
        assert!(damaged.refused.is_none() && matches!(damaged.account, Account::Unreadable));
        let why = linked.refused.as_deref().unwrap_or_default();
        assert!(why.contains("symbolic link") && linked.file.ends_with("linked/receipt"), "{linked:?}");
        let denied = io::Error::from_raw_os_error(13);
        assert_eq!(error_words(&denied), "permission denied");
    }
}
