//! What a journal is about, and whether a list of inputs continues it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::binding::Binding;
use super::error::JournalError;
use super::place::Place;
use crate::put::books::tracker::{FailedAt, Mark};
use crate::read;
use crate::read::fingerprint::{Fingerprint, FingerprintError, short};
use crate::record::Input;
use crate::words::{count, plural};

/// Version of the form that is written. Version 1, which knew less of the place and nothing of the index, is read too.
pub(crate) const VERSION: u32 = 2;

/// What identifies a load: a journal of another one is not continued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Header {
    /// Version of the form.
    pub version: u32,
    /// Where the load goes.
    pub place: Place,
    /// What is known of the index there. Nothing is sent before this is written.
    pub bound: Binding,
    /// The options that change what is made of the input, with their values.
    pub reading: BTreeMap<String, String>,
    /// The inputs as they were.
    pub inputs: Vec<Fingerprint>,
    /// The whole name of the rejects file that the user named, or nothing in it; missing where an earlier version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<String>,
}

/// A header of any version that is read.
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
}

impl TryFrom<Written> for Header {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { version, target, place, bound, reading, inputs, rejects } = written;
        let place = match (version, place) {
            (1, _) => Place::of_version_1(&target),
            (VERSION, Some(place)) => place,
            _ => return Err("another version"),
        };
        Ok(Self { version: VERSION, place, bound, reading, inputs, rejects })
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
        Ok(Self { version: VERSION, place, bound: Binding::default(), reading, inputs, rejects: None })
    }

    /// The same with the rejects file that the user names, or none. A pipe or a device is none that could be gone on with.
    #[must_use]
    pub fn with_rejects(self, named: Option<&Path>) -> Self {
        if named.is_some_and(|path| path.metadata().is_ok_and(|there| !there.is_file())) {
            return self;
        }
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let rejects = named.map_or_else(String::new, |path| whole(path).display().to_string());
        Self { rejects: Some(rejects), ..self }
    }

    /// One folder for each place and set of input names, so that two services never share one.
    pub(crate) fn folder_name(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.place.text());
        for input in &self.inputs {
            hash.update([0]);
            hash.update(&input.name);
        }
        short(hash)
    }

    /// Which of the inputs each of the earlier ones is now.
    pub(crate) fn continues(
        &self,
        earlier: &Self,
        mark: Option<&Mark>,
        inputs: &[Input],
    ) -> Result<Vec<Option<u32>>, JournalError> {
        let elsewhere = self.place.differences(&earlier.place);
        if !elsewhere.is_empty() {
            return Err(JournalError::Elsewhere(elsewhere));
        }
        let numbers = self.inputs_of(earlier, mark, inputs)?;
        let value = |header: &Self, option| header.reading.get(option).cloned();
        let mut options = self.reading.keys().chain(earlier.reading.keys());
        let other = options.find(|option| value(self, *option) != value(earlier, *option));
        let Some(option) = other else { return Ok(numbers) };
        let said = |value: Option<String>| value.unwrap_or_else(|| "not given".to_owned());
        let (was, now) = (said(value(earlier, option)), said(value(self, option)));
        Err(JournalError::Option { option: option.clone(), was, now })
    }

    /// Which of the inputs each of the earlier ones is now, all in the same order. They must be what they were, but for
    /// those that failed: they may have changed, or be gone. One of them at least must be recognised by more than the
    /// last part of its name, or any list would do once all have failed.
    pub(crate) fn inputs_of(
        &self,
        earlier: &Self,
        mark: Option<&Mark>,
        inputs: &[Input],
    ) -> Result<Vec<Option<u32>>, JournalError> {
        let failed: BTreeMap<u32, &FailedAt> =
            mark.iter().flat_map(|mark| &mark.failed).map(|failed| (failed.at.input, failed)).collect();
        let changed = || {
            let what = format!(
                "it had {}, now {}",
                plural(earlier.inputs.len() as u64, "input"),
                count(self.inputs.len() as u64)
            );
            JournalError::Changed(FingerprintError::Changed { input: "the list of inputs".to_owned(), what })
        };
        if failed.is_empty() && earlier.inputs.len() != self.inputs.len() {
            return Err(changed());
        }
        let names: BTreeSet<_> = earlier.inputs.iter().map(|input| input.name.as_str()).collect();
        let mut numbers = Vec::with_capacity(earlier.inputs.len());
        let mut rest = (0_u32..).zip(self.inputs.iter().zip(inputs)).peekable();
        let is_new = |now: &Fingerprint| !names.contains(now.name.as_str());
        let mut is_recognised = failed.is_empty();
        for (number, then) in (0..).zip(&earlier.inputs) {
            if let Some(failed) = failed.get(&number) {
                let is_it = |(_, (now, input)): &(u32, (&Fingerprint, &Input))| {
                    let is_moved = || then.file_name() == now.file_name() || then.is_of(now, input).is_ok();
                    then.name == now.name || (is_new(now) && is_moved())
                };
                let place = rest.next_if(is_it);
                if let Some((_, (now, input))) = place {
                    is_recognised = is_recognised || then.is_surely(now, input) || failed.begins(input);
                }
                numbers.push(place.map(|(place, _)| place));
                continue;
            }
            let is_other = |(_, (now, input)): &(u32, (&Fingerprint, &Input))| {
                is_new(now) && then.is_of(now, input).is_err()
            };
            while !failed.is_empty() && rest.next_if(is_other).is_some() {}
            let (place, (now, input)) = rest.next().ok_or_else(changed)?;
            then.is_of(now, input)?;
            is_recognised = is_recognised || then.is_surely(now, input);
            numbers.push(Some(place));
        }
        let is_complete = rest.all(|(_, (now, _))| !failed.is_empty() && is_new(now));
        if is_complete && is_recognised { Ok(numbers) } else { Err(changed()) }
    }

    /// The numbers of the inputs, by the whole names that they have and, in an earlier list, had.
    pub(crate) fn numbers(&self, earlier: &Self, now: &[Option<u32>]) -> BTreeMap<String, Vec<u32>> {
        let earlier = earlier.inputs.iter().zip(now).filter_map(|(input, now)| Some((&input.name, (*now)?)));
        let mut numbers: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (name, number) in self.inputs.iter().map(|input| &input.name).zip(0..).chain(earlier) {
            numbers.entry(name.clone()).or_default().push(number);
        }
        numbers
    }
}

impl FailedAt {
    /// Whether the input begins with all that was read of this one.
    fn begins(&self, input: &Input) -> bool {
        self.at.offset > 0 && self.beginning.is_some() && read::beginning(input, self.at) == self.beginning
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_longer_or_shorter_is_refused_with_both_numbers() {
        let header = |inputs: usize| {
            let input = Fingerprint { name: "a".into(), size: 0, samples: Vec::new() };
            let header = Header::new(Place::default(), BTreeMap::new(), &[]).unwrap();
            Header { inputs: vec![input; inputs], ..header }
        };
        let refused = [(1, 2), (2_000, 1)]
            .map(|(then, now)| header(now).continues(&header(then), None, &[]).unwrap_err().to_string());
        insta::assert_snapshot!(refused.join("\n"), @"
        cannot resume: the list of inputs changed since the journal was written (it had 1 input, now 2)
        cannot resume: the list of inputs changed since the journal was written (it had 2,000 inputs, now 1)
        ");
    }
}
