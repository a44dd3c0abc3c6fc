//! `verify`: a load whose vectors are compared with those of the index instead of being sent.

use super::put_vectors::carry_out;
use crate::cli::{Global, Verify};
use crate::command_line::CommandLine;
use crate::exit::{Exit, Failure};
use crate::print::ResultOnce;
use crate::settings::{self, Environment};

/// Compares the content of the files with that of the index.
pub(super) async fn verify(
    arguments: &Verify,
    global: &Global,
    environment: &Environment,
    command_line: &CommandLine,
    result: &ResultOnce,
) -> Result<Exit, Failure> {
    let verification = settings::verify(arguments, global, environment, command_line)?;
    carry_out(verification, global, result).await
}
