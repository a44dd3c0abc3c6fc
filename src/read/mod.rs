//! Step 1 of the path: bytes to records.
//!
//! Inputs are opened, decompressed, recognised and cut into [`Block`]s of records. A record is a slice of the text it
//! was read in, and nothing in it is looked at beyond what tells its end; whether it is good is the next step's
//! question. Memory holds one block of text, or one record when that is larger, whatever the size of the input.
//!
//! `window` holds the text at hand; `lines`, `elements` and `table` are pure and find the records in it, one a layout;
//! `recognise` chooses among them.

mod around;
mod blocks;
mod columnar;
mod decompress;
mod elements;
mod error;
mod expand;
pub(crate) mod fingerprint;
mod foreign;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod lines;
mod named;
mod outline;
mod preflight;
mod recognise;
mod shape;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unfit;
mod value;
mod window;

use std::io;
use std::ops::Range;

use bytes::Bytes;

pub use self::blocks::open;
pub(crate) use self::blocks::total_bytes;
pub(crate) use self::blocks::{Blocks, FailedInput};
use self::decompress::{Compression, Trailing};
use self::elements::Elements;
pub(crate) use self::error::{ReadError, Tear};
pub(crate) use self::expand::{Expanded, expand};
use self::named::Named;
pub(crate) use self::preflight::{Chosen, beginning, choose};
pub use self::recognise::Format;
use self::recognise::Layout;
pub(crate) use self::table::Tables;
use self::table::{Header, HeaderFlaw, QuoteFlaw, Rows};
use self::unfit::Unfit;
use self::window::{Arrival, Stream, Window, newlines};
use super::record::{Block, Input, Position, Raw, Record};
use crate::encoding::{self, Foreign};

/// How much text is read and cut at once, and how long a record may be, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    block: usize,
    record: usize,
}

impl Sizes {
    /// A block is large against the cost of handing it to another thread, and a few dozen of them are little memory.
    /// A record of 64 MiB is far beyond what one call may hold.
    const USUAL: Self = Self { block: 256 << 10, record: 64 << 20 };

    /// Least text to look at; what recognises a format by its first bytes needs so many of them.
    const LEAST: usize = 16;

    /// How much text to hold when `held` bytes were not enough; a little more than a record is the most.
    fn to_fill(self, held: usize) -> usize {
        let most = self.record.saturating_add(self.block);
        self.block.max(held.saturating_mul(2)).min(most).max(Self::LEAST)
    }
}

/// Most records of a block. Beside its text each takes a few hundred bytes once it is judged, which counts where text
/// falls into records of a few bytes.
const RECORDS_AT_MOST: usize = 4_096;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How often an input may be packed: twice happens where a pipeline packs what is packed already.
const PACKED_AT_MOST: usize = 2;

/// The length of the UTF-8 byte-order mark that `text` starts with, or 0.
fn mark_length(text: &[u8]) -> usize {
    if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

/// What was found in a stretch of text.
#[derive(Debug, Default)]
struct Cut {
    /// Where each record is; [`RECORDS_AT_MOST`].
    records: Vec<Range<usize>>,
    /// How far the text is done with; behind the last record, a place to continue from.
    consumed: usize,
    /// What is wrong with some of the records, by their index; in order.
    flaws: Vec<(usize, QuoteFlaw)>,
}

/// Why cutting cannot go on at a place of the text.
#[derive(Debug)]
struct Flaw {
    at: usize,
    kind: FlawKind,
}

/// What is wrong there.
#[derive(Debug)]
enum FlawKind {
    Malformed {
        expected: &'static str,
        found: u8,
    },
    Unfinished(Tear),
    /// Records begin there that would be left out.
    LeftOut,
    /// A second member of the name that leads to the records.
    Repeated,
}

impl Flaw {
    fn malformed(at: usize, found: u8, expected: &'static str) -> Self {
        Self { at, kind: FlawKind::Malformed { expected, found } }
    }

    fn unfinished(at: usize, tear: Tear) -> Self {
        Self { at, kind: FlawKind::Unfinished(tear) }
    }

    /// Whether more text cannot mend it.
    fn is_lasting(&self) -> bool {
        !matches!(self.kind, FlawKind::Unfinished(_))
    }
}

/// What a user says about the form of the inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The format; recognised, input by input, when it is not given.
    pub format: Option<Format>,
    /// How tables are written.
    pub tables: Tables,
    /// The fields that are named as the key: by them a record is told from an object around records.
    pub key: Vec<String>,
    /// The same of the vector.
    pub vector: Vec<String>,
}

