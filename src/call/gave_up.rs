//! A request without success, and why it was not retried. Pure.

use crate::oss::error::{CallError, Verdict};

/// A request without success.
#[derive(Clone, Debug)]
pub(crate) struct GaveUp {
    /// The last error; `None` if the run was halted before any.
    pub(crate) error: Option<CallError>,
    /// Why it was not retried.
    pub(crate) because: Because,
    /// Whether any attempt may have stored a part.
    pub(crate) may_have_stored: bool,
}

impl GaveUp {
    /// Whether the service has refused the request because of its content.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.because, Because::Verdict(Verdict::Split | Verdict::Refuse))
    }
}

/// Why a request was not retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Because {
    /// Its verdict does not allow a retry.
    Verdict(Verdict),
    /// The budget is used up.
    Budget,
    /// The run is being stopped.
    Halted,
}
