//! The version of this build. `--version` prints it on one line; `--verbose` adds the build's details.

use std::ffi::OsString;

use crate::read::Format;

/// The commit, empty if the build could not determine it. `build.rs` sets it and the target.
const COMMIT: &str = env!("OSSVEC_BUILD_COMMIT");
const TARGET: &str = env!("OSSVEC_BUILD_TARGET");

/// The length of an abbreviated commit hash.
const SHORT: usize = 9;

/// Version, commit and target.
pub(super) fn line() -> String {
    let commit = COMMIT.get(..SHORT).unwrap_or(COMMIT);
    let built = [commit, TARGET].join(" ");
    format!("{} ({})", env!("CARGO_PKG_VERSION"), built.trim())
}

/// The output of `--version --verbose`, if the arguments ask for that, in either order and also as letters.
pub(crate) fn verbose(arguments: &[OsString]) -> Option<String> {
    let words: Vec<_> = arguments.iter().skip(1).map(|argument| argument.to_str()).collect();
    let is_asked = matches!(
        words.as_slice(),
        [Some("-V" | "--version"), Some("-v" | "--verbose")]
            | [Some("-v" | "--verbose"), Some("-V" | "--version")]
            | [Some("-vV" | "-Vv")]
    );
    is_asked.then(details)
}

fn details() -> String {
    let commit = if COMMIT.is_empty() { "unknown" } else { COMMIT };
    let formats = Format::ALL.map(|format| format.to_string());
    let allocator = if cfg!(target_env = "musl") { "mimalloc" } else { "system" };
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!(
        "ossvec {}\n\
         commit      {commit}\n\
         target      {TARGET}\n\
         profile     {profile}\n\
         tls         rustls with aws-lc-rs\n\
         formats     {}; compressed with gzip, zstd, bzip2, xz or LZ4\n\
         store       redb\n\
         allocator   {allocator}\n",
        line(),
        formats.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_printed_for_version_and_verbose_and_for_nothing_else() {
        let asks = |words: &str| verbose(&words.split(' ').map(OsString::from).collect::<Vec<_>>());
        for words in ["--version --verbose", "--verbose --version", "-V -v", "-v --version", "-vV", "-Vv"] {
            assert_eq!(asks(&format!("ossvec {words}")), Some(details()), "{words}");
        }
        for words in
            ["--version", "-V", "--verbose", "-v -v", "put --version", "--version --verbose put", "-v -V x"]
        {
            assert_eq!(asks(&format!("ossvec {words}")), None, "{words}");
        }
        assert_eq!(verbose(&[]), None);
    }
}
