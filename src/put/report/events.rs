//! Events, one JSON object per line: where they go, and how they are written whole.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::event::Line;
use super::happening::Happening;
use super::identity::Run;
use super::listener::{Listener, Untold};
use super::screen::Screen;
#[cfg(unix)]
use crate::claim;
#[cfg(unix)]
use crate::exit::ErrorCode;
use crate::exit::Failure;
use crate::shown::json;

/// Where events go.
#[derive(Debug)]
pub enum Events {
    /// Standard output.
    Output,
    /// A file, opened for writing.
    File {
        /// Its path as the user named it.
        path: PathBuf,
        /// The file.
        file: File,
        /// Whether to keep its content.
        is_continued: bool,
    },
}

impl Events {
    /// Keeps other loads away from the file, if that does not keep readers away.
    pub(crate) fn claim(&self) -> Result<(), Failure> {
        match self {
            #[cfg(unix)]
            Self::File { path, file, .. } if file.metadata().is_ok_and(|file| file.is_file()) => {
                claim::hold(file).map_err(|error| {
                    Failure::new(
                        ErrorCode::InUse,
                        format!("cannot write --events {}: {error}", path.display()),
                    )
                    .advise("wait for it to finish, or name another file with --events")
                })
            }
            Self::File { .. } | Self::Output => Ok(()),
        }
    }
}

/// The writer of events.
pub(crate) struct Sink {
    out: Option<Box<dyn Write + Send>>,
    /// The run that they belong to.
    run: Run,
    /// The first error; the run continues and reports it at the end.
    trouble: Option<io::Error>,
}

impl Sink {
    /// Begins to write.
    pub(crate) fn new(events: Events, run: Run) -> Self {
        match begin(events) {
            Ok(out) => Self { out: Some(out), run, trouble: None },
            Err(error) => Self { out: None, run, trouble: Some(error) },
        }
    }
}

impl Listener for Sink {
    fn hear(&mut self, happening: &Happening<'_>, _: &mut Screen) {
        let Some(out) = &mut self.out else { return };
        let Some(line) = Line::of(happening, &self.run) else { return };
        if let Err(error) = write(out, &line) {
            self.out = None;
            // If the reader is gone, the load does not fail.
            self.trouble = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        }
    }

    fn trouble(&mut self) -> Option<Untold> {
        self.trouble.take().map(Untold::Failed)
    }
}

/// Opens the target for writing. A file is emptied only here, when nothing prevents the run any more: it may belong to
/// another run, and must then stay as it is.
fn begin(events: Events) -> io::Result<Box<dyn Write + Send>> {
    Ok(match events {
        Events::Output => Box::new(io::stdout()),
        Events::File { mut file, is_continued, .. } => {
            match file.metadata()? {
                metadata if !metadata.is_file() => {}
                _ if !is_continued => file.set_len(0)?,
                metadata if metadata.len() > 0 => end_last_line(&mut file, metadata.len())?,
                _ => {}
            }
            Box::new(file)
        }
    })
}

/// Writes one line immediately, for readers that follow the file.
fn write(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    out.write_all((json(line)? + "\n").as_bytes())?;
    out.flush()
}

/// The start of each line.
const BEGINNING: &[u8] = br#"{"schema_version":"#;
/// Maximum length of an event.
const LONGEST: u64 = 16 << 20;

/// Makes sure that the next line is separate. A killed run, or a full disk, may have torn the last one: removes what is
/// left of an event, and ends any other line.
fn end_last_line(file: &mut File, length: u64) -> io::Result<()> {
    let begins = last_line(file, length)?;
    if begins == length {
        return Ok(());
    }
    let mut last = Vec::new();
    if length - begins <= LONGEST {
        file.seek(SeekFrom::Start(begins))?;
        file.read_to_end(&mut last)?;
    }
    if is_torn(&last) { file.set_len(begins) } else { file.write_all(b"\n") }
}

/// Whether a line without its end is an incomplete event.
fn is_torn(line: &[u8]) -> bool {
    // After a power failure, unwritten data may be zeros.
    let end = line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = line.get(..end).unwrap_or_default();
    let is_event = text.starts_with(BEGINNING) || BEGINNING.starts_with(text);
    is_event && !line.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err()
}

/// The offset of the last line; that of the end of the file if the last line is complete.
fn last_line(file: &mut File, length: u64) -> io::Result<u64> {
    const PART: u64 = 64 << 10;
    let mut end = length;
    while end > 0 {
        let from = end.saturating_sub(PART);
        file.seek(SeekFrom::Start(from))?;
        let mut part = Vec::new();
        file.take(end - from).read_to_end(&mut part)?;
        if let Some(at) = memchr::memrchr(b'\n', &part) {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};

    const EVENT: &str = r#"{"schema_version":"1","time":"2025-11-29T12:00:00.000Z","run_id":"5e55105e55105e55","type":"pace","pace":1.0}"#;

    #[test]
    fn whatever_is_left_of_the_last_line_the_next_one_stands_by_itself() {
        let path = std::env::temp_dir().join(format!("ossvec-events-{}", std::process::id()));
        let whole = format!("{EVENT}\n");
        let long = whole.repeat(3_000);
        let mut cases: Vec<(String, String)> = Vec::new();
        for before in ["", &whole, &long] {
            cases.push((before.to_owned(), before.to_owned()));
            cases.push((format!("{before}{EVENT}"), format!("{before}{whole}")));
            for cut in 1..EVENT.len() {
                cases.push((format!("{before}{}", EVENT.get(..cut).unwrap()), before.to_owned()));
            }
            cases.push((format!("{before}{{\"schema_ver\0\0\0"), before.to_owned()));
            cases.push((format!("{before}\0\0"), before.to_owned()));
            // What is not an event must not be removed.
            let other = format!("{before}{}", "precious ".repeat(20_000));
            cases.push((other.clone(), format!("{other}\n")));
        }
        for (found, want) in cases {
            fs::write(&path, &found).unwrap();
            let file = OpenOptions::new().append(true).read(true).open(&path).unwrap();
            let events = Events::File { file, path: path.clone(), is_continued: true };
            let mut sink = Sink::new(events, Run::of_test());
            sink.hear(&Happening::PaceRose(1.0), &mut Screen::new(false, false));
            assert!(sink.trouble().is_none());
            assert!(fs::read_to_string(&path).unwrap() == format!("{want}{whole}"), "{found}");
        }
        fs::remove_file(path).unwrap();
    }
}
