//! The command line that continues a load, as one shell line without secrets. Pure.

use std::collections::BTreeSet;

use crate::setting::{self, Setting};
use crate::shown::quoted;

/// Letters of options without a value, which may precede one with a value in the same word.
const SWITCHES: [char; 2] = ['q', 'n'];

/// Options whose values may begin with a hyphen, such as the name of an excluded field: such a value is not a word of
/// option letters.
const HYPHEN_VALUES: [&str; 7] =
    ["--vectors", "--metadata", "--delimiter", "--quote", "--escape", "--comment", "--null"];

/// The arguments that the program was started with.
#[derive(Clone)]
pub(crate) struct CommandLine(Vec<String>);

impl CommandLine {
    /// Takes all arguments, the program's name first.
    pub(crate) fn new(arguments: Vec<String>) -> Self {
        Self(arguments)
    }

    /// The arguments, the program's name first.
    pub(crate) fn words(&self) -> &[String] {
        &self.0
    }

    /// The same without some of the arguments.
    #[must_use]
    pub(crate) fn without(&self, places: &BTreeSet<usize>) -> Self {
        let left = self.0.iter().enumerate().filter(|(place, _)| !places.contains(place));
        Self(left.map(|(_, word)| word.clone()).collect())
    }

    /// The same command with `--resume`.
    pub(crate) fn resuming(&self) -> String {
        let has_it = self.options().iter().any(|argument| argument == "--resume");
        self.shown(if has_it { &[] } else { &["--resume"] })
    }

    /// The same command without `--dry-run`, and with additional words.
    pub(crate) fn loading(&self, more: &[&str]) -> String {
        let options = self.options().len();
        let mut words: Vec<String> = Vec::with_capacity(self.0.len());
        let mut is_value = false;
        for (place, word) in self.0.iter().enumerate() {
            let kept = if place == 0 || place >= options || is_value {
                Some(word.clone())
            } else {
                without_dry_run(word)
            };
            is_value = !is_value && HYPHEN_VALUES.contains(&word.as_str());
            words.extend(kept);
        }
        Self(words).shown(more)
    }

    /// The words up to and including a lone `--`.
    fn options(&self) -> &[String] {
        let end = self.0.iter().skip(1).position(|argument| argument == "--");
        self.0.get(..end.map_or(self.0.len(), |at| at + 1)).unwrap_or_default()
    }

    /// The command with additional options. Secrets are replaced with their variables.
    fn shown(&self, more: &[&str]) -> String {
        let (options, inputs) = self.0.split_at(self.options().len());
        let mut words = vec!["ossvec".to_owned()];
        let mut is_after_value = false;
        for (before, argument) in options.iter().zip(options.iter().skip(1)) {
            let is_value = !is_after_value && HYPHEN_VALUES.contains(&before.as_str());
            words.push(match secret_alone(before, argument) {
                _ if is_value => quoted(argument),
                Some(secret) if !is_after_value => secret,
                _ => word(argument),
            });
            is_after_value = is_value;
        }
        words.extend(more.iter().map(ToString::to_string));
        words.extend(inputs.iter().map(|argument| quoted(argument)));
        words.join(" ")
    }
}

/// A word of options without the dry-run option; `None` if nothing remains.
fn without_dry_run(word: &str) -> Option<String> {
    if word == "--dry-run" || word.starts_with("--dry-run=") {
        return None;
    }
    let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.starts_with('-')) else {
        return Some(word.to_owned());
    };
    let rest = letters.trim_start_matches(SWITCHES);
    let switches = letters.strip_suffix(rest).unwrap_or_default();
    if !switches.contains('n') {
        return Some(word.to_owned());
    }
    // The value of a switch is in the same word: -n=true.
    let rest = if rest.starts_with('=') && switches.ends_with('n') { "" } else { rest };
    let left = switches.replace('n', "") + rest;
    (!left.is_empty()).then(|| format!("-{left}"))
}

/// The variable to show instead of an argument that is the secret value of the option before it.
fn secret_alone(before: &str, argument: &str) -> Option<String> {
    let names =
        |secret: &&Setting| before == secret.option() || letters(before, secret).is_some_and(str::is_empty);
    let secret = setting::secret_options().find(names)?;
    secret.is_secret(argument).then(|| in_its_place(secret))
}

/// An argument as it can be shown, even if it is an option and its value in one word.
fn word(argument: &str) -> String {
    for secret in setting::secret_options() {
        let joined = argument.strip_prefix(&secret.option()).and_then(|rest| rest.strip_prefix('='));
        let value = joined.or_else(|| letters(argument, secret)).filter(|value| !value.is_empty());
        if let Some((name, _)) = value
            .filter(|value| secret.is_secret(value))
            .and_then(|value| argument.split_at_checked(argument.len() - value.len()))
        {
            return name.to_owned() + &in_its_place(secret);
        }
    }
    quoted(argument)
}

/// The variable to show instead of a secret.
fn in_its_place(secret: &Setting) -> String {
    format!("\"${}\"", secret.variables().first().copied().unwrap_or_default())
}

