//! What is logged, and where to: `tracing` brings it here from wherever it is said.

use std::path::PathBuf;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::exit::{Exit, Failure};
use crate::private;

/// How much is logged, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How much.
    pub level: Level,
    /// Where to.
    pub destination: Destination,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing.
    Off,
    /// The course of a load.
    Info,
    /// Every request.
    Debug,
}

/// Where the log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard error.
    Error,
    /// Standard output.
    Output,
    /// The end of a file.
    File(PathBuf),
}

/// Logs from now on, for the whole process.
pub fn begin(log: &Log) -> Result<(), Failure> {
    let level = match log.level {
        Level::Off => return Ok(()),
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let writer = match &log.destination {
        Destination::Error => BoxMakeWriter::new(std::io::stderr),
        Destination::Output => BoxMakeWriter::new(std::io::stdout),
        Destination::File(path) => {
            let file = private::writing().create(true).append(true).open(path).map_err(|error| {
                Failure::new(Exit::Client, format!("cannot write --log-file {}: {error}", path.display()))
                    .advise("name a file that can be written, or - for standard output")
            })?;
            BoxMakeWriter::new(Mutex::new(file))
        }
    };
    // Only what the program itself says: nobody has looked at what libraries would tell.
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer).with_filter(own);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
        .map_err(|error| Failure::new(Exit::Client, format!("cannot log: {error}")))
}
