//! Rows of a file of columns: the seam between those who decode them and those who judge them.
//!
//! What a row holds is told as JSON, so that one set of rules judges all records; but for its vectors, whose numbers go
//! from the file to the judge without becoming text.

use std::fmt;

use super::reason::Reason;

/// Some rows of a file, decoded together.
pub trait Rows: fmt::Debug + Send + Sync {
    /// What messages call the file's columns, those that are not read included.
    fn labels(&self) -> Vec<String>;

    /// Columns that may be the vector, by their types.
    fn looks(&self) -> Looks {
        Looks::default()
    }

    /// Columns in which no row of the file has anything, as far as the file says.
    fn voids(&self) -> Vec<String> {
        Vec::new()
    }

    /// Appends a row to `text` as a JSON object. Where one of its members may be the vector and its numbers are not in
    /// the text, their place is added to `vectors`.
    fn write(&self, row: usize, text: &mut Vec<u8>, vectors: &mut Vec<Placed>);

    /// Appends the numbers of a row's vector, all finite.
    fn numbers(&self, vector: usize, row: usize, out: &mut Vec<f32>) -> Result<(), Reason>;

    /// A row as JSON, or as what JSON has no spelling for, with all that is read of it: read again, it is judged alike.
    fn whole(&self, row: usize) -> Vec<u8>;

    /// About how many bytes of text a row becomes.
    fn text_bytes(&self) -> usize;
}

/// Fields that look like the vector, or like parts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// Those with several numbers each.
    pub vectors: Vec<String>,
    /// Those with one number each.
    pub numbers: Vec<String>,
}

/// Where in a row's text a vector stands whose numbers are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Offset of the value that stands in their place.
    pub at: usize,
    /// Which of the vectors of [`Rows::numbers`] it is.
    pub vector: usize,
}
