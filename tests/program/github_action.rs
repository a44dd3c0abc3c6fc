//! What is released and how the GitHub Action takes it: the action's own steps, run here on an archive that
//! `.github/package` has packed, fetched from a folder in place of a release.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{ACCOUNT, BUCKET, Ended, Home, INDEX, TestService, line, lines, run, unlimited, wanted};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = "x86_64-unknown-linux-musl";

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap()
}

/// A shell command with nothing but the PATH in its environment.
fn bash(script: &str) -> Command {
    let mut command = Command::new("bash");
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.args(["-euo", "pipefail", "-c", script]).env_clear().env("PATH", path);
    command
}

/// Packs a release into `releases/vVERSION` of the home and returns the archive. The program in it calls the one under
/// test, which is large.
fn packed(home: &Home) -> PathBuf {
    let program =
        home.write("ossvec", format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_ossvec")));
    run(bash("chmod +x \"$1\"").arg("-").arg(&program)).assert_code(0);
    let folder = home.path("releases").join(format!("v{VERSION}"));
    let ended = run(Command::new(project(".github/package")).arg(&program).arg(TARGET).arg(&folder));
    let archive = PathBuf::from(ended.assert_code(0).stdout.trim());
    let sums = "cd \"$1\"; if command -v sha256sum >/dev/null; then sha256sum ossvec-*; else shasum -a 256 ossvec-*; fi > SHA256SUMS";
    run(bash(sums).arg("-").arg(&folder)).assert_code(0);
    archive
}

/// A step of the action with the variables that a runner sets.
fn step(home: &Home, name: &str) -> Command {
    let mut command = bash(&format!("\"$GITHUB_ACTION_PATH/{name}\""));
    command.current_dir(home.path("")).env("HOME", home.path("")).env("RUNNER_TEMP", home.path(""));
    command.env("GITHUB_ACTION_PATH", project(".github/actions/load"));
    command.env("GITHUB_PATH", home.path("added-path")).env("GITHUB_OUTPUT", home.path("outputs"));
    command.env("GITHUB_REPOSITORY", "somebody/else").env("GITHUB_SERVER_URL", "http://127.0.0.1:1");
    command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64");
    command.env("OSSVEC_DOWNLOADS", format!("file://{}", home.path("releases").display()));
    command
}

fn load(home: &Home, service: &TestService) -> Command {
    let mut command = step(home, "load");
    command.env("OSSVEC", env!("CARGO_BIN_EXE_ossvec"));
    command.env("OSS_ACCESS_KEY_ID", "local").env("OSS_ACCESS_KEY_SECRET", "local");
    command.env("INPUT_REGION", "cn-hangzhou").env("INPUT_ACCOUNT_ID", ACCOUNT);
    let args = "--create-index --distance-metric euclidean\n--requests-per-second 0";
    command.env("INPUT_ARGS", format!("{args} --endpoint http://{}", service.address));
    command.env("INPUT_BUCKET", BUCKET).env("INPUT_INDEX_NAME", INDEX);
    command
}

/// What the steps so far have handed on, read as a runner reads it.
fn outputs(home: &Home) -> std::collections::BTreeMap<String, String> {
    let written = std::fs::read_to_string(home.path("outputs")).unwrap();
    let mut lines = written.lines();
    let mut found = std::collections::BTreeMap::new();
    while let Some(line) = lines.next() {
        let (name, value) = match line.split_once("<<") {
            Some((name, end)) => {
                (name, lines.by_ref().take_while(|line| *line != end).collect::<Vec<_>>().join("\n"))
            }
            None => line.split_once('=').map(|(name, value)| (name, value.to_owned())).unwrap(),
        };
        found.insert(name.to_owned(), value);
    }
    found
}

#[test]
fn archives_are_named_alike_wherever_they_are_named() {
    let home = Home::new();
    let archive = packed(&home);
    let manifest = text("Cargo.toml");
    let template = |key: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = \""))).unwrap();
        let values = [("{ version }", VERSION), ("{ target }", TARGET), ("{ archive-suffix }", ".tar.gz")];
        let values = values.into_iter().chain([("{ bin }", "ossvec"), ("{ binary-ext }", "")]);
        values.fold(line.trim_end_matches('"').to_owned(), |line, (name, value)| line.replace(name, value))
    };
    let url = template("pkg-url");
    let wanted =
        format!("{{ repo }}/releases/download/v{VERSION}/{}", archive.file_name().unwrap().display());
    assert_eq!(url, wanted);

    let listed = run(Command::new("tar").arg("-tzf").arg(&archive));
    let listed: Vec<_> = listed.stdout.lines().collect();
    assert!(listed.contains(&template("bin-dir").as_str()), "{listed:?}");
    let top = format!("ossvec-{TARGET}-v{VERSION}");
    let committed = ossvec::test_support::generate::files()
        .into_iter()
        .filter(|file| file.path.starts_with("completions/"));
    let others = ["README.md", "LICENSE", "man/ossvec.1"].map(str::to_owned);
    for path in committed.map(|file| file.path.to_owned()).chain(others) {
        assert!(listed.contains(&format!("{top}/{path}").as_str()), "{path} is not in {listed:?}");
    }

    let (workflow, install) = (text(".github/workflows/release.yml"), text(".github/actions/load/install"));
    let built: Vec<_> =
        workflow.lines().filter_map(|line| line.trim().strip_prefix("- { target: ")).collect();
    let built: Vec<_> = built.iter().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(built.len(), 5, "{built:?}");
    for target in built {
        assert!(install.contains(&format!("target={target} ;;")), "the action does not know {target}");
    }
}

