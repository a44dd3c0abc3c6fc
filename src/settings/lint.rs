//! How to handle vectors that the service stores but that impair search results.

use super::sources::Sources;
use crate::cli::{InputOptions, LintName};
use crate::exit::Failure;
use crate::lint::Mode;
use crate::setting::LINT;

/// The mode from the flag or the variable.
pub(super) fn mode(reading: &InputOptions, sources: &Sources<'_>) -> Result<Mode, Failure> {
    Ok(match sources.typed(reading.lint, &LINT)?.value {
        LintName::Note => Mode::Note,
        LintName::Deny => Mode::Deny,
        LintName::Off => Mode::Off,
    })
}
