//! What is logged, and where to.

use std::path::PathBuf;

use super::sources::{Found, Sources};
use crate::cli::LogLevel;
use crate::exit::Failure;
use crate::log::{self, Destination, Level};
use crate::setting::{LOG_FILE, LOGLEVEL};

/// The log settings from flags and the file.
#[derive(Clone)]
pub(super) struct LogAsFound {
    pub(super) level: Found<LogLevel>,
    /// The file, or `-` for standard output.
    pub(super) file: Option<Found>,
}

impl LogAsFound {
    /// Reads the settings from all sources.
    pub(super) fn find(sources: &Sources<'_>) -> Result<Self, Failure> {
        let file = sources.global.log_file.as_ref().map(|path| path.display().to_string());
        Ok(Self {
            level: sources.typed(sources.global.loglevel, &LOGLEVEL)?,
            file: sources.find(file.as_deref(), &LOG_FILE),
        })
    }

    /// The settings of the log.
    pub(super) fn settings(self) -> log::Log {
        let level = match self.level.value {
            LogLevel::Off => Level::Off,
            LogLevel::Info => Level::Info,
            LogLevel::Debug => Level::Debug,
        };
        let destination = match self.file {
            None => Destination::Error,
            Some(file) if file.value == "-" => Destination::Output,
            Some(file) => Destination::File(PathBuf::from(file.value)),
        };
        log::Log { level, destination }
    }
}
