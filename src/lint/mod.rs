//! Vectors that the service stores but that impair search results: they are constant, shared by many keys, or not the
//! intended numbers. Rejects no record unless the user says so.
//!
//! A [`Look`] is taken of each vector while it is judged, on any thread; [`Lint`] takes them in input order, so that
//! its findings do not depend on threads. Its memory is bounded: see [`shared`]. Pure.

mod found;
mod look;
mod mode;
mod norms;
mod reread;
mod shared;

pub(crate) use self::found::{Counted, Found};
pub(crate) use self::look::Look;
pub use self::mode::Mode;
use self::norms::Norms;
use self::shared::Shared;
use crate::record::{Oddity, Position};

/// The findings in the vectors of a run.
#[derive(Debug)]
pub(crate) struct Lint {
    single: Found,
    shared: Shared,
    /// `None` if norms are not judged.
    norms: Option<Norms>,
}

impl Lint {
    /// No findings yet. Under the Euclidean metric, a norm is meaningful and not judged.
    pub(crate) fn new(judges_norms: bool) -> Self {
        let norms = judges_norms.then(Norms::default);
        Self { single: Found::default(), shared: Shared::new(), norms }
    }

    /// Takes the next vector, and returns whether many keys share it.
    pub(crate) fn vector(&mut self, at: Position, look: Look) -> bool {
        if let Some(oddity) = look.oddity {
            self.single.add(oddity, at);
            return false;
        }
        if let Some(norms) = &mut self.norms {
            norms.add(at, look.norm);
        }
        self.shared.add(at, look)
    }

    /// Takes the next record, which was rejected for an oddity.
    pub(crate) fn rejected(&mut self, at: Position, oddity: Oddity) {
        self.single.add(oddity, at);
    }

    /// The findings so far; those that need many vectors only when there are many, or `at_end`.
    pub(crate) fn found(&self, at_end: bool) -> Found {
        let mut found = self.single;
        self.shared.tell(&mut found);
        if let Some(norms) = &self.norms {
            norms.tell(&mut found, at_end);
        }
        found
    }
}

#[cfg(test)]
mod tests;
