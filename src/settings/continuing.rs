//! The command that continues a load. It names the inputs if they are few, and otherwise a list of them that is kept
//! with the journal.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Arg;

use crate::cli::{PutVectors, definition};
use crate::command_line::CommandLine;
use crate::put::FromList;

/// How many inputs are named on a command line.
const NAMED: usize = 3;

/// The command with a list of the inputs instead of their names, if these are too many or not text, or come from a list
/// that may no longer exist. `named` has all of them, and `index_name` is the index if the first input determines its
/// name.
pub(super) fn from_list(
    arguments: &PutVectors,
    named: &[PathBuf],
    command_line: &CommandLine,
    index_name: Option<&str>,
) -> Option<FromList> {
    let is_needed = arguments.reading.files_from.is_some()
        || named.len() > NAMED
        || named.iter().any(|name| name.to_str().is_none());
    if !is_needed {
        return None;
    }
    let left_out = words_of_inputs(command_line.words(), &arguments.inputs)?;
    let command = command_line.without(&left_out).resuming();
    // Absolute names could lead to another index name.
    let index = index_name.map_or_else(String::new, |name| format!(" --index-name {name}"));
    let whole = |name: &PathBuf| std::path::absolute(name).unwrap_or_else(|_| name.clone());
    Some(FromList { command: command + &index, names: named.iter().map(whole).collect() })
}

/// The command that loads what a dry run has read, with placeholders for missing names.
pub(super) fn loading(command_line: &CommandLine, bucket: &str, index_name: &str) -> String {
    let missing = [(bucket, ["--bucket", "BUCKET"]), (index_name, ["--index-name", "INDEX"])];
    let missing = missing.into_iter().filter(|(name, _)| name.is_empty());
    command_line.loading(&missing.flat_map(|(_, words)| words).collect::<Vec<_>>())
}

/// The options of a load, to find out which words of a command line are their values.
struct Options(Vec<Arg>);

impl Options {
    fn all() -> Self {
        let command = definition();
        let load = command.find_subcommand("put-vectors").into_iter().flat_map(clap::Command::get_arguments);
        Self(command.get_arguments().chain(load).cloned().collect())
    }

    /// Whether an option takes a separate word as its value; `None` if there is no such option.
    fn takes_word(&self, is_it: impl Fn(&Arg) -> bool) -> Option<bool> {
        let option = self.0.iter().find(|option| is_it(option))?;
        Some(option.get_action().takes_values() && !option.is_require_equals_set())
    }

    fn long_takes_word(&self, name: &str) -> Option<bool> {
        let is_alias = |option: &Arg| option.get_all_aliases().is_some_and(|all| all.contains(&name));
        self.takes_word(|option| option.get_long() == Some(name) || is_alias(option))
    }

    /// Whether the last of some combined short options takes the next word as its value.
    fn letters_take_word(&self, letters: &str) -> Option<bool> {
        for (at, letter) in letters.char_indices().take_while(|(_, letter)| *letter != '=') {
            if self.takes_word(|option| option.get_short() == Some(letter))? {
                return Some(at + letter.len_utf8() == letters.len());
            }
        }
        Some(false)
    }
}

