//! The state of an input when a load began: its size and hashes of parts, so that no load continues with a changed one.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::record::Input;

/// An input has changed, or cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum FingerprintError {
    /// It has changed.
    #[error("{input} changed since the journal was written ({what})")]
    Changed {
        /// The input's name.
        input: String,
        /// What differs first.
        what: String,
    },
    /// It cannot be opened.
    #[error("cannot open {path}: {error}")]
    Input {
        /// Which.
        path: String,
        /// Why not.
        error: io::Error,
    },
}

/// The length of a hashed part of an input.
pub(crate) const SAMPLE: u64 = 64 << 10;
/// How many parts of each input are hashed, evenly spread; fewer if there are many inputs, so that the start is quick.
pub(crate) const SAMPLES: std::ops::RangeInclusive<u64> = 2..=64;
const SAMPLES_OF_ALL: u64 = 2_048;

/// An input as it was when the load began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Its name, for messages; a moved input is still the same.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Hashes of parts: offset and hash.
    pub samples: Vec<(u64, String)>,
}

impl Fingerprint {
    /// Takes the fingerprints of all inputs of a load.
    pub(crate) fn of_all(inputs: &[Input]) -> Result<Vec<Self>, FingerprintError> {
        let each = SAMPLES_OF_ALL / (inputs.len() as u64).max(1);
        let samples = each.clamp(*SAMPLES.start(), *SAMPLES.end());
        inputs.iter().map(|input| Self::of(input, samples)).collect()
    }

    /// Takes the fingerprint of an input: its size, and hashes of parts, so that a file of many GiB costs a few MiB.
    fn of(input: &Input, samples: u64) -> Result<Self, FingerprintError> {
        let Input::File(path) = input else {
            return Ok(Self { name: input.to_string(), size: 0, samples: Vec::new() });
        };
        let name = name_of(&std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        let read = || -> io::Result<Self> {
            if !fs::metadata(path)?.is_file() {
                // A pipe can be opened only once, to load it.
                return Ok(Self { name: name.clone(), size: 0, samples: Vec::new() });
            }
            let mut file = File::open(path)?;
            let size = file.metadata()?.len();
            let samples = hashes(&mut file, sample_offsets(size, samples))?;
            Ok(Self { name: name.clone(), size, samples })
        };
        read().map_err(|error| FingerprintError::Input { path: path.display().to_string(), error })
    }

    /// Its name without its directory.
    pub(crate) fn file_name(&self) -> Option<&OsStr> {
        Path::new(&self.name).file_name()
    }

    /// Compares with the input as it is `now`. If `now` was sampled elsewhere, because of another number of inputs,
    /// hashes the same parts as then.
    pub(crate) fn is_of(&self, now: &Self, input: &Input) -> Result<(), FingerprintError> {
        let offsets = |of: &Self| of.samples.iter().map(|(offset, _)| *offset).collect::<Vec<_>>();
        let (Input::File(path), true) = (input, self.size == now.size && offsets(self) != offsets(now))
        else {
            return self.same(now);
        };
        let samples = File::open(path).and_then(|mut file| hashes(&mut file, offsets(self)));
        let samples =
            samples.map_err(|error| FingerprintError::Input { path: path.display().to_string(), error })?;
        self.same(&Self { samples, ..now.clone() })
    }

    /// Compares two fingerprints; the error names the first difference.
    pub(crate) fn same(&self, now: &Self) -> Result<(), FingerprintError> {
        let changed = |what| Err(FingerprintError::Changed { input: now.name.clone(), what });
        if self.size != now.size {
            return changed(format!("it had {} bytes, now {}", self.size, now.size));
        }
        match self.samples.iter().zip(&now.samples).find(|(then, now)| then != now) {
            Some(((offset, _), _)) => changed(format!("the block at byte {offset} differs")),
            None => Ok(()),
        }
    }
}

/// Whether an input occurs twice, by name or by content.
pub(crate) fn have_repeats<'a>(inputs: impl IntoIterator<Item = &'a Fingerprint>) -> bool {
    let (mut names, mut contents) = (BTreeSet::new(), BTreeSet::new());
    inputs.into_iter().any(|input| {
        !names.insert(&input.name) || (input.size > 0 && !contents.insert((input.size, &input.samples)))
    })
}

