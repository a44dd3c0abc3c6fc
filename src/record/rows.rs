//! Rows of a file of columns: the interface between decoding and admission.
//!
//! A row is presented as JSON, so that the same rules judge all records, except for its vectors, whose numbers are
//! passed on without becoming text.

use std::fmt;

use super::reason::Reason;

/// Some rows of a file, decoded together.
pub trait Rows: fmt::Debug + Send + Sync {
    /// The names of the file's columns in messages, including unread ones.
    fn labels(&self) -> Vec<String>;

    /// Columns that may be the vector, by their types.
    fn looks(&self) -> Looks {
        Looks::default()
    }

    /// Columns without a value in any row, according to the file.
    fn voids(&self) -> Vec<String> {
        Vec::new()
    }

    /// Appends a row to `text` as a JSON object. If one of its members may be the vector and its numbers are not in the
    /// text, adds their place to `vectors`.
    fn write(&self, row: usize, text: &mut Vec<u8>, vectors: &mut Vec<Placed>);

    /// Appends the numbers of a row's vector, all finite.
    fn numbers(&self, vector: usize, row: usize, out: &mut Vec<f32>) -> Result<(), Reason>;

    /// A row as JSON, with other spellings where JSON has none, and with everything that is read of it: it is judged
    /// the same when it is read again.
    fn whole(&self, row: usize) -> Vec<u8>;

    /// Approximately how many bytes of text a row becomes.
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

/// The place in a row's text of a vector whose numbers are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Offset of the placeholder value.
    pub at: usize,
    /// The index of the vector for [`Rows::numbers`].
    pub vector: usize,
}
