//! One JSON object a line for each thing that happens, for scripts; the forms are in `docs/events.md`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::Telling;
use super::schema::SCHEMA_VERSION;
use super::summary::Summary;
#[cfg(unix)]
use crate::exit::Exit;
use crate::exit::Failure;
#[cfg(unix)]
use crate::put::claim;
use crate::put::outcome::Fate;
use crate::put::record::Span;
use crate::shown::json;

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    RunStart {
        version: &'static str,
        inputs: Vec<String>,
        bucket: &'a str,
        index_name: &'a str,
        resumed: bool,
        dry_run: bool,
    },
    Batch {
        seq: u64,
        input: String,
        first_record: u64,
        span: Span,
        records: u64,
        bytes: u64,
        attempts: u64,
        fate: Fate,
        stored: u64,
        rejected: u64,
        superseded: u64,
        unknown: u64,
        not_sent: u64,
        http_status: Option<u16>,
        code: Option<&'a str>,
        request_id: Option<&'a str>,
        elapsed_ms: u64,
    },
    Retry {
        batch: Option<u64>,
        attempt: u32,
        wait_ms: u64,
        http_status: Option<u16>,
        code: &'a str,
        message: String,
        request_id: Option<&'a str>,
    },
    Throttle {
        batch: Option<u64>,
        http_status: Option<u16>,
        code: &'a str,
        request_id: Option<&'a str>,
        pace: f64,
    },
    Pace {
        pace: f64,
    },
    Reject {
        input: String,
        line: u64,
        record: u64,
        key: Option<&'a str>,
        reason: &'static str,
        message: String,
    },
    InputFailed {
        input: String,
        line: u64,
        byte: u64,
        code: &'static str,
        message: String,
    },
    RunEnd {
        summary: &'a Summary,
    },
}

/// An event with the version of its form.
#[derive(Serialize)]
struct Line<'a> {
    schema_version: &'static str,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

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
    fn claim(&self) -> Result<(), Failure> {
        match self {
            #[cfg(unix)]
            Self::File { path, file, .. } if file.metadata().is_ok_and(|file| file.is_file()) => {
                claim::hold(file).map_err(|error| {
                    Failure::new(Exit::Client, format!("cannot write --events {}: {error}", path.display()))
                        .advise("wait for it to end, or name another file with --events")
                })
            }
            Self::File { .. } | Self::Output => Ok(()),
        }
    }
}

impl Telling {
    /// The same with its events claimed for this run; without them where another run writes to their file.
    pub(crate) fn claimed(self) -> (Self, Option<Failure>) {
        match self.events.as_ref().map_or(Ok(()), Events::claim) {
            Ok(()) => (self, None),
            Err(taken) => (Self { events: None, ..self }, Some(taken)),
        }
    }
}

/// Where events are being written.
pub(super) struct Sink(Box<dyn Write + Send>);

impl Sink {
    /// Begins to write. A file is emptied only here, when nothing stands in the way of the run any more: it may be that
    /// of another run, which this one has to leave alone.
    pub(super) fn begin(events: Events) -> io::Result<Self> {
        Ok(Self(match events {
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
        }))
    }

    /// Writes one line, at once: whoever follows the file sees what happened.
    pub(super) fn write(&mut self, event: &Event<'_>) -> io::Result<()> {
        let line = json(&Line { schema_version: SCHEMA_VERSION, event })? + "\n";
        self.0.write_all(line.as_bytes())?;
        self.0.flush()
    }
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

    const EVENT: &str = r#"{"schema_version":"1","type":"pace","pace":1.0}"#;

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
            let mut sink =
                Sink::begin(Events::File { file, path: path.clone(), is_continued: true }).unwrap();
            sink.write(&Event::Pace { pace: 1.0 }).unwrap();
            assert!(fs::read_to_string(&path).unwrap() == format!("{want}{whole}"), "{found}");
        }
        fs::remove_file(path).unwrap();
    }
}
