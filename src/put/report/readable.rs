//! The summary as a person reads it, in the form of what the run was: a load, a rehearsal, a verification. Pure.

use super::summary::Summary;
use super::text::{load, rehearsal};
use super::verification::verification;

impl Summary {
    /// The summary as a person reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let written = match (self.rehearsal, self.verified) {
            (Some(planned), _) => rehearsal(self, planned, &mut text),
            (None, Some(verified)) => verification(self, verified, &mut text),
            (None, None) => load(self, &mut text),
        };
        written.unwrap_or_default();
        text
    }
}
