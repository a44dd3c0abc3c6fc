//! The commands in the documents for users: each block behind `<!-- test -->` is run as it stands, in a new home with
//! the example data, and against a service in place of the cloud.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use crate::support::{ACCOUNT, Home, TestService, run, unlimited};

/// A block that is to be run.
struct Block {
    line: usize,
    /// The exit code that its last command ends with.
    code: i32,
    /// Commands and what they print; nothing is said of the output of a plain script.
    commands: Vec<(String, Option<String>)>,
}

/// The blocks behind a marker: `<!-- test -->`, or `<!-- test: exit 4 -->`.
fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("<!-- test") else { continue };
        let code =
            rest.strip_prefix(": exit ").map_or(0, |code| code.trim_end_matches(" -->").parse().unwrap());
        let kind =
            lines[at + 1].strip_prefix("```").unwrap_or_else(|| panic!("no block behind line {}", at + 1));
        let body: Vec<_> = lines.iter().skip(at + 2).take_while(|line| **line != "```").copied().collect();
        let commands = match kind {
            "sh" => vec![(body.join("\n"), None)],
            "console" => session(&body),
            _ => panic!("line {}: a block of {kind:?} cannot be run", at + 2),
        };
        found.push(Block { line: at + 2, code, commands });
    }
    found
}

/// A session: lines behind `$ ` are commands, going on behind a backslash; the rest is what they print.
fn session(body: &[&str]) -> Vec<(String, Option<String>)> {
    let mut commands: Vec<(String, Option<String>)> = Vec::new();
    for line in body {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), Some(String::new()))),
            (None, Some((command, _))) if command.ends_with('\\') => *command = format!("{command}\n{line}"),
            (None, Some((_, Some(output)))) => *output = format!("{output}{line}\n"),
            (None, _) => panic!("{line:?} is the output of no command"),
        }
    }
    commands
}

/// Without what differs from run to run.
fn settled(output: &str) -> String {
    let kept = |line: &str| {
        ["time ", "pace "].into_iter().find(|word| line.starts_with(word)).unwrap_or(line).to_owned()
    };
    let line = |line| kept(line) + "\n";
    output.lines().map(line).collect()
}

#[track_caller]
fn run_all(path: &str, least: usize) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    assert!(service.service.store().put_bucket("my-bucket", "2026-01-01T00:00:00.000Z").unwrap());
    std::os::unix::fs::symlink(project.join("docs"), home.path("docs")).unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_ossvec")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let search = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others))).unwrap();
    let text = std::fs::read_to_string(project.join(path)).unwrap();
    let blocks = blocks(&text);
    assert!(blocks.len() >= least, "{path} has {} blocks to run", blocks.len());
    for Block { line, code, commands } in blocks {
        let last = commands.len() - 1;
        for (at, (command, printed)) in commands.into_iter().enumerate() {
            let mut shell = Command::new("bash");
            shell.args(["-euo", "pipefail", "-c", &format!("exec 2>&1\n{command}")]);
            shell.env_clear().env("HOME", home.path("")).env("PATH", &search).current_dir(home.path(""));
            shell.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
            shell.env("OSS_REGION", "cn-hangzhou").env("OSS_ACCOUNT_ID", ACCOUNT);
            shell.env("OSS_ENDPOINT", format!("http://{}", service.address));
            let ended = run(&mut shell);
            let wanted = if at == last { code } else { 0 };
            assert_eq!(ended.code, Some(wanted), "{path}:{line}: {command}\n{}", ended.stdout);
            if let Some(printed) = printed {
                let shown = settled(&ended.stdout);
                assert!(shown == settled(&printed), "{path}:{line}: {command}\nprints\n{}", ended.stdout);
            }
        }
    }
}

#[test]
fn the_commands_of_getting_started_work_as_they_stand() {
    run_all("docs/getting-started.md", 6);
}

#[test]
fn the_commands_of_the_guide_work_as_they_stand() {
    run_all("docs/guide.md", 10);
}
