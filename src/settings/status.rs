//! Where the loads are that somebody wants to see, and how they are shown.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::check::usage;
use super::environment::Environment;
use super::job::checkpoints;
use super::telling::{can_redraw, own_format};
use crate::cli::{OutputFormat, Status};
use crate::exit::Failure;

/// A look at loads.
#[derive(Debug)]
pub(crate) struct StatusSettings {
    /// The folder of all loads' folders.
    pub folder: PathBuf,
    pub format: OutputFormat,
    /// Whether it is looked at again and again.
    pub is_watched: bool,
}

/// Resolves a look at loads.
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
