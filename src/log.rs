//! The log: `tracing` events, written to the chosen destination.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::exit::{ErrorCode, Failure};
use crate::private;

/// The level and the destination of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// How much is logged.
    pub level: Level,
    /// Where the log goes.
    pub destination: Destination,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Nothing.
    Off,
    /// The progress of a load.
    Info,
    /// Every request.
    Debug,
}

/// Where the log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard error.
    Error,
    /// Standard output.
    Output,
    /// Appended to a file.
    File(PathBuf),
}

/// Starts logging for the whole process.
pub(crate) fn begin(log: &Log) -> Result<Logged, Failure> {
    let logged = Logged::default();
    let level = match log.level {
        Level::Off => return Ok(logged),
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let writer = match &log.destination {
        Destination::Error => BoxMakeWriter::new(std::io::stderr),
        Destination::Output => BoxMakeWriter::new(std::io::stdout),
        Destination::File(path) => {
            let file = private::writing().create(true).append(true).open(path).map_err(|error| {
                Failure::new(
                    ErrorCode::of_writing(&error),
                    format!("cannot write --log-file {}: {error}", path.display()),
                )
                .advise("choose a writable file, or - for standard output")
            })?;
            let lines = Lines { file, is_torn: false, logged: logged.clone() };
            BoxMakeWriter::new(Mutex::new(lines))
        }
    };
    // Only ossvec's own events: what libraries log has not been reviewed.
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer).with_filter(own);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
        .map_err(|error| Failure::new(ErrorCode::NoResources, format!("cannot start logging: {error}")))?;
    Ok(logged)
}

/// The outcome of logging.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logged(Arc<Mutex<Option<io::Error>>>);

impl Logged {
    /// Why the file of `log` is incomplete, if it is.
    pub(crate) fn failure(&self, log: &Log) -> Option<Failure> {
        let error = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(error), Destination::File(path)) = (&*error, &log.destination) else { return None };
        let message = format!("the log is incomplete: cannot write --log-file {}: {error}", path.display());
        Some(
            Failure::new(ErrorCode::of_writing(error), message)
                .advise("free space on the disk, or choose a file on another one"),
        )
    }

    fn missed(&self, error: io::Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// The lines of a log file. A write error is reported at the end and does not disturb the logged work.
struct Lines {
    file: File,
    /// Whether the last line is incomplete.
    is_torn: bool,
    logged: Logged,
}

impl Lines {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if std::mem::take(&mut self.is_torn) {
            self.file.write_all(b"\n").inspect_err(|_| self.is_torn = true)?;
        }
        self.file.write_all(line).inspect_err(|_| self.is_torn = true)
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.append(line) {
            self.logged.missed(error);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Directory, printed};

    #[test]
    fn a_log_that_cannot_be_written_is_told_with_its_file() {
        let directory = Directory::new();
        let destination = Destination::File(directory.path("no/log"));
        let log = Log { level: Level::Info, destination };
        let logged = Logged::default();
        assert!(logged.failure(&log).is_none());
        logged.missed(io::ErrorKind::StorageFull.into());
        let failures = [begin(&log).err().unwrap(), logged.failure(&log).unwrap()];
        let told = printed(failures);
        insta::assert_snapshot!(told.replace(&directory.path("").display().to_string(), "DIR"), @"
        cannot write --log-file DIR/no/log: No such file or directory (os error 2)
            choose a writable file, or - for standard output
        the log is incomplete: cannot write --log-file DIR/no/log: no storage space
            free space on the disk, or choose a file on another one
        ");
    }
}
