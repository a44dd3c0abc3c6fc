//! Parses the command line with the definition of only the command that it names.
//!
//! A load has so many options that a short one spent most of its time defining them: the load's own options once, and
//! the global options once more for each other command. Help and errors still come from the full definition.

use std::ffi::OsString;

use clap::{Args, FromArgMatches, Parser};

use crate::cli::{Cli, Global, PutVectors, VectorsApi, Verify};

/// The parsed command line; an error is the help or the message to print instead.
pub(super) fn parsed(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    understood(arguments).map_or_else(|| Cli::try_parse_from(arguments), Ok)
}

/// The command line, if a single command's definition is enough to parse it.
///
/// A word may equal a command's name and mean something else, such as a profile. The definition then lacks the command
/// that is meant, and the line does not parse.
fn understood(arguments: &[OsString]) -> Option<Cli> {
    let command = arguments.iter().skip(1).find_map(|word| alone(word.to_str()?))?;
    let definition = Global::augment_args(clap::Command::new("ossvec").subcommand(command));
    Cli::from_arg_matches(&definition.try_get_matches_from(arguments).ok()?).ok()
}

/// The command of this name without its help, if it has many options.
fn alone(name: &str) -> Option<clap::Command> {
    let command = |name| clap::Command::new(name);
    Some(match name {
        "put-vectors" | "put" => PutVectors::augment_args(command("put-vectors").alias("put")),
        "verify" => Verify::augment_args(command("verify")),
        "vectors-api" => VectorsApi::augment_args(command("vectors-api")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;
    use crate::cli::definition;

    fn words(line: &[String]) -> Vec<OsString> {
        std::iter::once("ossvec").chain(line.iter().map(String::as_str)).map(OsString::from).collect()
    }

    /// The result of the full definition for a line, or `None` if that is an error or help.
    fn by_all(line: &[OsString]) -> Option<String> {
        Cli::try_parse_from(line).ok().map(|cli| format!("{cli:?}"))
    }

    fn by_one(line: &[OsString]) -> Option<String> {
        understood(line).map(|cli| format!("{cli:?}"))
    }

    /// Every option, every command name, and words that are or look like values.
    static VOCABULARY: LazyLock<Vec<String>> = LazyLock::new(|| {
        fn of(command: &clap::Command, found: &mut Vec<String>) {
            found.extend(command.get_name_and_visible_aliases().into_iter().map(str::to_owned));
            for option in command.get_arguments() {
                found.extend(option.get_long().map(|long| format!("--{long}")));
                found.extend(option.get_short().map(|short| format!("-{short}")));
            }
            command.get_subcommands().for_each(|command| of(command, found));
        }
        let mut found = Vec::new();
        of(&definition(), &mut found);
        let values = [
            "-h",
            "--help",
            "-V",
            "help",
            "--",
            "-",
            "a",
            "5",
            "--dry-run=true",
            "-qn",
            "-j4",
            "-vV",
            "--key=put",
            "",
        ];
        found.extend(values.map(str::to_owned));
        found
    });

    #[test]
    fn a_line_of_a_command_with_many_options_is_understood_without_the_others() {
        for line in [
            "put-vectors a",
            "put a -qn --bucket b",
            "--region x put-vectors a --metadata -a,-b",
            "--profile verify put a",
            "verify a --sample 1%",
            "vectors-api put-vectors --vectors file://a --dry-run --dry-run",
        ] {
            let line = words(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
            // A word that equals another command's name sends the line to the full definition.
            let is_profile = line.iter().any(|word| word == "--profile");
            assert_eq!(by_one(&line).is_some(), !is_profile, "{line:?}");
            assert!(by_all(&line).is_some(), "{line:?}");
        }
        for line in
            ["", "put-vectors --help", "help put", "put -V", "--profile put", "status", "put a --nope"]
        {
            let line = words(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(by_one(&line), None, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn what_one_definition_understands_means_the_same_to_that_of_all(
            command in select(vec!["put-vectors", "put", "verify", "vectors-api put-vectors", "status", ""]),
            picked in prop::collection::vec((any::<Index>(), any::<bool>()), 0..5),
            place in any::<Index>(),
        ) {
            let mut line = Vec::new();
            for (index, has_value) in picked {
                line.push(index.get(&VOCABULARY).clone());
                line.extend(has_value.then(|| "5".to_owned()));
            }
            let place = place.index(line.len() + 1);
            line.splice(place..place, command.split(' ').map(str::to_owned));
            let line = words(&line);
            if let Some(one) = by_one(&line) {
                prop_assert_eq!(Some(one), by_all(&line));
            }
        }
    }
}
