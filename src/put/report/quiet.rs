//! What is kept from standard error. Pure.

use super::notice::Severity;

/// What is kept from people; errors never are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quiet {
    /// Nothing.
    #[default]
    Nothing,
    /// All but warnings.
    Notes,
    /// Warnings too: they stand in the summary.
    AllButErrors,
}

impl Quiet {
    /// Whether what matters so much is kept back.
    pub(crate) fn keeps_back(self, severity: Severity) -> bool {
        match self {
            Self::Nothing => false,
            Self::Notes => severity != Severity::Warning,
            Self::AllButErrors => true,
        }
    }
}
