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
        words.extend(self.arguments.iter().skip(1).map(|argument| self.word(argument)));
        if !self.arguments.iter().any(|argument| argument == "--resume") {
            // Behind a lone -- it would be taken for an input.
            let at = self.arguments.iter().position(|argument| argument == "--").unwrap_or(words.len());
            words.insert(at, "--resume".to_owned());
        }
        words.join(" ")
    }

    fn word(&self, argument: &str) -> String {
        let hidden = self.secrets.iter().find_map(|(secret, variable)| {
            let (before, after) = argument.split_once(secret.as_str())?;
            Some(format!("{}\"${variable}\"{}", self.part(before), self.part(after)))
        });
        hidden.unwrap_or_else(|| quoted(argument))
    }

    fn part(&self, text: &str) -> String {
        if text.is_empty() { String::new() } else { self.word(text) }
    }
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
            vec![("s3cret".to_owned(), "OSS_ACCESS_KEY_SECRET"), (String::new(), "OSS_SESSION_TOKEN")];
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
    fn a_secret_is_replaced_by_its_variable_wherever_it_stands() {
        for (given, want) in [
            (vec!["ossvec", "-k", "s3cret"], r#"ossvec -k "$OSS_ACCESS_KEY_SECRET" --resume"#),
            (
                vec!["ossvec", "s3cret-s3cret"],
                r#"ossvec "$OSS_ACCESS_KEY_SECRET"-"$OSS_ACCESS_KEY_SECRET" --resume"#,
            ),
            (vec!["ossvec", "-ks3cret"], r#"ossvec -k"$OSS_ACCESS_KEY_SECRET" --resume"#),
            (
                vec!["ossvec", "--access-key-secret=s3cret"],
                r#"ossvec --access-key-secret="$OSS_ACCESS_KEY_SECRET" --resume"#,
            ),
        ] {
            assert_eq!(resuming(&given), want);
        }
    }
}
