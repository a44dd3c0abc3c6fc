//! The vectors of a row in a file of columns, whose numbers are stored next to its text.

use crate::record::rows::Placed;
use crate::record::{Reason, Rows};

/// The vectors of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'a> {
    pub(super) rows: &'a dyn Rows,
    pub(super) row: usize,
    pub(super) placed: &'a [Placed],
}

impl Beside<'_> {
    /// The vector that belongs at this offset of the text.
    pub(super) fn vector(&self, at: usize) -> Option<usize> {
        self.placed.iter().find(|placed| placed.at == at).map(|placed| placed.vector)
    }

    /// Appends the numbers of a vector.
    pub(super) fn numbers(&self, vector: usize, out: &mut Vec<f32>) -> Result<(), Reason> {
        self.rows.numbers(vector, self.row, out)
    }
}
