//! The options of a verification: those of a load, so that changing one word turns one into the other.

use clap::{Arg, Args};

use super::load::PutVectors;
use crate::values::PartOfKeys;

/// Other values than those of a load, unless somebody says otherwise: a load's quota is not one of reading, and all that
/// differs is to be found.
const DEFAULTS: [(&str, &str); 4] = [
    ("batch_size", "100"),
    ("requests_per_second", "10"),
    ("vectors_per_second", "0"),
    ("max_rejects", "none"),
];

/// What stands above the options that say how vectors are read.
const HEADING: &str = "Checking";

/// Compares an index with the files that were loaded into it.
#[derive(Clone, Debug, Args)]
#[command(mut_args = of_verification)]
pub struct Verify {
    #[command(flatten)]
    pub load: PutVectors,
    /// Check only this part of the keys, such as 1%.
    ///
    /// The hash of a key decides, so that the sample is the same each time. The whole input is read.
    #[arg(long, value_name = "N%", help_heading = HEADING, allow_negative_numbers = true)]
    pub sample: Option<PartOfKeys>,
}

/// Options that mean something only where vectors are sent: taken, so that the command line of a load works, and hidden.
const WITHOUT_EFFECT: [&str; 3] = ["create_index", "non_filterable_metadata_keys", "verify"];

/// Options that contradict the command.
const REFUSED: [&str; 2] = ["check", "dry_run"];

/// Options with another help: on one line, and more of it.
const OTHERWISE: [(&str, &str, &str); 15] = [
    ("bucket", "Vector bucket of the index", ""),
    ("index_name", "Index to check", ""),
    ("inputs", "Files or directories that were loaded, or - for standard input", ""),
    ("dimension", "Number of elements that the index must have in each vector", ""),
    ("distance_metric", "Distance metric that the index must have", ""),
    (
        "skip_bad_files",
        "Skip files that cannot be read",
        "Without it, one such file ends the run before anything is checked.",
    ),
    (
        "on_change",
        "With --resume, what to do with an input that was checked in part and has changed or is gone",
        "\"refuse\" ends the run; \"restart\" checks the input from its beginning, or leaves it out.",
    ),
    ("local", "Check a local service; needs no account", "Its data are those of --data-dir."),
    ("batch_size", "Maximum vectors per request; never more than 100", ""),
    ("batch_bytes", "Maximum size of a request; larger records are rejected", ""),
    (
        "requests_per_second",
        "Maximum requests per second",
        "Each reads up to 100 vectors. 0 removes the limit.",
    ),
    ("vectors_per_second", "Maximum vectors per second", "0 removes the limit."),
    (
        "max_rejects",
        "Maximum differing, missing and rejected records",
        "The run stops when there are more. Give a count, a percentage of the records read (5%), or none for no limit.",
    ),
    (
        "rejects",
        "Write differing, missing and rejected records to this file",
        "One JSON object per line; put-vectors loads them. It must be a regular file.\n\n\
         [default: rejects.jsonl next to the journal]",
    ),
    (
        "resume",
        "Continue the verification where an earlier run stopped",
        "If there is nothing to resume, start from the beginning.",
    ),
];

/// An option of a load as it is for a verification.
fn of_verification(option: Arg) -> Arg {
    let id = option.get_id().as_str().to_owned();
    let option = match DEFAULTS.iter().find(|(other, _)| *other == id) {
        Some((_, default)) => option.default_value(default),
        None => option,
    };
    let option =
        if option.get_help_heading() == Some("Sending") { option.help_heading(HEADING) } else { option };
    let is_hidden = WITHOUT_EFFECT.contains(&id.as_str()) || REFUSED.contains(&id.as_str());
    let option = if is_hidden { option.hide(true) } else { option };
    match OTHERWISE.iter().find(|(other, ..)| *other == id) {
        Some((_, help, "")) => option.help(*help).long_help(*help),
        Some((_, help, more)) => option.help(*help).long_help(format!("{help}.\n\n{more}")),
        None => option,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::definition;

    #[test]
    fn a_verification_takes_every_option_of_a_load_and_one_of_its_own() {
        let command = definition();
        let options = |name: &str| -> BTreeSet<String> {
            let command = command.find_subcommand(name).unwrap();
            command.get_arguments().map(|option| option.get_id().to_string()).collect()
        };
        let (load, verify) = (options("put-vectors"), options("verify"));
        assert_eq!(verify.difference(&load).collect::<Vec<_>>(), ["sample"]);
        assert!(load.is_subset(&verify));
        let named = DEFAULTS.iter().map(|(id, _)| *id).chain(OTHERWISE.iter().map(|(id, ..)| *id));
        for id in named.chain(WITHOUT_EFFECT).chain(REFUSED) {
            assert!(load.contains(id), "{id}");
        }
    }
}
