//! A request that got no success, and why it was not tried again. Pure.

use crate::oss::error::{CallError, Verdict};

/// A request that got no success.
#[derive(Clone, Debug)]
pub(crate) struct GaveUp {
    /// The last error; `None` if the run was halted before any.
    pub(crate) error: Option<CallError>,
    /// Why it was not tried again.
    pub(crate) because: Because,
    /// Whether any attempt may have stored a part.
    pub(crate) may_have_stored: bool,
}

impl GaveUp {
    /// Whether the service has refused the request for what is in it.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.because, Because::Verdict(Verdict::Split | Verdict::Refuse))
    }
}

/// Why a request was not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Because {
    /// Its verdict is none that tries the same again.
    Verdict(Verdict),
    /// The budget ended.
    Budget,
    /// The run is being stopped.
    Halted,
}
