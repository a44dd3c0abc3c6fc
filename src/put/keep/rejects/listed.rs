//! Which keys a rejects file lists. A record stored later under one of them is newer, but the file may be loaded even
//! later: its line is marked as superseded, so that it does not bring an older value back.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::place::Place;
use super::repair::{self, known, lines};
use crate::put::batch::Batch;
use crate::put::batch::in_flight::{KeyHasher, KeyHashes};
use crate::put::books::outcome::Later;
use crate::put::books::verified::TakenBack;
use crate::record::rejected::{OPENS, Rejected};
use crate::record::{Finding, Position};

/// Maximum number of lines to remember, which take some 30 MiB.
const AT_MOST: usize = 1 << 20;

/// The keys of all lines of one file that are not superseded.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    hasher: KeyHasher,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    /// The hash of the key, and the offset of the line.
    places: BTreeSet<(u64, u64)>,
    /// The same for lines about findings of a verification.
    findings: BTreeMap<(u64, u64), FindingAt>,
    /// The offset at which the lines of this run begin.
    begun: u64,
    superseded: Superseded,
}

/// A finding of a verification, and the place of its record: its batch may end after that of a later one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FindingAt {
    pub(crate) finding: Finding,
    pub(crate) input: u32,
    pub(crate) record: u64,
}

/// How many lines of a rejects file must not be loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Superseded {
    /// Lines that are marked.
    pub(crate) marked: u64,
    /// Lines that did not fit in memory, so that nothing is known about them.
    pub(crate) unseen: u64,
    /// Findings among the marked lines.
    pub(crate) taken_back: TakenBack,
}

impl Listed {
    /// The hasher for the keys.
    pub(crate) fn hasher(&self) -> &KeyHasher {
        &self.hasher
    }

    pub(crate) fn superseded(&self) -> Superseded {
        self.lock().superseded
    }

    /// Notes a line: the key of its record, whether it is superseded, and its finding if it is about one.
    pub(crate) fn add(&self, key: &str, at: u64, is_superseded: bool, finding: Option<FindingAt>) {
        let mut lines = self.lock();
        if is_superseded {
            lines.superseded.marked += 1;
            if let Some(FindingAt { finding, .. }) = finding {
                lines.take_back(finding, at);
            }
        } else if lines.places.len() + lines.findings.len() < AT_MOST {
            let place = (self.hasher.of(key), at);
            match finding {
                Some(finding) => drop(lines.findings.insert(place, finding)),
                None => drop(lines.places.insert(place)),
            }
        } else {
            lines.superseded.unseen += 1;
        }
    }

