//! Looks at the directory of a load without locking, moving or writing anything; of a long journal it reads only the
//! beginning and the end.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::folder::{Folder, read_if_there};
use super::header::Header;
use super::lines::{Line, later_version, unseal};
use super::receipt::Receipt;
use super::receipts::RECEIPT;
use crate::private;
use crate::put::books::tracker::Settled;

/// How much of a journal's end is read first; more only if that has no whole line.
const END: u64 = 64 << 10;

/// How far a journal is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Glance {
    pub(crate) header: Header,
    /// The counts of what is settled.
    pub(crate) counts: Settled,
}

/// What is wrong with a file of a load.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GlanceError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A later version of the program wrote it.
    #[error("{} was written by a later version of ossvec", .0.display())]
    Later(PathBuf),
    /// It is torn, or is something else.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
}

/// A file of a load, and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct There {
    pub(crate) path: PathBuf,
    pub(crate) written: SystemTime,
}

/// The journal that a resume would continue, if there is one.
pub(crate) fn journal(folder: &Path) -> Option<There> {
    Folder::journals(folder).into_iter().find_map(there)
}

/// The receipt of a load, if there is one.
pub(crate) fn receipt(folder: &Path) -> Option<There> {
    there(folder.join(RECEIPT))
}

/// A file, or something in its place, if it exists.
pub(crate) fn there(path: PathBuf) -> Option<There> {
    let written = path.symlink_metadata().and_then(|there| there.modified()).ok()?;
    Some(There { path, written })
}

/// Reads a receipt.
pub(crate) fn read_receipt(path: &Path) -> Result<Receipt, GlanceError> {
    let text = read_if_there(path).map_err(|error| GlanceError::Io { path: path.to_owned(), error })?;
    text.and_then(|text| Receipt::parse(&text)).ok_or_else(|| GlanceError::Damaged(path.to_owned()))
}

/// Reads how far a journal is.
pub(crate) fn read_journal(path: &Path) -> Result<Glance, GlanceError> {
    let glance = private::open_own(path, OpenOptions::new().read(true)).and_then(ends);
    match glance.map_err(|error| GlanceError::Io { path: path.to_owned(), error })? {
        Ends::Whole(glance) => Ok(*glance),
        Ends::Later => Err(GlanceError::Later(path.to_owned())),
        Ends::Damaged => Err(GlanceError::Damaged(path.to_owned())),
    }
}

/// The content of a journal's beginning and end.
enum Ends {
    Whole(Box<Glance>),
    Later,
    Damaged,
}

fn ends(mut file: impl Read + Seek) -> io::Result<Ends> {
    let length = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut first = Vec::new();
    let mut reader = BufReader::new(file);
    reader.read_until(b'\n', &mut first)?;
    let Some(Line::Header(header)) = unseal(&first) else {
        return Ok(if later_version(&first).is_some() { Ends::Later } else { Ends::Damaged });
    };
    let counts = last_counts(&mut reader.into_inner(), first.len() as u64..length)?;
    Ok(Ends::Whole(Box::new(Glance { header, counts: counts.unwrap_or_default() })))
}

