//! One file of columns: opened, cut into blocks of rows, continued from a row.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::arrow::ArrowFile;
use super::bare;
use super::bytes::Bytes;
use super::element::Element;
use super::flat::{FlatFile, Layout};
use super::keys::Keys;
use super::kind::Kind;
use super::npy::{self, Header};
use super::npz;
use super::parquet::ParquetFile;
use super::source::{Source, Trouble};
use super::wanted::Wanted;
use crate::guard::guarded;
use crate::read::bounds::Bounds;
use crate::read::error::ReadError;
use crate::read::recognise::Form;
use crate::record::{Block, Input, Position, Raw, Record};

/// An open file of columns.
pub(crate) struct ColumnFile {
    input: Input,
    number: u32,
    kind: Kind,
    bytes: u64,
    source: Option<Box<dyn Source>>,
    /// The keys in the file, next to its vectors.
    keys: Option<Keys>,
    /// The next row.
    row: u64,
}

impl ColumnFile {
    /// A file that is not opened yet.
    pub(crate) fn new(input: Input, number: u32, kind: Kind) -> Self {
        Self { input, number, kind, bytes: 0, source: None, keys: None, row: 0 }
    }

    pub(crate) fn input(&self) -> &Input {
        &self.input
    }

    /// What it is read as, in words.
    pub(crate) fn told(&self) -> Option<String> {
        self.source.as_ref().map(|source| format!("{}: {}", self.kind.name(), source.told()))
    }

    /// The same without details that differ between files of one form.
    pub(crate) fn form(&self) -> String {
        match &self.source {
            Some(source) if !self.is_bare() => format!("{} ({})", self.kind.name(), source.told()),
            _ => self.kind.name().to_owned(),
        }
    }

    /// Opens the file and moves to its first row, or to `from`.
    pub(crate) fn start(&mut self, form: &Form, from: Option<Position>) -> Result<(), ReadError> {
        let opened = self.guarded(|this| {
            let Input::File(path) = &this.input else { return Err(Trouble::Torn) };
            let (file, bytes) = open(path)?;
            this.bytes = bytes;
            let wanted = Wanted::new(form);
            let source: Box<dyn Source> = match this.kind {
                Kind::Parquet => Box::new(ParquetFile::open(file, &wanted)?),
                Kind::Arrow => Box::new(ArrowFile::open(file, &wanted)?),
                kind => Box::new(this.bare(kind, file, &wanted)?),
            };
            Ok(source)
        });
        let source = self.source.insert(opened.map_err(|trouble| self.error(trouble))?);
        let Some(place) = from else { return Ok(()) };
        let rows = source.rows();
        if place.offset > rows {
            return Err(ReadError::ResumeBehindEnd { input: self.input.clone(), place, end: rows });
        }
        self.row = place.offset;
        self.guarded(|this| this.source.as_mut().map_or(Ok(()), |source| source.go_to(place.offset)))
            .map_err(|trouble| self.error(trouble))
    }

    /// Opens a file of vectors without fields.
    fn bare(&mut self, kind: Kind, mut file: File, wanted: &Wanted) -> Result<FlatFile, Trouble> {
        let layout: Layout = match kind {
            Kind::Npz => {
                let (vectors, keys) = npz::open(&file, wanted)?;
                self.keys = keys.map(Keys::of_array);
                return Ok(vectors);
            }
            Kind::Fvecs => bare::led(&mut file, Element::Float32)?,
            Kind::Bvecs => bare::led(&mut file, Element::Uint8)?,
            Kind::Fbin => bare::counted(&mut file, Element::Float32)?,
            Kind::U8bin => bare::counted(&mut file, Element::Uint8)?,
            Kind::Float32 => bare::float32(&mut file, wanted.dimension)?,
            Kind::Npy | Kind::Parquet | Kind::Arrow => {
                let header = Header::read(&mut Bytes::plain(file.try_clone()?))?;
                let layout = header.vectors()?;
                npy::check_length(&mut file, header.bytes())?;
                layout
            }
        };
        Ok(FlatFile::new(Bytes::plain(file), layout, wanted.vector_name()))
    }

    /// Whether it has vectors without fields.
    pub(crate) fn is_bare(&self) -> bool {
        self.kind.is_bare()
    }

    /// Takes the keys in the file.
    pub(crate) fn take_keys(&mut self) -> Option<Keys> {
        self.keys.take()
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.source.as_ref().map_or(0, |source| source.rows())
    }

    /// The next rows; `None` at the end.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        let decoded = self.guarded(|this| this.source.as_mut().map_or(Ok(None), |source| source.next()));
        let Some((rows, count)) = decoded.map_err(|trouble| self.error(trouble))? else { return Ok(None) };
        let before = self.bytes_before();
        let place = |row: usize| Position::of_row(self.number, self.row + row as u64);
        let record =
            |row| Record { position: place(row), raw: Raw::Columns { rows: Arc::clone(&rows), row } };
        let (records, end) = ((0..count).map(record).collect(), place(count));
        self.row += count as u64;
        Ok(Some(Block { records, end, bytes: before..self.bytes_before(), around: Vec::new() }))
    }

    /// An estimate of how many bytes of the file come before the next row, as if all rows had the same size.
    pub(crate) fn bytes_before(&self) -> u64 {
        let rows = self.source.as_ref().map_or(0, |source| source.rows()).max(1);
        let before = u128::from(self.bytes) * u128::from(self.row) / u128::from(rows);
        u64::try_from(before).unwrap_or(self.bytes)
    }

    /// Runs a decoder; its panic on a damaged file becomes an error.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Trouble>) -> Result<T, Trouble> {
        guarded(|| work(self)).unwrap_or_else(|| Err(Trouble::Damaged("its decoder gave up".to_owned())))
    }

    fn error(&self, trouble: Trouble) -> ReadError {
        let (input, place) = (self.input.clone(), Position::of_row(self.number, self.row));
        match trouble {
            Trouble::Torn => ReadError::Bounds { input, bounds: Bounds::Torn(self.kind.file()) },
            Trouble::Bounds(bounds) => ReadError::Bounds { input, bounds },
            Trouble::Unsupported(format, cure) => ReadError::Unsupported { input, format, cure },
            Trouble::Unclear(what, cure) => ReadError::Unclear { input, what, cure },
            Trouble::Damaged(cause) => {
                // Decoders break their words into lines.
                let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
                ReadError::DamagedColumns { input, place, format: self.kind.name(), cause }
            }
            Trouble::Io(cause) => ReadError::Io { input, place, cause },
        }
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    Ok((file, bytes))
}
