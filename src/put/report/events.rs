//! Events, one JSON object a line: where they go, and how they get there whole.

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
        /// Where it is, as it is named.
        path: PathBuf,
        /// The file.
        file: File,
        /// Whether what is in it stays.
        is_continued: bool,
    },
}

impl Events {
    /// Keeps other loads off the file, where that keeps nobody from reading it.
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

/// Where events are being written.
pub(crate) struct Sink {
    out: Option<Box<dyn Write + Send>>,
    /// Whose events they are.
    run: Run,
    /// The first trouble; the run goes on, its end tells.
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
            // Nobody reads the events any more; that is no failure of the load.
            self.trouble = Some(error).filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        }
    }

    fn trouble(&mut self) -> Option<Untold> {
        self.trouble.take().map(Untold::Failed)
    }
}

/// Opens for writing. A file is emptied only here, when nothing stands in the way of the run any more: it may be that of
/// another run, which this one has to leave alone.
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

/// Writes one line, at once: whoever follows the file sees what happened.
fn write(out: &mut dyn Write, line: &Line<'_>) -> io::Result<()> {
    out.write_all((json(line)? + "\n").as_bytes())?;
    out.flush()
}

/// How each line begins.
const BEGINNING: &[u8] = br#"{"schema_version":"#;
/// No event is longer; what is, is no event.
const LONGEST: u64 = 16 << 20;

/// Sees to it that the next line stands by itself. A killed run, or a full disk, may have torn the last one: what is left
/// of an event goes, and whatever else stands there is ended.
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

/// Whether a line without its end is the beginning of an event, and not all of it.
fn is_torn(line: &[u8]) -> bool {
    // After a power cut there may be zeros for what was not written.
    let end = line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = line.get(..end).unwrap_or_default();
    let is_event = text.starts_with(BEGINNING) || BEGINNING.starts_with(text);
    is_event && !line.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err()
}

/// Where the last line begins; where the file ends, if the last line has its end.
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
            // What is no event is not ours to remove.
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
