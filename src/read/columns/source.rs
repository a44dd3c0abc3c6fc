//! The seam for a format of columns: where rows come from, and why they may not.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow_schema::DataType;

use crate::read::bounds::Bounds;
use crate::record::Rows;
use crate::words;

/// Some rows that were decoded together, and their number.
pub(super) type Decoded = (Arc<dyn Rows>, usize);

/// Where the rows of a file come from.
pub(super) trait Source: Send {
    /// How many rows the file has.
    fn rows(&self) -> u64;

    /// Which fields are taken for what, in words.
    fn told(&self) -> &str;

    /// Begins again at a row, of which the file has so many.
    fn go_to(&mut self, row: u64) -> Result<(), Trouble>;

    /// The next rows, none at the end.
    fn next(&mut self) -> Result<Option<Decoded>, Trouble>;
}

/// Why a file of columns cannot be read, or not further.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It ends too early.
    Torn,
    /// It does not begin or end as it should in another way.
    Bounds(Bounds),
    /// It needs what is not supported: its name with the article, and the cure.
    Unsupported(&'static str, &'static str),
    /// It holds what the user must choose from or change: what, and the cure.
    Unclear(String, Cow<'static, str>),
    /// Its content contradicts itself.
    Damaged(String),
    Io(io::Error),
}

impl Trouble {
    /// The same as the trouble of one array in an archive that is whole itself.
    pub(super) fn in_array(self, name: &str) -> Self {
        match self {
            Self::Torn => Self::Damaged(format!("its array {name} ends too early")),
            Self::Damaged(what) => Self::Damaged(format!("in its array {name}, {what}")),
            other => other,
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Torn,
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Self::Damaged(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

/// Refuses a number of rows that nothing but the file's word stands for: more than one a bit, and no column to decode.
pub(super) fn check_rows(
    rows: u64,
    bytes: u64,
    mut read: impl Iterator<Item = DataType>,
) -> Result<(), Trouble> {
    if rows <= bytes.saturating_mul(8) || read.any(|kind| kind != DataType::Null) {
        return Ok(());
    }
    Err(Trouble::Damaged(format!(
        "it says that it has {} rows, but it has {bytes} bytes",
        words::count(rows)
    )))
}

/// The last bytes of a file, fewer if it has not so many.
pub(super) fn tail<const N: usize>(file: &mut File) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    if file.metadata()?.len() < N as u64 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-i64::try_from(N).unwrap_or(0)))?;
    file.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}