/// One way to cut, chosen for an input.
#[derive(Debug)]
enum Cutter {
    Lines,
    Elements(Elements),
    Rows(Rows),
}

impl Cutter {
    fn cut(&mut self, text: &[u8], last: bool) -> Result<Cut, Flaw> {
        match self {
            Self::Lines => Ok(lines::cut(text, last)),
            Self::Elements(elements) => elements.cut(text, last),
            Self::Rows(rows) => Ok(rows.cut(text, last)),
        }
    }

    fn raw(&self, text: &Bytes, record: Range<usize>) -> Raw {
        match self {
            Self::Lines | Self::Elements(_) => Raw::Json(text.slice(record)),
            Self::Rows(rows) => rows.raw(text, record),
        }
    }
}

/// An input that is being read.
struct Reading {
    input: Input,
    window: Window,
    cutter: Cutter,
    /// Bytes of the file itself before what the next block begins with.
    bytes_before: u64,
}

impl Reading {
    /// Opens `input`, and what it is packed in.
    fn open(input: Input, number: u32, sizes: Sizes) -> Result<Self, ReadError> {
        let stream = match Stream::open(&input) {
            Ok(stream) => stream,
            Err(cause) => return Err(ReadError::Open { input, cause }),
        };
        let window = Window::new(stream, number, sizes);
        let mut reading = Self { input, window, cutter: Cutter::Lines, bytes_before: 0 };
        reading.window.fill();
        for _ in 0..PACKED_AT_MOST {
            if let Some(compression) = Compression::of(reading.window.text()) {
                let outcome = reading.window.decompress(compression);
                outcome.map_err(|cause| reading.failure(cause))?;
            }
        }
        Ok(reading)
    }

    /// Recognises the layout and moves to the first record, or to `from`.
    fn start(&mut self, form: &Form, from: Option<Position>) -> Result<(), ReadError> {
        let layout = self.recognise(form)?;
        self.window.skip(mark_length(self.window.text()));
        if let Layout::Rows { delimiter } = layout
            && let Some(rows) = self.header(delimiter, &form.tables)?
        {
            self.cutter = Cutter::Rows(rows);
        }
        // Before the first record there is nothing to continue.
        let from = from.filter(|from| from.offset > self.window.position().offset);
        if let Layout::Elements(shape) = layout {
            let before = from.map_or(Ok(None), |from| self.byte_before(from))?;
            let elements = match before {
                Some(before) => Elements::continued(shape, before),
                None => Elements::new(shape),
            };
            let named = Named { key: &form.key, vector: &form.vector };
            self.cutter = Cutter::Elements(elements.naming(named));
        }
        from.map_or(Ok(()), |from| self.go_to(from))
    }

    /// Moves right before a place behind the text's start, and gives the byte there.
    fn byte_before(&mut self, place: Position) -> Result<Option<u8>, ReadError> {
        self.go_to(Position { offset: place.offset.saturating_sub(1), ..place })?;
        Ok(self.window.text().first().copied())
    }

