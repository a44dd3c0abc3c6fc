//! Parsers for values that clap has none for, shared by several kinds of options.

use crate::oss::secret::Secret;
use crate::values::Switch;

/// A secret as it is given.
#[expect(clippy::unnecessary_wraps, reason = "the form of a value parser")]
pub(super) fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

/// A whole number of any size.
pub(super) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number such as 1000".to_owned())
}

/// A switch, optionally with a value after an equals sign, as in ossutil: `--quiet=false`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    text.parse().map(|Switch(on)| on)
}
