//! `convert`: turns JSON that `put-vectors` cannot read into JSON that it can.

use crate::cli::Convert;
use crate::convert;
use crate::exit::{Exit, Failure};
use crate::print::{out, unprinted};

/// Converts an input.
pub(super) fn convert(arguments: &Convert) -> Result<Exit, Failure> {
    let text = convert::convert(arguments)?;
    Ok(out(&text).map_or_else(|error| unprinted(&error, Exit::Complete), |()| Exit::Complete))
}
