//! `complete-indexes`: the index names that completion scripts offer.

use std::io::Read;

use crate::exit::{Exit, Failure};
use crate::index_names;
use crate::print::out;
use crate::settings::Environment;

/// Prints the names of the indexes in the bucket that the typed line names. Completion shows no errors.
pub(super) async fn complete_indexes(environment: &Environment) -> Result<Exit, Failure> {
    let mut line = String::new();
    let is_read = std::io::stdin().read_to_string(&mut line).is_ok();
    let names = if is_read { index_names::of_typed(&line, environment).await } else { None };
    for name in names.unwrap_or_default() {
        out(&(name + "\n")).unwrap_or_default();
    }
    Ok(Exit::Complete)
}
