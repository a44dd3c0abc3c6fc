//! One input: opened, recognised, cut block by block, continued from a position.

use std::{fs, io};

use super::columnar::Columnar;
use super::conversion::{Conversion, Path};
use super::cut::Cut;
use super::cutter::Cutter;
use super::decode;
use super::decompress::{self, Compression, Trailing};
use super::elements::Elements;
use super::error::ReadError;
use super::flaw::{Flaw, FlawKind, header_error, of_words, without_embeddings};
use super::mark::{mark_length, shown};
use super::misaligned::Misaligned;
use super::named::Named;
use super::nameless;
use super::recognise::{self, Form, Layout};
use super::sizes::Sizes;
use super::table::{self, Header, HeaderFlaw, Rows, Tables};
use super::tear::Tear;
use super::unfit::Unfit;
use super::window::{Arrival, Stream, Window, newlines};
use crate::encoding::{self, Encoding, Foreign, Stray};
use crate::record::{Block, Input, Position, Raw, Record};

/// Maximum number of nested compressions. Two occur where a pipeline compresses what is compressed already.
const PACKED_AT_MOST: usize = 2;

/// An input that is being read.
pub(super) struct OpenInput {
    pub(super) input: Input,
    pub(super) window: Window,
    pub(super) cutter: Cutter,
    /// Bytes of the file itself before the start of the next block.
    pub(super) bytes_before: u64,
    /// Rows that repeat the header: the place of the first one, and their number.
    pub(super) headers: Option<(Position, u64)>,
    /// The place after the last record that was handed out.
    pub(super) reached: Option<Position>,
}

impl OpenInput {
    /// Opens `input`, through any compression.
    pub(super) fn open(input: Input, number: u32, sizes: Sizes) -> Result<Self, ReadError> {
        let stream = match Stream::open(&input) {
            Ok(stream) => stream,
            Err(cause) => return Err(ReadError::Open { input, cause }),
        };
        let window = Window::new(stream, number, sizes);
        let cutter = Cutter::Lines;
        let mut reading = Self { input, window, cutter, bytes_before: 0, headers: None, reached: None };
        reading.window.fill();
        for _ in 0..PACKED_AT_MOST {
            if let Some(compression) = Compression::of(reading.window.text()) {
                let outcome = reading.window.decompress(compression);
                outcome.map_err(|cause| reading.failure(cause))?;
            }
        }
        Ok(reading)
    }

    /// Decodes the text if its byte-order mark or `named` gives another encoding. Text from the command line is never
    /// in the encoding of files.
    pub(super) fn decode(&mut self, named: Option<Encoding>) -> Result<(), ReadError> {
        if matches!(self.input, Input::Inline(_)) {
            return Ok(());
        }
        let encoding = decode::encoding_of(self.window.text(), named).map_err(|unfit| self.unfit(unfit))?;
        if let Some(encoding) = encoding {
            self.window.decode(encoding);
        }
        Ok(())
    }

    /// Recognises the layout and moves to the first record, or to `from`. If the records are rows of columns, which are
    /// not cut out of the text, it returns their layout instead.
    pub(super) fn start(
        &mut self,
        form: &Form,
        from: Option<Position>,
    ) -> Result<Option<Columnar>, ReadError> {
        self.decode(form.encoding)?;
        let layout = self.recognise(form)?;
        if let Layout::Columnar(columnar) = layout {
            return Ok(Some(columnar));
        }
        self.window.skip(mark_length(self.window.text()));
        if let Layout::Rows { delimiter } = layout
            && let Some(rows) = self.header(delimiter, &form.tables)?
        {
            self.cutter = Cutter::Rows(rows);
        }
        if let Layout::Pairs(pairs) = &layout {
            self.cutter = Cutter::Pairs(pairs.clone());
        }
        // A place at or before the first record is the start.
        let from = from.filter(|from| from.offset > self.window.position().offset || from.part > 0);
        if let Layout::Elements(shape) = layout {
            let moved = from.filter(|from| from.offset > self.window.position().offset);
            let before = moved.map_or(Ok(None), |from| self.byte_before(from))?;
            let elements = match before {
                Some(before) => Elements::continued(shape, before),
                None => Elements::new(shape),
            };
            self.cutter = Cutter::Elements(elements.naming(form.named()));
        }
        from.map_or(Ok(()), |from| self.go_to(from))?;
        Ok(None)
    }

    /// Moves to the byte before a place after the text's start, and returns that byte.
    pub(super) fn byte_before(&mut self, place: Position) -> Result<Option<u8>, ReadError> {
        self.go_to(Position { offset: place.offset.saturating_sub(1), ..place })?;
        Ok(self.window.text().first().copied())
    }

    pub(super) fn recognise(&mut self, form: &Form) -> Result<Layout, ReadError> {
        match self.recognised(form) {
            Ok(layout) => Ok(layout),
            Err(Unfit::Unrecognised) => {
                let unrecognised = ReadError::Unrecognised { input: self.input.clone() };
                // A read error, not the format, may be why so little text is there.
                Err(self.window.take_failure().map_or(unrecognised, |cause| self.failure(cause)))
            }
            Err(unfit) => Err(self.unfit(unfit)),
        }
    }