#[test]
fn the_action_fetches_the_release_that_it_is_used_at() {
    let home = Home::new();
    packed(&home);
    let by_ref = format!("v{VERSION}");
    for (name, value) in [("INPUT_VERSION", VERSION), ("ACTION_REF", &by_ref)] {
        let ended = run(step(&home, "install").env(name, value));
        assert!(ended.assert_code(0).stdout.starts_with(&format!("ossvec {VERSION} (")), "{name}");
    }
    let program = PathBuf::from(&outputs(&home)["program"]);
    let added = std::fs::read_to_string(home.path("added-path")).unwrap();
    assert_eq!(added.lines().next(), program.parent().unwrap().to_str());
    // The runner keeps an action below _actions, and that is where it tells ref and repository for certain.
    let place = home.path(&format!("_actions/owner/name/v{VERSION}/.github/actions/load"));
    std::fs::create_dir_all(&place).unwrap();
    std::fs::copy(project(".github/actions/load/install"), place.join("install")).unwrap();
    let ended = run(step(&home, "install").env("GITHUB_ACTION_PATH", &place));
    ended.assert_code(0);
    let ended = run(step(&home, "install").env("GITHUB_ACTION_PATH", &place).env_remove("OSSVEC_DOWNLOADS"));
    let url = format!("http://127.0.0.1:1/owner/name/releases/download/v{VERSION}/");
    assert!(ended.assert_code(1).stdout.contains(&url), "{}", ended.stdout);
}

#[test]
fn the_action_takes_nothing_but_what_was_released() {
    let home = Home::new();
    let archive = packed(&home);
    let fails = |command: &mut Command, message: &str| {
        let ended = run(command);
        assert!(ended.assert_code(1).stdout.contains(message), "{message}: {}", ended.stdout);
    };
    fails(&mut step(&home, "install"), "::error::ossvec: nothing is no version");
    fails(step(&home, "install").env("ACTION_REF", "main"), "::error::ossvec: main is no version");
    fails(step(&home, "install").env("INPUT_VERSION", "1.0.0/../../x"), "is no version");
    fails(step(&home, "install").env("INPUT_VERSION", "9.9.9"), "::error::ossvec: cannot fetch file://");
    fails(
        step(&home, "install").env("INPUT_VERSION", VERSION).env("RUNNER_OS", "Plan9"),
        "there is no release for Plan9 on X64",
    );
    let mut bytes = std::fs::read(&archive).unwrap();
    bytes.push(0);
    std::fs::write(&archive, bytes).unwrap();
    fails(step(&home, "install").env("INPUT_VERSION", VERSION), "is not what SHA256SUMS of the release says");
    std::fs::write(archive.with_file_name("SHA256SUMS"), "").unwrap();
    fails(step(&home, "install").env("INPUT_VERSION", VERSION), "is not what SHA256SUMS of the release says");
}