/// The indices of the words that give the inputs: their names, `--files-from` and its value, and a lone `--`. `None` if
/// the words cannot be told apart.
fn words_of_inputs(words: &[String], inputs: &[PathBuf]) -> Option<BTreeSet<usize>> {
    let options = Options::all();
    let (mut names, mut left_out) = (Vec::new(), BTreeSet::new());
    let mut numbered = words.iter().enumerate().skip(1);
    while let Some((place, word)) = numbered.next() {
        let letters = word.strip_prefix('-').filter(|letters| !letters.is_empty());
        let takes_word = match (word.strip_prefix("--"), letters) {
            (Some(""), _) => {
                left_out.insert(place);
                names.extend(numbered.by_ref().map(|(place, _)| place));
                false
            }
            (Some(long), _) => !long.contains('=') && options.long_takes_word(long)?,
            (None, Some(letters)) => options.letters_take_word(letters)?,
            (None, None) => {
                names.push(place);
                false
            }
        };
        let value = if takes_word { numbered.next() } else { None };
        if word == "--files-from" || word.starts_with("--files-from=") {
            left_out.extend([place].into_iter().chain(value.map(|(place, _)| place)));
        }
    }
    // The commands come before the inputs.
    let names = names.split_off(names.len().checked_sub(inputs.len())?);
    let is_input =
        |(place, input): (&usize, &PathBuf)| words.get(*place) == Some(&input.to_string_lossy().into_owned());
    if !names.iter().zip(inputs).all(is_input) {
        return None;
    }
    left_out.extend(names);
    Some(left_out)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::{Cli, Command};

    fn line(words: &[&str]) -> (CommandLine, PutVectors) {
        let words: Vec<_> = std::iter::once("ossvec").chain(words.iter().copied()).collect();
        let Command::PutVectors(load) = Cli::try_parse_from(&words).unwrap().command else {
            panic!("{words:?}")
        };
        (CommandLine::new(words.into_iter().map(str::to_owned).collect()), *load.0)
    }

    fn listed(words: &[&str], index_name: Option<&str>) -> Option<String> {
        let (line, load) = line(words);
        let named: Vec<_> = load.inputs.clone();
        from_list(&load, &named, &line, index_name).map(|list| {
            assert!(list.names.iter().all(|name| name.is_absolute()) && list.names.len() == named.len());
            list.command
        })
    }

    #[test]
    fn up_to_three_inputs_are_named_and_more_are_listed() {
        assert_eq!(listed(&["put-vectors", "a", "b", "c"], None), None);
        for (words, wanted) in [
            ("put-vectors a b c d", "put-vectors --resume"),
            (
                "put a -qj 4 b --key c c --batch-size=5 --metadata -d d",
                "put -qj 4 --key c --batch-size=5 --metadata -d --resume",
            ),
            (
                "-c conf put-vectors -q=true --bucket=x a b c -- --d -e",
                "-c conf put-vectors -q=true --bucket=x --resume",
            ),
            ("put-vectors a --files-from list --resume", "put-vectors --resume"),
            ("put-vectors --files-from=-", "put-vectors --resume"),
        ] {
            let words: Vec<_> = words.split(' ').collect();
            assert_eq!(listed(&words, None), Some(format!("ossvec {wanted}")), "{words:?}");
        }
        let local = listed(&["put-vectors", "--local", "a", "b", "c", "d"], Some("a"));
        assert_eq!(local.as_deref(), Some("ossvec put-vectors --local --resume --index-name a"));
    }

    proptest! {
        /// However options and inputs are mixed, all inputs are removed and all options stay.
        #[test]
        fn what_is_left_out_of_a_command_line_are_its_inputs(
            parts in prop::collection::vec(prop::sample::select(vec![
                &["a"][..], &["b c"], &["-"], &["--key", "a"], &["--key=a"], &["-j", "3"], &["-j3"], &["-q"], &["-q=false"],
                &["-nq"], &["--null", "-x"], &["--dry-run"], &["--metadata", "-a"], &["-qc", "a"], &["--quiet=true"],
            ]), 1..8),
        ) {
            let words: Vec<_> = ["put-vectors"].into_iter().chain(parts.iter().copied().flatten().copied()).collect();
            let parsed = Cli::try_parse_from(std::iter::once("ossvec").chain(words.iter().copied()));
            let Ok(Cli { command: Command::PutVectors(load), .. }) = parsed else { return Ok(()) };
            let words: Vec<_> = std::iter::once("ossvec").chain(words).map(str::to_owned).collect();
            let places = words_of_inputs(&words, &load.inputs).unwrap();
            let rest = words.iter().enumerate().filter(|(place, _)| !places.contains(place)).map(|(_, word)| word);
            let Command::PutVectors(left) = Cli::try_parse_from(rest).unwrap().command else { panic!() };
            prop_assert_eq!(places.len(), load.inputs.len());
            prop_assert_eq!(format!("{:?}", left.0), format!("{:?}", PutVectors { inputs: Vec::new(), ..*load.0 }));
        }
    }
}
