//! `completions`: prints a completion script.

use crate::cli::Completions;
use crate::exit::{Exit, Failure};
use crate::generate;
use crate::print::{out, unprinted};

/// Prints a completion script.
pub(super) fn completions(arguments: &Completions) -> Result<Exit, Failure> {
    out(&generate::completions(arguments.shell))
        .map_or_else(|error| Ok(unprinted(&error, Exit::Complete)), |()| Ok(Exit::Complete))
}