fn summary(ended: &Ended, home: &Home, code: i32) -> Value {
    ended.assert_code(code);
    serde_json::from_str(&outputs(home)["summary-json"]).unwrap()
}

#[test]
fn the_action_loads_files_and_hands_the_summary_on() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a b.jsonl", lines(3, 2));
    home.write("-c.jsonl", (3..8).map(|record| line(record, 2)).collect::<String>());
    let ended = run(load(&home, &service).env("INPUT_FILES", "a b.jsonl\n\n-c.jsonl\n"));
    assert_eq!(summary(&ended, &home, 0)["read"], 8);
    assert_eq!((outputs(&home)["stored"].as_str(), outputs(&home)["rejected"].as_str()), ("8", "0"));
    assert!(ended.stdout.ends_with("ossvec: 8 stored, 0 rejected, exit code 0\n"), "{}", ended.stdout);
    service.assert_holds(&wanted(0..8, 2));

    home.write("bad.jsonl", lines(2, 2) + "{}\n");
    let ended = run(load(&home, &service).env("INPUT_FILES", "bad.jsonl"));
    assert_eq!(summary(&ended, &home, 4)["exit_code"], 4);
    assert_eq!((outputs(&home)["stored"].as_str(), outputs(&home)["rejected"].as_str()), ("2", "1"));

    assert_eq!((outputs(&home)["error-code"].as_str(), outputs(&home)["retryable"].as_str()), ("", ""));

    let ended = run(load(&home, &service).env("INPUT_FILES", "bad.jsonl").env("INPUT_BUCKET", ""));
    assert_eq!(
        (outputs(&home)["error-code"].as_str(), outputs(&home)["retryable"].as_str()),
        ("usage", "false")
    );
    assert!(
        summary(&ended, &home, 1)["error"].as_str().unwrap().starts_with("no bucket"),
        "{}",
        ended.stderr
    );
}

#[test]
fn no_input_of_the_action_becomes_a_command() {
    let (home, service) = (Home::new(), TestService::start(unlimited()));
    home.write("a.jsonl", lines(1, 2));
    let evil = "$(touch pwned)`touch pwned`;touch pwned #\" ' *";
    for name in
        ["INPUT_FILES", "INPUT_BUCKET", "INPUT_INDEX_NAME", "INPUT_REGION", "INPUT_ACCOUNT_ID", "INPUT_ARGS"]
    {
        let mut command = load(&home, &service);
        let ended = run(command.env("INPUT_FILES", "a.jsonl").env(name, evil));
        assert!(ended.code != Some(0), "{name}");
        assert!(!home.path("pwned").exists(), "{name}");
    }
    // Expressions stand in variables only.
    let action = text(".github/actions/load/action.yml");
    let commands = action.lines().filter(|line| line.trim_start().starts_with("run:"));
    let commands: Vec<_> = commands.collect();
    assert!(commands.len() == 2 && commands.iter().all(|line| !line.contains("${{")), "{commands:?}");
    let workflow = text(".github/workflows/release.yml");
    let in_steps = workflow.split("\n    steps:\n").skip(1).collect::<String>();
    let expressions: Vec<_> = in_steps.lines().filter(|line| line.contains("${{")).map(str::trim).collect();
    let is_safe = |line: &&str| {
        ["name: ", "GH_TOKEN: ", "if: ", "runs-on: ", "TARGET: "].iter().any(|key| line.starts_with(key))
    };
    assert!(expressions.iter().all(is_safe), "{expressions:?}");
}
