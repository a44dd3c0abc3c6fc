//! What a journal is about, and whether a list of inputs continues it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::binding::Binding;
use super::error::JournalError;
use super::inputs::{self, Now, OnChange};
use super::place::Place;
use super::sent::{Interval, LeftInput};
use crate::oss::time::Timestamp;
use crate::put::books::tracker::Mark;
use crate::read::fingerprint::{Fingerprint, FingerprintError, have_repeats, short};
use crate::record::Input;

/// The version of the format that is written. Versions 1, with less of the place and nothing of the index, and 2,
/// without the counts of each input, can be read, too.
pub(crate) const VERSION: u32 = 3;
const BEFORE_COUNTS_PER_INPUT: u32 = 2;

/// How much of the name of an index is in a directory's name.
const INDEX_SHOWN: usize = 48;

/// The identity of a load: a journal of another one is not continued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Header {
    /// The version of the format.
    pub version: u32,
    /// Where the load goes.
    pub place: Place,
    /// What is known about the index there. Nothing is sent before this is written.
    pub bound: Binding,
    /// The options that change what the input is read as, with their values.
    pub reading: BTreeMap<String, String>,
    /// The inputs as they were.
    pub inputs: Vec<Fingerprint>,
    /// The whole name of the rejects file that the user named, empty for none; missing if an earlier version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<String>,
    /// Which load this is; missing if an earlier version began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Began>,
    /// When everything that other loads had sent was last taken into account, which is when its last run began; missing
    /// if an earlier version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// What loads in this directory may have sent of inputs that are no longer given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftInput>,
    /// The inputs that an earlier load has completed, by number, and when they were sent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub complete: BTreeMap<u32, Interval>,
    /// The companion files, by the options that name them; the values of these options depend on the files' content.
    #[serde(skip)]
    pub beside: BTreeMap<String, PathBuf>,
}

/// When a load began, and in which process: a unique pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// When.
    pub at: String,
    /// The process.
    pub process: u32,
}

/// A header of any supported version.
#[derive(Deserialize)]
struct Written {
    version: u32,
    /// Bucket, account, region and index: version 1.
    #[serde(default)]
    target: String,
    place: Option<Place>,
    #[serde(default)]
    bound: Binding,
    reading: BTreeMap<String, String>,
    inputs: Vec<Fingerprint>,
    rejects: Option<String>,
    load: Option<Began>,
    as_of: Option<String>,
    #[serde(default)]
    left: Vec<LeftInput>,
    #[serde(default)]
    complete: BTreeMap<u32, Interval>,
}

impl TryFrom<Written> for Header {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { version, target, place, bound, reading, inputs, rejects, load, as_of, left, complete } =
            written;
        let place = match (version, place) {
            (1, _) => Place::of_version_1(&target),
            (BEFORE_COUNTS_PER_INPUT | VERSION, Some(place)) => place,
            _ => return Err("another version"),
        };
        let beside = BTreeMap::new();
        Ok(Self { version, place, bound, reading, inputs, rejects, load, as_of, left, complete, beside })
    }
}

impl Header {
    /// Describes a load.
    pub fn new(
        place: Place,
        reading: BTreeMap<String, String>,
        inputs: &[Input],
    ) -> Result<Self, JournalError> {
        let inputs = Fingerprint::of_all(inputs)?;
        let (bound, complete) = (Binding::default(), BTreeMap::new());
        Ok(Self {
            version: VERSION,
            place,
            bound,
            reading,
            inputs,
            rejects: None,
            load: None,
            as_of: None,
            left: Vec::new(),
            complete,
            beside: BTreeMap::new(),
        })
    }

    /// The same for a load that begins now, which is after everything that was sent before, whatever the clock says.
    #[must_use]
    pub(crate) fn beginning_after(self, latest: Option<&str>) -> Self {
        let now = Timestamp::now();
        let latest = latest.and_then(Timestamp::parse_rfc3339).map(Timestamp::unix_millis);
        let next = latest.and_then(|latest| Timestamp::from_unix_millis(latest.saturating_add(1)));
        let at = next.filter(|next| next.unix_millis() > now.unix_millis()).unwrap_or(now);
        let at = at.rfc3339_millis();
        let load = Began { at: at.clone(), process: std::process::id() };
        Self { load: Some(load), as_of: Some(at), ..self }
    }

    /// Whether the marks after it have the counts of each input.
    pub(crate) fn counts_each_input(&self) -> bool {
        self.version > BEFORE_COUNTS_PER_INPUT
    }

    /// The same with the rejects file that the user names, if any. A pipe or a device cannot be continued and does not
    /// count.
    #[must_use]
    pub fn with_rejects(self, named: Option<&Path>) -> Self {
        if named.is_some_and(|path| path.metadata().is_ok_and(|there| !there.is_file())) {
            return self;
        }
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let rejects = named.map_or_else(String::new, |path| whole(path).display().to_string());
        Self { rejects: Some(rejects), ..self }
    }

    /// The same with the companion files of the inputs.
    #[must_use]
    pub(crate) fn with_beside(self, beside: BTreeMap<String, PathBuf>) -> Self {
        Self { beside, ..self }
    }