    fn recognise(&mut self, form: &Form) -> Result<Layout, ReadError> {
        let name = match &self.input {
            Input::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            Input::Stdin | Input::Inline(_) => None,
        };
        loop {
            let whole = self.window.has_ended() || self.window.is_full();
            let mut found = recognise::recognise(self.window.text(), whole, name.as_deref(), form);
            // Text on the command line is JSON; anything else there is a slip.
            if matches!((&found, &self.input), (Ok(Some(Layout::Rows { .. })), Input::Inline(_))) {
                found = Err(Unfit::Unrecognised);
            }
            match found {
                Ok(Some(layout)) => return Ok(layout),
                Ok(None) => self.window.fill(),
                Err(Unfit::Unrecognised) => {
                    let unrecognised = ReadError::Unrecognised { input: self.input.clone() };
                    // Too little of the input is no reason to doubt its format.
                    return Err(self.window.take_failure().map_or(unrecognised, |cause| self.failure(cause)));
                }
                Err(unfit) => return Err(self.unfit(unfit)),
            }
        }
    }

    /// The error for an input that cannot be cut.
    fn unfit(&self, unfit: Unfit) -> ReadError {
        let input = self.input.clone();
        match unfit {
            Unfit::Unrecognised => ReadError::Unrecognised { input },
            Unfit::Unsupported { format, cure } => ReadError::Unsupported { input, format, cure },
            Unfit::WithoutRecords { what, cure, in_place_of_data } => {
                ReadError::WithoutRecords { input, what, cure, in_place_of_data }
            }
            Unfit::Shape { shape, cure } => ReadError::Shape { input, shape, cure },
            Unfit::NotUtf8(foreign) => self.not_utf8(foreign),
        }
    }

    /// The error for text at hand that is `foreign`.
    fn not_utf8(&self, Foreign { at, byte, likely }: Foreign) -> ReadError {
        ReadError::NotUtf8 { input: self.input.clone(), place: self.window.place(at), byte, likely }
    }

    /// Reads the header of a table, which an empty one need not have.
    fn header(&mut self, delimiter: u8, tables: &Tables) -> Result<Option<Rows>, ReadError> {
        loop {
            let (text, last) = (self.window.text(), self.window.is_last());
            let header = table::header(text, last, self.window.largest_record(), delimiter, tables);
            let end = match &header {
                Ok(Header::Found(_, end)) => *end,
                Ok(Header::Missing(_)) => 0,
                Err(_) => memchr::memchr(b'\n', text).unwrap_or(text.len()),
            };
            // A name with a replaced character in it would be another name.
            if std::str::from_utf8(text.get(..end).unwrap_or_default()).is_err()
                && let Some(foreign) = encoding::foreign(text)
            {
                return Err(self.not_utf8(foreign));
            }
            match header.map_err(|flaw| self.header_flaw(flaw))? {
                Header::Found(rows, end) => {
                    self.window.skip(end);
                    return Ok(Some(rows));
                }
                Header::Missing(done) => self.window.skip(done),
            }
            if !self.read_more()? {
                return Ok(None);
            }
        }
    }

    fn go_to(&mut self, from: Position) -> Result<(), ReadError> {
        match self.window.go_to(from) {
            Ok(Arrival::There) => {
                self.bytes_before = self.window.bytes_before();
                Ok(())
            }
            Ok(Arrival::EndsBefore(end)) => {
                Err(ReadError::ResumeBehindEnd { input: self.input.clone(), place: from, end })
            }
            Err(cause) => Err(self.failure(cause)),
        }
    }

