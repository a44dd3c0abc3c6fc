//! Normalised vectors mixed with others, most likely from two models.

use super::found::{Counted, Found};
use super::look::Norm;
use crate::record::{Oddity, Position};

/// With this many vectors of norm 1, chance is excluded …
const UNIT_AT_LEAST: u64 = 10;

/// … if they are this part of all: of vectors that were not normalised, one in fifty happens to have norm 1.
const UNIT_ONE_IN: u64 = 10;

/// This many vectors are representative of all.
const SHOWN_BY: u64 = 500;

/// The vectors of a run by their norms.
#[derive(Debug, Default)]
pub(super) struct Norms {
    all: u64,
    unit: Counted,
    far: Counted,
}

impl Norms {
    /// Takes the next vector.
    pub(super) fn add(&mut self, at: Position, norm: Norm) {
        self.all += 1;
        match norm {
            Norm::Unit => self.unit.add(1, at),
            Norm::Far => self.far.add(1, at),
            Norm::Near => {}
        }
    }

    /// Adds the rarer kind to the findings, if there are both.
    pub(super) fn tell(&self, found: &mut Found, at_end: bool) {
        let Self { all, unit, far } = *self;
        let is_normalised = unit.count >= UNIT_AT_LEAST && unit.count >= all.div_ceil(UNIT_ONE_IN);
        if far.count == 0 || !is_normalised || !(at_end || all >= SHOWN_BY) {
            return;
        }
        found.norms = Some((unit.count, far.count));
        found.add_all(Oddity::Norms, if far.count <= unit.count { far } else { unit });
    }
}