    /// One directory for each place and set of input names, so that two services never share one. If an earlier version
    /// has created one, without the index in its name, that one remains in use.
    pub(crate) fn folder(&self, checkpoints: &Path) -> PathBuf {
        let hash = self.hash();
        let [named, earlier] =
            [format!("{}-{hash}", file_name(&self.place.index)), hash].map(|name| checkpoints.join(name));
        if !named.exists() && earlier.exists() { earlier } else { named }
    }

    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.place.text());
        for input in &self.inputs {
            hash.update([0]);
            hash.update(&input.name);
        }
        short(hash)
    }

    /// What has become of the inputs of an earlier run, if this load continues it.
    pub(crate) fn continues(
        &self,
        earlier: &Self,
        mark: &Mark,
        inputs: &[Input],
        on_change: OnChange,
    ) -> Result<Vec<Now>, JournalError> {
        let elsewhere = self.place.differences(&earlier.place);
        if !elsewhere.is_empty() {
            return Err(JournalError::Elsewhere(elsewhere));
        }
        let now = inputs::find(&earlier.inputs, &self.inputs, inputs, mark)?;
        inputs::check(&now, &earlier.inputs, mark, on_change)?;
        let Some(option) = self.other_reading(earlier) else { return Ok(now) };
        if let Some(changed) = self.changed_beside(&option, earlier) {
            return Err(JournalError::Changed(changed));
        }
        let said =
            |header: &Self| header.reading.get(&option).cloned().unwrap_or_else(|| "not given".to_owned());
        let (was, now) = (said(earlier), said(self));
        Err(JournalError::Option { option, was, now })
    }

    /// How the file that an option names has changed, if the option names one now and did then.
    fn changed_beside(&self, option: &str, earlier: &Self) -> Option<FingerprintError> {
        let file = self.beside.get(option)?;
        let (was, now) = (earlier.reading.get(option)?, self.reading.get(option)?);
        let size = |content: &str| content.split_once(' ').map(|(size, _)| size.to_owned());
        let what = match (size(was), size(now)) {
            (Some(was), Some(now)) if was != now => format!("it had {was} bytes, now {now}"),
            _ => "its content differs".to_owned(),
        };
        let input = format!("{} (from {option})", file.display());
        Some(FingerprintError::Changed { input, what })
    }

    /// Whether an input occurs twice, by name or by content.
    pub(crate) fn has_repeats(&self) -> bool {
        have_repeats(&self.inputs)
    }

    /// The first option that differs and changes what the input is read as.
    pub(crate) fn other_reading(&self, earlier: &Self) -> Option<String> {
        let mut options = self.reading.keys().chain(earlier.reading.keys());
        options.find(|option| self.reading.get(*option) != earlier.reading.get(*option)).cloned()
    }

    /// The numbers of the inputs, by the whole names that they have and had in an earlier list.
    pub(crate) fn numbers(&self, earlier: &Self, now: &[Option<u32>]) -> BTreeMap<String, Vec<u32>> {
        let earlier = earlier.inputs.iter().zip(now).filter_map(|(input, now)| Some((&input.name, (*now)?)));
        let mut numbers: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (name, number) in self.inputs.iter().map(|input| &input.name).zip(0..).chain(earlier) {
            numbers.entry(name.clone()).or_default().push(number);
        }
        numbers
    }
}

/// The name of an index as part of a directory's name on any file system. The hash after it covers what is left out.
fn file_name(index: &str) -> String {
    let safe = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    index.chars().take(INDEX_SHOWN).map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Directory;

    fn header(index: &str) -> Header {
        let place = Place { index: index.to_owned(), ..Place::default() };
        Header::new(place, BTreeMap::new(), &[]).unwrap()
    }

    #[test]
    fn a_folder_is_named_by_its_index_and_a_hash_and_one_of_an_earlier_version_stays() {
        let directory = Directory::new();
        let name = |index: &str| {
            let folder = header(index).folder(&directory.path(""));
            folder.file_name().unwrap().to_str().unwrap().to_owned()
        };
        let (index, hash) = (name("docs"), header("docs").hash());
        assert_eq!((index, hash.len()), (format!("docs-{hash}"), 16));
        assert!(name("../a b\u{e9}").starts_with("___a_b_-"));
        assert!(name(&"x".repeat(1_000)).len() <= 65);
        std::fs::create_dir(directory.path(&hash)).unwrap();
        assert_eq!(name("docs"), hash);
        std::fs::create_dir(directory.path(&format!("docs-{hash}"))).unwrap();
        assert_eq!(name("docs"), format!("docs-{hash}"));
    }

    #[test]
    fn a_load_begins_after_everything_that_was_sent_before_also_where_the_clock_was_set_back() {
        let header = || Header::new(Place::default(), BTreeMap::new(), &[]).unwrap();
        let began = |latest| header().beginning_after(latest).load.unwrap().at;
        assert_eq!(began(Some("2999-01-01T00:00:00.000Z")), "2999-01-01T00:00:00.001Z");
        let now = Timestamp::now().rfc3339_millis();
        for latest in [None, Some("2020-01-01T00:00:00.000Z"), Some("no date")] {
            assert!(began(latest) >= now, "{latest:?}");
        }
    }
}
