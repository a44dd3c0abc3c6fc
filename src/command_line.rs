//! The command line that continues a load, as one shell line. Pure.

/// The arguments that the program was started with, and the secrets among them.
#[derive(Clone)]
pub struct CommandLine {
    arguments: Vec<String>,
    /// Each secret with the variable that may hold it in its place.
    secrets: Vec<(String, &'static str)>,
}

impl CommandLine {
    /// Takes all arguments, the program's name first, and the secrets that may be among them.
    pub fn new(arguments: Vec<String>, secrets: Vec<(String, &'static str)>) -> Self {
        Self { arguments, secrets: secrets.into_iter().filter(|(secret, _)| !secret.is_empty()).collect() }
    }

    /// The same command with `--resume`. Secrets do not show: their variables stand in their place.
    pub fn resuming(&self) -> String {
        let mut words = vec!["ossvec".to_owned()];
        let before = self.arguments.iter().map(String::as_str);
        for (before, argument) in before.zip(self.arguments.iter().skip(1)) {
            let carries_secret = is_secret_option(before) || starts_as_secret_option(argument);
            words.push(self.word(argument, carries_secret));
        }
        if !self.arguments.iter().any(|argument| argument == "--resume") {
            // Behind a lone -- it would be taken for an input.
            let at = self.arguments.iter().position(|argument| argument == "--").unwrap_or(words.len());
            words.insert(at, "--resume".to_owned());
        }
        words.join(" ")
    }

    /// One word. A long secret is hidden wherever it stands; a short one, as a local service may have, only where it
    /// is one, since by chance it is also a part of other words.
    fn word(&self, argument: &str, carries_secret: bool) -> String {
        let hidden = self.secrets.iter().find_map(|(secret, variable)| {
            let is_telling = carries_secret || secret.len() >= LONG;
            let (before, after) = argument.split_once(secret.as_str()).filter(|_| is_telling)?;
            let part =
                |text: &str| if text.is_empty() { String::new() } else { self.word(text, carries_secret) };
            Some(format!("{}\"${variable}\"{}", part(before), part(after)))
        });
        hidden.unwrap_or_else(|| quoted(argument))
    }
}

/// Real secrets are longer.
const LONG: usize = 8;

fn is_secret_option(argument: &str) -> bool {
    matches!(argument, "-k" | "-t" | "--access-key-secret" | "--sts-token")
}

fn starts_as_secret_option(argument: &str) -> bool {
    ["-k", "-t", "-qk", "-qt", "--access-key-secret=", "--sts-token="]
        .iter()
        .any(|start| argument.starts_with(start))
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::CommandLine;

    fn resuming(arguments: &[&str]) -> String {
        let secrets =
            vec![("s3cret-key".to_owned(), "OSS_ACCESS_KEY_SECRET"), (String::new(), "OSS_SESSION_TOKEN")];
        CommandLine::new(arguments.iter().map(ToString::to_string).collect(), secrets).resuming()
    }

    #[test]
    fn words_are_quoted_as_the_shell_needs_it() {
        let got = resuming(&["/bin/ossvec", "put-vectors", "my file's.jsonl", "--bucket", "b", ""]);
        assert_eq!(got, r"ossvec put-vectors 'my file'\''s.jsonl' --bucket b '' --resume");
    }

    #[test]
    fn resume_is_said_once_and_before_a_lone_double_dash() {
        assert_eq!(resuming(&["ossvec", "put-vectors", "--resume", "a"]), "ossvec put-vectors --resume a");
        assert_eq!(resuming(&["ossvec", "put-vectors", "--", "-a"]), "ossvec put-vectors --resume -- -a");
    }

    #[test]
    fn a_short_secret_is_hidden_only_where_it_is_one() {
        let secrets = vec![("local".to_owned(), "OSS_ACCESS_KEY_SECRET")];
        let given = ["ossvec", "-i", "local", "-k", "local", "--bucket", "local"].map(str::to_owned).to_vec();
        let want = r#"ossvec -i local -k "$OSS_ACCESS_KEY_SECRET" --bucket local --resume"#;
        assert_eq!(CommandLine::new(given, secrets).resuming(), want);
    }

    #[test]
    fn a_secret_is_replaced_by_its_variable_wherever_it_stands() {
        for (given, want) in [
            (vec!["ossvec", "-k", "s3cret-key"], r#"ossvec -k "$OSS_ACCESS_KEY_SECRET" --resume"#),
            (
                vec!["ossvec", "s3cret-key-s3cret-key"],
                r#"ossvec "$OSS_ACCESS_KEY_SECRET"-"$OSS_ACCESS_KEY_SECRET" --resume"#,
            ),
            (vec!["ossvec", "-ks3cret-key"], r#"ossvec -k"$OSS_ACCESS_KEY_SECRET" --resume"#),
            (
                vec!["ossvec", "--access-key-secret=s3cret-key"],
                r#"ossvec --access-key-secret="$OSS_ACCESS_KEY_SECRET" --resume"#,
            ),
        ] {
            assert_eq!(resuming(&given), want);
        }
    }
}
