//! One row of a file of columns: judged as its JSON text, with its vector taken from next to the text.

use super::beside::Beside;
use super::json;
use super::metadata::Under;
use super::scratch::Scratch;
use crate::record::rows::Placed;
use crate::record::{Reason, Rows};

/// The text of the current row, and where vectors belong in it; reuses its memory.
#[derive(Debug, Default)]
pub(super) struct Row {
    text: Vec<u8>,
    vectors: Vec<Placed>,
}

impl Row {
    /// Reads the row of this number into `scratch`.
    pub(super) fn read(
        &mut self,
        rows: &dyn Rows,
        row: usize,
        under: Under<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Reason> {
        self.text.clear();
        self.vectors.clear();
        rows.write(row, &mut self.text, &mut self.vectors);
        let beside = Beside { rows, row, placed: &self.vectors };
        json::read(&self.text, Some(beside), under, scratch)
    }
}