/// What follows an option's letter in a word of option letters.
fn letters<'a>(argument: &'a str, option: &Setting) -> Option<&'a str> {
    let letters = argument.strip_prefix('-')?.trim_start_matches(SWITCHES);
    letters.strip_prefix(option.letter?)
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;
    use crate::cli::definition;

    #[test]
    fn switches_and_values_with_hyphens_are_those_of_the_command_line() {
        let command = definition();
        let load = command.find_subcommand("put-vectors").unwrap();
        let options = || command.get_arguments().chain(load.get_arguments());
        // A value may follow a switch only after an equals sign.
        let switches: BTreeSet<_> =
            options().filter(|option| option.is_require_equals_set()).filter_map(Arg::get_short).collect();
        assert_eq!(switches, BTreeSet::from(SWITCHES));
        let hyphens = options().filter(|option| option.is_allow_hyphen_values_set());
        let hyphens: BTreeSet<_> =
            hyphens.map(|option| format!("--{}", option.get_long().unwrap())).collect();
        assert_eq!(hyphens, HYPHEN_VALUES.map(str::to_owned).into());
    }

    #[track_caller]
    fn resuming(arguments: &[&str], wanted: &str) {
        let line = CommandLine::new(arguments.iter().map(ToString::to_string).collect());
        assert_eq!(line.resuming(), format!("ossvec {wanted}"));
    }

    #[test]
    fn words_are_quoted_as_the_shell_needs_it() {
        resuming(
            &["/bin/ossvec", "put-vectors", "my file's.jsonl", "--bucket", "b", ""],
            r"put-vectors 'my file'\''s.jsonl' --bucket b '' --resume",
        );
    }

    #[test]
    fn what_a_terminal_or_a_build_server_would_obey_is_an_escape_on_the_one_line() {
        resuming(
            &["ossvec", "put", "a\n::stop-commands::x", "\u{1b}[2J'\\", "##[debug]", "\u{85}é"],
            r"put $'a\012::stop-commands::x' $'\033[2J\'\\' $'\043\043[debug]' $'\302\205é' --resume",
        );
    }

    #[test]
    fn resume_is_said_once_and_before_a_lone_double_dash() {
        resuming(&["ossvec", "put-vectors", "--resume", "a"], "put-vectors --resume a");
        resuming(&["ossvec", "put-vectors", "--", "-a"], "put-vectors --resume -- -a");
        resuming(&["ossvec", "put", "--", "--resume", "-khush"], "put --resume -- --resume -khush");
    }

    #[test]
    fn the_command_that_loads_is_the_same_without_its_dry_run() {
        for (given, wanted) in [
            ("put-vectors a --dry-run", "put-vectors a --more"),
            ("put-vectors a --dry-run=true -q", "put-vectors a -q --more"),
            ("put-vectors -n a", "put-vectors a --more"),
            ("put-vectors -qn a -n=true", "put-vectors -q a --more"),
            ("put-vectors -nqc file a", "put-vectors -qc file a --more"),
            (
                "-n put-vectors --metadata -n -k hush",
                r#"put-vectors --metadata -n -k "$OSS_ACCESS_KEY_SECRET" --more"#,
            ),
            ("put-vectors -n -- -n --dry-run", "put-vectors --more -- -n --dry-run"),
            ("put-vectors a --dry-runs -i nn", "put-vectors a --dry-runs -i nn --more"),
        ] {
            let words = std::iter::once("ossvec").chain(given.split(' ')).map(str::to_owned).collect();
            assert_eq!(CommandLine::new(words).loading(&["--more"]), format!("ossvec {wanted}"), "{given}");
        }
    }

    #[test]
    fn every_value_of_an_option_that_holds_secrets_is_replaced_by_its_variable() {
        for (given, wanted) in [
            ("-k hush", r#"-k "$OSS_ACCESS_KEY_SECRET""#),
            ("-khush", r#"-k"$OSS_ACCESS_KEY_SECRET""#),
            ("-k=hush", r#"-k"$OSS_ACCESS_KEY_SECRET""#),
            ("-qk hush", r#"-qk "$OSS_ACCESS_KEY_SECRET""#),
            ("-nqkhush", r#"-nqk"$OSS_ACCESS_KEY_SECRET""#),
            ("--access-key-secret hush", r#"--access-key-secret "$OSS_ACCESS_KEY_SECRET""#),
            ("--access-key-secret=hush", r#"--access-key-secret="$OSS_ACCESS_KEY_SECRET""#),
            ("-k hush1 -k hush2", r#"-k "$OSS_ACCESS_KEY_SECRET" -k "$OSS_ACCESS_KEY_SECRET""#),
            ("-t hush -q", r#"-t "$OSS_SESSION_TOKEN" -q"#),
            ("--sts-token=hush", r#"--sts-token="$OSS_SESSION_TOKEN""#),
            ("--proxy http://me:hush@proxy:1", r#"--proxy "$HTTPS_PROXY""#),
            ("--proxy=http://me:hush@proxy:1", r#"--proxy="$HTTPS_PROXY""#),
            ("--proxy http://proxy:1", "--proxy http://proxy:1"),
            ("--metadata -text -k hush", r#"--metadata -text -k "$OSS_ACCESS_KEY_SECRET""#),
            ("--metadata -k -q --metadata -t", "--metadata -k -q --metadata -t"),
            ("-i local -k local --bucket local", r#"-i local -k "$OSS_ACCESS_KEY_SECRET" --bucket local"#),
        ] {
            let arguments: Vec<_> = std::iter::once("ossvec").chain(given.split(' ')).collect();
            resuming(&arguments, &format!("{wanted} --resume"));
        }
    }
}
