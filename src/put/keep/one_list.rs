//! A load has a single list of rejects over all its runs: records stored later under a listed key are marked there, and
//! users find everything that is not stored in one place.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::exit::{ErrorCode, Failure};
use crate::record::rejected::Line;

/// The list of the run that is continued.
pub(crate) struct Before<'a> {
    /// The name that it had.
    pub(crate) named: &'a Path,
    /// The name that it has now: it may have been moved out of another run's way.
    pub(crate) is_at: &'a Path,
    /// Whether it is the program's own.
    pub(crate) is_own: bool,
    /// Its length.
    pub(crate) bytes: u64,
}

/// What is in the place of the list of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The list, or nothing yet.
    List,
    /// Perhaps something else: the list is gone.
    Other,
}

impl Before<'_> {
    /// Refuses to continue in another list while the old one exists; `named` says whether the user names this one.
    pub(crate) fn goes_on_in(&self, now: &Path, named: bool) -> Result<Found, Failure> {
        if is_one(now, self.named) {
            return Ok(Found::List);
        }
        if !self.is_at.is_file() {
            let is_list = is_list(now, self.bytes).unwrap_or(false);
            return Ok(if is_list { Found::List } else { Found::Other });
        }
        let listed = format!(
            "cannot resume with another rejects file: earlier runs of this load wrote their rejects to {}",
            self.is_at.display()
        );
        let again = if self.is_own {
            "omit --rejects".to_owned()
        } else {
            format!("use --rejects {} as before", word(self.named))
        };
        let can_be_moved =
            named && self.is_at == self.named && !now.metadata().is_ok_and(|there| !there.is_file());
        let moved =
            if can_be_moved { format!(", or first move that file to {}", word(now)) } else { String::new() };
        Err(Failure::new(ErrorCode::OptionsChanged, listed).advise(again + &moved))
    }
}

fn is_one(now: &Path, before: &Path) -> bool {
    let whole = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    now == before || whole(now).is_some_and(|now| whole(before) == Some(now))
}

/// Whether a file begins with lines of rejects of this length.
fn is_list(path: &Path, bytes: u64) -> io::Result<bool> {
    if !path.is_file() || path.metadata()?.len() < bytes {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    let (mut last, mut first) = ([0], Vec::new());
    file.seek(SeekFrom::Start(bytes.saturating_sub(1)))?;
    file.read_exact(&mut last)?;
    file.rewind()?;
    BufReader::new(file.take(bytes)).read_until(b'\n', &mut first)?;
    Ok(last == *b"\n" && Line::parse(&first).is_some())
}

fn word(path: &Path) -> String {
    let path = path.display().to_string();
    shlex::try_quote(&path).map(Cow::into_owned).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Directory, printed};

    const LINE: &str = "{\"rejected\":{\"superseded\":0,\"input\":\"a\",\"line\":1,\"record\":0,\"key\":null,\
                        \"reason\":\"nested\",\"message\":\"m\"},\"record\":{}}\n";

    #[test]
    fn a_list_is_known_by_its_lines() {
        let directory = Directory::new();
        let path = directory.path("q.jsonl");
        let bytes = LINE.len() as u64;
        for (text, wanted) in [
            (String::new(), false),
            (LINE.to_owned(), true),
            (LINE.repeat(2), true),
            (LINE.repeat(2).replace("rejected", "accepted"), false),
            ("1\n".repeat(LINE.len()), false),
            (LINE.trim_end().to_owned(), false),
            (format!("x{LINE}"), false),
        ] {
            fs::write(&path, &text).unwrap();
            assert_eq!(is_list(&path, bytes).unwrap(), wanted, "{text}");
        }
        assert!(!is_list(&directory.path("nothing"), bytes).unwrap());
    }

    #[test]
    fn another_list_is_refused_as_long_as_the_first_is_there_with_a_cure_that_works() {
        let directory = Directory::new();
        let [first, second, number] =
            ["my r.jsonl", "q.jsonl", "my r.jsonl.1"].map(|name| directory.path(name));
        fs::write(&first, LINE).unwrap();
        let before = |is_at, is_own| Before { named: &first, is_at, is_own, bytes: LINE.len() as u64 };
        let refused = |before: Before<'_>, now: &Path, named| before.goes_on_in(now, named).unwrap_err();
        assert_eq!(before(&first, false).goes_on_in(&first, true).ok(), Some(Found::List));
        // The last one was moved out of the way of another run, whose list is in its place now.
        fs::write(&number, LINE).unwrap();
        let refused = [
            refused(before(&first, false), &second, true),
            refused(before(&first, false), &second, false),
            refused(before(&first, false), Path::new("/dev/null"), true),
            refused(before(&first, true), &second, true),
            refused(before(&number, false), &second, true),
        ];
        let text = printed(refused).replace(&directory.path("").display().to_string(), "DIR");
        insta::assert_snapshot!(text, @"
        cannot resume with another rejects file: earlier runs of this load wrote their rejects to DIR/my r.jsonl
            use --rejects 'DIR/my r.jsonl' as before, or first move that file to DIR/q.jsonl
        cannot resume with another rejects file: earlier runs of this load wrote their rejects to DIR/my r.jsonl
            use --rejects 'DIR/my r.jsonl' as before
        cannot resume with another rejects file: earlier runs of this load wrote their rejects to DIR/my r.jsonl
            use --rejects 'DIR/my r.jsonl' as before
        cannot resume with another rejects file: earlier runs of this load wrote their rejects to DIR/my r.jsonl
            omit --rejects, or first move that file to DIR/q.jsonl
        cannot resume with another rejects file: earlier runs of this load wrote their rejects to DIR/my r.jsonl.1
            use --rejects 'DIR/my r.jsonl' as before
        ");
        fs::rename(&first, &second).unwrap();
        assert_eq!(before(&first, false).goes_on_in(&second, true).ok(), Some(Found::List));
        fs::write(&second, "precious").unwrap();
        assert_eq!(before(&first, false).goes_on_in(&second, true).ok(), Some(Found::Other));
    }
}
