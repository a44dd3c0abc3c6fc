//! Which keys a rejects file lists. What is stored later under one of them is newer, and the file is fed again later
//! still: its line is marked as superseded, so that it does not bring an older value back.

use std::collections::{BTreeSet, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::place::Place;
use super::repair::{self, known, lines};
use crate::put::batch::Batch;
use crate::put::batch::in_flight::{KeyHasher, KeyHashes};
use crate::put::books::outcome::Later;
use crate::record::rejected::OPENS;

/// So many lines are kept in mind, which takes some 30 MiB.
const AT_MOST: usize = 1 << 20;

/// The keys of all lines of one file that are not superseded.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    hasher: KeyHasher,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    /// The hash of the key, and where the line begins.
    places: BTreeSet<(u64, u64)>,
    superseded: Superseded,
}

/// How many lines of a rejects file are not to be loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Superseded {
    /// Lines that are marked.
    pub(crate) marked: u64,
    /// Lines for which there was no room here: nobody knows.
    pub(crate) unseen: u64,
}

impl Listed {
    /// Makes the hashes by which keys are found here.
    pub(crate) fn hasher(&self) -> &KeyHasher {
        &self.hasher
    }

    pub(crate) fn superseded(&self) -> Superseded {
        self.lock().superseded
    }

    /// Notes a line, whether it is superseded, and the key of its record.
    pub(crate) fn add(&self, key: &str, at: u64, is_superseded: bool) {
        let mut lines = self.lock();
        if is_superseded {
            lines.superseded.marked += 1;
        } else if lines.places.len() < AT_MOST {
            lines.places.insert((self.hasher.of(key), at));
        } else {
            lines.superseded.unseen += 1;
        }
    }

    /// Notes all lines that a file has.
    pub(crate) fn read(&self, place: &Place) -> io::Result<()> {
        let Some(file) = repair::open(place)? else { return Ok(()) };
        lines(&mut BufReader::new(file), 0, |line, at| {
            let known = known(line);
            if let Some((key, superseded)) = known.and_then(|known| Some((known.key?, known.superseded?))) {
                self.add(&key, at, superseded > 0);
            }
            Ok(())
        })
    }

    /// Forgets the lines from a place on.
    pub(crate) fn shorten(&self, bytes: u64) {
        self.lock().places.retain(|(_, at)| *at < bytes);
    }

    /// The records of a batch whose keys are listed, or are those of defects in it.
    pub(crate) fn later(&self, batch: &Batch, hashes: &KeyHashes) -> Vec<Later> {
        let lines = self.lock();
        if lines.places.is_empty() && hashes.defects.is_empty() {
            return Vec::new();
        }
        let defects: HashSet<_> = hashes.defects.iter().collect();
        let is_later = |hash: &u64| defects.contains(hash) || lines.of(*hash).next().is_some();
        let later = batch.vectors.iter().zip(&hashes.vectors).filter(|(_, hash)| is_later(hash));
        later.map(|(vector, _)| Later { position: vector.position(), key: vector.key() }).collect()
    }

    /// Marks the lines of records under whose keys later ones are stored, and brings that to disk.
    pub(crate) fn supersede<'a>(
        &self,
        place: &Place,
        later: impl Iterator<Item = &'a Later>,
    ) -> io::Result<()> {
        let mut lines = self.lock();
        let mut file = None;
        for Later { key, .. } in later {
            let hash = self.hasher.of(key);
            for at in lines.of(hash).collect::<Vec<_>>() {
                let file = match &mut file {
                    Some(file) => file,
                    none => none.insert(place.open(OpenOptions::new().read(true).write(true))?),
                };
                lines.superseded.marked += u64::from(mark(file, at, key)?);
                lines.places.remove(&(hash, at));
            }
        }
        file.map_or(Ok(()), |file| file.sync_data())
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn of(&self, hash: u64) -> impl Iterator<Item = u64> {
        self.places.range((hash, 0)..=(hash, u64::MAX)).map(|(_, at)| *at)
    }
}

/// Marks a line, if it is still the one of that key: somebody may have edited the file. It is one byte that is written,
/// so that no kill and no full disk leaves half a mark.
fn mark(file: &mut File, at: u64, key: &str) -> io::Result<bool> {
    file.seek(SeekFrom::Start(at))?;
    let mut line = Vec::new();
    BufReader::new(&mut *file).read_until(b'\n', &mut line)?;
    let is_it = line.starts_with(OPENS.as_bytes())
        && known(&line).is_some_and(|known| known.key.as_deref() == Some(key) && known.superseded == Some(0));
    if is_it {
        file.seek(SeekFrom::Start(at + OPENS.len() as u64))?;
        file.write_all(b"1")?;
    }
    Ok(is_it)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::put::keep::rejects::Rejects;
    use crate::put::testing::position;
    use crate::record::{Defect, Input, Raw, Reason};
    use crate::testing::Directory;

    fn defect(record: u64, key: &str) -> Defect {
        Defect {
            position: position(record),
            key: Some(key.to_owned()),
            raw: Raw::Json("{}".into()),
            reason: Reason::Nested,
        }
    }

    fn later(record: u64, key: &str) -> Later {
        Later { position: position(record), key: key.to_owned() }
    }

    fn marks(path: &PathBuf) -> Vec<u8> {
        let text = std::fs::read(path).unwrap();
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        lines.map(|line| known(line).unwrap().superseded.unwrap()).collect()
    }

    fn rejects() -> (Directory, Rejects, PathBuf) {
        let directory = Directory::new();
        let path = directory.path("rejects.jsonl");
        (directory, Rejects::new(Place::Own(path.clone())), path)
    }

    #[test]
    fn lines_of_a_key_are_marked_in_this_run_and_in_one_that_resumes() {
        let (_directory, mut rejects, path) = rejects();
        let defects = [defect(0, "a"), defect(1, "b\u{7f}\"é"), defect(2, "a"), defect(3, "c")];
        rejects.write(&[Input::Stdin], &defects, &[&later(9, "c"), &later(1, "a")]).unwrap();
        assert_eq!(marks(&path), [1, 0, 0, 1]);
        rejects.supersede([later(4, "b\u{7f}\"é")].iter()).unwrap();
        assert_eq!(marks(&path), [1, 1, 0, 1]);
        assert_eq!(rejects.listed().superseded(), Superseded { marked: 3, unseen: 0 });
        let resumed = Rejects::resume(Place::Own(path.clone()), rejects.bytes(), |_| false).unwrap();
        resumed.supersede([later(0, "a"), later(0, "d")].iter()).unwrap();
        assert_eq!(marks(&path), [1, 1, 1, 1]);
        assert_eq!(resumed.listed().superseded(), Superseded { marked: 4, unseen: 0 });
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_that_is_no_longer_where_it_was_is_left_alone() {
        let (_directory, mut rejects, path) = rejects();
        rejects.write(&[Input::Stdin], &[defect(0, "a"), defect(1, "b")], &[]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let edited = text.lines().rev().flat_map(|line| [line, "\n"]).collect::<String>();
        std::fs::write(&path, &edited).unwrap();
        rejects.supersede([later(2, "a"), later(3, "b")].iter()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), edited);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn lines_for_which_there_is_no_room_are_counted() {
        let listed = Listed::default();
        (0..AT_MOST as u64 + 2).for_each(|line| listed.add("a", line, false));
        assert_eq!(listed.superseded(), Superseded { marked: 0, unseen: 2 });
        listed.shorten(1);
        listed.add("b", 1, false);
        assert_eq!(listed.lock().places.len(), 2);
    }
}
