//! Which loads the user wants to see, and how to show them.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::check::usage;
use super::environment::Environment;
use super::job::checkpoints;
use super::telling::{can_redraw, own_format};
use crate::cli::{OutputFormat, Status};
use crate::exit::Failure;

/// The settings of `status`.
#[derive(Debug)]
pub(crate) struct StatusSettings {
    /// The directory of all loads' directories.
    pub folder: PathBuf,
    pub format: OutputFormat,
    /// Whether to watch it continuously.
    pub is_watched: bool,
}

/// Resolves the settings of `status`.
pub(crate) fn status(arguments: &Status, environment: &Environment) -> Result<StatusSettings, Failure> {
    let format = own_format(arguments.output_format)?;
    if arguments.watch && format == OutputFormat::Json {
        return Err(usage("--watch cannot be used with --output-format json").advise("remove one of them"));
    }
    if arguments.watch && !can_redraw(std::io::stdout().is_terminal(), environment) {
        return Err(usage("--watch requires a terminal that can redraw")
            .advise("remove --watch, or use --output-format json for a script"));
    }
    let folder = checkpoints(arguments.checkpoint_dir.as_deref())?;
    Ok(StatusSettings { folder, format, is_watched: arguments.watch })
}
