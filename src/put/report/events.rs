//! One JSON object a line for each thing that happens, for scripts; the forms are in `docs/events.md`.

use std::fs::File;
use std::io::{self, Write};

use serde::Serialize;

use super::summary::Summary;
use crate::put::outcome::Fate;
use crate::put::record::Span;
use crate::shown::json;

/// Version of all these forms; it changes when a field changes its meaning or goes.
pub const SCHEMA_VERSION: &str = "1";

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
        attempts: u32,
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
        /// The file.
        file: File,
        /// Whether what is in it stays.
        is_continued: bool,
    },
}

/// Where events are being written.
pub(super) struct Sink(Box<dyn Write + Send>);

impl Sink {
    /// Begins to write. A file is emptied only here, when nothing stands in the way of the run any more: it may be that
    /// of another run, which this one has to leave alone.
    pub(super) fn begin(events: Events) -> io::Result<Self> {
        Ok(Self(match events {
            Events::Output => Box::new(io::stdout()),
            Events::File { file, is_continued } => {
                if !is_continued && file.metadata()?.is_file() {
                    file.set_len(0)?;
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
