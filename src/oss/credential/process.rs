//! A command that prints a credential.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::answer;
use super::recipe::Words;
use super::source::{Fetching, Source};
use crate::oss::hidden::Hidden;
use crate::oss::secret::{Credential, Secret};

/// Maximum size of a credential.
const MOST_BYTES: u64 = 1 << 20;

/// How long to continue reading a command's output after its end.
const DRAIN: Duration = Duration::from_millis(100);

/// The command, which may contain a secret.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) command: Secret,
    pub(super) words: Words,
    pub(super) timeout: Duration,
}

impl Source for Process {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async { self.run().await.map_err(|error| format!("the credential process {error}")) })
    }
}

impl Process {
    async fn run(&self) -> Result<Credential, String> {
        let mut command = self.command()?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Killed at the timeout. Children of a shell are left alone: they may be helpers for other processes.
        command.kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
        let (printed, told, status) = tokio::time::timeout(self.timeout, heard(&mut child))
            .await
            .map_err(|_| format!("took longer than {} s", self.timeout.as_secs_f64()))?
            .map_err(|error| format!("output cannot be read: {error}"))?;
        if !status.success() {
            let told = answer::shown(&without_printed(&told, &printed));
            let told = if told.is_empty() { told } else { format!(": {told}") };
            return Err(format!("failed ({status}){told}"));
        }
        answer::printed(&printed).map_err(|error| format!("printed an invalid credential: {error}"))
    }

    #[cfg(windows)]
    fn command(&self) -> Result<Command, String> {
        // On this system both are the same: a program gets its whole command line.
        let (Words::Shell | Words::Split) = self.words;
        let mut command = Command::new("cmd.exe");
        command.arg("/C").raw_arg(self.command.expose());
        Ok(command)
    }

    #[cfg(not(windows))]
    fn command(&self) -> Result<Command, String> {
        let line = self.command.expose();
        let words = match self.words {
            Words::Shell => vec!["sh".to_owned(), "-c".to_owned(), line.to_owned()],
            Words::Split => shlex::split(line).ok_or("has an unclosed quote")?,
        };
        let (program, arguments) = words.split_first().ok_or("is empty")?;
        let mut command = Command::new(program);
        command.args(arguments);
        Ok(command)
    }
}