    /// Notes all lines of a file, which are those of earlier runs. A record whose input has no number any more counts
    /// as the last one.
    pub(crate) fn read(
        &self,
        place: &Place,
        number: impl Fn(&Rejected<'_>) -> Option<u32>,
    ) -> io::Result<()> {
        let Some(file) = repair::open(place)? else { return Ok(()) };
        self.lock().begun = u64::MAX;
        let mut end = 0;
        lines(&mut BufReader::new(file), 0, |line, at| {
            end = at + line.len() as u64;
            let Some(known) = known(line) else { return Ok(()) };
            let finding = known.finding().map(|finding| FindingAt {
                finding,
                input: number(&known).unwrap_or(u32::MAX),
                record: known.record,
            });
            if let (Some(key), Some(superseded)) = (known.key, known.superseded) {
                self.add(&key, at, superseded > 0, finding);
            }
            Ok(())
        })?;
        self.lock().begun = end;
        Ok(())
    }

    /// Forgets the lines from an offset on.
    pub(crate) fn shorten(&self, bytes: u64) {
        let mut lines = self.lock();
        lines.places.retain(|(_, at)| *at < bytes);
        lines.findings.retain(|(_, at), _| *at < bytes);
    }

    /// The offset at which the lines of this run begin.
    pub(crate) fn begun(&self) -> u64 {
        self.lock().begun
    }

    /// The records of a batch whose keys are listed, or belong to defects in it.
    pub(crate) fn later(&self, batch: &Batch, hashes: &KeyHashes) -> Vec<Later> {
        let lines = self.lock();
        if lines.places.is_empty() && lines.findings.is_empty() && hashes.defects.is_empty() {
            return Vec::new();
        }
        let defects: HashSet<_> = hashes.defects.iter().collect();
        let is_later = |hash: &u64| defects.contains(hash) || lines.has(*hash);
        let later = batch.vectors.iter().zip(&hashes.vectors).filter(|(_, hash)| is_later(hash));
        later.map(|(vector, _)| Later { position: vector.position(), key: vector.key() }).collect()
    }

    /// Marks the lines of records that later ones with their keys replace, and syncs the marks.
    pub(crate) fn supersede<'a>(
        &self,
        place: &Place,
        later: impl Iterator<Item = &'a Later>,
    ) -> io::Result<()> {
        let mut lines = self.lock();
        let mut file = None;
        for Later { key, position } in later {
            let hash = self.hasher.of(key);
            for (at, finding) in lines.before(hash, *position) {
                let file = match &mut file {
                    Some(file) => file,
                    none => none.insert(place.open(OpenOptions::new().read(true).write(true))?),
                };
                let is_marked = mark(file, at, key)?;
                lines.superseded.marked += u64::from(is_marked);
                if let Some(finding) = finding.filter(|_| is_marked) {
                    lines.take_back(finding, at);
                }
                lines.places.remove(&(hash, at));
                lines.findings.remove(&(hash, at));
            }
        }
        file.map_or(Ok(()), |file| file.sync_data())
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn has(&self, hash: u64) -> bool {
        let range = (hash, 0)..=(hash, u64::MAX);
        self.places.range(range.clone()).next().is_some() || self.findings.range(range).next().is_some()
    }

    /// The lines that a record with their key supersedes. A finding about a later record stays.
    fn before(&self, hash: u64, position: Position) -> Vec<(u64, Option<Finding>)> {
        let range = (hash, 0)..=(hash, u64::MAX);
        let rejected = self.places.range(range.clone()).map(|(_, at)| (*at, None));
        let is_before = |(_, found): &(&(u64, u64), &FindingAt)| {
            (found.input, found.record) < (position.input, position.record)
        };
        let found = self.findings.range(range).filter(is_before);
        rejected.chain(found.map(|((_, at), found)| (*at, Some(found.finding)))).collect()
    }

    /// Takes back a finding whose line begins at this offset.
    fn take_back(&mut self, finding: Finding, at: u64) {
        let taken_back = &mut self.superseded.taken_back;
        if at < self.begun {
            taken_back.earlier += 1;
        } else {
            taken_back.now.add(finding);
        }
    }
}

/// Marks a line, if it still has that key: the user may have edited the file. A single byte is written, so that neither
/// a kill nor a full disk leaves half a mark.
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
        assert_eq!(rejects.listed().superseded(), Superseded { marked: 3, ..Superseded::default() });
        let resumed =
            Rejects::resume(Place::Own(path.clone()), rejects.bytes(), |_| false, |_| None).unwrap();
        resumed.supersede([later(0, "a"), later(0, "d")].iter()).unwrap();
        assert_eq!(marks(&path), [1, 1, 1, 1]);
        assert_eq!(resumed.listed().superseded(), Superseded { marked: 4, ..Superseded::default() });
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
        (0..AT_MOST as u64 + 2).for_each(|line| listed.add("a", line, false, None));
        assert_eq!(listed.superseded(), Superseded { unseen: 2, ..Superseded::default() });
        listed.shorten(1);
        listed.add("b", 1, false, None);
        assert_eq!(listed.lock().places.len(), 2);
    }

    fn finding(record: u64, key: &str, reason: Reason) -> Defect {
        Defect { reason, ..defect(record, key) }
    }

    #[test]
    fn a_finding_is_taken_back_by_a_later_record_of_its_key_and_by_no_earlier_one() {
        let (_directory, mut rejects, path) = rejects();
        let different = || Reason::Different { what: "x".into() };
        let findings = [finding(5, "a", different()), finding(6, "b", Reason::Missing)];
        rejects.write(&[Input::Stdin], &findings, &[]).unwrap();
        // Its batch may end after that of a record that follows it.
        rejects.supersede([later(4, "a"), later(6, "b")].iter()).unwrap();
        assert_eq!(marks(&path), [0, 0]);
        rejects.supersede([later(7, "a")].iter()).unwrap();
        assert_eq!(marks(&path), [1, 0]);
        let taken_back = rejects.listed().superseded().taken_back;
        assert_eq!((taken_back.earlier, taken_back.now.different, taken_back.now.missing), (0, 1, 0));

        // In a resumed run, both earlier and current marks count as those of the earlier run.
        let bytes = rejects.bytes();
        let mut resumed = Rejects::resume(Place::Own(path.clone()), bytes, |_| false, |_| Some(0)).unwrap();
        resumed.supersede([later(8, "b")].iter()).unwrap();
        resumed.write(&[Input::Stdin], &[finding(9, "c", Reason::Missing)], &[]).unwrap();
        resumed.supersede([later(10, "c")].iter()).unwrap();
        assert_eq!(marks(&path), [1, 1, 1]);
        let taken_back = resumed.listed().superseded().taken_back;
        assert_eq!((taken_back.earlier, taken_back.now.different, taken_back.now.missing), (2, 0, 1));

        // If its input is gone, nothing is known to be later.
        let (_directory, mut rejects, path) = self::rejects();
        rejects.write(&[Input::Stdin], &[finding(5, "a", Reason::Missing)], &[]).unwrap();
        let bytes = rejects.bytes();
        let gone = Rejects::resume(Place::Own(path.clone()), bytes, |_| false, |_| None).unwrap();
        gone.supersede([later(7, "a")].iter()).unwrap();
        assert_eq!(marks(&path), [0]);
    }
}
