//! The command line that continues a load, as one shell line without secrets. Pure.

use std::fmt::Write as _;

use crate::shown::is_unseen;

/// An option whose value is a secret.
#[derive(Clone, Copy, Debug)]
pub struct SecretOption {
    /// Its long form.
    pub long: &'static str,
    /// Its letter.
    pub short: Option<char>,
    /// The variable that may hold the value in its place.
    variable: &'static str,
    /// Whether a value can be a secret at all.
    is_secret: fn(&str) -> bool,
}

/// Every option whose value is a secret.
pub const SECRETS: [SecretOption; 3] = [
    SecretOption {
        long: "--access-key-secret",
        short: Some('k'),
        variable: "OSS_ACCESS_KEY_SECRET",
        is_secret: |_| true,
    },
    SecretOption {
        long: "--sts-token",
        short: Some('t'),
        variable: "OSS_SESSION_TOKEN",
        is_secret: |_| true,
    },
    // A password stands before an @.
    SecretOption {
        long: "--proxy",
        short: None,
        variable: "HTTPS_PROXY",
        is_secret: |url| url.contains('@'),
    },
];

/// Letters of options without a value, which may stand before one with a value in the same word.
const SWITCHES: [char; 2] = ['q', 'n'];

/// Options whose values may begin with a hyphen, such as the name of a field that is left out: those are no letters of
/// options.
const HYPHEN_VALUES: [&str; 2] = ["--metadata", "--null"];

/// The arguments that the program was started with.
#[derive(Clone)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// Takes all arguments, the program's name first.
    pub fn new(arguments: Vec<String>) -> Self {
        Self(arguments)
    }

    /// The same command with `--resume`. Secrets do not show: their variables stand in their place.
    pub fn resuming(&self) -> String {
        let options = self.0.iter().skip(1).position(|argument| argument == "--");
        let (options, inputs) = self.0.split_at(options.map_or(self.0.len(), |at| at + 1));
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
        if !options.iter().any(|argument| argument == "--resume") {
            words.push("--resume".to_owned());
        }
        words.extend(inputs.iter().map(|argument| quoted(argument)));
        words.join(" ")
    }
}

/// The variable in place of an argument that is the value of the option before it, if that is a secret.
fn secret_alone(before: &str, argument: &str) -> Option<String> {
    let names =
        |option: &&SecretOption| before == option.long || letters(before, option).is_some_and(str::is_empty);
    let option = SECRETS.iter().find(names)?;
    (option.is_secret)(argument).then(|| format!("\"${}\"", option.variable))
}

/// An argument as it can be shown, also where it is an option and its value in one word.
fn word(argument: &str) -> String {
    for option in &SECRETS {
        let joined = argument.strip_prefix(option.long).and_then(|rest| rest.strip_prefix('='));
        let value = joined.or_else(|| letters(argument, option)).filter(|value| !value.is_empty());
        if let Some((name, _)) = value
            .filter(|value| (option.is_secret)(value))
            .and_then(|value| argument.split_at_checked(argument.len() - value.len()))
        {
            return format!("{name}\"${}\"", option.variable);
        }
    }
    quoted(argument)
}

/// What follows an option's letter in a word of letters.
fn letters<'a>(argument: &'a str, option: &SecretOption) -> Option<&'a str> {
    let letters = argument.strip_prefix('-')?.trim_start_matches(SWITCHES);
    letters.strip_prefix(option.short?)
}

/// A word as a shell reads it back. What a terminal would obey, and what a build server takes for a command of its
/// own, is written as an escape, in the form that POSIX has had since 2024 and bash, zsh and ksh for long.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    if !word.chars().any(is_unseen) && !word.contains("##[") {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut escaped = String::from("$'");
    for character in word.chars() {
        match character {
            '\'' | '\\' => escaped.extend(['\\', character]),
            _ if is_unseen(character) || character == '#' => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    write!(escaped, "\\{byte:03o}").unwrap_or_default();
                }
            }
            _ => escaped.push(character),
        }
    }
    escaped + "'"
}

#[cfg(test)]
mod tests {
    use super::CommandLine;

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