/// The output of a command until it ends. Child processes that it leaves may keep its pipes open; they are not waited
/// for, since the command's own output is already in the pipes.
async fn heard(child: &mut Child) -> io::Result<(String, String, ExitStatus)> {
    let (mut printed, mut told) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let status = {
        let both = async { tokio::try_join!(collect(stdout, &mut printed), collect(stderr, &mut told)) };
        let mut both = std::pin::pin!(both);
        tokio::select! {
            read = &mut both => {
                read?;
                child.wait().await?
            }
            status = child.wait() => {
                let status = status?;
                if let Ok(read) = tokio::time::timeout(DRAIN, both).await {
                    read?;
                }
                status
            }
        }
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((text(printed), text(told), status))
}

/// Reads a pipe to its end, if there is one.
async fn collect(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> io::Result<()> {
    let Some(pipe) = pipe else { return Ok(()) };
    pipe.take(MOST_BYTES + 1).read_to_end(into).await?;
    if into.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(())
}

/// The error output of a command, without what it has printed, which was meant to be a credential.
fn without_printed(told: &str, printed: &str) -> String {
    let marks = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'');
    printed.split(marks).fold(Hidden::default(), Hidden::and).strike(told)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::oss::credential::{Credentials, Refreshed};
    use crate::oss::time::Timestamp;
    use crate::testing::Directory;

    fn process(command: impl Into<String>, words: Words) -> Process {
        Process { command: Secret::new(command), words, timeout: Duration::from_secs(30) }
    }

    /// A command line that prints another credential each time, with a counter in a file.
    fn rotating() -> (Directory, String) {
        let directory = Directory::new();
        let count = directory.write("count", "");
        let file = count.display();
        let command = format!(
            r#"printf x >> {file}; n=$(wc -c < {file} | tr -d ' ');
            printf '{{"AccessKeyId":"id-%s","AccessKeySecret":"hush","SecurityToken":"t",' "$n";
            printf '"Expiration":"2026-01-02T03:04:05Z"}}'"#
        );
        (directory, command)
    }

    #[tokio::test]
    async fn the_command_runs_again_before_the_end_and_when_the_service_says_so() {
        let (_shell, shell) = rotating();
        let (_script, script) = rotating();
        let split = format!("sh -c {}", shlex::try_quote(&script).unwrap());
        for (command, words) in [(shell, Words::Shell), (split, Words::Split)] {
            let credentials = Credentials::new(Box::new(process(command, words)));
            assert!(!format!("{credentials:?}").contains("hush"), "{credentials:?}");
            let end = Timestamp::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
            for (left, id) in [(3600, "id-1"), (301, "id-1"), (300, "id-2")] {
                let current = credentials.current(end.plus_seconds(-left)).await.unwrap();
                assert_eq!(current.access_key_id, id, "{left} s before the end, {words:?}");
            }
            let used = tokio::time::Instant::now();
            assert_eq!(credentials.refresh(used, end.plus_seconds(-299)).await, Ok(Refreshed::Anew));
            assert_eq!(credentials.current(end.plus_seconds(-299)).await.unwrap().access_key_id, "id-3");
        }
    }

    #[tokio::test]
    async fn what_went_wrong_is_told_by_its_own_errors_and_never_by_its_output() {
        for (command, words, said) in [
            (
                "echo hush; echo no  such user >&2; exit 3",
                Words::Shell,
                "failed (exit status: 3): no such user",
            ),
            ("exit 4", Words::Shell, "failed (exit status: 4)"),
            ("echo hush", Words::Shell, "printed an invalid credential: expected a JSON object of strings"),
            ("cat", Words::Shell, "printed an invalid credential: expected a JSON object of strings"),
            ("/no/such/hush", Words::Split, "cannot be started: No such file or directory (os error 2)"),
            ("'hush", Words::Split, "has an unclosed quote"),
            (" ", Words::Split, "is empty"),
            ("yes hush", Words::Shell, "output cannot be read: it is longer than 1 MiB"),
            ("yes hush >&2", Words::Shell, "output cannot be read: it is longer than 1 MiB"),
        ] {
            let error = process(command, words).fetch().await.unwrap_err();
            assert_eq!(error, format!("the credential process {said}"), "{command}");
        }
    }

    #[tokio::test]
    async fn what_a_command_leaves_behind_is_not_waited_for() {
        let credential = r#"{"AccessKeyId":"id","AccessKeySecret":"hush"}"#;
        let pipes = ["", ">&2", "2>/dev/null", ">/dev/null 2>&1"];
        for (pipe, length) in pipes.into_iter().flat_map(|pipe| [(pipe, 0), (pipe, 60_000)]) {
            // Each keeps a different pipe open, and lives longer than the command may take.
            let blanks = format!("printf '%{length}s' ''");
            let script = format!("sleep 60 {pipe} & {blanks}; {blanks} >&2; echo '{credential}'");
            let slow = Process { timeout: Duration::from_secs(20), ..process(script.clone(), Words::Shell) };
            let fetched = slow.fetch().await.unwrap();
            assert_eq!(fetched.access_key_id, "id", "{pipe}");
            let failing = process(format!("{script}; echo no such user >&2; exit 3"), Words::Shell);
            let error = Process { timeout: Duration::from_secs(20), ..failing }.fetch().await.unwrap_err();
            assert!(error.contains("failed (exit status: 3)"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_is_killed() {
        let directory = Directory::new();
        let file = directory.path("id");
        let script = format!("echo $$ > {}; exec sleep 1000", file.display());
        let slow = Process { timeout: Duration::from_millis(300), ..process(script, Words::Shell) };
        let error = slow.fetch().await.unwrap_err();
        assert_eq!(error, "the credential process took longer than 0.3 s");
        let id = std::fs::read_to_string(&file).unwrap();
        // The runtime reaps it; until then it is a zombie that kill -0 still finds.
        let is_there =
            || std::process::Command::new("kill").args(["-0", id.trim()]).output().unwrap().status.success();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while is_there() {
            assert!(std::time::Instant::now() < deadline, "process {id} lives on");
            tokio::task::yield_now().await;
        }
    }
}
