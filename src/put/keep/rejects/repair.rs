//! Removes lines that are no longer valid from a rejects file. It is read line by line; lines at its end, the common
//! case, are cut off, otherwise a new file replaces it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::place::Place;
use crate::private;
use crate::put::books::tracker::Mark;
use crate::record::rejected::{Line, Rejected, UNKNOWN};

/// The whole name of the input of a line.
pub(crate) fn whole_name(rejected: &Rejected<'_>) -> Option<String> {
    std::path::absolute(rejected.input.as_ref()).ok().map(|path| path.display().to_string())
}

/// The description in a line of the file.
pub(crate) fn known(line: &[u8]) -> Option<Rejected<'_>> {
    Line::parse(line).map(|line| line.rejected)
}

/// What was removed from the file.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    /// How many bytes of the file are noted in the journal now.
    pub(crate) noted: u64,
    /// How many of the lines were about rejected records.
    pub(crate) rejected: u64,
    /// How many were about records whose outcome is unknown.
    pub(crate) unknown: u64,
}

/// Removes all lines about some inputs, by whole name. A killed run may have done that before and not noted it in the
/// journal: then the file is shorter than the mark says, and its content counts.
pub(crate) fn forget(place: &Place, mark: &Mark, inputs: &[String]) -> io::Result<Forgotten> {
    let counted =
        Tally { bytes: mark.rejects_bytes, rejected: mark.counts.rejected, unknown: mark.counts.unknown };
    let length = open(place)?.map_or(Ok(0), |file| file.metadata().map(|metadata| metadata.len()))?;
    let goes = |line: &[u8]| {
        let name = known(line).and_then(|known| whole_name(&known));
        name.is_some_and(|name| inputs.contains(&name))
    };
    let (mut gone, mut kept) = (Tally::default(), Tally::default());
    let met = |line: &[u8], at, is_kept| {
        if at < counted.bytes {
            if is_kept { kept.add(line) } else { gone.add(line) }
        }
    };
    filter(place, 0, |line| !goes(line), met)?;
    if length < counted.bytes {
        gone = counted.without(&kept);
    }
    let Tally { bytes, rejected, unknown } = gone;
    // The user may have edited the file, so that the noted length ends within a line.
    Ok(Forgotten { noted: counted.bytes.saturating_sub(bytes), rejected, unknown })
}

/// Copies the lines about some inputs, by whole name, from lists to a new one; returns the new one's length.
pub(crate) fn carry(lists: &[(PathBuf, BTreeSet<String>)], to: &Path) -> io::Result<u64> {
    let (mut file, mut bytes) = (None, 0);
    for (list, names) in lists {
        let Some(from) = open(&Place::Own(list.clone()))? else { continue };
        lines(&mut BufReader::new(from), 0, |line, _| {
            let name = known(line).and_then(|known| whole_name(&known));
            if name.is_some_and(|name| names.contains(&name)) {
                if file.is_none() {
                    file = Some(BufWriter::new(private::create(to)?));
                }
                file.as_mut().map_or(Ok(()), |file| file.write_all(line))?;
                bytes += line.len() as u64;
            }
            Ok(())
        })?;
    }
    file.map_or(Ok(()), |file| file.into_inner()?.sync_data())?;
    Ok(bytes)
}

/// The total length of lines, and how many are about what.
#[derive(Default)]
struct Tally {
    bytes: u64,
    rejected: u64,
    unknown: u64,
}

impl Tally {
    fn add(&mut self, line: &[u8]) {
        self.bytes += line.len() as u64;
        match known(line) {
            Some(known) if known.reason == UNKNOWN => self.unknown += 1,
            Some(_) => self.rejected += 1,
            None => {}
        }
    }

    fn without(&self, other: &Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(other.bytes),
            rejected: self.rejected.saturating_sub(other.rejected),
            unknown: self.unknown.saturating_sub(other.unknown),
        }
    }
}

