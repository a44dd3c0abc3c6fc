//! What becomes of vectors that the service stores and search results suffer from.

use super::sources::Sources;
use crate::cli::{InputOptions, LintName};
use crate::exit::Failure;
use crate::lint::Mode;
use crate::setting::LINT;

/// What becomes of them, as the flag or the variable says it.
pub(super) fn mode(reading: &InputOptions, sources: &Sources<'_>) -> Result<Mode, Failure> {
    Ok(match sources.typed(reading.lint, &LINT)?.value {
        LintName::Note => Mode::Note,
        LintName::Deny => Mode::Deny,
        LintName::Off => Mode::Off,
    })
}
