//! One input: opened, recognised, cut block by block, continued from a position.

use std::io;

use super::cut::Cut;
use super::cutter::Cutter;
use super::decompress::{self, Compression, Trailing};
use super::elements::Elements;
use super::error::{self, ReadError, Tear};
use super::flaw::{Flaw, FlawKind};
use super::mark::mark_length;
use super::named::Named;
use super::recognise::{self, Form, Layout};
use super::sizes::Sizes;
use super::table::{self, Header, HeaderFlaw, Rows, Tables};
use super::unfit::Unfit;
use super::window::{Arrival, Stream, Window, newlines};
use crate::encoding::{self, Foreign};
use crate::record::{Block, Input, Position, Raw, Record};

/// How often an input may be packed: twice happens where a pipeline packs what is packed already.
const PACKED_AT_MOST: usize = 2;

/// An input that is being read.
pub(super) struct OpenInput {
    pub(super) input: Input,
    pub(super) window: Window,
    pub(super) cutter: Cutter,
    /// Bytes of the file itself before what the next block begins with.
    pub(super) bytes_before: u64,
}

impl OpenInput {
    /// Opens `input`, and what it is packed in.
    pub(super) fn open(input: Input, number: u32, sizes: Sizes) -> Result<Self, ReadError> {
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
    pub(super) fn start(&mut self, form: &Form, from: Option<Position>) -> Result<(), ReadError> {
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
    pub(super) fn byte_before(&mut self, place: Position) -> Result<Option<u8>, ReadError> {
        self.go_to(Position { offset: place.offset.saturating_sub(1), ..place })?;
        Ok(self.window.text().first().copied())
    }

    pub(super) fn recognise(&mut self, form: &Form) -> Result<Layout, ReadError> {
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
    pub(super) fn unfit(&self, unfit: Unfit) -> ReadError {
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
    pub(super) fn not_utf8(&self, Foreign { at, byte, likely }: Foreign) -> ReadError {
        ReadError::NotUtf8 { input: self.input.clone(), place: self.window.place(at), byte, likely }
    }

    /// Reads the header of a table, which an empty one need not have.
    pub(super) fn header(&mut self, delimiter: u8, tables: &Tables) -> Result<Option<Rows>, ReadError> {
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

    pub(super) fn go_to(&mut self, from: Position) -> Result<(), ReadError> {
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
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
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
    pub(super) fn read_more(&mut self) -> Result<bool, ReadError> {
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
    pub(super) fn block(&mut self, cut: Cut) -> Block {
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
    pub(super) fn flaw(&self, flaw: &Flaw) -> ReadError {
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

    pub(super) fn header_flaw(&self, flaw: HeaderFlaw) -> ReadError {
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
    pub(super) fn failure(&self, cause: io::Error) -> ReadError {
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