    /// Where the records stand, if the input is JSON that is not read as it is. What has no keys of its own is none as long
    /// as nobody makes keys for it, which is the matter of a load.
    pub(super) fn conversion(&mut self, form: &Form) -> Result<Option<Conversion>, ReadError> {
        self.decode(form.encoding)?;
        let found = match self.convertible(form) {
            found @ (Ok(None) | Err(Unfit::NoKeys { .. })) => self.convertible(&form.keyless()).or(found),
            found => found,
        };
        found.map_err(|unfit| self.unfit(unfit))
    }

    fn convertible(&mut self, form: &Form) -> Result<Option<Conversion>, Unfit> {
        match self.recognised(form) {
            Ok(Layout::Columnar(_)) => Ok(Some(Conversion::Columns(vec![Path::new()]))),
            Ok(Layout::Lines | Layout::Elements(_)) => {
                let text = self.window.text();
                let unfit =
                    nameless::of_values(text.get(mark_length(text)..).unwrap_or_default(), form.named());
                Ok(unfit.and_then(Unfit::into_conversion))
            }
            Ok(_) => Ok(None),
            Err(unfit @ Unfit::Shape { conversion: Some(_), .. }) => Ok(unfit.into_conversion()),
            Err(unfit) => Err(unfit),
        }
    }

    /// All of the remaining text.
    pub(super) fn rest(&mut self) -> Result<Vec<u8>, ReadError> {
        self.window.skip(mark_length(self.window.text()));
        let mut rest = Vec::new();
        loop {
            rest.extend_from_slice(self.window.text());
            self.window.skip(self.window.text().len());
            if !self.read_more()? {
                return Ok(rest);
            }
        }
    }

    fn recognised(&mut self, form: &Form) -> Result<Layout, Unfit> {
        let name = match &self.input {
            Input::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            Input::Stdin | Input::Inline(_) => None,
        };
        loop {
            let whole = self.window.has_ended() || self.window.is_full();
            let mut found = recognise::recognise(self.window.text(), whole, name.as_deref(), form);
            // Text on the command line is JSON; a table there is a mistake.
            if matches!((&found, &self.input), (Ok(Some(Layout::Rows { .. })), Input::Inline(_))) {
                found = Err(Unfit::Unrecognised);
            }
            match found {
                Ok(Some(layout)) => return Ok(layout),
                Ok(None) => self.window.fill(),
                Err(unfit) => return Err(unfit),
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
            Unfit::Shape { shape, cure, .. } => ReadError::Shape { input, shape, cure },
            Unfit::Several(names) => ReadError::Unclear {
                input,
                what: format!("documents with several arrays of numbers ({names})"),
                cure: "choose one with --vector".into(),
            },
            Unfit::NoKeys { table } => ReadError::NoKeys { input, table },
            Unfit::NullEmbeddings => without_embeddings(input),
            Unfit::WordVectors(found) => of_words(input, found),
            Unfit::Binary => ReadError::Binary { input },
            Unfit::NotUtf8(foreign) => self.not_utf8(foreign),
            Unfit::Unmarked(encoding) => ReadError::Unmarked { input, encoding },
            Unfit::AlreadyUtf8(encoding) => ReadError::AlreadyUtf8 { input, encoding },
            Unfit::NotColumns(format) => ReadError::NotColumns { input, format },
        }
    }

    /// The error for `foreign` in the current text.
    pub(super) fn not_utf8(&self, Foreign { at, stray }: Foreign) -> ReadError {
        let (input, place) = (self.input.clone(), self.window.place(at));
        match (stray, self.window.encoding()) {
            (Stray::Sequence(sequence), Some(encoding)) => {
                ReadError::Undecodable { input, place, encoding, sequence }
            }
            (Stray::Sequence(_), None) => ReadError::NotUtf8 { input, place, byte: 0xff, likely: None },
            (Stray::Byte { byte, likely }, _) => ReadError::NotUtf8 { input, place, byte, likely },
        }
    }

    /// Reads the header of a table; an empty table may lack one.
    pub(super) fn header(&mut self, delimiter: u8, tables: &Tables) -> Result<Option<Rows>, ReadError> {
        loop {
            let (text, last) = (self.window.text(), self.window.is_last());
            let header = table::header(text, last, self.window.largest_record(), delimiter, tables);
            let end = match &header {
                Ok(Header::Found(_, end)) => *end,
                Ok(Header::Missing(_)) => 0,
                Err(_) => memchr::memchr(b'\n', text).unwrap_or(text.len()),
            };
            // A column name with a replacement character would be another name.
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

    /// Cuts the next block; `None` at the end of the input.
    pub(super) fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        self.window.top_up();
        loop {
            let last = self.window.is_last();
            let cut = self.cutter.cut(self.window.text(), last).map_err(|flaw| self.flaw(&flaw))?;
            if let Some(first) = cut.headers.first() {
                let (_, count) = self.headers.get_or_insert((self.window.place(*first), 0));
                *count += cut.headers.len() as u64;
            }
            if !cut.records.is_empty() {
                return Ok(Some(self.block(cut)));
            }
            self.window.skip(cut.consumed);
            if !self.read_more()? {
                return Ok(self.told_behind());
            }
        }
    }

    /// A block without records, if the objects around the records say something after the last one.
    fn told_behind(&mut self) -> Option<Block> {
        let (end, around) = (self.reached?, self.cutter.told_behind());
        let bytes = self.bytes_before..self.bytes_before;
        (!around.is_empty()).then_some(Block { records: Vec::new(), end, bytes, around })
    }

    /// Reads more text, since no record in it was complete; false at the end of the input.
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

    /// Hands out the records in `cut`.
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
            passed = if cut.within_lines { range.end } else { range.start };
            let raw = match flaws.next_if(|(flawed, _)| *flawed == index) {
                Some((_, flaw)) => Raw::broken(text.slice(range), flaw.on(position.line)),
                None => self.cutter.raw(&text, range),
            };
            records.push(Record { position, raw });
            position.record += 1;
            position.part = 0;
        }
        position.line += newlines(&text[passed..]);
        self.window.took(text.len(), position.line, position.record);
        let before = std::mem::replace(&mut self.bytes_before, self.window.bytes_before());
        let end = self.window.position();
        self.reached = Some(end);
        Block { records, end, bytes: before..self.bytes_before.max(before), around: cut.around }
    }

