//! Where `build.rs` takes the commit from: the script itself, compiled and run in places of its own.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Home, run};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The build script as a program.
fn script(home: &Home) -> PathBuf {
    let program = home.path("build-script");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
    run(Command::new("rustc").args(["--edition", "2024", "-o"]).arg(&program).arg(source)).assert_code(0);
    program
}

/// What the script sets as the commit of a package in `root`, built with these variables.
fn commit(script: &Path, root: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(script);
    command.current_dir(root).env_remove("OSSVEC_COMMIT").env("CARGO_MANIFEST_DIR", root);
    command.env("TARGET", "some-target").env("PROFILE", "release").envs(variables.iter().copied());
    let printed = run(&mut command).assert_code(0).stdout.clone();
    assert!(printed.contains("cargo::rustc-env=OSSVEC_BUILD_TARGET=some-target\n"), "{printed}");
    let set = printed.lines().find_map(|line| line.strip_prefix("cargo::rustc-env=OSSVEC_BUILD_COMMIT="));
    set.unwrap().to_owned()
}

fn git(root: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(root).args(["-c", "user.name=a", "-c", "user.email=a@example.com"]);
    run(command.args(arguments)).assert_code(0).stdout.trim().to_owned()
}

#[test]
fn the_commit_is_that_of_the_packager_the_crate_or_the_checkout_and_of_nothing_else() {
    let home = Home::new();
    let script = script(&home);
    let root = home.path("repository");
    std::fs::create_dir_all(root.join("inner")).unwrap();
    git(&root, &["init", "--quiet"]);
    git(&root, &["commit", "--quiet", "--allow-empty", "--message", "first"]);
    let head = git(&root, &["rev-parse", "HEAD"]);

    assert_eq!(commit(&script, &root, &[]), head, "a checkout");
    assert_eq!(commit(&script, &root, &[("PROFILE", "debug")]), "", "a build for those who make commits");
    assert_eq!(commit(&script, &root.join("inner"), &[]), "", "a directory in somebody's repository");
    assert_eq!(commit(&script, &root, &[("PATH", "")]), "", "no git");
    assert_eq!(commit(&script, &root, &[("OSSVEC_COMMIT", COMMIT)]), COMMIT, "named by the packager");

    let note = format!("{{\n  \"git\": {{\n    \"sha1\": \"{COMMIT}\"\n  }},\n  \"path_in_vcs\": \"\"\n}}");
    std::fs::write(root.join("inner/.cargo_vcs_info.json"), note).unwrap();
    assert_eq!(commit(&script, &root.join("inner"), &[]), COMMIT, "a published crate");
    std::fs::write(root.join("inner/.cargo_vcs_info.json"), "{}").unwrap();
    assert_eq!(commit(&script, &root.join("inner"), &[]), "", "a crate of no repository");
}

#[test]
fn cargo_is_told_of_every_file_that_a_commit_changes() {
    let home = Home::new();
    let script = script(&home);
    let root = home.path("repository");
    std::fs::create_dir_all(&root).unwrap();
    git(&root, &["init", "--quiet"]);
    git(&root, &["commit", "--quiet", "--allow-empty", "--message", "first"]);
    let other = home.path("worktree");
    git(&root, &["worktree", "add", "--quiet", "-b", "other", other.to_str().unwrap()]);
    for place in [&root, &other] {
        let ended = run(Command::new(&script)
            .current_dir(place)
            .env("CARGO_MANIFEST_DIR", place)
            .env("PROFILE", "release"));
        let watched = ended.assert_code(0).stdout.clone();
        let watched = watched.lines().filter_map(|line| line.strip_prefix("cargo::rerun-if-changed="));
        let read = |path: &str| std::fs::read(place.join(path)).ok();
        let before: Vec<_> =
            watched.filter(|path| *path != "build.rs").map(|path| (path, read(path))).collect();
        assert!(
            before.iter().all(|(_, content)| content.is_some()),
            "cargo takes a missing file for a change"
        );
        git(place, &["commit", "--quiet", "--allow-empty", "--message", "next"]);
        assert!(before.iter().any(|(path, content)| read(path) != *content), "{}", place.display());
    }
}
