//! The cells of a row, unquoted.

use std::ops::Range;

use bytes::Bytes;

/// The cells of a row, unquoted, as bytes that need not be UTF-8.
///
/// Most are parts of the row's text. Only those in which a doubled quote or an escape stands for a character are copies.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    text: Bytes,
    /// The copies, one after another.
    copies: Vec<u8>,
    /// Where each cell is: in the text, or past its end in the copies.
    places: Vec<Range<usize>>,
}

impl Cells {
    /// No cells yet of the row `text`, with room for `count` of them.
    pub(crate) fn with_capacity(text: Bytes, count: usize) -> Self {
        Self { text, copies: Vec::new(), places: Vec::with_capacity(count) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The cell of a column, counted from 0.
    pub fn get(&self, column: usize) -> Option<&[u8]> {
        self.places.get(column).map(|place| self.at(place))
    }

    /// The cells in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.places.iter().map(|place| self.at(place))
    }

    fn at(&self, place: &Range<usize>) -> &[u8] {
        let text = &self.text;
        let in_copies = || {
            let copy = place.start.checked_sub(text.len())?..place.end.checked_sub(text.len())?;
            self.copies.get(copy)
        };
        text.get(place.clone()).or_else(in_copies).unwrap_or_default()
    }

    /// The memory that they take, with all of their row, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.copies.len() + self.places.len() * size_of::<Range<usize>>()
    }

    /// The same with text of their own, not that of a block.
    pub(crate) fn alone(self) -> Self {
        Self { text: Bytes::copy_from_slice(&self.text), ..self }
    }

    /// Adds a part of the text.
    pub(crate) fn push_part(&mut self, part: Range<usize>) {
        self.places.push(part);
    }

    /// Adds a cell that is not a part of the text.
    pub(crate) fn push_copy(&mut self, cell: &[u8]) {
        let start = self.text.len() + self.copies.len();
        self.copies.extend_from_slice(cell);
        self.places.push(start..start + cell.len());
    }

    /// The same after other cells.
    pub(crate) fn after(&self, first: &[&[u8]]) -> Self {
        let places = Vec::with_capacity(first.len() + self.len());
        let mut cells = Self { text: self.text.clone(), copies: self.copies.clone(), places };
        for cell in first {
            cells.push_copy(cell);
        }
        cells.places.extend_from_slice(&self.places);
        cells
    }
}

impl<Cell: AsRef<[u8]>> From<Vec<Cell>> for Cells {
    fn from(all: Vec<Cell>) -> Self {
        let mut cells = Self::with_capacity(Bytes::new(), all.len());
        for cell in &all {
            cells.push_copy(cell.as_ref());
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_copies_are_cells_in_their_order() {
        let mut cells = Cells::with_capacity(Bytes::from_static(b"ab,cd,"), 0);
        cells.push_part(0..2);
        cells.push_copy(b"");
        cells.push_part(3..5);
        cells.push_copy(b"copy");
        cells.push_part(6..6);
        cells.push_copy(b"y");
        let wanted: [&[u8]; 6] = [b"ab", b"", b"cd", b"copy", b"", b"y"];
        assert_eq!(cells.iter().collect::<Vec<_>>(), wanted);
        assert_eq!((cells.get(3), cells.get(6), cells.len()), (Some(&b"copy"[..]), None, 6));
        let more = cells.after(&[b"first", b""]);
        let wanted: Vec<&[u8]> = [&b"first"[..], b""].into_iter().chain(wanted).collect();
        assert_eq!(more.iter().collect::<Vec<_>>(), wanted);
        assert!(cells.clone().alone().iter().eq(cells.iter()));
        assert_eq!(Cells::from(vec!["x", ""]).iter().collect::<Vec<_>>(), [&b"x"[..], b""]);
    }
}