/// Removes a torn last line, and lines beyond the `noted` bytes about records that will be read again; returns the
/// length of the file. The noted part is not read, since the file may be large.
pub(crate) fn cut(place: &Place, noted: u64, is_to_come: impl Fn(&Rejected<'_>) -> bool) -> io::Result<u64> {
    filter(place, noted, |line| stays(line, &is_to_come), |_, _, _| {})
}

/// Whether a line beyond the noted ones stays: a torn line does not, and a record that will be read again is listed
/// again.
pub(crate) fn stays(line: &[u8], is_to_come: &impl Fn(&Rejected<'_>) -> bool) -> bool {
    known(line).map_or_else(|| line.ends_with(b"\n"), |known| !is_to_come(&known))
}

/// Keeps only some of the lines from an offset on, and returns the length of the file. Calls `met` with each line, its
/// offset, and whether it is kept.
fn filter(
    place: &Place,
    from: u64,
    is_kept: impl Fn(&[u8]) -> bool,
    mut met: impl FnMut(&[u8], u64, bool),
) -> io::Result<u64> {
    let Some(file) = open(place)? else { return Ok(0) };
    let from = from.min(file.metadata()?.len());
    let mut text = BufReader::new(file);
    text.seek(SeekFrom::Start(from))?;
    let (mut bytes, mut first) = (from, None);
    lines(&mut text, from, |line, at| {
        let is_kept = is_kept(line);
        met(line, at, is_kept);
        if is_kept {
            bytes += line.len() as u64;
        } else {
            first.get_or_insert(at);
        }
        Ok(())
    })?;
    match first {
        // No kept line comes after the removed ones.
        Some(first) if first == bytes => place.open(OpenOptions::new().write(true))?.set_len(bytes)?,
        Some(_) => replace(place, text, from, is_kept)?,
        None => {}
    }
    Ok(bytes)
}

/// Opens the file, if there is one. Anything else, such as a pipe that the user named, keeps nothing that could be
/// read.
pub(crate) fn open(place: &Place) -> io::Result<Option<File>> {
    if let Place::Named(path) = place
        && path.metadata().is_ok_and(|file| !file.is_file())
    {
        return Ok(None);
    }
    match place.open(OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Passes on each line of a text that begins at an offset, with the line's own offset.
pub(crate) fn lines(
    text: &mut impl BufRead,
    from: u64,
    mut each: impl FnMut(&[u8], u64) -> io::Result<()>,
) -> io::Result<()> {
    let (mut line, mut at) = (Vec::new(), from);
    while text.read_until(b'\n', &mut line)? > 0 {
        each(&line, at)?;
        at += line.len() as u64;
        line.clear();
    }
    Ok(())
}

/// Replaces a file by a new one without some of the lines from an offset on.
fn replace(
    place: &Place,
    text: BufReader<File>,
    from: u64,
    is_kept: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    let path = place.path().canonicalize()?;
    let (file, new) = private::create_beside(&path, ".ossvec-new")?;
    let replaced = write_kept(file, text, from, is_kept).and_then(|()| fs::rename(&new, path));
    if replaced.is_err() {
        private::remove_if_there(&new)?;
    }
    replaced
}

fn write_kept(
    file: File,
    mut text: BufReader<File>,
    from: u64,
    is_kept: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    let mut kept = BufWriter::new(file);
    text.rewind()?;
    io::copy(&mut text.by_ref().take(from), &mut kept)?;
    lines(&mut text, from, |line, _| if is_kept(line) { kept.write_all(line) } else { Ok(()) })?;
    let file = kept.into_inner()?;
    file.sync_all()?;
    file.set_permissions(text.get_ref().metadata()?.permissions())
}

pub(crate) fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Directory;

    #[test]
    fn a_file_that_was_edited_is_noted_no_further_than_it_goes() {
        let directory = Directory::new();
        let path = directory.path("rejects.jsonl");
        let why = r#""line":1,"record":0,"key":null,"reason":"nested","message":"m""#;
        let line = format!("{{\"rejected\":{{\"input\":\"/a\",{why}}},\"record\":{{}}}}\n");
        for noted in [0, 1, line.len() - 1, line.len(), line.len() + 1, 2 * line.len()] {
            fs::write(&path, line.repeat(2)).unwrap();
            let mark = Mark { rejects_bytes: noted as u64, ..Mark::default() };
            let forgotten = forget(&Place::Own(path.clone()), &mark, &["/a".to_owned()]).unwrap();
            assert_eq!((forgotten.noted, fs::read(&path).unwrap().len()), (0, 0), "{noted}");
        }
    }
}
