//! The interface of a columnar format: the source of rows, and its errors.

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

/// The source of a file's rows.
pub(super) trait Source: Send {
    /// The number of rows.
    fn rows(&self) -> u64;

    /// Which fields are used as what, in words.
    fn told(&self) -> &str;

    /// Moves to a row, which the file must have.
    fn go_to(&mut self, row: u64) -> Result<(), Trouble>;

    /// The next rows; `None` at the end.
    fn next(&mut self) -> Result<Option<Decoded>, Trouble>;
}

/// Why a file of columns cannot be read, or not any further.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It ends too early.
    Torn,
    /// It does not begin or end as it should in another way.
    Bounds(Bounds),
    /// It needs something unsupported: its name with the article, and the cure.
    Unsupported(&'static str, &'static str),
    /// The user must choose or change something: what, and the cure.
    Unclear(String, Cow<'static, str>),
    /// Its content contradicts itself.
    Damaged(String),
    Io(io::Error),
}

impl Trouble {
    /// The same as trouble of one array in an otherwise valid archive.
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

/// Refuses an implausible number of rows: more than one per bit of the file, with no column to decode.
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

/// The last `N` bytes of a file; `None` if it is shorter.
pub(super) fn tail<const N: usize>(file: &mut File) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    if file.metadata()?.len() < N as u64 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-i64::try_from(N).unwrap_or(0)))?;
    file.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}
