//! Hands the target and the commit of this build to `src/cli/version.rs`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// What a packager sets who builds from neither a checkout nor a crate.
const OVERRIDE: &str = "OSSVEC_COMMIT";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    println!("cargo::rustc-env=OSSVEC_BUILD_TARGET={}", variable("TARGET"));
    println!("cargo::rustc-env=OSSVEC_BUILD_COMMIT={}", commit());
}

/// The commit, or nothing where nobody knows it.
fn commit() -> String {
    let named = variable(OVERRIDE);
    if !named.is_empty() {
        return named;
    }
    let root = variable("CARGO_MANIFEST_DIR");
    let root = Path::new(&root);
    published(root).or_else(|| checked_out(root)).unwrap_or_default()
}

/// The commit that `cargo package` has noted in a published crate.
fn published(root: &Path) -> Option<String> {
    let note = std::fs::read_to_string(root.join(".cargo_vcs_info.json")).ok()?;
    let (_, hash) = note.split_once("\"sha1\"")?;
    hash.split('"').nth(1).map(str::to_owned)
}

/// The commit of a checkout. Only optimised builds ask for it: each commit would compile everything anew for those who
/// make them. A directory above that is a repository of something else has no say.
fn checked_out(root: &Path) -> Option<String> {
    if variable("PROFILE") != "release" || !root.join(".git").exists() {
        return None;
    }
    for moved in ["HEAD", "logs/HEAD"] {
        let path = git(root, &["rev-parse", "--git-path", moved])?;
        // Cargo takes a file that does not exist for one that has changed.
        if root.join(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(root, &["rev-parse", "HEAD"])
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| printed.trim().to_owned())
}

fn variable(name: impl AsRef<OsStr>) -> String {
    std::env::var_os(name).and_then(|value| value.into_string().ok()).unwrap_or_default()
}
