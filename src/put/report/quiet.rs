//! What is not printed to standard error. Pure.

use super::notice::Severity;

/// What is not printed for people; errors always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quiet {
    /// Nothing.
    #[default]
    Nothing,
    /// Everything except warnings.
    Notes,
    /// Warnings, too; they are in the summary.
    AllButErrors,
}

impl Quiet {
    /// Whether messages of this severity are suppressed.
    pub(crate) fn keeps_back(self, severity: Severity) -> bool {
        match self {
            Self::Nothing => false,
            Self::Notes => severity != Severity::Warning,
            Self::AllButErrors => true,
        }
    }
}
