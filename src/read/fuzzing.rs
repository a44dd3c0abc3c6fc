//! Reads arbitrary bytes in pieces of any size, for the fuzz targets in `tests/fuzz`.

use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use super::columns::{ColumnFile, Kind};
use super::cutter::Cutter;
use super::decode::Decoded;
use super::decompress::Compression;
use super::error::ReadError;
use super::open_input::OpenInput;
use super::recognise::{Form, Format};
use super::sizes::Sizes;
use super::window::{Stream, Window};
use crate::encoding::{self, Encoding};
use crate::record::{Input, Position, Raw};

/// What a text was cut into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cutting {
    /// Where each record starts, and its text.
    pub records: Vec<(Position, Vec<u8>)>,
    /// Where reading failed: the place in the error, or 0 if nothing is cut at all.
    pub failed: Option<u64>,
}

/// Cuts `text` with a window of `block` bytes, optionally from a place of an earlier cutting.
pub fn cut(text: &[u8], block: usize, format: Option<Format>, from: Option<Position>) -> Cutting {
    let mut cutting = Cutting::default();
    if let Err(error) = read(text, block, format, from, &mut cutting) {
        cutting.failed = Some(error.place().map_or(0, |place| place.offset));
    }
    cutting
}

fn read(
    text: &[u8],
    block: usize,
    format: Option<Format>,
    from: Option<Position>,
    cutting: &mut Cutting,
) -> Result<(), ReadError> {
    let stream = Stream::Forward(Box::new(Cursor::new(text.to_vec())));
    let window = Window::new(stream, 0, Sizes { block, record: 1 << 20 });
    let input = Input::File("text".into());
    let cutter = Cutter::Lines;
    let mut reading = OpenInput { input, window, cutter, bytes_before: 0, headers: None, reached: None };
    reading.window.fill();
    if reading.start(&Form { format, ..Form::default() }, from)?.is_some() {
        // Columns in JSON are not cut.
        cutting.failed = Some(0);
        return Ok(());
    }
    while let Some(block) = reading.next_block()? {
        cutting.records.extend(block.records.into_iter().map(|record| (record.position, shown(record.raw))));
    }
    Ok(())
}

/// The text of a record, or its cells joined by a byte that none of them has.
fn shown(raw: Raw) -> Vec<u8> {
    match raw {
        Raw::Json(text) | Raw::Broken { text, .. } => text.to_vec(),
        Raw::Columns { rows, row } => rows.whole(row),
        Raw::Row { cells, .. } => cells.iter().collect::<Vec<_>>().join(&0xff),
    }
}

/// Text that arrives in pieces of this size, as from a slow pipe.
struct Slow {
    bytes: Cursor<Vec<u8>>,
    piece: usize,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.piece.max(1));
        self.bytes.read(buffer.get_mut(..most).unwrap_or_default())
    }
}

/// Decodes bytes in the encoding of this name to UTF-8, with whether all of them are valid; `None` if there is no such
/// encoding.
pub fn decoded(bytes: &[u8], name: &str, piece: usize) -> Option<(Vec<u8>, bool)> {
    let encoding = Encoding::named(name).ok().flatten()?;
    let mut text = Vec::new();
    let slow = Slow { bytes: Cursor::new(bytes.to_vec()), piece };
    Decoded::new(slow, encoding).read_to_end(&mut text).ok()?;
    let is_whole = encoding::foreign(&text).is_none();
    Some((text, is_whole))
}

/// The first `most` bytes of decompressed data, with whether the compressed data ends properly; `None` if it is not
/// compressed.
pub fn decompressed(packed: &[u8], piece: usize, most: u64) -> Option<(Vec<u8>, bool)> {
    let compression = Compression::of(packed)?;
    let slow = Slow { bytes: Cursor::new(packed.to_vec()), piece };
    let mut text = Vec::new();
    let reading = compression.decompress(BufReader::with_capacity(piece.max(1), slow));
    let read = reading.and_then(|reading| reading.take(most).read_to_end(&mut text));
    Some((text, read.is_ok()))
}

/// What a file of columns holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The number of rows according to the file.
    pub rows: u64,
    /// The rows that were read: their text, and the bits of each vector or its error.
    pub read: Vec<Row>,
    /// Whether reading ended before its end.
    pub has_failed: bool,
}

/// Text, and its vectors.
pub type Row = (Vec<u8>, Vec<Result<Vec<u32>, String>>);

/// Reads up to `most` rows of a file of columns, starting at a row; `None` if it cannot be opened.
pub fn table(path: &Path, form: &Form, from: u64, most: usize) -> Option<Table> {
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(64).read_to_end(&mut head).ok()?;
    let kind = Kind::of(&head, &path.to_string_lossy(), form.format)?;
    let mut file = ColumnFile::new(Input::File(path.to_owned()), 0, kind);
    file.start(form, Some(Position::of_row(0, from))).ok()?;
    let mut table = Table { rows: file.rows(), ..Table::default() };
    while table.read.len() < most {
        match file.next_block() {
            Ok(Some(block)) => {
                let rows = block.records.into_iter().filter_map(|record| row(record.raw));
                table.read.extend(rows.take(most - table.read.len()));
            }
            Ok(None) => break,
            Err(_) => {
                table.has_failed = true;
                break;
            }
        }
    }
    Some(table)
}

fn row(raw: Raw) -> Option<Row> {
    let Raw::Columns { rows, row } = raw else { return None };
    let (mut text, mut placed) = (Vec::new(), Vec::new());
    rows.write(row, &mut text, &mut placed);
    let vectors = placed.iter().map(|placed| {
        let mut numbers = Vec::new();
        let read = rows.numbers(placed.vector, row, &mut numbers);
        read.map(|()| numbers.into_iter().map(f32::to_bits).collect()).map_err(|reason| reason.to_string())
    });
    let vectors = vectors.collect();
    text.extend(rows.whole(row));
    Some((text, vectors))
}