/// The counts in the last whole line of a range; each line has all of them.
fn last_counts(file: &mut (impl Read + Seek), of: std::ops::Range<u64>) -> io::Result<Option<Settled>> {
    let mut size = END;
    loop {
        let from = of.end.saturating_sub(size).max(of.start);
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.by_ref().take(of.end - from).read_to_end(&mut text)?;
        let mut lines = text.split_inclusive(|byte| *byte == b'\n').rev();
        let counts = lines.find_map(|line| match unseal(line)? {
            Line::Mark(mark) => Some(mark.counts),
            Line::Change(change) => Some(change.counts()),
            Line::Header(_) => None,
        });
        if counts.is_some() || from == of.start {
            return Ok(counts);
        }
        size = size.saturating_mul(4);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::put::books::tracker::{Mark, Tracker};
    use crate::put::keep::journal::Place;
    use crate::put::keep::journal::lines::{next_line, parse, seal};
    use crate::record::{Position, Span};

    fn header() -> Header {
        Header::new(Place { index: "docs".into(), ..Place::default() }, BTreeMap::new(), &[]).unwrap()
    }

    /// A file that counts how much of it is read.
    struct Counted<'a>(Cursor<&'a [u8]>, usize);

    impl Read for &mut Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(buffer)?;
            self.1 += read;
            Ok(read)
        }
    }

    impl Seek for &mut Counted<'_> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    fn glance(text: &[u8]) -> (Ends, usize) {
        let mut file = Counted(Cursor::new(text), 0);
        let ends = ends(&mut file).unwrap();
        (ends, file.1)
    }

    /// The journal of batches of ten records that end in this order, with this many `failed` inputs.
    fn journal(order: &[usize]) -> String {
        let (mut tracker, mut last) = (Tracker::new(None), None);
        let mut text = seal(&Line::Header(header()));
        let position = |record: usize| Position { record: record as u64, ..Position::default() };
        for number in order {
            let span = Span { start: position(number * 10), end: position(number * 10 + 10) };
            tracker.settle(*number as u64, span, Settled { read: 10, stored: 9, rejected: 1, unknown: 0 });
            let mark: Mark = tracker.mark(0);
            text += &seal(&next_line(last.as_ref(), &mark));
            last = Some(mark);
        }
        text
    }

    #[test]
    fn of_a_journal_of_megabytes_the_beginning_and_the_end_are_read() {
        let all: Vec<_> = (0..20_000).collect();
        let text = journal(&all);
        assert!(text.len() > 3 << 20, "{}", text.len());
        let (Ends::Whole(glance), read) = glance(text.as_bytes()) else { panic!("it is whole") };
        assert_eq!(glance.counts.read, 200_000);
        assert!(read < 80 << 10, "{read} bytes");
    }

    #[test]
    fn a_line_longer_than_the_end_that_is_read_is_found_all_the_same() {
        let odd: Vec<_> = (0..4_000).map(|number| number * 2).collect();
        let mut tracker = Tracker::new(None);
        for number in &odd {
            let position = |record: u64| Position { record, ..Position::default() };
            let span = Span { start: position(*number), end: position(*number + 1) };
            tracker.settle(*number, span, Settled { read: 1, stored: 1, ..Settled::default() });
        }
        let text = seal(&Line::Header(header())) + &seal(&Line::Mark(tracker.mark(0)));
        assert!(text.len() as u64 > 3 * END, "{}", text.len());
        let (Ends::Whole(glance), _) = glance(text.as_bytes()) else { panic!("it is whole") };
        assert_eq!(glance.counts.read, 4_000);
    }

    #[test]
    fn what_is_damaged_or_of_a_later_version_is_said() {
        let later = seal(&serde_json::json!({"header": {"version": 99}}));
        assert!(matches!(glance(later.as_bytes()).0, Ends::Later));
        for text in ["", "rubbish\n", &seal(&Line::Mark(Mark::default()))] {
            assert!(matches!(glance(text.as_bytes()).0, Ends::Damaged), "{text}");
        }
    }

    proptest! {
        /// However a journal is truncated, a glance agrees with a resume.
        #[test]
        fn a_look_sees_what_a_resume_would_go_on_with(
            order in Just((0..60).collect::<Vec<usize>>()).prop_shuffle(),
            cut in any::<prop::sample::Index>(),
        ) {
            let text = journal(&order);
            let text = &text.as_bytes()[..cut.index(text.len() + 1)];
            match (glance(text).0, parse(text)) {
                (Ends::Whole(glance), Some((header, mark))) => {
                    prop_assert_eq!(glance.counts, mark.unwrap_or_default().counts);
                    prop_assert_eq!(glance.header, header);
                }
                (Ends::Damaged, None) => {}
                (_, parsed) => prop_assert!(false, "{parsed:?}"),
            }
        }
    }
}