    /// The error for a `flaw` in the current text.
    pub(super) fn flaw(&self, flaw: &Flaw) -> ReadError {
        let input = self.input.clone();
        let place = self.window.place(flaw.at);
        match flaw.kind {
            FlawKind::Malformed { expected, found } => {
                let found = shown(self.window.text().get(flaw.at..).unwrap_or_default(), found);
                ReadError::Malformed { input, place, expected, found }
            }
            FlawKind::Unfinished(tear) => ReadError::Torn { input, tear, place, end: self.window.end() },
            FlawKind::LeftOut => ReadError::LeftOut { input, place },
            FlawKind::Pages => self.pages(Named::default()),
            FlawKind::Repeated => ReadError::Repeated { input, place },
            FlawKind::NotUtf8 => {
                let text = self.window.text().get(flaw.at..).unwrap_or_default();
                let unknown = Foreign { at: 0, stray: Stray::Byte { byte: 0, likely: None } };
                let found = encoding::foreign(text).unwrap_or(unknown);
                self.not_utf8(Foreign { at: flaw.at + found.at, ..found })
            }
            FlawKind::OtherHeader => {
                let line = self.window.text().get(flaw.at..).unwrap_or_default();
                let misaligned = Box::new(Misaligned::header(place, line));
                ReadError::Misaligned { input, misaligned }
            }
        }
    }

    /// The error for objects of columns that follow one another.
    pub(super) fn pages(&self, named: Named<'_>) -> ReadError {
        let shape = "several objects of columns, one after another".to_owned();
        let cure = Conversion::Columns(vec![Path::new()]).cure(named);
        ReadError::Shape { input: self.input.clone(), shape, cure }
    }

    pub(super) fn header_flaw(&self, flaw: HeaderFlaw) -> ReadError {
        header_error(self.input.clone(), flaw, |at| self.window.place(at).line)
    }

    /// The error for a failure of the stream: an I/O error, or damaged compressed data.
    pub(super) fn failure(&self, cause: io::Error) -> ReadError {
        let input = self.input.clone();
        let place = self.window.position();
        if let (Some(compression), Some(trailing)) = (self.window.compression(), Trailing::of(&cause)) {
            let (compression, is_inner) = (compression.name(), self.window.is_packed_twice());
            return ReadError::Trailing {
                input,
                compression,
                place,
                trailing: Box::new(*trailing),
                is_inner,
            };
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
                format: "a compressed file that takes more than 128 MiB of memory to decompress",
                cure: "compress it again: with zstd without --long, or with --long=27 at most; with xz -9 at most",
            },
            Some(_) if decompress::wants_dictionary(&cause) => ReadError::Unsupported {
                input,
                format: "zstd data that was compressed with a dictionary",
                cure: "decompress it with that dictionary first: zstd -d -D DICTIONARY INPUT -o OUTPUT",
            },
            Some(compression) if cause.raw_os_error().is_none() => {
                ReadError::Damaged { input, place, compression, cause }
            }
            _ => ReadError::Io { input, place, cause },
        }
    }
}

/// The size of an input that can be opened again; `None` for others.
pub(super) fn file_bytes(input: &Input) -> Option<u64> {
    match input {
        Input::File(path) => fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| file.len()),
        Input::Stdin => None,
        Input::Inline(text) => Some(text.len() as u64),
    }
}