    /// Cuts the next block, or gives none at the end of the input.
    fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        self.window.top_up();
        loop {
            let last = self.window.is_last();
            let cut = self.cutter.cut(self.window.text(), last).map_err(|flaw| self.flaw(&flaw))?;
            if !cut.records.is_empty() {
                return Ok(Some(self.block(cut)));
            }
            self.window.skip(cut.consumed);
            if !self.read_more()? {
                return Ok(None);
            }
        }
    }

    /// Lengthens the text at hand, in which no record was complete; false at the end of the input.
    fn read_more(&mut self) -> Result<bool, ReadError> {
        if let Some(cause) = self.window.take_failure() {
            return Err(self.failure(cause));
        }
        if self.window.has_ended() {
            return self.window.take_trailing().map_or(Ok(false), |cause| Err(self.failure(cause)));
        }
        if self.window.is_full() {
            let (input, place) = (self.input.clone(), self.window.position());
            return Err(ReadError::TooLarge { input, place, limit: self.window.largest_record() });
        }
        self.window.fill();
        Ok(true)
    }

    /// Hands out the records of `cut`.
    fn block(&mut self, cut: Cut) -> Block {
        let start = self.window.position();
        let text = self.window.take(cut.consumed);
        let mut position = start;
        let mut passed = 0;
        let mut records = Vec::with_capacity(cut.records.len());
        let mut flaws = cut.flaws.into_iter().peekable();
        for (index, range) in cut.records.into_iter().enumerate() {
            position.line += newlines(&text[passed..range.start]);
            position.offset = start.offset + range.start as u64;
            passed = range.start;
            let raw = match flaws.next_if(|(flawed, _)| *flawed == index) {
                Some((_, flaw)) => Raw::broken(text.slice(range), flaw.on(position.line)),
                None => self.cutter.raw(&text, range),
            };
            records.push(Record { position, raw });
            position.record += 1;
        }
        position.line += newlines(&text[passed..]);
        self.window.took(text.len(), position.line, position.record);
        let before = std::mem::replace(&mut self.bytes_before, self.window.bytes_before());
        Block { records, end: self.window.position(), bytes: before..self.bytes_before.max(before) }
    }

    /// The error for a `flaw` in the text at hand.
    fn flaw(&self, flaw: &Flaw) -> ReadError {
        let input = self.input.clone();
        let place = self.window.place(flaw.at);
        match flaw.kind {
            FlawKind::Malformed { expected, found } => {
                let found = error::shown(self.window.text().get(flaw.at..).unwrap_or_default(), found);
                ReadError::Malformed { input, place, expected, found }
            }
            FlawKind::Unfinished(tear) => ReadError::Torn { input, tear, place, end: self.window.end() },
            FlawKind::LeftOut => ReadError::LeftOut { input, place },
            FlawKind::Repeated => ReadError::Repeated { input, place },
        }
    }

    fn header_flaw(&self, flaw: HeaderFlaw) -> ReadError {
        let input = self.input.clone();
        match flaw {
            HeaderFlaw::Missing { cell, vector } => ReadError::NoHeader { input, cell, vector },
            HeaderFlaw::Duplicate(name) => ReadError::DuplicateColumn { input, name },
            HeaderFlaw::LineEnds => ReadError::LineEnds { input },
            HeaderFlaw::Wide(columns) => ReadError::Wide { input, columns },
            HeaderFlaw::NoTable(name) => ReadError::NoTable { input, name },
            HeaderFlaw::Quote(at, flaw) => {
                ReadError::HeaderQuote { input, trouble: flaw.on(self.window.place(at).line) }
            }
        }
    }

    /// The error for a failure of the stream: of the system, or of the compressed data.
    fn failure(&self, cause: io::Error) -> ReadError {
        let input = self.input.clone();
        let place = self.window.position();
        if let (Some(compression), Some(trailing)) = (self.window.compression(), Trailing::of(&cause)) {
            let (compression, Trailing { at, bytes }) = (compression.name(), *trailing);
            return ReadError::Trailing { input, compression, place, at, bytes };
        }
        match self.window.compression().map(Compression::name) {
            Some(compression) if cause.kind() == io::ErrorKind::UnexpectedEof => ReadError::Torn {
                input,
                tear: Tear::Compressed(compression),
                place,
                end: self.window.packed_bytes(),
            },
            Some(_) if decompress::wants_too_much(&cause) => ReadError::Unsupported {
                input,
                format: "a zstd file that takes more than 128 MiB to unpack",
                cure: "pack it again without --long, or with --long=27 at most",
            },
            Some(compression) if cause.raw_os_error().is_none() => {
                ReadError::Damaged { input, place, compression, cause }
            }
            _ => ReadError::Io { input, place, cause },
        }
    }
}
