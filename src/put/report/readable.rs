//! The summary for people, in the form for the kind of run: a load, a rehearsal, a plan, a verification. Pure.

use super::planned::planned;
use super::summary::Summary;
use super::text::{load, rehearsal};
use super::verification::verification;

impl Summary {
    /// The summary for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let written = match (&self.plan, self.rehearsal, self.verified) {
            (Some(plan), ..) => planned(self, plan, &mut text),
            (None, Some(rehearsed), _) => rehearsal(self, rehearsed, &mut text),
            (None, None, Some(verified)) => verification(self, verified, &mut text),
            (None, None, None) => load(self, &mut text),
        };
        written.unwrap_or_default();
        text
    }
}