/// The names that occur more than once.
pub(crate) fn repeated_names<'a>(inputs: impl IntoIterator<Item = &'a Fingerprint>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    inputs.into_iter().map(|input| input.name.as_str()).filter(|name| !names.insert(*name)).collect()
}

/// The path as unique text. A path that is not UTF-8 is escaped, and marked with an ending that no path has.
fn name_of(path: &Path) -> String {
    path.to_str().map_or_else(
        || {
            format!(
                "{}{MARK}",
                path.as_os_str().as_encoded_bytes().escape_ascii(),
                MARK = std::path::MAIN_SEPARATOR
            )
        },
        str::to_owned,
    )
}

fn hashes(file: &mut File, offsets: Vec<u64>) -> io::Result<Vec<(u64, String)>> {
    let mut hashes = Vec::with_capacity(offsets.len());
    for offset in offsets {
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        Read::by_ref(file).take(SAMPLE).read_to_end(&mut part)?;
        hashes.push((offset, short(Sha256::new().chain_update(&part))));
    }
    Ok(hashes)
}

/// Where samples start: evenly spread, including the start and end of the file; a small file is sampled completely.
pub(crate) fn sample_offsets(size: u64, samples: u64) -> Vec<u64> {
    if size <= samples * SAMPLE {
        return (0..size.div_ceil(SAMPLE)).map(|index| index * SAMPLE).collect();
    }
    let last = size - SAMPLE;
    (0..samples - 1).map(|index| last / (samples - 1) * index).chain([last]).collect()
}

/// The start of a hash as hexadecimal digits.
pub(crate) fn short(hash: Sha256) -> String {
    base16ct::lower::encode_string(hash.finalize().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_input_is_named_with_its_first_difference() {
        let then =
            Fingerprint { name: "a".into(), size: 5, samples: vec![(0, "x".into()), (65_536, "y".into())] };
        let longer = Fingerprint { size: 6, ..then.clone() };
        let other = Fingerprint { samples: vec![(0, "x".into()), (65_536, "z".into())], ..then.clone() };
        let message = |now: &Fingerprint| then.same(now).map_err(|error| error.to_string());
        assert_eq!(message(&then), Ok(()));
        assert_eq!(
            message(&longer),
            Err("a changed since the journal was written (it had 5 bytes, now 6)".to_owned())
        );
        assert_eq!(
            message(&other),
            Err("a changed since the journal was written (the block at byte 65536 differs)".to_owned())
        );
    }

    #[cfg(unix)]
    #[test]
    fn names_that_look_alike_are_told_apart() {
        use std::os::unix::ffi::OsStrExt;
        let names: Vec<_> = [&b"/d/a\xff"[..], b"/d/a\xfe", "/d/a\u{fffd}".as_bytes(), b"/d/a\\xff"]
            .into_iter()
            .map(|bytes| name_of(Path::new(OsStr::from_bytes(bytes))))
            .collect();
        assert_eq!(names, ["/d/a\\xff/", "/d/a\\xfe/", "/d/a\u{fffd}", "/d/a\\xff"]);
    }

    #[test]
    fn samples_cover_small_files_whole_and_large_ones_from_end_to_end() {
        assert_eq!(sample_offsets(0, 64), [0_u64; 0]);
        assert_eq!(sample_offsets(100_000, 64), [0, 65_536]);
        let large = sample_offsets(1 << 40, 64);
        assert_eq!((large.first(), large.last()), (Some(&0), Some(&((1 << 40) - SAMPLE))));
        assert!(large.is_sorted() && large.len() == 64);
    }
}
