//! The columnar formats, and how each is recognised. Pure.

use super::arrow_frame::{self, begins_old_stream};
use super::{arrow_layout, npy};
use crate::read::recognise::Format;

/// The columnar formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Parquet,
    /// A file or a stream of Arrow.
    Arrow,
    Npy,
    Npz,
    Fvecs,
    Bvecs,
    Fbin,
    U8bin,
    Float32,
}

impl Kind {
    /// The format of a file: by its first bytes, or else by the user's option or its name.
    pub(crate) fn of(head: &[u8], name: &str, format: Option<Format>) -> Option<Self> {
        let begins = |magic: &[u8]| head.starts_with(magic);
        if begins(b"PAR1") || begins(b"PARE") {
            Some(Self::Parquet)
        } else if begins(arrow_layout::FILE_MARK) {
            Some(Self::Arrow)
        } else if begins(npy::MAGIC) {
            Some(Self::Npy)
        } else if begins(b"PK\x03\x04") && (is_first_entry_npy(head) || format == Some(Format::Npz)) {
            Some(Self::Npz)
        } else {
            // These formats have no magic bytes.
            let promised = format.or_else(|| Format::of_name(name));
            let of_format = Self::without_magic(promised);
            let of_format = of_format.or_else(|| promised.filter(|_| head.is_empty()).and_then(Self::empty));
            let is_stream = || begins(&arrow_frame::CONTINUATION) || begins_old_stream(head);
            of_format.or_else(|| is_stream().then_some(Self::Arrow))
        }
    }

    fn without_magic(format: Option<Format>) -> Option<Self> {
        match format? {
            Format::Fvecs => Some(Self::Fvecs),
            Format::Bvecs => Some(Self::Bvecs),
            Format::Fbin => Some(Self::Fbin),
            Format::U8bin => Some(Self::U8bin),
            Format::Float32 => Some(Self::Float32),
            _ => None,
        }
    }

    /// The format of an empty file, which is incomplete in any of these formats.
    fn empty(format: Format) -> Option<Self> {
        match format {
            Format::Parquet => Some(Self::Parquet),
            Format::Arrow => Some(Self::Arrow),
            Format::Npy => Some(Self::Npy),
            Format::Npz => Some(Self::Npz),
            _ => None,
        }
    }

    /// The format as on the command line.
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Parquet => Format::Parquet,
            Self::Arrow => Format::Arrow,
            Self::Npy => Format::Npy,
            Self::Npz => Format::Npz,
            Self::Fvecs => Format::Fvecs,
            Self::Bvecs => Format::Bvecs,
            Self::Fbin => Format::Fbin,
            Self::U8bin => Format::U8bin,
            Self::Float32 => Format::Float32,
        }
    }

    /// Its name with its article.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Parquet => "a Parquet file",
            Self::Arrow => "an Arrow file",
            Self::Npy => "a NumPy file",
            Self::Npz => "a NumPy NPZ archive",
            Self::Fvecs => "an fvecs file",
            Self::Bvecs => "a bvecs file",
            Self::Fbin => "an fbin file",
            Self::U8bin => "a u8bin file",
            Self::Float32 => "a file of float32 numbers",
        }
    }

    /// Its name without an article.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
            Self::Npy => "NumPy",
            Self::Npz => "NPZ",
            Self::Fvecs => "fvecs",
            Self::Bvecs => "bvecs",
            Self::Fbin => "fbin",
            Self::U8bin => "u8bin",
            Self::Float32 => "float32",
        }
    }

    /// Whether it has vectors without fields.
    pub(crate) fn is_bare(self) -> bool {
        !matches!(self, Self::Parquet | Self::Arrow)
    }

    /// Whether its format compresses what it holds.
    pub(crate) fn is_packed_inside(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow | Self::Npz)
    }
}

/// Whether the first file in an archive is a NumPy array.
fn is_first_entry_npy(head: &[u8]) -> bool {
    const LENGTH_AT: usize = 26;
    const NAME_AT: usize = 30;
    let length = head.get(LENGTH_AT..).and_then(|length| length.first_chunk());
    let length = length.map_or(0, |length| usize::from(u16::from_le_bytes(*length)));
    head.get(NAME_AT..NAME_AT + length).is_some_and(|name| name.ends_with(b".npy"))
}
